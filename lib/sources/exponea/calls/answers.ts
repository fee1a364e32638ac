import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'
import { errorsOf } from '../failure.ts'

/** What answers of several calls are made of. */

/** An object as it came. z.record and z.object leave out a key __proto__. */
export const anyObject = z.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object')

/** Of a write: the vendor took it and will do it. What was written is not visible at once. */
export const taken = z.object({ success: z.literal(true) }).transform(() => true as const)

/** The documentation of bulk updates shows "True" and "False" as texts. */
export const success = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(?:true|false)$/i)
    .transform((word) => word.toLowerCase() === 'true'),
])

/** What became of one of several that were sent together, which may fail each by itself. */
export interface Outcome {
  readonly success: boolean
  /** Why not; none where it succeeded. */
  readonly errors: readonly string[]
}

/** An outcome, and what else of it `more` reads. */
export function outcomeWith<More>(more: (given: Readonly<Record<string, unknown>>) => More) {
  return z
    .looseObject({ success })
    .transform((given): Outcome & More => ({ success: given.success, errors: errorsOf(given), ...more(given) }))
}

/** How many of them failed. */
export function failedOf(results: readonly Outcome[]): number {
  return results.filter((result) => !result.success).length
}

/** For calls whose answer says how many of those that were sent together failed. */
export const countsFailed = { refusedIn: ({ failed }: { readonly failed: number }) => failed } as const

/** Something that a customer did. Whole numbers of its properties beyond 2^53 are their digits, as text. */
export interface CustomerEvent {
  readonly type: string
  /** Seconds since 1970, with a fraction. */
  readonly timestamp: number
  readonly properties: Readonly<Record<string, unknown>>
}

export const customerEvent = z.object({
  type: z.string(),
  timestamp: z.number(),
  properties: anyObject,
}) satisfies z.ZodType<CustomerEvent>
