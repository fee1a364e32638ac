import { describe, expect, test } from 'vitest'
import { DataError } from '../../../../../lib/errors.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { exchange } from './exchange.ts'
import { rawQuery, whyNot } from './query-door.ts'

const range = { from_date: '2012-01-01', to_date: '2012-01-03' }
const birth = { ...range, born_event: 'Sign up' }
const daily = { ...range, unit: 'day', addiction_unit: 'hour' }
const paths = { retention: '/api/query/retention', frequency: '/api/query/retention/addiction' } as const

type Name = keyof typeof paths
function given(parameters: object): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]))
}
function answerTo(call: Name, body: unknown, parameters: object = call === 'retention' ? birth : daily): Promise<unknown> {
  return exchange(call, parameters, {
    path: paths[call],
    query: { project_id: '1234567', ...given(parameters) },
    answer: { body },
  })
}

describe('a retention', () => {
  test('has cohorts by date, the newest shorter', async () => {
    const body = {
      '2012-01-03': { counts: [9], first: 10 },
      '2012-01-01': { counts: [2, 1, 2], first: 2 },
      '2012-01-02': { counts: [9, 7], first: 10 },
    }
    expect(await answerTo('retention', body)).toEqual([
      { date: '2012-01-01', size: 2, counts: [2, 1, 2] },
      { date: '2012-01-02', size: 10, counts: [9, 7] },
      { date: '2012-01-03', size: 10, counts: [9] },
    ])
    expect(await answerTo('retention', {})).toEqual([])
  })

  test('takes every documented parameter', async () => {
    const all = {
      ...birth,
      retention_type: 'birth',
      event: 'Größe "ändern" & mehr=1',
      born_where: 'properties["$os"] == "Linux"',
      where: 'properties["plan"] == "a+b"',
      interval: 90,
      interval_count: 12,
      unit: 'day',
      unbounded_retention: true,
      on: 'properties["país"]',
      limit: 10,
    }
    expect(await answerTo('retention', {}, all)).toEqual([])
    const compounded = { ...range, retention_type: 'compounded', unit: 'month', interval: 120, unbounded_retention: false }
    expect(await answerTo('retention', {}, compounded)).toEqual([])
    expect(await rawQuery('retention', { ...birth, event: 'a b&c+' })).toBe(
      'from_date=2012-01-01&to_date=2012-01-03&born_event=Sign%20up&event=a%20b%26c%2B',
    )
  })

  const [ios, android, all] = [
    { counts: [3, 1], first: 4 },
    { counts: [2], first: 2 },
    { counts: [5, 1], first: 6 },
  ]
  const average = { counts: [3, 1], first: 3.5, rates: [0.8] }
  const split = [
    {
      date: '2012-01-01',
      size: 6,
      counts: [5, 1],
      segments: [
        { name: 'iOS', size: 4, counts: [3, 1] },
        { name: 'Android', size: 2, counts: [2] },
      ],
    },
  ]
  test.each([
    ['values within dates', { '2012-01-01': { $overall: all, iOS: ios, Android: android } }],
    ['dates within values', { $overall: { '2012-01-01': all }, iOS: { '2012-01-01': ios }, Android: { '2012-01-01': android } }],
    [
      'averages, which nobody was asked for',
      { $average: { $overall: all }, '2012-01-01': { $overall: all, iOS: ios, $average: all, Android: android } },
    ],
  ])('split by a property keeps all together apart: %s', async (_, body) => {
    expect(await answerTo('retention', body, { ...birth, on: 'properties["$os"]' })).toEqual(split)
  })

  test('split without a row for all has none of its own, and values may be called anything', async () => {
    const body = `{"2012-01-01":{"__proto__":${JSON.stringify(ios)},"2012-01-02":${JSON.stringify(android)}}}`
    expect(await answerTo('retention', body, { ...birth, on: 'properties["c"]' })).toEqual([
      {
        date: '2012-01-01',
        size: null,
        counts: [],
        segments: [
          { name: '__proto__', size: 4, counts: [3, 1] },
          { name: '2012-01-02', size: 2, counts: [2] },
        ],
      },
    ])
  })

  test('of a saved report has midnights, and rates that say nothing new', async () => {
    const answer = {
      '2024-03-25T00:00:00': { first: 10, counts: [5], rates: [0.5] },
      '2024-03-18T00:00:00-07:00': { first: 3123, counts: [1317, 1296], rates: [0.4217, 0.415] },
      $average: average,
    }
    const expected = {
      path: paths.retention,
      query: { project_id: '1234567', bookmark_id: '63880740' },
      answer: { body: answer },
    }
    // An average is not of people.
    await expect(exchange('savedRetention', { bookmark_id: 63_880_740 }, expected)).resolves.toEqual([
      { date: '2024-03-18', size: 3123, counts: [1317, 1296] },
      { date: '2024-03-25', size: 10, counts: [5] },
    ])
  })
})

