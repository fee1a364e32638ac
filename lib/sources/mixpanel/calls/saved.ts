import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { anyObject, entriesOf } from './answers.ts'
import { funnelCalls } from './funnels.ts'
import { backwards, date, forwards, id } from './parameters.ts'
import { cohortsAnswer } from './retention.ts'

/** A number of an Insights report, with the names that lead to it: metric, then a value for each breakdown, then a date or `all`. */
export interface InsightsValue {
  readonly path: readonly string[]
  /** An instant with its offset, or `all` for a report that is no time series. */
  readonly at: string
  readonly value: number | null
  /** Of a saved retention report, which has lists (`counts`, `rates`) where others have a number. */
  readonly list?: readonly (number | null)[]
}

type Leaf = Pick<InsightsValue, 'value' | 'list'>
type Level = readonly (readonly [string, Leaf | { readonly level: Level }])[]

const number = z.number().nullable()
const leaf = z.union([
  number.transform((value): Leaf => ({ value })),
  z.array(number).transform((list): Leaf => ({ value: null, list })),
])
// A level holds levels, down to numbers; TypeScript wants the type of what names itself.
const level: z.ZodType<Level> = z.lazy(() => entriesOf(z.union([leaf, level.transform((own) => ({ level: own }))])))
const series = level.transform((own) => valuesIn(own, []))

function valuesIn(own: Level, path: readonly string[]): InsightsValue[] {
  return own.flatMap(([key, inner]) => {
    return 'level' in inner ? valuesIn(inner.level, [...path, key]) : [{ path, at: key, ...inner }]
  })
}

const dates = z
  .object({ from_date: z.string(), to_date: z.string() })
  .transform(({ from_date, to_date }) => ({ from: from_date, to: to_date }))

const insightsAnswer = z
  .object({
    computed_at: z.string(),
    date_range: dates,
    headers: z.array(z.string()),
    series,
    time_comparison: z.object({ date_range: dates, series }).nullish(),
    lift_comparison: z.object({ series }).nullish(),
    meta: z.object({ is_segmentation_limit_hit: z.boolean().nullish(), min_sampling_factor: z.number().nullish() }).nullish(),
  })
  .transform(({ computed_at, date_range, headers, series: values, time_comparison, lift_comparison, meta }) => ({
    computedAt: computed_at,
    /** The first and the last instant that are counted. */
    ...date_range,
    /** What each name of a value's path is of: `$event` or `$metric`, then the breakdowns. */
    headers,
    values,
    /** The same numbers of the time that the report is saved to be compared with. */
    compared: time_comparison == null ? undefined : { ...time_comparison.date_range, values: time_comparison.series },
    /** By how much each number differs from what it is compared with; 0.25 is a quarter more. */
    lift: lift_comparison?.series,
    /**
     * Answers that have `meta` say behind a metric's name what it counts, unless people gave the name; the documented form
     * has neither, and its numbers are of events.
     */
    labelled: meta !== null && meta !== undefined,
    cut: meta?.is_segmentation_limit_hit === true,
    /** 1 where every event was counted. */
    sampling: meta?.min_sampling_factor ?? 1,
  }))

/** Counts of flows are texts, as of 64 bits. */
const flowCount = z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,15}$/, 'not a count')]).transform(Number)

const flowParts = z
  .array(z.object({ segments: z.array(z.object({ values: z.array(z.string()) })), totalCount: flowCount }))
  .nullish()
  .transform((parts) =>
    (parts ?? []).map(({ segments, totalCount }) => ({ values: segments.flatMap(({ values }) => values), count: totalCount })),
  )

const flowPoint = z.object({
  event: z.string(),
  type: z.string(),
  anchorType: z.string().optional(),
  isCustomEvent: z.boolean().optional(),
  totalCount: flowCount,
  breakdowns: flowParts,
})

const flowNode = flowPoint
  .extend({ edges: z.array(flowPoint.extend({ step: flowCount.optional() })).nullish() })
  .transform(({ edges, ...own }) => ({
    ...pointOf(own),
    edges: (edges ?? []).map((edge) => ({ ...pointOf(edge), step: edge.step })),
  }))

function pointOf({ event, type, anchorType, isCustomEvent, totalCount, breakdowns }: z.output<typeof flowPoint>) {
  return {
    /** Empty for those that stand for several: people who left, and paths that were cut off. */
    event,
    /** ANCHOR, FORWARD, REVERSE, DROPOFF, PRUNED … */
    type,
    anchor: anchorType,
    custom: isCustomEvent === true,
    count: totalCount,
    /** Of those, by the values that the report is broken down by. */
    parts: breakdowns,
  }
}

const flowsAnswer = z
  .object({
    computed_at: z.string().nullish(),
    steps: z.array(z.object({ nodes: z.array(flowNode) })),
    breakdowns: flowParts,
    overallConversionRate: z.number().nullish(),
    metadata: z.object({ min_sampling_factor: z.number().nullish() }).nullish(),
  })
  .transform(({ computed_at, steps, breakdowns, overallConversionRate, metadata }) => ({
    computedAt: computed_at ?? undefined,
    /** Where people are at each step, and where they go from there (`edges`, of which `step` is the number). */
    steps: steps.map(({ nodes }) => nodes),
    parts: breakdowns,
    conversion: overallConversionRate ?? null,
    sampling: metadata?.min_sampling_factor ?? 1,
  }))

const bookmark = z.strictObject({ bookmark_id: id })

/** Reports that people saved at Mixpanel: its way forward, as it builds nothing more on segmentation and funnels. */
export const savedCalls = {
  insights: {
    about: 'a saved Insights report, with the dates that it was saved with',
    api: 'query',
    method: 'GET',
    path: '/insights',
    sends: 'query',
    parameters: bookmark,
    answer: insightsAnswer,
    pools: ['query'],
    budget: 120_000,
  },
  insightsQuery: {
    about: 'an Insights report that is not saved, by its definition (undocumented: seen in the vendor’s own client)',
    api: 'query',
    method: 'POST',
    path: '/insights',
    sends: 'json',
    parameters: z.strictObject({
      bookmark: anyObject,
      queryLimits: z.strictObject({ limit: z.number().int().min(1).max(50_000) }).optional(),
    }),
    answer: insightsAnswer,
    pools: ['query'],
    repeatable: true,
    budget: 120_000,
  },
  savedFunnel: {
    about: 'a saved funnel report by its bookmark id (undocumented; public clients always give dates)',
    api: 'query',
    method: 'GET',
    path: '/funnels',
    sends: 'query',
    parameters: z
      .strictObject({ funnel_id: id, from_date: date.optional(), to_date: date.optional() })
      .refine(({ from_date, to_date }) => (from_date === undefined) === (to_date === undefined), 'give both dates or neither')
      .refine(forwards, backwards),
    answer: funnelCalls.funnel.answer,
    pools: ['query'],
    budget: 120_000,
  },
  savedRetention: {
    about: 'a saved retention report (undocumented)',
    api: 'query',
    method: 'GET',
    path: '/retention',
    sends: 'query',
    parameters: bookmark,
    answer: cohortsAnswer,
    pools: ['query'],
    budget: 120_000,
  },
  savedFlows: {
    about: 'a saved flows report: people at each step, and where they go (undocumented)',
    also: ['flows'],
    api: 'query',
    method: 'GET',
    path: '/arb_funnels',
    sends: 'query',
    parameters: bookmark.extend({ query_type: z.literal('flows_sankey').default('flows_sankey') }),
    answer: flowsAnswer,
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
