import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import * as z from 'zod'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError, WaitError } from '../../lib/errors.ts'
import type { HttpOptions, HttpRequest, Reply } from '../../lib/http.ts'
import { addressProblem, createHttp, retryAfter } from '../../lib/http.ts'
import { fakeTime } from '../servers/fake-time.ts'
import type { Payload, Vendor } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'

const secret = 'correct horse/battery=staple'
const schema = z.object({ n: z.number() })

/** A vendor's rule: 4xx is refused, 429 and 503 with Retry-After wait, 5xx is transient. */
function classify(reply: Reply) {
  if (reply.status < 300) return undefined
  const message = `${reply.call} ${reply.status}: ${reply.text}`
  const until = retryAfter(reply)
  if (until !== undefined) return new WaitError(message, { until })
  const { requestId } = reply
  return reply.status >= 500 ? new UnavailableError(message, { requestId }) : new RefusedError(message, { requestId })
}

function open(vendor: Vendor, options: Partial<HttpOptions> = {}) {
  const time = fakeTime()
  const lines: string[] = []
  const http = createHttp({ classify, concurrency: 2, trace: (line) => lines.push(line), ...time, ...options })
  const ask = (request: Partial<HttpRequest<typeof schema>> = {}) =>
    http.request({ method: 'GET', url: `${vendor.url}/q`, schema, secrets: [secret], ...request })
  return { http, time, lines, ask, [Symbol.asyncDispose]: () => http.close() }
}

const answers = (...payloads: Payload[]) => startVendor(payloads.map((answer) => ({ path: '/q', answer })))
const good = { body: { n: 7 } }

describe('a request', () => {
  test('sends query, headers and body, and parses the answer', async () => {
    await using vendor = await startVendor([
      {
        path: '/q',
        query: { where: 'a["b c"] == "ü&"', n: '1' },
        headers: { authorization: 'Basic eA==', 'accept-encoding': 'gzip' },
        answer: good,
      },
      { method: 'POST', path: '/q', form: { a: '1 2', b: 'ü' }, answer: { ...good, gzip: 'whole' } },
      { method: 'POST', path: '/q', json: { a: [1] }, headers: { 'content-type': 'application/json' }, answer: good },
    ])
    await using door = open(vendor)
    const query = { where: 'a["b c"] == "ü&"', n: 1, absent: undefined }
    expect(await door.ask({ query, headers: { authorization: 'Basic eA==' } })).toEqual({ n: 7 })
    expect(await door.ask({ method: 'POST', form: { a: '1 2', b: 'ü' } })).toEqual({ n: 7 })
    expect(await door.ask({ method: 'POST', json: { a: [1] } })).toEqual({ n: 7 })
  })

  test('of a closed client is the caller’s mistake, and nothing to try again', async () => {
    await using vendor = await startVendor([])
    await using door = open(vendor)
    await door.http.close()
    const closed = expect.objectContaining({ message: expect.stringContaining('/q: the client is closed') })
    const asked = { method: 'GET', url: `${vendor.url}/q`, secrets: [] } as const
    for (const failed of [door.ask(), door.http.open(asked)]) {
      await expect(failed).rejects.toBeInstanceOf(UsageError)
      await expect(failed).rejects.toEqual(closed)
    }
    expect(door.lines).toEqual([])
  })

  test('that waits to be tried again is over when the client closes', async () => {
    await using vendor = await answers({ status: 503 })
    const time = fakeTime()
    const closing: Promise<void>[] = []
    const sleep = async (milliseconds: number) => {
      closing.push(door.http.close())
      await time.sleep(milliseconds)
    }
    await using door = open(vendor, { ...time, sleep })
    await expect(door.ask()).rejects.toThrow('the client is closed')
    await Promise.all(closing)
  })

  test('is traced once for each try, without its query string', async () => {
    await using vendor = await startVendor([
      { path: '/q', query: { token: secret }, answer: { status: 503 } },
      { path: '/q', query: { token: secret }, answer: good },
    ])
    await using door = open(vendor)
    await door.ask({ query: { token: secret } })
    expect(door.lines).toEqual([
      expect.stringMatching(new RegExp(`^GET ${vendor.host}/q 503 \\d+ ms$`)),
      expect.stringMatching(new RegExp(`^GET ${vendor.host}/q 200 \\d+ ms$`)),
    ])
  })

  test('goes over https, or to this machine', async () => {
    expect(addressProblem('https://proxy.example.com/mixpanel')).toBeUndefined()
    for (const address of ['http://localhost:1', 'http://127.0.0.1:1/x', 'http://[::1]:1'])
      expect(addressProblem(address)).toBeUndefined()
    for (const address of [
      'http://example.com',
      'http://127.0.0.1.example.com',
      'ftp://localhost',
      'example.com',
      'https://u:p@example.com',
      'https://example.com/?key=1',
    ]) {
      expect(addressProblem(address)).toEqual(expect.any(String))
    }
    await using vendor = await startVendor([])
    await using door = open(vendor)
    await expect(door.ask({ url: 'http://example.com/q' })).rejects.toThrow(UsageError)
  })
})

