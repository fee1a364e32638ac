import type * as z from 'zod'
import { CredentialError, UsageError } from '../../errors.ts'
import type { Fields } from '../../http.ts'
import type { CallWords } from '../source.ts'
import { wrongParameters } from './wrong.ts'

/**
 * Where a call lives: `query` is `/api/query`, `app` is `/api/app/projects/<project>`, `old` is `/api/2.0` of the query
 * host, `data` the same of the data host (raw export), `pipelines` its `/nessie/pipeline`.
 */
export type Api = 'query' | 'app' | 'old' | 'data' | 'pipelines'

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
  /** Keys that hold a reference to a secret, never the secret: it is read when the call is sent. */
  readonly secrets?: readonly string[]
  /** By the vendor's own names, checked before anything is sent. */
  readonly parameters: Parameters
  /** What is right in place of a parameter, or of a value of one (`unit=week`), that people know from elsewhere. */
  readonly instead?: Readonly<Record<string, string>>
  /** What the answer parses into. */
  readonly answer: Answer
  readonly pools: readonly Pool[]
  /** A parameter with which the vendor does not count the call. */
  readonly freeWith?: string
  /** Takes `format: 'csv'` and then answers a text. */
  readonly csv?: true
  /** The vendor promises a status and no body, so that `answer` gets the text, whatever it is. */
  readonly bare?: true
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
export function prepare(name: string, call: Omit<MixpanelCall, 'answer'>, parameters: object): Prepared {
  const { format, ...rest } = call.csv === true ? (parameters as { format?: unknown }) : { ...parameters, format: undefined }
  const given = call.csv === true ? rest : parameters
  const checked = call.parameters.safeParse(given)
  const problem = checked.success ? undefined : wrongParameters(call, given, checked.error.issues)
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

/**
 * The parameters with each secret in place of its reference, and those secrets, for redaction. Throws UsageError where
 * nobody can read them, CredentialError for what is too short to be one (and to be redacted).
 */
export async function withSecrets(
  name: string,
  call: MixpanelCall,
  prepared: Prepared,
  read: ((reference: string) => Promise<string>) | undefined,
): Promise<{ readonly prepared: Prepared; readonly secrets: readonly string[] }> {
  const references = (call.secrets ?? []).flatMap((key) => {
    const reference = prepared.fields[key]
    return typeof reference === 'string' ? [{ key, reference }] : []
  })
  const found = await Promise.all(
    references.map(async ({ key, reference }): Promise<[string, string]> => {
      if (read === undefined) {
        throw new UsageError(`Mixpanel ${name}: nobody here can read what \`${key}\` points to, ${reference}`, {
          remedy: 'give the client a `secret` that reads references',
        })
      }
      // A file that is put into a store or a variable often ends with a line break.
      const secret = (await read(reference)).replace(/\r?\n$/, '')
      if (secret.length >= 4) return [key, secret]
      throw new CredentialError(`what ${reference} points to is too short to be a secret`, {
        remedy: `put the secret for \`${key}\` there, as a text of its own`,
      })
    }),
  )
  const own = Object.fromEntries(found)
  return {
    prepared: { ...prepared, fields: { ...prepared.fields, ...own }, json: { ...prepared.json, ...own } },
    secrets: Object.values(own),
  }
}

function fieldOf(value: unknown, repeated: boolean): string | string[] {
  if (Array.isArray(value) && repeated) return value.map(String)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
