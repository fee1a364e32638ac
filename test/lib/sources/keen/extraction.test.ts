import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError } from '../../../../lib/errors.ts'
import type { ExtractionEachAsked } from '../../../../lib/sources/keen/extraction.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { base, keys, openDoor } from './door.ts'

const cap = 100_000
const path = `${base}/queries/extraction`
const headers = { authorization: keys.read }
type Window = { readonly start: string; readonly end: string }

/** Events `{"n": 0}`, `{"n": 1}` …, as they come. */
function* list(events: number): Generator<Buffer, void> {
  yield Buffer.from('{"result": [')
  for (let at = 0; at < events; at += 10_000) {
    const some = Array.from(
      { length: Math.min(10_000, events - at) },
      (_, more) => `${at + more === 0 ? '' : ','}{"n":${at + more}}`,
    )
    yield Buffer.from(some.join(''))
  }
  yield Buffer.from(']}')
}
const events = (count: number): Payload => ({ chunks: list(count) })

const extraction = (timeframe: Window | string, answer: Payload): Expected => ({
  method: 'POST',
  path,
  headers,
  json: { event_collection: 'a', timeframe },
  answer,
})
const counted = (timeframe: Window, result: number | null): Expected => ({
  method: 'POST',
  path: `${base}/queries/count`,
  headers,
  json: { event_collection: 'a', timeframe },
  answer: { body: { result } },
})

/** How many events came, the first and last of them, and what it ended with. */
async function read(expected: readonly Expected[], parameters: Omit<ExtractionEachAsked, 'event_collection'>) {
  await using vendor = await startVendor(expected)
  await using door = openDoor(vendor)
  let count = 0
  const ns: unknown[] = []
  try {
    for await (const { n } of door.client.extractionEach({ event_collection: 'a', ...parameters })) {
      count += 1
      if (n === 0) ns.push(count)
    }
    return { count, starts: ns, error: undefined }
  } catch (error) {
    return { count, starts: ns, error }
  }
}

describe('events one by one', () => {
  test('come as they are', async () => {
    const event = JSON.parse('{"keen":{"timestamp":"2012-07-30T21:21:46.566000+00:00"},"__proto__":1,"s":"ü],}"}')
    const answer = { body: { result: [event, {}] }, gzip: 'whole' } as const
    const json = { event_collection: 'a', timeframe: 'today', property_names: ['s'] }
    await using vendor = await startVendor([{ method: 'POST', path, headers, json, answer }])
    await using door = openDoor(vendor)
    const all: object[] = []
    for await (const one of door.client.extractionEach({ ...json, property_names: 's' })) all.push(one)
    expect(all.map((one) => JSON.stringify(one))).toEqual([JSON.stringify(event), '{}'])
  })

  test('that reach the vendor’s cap end with an error, after all that came', async () => {
    const { count, error } = await read([extraction('today', events(cap))], { timeframe: 'today' })
    expect(count).toBe(cap)
    expect(error).toBeInstanceOf(RefusedError)
    expect((error as RefusedError).remedy).toContain('halves')
  })

  test('that are one fewer are all', async () => {
    expect(await read([extraction('today', events(cap - 1))], { timeframe: 'today' })).toMatchObject({
      count: cap - 1,
      error: undefined,
    })
  })

  test('of the latest so many are all that was asked for', async () => {
    const request = { ...extraction('today', events(cap)), json: { event_collection: 'a', timeframe: 'today', latest: cap } }
    expect(await read([request], { timeframe: 'today', latest: cap })).toMatchObject({ count: cap, error: undefined })
  })

  test.each([
    ['an error inside a 200', { message: 'no', error_code: 'InvalidPropertyNameForGeoFilter' }, RefusedError],
    ['a key that is not taken, inside a 200', { message: `not ${keys.read}`, error_code: 'InvalidApiKeyError' }, CredentialError],
    ['no list', { result: { n: 1 } }, DataError],
    ['an event that is no object', { result: [3] }, DataError],
  ])('%s is told', async (_, body, kind) => {
    const { count, error } = await read([extraction('today', { body })], { timeframe: 'today' })
    expect(count).toBe(0)
    expect(error).toBeInstanceOf(kind)
    expect(String(error)).not.toContain(keys.read)
  })

  test('an answer that breaks off is told, after the events that came', async () => {
    const body = { result: [{ n: 0 }, { n: 1 }, { n: 2 }] }
    const { count, error } = await read([extraction('today', { body, cutAfter: 28 })], { timeframe: 'today' })
    expect(count).toBeGreaterThan(0)
    expect(error).toBeInstanceOf(UnavailableError)
  })

  test('a mail is another call, which is said', async () => {
    const { count, error } = await read([], { timeframe: 'today', ...({ email: 'a@example.com' } as object) })
    expect([count, String(error)]).toEqual([0, expect.stringContaining('`extractionEmail` has a link mailed')])
  })

  test('whoever has enough closes the answer', async () => {
    await using vendor = await startVendor([extraction('today', events(50_000)), extraction('today', events(1))])
    await using door = openDoor(vendor)
    for await (const _ of door.client.extractionEach({ event_collection: 'a', timeframe: 'today' })) break
    let count = 0
    for await (const _ of door.client.extractionEach({ event_collection: 'a', timeframe: 'today' })) count += 1
    expect(count).toBeLessThanOrEqual(50_000)
  })
})

