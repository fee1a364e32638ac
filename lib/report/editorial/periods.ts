import { Temporal } from 'temporal-polyfill'
import type { Calendar, ComparisonName } from '../../timeframe.ts'
import { floorTo, shift } from '../../timeframe.ts'

/** A window as people speak of it. */
export interface Period {
  readonly start: Temporal.ZonedDateTime
  readonly end: Temporal.ZonedDateTime
  /** What it is one of; `period` where it is one of nothing. */
  readonly unit: 'hour' | 'day' | 'week' | 'month' | 'year' | 'period'
  /** Its length in days of the calendar: a day of 23 hours is one. */
  readonly days: number
}

/** Spans are those of results: ISO 8601 with offset, end exclusive. */
export function periodOf(span: { readonly start: string; readonly end: string }, timezone: string): Period {
  const start = Temporal.Instant.from(span.start).toZonedDateTimeISO(timezone)
  const end = Temporal.Instant.from(span.end).toZonedDateTimeISO(timezone)
  const hours = start.until(end, { largestUnit: 'hour' }).total('hours')
  if (!isMidnight(start) || !isMidnight(end)) return { start, end, unit: hours === 1 ? 'hour' : 'period', days: hours / 24 }
  const days = start.toPlainDate().until(end.toPlainDate(), { largestUnit: 'day' }).days
  const months =
    start.day === 1 && end.day === 1 ? start.toPlainDate().until(end.toPlainDate(), { largestUnit: 'month' }).months : 0
  const unit = days === 1 ? 'day' : days === 7 ? 'week' : months === 1 ? 'month' : months === 12 ? 'year' : 'period'
  return { start, end, unit, days }
}

/**
 * A label of a result: a day in the zone, or an ISO time, whose offset counts where it has one. Throws RangeError for
 * anything else.
 */
export function labelTime(label: string, timezone: string): Temporal.ZonedDateTime {
  return /T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(label)
    ? Temporal.Instant.from(label).toZonedDateTimeISO(timezone)
    : Temporal.PlainDateTime.from(label).toZonedDateTime(timezone)
}

/** How a change is put beside its figure: `on the week`. */
export function against(period: Pick<Period, 'unit'>, to: ComparisonName): string {
  if (to === 'year') return 'on the year'
  return period.unit === 'period' ? 'on the period before' : `on the ${period.unit}`
}

/** The compared period: `the week before`, `a year before`, `in the period before`. */
export function before(period: Pick<Period, 'unit'>, to: ComparisonName): string {
  if (to === 'year') return 'a year before'
  return period.unit === 'period' ? 'in the period before' : `the ${period.unit} before`
}

/** A column of changes: `On the week before`. */
export function changeTitle(period: Period, to: ComparisonName): string {
  return `On the ${to === 'year' ? 'year' : period.unit} before`
}

/** Dates as British English writes them, because they stand in English sentences. */
export interface Dates {
  /** `Monday 9 to Sunday 15 November 2026`, `October 2026`, `2 to 8 November`. */
  readonly span: (period: Period, as?: { readonly weekdays?: boolean; readonly year?: boolean }) => string
  /** With its preposition: `from 2 to 8 November`, `on Sunday 8 November`, `in October`. */
  readonly during: (period: Period, year: boolean) => string
  /** Seen from the scheduled instant: `last week`, `the week before last`, `yesterday`, `in October`, `in this period`. */
  readonly lately: (period: Period, at: Temporal.Instant) => string
  /** `16 November 2026, 08:00` */
  readonly moment: (time: Temporal.ZonedDateTime) => string
  /** `19 Oct`, for axes. */
  readonly short: (
    time: Temporal.ZonedDateTime,
    as: 'date' | 'date and year' | 'month' | 'month and year' | 'year' | 'time' | 'date and time' | 'date, year and time',
  ) => string
}

