import { describe, expect, test } from 'vitest'
import { DataError } from '../../../../../lib/errors.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { ask, rawQuery, whyNot } from './query-door.ts'

const days = { from_date: '2026-11-09', to_date: '2026-11-15' }

describe('counts of events', () => {
  const sent = { path: '/api/query/events', query: { event: '["account-page","splash features"]', type: 'general' } }
  const event = ['account-page', 'splash features']

  test('come by event, their dates sorted; a date that is absent stays absent', async () => {
    const parameters = { event, type: 'general', unit: 'day', interval: 3 }
    const query = { ...sent.query, unit: 'day', interval: '3' }
    // The vendor's own example, its dates in another order.
    const body = {
      data: {
        series: ['2010-05-31', '2010-05-29', '2010-05-30'],
        values: {
          'account-page': { '2010-05-30': 1 },
          'splash features': { '2010-05-29': 6, '2010-05-30': 4, '2010-05-31': 5 },
        },
      },
      legend_size: 2,
    }
    expect(await ask('events', parameters, { ...sent, query }, { body })).toEqual({
      dates: ['2010-05-29', '2010-05-30', '2010-05-31'],
      segments: [
        { name: 'account-page', values: { '2010-05-30': 1 } },
        { name: 'splash features', values: { '2010-05-29': 6, '2010-05-30': 4, '2010-05-31': 5 } },
      ],
      legendSize: 2,
    })
  })

  test('of one event are asked for with a list of one, between two dates too', async () => {
    const query = { event: '["Größe \\"ändern\\" & mehr=1"]', type: 'unique', unit: 'week', ...days }
    const parameters = { event: 'Größe "ändern" & mehr=1', type: 'unique', unit: 'week', ...days }
    const body = '{"data":{"series":[],"values":{"__proto__":{"2026-11-09":3}}}}'
    expect(await ask('events', parameters, { path: sent.path, query }, { body })).toEqual({
      dates: [],
      segments: [{ name: '__proto__', values: { '2026-11-09': 3 } }],
      legendSize: undefined,
    })
  })

  test('are a text as CSV, as it came', async () => {
    const parameters = { event, type: 'general', unit: 'hour', interval: 2, format: 'csv' }
    const query = { ...sent.query, unit: 'hour', interval: '2', format: 'csv' }
    const csv = 'date,account-page\n2026-11-09 14:00:00,3\n'
    expect(await ask('events', parameters, { ...sent, query }, { body: csv, headers: { 'content-type': 'text/csv' } })).toBe(csv)
  })

  test('go over the wire as JSON text, encoded', async () => {
    const parameters = { event: ['a b', 'ü&=+"'], type: 'general', unit: 'month', interval: 1 }
    const query = await rawQuery('events', parameters)
    expect(new URLSearchParams(query).get('event')).toBe('["a b","ü&=+\\""]')
    expect(query).toMatch(/^event=%5B%22a(?:\+|%20)b%22%2C%22%C3%BC%26%3D%2B%5C%22%22%5D&type=general&unit=month&interval=1$/)
  })
})

describe('counts of an event by a property', () => {
  const path = '/api/query/events/properties'

  test('come by its values', async () => {
    const parameters = {
      event: 'Play',
      name: 'país & "x"',
      values: ['female', 'ü&=+'],
      type: 'average',
      unit: 'month',
      interval: 2,
      limit: 255,
    }
    const query = {
      event: 'Play',
      name: 'país & "x"',
      values: '["female","ü&=+"]',
      type: 'average',
      unit: 'month',
      interval: '2',
      limit: '255',
    }
    const body = { data: { series: ['2010-06-01', '2010-05-01'], values: { female: { '2010-05-01': 6.5 } } }, legend_size: 2 }
    expect(await ask('eventProperties', parameters, { path, query }, { body })).toEqual({
      dates: ['2010-05-01', '2010-06-01'],
      segments: [{ name: 'female', values: { '2010-05-01': 6.5 } }],
      legendSize: 2,
    })
  })

  test('are a text as CSV', async () => {
    const parameters = { event: 'Play', name: '$city', type: 'general', unit: 'day', ...days, format: 'csv' }
    expect(await ask('eventProperties', parameters, { path, query: parameters }, { body: 'date,Köln\n' })).toBe('date,Köln\n')
  })
})

