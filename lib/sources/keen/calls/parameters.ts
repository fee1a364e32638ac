import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'
import { anyObject, groupNames, valueKey } from './answers.ts'
import { filters } from './filters.ts'
import { interval, timeframe, timezone } from './timeframes.ts'

/** What parameters of several calls are made of. */

export const text = z.string().min(1)
/** One that is there already; the rules for new names are in names.ts. */
export const collection = z.string().refine((name) => name.trim() !== '', 'a collection has a name')
/** Seconds that an answer may be old, so that the vendor may give one that it has. */
export const maxAge = z.number().int().gt(30, 'the vendor keeps no answer for less than 31 seconds')

/** By the vendor with two decimals. */
export const percentile = z
  .number()
  .gt(0)
  .max(100)
  .refine((value) => Math.round(value * 100) / 100 === value, 'Keen takes two decimals of a percentile')

/** A property, or one cut into buckets or ranges: `{"property_name": "score", "buckets": {"size": 10}}`. */
const group = z.union([
  text,
  z.strictObject({
    property_name: text,
    buckets: anyObject.optional(),
    ranges: z.array(z.unknown()).min(1).optional(),
  }),
])
const order = z.strictObject({ property_name: text, direction: z.enum(['ASC', 'DESC']).optional() })

/** Which events a query is about. */
export const about = {
  event_collection: collection,
  /** All time unless said. */
  timeframe: timeframe.optional(),
  timezone: timezone.optional(),
  filters: filters.optional(),
}
/** How its answer is cut up. */
const cut = {
  interval: interval.optional(),
  group_by: z.union([group, z.array(group).min(1)]).optional(),
  order_by: z.union([order.transform((one) => [one]), z.array(order).min(1)]).optional(),
  /** How many groups are given, the first in the order of `order_by`. */
  limit: z.number().int().min(1).optional(),
  max_age: maxAge.optional(),
}

/** What every metric is asked with, and what is its own. */
export function metric<Own extends z.ZodRawShape>(own: Own) {
  return z.strictObject({ ...about, ...cut, ...own }).superRefine((given, context) => fitTogether(given, context))
}

function fitTogether(given: object, context: z.RefinementCtx): void {
  const { interval, timeframe, group_by, order_by, limit, analyses } = given as Readonly<Record<string, unknown>>
  const say = (path: string, message: string) => context.addIssue({ code: 'custom', message, path: [path], input: given })
  if (interval !== undefined && timeframe === undefined) say('interval', '`interval` needs `timeframe`')
  if (order_by !== undefined && group_by === undefined) say('order_by', '`order_by` needs `group_by`')
  if (limit !== undefined && order_by === undefined) say('limit', '`limit` needs `order_by`')
  const names = groupNames(group_by)
  const values = isObject(analyses) ? Object.keys(analyses) : [valueKey]
  const twice = names.find((name) => values.includes(name))
  if (twice !== undefined) {
    say('group_by', `the answer could not tell the group "${twice}" from the value that has the same name`)
  }
  if (new Set(names).size < names.length) say('group_by', 'the same property stands there twice')
  if (group_by === undefined) return
  for (const { property_name } of (order_by ?? []) as readonly { property_name: string }[]) {
    if (property_name === valueKey || names.includes(property_name) || values.includes(property_name)) continue
    say('order_by', `"${property_name}" is neither ${valueKey} nor a property of \`group_by\``)
  }
}
