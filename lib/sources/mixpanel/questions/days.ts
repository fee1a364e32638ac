import { RefusedError } from '../../../errors.ts'
import type { Note } from '../../../result.ts'
import type { Window } from '../../../timeframe.ts'

/** A window as Mixpanel takes it: whole days of the project's zone, `to_date` inclusive. */
export interface Days {
  readonly from_date: string
  readonly to_date: string
  readonly count: number
}

/** Throws RefusedError where the window is not made of the project's days. A running window goes up to today. */
export function daysOf(window: Window, zone: string): Days {
  const { start, end } = window
  // By the clock, not by name: Europe/Berlin and Europe/Paris have the same days.
  if (![start, end].every((time) => time.toPlainDateTime().equals(time.withTimeZone(zone).toPlainDateTime()))) {
    throw new RefusedError(`Mixpanel counts days in its project's time zone, ${zone}; this report is in ${start.timeZoneId}`, {
      remedy: `give the report \`timezone: ${zone}\`, or the source the zone that its Mixpanel project has`,
    })
  }
  const wholeEnd = end.equals(end.startOfDay())
  if (!start.equals(start.startOfDay()) || !(wholeEnd || window.partial)) {
    throw new RefusedError(`Mixpanel counts whole days, and ${start.toPlainDateTime()} to ${end.toPlainDateTime()} is none`, {
      remedy: 'ask for days, such as previous_1_day; `unit: hour` splits them',
    })
  }
  const [first, last] = [start.toPlainDate(), wholeEnd ? end.toPlainDate().subtract({ days: 1 }) : end.toPlainDate()]
  const count = first.until(last, { largestUnit: 'day' }).days + 1
  if (count < 1) {
    throw new RefusedError(`nothing of the timeframe is over at ${end.toPlainDateTime()}`, {
      remedy: 'ask for previous_… instead of this_…, or schedule the report later in the day',
    })
  }
  return { from_date: first.toString(), to_date: last.toString(), count }
}

export function runningNotes({ partial }: Window): Note[] {
  return partial ? [{ kind: 'partial', text: 'the running day is counted as far as it has come' }] : []
}
