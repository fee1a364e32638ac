import { describe, expect, test } from 'vitest'
import { CredentialError, UnavailableError } from '../../../../lib/errors.ts'
import { createKeys, readKeys } from '../../../../lib/sources/keen/keys.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { base, keys, openDoor, variables } from './door.ts'

const own = async (key: string) => key
const place = 'secretsmanager:shop'

describe('keys that stand together', () => {
  const keep = (...texts: string[]) => {
    const asked: (boolean | undefined)[] = []
    const read = async (_: string, again?: boolean) => {
      asked.push(again)
      return texts.length > 1 ? (texts.shift() ?? '') : (texts[0] ?? '')
    }
    return { asked, with: createKeys({ credential: read, credentials: place }) }
  }

  test('are read once, and each is handed out for its kind', async () => {
    const kept = keep(JSON.stringify(keys))
    expect(await kept.with('read')(own)).toBe(keys.read)
    expect(await kept.with('write')(own)).toBe(keys.write)
    expect(await kept.with('master')(own)).toBe(keys.master)
    expect(kept.asked).toEqual([false])
  })

  test('are never stronger than needed: a master key is told of, and not used', async () => {
    const kept = keep(JSON.stringify({ master: keys.master }))
    const error = await kept
      .with('read')(own)
      .catch((one: unknown) => one)
    expect(error).toBeInstanceOf(CredentialError)
    expect((error as Error).message).toBe(
      'Keen needs the read key for this, and what secretsmanager:shop points to has none; the master key is there, and is not used: it may do more than this needs',
    )
    expect(String(error)).not.toContain(keys.master)
  })

  test('that are not all there name the missing one', async () => {
    const kept = keep(JSON.stringify({ write: keys.write, read: null }))
    await expect(kept.with('read')(own)).rejects.toThrow(/needs the read key for this, and what \S+ points to has none$/)
    await expect(kept.with('master')(own)).rejects.toThrow(/needs the master key .* has none$/)
    // All questions take the read key.
    await expect(kept.with('read')(own)).rejects.toMatchObject({ everywhere: true })
    await expect(kept.with('master')(own)).rejects.toMatchObject({ everywhere: false })
    expect(await kept.with('write')(own)).toBe(keys.write)
    expect(kept.asked).toEqual([false])
  })

  test('are read again where the vendor does not know one', async () => {
    const kept = keep(JSON.stringify(keys), JSON.stringify({ ...keys, read: 'R-new' }))
    const tried: string[] = []
    const answer = await kept.with('read')(async (key) => {
      tried.push(key)
      if (key === keys.read) throw new CredentialError('unknown')
      return 'in'
    })
    expect([answer, tried, kept.asked]).toEqual(['in', [keys.read, 'R-new'], [false, true]])
  })

  test.each(['', 'R-51be77a0', '{"read":"R-51be', '[]', '{}', '{"read":7}', '{"READ":"R-51be77a0"}', 'null'])(
    '%j are none, and the message does not quote it',
    (text) => {
      expect(() => readKeys(text, place)).toThrow(CredentialError)
      expect(() => readKeys(text, place)).toThrow(/^what secretsmanager:shop points to are no keys of Keen$/)
    },
  )

  test('that are too short are named, and not told', () => {
    const failing = () => readKeys('{"read":"r9","write":"W-1122","master":" m9 "}', place)
    expect(failing).toThrow(
      /^what secretsmanager:shop points to are no keys of Keen: `read` has fewer than 4 characters, and `master` has fewer than 4 characters$/,
    )
    expect(failing).not.toThrow(/r9|m9/)
  })

  test('may be padded with spaces', () => {
    expect(readKeys('{"read":" R-51be77a0\\n","project":"x"}\n', place)).toEqual({ read: 'R-51be77a0' })
  })
})