describe('trying again', () => {
  test('backs off after a failure that may pass, with jitter, and gives up after four tries', async () => {
    await using vendor = await answers(
      { status: 500 },
      { status: 502 },
      { status: 503 },
      { status: 504, body: 'busy', headers: { 'x-request-id': 'r-4' } },
    )
    await using door = open(vendor)
    const error = await door.ask().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnavailableError)
    expect(error).toMatchObject({ message: `GET ${vendor.host}/q 504: busy`, requestId: 'r-4' })
    expect(door.time.slept).toEqual([750, 1500, 3000])
  })

  test('spreads pauses over half their length', async () => {
    for (const [random, pause] of [
      [0, 500],
      [0.999, 999.5],
    ] as const) {
      await using vendor = await answers({ status: 500 }, good)
      await using door = open(vendor, { random: () => random })
      await door.ask()
      expect(door.time.slept).toEqual([pause])
    }
  })

  test('sleeps through a Retry-After that fits the time budget', async () => {
    await using vendor = await answers(
      { status: 429, headers: { 'retry-after': '20' } },
      { status: 503, headers: { 'retry-after': 'Mon, 16 Nov 2026 07:00:50 GMT' } },
      good,
    )
    await using door = open(vendor)
    expect(await door.ask()).toEqual({ n: 7 })
    expect(door.time.slept).toEqual([20_000, 30_000])
  })

  test('throws a Retry-After beyond the time budget, with its time', async () => {
    await using vendor = await answers({ status: 429, headers: { 'retry-after': '3600' } })
    await using door = open(vendor)
    const error = await door.ask().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(WaitError)
    expect(error).toMatchObject({ until: new Date('2026-11-16T08:00:00Z') })
    expect(door.time.slept).toEqual([])
  })

  test('does not spin on a Retry-After of 0', async () => {
    await using vendor = await answers(
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 429, headers: { 'retry-after': '0' } },
      good,
    )
    await using door = open(vendor)
    await door.ask()
    expect(door.time.slept).toEqual([750, 1500])
  })

  test('ends with the time budget, pauses included', async () => {
    await using vendor = await answers({ status: 500 }, { status: 500 })
    await using door = open(vendor, { budget: 2000 })
    await expect(door.ask()).rejects.toThrow(UnavailableError)
    expect(door.time.slept).toEqual([750])
  })

  test('never repeats a POST that may have been done, unless it is told that it may', async () => {
    await using vendor = await startVendor([
      { method: 'POST', path: '/q', answer: { status: 500 } },
      { method: 'POST', path: '/q', answer: { ...good, cutAfter: 2 } },
      { method: 'POST', path: '/q', answer: { status: 429, headers: { 'retry-after': '1' } } },
      { method: 'POST', path: '/q', answer: good },
      { method: 'POST', path: '/r', answer: { status: 500 } },
      { method: 'POST', path: '/r', answer: good },
      { method: 'POST', path: '/s', answer: { status: 503, headers: { 'retry-after': '1' } } },
    ])
    await using door = open(vendor)
    await expect(door.ask({ method: 'POST' })).rejects.toThrow(UnavailableError)
    await expect(door.ask({ method: 'POST' })).rejects.toThrow(UnavailableError)
    expect(await door.ask({ method: 'POST' })).toEqual({ n: 7 })
    expect(await door.ask({ method: 'POST', url: `${vendor.url}/r`, repeatable: true })).toEqual({ n: 7 })
    // Also where the vendor says when to come back.
    await expect(door.ask({ method: 'POST', url: `${vendor.url}/s` })).rejects.toThrow(WaitError)
  })

  test('is not done where a WaitError has no time to wait for', async () => {
    await using vendor = await answers({ status: 429 })
    await using door = open(vendor, { classify: () => new WaitError('too many', { until: new Date(Number.NaN) }) })
    await expect(door.ask()).rejects.toThrow('too many')
    expect(door.time.slept).toEqual([])
  })

  test('is not done for a refusal', async () => {
    await using vendor = await answers({ status: 404, body: 'no such thing' })
    await using door = open(vendor)
    await expect(door.ask()).rejects.toThrow(new RefusedError(`GET ${vendor.host}/q 404: no such thing`))
  })
})