describe('a frequency', () => {
  const data = { '2012-01-02': [495, 204, 117], '2012-01-01': [305, 107, 60] }
  const read = [
    { date: '2012-01-01', counts: [305, 107, 60] },
    { date: '2012-01-02', counts: [495, 204, 117] },
  ]
  test('comes with `data` and without', async () => {
    expect(await answerTo('frequency', { data })).toEqual(read)
    expect(await answerTo('frequency', data)).toEqual(read)
    expect(await answerTo('frequency', { data: {} })).toEqual([])
  })

  test('takes every documented parameter', async () => {
    const all = {
      ...range,
      unit: 'month',
      addiction_unit: 'day',
      event: 'Viewed report',
      where: 'properties["$os"] == "Linux"',
      on: 'properties["país"]',
      limit: 50,
    }
    expect(await answerTo('frequency', { data }, all)).toEqual(read)
  })

  test('may be split, too', async () => {
    const body = { data: { US: { '2012-01-01': [3, 1] }, $overall: { '2012-01-01': [5, 2] } } }
    expect(await answerTo('frequency', body, { ...daily, on: 'properties["c"]' })).toEqual([
      { date: '2012-01-01', counts: [5, 2], segments: [{ name: 'US', counts: [3, 1] }] },
    ])
    expect(await answerTo('frequency', { '2012-01-01': { US: [3, 1] } }, { ...daily, on: 'properties["c"]' })).toEqual([
      { date: '2012-01-01', counts: [], segments: [{ name: 'US', counts: [3, 1] }] },
    ])
  })
})

test.each<[CallName, object, RegExp]>([
  ['retention', range, /born_event: what people enter with/],
  ['retention', { ...range, retention_type: 'birth' }, /born_event: what people enter with/],
  ['retention', { ...birth, retention_type: 'first' }, /`retention_type`/],
  ['retention', { ...birth, retention_type: 'compounded' }, /compounded retention has no born_event/],
  ['retention', { ...range, retention_type: 'compounded', born_where: 'true' }, /compounded retention has no born_event/],
  ['retention', { born_event: 'A' }, /`from_date`/],
  ['retention', { ...birth, to_date: '2011-12-31' }, /from_date lies after to_date/],
  ['retention', { ...birth, from_date: '2012-1-1' }, /`from_date`/],
  ['retention', { ...birth, unit: 'hour' }, /`unit`/],
  ['retention', { ...birth, interval: 91 }, /at most 90 days/],
  ['retention', { ...birth, unit: 'day', interval: 91 }, /at most 90 days/],
  ['retention', { ...birth, interval: 0 }, /`interval`/],
  ['retention', { ...birth, interval_count: 1.5 }, /`interval_count`/],
  ['retention', { ...birth, unbounded_retention: 'yes' }, /`unbounded_retention`/],
  ['retention', { ...birth, limit: 5 }, /`limit` counts values of `on`/],
  ['retention', { ...birth, where: 'properties["a"] =' }, /`where`/],
  ['retention', { ...birth, event: ['A'] }, /`event`/],
  ['retention', { ...birth, format: 'csv' }, /there is no parameter `format`/],
  ['frequency', { ...range, unit: 'day' }, /`addiction_unit`/],
  ['frequency', { ...range, addiction_unit: 'hour' }, /`unit`/],
  ['frequency', { ...daily, unit: 'year' }, /`unit`/],
  ['frequency', { ...daily, unit: 'day', addiction_unit: 'day' }, /a day is divided into hours: give addiction_unit hour/],
  ['frequency', { ...daily, addiction_unit: 'minute' }, /`addiction_unit`/],
  ['frequency', { ...daily, to_date: '2011-12-31' }, /from_date lies after to_date/],
  ['frequency', { ...daily, limit: 5 }, /`limit` counts values of `on`/],
  ['savedRetention', {}, /`bookmark_id`/],
  ['savedRetention', { bookmark_id: 'weekly' }, /digits only/],
])('%s is not sent with %j', async (call, parameters, why) => {
  expect(await whyNot(call, parameters)).toMatch(why)
})

test.each<[Name, unknown]>([
  ['retention', { 'Sign up': { counts: [1], first: 1 } }],
  ['retention', { '2012-02-30': { counts: [1], first: 1 } }],
  ['retention', { '2012-01-01T12:00:00': { counts: [1], first: 1 } }],
  ['retention', { '2012-01-01': { counts: [1] } }],
  ['retention', { '2012-01-01': { counts: [0.5], first: 1 } }],
  ['retention', { '2012-01-01': { counts: '1', first: 1 } }],
  ['retention', { '2012-01-01': { US: { CA: { counts: [1], first: 1 } } } }],
  ['retention', { US: { yesterday: { counts: [1], first: 1 } } }],
  ['retention', [{ counts: [1], first: 1 }]],
  ['frequency', { data: { '2012-01-01': [1, -1] } }],
  ['frequency', { data: { '2012-01-01': { '1': 10, '2': 4 } } }],
  ['frequency', { data: { yesterday: [1] } }],
  ['frequency', { data: [[1]] }],
])('a %s of another shape is damaged data: %j', async (call, body) => {
  await expect(answerTo(call, body)).rejects.toThrow(DataError)
})
