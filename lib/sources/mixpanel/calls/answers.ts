import * as z from 'zod'

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
      for (const { message, path } of parsed.error.issues) {
        context.addIssue({ code: 'custom', message, path: [key, ...path], input: inner })
      }
      return z.NEVER
    }),
  )
}

function isObject(given: unknown): boolean {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
