import type { Temporal } from 'temporal-polyfill'

/** When a report runs, read. Local times are those of the zone that goes with the schedule. */
export type Schedule =
  | CronSchedule
  /** Every so many seconds since the Unix epoch. EventBridge starts counting when the schedule is created or changed. */
  | { readonly kind: 'rate'; readonly seconds: number }
  | { readonly kind: 'at'; readonly time: Temporal.PlainDateTime }

export interface CronSchedule {
  readonly kind: 'cron'
  /** Ascending, like everything here. */
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly months: readonly number[]
  readonly years: readonly number[]
  readonly days: Days
}

/** Which days of a month. Weekdays count 1 to 7 from Monday, as ISO 8601 and Temporal do. */
export type Days =
  | { readonly kind: 'dates'; readonly dates: readonly number[] }
  /** `L` */
  | { readonly kind: 'last' }
  /** `15W`: the Monday to Friday nearest to a date, within its month. */
  | { readonly kind: 'nearest'; readonly date: number }
  | { readonly kind: 'weekdays'; readonly weekdays: readonly number[] }
  /** `6#3`: the third Friday. */
  | { readonly kind: 'nth'; readonly weekday: number; readonly nth: number }
  /** `6L`: the last Friday. */
  | { readonly kind: 'last weekday'; readonly weekday: number }

/** The dates of a month on which a cron schedule runs, ascending; empty for a month or year that is not its own. */
export function datesIn(cron: CronSchedule, month: Temporal.PlainYearMonth): number[] {
  if (!cron.months.includes(month.month) || !cron.years.includes(month.year)) return []
  const { days } = cron
  const last = month.daysInMonth
  const first = month.toPlainDate({ day: 1 }).dayOfWeek
  const weekdayOf = (date: number) => ((first + date - 2) % 7) + 1
  const all = (of: (date: number) => boolean) => Array.from({ length: last }, (_, at) => at + 1).filter(of)
  switch (days.kind) {
    case 'dates':
      return days.dates.filter((date) => date <= last)
    case 'last':
      return [last]
    case 'nearest':
      return days.date > last ? [] : [nearestWorkday(days.date, weekdayOf(days.date), last)]
    case 'weekdays':
      return all((date) => days.weekdays.includes(weekdayOf(date)))
    case 'nth':
      return all((date) => weekdayOf(date) === days.weekday).slice(days.nth - 1, days.nth)
    case 'last weekday':
      return all((date) => weekdayOf(date) === days.weekday).slice(-1)
  }
}

function nearestWorkday(date: number, weekday: number, last: number): number {
  if (weekday === 6) return date === 1 ? 3 : date - 1
  if (weekday === 7) return date === last ? date - 2 : date + 1
  return date
}
