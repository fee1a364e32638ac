import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { BroadsheetError } from '../../../../lib/errors.ts'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../../lib/errors.ts'
import type { ExponeaClient } from '../../../../lib/sources/exponea/client.ts'
import type { Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { asked, basic, failureOf, open, project, secret } from './door.ts'

type Kind = abstract new (...given: never[]) => BroadsheetError

const ids = { registered: 'ann' }
const calls = {
  report: {
    expected: ['POST data/analyses/report', { json: { analysis_id: 'x', format: 'table_json' } }],
    use: (client: ExponeaClient) => client.report({ analysis_id: 'x' }),
  },
  event: {
    expected: [
      'POST track/customers/events',
      { json: { customer_ids: ids, event_type: 'visit', properties: {}, timestamp: null } },
    ],
    use: (client: ExponeaClient) => client.trackEvent({ customer_ids: ids, event_type: 'visit' }),
  },
  batch: {
    expected: ['POST track/batch', { json: { commands: [{ name: 'system/time' }] } }],
    use: (client: ExponeaClient) => client.batch({ commands: [{ name: 'system/time' }] }),
  },
  item: {
    expected: ['GET data/catalogs/forbidden', {}],
    use: (client: ExponeaClient) => client.catalogName({ catalog_id: 'forbidden' }),
  },
} as const
type Called = keyof typeof calls

async function fail(name: Called, payload: Payload, times = 1) {
  const { expected, use } = calls[name]
  await using vendor = await startVendor(Array.from({ length: times }, () => asked(expected[0], expected[1], payload)))
  await using door = open(vendor)
  const error = await failureOf(() => use(door.client))
  return Object.assign(error, { slept: door.time.slept })
}

const refusals: readonly [string, Called, Payload, Kind, words: string, remedy: string][] = [
  [
    'error as a text',
    'event',
    { status: 400, body: { success: false, error: 'Invalid JSON' } },
    RefusedError,
    '400: Invalid JSON',
    'check what was sent',
  ],
  [
    'errors as a list',
    'event',
    { status: 400, body: { success: false, errors: ['At least one id should be specified.', 'x'] } },
    RefusedError,
    '400: At least one id should be specified.; x',
    'will not help',
  ],
  [
    'errors by what they are about',
    'report',
    { status: 400, body: { success: false, errors: { _global: ['Customer does not exist'], analysis_id: ['unknown'] } } },
    RefusedError,
    'Customer does not exist; analysis_id: unknown',
    'no such customer',
  ],
  [
    'message, as tracking has it',
    'batch',
    { status: 400, body: { success: false, message: 'No commands' } },
    RefusedError,
    '400: No commands',
    'check what was sent',
  ],
  [
    'several spellings at once',
    'event',
    { status: 400, body: { success: false, error: 'a', errors: ['a', { code: 7 }], message: 'c' } },
    RefusedError,
    '400: a; code: 7; c',
    '',
  ],
  [
    'no JSON',
    'event',
    { status: 400, body: '<html>\n Bad   Request</html>' },
    RefusedError,
    '400: <html> Bad Request</html>',
    'check what was sent',
  ],
  ['nothing', 'event', { status: 400 }, RefusedError, '400: (nothing)', 'check what was sent'],
  [
    'an unknown key, as a 400',
    'event',
    { status: 400, body: { success: false, error: 'Could not authenticate' } },
    CredentialError,
    'Could not authenticate',
    `private API group of project ${project} into ssm:/broadsheet/crm`,
  ],
  [
    'an unknown key, as a 401',
    'report',
    { status: 401, body: { success: false, error: 'Unauthorized' } },
    CredentialError,
    '401: Unauthorized',
    'ssm:/broadsheet/crm',
  ],
  [
    'an unknown key, inside a 200',
    'report',
    { body: { success: false, error: 'access key not found' } },
    CredentialError,
    '200: access key not found',
    'ssm:/broadsheet/crm',
  ],
  [
    'an unknown project',
    'event',
    { status: 400, body: { success: false, error: 'Invalid project id' } },
    RefusedError,
    'Invalid project id',
    "the source's `project`",
  ],
  [
    'a missing permission for an analysis',
    'report',
    { status: 403, body: { success: false, error: 'Forbidden' } },
    CredentialError,
    '403: Forbidden',
    'GDPR > Export analyses',
  ],
  ['a missing permission for an event', 'event', { status: 403, body: {} }, CredentialError, '403: {}', 'Events > Set'],
  [
    'a missing permission inside a 200',
    'event',
    { body: { success: false, errors: ['not authorized to update specified customer properties'] } },
    CredentialError,
    'not authorized to update',
    'Events > Set',
  ],
  [
    'what is not there',
    'item',
    { status: 404, body: { success: false, error: 'Catalog not found' } },
    RefusedError,
    '404: Catalog not found',
    'may have been deleted',
  ],
  [
    'words that only sound like a missing right',
    'event',
    { status: 400, body: { success: false, error: "invalid key 'a b': forbidden characters" } },
    RefusedError,
    'forbidden characters',
    'check what was sent',
  ],
  [
    'a refusal inside a 200',
    'event',
    { body: { success: false, errors: ['Invalid customer_id'] } },
    RefusedError,
    '200: Invalid customer_id',
    'sending it again will not help',
  ],
  ['a 200 that does not say success', 'event', { body: { errors: [] } }, DataError, 'does not say that it succeeded', ''],
  ['a 200 with a failure and no words', 'event', { body: { success: false } }, RefusedError, '200: {"success":false}', 'not why'],
  ['one that has an empty list of them', 'event', { body: { success: 'False', errors: [] } }, RefusedError, '"False"', 'not why'],
  [
    'a success of another shape',
    'report',
    { body: { success: true, name: 'x', header: 'none', rows: [] } },
    DataError,
    'does not fit at header',
    '',
  ],
  [
    'a row that has not all cells',
    'report',
    { body: { success: true, name: 'x', header: ['a', 'b'], rows: [[1, 2], [3]] } },
    DataError,
    'does not fit at rows.1 (1 cells under 2 columns)',
    '',
  ],
  [
    'a redirect',
    'event',
    { status: 302, headers: { location: 'https://elsewhere.example' }, body: '' },
    RefusedError,
    '302',
    "check the source's `url`",
  ],
  ['something too big', 'event', { status: 413, body: '' }, RefusedError, '413', 'send less'],
]

describe('a refusal', () => {
  test.each(refusals)('that says %s', async (_, name, payload, kind, words, remedy) => {
    // A credential that was refused is read again, and is the same.
    const error = await fail(name, payload)
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toContain(words)
    expect(error.remedy ?? '').toContain(remedy)
    expect(inspect(error, { depth: 9 })).not.toContain(secret)
  })

  test.each<[number | undefined, string, boolean]>([
    [401, 'Access key not found', true],
    [401, 'anything', true],
    [400, 'Could not authenticate', true],
    [403, 'invalid secret', true],
    [undefined, 'access key not found', true],
    [400, 'Invalid project id', true],
    [403, 'No permission to export customer', false],
    [403, 'Unauthorized to read this analysis', false],
    [undefined, 'Not authorized to add event of specified type', false],
    [404, 'Analysis not found', false],
    [400, 'Invalid JSON', false],
  ])('says whether all that is asked of the project would be refused: %s %s', async (status, error, everywhere) => {
    const failed = await fail('report', { ...(status === undefined ? {} : { status }), body: { success: false, error } })
    expect(failed).toMatchObject({ everywhere })
  })

  test('that is about the secret asks for another, and for no permission', async () => {
    const failed = await fail('report', { status: 403, body: { success: false, error: 'invalid secret' } })
    expect(failed.remedy).toContain('put the id and the secret')
  })

  test('keeps the id by which the vendor finds the request', async () => {
    const error = await fail('event', {
      status: 400,
      headers: { 'x-request-id': 'req-81' },
      body: { success: false, error: 'no' },
    })
    expect(error.requestId).toBe('req-81')
  })

  test('never shows the key, whoever repeats it', async () => {
    const error = await fail('event', { status: 400, body: { success: false, error: `bad ${secret} in ${basic()}` } })
    expect(error.message).toContain('bad … in Basic …')
    expect(inspect(error, { depth: 9 })).not.toContain(secret)
    expect(inspect(error, { depth: 9 })).not.toContain(basic().slice(6))
  })
})

describe('a limit', () => {
  test('of tracking says that the data was dropped, and waits for nobody', async () => {
    const error = await fail('event', { status: 429, body: { success: false, error: 'Too many requests' } })
    expect(error).toBeInstanceOf(WaitError)
    expect(error.message).toContain('429: Too many requests; Exponea dropped what was sent')
    expect((error as unknown as WaitError).until).toEqual(new Date('2026-11-16T07:01:00Z'))
    expect(error.remedy).toContain('send it again')
    expect(error.slept).toEqual([])
  })

  test('of tracking that ends soon is waited for, as nothing of it was kept', async () => {
    const { expected, use } = calls.event
    await using vendor = await startVendor([
      asked(expected[0], expected[1], { status: 429, headers: { 'retry-after': '5' }, body: '' }),
      asked(expected[0], expected[1], { body: { success: true, errors: [] } }),
    ])
    await using door = open(vendor)
    expect(await use(door.client)).toBe(true)
    expect(door.time.slept).toEqual([5000])
  })

  test('of reading is waited for', async () => {
    const { expected, use } = calls.report
    await using vendor = await startVendor([
      asked(expected[0], expected[1], { status: 429, body: '' }),
      asked(expected[0], expected[1], { status: 429, headers: { 'retry-after': '7' }, body: '' }),
      asked(expected[0], expected[1], { body: { success: true, name: 'x', header: [], rows: [] } }),
    ])
    await using door = open(vendor)
    expect(await use(door.client)).toEqual({ name: 'x', header: [], rows: [] })
    expect(door.time.slept.map((milliseconds) => Math.round(milliseconds / 1000))).toEqual([60, 7])
  })
})

describe('an outage', () => {
  test('is tried again where the call only reads', async () => {
    const { expected, use } = calls.report
    await using vendor = await startVendor([
      asked(expected[0], expected[1], { status: 502, body: 'Bad gateway' }),
      asked(expected[0], expected[1], { body: { success: true, name: 'x', header: [], rows: [] } }),
    ])
    await using door = open(vendor)
    expect(await use(door.client)).toEqual({ name: 'x', header: [], rows: [] })
  })

  test.each<Called>(['event', 'batch'])('of tracking is not: the %s may have arrived', async (name) => {
    const error = await fail(name, { status: 503, body: { success: false, error: 'overloaded' } })
    expect(error).toBeInstanceOf(UnavailableError)
    expect(error.message).toContain('503: overloaded')
  })

  test('that says when it ends is a wait, where the call may be sent again', async () => {
    const error = await fail('item', { status: 503, headers: { 'retry-after': '900' }, body: '' })
    expect((error as unknown as WaitError).until).toEqual(new Date('2026-11-16T07:15:00Z'))
  })

  test.each<Called>(['event', 'batch'])('that is a 408 is not tried again: the %s may have been done', async (name) => {
    const error = await fail(name, { status: 408, body: '' })
    expect(error).toBeInstanceOf(UnavailableError)
    expect(error.slept).toEqual([])
  })

  test.each<Called>(['event', 'batch'])('of tracking is not slept through: the %s would be sent twice', async (name) => {
    const error = await fail(name, { status: 503, headers: { 'retry-after': '5' }, body: '' })
    expect(error).toBeInstanceOf(WaitError)
    expect(error.slept).toEqual([])
  })

  test('of a vendor that does not answer ends with the time budget of the call, five minutes for an analysis', async () => {
    const { expected, use } = calls.report
    await using vendor = await startVendor([asked(expected[0], expected[1], { stall: true })])
    const budgets: number[] = []
    const stop = new AbortController()
    const deadline = (milliseconds: number) => {
      budgets.push(milliseconds)
      return stop.signal
    }
    await using door = open(vendor, { http: { deadline } })
    const failing = failureOf(() => use(door.client))
    await vendor.stalled
    stop.abort(new DOMException('over', 'TimeoutError'))
    expect(await failing).toBeInstanceOf(UnavailableError)
    expect(Math.max(...budgets)).toBe(300_000)
  })

  test('ends where its caller stops it', async () => {
    const { expected } = calls.report
    await using vendor = await startVendor([asked(expected[0], expected[1], { stall: true })])
    await using door = open(vendor)
    const stop = new AbortController()
    const failing = failureOf(() => door.client.report({ analysis_id: 'x' }, stop.signal))
    await vendor.stalled
    stop.abort(new Error('enough'))
    expect((await failing).message).toBe('enough')
  })
})

describe('a CSV', () => {
  test('that is an error after all is no text', async () => {
    await using vendor = await startVendor([
      asked(
        'POST data/analyses/report',
        { json: { analysis_id: 'x', format: 'csv' } },
        { body: { success: false, error: 'gone' } },
      ),
    ])
    await using door = open(vendor)
    const error = await failureOf(() => door.client.report({ analysis_id: 'x', format: 'csv' }))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).toContain('200: gone')
  })
})

test('a page in place of JSON is told by how it begins', async () => {
  const error = await fail('event', { headers: { 'content-type': 'text/html' }, body: '<html>Sign in' })
  expect(error).toBeInstanceOf(UnavailableError)
  expect(error.message).toContain('the answer is a page of HTML, as a proxy or a portal sends it; it begins: <html>Sign in')
})

test('a call that is not sent needs no credential', async () => {
  await using vendor = await startVendor([])
  await using door = open(vendor, { credential: async () => 'nothing' })
  expect(await failureOf(() => door.client.report({ analysis_id: '' }))).toBeInstanceOf(UsageError)
})
