import type * as z from 'zod'
import type { Placed, VendorCall } from '../call.ts'
import { checkParameters, placeParameters } from '../call.ts'

/** Where a call lives: `track` takes what happens, `data` gives what is known and keeps catalogs. */
export type Api = 'track' | 'data'

/** One call of Exponea's: what every vendor's has, and how its lists are sent and answered. */
export interface ExponeaCall<Parameters extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType>
  extends VendorCall<Parameters, Answer> {
  readonly api: Api
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly sends: 'query' | 'json'
  /** The parameter that is the whole body, where that is a list. */
  readonly body?: string
  /** Parameters that are for us alone: a word that has to be said. */
  readonly unsent?: readonly string[]
  /** The list among the parameters that `results` of the answer belong to, one by one, by their position. */
  readonly each?: string
  /** Takes `format: 'csv'` and then answers a text. */
  readonly csv?: true
}

/** Checked parameters, ready to be sent. */
export interface Prepared extends Pick<Placed, 'path' | 'fields'> {
  /** undefined where the call has no body. */
  readonly content: unknown
  /** Whether the text of a CSV is wanted. */
  readonly text: boolean
  /** How many results have to come. */
  readonly count: number | undefined
}

/** Parameters of other clients that are nobody's to give with a call. */
const ofTheSource: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['project', 'project_id', 'project_token', 'projectToken'].map((key) => [key, "the source's own `project` says it"]),
  ),
  ...Object.fromEntries(
    ['username', 'password', 'authorization', 'access_token'].map((key) => [key, "the source's own `credentials` sign in"]),
  ),
}

/** Throws UsageError that names each parameter that is wrong. */
export function prepare(name: string, call: Omit<ExponeaCall, 'answer'>, parameters: object): Prepared {
  const title = `Exponea ${name}`
  const checked = checkParameters(title, call, parameters, { instead: ofTheSource })
  const values = Object.fromEntries(Object.entries(checked).filter(([key]) => call.unsent?.includes(key) !== true))
  const { path, fields, json } = placeParameters(title, call, values)
  const listed = call.each === undefined ? undefined : values[call.each]
  return {
    path,
    fields: call.sends === 'query' ? fields : {},
    content: call.sends === 'query' ? undefined : call.body === undefined ? json : values[call.body],
    text: values['format'] === 'csv',
    count: Array.isArray(listed) ? listed.length : undefined,
  }
}

/** An answer with as many results as were asked for: with others nobody knows whose each one is. */
export function counted(answer: z.ZodType, count: Prepared['count']): z.ZodType {
  if (count === undefined) return answer
  return answer.superRefine((given, context) => {
    const { length } = (given as { readonly results: readonly unknown[] }).results
    if (length === count) return
    const message = `${count} were sent and ${length} results came, which belong to them by position`
    context.addIssue({ code: 'custom', message, path: ['results'] })
  })
}
