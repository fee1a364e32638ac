import { Temporal } from 'temporal-polyfill'
import type { Note } from '../../../result.ts'
import { historyDays } from '../failure.ts'
import type { Place } from './asking.ts'

/** How far back the plan of the project lets anyone look. */
export interface History {
  readonly days: number
  /** The first day that is there, `YYYY-MM-DD`. */
  readonly since: string
}

interface Range {
  readonly from_date: string
  readonly to_date: string
}

/**
 * Asks, and where the plan's history does not go back so far, once more for what there is; `history` then says so, and
 * whoever reads the answer leaves out what lies before. `shrink` makes the request that begins later, undefined where
 * none would mean the same. Throws what asking throws.
 */
export async function askWithin<Asked extends Range, Answer>(
  { zone, clock }: Pick<Place, 'zone' | 'clock'>,
  request: Asked,
  ask: (request: Asked) => Promise<Answer>,
  shrink: (request: Asked, since: string) => Asked | undefined = later,
): Promise<{ answer: Answer; history?: History }> {
  try {
    return { answer: await ask(request) }
  } catch (error) {
    const history = historyIn(error, { zone, clock })
    if (history === undefined) throw error
    const { since } = history
    const shorter = request.from_date < since && since <= request.to_date ? shrink(request, since) : undefined
    if (shorter === undefined) throw error
    return { answer: await ask(shorter), history }
  }
}

/** What the vendor said of the plan's history, where that is why a call was refused. */
export function historyIn(error: unknown, { zone, clock }: Pick<Place, 'zone' | 'clock'>): History | undefined {
  const days = historyDays(error)
  if (days === undefined) return undefined
  const today = Temporal.Instant.fromEpochMilliseconds(clock().getTime()).toZonedDateTimeISO(zone).toPlainDate()
  return { days, since: today.subtract({ days }).toString() }
}

function later<Asked extends Range>(request: Asked, since: string): Asked {
  return { ...request, from_date: since }
}

export function historyNote(history: History | undefined): Note[] {
  if (history === undefined) return []
  const text = `the Mixpanel plan goes back ${history.days} days, so nothing before ${history.since} is in it`
  return [{ kind: 'truncated', text }]
}