describe('an answer that is not whole', () => {
  test.each([
    ['cut body', { ...good, cutAfter: 3 }],
    ['gzip that ends early', { ...good, gzip: 'cut' }],
    ['gzip that is none', { ...good, gzip: 'broken' }],
    ['half of a JSON', { body: '{"n":' }],
    ['empty body', { body: '' }],
  ] as [string, Payload][])('is asked for again: a %s', async (_, payload) => {
    await using vendor = await answers(payload, good)
    await using door = open(vendor)
    expect(await door.ask()).toEqual({ n: 7 })
    expect(door.time.slept).toEqual([750])
  })

  test('is never taken for a whole one', async () => {
    const cut = { ...good, gzip: 'cut' } as const
    await using vendor = await answers(cut, cut, cut, cut)
    await using door = open(vendor)
    await expect(door.ask()).rejects.toThrow(`GET ${vendor.host}/q: no whole answer (Z_BUF_ERROR)`)
  })

  test('names call, status, first characters and request id when it is not JSON', async () => {
    const page = { body: `<html>\n  <h1>Sorry</h1> ${'x'.repeat(500)}`, headers: { 'x-request-id': 'r-9' } }
    await using vendor = await answers(page, page, page, page)
    await using door = open(vendor)
    const error = await door.ask().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnavailableError)
    expect(error).toMatchObject({
      requestId: 'r-9',
      message: expect.stringMatching(/\/q 200: the answer is not JSON; it begins: <html> <h1>Sorry<\/h1> x+…$/),
    })
    expect((error as Error).message.length).toBeLessThan(250)
  })

  test('names the place when it is JSON of another shape, and is not asked for again', async () => {
    await using vendor = await answers({ body: { n: 'seven' }, headers: { 'x-request-id': 'r-5' } })
    await using door = open(vendor)
    const error = await door.ask().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DataError)
    expect(error).toMatchObject({ requestId: 'r-5', message: expect.stringContaining('does not fit at n') })
    expect((error as Error).message).toContain('it begins: {"n":"seven"}')
  })

  test('is refused above the most bytes, packed or unpacked', async () => {
    const big = { body: { n: 7, pad: 'x'.repeat(5000) } }
    await using vendor = await answers(big, { ...big, gzip: 'whole' })
    await using door = open(vendor)
    await expect(door.ask({ maxBytes: 1000 })).rejects.toThrow(RefusedError)
    await expect(door.ask({ maxBytes: 1000 })).rejects.toThrow('the answer has more than 1000 bytes')
  })
})

