import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { byDate, entriesOf } from './answers.ts'
import { backwards, forwards, range, segmentLimit, text } from './parameters.ts'

/** Numbers of each segment by date. */
export const segmentsAnswer = z
  .object({
    data: z.object({ series: z.array(z.string()), values: entriesOf(byDate) }),
    legend_size: z.number().int().optional(),
  })
  .transform(({ data, legend_size }) => ({
    // The vendor's own example has them unsorted.
    dates: data.series.toSorted(),
    segments: data.values.map(([name, values]) => ({ name, values })),
    legendSize: legend_size,
  }))

/** `segmentation` and its kin; the vendor keeps them as they are and builds nothing more on them (maintenance mode). */
export const segmentationCalls = {
  segmentation: {
    about: 'counts of an event by date, split by a property (maintenance mode; saved Insights reports are the newer way)',
    api: 'query',
    method: 'GET',
    path: '/segmentation',
    sends: 'query',
    parameters: z
      .strictObject({
        event: text,
        ...range,
        on: text.optional(),
        where: text.optional(),
        unit: z.enum(['minute', 'hour', 'day', 'month']).optional(),
        /** Days in each bucket, in lieu of `unit` where `type` is not general. */
        interval: z.number().int().positive().optional(),
        type: z.enum(['general', 'unique', 'average']).optional(),
        limit: segmentLimit.optional(),
      })
      .refine(forwards, backwards)
      .refine((value) => value.interval === undefined || value.unit === undefined, '`interval` stands in lieu of `unit`')
      .refine(
        (value) => value.interval === undefined || (value.type ?? 'general') !== 'general',
        'general totals take `unit` only',
      ),
    answer: segmentsAnswer,
    pools: ['query'],
    csv: true,
    budget: 120_000,
  },
  segmentationSum: {
    about: 'the sum of a numeric expression by date (maintenance mode)',
    api: 'query',
    method: 'GET',
    path: '/segmentation/sum',
    sends: 'query',
    parameters: z
      .strictObject({ event: text, ...range, on: text, where: text.optional(), unit: z.enum(['hour', 'day']).optional() })
      .refine(forwards, backwards),
    answer: z.object({ results: byDate }).transform(({ results }) => results),
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
