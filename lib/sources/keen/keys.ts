import * as z from 'zod'
import { BroadsheetError, CredentialError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import type { WithCredential } from '../credential.ts'
import { credentialKeeper, jsonInSecret } from '../credential.ts'

/** What each key may do: `write` sends events, `read` queries, `master` everything. */
export const keyKinds = ['write', 'read', 'master'] as const
export type KeyKind = (typeof keyKinds)[number]
type Keys = { readonly [Kind in KeyKind]?: string | null | undefined }

/** The vendor's own names. */
export const variables = {
  project: 'KEEN_PROJECT_ID',
  write: 'KEEN_WRITE_KEY',
  read: 'KEEN_READ_KEY',
  master: 'KEEN_MASTER_KEY',
  url: 'KEEN_BASE_URL',
} as const satisfies Record<KeyKind | 'project' | 'url', string>

/** Reads what a reference points to (`ssm:/name`, `env:NAME`); `again` asks past any cache. Throws CredentialError where nothing is there. */
export type Reader = (reference: string, again?: boolean) => Promise<string>

export interface KeysOptions {
  readonly credential: Reader
  /** Where all keys stand together; without it each has a variable of its own. */
  readonly credentials?: string | undefined
}

/** Makes a call with the key of a kind. */
export type WithKey = <Out>(attempt: (key: string) => Promise<Out>) => Promise<Out>

/** Characters of a key: what is shorter would be found in any text, and could not be kept out of messages. */
const shortest = 4
const key = z.string().trim().min(shortest)
/** As JSON: `{"write":"…","read":"…","master":"…"}`, any of them or all. */
export const credential = z
  .object({ write: key.nullish(), read: key.nullish(), master: key.nullish() })
  .refine((keys) => keyKinds.some((kind) => typeof keys[kind] === 'string'))

/**
 * Hands an operation the key of its kind, and never another one. Keys are read when an operation needs them. Throws
 * CredentialError that names the missing one and where it belongs.
 */
export function createKeys({ credential: read, credentials }: KeysOptions): (kind: KeyKind) => WithKey {
  if (credentials === undefined) {
    const keepers = Object.fromEntries(
      keyKinds.map((kind) => [kind, credentialKeeper({ read: (again) => fromVariable(kind, read, again) })]),
    ) as Record<KeyKind, WithCredential<string>>
    return (kind) => (attempt) => keepers[kind]((own) => own, attempt)
  }
  const keeper = credentialKeeper({ read: async (again) => readKeys(await read(credentials, again), credentials) })
  return (kind) => (attempt) =>
    keeper((keys) => {
      const own = keys[kind]
      if (typeof own !== 'string') throw missing(kind, `what ${credentials} points to has none`, typeof keys.master === 'string')
      return own
    }, attempt)
}

/** Throws CredentialError, which names where the keys stand, which are too short, and never what they are. */
export function readKeys(text: string, place: string): Keys {
  const json = jsonInSecret(text)
  const parsed = credential.safeParse(json)
  if (parsed.success) return parsed.data
  const short = keyKinds.filter((kind) => isObject(json) && isShort(json[kind]))
  const faults = short.map((kind) => `\`${kind}\` has fewer than ${shortest} characters`)
  const why = faults.length === 0 ? '' : `: ${faults.join(', and ')}`
  throw new CredentialError(`what ${place} points to are no keys of Keen${why}`, {
    remedy: 'keep the keys there as {"write":"…","read":"…","master":"…"}; those that nothing needs may be left out',
  })
}

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.trim().length < shortest
}

async function fromVariable(kind: KeyKind, read: Reader, again: boolean): Promise<string> {
  let held = 'none'
  try {
    const text = await read(`env:${variables[kind]}`, again)
    const parsed = key.safeParse(text)
    if (parsed.success) return parsed.data
    if (text.trim() !== '') held = `a text of fewer than ${shortest} characters`
  } catch (cause) {
    if (!(cause instanceof CredentialError)) throw cause
  }
  throw missing(kind, `the variable ${variables[kind]} holds ${held}`, kind !== 'master' && (await isThere('master', read)))
}

async function isThere(kind: KeyKind, read: Reader): Promise<boolean> {
  try {
    return (await read(`env:${variables[kind]}`)).trim() !== ''
  } catch (error) {
    if (error instanceof BroadsheetError) return false
    throw error
  }
}

function missing(kind: KeyKind, where: string, hasMaster: boolean): CredentialError {
  const master = hasMaster ? '; the master key is there, and is not used: it may do more than this needs' : ''
  return new CredentialError(`Keen needs the ${kind} key for this, and ${where}${master}`, {
    remedy: `put the project's ${kind} key there (Keen: Access)`,
    // All questions take the read key.
    everywhere: kind === 'read',
  })
}
