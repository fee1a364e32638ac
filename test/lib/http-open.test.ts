import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError, UnavailableError, WaitError } from '../../lib/errors.ts'
import type { Ended, HttpOpening, HttpOptions, Opened, Reply } from '../../lib/http.ts'
import { createHttp, retryAfter } from '../../lib/http.ts'
import { fakeTime } from '../servers/fake-time.ts'
import type { Payload, Vendor } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'

const secret = 'correct horse/battery=staple'

function classify(reply: Reply) {
  if (reply.status < 300) return undefined
  const message = `${reply.call} ${reply.status}: ${reply.text}`
  const until = retryAfter(reply)
  if (until !== undefined) return new WaitError(message, { until })
  return reply.status >= 500 ? new UnavailableError(message) : new RefusedError(message)
}

function enter(vendor: Vendor, options: Partial<HttpOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const http = createHttp({ classify, concurrency: 1, trace: (line) => lines.push(line), ...time, ...options })
  const open = (opening: Partial<HttpOpening> = {}) =>
    http.open({ method: 'GET', url: `${vendor.url}/q`, secrets: [secret], ...opening })
  return { http, time, lines, open, [Symbol.asyncDispose]: () => http.close() }
}

const answers = (...payloads: Payload[]) => startVendor(payloads.map((answer) => ({ path: '/q', answer })))
const caught = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error)
const piece = Buffer.alloc(64 * 1024, 'x')

/** Pieces without end; counts what the server could send, and knows when the client left. */
function endless() {
  const left = Promise.withResolvers<void>()
  let pieces = 0
  function* chunks() {
    try {
      for (;;) {
        pieces += 1
        yield piece
      }
    } finally {
      left.resolve()
    }
  }
  return { payload: { chunks: chunks() } satisfies Payload, left: left.promise, sent: () => pieces * piece.length }
}

/** Some bytes, and then a silence that lasts until the client leaves. */
function silent(first: Uint8Array = Buffer.from('abc')): Payload {
  async function* chunks() {
    yield first
    await new Promise(() => {})
  }
  return { chunks: chunks() }
}

/** Deadlines that pass when the test says so, in the order in which they were set. */
function deadlines() {
  const set: { readonly milliseconds: number; pass(): void }[] = []
  return {
    set,
    deadline(milliseconds: number): AbortSignal {
      const over = new AbortController()
      set.push({ milliseconds, pass: () => over.abort(new DOMException('over', 'TimeoutError')) })
      return over.signal
    },
    passLast: () => set.at(-1)?.pass(),
  }
}

/** The bytes that were read before the body failed, and how. */
async function readUntilFailure({ body }: Opened): Promise<{ bytes: number; error: unknown }> {
  let bytes = 0
  try {
    for await (const chunk of body) bytes += (chunk as Buffer).length
  } catch (error) {
    return { bytes, error }
  }
  return { bytes, error: undefined }
}

const firstChunk = ({ body }: Opened) => new Promise<Buffer>((resolve) => body.once('data', resolve))