describe('time', () => {
  test('runs out for an answer that never comes', async () => {
    await using vendor = await answers({ stall: true })
    const over = new AbortController()
    await using door = open(vendor, { deadline: () => over.signal })
    const asked = door.ask()
    vendor.stalled.then(() => over.abort(new DOMException('over', 'TimeoutError')))
    await expect(asked).rejects.toThrow(new UnavailableError(`GET ${vendor.host}/q: no whole answer within 120 s`))
  })

  test('is up when the caller says so, with the reason that the caller gives', async () => {
    await using vendor = await answers({ stall: true })
    const stop = new AbortController()
    await using door = open(vendor)
    const asked = door.ask({ signal: stop.signal })
    vendor.stalled.then(() => stop.abort(new Error('interrupted')))
    await expect(asked).rejects.toThrow('interrupted')
  })

  test('of a pause ends with the caller, too', async () => {
    await using vendor = await answers({ status: 500 })
    const stop = new AbortController()
    const sleep = async (_: number, signal: AbortSignal) => {
      stop.abort(new Error('interrupted'))
      signal.throwIfAborted()
    }
    await using door = open(vendor, { sleep })
    await expect(door.ask({ signal: stop.signal })).rejects.toThrow('interrupted')
  })

  test('is not spent on a host that is not there: it is unavailable', async () => {
    const gone = await startVendor([])
    await gone[Symbol.asyncDispose]()
    await using door = open(gone)
    await expect(door.ask()).rejects.toThrow(new UnavailableError(`GET ${gone.host}/q: no whole answer (ECONNREFUSED)`))
    expect(door.lines).toHaveLength(4)
  })
})

describe('a request that queues', () => {
  /** One at a time; the first of two requests holds the turn until it is stopped. */
  async function queue(vendor: Vendor, options: Partial<HttpOptions> = {}) {
    const budgets: AbortController[] = []
    const door = open(vendor, {
      concurrency: 1,
      deadline: () => {
        const over = new AbortController()
        budgets.push(over)
        return over.signal
      },
      ...options,
    })
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()]
    const first = door.ask({ signal: stopFirst.signal })
    const second = door.ask({ signal: stopSecond.signal })
    await vendor.stalled
    return { door, budgets, first, second, stopFirst, stopSecond, [Symbol.asyncDispose]: () => door.http.close() }
  }

  test('spends none of its time budget in the queue, and none of its traced milliseconds', async () => {
    await using vendor = await answers({ stall: true }, { status: 500 }, good)
    await using queued = await queue(vendor, { budget: 2000 })
    expect(queued.budgets).toHaveLength(1)
    queued.door.time.advance(600_000)
    const now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 600_000)
    queued.stopFirst.abort(new Error('stopped'))
    await expect(queued.first).rejects.toThrow('stopped')
    expect(await queued.second).toEqual({ n: 7 })
    clock.mockRestore()
    expect(queued.budgets).toHaveLength(2)
    expect(queued.door.lines.slice(1)).toEqual([expect.stringMatching(/ 500 0 ms$/), expect.stringMatching(/ 200 0 ms$/)])
  })

  test('is never sent once its caller gave up, and those behind it have their turn', async () => {
    await using vendor = await answers({ stall: true }, good)
    await using queued = await queue(vendor)
    const third = queued.door.ask()
    queued.stopSecond.abort(new Error('interrupted'))
    await expect(queued.second).rejects.toThrow('interrupted')
    queued.stopFirst.abort(new Error('stopped'))
    await expect(queued.first).rejects.toThrow('stopped')
    expect(await third).toEqual({ n: 7 })
  })

  test('waits for its own host only', async () => {
    await using vendor = await answers({ stall: true }, good)
    await using other = await answers(good)
    await using queued = await queue(vendor)
    expect(await queued.door.ask({ url: `${other.url}/q` })).toEqual({ n: 7 })
    queued.stopFirst.abort()
    await queued.first.catch(() => {})
    expect(await queued.second).toEqual({ n: 7 })
  })
})

test('no more connections are open at a time than the vendor takes', async () => {
  await using vendor = await answers(good, good, good, good, good, good)
  await using door = open(vendor, { concurrency: 2 })
  await Promise.all(Array.from({ length: 6 }, () => door.ask()))
  expect(vendor.connections()).toBe(2)
})

