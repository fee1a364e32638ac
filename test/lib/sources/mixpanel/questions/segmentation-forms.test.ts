import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import type { SeriesBody } from '../../../../../lib/result.ts'
import { seriesResult } from '../../../../../lib/result.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { call, segmentationAsk, segments, withMixpanel } from '../asking.ts'

type When = Parameters<typeof segmentationAsk>[1]

/** The answer, which fits what consumers read. */
async function asking(question: object, when: When, expected: readonly Expected[]): Promise<SeriesBody> {
  const body = await withMixpanel(expected, async ({ answers }) => answers.segmentation?.(segmentationAsk(question, when)))
  if (body === undefined) throw new Error('no segmentation')
  const head = { version: 1, report: 'r', query: 'q', source: 'product', definition: '0'.repeat(64), timezone: 'Europe/Berlin' }
  const timeframe = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
  seriesResult.parse({ ...head, timeframe, shape: 'series', ...body })
  return body
}

const week = { from_date: '2026-11-09', to_date: '2026-11-15' }
const two = { from_date: '2026-11-02', to_date: '2026-11-15' }
const yearBefore = { from_date: '2025-11-10', to_date: '2025-11-16' }
const compared = { trend: 'previous_2_weeks', compare: ['previous', 'year'] } as const
const named = ({ series }: SeriesBody) => series.map(({ name, total }) => [name, total])

describe('several events', () => {
  const asked = (events: readonly string[]) => ({ event: JSON.stringify(events), type: 'general', unit: 'day' })

  test('come in one answer: each is a series, one that is not in it 0; another year is asked apart', async () => {
    const events = ['Sign Up', 'Größe, "x"', '__proto__', 'Never']
    const values = '{"Größe, \\"x\\"":{"2026-11-15":2,"2026-11-08":4},"__proto__":{"2026-11-02":1},"Sign Up":{"2026-11-09":7}}'
    const body = await asking({ event: events, unit: 'week' }, compared, [
      call(
        'events',
        { ...asked(events), ...two },
        { body: `{"data":{"series":["2026-11-15","2026-11-02"],"values":${values}},"legend_size":4}` },
      ),
      call('events', { ...asked(events), ...yearBefore }, segments({ Never: { '2025-11-12': 9 } })),
    ])
    expect(body.dates).toEqual(['2026-11-02', '2026-11-09'])
    expect(body.series).toEqual([
      { name: 'Sign Up', values: [0, 7], total: 7 },
      { name: 'Größe, "x"', values: [4, 2], total: 2 },
      { name: 'Never', values: [0, 0], total: 0 },
      { name: '__proto__', values: [1, 0], total: 0 },
    ])
    expect(body).toMatchObject({ total: 9, comparisons: [{ total: 5 }, { total: 9 }], notes: [] })
    // An event that a period lacks did not happen in it.
    expect(body.comparisons.map(({ totals }) => Object.entries(totals))).toEqual([
      [
        ['Sign Up', 0],
        ['Größe, "x"', 4],
        ['Never', 0],
        ['__proto__', 1],
      ],
      [
        ['Sign Up', 0],
        ['Größe, "x"', 0],
        ['Never', 9],
        ['__proto__', 0],
      ],
    ])
  })

  test('are asked by the hour and the minute as they are', async () => {
    for (const [unit, date] of [
      ['hour', '2026-11-15 14:00:00'],
      ['minute', '2026-11-15 14:00:00'],
    ] as const) {
      const day = { from_date: '2026-11-15', to_date: '2026-11-15' }
      const body = await asking({ event: ['A', 'B'], unit }, { timeframe: 'previous_1_day' }, [
        call('events', { ...asked(['A', 'B']), unit, ...day }, segments({ B: { [date]: 3 } })),
      ])
      expect(named(body)).toEqual([
        ['B', 3],
        ['A', 0],
      ])
      const at = unit === 'hour' ? 14 : 14 * 60
      expect(body.series[0]?.values.flatMap((value, index) => (value === 0 ? [] : [[index, value]]))).toEqual([[at, 3]])
    }
  })

  test('under a name that nobody asked for are a failure: the event that is missing would count 0', async () => {
    const expected = [call('events', { ...asked(['A', 'B']), ...week }, segments({ A: {}, 'A label of B': { '2026-11-09': 3 } }))]
    await expect(asking({ event: ['A', 'B'] }, {}, expected)).rejects.toThrow(DataError)
  })

  test('of which one is a custom event take a call each, and keep its label', async () => {
    const events = ['$custom_event:1305', 'A']
    const one = { type: 'general', unit: 'day' }
    const labelled = { 'Paid, all ways': { '2026-11-09': 3 } }
    const body = await asking({ event: events }, { compare: ['previous'] }, [
      call('segmentation', { ...one, event: '$custom_event:1305', ...week }, segments(labelled)),
      call('segmentation', { ...one, event: 'A', ...week }, segments({ 'Not A': { '2026-11-09': 1 } })),
      call('segmentation', { ...one, event: '$custom_event:1305', from_date: '2026-11-02', to_date: '2026-11-08' }, segments({})),
      call('segmentation', { ...one, event: 'A', from_date: '2026-11-02', to_date: '2026-11-08' }, segments({})),
    ])
    expect(named(body)).toEqual([
      ['Paid, all ways', 3],
      ['A', 1],
    ])
    expect(body.comparisons[0]?.totals).toEqual({ 'Paid, all ways': 0, A: 0 })
  })

  test('keep the names they were asked by where labels would make them one', async () => {
    const events = ['$custom_event:1305', 'A']
    const body = await asking(
      { event: events },
      {},
      events.map((event, at) =>
        call('segmentation', { event, type: 'general', unit: 'day', ...week }, segments({ A: { '2026-11-09': at + 1 } })),
      ),
    )
    expect(named(body)).toEqual([
      ['A', 2],
      ['$custom_event:1305', 1],
    ])
  })

  test.each([
    [{ where: 'true' }, 'segmentation', { type: 'general', unit: 'day', where: 'true' }],
    [{ type: 'unique', unit: 'week' }, 'segmentation', { type: 'unique', interval: '7' }],
    [{ type: 'average', unit: 'week' }, 'segmentation', { type: 'average', interval: '7' }],
  ])('take a call each with %j', async (question, path, query) => {
    const body = await asking(
      { event: ['A', 'B'], ...question },
      {},
      ['A', 'B'].map((event) => call(path, { event, ...query, ...week }, segments({ [event]: { '2026-11-09': 1 } }))),
    )
    expect(named(body)).toEqual([
      ['A', 1],
      ['B', 1],
    ])
  })

  test('are sums of a property each', async () => {
    const sum = { on: 'properties["amount"]', unit: 'day', ...week }
    const body = await asking({ event: ['A', 'B'], type: 'sum', of: 'amount' }, {}, [
      call('segmentation/sum', { event: 'A', ...sum }, { results: { '2026-11-09': 1.5 } }),
      call('segmentation/sum', { event: 'B', ...sum }, { results: { '2026-11-10': 2 } }),
    ])
    expect(named(body)).toEqual([
      ['B', 2],
      ['A', 1.5],
    ])
    expect(body.total).toBe(3.5)
  })
})

