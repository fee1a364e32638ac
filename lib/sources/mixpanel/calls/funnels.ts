import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { funnelAnswer } from './funnel-answer.ts'
import { backwards, condition, expression, forwards, id, idleLimit, limitsSomething, range, segmentLimit } from './parameters.ts'

/** A time to convert is of the unit that the funnel was saved with, unless said: then only the vendor can judge it. */
const daysOfUnit = { second: 1 / 86_400, minute: 1 / 1440, hour: 1 / 24, day: 1 }
const longestDays = 90

/** Saved funnels; in maintenance mode like `segmentation`. */
export const funnelCalls = {
  funnel: {
    about: 'a saved funnel: people at each step, by date (maintenance mode; saved Insights reports are the newer way)',
    also: ['get_funnel_detail'],
    api: 'query',
    method: 'GET',
    path: '/funnels',
    sends: 'query',
    parameters: z
      .strictObject({
        funnel_id: id,
        ...range,
        length: z
          .number()
          .int()
          .positive()
          .optional()
          .describe('time to convert, in length_unit, 90 days at most; as saved unless said'),
        length_unit: z.enum(['day', 'hour', 'minute', 'second']).optional().describe('as saved unless said'),
        interval: z
          .number()
          .int()
          .positive()
          .optional()
          .describe('days in a bucket, 1 unless said; `unit` is another way of saying it'),
        unit: z.enum(['day', 'week', 'month']).optional(),
        on: expression.optional(),
        where: condition.optional(),
        limit: segmentLimit(255),
      })
      .refine(forwards, backwards)
      .refine((value) => value.interval === undefined || value.unit === undefined, '`unit` is another way of saying `interval`')
      .refine(limitsSomething, idleLimit)
      .refine(
        ({ length = 0, length_unit }) => length_unit === undefined || length * daysOfUnit[length_unit] <= longestDays,
        `a funnel takes at most ${longestDays} days`,
      ),
    instead: {
      'length_unit=week': 'give `length` in days',
      'length_unit=month': 'give `length` in days, 90 at most',
      'unit=hour': 'a bucket has a day at least',
      'unit=minute': 'a bucket has a day at least',
      bookmark_id: 'give `funnel_id`; a funnel saved as a report is `savedFunnel`',
      id: 'give `funnel_id`; `funnelsList` has the ids',
      name: 'give `funnel_id`; `funnelsList` has the ids',
      events: 'the steps are those that the funnel was saved with',
      window: 'give `length` and `length_unit`',
    },
    answer: funnelAnswer,
    pools: ['query'],
    budget: 120_000,
  },
  funnelsList: {
    about: 'the saved funnels: id and name (maintenance mode)',
    also: ['get_funnel_list'],
    api: 'query',
    method: 'GET',
    path: '/funnels/list',
    sends: 'query',
    parameters: z.strictObject({}),
    answer: z
      .array(z.object({ funnel_id: z.number().int(), name: z.string() }))
      .transform((funnels) => funnels.map((funnel) => ({ id: String(funnel.funnel_id), name: funnel.name }))),
    pools: ['query'],
    budget: 60_000,
  },
} as const satisfies Record<string, MixpanelCall>
