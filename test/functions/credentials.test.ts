import { spawnSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { credentialReader } from '../../functions/credentials.ts'
import { CredentialError, UnavailableError } from '../../lib/errors.ts'
import type { VaultsServer } from '../servers/vaults.ts'
import { startVaults } from '../servers/vaults.ts'

let vaults: VaultsServer
beforeAll(async () => {
  vaults = await startVaults()
  vaults.put('/broadsheet/product', 'account:first')
})
afterAll(() => vaults.close())
afterEach(() => vi.unstubAllEnvs())

function aws(url: string) {
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', url)
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', url)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
  return credentialReader()
}
const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a parameter of SSM', () => {
  it('is decrypted, remembered, and read anew when a vendor refused it', async () => {
    const read = aws(vaults.url)
    const before = vaults.reads.length
    expect([await read('ssm:/broadsheet/product'), await read('ssm:/broadsheet/product')]).toEqual([
      'account:first',
      'account:first',
    ])
    expect(vaults.reads.length).toBe(before + 1)
    vaults.put('/broadsheet/product', 'account:second')
    expect(await read('ssm:/broadsheet/product')).toBe('account:first')
    expect(await read('ssm:/broadsheet/product', true)).toBe('account:second')
    expect(await read('ssm:/broadsheet/product')).toBe('account:second')
  })

  it('that is missing is told with what makes it', async () => {
    const error = await thrown(aws(vaults.url)('ssm:/broadsheet/gone'))
    expect(error).toBeInstanceOf(CredentialError)
    expect(error).toMatchObject({
      message: 'SSM parameter /broadsheet/gone does not exist here',
      remedy: 'create it as a SecureString, in the account and region that this runs in',
    })
  })

  it('that is blank is told so', async () => {
    vaults.put('/broadsheet/blank', ' ')
    expect(await thrown(aws(vaults.url)('ssm:/broadsheet/blank'))).toMatchObject({
      kind: 'credential',
      message: 'SSM parameter /broadsheet/blank holds no text',
      remedy: 'put the credential into it',
    })
  })

  it('that AWS cannot be asked for is nobody’s fault yet', async () => {
    const gone = await startVaults()
    await gone.close()
    expect(await thrown(aws(gone.url)('ssm:/broadsheet/product'))).toBeInstanceOf(UnavailableError)
  })
})

describe('a secret of Secrets Manager', () => {
  it('is read by its name', async () => {
    vaults.put('broadsheet/shop', '{"key":"k"}')
    expect(await aws(vaults.url)('secretsmanager:broadsheet/shop')).toBe('{"key":"k"}')
  })

  it('that is missing is told with what makes it', async () => {
    expect(await thrown(aws(vaults.url)('secretsmanager:broadsheet/gone'))).toMatchObject({
      kind: 'credential',
      message: 'secret broadsheet/gone does not exist here',
      remedy: 'create it, in the account and region that this runs in',
    })
  })
})

describe('a machine that is not set up to ask AWS', () => {
  const kept = [
    ['ssm:/broadsheet/product', 'SSM parameter /broadsheet/product'],
    ['secretsmanager:broadsheet/shop', 'secret broadsheet/shop'],
  ] as const
  function bare() {
    for (const name of ['AWS_PROFILE', 'AWS_DEFAULT_REGION', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'])
      vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  }

  it.each(kept)('has a region to be set: somebody must act, so it is not tried again (%s)', async (reference, what) => {
    const read = aws(vaults.url)
    bare()
    vi.stubEnv('AWS_REGION', undefined)
    const error = await thrown(read(reference))
    expect(error).toBeInstanceOf(CredentialError)
    expect(error).toMatchObject({
      message: `${what} could not be read: no AWS region is set`,
      remedy: 'set AWS_REGION to the region that it is in',
    })
  })

  it.each(kept)('has somebody to sign in (%s)', async (reference, what) => {
    const read = aws(vaults.url)
    bare()
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
    const error = await thrown(read(reference))
    expect(error).toBeInstanceOf(CredentialError)
    expect(error).toMatchObject({
      message: `${what} could not be read: there are no valid AWS credentials here`,
      remedy: 'sign in, or set AWS_PROFILE',
    })
  })
})

describe('a variable', () => {
  it('is read', async () => {
    vi.stubEnv('VENDOR_SECRET', 'user:pass')
    expect(await credentialReader()('env:VENDOR_SECRET')).toBe('user:pass')
  })

  it('that is missing or empty is named', async () => {
    vi.stubEnv('VENDOR_SECRET', '')
    const error = await thrown(credentialReader()('env:VENDOR_SECRET'))
    expect(error).toBeInstanceOf(CredentialError)
    expect(error).toMatchObject({
      message: 'the environment variable VENDOR_SECRET is not set',
      remedy: 'set it where this runs',
    })
  })

  it('is read without loading the AWS SDK', () => {
    const program = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve: (name, context, next) => { if (name.startsWith('@aws')) throw new Error(name); return next(name, context) } })
      const { credentialReader } = await import(${JSON.stringify(new URL('../../functions/credentials.ts', import.meta.url).href)})
      process.stdout.write(await credentialReader()('env:VENDOR_SECRET'))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: { VENDOR_SECRET: 'user:pass' },
      encoding: 'utf8',
    })
    expect({ stdout, stderr }).toEqual({ stdout: 'user:pass', stderr: '' })
  })
})

it('what is no reference is refused without being shown, because it may be the secret itself', async () => {
  for (const literal of ['hunter2', 'account:hunter2', 'ssm:']) {
    const error = await thrown(credentialReader()(literal))
    expect(error).toBeInstanceOf(CredentialError)
    expect(String(error)).not.toContain('hunter2')
  }
})