describe('ranges of numbers', () => {
  const ranges = { event: 'Charge', on: 'properties["amount"]', type: 'general', unit: 'day', buckets: '5' }
  const question = { event: 'Charge', on: 'amount', buckets: 5 }

  test('stand in the order of numbers, what is no number last', async () => {
    const body = await asking({ ...question, unit: 'week' }, { trend: 'previous_2_weeks', compare: ['previous'] }, [
      call(
        'segmentation/numeric',
        { ...ranges, ...two },
        segments({
          undefined: { '2026-11-09': 100, '2026-11-02': 1 },
          '2,000 - 2,100': { '2026-11-09': 1 },
          '100 - 2,000': { '2026-11-10': 5, '2026-11-03': 2 },
          '-50.5 - 100': { '2026-11-02': 3 },
        }),
      ),
    ])
    expect(body.series).toEqual([
      { name: '-50.5 - 100', values: [3, 0], total: 0 },
      { name: '100 - 2,000', values: [2, 5], total: 5 },
      { name: '2,000 - 2,100', values: [0, 1], total: 1 },
      { name: 'undefined', values: [1, 100], total: 100 },
    ])
    expect(body).toMatchObject({
      total: 106,
      comparisons: [{ total: 6, totals: { '-50.5 - 100': 3, '100 - 2,000': 2, '2,000 - 2,100': null, undefined: 1 } }],
      notes: [],
    })
  })

  test('beyond the limit are folded, last', async () => {
    const values = { undefined: { '2026-11-09': 2 }, '9 - 10': { '2026-11-09': 5 }, '0 - 9': { '2026-11-09': 7 }, '10 - 20': {} }
    const body = await asking({ ...question, limit: 2 }, {}, [
      call('segmentation/numeric', { ...ranges, ...week }, segments(values)),
    ])
    expect(named(body)).toEqual([
      ['0 - 9', 7],
      ['9 - 10', 5],
      ['Other', 2],
    ])
  })

  test('without what is no number where only values are wanted; the total counts it, which a note says', async () => {
    const values = { undefined: { '2026-11-09': 2 }, '0 - 9': { '2026-11-09': 7 } }
    const body = await asking({ ...question, clean: true }, {}, [
      call('segmentation/numeric', { ...ranges, ...week }, segments(values)),
    ])
    expect(named(body)).toEqual([['0 - 9', 7]])
    expect(body.total).toBe(9)
    expect(body.notes).toMatchObject([{ kind: 'unset' }])
  })

  test('of another year that the vendor cut elsewhere are no series of their own, nor compared', async () => {
    const body = await asking(question, { compare: ['year'] }, [
      call('segmentation/numeric', { ...ranges, ...week }, segments({ '0 - 10': { '2026-11-09': 7 }, '10 - 20': {} })),
      call(
        'segmentation/numeric',
        { ...ranges, ...yearBefore },
        // The first two share numbers with ranges of this year; the third begins where those end.
        segments({ '0 - 5': { '2025-11-10': 1 }, '5 - 20': { '2025-11-10': 2 }, '20 - 40': { '2025-11-10': 4 } }),
      ),
    ])
    expect(named(body)).toEqual([
      ['0 - 10', 7],
      ['10 - 20', 0],
      ['20 - 40', 0],
    ])
    expect(body.comparisons).toMatchObject([{ total: 7, totals: { '0 - 10': null, '10 - 20': null, '20 - 40': 4 } }])
    expect(body.notes).toMatchObject([{ kind: 'source', text: expect.stringContaining('other ranges') }])
  })

  test('take no `of`, which nothing would add up', () => {
    const { question: asked } = segmentationAsk({ ...question, of: 'amount' })
    expect(mixpanel.refuse(source, asked, { name: 'product', timezone: 'UTC' })).toContain('takes no `of`')
  })
})

