import * as z from 'zod'
import { CredentialError } from '../../errors.ts'
import { jsonInSecret } from '../credential.ts'

/** Basic access ends the user at the first colon. */
const key = z.string().regex(/^[^:]+$/)
/** A shorter one could not be kept out of messages. */
const secret = z.string().min(4)

/**
 * The id and the secret of a private API group's key. As JSON `{"key","secret"}`, or `{"username","password"}` as the
 * vendor's own Python client calls the two; as text `key:secret`.
 */
export const credential = z
  .string()
  .transform((text, context): unknown => {
    const trimmed = text.trim()
    if (trimmed.startsWith('{')) {
      const json = jsonInSecret(trimmed)
      if (json !== undefined) return json
      context.addIssue({ code: 'custom', message: 'is not whole JSON' })
      return z.NEVER
    }
    const colon = trimmed.indexOf(':')
    return colon === -1 ? {} : { key: trimmed.slice(0, colon), secret: trimmed.slice(colon + 1) }
  })
  .pipe(
    z.union([
      z.object({ key, secret: secret }),
      z.object({ username: key, password: secret }).transform((pair) => ({ key: pair.username, secret: pair.password })),
    ]),
  )
export type Credential = z.output<typeof credential>

/** Throws CredentialError, which names where the credential stands and never what it is. */
export function readCredential(text: string, place: string): Credential {
  const parsed = credential.safeParse(text)
  if (parsed.success) return parsed.data
  const broken = parsed.error.issues.some(({ message }) => message === 'is not whole JSON')
  throw new CredentialError(`what ${place} points to ${broken ? 'is not whole JSON' : 'is no credential of Exponea'}`, {
    remedy: 'keep the id and the secret of a private API group there as {"key":"…","secret":"…"} or as key:secret',
  })
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
