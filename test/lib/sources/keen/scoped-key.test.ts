import { createCipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CredentialError, UsageError } from '../../../../lib/errors.ts'
import { decryptScopedKey, encryptScopedKey } from '../../../../lib/sources/keen/scoped-key.ts'

const filter = (property_name: string, property_value: string) => ({ property_name, operator: 'eq', property_value })
const newKey = '24077ACBCB198BAAA2110EDDB673282F8E34909FD823A15C55A6253A664BE368'

/** Keys that the vendor's clients made, each its own way of filling up. */
const made = [
  {
    by: 'the Node client, with a key of 32 characters',
    key: 'f5d7c745ba4f437a82db02ca8b416556',
    scoped:
      '7b8f357fa55e35efb2f7fa51a03ec2835c5537e57457c5a7c1c40c454fc00d5addef7ed911303fc2fa9648d3ae13e638192b86e90cd88657c9dc5cf03990cbf6eb2a7994513d34789bd25447f3dccaf5a3de3b9cacf6c11ded581e0506fca147ea32c13169787bbf8b4d3b8f2952bc0bea1beae3cfbbeaa1f421be2eac4cc223',
    options: { filters: [filter('account_id', '4d9a4c421d011c553e000001')] },
  },
  {
    by: 'the PHP client with a key of 32 characters, filled up to blocks of 32',
    key: 'A'.repeat(32),
    scoped:
      '696a2c05b060e6ed344f7e570c101e0909ff97c338dfe0f1e15c0e5c1ec0621dfcd5577f3ae58596558eed2a43c82d3a062fbf6455810f5c859695c766caddd283398e577b24db014fad896a6f0447a2aad9dad43cef5fa040e8f6d366085423804633ef3b21535b31d11eec24631f83c18e83703247f40136aeba779a840e80013e0969a8cf203295f47da1d70bfeb3',
    options: { filters: [filter('id', '123')], allowed_operations: ['read'] },
  },
  {
    by: 'the PHP client, with a key of 64 characters',
    key: `${'A'.repeat(32)}${'B'.repeat(32)}`,
    scoped:
      '903441674b0d433ddab759bba82502ec469e00d25c373e35c4d685488bc7779a5abd7d90a03a4cb744ee6a82fa8935804348a5b2351f6527cd5fd6a0613cea5ec4e848f5093e41a53d570cf01066b1f3c3e9b03d4ce0929ff3e6a06e1850fb9e09b65415ac754bbefe9db4b1fcba7d71a9f5f9d9c05cbeffb2a33ef5f4bac131',
    options: { filters: [filter('id', '123')], allowed_operations: ['read'] },
  },
  {
    by: 'the .NET client, in upper case',
    key: '0123456789ABCDEF0123456789ABCDEF',
    scoped:
      'BAA51D1D03D49C1159E7298762AAC26493B20F579988E1EDA4613305F08E01CB702886F0FCB5312E5E18C6315A8049700816CA35BD952C75EB694AAA4A95535EE13CD9D5D8C97A215B4790638EA1DA3DB9484A0133D5289E2A22D5C2952E1F708540722EA832B093E147495A70ADF534242E961FDE3F0275E20D58F22B23F4BAE2A61518CB943818ABEF547DD68F68FE',
    options: { filters: [filter('vendor_id', 'abc')], allowed_operations: ['write'] },
  },
  {
    by: 'the Python client, with a key of 64 characters',
    key: newKey,
    scoped:
      '00000000000000000000000000000000207ef4a35333c76165c200125acd9aee7d02d6389ae20b118a8bb1b7b2ce0aaab828cb0dea73d875f66ba9166f68f99b1dcd40718cd8936728fa0e42ed9dd0ea8195b0062bcaa6d42feb27fca160d3c41ab3702e5edb9de25c7d72689939b5da',
    options: { filters: [filter('accountId', '123456')] },
  },
  {
    by: 'the Python client, with a key of 18 characters',
    key: 'ab428324dbdbcfe744',
    scoped:
      '0000000000000000000000000000000007ef91d716212d9ed5fafff500c6efb96a6bf5832642d480a487d0459351b1541a1d928bbb581ad4871b729549b40f3976ac57c452dc66c778da40f2857219d6e4f138378dd46c17966f14a08f7e05ef5b593cf7e29d5d4085a09b9b98dfad08',
    options: { filters: [filter('accountId', '123456')] },
  },
] as const

test.each(made)('a scoped key of $by is read', ({ key, scoped, options }) => {
  expect(decryptScopedKey(key, scoped)).toEqual(options)
  expect(decryptScopedKey(key, ` ${scoped.toUpperCase()}\n`)).toEqual(options)
})

