import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../../lib/errors.ts'
import type { KeenOptions } from '../../../../lib/sources/keen/client.ts'
import { createKeenClient } from '../../../../lib/sources/keen/client.ts'
import { config } from '../../../../lib/sources/keen/schema.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { openDoor } from './door.ts'

const credential = async () => '{"read":"R-51be77a0"}'

describe('an option of a client is refused before anybody is asked:', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ project: 'a/../b' }, '✖ `project`: a project id has letters and digits only'],
    [{ project: '..' }, '✖ `project`'],
    [{ project: '' }, '✖ `project`'],
    [{ project: 'a?b' }, '✖ `project`'],
    [{ project: null }, '✖ `project`'],
    [{ url: 'http://keen.example.com' }, 'is not https; plain http is for this machine alone'],
    [{ url: 'https://ann:secret@keen.example.com' }, 'an address holds no user or password'],
    [{ url: 'keen.example.com' }, 'is not an address'],
    [{ getTimeout: '5 minutes' }, '✖ `getTimeout`: a timeout is a whole number of milliseconds'],
    [{ postTimeout: '5 minutes' }, '✖ `postTimeout`: a timeout is a whole number of milliseconds'],
    [{ getTimeout: Number.NaN }, '✖ `getTimeout`: a timeout is a whole number of milliseconds'],
    [{ getTimeout: 0 }, 'milliseconds, from 1 to 2147483647'],
    [{ getTimeout: 1.5 }, '✖ `getTimeout`: a timeout is a whole number of milliseconds'],
    // A timer that long ends at once.
    [{ postTimeout: 2 ** 31 }, '✖ `postTimeout`: a timeout'],
    [{ credential: undefined }, '✖ `credential` is needed: a function that gives the credential'],
    [{ credential: 'R-51be77a0' }, '✖ `credential`: a function that gives the credential'],
    [{ credentials: '' }, '✖ `credentials` is an empty text'],
  ])('%j', (wrong, words) => {
    const make = () => createKeenClient({ project: '5f1e0c', credential, ...wrong } as KeenOptions)
    expect(make).toThrow(UsageError)
    expect(make).toThrow('createKeenClient: ✖')
    expect(make).toThrow(words)
    expect(make).not.toThrow(/51be77a0|ann|secret@/)
  })

  test('none at all', () => {
    expect(() => createKeenClient(undefined as never)).toThrow(UsageError)
  })

  test('every one that is wrong is told', () => {
    const make = () => createKeenClient({ project: '/', url: 'ftp://x', getTimeout: -1 } as never)
    for (const name of ['project', 'url', 'getTimeout', 'credential']) expect(make).toThrow(`✖ \`${name}\``)
  })
})

test('a program without types may give the project as the number that YAML reads', async () => {
  await using vendor = await startVendor([
    { method: 'POST', path: '/3.0/projects/51/queries/count', json: { event_collection: 'a' }, answer: { body: { result: 3 } } },
  ])
  await using door = openDoor(vendor, { project: 51 as never })
  expect(await door.client.count({ event_collection: 'a' })).toEqual([{ value: 3 }])
})

test('a timeout of the project file is no longer than a timer can be', () => {
  const parse = (getTimeout: string) => config.safeParse({ kind: 'keen', getTimeout })
  expect(parse('24 days').data?.getTimeout).toBe(24 * 86_400_000)
  expect(parse('25 days').error?.issues[0]?.message).toContain('24 days at most')
})

describe('a call by a name that is none of those', () => {
  test.each([
    ['nope', 'Keen has no call "nope"'],
    ['__proto__', 'Keen has no call "__proto__"'],
    ['savedQueryUpdate', 'Keen savedQueryUpdate is not one request'],
    ['addAccessKeyPermissions', 'Keen addAccessKeyPermissions is not one request'],
    ['extractionEach', 'Keen extractionEach is not one request'],
    ['generateImageBeacon', 'Keen generateImageBeacon is not one request'],
  ])('that can be described: %s', (name, words) => {
    const client = createKeenClient({ project: '5f1e0c', credential })
    const describing = () => client.describe(name as never, {})
    expect(describing).toThrow(UsageError)
    expect(describing).toThrow(words)
  })

  test('that can be awaited: extractionEach is read', async () => {
    const client = createKeenClient({ project: '5f1e0c', credential })
    const called = client.call('extractionEach' as never, { event_collection: 'a' })
    await expect(called).rejects.toThrow(UsageError)
    await expect(called).rejects.toThrow('Keen extractionEach gives one event after the other')
  })
})

test('the id of the request stands with an answer that does not fit, also where it may not be quoted', async () => {
  const answer = { headers: { 'x-request-id': 'rid-7' }, body: [{ key: 'SECRETKEYOFSOMEBODY', name: 7 }] }
  await using vendor = await startVendor([{ path: '/3.0/projects/5f1e0c/keys', answer }])
  await using door = openDoor(vendor)
  await expect(door.client.listAccessKeys({})).rejects.toMatchObject({ kind: 'data', requestId: 'rid-7' })
})
