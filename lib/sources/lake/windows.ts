import type { Temporal } from 'temporal-polyfill'
import type { Note } from '../../result.ts'
import type { Window, Windows } from '../../timeframe.ts'
import type { Events, LakeClient } from './client.ts'
import type { Sql } from './sql.ts'
import { anyOf } from './sql.ts'

export type Stretch = Pick<Window, 'start' | 'end'>

/** Microseconds since 1970, as events are kept; exact in a double until the year 2255. */
export function microsOf(time: Temporal.ZonedDateTime): number {
  return Number(time.epochNanoseconds / 1000n)
}

export function within({ start, end }: Stretch): Sql {
  return `(micros >= ${microsOf(start)} and micros < ${microsOf(end)})`
}

/** The timeframe, then each compared period. */
export function figuresOf({ timeframe, comparisons }: Windows): Window[] {
  return [timeframe, ...comparisons.map((comparison) => comparison.timeframe)]
}

export function runningNotes(partial: boolean): Note[] {
  return partial ? [{ kind: 'partial', text: 'the period is still running, so its figures still grow' }] : []
}

/** How many of the events that a question is about were there more than once. */
export async function duplicateNotes(
  stretches: readonly Stretch[],
  event: Sql,
  events: Events,
  { query }: Pick<LakeClient, 'query'>,
  signal?: AbortSignal,
): Promise<Note[]> {
  const where = `${event} and ${anyOf(stretches.map(within))}`
  const [row] = await query(`select count(*)::double as n from ${events.dropped} where ${where}`, signal)
  const count = Number(row?.['n'])
  if (count === 0) return []
  const many = count === 1 ? '1 event was' : `${count.toLocaleString('en-US')} events were`
  return [{ kind: 'duplicates', text: `${many} in the lake more than once and counted once` }]
}
