import { createHash } from 'node:crypto'
import * as z from 'zod'
import { CredentialError } from '../../errors.ts'
import type { Fields } from '../../http.ts'
import type { Api } from './call.ts'

/** From then on Mixpanel takes no project secret any more, by its documentation of 2026. */
const secretsRetire = '3 March 2027'
/** Seconds that a signed request is good for, as the vendor's own clients of that time have it. */
const signatureLife = 600

/** Characters of a secret: what is shorter would be found in any text, and could not be kept out of messages. */
const shortest = 4

/** The parts of a credential, or undefined for JSON that is not whole. */
function partsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text)
    } catch (error) {
      // Its own message quotes the text, and the text is a secret.
      if (!(error instanceof SyntaxError)) throw error
      return undefined
    }
  }
  if (/^[0-9a-f]{32}:?$/i.test(text)) return { project_secret: text.slice(0, 32) }
  const colon = text.indexOf(':')
  return colon === -1 ? {} : { username: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/**
 * The three ways in: a service account, the project secret (until it retires), and the signature of the oldest clients.
 * As JSON: `{"username","secret"}`, `{"project_secret"}`, `{"api_key","api_secret"}`; as text `username:secret`, or the
 * project secret alone with a colon after it or none.
 */
export const credential = z
  .string()
  .transform((text) => partsOf(text.trim()))
  .pipe(
    z.union([
      z
        .object({ username: z.string().min(1), secret: z.string().min(shortest) })
        .transform((account) => ({ way: 'account' as const, ...account })),
      z
        .object({ project_secret: z.string().min(shortest) })
        .transform((own) => ({ way: 'secret' as const, secret: own.project_secret })),
      z
        .object({ api_key: z.string().min(shortest), api_secret: z.string().min(shortest) })
        .transform((pair) => ({ way: 'signature' as const, key: pair.api_key, secret: pair.api_secret })),
    ]),
  )
export type Credential = z.output<typeof credential>

/** Throws CredentialError, which names where the credential stands, what is wrong with it, and never what it is. */
export function readCredential(text: string, place: string): Credential {
  const parsed = credential.safeParse(text)
  if (parsed.success) return parsed.data
  throw new CredentialError(`what ${place} points to ${faultOf(text.trim())}`, {
    remedy: 'keep the service account there as {"username":"…","secret":"…"} or as username:secret',
  })
}

/** What each way in is known by. */
const keysOfWays = [['username', 'secret'], ['project_secret'], ['api_key', 'api_secret']] as const
/** What people call them elsewhere. Keys are told only where they are one of these: a text of another form may be a secret. */
const elsewhere: Readonly<Record<string, string>> = { password: 'secret', pass: 'secret', user: 'username', name: 'username' }

function faultOf(text: string): string {
  if (text === '') return 'is empty'
  const parts = partsOf(text)
  if (parts === undefined) return 'is not whole JSON'
  const has = (key: string) => Object.hasOwn(parts, key)
  const names = Object.keys(elsewhere).filter(has)
  const meant = keysOfWays.find((keys) => keys.some((key) => has(key) || names.some((name) => elsewhere[name] === key)))
  if (meant === undefined) return 'is no credential of Mixpanel'
  const faults = meant.flatMap((key): string[] => {
    const value = parts[key]
    const name = names.find((one) => elsewhere[one] === key)
    if (value === undefined) return [`\`${key}\` is missing${name === undefined ? '' : ` (\`${name}\` is there)`}`]
    if (typeof value !== 'string') return [`\`${key}\` is no text`]
    if (key === 'username') return value === '' ? ['`username` is empty'] : []
    return value.length < shortest ? [`\`${key}\` has fewer than ${shortest} characters`] : []
  })
  return `is no credential of Mixpanel: ${faults.join(', and ')}`
}

/** What whoever keeps the project should know of a credential; undefined for a service account. */
export function adviceOn({ way }: Credential, place: string): string | undefined {
  if (way === 'account') return undefined
  const what = way === 'secret' ? 'a project secret' : 'an api_key with its secret'
  const why =
    way === 'secret' ? `Mixpanel retires those on ${secretsRetire}` : 'Mixpanel keeps signed requests for old clients only'
  return `${place} holds ${what}, and ${why}: put a service account there instead`
}

/** What a request needs to be let in. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>
  /** Of the address, beside the call's own parameters. */
  readonly query: Fields
  /** Of a form, beside them. */
  readonly form: Fields
  /** Of a JSON body, beside them. */
  readonly json: object
  /** What no message may hold. */
  readonly secrets: readonly string[]
}

export interface Asked {
  readonly api: Api
  readonly sends: 'query' | 'form' | 'json'
  readonly method: string
  /** The call's own parameters, of address and form. */
  readonly fields: Fields
  readonly project: string
  readonly workspace?: string | undefined
}

/**
 * How a call is let in. Throws CredentialError where Mixpanel takes no such credential for it: annotations take service
 * accounts alone, and the data host refuses a signature with `invalid parameter: sig`.
 */
export function accessFor(own: Credential, asked: Asked, now: Date): Access {
  const { api, project, workspace } = asked
  if (api === 'app' && own.way !== 'account') throw unfit(annotationsTake)
  if (own.way === 'signature') {
    if (api === 'data' || api === 'pipelines')
      throw unfit('raw export and pipelines refuse signed requests (invalid parameter: sig)')
    const signed = signatureOf(own, asked.fields, now)
    return { headers: {}, query: signed, form: {}, json: {}, secrets: [own.secret, signed.sig] }
  }
  const pair = own.way === 'account' ? `${own.username}:${own.secret}` : `${own.secret}:`
  const headers = { authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` }
  const secrets = [pair, own.secret]
  // The secret is the project's own; with project_id beside it Mixpanel answers 400. Annotations have it in the address.
  if (own.way === 'secret' || api === 'app') return { headers, secrets, query: {}, form: {}, json: {} }
  // A POST of pipelines and of an unsaved report has the project where its own parameters are.
  if (api === 'pipelines' && asked.sends === 'form')
    return { headers, secrets, query: {}, form: { project_id: project }, json: {} }
  if (asked.sends === 'json') return { headers, secrets, query: {}, form: {}, json: { project_id: Number(project) } }
  const place = { project_id: project, ...(api === 'pipelines' ? {} : { workspace_id: workspace }) }
  return { headers, secrets, query: place, form: {}, json: {} }
}

/** Whether a call was refused because annotations take a service account, and the credential is another way in. */
export function needsAccount(error: Error): boolean {
  return error instanceof CredentialError && error.message.endsWith(annotationsTake)
}

const annotationsTake = 'annotations take a service account only'

function unfit(why: string): CredentialError {
  return new CredentialError(`Mixpanel's ${why}`, { remedy: 'use a service account: Organization Settings, Service Accounts' })
}

/** By the documentation of signatures: the MD5 of all `key=value` in the order of their keys, joined by nothing, and the secret. */
export function signatureOf(
  { key, secret }: { readonly key: string; readonly secret: string },
  fields: Fields,
  now: Date,
): { api_key: string; expire: string; sig: string } {
  const expire = String(Math.floor(now.getTime() / 1000) + signatureLife)
  const all: Fields = { ...fields, api_key: key, expire }
  const text = Object.keys(all)
    .filter((name) => all[name] !== undefined && name !== 'callback' && name !== 'sig')
    .sort()
    .map((name) => `${name}=${String(all[name])}`)
    .join('')
  return { api_key: key, expire, sig: createHash('md5').update(`${text}${secret}`, 'utf8').digest('hex') }
}
