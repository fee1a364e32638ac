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

const numericRange = z.strictObject({
  event: text,
  ...range,
  on: text,
  where: text.optional(),
  unit: z.enum(['hour', 'day']).optional(),
})
const numbersAnswer = z.object({ results: byDate }).transform(({ results }) => results)

/** `2,000 - 2,100` */
function boundsOf(name: string): { from: number; to: number } | undefined {
  const [, from = '', to = ''] = /^(-?[\d,.]+) - (-?[\d,.]+)$/.exec(name) ?? []
  const bounds = [from, to].map((bound) => Number(bound.replaceAll(',', '')))
  return from === '' || bounds.some(Number.isNaN) ? undefined : { from: bounds[0] ?? 0, to: bounds[1] ?? 0 }
}

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
  segmentationNumeric: {
    about: 'counts of an event by date, a numeric property sorted into ranges (maintenance mode)',
    api: 'query',
    method: 'GET',
    path: '/segmentation/numeric',
    sends: 'query',
    parameters: numericRange
      .extend({
        type: z.enum(['general', 'unique', 'average']).optional(),
        /** Of the older clients: about how many ranges. */
        buckets: z.number().int().positive().optional(),
      })
      .refine(forwards, backwards),
    answer: segmentsAnswer.transform(({ dates, segments, legendSize }) => ({
      dates,
      // `undefined` is one, too: events whose property is no number.
      segments: segments.map((segment) => ({ ...segment, bounds: boundsOf(segment.name) })),
      legendSize,
    })),
    pools: ['query'],
    budget: 120_000,
  },
  segmentationAverage: {
    about: 'the average of a numeric expression by date (maintenance mode)',
    api: 'query',
    method: 'GET',
    path: '/segmentation/average',
    sends: 'query',
    parameters: numericRange.refine(forwards, backwards),
    answer: numbersAnswer,
    pools: ['query'],
    budget: 120_000,
  },
  segmentationMultiseg: {
    about:
      'counts of an event by date, split by two properties (undocumented; saved Insights reports with two breakdowns are the newer way)',
    api: 'old',
    method: 'GET',
    path: '/segmentation/multiseg',
    sends: 'query',
    parameters: z
      .strictObject({
        event: text,
        ...range,
        inner: text,
        outer: text,
        where: text.optional(),
        type: z.enum(['general', 'unique', 'average']).optional(),
        unit: z.enum(['minute', 'hour', 'day', 'month']).optional(),
        /** The largest of each property on its own, so that many pairs of them never happened. */
        limit: segmentLimit.optional(),
        action: z.enum(['sum', 'average']).optional(),
        buckets: z.number().int().positive().optional(),
        allow_more_buckets: z.boolean().optional(),
      })
      .refine(forwards, backwards),
    answer: z
      .object({ data: z.object({ series: z.array(z.string()), values: entriesOf(entriesOf(byDate)) }) })
      .transform(({ data }) => ({
        dates: data.series.toSorted(),
        segments: data.values.flatMap(([outer, inners]) =>
          inners
            // The cross product of the largest values has pairs that never happened.
            .filter(([, values]) => Object.values(values).some((value) => value !== 0))
            .map(([inner, values]) => ({ outer, inner, values })),
        ),
      })),
    pools: ['query'],
    budget: 120_000,
  },
  segmentationSum: {
    about: 'the sum of a numeric expression by date (maintenance mode)',
    api: 'query',
    method: 'GET',
    path: '/segmentation/sum',
    sends: 'query',
    parameters: numericRange.refine(forwards, backwards),
    answer: numbersAnswer,
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
