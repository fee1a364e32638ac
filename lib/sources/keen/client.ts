import type * as z from 'zod'
import type { BroadsheetError } from '../../errors.ts'
import { CredentialError } from '../../errors.ts'
import type { HttpOpening } from '../../http.ts'
import { addressProblem, createHttp } from '../../http.ts'
import { byName } from '../by-name.ts'
import type { Method } from '../call.ts'
import { methodsOf } from '../call.ts'
import type { KeenCall, Prepared } from './call.ts'
import { prepare } from './call.ts'
import { calls } from './calls/index.ts'
import { accessKeyChanges, asWritten, composedCalls, savedQueryUpdate } from './composed.ts'
import type { ExtractionEachAsked } from './extraction.ts'
import { extractionEach } from './extraction.ts'
import { failureOfReply } from './failure.ts'
import type { KeyKind } from './keys.ts'
import { createKeys, variables } from './keys.ts'
import type { Offline } from './offline.ts'
import { offlineCalls, offlineOf } from './offline.ts'
import type { KeenOptions } from './options.ts'
import { checkOptions } from './options.ts'
import { usualUrl } from './schema.ts'

export type { Row, Shape } from './calls/answers.ts'
export { rowsOf, timesOf } from './calls/answers.ts'
export type { FunnelAnswer } from './calls/funnel.ts'
export type { KeenOptions } from './options.ts'
export type { ScopedKeyOptions } from './scoped-key.ts'
export { decryptScopedKey, encryptScopedKey } from './scoped-key.ts'

type Calls = typeof calls
type SingleName = keyof Calls
type Changes = ReturnType<typeof accessKeyChanges>
/** Calls that are awaited; `extractionEach` is read. */
export type CallName = SingleName | keyof Changes | keyof Offline | 'savedQueryUpdate'
export type ParametersOf<Name extends SingleName> = z.input<Calls[Name]['parameters']>
export type AnswerOf<Name extends SingleName> = z.output<Calls[Name]['answer']>

/** Questions that run at a time. The vendor ran 24 of a project, and let 24 wait; others ask it, too. */
export const concurrency = 8

/**
 * Keen's calls, usable alone: each checks its parameters before it sends (UsageError) and gives a parsed answer. Several
 * clients share nothing. Throws CredentialError (also where the one key that a call needs is not there), RefusedError,
 * WaitError (a block that ends later than the call's time budget), UnavailableError or DataError.
 */
export type KeenClient = {
  readonly [Name in SingleName]: Method<Calls[Name]>
} & Changes &
  Offline & {
    /** Changes parts of a saved query; see composed.ts. */
    savedQueryUpdate(
      parameters: Parameters<typeof savedQueryUpdate>[1],
      signal?: AbortSignal,
    ): ReturnType<typeof savedQueryUpdate>
    /** Events one by one, with all their halves where that is asked for; see extraction.ts. */
    extractionEach(parameters: ExtractionEachAsked, signal?: AbortSignal): ReturnType<typeof extractionEach>
    /** Any call by its name, parameters unchecked by the compiler: what `broadsheet call` does. */
    call(name: CallName, parameters: object, signal?: AbortSignal): Promise<unknown>
    /** What a call of one request would send, on one line: method, address and parameters. Reads no key and no variable: their names stand there. */
    describe(name: SingleName, parameters: object): string
    close(): Promise<void>
  }

