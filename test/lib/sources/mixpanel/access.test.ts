import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { CredentialError, UsageError } from '../../../../lib/errors.ts'
import { readCredential, signatureOf } from '../../../../lib/sources/mixpanel/access.ts'
import type { MixpanelOptions } from '../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../lib/sources/mixpanel/client.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import type { Vendor } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

const projectSecret = '0123456789abcdef0123456789abcdef'
const signed = { api_key: 'f0aa346688cee071cd85d857285a3464', api_secret: 'b91d8ffeb6a3e2d2f1c1f6e0f4d3c2b1' }
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

function open(vendor: Pick<Vendor, 'url'> | undefined, credential: string, more: Partial<MixpanelOptions> = {}) {
  const time = fakeTime()
  const warnings: string[] = []
  const client = createMixpanelClient({
    project: '1234567',
    region: 'us',
    ...(vendor === undefined ? {} : { url: vendor.url }),
    credential: async () => credential,
    credentials: 'ssm:/broadsheet/product',
    warn: (sentence) => warnings.push(sentence),
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
    ...more,
  })
  return { client, time, warnings, [Symbol.asyncDispose]: () => client.close() }
}

const list = { path: '/api/query/funnels/list', answer: { body: [] } }

describe('a service account', () => {
  test.each([
    ['as text', 'reports.5b1f:Zk3v:Q9'],
    ['as JSON', ' {"username":"reports.5b1f","secret":"Zk3v:Q9"} '],
  ])('%s names its project and the global data view', async (_, credential) => {
    await using vendor = await startVendor([
      {
        ...list,
        query: { project_id: '1234567', workspace_id: '99' },
        headers: { authorization: basic('reports.5b1f:Zk3v:Q9') },
      },
    ])
    await using door = open(vendor, credential, { workspace: '99' })
    await door.client.funnelsList()
    expect(door.warnings).toEqual([])
  })
})

describe('the project secret', () => {
  test.each([projectSecret, `${projectSecret}:`, `{"project_secret":"${projectSecret}"}`])(
    'goes without project_id, and is warned of once: %#',
    async (credential) => {
      const request = { ...list, query: {}, headers: { authorization: basic(`${projectSecret}:`) } }
      await using vendor = await startVendor([request, request])
      await using door = open(vendor, credential)
      await door.client.funnelsList()
      await door.client.funnelsList()
      expect(door.warnings).toEqual([
        'ssm:/broadsheet/product holds a project secret, and Mixpanel retires those on 3 March 2027: put a service account there instead',
      ])
    },
  )
})

describe('a signature', () => {
  // The vector of the vendor's documentation: the text that is hashed stands there, with no digest.
  test('is of all parameters in the order of their keys, joined by nothing, and the secret', () => {
    const now = new Date((1_248_499_222 - 600) * 1000)
    const made = signatureOf({ key: '123', secret: 'shh!' }, { unit: 'hour', interval: 24, event: '["pages"]' }, now)
    const hashed = 'api_key=123event=["pages"]expire=1248499222interval=24unit=hourshh!'
    expect(made).toEqual({ api_key: '123', expire: '1248499222', sig: createHash('md5').update(hashed).digest('hex') })
  })

  test('leaves out callback, sig and what is not given, and takes letters as UTF-8', () => {
    const now = new Date(0)
    const made = signatureOf({ key: 'k', secret: 's' }, { where: 'ü', callback: 'x', sig: 'y', on: undefined }, now)
    expect(made.sig).toBe(createHash('md5').update('api_key=kexpire=600where=üs', 'utf8').digest('hex'))
  })

  /** What a signed request has in its address. */
  function addressed(fields: Record<string, string>): Record<string, string> {
    const expire = String(Math.floor(fakeTime().clock().getTime() / 1000) + 600)
    const all: Record<string, string> = { ...fields, api_key: signed.api_key, expire }
    const text = Object.keys(all)
      .sort()
      .map((key) => `${key}=${all[key]}`)
      .join('')
    return { ...all, sig: createHash('md5').update(`${text}${signed.api_secret}`, 'utf8').digest('hex') }
  }

  test('goes in the address with its key and its time, beside parameters as they are sent', async () => {
    const fields = { event: 'Signed up', from_date: '2026-11-09', to_date: '2026-11-15', on: 'properties["país"]' }
    const body = { data: { series: [], values: {} } }
    await using vendor = await startVendor([
      { path: '/api/query/segmentation', query: addressed(fields), headers: { authorization: undefined }, answer: { body } },
    ])
    await using door = open(vendor, JSON.stringify(signed))
    await door.client.segmentation(fields)
    expect(door.warnings).toEqual([expect.stringContaining('signed requests')])
  })

  test.each(['Invalid API signature', 'Expired request'])(
    'that is refused (%s) shows neither itself nor its secret',
    async (error) => {
      const query = addressed({})
      const answer = {
        status: 400,
        body: { request: `/api/query/funnels/list?sig=${query['sig']}&secret=${signed.api_secret}`, error },
      }
      await using vendor = await startVendor([{ ...list, query, answer }])
      await using door = open(vendor, JSON.stringify(signed))
      const failed: unknown = await door.client.funnelsList().catch((caught: unknown) => caught)
      expect(failed).toBeInstanceOf(CredentialError)
      expect(inspect(failed)).toContain(error)
      expect(inspect(failed)).not.toContain(query['sig'])
      expect(inspect(failed)).not.toContain(signed.api_secret)
    },
  )
})

