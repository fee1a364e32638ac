import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { result } from '../../../../../lib/result.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Source } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { call, plainAsk, withMixpanel } from '../asking.ts'

const own = config.parse({ kind: 'mixpanel', project: 1_234_567, credentials: 'env:ACCOUNT' })
const pacific = 'America/Los_Angeles'

function saved(question: object, when: When, expected: readonly Expected[], now = when.at) {
  const settings = { timezone: when.timezone ?? 'Europe/Berlin' }
  const ask = plainAsk('saved', question, when)
  const use = async (source: Source) => {
    if (source.answers.saved === undefined) throw new Error('nothing saved')
    return await source.answers.saved(ask)
  }
  return withMixpanel(expected, use, settings, now)
}

const when = { timezone: pacific, at: '2023-06-01T15:00:00Z' }
const range = { from_date: '2023-05-29T00:00:00-07:00', to_date: '2023-05-31T23:59:59.999000-07:00' }
const timeframe = { start: '2023-05-29T00:00:00-07:00', end: '2023-06-01T00:00:00-07:00' }
const day = (date: string) => `${date}T00:00:00-07:00`
const days = (...values: (number | null)[]) =>
  Object.fromEntries(values.map((value, at) => [day(`2023-05-${29 + at}`), value] as const))

function report(series: object, more: object = {}) {
  return {
    computed_at: '2023-06-01T15:00:03.292626+00:00',
    date_range: range,
    headers: ['$event', '$os'],
    meta: { is_segmentation_limit_hit: false, min_sampling_factor: 1 },
    series,
    ...more,
  }
}
function insights(series: object, more: object = {}, frame: When = when) {
  return saved({ insights: '60327221' }, frame, [call('insights', { bookmark_id: '60327221' }, { body: report(series, more) })])
}
const head = { version: 1, report: 'r', query: 'q', source: 's', definition: '0'.repeat(64), timezone: pacific }

/** The first two are as the vendor recorded them, shortened; the numbers of all together are not the sum of those shown. */
const byOs = {
  'Purchase Completed [Total Events]': { $overall: days(165, 208, 442), Android: days(74, 66, 150), iOS: days(39, 60, 209) },
}