describe('an opened answer', () => {
  test('has the bytes as they came, with status, headers and request id', async () => {
    const packed = gzipSync('{"a":1}\n'.repeat(100))
    await using vendor = await startVendor([
      {
        path: '/q',
        query: { from: '2026-11-09' },
        headers: { 'accept-encoding': 'gzip', accept: '*/*', authorization: 'Basic eA==' },
        answer: { status: 206, body: packed, headers: { 'content-encoding': 'gzip', 'x-request-id': 'r-1' } },
      },
    ])
    await using door = enter(vendor)
    const opened = await door.open({ query: { from: '2026-11-09' }, headers: { authorization: 'Basic eA==' } })
    expect(opened).toMatchObject({ status: 206, requestId: 'r-1', call: `GET ${vendor.host}/q` })
    expect(opened.headers['content-encoding']).toBe('gzip')
    expect(await buffer(opened.body)).toEqual(packed)
    expect(door.lines).toEqual([expect.stringMatching(new RegExp(`^GET ${vendor.host}/q 206 \\d+ ms$`))])
  })

  test('may be empty', async () => {
    await using vendor = await answers({ body: '' })
    await using door = enter(vendor)
    expect(await buffer((await door.open()).body)).toHaveLength(0)
  })

  test('is tried for until a good status comes, like any other', async () => {
    await using vendor = await answers(
      { status: 503, body: 'busy' },
      { status: 429, headers: { 'retry-after': '20' } },
      { status: 503, body: 'cut before its end', cutAfter: 3 },
      { body: 'good' },
    )
    await using door = enter(vendor)
    expect(String(await buffer((await door.open()).body))).toBe('good')
    expect(door.time.slept).toEqual([750, 20_000, 3000])
  })

  test.each([
    ['a refusal', { status: 404, body: 'no such thing' }, RefusedError, 'no such thing'],
    ['a wait that is too long', { status: 429, headers: { 'retry-after': '3600' } }, WaitError, '429'],
    ['a refusal without end', { status: 400, body: 'x'.repeat(2000) }, RefusedError, 'more than 1000 bytes'],
  ] as const)('is not there after %s, which is read whole and told apart', async (_, payload, kind, text) => {
    await using vendor = await answers(payload, { body: 'next' })
    await using door = enter(vendor)
    const error = await caught(door.open({ maxBytes: 1000 }))
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain(text)
    // Its turn was given back.
    expect(String(await buffer((await door.open()).body))).toBe('next')
  })

  test('needs a 2xx, also where no class speaks against another', async () => {
    await using vendor = await answers({ status: 304 })
    await using door = enter(vendor, { classify: () => undefined })
    expect(await caught(door.open())).toBeInstanceOf(DataError)
  })

  test('is admitted and settled for each try: with a reply where one was read, without where a body begins', async () => {
    const settled: (number | string)[] = []
    let admitted = 0
    const admit = async () => {
      admitted += 1
      return async (reply: Ended) => {
        settled.push(typeof reply === 'string' ? reply : reply.status)
      }
    }
    await using vendor = await answers({ status: 500 }, silent())
    await using door = enter(vendor)
    await door.open({ admit })
    expect(admitted).toBe(2)
    expect(settled).toEqual([500, 'no reply'])
  })

  test('that cannot be settled is closed, and gives its turn back', async () => {
    const { payload, left } = endless()
    await using vendor = await answers(payload, { body: 'next' })
    await using door = enter(vendor)
    const admit = async () => async () => {
      throw new UnavailableError('the store is busy')
    }
    expect(await caught(door.open({ admit }))).toMatchObject({ message: 'the store is busy' })
    await left
    expect(String(await buffer((await door.open()).body))).toBe('next')
  })
})

describe('a body that breaks', () => {
  test.each([1, 4, 9])('off after %i of 10 bytes fails with what came, and is not asked for again', async (cutAfter) => {
    await using vendor = await answers({ body: '0123456789', cutAfter, headers: { 'x-request-id': 'r-2' } })
    await using door = enter(vendor)
    const { error } = await readUntilFailure(await door.open())
    expect(error).toBeInstanceOf(UnavailableError)
    expect(error).toMatchObject({
      message: `GET ${vendor.host}/q: the answer broke off after ${cutAfter} bytes (UND_ERR_SOCKET)`,
      requestId: 'r-2',
    })
    expect(door.time.slept).toEqual([])
  })

  test('off without its length said does so, too', async () => {
    function* chunks() {
      yield Buffer.from('abc')
      throw new Error('the vendor is gone')
    }
    await using vendor = await answers({ chunks: chunks() })
    await using door = enter(vendor)
    expect((await readUntilFailure(await door.open())).error).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('broke off after 3 bytes'),
    })
  })

  test('before anybody reads it ends nothing but itself', async () => {
    await using vendor = await answers({ body: '0123456789', cutAfter: 4 })
    await using door = enter(vendor)
    const opened = await door.open()
    opened.body.read(0)
    await new Promise((resolve) => opened.body.once('close', resolve))
    expect((await readUntilFailure(opened)).error).toBeInstanceOf(UnavailableError)
  })
})

