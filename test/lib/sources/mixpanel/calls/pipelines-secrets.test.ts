import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UnavailableError, UsageError } from '../../../../../lib/errors.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Payload } from '../../../../servers/vendor.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { openDoor, posted, vault } from './pipelines-door.ts'

const principal = 'q~8~&=+ Ünïx'
const azure = {
  type: 'azure-raw',
  from_date: '2026-09-01',
  storage_account: 'acmestore',
  container_name: 'mixpanel',
  client_id: '5f0c',
  client_secret: 'ssm:/azure/principal',
  tenant_id: '77ab',
} as const
const snowflake = {
  type: 'snowflake',
  from_date: '2026-09-01',
  sync: true,
  schema_type: 'monoschema',
  snowflake_account_name: 'acme-eu',
  snowflake_warehouse: 'LOAD_WH',
  snowflake_storage_integration: 'MIXPANEL_STAGE',
  snowflake_user: 'MIXPANEL_USER',
  snowflake_password: 'secretsmanager:prod/snowflake',
  snowflake_role: 'MIXPANEL_ROLE',
  snowflake_database: 'ANALYTICS',
  snowflake_schema: 'EVENTS',
} as const
const created = { body: { pipeline_names: ['raw-azure'] } }

describe('a secret is sent in place of its reference', () => {
  test.each([
    ['of a service principal', 'pipelinesCreate', 'create', azure, { client_secret: principal }, created],
    [
      'of Snowflake, without the line break after it',
      'pipelinesCreate',
      'create',
      snowflake,
      { snowflake_password: 'Fjord-93-kelp' },
      created,
    ],
    [
      'in an edit',
      'pipelinesEdit',
      'edit',
      { name: 'raw-azure', azure_client_id: '5f0c', azure_client_secret: 'env:AZURE_SECRET', azure_tenant_id: '77ab' },
      { azure_client_secret: 'w1nter&barley' },
      {},
    ],
  ] as const)('%s', async (_, call, path, parameters, secrets, answer) => {
    const words = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]))
    await using vendor = await startVendor([posted(path, { ...words, ...secrets }, answer)])
    await using door = openDoor(vendor)
    await door.client.call(call, parameters)
  })

  test('by the reader of the source that was opened', async () => {
    const { client_secret: _, ...rest } = azure
    await using vendor = await startVendor([posted('create', { ...rest, client_secret: 'w1nter&barley' }, created)])
    const asked: string[] = []
    const own = config.parse({ kind: 'mixpanel', project: '1234567', url: vendor.url, credentials: 'env:ACCOUNT' })
    const source = mixpanel.open(own, {
      name: 'product',
      folder: '/',
      timezone: 'UTC',
      credential: async (reference) => {
        asked.push(reference)
        return reference === 'env:ACCOUNT' ? 'exporter.mp-service-account:k8sWq2Zr' : (vault[reference] ?? '')
      },
      trace: () => {},
      clock: () => new Date('2026-11-16T07:00:00Z'),
    })
    const called = await source.call?.('pipelinesCreate', { ...azure, client_secret: 'env:AZURE_SECRET' })
    await source.close?.()
    expect(called).toEqual({ json: { pipelineNames: ['raw-azure'] } })
    expect(asked.toSorted()).toEqual(['env:ACCOUNT', 'env:AZURE_SECRET'])
  })
})

