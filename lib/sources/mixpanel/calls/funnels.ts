import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { backwards, forwards, id, range, segmentLimit, text } from './parameters.ts'

const daysOfUnit = { second: 1 / 86_400, minute: 1 / 1440, hour: 1 / 24, day: 1 }

const funnelStep = z
  .object({
    count: z.number().int(),
    /** The mean, not the median. */
    avg_time: z.number().nullish(),
    event: z.string(),
    goal: z.string().optional(),
    step_label: z.string().optional(),
  })
  .transform((step) => ({
    /** A custom event is `$custom_event:12345` to the vendor, and its label to people. */
    name: step.step_label ?? step.event,
    names: [...new Set([step.event, step.goal, step.step_label].filter((name) => name !== undefined))],
    count: step.count,
    meanSeconds: step.avg_time ?? null,
  }))

/** Saved funnels; in maintenance mode like `segmentation`. */
export const funnelCalls = {
  funnel: {
    about: 'a saved funnel: people at each step, by date (maintenance mode)',
    api: 'query',
    method: 'GET',
    path: '/funnels',
    sends: 'query',
    parameters: z
      .strictObject({
        funnel_id: id,
        ...range,
        /** Time to convert, in `length_unit`; what was saved with the funnel unless said. */
        length: z.number().int().positive().optional(),
        length_unit: z.enum(['day', 'hour', 'minute', 'second']).optional(),
        /** Days in each bucket. `unit` is another way of saying it. */
        interval: z.number().int().positive().optional(),
        unit: z.enum(['day', 'week', 'month']).optional(),
        on: text.optional(),
        where: text.optional(),
        limit: segmentLimit.optional(),
      })
      .refine(forwards, backwards)
      .refine((value) => value.interval === undefined || value.unit === undefined, '`unit` is another way of saying `interval`')
      .refine((value) => (value.length ?? 0) * daysOfUnit[value.length_unit ?? 'day'] <= 90, 'a funnel takes at most 90 days'),
    answer: z.object({ data: z.record(z.iso.date(), z.object({ steps: z.array(funnelStep).min(1) })) }).transform(({ data }) =>
      Object.entries(data)
        .map(([from, { steps }]) => ({ date: from, steps }))
        .sort((a, b) => (a.date < b.date ? -1 : 1)),
    ),
    pools: ['query'],
    budget: 120_000,
  },
  funnelsList: {
    about: 'the saved funnels: id and name (maintenance mode)',
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