export function datesOf(calendar: Pick<Calendar, 'weekStart'>): Dates {
  const formatters = new Map<string, Intl.DateTimeFormat>()
  // One is dear to make, and an axis of hours has a thousand labels.
  const formatter = ({ timeZoneId }: Temporal.ZonedDateTime, options: Intl.DateTimeFormatOptions) => {
    const key = JSON.stringify([timeZoneId, options])
    const made = formatters.get(key) ?? new Intl.DateTimeFormat('en-GB', { timeZone: timeZoneId, ...options })
    formatters.set(key, made)
    return made
  }
  const print = (time: Temporal.ZonedDateTime, options: Intl.DateTimeFormatOptions) =>
    formatter(time, options).format(time.epochMilliseconds)
  const clock = (time: Temporal.ZonedDateTime) => print(time, { timeStyle: 'short' })
  const range = (from: Temporal.ZonedDateTime, to: Temporal.ZonedDateTime, options: Intl.DateTimeFormatOptions) =>
    joinRange(formatter(from, options).formatRangeToParts(from.epochMilliseconds, to.epochMilliseconds))

  const span: Dates['span'] = (period, { weekdays = false, year = false } = {}) => {
    const { start, end, days } = period
    const shown = year || start.year !== lastMoment(period).year ? { year: 'numeric' as const } : {}
    if (!isMidnight(start)) {
      const [from, to] = [start, end].map((time) => {
        return `${print(time, { ...shown, day: 'numeric', month: 'long' })}, ${clock(time)}`
      })
      return `${from} to ${to}`
    }
    if (wholeMonths(period)) {
      const last = lastMoment(period)
      if (start.month === 1 && last.month === 12) return range(start, last, { year: 'numeric' })
      return range(start, last, { month: 'long', ...shown })
    }
    const named = days <= 1 || (weekdays && days <= 28) ? { weekday: 'long' as const } : {}
    return range(start, lastMoment(period), { ...named, day: 'numeric', month: 'long', ...shown })
  }
  const during: Dates['during'] = (period, year) => {
    const text = span(period, { year })
    const single = period.unit === 'month' || (period.unit === 'year' && wholeMonths(period) && period.start.month === 1)
    const oneDay = isMidnight(period.start) && period.days <= 1
    return `${single ? 'in' : oneDay ? 'on' : 'from'} ${text}`
  }
  return {
    span,
    during,
    lately: (period, at) => {
      const now = at.toZonedDateTimeISO(period.start.timeZoneId)
      const { unit } = period
      if (unit === 'week' || unit === 'day') {
        const running = floorTo(now, unit, { timezone: now.timeZoneId, weekStart: calendar.weekStart })
        if (period.end.equals(running)) return unit === 'week' ? 'last week' : 'yesterday'
        if (unit === 'week' && period.end.equals(shift(running, -1, 'week'))) return 'the week before last'
      }
      return unit === 'period' || unit === 'hour' ? 'in this period' : during(period, period.start.year !== now.year)
    },
    moment: (time) => `${print(time, { day: 'numeric', month: 'long', year: 'numeric' })}, ${clock(time)}`,
    short: (time, as) => {
      if (as === 'time') return clock(time)
      if (as === 'date and time') return `${print(time, shortOptions.date)}, ${clock(time)}`
      if (as === 'date, year and time') return `${print(time, shortOptions['date and year'])}, ${clock(time)}`
      return print(time, shortOptions[as])
    },
  }
}

const shortOptions = {
  date: { day: 'numeric', month: 'short' },
  'date and year': { day: 'numeric', month: 'short', year: 'numeric' },
  month: { month: 'short' },
  'month and year': { month: 'short', year: 'numeric' },
  year: { year: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

/** `Europe/Berlin` is `Berlin time`. */
export function zoneName(timezone: string): string {
  if (/^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal)$/i.test(timezone)) return 'UTC'
  if (/^[+-]/.test(timezone)) return `UTC${timezone}`
  if (timezone.startsWith('Etc/')) return timezone
  const city = timezone.slice(timezone.lastIndexOf('/') + 1).replaceAll('_', ' ')
  return `${city} time`
}

export function isSame(a: Period, b: Period | undefined): boolean {
  return b !== undefined && a.start.equals(b.start) && a.end.equals(b.end)
}

/** The last millisecond of it: the day that people call its last. */
function lastMoment({ end }: Period): Temporal.ZonedDateTime {
  return end.subtract({ milliseconds: 1 })
}

function wholeMonths({ start, end }: Period): boolean {
  return [start, end].every((time) => time.day === 1 && isMidnight(time))
}

function isMidnight(time: Temporal.ZonedDateTime): boolean {
  return time.equals(time.startOfDay())
}

const dash = /^\s*[–—-]\s*$/

/** Intl joins with a dash, and repeats a month that both days share when weekdays are named. */
function joinRange(parts: readonly Intl.DateTimeRangeFormatPart[]): string {
  const shared = parts.findIndex((part) => part.source === 'shared' && dash.test(part.value))
  if (shared === -1) return textOf(parts)
  const [first, last] = [parts.slice(0, shared), parts.slice(shared + 1)]
  const day = first.findIndex(({ type }) => type === 'day')
  const month = first.findIndex(({ type }) => type === 'month')
  const repeated = month > day && last.some(({ type, value }) => type === 'month' && value === first[month]?.value)
  const bare = repeated && !first.some(({ type }) => type === 'year')
  return `${textOf(bare ? first.slice(0, day + 1) : first)} to ${textOf(last)}`
}

/** Without the comma that some English dates have between weekday and day, and others not. */
function textOf(parts: readonly Intl.DateTimeRangeFormatPart[]): string {
  return parts
    .map((part, at) => {
      const between = parts[at - 1]?.type === 'weekday' && parts[at + 1]?.type === 'day' && parts[at + 2]?.value === ' '
      return between && parts[at + 3]?.type === 'month' && part.value === ', ' ? ' ' : part.value
    })
    .join('')
}
