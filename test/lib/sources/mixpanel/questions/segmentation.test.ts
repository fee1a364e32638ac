import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { seriesResult } from '../../../../../lib/result.ts'
import type { Ask, Source } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { call, segmentationAsk, segments, withMixpanel } from '../asking.ts'

const answerTo = (ask: Ask<'segmentation'>) => (source: Source) => {
  if (source.answers.segmentation === undefined) throw new Error('no segmentation')
  return source.answers.segmentation(ask)
}
const asking = (question: object, when: Parameters<typeof segmentationAsk>[1], expected: readonly Expected[], settings = {}) =>
  withMixpanel(expected, answerTo(segmentationAsk(question, when)), settings)

const week = { from_date: '2026-11-09', to_date: '2026-11-15' }
const four = { from_date: '2026-10-19', to_date: '2026-11-15' }
const yearBefore = { from_date: '2025-11-10', to_date: '2025-11-16' }
const weeks = ['2026-10-19', '2026-10-26', '2026-11-02', '2026-11-09']
const sevenDays = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13', '2026-11-14', '2026-11-15']

describe('totals', () => {
  const byCountry = { event: 'Sign Up', type: 'general', unit: 'day', on: 'properties["country"]', limit: '10000' }

  test('are asked once for the trend, which holds timeframe and the period before; another year is asked apart', async () => {
    const body = await asking(
      { event: 'Sign Up', on: 'country', unit: 'week', limit: 2, clean: true },
      { trend: 'previous_4_weeks', compare: ['previous', 'year'] },
      [
        call(
          'segmentation',
          { ...byCountry, ...four },
          segments({
            FR: { '2026-11-09': 1, '2026-11-02': 3 },
            DE: { '2026-10-19': 5, '2026-10-25': 6, '2026-11-09': 7, '2026-11-15': 8, '2026-11-16': 100 },
            IT: { '2026-11-10': 4 },
            undefined: { '2026-11-10': 50 },
            ES: { '2026-11-03': 2 },
          }),
        ),
        call(
          'segmentation',
          { ...byCountry, ...yearBefore },
          segments({ DE: { '2025-11-10': 9, '2025-11-16': 1 }, US: { '2025-11-12': 2 }, FR: { '2025-11-09': 70 } }),
        ),
      ],
    )
    expect(body).toEqual({
      unit: 'week',
      measure: 'general',
      trend: { start: '2026-10-19T00:00:00+02:00', end: '2026-11-16T00:00:00+01:00' },
      dates: weeks,
      series: [
        { name: 'DE', values: [11, 0, 0, 15], total: 15 },
        { name: 'IT', values: [0, 0, 0, 4], total: 4 },
        { name: 'Other', values: [0, 0, 5, 1], total: 1, folded: 3 },
      ],
      total: 70,
      comparisons: [
        {
          to: 'previous',
          timeframe: { start: '2026-11-02T00:00:00+01:00', end: '2026-11-09T00:00:00+01:00' },
          total: 5,
          totals: { DE: null, IT: null, Other: 5 },
        },
        {
          to: 'year',
          timeframe: { start: '2025-11-10T00:00:00+01:00', end: '2025-11-17T00:00:00+01:00' },
          total: 12,
          totals: { DE: 10, IT: null, Other: 2 },
        },
      ],
      // 15 + 4 + 1 are shown of the 70.
      notes: [
        { kind: 'unset', text: '50 of the total have no value and are not shown' },
        { kind: 'other', text: 'Other holds 3 more segments beyond the limit of 2' },
      ],
    })
  })

  test('of an event that is called undefined are shown: clean is about values', async () => {
    const body = await asking({ event: 'undefined', clean: true }, {}, [
      call('segmentation', { event: 'undefined', type: 'general', unit: 'day', ...week }, segments({ x: { '2026-11-09': 2 } })),
    ])
    expect(body).toMatchObject({ series: [{ name: 'undefined', total: 2 }], total: 2, notes: [] })
  })

  test('of one event are one series of its name, whatever label the vendor gives it; days without are 0', async () => {
    const body = await asking({ event: 'Größe "x"' }, { compare: ['previous'] }, [
      call(
        'segmentation',
        { event: 'Größe "x"', type: 'general', unit: 'day', ...week },
        segments({ 'A label': { '2026-11-10': 3, '2026-11-14': 2 } }),
      ),
      call(
        'segmentation',
        { event: 'Größe "x"', type: 'general', unit: 'day', from_date: '2026-11-02', to_date: '2026-11-08' },
        segments({}),
      ),
    ])
    expect(body).toMatchObject({
      dates: sevenDays,
      series: [{ name: 'Größe "x"', values: [0, 3, 0, 0, 0, 2, 0], total: 5 }],
      total: 5,
      comparisons: [{ total: 0, totals: { 'Größe "x"': 0 } }],
    })
    expect(body).not.toHaveProperty('trend')
    expect(body).not.toHaveProperty('partial')
  })

  test('of several events are one series each, a call each', async () => {
    const body = await asking(
      { event: ['A', 'B'], where: 'properties["plan"]=="Pro"' },
      {},
      ['A', 'B'].map((event) =>
        call(
          'segmentation',
          { event, type: 'general', unit: 'day', where: 'properties["plan"] == "Pro"', ...week },
          segments({ [event]: { '2026-11-09': event === 'A' ? 1 : 2 } }),
        ),
      ),
    )
    expect(body.series.map(({ name, total }) => [name, total])).toEqual([
      ['B', 2],
      ['A', 1],
    ])
    expect(body.total).toBe(3)
  })

  test('of a property are sums, built from days', async () => {
    const body = await asking(
      { event: 'Charge', type: 'sum', of: 'properties["a b"] * 2', unit: 'month' },
      { timeframe: { start: '2026-09-01', end: '2026-11-01' } },
      [
        call(
          'segmentation/sum',
          { event: 'Charge', on: 'properties["a b"] * 2', unit: 'day', from_date: '2026-09-01', to_date: '2026-10-31' },
          { status: 'ok', results: { '2026-09-01': 4, '2026-10-31': 7.5, '2026-10-01': 0.5 } },
        ),
      ],
    )
    expect(body).toMatchObject({
      measure: 'sum',
      dates: ['2026-09-01', '2026-10-01'],
      series: [{ name: 'Charge', values: [4, 8], total: 12 }],
      total: 12,
    })
  })

  test('that the vendor cuts have a note, and no total that would be too small', async () => {
    const body = await asking({ event: 'Sign Up', on: 'country' }, {}, [
      call('segmentation', { ...byCountry, ...week }, segments({ DE: { '2026-11-09': 1 } }, 10_500)),
    ])
    expect(body.total).toBeNull()
    expect(body.series).toMatchObject([{ name: 'DE', total: 1 }])
    expect(body.notes).toMatchObject([{ kind: 'truncated' }])
  })

  test('by hour leave an hour that comes twice to its first coming, the second unknown', async () => {
    const body = await asking({ event: 'A', unit: 'hour' }, { timeframe: { start: '2026-10-25', end: '2026-10-26' } }, [
      call(
        'segmentation',
        { event: 'A', type: 'general', unit: 'hour', from_date: '2026-10-25', to_date: '2026-10-25' },
        segments({ A: { '2026-10-25 02:00:00': 5, '2026-10-25 03:00:00': 1, '2026-10-25 23:00:00': 2 } }),
      ),
    ])
    expect(body.dates).toHaveLength(25)
    expect(body.dates.slice(2, 5)).toEqual([
      '2026-10-25T02:00:00+02:00',
      '2026-10-25T02:00:00+01:00',
      '2026-10-25T03:00:00+01:00',
    ])
    expect(body.series).toMatchObject([{ values: [0, 0, 5, null, 1, ...Array(19).fill(0), 2], total: 8 }])
  })

  test('of a running week go up to today, and the running label is marked', async () => {
    const body = await asking(
      { event: 'A', unit: 'day' },
      { timeframe: 'this_1_week', compare: ['previous'], at: '2026-11-18T10:30:00Z' },
      [
        call(
          'segmentation',
          { event: 'A', type: 'general', unit: 'day', from_date: '2026-11-16', to_date: '2026-11-18' },
          segments({ A: { '2026-11-18': 2 } }),
        ),
      ],
    )
    expect(body).toMatchObject({
      dates: ['2026-11-16', '2026-11-17', '2026-11-18'],
      partial: ['2026-11-18'],
      total: 2,
      comparisons: [],
    })
  })
})

