import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'

/** What answers of several calls are made of. */

/** How the vendor calls the row of a level that holds all the others. */
export const overall = '$overall'

/** Numbers by date: `2026-11-09`, or `2026-11-09 14:00:00` for hours and minutes, in the project's zone. */
export const byDate = z.record(z.string().regex(/^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?$/, 'not a date'), z.number())

/** An object as it came. z.record and z.object leave out a key __proto__. */
export const anyObject = z.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object').meta({ type: 'object' })

/** An object as its entries in the vendor's order, those named in `except` unread and left out. z.record leaves out a key __proto__, and a property may have any value. */
export function entriesOf<Value extends z.ZodType>(value: Value, except: readonly string[] = []) {
  return z.custom<object>(isObject, 'expected an object').transform((given, context) =>
    Object.entries(given).flatMap(([key, inner]): [string, z.output<Value>][] => {
      if (except.includes(key)) return []
      const parsed = value.safeParse(inner)
      if (parsed.success) return [[key, parsed.data]]
      for (const { message, path } of parsed.error.issues.map(closestMiss)) {
        context.addIssue({ code: 'custom', message, path: [key, ...path], input: inner })
      }
      return z.NEVER
    }),
  )
}

/** Of a union that takes no answer, where the shape that came furthest failed: `Invalid input` at its top helps nobody. */
function closestMiss(issue: z.core.$ZodIssue): Pick<z.core.$ZodIssue, 'message' | 'path'> {
  if (issue.code !== 'invalid_union') return issue
  const misses = issue.errors.flatMap((errors) => errors.slice(0, 1).map(closestMiss))
  const [furthest] = misses.toSorted((a, b) => b.path.length - a.path.length)
  return furthest === undefined ? issue : { message: furthest.message, path: [...issue.path, ...furthest.path] }
}
