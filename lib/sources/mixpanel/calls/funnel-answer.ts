import * as z from 'zod'
import { datedOf } from './dated.ts'

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

/** Buckets by date, and with `on` by the values of a property. */
export const funnelAnswer = z.object({ data: datedOf(way) }).transform(({ data }) =>
  data.map(({ date, whole, parts }): FunnelBucket => {
    const segments = parts?.map(({ name, own }) => ({ name, ...own }))
    return { date, steps: whole?.steps ?? [], analysis: whole?.analysis, ...(segments === undefined ? {} : { segments }) }
  }),
)
