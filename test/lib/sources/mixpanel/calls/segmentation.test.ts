import { describe, expect, test } from 'vitest'
import { DataError } from '../../../../../lib/errors.ts'
import { calls } from '../../../../../lib/sources/mixpanel/calls/index.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { ask, rawQuery, whyNot } from './query-door.ts'

const days = { from_date: '2011-08-06', to_date: '2011-08-09' }
const signedUp = { event: 'Signed up', ...days }
const path = '/api/query/segmentation'

describe('a segmentation', () => {
  /** The vendor's own example: its dates are in no order. */
  const body = {
    data: {
      series: ['2011-08-08', '2011-08-09', '2011-08-06', '2011-08-07'],
      values: { 'Signed up': { '2011-08-06': 147, '2011-08-07': 146, '2011-08-08': 776, '2011-08-09': 1376 } },
    },
    legend_size: 1,
  }

  test('needs an event and dates only, and has its dates sorted', async () => {
    expect(await ask('segmentation', signedUp, { path, query: signedUp }, { body })).toEqual({
      dates: ['2011-08-06', '2011-08-07', '2011-08-08', '2011-08-09'],
      segments: [{ name: 'Signed up', values: { '2011-08-06': 147, '2011-08-07': 146, '2011-08-08': 776, '2011-08-09': 1376 } }],
      legendSize: 1,
    })
  })

  test('takes a property, a condition, a unit and a limit', async () => {
    const parameters = {
      ...signedUp,
      on: 'properties["país"]',
      where: 'properties["plan"] in ["a+b", "c%20"]',
      unit: 'hour',
      type: 'general',
      limit: 10_000,
    }
    // Hours are the project's own, without an offset.
    const hours =
      '{"data":{"series":["2011-08-06 14:00:00"],"values":{"US":{"2011-08-06 14:00:00":3},"__proto__":{},"7":{"2011-08-06 14:00:00":1}}},"legend_size":9}'
    const query = { ...parameters, limit: '10000' }
    const answer = await ask('segmentation', parameters, { path, query }, { body: hours })
    expect(answer).toMatchObject({ dates: ['2011-08-06 14:00:00'], legendSize: 9 })
    expect((answer as { segments: { name: string }[] }).segments.map(({ name }) => name).toSorted()).toEqual([
      '7',
      'US',
      '__proto__',
    ])
  })

  test('takes days in lieu of a unit where it does not count events', async () => {
    const parameters = { ...signedUp, type: 'unique', interval: 7 }
    await expect(
      ask('segmentation', parameters, { path, query: { ...parameters, interval: '7' } }, { body }),
    ).resolves.toBeDefined()
  })

  test('is a text as CSV', async () => {
    const parameters = { ...signedUp, format: 'csv' }
    const csv = 'date,Signed up\r\n2011-08-06,147\r\n'
    expect(await ask('segmentation', parameters, { path, query: parameters }, { body: csv })).toBe(csv)
  })

  test('goes over the wire encoded', async () => {
    const query = await rawQuery('segmentation', { event: 'a&b=1', ...days, on: 'properties["ü"]' })
    expect(query).toBe('event=a%26b%3D1&from_date=2011-08-06&to_date=2011-08-09&on=properties%5B%22%C3%BC%22%5D')
  })
})

