import { describe, expect, test } from 'vitest'
import { DataError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../../lib/errors.ts'
import { commands } from '../../../../lib/sources/exponea/client.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { all, asked, failureOf, good, open, until } from './door.ts'

const ids = { registered: 'ann' }

describe('a batch', () => {
  const three = ['a', 'b', 'c'].map((id) => commands.systemTime(id))
  const sent = (answer: Payload) => asked('POST track/batch', { json: { commands: three } }, answer)
  const results = [
    { success: true, command_id: 'a', time: 5 },
    { success: false, command_id: 'b', errors: ['At least one id should be specified.'] },
    { success: false, error: 'not authorized' },
  ]
  const outcomes = [
    { success: true, errors: [], commandId: 'a', time: 5 },
    { success: false, errors: ['At least one id should be specified.'], commandId: 'b', time: undefined },
    { success: false, errors: ['not authorized'], commandId: undefined, time: undefined },
  ]

  test('that failed in part tells of each command, and throws nothing', async () => {
    await using vendor = await startVendor([sent(good({ results, start_time: 1.5, end_time: 2.5 }))])
    await using door = open(vendor)
    const given = await door.client.batch({ commands: three })
    expect(given).toEqual({ success: true, failed: 2, results: outcomes, startTime: 1.5, endTime: 2.5 })
  })

  test('that is said to have failed tells of each command all the same', async () => {
    await using vendor = await startVendor([sent({ body: { success: false, results } })])
    await using door = open(vendor)
    expect(await door.client.batch({ commands: three })).toMatchObject({ success: false, failed: 2, results: outcomes })
  })

  test.each([
    ['fewer', results.slice(1)],
    ['more', [...results, { success: true }]],
  ])('with %s outcomes than commands is an error: nobody knows whose they are', async (_, some) => {
    await using vendor = await startVendor([sent({ ...good({ results: some }), headers: { 'x-request-id': 'rid-9' } })])
    await using door = open(vendor)
    const error = await failureOf(() => door.client.batch({ commands: three }))
    expect(error).toBeInstanceOf(DataError)
    expect(error.requestId).toBe('rid-9')
    expect(error.message).toContain(`3 were sent and ${some.length} results came`)
  })

  test('with an outcome that says neither is an error', async () => {
    await using vendor = await startVendor([sent(good({ results: [{}, {}, {}] }))])
    await using door = open(vendor)
    expect(await failureOf(() => door.client.batch({ commands: three }))).toBeInstanceOf(DataError)
  })
})

describe('a long list of commands', () => {
  const list = Array.from({ length: 120 }, (_, at) =>
    commands.event({ customer_ids: { registered: `p${at}` }, event_type: 'visit' }, `id ${at}`),
  )
  const sent = (from: number, to: number, answer: Payload) =>
    asked('POST track/batch', { json: { commands: list.slice(from, to) } }, answer)
  const fine = (count: number, failing = -1) =>
    good({
      results: Array.from({ length: count }, (_, at) => (at === failing ? { success: false, errors: ['x'] } : { success: true })),
    })

  test('goes in fifties, and keeps each place', async () => {
    await using vendor = await startVendor([sent(0, 50, fine(50)), sent(50, 100, fine(50, 7)), sent(100, 120, fine(20))])
    await using door = open(vendor)
    const given = await all(door.client.batchEach({ commands: list }))
    expect(given.map(({ index }) => index)).toEqual(list.map((_, at) => at))
    expect(given.filter(({ success }) => !success)).toEqual([
      { index: 57, success: false, errors: ['x'], commandId: undefined, time: undefined },
    ])
  })

  test('stops at a failure, and says whose it is', async () => {
    const over = { status: 429, headers: { 'x-request-id': 'r2' }, body: { success: false, message: 'slow down' } }
    await using vendor = await startVendor([sent(0, 50, fine(50)), sent(50, 100, over)])
    await using door = open(vendor)
    const { given, error } = await until(door.client.batchEach({ commands: list }))
    expect(given).toHaveLength(50)
    expect(error).toBeInstanceOf(WaitError)
    expect(error).toMatchObject({ requestId: 'r2', until: new Date('2026-11-16T07:01:00Z') })
    expect((error as Error).message).toMatch(/^commands 51 to 100 of 120: .*dropped what was sent$/)
  })

  test('is checked whole before any of it is sent', async () => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    const last = { name: 'customers', data: { customer_ids: {}, properties: {} } } as const
    const { error } = await until(door.client.batchEach({ commands: [...list, last] }))
    expect(error).toBeInstanceOf(UsageError)
    expect((error as Error).message).toContain('commands[120]')
  })
})

