import { describe, expect, test } from 'vitest'
import { DataError, UnavailableError } from '../../../../../lib/errors.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { base, complaint, exchange, keys, openDoor } from '../door.ts'

describe('addEvent', () => {
  test('sends one event with the write key, its collection escaped', async () => {
    const event_body = { item: { price: 4.5, tags: ['a', 'ü'] }, n: null }
    const sent = { method: 'POST', path: '/events/K%C3%A4', json: event_body, key: 'write' as const, answer: {} }
    expect(await complaint('addEvent', { event_collection: 'Kä', event_body })).toContain('plain ASCII')
    const answer = exchange(
      'addEvent',
      { event_collection: 'sign ups/#1?', event_body },
      { ...sent, path: '/events/sign%20ups%2F%231%3F', answer: { status: 201, body: { created: true } } },
    )
    expect(await answer).toEqual({ created: true })
  })

  test.each([
    ['a text', '2026-11-09T08:00:00+01:00', '2026-11-09T08:00:00+01:00'],
    ['a Date', new Date(1_700_000_000_000), '2023-11-14T22:13:20.000Z'],
  ])('with a time as %s keeps what else stands in `keen`', async (_, timestamp, written) => {
    const addons = [{ name: 'keen:ip_to_geo', input: { ip: 'ip' }, output: 'geo' }]
    const event_body = { n: 1, keen: { addons, timestamp: '2001-01-01T00:00:00Z' } }
    const json = { n: 1, keen: { addons, timestamp: written } }
    const answer = exchange(
      'addEvent',
      { event_collection: 'a', event_body, timestamp },
      { method: 'POST', path: '/events/a', json, key: 'write', answer: { status: 201, body: { created: true } } },
    )
    expect(await answer).toEqual({ created: true })
    expect(event_body.keen.timestamp).toBe('2001-01-01T00:00:00Z')
  })

  test('is not sent twice where the vendor may have had it', async () => {
    const request = { method: 'POST', path: `${base}/events/a`, json: { n: 1 } }
    await using vendor = await startVendor([{ ...request, answer: { status: 500, body: '' } }])
    await using door = openDoor(vendor)
    await expect(door.client.addEvent({ event_collection: 'a', event_body: { n: 1 } })).rejects.toThrow(' 500: ')
    expect(door.lines).toHaveLength(1)
  })

  test.each([
    [{ event_collection: 'a', event_body: { n: 1 }, timestamp: 'yesterday' }, 'write a time like'],
    [{ event_collection: 'a', event_body: [] }, 'an event is an object'],
    [{ event_collection: '_a', event_body: { n: 1 } }, 'does not begin with _'],
    [{ event_collection: 'a', event_body: { a: { 'b.c': 1 } } }, 'event_body.a.b.c'],
  ])('%j is not sent', async (parameters, words) => {
    expect(await complaint('addEvent', parameters)).toContain(words)
  })
})

describe('addEvents', () => {
  const events = { sign_ups: [{ n: 1 }, { n: 2 }], purchases: [{ p: 1 }] }
  const send = (body: unknown) =>
    exchange('addEvents', { events }, { method: 'POST', path: '/events', json: events, key: 'write', answer: { body } })

  test('that are all taken are complete', async () => {
    expect(await send({ purchases: [{ success: true }], sign_ups: [{ success: true }, { success: true }] })).toEqual({
      complete: true,
      taken: 3,
      refused: [],
      outcomes: [
        { event_collection: 'sign_ups', outcomes: [{ success: true }, { success: true }] },
        { event_collection: 'purchases', outcomes: [{ success: true }] },
      ],
    })
  })

  test('of which some are refused are not, although the vendor answers 200', async () => {
    const error = { name: 'InvalidPropertyNameError', description: 'a period' }
    const body = {
      sign_ups: [{ success: true }, { success: false, error }],
      purchases: [{ success: false, error: 'some_error' }],
    }
    const answer = (await send(body)) as { complete: boolean; taken: number; refused: unknown }
    expect(answer.complete).toBe(false)
    expect(answer.taken).toBe(1)
    expect(answer.refused).toEqual([
      { event_collection: 'sign_ups', index: 1, name: 'InvalidPropertyNameError', description: 'a period' },
      { event_collection: 'purchases', index: 0, name: 'some_error', description: '' },
    ])
  })

  test.each([
    ['tells of fewer events than were sent', { sign_ups: [{ success: true }], purchases: [{ success: true }] }],
    ['is silent on a collection', { sign_ups: [{ success: true }, { success: true }] }],
    ['is no list', []],
  ])('an answer that %s is none', async (_, body) => {
    await expect(send(body)).rejects.toThrow(DataError)
  })

  test('every mistake of a batch is told with its place', async () => {
    const bad = JSON.parse('{"a":[{"n":1},{"x":[{"y":1}]}],"$b":[{"$n":1}],"c":{},"__proto__":[{"n":1}]}')
    const said = await complaint('addEvents', { events: bad })
    for (const words of ['events.a[1].x[0]', 'events.$b', 'has no $', 'events.$b[0].$n', 'events.c', 'events.__proto__']) {
      expect(said).toContain(words)
    }
    expect(await complaint('addEvents', { events: {} })).toContain('there are no events')
  })
})

