import * as z from 'zod'
import type { ExpressionUse } from '../../../expression.ts'
import { parseExpression, printExpression, readable } from '../../../expression.ts'
import { credentialReference } from '../../reference.ts'

/** What parameters of several calls are made of. */

/** Inclusive at both ends, in the project's zone. */
export const date = z.iso.date()
export const text = z.string().min(1)
/** An id of the vendor: digits, which stay text here and may be given as a number. */
export const id = z.union([z.string().regex(/^\d+$/, 'an id has digits only'), z.number().int().nonnegative()]).transform(String)
/** The same where the vendor wants a number. More than 15 digits no number holds exactly. */
export const idAsNumber = z
  .union([z.string().regex(/^\d{1,15}$/, 'an id has digits only'), z.number().int().nonnegative()])
  .transform(Number)
export const range = { from_date: date, to_date: date.describe('inclusive') }
/** Largest values of `on`, without which it does nothing; `usual` is the vendor's own number. */
export const segmentLimit = (usual: number) =>
  z.number().int().min(1).max(10_000).optional().describe(`values of \`on\`, which it needs; ${usual} unless said`)

export const backwards = 'from_date lies after to_date; both are inclusive'

export function forwards(value: { from_date?: string | undefined; to_date?: string | undefined }): boolean {
  return value.from_date === undefined || value.to_date === undefined || value.from_date <= value.to_date
}

export const idleLimit = '`limit` counts values of `on`, and does nothing without it'

export function limitsSomething({ on, limit }: { on?: string | undefined; limit?: number | undefined }): boolean {
  return limit === undefined || on !== undefined
}

/**
 * An expression, as Mixpanel reads it: what is sent is what was read, printed, since some of what is easily written
 * (`not in`) is in none of the vendor's documents. A mistake is told with its place and what would be right.
 */
function expressionOf(use: ExpressionUse) {
  return text.transform((value, context) => {
    const read = parseExpression(value, use)
    if (!('problem' in read)) return printExpression(read)
    const { problem, position, suggestion } = read
    context.addIssue({ code: 'custom', message: `${problem} (character ${position + 1}); write ${suggestion}` })
    return z.NEVER
  })
}
/** What events are split or measured by. */
export const expression = expressionOf({ reads: readable.events }).describe('an expression, such as properties["country"]')
/** Which events count. */
export const condition = expressionOf({ reads: readable.events, condition: true }).describe(
  'a condition, such as properties["plan"] == "Pro"',
)
/** Which profiles are given. */
export const peopleCondition = expressionOf({ reads: readable.people, condition: true }).describe(
  'a condition on profiles, such as properties["plan"] == "Pro"',
)

/** A password or key of somebody else's, by where it is kept; the client reads it when it sends (`secrets` of a call). */
export const referenceToSecret = z
  .string()
  .regex(
    credentialReference,
    'a secret is given by where it is kept (ssm:/name, secretsmanager:name or env:NAME), never as itself',
  )

/** One or several, as a list. */
export function listOf<Each extends z.ZodType>(each: Each, words: { readonly empty: string; readonly other: string }) {
  return z.union([each, z.array(each).min(1, words.empty)], words.other).transform((given) => [given].flat() as z.output<Each>[])
}
