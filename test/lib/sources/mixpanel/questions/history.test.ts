import { describe, expect, test } from 'vitest'
import { RefusedError } from '../../../../../lib/errors.ts'
import type { SeriesBody } from '../../../../../lib/result.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { call, segmentationAsk, segments, withMixpanel } from '../asking.ts'

type When = NonNullable<Parameters<typeof segmentationAsk>[1]>

async function asking(question: object, when: When, expected: readonly Expected[]): Promise<SeriesBody> {
  const ask = segmentationAsk({ event: 'A', ...question }, when)
  const body = await withMixpanel(expected, async ({ answers }) => answers.segmentation?.(ask), {}, when.at)
  if (body === undefined) throw new Error('no segmentation')
  return body
}

const tooFar = (days = 90) => ({ status: 403, body: { error: `Date range exceeds ${days} days into the past` } })
const note = (since = '2026-08-18', days = 90) => ({
  kind: 'truncated',
  text: expect.stringMatching(new RegExp(`\\b${days} days\\b.+ before ${since}\\b`)),
})

/** Fourteen weeks from Monday 10 August on; 16 November less 90 days is Tuesday 18 August. */
const long = { from_date: '2026-08-10', to_date: '2026-11-15' }
const since = { ...long, from_date: '2026-08-18' }
const week = { from_date: '2026-11-09', to_date: '2026-11-15' }
const yearBefore = { from_date: '2025-11-10', to_date: '2025-11-16' }
const byDay = { event: 'A', type: 'general', unit: 'day' }

describe('a trend that begins before the plan’s history', () => {
  test('is asked for once more from the first day that is there; what lies before is unknown, a cut week too', async () => {
    const body = await asking({ unit: 'week' }, { trend: 'previous_14_weeks', compare: ['previous'] }, [
      call('segmentation', { ...byDay, ...long }, tooFar()),
      call(
        'segmentation',
        { ...byDay, ...since },
        segments({ A: { '2026-08-19': 5, '2026-08-24': 6, '2026-11-02': 7, '2026-11-15': 8 } }),
      ),
    ])
    expect(body.series).toEqual([{ name: 'A', values: [null, null, 6, ...Array(9).fill(0), 7, 8], total: 8 }])
    expect(body).toMatchObject({ total: 8, comparisons: [{ total: 7, totals: { A: 7 } }], notes: [note()] })
  })

  test('is unknown there for segments and events that the answer lacks, too', async () => {
    const events = { event: '["A","B"]', type: 'general', unit: 'day' }
    const body = await asking({ event: ['A', 'B'], unit: 'week' }, { trend: 'previous_14_weeks' }, [
      call('events', { ...events, ...long }, tooFar()),
      call('events', { ...events, ...since }, segments({ B: { '2026-11-15': 1 } })),
    ])
    expect(body.series).toEqual([
      { name: 'B', values: [null, null, ...Array(11).fill(0), 1], total: 1 },
      { name: 'A', values: [null, null, ...Array(12).fill(0)], total: 0 },
    ])
  })

  test('leaves no total of a timeframe that is cut, with the weeks that are known', async () => {
    const body = await asking({ unit: 'week', on: 'plan' }, { timeframe: 'previous_14_weeks' }, [
      call('segmentation', { ...byDay, on: 'properties["plan"]', limit: '10000', ...long }, tooFar()),
      call(
        'segmentation',
        { ...byDay, on: 'properties["plan"]', limit: '10000', ...since },
        segments({ Pro: { '2026-11-15': 8 }, Free: { '2026-09-01': 2 } }),
      ),
    ])
    expect(body.series.map(({ name, values, total }) => [name, values.slice(0, 5), total])).toEqual([
      ['Free', [null, null, 0, 2, 0], null],
      ['Pro', [null, null, 0, 0, 0], null],
    ])
    expect(body).toMatchObject({ total: null, notes: [note()] })
  })

  test('begins with today in the project’s zone, less those days', async () => {
    // In Berlin it is the 16th; in UTC still the 15th, and 90 days before that are the 17th of August.
    const body = await asking({ unit: 'week' }, { timeframe: 'previous_14_weeks', at: '2026-11-15T23:30:00Z' }, [
      call('segmentation', { ...byDay, ...long }, tooFar()),
      call('segmentation', { ...byDay, ...since }, segments({})),
    ])
    expect(body.notes).toEqual([note()])
  })

  test('is whole from the first day that is there: a week that begins on it is known', async () => {
    const body = await asking({ unit: 'week' }, { timeframe: 'previous_14_weeks' }, [
      call('segmentation', { ...byDay, ...long }, tooFar(91)),
      call('segmentation', { ...byDay, ...since, from_date: '2026-08-17' }, segments({ A: { '2026-08-17': 3 } })),
    ])
    expect(body.series[0]?.values.slice(0, 3)).toEqual([null, 3, 0])
    expect(body.notes).toEqual([note('2026-08-17', 91)])
  })

  test.each([
    [
      'sums',
      { type: 'sum', of: 'x' },
      'segmentation/sum',
      { event: 'A', on: 'properties["x"]', unit: 'day' },
      { results: { '2026-11-15': 2 } },
    ],
    [
      'averages of a property',
      { type: 'average', of: 'x' },
      'segmentation/average',
      { event: 'A', on: 'properties["x"]', unit: 'day' },
      { results: { '2026-11-15': 2 } },
    ],
    [
      'ranges of numbers',
      { on: 'x', buckets: 5 },
      'segmentation/numeric',
      { event: 'A', on: 'properties["x"]', unit: 'day', type: 'general', buckets: '5' },
      segments({ '0 - 5': { '2026-11-15': 2 } }),
    ],
  ])('holds for %s', async (_, question, path, query, answer) => {
    const body = await asking(question, { timeframe: 'previous_14_weeks' }, [
      call(path, { ...query, ...long }, tooFar()),
      call(path, { ...query, ...since }, answer),
    ])
    const [only] = body.series
    // Eight days are gone; an average has no number for a day without any.
    expect(only?.values.slice(0, 9)).toEqual([...Array(8).fill(null), path.endsWith('average') ? null : 0])
    expect(only?.values.at(-1)).toBe(2)
    expect(body.total).toBeNull()
    expect(body.notes).toContainEqual(note())
  })

  test('holds for pairs, and for what counts them together', async () => {
    const pairs = { event: 'A', outer: 'properties["x"]', inner: 'properties["y"]', type: 'general', unit: 'day', limit: '255' }
    const multiseg = (query: Record<string, string>, answer: object): Expected => ({
      ...call('', { ...pairs, ...query }, answer),
      path: '/api/2.0/segmentation/multiseg',
    })
    const body = await asking({ on: ['x', 'y'], unit: 'week' }, { trend: 'previous_14_weeks' }, [
      multiseg(long, tooFar()),
      multiseg(since, { data: { series: [], values: { a: { b: { '2026-11-15': 2 } } } } }),
      call('segmentation', { ...byDay, ...long }, tooFar()),
      call('segmentation', { ...byDay, ...since }, segments({ A: { '2026-11-15': 3 } })),
    ])
    expect(body.series).toMatchObject([{ name: 'a / b', values: [null, null, ...Array(11).fill(0), 2], total: 2 }])
    expect(body).toMatchObject({ total: 3, notes: [note()] })
  })
})

