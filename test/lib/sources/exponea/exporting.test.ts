import { describe, expect, test } from 'vitest'
import { DataError, RefusedError, UnavailableError } from '../../../../lib/errors.ts'
import { exponea } from '../../../../lib/sources/exponea/index.ts'
import { config } from '../../../../lib/sources/exponea/schema.ts'
import type { ExportAsk } from '../../../../lib/sources/source.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { exportedBy, span } from '../exported.ts'
import { asked, good, key, project, secret } from './door.ts'

const window = span('2026-11-09', '2026-11-10')
const start = Date.UTC(2026, 10, 9) / 1000
const end = start + 86_400

async function exported(expected: readonly Expected[], ask: ExportAsk, words: object = {}): Promise<string[]> {
  await using vendor = await startVendor(expected)
  const own = config.parse({ kind: 'exponea', project, credentials: 'env:CRM', url: vendor.url, ...words })
  const source = exponea.open(own, {
    name: 'crm',
    folder: '/',
    timezone: 'Europe/Berlin',
    credential: async () => JSON.stringify({ key, secret }),
    trace: () => {},
    clock: () => new Date('2026-11-21T08:00:00Z'),
  })
  try {
    return await exportedBy(source, ask)
  } finally {
    await source.close?.()
  }
}

const registered = { type: 'id', id: 'registered' }
const cookie = { type: 'id', id: 'cookie' }
const name = { type: 'property', property: 'first_name' }
const base = (answer: Payload) => asked('POST data/customers/export', { json: { format: 'native_json' } }, answer)
const people = (...data: unknown[][]) => base(good({ fields: [registered, cookie, name], data }))

describe('customers', () => {
  const one = async (row: unknown[], words = {}) => {
    const [line = ''] = await exported([people(row)], { data: 'customers' }, words)
    return line
  }

  test.each<[string, unknown[], object, string]>([
    [
      'ids',
      ['ann', ['c1', 'c2'], 'Ann'],
      {},
      '{"distinct_id":"ann","properties":{"first_name":"Ann","ids":{"registered":"ann","cookie":["c1","c2"]}}}',
    ],
    [
      'a cookie only',
      [null, ['c1', 'c2'], null],
      {},
      '{"distinct_id":"c1","properties":{"first_name":null,"ids":{"registered":null,"cookie":["c1","c2"]}}}',
    ],
    [
      'nothing, being anonymized',
      [null, [], null],
      {},
      '{"distinct_id":null,"properties":{"first_name":null,"ids":{"registered":null,"cookie":[]}}}',
    ],
    [
      'an id that is a number',
      [7, null, 'A'],
      {},
      '{"distinct_id":7,"properties":{"first_name":"A","ids":{"registered":7,"cookie":null}}}',
    ],
    [
      'an empty id',
      ['', ['', 'c'], 'A'],
      {},
      '{"distinct_id":"c","properties":{"first_name":"A","ids":{"registered":"","cookie":["","c"]}}}',
    ],
    [
      'the id that the source names',
      ['ann', ['c1'], 'Ann'],
      { id: 'cookie' },
      '{"distinct_id":"c1","properties":{"first_name":"Ann","ids":{"registered":"ann","cookie":["c1"]}}}',
    ],
  ])('are rows, each with its properties and %s', async (_, row, words, expected) => {
    expect(await one(row, words)).toBe(expected)
  })

  test('keep every name and every digit', async () => {
    const body =
      '{"success":true,"fields":[{"type":"id","id":"__proto__"},{"type":"property","property":"__proto__"},{"type":"property","property":"ids"}],"data":[[12345678901234567890,{"a":1},"own"]]}'
    expect(await exported([base({ body })], { data: 'customers' })).toEqual([
      '{"distinct_id":"12345678901234567890","properties":{"__proto__":{"a":1},"$own_ids":"own","ids":{"__proto__":"12345678901234567890"}}}',
    ])
  })

  test('that break off are an error', async () => {
    const body = { success: true, fields: [registered], data: [['a'], ['b'], ['c']] }
    await expect(exported([base({ body, cutAfter: 75 })], { data: 'customers' })).rejects.toThrow(UnavailableError)
  })
})

describe('a catalog', () => {
  const items = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({
      catalog_id: 'c9',
      item_id: `i${from + at}`,
      properties: { price: from + at },
    }))
  const page = (skip: number, count: number, matched: number) =>
    asked(
      'GET data/catalogs/c9/items',
      { query: { count: String(count), skip: String(skip) } },
      good({
        data: items(skip, Math.min(skip + count, matched)),
        limit: count,
        skip,
        matched,
        matched_limited: false,
        total: matched,
      }),
    )

  test('is its items, page after page', async () => {
    const lines = await exported([page(0, 500, 1001), page(500, 500, 1001), page(1000, 1, 1001)], {
      data: 'catalog',
      catalog: 'c9',
    })
    expect(lines).toHaveLength(1001)
    expect(lines.at(-1)).toBe('{"item_id":"i1000","properties":{"price":1000}}')
  })

  test('of more items than the vendor lets anyone read fails', async () => {
    const failing = exported([page(0, 500, 1002)], { data: 'catalog', catalog: 'c9' })
    await expect(failing).rejects.toThrow(RefusedError)
    await expect(failing).rejects.toThrow('beyond 1001 items of a catalog, and 1002 match')
    // An export has no words for a narrower search.
    await expect(failing).rejects.toHaveProperty(
      'remedy',
      'a catalog of more cannot be exported: split it at Exponea into catalogs of 1001 items at most, or copy it from where its items come from',
    )
  })
})

