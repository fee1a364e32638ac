import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { RefusedError, WaitError } from '../../../../lib/errors.ts'
import type { Question } from '../../../../lib/query.ts'
import * as query from '../../../../lib/query.ts'
import { lake } from '../../../../lib/sources/lake/index.ts'
import type { ExportReader } from '../../../../lib/sources/source.ts'
import { answersOf, frequencyAsk, funnelAsk, lakeOf, line, openLake, retentionAsk, segmentationAsk, topAsk } from './folder.ts'

describe('a lake in the project file', () => {
  test.each([
    [{ events: './events' }, undefined],
    [{ export: 'events', wait: '90 minutes' }, undefined],
    [{}, 'neither is there'],
    [{ events: 'x', export: 'y' }, 'both are there'],
    [{ events: 's3://bucket/events' }, 'a lake reads no other place yet'],
    [{ export: 'y', wait: 'a while' }, 'is not a duration'],
    [{ events: 'x', wait: '1 hour' }, 'wait belongs to export'],
    [{ events: 'x', folder: 'y' }, 'folder'],
  ])('%j', (config, problem) => {
    const parsed = lake.schema.safeParse({ kind: 'lake', ...config })
    if (problem === undefined) expect(parsed.success).toBe(true)
    else expect(parsed.error?.message).toContain(problem)
  })
})

describe('what a lake cannot answer is said before it is asked', () => {
  const segmentation = (question: object) =>
    ({ kind: 'segmentation', ...query.segmentation.parse({ event: 'A', ...question }) }) as const
  const funnel = (question: object) =>
    ({ kind: 'funnel', ...query.funnel.parse({ steps: ['A', 'B'], within: '1 day', ...question }) }) as const
  const retention = (question: object) =>
    // biome-ignore lint/suspicious/noThenProperty: the word of the project file
    ({ kind: 'retention', ...query.retention.parse({ first: 'A', then: 'any', ...question }) }) as const
  const frequency = (question: object) =>
    ({ kind: 'frequency', ...query.frequency.parse({ event: 'A', unit: 'week', of: 'day', ...question }) }) as const
  const top = (question: object) => ({ kind: 'top', ...query.top.parse(question) }) as const
  test.each<[Question, string | undefined]>([
    [segmentation({ on: 'p', where: 'properties["n"] > 1', type: 'sum', of: 'n' }), undefined],
    [segmentation({ on: ['a', 'b'] }), 'splits by one property'],
    [segmentation({ event: ['A', 'B'], on: 'p' }), 'splits one event'],
    [segmentation({ event: ['A', 'A'] }), 'listed twice'],
    [segmentation({ buckets: 3 }), 'buckets'],
    [segmentation({ type: 'sum' }), 'sum is of a property'],
    [segmentation({ type: 'unique', of: 'n' }), 'unique counts'],
    [segmentation({ type: 'percentile', of: 'n' }), 'percentile: 90'],
    [segmentation({ type: 'median', of: 'n', percentile: 50 }), 'goes with type: percentile'],
    [segmentation({ where: 'user["$email"] == "a"' }), 'user["$email"] is not in a lake'],
    [segmentation({ where: 'event["$time"] > datetime("2026-01-01")' }), 'event["$time"] is not in a lake'],
    [segmentation({ where: 'properties["t"] > datetime("2026-01-01")' }), 'datetime("2026-01-01") cannot be asked'],
    [segmentation({ where: 'properties["t"] > NOW' }), 'NOW is the time of asking'],
    [segmentation({ where: '"x" in list(properties["a"])' }), 'list(properties["a"]) cannot be looked into'],
    [segmentation({ where: 'properties["a"] and true' }), 'write properties["a"] == true, or boolean(properties["a"])'],
    [segmentation({ where: 'properties["a"] + 1' }), 'is neither true nor false'],
    [segmentation({ where: 'not (properties["a"] + 1)' }), 'neither true nor false'],
    [segmentation({ where: '"a" < 1' }), 'never of one type'],
    [segmentation({ where: '("a" + 1) == 2' }), 'never of one type'],
    [segmentation({ where: '-"a" == 2' }), '"a" is never a number'],
    [segmentation({ where: 'properties["a"] == [1]' }), 'one stands after `in` only'],
    [segmentation({ where: 'properties["a"] in [properties["b"]]' }), 'stands in a list'],
    [segmentation({ where: 'properties["a"] in 5' }), 'never text'],
    [segmentation({ where: 'a = 1' }), 'equality is written == (character 3)'],
    [segmentation({ on: 'properties[x]' }), 'double quotes'],
    [segmentation({ type: 'sum', of: 'string(properties["x"])' }), 'never a number'],
    [funnel({ steps: ['A', { event: 'A', where: 'true' }], on: 'p', where: 'defined(properties["x"])' }), undefined],
    [funnel({ unordered: true }), 'unordered'],
    [funnel({ steps: ['A', 'B', 'A', 'A', 'A', 'A', 'A'] }), 'A is in 6'],
    [funnel({ steps: Array.from({ length: 21 }, (_, at) => `step ${at}`) }), 'at most 20 steps'],
    [funnel({ steps: ['A', { event: 'B', where: 'x' }] }), 'x stands alone'],
    [retention({ on: 'p', where: 'properties["n"] > 1' }), undefined],
    [retention({ where: 'user["$email"] == "a"' }), 'user["$email"] is not in a lake'],
    [retention({ on: 'properties[x]' }), 'double quotes'],
    [frequency({ on: 'p', where: 'properties["n"] > 1' }), undefined],
    [frequency({ unit: 'day', of: 'day' }), 'a day is divided into hours; write `of: hour`'],
    [frequency({ where: 'properties["a"] + 1' }), 'is neither true nor false'],
    [frequency({ on: 'user["a"]' }), 'user["a"] is not in a lake'],
    [top({ what: 'events' }), undefined],
    [top({ what: 'properties' }), undefined],
    [top({ what: 'values', property: 'p' }), undefined],
    [top({ what: 'events', event: 'A' }), 'all events are ranked; leave out `event`'],
    [top({ what: 'events', property: 'p' }), 'all events are ranked; leave out `property`'],
    [top({ what: 'properties', property: 'p' }), 'all properties are ranked; leave out `property`'],
    [top({ what: 'values' }), 'of which property?'],
    [top({ what: 'values', property: 'user["a"]' }), 'user["a"] is not in a lake'],
    [{ kind: 'people', ...query.people.parse({}) }, 'a lake answers segmentation, funnel, retention, frequency, top, not people'],
  ])('%j', (question, problem) => {
    const refused = lake.refuse({ kind: 'lake', events: 'x' }, question)
    if (problem === undefined) expect(refused).toBeUndefined()
    else expect(refused).toContain(problem)
  })

  test('twenty steps are answered', async () => {
    await using own = await lakeOf({ 'a.ndjson': [line('step 0', '2026-11-04T12:00:00Z', 'u')] })
    const steps = Array.from({ length: 20 }, (_, at) => `step ${at >> 1}`)
    const ask = funnelAsk({ steps, within: '1 hour' })
    expect((await answersOf(own.source).funnel(ask)).steps).toHaveLength(20)
  })
})

