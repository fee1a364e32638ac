import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { seriesResult } from '../../../../../lib/result.ts'
import { keen } from '../../../../../lib/sources/keen/index.ts'
import { config } from '../../../../../lib/sources/keen/schema.ts'
import type { Ask } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { days, query, segmentationAsk, withKeen } from '../asking.ts'

const answerTo = (ask: Ask<'segmentation'>, expected: readonly Expected[], settings = {}) =>
  withKeen(
    expected,
    (source) => {
      if (source.answers.segmentation === undefined) throw new Error('no segmentation')
      return source.answers.segmentation(ask)
    },
    settings,
  )
const asking = (question: object, when: When, expected: readonly Expected[], settings = {}) =>
  answerTo(segmentationAsk(question, when), expected, settings)

const between = (start: string, end: string) => ({ timeframe: { start, end } })
/** Plain dates, which Keen reads in the zone. */
const daily = (start: string, end: string) => ({ ...between(start, end), timezone: 'Europe/Berlin', interval: 'daily' })
const week = daily('2026-11-09', '2026-11-16')
const group = (country: unknown, result: unknown) => ({ country, result })

describe('totals', () => {
  test('are built from days, a day on which clocks change by itself; timeframe and the week before lie in the trend', async () => {
    const ask = segmentationAsk(
      { event: 'sign ups', on: 'country', unit: 'week', limit: 2, clean: true, where: 'properties["plan"] == "pro"' },
      { trend: 'previous_4_weeks', compare: ['previous', 'year'] },
    )
    const asked = {
      event_collection: 'sign ups',
      filters: [{ property_name: 'plan', operator: 'eq', property_value: 'pro' }],
      group_by: ['country'],
    }
    const body = await answerTo(ask, [
      query(
        'count',
        { ...asked, ...daily('2026-10-19', '2026-10-25') },
        days('2026-10-19', [[group('DE', 5)], [], [], [], [], [group('FR', 1), group('DE', 2)]]),
      ),
      // 25 hours.
      query('count', { ...asked, ...between('2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z') }, [group('DE', 6)]),
      query(
        'count',
        { ...asked, ...daily('2026-10-26', '2026-11-16') },
        days('2026-10-26', [
          ...Array(7).fill([]),
          [group('FR', 3), group('ES', 2)],
          ...Array(6).fill([]),
          [group('DE', 7), group('FR', 1)],
          [group('IT', 4), group(null, 50)],
          ...Array(4).fill([group('DE', 0)]),
          [group('DE', 8)],
        ]),
      ),
      query('count', { ...asked, ...between('2025-11-09T23:00:00.000Z', '2025-11-16T23:00:00.000Z') }, [
        group('DE', 10),
        group('US', 2),
      ]),
    ])
    expect(body).toEqual({
      unit: 'week',
      measure: 'general',
      trend: { start: '2026-10-19T00:00:00+02:00', end: '2026-11-16T00:00:00+01:00' },
      dates: ['2026-10-19', '2026-10-26', '2026-11-02', '2026-11-09'],
      series: [
        { name: 'DE', values: [13, 0, 0, 15], total: 15 },
        { name: 'IT', values: [0, 0, 0, 4], total: 4 },
        { name: 'Other', values: [1, 0, 5, 1], total: 1, folded: 3 },
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
      notes: [
        { kind: 'unset', text: '50 of the total have no value and are not shown' },
        { kind: 'other', text: 'Other holds 3 more segments beyond the limit of 2' },
      ],
    })
    const head = { version: 1, shape: 'series', report: 'r', query: 'q', source: 's', definition: '0'.repeat(64), timezone: 'x' }
    expect(() => seriesResult.parse({ ...head, timeframe: body.comparisons[0]?.timeframe, ...body })).not.toThrow()
  })

  test('of several events are a query each and add up', async () => {
    const body = await asking({ event: ['a', 'b'] }, {}, [
      query('count', { event_collection: 'a', ...week }, days('2026-11-09', [1, 2, 3, 4, 5, 6, 7])),
      query('count', { event_collection: 'b', ...week }, days('2026-11-09', [0, 0, 0, 0, 0, 0, 1])),
    ])
    expect(body.series).toEqual([
      { name: 'a', values: [1, 2, 3, 4, 5, 6, 7], total: 28 },
      { name: 'b', values: [0, 0, 0, 0, 0, 0, 1], total: 1 },
    ])
    expect(body.total).toBe(29)
    expect(body.notes).toEqual([])
  })

  test('of one day are a plain query, of the time to the millisecond', async () => {
    const body = await asking({ event: 'a', type: 'sum', of: 'price' }, { timeframe: 'previous_1_day' }, [
      query(
        'sum',
        { event_collection: 'a', target_property: 'price', ...between('2026-11-14T23:00:00.000Z', '2026-11-15T23:00:00.000Z') },
        12.5,
      ),
    ])
    expect([body.series, body.total]).toEqual([[{ name: 'a', values: [12.5], total: 12.5 }], 12.5])
  })

  test('are unknown where nothing is a number, and that adds nothing', async () => {
    const body = await asking({ event: 'a', type: 'sum', of: 'price' }, {}, [
      query('sum', { event_collection: 'a', target_property: 'price', ...week }, days('2026-11-09', [null, 2, 0, 0, 0, 0, 3])),
    ])
    expect([body.series[0]?.values, body.total]).toEqual([[null, 2, 0, 0, 0, 0, 3], 5])
  })
})

describe('what cannot be added', () => {
  const unique = { event_collection: 'a', target_property: 'user.id' }

  test('is asked week by week, and once more for each total; nobody is in several segments of the total', async () => {
    const split = { ...unique, group_by: ['plan'] }
    const weeks = [
      between('2026-11-01T23:00:00.000Z', '2026-11-08T23:00:00.000Z'),
      between('2026-11-08T23:00:00.000Z', '2026-11-15T23:00:00.000Z'),
    ]
    const before = between('2026-10-18T22:00:00.000Z', '2026-11-01T23:00:00.000Z')
    const both = between('2026-11-01T23:00:00.000Z', '2026-11-15T23:00:00.000Z')
    const body = await asking(
      { event: 'a', type: 'unique', unit: 'week', on: 'plan', limit: 1 },
      { timeframe: 'previous_2_weeks', compare: ['previous'] },
      [
        query('count_unique', { ...split, ...weeks[0] }, [{ plan: 'pro', result: 3 }]),
        query('count_unique', { ...split, ...weeks[1] }, [
          { plan: 'pro', result: 4 },
          { plan: 'free', result: 2 },
        ]),
        query('count_unique', { ...split, ...both }, [
          { plan: 'pro', result: 5 },
          { plan: 'free', result: 2 },
        ]),
        query('count_unique', { ...unique, ...both }, 6),
        query('count_unique', { ...split, ...before }, [{ plan: 'free', result: 9 }]),
        query('count_unique', { ...unique, ...before }, 9),
      ],
    )
    expect(body).toMatchObject({
      dates: ['2026-11-02', '2026-11-09'],
      series: [{ name: 'pro', values: [3, 4], total: 5 }],
      total: 6,
      comparisons: [{ total: 9, totals: { pro: null } }],
      notes: [{ kind: 'other', text: '1 more segment beyond the limit of 1 is not shown: these numbers do not add up' }],
    })
  })

  test('is not asked again where it is just one bucket of the trend', async () => {
    const body = await asking({ event: 'a', type: 'unique' }, { timeframe: 'previous_1_day', trend: 'previous_2_days' }, [
      query('count_unique', { ...unique, ...daily('2026-11-14', '2026-11-16') }, days('2026-11-14', [3, 4])),
    ])
    expect(body).toMatchObject({ series: [{ values: [3, 4], total: 4 }], total: 4 })
  })

  test('has no total of several events', async () => {
    const day = between('2026-11-14T23:00:00.000Z', '2026-11-15T23:00:00.000Z')
    const body = await asking({ event: ['a', 'b'], type: 'unique' }, { timeframe: 'previous_1_day' }, [
      query('count_unique', { ...unique, ...day }, 3),
      query('count_unique', { ...unique, event_collection: 'b', ...day }, 2),
    ])
    expect(body.total).toBeNull()
    expect(body.notes).toEqual([
      { kind: 'source', text: 'Keen does not count several events together, so there is no total of them' },
    ])
  })

  test('has weeks of its own where the project has them begin on Sunday', async () => {
    const ask = segmentationAsk(
      { event: 'a', type: 'unique', unit: 'week' },
      { timeframe: { start: '2026-11-01', end: '2026-11-15' } },
    )
    const body = await answerTo({ ...ask, calendar: { timezone: 'Europe/Berlin', weekStart: 'sunday' } }, [
      query('count_unique', { ...unique, ...daily('2026-11-01', '2026-11-15'), interval: 'weekly' }, [
        { value: 3, timeframe: { start: '2026-10-31T23:00:00.000Z', end: '2026-11-07T23:00:00.000Z' } },
        { value: 4, timeframe: { start: '2026-11-07T23:00:00.000Z', end: '2026-11-14T23:00:00.000Z' } },
      ]),
      query('count_unique', { ...unique, ...between('2026-10-31T23:00:00.000Z', '2026-11-14T23:00:00.000Z') }, 6),
    ])
    expect([body.dates, body.series[0]?.values, body.total]).toEqual([['2026-11-01', '2026-11-08'], [3, 4], 6])
  })

  test('is refused where it would take too many queries', async () => {
    const ask = segmentationAsk({ event: 'a', type: 'median', of: 'x', unit: 'week' }, { timeframe: 'previous_130_weeks' })
    await expect(answerTo(ask, [])).rejects.toThrow('Keen would have to be asked 130 times')
    const many = segmentationAsk({ event: ['a', 'b'], type: 'unique', unit: 'week' }, { timeframe: 'previous_100_weeks' })
    await expect(answerTo(many, [])).rejects.toThrow('Keen would have to be asked 202 times')
  })

  test('is shared among users where it is an average of events, and unknown where there is nobody', async () => {
    const span = between('2026-11-12T23:00:00.000Z', '2026-11-15T23:00:00.000Z')
    const run = daily('2026-11-13', '2026-11-16')
    const body = await asking({ event: 'a', type: 'average' }, { timeframe: 'previous_3_days' }, [
      query('count', { event_collection: 'a', ...run }, days('2026-11-13', [6, 0, 3])),
      query('count_unique', { ...unique, ...run }, days('2026-11-13', [4, 0, 3])),
      query('count_unique', { ...unique, ...span }, 6),
    ])
    expect(body).toMatchObject({ measure: 'average', series: [{ values: [1.5, null, 1], total: 1.5 }], total: 1.5 })
  })

  test.each([
    ['average', 'average', {}],
    ['median', 'median', {}],
    ['percentile', 'percentile', { percentile: 99.9 }],
  ])('%s is asked for by days and for the whole', async (type, call, more) => {
    const asked = { event_collection: 'a', target_property: 'ms', ...more }
    const span = between('2026-11-13T23:00:00.000Z', '2026-11-15T23:00:00.000Z')
    const body = await asking({ event: 'a', type, of: 'ms', ...more }, { timeframe: 'previous_2_days' }, [
      query(call, { ...asked, ...daily('2026-11-14', '2026-11-16') }, days('2026-11-14', [null, 4.5])),
      query(call, { ...asked, ...span }, 4.5),
    ])
    expect(body).toMatchObject({ measure: type, series: [{ values: [null, 4.5], total: 4.5 }], total: 4.5 })
  })

  test.each([
    ['min', 'minimum', 2],
    ['max', 'maximum', 7],
  ])('%s of days is the one of all', async (type, call, total) => {
    const body = await asking({ event: 'a', type, of: 'ms', unit: 'week' }, {}, [
      query(
        call,
        { event_collection: 'a', target_property: 'ms', ...week },
        days('2026-11-09', [null, 7, 2, null, null, 3, null]),
      ),
    ])
    expect(body).toMatchObject({ series: [{ values: [total], total }], total })
  })
})

describe('windows', () => {
  test('that still run have a last bucket of their own, which ends with the run', async () => {
    const body = await asking({ event: 'a' }, { timeframe: 'this_3_days' }, [
      query('count', { event_collection: 'a', ...daily('2026-11-14', '2026-11-16') }, days('2026-11-14', [1, 2])),
      query('count', { event_collection: 'a', ...between('2026-11-15T23:00:00.000Z', '2026-11-16T07:00:00.000Z') }, 4),
    ])
    expect(body).toMatchObject({
      dates: ['2026-11-14', '2026-11-15', '2026-11-16'],
      partial: ['2026-11-16'],
      series: [{ values: [1, 2, 4], total: 7 }],
      notes: [{ kind: 'partial', text: 'what still runs is counted as far as it has come' }],
    })
  })

  test('that cut a month are asked for by themselves; months of one offset come together', async () => {
    const monthly = { ...daily('2026-06-01', '2026-09-01'), interval: 'monthly' }
    const time = (start: string, end: string) => ({ start: `${start}T22:00:00.000Z`, end: `${end}T22:00:00.000Z` })
    const body = await asking({ event: 'a', unit: 'month' }, { timeframe: { start: '2026-05-12', end: '2026-09-03' } }, [
      query('count', { event_collection: 'a', timeframe: time('2026-05-11', '2026-05-31') }, 1),
      query('count', { event_collection: 'a', ...monthly }, [
        { value: 2, timeframe: time('2026-05-31', '2026-06-30') },
        { value: 3, timeframe: time('2026-06-30', '2026-07-31') },
        { value: 4, timeframe: time('2026-07-31', '2026-08-31') },
      ]),
      query('count', { event_collection: 'a', timeframe: time('2026-08-31', '2026-09-02') }, 5),
    ])
    expect(body).toMatchObject({
      dates: ['2026-05-01', '2026-06-01', '2026-07-01', '2026-08-01', '2026-09-01'],
      partial: ['2026-05-01', '2026-09-01'],
      series: [{ values: [1, 2, 3, 4, 5], total: 15 }],
    })
  })

  test('of hours are of UTC where the zone is whole hours away, and whole days of plain dates where it is not', async () => {
    const hours = (first: string, values: readonly number[]) =>
      values.map((value, at) => {
        const [start, end] = [at, at + 1].map((hour) => new Date(Date.parse(first) + hour * 3_600_000).toISOString())
        return { value, timeframe: { start, end } }
      })
    const berlin = await asking({ event: 'a', unit: 'hour' }, { timeframe: 'previous_2_hours' }, [
      query(
        'count',
        { event_collection: 'a', interval: 'hourly', ...between('2026-11-16T05:00:00.000Z', '2026-11-16T07:00:00.000Z') },
        hours('2026-11-16T05:00:00Z', [1, 2]),
      ),
    ])
    expect([berlin.dates, berlin.series[0]?.values]).toEqual([
      ['2026-11-16T06:00:00+01:00', '2026-11-16T07:00:00+01:00'],
      [1, 2],
    ])
    const kolkata = await asking({ event: 'a', unit: 'hour' }, { timeframe: 'previous_2_hours', timezone: 'Asia/Kolkata' }, [
      query(
        'count',
        { event_collection: 'a', ...between('2026-11-16', '2026-11-17'), timezone: 'Asia/Kolkata', interval: 'hourly' },
        hours(
          '2026-11-15T18:30:00Z',
          Array.from({ length: 24 }, (_, at) => at),
        ),
      ),
    ])
    expect([kolkata.dates, kolkata.series[0]?.values, kolkata.total]).toEqual([
      ['2026-11-16T10:00:00+05:30', '2026-11-16T11:00:00+05:30'],
      [10, 11],
      21,
    ])
  })
})

describe('buckets that Keen cuts elsewhere', () => {
  const asked = { event_collection: 'a', ...week }
  const bucket = (start: string, end: string, value: unknown) => ({ value, timeframe: { start, end } })

  test.each([
    ['at midnights of UTC', days('2026-11-09', [1, 2, 3, 4, 5, 6, 7], 'UTC'), 'Keen cuts at 2026-11-09T00:00:00.000Z'],
    [
      'at midnights of UTC with ragged ends',
      [
        bucket('2026-11-08T23:00:00.000Z', '2026-11-09T00:00:00.000Z', 1),
        ...days('2026-11-09', [1, 2, 3, 4, 5, 6], 'UTC'),
        bucket('2026-11-15T00:00:00.000Z', '2026-11-15T23:00:00.000Z', 1),
      ],
      'Keen cuts at 2026-11-09T00:00:00.000Z',
    ],
    ['and leaves one out', days('2026-11-09', [1, 2, 3, 4, 5, 6]), 'no whole bucket for 2026-11-15T00:00:00'],
    [
      'and gives one twice',
      [...days('2026-11-09', [1, 2, 3, 4, 5, 6, 7]), ...days('2026-11-15', [7])],
      'Keen cuts at 2026-11-14T23',
    ],
    [
      'and leaves a hole',
      [
        bucket('2026-11-08T23:00:00.000Z', '2026-11-09T10:00:00.000Z', 1),
        bucket('2026-11-09T11:00:00.000Z', '2026-11-09T23:00:00.000Z', 1),
        ...days('2026-11-10', [2, 3, 4, 5, 6, 7]),
      ],
      'Keen cuts at 2026-11-09T11:00:00.000Z',
    ],
    ['and with a time that is none', [bucket('yesterday', 'today', 1)], 'a time that is none: "yesterday"'],
  ])('%s are refused, never moved', async (_, answer, words) => {
    const made = asking({ event: 'a' }, {}, [query('count', asked, answer)])
    await expect(made).rejects.toThrow(words)
  })

  test('in two pieces where clocks change add up, and are refused where they do not', async () => {
    const pieces = [
      ...days('2026-11-09', [1, 2]),
      bucket('2026-11-10T23:00:00.000Z', '2026-11-11T22:00:00.000Z', 3),
      bucket('2026-11-11T22:00:00.000Z', '2026-11-11T23:00:00.000Z', 10),
      ...days('2026-11-12', [4, 5, 6, 7]),
    ]
    const body = await asking({ event: 'a' }, {}, [query('count', asked, pieces)])
    expect(body.series[0]?.values).toEqual([1, 2, 13, 4, 5, 6, 7])
    const unique = { event_collection: 'a', target_property: 'user.id' }
    await expect(
      asking({ event: 'a', type: 'unique' }, {}, [
        query('count_unique', { ...unique, ...week }, pieces),
        query('count_unique', { ...unique, ...between('2026-11-08T23:00:00.000Z', '2026-11-15T23:00:00.000Z') }, 9),
      ]),
    ).rejects.toThrow('comes from Keen in several buckets')
  })
})

describe('groups that come twice in a bucket', () => {
  test('are no answer', async () => {
    const twice = [[group('DE', 1), group('DE', 1)], [], [], [], [], [], []]
    const made = asking({ event: 'a', on: 'country' }, {}, [
      query('count', { event_collection: 'a', group_by: ['country'], ...week }, days('2026-11-09', twice)),
    ])
    await expect(made).rejects.toThrow(DataError)
  })
})

describe('segments', () => {
  const day = between('2026-11-14T23:00:00.000Z', '2026-11-15T23:00:00.000Z')
  const named = async (on: string | string[], rows: readonly object[], question = {}) =>
    (
      await asking({ event: 'a', on, ...question }, { timeframe: 'previous_1_day' }, [
        query('count', { event_collection: 'a', group_by: [on].flat(), ...day }, rows),
      ])
    ).series.map(({ name, path, total }) => [name, ...(path === undefined ? [] : [path]), total])

  test('are called as their values are; a text that reads like another value is quoted', async () => {
    const rows = [
      ['x', 9],
      ['5', 8],
      [5, 7],
      [null, 6],
      ['undefined', 5],
      [true, 4],
      ['', 3],
      [['a', 1], 2],
      ['__proto__', 1],
    ].map(([value, result]) => ({ 'user.plan': value, result }))
    expect(await named('user.plan', rows)).toEqual([
      ['x', 9],
      ['"5"', 8],
      ['5', 7],
      ['undefined', 6],
      ['"undefined"', 5],
      ['true', 4],
      ['', 3],
      ['["a",1]', 2],
      ['__proto__', 1],
    ])
    expect((await named('user.plan', rows, { clean: true })).map(([name]) => name)).not.toContain('undefined')
  })

  test('of two properties have both values', async () => {
    const rows = [
      { country: 'DE', plan: 'pro', result: 3 },
      { plan: 'a / b', country: null, result: 2 },
    ]
    expect(await named(['country', 'plan'], rows)).toEqual([
      ['DE / pro', ['DE', 'pro'], 3],
      ['undefined / "a / b"', ['undefined', 'a / b'], 2],
    ])
  })

  test('of a property called __proto__ are its own', async () => {
    const row = JSON.parse('{"__proto__":"x","result":3}') as object
    expect(await named('__proto__', [row])).toEqual([['x', 3]])
  })
})

describe('what Keen cannot answer', () => {
  const least = config.parse({ kind: 'keen' })
  test.each([
    [{ event: 'any' }, 'name the events'],
    [{ event: ['a', 'b'], on: 'plan' }, 'name one event'],
    [{ event: ['a', 'a'] }, 'listed twice'],
    [{ event: 'a', on: 'age', buckets: 5 }, 'have a size'],
    [{ event: 'a', of: 'x' }, 'general counts'],
    [{ event: 'a', type: 'unique', of: 'x' }, 'unique counts'],
    [{ event: 'a', type: 'unique' }, 'actor: user.id'],
    [{ event: 'a', type: 'average' }, 'actor: user.id'],
    [{ event: 'a', type: 'sum' }, 'name it with `of`'],
    [{ event: 'a', type: 'percentile', of: 'x' }, 'percentile: 90'],
    [{ event: 'a', type: 'sum', of: 'x', percentile: 5 }, 'type: percentile'],
    [{ event: 'a', type: 'percentile', of: 'x', percentile: 99.999 }, 'two decimals'],
    [{ event: 'a', on: 'result' }, 'calls the number of a group `result`'],
    [{ event: 'a', on: 'properties["result"]' }, 'calls the number of a group `result`'],
    [{ event: 'a', on: ['country', 'result'] }, 'calls the number of a group `result`'],
    [{ event: 'a', on: ['country', 'properties["country"]'] }, 'names a property twice'],
    [{ event: 'a', on: 'user["plan"]' }, 'is of a profile'],
    [{ event: 'a', type: 'sum', of: 'properties["a"] * 2' }, 'has to be worked out'],
    [{ event: 'a', where: 'properties["a"] == 1 or properties["b"] == 1' }, 'joins different conditions'],
  ])('is refused when the project is loaded, and when it is asked all the same: %j', async (question, words) => {
    const ask = segmentationAsk(question)
    expect(keen.refuse(least, ask.question, { name: 'shop', timezone: 'UTC' })).toContain(words)
    await expect(answerTo(ask, [], { actor: undefined })).rejects.toThrow(RefusedError)
  })

  test('is nothing of what it can', () => {
    const own = { ...least, actor: 'user.id' }
    for (const question of [
      { event: 'a', type: 'unique', on: ['x', 'y'], unit: 'minute' },
      { event: ['a', 'b'], type: 'average' },
      { event: 'a', type: 'percentile', of: 'x', percentile: 99.99, where: 'not defined(properties["x"])' },
    ]) {
      expect(keen.refuse(own, segmentationAsk(question).question, { name: 'shop', timezone: 'UTC' })).toBeUndefined()
    }
  })
})
