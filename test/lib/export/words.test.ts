import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UsageError } from '../../../lib/errors.ts'
import { runExport } from '../../../lib/export/run.ts'
import { keysIn, linesIn } from './exporting.ts'
import { asked, event, withExport } from './opened.ts'

/** What each word of an export does, from the project file to the vendor and the store. */

const day = '2026-11-11'
const window = 'data: events, from: 2026-11-11, to: 2026-11-12'
const json = `exports/events/json/date=${day}/${day}.json.gz`
const lines = [event(day, 1), event(day, 2)]

describe('what is asked for', () => {
  test('`events` and `where` go to the vendor, who chooses', async () => {
    const chosen = { event: '["Sign Up","Bought, \\"it\\""]', where: 'properties["plan"] == "pro"' }
    const words = `${window}, format: [json], events: [Sign Up, 'Bought, "it"'], where: 'properties["plan"] == "pro"'`
    await withExport(words, [asked(day, lines, chosen)], async (opened) => {
      expect(await opened.run()).toMatchObject({ status: 'done', done: [{ lines: 2 }] })
      expect(await linesIn(opened.store, json)).toEqual(lines)
    })
  })

  test('of Keen, collections and a condition, each day of the zone', async () => {
    const timeframe = { start: '2026-11-10T23:00:00.000Z', end: '2026-11-11T23:00:00.000Z' }
    const filters = [{ property_name: 'plan', operator: 'eq', property_value: 'pro' }]
    const answers = (name: string, result: readonly unknown[]) =>
      ['count', 'extraction'].map((analysis) => ({
        method: 'POST',
        path: `/3.0/projects/p1/queries/${analysis}`,
        json: { event_collection: name, filters, timeframe },
        answer: { body: { result: analysis === 'count' ? result.length : result } },
      }))
    const one = (timestamp: string) => ({ keen: { timestamp, id: timestamp }, plan: 'pro' })
    const expected = [
      ...answers('signups', [one('2026-11-10T23:30:00.000Z')]),
      ...answers('a/b', [one('2026-11-11T12:00:00.000Z')]),
    ]
    const words = `${window}, events: [signups, a/b], where: 'properties["plan"] == "pro"', schema: multi`
    await withExport(
      words,
      expected,
      async (opened) => {
        expect(await opened.at('2026-11-12T00:30:00Z').run()).toMatchObject({ status: 'done', done: [{ lines: 2 }] })
        expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual(
          ['a-b', 'signups'].map((slug) => `exports/events/parquet/event=${slug}/date=${day}/${day}.parquet`),
        )
      },
      { kind: 'keen' },
    )
  })

  test('of Exponea, types of events of every customer', async () => {
    const fields = [{ type: 'id', id: 'registered' }]
    const noon = Date.parse(`${day}T12:00:00Z`) / 1000
    const expected = [
      {
        method: 'POST',
        path: '/data/v2/projects/p1/customers/export',
        json: { format: 'native_json' },
        answer: { body: { success: true, fields, data: [['ann']] } },
      },
      {
        method: 'POST',
        path: '/data/v2/projects/p1/customers/events',
        json: { customer_ids: { registered: 'ann' }, event_types: ['purchase'], order: 'desc', limit: 1000, skip: 0 },
        answer: {
          body: { success: true, data: [{ type: 'purchase', timestamp: noon, properties: { total: 5, voucher: null } }] },
        },
      },
    ]
    await withExport(
      `${window}, events: [purchase]`,
      expected,
      async (opened) => {
        expect(await opened.run()).toMatchObject({ status: 'done', done: [{ lines: 1 }] })
        expect(await opened.rows(`exports/events/parquet/date=${day}/${day}.parquet`)).toMatchObject([
          { event: 'purchase', distinct_id: 'ann', total: '5', voucher: 'null' },
        ])
      },
      { kind: 'exponea' },
    )
  })
})

