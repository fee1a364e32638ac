import * as z from 'zod'
import { anyObject } from './answers.ts'
import { filters } from './filters.ts'
import { collection, maxAge, text } from './parameters.ts'
import { timeframe, timezone } from './timeframes.ts'

/** Progress of actors through steps. */

const step = z.strictObject({
  event_collection: collection,
  /** Who did it, by which actors of one step are found in another. */
  actor_property: text,
  filters: filters.optional(),
  /** In place of the funnel's own. */
  timeframe: timeframe.optional(),
  timezone: timezone.optional(),
  /** The answer lists the actors. */
  with_actors: z.boolean().optional(),
  /** Counts those who did not. */
  inverted: z.boolean().optional(),
  /** Counted, and without effect on the steps that follow. */
  optional: z.boolean().optional(),
})

export const funnelAsked = z
  .strictObject({
    steps: z.array(step).min(1),
    /** Of the steps that have none of their own. */
    timeframe: timeframe.optional(),
    timezone: timezone.optional(),
    max_age: maxAge.optional(),
  })
  .superRefine(({ steps, timeframe: own }, context) => {
    const say = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', message, path: ['steps', ...path] })
    const [first] = steps
    if (first?.inverted === true) say([0, 'inverted'], 'the first step is whom the others are counted among')
    if (first?.optional === true) say([0, 'optional'], 'the first step is whom the others are counted among')
    steps.forEach((each, at) => {
      if (own === undefined && each.timeframe === undefined) {
        say([at, 'timeframe'], 'a step has a timeframe, or the funnel has one for all')
      }
    })
  })

const funnelResult = z.object({
  /** As the vendor read them, with its defaults; none where it does not say. */
  steps: z
    .array(anyObject)
    .nullish()
    .transform((given) => given ?? []),
  /** How many actors are in each step. */
  result: z.array(z.number()),
  /** Of each step that asked for them; null of the others. */
  actors: z
    .array(z.array(z.unknown()).nullable())
    .nullish()
    .transform((given) => given ?? undefined),
})
export type FunnelAnswer = z.output<typeof funnelAnswer>

export const funnelAnswer = funnelResult.superRefine(({ steps, result, actors }, context) => {
  const say = (path: string, message: string) => context.addIssue({ code: 'custom', message, path: [path] })
  // Some answers echo no steps at all.
  if (steps.length > 0 && steps.length !== result.length) say('steps', `has ${steps.length} steps and ${result.length} results`)
  if (actors !== undefined && actors.length !== result.length) {
    say('actors', `has actors of ${actors.length} steps and ${result.length} results`)
  }
})

/** What a saved funnel's `result` holds: the whole answer, or the list of it that is called so. */
export const savedFunnel = z.preprocess((given) => (Array.isArray(given) ? { result: given } : given), funnelAnswer)