describe('numbers in ranges', () => {
  const parameters = { ...signedUp, on: 'number(properties["time"])', where: 'number(properties["time"]) >= 2000' }

  test('have their bounds; what is no range has none', async () => {
    const query = { ...parameters, unit: 'hour', type: 'average', buckets: '5' }
    const body = {
      data: {
        series: ['2011-08-07', '2011-08-06'],
        values: {
          '2,000 - 2,100': { '2011-08-06': 1, '2011-08-07': 5 },
          '-1,500.5 - -20': { '2011-08-06': 1 },
          '-20 - 1,234,567': { '2011-08-06': 1 },
          '0.25 - 1e+21': { '2011-08-06': 1 },
          undefined: { '2011-08-07': 3 },
          ', - ,': {},
          '5 - ': {},
          'a 1 - 2': {},
        },
      },
      legend_size: 8,
    }
    const given = { ...parameters, unit: 'hour', type: 'average', buckets: 5 }
    expect(await ask('segmentationNumeric', given, { path: `${path}/numeric`, query }, { body })).toEqual({
      dates: ['2011-08-06', '2011-08-07'],
      segments: [
        { name: '2,000 - 2,100', values: { '2011-08-06': 1, '2011-08-07': 5 }, bounds: { from: 2000, to: 2100 } },
        { name: '-1,500.5 - -20', values: { '2011-08-06': 1 }, bounds: { from: -1500.5, to: -20 } },
        { name: '-20 - 1,234,567', values: { '2011-08-06': 1 }, bounds: { from: -20, to: 1_234_567 } },
        { name: '0.25 - 1e+21', values: { '2011-08-06': 1 }, bounds: { from: 0.25, to: 1e21 } },
        { name: 'undefined', values: { '2011-08-07': 3 }, bounds: undefined },
        { name: ', - ,', values: {}, bounds: undefined },
        { name: '5 - ', values: {}, bounds: undefined },
        { name: 'a 1 - 2', values: {}, bounds: undefined },
      ],
      legendSize: 8,
    })
  })

  test('need no more than an event, dates and a property', async () => {
    const given = { ...signedUp, on: 'properties["time"]' }
    const body = { data: { series: [], values: {} }, legend_size: 0 }
    const empty = { dates: [], segments: [], legendSize: 0 }
    expect(await ask('segmentationNumeric', given, { path: `${path}/numeric`, query: given }, { body })).toEqual(empty)
  })
})

describe('sums and averages', () => {
  const parameters = { ...signedUp, on: 'properties["price"] - properties["overhead"]', where: 'true', unit: 'day' }

  test('of a number are by date; what is no number adds 0', async () => {
    const body = {
      status: 'ok',
      computed_at: '2019-10-07T23:02:11.666218+00:00',
      results: { '2011-08-07': 0.0, '2011-08-06': 15_432.5 },
    }
    const sent = { path: `${path}/sum`, query: parameters }
    const sums = (await ask('segmentationSum', parameters, sent, { body })) as object
    expect(Object.entries(sums)).toEqual([
      ['2011-08-06', 15_432.5],
      ['2011-08-07', 0],
    ])
  })

  test('may be by hour', async () => {
    const given = { ...signedUp, on: 'properties["price"]', unit: 'hour' }
    const body = { results: { '2011-08-06 23:00:00': 8.647_058_823_529_39 }, status: 'ok' }
    const sent = { path: `${path}/average`, query: given }
    expect(await ask('segmentationAverage', given, sent, { body })).toEqual({ '2011-08-06 23:00:00': 8.647_058_823_529_39 })
  })
})

describe('two properties', () => {
  const given = { ...signedUp, outer: 'properties["$region"]', inner: 'properties["$city"]' }
  const multiseg = '/api/2.0/segmentation/multiseg'

  test('lose the pairs that never happened, and say how many values of each came', async () => {
    const values = {
      'North Carolina': { Charlotte: { '2011-08-06': 300, '2011-08-07': 0 }, Austin: { '2011-08-06': 0, '2011-08-07': 0 } },
      Texas: { Charlotte: { '2011-08-06': 0 }, Austin: { '2011-08-06': 3181, '2011-08-07': 3219 }, El: {} },
      Utah: { Charlotte: { '2011-08-06': 0 }, Austin: {} },
    }
    const body = { data: { series: ['2011-08-07', '2011-08-06'], values }, legend_size: 9 }
    expect(await ask('segmentationMultiseg', given, { path: multiseg, query: given }, { body })).toEqual({
      dates: ['2011-08-06', '2011-08-07'],
      outers: 3,
      inners: 3,
      segments: [
        { outer: 'North Carolina', inner: 'Charlotte', values: { '2011-08-06': 300, '2011-08-07': 0 } },
        { outer: 'Texas', inner: 'Austin', values: { '2011-08-06': 3181, '2011-08-07': 3219 } },
      ],
    })
  })

  test('may be called anything', async () => {
    const body = '{"data":{"series":[],"values":{"__proto__":{"constructor":{"2011-08-06":2}}}}}'
    expect(await ask('segmentationMultiseg', given, { path: multiseg, query: given }, { body })).toMatchObject({
      segments: [{ outer: '__proto__', inner: 'constructor', values: { '2011-08-06': 2 } }],
    })
  })

  test('take what public code sends', async () => {
    const more = {
      where: 'true',
      type: 'unique',
      unit: 'month',
      limit: 50,
      action: 'average',
      buckets: 12,
      allow_more_buckets: true,
    }
    const query = { ...given, ...more, limit: '50', buckets: '12', allow_more_buckets: 'true' }
    const body = { data: { series: [], values: {} } }
    expect(await ask('segmentationMultiseg', { ...given, ...more }, { path: multiseg, query }, { body })).toMatchObject({
      segments: [],
    })
  })
})