describe('hours', () => {
  const seconds = (time: string) => Date.parse(time) / 1000
  const during = (from: number, to: number) => ({
    where: `properties["$time"] >= datetime(${from}) and properties["$time"] < datetime(${to})`,
  })
  const at = (time: number) => JSON.stringify({ event: 'A', properties: { time, distinct_id: 'u', $insert_id: String(time) } })

  test('are the day’s call with a condition on the time, beside the one of the file', async () => {
    const from = seconds('2026-11-11T22:00:00Z')
    const both = (start: number) => {
      const { where } = during(start, start + 3600)
      return { where: `(properties["plan"] == "pro" or properties["plan"] == "team") and (${where})` }
    }
    const requests = [asked(day, [at(from), at(from + 3599)], both(from)), asked(day, [], both(from + 3600))]
    const words = `data: events, from: 2026-11-11, to: 2026-11-12, every: hour, keep: 2 hours, format: [json], where: 'properties["plan"] == "pro" or properties["plan"] == "team"'`
    await withExport(words, requests, async (opened) => {
      expect(await opened.at('2026-11-12T00:00:00Z').run()).toMatchObject({ status: 'done', failed: [] })
      expect(await keysIn(opened.store, 'exports/')).toEqual([
        'exports/events/json/date=2026-11-11/2026-11-11T22Z.json.gz',
        'exports/events/manifests/2026-11-11T22Z.json',
        'exports/events/manifests/2026-11-11T23Z.json',
      ])
    })
  })

  test('with an event of another hour fail: the vendor did not do what was asked', async () => {
    const from = seconds('2026-11-11T23:00:00Z')
    const words = `data: events, from: 2026-11-11, to: 2026-11-12, every: hour, keep: 1 hour, format: [json]`
    await withExport(words, [asked(day, [at(from - 1)], during(from, from + 3600))], async (opened) => {
      expect(await opened.at('2026-11-12T00:00:00Z').run()).toMatchObject({
        failed: [{ window: '2026-11-11T23Z', remedy: 'export days: `every: day`' }],
      })
      expect(await keysIn(opened.store, 'exports/')).toEqual([])
    })
  })

  test('that a project from before 2023 shows twice are asked for by its clock, and have each event once', async () => {
    const wall = (time: string) => seconds(`2026-10-25T${time}Z`)
    const date = '2026-10-25'
    // From 00:00 to 01:00, …, the first 02:00 (which ends at 02:00), the second one, 03:00.
    const starts = ['00:00', '01:00', '02:00', '02:00', '03:00']
    const ends = ['01:00', '02:00', '02:00', '03:00', '04:00']
    const requests = starts.map((start, index) => {
      const [from, to] = [wall(start), wall(ends[index] ?? '')]
      return asked(date, from < to ? [at(from), at(to - 1)] : [], during(from, to))
    })
    await withExport(
      'data: events, from: 2026-10-25, every: hour, format: [json], keep: 5 hours',
      requests,
      async (opened) => {
        const outcome = await opened.at('2026-10-25T03:00:00Z').run()
        if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome))
        expect(outcome.failed).toEqual([])
        expect(outcome.done.map(({ window, lines }) => [window, lines])).toEqual([
          ['2026-10-24T22Z', 2],
          ['2026-10-24T23Z', 2],
          ['2026-10-25T00Z', 0],
          ['2026-10-25T01Z', 2],
          ['2026-10-25T02Z', 2],
        ])
        const keys = await keysIn(opened.store, 'exports/events/json/')
        const kept = (await Promise.all(keys.map((key) => linesIn(opened.store, key)))).flat()
        expect(new Set(kept).size).toBe(8)
      },
      { own: ', epochs: project, timezone: Europe/Berlin' },
    )
  })
})