describe('uniques', () => {
  const unique = { event: 'A', type: 'unique' }

  test('by week begin a whole number of weeks later', async () => {
    const body = await asking({ type: 'unique', unit: 'week' }, { trend: 'previous_14_weeks' }, [
      call('segmentation', { ...unique, interval: '7', ...long }, tooFar()),
      call(
        'segmentation',
        { ...unique, interval: '7', ...long, from_date: '2026-08-24' },
        segments({ A: { '2026-08-24': 4, '2026-11-09': 5 } }),
      ),
    ])
    expect(body.series).toEqual([{ name: 'A', values: [null, null, 4, ...Array(10).fill(0), 5], total: 5 }])
    expect(body.notes).toEqual([note()])
  })

  const months = { from_date: '2026-07-01', to_date: '2026-10-31' }
  const inOne = { ...unique, interval: '123' }

  test.each([
    [90, '2026-09-01', '2026-08-18', [null, null, 4, 0]],
    [107, '2026-08-01', '2026-08-01', [null, 0, 4, 0]],
  ])('by month begin with the next first of a month (%i days); the timeframe as one has no figure', async (...row) => {
    const [days, first, from, values] = row
    const body = await asking({ type: 'unique', unit: 'month' }, { timeframe: 'previous_4_months' }, [
      call('segmentation', { ...unique, unit: 'month', ...months }, tooFar(days)),
      call('segmentation', { ...unique, unit: 'month', ...months, from_date: first }, segments({ A: { '2026-09-01': 4 } })),
      // A bucket of the four months cannot be cut, so it is not asked for again.
      call('segmentation', { ...inOne, ...months }, tooFar(days)),
    ])
    expect(body.series).toEqual([{ name: 'A', values, total: null }])
    expect(body).toMatchObject({ total: null, notes: [note(from, days)] })
  })

  test('of one week that is cut cannot be told', async () => {
    const timeframe = { start: '2026-08-17', end: '2026-08-24' }
    const asked = asking({ type: 'unique', unit: 'week' }, { timeframe }, [
      call('segmentation', { ...unique, interval: '7', from_date: '2026-08-17', to_date: '2026-08-23' }, tooFar()),
    ])
    await expect(asked).rejects.toThrow(RefusedError)
  })
})

