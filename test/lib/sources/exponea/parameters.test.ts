import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../../lib/errors.ts'
import { calls } from '../../../../lib/sources/exponea/calls/index.ts'
import type { CallName } from '../../../../lib/sources/exponea/client.ts'
import { commands, createExponeaClient } from '../../../../lib/sources/exponea/client.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { asked, failureOf, good, open, project } from './door.ts'

const ids = { registered: 'ann' }
const own = (text: string): object => JSON.parse(text)
const many = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)
const event = { customer_ids: ids, event_type: 'visit' }
const update = { customer_ids: ids, properties: { a: 1 } }
const item = { catalog_id: 'c', item_id: '1', properties: {} }
const time = { name: 'system/time' }

const wrong: readonly [CallName, object, words: string][] = [
  ['catalogItems', { catalog_id: 'c', count: 1000, skip: 2 }, '`count` and `skip` are 1001 together at most'],
  ['catalogItems', { catalog_id: 'c', skip: 982 }, '`count` and `skip` are 1001 together at most'],
  ['catalogItems', { catalog_id: 'c', count: 0 }, 'count'],
  ['catalogItems', { catalog_id: 'c', field: 'size' }, '`field` says where `query` is looked for'],
  ['catalogItems', { catalog_id: 'c', limit: 5 }, 'write `count`'],
  ['catalogItemCreate', { ...item, item_id: 'a/b' }, 'an item whose id has a "/" cannot be reached'],
  ['catalogItemUpdate', { ...item, item_id: '/' }, 'an item whose id has a "/" cannot be reached'],
  ['catalogItemDelete', { catalog_id: 'c', item_id: 'a/' }, 'an item whose id has a "/" cannot be reached'],
  ['catalogItemDelete', { catalog_id: 'c', item_id: '..' }, 'no address can hold'],
  ['catalogItemDelete', { catalog_id: 'c', item_id: '' }, 'item_id'],
  ['catalogName', { catalog_id: '.' }, 'no address can hold'],
  ['catalogItemsDelete', { catalog_id: 'c' }, 'say `everything: true`'],
  ['catalogItemsDelete', { catalog_id: 'c', everything: 'yes' }, 'say `everything: true`'],
  ['catalogItemsDelete', { catalog_id: 'c', everything: true, items: ['1'] }, 'catalogItemsBulkDelete deletes some'],
  ['catalogItemsBulkUpdate', { catalog_id: 'c', items: many(5001, { item_id: '1', properties: {} }) }, '`items`'],
  ['catalogItemsBulkDelete', { catalog_id: 'c', items: [] }, 'items'],
  ['catalogCreate', { name: 'c', fields: [] }, 'fields'],
  ['catalogCreate', { name: 'c', fields: [{ name: 'size', type: 'text' }] }, 'fields'],
  ['trackEvent', { ...event, customer_ids: {} }, 'at least one id is needed'],
  ['trackEvent', { ...event, customer_ids: { registered: null } }, 'an id is a text, a number or a list of texts'],
  ['trackEvent', { ...event, customer_ids: { cookie: ['a', ''] } }, 'an id is a text, a number or a list of texts'],
  ['trackEvent', { ...event, customer_ids: { registered: 2 ** 53 } }, 'an id is a text, a number or a list of texts'],
  ['trackEvent', { ...event, timestamp: 1_763_276_400_000 }, 'these are milliseconds'],
  ['trackEvent', { ...event, timestamp: 'yesterday' }, 'timestamp'],
  ['trackEvent', { ...event, type: 'visit' }, 'write `event_type`'],
  ['trackEvent', { ...event, properties: { id: 9n } }, 'a bigint has no place in JSON'],
  ['trackEvent', { ...event, properties: { deep: [{ at: Number.NaN }] } }, 'JSON has no NaN'],
  ['trackEvent', { ...event, properties: { at: new Date(0) } }, 'give a time as seconds'],
  ['trackEvent', { ...event, properties: { set: new Map() } }, 'plain objects and lists only'],
  ['trackEvent', { ...event, properties: { long: 'ü'.repeat(8192) } }, 'less than 16 KB'],
  [
    'trackEvent',
    { ...event, properties: Object.fromEntries(many(60, 0).map((_, at) => [`p${at}`, 'x'.repeat(16_000)])) },
    'less than 800 KB',
  ],
  ['updateCustomerProperties', { ...update, update_timestamp: 1_763_276_400_000 }, 'these are milliseconds'],
  ['updateCustomerProperties', { ...update, properties: [] }, 'expected an object'],
  ['updateCustomerProperties', { ...update, project_id: 'x' }, "the source's own `project` says it"],
  ['batch', { commands: many(51, time) }, 'batchEach cuts longer lists'],
  ['batch', { commands: [] }, 'commands'],
  ['batch', { commands: [time, { name: 'customers/delete' }] }, 'commands[1]'],
  ['batch', { commands: [{ name: 'customers/events', data: { ...event, timestamp: 2e12 } }] }, 'these are milliseconds'],
  ['customersAnonymize', { customers: many(1001, { internal_id: 'x' }) }, '`customers`'],
  ['customersAnonymize', { customers: [ids] }, 'a customer is { customer_ids } or { internal_id }'],
  ['customerEvents', { customer_ids: ids, event_types: [] }, 'event_types'],
  ['customerEvents', { customer_ids: ids, event_type: 'visit' }, 'write `event_types`'],
  ['customerEvents', { customer_ids: ids, event_types: ['visit'], order: 'newest' }, 'order'],
  ['attributes', { customer_ids: ids, attributes: [{ type: 'property', id: 'x' }] }, 'attributes[0]'],
  ['report', { analysis_id: 'x', timezone: 'Bratislava' }, 'is not a time zone'],
  ['report', { analysis_id: 'x', execution_time: 1_763_276_400_000 }, 'these are milliseconds'],
  ['funnel', { analysis_id: 'x', format: 'json' }, 'write table_json'],
  ['segmentation', { id: 'x' }, 'write `analysis_id`'],
]