describe('pick-lists', () => {
  test("are today's top events, with their change as the vendor normalizes it", async () => {
    const sent = { path: '/api/query/events/top', query: { type: 'unique', limit: '3' } }
    const body = {
      events: [
        { amount: 2, event: 'funnel', percent_change: -0.356_357_459_995_828_24 },
        { amount: 75, event: 'pages' },
        { amount: 2, event: 'projects', percent_change: null },
      ],
      type: 'unique',
    }
    expect(await ask('eventsTop', { type: 'unique', limit: 3 }, sent, { body })).toEqual([
      { event: 'funnel', amount: 2, change: -0.356_357_459_995_828_24 },
      { event: 'pages', amount: 75, change: null },
      { event: 'projects', amount: 2, change: null },
    ])
  })

  test.each([
    [{ type: 'general' }, { type: 'general' }],
    [
      { type: 'unique', limit: 5000, ...days },
      { type: 'unique', limit: '5000', ...days },
    ],
  ])('are names of events: %j', async (parameters, query) => {
    const body = ['battle', 'click signup button', 'View homepage', '__proto__']
    expect(await ask('eventsNames', parameters, { path: '/api/query/events/names', query }, { body })).toEqual(body)
  })

  test('are the properties of an event; where the vendor gives no count, none is made up', async () => {
    const sent = { path: '/api/query/events/properties/top', query: { event: 'Sign Up', limit: '10' } }
    const body = '{"$browser":{"count":6},"__proto__":{"count":5},"$duration_s":{},"mp_lib":{"count":null}}'
    expect(await ask('propertiesTop', { event: 'Sign Up', limit: 10 }, sent, { body })).toEqual([
      { name: '$browser', count: 6 },
      { name: '__proto__', count: 5 },
      { name: '$duration_s', count: null },
      { name: 'mp_lib', count: null },
    ])
  })

  test('are properties also where one of them is called error', async () => {
    const sent = { path: '/api/query/events/properties/top', query: { event: 'Sign Up' } }
    const body = { error: { count: 7 }, plan: { count: 9 } }
    expect(await ask('propertiesTop', { event: 'Sign Up' }, sent, { body })).toEqual([
      { name: 'error', count: 7 },
      { name: 'plan', count: 9 },
    ])
  })

  test('are the values of a property, as texts', async () => {
    const sent = {
      path: '/api/query/events/properties/values',
      query: { event: 'A', name: '$city', limit: '255', bucket: '5f0c' },
    }
    const parameters = { event: 'A', name: '$city', limit: 255, bucket: '5f0c' }
    expect(await ask('propertiesValues', parameters, sent, { body: ['cat', 3, true, ''] })).toEqual(['cat', '3', 'true', ''])
    const long = { body: '[12345678901234567890,3]' }
    expect(await ask('propertiesValues', parameters, sent, long)).toEqual(['12345678901234567890', '3'])
  })
})

const last = { type: 'general', unit: 'day', interval: 7 }
const between = { type: 'general', unit: 'day', ...days }

