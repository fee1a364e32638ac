import * as z from 'zod'
import { CredentialError, UsageError } from '../../errors.ts'
import type { HttpOptions } from '../../http.ts'
import { createHttp } from '../../http.ts'
import { failureOfReply } from './failure.ts'
import type { Credential, Region } from './schema.ts'
import * as schema from './schema.ts'

/** Every call, by the name it has here. Parameters have the vendor's own names. */
const calls = {
  segmentation: { path: '/segmentation', parameters: schema.segmentationParameters, answer: schema.segmentationAnswer },
  segmentationSum: { path: '/segmentation/sum', parameters: schema.sumParameters, answer: schema.sumAnswer },
  funnel: { path: '/funnels', parameters: schema.funnelParameters, answer: schema.funnelAnswer },
  funnelsList: { path: '/funnels/list', parameters: z.strictObject({}), answer: schema.funnelsListAnswer },
} as const
type Calls = typeof calls
export type MixpanelCall = keyof Calls
export type ParametersOf<Name extends MixpanelCall> = z.input<Calls[Name]['parameters']>
export type AnswerOf<Name extends MixpanelCall> = z.output<Calls[Name]['answer']>

export interface MixpanelOptions {
  readonly project: string
  readonly region: Region
  /** The global data view of a project that has Data Views. */
  readonly workspace?: string | undefined
  /** Replaces the vendor's host. */
  readonly url?: string | undefined
  /** The service account, as JSON `{"username","secret"}` or `username:secret`; `again` asks past any cache. */
  readonly credential: (again: boolean) => Promise<string>
  /** Where it stands, for messages: `ssm:/name`. */
  readonly credentials: string
  readonly trace?: HttpOptions['trace'] | undefined
  readonly clock?: HttpOptions['clock'] | undefined
  readonly http?: Pick<HttpOptions, 'budget' | 'sleep' | 'random' | 'deadline'> | undefined
}

/**
 * Mixpanel's calls, usable alone: each checks its parameters before it sends (UsageError) and gives a parsed answer.
 * Throws CredentialError, RefusedError, WaitError (a limit that resets later than the call's time budget),
 * UnavailableError or DataError.
 */
export type MixpanelClient = {
  readonly [Name in MixpanelCall]: (parameters: ParametersOf<Name>, signal?: AbortSignal) => Promise<AnswerOf<Name>>
} & {
  /** What a call would send, on one line: method, address and parameters, without the service account. */
  describe(name: MixpanelCall, parameters: object): string
  close(): Promise<void>
}

/** Queries at a time for one project, by the vendor's limit. */
export const concurrency = 5

const hosts = { us: 'https://mixpanel.com', eu: 'https://eu.mixpanel.com', in: 'https://in.mixpanel.com' } satisfies Record<
  Region,
  string
>

export function createMixpanelClient(options: MixpanelOptions): MixpanelClient {
  const { project, workspace, credentials, trace = () => {}, clock = () => new Date() } = options
  const base = `${(options.url ?? hosts[options.region]).replace(/\/+$/, '')}/api/query`
  const http = createHttp({ ...options.http, classify: (reply) => failureOfReply(reply, options), concurrency, trace, clock })

  function queryOf(name: MixpanelCall, parameters: object): Record<string, string | number | undefined> {
    const checked = calls[name].parameters.safeParse(parameters)
    if (!checked.success) throw new UsageError(`Mixpanel ${name}: ${z.prettifyError(checked.error)}`)
    return { project_id: project, workspace_id: workspace, ...checked.data }
  }

  let account: Promise<Credential> | undefined
  /** One reading for all who ask at once; a failed one is forgotten. */
  function read(again: boolean): Promise<Credential> {
    const reading = readAccount(again)
    account = reading
    reading.catch(() => {
      if (account === reading) account = undefined
    })
    return reading
  }

  async function readAccount(again: boolean): Promise<Credential> {
    const parsed = schema.credential.safeParse(await options.credential(again))
    if (parsed.success) return parsed.data
    const why = parsed.error.issues[0]?.path.length === 0 ? parsed.error.issues[0].message : 'lacks a user name or a secret'
    throw new CredentialError(`what ${credentials} points to ${why}`, {
      remedy: 'keep the service account there as {"username":"…","secret":"…"} or as username:secret',
    })
  }

  function send<Name extends MixpanelCall>(
    name: Name,
    query: ReturnType<typeof queryOf>,
    { username, secret }: Credential,
    signal: AbortSignal | undefined,
  ): Promise<AnswerOf<Name>> {
    const pair = `${username}:${secret}`
    return http.request({
      method: 'GET',
      url: `${base}${calls[name].path}`,
      query,
      headers: { authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` },
      // The one cast: a mapped type's schema and its output are not connected for TypeScript.
      schema: calls[name].answer as unknown as z.ZodType<AnswerOf<Name>>,
      secrets: [pair, secret],
      signal,
    })
  }

  async function call<Name extends MixpanelCall>(name: Name, parameters: ParametersOf<Name>, signal?: AbortSignal) {
    const query = queryOf(name, parameters)
    const used = account ?? read(false)
    const first = await used
    try {
      return await send(name, query, first, signal)
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error
      // It may have been replaced since it was read. Whoever meets that first reads it again for all.
      const fresh = await (account === used || account === undefined ? read(true) : account)
      if (fresh.username === first.username && fresh.secret === first.secret) throw error
      return send(name, query, fresh, signal)
    }
  }

  return {
    segmentation: (parameters, signal) => call('segmentation', parameters, signal),
    segmentationSum: (parameters, signal) => call('segmentationSum', parameters, signal),
    funnel: (parameters, signal) => call('funnel', parameters, signal),
    funnelsList: (parameters, signal) => call('funnelsList', parameters, signal),
    describe: (name, parameters) => `GET ${base}${calls[name].path} ${JSON.stringify(queryOf(name, parameters))}`,
    close: () => http.close(),
  }
}
