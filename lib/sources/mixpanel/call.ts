import * as z from 'zod'
import { UsageError } from '../../errors.ts'
import type { Fields } from '../../http.ts'
import type { CallWords } from '../source.ts'

/**
 * Where a call lives: `query` is `/api/query`, `app` is `/api/app/projects/<project>`, `data` is `/api/2.0` of the data host
 * (export and pipelines), `old` is `/api/2.0` of the query host.
 */
export type Api = 'query' | 'app' | 'data' | 'old'

/** The hourly limits of a project. A call may use up several. */
export type Pool = 'query' | 'jql' | 'export'

/** One call of the vendor, as data: the client sends it, `broadsheet call` lists it, the contract suite checks it. */
export interface MixpanelCall<Parameters extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> extends CallWords {
  /** One line for people: what it gives, and what is newer where the vendor wants no new use of it. */
  readonly about: string
  readonly api: Api
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** After the api's address. `{id}` stands for the parameter of that name, which then goes nowhere else. */
  readonly path: string
  /** Where parameters go. Lists and objects become JSON text in a query and in a form. */
  readonly sends: 'query' | 'form' | 'json'
  /** Keys that are repeated for each of a list instead. */
  readonly repeats?: readonly string[]
  /** By the vendor's own names, checked before anything is sent. */
  readonly parameters: Parameters
  /** What the answer parses into. */
  readonly answer: Answer
  readonly pools: readonly Pool[]
  /** A parameter with which the vendor does not count the call. */
  readonly freeWith?: string
  /** Takes `format: 'csv'` and then answers a text. */
  readonly csv?: true
  /** A POST that only reads, so that it may be sent again. */
  readonly repeatable?: true
  /** Milliseconds for the call with all its tries and pauses. */
  readonly budget: number
}

/** Checked parameters, ready to be sent. */
export interface Prepared {
  readonly path: string
  /** Whether the text of a CSV is wanted. */
  readonly text: boolean
  /** For `query` and `form`. */
  readonly fields: Fields
  /** For `json`. */
  readonly json: object
  readonly pools: readonly Pool[]
}

/** Throws UsageError that names each parameter that is wrong. */
export function prepare(name: string, call: MixpanelCall, parameters: object): Prepared {
  const { format, ...rest } = call.csv === true ? (parameters as { format?: unknown }) : { ...parameters, format: undefined }
  const given = call.csv === true ? rest : parameters
  const checked = call.parameters.safeParse(given)
  const problem = checked.success ? undefined : z.prettifyError(checked.error)
  const misformatted = format === undefined || format === 'json' || format === 'csv' ? undefined : '✖ `format` is json or csv'
  if (!checked.success || misformatted !== undefined) {
    throw new UsageError(`Mixpanel ${name}: ${[problem, misformatted].filter((one) => one !== undefined).join('\n')}`)
  }
  const values = checked.data as Readonly<Record<string, unknown>>
  const inPath = new Set([...call.path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key))
  const path = call.path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(values[key])))
  const sent = Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== undefined && !inPath.has(key)))
  const repeats = new Set(call.repeats)
  const fields = Object.fromEntries(Object.entries(sent).map(([key, value]) => [key, fieldOf(value, repeats.has(key))]))
  return {
    path,
    text: format === 'csv',
    fields: format === 'csv' ? { ...fields, format } : fields,
    json: sent,
    pools: call.freeWith !== undefined && values[call.freeWith] !== undefined ? [] : call.pools,
  }
}

function fieldOf(value: unknown, repeated: boolean): string | string[] {
  if (Array.isArray(value) && repeated) return value.map(String)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
