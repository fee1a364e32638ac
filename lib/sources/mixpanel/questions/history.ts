import { Temporal } from 'temporal-polyfill'
import type { Note } from '../../../result.ts'
import { historyDays } from '../failure.ts'
import type { Place } from './asking.ts'
import { todayIn } from './times.ts'

/** How far back the plan of the project lets anyone look. */
export interface History {
  readonly days: number
  /** The first day that is there, `YYYY-MM-DD`. */
  readonly since: string
}

/**
 * Asks, and where the plan's history does not go back so far, once more for what there is; `history` then says so, and
 * whoever reads the answer leaves out what lies before. `shrink` makes the request that begins later, undefined where
 * none would mean the same. Throws what asking throws.
 */
export async function askWithin<Asked, Answer>(
  place: Pick<Place, 'zone' | 'clock'>,
  request: Asked,
  ask: (request: Asked) => Promise<Answer>,
  shrink: (request: Asked, since: string) => Asked | undefined,
): Promise<{ answer: Answer; history?: History }> {
  try {
    return { answer: await ask(request) }
  } catch (error) {
    const history = historyIn(error, place)
    const shorter = history === undefined ? undefined : shrink(request, history.since)
    if (history === undefined || shorter === undefined) throw error
    return { answer: await ask(shorter), history }
  }
}

/** What the vendor said of the plan's history, where that is why a call was refused. */
export function historyIn(error: unknown, place: Pick<Place, 'zone' | 'clock'>): History | undefined {
  const days = historyDays(error)
  if (days === undefined) return undefined
  return { days, since: todayIn(place).subtract({ days }).toString() }
}

/** How long a bucket of an answer is: so many days from the first day of the request on, or a month of the calendar. */
export type BucketLength = number | 'month'

/**
 * The same request from its first bucket on that lies within the history as a whole: one that is cut would have too small
 * a number under a date of its own. Undefined where no such bucket is left, and where none lies before the history.
 */
export function rangeSince<Asked extends { readonly from_date: string; readonly to_date: string }>(
  request: Asked,
  since: string,
  bucket: BucketLength,
): Asked | undefined {
  if (since <= request.from_date) return undefined
  const [first, day] = [Temporal.PlainDate.from(request.from_date), Temporal.PlainDate.from(since)]
  const from_date = (bucket === 'month' ? monthFrom(day) : stepTo(day, first, bucket)).toString()
  return from_date > request.to_date ? undefined : { ...request, from_date }
}

function monthFrom(day: Temporal.PlainDate): Temporal.PlainDate {
  return day.day === 1 ? day : day.add({ months: 1 }).with({ day: 1 })
}

function stepTo(day: Temporal.PlainDate, first: Temporal.PlainDate, length: number): Temporal.PlainDate {
  const { days } = first.until(day, { largestUnit: 'day' })
  return first.add({ days: Math.ceil(days / length) * length })
}

export function historyNote(history: History | undefined): Note[] {
  if (history === undefined) return []
  const text = `the Mixpanel plan goes back ${history.days} days, so nothing before ${history.since} is in it`
  return [{ kind: 'truncated', text }]
}