test('no secret is in any error or trace, however the vendor gives it back', async () => {
  const forms = [
    secret,
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    encodeURIComponent(secret),
  ]
  const echo = { said: forms.join(' '), header: `Basic ${forms[1]}` }
  await using vendor = await startVendor([
    { path: '/q', query: { token: secret }, answer: { status: 400, body: echo } },
    { path: '/q', query: { token: secret }, answer: { status: 200, body: echo } },
    ...Array.from({ length: 4 }, () => ({
      path: '/q',
      query: { token: secret },
      answer: { body: `not JSON: ${forms.join(' ')}` },
    })),
    ...Array.from({ length: 4 }, () => ({ path: '/q', query: { token: secret }, answer: { ...good, cutAfter: 1 } })),
  ])
  await using door = open(vendor)
  const request = { query: { token: secret }, headers: { authorization: `Basic ${forms[1]}` } }
  const errors: unknown[] = []
  for (let at = 0; at < 4; at += 1) errors.push(await door.ask(request).catch((error: unknown) => error))
  expect(errors.map((error) => (error as Error).constructor)).toEqual([
    RefusedError,
    DataError,
    UnavailableError,
    UnavailableError,
  ])
  const shown = `${inspect(errors, { depth: Number.POSITIVE_INFINITY, showHidden: true })}${door.lines.join('\n')}`
  for (const form of forms) expect(shown).not.toContain(form)
})

test('a secret that is part of a value leaves the value alone, and is in no message about it', async () => {
  const body = { n: 7, passport: 'my passport', pin: 123_456 }
  await using vendor = await answers({ body }, { body: { ...body, n: 'pass' } }, { status: 400, body: { error: body } })
  const refuse = (reply: Reply) =>
    reply.status < 300 ? undefined : new RefusedError(`${JSON.stringify(reply.json)} ${reply.text}`)
  await using door = open(vendor, { classify: refuse })
  const whole = z.object({ n: z.number(), passport: z.string(), pin: z.number() })
  const ask = () => door.http.request({ method: 'GET', url: `${vendor.url}/q`, schema: whole, secrets: ['pass', '123456'] })
  expect(await ask()).toEqual(body)
  for (const kind of [DataError, RefusedError]) {
    const error = await ask().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain('…port')
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toMatch(/pass|123456/)
  }
})

test('a defect is not taken for a failure of the network', async () => {
  await using vendor = await startVendor([])
  await using door = open(vendor)
  const error = await door.ask({ headers: { 'bad header': 'x' } }).catch((caught: unknown) => caught)
  expect(error).not.toBeInstanceOf(UnavailableError)
  expect(error).not.toBeInstanceOf(CredentialError)
})

describe('a silence', () => {
  /** Aborts at once those deadlines that are about a silence. */
  const impatient = (milliseconds: number) => (milliseconds === 305_000 ? AbortSignal.abort() : new AbortController().signal)

  test('before an answer begins ends a try, which is made again where that does no harm', async () => {
    await using vendor = await answers({ stall: true }, good)
    let silences = 0
    await using door = open(vendor, {
      deadline: (milliseconds) => {
        if (milliseconds !== 305_000) return new AbortController().signal
        silences += 1
        if (silences > 1) return new AbortController().signal
        const stop = new AbortController()
        void vendor.stalled.then(() => stop.abort())
        return stop.signal
      },
    })
    expect(await door.ask({ idle: 305_000 })).toEqual({ n: 7 })
    expect(door.lines[0]).toContain('too long a silence')
  })

  test('is not what a total is: it says so', async () => {
    await using vendor = await answers()
    await using door = open(vendor, { deadline: impatient })
    await expect(door.ask({ idle: 305_000, method: 'POST' })).rejects.toThrow('no answer began within 305 s')
  })

  test('in the middle of an answer ends it', async () => {
    const body = Buffer.from('{"n":')
    async function* half() {
      yield body
      await new Promise(() => {})
    }
    await using vendor = await startVendor([{ method: 'POST', path: '/q', answer: { chunks: half() } }])
    const stops: AbortController[] = []
    const firsts: Promise<void>[] = []
    await using door = open(vendor, {
      deadline: () => {
        const stop = new AbortController()
        stops.push(stop)
        // The budget's, the beginning's, and then the body's, one after the other.
        if (stops.length > 2) firsts.push(new Promise((resolve) => setImmediate(resolve)).then(() => stop.abort()))
        return stop.signal
      },
    })
    await expect(door.ask({ idle: 305_000, method: 'POST' })).rejects.toThrow(
      /broke off after \d bytes \(nothing came for 305 s\)/,
    )
  })
})