describe('what the file says anew', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'export words '))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const first = 'data: events, from: 2026-11-11, to: 2026-11-12, format: [parquet]'

  test.each([
    ['every: hour', 'this export is kept by the day of UTC, and the project file says the hour of UTC'],
    ['events: [A]', 'what this export asks for is not what its kept windows hold'],
    [`where: 'properties["a"] == 1'`, 'what this export asks for is not'],
    ['drop: [secret]', 'its source, events, `where`, `drop` or `schema` changed'],
    ['schema: multi', 'its source, events, `where`, `drop` or `schema` changed'],
  ])('%s is refused, and nobody is asked; --rebuild begins anew', async (word, refusal) => {
    await withExport(first, [asked(day, lines)], async (opened) => void (await opened.run()), { folder })
    const changed = `${first}, ${word}`
    await withExport(
      changed,
      [],
      async (opened) => {
        const refused = opened.run()
        await expect(refused).rejects.toThrow(UsageError)
        await expect(refused).rejects.toThrow(refusal)
        expect(await keysIn(opened.store, 'exports/')).toHaveLength(2)
      },
      { folder },
    )
  })

  test('how much is kept, looked at again or begun with is no other export', async () => {
    await withExport(first, [asked(day, lines)], async (opened) => void (await opened.run()), { folder })
    const changed = 'data: events, from: 2026-11-10, to: 2026-11-12, format: [parquet], keep: 400 days, order: newest'
    await withExport(
      changed.replace(', order: newest', ''),
      [asked('2026-11-10', [])],
      async (opened) => {
        expect(await opened.run()).toMatchObject({ status: 'done', done: [{ window: '2026-11-10' }] })
      },
      { folder },
    )
  })
})

test('an export that begins in the future has nothing to do until then', async () => {
  await withExport('data: events, from: 2026-11-12, format: [json]', [asked('2026-11-12', lines)], async (opened) => {
    expect(await opened.at('2026-11-12T23:59:59Z').run()).toEqual({ status: 'done', done: [], failed: [] })
    expect(await opened.at('2026-11-13T00:00:00Z').run()).toMatchObject({ done: [{ window: '2026-11-12', state: 'kept' }] })
  })
})

