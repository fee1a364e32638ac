import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { byDate, entriesOf } from './answers.ts'
import {
  backwards,
  condition,
  expression,
  forwards,
  idleLimit,
  limitsSomething,
  range,
  segmentLimit,
  text,
} from './parameters.ts'

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
  on: expression,
  where: condition.optional(),
  unit: z.enum(['hour', 'day']).optional().describe('day unless said'),
})
const countType = z.enum(['general', 'unique', 'average']).optional().describe('general unless said')
/** In the order of the dates, which the vendor's own example is not in. */
const numbersAnswer = z
  .object({ results: byDate })
  .transform(({ results }) => Object.fromEntries(Object.entries(results).sort(([one], [other]) => (one < other ? -1 : 1))))

const noSuchMean = 'ask for days; the average of a longer time is not the average of theirs'
const ofNumbers = {
  'unit=minute': 'an hour is the least',
  'unit=week': 'ask for days',
  'unit=month': 'ask for days',
  property: 'give `on`, an expression such as properties["amount"]',
}
const noCounts = {
  ...ofNumbers,
  type: 'this counts no events',
  buckets: '`segmentationNumeric` sorts numbers into ranges',
}

const bound = String.raw`(-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)`
const numbers = new RegExp(`^${bound} - ${bound}$`, 'i')

/** Of `2,000 - 2,100`; undefined for a name that is no range. */
function boundsOf(name: string): { readonly from: number; readonly to: number } | undefined {
  const [, from, to] = numbers.exec(name) ?? []
  if (from === undefined || to === undefined) return undefined
  const [low = 0, high = 0] = [from, to].map((written) => Number(written.replaceAll(',', '')))
  return { from: low, to: high }
}

/** `segmentation` and its kin; the vendor keeps them as they are and builds nothing more on them (maintenance mode). */
export const segmentationCalls = {
  segmentation: {
    about: 'counts of an event by date, split by a property (maintenance mode; saved Insights reports are the newer way)',
    also: ['get_segmentation'],
    api: 'query',
    method: 'GET',
    path: '/segmentation',
    sends: 'query',
    parameters: z
      .strictObject({
        event: text,
        ...range,
        on: expression.optional(),
        where: condition.optional(),
        unit: z.enum(['minute', 'hour', 'day', 'month']).optional().describe('day unless said'),
        interval: z.number().int().positive().optional().describe('days in a bucket, in lieu of `unit`; not for general'),
        type: countType,
        limit: segmentLimit(60),
      })
      .refine(forwards, backwards)
      .refine(limitsSomething, idleLimit)
      .refine((value) => value.interval === undefined || value.unit === undefined, '`interval` stands in lieu of `unit`')
      .refine(
        (value) => value.interval === undefined || (value.type ?? 'general') !== 'general',
        'general totals take `unit` only',
      ),
    instead: {
      'unit=week': 'unique and average take `interval: 7` in lieu of `unit`; general totals of days add up',
      'type=total': 'write general',
      'type=sum': '`segmentationSum` adds up a property',
      action: 'sums and averages of a property are `segmentationSum` and `segmentationAverage`',
      buckets: '`segmentationNumeric` sorts numbers into ranges',
      inner: '`segmentationMultiseg` splits by two properties',
      outer: '`segmentationMultiseg` splits by two properties',
      property: 'give `on`, an expression such as properties["country"]',
    },
    answer: segmentsAnswer,
    pools: ['query'],
    csv: true,
    budget: 120_000,
  },
  segmentationNumeric: {
    about:
      'counts of an event by date, a numeric property sorted into ranges (maintenance mode; saved Insights reports are the newer way)',
    also: ['get_segmentation_numeric'],
    api: 'query',
    method: 'GET',
    path: '/segmentation/numeric',
    sends: 'query',
    parameters: numericRange
      .extend({
        type: countType,
        buckets: z.number().int().positive().optional().describe('about how many ranges; of the older clients'),
      })
      .refine(forwards, backwards),
    instead: {
      ...ofNumbers,
      'type=total': 'write general',
      limit: 'the vendor chooses the ranges; `buckets` says about how many',
    },
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
    about: 'the average of a numeric expression by date (maintenance mode; saved Insights reports are the newer way)',
    also: ['get_segmentation_average'],
    api: 'query',
    method: 'GET',
    path: '/segmentation/average',
    sends: 'query',
    parameters: numericRange.refine(forwards, backwards),
    instead: { ...noCounts, 'unit=week': noSuchMean, 'unit=month': noSuchMean },
    answer: numbersAnswer,
    pools: ['query'],
    budget: 120_000,
  },
  segmentationMultiseg: {
    about:
      'counts of an event by date, split by two properties (undocumented; saved Insights reports with two breakdowns are the newer way)',
    also: ['get_segmentation_multiseg'],
    api: 'old',
    method: 'GET',
    path: '/segmentation/multiseg',
    sends: 'query',
    parameters: z
      .strictObject({
        event: text,
        ...range,
        inner: expression,
        outer: expression,
        where: condition.optional(),
        type: z.enum(['general', 'unique', 'average']).optional(),
        unit: z.enum(['minute', 'hour', 'day', 'month']).optional(),
        limit: segmentLimit(60).describe(
          'the largest values of outer, and as many of inner: each on its own, not of inner within an outer',
        ),
        action: z.enum(['sum', 'average']).optional().describe('seen in public code'),
        buckets: z.number().int().positive().optional().describe('seen in public code'),
        allow_more_buckets: z.boolean().optional().describe('seen in public code'),
      })
      .refine(forwards, backwards),
    instead: {
      'unit=week': 'ask for days',
      'type=total': 'write general',
      on: 'give `outer` and `inner`',
    },
    answer: z
      .object({ data: z.object({ series: z.array(z.string()), values: entriesOf(entriesOf(byDate)) }) })
      .transform(({ data }) => ({
        dates: data.series.toSorted(),
        /** Values that came of each property; as many as `limit` may mean that there are more. */
        outers: data.values.length,
        inners: new Set(data.values.flatMap(([, inners]) => inners.map(([inner]) => inner))).size,
        segments: data.values.flatMap(([outer, inners]) =>
          inners
            // Each of the one stands with each of the other, so most pairs may never have happened.
            .filter(([, values]) => Object.values(values).some((value) => value !== 0))
            .map(([inner, values]) => ({ outer, inner, values })),
        ),
      })),
    pools: ['query'],
    budget: 120_000,
  },
  segmentationSum: {
    about:
      'the sum of a numeric expression by date; what is no number adds 0 (maintenance mode; saved Insights reports are the newer way)',
    also: ['get_segmentation_sum'],
    api: 'query',
    method: 'GET',
    path: '/segmentation/sum',
    sends: 'query',
    parameters: numericRange.refine(forwards, backwards),
    instead: noCounts,
    answer: numbersAnswer,
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
