import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Retention } from '../../../query.ts'
import type { CohortsBody, Note } from '../../../result.ts'
import type { Unit } from '../../../timeframe.ts'
import { bucketsOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import type { Place } from './asking.ts'
import { daysOf } from './days.ts'
import { askWithin, historyNote } from './history.ts'
import { printedWhere } from './printed.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseRetention({ first, then, counting, on }: Retention): string | undefined {
  if (on !== undefined) return 'Mixpanel does not document how it answers a split retention; leave out `on`'
  if (counting === 'birth' && first === 'any') {
    return 'Mixpanel needs the event with which people enter for the first time; name it with `first`'
  }
  if (counting === 'compounded' && first !== then) {
    return 'Mixpanel’s recurring retention (`kind: compounded`) is of one event; give `first` and `then` the same'
  }
  return undefined
}

export function retentionRequest({ question, windows }: Ask<'retention'>, zone: string): ParametersOf<'retention'> {
  const { first, then, counting, unbounded, unit, intervals, where } = question
  const { from_date, to_date } = daysOf(windows.timeframe, zone)
  const condition = printedWhere(where)
  return {
    from_date,
    to_date,
    retention_type: counting,
    ...(counting === 'birth' ? { born_event: first } : {}),
    ...(then === 'any' ? {} : { event: then }),
    // One condition for both: the events that let in and those that bring back.
    ...(counting === 'birth' && condition.where !== undefined ? { born_where: condition.where } : {}),
    ...condition,
    unit,
    interval_count: intervals,
    ...(unbounded ? { unbounded_retention: true } : {}),
  }
}

/** Throws RefusedError where the vendor's cohorts do not begin when the question's do. */
export async function answerRetention(ask: Ask<'retention'>, place: Place): Promise<CohortsBody> {
  const { question, windows, calendar, scheduledAt } = ask
  const request = retentionRequest(ask, place.zone)
  const { answer, history } = await askWithin(place, request, (asked) => place.client.retention(asked, ask.signal))
  const { known, running } = cohortStarts(windows.timeframe, question.unit, calendar, scheduledAt)
  const cohorts = answer
    .filter(({ date }) => !running.has(date))
    .map(({ date, size, counts }) => {
      const start = known.get(date)
      if (start === undefined) throw otherStart(date, question.unit)
      const over = counts.filter((_, at) => isOver(start, question.unit, at, scheduledAt))
      return { date, size, counts: over }
    })
  return {
    measure: 'retention',
    unit: question.unit,
    interval: question.unit,
    cohorts,
    notes: [...runningNote(running, question.unit), ...historyNote(history)],
  }
}

/** The starts of the units that are over, by date, and the dates of those that are not. */
export function cohortStarts(
  window: Ask['windows']['timeframe'],
  unit: Unit,
  calendar: Ask['calendar'],
  at: Temporal.Instant,
): { known: ReadonlyMap<string, Temporal.ZonedDateTime>; running: ReadonlySet<string> } {
  const known = new Map<string, Temporal.ZonedDateTime>()
  const running = new Set<string>()
  for (const { label, start, end, whole } of bucketsOf(window, unit, calendar)) {
    if (!whole && !window.partial) {
      throw new RefusedError(`the timeframe is not made of whole ${unit}s, which is what cohorts are of`, {
        remedy: `ask for ${unit}s, such as previous_8_${unit}s`,
      })
    }
    if (whole && Temporal.Instant.compare(end.toInstant(), at) <= 0) known.set(label, start)
    else running.add(start.toPlainDate().toString()).add(label)
  }
  return { known, running }
}

export function otherStart(date: string, unit: string): RefusedError {
  return new RefusedError(`Mixpanel answers for the ${unit} of ${date}, which is none of those that were asked for`, {
    remedy: `start the timeframe where Mixpanel's ${unit}s start, or ask by day`,
  })
}

export function runningNote(running: ReadonlySet<string>, unit: string): Note[] {
  return running.size === 0 ? [] : [{ kind: 'partial', text: `the running ${unit} is not in it` }]
}

/**
 * Mixpanel counts each person's intervals from their own entry ("less than one interval after the initial event" is the
 * 0th), so an interval is over when it is for who entered last.
 */
function isOver(start: Temporal.ZonedDateTime, unit: 'day' | 'week' | 'month', interval: number, at: Temporal.Instant): boolean {
  const end = start.add({ [`${unit}s`]: interval + 2 })
  return Temporal.Instant.compare(end.toInstant(), at) <= 0
}