describe('uniques', () => {
  const unique = { event: 'Open', type: 'unique' }

  test('by week are asked in buckets of seven days; timeframe and the period before are buckets of it', async () => {
    const body = await asking({ ...unique, unit: 'week' }, { trend: 'previous_4_weeks', compare: ['previous', 'year'] }, [
      call(
        'segmentation',
        { ...unique, interval: '7', ...four },
        segments({ Open: { '2026-10-19': 10, '2026-11-02': 12, '2026-11-09': 13 } }),
      ),
      call('segmentation', { ...unique, interval: '7', ...yearBefore }, segments({ Open: { '2025-11-10': 9 } })),
    ])
    expect(body).toMatchObject({
      measure: 'unique',
      dates: weeks,
      series: [{ name: 'Open', values: [10, 0, 12, 13], total: 13 }],
      total: 13,
      comparisons: [
        { total: 12, totals: { Open: 12 } },
        { total: 9, totals: { Open: 9 } },
      ],
    })
  })

  test('by day do not add up: the timeframe is asked for as one bucket', async () => {
    const body = await asking({ ...unique, unit: 'day' }, {}, [
      call('segmentation', { ...unique, unit: 'day', ...week }, segments({ Open: { '2026-11-09': 10, '2026-11-10': 12 } })),
      call('segmentation', { ...unique, interval: '7', ...week }, segments({ Open: { '2026-11-09': 17 } })),
    ])
    expect(body.series).toEqual([{ name: 'Open', values: [10, 12, 0, 0, 0, 0, 0], total: 17 }])
    expect(body.total).toBe(17)
  })

  test('by a property are counted once more without it, for someone may be in two segments', async () => {
    const split = { ...unique, on: 'properties["plan"]', limit: '10000' }
    const body = await asking(
      { ...unique, on: 'plan', unit: 'month' },
      { timeframe: 'previous_1_month', compare: ['previous'] },
      [
        call(
          'segmentation',
          { ...split, unit: 'month', from_date: '2026-10-01', to_date: '2026-10-31' },
          segments({ Pro: { '2026-10-01': 6 }, Free: { '2026-10-01': 7 } }),
        ),
        call(
          'segmentation',
          { ...unique, interval: '31', from_date: '2026-10-01', to_date: '2026-10-31' },
          segments({ Open: { '2026-10-01': 11 } }),
        ),
        call(
          'segmentation',
          { ...split, interval: '30', from_date: '2026-09-01', to_date: '2026-09-30' },
          segments({ Pro: { '2026-09-01': 5 } }),
        ),
        call(
          'segmentation',
          { ...unique, interval: '30', from_date: '2026-09-01', to_date: '2026-09-30' },
          segments({ Open: { '2026-09-01': 8 } }),
        ),
      ],
    )
    expect(body).toMatchObject({
      series: [
        { name: 'Free', values: [7], total: 7 },
        { name: 'Pro', values: [6], total: 6 },
      ],
      total: 11,
      comparisons: [{ total: 8, totals: { Free: null, Pro: 5 } }],
    })
  })

  test('of several events have no total together, and a note says so', async () => {
    const body = await asking(
      { ...unique, event: ['A', 'B'], unit: 'week' },
      {},
      ['A', 'B'].map((event) =>
        call('segmentation', { ...unique, event, interval: '7', ...week }, segments({ [event]: { '2026-11-09': 3 } })),
      ),
    )
    expect(body.series.map(({ total }) => total)).toEqual([3, 3])
    expect(body.total).toBeNull()
    expect(body.notes).toMatchObject([{ kind: 'source' }])
  })

  test('in other buckets than asked for are refused, never added or moved', async () => {
    for (const dates of [{ '2026-11-09': 3, '2026-11-12': 4 }, { '2026-11-10': 3 }]) {
      await expect(
        asking({ ...unique, unit: 'week' }, {}, [
          call('segmentation', { ...unique, interval: '7', ...week }, segments({ Open: dates })),
        ]),
      ).rejects.toThrow(RefusedError)
    }
  })

  test('by week from a Wednesday are refused', async () => {
    await expect(
      asking({ ...unique, unit: 'week' }, { timeframe: { start: '2026-11-04', end: '2026-11-16' } }, []),
    ).rejects.toThrow(/cannot count unique by week from 2026-11-04/)
  })
})