describe('an average of a property', () => {
  const average = { event: 'Charge', on: 'properties["amount"]', unit: 'day' }
  const question = { event: 'Charge', type: 'average', of: 'amount' }

  test('takes one call, and has no figure of what is longer than its buckets', async () => {
    const body = await asking({ ...question, where: 'true' }, { ...compared }, [
      call(
        'segmentation/average',
        { ...average, where: 'true', ...two },
        { status: 'ok', results: { '2026-11-15': 2.5, '2026-11-02': 8.647_058_823_529_39 } },
      ),
    ])
    expect(body.series).toEqual([{ name: 'Charge', values: [8.647_058_823_529_39, ...Array(12).fill(null), 2.5], total: null }])
    expect(body).toMatchObject({
      measure: 'average',
      total: null,
      comparisons: [
        { total: null, totals: { Charge: null } },
        { total: null, totals: { Charge: null } },
      ],
    })
    expect(body.notes).toMatchObject([{ kind: 'source', text: expect.stringContaining('averages') }])
  })

  test('of a day is told, another day’s by a call of its own', async () => {
    const body = await asking(
      question,
      { timeframe: 'previous_1_day', trend: 'previous_2_days', compare: ['previous', 'year'] },
      [
        call(
          'segmentation/average',
          { ...average, from_date: '2026-11-14', to_date: '2026-11-15' },
          { results: { '2026-11-14': 3, '2026-11-15': 4 } },
        ),
        call(
          'segmentation/average',
          { ...average, from_date: '2025-11-16', to_date: '2025-11-16' },
          { results: { '2025-11-16': 5 } },
        ),
      ],
    )
    expect(body).toMatchObject({ total: 4, comparisons: [{ total: 3 }, { total: 5 }], notes: [] })
  })

  test('by hour stands in its hours; the day is asked for as one', async () => {
    const day = { from_date: '2026-11-15', to_date: '2026-11-15' }
    const body = await asking({ ...question, unit: 'hour' }, { timeframe: 'previous_1_day' }, [
      call(
        'segmentation/average',
        { ...average, unit: 'hour', ...day },
        { results: { '2026-11-15 14:00:00': 7, '2026-11-15 00:00:00': 1 } },
      ),
      call('segmentation/average', { ...average, ...day }, { results: { '2026-11-15': 6.5 } }),
    ])
    expect(body.series).toEqual([{ name: 'Charge', values: [1, ...Array(13).fill(null), 7, ...Array(9).fill(null)], total: 6.5 }])
  })

  test('at another time than an hour’s start is refused', async () => {
    const day = { from_date: '2026-11-15', to_date: '2026-11-15' }
    const asked = asking({ ...question, unit: 'hour' }, { timeframe: 'previous_1_day' }, [
      call('segmentation/average', { ...average, unit: 'hour', ...day }, { results: { '2026-11-15 14:30:00': 7 } }),
      call('segmentation/average', { ...average, ...day }, { results: {} }),
    ])
    await expect(asked).rejects.toThrow(RefusedError)
  })
})

