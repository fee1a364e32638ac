import * as z from 'zod'
import type { ComparisonName, Timeframe } from './timeframe.ts'
import { comparisons, parseDuration, parseTimeframe, trendProblem, units } from './timeframe.ts'

/** The questions, as an author writes them. Every object is strict: a word that is not known is a mistake. */

/** Names become keys of the store, addresses and metric names. */
export const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'a name has small letters, digits and hyphens only, such as weekly-growth')

const text = z.string().min(1)
const positive = z.number().int().positive()

const timeframe = z.union([text, z.strictObject({ start: text, end: text })]).superRefine((value, context) => {
  const frame = parseTimeframe(value)
  if ('problem' in frame) context.addIssue({ code: 'custom', message: frame.problem })
})

const duration = text.superRefine((value, context) => {
  if (!parseDuration(value)) {
    context.addIssue({ code: 'custom', message: `"${value}" is not a duration; write 90 minutes, 7 days or 2 weeks` })
  }
})

/** A property's name, or an expression when it holds `[`. */
const property = text
/** A segmentation expression: `properties["count"] > 0 and defined(user["$email"])`. */
const where = text

export const segmentation = z.strictObject({
  /** An event's name, several (one series each), or `any`. */
  event: z.union([text, z.array(text).min(1)]),
  on: z.union([property, z.array(property).length(2)]).optional(),
  where: where.optional(),
  type: z.enum(['general', 'unique', 'average', 'sum', 'min', 'max', 'median', 'percentile']).default('general'),
  /** What a sum adds, an average averages … ; without it `average` is events per user. */
  of: property.optional(),
  percentile: z.number().gt(0).max(100).optional(),
  buckets: positive.optional(),
  unit: z.enum(units).exclude(['year']).default('day'),
  limit: positive.max(10_000).default(60),
  /** Drops the segments that Mixpanel spells as empty or `undefined`. */
  clean: z.boolean().default(false),
})
export type Segmentation = z.output<typeof segmentation>

const step = z.union([
  text.transform((event): { event: string; where?: string | undefined } => ({ event })),
  z.strictObject({ event: text, where: where.optional() }),
])
export const funnel = z.strictObject({
  steps: z.array(step).min(2, 'a funnel has at least two steps'),
  within: duration,
  on: property.optional(),
  where: where.optional(),
  unordered: z.boolean().default(false),
  /** The step (from 1) that tile and headline speak of; the last unless said. */
  figure: positive.min(2).optional(),
  limit: positive.max(10_000).default(60),
  /** Where a vendor only runs saved funnels: its id for each source. Ids stay text. */
  saved: z.record(name, z.string().regex(/^[\w-]+$/, 'an id has letters, digits, - and _ only')).optional(),
  immature: z.boolean().default(false),
})
export type Funnel = z.output<typeof funnel>

export const retention = z
  .strictObject({
    first: text,
    // biome-ignore lint/suspicious/noThenProperty: the word of the project file; a text, so nothing takes it for a promise
    then: text,
    kind: z.enum(['birth', 'compounded']).default('birth'),
    unbounded: z.boolean().default(false),
    unit: z.enum(['day', 'week', 'month']).default('week'),
    intervals: positive.max(90).default(6),
    on: property.optional(),
    where: where.optional(),
  })
  // `kind` already says which question it is.
  .transform(({ kind, ...question }) => ({ ...question, counting: kind }))
export type Retention = z.output<typeof retention>

export const frequency = z.strictObject({
  event: text,
  unit: z.enum(['day', 'week', 'month']),
  of: z.enum(['hour', 'day']),
  on: property.optional(),
  where: where.optional(),
})
export type Frequency = z.output<typeof frequency>

export const top = z.strictObject({
  what: z.enum(['events', 'properties', 'values']),
  event: text.optional(),
  property: text.optional(),
  limit: positive.max(5000).default(20),
  type: z.enum(['general', 'unique', 'average']).default('general'),
})
export type Top = z.output<typeof top>

export const people = z.strictObject({
  /** Where a vendor keeps events and no profiles: the events that are listed. */
  event: text.optional(),
  where: where.optional(),
  properties: z.array(text).min(1).optional(),
  on: property.optional(),
  limit: positive.max(100_000).default(1000),
})
export type People = z.output<typeof people>

/** Kinds of a vendor's saved analyses, where the id does not tell. */
const analyses = ['report', 'funnel', 'segmentation', 'retention'] as const

/** The vendor's own saved question. Ids stay text: a number would lose leading zeros. */
export const saved = z.strictObject({
  insights: text.optional(),
  funnel: text.optional(),
  query: text.optional(),
  analysis: text.optional(),
  /** What `analysis` is, since its id does not tell. */
  type: z.enum(analyses).optional(),
})
export type Saved = z.output<typeof saved>

export const ratio = z.strictObject({ of: name, to: name, times: z.number().positive().default(1) })
export type Ratio = z.output<typeof ratio>

/** The kinds of question; each is a key of a query, and exactly one is given. */
export const questions = { segmentation, funnel, retention, frequency, top, people, saved, ratio }
export type QuestionKind = keyof typeof questions
export const questionKinds = Object.keys(questions) as QuestionKind[]

/** A query as it stands in the file; `defaults` and the report fill what it leaves out (see project). */
export const query = z
  .strictObject({
    title: text.optional(),
    source: name.optional(),
    segmentation: segmentation.optional(),
    funnel: funnel.optional(),
    retention: retention.optional(),
    frequency: frequency.optional(),
    top: top.optional(),
    people: people.optional(),
    saved: saved.optional(),
    ratio: ratio.optional(),
    timeframe: timeframe.optional(),
    trend: timeframe.optional(),
    compare: z.array(z.enum(comparisons)).optional(),
    chart: z.enum(['line', 'bar', 'none']).optional(),
    /** Which way is good news; colour in the mail follows it. */
    better: z.enum(['higher', 'lower', 'neither']).default('higher'),
    /** `number`, `percent`, or a currency of ISO 4217 such as EUR. */
    format: z.union([z.enum(['number', 'percent']), z.string().regex(/^[A-Z]{3}$/)]).optional(),
  })
  .superRefine((value, context) => {
    const given = questionKinds.filter((kind) => value[kind] !== undefined)
    if (given.length !== 1) {
      const found = given.length === 0 ? 'none is there' : `${given.join(' and ')} are there`
      context.addIssue({ code: 'custom', message: `a query asks exactly one question (${questionKinds.join(', ')}); ${found}` })
    }
    if (value.trend === undefined || value.timeframe === undefined) return
    const bad = [value.timeframe, value.trend].some((frame) => 'problem' in parseTimeframe(frame))
    const problem = bad ? undefined : trendProblem(value.timeframe, value.trend)
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['trend'], message: problem })
  })

/** One question with its kind, as sources are asked. */
export type Question = { [Kind in QuestionKind]: { readonly kind: Kind } & z.output<(typeof questions)[Kind]> }[QuestionKind]

/** A query with everything that `defaults` and its report left to it. */
export interface Query {
  readonly name: string
  readonly title: string
  /** A ratio has none: it is made of two other queries' answers. */
  readonly source?: string | undefined
  readonly question: Question
  readonly timeframe: Timeframe
  readonly trend?: Timeframe | undefined
  readonly compare: readonly ComparisonName[]
  readonly chart?: 'line' | 'bar' | 'none' | undefined
  readonly better: 'higher' | 'lower' | 'neither'
  readonly format?: string | undefined
}
