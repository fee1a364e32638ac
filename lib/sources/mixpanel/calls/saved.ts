import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { entriesOf } from './answers.ts'
import { funnelCalls } from './funnels.ts'
import { id } from './parameters.ts'
import { retentionCalls } from './retention.ts'

/** A number of an Insights report, with the names that lead to it: metric, then a value for each breakdown, then a date or `all`. */
export interface InsightsValue {
  readonly path: readonly string[]
  /** An instant with its offset, or `all` for a report that is no time series. */
  readonly at: string
  readonly value: number | null
}

type Nested = readonly (readonly [string, Nested | number | null])[]
const nested: z.ZodType<Nested, unknown> = z.lazy(() => entriesOf(z.union([z.number(), z.null(), nested]))) as z.ZodType<
  Nested,
  unknown
>

function valuesIn(level: Nested, path: readonly string[]): InsightsValue[] {
  return level.flatMap(([key, inner]) => {
    if (Array.isArray(inner)) return valuesIn(inner as Nested, [...path, key])
    return [{ path, at: key, value: inner as number | null }]
  })
}

const insightsAnswer = z
  .object({
    computed_at: z.string(),
    date_range: z.object({ from_date: z.string(), to_date: z.string() }),
    headers: z.array(z.string()),
    series: nested,
    meta: z.object({ is_segmentation_limit_hit: z.boolean().nullish(), min_sampling_factor: z.number().nullish() }).nullish(),
  })
  .transform(({ computed_at, date_range, headers, series, meta }) => ({
    computedAt: computed_at,
    from: date_range.from_date,
    to: date_range.to_date,
    /** What each name of a value's path is of: `$event` for the metric, then the breakdowns. */
    headers,
    values: valuesIn(series, []),
    cut: meta?.is_segmentation_limit_hit === true,
    /** 1 where every event was counted. */
    sampling: meta?.min_sampling_factor ?? 1,
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
      bookmark: z.record(z.string(), z.unknown()),
      queryLimits: z.strictObject({ limit: z.number().int().min(1).max(50_000) }).optional(),
    }),
    answer: insightsAnswer,
    pools: ['query'],
    repeatable: true,
    budget: 120_000,
  },
  savedFunnel: {
    about: 'a saved funnel report with its own dates (undocumented)',
    api: 'query',
    method: 'GET',
    path: '/funnels',
    sends: 'query',
    parameters: z.strictObject({ funnel_id: id }),
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
    answer: retentionCalls.retention.answer,
    pools: ['query'],
    budget: 120_000,
  },
  savedFlows: {
    about: 'a saved flows report (undocumented; as the vendor answers it)',
    api: 'query',
    method: 'GET',
    path: '/arb_funnels',
    sends: 'query',
    parameters: bookmark.extend({ query_type: z.literal('flows_sankey').default('flows_sankey') }),
    answer: z.object({ steps: z.array(z.unknown()) }).catchall(z.unknown()),
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