describe('a secret is seen nowhere', () => {
  // Repeated as it is, as a form has it, in base64, and in JSON's escapes.
  const forms = [principal, 'q~8~%26%3D%2B+%C3%9Cn%C3%AFx', Buffer.from(principal).toString('base64'), JSON.stringify(principal)]
  const echo = `bad client_secret: ${forms.join(' ')}`

  test.each<[string, Payload, unknown]>([
    ['a refusal', { status: 400, body: { error: echo, status: 'error' } }, RefusedError],
    ['an error in a 200', { body: { error: echo, status: 'error' } }, RefusedError],
    ['a refusal of the account', { status: 401, body: { error: echo, status: 'error' } }, CredentialError],
    ['a page', { status: 200, body: `<html>${echo}` }, UnavailableError],
    ['an overload', { status: 503, body: echo }, UnavailableError],
    ['an answer that does not fit', { body: { pipeline_names: [], echo } }, undefined],
    ['a socket that is cut', { body: created, cutAfter: 5 }, UnavailableError],
  ])('not in the failure or the trace of %s', async (_, answer, kind) => {
    await using vendor = await startVendor([posted('create', { ...azure, client_secret: principal }, answer)])
    await using door = openDoor(vendor)
    const error = await door.client.pipelinesCreate(azure).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind ?? Error)
    const shown = `${inspect(error, { depth: 12, showHidden: true })}${(error as Error).stack}${door.lines.join('\n')}`
    expect(shown).toContain('nessie/pipeline/create')
    for (const form of [...forms, JSON.stringify(principal).slice(1, -1), encodeURIComponent(principal)]) {
      expect(shown).not.toContain(form)
    }
  })

  test('not in what would be sent, which shows the reference', async () => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor)
    const line = door.client.describe('pipelinesCreate', azure)
    expect(line).toContain('POST')
    expect(line).toContain('"client_secret":"ssm:/azure/principal"')
    expect(line).not.toContain(principal)
  })

  test('not in the answer to an edit that repeats it', async () => {
    const parameters = { name: 'x', azure_client_secret: 'ssm:/azure/principal' }
    await using vendor = await startVendor([
      posted('edit', { name: 'x', azure_client_secret: principal }, { body: { params: { azure_client_secret: principal } } }),
    ])
    await using door = openDoor(vendor)
    expect(await door.client.pipelinesEdit(parameters)).toEqual({ done: true })
  })
})

describe('nothing is sent', () => {
  test.each([
    ['pipelinesCreate', { ...azure, client_secret: 'hunter2-literal' }, 'client_secret'],
    ['pipelinesCreate', { ...azure, client_secret: { value: 'hunter2-literal' } }, 'client_secret'],
    ['pipelinesCreate', { ...snowflake, snowflake_password: 'hunter2-literal' }, 'snowflake_password'],
    ['pipelinesCreate', { ...snowflake, snowflake_pasword: 'hunter2-literal' }, 'snowflake_pasword'],
    ['pipelinesEdit', { name: 'x', azure_client_secret: 'hunter2-literal' }, 'azure_client_secret'],
  ] as const)('for a secret that is written out (%s %#), which no message repeats', async (call, parameters, key) => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor)
    for (const ask of [async () => door.client.describe(call, parameters), () => door.client.call(call, parameters)]) {
      const error = await ask().catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(UsageError)
      expect((error as Error).message).toContain(key)
      expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('hunter2')
    }
  })

  test('and the remedy is said', async () => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor)
    await expect(door.client.call('pipelinesCreate', { ...azure, client_secret: 'x' })).rejects.toThrow(
      /a secret is given by where it is kept \(ssm:\/name, secretsmanager:name or env:NAME\), never as itself/,
    )
  })

  test('where nobody reads references', async () => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor, { secret: undefined })
    const error = await door.client.pipelinesCreate(azure).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({
      message: 'Mixpanel pipelinesCreate: nobody here can read what `client_secret` points to, ssm:/azure/principal',
      remedy: expect.stringContaining('`secret`'),
    })
  })

  test('where it cannot be read', async () => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor, {
      secret: async () => {
        throw new CredentialError('SSM parameter /azure/principal does not exist here')
      },
    })
    await expect(door.client.pipelinesCreate(azure)).rejects.toThrow('SSM parameter /azure/principal does not exist here')
  })

  test.each(['env:SHORT', 'env:EMPTY'])('where there is none: %s', async (reference) => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor)
    const error = await door.client.pipelinesCreate({ ...azure, client_secret: reference }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(CredentialError)
    expect((error as Error).message).toBe(`what ${reference} points to is too short to be a secret`)
  })
})

test('calls without a secret need nobody who reads one', async () => {
  const parameters = { type: 'gcs-raw', from_date: '2026-09-01', gcs_bucket: 'b', gcs_region: 'us-east1' } as const
  await using vendor = await startVendor([posted('create', parameters, created)])
  await using door = openDoor(vendor, { secret: undefined })
  await door.client.pipelinesCreate(parameters)
})