describe('two properties', () => {
  const pairs = {
    event: 'Sign Up',
    outer: 'properties["country"]',
    inner: 'properties["plan"]',
    type: 'general',
    unit: 'day',
    limit: '255',
  }
  const question = { event: 'Sign Up', on: ['country', 'plan'] }
  const multiseg = (query: Record<string, string>, values: object): Expected => ({
    ...call('', query, { data: { series: ['2026-11-09'], values } }),
    path: '/api/2.0/segmentation/multiseg',
  })
  const unsplit = { event: 'Sign Up', type: 'general', unit: 'day' }

  test('make pairs with a path; those that never happened are dropped, and the total is of the unsplit event', async () => {
    const body = await asking({ ...question, unit: 'week' }, compared, [
      multiseg(
        { ...pairs, ...two },
        {
          DE: { Pro: { '2026-11-09': 3, '2026-11-02': 1 }, Free: { '2026-11-02': 2 }, 'a / b': { '2026-11-09': 0 } },
          FR: { Pro: { '2026-11-10': 4 }, Free: { '2026-11-09': 0 }, 'a / b': { '2026-11-10': 1 } },
          'FR / a': { Pro: {}, Free: {}, b: { '2026-11-10': 2 } },
        },
      ),
      call('segmentation', { ...unsplit, ...two }, segments({ 'Sign Up': { '2026-11-10': 12, '2026-11-02': 4 } })),
      multiseg({ ...pairs, ...yearBefore }, { FR: { Pro: { '2025-11-10': 5 } } }),
      call('segmentation', { ...unsplit, ...yearBefore }, segments({ 'Sign Up': { '2025-11-10': 6 } })),
    ])
    expect(body.series).toEqual([
      { name: 'FR / Pro', path: ['FR', 'Pro'], values: [0, 4], total: 4 },
      { name: 'DE / Pro', path: ['DE', 'Pro'], values: [1, 3], total: 3 },
      { name: '"FR / a" / b', path: ['FR / a', 'b'], values: [0, 2], total: 2 },
      { name: 'FR / "a / b"', path: ['FR', 'a / b'], values: [0, 1], total: 1 },
      { name: 'DE / Free', path: ['DE', 'Free'], values: [2, 0], total: 0 },
    ])
    expect(body).toMatchObject({
      total: 12,
      comparisons: [
        { total: 4, totals: { 'FR / Pro': null, 'DE / Pro': 1, 'DE / Free': 2 } },
        { total: 6, totals: { 'FR / Pro': 5, 'DE / Pro': null } },
      ],
      notes: [],
    })
  })

  test.each([
    [255, 2, true],
    [2, 255, true],
    [254, 254, false],
  ])('of %i and %i values say where the limit cuts one of them, and keep the total', async (outers, inners, cut) => {
    const valuesOf = (many: number) => Array.from({ length: many }, (_, at) => `v${at}`)
    // Nearly all pairs never happened: what is cut shows in the values that came, not in the pairs that are drawn.
    const pairsOf = (outer: string) =>
      valuesOf(inners).map((inner) => [inner, { '2026-11-09': outer === 'v0' && inner === 'v0' ? 2 : 0 }])
    const values = Object.fromEntries(valuesOf(outers).map((outer) => [outer, Object.fromEntries(pairsOf(outer))]))
    const body = await asking(question, {}, [
      multiseg({ ...pairs, ...week }, values),
      call('segmentation', { ...unsplit, ...week }, segments({ 'Sign Up': { '2026-11-10': 900 } })),
    ])
    expect(named(body)).toEqual([['v0 / v0', 2]])
    expect(body.total).toBe(900)
    const note = { kind: 'truncated', text: expect.stringContaining('country and plan') }
    expect(body.notes).toEqual(cut ? [note] : [])
  })

  test.each([2, 1000])('with a limit of %i are asked for all the same, so that Other holds what is beyond it', async (limit) => {
    const body = await asking({ ...question, limit }, {}, [
      multiseg(
        { ...pairs, ...week },
        { DE: { Pro: { '2026-11-09': 5 }, Free: { '2026-11-09': 4 } }, FR: { Pro: { '2026-11-09': 3 } } },
      ),
      call('segmentation', { ...unsplit, ...week }, segments({ 'Sign Up': { '2026-11-09': 12 } })),
    ])
    const rest = limit === 2 ? [['Other', 3]] : [['FR / Pro', 3]]
    expect(named(body)).toEqual([['DE / Pro', 5], ['DE / Free', 4], ...rest])
    expect(body.total).toBe(12)
  })

  test('of which one is not set are dropped where only values are wanted', async () => {
    const values = { DE: { Pro: { '2026-11-09': 3 }, undefined: { '2026-11-09': 1 } }, '': { Pro: { '2026-11-09': 5 } } }
    const body = await asking({ ...question, clean: true }, {}, [
      multiseg({ ...pairs, ...week }, values),
      call('segmentation', { ...unsplit, ...week }, segments({ 'Sign Up': { '2026-11-09': 9 } })),
    ])
    expect(named(body)).toEqual([['DE / Pro', 3]])
    expect(body.notes).toMatchObject([{ kind: 'unset', text: expect.stringMatching(/^6 of/) }])
  })
})

