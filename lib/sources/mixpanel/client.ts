import * as z from 'zod'
import type { Http } from '../../http.ts'
import { createHttp } from '../../http.ts'
import type { Method as JsonMethod } from '../call.ts'
import { methodsOf } from '../call.ts'
import { credentialKeeper } from '../credential.ts'
import type { Access } from './access.ts'
import { accessFor, adviceOn, readCredential } from './access.ts'
import type { MixpanelCall } from './call.ts'
import { prepare, withSecrets } from './call.ts'
import { calls } from './calls/index.ts'
import type { Profile, ProfilesAsked } from './calls/people.ts'
import type { Moved } from './composed.ts'
import { annotationsMove, engageAll } from './composed.ts'
import type { Exports } from './export.ts'
import { createExports } from './export.ts'
import { failureOfReply } from './failure.ts'
import { admission, concurrency } from './limits.ts'
import type { MixpanelOptions } from './options.ts'
import { checkOptions } from './options.ts'
import type { Region } from './schema.ts'

export type { MixpanelOptions } from './options.ts'

type Calls = typeof calls
export type CallName = keyof Calls
export type ParametersOf<Name extends CallName> = z.input<Calls[Name]['parameters']>
export type AnswerOf<Name extends CallName> = z.output<Calls[Name]['answer']>

/** `format: 'csv'` gives the vendor's CSV as it came. */
interface Csv<Name extends CallName> {
  (parameters: ParametersOf<Name> & { readonly format: 'csv' }, signal?: AbortSignal): Promise<string>
  (parameters: ParametersOf<Name> & { readonly format?: 'json' }, signal?: AbortSignal): Promise<AnswerOf<Name>>
}
type Method<Name extends CallName> = Calls[Name] extends { readonly csv: true } ? Csv<Name> : JsonMethod<Calls[Name]>

/**
 * Mixpanel's calls, usable alone: each checks its parameters before it sends (UsageError) and gives a parsed answer.
 * Throws CredentialError, RefusedError, WaitError (a limit that resets later than the call's time budget),
 * UnavailableError or DataError; UsageError, too, once it is closed.
 */
export type MixpanelClient = {
  readonly [Name in CallName]: Method<Name>
} & {
  readonly export: Exports['export']
  readonly exportEvents: Exports['exportEvents']
  /** All profiles, page after page; see `engageAll` in composed.ts. */
  engageAll(parameters?: ProfilesAsked, signal?: AbortSignal): AsyncGenerator<Profile, void>
  /** Another date for an annotation: a new one is made, then the old one deleted. */
  annotationsMove(parameters: Parameters<typeof annotationsMove>[1], signal?: AbortSignal): Promise<Moved>
  /** Any call by its name, parameters unchecked by the compiler: what `broadsheet call` does. A text for `format: 'csv'`. */
  call(name: CallName, parameters: object, signal?: AbortSignal): Promise<unknown>
  /** What a call would send, on one line: method, address and parameters, without the credential. */
  describe(name: CallName, parameters: object): string
  close(): Promise<void>
}

const hosts = {
  us: { query: 'https://mixpanel.com', data: 'https://data.mixpanel.com' },
  eu: { query: 'https://eu.mixpanel.com', data: 'https://data-eu.mixpanel.com' },
  in: { query: 'https://in.mixpanel.com', data: 'https://data-in.mixpanel.com' },
} satisfies Record<Region, { query: string; data: string }>

/** Throws UsageError for options that are wrong. */
export function createMixpanelClient(given: MixpanelOptions): MixpanelClient {
  const options = checkOptions(given)
  const { project, workspace, trace = () => {}, clock = () => new Date() } = options
  const http = createHttp({ ...options.http, classify: (reply) => failureOfReply(reply, options), concurrency, trace, clock })
  const withCredential = credentialKeeper({
    read: async (again) => readCredential(await options.credential(again), options.credentials),
    first(own) {
      const advice = adviceOn(own, options.credentials)
      if (advice !== undefined) options.warn?.(advice)
    },
  })
  const exporting = createExports({ ...options, base: baseOf({ api: 'data' }, options), trace, clock, withCredential })
  const addressOf = (call: MixpanelCall, path: string) => `${baseOf(call, options)}${path}`

  async function request(name: CallName, parameters: object, signal?: AbortSignal): Promise<unknown> {
    const call: MixpanelCall = calls[name]
    const { prepared, secrets } = await withSecrets(name, call, prepare(name, call, parameters), options.secret)
    return withCredential(
      (own) => accessFor(own, { ...call, fields: prepared.fields, project, workspace }, clock()),
      (access) =>
        send(http, call, {
          ...prepared,
          address: addressOf(call, prepared.path),
          access: { ...access, secrets: [...access.secrets, ...secrets] },
          admit: admission(options, prepared.pools),
          signal,
        }),
    )
  }

  const single = methodsOf(calls as Readonly<Record<CallName, MixpanelCall>>, request) as unknown as {
    readonly [Name in CallName]: Method<Name>
  }
  return {
    ...single,
    engageAll: (parameters, signal) => engageAll(single, parameters, signal),
    annotationsMove: (parameters, signal) => annotationsMove(single, parameters, signal),
    export: exporting.export,
    exportEvents: exporting.exportEvents,
    call: request,
    describe(name, parameters) {
      const call: MixpanelCall = calls[name]
      const { path, json } = prepare(name, call, parameters)
      const place =
        call.api === 'app' ? {} : { project_id: project, workspace_id: call.api === 'pipelines' ? undefined : workspace }
      return `${call.method} ${addressOf(call, path)} ${JSON.stringify({ ...place, ...json })}`
    },
    async close() {
      await Promise.all([http.close(), exporting.close()])
    },
  }
}

function baseOf({ api }: Pick<MixpanelCall, 'api'>, { url, region, project }: ReturnType<typeof checkOptions>): string {
  const own = url?.replace(/\/+$/, '')
  const { query, data } = own === undefined ? hosts[region] : { query: own, data: own }
  switch (api) {
    case 'query':
      return `${query}/api/query`
    case 'old':
      return `${query}/api/2.0`
    case 'app':
      return `${query}/api/app/projects/${project}`
    case 'data':
      return `${data}/api/2.0`
    case 'pipelines':
      return `${data}/api/2.0/nessie/pipeline`
  }
}

interface Sending extends Pick<ReturnType<typeof prepare>, 'fields' | 'json' | 'text'> {
  readonly address: string
  readonly access: Access
  readonly admit: ReturnType<typeof admission>
  readonly signal: AbortSignal | undefined
}

function send(http: Http, call: MixpanelCall, sending: Sending): Promise<unknown> {
  const { fields, json, text, address, access, admit, signal } = sending
  return http.request<z.ZodType>({
    method: call.method,
    url: address,
    query: call.sends === 'query' ? { ...access.query, ...fields } : access.query,
    ...(call.sends === 'form' ? { form: { ...access.form, ...fields } } : {}),
    ...(call.sends === 'json' ? { json: { ...access.json, ...json } } : {}),
    headers: access.headers,
    schema: text ? z.string() : call.answer,
    accept: text || call.bare === true ? 'text' : 'json',
    exact: call.exact,
    secrets: access.secrets,
    budget: call.budget,
    ...(call.repeatable === undefined ? {} : { repeatable: call.repeatable }),
    admit,
    signal,
  })
}
