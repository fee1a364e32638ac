import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { datedOf } from './dated.ts'
import { backwards, condition, expression, forwards, idleLimit, limitsSomething, range, text } from './parameters.ts'

const count = z.number().int().positive()
const limit = count.optional().describe('values of `on`, which it needs')

/** Who entered, and how many of them came back in interval 0, 1, 2 … The newest have fewer intervals. */
export interface Grid {
  readonly size: number
  readonly counts: readonly number[]
}

/** Who entered in the unit that begins on `date`. Split by `on`, all together are null where that did not come. */
export interface Cohort {
  readonly date: string
  readonly size: number | null
  readonly counts: readonly number[]
  readonly segments?: readonly (Grid & { readonly name: string })[]
}

export const cohortsAnswer = datedOf(
  // Saved reports have `rates`, too, which are counts by first.
  z
    .object({ counts: z.array(z.number().int().nonnegative()), first: z.number().int().nonnegative() })
    .transform(({ counts, first }): Grid => ({ size: first, counts })),
).transform((dated) =>
  dated.map(({ date, whole, parts }): Cohort => {
    const segments = parts?.map(({ name, own }) => ({ name, ...own }))
    return { date, ...(whole ?? { size: null, counts: [] }), ...(segments === undefined ? {} : { segments }) }
  }),
)

/** People of the unit that begins on `date`: those who were active in at least 1, 2, 3 … of its hours or days. */
export interface Activity {
  readonly date: string
  readonly counts: readonly number[]
  readonly segments?: readonly { readonly name: string; readonly counts: readonly number[] }[]
}

const activityAnswer = datedOf(z.array(z.number().int().nonnegative())).transform((dated) =>
  dated.map(({ date, whole, parts }): Activity => {
    const segments = parts?.map(({ name, own }) => ({ name, counts: own }))
    return { date, counts: whole ?? [], ...(segments === undefined ? {} : { segments }) }
  }),
)

/** Who comes back, and how often. */
export const retentionCalls = {
  retention: {
    about: 'of people who entered in each unit, how many came back in each later one',
    api: 'query',
    method: 'GET',
    path: '/retention',
    sends: 'query',
    parameters: z
      .strictObject({
        ...range,
        retention_type: z
          .enum(['birth', 'compounded'])
          .optional()
          .describe('birth, unless said: entered for the first time; compounded: entered in each unit anew'),
        born_event: text.optional().describe('what people enter with; a birth retention needs it'),
        event: text.optional().describe('what counts as coming back; any event unless said'),
        born_where: condition.optional(),
        where: condition.optional(),
        interval: count.optional().describe('units in an interval, 1 unless said'),
        interval_count: count.optional().describe('intervals after the 0th, 1 unless said'),
        unit: z.enum(['day', 'week', 'month']).optional().describe('day unless said'),
        unbounded_retention: z.boolean().optional().describe('who came back in an interval or any later one; false unless said'),
        on: expression.optional(),
        limit,
      })
      .refine(forwards, backwards)
      .refine(
        ({ retention_type, born_event }) => retention_type === 'compounded' || born_event !== undefined,
        'a birth retention needs born_event: what people enter with',
      )
      .refine(
        ({ retention_type, born_event, born_where }) =>
          retention_type !== 'compounded' || (born_event === undefined && born_where === undefined),
        'a compounded retention has no born_event: people enter with `event`',
      )
      .refine(({ unit, interval }) => (unit ?? 'day') !== 'day' || (interval ?? 1) <= 90, 'an interval has at most 90 days')
      .refine(limitsSomething, idleLimit),
    answer: cohortsAnswer,
    pools: ['query'],
    budget: 120_000,
  },
  frequency: {
    about: 'of people active in each unit, in how many of its hours or days they were',
    also: ['addiction'],
    api: 'query',
    method: 'GET',
    path: '/retention/addiction',
    sends: 'query',
    parameters: z
      .strictObject({
        ...range,
        unit: z.enum(['day', 'week', 'month']),
        addiction_unit: z.enum(['hour', 'day']).describe('what a unit is divided into; a day, into hours'),
        event: text.optional().describe('any event unless said'),
        where: condition.optional(),
        on: expression.optional(),
        limit,
      })
      .refine(forwards, backwards)
      .refine(
        ({ unit, addiction_unit }) => unit !== 'day' || addiction_unit !== 'day',
        'a day is divided into hours: give addiction_unit hour',
      )
      .refine(limitsSomething, idleLimit),
    // The documentation shows it with `data` in one place and without in another.
    answer: z.union([z.object({ data: activityAnswer }).transform(({ data }) => data), activityAnswer]),
    pools: ['query'],
    budget: 120_000,
  },
} as const satisfies Record<string, MixpanelCall>
