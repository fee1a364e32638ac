import * as z from 'zod'
import type { Http, HttpOptions } from '../../http.ts'
import { createHttp } from '../../http.ts'
import { byName } from '../by-name.ts'
import type { Method as JsonMethod } from '../call.ts'
import { checkedBy, methodsOf } from '../call.ts'
import { credentialKeeper } from '../credential.ts'
import { reader } from '../options.ts'
import type { Access } from './access.ts'
import { accessFor, readCredential } from './access.ts'
import type { ExponeaCall, Prepared } from './call.ts'
import { counted, prepare } from './call.ts'
import { calls } from './calls/index.ts'
import type { Composed } from './composed.ts'
import { composedCalls, composedOf } from './composed.ts'
import type { Exports } from './export.ts'
import { createExports, exportCalls } from './export.ts'
import { failureOfReply } from './failure.ts'
import { config } from './schema.ts'

export type { Analysis } from './calls/analyses.ts'
export type { CustomerEvent, Outcome } from './calls/answers.ts'
export type { CatalogItem, ItemOutcome } from './calls/catalogs.ts'
export type { Attribute, AttributeOutcome } from './calls/customers.ts'
export type { Command, CommandOutcome } from './calls/tracking.ts'
export { commands } from './calls/tracking.ts'
export type { CustomerAttributes, Refusal, SettledCommand } from './composed.ts'
export type { Customer, CustomersAsked } from './export.ts'

type Calls = typeof calls
export type CallName = keyof Calls
type AwaitedName = CallName | 'customerAttributes' | 'customerConsents'
export type ParametersOf<Name extends CallName> = z.input<Calls[Name]['parameters']>
export type AnswerOf<Name extends CallName> = z.output<Calls[Name]['answer']>

/** `format: 'csv'` gives the vendor's CSV as it came. */
interface Csv<Name extends CallName> {
  (parameters: ParametersOf<Name> & { readonly format: 'csv' }, signal?: AbortSignal): Promise<string>
  (parameters: ParametersOf<Name> & { readonly format?: 'table_json' | undefined }, signal?: AbortSignal): Promise<AnswerOf<Name>>
}
type Method<Name extends CallName> = Calls[Name] extends { readonly csv: true } ? Csv<Name> : JsonMethod<Calls[Name]>

export interface ExponeaOptions {
  /** The project token. */
  readonly project: string
  /** The API base address of the project's instance; `https://api.exponea.com` unless said. */
  readonly url?: string | undefined
  /** The credential (see `credential` in access.ts); `again` asks past any cache. */
  readonly credential: (again: boolean) => Promise<string>
  /** Where it stands, for messages: `ssm:/name`. */
  readonly credentials: string
  readonly trace?: HttpOptions['trace'] | undefined
  readonly clock?: HttpOptions['clock'] | undefined
  readonly http?: Pick<HttpOptions, 'sleep' | 'random' | 'deadline' | 'waits'> | undefined
}

/** A program without types may give anything. The same words as in the project file are taken, and the same default. */
const given = z.object({
  ...config.pick({ project: true, url: true }).shape,
  credential: reader<ExponeaOptions['credential']>(),
  credentials: z.string().min(1),
})

/** The calls that are one request each. */
export type SingleCalls = { readonly [Name in CallName]: Method<Name> }

/**
 * Exponea's calls, usable alone, for as many projects at a time as there are clients: each checks its parameters before it
 * sends (UsageError) and gives a parsed answer. Throws CredentialError, RefusedError, WaitError (a limit that ends later
 * than the call's time budget), UnavailableError or DataError; UsageError, too, once it is closed. Writes are queued by the
 * vendor: what was taken is not visible at once.
 */
export type ExponeaClient = SingleCalls &
  Composed & {
    readonly customersEach: Exports['customersEach']
    /**
     * Any call by its name, parameters unchecked by the compiler: what `broadsheet call` does. A text for `format: 'csv'`.
     * Those that end in `Each` are read, not awaited.
     */
    call(name: AwaitedName, parameters: object, signal?: AbortSignal): Promise<unknown>
    /** What a call of one request would send, on one line: method, address and parameters, without the credential. */
    describe(name: CallName, parameters: object): string
    close(): Promise<void>
  }

/** No limit is documented for reading; each analysis is work for the vendor. */
export const concurrency = 4

/** Throws UsageError that names each option that is wrong. */
export function createExponeaClient(options: ExponeaOptions): ExponeaClient {
  const { project, url, credentials } = checkedBy('createExponeaClient', given, options)
  const { trace = () => {}, clock = () => new Date() } = options
  const classify = (reply: Parameters<HttpOptions['classify']>[0]) => failureOfReply(reply, { project, credentials })
  const http = createHttp({ ...options.http, classify, concurrency, trace, clock })
  const withCredential = credentialKeeper({
    read: async (again) => readCredential(await options.credential(again), credentials),
  })
  const addressOf = ({ api }: Pick<ExponeaCall, 'api'>, path: string) =>
    `${url.replace(/\/+$/, '')}/${api}/v2/projects/${encodeURIComponent(project)}${path}`

  async function request(name: CallName, parameters: object, signal?: AbortSignal): Promise<unknown> {
    const call: ExponeaCall = calls[name]
    const prepared = prepare(name, call, parameters)
    return withCredential(accessFor, (access) =>
      send(http, call, { ...prepared, address: addressOf(call, prepared.path), access, signal }),
    )
  }

  const single = methodsOf(calls as Readonly<Record<CallName, ExponeaCall>>, request) as unknown as SingleCalls
  const composed = composedOf(single)
  const { customerAttributes, customerConsents } = composed
  const awaited = { ...single, customerAttributes, customerConsents }
  return {
    ...single,
    ...composed,
    ...createExports({ http, classify, withCredential, addressOf }),
    async call(name, parameters, signal) {
      const method = byName('Exponea', awaited, name, notAwaited)
      // Each checks what it is handed.
      return (method as (parameters: object, signal?: AbortSignal) => Promise<unknown>)(parameters, signal)
    },
    describe(name, parameters) {
      const call: ExponeaCall = byName('Exponea', calls, name, notSingle)
      const { path, fields, content } = prepare(name, call, parameters)
      return `${call.method} ${addressOf(call, path)} ${JSON.stringify(content ?? fields)}`
    },
    close: () => http.close(),
  }
}

const several = Object.keys({ ...composedCalls, ...exportCalls })
/** What is asked bit by bit. */
const notAwaited = Object.fromEntries(
  several.map((name) => [name, 'gives one after the other: read it with `for await` from the method']),
)
/** Calls that no one request is. */
const notSingle = Object.fromEntries(several.map((name) => [name, 'is not one request, which a line could show']))

interface Sending extends Prepared {
  readonly address: string
  readonly access: Access
  readonly signal: AbortSignal | undefined
}

function send(http: Http, call: ExponeaCall, sending: Sending): Promise<unknown> {
  const { fields, content, text, count, address, access, signal } = sending
  return http.request<z.ZodType>({
    method: call.method,
    url: address,
    query: fields,
    ...(content === undefined ? {} : { json: content }),
    headers: access.headers,
    schema: text ? z.string() : counted(call.answer, count),
    accept: text ? 'text' : 'json',
    secrets: access.secrets,
    exact: call.exact,
    budget: call.budget,
    ...(call.repeatable === undefined ? {} : { repeatable: call.repeatable }),
    signal,
  })
}
