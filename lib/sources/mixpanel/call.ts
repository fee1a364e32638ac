import type * as z from 'zod'
import { CredentialError, UsageError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import type { Placed, VendorCall } from '../call.ts'
import { checkParameters, placeParameters } from '../call.ts'
import type { Known } from '../wrong.ts'

/**
 * Where a call lives: `query` is `/api/query`, `app` is `/api/app/projects/<project>`, `old` is `/api/2.0` of the query
 * host, `data` the same of the data host (raw export), `pipelines` its `/nessie/pipeline`.
 */
export type Api = 'query' | 'app' | 'old' | 'data' | 'pipelines'

/** The hourly limits of a project. A call may use up several. */
export type Pool = 'query' | 'jql' | 'export'

/** One call of Mixpanel's: what every vendor's has, and what it counts. */
export interface MixpanelCall<Parameters extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType>
  extends VendorCall<Parameters, Answer> {
  readonly api: Api
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Keys that hold a reference to a secret, never the secret: it is read when the call is sent. */
  readonly secrets?: readonly string[]
  readonly pools: readonly Pool[]
  /** A parameter with which the vendor does not count the call. */
  readonly freeWith?: string
  /** Takes `format: 'csv'` and then answers a text. */
  readonly csv?: true
}

/** Checked parameters, ready to be sent. */
export interface Prepared extends Placed {
  /** Whether the text of a CSV is wanted. */
  readonly text: boolean
  readonly pools: readonly Pool[]
}

/** Parameters of the vendor's documents, of today or of years ago, that are nobody's to give with a call. */
const ofTheSource: Readonly<Record<string, string>> = {
  project_id: "the source's own `project` says it",
  workspace_id: "the source's own `workspace` says it",
  ...Object.fromEntries(
    ['api_key', 'api_secret', 'expire', 'sig', 'token'].map((key) => [key, "the source's own `credentials` sign in"]),
  ),
}

/** What a call takes beside its own parameters, and what is said of others. */
export function knownOf({ api, csv }: Pick<MixpanelCall, 'api' | 'csv'>): Known {
  if (csv === true) return { keys: ['format'], instead: ofTheSource }
  return { instead: { ...ofTheSource, ...(api === 'query' ? { format: 'this call answers JSON only' } : {}) } }
}

/** Throws UsageError that names each parameter that is wrong. */
export function prepare(name: string, call: Omit<MixpanelCall, 'answer'>, parameters: object): Prepared {
  const title = `Mixpanel ${name}`
  // What is no object goes to the check as it is.
  const { format, ...rest }: { readonly format?: unknown } = call.csv === true && isObject(parameters) ? parameters : {}
  const given = call.csv === true && isObject(parameters) ? rest : parameters
  const misformatted = format === undefined || format === 'json' || format === 'csv' ? undefined : '✖ `format` is json or csv'
  const values = checkedWith(misformatted, () => checkParameters(title, call, given, knownOf(call)))
  if (misformatted !== undefined) throw new UsageError(`${title}: ${misformatted}`)
  const placed = placeParameters(title, call, values)
  return {
    ...placed,
    text: format === 'csv',
    fields: format === 'csv' ? { ...placed.fields, format } : placed.fields,
    pools: call.freeWith !== undefined && values[call.freeWith] !== undefined ? [] : call.pools,
  }
}

/** Says one more thing that is wrong, where something is. */
function checkedWith<Value>(further: string | undefined, check: () => Value): Value {
  try {
    return check()
  } catch (error) {
    if (further === undefined || !(error instanceof UsageError)) throw error
    throw new UsageError(`${error.message}\n${further}`)
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
