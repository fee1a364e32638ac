import { Temporal } from 'temporal-polyfill'
import type { Sql } from './sql.ts'
import type { Stretch } from './windows.ts'
import { microsOf } from './windows.ts'

/**
 * How far the clock on the wall is ahead of UTC, in microseconds: a row (since, shift) for each time from which on it is
 * so, the first at the stretch's start. `micros + shift` counts days and hours as the clock does. DuckDB's own time zones
 * are an extension, and the run's calendar is not to depend on which zone data that has.
 */
export function clockSql({ start, end }: Stretch): Sql {
  const rows: Sql[] = []
  let time: Temporal.ZonedDateTime | null = start
  while (time !== null && Temporal.ZonedDateTime.compare(time, end) <= 0) {
    rows.push(`(${microsOf(time)}, ${time.offsetNanoseconds / 1000})`)
    time = time.getTimeZoneTransition('next')
  }
  return `clock(since, shift) as (values ${rows.join(', ')})`
}

/** So many days later by the clock on the wall; of an hour that comes twice the second. */
export function daysLater(time: Temporal.ZonedDateTime, days: number): Temporal.ZonedDateTime {
  return time.toPlainDateTime().add({ days }).toZonedDateTime(time.timeZoneId, { disambiguation: 'later' })
}