describe('halves', () => {
  const whole = { start: '2026-11-09', end: '2026-11-11' }
  const z = (text: string) => `${text}.000Z`
  const first = { start: z('2026-11-09T00:00:00'), end: z('2026-11-10T00:00:00') }
  const second = { start: z('2026-11-10T00:00:00'), end: z('2026-11-11T00:00:00') }

  test('are not asked for where all fit, also where they just fit', async () => {
    const requests = [counted(whole, cap), extraction(whole, events(cap))]
    expect(await read(requests, { timeframe: whole, halves: true })).toEqual({ count: cap, starts: [1], error: undefined })
  })

  test('are asked for one after the other, and in halves again', async () => {
    const early = { start: first.start, end: z('2026-11-09T12:00:00') }
    const late = { start: early.end, end: first.end }
    const requests = [
      counted(whole, 240_000),
      counted(first, 150_000),
      counted(early, 70_000),
      extraction(early, events(70_000)),
      counted(late, 80_000),
      extraction(late, events(80_000)),
      counted(second, 90_000),
      extraction(second, events(90_000)),
    ]
    expect(await read(requests, { timeframe: whole, halves: true })).toEqual({
      count: 240_000,
      starts: [1, 70_001, 150_001],
      error: undefined,
    })
  })

  test.each([
    ['a zone', 'Europe/Berlin', '2026-10-24T22:00:00', '2026-10-25T10:30:00', '2026-10-25T23:00:00'],
    ['seconds east of UTC', 19_800, '2026-10-24T18:30:00', '2026-10-25T06:30:00', '2026-10-25T18:30:00'],
    ['nothing said', undefined, '2026-10-25T00:00:00', '2026-10-25T12:00:00', '2026-10-26T00:00:00'],
  ])('of dates are of the day in %s, also where clocks change', async (_, timezone, start, middle, end) => {
    const timeframe = { start: '2026-10-25', end: '2026-10-26' }
    const own = timezone === undefined ? {} : { timezone }
    const withZone = (request: Expected): Expected => ({ ...request, json: { ...(request.json as object), ...own } })
    const [one, two] = [
      { start: z(start), end: z(middle) },
      { start: z(middle), end: z(end) },
    ]
    const requests = [
      counted(timeframe, cap + 1),
      counted(one, 1),
      extraction(one, events(1)),
      counted(two, 2),
      extraction(two, events(2)),
    ].map(withZone)
    expect(await read(requests, { timeframe, ...own, halves: true })).toMatchObject({ count: 3, error: undefined })
  })

  test('of one millisecond are none', async () => {
    const instant = { start: '2026-11-09T00:00:00.001Z', end: '2026-11-09T00:00:00.002Z' }
    const { count, error } = await read([counted(instant, cap + 1)], { timeframe: instant, halves: true })
    expect(count).toBe(0)
    expect(error).toBeInstanceOf(RefusedError)
    expect((error as Error).message).toContain('too short for halves')
  })

  test('that were counted as fewer than came are told', async () => {
    const requests = [counted(whole, cap - 5), extraction(whole, events(cap))]
    const { error } = await read(requests, { timeframe: whole, halves: true })
    expect(error).toBeInstanceOf(RefusedError)
  })

  test('have the filters of the whole', async () => {
    const filters = [{ property_name: 'a', operator: 'eq', property_value: 1 }]
    const asked = { event_collection: 'a', timeframe: whole, filters }
    const requests = [
      { ...counted(whole, 1), json: asked },
      { ...extraction(whole, events(1)), json: { ...asked, property_names: ['n'] } },
    ]
    expect(await read(requests, { timeframe: whole, filters, property_names: ['n'], halves: true })).toMatchObject({ count: 1 })
  })

  test.each([
    [{ timeframe: 'this_3_days', halves: true }, 'start and end'],
    [{ halves: true }, 'start and end'],
    [{ timeframe: whole, latest: 5, halves: true }, 'the latest of each half'],
    [{ timeframe: whole, halves: 'yes' as never }, 'halves'],
  ])('%j asks for nothing', async (parameters, words) => {
    const { error } = await read([], parameters)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain(words)
  })
})