describe('keys that have variables of their own', () => {
  const all = { 'env:KEEN_WRITE_KEY': keys.write, 'env:KEEN_READ_KEY': keys.read, 'env:KEEN_MASTER_KEY': keys.master }

  test.each([
    ['write', 'env:KEEN_WRITE_KEY'],
    ['read', 'env:KEEN_READ_KEY'],
    ['master', 'env:KEEN_MASTER_KEY'],
  ] as const)('%s is read alone, and once', async (kind, reference) => {
    const set = variables(all)
    const handed = createKeys({ credential: set.read })
    expect(await handed(kind)(own)).toBe(keys[kind])
    expect(await handed(kind)(own)).toBe(keys[kind])
    expect(set.asked).toEqual([reference])
  })

  test.each([
    ['is not set', {}],
    ['is empty', { 'env:KEEN_READ_KEY': ' ' }],
  ])('one that %s is named', async (_, set) => {
    const handed = createKeys({ credential: variables(set).read })
    await expect(handed('read')(own)).rejects.toThrow(
      /^Keen needs the read key for this, and the variable KEEN_READ_KEY holds none$/,
    )
  })

  test('one that is too short is told so', async () => {
    const handed = createKeys({ credential: variables({ 'env:KEEN_READ_KEY': 'r9' }).read })
    await expect(handed('read')(own)).rejects.toThrow(
      /^Keen needs the read key for this, and the variable KEEN_READ_KEY holds a text of fewer than 4 characters$/,
    )
  })

  test('a master key is told of, and not used', async () => {
    const handed = createKeys({ credential: variables({ 'env:KEEN_MASTER_KEY': keys.master }).read })
    const error = await handed('write')(own).catch((one: unknown) => one)
    expect(String(error)).toMatch(/KEEN_WRITE_KEY holds none; the master key is there, and is not used/)
    expect(String(error)).not.toContain(keys.master)
  })

  test('a missing master key is not looked for twice', async () => {
    const set = variables({})
    await expect(createKeys({ credential: set.read })('master')(own)).rejects.toThrow(/KEEN_MASTER_KEY holds none$/)
    expect(set.asked).toEqual(['env:KEEN_MASTER_KEY'])
  })

  test('a store that does not answer is not a key that is missing', async () => {
    const handed = createKeys({ credential: () => Promise.reject(new UnavailableError('no answer')) })
    await expect(handed('read')(own)).rejects.toThrow(UnavailableError)
  })
})

describe('a client without credentials', () => {
  test('reads the project and the one key that it needs from variables', async () => {
    const set = variables({ 'env:KEEN_PROJECT_ID': '5f1e0c\n', 'env:KEEN_READ_KEY': 'R-env1' })
    const request = {
      method: 'POST',
      path: `${base}/queries/count`,
      json: { event_collection: 'a' },
      headers: { authorization: 'R-env1' },
    }
    await using vendor = await startVendor([request, request].map((one) => ({ ...one, answer: { body: { result: 1 } } })))
    await using door = openDoor(vendor, { project: undefined, credentials: undefined, credential: set.read })
    expect(door.client.describe('count', { event_collection: 'a' })).toBe(
      `POST ${vendor.url}/3.0/projects/$KEEN_PROJECT_ID/queries/count {"event_collection":"a"}`,
    )
    expect(set.asked).toEqual([])
    await door.client.count({ event_collection: 'a' })
    await door.client.count({ event_collection: 'a' })
    expect(set.asked.toSorted()).toEqual(['env:KEEN_PROJECT_ID', 'env:KEEN_READ_KEY'])
  })

  test.each([
    ['no project', {}],
    ['no id of a project', { 'env:KEEN_PROJECT_ID': 'a/../b' }],
  ])('sends nothing with %s', async (_, set) => {
    await using vendor = await startVendor([])
    const given = variables({ ...set, 'env:KEEN_READ_KEY': keys.read })
    await using door = openDoor(vendor, { project: undefined, credentials: undefined, credential: given.read })
    const error = await door.client.count({ event_collection: 'a' }).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(CredentialError)
    expect((error as CredentialError).remedy).toBe('give the source its `project`, or set KEEN_PROJECT_ID')
    expect(given.asked).toEqual(['env:KEEN_PROJECT_ID'])
  })

  test('sends nothing without the key, and reads no other one to send', async () => {
    const set = variables({ 'env:KEEN_MASTER_KEY': keys.master, 'env:KEEN_WRITE_KEY': keys.write })
    await using vendor = await startVendor([])
    await using door = openDoor(vendor, { credentials: undefined, credential: set.read })
    const error = await door.client.count({ event_collection: 'a' }).catch((one: unknown) => one)
    expect((error as Error).message).toContain('the variable KEEN_READ_KEY holds none; the master key is there, and is not used')
  })
})