describe('a saved Insights report with dates', () => {
  test('is a series over the dates of the vendor, all together in the total and in no segment', async () => {
    const body = await insights(byOs)
    expect(body).toEqual({
      shape: 'series',
      timeframe,
      unit: 'day',
      measure: 'general',
      dates: ['2023-05-29', '2023-05-30', '2023-05-31'],
      series: [
        { name: 'iOS', values: [39, 60, 209], total: 308 },
        { name: 'Android', values: [74, 66, 150], total: 290 },
      ],
      total: 815,
      comparisons: [],
      notes: [],
    })
    expect(result.safeParse({ ...head, ...body }).success).toBe(true)
  })

  test('without a breakdown has a series for each metric, and several have no total', async () => {
    const two = { 'A [Total Events]': days(1, 2, 3), 'B [Unique Users]': days(4, 5, 6) }
    expect(await insights(two, { headers: ['$metric'] })).toMatchObject({
      measure: 'other',
      series: [
        { name: 'A [Total Events]', values: [1, 2, 3], total: 6 },
        { name: 'B [Unique Users]', values: [4, 5, 6], total: null },
      ],
      total: null,
    })
  })

  test.each<[string, string, number | null]>([
    ['A [Total Events]', 'general', 6],
    ['A [Total]', 'general', 6],
    ['MRR [Sum of MRR]', 'sum', 6],
    ['A [Unique Users]', 'unique', null],
    ['Sign Up - Total', 'general', 6],
    ['Sign Up - Unique', 'unique', null],
    ['A [Average]', 'average', null],
    ['A [Median of price]', 'median', null],
    ['A [Total per User]', 'other', null],
    ['Total of A', 'other', null],
    ['DAU', 'other', null],
  ])('adds up only where the metric says so: %s', async (metric, measure, total) => {
    const body = await insights({ [metric]: { $overall: days(1, 2, 3), x: days(1, 1, 1) } })
    expect(body).toMatchObject({ measure, total })
    expect(result.safeParse({ ...head, ...body }).success).toBe(true)
  })

  test('of the documented form, which says nothing more of it, has numbers of events', async () => {
    const documented = { headers: ['$event'], meta: undefined }
    expect(await insights({ 'Logged in': days(9852, 4325, 1), 'Viewed page': days(1, 1, 1) }, documented)).toMatchObject({
      measure: 'general',
      series: [{ name: 'Logged in', total: 14_178 }, { total: 3 }],
      total: null,
    })
    expect(await insights({ A: days(1, 2, 3) }, { headers: ['$metric'], meta: undefined })).toMatchObject({ measure: 'other' })
    // With a property's values, these are of no events as a whole, which add up to more people than there are.
    const apart = { 'A [Unique Users]': { x: { ...days(1), all: 4 }, y: { ...days(2), all: 5 } } }
    expect(await insights(apart)).toMatchObject({ series: [{ total: 5 }, { total: 4 }], total: null })
  })

  test('has all dates of its time; one that Mixpanel leaves out is unknown, and so is what it would be part of', async () => {
    const [first, last] = [day('2023-05-29'), day('2023-05-31')]
    const series = { 'A [Total Events]': { x: { [first]: 1, [last]: 3 }, y: { [first]: 4 }, z: days(1, 1, 1) } }
    expect(await insights(series)).toMatchObject({
      dates: ['2023-05-29', '2023-05-30', '2023-05-31'],
      series: [
        { name: 'x', values: [1, null, 3], total: null },
        { name: 'y', values: [4, null, null], total: null },
        { name: 'z', values: [1, 1, 1], total: 3 },
      ],
      total: null,
    })
  })

  test('has no dates that are still to come', async () => {
    const now = { ...when, at: '2023-05-30T15:00:00Z' }
    expect(await insights({ 'A [Total Events]': days(1, 2) }, {}, now)).toMatchObject({
      dates: ['2023-05-29', '2023-05-30'],
      partial: ['2023-05-30'],
      total: 3,
    })
  })

  test('of several breakdowns has paths, whatever values are called', async () => {
    const series = `{"A [Total Events]":{"$overall":${JSON.stringify(days(9, 9, 9))},"__proto__":{"$overall":${JSON.stringify(
      days(8, 8, 8),
    )},"a / b":${JSON.stringify(days(1, null, 3))}},"DE":{"$overall":${JSON.stringify(days(1, 1, 1))},"x":${JSON.stringify(days(2, 2, 2))}}}}`
    expect(await insights(JSON.parse(series), { headers: ['$event', 'country', 'plan'] })).toMatchObject({
      series: [
        { name: '__proto__ / "a / b"', path: ['__proto__', 'a / b'], values: [1, null, 3], total: null },
        { name: 'DE / x', path: ['DE', 'x'], values: [2, 2, 2], total: 6 },
      ],
      total: 27,
    })
  })

  test('of pairs that read alike keeps them apart, also in what they are compared with', async () => {
    const then = (count: number) => ({ [day('2023-05-26')]: count, [day('2023-05-27')]: 0, [day('2023-05-28')]: 0 })
    const more = {
      headers: ['$event', 'country', 'plan'],
      time_comparison: {
        date_range: { from_date: day('2023-05-26'), to_date: '2023-05-28T23:59:59.999000-07:00' },
        series: { 'A [Total Events]': { 'a / b': { c: then(100) }, a: { 'b / c': then(7) } } },
      },
    }
    const series = { 'A [Total Events]': { 'a / b': { c: days(1, 1, 1) }, a: { 'b / c': days(5, 5, 5) } } }
    expect(await insights(series, more)).toMatchObject({
      series: [
        { name: 'a / "b / c"', total: 15 },
        { name: '"a / b" / c', total: 3 },
      ],
      comparisons: [{ total: 107, totals: { 'a / "b / c"': 7, '"a / b" / c': 100 } }],
    })
  })

  test('of a single breakdown has its values as they are; a metric beside pairs is quoted where it reads like one', async () => {
    expect(await insights({ 'A [Total Events]': { 'a / b': days(1, 2, 3) } })).toMatchObject({ series: [{ name: 'a / b' }] })
    const beside = { A: { b: days(1, 2, 3) }, 'A / b': { $overall: days(4, 5, 6) } }
    const { series } = (await insights(beside)) as { series: { name: string }[] }
    expect(series.map(({ name }) => name)).toEqual(['A / b', '"A / b"'])
  })

  test('of several metrics with a breakdown keeps the metric in the path', async () => {
    const series = { 'A [Total Events]': { x: days(1, 1, 1) }, 'B [Total Events]': { x: days(2, 2, 2) } }
    expect(await insights(series)).toMatchObject({
      series: [
        { name: 'B [Total Events] / x', path: ['B [Total Events]', 'x'], total: 6 },
        { name: 'A [Total Events] / x', path: ['A [Total Events]', 'x'], total: 3 },
      ],
      total: null,
    })
  })

  test('whose breakdown has no value is the metric itself', async () => {
    expect(await insights({ 'A [Total Events]': { $overall: days(1, 2, 3) } })).toMatchObject({
      series: [{ name: 'A [Total Events]', values: [1, 2, 3], total: 6 }],
      total: 6,
    })
  })

  test('says where it is cut or an estimate', async () => {
    const meta = { is_segmentation_limit_hit: true, min_sampling_factor: 0.1 }
    const { notes } = await insights(byOs, { meta })
    expect(notes.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'truncated: Mixpanel has more segments than the saved report gives',
      'sampled: Mixpanel counted 10 % of the events and estimates the rest',
    ])
  })

  test('that is cut has no total but the vendor’s own: what it lacks would be missing', async () => {
    const meta = { is_segmentation_limit_hit: true }
    const then = (count: number) => ({ [day('2023-05-26')]: count, [day('2023-05-27')]: 0, [day('2023-05-28')]: 0 })
    const date_range = { from_date: day('2023-05-26'), to_date: '2023-05-28T23:59:59.999000-07:00' }
    const of = (now: object, before: object) =>
      insights({ 'A [Total Events]': now }, { meta, time_comparison: { date_range, series: { 'A [Total Events]': before } } })
    expect(await of({ x: days(1, 2, 3) }, { x: then(4) })).toMatchObject({
      series: [{ name: 'x', total: 6 }],
      total: null,
      comparisons: [{ total: null, totals: { x: 4 } }],
    })
    const whole = await of({ $overall: days(9, 9, 9), x: days(1, 2, 3) }, { $overall: then(40), x: then(4) })
    expect(whole).toMatchObject({ total: 27, comparisons: [{ total: 40, totals: { x: 4 } }] })
    expect(await of(days(1, 2, 3), then(4))).toMatchObject({ total: 6, comparisons: [{ total: 4 }] })
  })

  test('marks what still runs', async () => {
    const body = await insights(byOs, {}, { ...when, at: '2023-05-31T15:00:00Z' })
    expect(body).toMatchObject({ timeframe, partial: ['2023-05-31'], notes: [{ kind: 'partial' }] })
  })
})

