import { describe, expect, test } from 'vitest'
import { UnavailableError, UsageError } from '../../../../lib/errors.ts'
import type { KeenCall } from '../../../../lib/sources/keen/call.ts'
import { calls } from '../../../../lib/sources/keen/calls/index.ts'
import { createKeenClient } from '../../../../lib/sources/keen/client.ts'
import { config } from '../../../../lib/sources/keen/schema.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { base, keys, openDoor } from './door.ts'

const count = { method: 'POST', path: `${base}/queries/count`, json: { event_collection: 'a' } }
const never = () => new AbortController().signal

describe('a silence', () => {
  /** Deadlines of so many milliseconds are over at once. */
  const over = (milliseconds: number) => ({
    deadline: (asked: number) => (asked === milliseconds ? AbortSignal.abort() : never()),
    sleep: async () => {},
  })

  test('of a query is as long as the timeout of what reads, although it is sent by POST', async () => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor, { getTimeout: 41_000, postTimeout: 42_000, http: over(41_000) })
    await expect(door.client.count({ event_collection: 'a' })).rejects.toThrow('no answer began within 41 s')
  })

  test('of what writes is as long as the other one', async () => {
    await using vendor = await startVendor([
      { method: 'POST', path: `${base}/events/a`, json: { n: 1 }, answer: { status: 201, body: { created: true } } },
    ])
    const client = (milliseconds: number) =>
      openDoor(vendor, { getTimeout: 41_000, postTimeout: 42_000, http: over(milliseconds) })
    const event = { event_collection: 'a', event_body: { n: 1 } }
    await using short = client(42_000)
    await expect(short.client.addEvent(event)).rejects.toThrow('no answer began within 42 s')
    await using long = client(41_000)
    expect(await long.client.addEvent(event)).toEqual({ created: true })
  })

  test('is 305 seconds unless said, which a query may be repeated after', async () => {
    await using vendor = await startVendor([
      { ...count, answer: { stall: true } },
      { ...count, answer: { body: { result: 2 } } },
    ])
    const stop = new AbortController()
    void vendor.stalled.then(() => stop.abort())
    let silences = 0
    const deadline = (milliseconds: number) => {
      if (milliseconds !== 305_000) return never()
      silences += 1
      return silences === 1 ? stop.signal : never()
    }
    await using door = openDoor(vendor, { http: { deadline, sleep: async () => {} } })
    expect(await door.client.count({ event_collection: 'a' })).toEqual([{ value: 2 }])
    expect(door.lines[0]).toContain('too long a silence')
  })

  test('in the middle of an answer ends it, and slow is not silent', async () => {
    async function* half() {
      yield Buffer.from('{"result":')
      await new Promise(() => {})
    }
    await using vendor = await startVendor([
      { method: 'POST', path: `${base}/queries/count`, json: { event_collection: 'a' }, answer: { chunks: half() } },
    ])
    const silent: AbortController[] = []
    const deadline = (milliseconds: number) => {
      const stop = new AbortController()
      if (milliseconds === 305_000) {
        silent.push(stop)
        // The first is the beginning's; then one after the other watches the body.
        if (silent.length > 1) setImmediate(() => stop.abort())
      }
      return stop.signal
    }
    const sleep = () => Promise.reject(new UnavailableError('no further try'))
    await using door = openDoor(vendor, { http: { deadline, sleep } })
    await expect(door.client.count({ event_collection: 'a' })).rejects.toThrow(UnavailableError)
    expect(door.lines).toEqual([expect.stringContaining('too long a silence')])
  })

  test('which timeout and which key every call has', () => {
    const of = Object.entries(calls as Readonly<Record<string, KeenCall>>).map(([name, { key, timeout, method }]) => [
      name,
      method,
      key,
      timeout,
    ])
    expect(of.map((one) => one.join(' '))).toEqual([
      'addEvent POST write post',
      'addEvents POST write post',
      'getAllCollections GET read get',
      'getCollection GET read get',
      'deleteEvents DELETE master post',
      ...['count', 'sum', 'minimum', 'maximum', 'average', 'median', 'percentile'].map((name) => `${name} POST read get`),
      ...['countUnique', 'selectUnique', 'multiAnalysis', 'funnel', 'extraction'].map((name) => `${name} POST read get`),
      'extractionEmail POST read get',
      'query POST read get',
      'savedQueries GET master get',
      'savedQuery GET master get',
      'savedQueryResult GET read get',
      'savedQueryCreate PUT master post',
      'savedQueryUpdateFull PUT master post',
      'savedQueryDelete DELETE master post',
      'createAccessKey POST master get',
      'listAccessKeys GET master get',
      'getAccessKey GET master get',
      'updateAccessKeyFull POST master get',
      'revokeAccessKey POST master get',
      'unrevokeAccessKey POST master get',
      'deleteAccessKey DELETE master get',
      'datasets GET read get',
      'dataset GET read get',
      'datasetResults GET read get',
      'datasetCreate PUT master post',
      'datasetDelete DELETE master post',
    ])
  })
})