test.each<[CallName, object, RegExp]>([
  ['events', { ...last }, /`event`.*the name of an event, or a list of names/],
  ['events', { ...last, event: [] }, /name at least one event/],
  ['events', { ...last, event: '' }, /event/],
  ['events', { ...last, event: [7] }, /event/],
  ['events', { ...last, event: 'A', type: undefined }, /`type`.*general, unique or average/],
  ['events', { ...last, event: 'A', type: 'median' }, /general, unique or average, not "median"/],
  ['events', { ...last, event: 'A', type: 'total' }, /`type`.*write general/],
  ['events', { ...last, event: 'A', unit: 'year' }, /`unit`.*month, not "year"; a month is the most/],
  ['events', { ...last, event: 'A', unit: 'weeks' }, /write week/],
  ['events', { ...last, event: 'A', name: 'p' }, /there is no parameter `name`; `eventProperties`/],
  ['events', { ...last, event: 'A', on: 'properties["p"]' }, /there is no parameter `on`; `segmentation` splits/],
  ['events', { ...last, event: 'A', unit: 'hour', type: 'unique' }, /no uniques by hour or minute/],
  ['events', { ...last, event: 'A', unit: 'minute', type: 'unique' }, /no uniques by hour or minute/],
  ['events', { ...last, event: 'A', ...days }, /either `interval`, or both from_date and to_date/],
  ['events', { ...last, event: 'A', interval: undefined }, /either `interval`, or both/],
  ['events', { ...between, event: 'A', to_date: undefined }, /either `interval`, or both/],
  ['events', { ...last, event: 'A', interval: 0 }, /interval/],
  ['events', { ...last, event: 'A', interval: 1.5 }, /interval/],
  ['events', { ...between, event: 'A', to_date: '2026-11-08' }, /from_date lies after to_date/],
  ['events', { ...between, event: 'A', to_date: '2026-11-31' }, /`to_date` is a date, and there is no 2026-11-31/],
  [
    'events',
    { ...between, event: 'A', from_date: '2026-11-09 08:00:00' },
    /`from_date` is a date without a time, such as 2026-11-09/,
  ],
  ['events', { ...last, event: 'A', format: 'xml' }, /`format` is json or csv/],
  ['events', { ...last, event: 'A', where: 'true' }, /there is no parameter `where`; `segmentation` takes conditions/],
  ['eventProperties', { ...last, event: ['A'], name: 'p' }, /event/],
  ['eventProperties', { ...last, event: 'A' }, /name/],
  ['eventProperties', { ...last, event: 'A', name: 'p', values: [] }, /values/],
  ['eventProperties', { ...last, event: 'A', name: 'p', values: 'x' }, /values/],
  ['eventProperties', { ...last, event: 'A', name: 'p', limit: 0 }, /limit/],
  ['eventProperties', { ...last, event: 'A', name: 'p', unit: 'hour', type: 'unique' }, /no uniques by hour/],
  ['eventProperties', { ...between, event: 'A', name: 'p', interval: 3 }, /either `interval`/],
  ['eventProperties', { ...between, event: 'A', name: 'p', to_date: '2026-11-01' }, /from_date lies after/],
  ['eventProperties', { ...last, event: 'A', name: 'p', on: 'p' }, /there is no parameter `on`; give `name`/],
  ['eventsTop', {}, /type/],
  ['eventsTop', { type: 'general', ...days }, /there is no parameter `from_date`; this is of today only/],
  ['eventsTop', { type: 'general', limit: -1 }, /limit/],
  ['eventsTop', { type: 'general', format: 'csv' }, /there is no parameter `format`/],
  ['eventsNames', { type: 'general', limit: 5001 }, /`limit` is 5,000 at most/],
  ['eventsNames', { type: 'general', from_date: '2026-11-15', to_date: '2026-11-09' }, /from_date lies after/],
  ['eventsNames', { type: 'all' }, /type/],
  ['eventsNames', { type: 'general', interval: 7 }, /there is no parameter `interval`; give from_date and to_date/],
  ['propertiesTop', {}, /event/],
  ['propertiesTop', { event: 'A', limit: '10' }, /limit/],
  ['propertiesValues', { event: 'A' }, /name/],
  ['propertiesValues', { event: 'A', property: 'p' }, /there is no parameter `property`; write name/],
  ['propertiesValues', { event: 'A', name: 'p', bucket: 5 }, /bucket/],
])('%s is not sent with %j', async (call, parameters, words) => {
  const why = await whyNot(call, parameters)
  expect(why).toMatch(words)
  expect(why).toContain(`Mixpanel ${call}:`)
})

test.each<[CallName, object, string, unknown, RegExp]>([
  ['events', { ...last, event: 'A' }, 'events', { data: { series: [], values: { A: { 'last week': 1 } } } }, /data\.values\.A/],
  ['events', { ...last, event: 'A' }, 'events', { data: { series: [], values: { A: { '2026-11-09': '1' } } } }, /2026-11-09/],
  ['events', { ...last, event: 'A' }, 'events', { data: { series: [], values: [] } }, /data\.values \(expected an object\)/],
  ['eventProperties', { ...last, event: 'A', name: 'p' }, 'events/properties', { data: { values: {} } }, /data\.series/],
  ['eventsTop', { type: 'general' }, 'events/top', { events: [{ event: 'A' }] }, /events\.0\.amount/],
  ['eventsNames', { type: 'general' }, 'events/names', { names: [] }, /expected array/],
  ['propertiesTop', { event: 'A' }, 'events/properties/top', { p: 5 }, /at p /],
  ['propertiesValues', { event: 'A', name: 'p' }, 'events/properties/values', [{}], /at 0 /],
])('%s %j: an answer of another shape is damaged data', async (call, parameters, path, body, where) => {
  const query = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [
      key,
      call === 'events' && key === 'event' ? `["${value}"]` : String(value),
    ]),
  )
  const asked = ask(call, parameters, { path: `/api/query/${path}`, query }, { body })
  await expect(asked).rejects.toThrow(DataError)
  await expect(asked).rejects.toThrow(where)
})
