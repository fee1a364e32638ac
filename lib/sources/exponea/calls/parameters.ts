import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'

/** What parameters of several calls are made of. */

export const text = z.string().min(1)

/** Seconds since 1970. The vendor takes milliseconds for seconds, of a year far away. */
export const seconds = z
  .number()
  .nonnegative()
  .refine((value) => value < 1e11, 'seconds since 1970 are wanted, and these are milliseconds')

/** Of the time zone database; the vendor's own default is UTC. */
export const timezone = z.string().superRefine((value, context) => {
  try {
    new Temporal.ZonedDateTime(0n, value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.addIssue({ code: 'custom', message: `"${value}" is not a time zone; write one like Europe/Bratislava` })
  }
})

/** When analyses, filters and attributes are evaluated; now in UTC unless said. */
export const evaluated = { execution_time: seconds.optional(), timezone: timezone.optional() }

/** Values by name, sent as they are. z.record and z.object leave out a key __proto__. */
export const properties = z
  .custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object')
  .superRefine((value, context) => {
    const problem = jsonProblem(value, [])
    // Whoever weighs it later would make JSON of it.
    if (problem !== undefined) context.addIssue({ code: 'custom', continue: false, ...problem })
  })
  .meta({ type: 'object' })

/** Ids of one customer by their names: `{ registered: 'ann@example.com' }`. Soft ids such as cookie may be several. */
export const customerIds = z
  .custom<Readonly<Record<string, string | number | readonly string[]>>>(isObject, 'expected an object')
  .superRefine((value, context) => {
    const names = Object.keys(value)
    if (names.length === 0) context.addIssue({ code: 'custom', message: 'at least one id is needed, such as registered' })
    for (const name of names) {
      if (!isId(value[name]))
        context.addIssue({ code: 'custom', message: 'an id is a text, a number or a list of texts', path: [name] })
    }
  })
  .meta({ type: 'object' })

/** The vendor splits the address at a `/` even where it is escaped. */
export const itemId = text.regex(
  /^[^/]*$/,
  'an item whose id has a "/" cannot be reached by the API; bulk updates and imports can',
)

const largestMessage = 800 * 1024
const largestValue = 16 * 1024

/** What one update or event may weigh, by the vendor's documentation. */
export function weighs(given: { readonly properties: Readonly<Record<string, unknown>> }, context: z.RefinementCtx): void {
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8')
  for (const [name, value] of Object.entries(given.properties)) {
    if (bytes(value) < largestValue) continue
    context.addIssue({ code: 'custom', message: 'the value of a property has to be less than 16 KB', path: ['properties', name] })
  }
  if (bytes(given) >= largestMessage) context.addIssue({ code: 'custom', message: 'one message has to be less than 800 KB' })
}

function isId(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((each) => typeof each === 'string' && each !== '')
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isSafeInteger(value))
}

function isPlain(value: object): boolean {
  const made: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || made === Object.prototype || made === null
}

/** JSON makes null of NaN, a text of a Date and {} of a Map without a word, and throws on a bigint. */
function jsonProblem(value: unknown, path: (string | number)[]): { message: string; path: (string | number)[] } | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : { message: `JSON has no ${value}; leave it out, or give null`, path }
  }
  if (typeof value === 'bigint') return { message: 'a bigint has no place in JSON; give it as a text', path }
  if (value instanceof Date) return { message: 'give a time as seconds since 1970', path }
  if (typeof value !== 'object') return { message: `JSON has no ${typeof value}`, path }
  if (!isPlain(value)) return { message: 'JSON has plain objects and lists only', path }
  for (const [key, inner] of Object.entries(value)) {
    const problem = jsonProblem(inner, [...path, Array.isArray(value) ? Number(key) : key])
    if (problem !== undefined) return problem
  }
  return undefined
}
