import type * as z from 'zod'
import type { BroadsheetError } from '../../errors.ts'
import type { Placed, VendorCall } from '../call.ts'
import { checkParameters, placeParameters } from '../call.ts'
import type { Known } from '../wrong.ts'
import type { KeyKind } from './keys.ts'

/** One call of Keen's: what every vendor's has, which key lets it in, and how long it may be silent. */
export interface KeenCall<Parameters extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType>
  extends VendorCall<Parameters, Answer> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly sends: 'query' | 'json'
  /** The key with the least rights that the vendor takes for it. No other is ever sent. */
  readonly key: KeyKind
  /** Which of the source's two timeouts it has: a query has `get` although it is sent by POST, as the vendor's client has it. */
  readonly timeout: 'get' | 'post'
  /** The parameter whose value is the whole body. */
  readonly whole?: string
  /** Parameters that are words to us and not sent. */
  readonly unsent?: readonly string[]
  /** What the answer parses into where that depends on the parameters; `answer` is then of one shape of several. */
  readonly answerTo?: (parameters: Readonly<Record<string, unknown>>) => Answer
  /** Why an answer that fits is not what was asked for, if it is not. */
  readonly unfit?: (answer: unknown, parameters: Readonly<Record<string, unknown>>) => BroadsheetError | undefined
  /** Parameters that are keys of somebody: no message and no trace may hold them. */
  readonly secrets?: readonly string[]
  /** The answer holds keys, so no message quotes it. */
  readonly secretive?: true
  /** A second try would do something else than the first, although the method is no POST. */
  readonly once?: true
}

/** Checked parameters, ready to be sent. */
export interface Prepared extends Pick<Placed, 'path' | 'fields'> {
  readonly json: unknown
  readonly values: Readonly<Record<string, unknown>>
}

const ofTheSource: Readonly<Record<string, string>> = {
  project_id: "the source's own `project` says it",
  all_keys: 'the answer has all keys',
  ...Object.fromEntries(
    ['api_key', 'read_key', 'write_key', 'master_key'].map((key) => [key, "the source's own `credentials` sign in"]),
  ),
}

/** What is said of parameters that none of the calls takes. */
export const known: Known = { instead: ofTheSource }

/** Throws UsageError that names each parameter that is wrong. */
export function prepare(name: string, call: Omit<KeenCall, 'answer' | 'answerTo'>, parameters: object): Prepared {
  const title = `Keen ${name}`
  const values = checkParameters(title, call, parameters, known)
  const sent = Object.fromEntries(Object.entries(values).filter(([key]) => !call.unsent?.includes(key)))
  const { path, fields, json } = placeParameters(title, call, sent)
  return { path, fields, json: call.whole === undefined ? json : json[call.whole], values }
}