/** Throws UsageError that names each option that is wrong. */
export function createKeenClient(own: KeenOptions): KeenClient {
  const options = checkOptions(own)
  const { trace = () => {}, clock = () => new Date(), getTimeout, postTimeout } = options
  const http = createHttp({ ...options.http, classify: failureOfReply, concurrency, trace, clock })
  const keys = createKeys(options)
  const project = once(() => projectOf(options))
  const host = once(() => hostOf(options))
  const base = async () => baseAt(await host(), await project())

  async function sent<Out>(
    call: KeenCall,
    { path, fields, json, values }: Prepared,
    signal: AbortSignal | undefined,
    send: (request: HttpOpening) => Promise<Out>,
  ): Promise<Out> {
    const address = `${await base()}${path}`
    const requestOf = (key: string): HttpOpening => {
      const idle = call.timeout === 'get' ? getTimeout : postTimeout
      return {
        method: call.method,
        url: address,
        ...(call.sends === 'query' ? { query: fields } : { json }),
        headers: { authorization: key, 'content-type': 'application/json', 'keen-sdk': 'broadsheet' },
        secrets: [key, ...(call.secrets ?? []).flatMap((name) => (typeof values[name] === 'string' ? [values[name]] : []))],
        idle,
        // Room for two that are silent to the end, and for the minute for which the vendor blocks.
        budget: Math.max(call.budget, 2 * idle + 90_000),
        ...repeats(call),
        signal,
      }
    }
    try {
      return await keys(call.key)((key) => send(requestOf(key)))
    } catch (error) {
      throw error instanceof CredentialError && error.remedy === undefined ? told(error, call.key, options) : error
    }
  }

  const request = (name: SingleName, parameters: object, signal?: AbortSignal) => made(name, calls[name], parameters, signal)

  async function made(name: string, call: KeenCall, parameters: object, signal?: AbortSignal): Promise<unknown> {
    const prepared = prepare(name, call, parameters)
    const schema = call.answerTo?.(prepared.values) ?? call.answer
    const accept = call.bare === true ? 'text' : 'json'
    const answer = await sent(call, prepared, signal, async (asked) => {
      // Keys stand in what is secretive.
      return http.request({ ...asked, schema, accept, quiet: call.secretive, exact: call.exact })
    })
    const unfit = call.unfit?.(answer, prepared.values)
    if (unfit !== undefined) throw unfit
    return answer
  }

  const single = methodsOf(calls as Readonly<Record<SingleName, KeenCall>>, request) as unknown as {
    readonly [Name in SingleName]: Method<Calls[Name]>
  }
  const extracting = {
    count: (parameters: object, signal?: AbortSignal) => single.count(parameters as never, signal),
    open(parameters: object, signal?: AbortSignal) {
      const call: KeenCall = calls.extraction
      return sent(call, prepare('extractionEach', call, parameters), signal, (asked) => http.open(asked))
    },
  }
  // The one cast: TypeScript does not follow one name through both.
  const written = methodsOf(asWritten, (name, ...given) => made(name, asWritten[name], ...given)) as {
    readonly [Name in keyof typeof asWritten]: Method<(typeof asWritten)[Name]>
  }
  const changing = { ...single, ...written }
  const awaited = {
    ...single,
    ...accessKeyChanges(changing),
    ...offlineOf(keys, base),
    savedQueryUpdate: (parameters: Parameters<typeof savedQueryUpdate>[1], signal?: AbortSignal) =>
      savedQueryUpdate(changing, parameters, signal),
  }
  return {
    ...awaited,
    extractionEach: (parameters, signal) => extractionEach(extracting, parameters, signal),
    async call(name, parameters, signal) {
      const method = byName('Keen', awaited, name, {
        extractionEach: 'gives one event after the other: read it with `for await` from the method',
      })
      // Each checks what it is handed.
      return (method as (parameters: object, signal?: AbortSignal) => Promise<unknown>)(parameters, signal)
    },
    describe(name, parameters) {
      const call: KeenCall = byName('Keen', calls, name, notSingle)
      const { path, fields, json, values } = prepare(name, call, parameters)
      const hidden = (call.secrets ?? []).map((key) => encodeURIComponent(String(values[key])))
      const shown = hidden.reduce((text, secret) => text.replaceAll(secret, '…'), path)
      const mayBeOther = options.url === undefined && options.credentials === undefined
      const shownHost = mayBeOther ? `\${${variables.url}:-${usualUrl}}` : (options.url ?? usualUrl)
      const place = baseAt(shownHost, options.project ?? `$${variables.project}`)
      const what = call.sends === 'query' ? fields : json
      return `${call.method} ${place}${shown} ${JSON.stringify(what)}`
    },
    close: () => http.close(),
  }
}

function repeats({ repeatable, once }: KeenCall): { repeatable?: boolean } {
  if (once === true) return { repeatable: false }
  return repeatable === undefined ? {} : { repeatable }
}

function baseAt(url: string, project: string): string {
  return `${url.replace(/\/+$/, '')}/3.0/projects/${project}`
}

/** Calls that no one request is. */
const notSingle = Object.fromEntries(
  Object.keys({ ...composedCalls, ...offlineCalls }).map((name) => [name, 'is not one request, which a line could show']),
)

/** Read once; a reading that failed is forgotten. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | undefined
  return () => {
    reading ??= read()
    reading.catch(() => {
      reading = undefined
    })
    return reading
  }
}

async function projectOf({ project, credential }: KeenOptions): Promise<string> {
  if (project !== undefined) return project
  const remedy = `give the source its \`project\`, or set ${variables.project}`
  const text = await credential(`env:${variables.project}`).catch((cause: unknown) => {
    if (!(cause instanceof CredentialError)) throw cause
    throw new CredentialError(`nobody says which project of Keen is asked: ${cause.message}`, { remedy, cause })
  })
  if (/^[\w-]+$/.test(text.trim())) return text.trim()
  throw new CredentialError(`the variable ${variables.project} holds no id of a project`, { remedy })
}

/**
 * Whoever says where keys are sent has them. So the variable is read only where the keys are variables, too: one that
 * somebody left in a shell or a folder leads no key of a vault away.
 */
async function hostOf({ url, credentials, credential }: KeenOptions): Promise<string> {
  if (url !== undefined) return url
  if (credentials !== undefined) return usualUrl
  const text = await credential(`env:${variables.url}`).catch((error: unknown) => {
    if (error instanceof CredentialError) return ''
    throw error
  })
  const address = text.trim()
  if (address === '') return usualUrl
  if (addressProblem(address) === undefined) return address
  // A reader that knows no names may have given a key.
  throw new CredentialError(`the variable ${variables.url} holds no address that keys can be sent to`, {
    remedy: `write https://… in full without ? and #, or unset ${variables.url} to ask ${usualUrl}`,
  })
}

function told(error: BroadsheetError, kind: KeyKind, { credentials }: Pick<KeenOptions, 'credentials'>): CredentialError {
  const place = credentials ?? `the variable ${variables[kind]}`
  const { message, requestId, cause } = error
  const remedy = `that was the ${kind} key of ${place}: put the project's ${kind} key there, or one that may do this`
  return new CredentialError(message, { requestId, remedy, cause })
}
