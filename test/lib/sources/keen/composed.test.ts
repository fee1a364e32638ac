import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { CallName } from '../../../../lib/sources/keen/client.ts'
import { openDoor } from './door.ts'

/** A vendor whose requests are seen to the letter: as JSON, a long id would be another one here, too. */
async function startLetters(answer: (method: string) => string) {
  const written: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    if (request.method !== 'GET') written.push(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer(request.method ?? ''))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    written,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  }
}

const id = '9007199254740993'
const filters = `[{"property_name":"customer.id","operator":"eq","property_value":${id}},{"property_name":"n","operator":"eq","property_value":"${id}"}]`
const key = '{"key":"abcdefgh","name":"old","is_active":true,"permitted":["queries"],"options":{"queries":{"filters":F}}}'
const query =
  '{"query_name":"s","refresh_rate":0,"query":{"analysis_type":"count","event_collection":"c","filters":F,"group_by":null}}'
const long = { filters: [{ property_value: id }, { property_value: id }] }

describe('an id that no number holds stays what it is, in what a change reads and writes back', () => {
  test.each<[CallName, object, string, string]>([
    ['updateAccessKeyName', { key: 'abcdefgh', name: 'new' }, key, '"name":"new"'],
    ['savedQueryUpdate', { query_name: 's', saved_query: { refresh_rate: 14_400 } }, query, '"refresh_rate":14400'],
    ['savedQueryUpdate', { query_name: 's', saved_query: { query: { timezone: 0 } } }, query, '"timezone":0'],
  ])('%s %j', async (name, parameters, kept, changed) => {
    await using vendor = await startLetters(() => kept.replace('F', filters))
    await using door = openDoor(vendor)
    await door.client.call(name, parameters)
    expect(vendor.written).toHaveLength(1)
    expect(vendor.written[0]).toContain(`"filters":${filters}`)
    expect(vendor.written[0]).toContain(changed)
  })

  test('and is told as its digits, also where the vendor answers nothing', async () => {
    await using vendor = await startLetters((method) => (method === 'GET' ? key.replace('F', filters) : ''))
    await using door = openDoor(vendor)
    expect(await door.client.getAccessKey({ key: 'abcdefgh' })).toMatchObject({ options: { queries: long } })
    expect(await door.client.updateAccessKeyName({ key: 'abcdefgh', name: 'new' })).toMatchObject({
      name: 'new',
      options: { queries: long },
    })
    await using saved = await startLetters(() => query.replace('F', filters))
    await using second = openDoor(saved)
    expect(await second.client.savedQuery({ query_name: 's' })).toMatchObject({ query: long })
    expect(await second.client.savedQueryUpdate({ query_name: 's', saved_query: {} })).toMatchObject({ query: long })
  })

  test('unless it is changed itself', async () => {
    await using vendor = await startLetters(() => query.replace('F', `{"a":${id}}`))
    await using door = openDoor(vendor)
    await door.client.savedQueryUpdate({ query_name: 's', saved_query: { query: { filters: { a: { b: 1 } } } } })
    expect(vendor.written[0]).toContain('"filters":{"a":{"b":1}}')
  })
})