describe('what a way in is not good for is said before anything is sent', () => {
  test.each([
    ['a project secret', projectSecret],
    ['a signature', JSON.stringify(signed)],
  ])('annotations with %s', async (_, credential) => {
    await using vendor = await startVendor([])
    await using door = open(vendor, credential)
    await expect(door.client.annotations({ fromDate: '2026-11-01', toDate: '2026-11-15' })).rejects.toThrow(
      "Mixpanel's annotations take a service account only",
    )
  })

  test('and reads nothing again, however often', async () => {
    let readings = 0
    const credential = async () => {
      readings += 1
      return projectSecret
    }
    await using vendor = await startVendor([])
    await using door = open(vendor, projectSecret, { credential })
    for (let calls = 0; calls < 3; calls += 1) await expect(door.client.annotations({})).rejects.toThrow('service account only')
    expect(readings).toBe(1)
  })

  test('pipelines with a signature', async () => {
    await using vendor = await startVendor([])
    await using door = open(vendor, JSON.stringify(signed))
    await expect(door.client.pipelinesJobs()).rejects.toThrow('invalid parameter: sig')
  })
})

describe('a credential that is none', () => {
  test.each([
    ['', 'is empty'],
    ['reports', 'is no credential of Mixpanel'],
    [':Zk3vQ9pL', 'is no credential of Mixpanel: `username` is empty'],
    ['{"username":"reports","secret":"Zk3vQ9pL"', 'is not whole JSON'],
    ['{"Zk3vQ9pL":"Zk3vQ9pL"}', 'is no credential of Mixpanel'],
    ['{"username":"reports","password":"Zk3vQ9pL"}', ': `secret` is missing (`password` is there)'],
    [
      '{"user":"reports","password":"Zk3vQ9pL"}',
      ': `username` is missing (`user` is there), and `secret` is missing (`password` is there)',
    ],
    ['{"api_key":"kkk","api_secret":"Zk3vQ9pL"}', ': `api_key` has fewer than 4 characters'],
    ['{"project_secret":5}', ': `project_secret` is no text'],
    ['reports:Zk3', ': `secret` has fewer than 4 characters'],
  ])('%s is an error that names the place and the fault, and not what stands there', (text, fault) => {
    const failed = caught(() => readCredential(text, 'ssm:/broadsheet/product'))
    expect(failed).toBeInstanceOf(CredentialError)
    expect(String(failed)).toMatch(/what ssm:\/broadsheet\/product points to /)
    expect((failed as CredentialError).message.endsWith(fault)).toBe(true)
    expect(String(failed)).not.toContain('Zk3')
  })
})

test('plain http is refused but on this machine', () => {
  const failed = caught(() => open({ url: 'http://mixpanel.example.com' }, 'reports:Zk3vQ9pL'))
  expect(failed).toBeInstanceOf(UsageError)
  expect(String(failed)).toContain('`url`: "http://mixpanel.example.com" is not https')
})

test.each([
  ['us', 'https://mixpanel.com/api/query', 'https://data.mixpanel.com/api/2.0'],
  ['eu', 'https://eu.mixpanel.com/api/query', 'https://data-eu.mixpanel.com/api/2.0'],
  ['in', 'https://in.mixpanel.com/api/query', 'https://data-in.mixpanel.com/api/2.0'],
] as const)('region %s has its own hosts', async (region, query, data) => {
  await using door = open(undefined, 'reports:Zk3vQ9pL', { region })
  expect(door.client.describe('funnelsList', {})).toContain(`GET ${query}/funnels/list`)
  expect(door.client.describe('pipelinesJobs', {})).toContain(`GET ${data}/nessie/pipeline/jobs`)
})

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
