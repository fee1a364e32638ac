import { CredentialError, UnavailableError } from '../lib/errors.ts'
import { readVariable } from './environment.ts'

/** Reads the credential that a reference points to; `again` skips the cache, for after a vendor's 401. */
export type CredentialReader = (reference: string, again?: boolean) => Promise<string>

/** A parameter store, as Powertools has two of them. */
interface Provider {
  get(name: string, options: { decrypt?: boolean; maxAge: number; forceFetch: boolean; throwOnMissing: true }): Promise<unknown>
}

/** Where a kind of reference is kept, and how one gets there. */
interface Vault {
  readonly what: string
  open(): Promise<Provider>
  readonly create: string
}

/** Seconds for which a credential is remembered; one that was changed in the meantime is read anew after a 401. */
const maxAge = 300

// Imported when first asked: whoever keeps credentials elsewhere never loads these SDK clients.
const vaults: Readonly<Record<string, Vault>> = {
  ssm: {
    what: 'SSM parameter',
    async open() {
      const { SSMProvider } = await import('@aws-lambda-powertools/parameters/ssm')
      const provider = new SSMProvider()
      return { get: (name, options) => provider.get(name, { ...options, decrypt: true }) }
    },
    create: 'create it as a SecureString, in the account and region that this runs in',
  },
  secretsmanager: {
    what: 'secret',
    async open() {
      const { SecretsProvider } = await import('@aws-lambda-powertools/parameters/secrets')
      const provider = new SecretsProvider()
      return { get: (name, options) => provider.get(name, options) }
    },
    create: 'create it, in the account and region that this runs in',
  },
}

/** What AWS answers when nothing is there, or when it is there and whoever asks may not see it. */
const missing = new Set(['ParameterNotFoundError', 'ParameterNotFound', 'ResourceNotFoundException'])
const refused = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'InvalidSignatureException',
])
/** What the SDK throws when it finds nobody to ask as: nothing is sent, and trying again would not help. */
const unsigned = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError'])

/**
 * A reader of `ssm:/name`, `secretsmanager:name` and `env:NAME`, with a cache of its own. It throws CredentialError
 * when the credential is not there or may not be read, or this machine is not set up to ask AWS; it names what mends
 * that and never the value. UnavailableError when AWS did not answer.
 */
export function credentialReader(): CredentialReader {
  const open = new Map<string, Promise<Provider>>()
  return async (reference, again = false) => {
    const colon = reference.indexOf(':')
    const [scheme, name] = [reference.slice(0, colon), reference.slice(colon + 1)]
    if (scheme === 'env') return fromEnvironment(name)
    const vault = vaults[scheme]
    if (vault === undefined || name === '') {
      throw new CredentialError('a credential is not given as a reference', {
        remedy: 'write ssm:/name, secretsmanager:name or env:NAME',
      })
    }
    const provider = open.get(scheme) ?? vault.open()
    open.set(scheme, provider)
    return fromVault(vault, name, await provider, again)
  }
}

function fromEnvironment(name: string): string {
  const value = readVariable(name)
  if (value !== undefined) return value
  throw new CredentialError(`the environment variable ${name} is not set`, { remedy: 'set it where this runs' })
}

async function fromVault(vault: Vault, name: string, provider: Provider, again: boolean): Promise<string> {
  let value: unknown
  try {
    value = await provider.get(name, { maxAge, forceFetch: again, throwOnMissing: true })
  } catch (error) {
    throw failureOfVault(vault, name, error)
  }
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new CredentialError(`${vault.what} ${name} holds no text`, { remedy: 'put the credential into it' })
}

/** Powertools wraps what the SDK throws and keeps its message, so the name that tells is one of two. */
function failureOfVault(vault: Vault, name: string, error: unknown): Error {
  if (!(error instanceof Error)) return new TypeError('not an error', { cause: error })
  const names = [error.name, error.cause instanceof Error ? error.cause.name : '']
  if (names.some((candidate) => missing.has(candidate))) {
    return new CredentialError(`${vault.what} ${name} does not exist here`, { remedy: vault.create, cause: error })
  }
  if (names.some((candidate) => refused.has(candidate))) {
    return new CredentialError(`${vault.what} ${name} may not be read: ${names[1] || names[0]}`, {
      remedy: 'see that the AWS credentials of whoever runs this are valid, and allow reading it and decrypting with its key',
      cause: error,
    })
  }
  if (error.message === 'Region is missing') {
    return new CredentialError(`${vault.what} ${name} could not be read: no AWS region is set`, {
      remedy: 'set AWS_REGION to the region that it is in',
      cause: error,
    })
  }
  if (names.some((candidate) => unsigned.has(candidate))) {
    return new CredentialError(`${vault.what} ${name} could not be read: there are no valid AWS credentials here`, {
      remedy: 'sign in, or set AWS_PROFILE',
      cause: error,
    })
  }
  return new UnavailableError(`${vault.what} ${name} could not be read: ${error.message}`, { cause: error })
}