describe('`schema: multi`', () => {
  const multi = (slug: string, date = day) => `exports/events/parquet/event=${slug}/date=${date}/${date}.parquet`
  const named = (name: string, at: number, who = 'u1') => event(day, at, { distinct_id: who, n: at }, name)

  test('keeps each event by itself under a path of its own, and the lines together', async () => {
    const names = ['Sign Up', 'sign-up', 'a/b', '../../etc', '注册', '', ' Sign Up', 'event=x', 'E'.repeat(300)]
    const all = names.flatMap((name, at) => [named(name, at), named(name, at + 100)])
    const tomorrow = '2026-11-12'
    const requests = [asked(day, all), asked(tomorrow, [event(tomorrow, 1, {}, 'sign-up'), event(tomorrow, 2, {}, 'Sign Up!')])]
    await withExport('data: events, from: 2026-11-11, to: 2026-11-13, schema: multi', requests, async (opened) => {
      expect(await opened.at('2026-11-13T00:30:00Z').run()).toMatchObject({ status: 'done', failed: [] })
      const manifest = await opened.manifest(day)
      const kept = manifest?.objects.filter(({ key }) => key !== json) ?? []
      expect(kept).toHaveLength(names.length)
      const slugs = new Map<unknown, string>()
      for (const { key, rows } of kept) {
        const [, slug = ''] = /\/event=([a-z0-9-]+)\/date=2026-11-11\/2026-11-11\.parquet$/.exec(key) ?? []
        const found = await opened.rows(key)
        expect([rows, found.length, new Set(found.map(({ event: name }) => name)).size]).toEqual([2, 2, 1])
        slugs.set(found[0]?.['event'], slug)
      }
      expect([...slugs.keys()].toSorted()).toEqual(names.toSorted())
      expect(await linesIn(opened.store, json)).toEqual(all)
      // What was called so on one day is so on all; another name that would be the same gets its own.
      const next = (await opened.manifest(tomorrow))?.objects.map(({ key }) => key) ?? []
      expect(next).toContain(multi(slugs.get('sign-up') ?? '', tomorrow))
      const own = next.filter((key) => key.includes('/parquet/') && key !== multi(slugs.get('sign-up') ?? '', tomorrow))
      expect(own).toEqual([expect.stringMatching(/event=sign-up-[0-9a-f]{6}\//)])
      expect([...slugs.values()]).not.toContain(/event=([^/]+)/.exec(own[0] ?? '')?.[1])
    })
  })

  test('leaves no event’s file behind when the day has none of it any more', async () => {
    const requests = [asked(day, [named('A', 1), named('B', 2)]), asked(day, [named('A', 1), named('A', 3), named('A', 4)])]
    await withExport(`${window}, schema: multi`, requests, async (opened) => {
      await opened.run()
      expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual([multi('a'), multi('b')])
      await opened.at('2026-11-12T02:00:00Z').run({ from: day })
      expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual([multi('a')])
      expect(await opened.manifest(day)).toMatchObject({ status: 'complete', revision: 2, objects: [{ rows: 3 }, { rows: 3 }] })
    })
  })

  test('leaves none behind of a first try that was killed, when the day has none of it by then', async () => {
    const requests = [asked(day, [named('A', 1), named('B', 2)]), asked(day, [named('A', 1)])]
    await withExport(`${window}, schema: multi`, requests, async (opened) => {
      const { exporting } = opened.context
      const store: typeof opened.store = {
        ...opened.store,
        put: (key, body, options) =>
          key.includes('/manifests/') ? Promise.reject(new Error('the process is gone')) : opened.store.put(key, body, options),
      }
      await expect(
        runExport(
          { scheduledAt: Temporal.Instant.from('2026-11-12T00:30:00Z') },
          { ...opened.context, exporting: { ...exporting, store } },
        ),
      ).rejects.toThrow('the process is gone')
      expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual([multi('a'), multi('b')])
      expect(await opened.at('2026-11-12T02:00:00Z').run()).toMatchObject({ done: [{ window: day, state: 'kept' }] })
      expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual([multi('a')])
    })
  })

  test('goes with the days that are kept no longer', async () => {
    await withExport(
      'data: events, from: 2026-11-11, keep: 1 day, schema: multi',
      [asked(day, [named('A', 1)]), asked('2026-11-12', [])],
      async (opened) => {
        await opened.run()
        expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual([multi('a')])
        await opened.at('2026-11-13T00:30:00Z').run()
        expect(await keysIn(opened.store, 'exports/')).toEqual(['exports/events/manifests/2026-11-12.json'])
      },
    )
  })

  test('has somebody who is forgotten in no file, and none where nobody else did that', async () => {
    const all = [named('A', 1, 'ann'), named('A', 2, 'bob'), named('B', 3, 'ann')]
    await withExport(`${window}, schema: multi`, [asked(day, all)], async (opened) => {
      await opened.run()
      expect(await opened.forget('ann')).toMatchObject({ rewritten: [{ window: day, lines: 2 }] })
      expect(await linesIn(opened.store, json)).toEqual([all[1]])
      expect(await keysIn(opened.store, 'exports/events/parquet/')).toEqual([multi('a')])
      expect((await opened.rows(multi('a'))).map((row) => row['distinct_id'])).toEqual(['bob'])
    })
  })
})

test('somebody who is forgotten in both formats is in neither, in hours of a zone that is no whole hours from UTC', async () => {
  const wall = Date.parse('2026-11-11T23:00:00Z') / 1000
  const line = (who: string, at: number) =>
    JSON.stringify({ event: 'A', properties: { time: wall + at, distinct_id: who, $insert_id: String(at) } })
  const where = `properties["$time"] >= datetime(${wall}) and properties["$time"] < datetime(${wall + 3600})`
  const words = 'data: events, from: 2026-11-11, to: 2026-11-12, every: hour, keep: 1 hour'
  await withExport(
    words,
    [asked(day, [line('ann', 1), line('bob', 2), line('ann', 3)], { where })],
    async (opened) => {
      await opened.at('2026-11-11T18:30:00Z').run()
      const own = '2026-11-11T1730Z'
      expect(await opened.forget('ann')).toMatchObject({ rewritten: [{ window: own, lines: 2 }], busy: [] })
      expect(await linesIn(opened.store, `exports/events/json/date=${day}/${own}.json.gz`)).toEqual([line('bob', 2)])
      expect(await opened.rows(`exports/events/parquet/date=${day}/${own}.parquet`)).toMatchObject([{ distinct_id: 'bob' }])
      expect(await keysIn(opened.store, 'exports/')).toHaveLength(3)
    },
    { own: ', epochs: project, timezone: Asia/Kolkata' },
  )
})