test('several clients stand side by side, each with its project, keys and host', async () => {
  const request = (project: string, key: string, result: number) => ({
    method: 'POST',
    path: `/3.0/projects/${project}/queries/count`,
    json: { event_collection: 'a' },
    headers: { authorization: key },
    answer: { body: { result } },
  })
  await using first = await startVendor([request('one', 'R-one1', 1)])
  await using second = await startVendor([{ ...request('two', 'R-two2', 2), path: '/proxy/3.0/projects/two/queries/count' }])
  await using one = openDoor(first, { project: 'one', credential: async () => '{"read":"R-one1"}' })
  await using two = openDoor({ url: `${second.url}/proxy/` }, { project: 'two', credential: async () => '{"read":"R-two2"}' })
  expect(await Promise.all([one, two].map(({ client }) => client.count({ event_collection: 'a' })))).toEqual([
    [{ value: 1 }],
    [{ value: 2 }],
  ])
})

test('a call is described without a key, and checked', () => {
  const nobody = () => Promise.reject(new Error('nobody asked for a key'))
  const client = createKeenClient({ project: '5f1e0c', credentials: 'ssm:/shop', credential: nobody })
  expect(client.describe('count', { event_collection: 'a b', timeframe: 'today' })).toBe(
    'POST https://api.keen.io/3.0/projects/5f1e0c/queries/count {"event_collection":"a b","timeframe":"today"}',
  )
  expect(client.describe('savedQueryResult', { query_name: 'a b' })).toBe(
    'GET https://api.keen.io/3.0/projects/5f1e0c/queries/saved/a%20b/result {}',
  )
  expect(client.describe('addEvents', { events: { a: [{ n: 1 }] } })).toBe(
    'POST https://api.keen.io/3.0/projects/5f1e0c/events {"a":[{"n":1}]}',
  )
  expect(client.describe('deleteEvents', { event_collection: 'a', everything: true })).toBe(
    'DELETE https://api.keen.io/3.0/projects/5f1e0c/events/a {}',
  )
  expect(() => client.describe('count', {})).toThrow(UsageError)
  const all = createKeenClient({ credential: nobody })
  expect(all.describe('getAllCollections', {})).toBe(
    // As a shell has it: the variable, else the vendor's host.
    `GET \${KEEN_BASE_URL:-https://api.keen.io}/3.0/projects/$KEEN_PROJECT_ID/events {}`,
  )
})

test('a key is in the header alone: in no address, no trace and no message', async () => {
  const request = { method: 'POST', path: `${base}/queries/count`, json: { event_collection: 'a' } }
  const echo = `Authorization: ${keys.read} ${Buffer.from(keys.read).toString('base64')} ${encodeURIComponent(keys.read)}`
  await using vendor = await startVendor([
    {
      ...request,
      headers: { authorization: keys.read },
      answer: { status: 400, body: { message: echo, error_code: keys.read } },
    },
    { ...request, answer: { body: { result: echo } } },
    { ...request, answer: { status: 403, body: echo } },
  ])
  await using door = openDoor(vendor)
  const said: string[] = []
  for (let at = 0; at < 3; at += 1) {
    await door.client
      .count({ event_collection: 'a' })
      .catch((error: Error) => said.push(`${error.message}${error.stack}${error.cause}`))
  }
  expect(said).toHaveLength(3)
  expect([...said, ...door.lines].join('\n')).not.toMatch(/51be77a0|Ui01MWJl/)
})

test('a call that the vendor has not is none', async () => {
  await using vendor = await startVendor([])
  await using door = openDoor(vendor)
  await expect(door.client.call('toString' as never, {})).rejects.toThrow('Keen has no call "toString"')
})

test('a call stops with its caller', async () => {
  await using vendor = await startVendor([{ ...count, answer: { stall: true } }])
  await using door = openDoor(vendor)
  const stop = new AbortController()
  void vendor.stalled.then(() => stop.abort(new Error('enough')))
  await expect(door.client.count({ event_collection: 'a' }, stop.signal)).rejects.toThrow('enough')
})

describe('what a project file says of a source', () => {
  test('is little', () => {
    expect(config.parse({ kind: 'keen' })).toEqual({
      kind: 'keen',
      getTimeout: 305_000,
      postTimeout: 305_000,
    })
  })

  test('or all of it', () => {
    const own = { kind: 'keen', project: 4711, credentials: 'ssm:/shop', url: 'https://proxy.example', actor: 'user.id' }
    expect(config.parse({ ...own, getTimeout: '10 minutes', postTimeout: '30 seconds' })).toEqual({
      ...own,
      project: '4711',
      getTimeout: 600_000,
      postTimeout: 30_000,
    })
  })

  test.each([
    [{ project: 'a/b' }, 'letters and digits'],
    [{ credentials: 'R-51be77a0' }, 'credentials are a reference'],
    [{ url: 'http://keen.example' }, 'is not https'],
    [{ getTimeout: '305' }, 'a timeout is written like'],
    [{ postTimeout: '0 seconds' }, 'a timeout is written like'],
    [{ actor: '' }, 'actor'],
    [{ timezone: 'UTC' }, 'timezone'],
  ])('%j is a mistake', (own, words) => {
    expect(() => config.parse({ kind: 'keen', ...own })).toThrow(words)
  })
})