describe('what may have been done', () => {
  test.each([
    ['an error inside a 200', { status: 200, body: { error: 'later' } }],
    ['a timeout of the vendor', { status: 408, body: '' }],
    ['a 503 that says when to come back', { status: 503, headers: { 'retry-after': '1' }, body: '' }],
  ])('is not sent again where that would do it twice: %s', async (_, answer) => {
    await using vendor = await startVendor([{ method: 'POST', path: '/q', json: {}, answer }])
    const later = (reply: Reply) =>
      retryAfter(reply) === undefined ? new UnavailableError('later') : new WaitError('later', { until: new Date(0) })
    await using door = open(vendor, { classify: later })
    await expect(door.ask({ method: 'POST', json: {} })).rejects.toThrow('later')
    expect(door.lines).toHaveLength(1)
  })

  test('is sent again where it was refused for now', async () => {
    const refusal = { status: 429, headers: { 'retry-after': '1' }, body: '' }
    await using vendor = await startVendor([
      { method: 'POST', path: '/q', json: {}, answer: refusal },
      { method: 'POST', path: '/q', json: {}, answer: good },
    ])
    await using door = open(vendor)
    expect(await door.ask({ method: 'POST', json: {} })).toEqual({ n: 7 })
  })
})

test('an answer that holds secrets of its own is quoted nowhere', async () => {
  const body = '[{"key":"somebody-else-s-key"'
  for (const status of [200, 400, 500]) {
    await using vendor = await answers({ status, body }, { status, body }, { status, body }, { status, body })
    await using door = open(vendor)
    const error: unknown = await door.ask({ quiet: true }).catch((cause: unknown) => cause)
    expect(inspect(error, { depth: 9 })).not.toContain('somebody-else')
    if (status !== 400) continue
    for (let left = 0; left < 3; left += 1) await door.ask({ quiet: true }).catch(() => {})
  }
})

test('a delete that is refused after a try which nobody answered says that it may be done', async () => {
  const gone = { status: 404, body: { error: 'unknown' } }
  await using vendor = await startVendor([
    { method: 'DELETE', path: '/q', answer: { status: 504, body: '' } },
    { method: 'DELETE', path: '/q', answer: gone },
    { method: 'DELETE', path: '/q', answer: gone },
  ])
  const classify = ({ status, call }: Reply) => {
    if (status === 504) return new UnavailableError(call)
    return status === 404 ? new RefusedError(`${call} 404`, { remedy: 'look it up', requestId: 'r-1' }) : undefined
  }
  await using door = open(vendor, { classify })
  const told = await door.ask({ method: 'DELETE' }).catch((error: unknown) => error)
  expect(told).toMatchObject({ remedy: 'look it up', requestId: 'r-1' })
  expect(String(told)).toMatch(/404; an earlier try of this call was not answered, and may have deleted it$/)
  await expect(door.ask({ method: 'DELETE' })).rejects.toThrow(/404$/)
})

test('a page is no answer, whatever its status says', async () => {
  const page = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Sign in' }
  await using vendor = await answers(page, page, page, page)
  await using door = open(vendor)
  await expect(door.ask({ accept: 'text' })).rejects.toThrow(
    '200: the answer is a page of HTML, as a proxy or a portal sends it; it begins: <html>Sign in',
  )
})

test('a connection that is cut in the middle is traced as such, and not as a silence', async () => {
  await using vendor = await answers({ body: '{"n":7}', cutAfter: 3 }, good)
  await using door = open(vendor)
  expect(await door.ask({ idle: 305_000 })).toEqual({ n: 7 })
  expect(door.lines[0]).toMatch(/ (?:UND_ERR_SOCKET|ECONNRESET) \d+ ms$/)
})

test('a pause that somebody could notice is told of: until when, and why', async () => {
  await using vendor = await answers({ status: 429, headers: { 'retry-after': '40' }, body: '' }, { status: 500, body: '' }, good)
  const told: [string, string][] = []
  const now = new Date('2026-11-16T07:00:00Z')
  await using door = open(vendor, {
    clock: () => now,
    sleep: async () => {},
    waits: (until, why) => told.push([until.toISOString(), why]),
  })
  expect(await door.ask()).toEqual({ n: 7 })
  expect(told).toEqual([['2026-11-16T07:00:40.000Z', expect.stringContaining('429')]])
})