test('one that the Python client did not fill up, as its text fills whole blocks, is read', () => {
  const options = { filters: [], note: 'x'.repeat(8) }
  const text = JSON.stringify(options)
  expect(text.length % 16).toBe(0)
  const iv = Buffer.alloc(16, 7)
  const cipher = createCipheriv('aes-256-cbc', Buffer.from(newKey, 'hex'), iv).setAutoPadding(false)
  const scoped = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]).toString('hex')
  expect(decryptScopedKey(newKey, scoped)).toEqual(options)
})

describe('a scoped key that is made', () => {
  test.each(made)('with the key of $by is read again', ({ key, options }) => {
    const scoped = encryptScopedKey(key, options)
    expect(scoped).toMatch(/^[0-9a-f]+$/)
    expect(decryptScopedKey(key, scoped)).toEqual(options)
    expect(encryptScopedKey(key, options)).not.toBe(scoped)
  })

  test.each([
    ['64 characters', newKey, 16],
    ['18 characters', 'ab428324dbdbcfe744', 32],
  ])('with a key of %s is filled up to whole blocks, also where its text fills them', (_, key, block) => {
    for (let length = 0; length < 33; length += 1) {
      const options = { note: 'x'.repeat(length) }
      const bytes = encryptScopedKey(key, options).length / 2 - 16
      const text = JSON.stringify(options).length
      expect(bytes).toBe(text + block - (text % block))
      expect(decryptScopedKey(key, encryptScopedKey(key, options))).toEqual(options)
    }
  })

  test('is what the vendor’s own rule makes of it, byte by byte', () => {
    const options = { filters: [filter('accountId', 'größe €')] }
    const iv = Buffer.alloc(16, 1)
    const cipher = createCipheriv('aes-256-cbc', Buffer.from(newKey, 'hex'), iv)
    const expected = Buffer.concat([iv, cipher.update(JSON.stringify(options), 'utf8'), cipher.final()]).toString('hex')
    expect(encryptScopedKey(newKey, options, iv)).toBe(expected)
    expect(decryptScopedKey(newKey, expected)).toEqual(options)
  })
})

describe('what is wrong is told without a key', () => {
  function failure(make: () => unknown): Error {
    try {
      make()
    } catch (error) {
      if (error instanceof Error) return error
    }
    throw new Error('nothing was thrown')
  }

  test('another master key', () => {
    const scoped = encryptScopedKey(newKey, { filters: [filter('a', 'b')] })
    const other = `${newKey.slice(0, -1)}9`
    const error = failure(() => decryptScopedKey(other, scoped))
    expect(error).toBeInstanceOf(CredentialError)
    expect(error.message).toBe('the scoped key was not made with that master key')
    for (const made of Array.from({ length: 50 }, () => encryptScopedKey(newKey, { filters: [] }))) {
      expect(failure(() => decryptScopedKey(other, made))).toBeInstanceOf(CredentialError)
    }
  })

  test.each([
    ['an iv that has not 16 bytes', () => encryptScopedKey(newKey, {}, Buffer.from('fakeiv'))],
    ['a text that is no scoped key', () => decryptScopedKey(newKey, 'not hexadecimal')],
    ['half a scoped key', () => decryptScopedKey(newKey, encryptScopedKey(newKey, {}).slice(0, -2))],
    ['an iv alone', () => decryptScopedKey(newKey, '00'.repeat(16))],
    ['a master key of 64 characters that are no hexadecimal', () => encryptScopedKey('x'.repeat(64), {})],
    ['a master key that is too long', () => encryptScopedKey('x'.repeat(40), {})],
    ['no master key', () => encryptScopedKey('', {})],
    ['nothing in place of a master key', () => encryptScopedKey(undefined as never, {})],
    ['nothing in place of options', () => encryptScopedKey(newKey, undefined as never)],
    ['a text in place of options', () => encryptScopedKey(newKey, 'x' as never)],
    ['an operation that there is none of', () => encryptScopedKey(newKey, { allowed_operations: ['reed' as never] })],
    ['operations that are no list', () => encryptScopedKey(newKey, { allowed_operations: 'read' as never })],
    ['filters that are no list', () => encryptScopedKey(newKey, { filters: 'x' as never })],
    ['a filter that is none', () => encryptScopedKey(newKey, { filters: [{ property_name: 'a' }] })],
    ['an iv that is no bytes', () => encryptScopedKey(newKey, {}, 'sixteen bytes, no' as never)],
    ['nothing in place of a scoped key', () => decryptScopedKey(newKey, undefined as never)],
    ['nothing to read one with', () => decryptScopedKey(undefined as never, '00'.repeat(32))],
  ])('%s', (_, make) => {
    const error = failure(make)
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).not.toContain(newKey)
  })
})
