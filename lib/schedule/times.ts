import { Temporal } from 'temporal-polyfill'
import type { CronSchedule, Schedule } from './schedule.ts'
import { datesIn } from './schedule.ts'

/**
 * The next `count` instants after another, ascending; fewer when the schedule ends before. Where clocks change, as AWS
 * documents it for EventBridge Scheduler (User Guide, "Schedule types", daylight saving time): a time that does not
 * exist is skipped, and one that exists twice runs once, which is taken to be its first.
 */
export function nextTimes(schedule: Schedule, timezone: string, after: Temporal.Instant, count: number): Temporal.Instant[] {
  const found: Temporal.Instant[] = []
  for (const time of times(schedule, timezone, after, 1)) {
    if (found.length >= count) break
    if (Temporal.Instant.compare(time, after) > 0) found.push(time)
  }
  return found
}

/** The instants after one and at or before another, ascending. */
export function timesBetween(
  schedule: Schedule,
  timezone: string,
  after: Temporal.Instant,
  until: Temporal.Instant,
): Temporal.Instant[] {
  const found: Temporal.Instant[] = []
  for (const time of times(schedule, timezone, after, 1)) {
    if (Temporal.Instant.compare(time, until) > 0) break
    if (Temporal.Instant.compare(time, after) > 0) found.push(time)
  }
  return found
}

/** The latest instant at or before another, or undefined when the schedule begins after it. */
export function previousTime(schedule: Schedule, timezone: string, atOrBefore: Temporal.Instant): Temporal.Instant | undefined {
  for (const time of times(schedule, timezone, atOrBefore, -1)) {
    if (Temporal.Instant.compare(time, atOrBefore) <= 0) return time
  }
  return undefined
}

/** The instants from around another one on, in steps forwards or backwards; a few at the start may lie on its other side. */
function* times(
  schedule: Schedule,
  timezone: string,
  from: Temporal.Instant,
  direction: 1 | -1,
): Generator<Temporal.Instant, void, undefined> {
  switch (schedule.kind) {
    case 'rate': {
      const step = schedule.seconds * 1000
      for (let at = Math.floor(from.epochMilliseconds / step) * step; ; at += direction * step) {
        yield Temporal.Instant.fromEpochMilliseconds(at)
      }
    }
    case 'at': {
      const only = instantOf(schedule.time, timezone)
      if (only !== undefined) yield only
      return
    }
    case 'cron':
      yield* cronTimes(schedule, timezone, from.toZonedDateTimeISO(timezone).toPlainDate(), direction)
  }
}

function* cronTimes(
  cron: CronSchedule,
  timezone: string,
  from: Temporal.PlainDate,
  direction: 1 | -1,
): Generator<Temporal.Instant, void, undefined> {
  const [firstYear, lastYear] = [cron.years[0] ?? 0, cron.years.at(-1) ?? 0]
  const ordered = <Item>(items: readonly Item[]) => (direction === 1 ? items : items.toReversed())
  let month = from.toPlainYearMonth()
  // A schedule may begin or end long before the other instant; the months between are not walked.
  if (direction === 1 && month.year < firstYear) month = Temporal.PlainYearMonth.from({ year: firstYear, month: 1 })
  if (direction === -1 && month.year > lastYear) month = Temporal.PlainYearMonth.from({ year: lastYear, month: 12 })
  while (month.year >= firstYear && month.year <= lastYear) {
    for (const date of ordered(datesIn(cron, month))) {
      const day = month.toPlainDate({ day: date })
      if (Temporal.PlainDate.compare(day, from) * direction < 0) continue
      for (const hour of ordered(cron.hours)) {
        for (const minute of ordered(cron.minutes)) {
          const time = instantOf(day.toPlainDateTime({ hour, minute }), timezone)
          if (time !== undefined) yield time
        }
      }
    }
    month = month.add({ months: direction })
  }
}

/** The first instant at which clocks of a zone show a time, or undefined when they skip it. */
function instantOf(time: Temporal.PlainDateTime, timezone: string): Temporal.Instant | undefined {
  const zoned = time.toZonedDateTime(timezone, { disambiguation: 'earlier' })
  return zoned.toPlainDateTime().equals(time) ? zoned.toInstant() : undefined
}