describe('time of a body', () => {
  test('is not the time budget, which ends when it begins', async () => {
    const { set, deadline } = deadlines()
    const { promise: opened, resolve: goOn } = Promise.withResolvers<void>()
    async function* chunks() {
      yield Buffer.from('abc')
      await opened
      yield Buffer.from('def')
    }
    await using vendor = await answers({ chunks: chunks() })
    await using door = enter(vendor, { deadline })
    const { body } = await door.open({ budget: 7000, idle: 5000 })
    set[0]?.pass()
    goOn()
    expect(String(await buffer(body))).toBe('abcdef')
    // The whole, the beginning, and the body.
    expect(set.map(({ milliseconds }) => milliseconds)).toEqual([7000, 5000, 5000])
  })

  test('is not the time budget either while it is settled that it began', async () => {
    const { set, deadline } = deadlines()
    const admit = async () => async () => set[0]?.pass()
    await using vendor = await answers({ body: 'abc' })
    await using door = enter(vendor, { deadline })
    expect(String(await buffer((await door.open({ admit })).body))).toBe('abc')
  })

  test('has to begin within the time budget', async () => {
    const { set, deadline } = deadlines()
    await using vendor = await answers({ stall: true }, { body: 'next' })
    await using door = enter(vendor, { deadline })
    const opening = caught(door.open({ budget: 7000 }))
    await vendor.stalled
    set[0]?.pass()
    expect(await opening).toMatchObject({ kind: 'unavailable', message: `GET ${vendor.host}/q: no whole answer within 7 s` })
    expect(String(await buffer((await door.open()).body))).toBe('next')
  })

  test('runs out when the vendor falls silent while somebody reads', async () => {
    const { set, deadline, passLast } = deadlines()
    await using vendor = await answers(silent(), { body: 'next' })
    await using door = enter(vendor, { deadline })
    const opened = await door.open({ idle: 5000 })
    const reading = readUntilFailure(opened)
    await firstChunk(opened)
    // Something came in that stretch: another one begins.
    passLast()
    expect(set).toHaveLength(4)
    passLast()
    expect(await reading).toMatchObject({
      bytes: 3,
      error: {
        kind: 'unavailable',
        message: `GET ${vendor.host}/q: the answer broke off after 3 bytes (nothing came for 5 s)`,
      },
    })
    expect(String(await buffer((await door.open()).body))).toBe('next')
  })

  test('does not run out while nobody reads', async () => {
    const { deadline, passLast } = deadlines()
    await using vendor = await answers({ chunks: Array.from({ length: 64 }, () => piece) })
    await using door = enter(vendor, { deadline })
    const opened = await door.open()
    await firstChunk(opened)
    opened.body.pause()
    for (let stretch = 0; stretch < 5; stretch += 1) {
      passLast()
      await new Promise(setImmediate)
    }
    expect(opened.body.destroyed).toBe(false)
    expect((await buffer(opened.body)).length).toBeGreaterThan(62 * piece.length)
  })

  test('is 120 s of silence unless said', async () => {
    const { set, deadline } = deadlines()
    await using vendor = await answers(silent())
    await using door = enter(vendor, { deadline })
    await door.open()
    expect(set.at(-1)?.milliseconds).toBe(120_000)
  })

  test.each(['reads', 'has not begun to read'])('is up when the caller says so, who %s', async (how) => {
    const { payload, left } = endless()
    await using vendor = await answers(payload, { body: 'next' })
    await using door = enter(vendor)
    const stop = new AbortController()
    const opened = await door.open({ signal: stop.signal })
    const reading = how === 'reads' ? readUntilFailure(opened) : undefined
    if (reading !== undefined) await firstChunk(opened)
    stop.abort(new Error('interrupted'))
    expect((await (reading ?? readUntilFailure(opened))).error).toMatchObject({ message: 'interrupted' })
    await left
    expect(String(await buffer((await door.open()).body))).toBe('next')
  })

  test('is over before it began where the caller gave up', async () => {
    await using vendor = await answers({ stall: true })
    await using door = enter(vendor)
    const stop = new AbortController()
    const opening = caught(door.open({ signal: stop.signal }))
    vendor.stalled.then(() => stop.abort(new Error('interrupted')))
    expect(await opening).toMatchObject({ message: 'interrupted' })
  })
})