test('getAllCollections has properties by their names with dots', async () => {
  const body = [
    { name: 'purchases', properties: { 'item.id': 'num', on_sale: 'bool' }, url: '/3.0/projects/P/events/purchases' },
    JSON.parse('{"name":"x","properties":{"__proto__":"string"}}'),
  ]
  expect(await exchange('getAllCollections', {}, { path: '/events', key: 'read', answer: { body } })).toEqual([
    {
      name: 'purchases',
      properties: [
        ['item.id', 'num'],
        ['on_sale', 'bool'],
      ],
      url: '/3.0/projects/P/events/purchases',
    },
    { name: 'x', properties: [['__proto__', 'string']] },
  ])
})

test.each([
  ['an object', { properties: { n: 'num' } }],
  ['a list of one', [{ properties: { n: 'num' } }]],
])('getCollection takes %s', async (_, body) => {
  const answer = exchange('getCollection', { event_collection: 'a b' }, { path: '/events/a%20b', key: 'read', answer: { body } })
  expect(await answer).toEqual({ properties: [['n', 'num']] })
})

describe('deleteEvents', () => {
  const request = { method: 'DELETE', path: '/events/a', key: 'master' as const, answer: { status: 204 } }

  test('sends its filters and timeframe in the address, with the master key', async () => {
    const filters = [{ property_name: 'user.id', operator: 'eq', property_value: 'ü&1' }]
    const timeframe = { start: '2026-11-01', end: '2026-11-02' }
    const parameters = { event_collection: 'a', filters, timeframe, timezone: -28_800 }
    const query = { filters: JSON.stringify(filters), timeframe: JSON.stringify(timeframe), timezone: '-28800' }
    expect(await exchange('deleteEvents', parameters, { ...request, query })).toEqual({ deleted: true })
    expect(
      await exchange(
        'deleteEvents',
        { event_collection: 'a', timeframe: 'today' },
        { ...request, query: { timeframe: 'today' } },
      ),
    ).toEqual({
      deleted: true,
    })
  })

  test('deletes all events where that is said, and does not send the word', async () => {
    expect(await exchange('deleteEvents', { event_collection: 'a', everything: true }, request)).toEqual({ deleted: true })
  })

  test.each([
    [{}, 'everything: true only'],
    [{ filters: [] }, 'everything: true only'],
    [{ everything: false }, 'everything'],
    [{ everything: true, timeframe: 'today' }, 'is for a delete without'],
    [{ timezone: 'UTC', everything: true }, '`timezone` is of a timeframe'],
  ])('%j deletes nothing', async (parameters, words) => {
    expect(await complaint('deleteEvents', { event_collection: 'a', ...parameters })).toContain(words)
  })

  test.each(['.', '..'])('a collection called %s is in no address', async (event_collection) => {
    expect(await complaint('deleteEvents', { event_collection, everything: true })).toContain('no address can hold')
  })

  test('a page of a proxy is no deletion', async () => {
    const answer = { body: '<html>', headers: { 'content-type': 'text/html' } }
    await expect(exchange('deleteEvents', { event_collection: 'a', everything: true }, { ...request, answer })).rejects.toThrow(
      UnavailableError,
    )
  })
})

test('generateImageBeacon is an address with the write key and the event', async () => {
  await using vendor = await startVendor([])
  await using door = openDoor(vendor, { url: 'https://keen.example' })
  const address = new URL(
    await door.client.generateImageBeacon({
      event_collection: 'a b',
      event_body: { n: '>>>' },
      timestamp: '2026-11-09T08:00:00Z',
    }),
  )
  expect(`${address.origin}${address.pathname}`).toBe(`https://keen.example${base}/events/a%20b`)
  expect(address.searchParams.get('api_key')).toBe(keys.write)
  const data = Buffer.from(address.searchParams.get('data') ?? '', 'base64').toString('utf8')
  expect(JSON.parse(data)).toEqual({ n: '>>>', keen: { timestamp: '2026-11-09T08:00:00Z' } })
})