test('an average per user is unknown where nobody was', async () => {
  const body = await asking({ event: 'A', type: 'average', unit: 'week' }, { trend: 'previous_2_weeks', compare: ['previous'] }, [
    call(
      'segmentation',
      { event: 'A', type: 'average', interval: '7', from_date: '2026-11-02', to_date: '2026-11-15' },
      segments({ A: { '2026-11-09': 8.647_058_823_529_39 } }),
    ),
  ])
  expect(body).toMatchObject({
    series: [{ values: [null, 8.647_058_823_529_39], total: 8.647_058_823_529_39 }],
    comparisons: [{ total: null, totals: { A: null } }],
  })
})

describe('days', () => {
  const one = [call('segmentation', { event: 'A', type: 'general', unit: 'day', ...week }, segments({}))]

  test('are those of the project’s zone: a report in another one is refused with the remedy', async () => {
    const asked = asking({ event: 'A' }, {}, [], { timezone: 'US/Pacific' })
    await expect(asked).rejects.toThrow(RefusedError)
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('US/Pacific'),
      remedy: expect.stringContaining('timezone: US/Pacific'),
    })
    await expect(asking({ event: 'A' }, { timezone: 'Etc/UTC' }, one, { timezone: 'UTC' })).resolves.toMatchObject({ total: 0 })
  })

  test('are the same in a zone with the same clock, as `check` has it', async () => {
    const asked = asking({ event: 'A' }, {}, one, { timezone: 'Europe/Paris' })
    await expect(asked).resolves.toMatchObject({ total: 0 })
  })

  test('at both ends of the window: London’s clock and Lisbon’s differed in 1996', async () => {
    // Lisbon kept central European time until 31 March 1996; from then on it has London's.
    const when = { timeframe: { start: '1996-03-30', end: '1996-04-02' }, timezone: 'Europe/London' }
    await expect(asking({ event: 'A' }, when, [], { timezone: 'Europe/Lisbon' })).rejects.toThrow(RefusedError)
    const other = { timeframe: { start: '2026-03-28', end: '2026-07-02' }, timezone: 'Europe/Berlin' }
    await expect(asking({ event: 'A' }, other, [], { timezone: 'Africa/Lagos' })).rejects.toThrow(RefusedError)
  })

  test('are whole', async () => {
    const asked = asking({ event: 'A', unit: 'hour' }, { timeframe: 'previous_6_hours' }, [])
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('whole days'),
      remedy: expect.stringContaining('previous_1_day'),
    })
  })

  test('of which none is over are refused', async () => {
    await expect(asking({ event: 'A' }, { timeframe: 'today', at: '2026-11-15T23:00:00Z' }, [])).rejects.toThrow(RefusedError)
  })
})

