import { describe, expect, test } from 'vitest'
import { CredentialError, UsageError } from '../../../../lib/errors.ts'
import { decryptScopedKey, encryptScopedKey } from '../../../../lib/sources/keen/client.ts'
import { keen } from '../../../../lib/sources/keen/index.ts'
import { config } from '../../../../lib/sources/keen/schema.ts'
import { fakeTime } from '../../../servers/fake-time.ts'

const master = '24077ACBCB198BAAA2110EDDB673282F8E34909FD823A15C55A6253A664BE368'
const options = {
  filters: [{ property_name: 'id', operator: 'eq', property_value: '123' }],
  allowed_operations: ['read'],
} as const

/** What `broadsheet call` does, with no vendor to ask. */
async function call(name: string, parameters: object, keys: object = { write: 'W-9f2c 41d7', master }) {
  const source = keen.open(config.parse({ kind: 'keen', project: '5f1e0c', credentials: 'env:KEYS' }), {
    name: 'shop',
    folder: '/',
    timezone: 'UTC',
    credential: async () => JSON.stringify(keys),
    trace: () => expect.unreachable('nothing is sent'),
    clock: fakeTime().clock,
  })
  try {
    return await source.call?.(name, parameters)
  } finally {
    await source.close?.()
  }
}

describe('what is made with a key and sent nowhere is a call like the others', () => {
  test('and listed among them', () => {
    const words = ['generateImageBeacon', 'encryptScopedKey', 'decryptScopedKey'] as const
    for (const name of words) expect(keen.calls[name].about.length).toBeGreaterThan(20)
  })

  test('generateImageBeacon', async () => {
    const called = await call('generateImageBeacon', { event_collection: 'a b', event_body: { n: 1 } })
    expect(called).toEqual({
      text: `https://api.keen.io/3.0/projects/5f1e0c/events/a%20b?api_key=W-9f2c%2041d7&data=${encodeURIComponent('eyJuIjoxfQ==')}`,
    })
  })

  test('encryptScopedKey and decryptScopedKey take the master key of the credential', async () => {
    const called = await call('encryptScopedKey', { options: { ...options, further: 1 } })
    if (called === undefined || !('text' in called)) throw new Error('no text')
    expect(called.text).toMatch(/^[0-9a-f]+$/)
    expect(decryptScopedKey(master, called.text)).toEqual({ ...options, further: 1 })
    expect(await call('decryptScopedKey', { scoped_key: encryptScopedKey(master, options) })).toEqual({ json: options })
  })

  test.each([
    ['encryptScopedKey', {}, 'options'],
    ['encryptScopedKey', { options: { allowed_operations: ['delete'] } }, 'allowed_operations'],
    [
      'encryptScopedKey',
      { options: { filters: [{ property_name: 'a', operator: 'is', property_value: 1 }] } },
      'an operator is one of',
    ],
    ['encryptScopedKey', { options, master_key: master }, 'master_key'],
    ['decryptScopedKey', { scoped_key: 'xyz' }, 'no scoped key'],
    ['generateImageBeacon', { event_collection: 'a', event_body: {} }, 'at least one property'],
  ])('%s %j is wrong', async (name, parameters, words) => {
    const made = call(name, parameters)
    await expect(made).rejects.toThrow(UsageError)
    await expect(made).rejects.toThrow(words)
  })

  test('a scoped key of another master key is told without either, and a missing one by its name', async () => {
    const scoped_key = encryptScopedKey('A'.repeat(32), options)
    const error: unknown = await call('decryptScopedKey', { scoped_key }).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(CredentialError)
    expect(String(error)).toContain('not made with that master key')
    expect(String(error)).not.toContain(master)
    await expect(call('encryptScopedKey', { options }, { read: 'R-51be' })).rejects.toThrow('Keen needs the master key')
  })
})
