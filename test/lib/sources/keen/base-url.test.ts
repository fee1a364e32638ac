import { describe, expect, test } from 'vitest'
import { CredentialError } from '../../../../lib/errors.ts'
import type { KeenOptions } from '../../../../lib/sources/keen/client.ts'
import { createKeenClient } from '../../../../lib/sources/keen/client.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { keys, variables } from './door.ts'

describe('the variable KEEN_BASE_URL', () => {
  const answer = { method: 'POST', path: '/x/3.0/projects/5f1e0c/queries/count', json: { event_collection: 'a' } }
  const all = { 'env:KEEN_PROJECT_ID': '5f1e0c', 'env:KEEN_READ_KEY': keys.read }
  const ask = async (options: Partial<KeenOptions>) => {
    const client = createKeenClient({ credential: () => Promise.reject(new Error('no reader')), ...options })
    try {
      return await client.count({ event_collection: 'a' })
    } finally {
      await client.close()
    }
  }

  test('leads to another host where the keys are variables, too', async () => {
    await using vendor = await startVendor([
      { ...answer, headers: { authorization: keys.read }, answer: { body: { result: 4 } } },
    ])
    const { read, asked } = variables({ ...all, 'env:KEEN_BASE_URL': ` ${vendor.url}/x/ ` })
    expect(await ask({ credential: read })).toEqual([{ value: 4 }])
    expect(asked).toContain('env:KEEN_BASE_URL')
    const beacon = createKeenClient({
      credential: variables({ ...all, 'env:KEEN_WRITE_KEY': 'W-1234', 'env:KEEN_BASE_URL': vendor.url }).read,
    })
    expect(await beacon.generateImageBeacon({ event_collection: 'a', event_body: { n: 1 } })).toContain(`${vendor.url}/3.0/`)
  })

  test.each([
    ['a `url`', {}],
    ['a `url` and keys that stand elsewhere', { credentials: 'env:KEYS' }],
  ])('is not read beside %s', async (_, options) => {
    await using vendor = await startVendor([{ ...answer, answer: { body: { result: 4 } } }])
    const { read, asked } = variables({
      ...all,
      'env:KEYS': JSON.stringify(keys),
      'env:KEEN_BASE_URL': 'https://elsewhere.example',
    })
    expect(await ask({ credential: read, url: `${vendor.url}/x`, ...options })).toEqual([{ value: 4 }])
    expect(asked).not.toContain('env:KEEN_BASE_URL')
  })

  test('leads no key of a vault away', async () => {
    const { read, asked } = variables({
      ...all,
      'ssm:/shop': JSON.stringify(keys),
      'env:KEEN_BASE_URL': 'https://elsewhere.example',
    })
    const client = createKeenClient({ credentials: 'ssm:/shop', credential: read })
    const address = await client.generateImageBeacon({ event_collection: 'a', event_body: { n: 1 } })
    expect(address).toMatch(/^https:\/\/api\.keen\.io\//)
    expect(asked).not.toContain('env:KEEN_BASE_URL')
    expect(client.describe('getAllCollections', {})).toMatch(/^GET https:\/\/api\.keen\.io\//)
  })

  test.each(['http://keen.example', 'keen.example', 'https://keen.example/?a=b', 'R-51be77a0'])(
    'sends nothing where it is no address for keys, and does not quote it: %s',
    async (text) => {
      const error: unknown = await ask({ credential: variables({ ...all, 'env:KEEN_BASE_URL': text }).read }).catch((one) => one)
      expect(error).toBeInstanceOf(CredentialError)
      expect(error).toMatchObject({ message: 'the variable KEEN_BASE_URL holds no address that keys can be sent to' })
      expect((error as CredentialError).remedy).not.toContain(text)
    },
  )

  test('that is not set, or empty, leaves the vendor’s own host', async () => {
    for (const set of [{}, { 'env:KEEN_BASE_URL': ' ' }]) {
      const client = createKeenClient({ credential: variables({ ...all, 'env:KEEN_WRITE_KEY': 'W-1234', ...set }).read })
      const address = await client.generateImageBeacon({ event_collection: 'a', event_body: { n: 1 } })
      expect(address).toMatch(/^https:\/\/api\.keen\.io\/3\.0\/projects\/5f1e0c\//)
    }
  })
})