describe('the unit of a saved report', () => {
  const of = (dates: readonly string[], from: string, to: string) => {
    const series = { 'A [Total Events]': Object.fromEntries(dates.map((date, at) => [date, at + 1])) }
    return insights(series, { date_range: { from_date: from, to_date: to } })
  }
  test.each<[string, string[], string, string, string[], string[] | undefined]>([
    [
      'week',
      ['2023-05-01', '2023-05-08', '2023-05-15'].map(day),
      day('2023-05-01'),
      '2023-05-21T23:59:59.999000-07:00',
      ['2023-05-01', '2023-05-08', '2023-05-15'],
      undefined,
    ],
    [
      'week',
      ['2023-05-03', '2023-05-08', '2023-05-15', '2023-05-22'].map(day),
      day('2023-05-03'),
      '2023-05-24T23:59:59.999000-07:00',
      ['2023-05-03', '2023-05-08', '2023-05-15', '2023-05-22'],
      ['2023-05-03', '2023-05-22'],
    ],
    [
      'week',
      ['2023-05-01', '2023-05-08'].map(day),
      day('2023-05-03'),
      '2023-05-14T23:59:59.999000-07:00',
      ['2023-05-01', '2023-05-08'],
      ['2023-05-01'],
    ],
    [
      'month',
      [`2023-02-01T00:00:00-08:00`, `2023-03-01T00:00:00-08:00`, day('2023-04-01')],
      '2023-02-01T00:00:00-08:00',
      '2023-04-30T23:59:59.999000-07:00',
      ['2023-02-01', '2023-03-01', '2023-04-01'],
      undefined,
    ],
    [
      'day',
      ['2023-03-11T00:00:00-08:00', '2023-03-12T00:00:00-08:00', day('2023-03-13')],
      '2023-03-11T00:00:00-08:00',
      '2023-03-13T23:59:59.999000-07:00',
      ['2023-03-11', '2023-03-12', '2023-03-13'],
      undefined,
    ],
    [
      'hour',
      ['2023-05-29T22:00:00-07:00', '2023-05-29T23:00:00-07:00'],
      '2023-05-29T22:00:00-07:00',
      '2023-05-29T23:59:59.999000-07:00',
      ['2023-05-29T22:00:00-07:00', '2023-05-29T23:00:00-07:00'],
      undefined,
    ],
    // Dates that are left out are put in.
    [
      'day',
      ['2023-05-09', '2023-05-10', '2023-05-12'].map(day),
      day('2023-05-09'),
      '2023-05-13T23:59:59.999000-07:00',
      ['2023-05-09', '2023-05-10', '2023-05-11', '2023-05-12', '2023-05-13'],
      undefined,
    ],
    [
      'week',
      ['2023-05-03', '2023-05-15', '2023-05-22'].map(day),
      day('2023-05-03'),
      '2023-06-04T23:59:59.999000-07:00',
      ['2023-05-03', '2023-05-08', '2023-05-15', '2023-05-22', '2023-05-29'],
      ['2023-05-03', '2023-05-29'],
    ],
    [
      'hour',
      ['2023-05-29T20:00:00-07:00', '2023-05-29T22:00:00-07:00'],
      '2023-05-29T20:00:00-07:00',
      '2023-05-29T22:59:59.999000-07:00',
      ['2023-05-29T20:00:00-07:00', '2023-05-29T21:00:00-07:00', '2023-05-29T22:00:00-07:00'],
      undefined,
    ],
    ['day', [day('2023-05-29')], day('2023-05-29'), '2023-05-29T23:59:59.999000-07:00', ['2023-05-29'], undefined],
    ['day', ['2023-05-29'], '2023-05-29', '2023-05-29', ['2023-05-29'], undefined],
    ['week', [day('2023-05-29')], day('2023-05-29'), '2023-05-31T23:59:59.999000-07:00', ['2023-05-29'], ['2023-05-29']],
  ])('is how far apart its dates are: %s %j', async (unit, dates, from, to, labels, partial) => {
    const body = await of(dates, from, to)
    expect(body).toMatchObject({ unit, dates: labels })
    expect('partial' in body ? body.partial : undefined).toEqual(partial)
  })

  test.each(['+02:00', '+0200', '+02'])('has times that are instants where they have an offset: %s', async (offset) => {
    const hours = ['20', '21', '22'].map((hour) => `2023-05-29T${hour}:00:00${offset}`)
    expect(await of(hours, hours[0] ?? '', `2023-05-29T22:59:59${offset}`)).toMatchObject({
      timeframe: { start: '2023-05-29T11:00:00-07:00', end: '2023-05-29T14:00:00-07:00' },
      dates: ['2023-05-29T11:00:00-07:00', '2023-05-29T12:00:00-07:00', '2023-05-29T13:00:00-07:00'],
    })
  })

  test.each([
    [['2023-05-01', '2023-05-04'].map(day), RefusedError, 'a date every 3 days'],
    [['2023-01-01T00:00:00-08:00', day('2023-04-01')], RefusedError, 'a date every 90 days'],
    [
      ['2023-05-29T00:00:00+02:00', '2023-05-30T00:00:00+02:00'],
      RefusedError,
      'midnight of UTC+02:00, which is 15:00 in America/Los_Angeles',
    ],
    [['2023-05-29T00:00:00+0200', '2023-05-30T00:00:00+0200'], RefusedError, 'midnight of UTC+0200, which is 15:00'],
    [['2023-05-29T00:00:00+02', '2023-05-30T00:00:00+02'], RefusedError, 'midnight of UTC+02, which is 15:00'],
    [['2023-05-29 00:00:00z', '2023-05-30 00:00:00z'], RefusedError, 'midnight of UTC, which is 17:00'],
    [['2023-05-29T00:30:00-07:00', '2023-05-30T00:30:00-07:00'], RefusedError, 'do not begin at midnight'],
    [['yesterday', 'today'], DataError, '"yesterday"'],
  ])('is one that results have, of this zone: %j', async (dates, kind, words) => {
    const error = await of(dates, day('2023-05-01'), '2023-05-31T23:59:59.999000-07:00').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind)
    expect(String(error)).toContain(words)
  })
})

