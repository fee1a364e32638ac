import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { addressProblem } from '../../http.ts'
import { credentialReference } from '../reference.ts'

/** What a Mixpanel source says of itself in the project file. */

/** Ids are digits and stay text; YAML may read them as numbers. */
const id = z.union([z.string().regex(/^\d+$/, 'an id has digits only'), z.number().int().nonnegative()]).transform(String)

const zone = z.string().superRefine((value, context) => {
  try {
    new Temporal.ZonedDateTime(0n, value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.addIssue({ code: 'custom', message: `"${value}" is not a time zone; write one like Europe/Berlin` })
  }
})

const url = z.string().superRefine((value, context) => {
  const problem = addressProblem(value)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

export const regions = ['us', 'eu', 'in'] as const
export type Region = (typeof regions)[number]

export const config = z.strictObject({
  kind: z.literal('mixpanel'),
  project: id,
  region: z.enum(regions).default('us'),
  /** Where the service account stands: `ssm:/name`, `secretsmanager:name` or `env:NAME`; never the account itself. */
  credentials: z.string().regex(credentialReference, 'credentials are a reference: ssm:/name, secretsmanager:name or env:NAME'),
  /** The global data view of a project that has Data Views. */
  workspace: id.optional(),
  /** The project's time zone at Mixpanel, in which it counts whole days; the file's unless said. */
  timezone: zone.optional(),
  /** Replaces the vendor's hosts: a proxy, or a server on this machine. */
  url: url.optional(),
  /** This project's share of Mixpanel's 60 queries an hour. */
  budget: z
    .string()
    .regex(/^[1-9]\d* per hour$/, 'a budget is written like 30 per hour')
    .transform((text) => ({ perHour: Number.parseInt(text, 10) }))
    .optional(),
})
export type Config = z.output<typeof config>

/** A service account: `{"username":"…","secret":"…"}`, or `username:secret`. */
export const credential = z
  .string()
  .transform((text, context) => {
    const trimmed = text.trim()
    if (trimmed.startsWith('{')) {
      try {
        return JSON.parse(trimmed) as unknown
      } catch (error) {
        // Its own message quotes the text, and the text is a secret.
        if (!(error instanceof SyntaxError)) throw error
        context.addIssue({ code: 'custom', message: 'is not whole JSON' })
        return z.NEVER
      }
    }
    const colon = trimmed.indexOf(':')
    return colon === -1 ? {} : { username: trimmed.slice(0, colon), secret: trimmed.slice(colon + 1) }
  })
  .pipe(z.object({ username: z.string().min(1), secret: z.string().min(4) }))
export type Credential = z.output<typeof credential>

/** Parameters, by the vendor's own names, checked before anything is sent. */

const date = z.iso.date()
const text = z.string().min(1)
const range = { from_date: date, to_date: date }
/** At most 10,000; does nothing without `on`. */
const limit = z.number().int().min(1).max(10_000).optional()

function forwards(value: { from_date: string; to_date: string }): boolean {
  return value.from_date <= value.to_date
}
const backwards = 'from_date lies after to_date; both are inclusive'

export const segmentationParameters = z
  .strictObject({
    event: text,
    ...range,
    on: text.optional(),
    where: text.optional(),
    unit: z.enum(['minute', 'hour', 'day', 'month']).optional(),
    /** Days in each bucket, in lieu of `unit` where `type` is not general. */
    interval: z.number().int().positive().optional(),
    type: z.enum(['general', 'unique', 'average']).optional(),
    limit,
  })
  .refine(forwards, backwards)
  .refine((value) => value.interval === undefined || value.unit === undefined, '`interval` stands in lieu of `unit`')
  .refine((value) => value.interval === undefined || (value.type ?? 'general') !== 'general', 'general totals take `unit` only')
export type SegmentationParameters = z.output<typeof segmentationParameters>

export const sumParameters = z
  .strictObject({ event: text, ...range, on: text, where: text.optional(), unit: z.enum(['hour', 'day']).optional() })
  .refine(forwards, backwards)
export type SumParameters = z.output<typeof sumParameters>

const daysOfUnit = { second: 1 / 86_400, minute: 1 / 1440, hour: 1 / 24, day: 1 }
export const funnelParameters = z
  .strictObject({
    funnel_id: z.string().regex(/^\d+$/),
    ...range,
    /** Time to convert, in `length_unit`; what was saved with the funnel unless said. */
    length: z.number().int().positive().optional(),
    length_unit: z.enum(['day', 'hour', 'minute', 'second']).optional(),
    /** Days in each bucket. `unit` is another way of saying it. */
    interval: z.number().int().positive().optional(),
    unit: z.enum(['day', 'week', 'month']).optional(),
    on: text.optional(),
    where: text.optional(),
    limit,
  })
  .refine(forwards, backwards)
  .refine((value) => value.interval === undefined || value.unit === undefined, '`unit` is another way of saying `interval`')
  .refine((value) => (value.length ?? 0) * daysOfUnit[value.length_unit ?? 'day'] <= 90, 'a funnel takes at most 90 days')
export type FunnelParameters = z.output<typeof funnelParameters>

/** Answers. Numbers by date: `2026-11-09`, or `2026-11-09 14:00:00` for hours and minutes, in the project's zone. */

const byDate = z.record(z.string().regex(/^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?$/, 'not a date'), z.number())

// z.record leaves out a key __proto__, and a property may have any value.
const bySegment = z
  .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object')
  .transform((value) => Object.entries(value) as [string, unknown][])
  .pipe(z.array(z.tuple([z.string(), byDate])))

export const segmentationAnswer = z
  .object({
    data: z.object({ series: z.array(z.string()), values: bySegment }),
    legend_size: z.number().int().optional(),
  })
  .transform(({ data, legend_size }) => ({
    // The vendor's own example has them unsorted.
    dates: data.series.toSorted(),
    segments: data.values.map(([name, values]) => ({ name, values })),
    legendSize: legend_size,
  }))
export type SegmentationAnswer = z.output<typeof segmentationAnswer>

export const sumAnswer = z.object({ results: byDate }).transform(({ results }) => results)

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

export const funnelAnswer = z
  .object({ data: z.record(z.iso.date(), z.object({ steps: z.array(funnelStep).min(1) })) })
  .transform(({ data }) =>
    Object.entries(data)
      .map(([from, { steps }]) => ({ date: from, steps }))
      .sort((a, b) => (a.date < b.date ? -1 : 1)),
  )
export type FunnelAnswer = z.output<typeof funnelAnswer>

export const funnelsListAnswer = z
  .array(z.object({ funnel_id: z.number().int(), name: z.string() }))
  .transform((funnels) => funnels.map((funnel) => ({ id: String(funnel.funnel_id), name: funnel.name })))
