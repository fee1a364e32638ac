import { describe, expect, test } from 'vitest'
import { CredentialError, UsageError } from '../../../../lib/errors.ts'
import { accessFor, readCredential } from '../../../../lib/sources/exponea/access.ts'
import { config } from '../../../../lib/sources/exponea/schema.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { asked, basic, failureOf, good, key, open, secret } from './door.ts'

describe('a credential', () => {
  test.each([
    ['as JSON', JSON.stringify({ key, secret })],
    ['as JSON in the words of the vendor', `\n${JSON.stringify({ username: key, password: secret })}\n`],
    ['as text', `${key}:${secret}\n`],
  ])('%s signs in', (_, text) => {
    expect(accessFor(readCredential(text, 'env:CRM')).headers).toEqual({ authorization: basic() })
  })

  test('may have colons in its secret', () => {
    expect(readCredential('id:a:b:c:d', 'env:CRM')).toEqual({ key: 'id', secret: 'a:b:c:d' })
  })

  test.each([
    ['cut JSON', '{"key":"k7c2f9","secret":"qT8/vW+zR4', 'is not whole JSON'],
    ['a text without a colon', 'qT8/vW+zR4=nB1xL', 'is no credential of Exponea'],
    ['empty', ' ', 'is empty'],
    ['a list', '["qT8/vW+zR4=nB1xL"]', 'is no credential of Exponea'],
    ['other words', '{"qT8":"qT8/vW+zR4=nB1xL"}', 'is no credential of Exponea'],
    ['a secret that is too short to hide', 'id:qT8', 'is no credential of Exponea: `secret` has fewer than 4 characters'],
    ['short as JSON', '{"key":"k","secret":"qT8"}', 'is no credential of Exponea: `secret` has fewer than 4 characters'],
    [
      'short in the words of the vendor',
      '{"username":"k","password":"qT8"}',
      'is no credential of Exponea: `password` has fewer than 4 characters',
    ],
    ['a key alone', '{"key":"k7c2f9"}', 'is no credential of Exponea: `secret` is missing'],
    ['a key with a colon', '{"key":"a:qT8","secret":"qT8/vW+zR4=nB1xL"}', 'is no credential of Exponea: `key` has a colon'],
    ['numbers', '{"key":"","secret":12345}', 'is no credential of Exponea: `key` is empty, and `secret` is no text'],
  ])('that is %s is told by its place', async (_, text, words) => {
    const error = await failureOf(() => readCredential(text, 'ssm:/crm'))
    expect(error).toBeInstanceOf(CredentialError)
    expect(error.message).toBe(`what ssm:/crm points to ${words}`)
    expect(`${error.message} ${error.remedy} ${error.cause}`).not.toContain('qT8')
  })

  test('is read again where the vendor does not know it, once for all who ask', async () => {
    const denied = { status: 401, body: { error: 'access key not found', success: false } }
    const path = 'GET track/system/time'
    const fresh = { ...asked(path, {}, good({ time: 5 })), headers: { authorization: basic('another secret') } }
    await using vendor = await startVendor([asked(path, {}, denied), fresh, fresh])
    const read: boolean[] = []
    await using door = open(vendor, {
      credential: async (again) => {
        read.push(again)
        return again ? `${key}:another secret` : `${key}:${secret}`
      },
    })
    expect(await door.client.systemTime()).toBe(5)
    expect(await door.client.systemTime()).toBe(5)
    expect(read).toEqual([false, true])
  })
})

test('clients stand side by side, each with its project, address and key', async () => {
  const path = '/base/track/v2/projects/other-1/system/time'
  await using vendor = await startVendor([asked('GET track/system/time', {}, good({ time: 1 }))])
  await using second = await startVendor([
    { path, headers: { authorization: basic('2nd secret', 'k2') }, answer: good({ time: 2 }) },
  ])
  await using door = open(vendor)
  await using other = open(second, { project: 'other-1', url: `${second.url}/base/`, credential: async () => 'k2:2nd secret' })
  expect(await Promise.all([door.client.systemTime(), other.client.systemTime()])).toEqual([1, 2])
  expect(other.lines).toEqual([
    expect.stringMatching(/^GET 127\.0\.0\.1:\d+\/base\/track\/v2\/projects\/other-1\/system\/time 200 \d+ ms$/),
  ])
})

test.each([
  ['project', { project: 'a/b' }],
  ['url', { url: 'http://api.exponea.com' }],
  ['credential', { credential: 'key:secret' as never }],
  ['credentials', { credentials: '' }],
])('a client is not made with a wrong %s', async (word, wrong) => {
  const error = await failureOf(() => open({ url: 'https://api.exponea.com' }, wrong))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toContain(word)
  expect(error.message).not.toContain('key:secret')
})

describe('the source in the project file', () => {
  const own = { kind: 'exponea', project: '2b6a-11', credentials: 'ssm:/crm' }

  test('has the usual address unless it says another', () => {
    expect(config.parse(own)).toEqual({ ...own, id: 'registered', url: 'https://api.exponea.com' })
    expect(config.parse({ ...own, url: 'https://api.crm.example.com' }).url).toBe('https://api.crm.example.com')
  })

  test.each([
    ['project', { project: '../x' }],
    ['url', { url: 'http://api.exponea.com' }],
    ['credentials', { credentials: 'key:secret' }],
    ['region', { region: 'eu' }],
  ])('refuses a wrong %s', (word, wrong) => {
    const { error } = config.safeParse({ ...own, ...wrong })
    expect(JSON.stringify(error?.issues)).toContain(word)
  })
})