describe('a saved comparison', () => {
  const compared = (from: string, second: string, third: string) => ({
    time_comparison: {
      date_range: { from_date: day(from), to_date: `${third}T23:59:59.999000-07:00` },
      series: {
        'Purchase Completed [Total Events]': {
          $overall: { [day(from)]: 100, [day(second)]: 200, [day(third)]: 400 },
          Android: { [day(from)]: 0, [day(second)]: 50, [day(third)]: 200 },
          iOS: { [day(from)]: 7 },
        },
      },
    },
  })
  const before = compared('2023-05-26', '2023-05-27', '2023-05-28')

  test.each([
    ['previous', before, { start: '2023-05-26T00:00:00-07:00', end: '2023-05-29T00:00:00-07:00' }],
    [
      'year',
      compared('2022-05-30', '2022-05-31', '2022-06-01'),
      { start: '2022-05-30T00:00:00-07:00', end: '2022-06-02T00:00:00-07:00' },
    ],
  ])('with the time before or the year before is one of ours: %s', async (to, more, span) => {
    const body = await insights(byOs, more)
    expect(body).toMatchObject({
      comparisons: [{ to, timeframe: span, total: 700, totals: { iOS: null, Android: 250 } }],
      notes: [],
    })
    expect(result.safeParse({ ...head, ...body }).success).toBe(true)
  })

  test('with another time is told, and none is made before the time is over', async () => {
    const other = compared('2023-05-01', '2023-05-02', '2023-05-03')
    expect(await insights(byOs, other)).toMatchObject({
      comparisons: [],
      notes: [{ kind: 'source', text: 'the saved report is compared with 2023-05-01 to 2023-05-03' }],
    })
    expect(await insights(byOs, before, { ...when, at: '2023-05-31T15:00:00Z' })).toMatchObject({ comparisons: [] })
  })
})