test('an expression that does not parse is refused before anything is sent, with its place', async () => {
  await expect(asking({ event: 'A', where: 'properties["plan"' }, {}, [])).rejects.toThrow(RefusedError)
  await expect(asking({ event: 'A', on: 'properties[plan]' }, {}, [])).rejects.toThrow(
    /^properties\[plan\]: .+ \(character 12\)$/,
  )
})

test('an answer with several segments to a question without `on` is a failure', async () => {
  const expected = [call('segmentation', { event: 'A', type: 'general', unit: 'day', ...week }, segments({ A: {}, B: {} }))]
  await expect(asking({ event: 'A' }, {}, expected)).rejects.toThrow(DataError)
})

test('what queues is not sent once one request has failed', async () => {
  const events = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
  const refused = { status: 402, body: { error: 'Your plan does not allow API calls.' } }
  const stalled = { stall: true }
  const expected = events.slice(0, 5).map((event) => {
    const query = { event, type: 'general', unit: 'day', where: 'true', ...week }
    return call('segmentation', query, event === 'E' ? refused : stalled)
  })
  // With a condition each event is a call of its own.
  await expect(asking({ event: events, where: 'true' }, {}, expected)).rejects.toThrow(/402: Your plan/)
})

test('explaining lists each request once, sends nothing and holds no secret', async () => {
  const ask = segmentationAsk({ event: 'Sign Up', on: 'country', type: 'unique', unit: 'week' }, { trend: 'previous_2_weeks' })
  const lines = await withMixpanel([], async (source) => source.explain(ask))
  expect(lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, 'vendor'))).toEqual([
    'GET http://vendor/api/query/segmentation {"project_id":"1234567","event":"Sign Up","from_date":"2026-11-02","to_date":"2026-11-15","on":"properties[\\"country\\"]","interval":7,"type":"unique","limit":10000}',
    'GET http://vendor/api/query/segmentation {"project_id":"1234567","event":"Sign Up","from_date":"2026-11-09","to_date":"2026-11-15","interval":7,"type":"unique"}',
    'GET http://vendor/api/app/projects/1234567/annotations {"fromDate":"2026-11-02","toDate":"2026-11-15"}',
  ])
})

test('the body fits the result that consumers read', async () => {
  const body = await asking({ event: 'A', unit: 'week' }, {}, [
    call('segmentation', { event: 'A', type: 'general', unit: 'day', ...week }, segments({ A: { '2026-11-09': 1 } })),
  ])
  const head = { version: 1, report: 'r', query: 'q', source: 'product', definition: '0'.repeat(64), timezone: 'Europe/Berlin' }
  const timeframe = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
  expect(() => seriesResult.parse({ ...head, timeframe, shape: 'series', ...body })).not.toThrow()
})
