import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { backwards, condition, expression, forwards, range, text } from './parameters.ts'

const count = z.number().int().positive()
const byDay = z.iso.date()

/** Who comes back, and how often. */
export const retentionCalls = {
  retention: {
    about: 'of people who entered in each unit, how many came back in each later one',
    api: 'query',
    method: 'GET',
    path: '/retention',
    sends: 'query',
    parameters: z
      .strictObject({
        ...range,
        /** birth, the vendor's default: entered for the first time; compounded: entered in each unit anew. */
        retention_type: z.enum(['birth', 'compounded']).optional(),
        born_event: text.optional(),
        /** What counts as coming back; any event unless said. */
        event: text.optional(),
        born_where: condition.optional(),
        where: condition.optional(),
        /** Units in an interval. */
        interval: count.optional(),
        /** Intervals after the 0th. */
        interval_count: count.optional(),
        unit: z.enum(['day', 'week', 'month']).optional(),
        unbounded_retention: z.boolean().optional(),
        on: expression.optional(),
        limit: count.optional(),
      })
      .refine(forwards, backwards)
      .refine(
        ({ retention_type, born_event }) => retention_type === 'compounded' || born_event !== undefined,
        'a birth retention needs born_event: what people enter with',
      )
      .refine(({ unit, interval }) => (unit ?? 'day') !== 'day' || (interval ?? 1) <= 90, 'an interval has at most 90 days'),
    answer: z.record(byDay, z.object({ counts: z.array(z.number().int()), first: z.number().int() })).transform((cohorts) =>
      Object.entries(cohorts)
        .map(([day, { first, counts }]) => ({ date: day, size: first, counts }))
        .sort((a, b) => (a.date < b.date ? -1 : 1)),
    ),
    pools: ['query'],
    budget: 120_000,
  },
  frequency: {
    about: 'of people active in each unit, in how many of its hours or days they were',
    api: 'query',
    method: 'GET',
    path: '/retention/addiction',
    sends: 'query',
    parameters: z
      .strictObject({
        ...range,
        unit: z.enum(['day', 'week', 'month']),
        addiction_unit: z.enum(['hour', 'day']),
        event: text.optional(),
        where: condition.optional(),
        on: expression.optional(),
        limit: count.optional(),
      })
      .refine(forwards, backwards),
    // The documentation shows it with `data` in one place and without in another.
    answer: z
      .union([
        z.object({ data: z.record(byDay, z.array(z.number().int())) }).transform(({ data }) => data),
        z.record(byDay, z.array(z.number().int())),
      ])
      .transform((data) =>
        Object.entries(data)
          .map(([day, counts]) => ({ date: day, counts }))
          .sort((a, b) => (a.date < b.date ? -1 : 1)),
      ),
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
