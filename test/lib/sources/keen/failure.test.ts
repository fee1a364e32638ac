import { describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UnavailableError, WaitError } from '../../../../lib/errors.ts'
import type { Reply } from '../../../../lib/http.ts'
import { failureOfReply } from '../../../../lib/sources/keen/failure.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { base, keys, openDoor } from './door.ts'

const receivedAt = new Date('2026-11-16T07:00:00Z')

function failure(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const json = typeof body === 'string' ? undefined : body
  const reply: Reply = { call: 'POST api.keen.io/q', status, headers, text, json, requestId: 'r1', receivedAt }
  return failureOfReply(reply)
}
const said = (error_code: string, message = 'so it is') => ({ message, error_code })

const geo =
  "You specified a geo filter on a property other than keen.location.coordinates, which is not allowed. You specified: ''."

describe('what a reply means', () => {
  test.each([
    [400, said('InvalidEventError'), RefusedError, 'mend the event'],
    [400, said('NamespaceTypeError'), RefusedError, 'keeps the type that it came with first'],
    [400, said('InvalidBatchError'), RefusedError, 'lists by the name'],
    [400, said('InvalidPropertyNameError'), RefusedError, 'no period'],
    [400, said('ListsOfNonPrimitivesNotAllowedError'), RefusedError, 'texts, numbers and booleans'],
    [400, said('InvalidKeenNamespaceProperty'), RefusedError, 'the vendor’s own object'],
    [400, said('InvalidPropertyNameForGeoFilter', geo), RefusedError, 'keen.location.coordinates alone'],
    [400, said('SomethingElse'), RefusedError, 'check what was sent'],
    [401, said('InvalidApiKeyError'), CredentialError, undefined],
    [401, said('AdminOnlyEndpointError', 'authorization error'), CredentialError, undefined],
    [401, '', CredentialError, undefined],
    [402, said('X'), RefusedError, 'paid'],
    [403, said('X'), RefusedError, 'does not permit'],
    [404, said('ResourceNotFoundError'), RefusedError, 'look up the name'],
    [404, '<html>', RefusedError, 'look up the name'],
    [413, said('X'), RefusedError, '900 KB'],
    [302, '', RefusedError, '`url`'],
    [408, '', UnavailableError, undefined],
    [500, said('InternalServerError'), UnavailableError, undefined],
    [502, '<html>', UnavailableError, undefined],
    [503, 'timeout', UnavailableError, 'after 300 seconds'],
    [504, said('GatewayTimeout'), UnavailableError, 'after 300 seconds'],
    // The same inside a 200.
    [200, said('InvalidPropertyNameForGeoFilter', geo), RefusedError, 'keen.location.coordinates alone'],
    [200, said('InvalidApiKeyError'), CredentialError, undefined],
    [200, said('ResourceNotFoundError'), RefusedError, 'look up the name'],
    [201, said('InternalServerError'), UnavailableError, undefined],
    [200, said('SomethingElse'), RefusedError, 'check what was sent'],
    [200, { error_code: 4711 }, RefusedError, 'check what was sent'],
    // No word of the vendor's, and one that every object has.
    [400, said('constructor'), RefusedError, 'check what was sent'],
    [500, said('toString'), UnavailableError, undefined],
  ] as const)('%i %j', (status, body, kind, remedy) => {
    const error = failure(status, body)
    expect(error).toBeInstanceOf(kind)
    expect(error?.message).toContain(`POST api.keen.io/q ${status}: `)
    expect(error?.requestId).toBe('r1')
    if (remedy === undefined) expect(error?.remedy).toBeUndefined()
    else expect(error?.remedy).toContain(remedy)
  })

  test.each([
    [200, { result: 3 }],
    [200, { result: [], message: 'a property of a dataset' }],
    [200, { error_code: [{ success: true }] }],
    [200, []],
    [200, null],
    [200, 'text'],
    [201, { created: true }],
    [204, ''],
  ])('%i %j is good', (status, body) => {
    expect(failure(status, body)).toBeUndefined()
  })

  test('a key that is called invalid for one thing may be good for another', () => {
    const text = "Specified API Key is invalid. API Key: 'None'."
    expect(failure(401, said('InvalidApiKeyError', text))).toMatchObject({ everywhere: false })
    expect(failure(401, '')).toMatchObject({ everywhere: false })
  })

  test('the vendor’s words and ids are kept', () => {
    const ids = { stacktrace_id: '-19', unique_id: '-19-1426114279106' }
    expect(failure(500, { message: 'Oof', error_code: 'InternalServerError', ...ids })?.message).toBe(
      'POST api.keen.io/q 500: Oof (InternalServerError) [-19-1426114279106]',
    )
    expect(failure(400, { message: 'no code' })?.message).toBe('POST api.keen.io/q 400: no code')
    expect(failure(502, '<html>\n  Bad gateway')?.message).toBe('POST api.keen.io/q 502: <html> Bad gateway')
  })

  test.each([
    [429, {}, '2026-11-16T07:01:00.000Z'],
    [429, { 'retry-after': '7' }, '2026-11-16T07:00:07.000Z'],
    [503, { 'retry-after': '9' }, '2026-11-16T07:00:09.000Z'],
  ])('%i with %j is waited for', (status, headers, until) => {
    const error = failure(status, said('TooMany'), headers)
    expect(error).toBeInstanceOf(WaitError)
    expect((error as WaitError).until.toISOString()).toBe(until)
  })
})

describe('a client', () => {
  const request = { method: 'POST', path: `${base}/queries/count`, json: { event_collection: 'a' } }

  test('waits a minute where there were too many, and asks again', async () => {
    await using vendor = await startVendor([
      { ...request, answer: { status: 429, body: said('TooManyRequests') } },
      { ...request, answer: { body: { result: 4 } } },
    ])
    await using door = openDoor(vendor)
    expect(await door.client.count({ event_collection: 'a' })).toEqual([{ value: 4 }])
    expect(door.time.slept).toEqual([60_000])
  })

  test('asks again after a failure of the vendor’s', async () => {
    await using vendor = await startVendor([
      { ...request, answer: { status: 500, body: said('InternalServerError') } },
      { ...request, answer: { body: said('InternalServerError') } },
      { ...request, answer: { body: '<html>' } },
      { ...request, answer: { body: { result: 4 } } },
    ])
    await using door = openDoor(vendor)
    expect(await door.client.count({ event_collection: 'a' })).toEqual([{ value: 4 }])
  })

  test('says which key was not taken and where it stands, and not what it is', async () => {
    const answer = { status: 401, body: said('InvalidApiKeyError', `Specified API Key is invalid. API Key: '${keys.read}'`) }
    await using vendor = await startVendor([{ ...request, answer }])
    await using door = openDoor(vendor)
    const error = await door.client.count({ event_collection: 'a' }).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(CredentialError)
    const { message, remedy, stack } = error as CredentialError
    expect(message).toContain("401: Specified API Key is invalid. API Key: '…' (InvalidApiKeyError)")
    expect(remedy).toContain('the read key of ssm:/broadsheet/shop')
    expect(`${message}${remedy}${stack}${door.lines}`).not.toContain(keys.read)
  })

  test('is refused at once where the vendor says so inside a 200', async () => {
    await using vendor = await startVendor([{ ...request, answer: { body: said('InvalidPropertyNameForGeoFilter', geo) } }])
    await using door = openDoor(vendor)
    await expect(door.client.count({ event_collection: 'a' })).rejects.toThrow(RefusedError)
    expect(door.lines).toHaveLength(1)
  })
})
