import * as z from 'zod'
import { RefusedError } from '../../../errors.ts'
import { isObject } from '../../../exact-json.ts'
import type { KeenCall } from '../call.ts'
import { anyObject, rowsIn } from './answers.ts'
import { funnelAnswer, funnelAsked } from './funnel.ts'
import { about, metric, percentile, text } from './parameters.ts'

/** Rows that the vendor gives of one extraction, however many there are. */
export const mostRows = 100_000
/** Milliseconds. The vendor ends a query after 300 seconds; two of those, and a minute for which it is blocked. */
export const queryBudget = 700_000

const target = { target_property: text }

/** What multi_analysis works out at a time. */
const analysisTypes = [
  'count',
  'sum',
  'minimum',
  'maximum',
  'average',
  'median',
  'percentile',
  'count_unique',
  'select_unique',
] as const

const analysis = z
  .strictObject({
    analysis_type: z.enum(analysisTypes),
    target_property: text.optional(),
    percentile: percentile.optional(),
  })
  .superRefine(({ analysis_type, target_property, percentile: asked }, context) => {
    const say = (message: string) => context.addIssue({ code: 'custom', message, input: analysis_type })
    if (analysis_type === 'count' && target_property !== undefined) say('count has no target_property')
    if (analysis_type !== 'count' && target_property === undefined) say(`${analysis_type} needs a target_property`)
    if (analysis_type === 'percentile' && asked === undefined) say('percentile needs a percentile')
    if (analysis_type !== 'percentile' && asked !== undefined) say('only percentile has a percentile')
  })

const analyses = z
  .custom<Readonly<Record<string, z.input<typeof analysis>>>>(isObject, 'analyses are an object from labels to analyses')
  .superRefine((given, context) => {
    const entries = Object.entries(given)
    if (entries.length === 0) context.addIssue({ code: 'custom', message: 'names no analysis', input: given })
    for (const [label, each] of entries) {
      for (const { message, path } of analysis.safeParse(each).error?.issues ?? []) {
        context.addIssue({ code: 'custom', message, path: [label, ...path], input: each })
      }
    }
  })
  .meta({ type: 'object' })

export const extractionAsked = {
  ...about,
  /** So many of the newest. */
  latest: z.number().int().min(1).max(mostRows).optional(),
  property_names: z
    .union([text, z.array(text).min(1)])
    .transform((given) => [given].flat())
    .optional(),
}
/** What is right in place of a parameter that other clients have. */
export const extractionInstead = { email: '`extractionEmail` has a link mailed' } as const
/** What all of them have in common: they are sent by POST, as an address has no room for filters. */
// Groups and values are what people keep in properties: ids among them.
const posted = { method: 'POST', sends: 'json', exact: true, key: 'read', timeout: 'get', budget: queryBudget } as const
const query = { ...posted, repeatable: true } as const

function metricCall<const Type extends string, Own extends z.ZodRawShape>(type: Type, words: string, own: Own) {
  return {
    ...query,
    about: words,
    path: `/queries/${type}`,
    parameters: metric(own),
    answer: rowsIn({ analysis_type: type }),
    answerTo: (values: Readonly<Record<string, unknown>>) => rowsIn({ ...values, analysis_type: type }),
  } as const satisfies KeenCall
}

/** One question each. Answers of metrics are rows; see `Row`. */
const analysisCalls = {
  count: metricCall('count', 'how many events there were', {}),
  sum: metricCall('sum', 'the sum of a numeric property', target),
  minimum: metricCall('minimum', 'the least value of a numeric property', target),
  maximum: metricCall('maximum', 'the greatest value of a numeric property', target),
  average: metricCall('average', 'the mean of a numeric property', target),
  median: metricCall('median', 'the median of a numeric property', target),
  percentile: metricCall('percentile', 'a percentile of a numeric property', { ...target, percentile }),
  countUnique: metricCall('count_unique', 'how many values a property has; many are estimated', target),
  selectUnique: metricCall('select_unique', 'which values a property has', target),
  multiAnalysis: metricCall('multi_analysis', 'several metrics of the same events at a time', { analyses }),
  funnel: {
    ...query,
    about: 'how many actors are left after each step; the order of their events does not matter to the vendor',
    path: '/queries/funnel',
    parameters: funnelAsked,
    answer: funnelAnswer,
  },
  extraction: {
    ...query,
    about: 'events as they are, 100,000 at most; extractionEach gives them one by one',
    path: '/queries/extraction',
    parameters: z.strictObject(extractionAsked),
    instead: extractionInstead,
    answer: z.object({ result: z.array(anyObject) }).transform(({ result }) => result),
    unfit: (answer, { latest }) => (latest === undefined ? capReached((answer as readonly unknown[]).length) : undefined),
  },
  // A second try would be a second mail.
  extractionEmail: {
    ...posted,
    about: 'has the vendor mail a link to events, 10 million at most',
    path: '/queries/extraction',
    parameters: z.strictObject({ ...extractionAsked, latest: z.number().int().min(1).optional(), email: z.email() }),
    answer: anyObject,
  },
} as const satisfies Record<string, KeenCall>

/** The parameters of each analysis, by the vendor's word for it. */
const asked: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(analysisCalls).flatMap(([name, { path, parameters }]) =>
    name === 'extractionEmail' ? [] : [[path.slice('/queries/'.length), parameters]],
  ),
)

/** Questions about events. */
export const queryCalls = {
  ...analysisCalls,
  query: {
    ...query,
    about: 'any analysis by its analysis_type; the whole answer as it came, with what include_metadata adds',
    path: '/queries/{analysis_type}',
    parameters: anyObject.transform((given, context) => {
      const { analysis_type, include_metadata, ...own } = given
      const say = (message: string, path: PropertyKey[]) => context.addIssue({ code: 'custom', message, path, input: given })
      if (include_metadata !== undefined && typeof include_metadata !== 'boolean') say('true or false', ['include_metadata'])
      const known = typeof analysis_type === 'string' && Object.hasOwn(asked, analysis_type)
      const parsed = known ? asked[analysis_type]?.safeParse(own) : undefined
      if (parsed === undefined) say(`one of ${Object.keys(asked).join(', ')}`, ['analysis_type'])
      for (const issue of parsed?.error?.issues ?? []) {
        const mailed = analysis_type === 'extraction' && issue.code === 'unrecognized_keys' && issue.keys.includes('email')
        if (mailed) say(extractionInstead.email, ['email'])
        else say(issue.message, issue.path)
      }
      return { ...(parsed?.data ?? {}), analysis_type, ...(include_metadata === undefined ? {} : { include_metadata }) }
    }),
    answer: anyObject,
    unfit(answer, { analysis_type, latest }) {
      const { result } = answer as { readonly result?: unknown }
      const capped = analysis_type === 'extraction' && latest === undefined && Array.isArray(result)
      return capped ? capReached(result.length) : undefined
    },
  },
} as const satisfies Record<string, KeenCall>

/** Why what an extraction gave may be not all. */
export function capReached(rows: number): RefusedError | undefined {
  if (rows < mostRows) return undefined
  return new RefusedError(`Keen gives ${mostRows} events of an extraction at most, and gave ${rows}: there may be more`, {
    remedy: 'ask for a shorter timeframe or with filters, or extractionEach with halves and an absolute timeframe',
  })
}