describe('whoever reads', () => {
  test('slowly makes the vendor wait: what is not read is not taken', async () => {
    const { payload, sent } = endless()
    await using vendor = await answers(payload)
    await using door = enter(vendor)
    const opened = await door.open()
    const iterator = opened.body[Symbol.asyncIterator]()
    const read = async () => ((await iterator.next()).value as Buffer).length
    let taken = await read()
    const most = 64 * 1024 * 1024
    // Server and client share the thread: whatever either could do, it does in one of these turns.
    for (let turn = 0; turn < 3000 && sent() < most; turn += 1) {
      if (turn % 500 === 0) taken += await read()
      await new Promise(setImmediate)
    }
    // The kernel's socket buffers hold a few MB of what was sent; the process holds two buffers of 64 KiB.
    expect(sent()).toBeLessThan(most)
    expect(taken).toBeGreaterThan(0)
    expect(opened.body.readableLength).toBeLessThanOrEqual(2 * piece.length)
    await iterator.return?.()
  })

  test('not to the end frees the socket and the turn', async () => {
    const first = endless()
    const second = endless()
    await using vendor = await answers(first.payload, second.payload, { body: 'next' })
    await using door = enter(vendor)
    for await (const _ of (await door.open()).body) break
    await first.left
    ;(await door.open()).body.destroy()
    await second.left
    expect(String(await buffer((await door.open()).body))).toBe('next')
  })

  test('holds a turn as long as the body is open', async () => {
    let requests = 0
    function* answer(text: string) {
      requests += 1
      yield Buffer.from(text)
    }
    await using vendor = await answers({ chunks: answer('first') }, { chunks: answer('second') })
    await using door = enter(vendor)
    const first = await door.open()
    const second = door.open()
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate)
    expect(requests).toBe(1)
    expect(String(await buffer(first.body))).toBe('first')
    expect(String(await buffer((await second).body))).toBe('second')
  })

  test('leaves a body unread: closing the door ends it', async () => {
    const { payload, left } = endless()
    await using vendor = await answers(payload)
    const door = enter(vendor)
    const opened = await door.open()
    await door.http.close()
    await left
    expect((await readUntilFailure(opened)).error).toBeInstanceOf(UnavailableError)
  })
})

test('tries start a gap apart, those of one host', async () => {
  const wakes: number[] = []
  const sleepers: (() => void)[] = []
  const time = fakeTime()
  const sleep = (milliseconds: number) => {
    wakes.push(milliseconds)
    return new Promise<void>((resolve) => sleepers.push(resolve))
  }
  await using vendor = await answers({ body: '1' }, { body: '2' }, { body: '3' }, { body: '4' }, { body: '5' })
  await using other = await answers({ body: 'other' })
  await using door = enter(vendor, { concurrency: 3, gap: 334, clock: time.clock, sleep })
  const read = async () => String(await buffer((await door.open()).body))
  const three = [read(), read(), read()]
  expect(await three[0]).toBe('1')
  expect(await buffer((await door.open({ url: `${other.url}/q` })).body)).toHaveLength(5)
  expect(wakes).toEqual([334, 668])
  time.advance(668)
  for (const wake of sleepers) wake()
  await Promise.all(three)
  expect(await Promise.race([read(), new Promise((resolve) => setImmediate(resolve, 'waits'))])).toBe('waits')
  expect(wakes).toEqual([334, 668, 334])
  // A clock that is set back is waited for no longer than all that may stand in line.
  time.advance(-3_600_000)
  const last = read()
  await new Promise(setImmediate)
  expect(wakes).toEqual([334, 668, 334, 3 * 334])
  for (const wake of sleepers) wake()
  await last
})