test('uniques of a month that the window cuts stand under its first day, or the window’s', async () => {
  const unique = { event: 'A', type: 'unique', from_date: '2026-09-15', to_date: '2026-10-31' }
  for (const first of ['2026-09-01', '2026-09-15']) {
    const when = { timeframe: { start: '2026-09-15', end: '2026-11-01' } }
    const body = await asking({ event: 'A', type: 'unique', unit: 'month' }, when, [
      call('segmentation', { ...unique, unit: 'month' }, segments({ A: { [first]: 3, '2026-10-01': 4 } })),
      call('segmentation', { ...unique, interval: '47' }, segments({ A: { '2026-09-15': 6 } })),
    ])
    expect(body).toMatchObject({ dates: ['2026-09-01', '2026-10-01'], partial: ['2026-09-01'], total: 6 })
    expect(body.series).toEqual([{ name: 'A', values: [3, 4], total: 6 }])
  }
})

const source = config.parse({ kind: 'mixpanel', project: '1234567', credentials: 'env:ACCOUNT' })

describe('what a question uses up of the hour', () => {
  const four = { trend: 'previous_4_weeks', compare: ['previous', 'year'] } as const
  const alone = { compare: ['previous', 'year'] } as const
  const day = { timeframe: 'previous_1_day', trend: 'previous_7_days', compare: ['previous', 'year'] } as const

  test.each<[object, When, number]>([
    [{ event: 'A' }, {}, 1],
    // Annotations of the chart use up nothing.
    [{ event: 'A' }, four, 2],
    [{ event: 'A' }, alone, 3],
    [{ event: 'A', on: 'plan' }, four, 2],
    [{ event: ['A', 'B', 'C'] }, four, 2],
    [{ event: ['A', 'B', 'C'] }, alone, 3],
    [{ event: ['A', 'B', 'C'], where: 'true' }, four, 6],
    [{ event: ['A', '$custom_event:1'] }, four, 4],
    [{ event: ['A', 'B'], type: 'unique', unit: 'week' }, four, 4],
    // The trend by day, and each of three windows as one bucket.
    [{ event: 'A', type: 'unique', unit: 'day' }, four, 4],
    // By a property: the trend and the year before, and all people of each of three windows.
    [{ event: 'A', on: 'plan', type: 'unique', unit: 'week' }, four, 5],
    [{ event: 'A', type: 'sum', of: 'x' }, four, 2],
    [{ event: ['A', 'B'], type: 'sum', of: 'x' }, four, 4],
    [{ event: 'A', type: 'average', of: 'x' }, four, 1],
    [{ event: 'A', type: 'average', of: 'x' }, day, 2],
    [{ event: 'A', type: 'average', unit: 'week' }, four, 2],
    [{ event: 'A', on: 'x', buckets: 5 }, four, 2],
    // Pairs and all together, of the trend and of the year before.
    [{ event: 'A', on: ['x', 'y'] }, four, 4],
  ])('%j, %j: %i', (question, when, queries) => {
    const asked = segmentationAsk(question, when)
    expect(mixpanel.cost(source, asked, { name: 'product', timezone: 'Europe/Berlin' })).toBe(queries)
  })
})