describe('a saved Insights report without dates', () => {
  const all = (value: number | null) => ({ all: value })
  const headers = ['$event', 'Channel Type', 'cart']
  const cart = {
    'Product Viewed [Total Events]': {
      $overall: all(13_465),
      Social: { $overall: all(3117), 'h&m': all(390), adidas: all(392) },
      'Other Advertising': { $overall: all(10_348), gap: all(1289), "levi's": all(null) },
    },
  }

  test('is a table of its breakdowns, all together in no row', async () => {
    const body = await insights(cart, { headers })
    expect(body).toEqual({
      shape: 'table',
      timeframe,
      columns: [
        { name: 'Channel Type', type: 'text' },
        { name: 'cart', type: 'text' },
        { name: 'Product Viewed [Total Events]', type: 'number' },
      ],
      rows: [
        ['Other Advertising', 'gap', 1289],
        ['Social', 'adidas', 392],
        ['Social', 'h&m', 390],
        ['Other Advertising', "levi's", null],
      ],
      notes: [],
    })
    expect(result.safeParse({ ...head, ...body }).success).toBe(true)
  })

  test('of several metrics has a row for each, in their order', async () => {
    const metrics = { 'A [Unique Users]': all(3), 'B [Total Events]': { $overall: all(9), x: all(4), y: all(5) } }
    expect(await insights(metrics, { headers: ['$metric', 'plan'] })).toMatchObject({
      columns: [{ name: 'metric' }, { name: 'plan' }, { name: 'value' }],
      rows: [
        ['A [Unique Users]', null, 3],
        ['B [Total Events]', 'y', 5],
        ['B [Total Events]', 'x', 4],
      ],
    })
    expect(await insights({ 'A [Unique Users]': all(3) }, { headers: ['$metric'] })).toMatchObject({
      columns: [{ name: 'metric' }, { name: 'value' }],
      rows: [['A [Unique Users]', 3]],
    })
    expect(await insights({})).toMatchObject({ shape: 'table', rows: [] })
  })

  test('is refused like others where the days are not those of the zone', async () => {
    const error = await insights(cart, { headers }, { ...when, timezone: 'Europe/Berlin' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RefusedError)
    expect(String(error)).toContain('midnight of UTC-07:00, which is 09:00 in Europe/Berlin')
    const lastHours = { headers, date_range: { from_date: '2023-05-29T13:00:00-07:00', to_date: '2023-05-30T13:00:00-07:00' } }
    expect(await insights(cart, lastHours, { ...when, timezone: 'Europe/Berlin' })).toMatchObject({
      timeframe: { start: '2023-05-29T22:00:00+02:00', end: '2023-05-30T22:00:00+02:00' },
    })
  })

  test('has what it is compared with beside it', async () => {
    const time_comparison = {
      date_range: { from_date: day('2023-05-26'), to_date: '2023-05-28T23:59:59.999000-07:00' },
      series: { 'Product Viewed [Total Events]': { Social: { 'h&m': all(164) } } },
    }
    expect(await insights(cart, { headers, time_comparison, lift_comparison: { series: {} } })).toMatchObject({
      columns: [{}, {}, {}, { name: 'compared', type: 'number' }],
      rows: [
        ['Other Advertising', 'gap', 1289, null],
        ['Social', 'adidas', 392, null],
        ['Social', 'h&m', 390, 164],
        ['Other Advertising', "levi's", null, null],
      ],
      notes: [{ kind: 'source', text: 'the saved report is compared with 2023-05-26 to 2023-05-28' }],
    })
  })
})

describe('other saved reports', () => {
  test('that the same call answers are refused', async () => {
    const cohort = { first: 3123, counts: [1317], rates: [0.4217] }
    const retention = { 'A and then B': { [day('2023-05-29')]: { $overall: cohort } } }
    await expect(insights(retention, { headers: ['$retention', 'segment'] })).rejects.toThrow(/is a retention/)
    await expect(insights(retention)).rejects.toThrow(/is a retention/)
    const steps = { '1. sign up': { all: 6030 }, '2. pay': { all: 2844 } }
    const funnel = { count: steps, overall_conv_ratio: steps, step_conv_ratio: steps, avg_time: steps }
    await expect(insights(funnel)).rejects.toThrow(/is a funnel/)
  })

  const step = (event: string, count: number) => ({ event, count, goal: event, avg_time: null })
  const funnel = (frame: When, expected: readonly Expected[], now?: string) =>
    saved({ funnel: '7509' }, { timezone: 'Europe/Berlin', ...frame }, expected, now)
  const days7 = { funnel_id: '7509', from_date: '2026-11-09', to_date: '2026-11-15', interval: '7' }
  const bucket = { steps: [step('App Open', 200), step('Pay', 50)] }

  test('of funnels are asked over the timeframe as one bucket, also of runs that are long over', async () => {
    const body = await funnel({}, [call('funnels', days7, { data: { '2026-11-09': bucket } })], '2027-01-01T00:00:00Z')
    expect(body).toMatchObject({
      shape: 'funnel',
      steps: [
        { name: 'App Open', count: 200, stepConversion: 1 },
        { name: 'Pay', count: 50, stepConversion: 0.25, overallConversion: 0.25, medianSeconds: null },
      ],
      comparisons: [],
    })
    expect(body).not.toHaveProperty('timeframe')
    expect(body.notes.map(({ kind }) => kind)).toEqual(['source', 'source', 'immature'])
  })

  test('of funnels say that a day runs', async () => {
    const query = { ...days7, from_date: '2026-11-16', to_date: '2026-11-16', interval: '1' }
    const body = await funnel({ timeframe: 'today' }, [call('funnels', query, { data: { '2026-11-16': bucket } })])
    expect(body.notes.map(({ kind }) => kind)).toContain('partial')
  })

  test.each([
    ['several buckets', { '2026-11-09': bucket, '2026-11-10': bucket }, RefusedError],
    ['none', {}, DataError],
    ['a split without all together', { '2026-11-09': { iOS: bucket } }, RefusedError],
  ] as const)('of funnels with %s have no steps', async (_, data, kind) => {
    await expect(funnel({}, [call('funnels', days7, { data })])).rejects.toThrow(kind)
  })
})

describe('what cannot be asked', () => {
  test.each([
    [{ query: 'q1' }, 'other vendors'],
    [{ analysis: 'a1' }, 'other vendors'],
    [{}, 'name one saved report'],
    [{ insights: '1', funnel: '2' }, 'name one saved report'],
    [{ insights: 'weekly board' }, 'digits only'],
  ])('is said when the project is loaded: %j', async (question, words) => {
    expect(mixpanel.refuse(own, plainAsk('saved', question).question, { name: 'product', timezone: 'UTC' })).toContain(words)
    await expect(saved(question, {}, [])).rejects.toThrow(RefusedError)
  })

  test('is a saved report of a run that is over, which would have dates of its own; a run that waits a night is none', async () => {
    const at = '2023-06-01T15:00:00Z'
    const question = { insights: '60327221' }
    const error = await saved(question, when, [], '2023-06-02T15:00:01Z').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RefusedError)
    expect(error).toHaveProperty('remedy', expect.stringContaining('`run --at 2023-06-02T15:00Z`'))
    const answer = call('insights', { bookmark_id: '60327221' }, { body: report(byOs) })
    expect(await saved(question, { ...when, at }, [answer], '2023-06-02T14:59:59Z')).toMatchObject({ total: 815 })
  })
})

test('a saved report is one query, and explained as it is sent', async () => {
  const context = { name: 'product', timezone: 'Europe/Berlin' }
  const asks = [plainAsk('saved', { insights: '17' }), plainAsk('saved', { funnel: '7509' })]
  expect(asks.map((ask) => mixpanel.cost(own, ask, context))).toEqual([1, 1])
  await withMixpanel([], async (source) => {
    const lines = await Promise.all(asks.map((ask) => source.explain(ask)))
    expect(lines.map((line) => line.join().replace(/^GET http:\/\/[^/]+/, ''))).toEqual([
      '/api/query/insights {"project_id":"1234567","bookmark_id":"17"}',
      '/api/query/funnels {"project_id":"1234567","funnel_id":"7509","from_date":"2026-11-09","to_date":"2026-11-15","interval":7}',
    ])
  })
})