test('whoever is stopped while its try waits for its pace sent nothing, and is settled so', async () => {
  const settled: unknown[] = []
  const stop = new AbortController()
  const sleep = (_: number, signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  await using vendor = await answers({ body: '1' })
  await using door = enter(vendor, { concurrency: 3, gap: 334, sleep })
  const admit = async () => async (ended: Ended) => {
    settled.push(ended)
  }
  expect(await buffer((await door.open({ admit })).body)).toHaveLength(1)
  const waiting = [door.open({ admit, signal: stop.signal }), door.open({ admit, signal: stop.signal })]
  await new Promise(setImmediate)
  stop.abort(new Error('interrupted'))
  for (const one of waiting) await expect(one).rejects.toThrow('interrupted')
  expect(settled).toEqual(['no reply', 'not reached', 'not reached'])
})

test('whoever is stopped while its try is admitted sends nothing', async () => {
  const stop = new AbortController()
  const over = new AbortController()
  await using vendor = await startVendor([])
  await using door = enter(vendor, { concurrency: 2, deadline: () => over.signal })
  const admit = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const stopped = door.open({ admit, signal: stop.signal })
  const late = door.open({ admit })
  await new Promise(setImmediate)
  stop.abort(new Error('interrupted'))
  await expect(stopped).rejects.toThrow('interrupted')
  over.abort(new DOMException('over', 'TimeoutError'))
  await expect(late).rejects.toThrow(new UnavailableError(`GET ${vendor.host}/q: no whole answer within 120 s`))
})

test('no secret is in any error, trace or quoted text', async () => {
  const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]
  const echo = forms.join(' ')
  await using vendor = await answers(
    { status: 400, body: echo },
    { body: echo, cutAfter: echo.length - 1, headers: { 'x-echo': 'none' } },
  )
  await using door = enter(vendor)
  const headers = { authorization: `Basic ${forms[1]}` }
  const refused = await caught(door.open({ headers }))
  const opened = await door.open({ headers })
  const { error } = await readUntilFailure(opened)
  const shown = `${inspect([refused, error], { depth: Number.POSITIVE_INFINITY, showHidden: true })}${door.lines.join('\n')}`
  for (const form of forms) expect(shown).not.toContain(form)
  expect(opened.redact(`said: ${echo}`)).toMatch(/^said: … …=* …$/)
})

test('a defect of ours is not taken for a failure of the network', async () => {
  await using vendor = await startVendor([])
  await using door = enter(vendor)
  expect(await caught(door.open({ headers: { 'bad header': 'x' } }))).not.toBeInstanceOf(UnavailableError)
})

test('a stream that does not begin in time is given up, where somebody said how long that is', async () => {
  await using vendor = await startVendor([{ path: '/q', answer: { stall: true } }])
  const stop = new AbortController()
  void vendor.stalled.then(() => stop.abort())
  const http = createHttp({
    classify: () => undefined,
    concurrency: 1,
    trace: () => {},
    clock: () => new Date(),
    deadline: (milliseconds) => (milliseconds === 305_000 ? stop.signal : new AbortController().signal),
  })
  const opening = http.open({ method: 'GET', url: `${vendor.url}/q`, secrets: [], idle: 305_000, repeatable: false })
  await expect(opening).rejects.toThrow('no answer began within 305 s')
  await http.close()
})

test('a page is no stream of anything', async () => {
  const page = { headers: { 'content-type': 'text/html' }, body: '<html>Sign in' }
  await using vendor = await answers(page, page, page, page)
  await using door = enter(vendor)
  expect(await caught(door.open())).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('is a page') })
})