describe('events', () => {
  const events = ['purchase', 'view item']
  const event = (type: string, timestamp: number, properties: object = {}) => ({ type, timestamp, properties })
  const of = (customer_ids: object, data: readonly unknown[] | Payload, page = { limit: 1000, skip: 0 }) =>
    asked(
      'POST data/customers/events',
      { json: { customer_ids, event_types: events, order: 'desc', ...page } },
      Array.isArray(data) ? good({ data }) : (data as Payload),
    )
  const ask = { data: 'events', window, events } as const

  test('are those of every customer in the window, as lines of Mixpanel’s form', async () => {
    const requests = [
      people(['ann', ['c1'], 'Ann'], [null, ['c2', 'c3'], null], [null, null, null], ['cid', [], null]),
      of({ registered: 'ann' }, [
        event('purchase', end + 5),
        event('purchase', end),
        event('view item', end - 0.25, { item: 'ü', time: 'own', timestamp: 1 }),
        event('purchase', start, { total: 5, distinct_id: 'x' }),
        event('purchase', start - 0.001),
      ]),
      of({ cookie: 'c2' }, [event('purchase', start + 1)]),
      of({ registered: 'cid' }, []),
    ]
    expect((await exported(requests, ask)).toSorted()).toEqual(
      [
        `{"event":"view item","properties":{"item":"ü","$own_time":"own","timestamp":1,"time":${end - 0.25},"distinct_id":"ann"}}`,
        `{"event":"purchase","properties":{"total":5,"$own_distinct_id":"x","time":${start},"distinct_id":"ann"}}`,
        `{"event":"purchase","properties":{"time":${start + 1},"distinct_id":"c2"}}`,
      ].toSorted(),
    )
  })

  test('are asked for by the id that the source names', async () => {
    const requests = [people(['ann', ['c1'], 'Ann']), of({ cookie: 'c1' }, [event('purchase', start)])]
    expect(await exported(requests, ask, { id: 'cookie' })).toEqual([
      `{"event":"purchase","properties":{"time":${start},"distinct_id":"c1"}}`,
    ])
  })

  test('are read page by page, and no further than the window reaches back', async () => {
    const newest = Array.from({ length: 1000 }, (_, at) => event('purchase', end + 2000 - at, { at }))
    const older = Array.from({ length: 1001 }, (_, at) => (at === 0 ? newest[999] : event('purchase', end - at, { at })))
    older[1000] = event('purchase', start - 1)
    const requests = [
      people(['ann', [], null]),
      of({ registered: 'ann' }, newest),
      of({ registered: 'ann' }, older, { limit: 1001, skip: 999 }),
    ]
    expect(await exported(requests, ask)).toHaveLength(999)
  })

  test('of a base of many are all there', async () => {
    const many = Array.from({ length: 2500 }, (_, at) => `customer ${at}`)
    const requests = [
      people(...many.map((id) => [id, [], 'a name'])),
      ...many.map((id, at) => of({ registered: id }, [event('purchase', start + at, { at })])),
    ]
    const lines = await exported(requests, ask)
    expect(new Set(lines.map((line) => JSON.parse(line).properties.distinct_id))).toEqual(new Set(many))
  })

  test('of a customer who was deleted meanwhile are none', async () => {
    const gone = { status: 404, body: { success: false, error: 'Customer does not exist' } }
    const requests = [
      people(['ann', [], ''], ['bob', [], '']),
      of({ registered: 'ann' }, gone),
      of({ registered: 'bob' }, [event('purchase', start)]),
    ]
    expect(await exported(requests, ask)).toHaveLength(1)
  })

  test.each<[string, Payload, abstract new (...given: never[]) => Error]>([
    ['a refusal', { status: 400, body: { success: false, error: 'unknown event type' } }, RefusedError],
    ['an answer of another shape', { body: { success: true, data: [{ type: 'purchase' }] } }, DataError],
  ])('are not all there after %s', async (_, answer, kind) => {
    const requests = [people(['ann', [], '']), of({ registered: 'ann' }, answer)]
    await expect(exported(requests, ask)).rejects.toThrow(kind)
  })

  test('are not asked for where the base breaks off', async () => {
    const body = { success: true, fields: [registered], data: [['a'], ['b'], ['c']] }
    await expect(exported([base({ body, cutAfter: 75 })], ask)).rejects.toThrow(UnavailableError)
  })
})

describe('what can be exported', () => {
  const own = config.parse({ kind: 'exponea', project, credentials: 'env:CRM' })

  test.each<[object, string | undefined]>([
    [{ data: 'events', events: ['purchase'], every: 'hour' }, undefined],
    [{ data: 'customers', every: 'day' }, undefined],
    [{ data: 'catalog', catalog: 'c', every: 'day' }, undefined],
    [{ data: 'events', every: 'day' }, 'write `events: [purchase, session_start]`'],
    [{ data: 'events', events: ['a'], where: 'properties["a"] == 1', every: 'day' }, 'leave out `where`'],
    [{ data: 'customers', where: 'properties["a"] == 1', every: 'day' }, 'leave out `where`'],
    [{ data: 'customers', events: ['a'], every: 'day' }, 'customers have no events; leave out `events`'],
    [{ data: 'catalog', catalog: 'c', every: 'hour' }, 'catalog items are copied whole, once a day at most; write `every: day`'],
  ])('%j', (words, expected) => {
    const told = exponea.exports.refuse?.(own, words as Parameters<NonNullable<typeof exponea.exports.refuse>>[1])
    if (expected === undefined) expect(told).toBeUndefined()
    else expect(told).toContain(expected)
  })

  test('is nothing else', async () => {
    expect(exponea.exports.zone(own, 'Asia/Kolkata')).toBe('Asia/Kolkata')
    await expect(exported([], { data: 'people' })).rejects.toThrow(RefusedError)
  })
})