describe('attributes of a customer', () => {
  const call = (attributes: object[], results: object[]) =>
    asked('POST data/customers/attributes', { json: { customer_ids: ids, attributes } }, good({ results }))

  test('that are refused are null, and told', async () => {
    const attributes = [
      { type: 'property', property: 'first' },
      { type: 'property', property: '__proto__' },
      { type: 'aggregate', id: 'spent' },
    ]
    await using vendor = await startVendor([
      call(attributes, [
        { success: true, value: 'Ann' },
        { success: false, error: 'No permission', value: 'kept' },
        { success: true },
      ]),
    ])
    await using door = open(vendor)
    const given = await door.client.customerAttributes({
      customer_ids: ids,
      properties: ['first', '__proto__'],
      aggregations: ['spent'],
    })
    expect(Object.entries(given.properties ?? {})).toEqual([
      ['first', 'Ann'],
      ['__proto__', null],
    ])
    expect(given.aggregations).toEqual({ spent: null })
    expect(given.failed).toEqual([{ type: 'property', name: '__proto__', errors: ['No permission'] }])
    expect(Object.keys(given).sort()).toEqual(['aggregations', 'failed', 'properties'])
  })

  test('have to be as many as were asked for', async () => {
    await using vendor = await startVendor([
      call(
        [
          { type: 'id', id: 'a' },
          { type: 'id', id: 'b' },
        ],
        [{ success: true, value: 1 }],
      ),
    ])
    await using door = open(vendor)
    expect(await failureOf(() => door.client.customerAttributes({ customer_ids: ids, ids: ['a', 'b'] }))).toBeInstanceOf(
      DataError,
    )
  })

  test('have to be asked for', async () => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    expect(await failureOf(() => door.client.customerAttributes({ customer_ids: ids }))).toBeInstanceOf(UsageError)
    expect(await failureOf(() => door.client.customerConsents({ customer_ids: ids, categories: [] }))).toBeInstanceOf(UsageError)
  })

  test('may be a consent that nobody gave or refused, and no other thing', async () => {
    const attributes = ['sms', 'mail'].map((category) => ({ type: 'consent', category }))
    await using vendor = await startVendor([
      call(attributes, [
        { success: true, value: null },
        { success: true, value: true },
      ]),
      call(attributes, [
        { success: true, value: 'yes' },
        { success: true, value: true },
      ]),
    ])
    await using door = open(vendor)
    const asking = () => door.client.customerConsents({ customer_ids: ids, categories: ['sms', 'mail'] })
    expect(await asking()).toEqual({ consents: { sms: null, mail: true }, failed: [] })
    expect(await failureOf(asking)).toBeInstanceOf(DataError)
  })
})