describe('nothing is sent', () => {
  test.each(wrong.map(([name, parameters, words]) => ({ name, parameters, words })))(
    'by $name: $words',
    async ({ name, parameters, words }) => {
      await using vendor = await startVendor([])
      await using door = open(vendor)
      const error = await failureOf(() => door.client.call(name, parameters))
      expect(error).toBeInstanceOf(UsageError)
      expect(error.message).toContain(`Exponea ${name}: `)
      expect(error.message).toContain(words)
    },
  )

  test('where a command is made wrong', async () => {
    const error = await failureOf(() => commands.event({ ...event, timestamp: 2e12 }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain('commands.event')
    expect(await failureOf(() => commands.customer({ customer_ids: {}, properties: {} }))).toBeInstanceOf(UsageError)
  })
})

describe('what is sent', () => {
  test('has ids of any letters, escaped', async () => {
    const path = `/data/v2/projects/${project}/catalogs/c%20%3F/items/%C3%BC%25%23%3Fa%3Db%26%5C/partial-update`
    await using vendor = await startVendor([{ method: 'POST', path, json: { properties: {} }, answer: good({}) }])
    await using door = open(vendor)
    expect(await door.client.catalogItemUpdate({ catalog_id: 'c ?', item_id: 'ü%#?a=b&\\', properties: {} })).toBe(true)
  })

  test('may just be as far and as much as the vendor allows', async () => {
    const page = { data: [], limit: 1, matched: 0, skip: 1000, total: 0 }
    await using vendor = await startVendor([
      asked('GET data/catalogs/c/items', { query: { count: '1', skip: '1000' } }, good(page)),
      asked('POST track/batch', { json: { commands: many(50, time) } }, good({ results: many(50, { success: true, time: 1 }) })),
    ])
    await using door = open(vendor)
    expect(await door.client.catalogItems({ catalog_id: 'c', count: 1, skip: 1000 })).toMatchObject({ items: [], skip: 1000 })
    expect(await door.client.batch({ commands: many(50, commands.systemTime()) })).toMatchObject({ failed: 0, startTime: null })
  })

  test.each([1_763_276_400.25, '2026-11-16T08:00:00+01:00', null])('has the time %s as it was given', async (timestamp) => {
    await using vendor = await startVendor([
      asked('POST track/customers/events', { json: { ...event, properties: {}, timestamp } }, good({})),
    ])
    await using door = open(vendor)
    expect(await door.client.trackEvent({ ...event, timestamp })).toBe(true)
  })

  test('keeps a key __proto__ in ids and properties', async () => {
    const odd = own('{"__proto__":"x"}') as Record<string, string>
    const line = describeOnly('updateCustomerProperties', { customer_ids: odd, properties: odd })
    expect(line).toContain('{"customer_ids":{"__proto__":"x"},"properties":{"__proto__":"x"}}')
  })
})

test('what comes back keeps a key __proto__, too', async () => {
  const answer = `{"success":true,"ids":{"__proto__":"x"},"properties":{"__proto__":1},"events":[{"type":"a","timestamp":1,"properties":{"__proto__":2}}]}`
  await using vendor = await startVendor([
    asked('POST data/customers/export-one', { json: { customer_ids: ids } }, { body: answer }),
  ])
  await using door = open(vendor)
  const given = await door.client.customer({ customer_ids: ids })
  expect(JSON.stringify(given)).toContain('"ids":{"__proto__":"x"},"properties":{"__proto__":1}')
  expect(Object.keys(given.events[0]?.properties ?? {})).toEqual(['__proto__'])
})

test('whole numbers that no number holds come as their digits', async () => {
  const big = '{"success":true,"data":[{"type":"a","timestamp":1.5,"properties":{"order":12345678901234567890,"price":2.5}}]}'
  await using vendor = await startVendor([
    asked('POST data/customers/events', { json: { customer_ids: ids, event_types: ['a'] } }, { body: big }),
  ])
  await using door = open(vendor)
  expect(await door.client.customerEvents({ customer_ids: ids, event_types: ['a'] })).toEqual([
    { type: 'a', timestamp: 1.5, properties: { order: '12345678901234567890', price: 2.5 } },
  ])
})

describe('a call in words', () => {
  test.each<[CallName, object, string]>([
    [
      'report',
      { analysis_id: 'x', execution_time: 5 },
      'POST data/analyses/report {"analysis_id":"x","execution_time":5,"format":"table_json"}',
    ],
    ['catalogItems', { catalog_id: 'a b', count: 3 }, 'GET data/catalogs/a%20b/items {"count":"3"}'],
    ['catalogItemsDelete', { catalog_id: 'c', everything: true }, 'DELETE data/catalogs/c/items {}'],
    ['catalogItemsBulkDelete', { catalog_id: 'c', items: ['1'] }, 'DELETE data/catalogs/c/items/bulk-delete ["1"]'],
    ['systemTime', {}, 'GET track/system/time {}'],
  ])('%s', (name, parameters, line) => {
    const address = line.replace(/(?<= )(track|data)\//, `https://api.exponea.com/$1/v2/projects/${project}/`)
    expect(describeOnly(name, parameters)).toBe(address)
  })

  test.each([
    ['nope', 'Exponea has no call "nope"'],
    ['toString', 'Exponea has no call "toString"'],
    ['customerAttributes', 'Exponea customerAttributes is not one request'],
    ['batchEach', 'Exponea batchEach is not one request'],
    ['customersEach', 'Exponea customersEach is not one request'],
  ])('%s has none', (name, words) => {
    expect(() => describeOnly(name as CallName, {})).toThrow(UsageError)
    expect(() => describeOnly(name as CallName, {})).toThrow(words)
  })

  test('says what each is for', () => {
    for (const { about } of Object.values(calls)) expect(about.length).toBeGreaterThan(9)
  })
})

describe('a call by its name', () => {
  const known = { customer_ids: ids, attributes: [{ type: 'property', property: 'age' }] }

  test('may be made of others', async () => {
    const answer = good({ results: [{ success: true, value: 36 }] })
    await using vendor = await startVendor([asked('POST data/customers/attributes', { json: known }, answer)])
    await using door = open(vendor)
    const given = await door.client.call('customerAttributes', { customer_ids: ids, properties: ['age'] })
    expect(given).toEqual({ properties: { age: 36 }, failed: [] })
  })

  test.each([
    ['nope', 'Exponea has no call "nope"'],
    ['__proto__', 'Exponea has no call "__proto__"'],
    ['close', 'Exponea has no call "close"'],
    ['batchEach', 'Exponea batchEach gives one after the other'],
    ['customersEach', 'Exponea customersEach gives one after the other'],
    ['customerConsents', '`categories` is needed'],
  ])('%s is refused in words', async (name, words) => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    const error = await failureOf(() => door.client.call(name as CallName, { customer_ids: ids }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain(words)
  })
})

function describeOnly(name: CallName, parameters: object): string {
  return createExponeaClient({ project, credential: async () => '', credentials: 'env:X' }).describe(name, parameters)
}
