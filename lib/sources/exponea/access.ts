import * as z from 'zod'
import { CredentialError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import { jsonInSecret } from '../credential.ts'

/** Characters of a secret: what is shorter would be found in any text, and could not be kept out of messages. */
const shortest = 4
/** Basic access ends the user at the first colon. */
const key = z.string().regex(/^[^:]+$/)
const secret = z.string().min(shortest)

/** The parts of a credential, or undefined for JSON that is not whole. */
function partsOf(text: string): unknown {
  if (text.startsWith('{')) return jsonInSecret(text)
  const colon = text.indexOf(':')
  return colon === -1 ? {} : { key: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/**
 * The id and the secret of a private API group's key. As JSON `{"key","secret"}`, or `{"username","password"}` as the
 * vendor's own Python client calls the two; as text `key:secret`.
 */
export const credential = z
  .string()
  .transform((text) => partsOf(text.trim()))
  .pipe(
    z.union([
      z.object({ key, secret }),
      z.object({ username: key, password: secret }).transform((pair) => ({ key: pair.username, secret: pair.password })),
    ]),
  )
export type Credential = z.output<typeof credential>

/** Throws CredentialError, which names where the credential stands, what is wrong with it, and never what it is. */
export function readCredential(text: string, place: string): Credential {
  const parsed = credential.safeParse(text)
  if (parsed.success) return parsed.data
  throw new CredentialError(`what ${place} points to ${faultOf(text.trim())}`, {
    remedy: 'keep the id and the secret of a private API group there as {"key":"…","secret":"…"} or as key:secret',
  })
}

/** What the id and the secret are called. Other keys are not told: a text of another form may be a secret. */
const namesOfParts = [
  ['key', 'secret'],
  ['username', 'password'],
] as const

function faultOf(text: string): string {
  if (text === '') return 'is empty'
  const parts = partsOf(text)
  if (!isObject(parts)) return 'is not whole JSON'
  const pair = namesOfParts.find((names) => names.some((name) => Object.hasOwn(parts, name)))
  if (pair === undefined) return 'is no credential of Exponea'
  const faults = pair.flatMap((name, at): string[] => {
    const value = parts[name]
    if (value === undefined) return [`\`${name}\` is missing`]
    if (typeof value !== 'string') return [`\`${name}\` is no text`]
    if (at === 1) return value.length < shortest ? [`\`${name}\` has fewer than ${shortest} characters`] : []
    if (value === '') return [`\`${name}\` is empty`]
    return value.includes(':') ? [`\`${name}\` has a colon`] : []
  })
  return `is no credential of Exponea: ${faults.join(', and ')}`
}

/** What a request needs to be let in. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>
  /** What no message may hold. */
  readonly secrets: readonly string[]
}

export function accessFor(own: Credential): Access {
  const pair = `${own.key}:${own.secret}`
  return { headers: { authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` }, secrets: [pair, own.secret] }
}