const on = 'properties["x"]'
const numeric = (name: CallName): [CallName, object, RegExp][] => [
  [name, { ...signedUp }, /`on`/],
  [name, { ...signedUp, on, unit: 'month' }, /`unit`.*hour or day, not "month"; .*/],
  [name, { ...signedUp, on, unit: 'minute' }, /`unit`.*an hour is the least/],
  [name, { ...signedUp, on, unit: 'week' }, /`unit`.*ask for days.*/],
  [
    name,
    { ...signedUp, property: 'x' },
    /there is no parameter `property`; give `on`, an expression such as properties\["amount"\]/,
  ],
  [name, { ...signedUp, on, from_date: '2011-08-10' }, /from_date lies after to_date/],
  [name, { ...signedUp, on, from_date: '2011-08-06T00:00' }, /`from_date`/],
  [name, { ...signedUp, on, event: ['A'] }, /`event`/],
  [name, { ...signedUp, on, limit: 5 }, /there is no parameter `limit`/],
  [name, { ...signedUp, on, format: 'csv' }, /there is no parameter `format`/],
]
test.each<[CallName, object, RegExp]>([
  ['segmentation', { ...days }, /`event`/],
  ['segmentation', { ...signedUp, event: ['A', 'B'] }, /`event`/],
  ['segmentation', { event: 'A', from_date: '2011-08-06' }, /`to_date`/],
  ['segmentation', { ...signedUp, to_date: '2011-08-05' }, /from_date lies after to_date/],
  ['segmentation', { ...signedUp, to_date: '2011-02-29' }, /`to_date`/],
  ['segmentation', { ...signedUp, unit: 'week' }, /`unit`.*take `interval: 7` in lieu of `unit`; general totals of days add up/],
  ['segmentation', { ...signedUp, unit: 'days' }, /`unit`.*write day/],
  ['segmentation', { ...signedUp, unit: 7 }, /`unit` is minute, hour, day or month, not 7/],
  ['segmentation', { ...signedUp, type: 'sum' }, /`type`.*`segmentationSum` adds up a property/],
  ['segmentation', { ...signedUp, type: 'uniques' }, /`type`.*did you mean unique\?/],
  ['segmentation', { ...signedUp, type: 'total' }, /`type`.*write general/],
  [
    'segmentation',
    { ...signedUp, action: 'sum' },
    /there is no parameter `action`; sums and averages of a property are `segmentationSum`/,
  ],
  ['segmentation', { ...signedUp, inner: on }, /there is no parameter `inner`; `segmentationMultiseg`/],
  ['segmentation', { ...signedUp, buckets: 5 }, /there is no parameter `buckets`; `segmentationNumeric`/],
  ['segmentation', { ...signedUp, limit: 60 }, /`limit` counts values of `on`/],
  ['segmentation', { ...signedUp, on, limit: 10_001 }, /`limit` is 10,000 at most/],
  ['segmentation', { ...signedUp, on, limit: 0 }, /`limit`/],
  ['segmentation', { ...signedUp, on: '' }, /`on`/],
  ['segmentation', { ...signedUp, type: 'unique', unit: 'day', interval: 7 }, /in lieu of `unit`/],
  ['segmentation', { ...signedUp, interval: 7 }, /general totals take `unit` only/],
  ['segmentation', { ...signedUp, type: 'unique', interval: 0 }, /`interval`/],
  ['segmentation', { ...signedUp, units: 'day' }, /there is no parameter `units`; did you mean unit\?/],
  ['segmentation', { ...signedUp, formats: 'csv' }, /there is no parameter `formats`; did you mean format\?/],
  [
    'segmentation',
    { ...signedUp, project_id: 1, workspace_id: 2 },
    /there is no parameter `project_id`; the source's own `project`.*\n.*own `workspace`/,
  ],
  [
    'segmentation',
    { ...signedUp, api_key: 'k', sig: 's', expire: 1 },
    /parameter `api_key`; the source's own `credentials`.*\n.*`sig`; .*\n.*`expire`; /,
  ],
  ['segmentation', { ...signedUp, format: 'tsv' }, /`format` is json or csv/],
  ...numeric('segmentationNumeric'),
  ...numeric('segmentationSum'),
  ...numeric('segmentationAverage'),
  ['segmentationAverage', { ...signedUp, on, unit: 'month' }, /is not the average of theirs/],
  ['segmentationNumeric', { ...signedUp, on, limit: 5 }, /`buckets` says about how many/],
  ['segmentationNumeric', { ...signedUp, on, buckets: 0 }, /`buckets`/],
  ['segmentationNumeric', { ...signedUp, on, type: 'median' }, /`type`/],
  ['segmentationSum', { ...signedUp, on, type: 'general' }, /there is no parameter `type`; this counts no events/],
  ['segmentationMultiseg', { ...signedUp, outer: on }, /`inner`/],
  ['segmentationMultiseg', { ...signedUp, inner: on }, /`outer`/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, on }, /there is no parameter `on`; give `outer` and `inner`/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, unit: 'week' }, /`unit`.*ask for days/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, limit: 10_001 }, /`limit` is 10,000 at most/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, action: 'max' }, /`action`/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, allow_more_buckets: 'yes' }, /`allow_more_buckets`/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, to_date: '2011-08-01' }, /from_date lies after/],
  ['segmentationMultiseg', { ...signedUp, inner: on, outer: on, format: 'csv' }, /there is no parameter `format`/],
])('%s is not sent with %j', async (call, parameters, words) => {
  expect(await whyNot(call, parameters)).toMatch(words)
})