test('a question that no project file could hold is refused when it is asked', async () => {
  await using own = await lakeOf({ 'a.ndjson': [line('A', '2026-11-04T12:00:00Z', 'u')] })
  const { frequency, top, retention } = answersOf(own.source)
  await expect(frequency(frequencyAsk({ event: 'A', unit: 'day', of: 'day' }))).rejects.toThrow(RefusedError)
  await expect(top(topAsk({ what: 'values' }))).rejects.toThrow('of which property?')
  // biome-ignore lint/suspicious/noThenProperty: the word of the project file
  const ofUsers = retentionAsk({ first: 'A', then: 'any', where: 'defined(user["$email"])' })
  await expect(retention(ofUsers)).rejects.toThrow('user["$email"] is not in a lake')
})

test('what is explained of each kind is SQL that runs', async () => {
  const asks = [
    // biome-ignore lint/suspicious/noThenProperty: the word of the project file
    retentionAsk({ first: 'A', then: 'any', on: 'p', kind: 'compounded', unbounded: true }),
    frequencyAsk({ event: 'A', unit: 'week', of: 'hour', where: 'properties["n"] > 1' }),
    frequencyAsk({ event: 'A', unit: 'week', of: 'hour' }, { timeframe: 'this_1_week' }),
    topAsk({ what: 'properties' }),
    topAsk({ what: 'values', property: "it's" }),
    segmentationAsk({ event: 'A', on: 'p' }),
    funnelAsk({ steps: ['A', 'B'], within: '1 day' }),
  ]
  const source = openLake({ kind: 'lake', events: 'nowhere' }, {})
  for (const ask of asks) {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const tables = [
      'create table events (event varchar, person varchar, micros bigint, insert_id varchar, shape uhugeint, p0 varchar)',
      'create table shapes (shape uhugeint, names varchar[])',
    ]
    const script = [...tables, (await source.explain(ask)).join('\n')].join(';\n')
    await expect(connection.run(script)).resolves.toBeDefined()
    connection.closeSync()
  }
})