describe('a compared period wholly before the history', () => {
  test('is unknown, never 0, and the rest stands; it is asked for once', async () => {
    const body = await asking({ on: 'plan', unit: 'week' }, { trend: 'previous_2_weeks', compare: ['previous', 'year'] }, [
      call(
        'segmentation',
        { ...byDay, on: 'properties["plan"]', limit: '10000', ...week, from_date: '2026-11-02' },
        segments({ Pro: { '2026-11-09': 3, '2026-11-02': 2 } }),
      ),
      call('segmentation', { ...byDay, on: 'properties["plan"]', limit: '10000', ...yearBefore }, tooFar()),
    ])
    expect(body).toMatchObject({
      series: [{ name: 'Pro', values: [2, 3], total: 3 }],
      total: 3,
      comparisons: [
        { total: 2, totals: { Pro: 2 } },
        { total: null, totals: { Pro: null } },
      ],
      notes: [note()],
    })
  })

  test.each<[object, Record<string, string>, Record<string, string> | undefined]>([
    [{}, byDay, undefined],
    [{ type: 'sum', of: 'x' }, { event: 'A', on: 'properties["x"]', unit: 'day' }, undefined],
    [{ type: 'unique' }, { event: 'A', type: 'unique', unit: 'day' }, { event: 'A', type: 'unique', interval: '1' }],
  ])('of a single day is unknown, too: %j', async (question, query, inOne = query) => {
    const path = 'of' in question ? 'segmentation/sum' : 'segmentation'
    const numbers = { '2026-11-15': 3 }
    const body = await asking(question, { timeframe: 'previous_1_day', compare: ['year'] }, [
      call(
        path,
        { ...query, from_date: '2026-11-15', to_date: '2026-11-15' },
        'of' in question ? { results: numbers } : segments({ A: numbers }),
      ),
      call(path, { ...inOne, from_date: '2025-11-16', to_date: '2025-11-16' }, tooFar()),
    ])
    expect(body).toMatchObject({ total: 3, comparisons: [{ total: null, totals: { A: null } }], notes: [note()] })
  })

  test('is unknown where it is cut, too', async () => {
    const timeframe = { start: '2026-08-24', end: '2026-08-31' }
    const body = await asking({}, { timeframe, compare: ['previous'] }, [
      call('segmentation', { ...byDay, from_date: '2026-08-24', to_date: '2026-08-30' }, segments({ A: { '2026-08-24': 1 } })),
      call('segmentation', { ...byDay, from_date: '2026-08-17', to_date: '2026-08-23' }, tooFar()),
      call('segmentation', { ...byDay, from_date: '2026-08-18', to_date: '2026-08-23' }, segments({ A: { '2026-08-20': 9 } })),
    ])
    expect(body).toMatchObject({ total: 1, comparisons: [{ total: null, totals: { A: null } }], notes: [note()] })
  })

  test('is unknown where the vendor says so of days that should be there', async () => {
    const body = await asking({}, { compare: ['previous'] }, [
      call('segmentation', { ...byDay, ...week }, segments({ A: { '2026-11-09': 1 } })),
      call('segmentation', { ...byDay, from_date: '2026-11-02', to_date: '2026-11-08' }, tooFar()),
    ])
    expect(body).toMatchObject({ total: 1, comparisons: [{ total: null, totals: { A: null } }], notes: [note()] })
  })
})

describe('a trend is refused with what would be right', () => {
  const january = { timeframe: { start: '2026-01-01', end: '2026-02-01' } }
  const dates = { from_date: '2026-01-01', to_date: '2026-01-31' }

  test('where it lies wholly before the history', async () => {
    const asked = asking({}, january, [call('segmentation', { ...byDay, ...dates }, tooFar())])
    await expect(asked).rejects.toThrow(RefusedError)
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('exceeds 90 days'),
      remedy: expect.stringContaining('goes back 90 days'),
    })
  })

  test('where the vendor refuses what it said would do: it is asked once more, and no third time', async () => {
    const asked = asking({}, { timeframe: 'previous_14_weeks' }, [
      call('segmentation', { ...byDay, ...long }, tooFar()),
      call('segmentation', { ...byDay, ...since }, tooFar(80)),
    ])
    await expect(asked).rejects.toThrow(/exceeds 80 days/)
  })

  test('where anything else is wrong the second time', async () => {
    const asked = asking({}, { timeframe: 'previous_14_weeks' }, [
      call('segmentation', { ...byDay, ...long }, tooFar()),
      call('segmentation', { ...byDay, ...since }, { status: 402, body: { error: 'Your plan does not allow API calls.' } }),
    ])
    await expect(asked).rejects.toThrow(/402/)
  })
})

test('a 403 of another kind is no history', async () => {
  const asked = asking({}, { timeframe: 'previous_14_weeks' }, [
    call('segmentation', { ...byDay, ...long }, { status: 403, body: { error: 'permission denied for 90 days' } }),
  ])
  await expect(asked).rejects.toThrow(/permission denied/)
})
