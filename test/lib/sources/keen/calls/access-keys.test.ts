import { describe, expect, test } from 'vitest'
import type { CallName } from '../../../../../lib/sources/keen/client.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { base, complaint, exchange, openDoor } from '../door.ts'

const key = '320104AEFFC569EEE60BCAC9BB064DFF9897E391AB8C59608AC0869AFD291B4E'
const nothing = { saved_queries: null, writes: null, datasets: null, cached_queries: null, queries: null }
const made = { name: 'Bob_Key', is_active: true, permitted: [], key, project_id: '5f1e0c', options: nothing }
const given = { key, name: 'Bob_Key', isActive: true, permitted: [], options: nothing, projectId: '5f1e0c' }
const place = `/keys/${key}`
const options = {
  queries: { filters: [{ property_name: 'customer.id', operator: 'eq', property_value: 'asdf' }] },
  cached_queries: { allowed: ['my_cached_query'] },
}

describe('createAccessKey', () => {
  const send = (parameters: object, json: object) =>
    exchange('createAccessKey', parameters, {
      method: 'POST',
      path: '/keys',
      json,
      key: 'master',
      answer: { status: 201, body: made },
    })

  test('permits nothing unless said', async () => {
    expect(await send({ name: 'Bob_Key' }, { name: 'Bob_Key', is_active: true, permitted: [], options: {} })).toEqual(given)
  })

  test('with everything', async () => {
    const parameters = { name: 'x', is_active: false, permitted: ['queries', 'cached_queries'], options }
    expect(await send(parameters, parameters)).toEqual(given)
  })

  test.each([
    [{ name: 'x', permitted: ['query'] }, 'permitted'],
    [{ name: 'x', options: { quries: {} } }, 'options are by permission'],
    [{}, 'name'],
  ])('%j is not sent', async (parameters, words) => {
    expect(await complaint('createAccessKey', parameters)).toContain(words)
  })
})

test('listAccessKeys', async () => {
  const body = [made, { ...made, options: undefined }]
  expect(await exchange('listAccessKeys', {}, { path: '/keys', key: 'master', answer: { body } })).toEqual([
    given,
    { ...given, options: {} },
  ])
})

test('getAccessKey', async () => {
  expect(await exchange('getAccessKey', { key }, { path: place, key: 'master', answer: { body: made } })).toEqual(given)
})

test('updateAccessKeyFull', async () => {
  const json = { name: 'New', is_active: false, permitted: ['writes'], options }
  const request = { method: 'POST', path: place, json, key: 'master' as const, answer: { body: { ...made, ...json } } }
  expect(await exchange('updateAccessKeyFull', { key, ...json }, request)).toEqual({
    ...given,
    name: 'New',
    isActive: false,
    permitted: ['writes'],
    options,
  })
})

test.each([
  ['revokeAccessKey', 'revoke', false],
  ['unrevokeAccessKey', 'unrevoke', true],
] as const)('%s takes an answer with nothing in it, and one with the key', async (name, word, active) => {
  for (const answer of [{ status: 204 }, { body: made }]) {
    const request = { method: 'POST', path: `${place}/${word}`, json: {}, key: 'master' as const, answer }
    expect(await exchange(name, { key }, request)).toEqual({ active })
  }
})

test('deleteAccessKey', async () => {
  const request = { method: 'DELETE', path: place, key: 'master' as const, answer: { status: 204 } }
  expect(await exchange('deleteAccessKey', { key }, request)).toEqual({ deleted: true })
})

describe('a change of one part reads and writes the whole', () => {
  const old = { ...made, permitted: ['queries', 'saved_queries', 'kafka'], options, is_active: false }
  const whole = { name: 'Bob_Key', is_active: false, permitted: old.permitted, options }
  const cases: [CallName, object, object][] = [
    ['updateAccessKeyName', { name: 'Al' }, { name: 'Al' }],
    [
      'addAccessKeyPermissions',
      { permissions: ['writes', 'queries'] },
      { permitted: ['queries', 'saved_queries', 'kafka', 'writes'] },
    ],
    ['removeAccessKeyPermissions', { permissions: ['queries', 'kafka', 'schema'] }, { permitted: ['saved_queries'] }],
    ['updateAccessKeyPermissions', { permissions: [] }, { permitted: [] }],
    ['updateAccessKeyOptions', { options: {} }, { options: {} }],
  ]

  test.each(cases)('%s', async (name, parameters, change) => {
    const json = { ...whole, ...change }
    const read = { path: place, key: 'master' as const, answer: { body: old } }
    const write = { method: 'POST', path: place, json, key: 'master' as const }
    const expected = {
      key,
      projectId: '5f1e0c',
      name: json.name,
      isActive: false,
      permitted: json.permitted,
      options: json.options,
    }
    expect(await exchange(name, { key, ...parameters }, read, { ...write, answer: { body: { ...old, ...json } } })).toEqual(
      expected,
    )
    expect(await exchange(name, { key, ...parameters }, read, { ...write, answer: {} })).toEqual(expected)
  })

  test.each([
    ['addAccessKeyPermissions', { permissions: ['query'] }],
    ['addAccessKeyPermissions', { permissions: [] }],
    ['removeAccessKeyPermissions', { permissions: [] }],
    ['updateAccessKeyPermissions', {}],
    ['updateAccessKeyOptions', { options: { kafka: {} } }],
    ['updateAccessKeyName', { name: '' }],
  ] as const)('%s %j asks for nothing', async (name, parameters) => {
    expect(await complaint(name, { key, ...parameters })).toContain(`UsageError: Keen ${name}`)
  })
})

test('no message and no trace holds an access key, of the request or of the answer', async () => {
  const path = `${base}${place}`
  const other = 'F00DAEFFC569EEE60BCAC9BB064DFF98'
  await using vendor = await startVendor([
    { path, answer: { status: 404, body: { message: `no key ${key}`, error_code: 'ResourceNotFoundError' } } },
    { path, answer: { body: { key: other, name: 7 } } },
    { path, answer: { stall: true } },
  ])
  await using door = openDoor(vendor)
  const said: string[] = []
  const keep = (error: Error & { remedy?: string }) => said.push(`${error.message} ${error.remedy} ${error.stack} ${error.cause}`)
  await door.client.getAccessKey({ key }).catch(keep)
  await door.client.getAccessKey({ key }).catch(keep)
  const stop = new AbortController()
  void vendor.stalled.then(() => stop.abort(new Error('stopped')))
  await door.client.getAccessKey({ key }, stop.signal).catch(keep)
  expect(said).toHaveLength(3)
  expect(said[0]).toContain('/keys/… 404: no key …')
  expect(said[1]).toContain('/keys/… 200: the answer does not fit at name (invalid_type); it begins: (not shown)')
  expect([...said, ...door.lines].join('\n')).not.toMatch(/320104AE|F00DAE/)
  expect(door.lines[0]).toContain('/keys/… 404')
  expect(door.client.describe('getAccessKey', { key })).toMatch(/^GET \S+\/keys\/… \{\}$/)
  expect(door.client.describe('revokeAccessKey', { key })).toMatch(/^POST \S+\/keys\/…\/revoke \{\}$/)
})
