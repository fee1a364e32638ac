import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../../lib/errors.ts'
import type { Ledger } from '../../../../lib/ledger.ts'
import type { RawExport } from '../../../../lib/sources/mixpanel/export.ts'
import { eventsOf, exportCalls } from '../../../../lib/sources/mixpanel/export.ts'
import type { ExportedEvent } from '../../../../lib/sources/mixpanel/export-lines.ts'
import type { Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import {
  account,
  answers,
  basic,
  drain,
  enter,
  expected,
  failureOf,
  packed,
  parsed,
  range,
  secret,
  sent,
  two,
} from './exporting.ts'

describe('the raw export', () => {
  test('is what the vendor sends, byte for byte', async () => {
    const body = gzipSync(two)
    await using vendor = await startVendor([
      {
        path: '/api/2.0/export',
        query: {
          ...sent,
          workspace_id: '99',
          event: '["Sign Up","País \\"x\\""]',
          where: 'properties["a"] == "ü&"',
          limit: '100000',
          time_in_ms: 'true',
        },
        headers: { authorization: basic, 'accept-encoding': 'gzip' },
        answer: packed(two),
      },
    ])
    await using door = enter(vendor, { workspace: '99' })
    const raw = await door.client.export({
      ...range,
      event: ['Sign Up', 'País "x"'],
      where: 'properties["a"] == "ü&"',
      limit: 100_000,
      time_in_ms: true,
    })
    expect(raw).toMatchObject({ encoding: 'gzip', requestId: 'mp-1', call: `GET ${vendor.host}/api/2.0/export` })
    expect(await buffer(raw.body)).toEqual(body)
    expect(door.lines).toEqual([expect.stringMatching(/^GET 127\.0\.0\.1:\d+\/api\/2\.0\/export 200 \d+ ms$/)])
  })

  test('that is small comes unpacked', async () => {
    await using vendor = await answers({ body: two }, { body: two, headers: { 'content-encoding': 'identity' } })
    await using door = enter(vendor)
    for (let at = 0; at < 2; at += 1) {
      const raw = await door.client.export(range)
      expect(raw.encoding).toBeUndefined()
      expect(String(await buffer(raw.body))).toBe(two)
    }
  })

  test('packed in a way that was not asked for is refused', async () => {
    await using vendor = await answers(packed(two, { headers: { 'content-encoding': 'br' } }))
    await using door = enter(vendor)
    expect(await failureOf(door.client.export(range))).toMatchObject({ kind: 'refused', message: expect.stringContaining('br') })
  })

  test('of one event sends it as a list', async () => {
    await using vendor = await startVendor([{ ...expected({ body: '' }), query: { ...sent, event: '["Sign Up"]' } }])
    await using door = enter(vendor)
    await buffer((await door.client.export({ ...range, event: 'Sign Up' })).body)
  })

  test.each([
    ['from_date', { to_date: '2026-11-09' }],
    ['to_date', { from_date: '2026-11-09' }],
    ['from_date', { from_date: '2026-11-10', to_date: '2026-11-09' }],
    ['to_date', { from_date: '2026-11-10', to_date: '2026-11-31' }],
    ['event', { ...range, event: [] }],
    ['event', { ...range, event: '' }],
    ['event', { ...range, event: '["Sign Up", "Charge"]' }],
    ['limit', { ...range, limit: 100_001 }],
    ['limit', { ...range, limit: 0 }],
    ['time_in_ms', { ...range, time_in_ms: 'true' }],
    ['where', { ...range, where: '' }],
    ['interval', { ...range, interval: 1 }],
  ])('is not asked for with a wrong %s', async (word, parameters) => {
    await using vendor = await startVendor([])
    await using door = enter(vendor)
    for (const error of [
      await failureOf(door.client.export(parameters as never)),
      (await drain(door.client.exportEvents(parameters as never))).error,
    ]) {
      expect(error).toBeInstanceOf(UsageError)
      expect((error as Error).message).toContain(word)
    }
  })

  // It is 16 November in UTC, and somewhere the 17th for most of the day.
  test('of a day that has begun nowhere is not asked for', async () => {
    const ahead = { from_date: '2026-11-09', to_date: '2026-11-17' }
    const clock = (text: string) => ({ clock: () => new Date(text) })
    await using vendor = await startVendor([{ ...expected({ body: '' }), query: { ...sent, ...ahead } }])
    await using early = enter(vendor, clock('2026-11-16T09:59:59Z'))
    for (const error of [await failureOf(early.client.export(ahead)), (await drain(early.client.exportEvents(ahead))).error]) {
      expect(error).toBeInstanceOf(UsageError)
      expect((error as Error).message).toContain('`to_date` is 2026-11-17, and nowhere is it later than 2026-11-16')
    }
    await using later = enter(vendor, clock('2026-11-16T10:00:00Z'))
    await buffer((await later.client.export(ahead)).body)
  })

  test('takes a service account or the project secret, and no signature', async () => {
    const projectSecret = '0123456789abcdef0123456789abcdef'
    const authorization = `Basic ${Buffer.from(`${projectSecret}:`).toString('base64')}`
    await using vendor = await startVendor([{ ...expected({ body: two }), query: range, headers: { authorization } }])
    await using door = enter(vendor, { credential: async () => projectSecret })
    expect((await drain(door.client.exportEvents(range))).events).toEqual(parsed)
    await using signing = enter(vendor, { credential: async () => '{"api_key":"abcd1234","api_secret":"efgh5678"}' })
    const error = await failureOf(signing.client.export(range))
    expect(error).toBeInstanceOf(CredentialError)
    expect((error as Error).message).toContain('invalid parameter: sig')
  })

  test('is known to the command line by both of its names', () => {
    expect(Object.keys(exportCalls)).toEqual(['export', 'exportEvents'])
    expect(exportCalls.export.parameters.safeParse(range).success).toBe(true)
  })
})

describe('events', () => {
  test.each([
    ['packed', packed(two)],
    ['unpacked', { body: two }],
    ['in two gzip members', { ...packed(''), body: Buffer.concat([gzipSync(two.slice(0, 40)), gzipSync(two.slice(40))]) }],
    ['in pieces without a length', { ...packed(''), chunks: Array.from(gzipSync(two), (byte) => Uint8Array.of(byte)) }],
  ] as [string, Payload][])('of an export %s', async (_, payload) => {
    await using vendor = await answers(payload)
    await using door = enter(vendor)
    expect(await drain(door.client.exportEvents(range))).toEqual({ events: parsed })
  })

  test.each([
    ['an empty body', { body: '' }],
    ['a gzip of nothing', packed('')],
  ])('of %s are none', async (_, payload) => {
    await using vendor = await answers(payload)
    await using door = enter(vendor)
    expect(await drain(door.client.exportEvents(range))).toEqual({ events: [] })
  })

  test.each([
    ['blank lines are skipped', ['\n\n{"event":"a","properties":{"a": 1}}\n \n{"event":"b","properties":{}}\n'], 2],
    ['\\r\\n', ['{"event":"a","properties":{}}\r\n{"event":"b","properties":{}}\r\n'], 2],
    ['no line break at the end', ['{"event":"a","properties":{}}\n{"event":"b","properties":{}}'], 2],
    ['a line in two chunks', ['{"event":"a","properties":{}}\n{"event":', '"b","properties":{}}\n'], 2],
    ['a character in two chunks', ['{"event":"\u00f0\u009f', '\u0098\u0080","properties":{}}\n'], 1],
  ] as [string, string[], number][])('come whole from chunks: %s', async (_, chunks, count) => {
    const bytes = chunks.map((chunk) => Buffer.from(chunk, 'latin1'))
    for (const encoding of ['gzip', undefined] as const) {
      const whole = gzipSync(Buffer.concat(bytes))
      const body = Readable.from(
        encoding === 'gzip' ? [whole.subarray(0, 11), whole.subarray(11, 13), whole.subarray(13)] : bytes,
      )
      const raw: RawExport = { call: 'GET x', requestId: undefined, redact: (text) => text, encoding, body }
      const { events, error } = await drain(eventsOf(async () => raw))
      expect(error).toBeUndefined()
      expect(events).toHaveLength(count)
      if (count === 1) expect(events[0]?.event).toBe('😀')
    }
  })

  test('are asked for when the first one is, and not before', async () => {
    await using vendor = await startVendor([])
    await using door = enter(vendor)
    const events = door.client.exportEvents(range)
    await new Promise(setImmediate)
    await events.return()
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  test('may be left early: socket and turn are free again', async () => {
    const left: Promise<void>[] = []
    const endless = (_: unknown, at: number): Payload => {
      const piece = Buffer.from(two.repeat(100))
      const gzip = at % 2 === 1
      const { promise, resolve } = Promise.withResolvers<void>()
      left.push(promise)
      function* chunks() {
        try {
          for (;;) yield gzip ? gzipSync(piece) : piece
        } finally {
          resolve()
        }
      }
      return gzip ? packed('', { chunks: chunks() }) : { chunks: chunks() }
    }
    // More than may be open at a time.
    await using vendor = await answers(...Array.from({ length: 9 }, endless))
    await using door = enter(vendor)
    for (let at = 0; at < 9; at += 1) {
      for await (const event of door.client.exportEvents(range)) {
        expect(event).toEqual(parsed[0])
        break
      }
      await left[at]
    }
  })

  test('end with the caller', async () => {
    const stop = new AbortController()
    async function* chunks() {
      yield Buffer.from(two)
      await new Promise(() => {})
    }
    await using vendor = await answers({ chunks: chunks() })
    await using door = enter(vendor)
    const seen: ExportedEvent[] = []
    const reading = (async () => {
      for await (const event of door.client.exportEvents(range, stop.signal)) {
        seen.push(event)
        if (seen.length === 2) stop.abort(new Error('interrupted'))
      }
    })()
    expect(await failureOf(reading)).toMatchObject({ message: 'interrupted' })
    expect(seen).toEqual(parsed)
  })
})

describe('what the vendor refuses', () => {
  const tooMany = 'too many export requests in progress for this project'

  test.each([
    [
      'a day to come',
      { status: 400, body: 'to_date cannot be later than today', headers: { 'content-type': 'text/plain' } },
      RefusedError,
      'time zone of the project',
    ],
    ['a plan without export', { status: 402, body: { error: 'Your plan does not allow API calls.' } }, RefusedError, 'upgrade'],
    [
      'a plan that goes back less',
      { status: 403, body: { error: 'Date range exceeds 90 days into the past' } },
      RefusedError,
      '90 days',
    ],
    ['no permission', { status: 403, body: { error: 'Permission denied' } }, CredentialError, 'access to project 1234567'],
    ['a bad account', { status: 401, body: { error: 'Invalid credentials' } }, CredentialError, 'ssm:/broadsheet/product'],
    ['another region', { status: 400, body: { error: 'invalid project id for cluster.' } }, RefusedError, 'to us or in'],
  ] as const)('is told apart: %s', async (_, payload, kind, remedy) => {
    await using vendor = await answers({ ...payload, headers: { 'x-request-id': 'mp-2' } })
    await using door = enter(vendor)
    const error = await failureOf(door.client.export(range))
    expect(error).toBeInstanceOf(kind)
    const text = typeof payload.body === 'string' ? payload.body : payload.body.error
    expect(error).toMatchObject({
      requestId: 'mp-2',
      message: `GET ${vendor.host}/api/2.0/export ${payload.status}: ${text}`,
      remedy: expect.stringContaining(remedy),
    })
    // The way round a query is the export itself.
    expect((error as CredentialError).remedy).not.toContain('lake')
  })

  test.each([
    ['with its time', { 'retry-after': '1800' }, tooMany, '07:30'],
    ['with its time and other words', { 'retry-after': '3600' }, 'rate limit exceeded', '08:00'],
    ['by the header of queries', { ratelimit: '"project";r=0;t=1200' }, 'rate limit exceeded', '07:20'],
  ])('as too many waits: %s', async (_, headers, error, until) => {
    await using vendor = await answers({ status: 429, headers, body: { error } })
    await using door = enter(vendor)
    const thrown = await failureOf(door.client.export(range))
    expect(thrown).toBeInstanceOf(WaitError)
    expect(thrown).toMatchObject({ until: new Date(`2026-11-16T${until}:00Z`) })
  })

  test('as too many at a time is asked for again, after a minute where no time is given', async () => {
    await using vendor = await answers(
      { status: 429, body: { error: tooMany } },
      { status: 429, body: tooMany, headers: { 'retry-after': '30' } },
      { body: two },
    )
    await using door = enter(vendor)
    expect((await drain(door.client.exportEvents(range))).events).toEqual(parsed)
    expect(door.time.slept).toEqual([60_000, 30_000])
  })

  test('for now is tried again, until the answer began', async () => {
    await using vendor = await answers({ status: 502, body: '' }, { status: 429 }, { ...packed(two), cutAfter: 50 })
    await using door = enter(vendor)
    expect((await drain(door.client.exportEvents(range))).error).toBeInstanceOf(UnavailableError)
    expect(door.time.slept).toEqual([750, 1500])
  })

  test('is a credential that was replaced: it is read once more', async () => {
    const other = `Basic ${Buffer.from('exports:a-newer-secret').toString('base64')}`
    await using vendor = await startVendor([
      { ...expected({ status: 401, body: { error: 'Invalid credentials' } }), headers: { authorization: basic } },
      { ...expected({ body: two }), headers: { authorization: other } },
    ])
    const credential = async (again: boolean) => (again ? 'exports:a-newer-secret' : JSON.stringify(account))
    await using door = enter(vendor, { credential })
    expect((await drain(door.client.exportEvents(range))).events).toEqual(parsed)
  })
})

describe('limits', () => {
  test('three start in a second, at the most', async () => {
    await using vendor = await answers(...Array.from({ length: 6 }, () => ({ body: '' })))
    await using door = enter(vendor)
    for (let at = 0; at < 4; at += 1) await drain(door.client.exportEvents(range))
    expect(door.time.slept).toEqual([334, 334, 334])
    door.time.advance(200)
    await drain(door.client.exportEvents(range))
    door.time.advance(334)
    await drain(door.client.exportEvents(range))
    expect(door.time.slept).toEqual([334, 334, 334, 134])
  })

  test('four run at a time, and queries are not among them', async () => {
    const begun: (() => void)[] = []
    const held = (): Payload => {
      const { promise, resolve } = Promise.withResolvers<void>()
      async function* chunks() {
        begun.push(resolve)
        yield Buffer.from(two)
        await promise
      }
      return { chunks: chunks() }
    }
    const funnels = { path: '/api/query/funnels/list', query: { project_id: '1234567' }, answer: { body: [] } }
    await using vendor = await startVendor([...Array.from({ length: 5 }, () => expected(held())), funnels])
    await using door = enter(vendor)
    const all = Array.from({ length: 5 }, () => drain(door.client.exportEvents(range)))
    while (begun.length < 4) await new Promise(setImmediate)
    expect(await door.client.funnelsList()).toEqual([])
    expect(begun).toHaveLength(4)
    begun[0]?.()
    while (begun.length < 5) await new Promise(setImmediate)
    for (const end of begun) end()
    for (const { events } of await Promise.all(all)) expect(events).toEqual(parsed)
  })

  /** A ledger that writes down what is done with it. */
  function notes(refuse?: WaitError) {
    const noted: string[] = []
    const ledger: Ledger = {
      async take({ name, perHour }) {
        if (refuse !== undefined) throw refuse
        noted.push(`take ${name} of ${perHour}`)
        return {
          async giveBack() {
            noted.push('give back')
          },
        }
      },
      async block({ name }, until) {
        noted.push(`block ${name} until ${until.toISOString()}`)
      },
    }
    return { noted, ledger }
  }

  test('of the hour are kept with all who export the project, apart from queries', async () => {
    const { noted, ledger } = notes()
    await using vendor = await answers(
      { status: 500 },
      packed(two),
      { status: 429, headers: { 'retry-after': '1800' } },
      { status: 402, body: { error: 'no' } },
    )
    await using door = enter(vendor, { ledger, perHour: 5 })
    const take = 'take mixpanel-eu-1234567-export of 60'
    await drain(door.client.exportEvents(range))
    expect(noted.splice(0)).toEqual([take, take])
    await failureOf(door.client.export(range))
    const block = expect.stringMatching(/^block mixpanel-eu-1234567-export until 2026-11-16T07:30:0/)
    expect(noted.splice(0)).toEqual([take, 'give back', block])
    await failureOf(door.client.export(range))
    expect(noted.splice(0)).toEqual([take, 'give back'])
  })

  test('of the hour that are used up are not tried at the vendor', async () => {
    const wait = new WaitError('60 exports in the last hour', { until: new Date('2026-11-16T07:50:00Z') })
    await using vendor = await startVendor([])
    await using door = enter(vendor, { ledger: notes(wait).ledger })
    expect(await failureOf(door.client.export(range))).toBe(wait)
  })
})

test('no secret is in any error, trace or described export', async () => {
  const echo = `you sent ${basic.slice('Basic '.length)} which is ${account.username}:${secret}`
  const payloads: Payload[] = [
    { status: 400, body: echo },
    { status: 401, body: { error: echo } },
    { body: `{"error":"${echo}"}` },
    { body: `${two}{"error":"${echo}"}` },
    { body: `<p>${echo}` },
    { body: `${echo}terminated early` },
    { body: `{"event" :"${echo}"}` },
    { body: `${two}${echo}` },
    packed(`${two}{"error":"${echo}"}`, { cutAfter: 150 }),
  ]
  for (const payload of payloads) {
    await using vendor = await answers(payload)
    await using door = enter(vendor)
    const { error } = await drain(door.client.exportEvents(range))
    expect(error).toBeInstanceOf(Error)
    const shown = `${inspect(error, { depth: 9, showHidden: true })}${door.lines.join('\n')}`
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain(basic.slice('Basic '.length))
  }
})

test('closing the client ends what is still open', async () => {
  await using vendor = await answers({ chunks: Array.from({ length: 500 }, () => Buffer.alloc(65_536, '\n')) })
  const door = enter(vendor)
  const raw = await door.client.export(range)
  await door.client.close()
  expect(await failureOf(buffer(raw.body))).toBeInstanceOf(UnavailableError)
})