describe('a lake over an export', () => {
  const ask = segmentationAsk({ event: 'A' }, { timeframe: 'previous_2_days', compare: ['year'] })
  const open = (clock: string, exported?: ExportReader, wait = '3 hours') =>
    answersOf(openLake({ kind: 'lake', export: 'events', wait }, { clock: () => new Date(clock), exported })).segmentation(ask)

  test('is asked for the stretches that the question reads, and answers from their files', async () => {
    await using own = await lakeOf({
      'a.ndjson': [line('A', '2026-11-07T12:00:00Z', 'u')],
      'b.ndjson.gz': [line('A', '2025-11-09T12:00:00Z', 'u')],
    })
    const asked: string[] = []
    const exported: ExportReader = async (name, start, end) => {
      asked.push(`${name} ${start.toISOString()} ${end.toISOString()}`)
      return { files: [join(own.folder, start.getUTCFullYear() === 2025 ? 'b.ndjson.gz' : 'a.ndjson')], missing: [] }
    }
    expect(await open('2026-11-09T07:00:00Z', exported)).toMatchObject({ total: 1, comparisons: [{ total: 1 }] })
    expect(new Set(asked)).toEqual(
      new Set([
        'events 2026-11-06T23:00:00.000Z 2026-11-08T23:00:00.000Z',
        'events 2025-11-07T23:00:00.000Z 2025-11-09T23:00:00.000Z',
      ]),
    )
  })

  test.each([
    // Entered before Monday 9 November; the last interval that is over then began a week before.
    ['2026-11-16T07:00:00Z', '2026-11-15T23:00:00.000Z'],
    ['2026-11-15T07:00:00Z', '2026-11-08T23:00:00.000Z'],
    ['2026-12-24T07:00:00Z', '2026-11-29T23:00:00.000Z'],
  ])('of retention is asked for what follows as far as it is over at %s', async (at, until) => {
    await using own = await lakeOf({ 'a.ndjson': [line('A', '2026-11-04T12:00:00Z', 'u')] })
    const asked: string[] = []
    const exported: ExportReader = async (_, start, end) => {
      asked.push(`${start.toISOString()} ${end.toISOString()}`)
      return { files: [join(own.folder, 'a.ndjson')], missing: [] }
    }
    // biome-ignore lint/suspicious/noThenProperty: the word of the project file
    const question = { first: 'A', then: 'any', intervals: 2 }
    const source = openLake({ kind: 'lake', export: 'events' }, { exported })
    await answersOf(source).retention(retentionAsk(question, { at, timeframe: { start: '2026-11-02', end: '2026-11-09' } }))
    expect(asked).toEqual([`2026-11-01T23:00:00.000Z ${until}`])
    await source.close?.()
  })

  test('waits for missing windows for as long as it says, then refuses', async () => {
    const exported: ExportReader = async () => ({ files: [], missing: ['2026-11-08'] })
    const waiting = open('2026-11-09T09:59:59Z', exported)
    await expect(waiting).rejects.toThrow(WaitError)
    await expect(waiting).rejects.toMatchObject({ until: new Date('2026-11-09T10:00:00Z') })
    const refused = open('2026-11-09T10:00:00Z', exported)
    await expect(refused).rejects.toThrow(RefusedError)
    await expect(refused).rejects.toThrow('export events has not kept 2026-11-08')
  })

  test('refuses at once what an export will never have, and says what would be right', async () => {
    const exported: ExportReader = async () => ({ files: [], missing: ['2026-11-07', '2026-11-08'], never: ['2026-11-07'] })
    const refused = open('2026-11-09T07:00:00Z', exported)
    await expect(refused).rejects.toThrow(RefusedError)
    await expect(refused).rejects.toMatchObject({
      message: 'export events begins after 2026-11-07, of which the question asks',
      remedy: expect.stringContaining('let it begin earlier'),
    })
  })

  test('refuses at once what an export keeps no more, for waiting would be for what was deleted', async () => {
    const exported: ExportReader = async () => ({ files: [], missing: ['2026-11-07', '2026-11-08'], expired: ['2026-11-07'] })
    const refused = open('2026-11-09T07:00:00Z', exported)
    await expect(refused).rejects.toThrow(RefusedError)
    await expect(refused).rejects.toMatchObject({
      message: 'export events keeps 2026-11-07 no more, of which the question asks',
      remedy: expect.stringContaining('make `keep` of export events longer'),
    })
  })

  test('refuses at once where nobody runs exports, for waiting would be for what never comes', async () => {
    const asked = open('2026-11-09T07:00:00Z')
    await expect(asked).rejects.toThrow(RefusedError)
    await expect(asked).rejects.toMatchObject({
      message: 'lake own reads export events, and nobody hands it exports here',
    })
  })
})
