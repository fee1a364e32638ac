import * as z from 'zod'
import { entriesOf, overall } from './answers.ts'

const mean = z.number().nullish()

const step = z
  .object({
    count: z.number().int(),
    avg_time: mean,
    avg_time_from_start: mean,
    step_conv_ratio: z.number().nullish(),
    overall_conv_ratio: z.number().nullish(),
    event: z.string().optional(),
    goal: z.string().optional(),
    step_label: z.string().optional(),
    custom_event_id: z.number().int().optional(),
  })
  .transform((own, context) => {
    // A custom event is `$custom_event:12345` to the vendor, and its label to people. The oldest answers have a goal alone.
    const name = own.step_label ?? own.event ?? own.goal
    if (name === undefined) {
      context.addIssue({ code: 'custom', message: 'a step without a name' })
      return z.NEVER
    }
    return {
      name,
      /** All that it may be called. */
      names: [...new Set([own.event, own.goal, own.step_label].filter((one) => one !== undefined))],
      customEventId: own.custom_event_id === undefined ? undefined : String(own.custom_event_id),
      count: own.count,
      /** Means, not medians, since the step before and since the first; null where nobody got there. */
      meanSeconds: own.avg_time ?? null,
      meanSecondsFromStart: own.avg_time_from_start ?? null,
      /** Of those at the step before, and of those at the first, as the vendor works them out. */
      stepRatio: own.step_conv_ratio ?? null,
      overallRatio: own.overall_conv_ratio ?? null,
    }
  })
const steps = z.array(step).min(1)

const analysis = z
  .object({ completion: mean, starting_amount: mean, steps: mean, worst: mean })
  .transform(({ completion, starting_amount, steps: many, worst }) => ({
    /** How many finished; the oldest documents have their share. */
    completion: completion ?? null,
    startingAmount: starting_amount ?? null,
    steps: many ?? null,
    /** The step that lost most. */
    worst: worst ?? null,
  }))

/** With its analysis, or as the steps alone. */
const way = z
  .union([z.object({ steps, analysis: analysis.optional() }), steps.transform((own) => ({ steps: own, analysis: undefined }))])
  .transform((own) => ({ steps: own.steps, analysis: own.analysis }))
type Way = z.output<typeof way>

/** People at each step, of those who entered in the bucket that begins on `date`. */
export interface FunnelBucket extends Way {
  readonly date: string
  /** By the values of `on`, with which `steps` are those of `$overall`, or none where that did not come. */
  readonly segments?: readonly (Way & { readonly name: string })[]
}

/**
 * Buckets by date. With `on` there is one level more, which no document shows: here the values may stand within dates, or
 * dates within values.
 */
export const funnelAnswer = z
  .object({ data: entriesOf(z.union([way, entriesOf(way)])) })
  .transform(({ data }, context): FunnelBucket[] => {
    const datesFirst = data.every(([key]) => isDay(key))
    const found = data.flatMap(([key, inner]): { date: string; name?: string; own: Way }[] => {
      if (!Array.isArray(inner)) return [{ date: key, own: inner }]
      return inner.map(([other, own]) => (datesFirst ? { date: key, name: other, own } : { date: other, name: key, own }))
    })
    const stray = found.find(({ date }) => !isDay(date))
    if (stray !== undefined) {
      context.addIssue({ code: 'custom', message: `${stray.date} is no date`, path: ['data'] })
      return z.NEVER
    }
    return [...Map.groupBy(found, ({ date }) => date)]
      .map(([date, those]): FunnelBucket => {
        const whole = those.find(({ name }) => name === undefined || name === overall)?.own
        const segments = those.flatMap(({ name, own }) => (name === undefined || name === overall ? [] : [{ name, ...own }]))
        const isSplit = those.some(({ name }) => name !== undefined)
        return { date, steps: whole?.steps ?? [], analysis: whole?.analysis, ...(isSplit ? { segments } : {}) }
      })
      .sort((a, b) => (a.date < b.date ? -1 : 1))
  })

function isDay(text: string): boolean {
  return z.iso.date().safeParse(text).success
}
