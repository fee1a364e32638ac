import type * as z from 'zod'
import { UsageError } from '../errors.ts'
import type { CallWords } from './source.ts'
import type { Known } from './wrong.ts'
import { wrongParameters } from './wrong.ts'

/** One call of a vendor, as data: its client sends it, `broadsheet call` lists it, its contract suite checks it. */
export interface VendorCall<Parameters extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> extends CallWords {
  /** One line for people: what it gives, and what is newer where the vendor wants no new use of it. */
  readonly about: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** After the address of the vendor's api. `{id}` stands for the parameter of that name, which then goes nowhere else. */
  readonly path: string
  /** Where parameters go. Lists and objects become JSON text in a query and in a form. */
  readonly sends: 'query' | 'form' | 'json'
  /** Keys that are repeated for each of a list instead. */
  readonly repeats?: readonly string[]
  /** By the vendor's own names, checked before anything is sent. */
  readonly parameters: Parameters
  /** What is right in place of a parameter, or of a value of one (`unit=week`), that people know from elsewhere. */
  readonly instead?: Readonly<Record<string, string>>
  /** What the answer parses into. */
  readonly answer: Answer
  /** The vendor promises a status and no body, so that `answer` gets the text, whatever it is. */
  readonly bare?: true
  /**
   * The answer holds what people keep in properties: whole numbers of it that no number holds come as their digits, as
   * text (see `exact-json.ts`).
   */
  readonly exact?: true
  /** A POST that only reads, so that it may be sent again. */
  readonly repeatable?: true
  /** Milliseconds for the call with all its tries and pauses. */
  readonly budget: number
}

export type ParametersOf<Call extends { readonly parameters: z.ZodType }> = z.input<Call['parameters']>
export type AnswerOf<Call extends { readonly answer: z.ZodType }> = z.output<Call['answer']>

/** What a method takes: parameters may be left out where the call needs none. */
export type Arguments<Given> =
  Record<string, never> extends Given ? [parameters?: Given, signal?: AbortSignal] : [parameters: Given, signal?: AbortSignal]

/** A call as a method of a client. */
export type Method<Call extends VendorCall> = (...given: Arguments<ParametersOf<Call>>) => Promise<AnswerOf<Call>>

/** Checked parameters, by where they go. */
export interface Placed {
  readonly path: string
  /** For `query` and `form`. */
  readonly fields: Readonly<Record<string, string | readonly string[]>>
  /** For `json`. */
  readonly json: Readonly<Record<string, unknown>>
}

/** Parameters as the call's schema gives them. Throws UsageError that names each one that is wrong, on a line of its own. */
export function checkParameters(
  title: string,
  call: Pick<VendorCall, 'parameters' | 'instead'>,
  given: unknown,
  known?: Known,
): Readonly<Record<string, unknown>> {
  const checked = call.parameters.safeParse(given)
  if (checked.success) return checked.data as Readonly<Record<string, unknown>>
  throw new UsageError(`${title}: ${wrongParameters(call, given, known)}`)
}

/** Throws UsageError for a text of the path that an address cannot hold: `.` and `..` would lead to another call. */
export function placeParameters(
  title: string,
  call: Pick<VendorCall, 'path' | 'repeats'>,
  values: Readonly<Record<string, unknown>>,
): Placed {
  const inPath = new Set<string>()
  const path = call.path.replace(/\{(\w+)\}/g, (_, key: string) => {
    inPath.add(key)
    const text = String(values[key])
    if (text !== '.' && text !== '..' && text !== '') return encodeURIComponent(text)
    throw new UsageError(`${title}: ✖ \`${key}\` is "${text}", which no address can hold`)
  })
  const json = Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== undefined && !inPath.has(key)))
  const repeats = new Set(call.repeats)
  const fields = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, fieldOf(value, repeats.has(key))]))
  return { path, fields, json }
}

function fieldOf(value: unknown, repeated: boolean): string | string[] {
  if (Array.isArray(value) && repeated) return value.map(String)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The calls of a table as methods. */
export function methodsOf<Calls extends Readonly<Record<string, VendorCall>>>(
  calls: Calls,
  request: (name: keyof Calls & string, parameters: object, signal?: AbortSignal) => Promise<unknown>,
): { readonly [Name in keyof Calls]: Method<Calls[Name]> } {
  const methods = Object.keys(calls).map((name) => [
    name,
    (parameters: object = {}, signal?: AbortSignal) => request(name, parameters, signal),
  ])
  // The one cast: TypeScript does not follow a table of schemas into a table of functions.
  return Object.fromEntries(methods) as never
}

/** Reads one of several schemas' parameters where a call is made of other calls. Throws like `checkParameters`. */
export function checkedBy<Schema extends z.ZodType>(
  title: string,
  parameters: Schema,
  given: unknown,
  instead?: VendorCall['instead'],
): z.output<Schema> {
  return checkParameters(title, { parameters, ...(instead === undefined ? {} : { instead }) }, given) as z.output<Schema>
}