test.each<[CallName, object, string, unknown, RegExp]>([
  ['segmentation', signedUp, path, { data: { series: ['2011-08-06'], values: { A: 5 } } }, /at data\.values\.A /],
  ['segmentation', signedUp, path, { data: { series: [5], values: {} } }, /at data\.series\.0 /],
  ['segmentation', signedUp, path, { data: { series: [], values: {} }, legend_size: 1.5 }, /at legend_size /],
  ['segmentation', signedUp, path, [], /does not fit/],
  ['segmentationNumeric', { ...signedUp, on }, `${path}/numeric`, { results: {} }, /at data /],
  ['segmentationSum', { ...signedUp, on }, `${path}/sum`, { status: 'ok' }, /at results /],
  ['segmentationAverage', { ...signedUp, on }, `${path}/average`, { results: { '2011-08-06': 'NaN' } }, /results\.2011-08-06/],
  [
    'segmentationMultiseg',
    { ...signedUp, inner: on, outer: on },
    '/api/2.0/segmentation/multiseg',
    { data: { series: [], values: { Texas: { '2011-08-06': 3 } } } },
    /data\.values\.Texas\.2011-08-06/,
  ],
])('%s %j: an answer of another shape is damaged data', async (call, parameters, at, body, where) => {
  const asked = ask(call, parameters, { path: at, query: { ...parameters } as Record<string, string> }, { body })
  await expect(asked).rejects.toThrow(DataError)
  await expect(asked).rejects.toThrow(where)
})

test('each says that it is in maintenance mode or undocumented, and what is newer', () => {
  for (const name of [
    'segmentation',
    'segmentationNumeric',
    'segmentationSum',
    'segmentationAverage',
    'segmentationMultiseg',
  ] as const) {
    expect(calls[name].about).toMatch(/\((?:maintenance mode|undocumented); saved Insights reports/)
  }
})
