import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError } from '../../../../lib/errors.ts'
import type { CustomersAsked } from '../../../../lib/sources/exponea/export.ts'
import type { Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { all, asked, basic, key, open, secret, until } from './door.ts'

const sent = (answer: Payload, json: object = {}) =>
  asked('POST data/customers/export', { json: { ...json, format: 'native_json' } }, answer)

async function read(answer: Payload, parameters?: CustomersAsked, json?: object) {
  await using vendor = await startVendor([sent(answer, json)])
  await using door = open(vendor)
  return await until(door.client.customersEach(parameters))
}

const registered = { type: 'id', id: 'registered' }
const cookie = { type: 'id', id: 'cookie' }
const first = { type: 'property', property: 'first_name' }
const ann = { ids: { registered: 'ann', cookie: ['c'] }, properties: { first_name: 'Ann' } }

describe('all customers', () => {
  test.each([
    ['ids first', { fields: [registered, cookie, first], data: [['ann', ['c'], 'Ann']], success: true }],
    ['ids after properties', { fields: [first, registered, cookie], data: [['Ann', 'ann', ['c']]], success: true }],
    ['ids on both sides', { success: true, fields: [registered, first, cookie], data: [['ann', 'Ann', ['c']]] }],
    ['fields after the rows', { success: true, data: [['ann', ['c'], 'Ann']], fields: [registered, cookie, first] }],
  ])('are read by position: %s', async (_, body) => {
    expect(await read({ body })).toEqual({ given: [ann], error: undefined })
  })

  test('may be of a segment, with some attributes, at a time', async () => {
    const parameters = {
      attributes: {
        type: 'some',
        list: [
          registered,
          { type: 'segmentation', id: 's1' },
          { type: 'aggregate', id: 'a1' },
          { type: 'consent', category: 'sms' },
        ],
      },
      filter: { type: 'segment', segmentation_id: 's9', segment_index: -1 },
      execution_time: 1_763_276_400,
      timezone: 'Africa/Lagos',
    } as CustomersAsked
    const body = {
      success: true,
      fields: parameters?.attributes && 'list' in parameters.attributes ? parameters.attributes.list : [],
      data: [['ann', 'gold', 12, true]],
    }
    expect((await read({ body }, parameters, parameters)).given).toEqual([
      {
        ids: { registered: 'ann' },
        properties: {},
        segmentations: { s1: 'gold' },
        aggregations: { a1: 12 },
        consents: { sms: true },
      },
    ])
  })

  test('may be none', async () => {
    expect(await read({ body: { success: true, fields: [registered], data: [] } })).toEqual({ given: [], error: undefined })
  })

  test('lose no name, whatever it is', async () => {
    const body =
      '{"success":true,"fields":[{"type":"id","id":"__proto__"},{"type":"property","property":"__proto__"}],"data":[["a",{"__proto__":1}]]}'
    const { given } = await read({ body })
    expect(JSON.stringify(given)).toBe('[{"ids":{"__proto__":"a"},"properties":{"__proto__":{"__proto__":1}}}]')
  })

  test('may be many: they come while the vendor still sends, and stopping early ends it', async () => {
    let produced = 0
    let ended = false
    async function* base() {
      try {
        yield Buffer.from(
          '{"success":true,"fields":[{"type":"id","id":"registered"},{"type":"property","property":"city"}],"data":[["p0","Wien"]',
        )
        for (produced = 1; produced < 1_000_000; produced += 1) {
          yield Buffer.from(`,["p${produced}","Brünn, \\"Žilina\\" ]"]`)
          if (produced % 100 === 0) await new Promise(setImmediate)
        }
        yield Buffer.from(']}')
      } finally {
        ended = true
      }
    }
    await using vendor = await startVendor([sent({ chunks: base() })])
    await using door = open(vendor)
    let count = 0
    for await (const { ids, properties } of door.client.customersEach()) {
      expect(ids).toEqual({ registered: `p${count}` })
      if (count > 0) expect(properties).toEqual({ city: 'Brünn, "Žilina" ]' })
      count += 1
      if (count === 2000) break
    }
    await expect.poll(() => ended).toBe(true)
    // The vendor was held back by whoever reads, so that little of it lay in between.
    expect(produced).toBeLessThan(500_000)
  })

  test('come packed, too', async () => {
    const data = Array.from({ length: 3000 }, (_, at) => [`p${at}`])
    const { given, error } = await read({ gzip: 'whole', body: { fields: [registered], data, success: true } })
    expect(error).toBeUndefined()
    expect(given.map(({ ids }) => ids['registered'])).toEqual(data.map(([id]) => id))
  })
})

describe('an answer that is no base', () => {
  test.each<[string, Payload, abstract new (...given: never[]) => Error, string, number]>([
    ['a refusal', { status: 403, body: { success: false, error: 'No permission' } }, CredentialError, 'No permission', 0],
    [
      'a refusal inside a 200',
      { body: { success: false, errors: { _global: ['unknown segmentation'] } } },
      RefusedError,
      'unknown segmentation',
      0,
    ],
    [
      'a refusal before rows',
      { body: { success: false, error: 'half', fields: [registered], data: [['a']] } },
      RefusedError,
      'half',
      0,
    ],
    [
      'a refusal after rows',
      { body: { fields: [registered], data: [['a']], success: false, error: 'half' } },
      RefusedError,
      'half',
      1,
    ],
    ['rows without a success', { body: { fields: [registered], data: [['a']] } }, DataError, 'does not say that it succeeded', 1],
    ['a success without rows', { body: { success: true, fields: [] } }, DataError, 'has no `data`', 0],
    ['rows without columns', { body: { success: true, data: [['a']] } }, DataError, 'does not say what its columns are', 0],
    [
      'a column of an unknown kind',
      { body: { success: true, fields: [{ type: 'mood', id: 'x' }], data: [['a']] } },
      DataError,
      'column 1 is of no known kind ("mood")',
      0,
    ],
    [
      'a row that is too short',
      { body: { success: true, fields: [registered, cookie], data: [['a', []], ['b']] } },
      DataError,
      'row 2 does not have the 2 cells',
      1,
    ],
    [
      'rows that are objects',
      { body: { success: true, fields: [registered], data: [{ registered: 'a' }] } },
      DataError,
      'row 1 does not have',
      0,
    ],
    ['no JSON', { body: '<html>' }, DataError, 'not JSON', 0],
    [
      'half an answer',
      { body: { success: true, fields: [registered], data: [['a'], ['b']] }, cutAfter: 70 },
      UnavailableError,
      'broke off',
      0,
    ],
  ])('is an error: %s', async (_, answer, kind, words, rows) => {
    const { given, error } = await read(answer)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain(words)
    expect((error as Error).message).not.toContain(secret)
    expect(given).toHaveLength(rows)
  })

  test('keeps its key out of the error', async () => {
    const { error } = await read({ body: { success: false, error: `bad ${secret}` }, headers: { 'x-request-id': 'r9' } })
    expect((error as Error).message).toContain('bad …')
    expect(error).toMatchObject({ requestId: 'r9' })
  })

  test('has the credential read again where it is unknown, also inside a 200', async () => {
    const good = sent({ body: { success: true, fields: [registered], data: [['ann']] } })
    await using vendor = await startVendor([
      sent({ body: { success: false, error: 'access key not found' } }),
      { ...good, headers: { authorization: basic('another secret') } },
    ])
    await using door = open(vendor, { credential: async (again) => `${key}:${again ? 'another secret' : secret}` })
    expect(await all(door.client.customersEach())).toEqual([{ ids: { registered: 'ann' }, properties: {} }])
  })

  test.each([
    ['segment_index', { filter: { type: 'segment', segmentation_id: 's', segment_index: -2 } }],
    ['filter', { filter: { type: 'segment' } }],
    ['list', { attributes: { type: 'some', list: [] } }],
    ['execution_time', { execution_time: 2e12 }],
    ['format', { format: 'csv' }],
  ])('is not asked for with a wrong %s', async (word, parameters) => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    const { error } = await until(door.client.customersEach(parameters as never))
    expect(error).toBeInstanceOf(UsageError)
    expect((error as Error).message).toContain(word)
  })
})