describe('events of a customer, newest first', () => {
  const happened = (timestamp: number) => ({ type: 'visit', timestamp, properties: { at: timestamp } })
  const page = (skip: number, limit: number, ...timestamps: number[]): Expected =>
    asked(
      'POST data/customers/events',
      { json: { customer_ids: ids, event_types: ['visit'], order: 'desc', limit, skip } },
      good({ data: timestamps.map(happened) }),
    )
  const cases: readonly [string, Expected[], number[], object][] = [
    ['come page by page', [page(0, 3, 9, 8, 7), page(2, 4, 7, 6, 5, 4), page(5, 4, 4, 3)], [9, 8, 7, 6, 5, 4, 3], {}],
    ['end with a page that is just full', [page(0, 3, 9, 8, 7), page(2, 4, 7)], [9, 8, 7], {}],
    ['may be none', [page(0, 3)], [], {}],
    ['end at a time, which is still asked for', [page(0, 3, 9, 8, 7), page(2, 4, 7, 6, 5, 4)], [9, 8, 7, 6], { since: 6 }],
    [
      'come once where new ones came in between',
      [page(0, 3, 9, 8, 7), page(2, 4, 8, 7, 6, 5), page(5, 4, 5)],
      [9, 8, 7, 6, 5],
      {},
    ],
    ['of one moment stay several', [page(0, 3, 9, 8, 8), page(1, 5, 8, 8, 8, 7)], [9, 8, 8, 8, 7], {}],
    [
      'of one moment stay as many as they are where a new one came in between',
      [page(0, 3, 9, 8, 8), page(1, 5, 9, 8, 8, 7, 6), page(5, 4, 6)],
      [9, 8, 8, 7, 6],
      {},
    ],
  ]

  test.each(cases)('%s', async (_, expected, timestamps, more) => {
    await using vendor = await startVendor(expected)
    await using door = open(vendor)
    const given = await all(door.client.customerEventsEach({ customer_ids: ids, event_types: ['visit'], limit: 3, ...more }))
    expect(given.map(({ timestamp }) => timestamp)).toEqual(timestamps)
  })

  test.each([
    ['the pages moved too far to know what is missing', page(0, 3, 9, 8, 7), page(2, 4, 13, 12, 11, 10)],
    ['one of several of a moment is gone', page(0, 3, 9, 8, 8), page(1, 5, 8, 7, 6, 5, 4)],
  ])('are an error where %s', async (_, first, second) => {
    await using vendor = await startVendor([first, second])
    await using door = open(vendor)
    const { given, error } = await until(door.client.customerEventsEach({ customer_ids: ids, event_types: ['visit'], limit: 3 }))
    expect(given).toHaveLength(3)
    expect(error).toBeInstanceOf(UnavailableError)
  })

  test('are an error where they are not in order: a stop time would hide some', async () => {
    await using vendor = await startVendor([page(0, 3, 7, 8, 9)])
    await using door = open(vendor)
    const { error } = await until(door.client.customerEventsEach({ customer_ids: ids, event_types: ['visit'], limit: 3 }))
    expect(error).toBeInstanceOf(DataError)
  })

  test('come a thousand at a time unless said', async () => {
    await using vendor = await startVendor([page(0, 1000, 1)])
    await using door = open(vendor)
    expect(await all(door.client.customerEventsEach({ customer_ids: ids, event_types: ['visit'] }))).toHaveLength(1)
  })
})

describe('all items of a catalog', () => {
  const page = (count: number, skip: number, given: number, matched: number, also: Record<string, string> = {}): Expected =>
    asked(
      'GET data/catalogs/c/items',
      { query: { ...also, count: String(count), skip: String(skip) } },
      good({
        data: Array.from({ length: given }, (_, at) => ({ catalog_id: 'c', item_id: `${skip + at}`, properties: {} })),
        limit: count,
        skip,
        matched,
        matched_limited: false,
        total: 9999,
      }),
    )

  test.each([
    ['none', [page(500, 0, 0, 0)], 0],
    ['one page', [page(500, 0, 20, 20)], 20],
    ['as many as can be reached', [page(500, 0, 500, 1001), page(500, 500, 500, 1001), page(1, 1000, 1, 1001)], 1001],
    ['smaller pages than were asked for', [page(500, 0, 20, 30), page(500, 20, 10, 30)], 30],
  ])('are %s', async (_, expected, count) => {
    await using vendor = await startVendor(expected)
    await using door = open(vendor)
    const given = await all(door.client.catalogItemsEach({ catalog_id: 'c' }))
    expect(given.map(({ itemId }) => itemId)).toEqual(Array.from({ length: count }, (_, at) => `${at}`))
  })

  test('are narrowed by a search, in pages of a size', async () => {
    const also = { query: 'red', field: 'colour', order: 'price asc' }
    await using vendor = await startVendor([page(2, 0, 2, 3, also), page(2, 2, 1, 3, also)])
    await using door = open(vendor)
    expect(await all(door.client.catalogItemsEach({ catalog_id: 'c', count: 2, ...also }))).toHaveLength(3)
  })

  test('are refused before the first where some are out of reach', async () => {
    await using vendor = await startVendor([page(500, 0, 500, 1002)])
    await using door = open(vendor)
    const { given, error } = await until(door.client.catalogItemsEach({ catalog_id: 'c' }))
    expect(given).toEqual([])
    expect(error).toBeInstanceOf(RefusedError)
    expect((error as Error).message).toContain('nobody page beyond 1001 items of a catalog, and 1002 match')
  })

  test('are an error where some are gone before they were given', async () => {
    await using vendor = await startVendor([page(500, 0, 500, 700), page(500, 500, 0, 700)])
    await using door = open(vendor)
    const { given, error } = await until(door.client.catalogItemsEach({ catalog_id: 'c' }))
    expect(given).toHaveLength(500)
    expect(error).toBeInstanceOf(UnavailableError)
  })
})
