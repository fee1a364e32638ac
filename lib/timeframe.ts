import { Temporal } from 'temporal-polyfill'

/**
 * Timeframes in Keen's grammar, resolved at one scheduled instant in a report's time zone with calendar arithmetic.
 * Keen's weeks start on Sunday; here they start on Monday unless the project says otherwise.
 */
export const units = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const
export type Unit = (typeof units)[number]

/** `today`, `yesterday`, `this_14_days`, `previous_3_weeks`, or two ISO 8601 times (start inclusive, end exclusive). */
export type Timeframe = string | { readonly start: string; readonly end: string }

export interface Calendar {
  /** An IANA time zone. */
  readonly timezone: string
  readonly weekStart: 'monday' | 'sunday'
}

/** Two fixed instants, half-open; `partial` when the running unit is in it, so that its figures still grow. */
export interface Window {
  readonly start: Temporal.ZonedDateTime
  readonly end: Temporal.ZonedDateTime
  readonly partial: boolean
}

/** A stretch of a window that one point of a series stands for; not `whole` where the window cuts it. */
export interface Bucket {
  readonly label: string
  readonly start: Temporal.ZonedDateTime
  readonly end: Temporal.ZonedDateTime
  readonly whole: boolean
}

export const comparisons = ['previous', 'year'] as const
export type ComparisonName = (typeof comparisons)[number]

/** All that a question is asked about, fixed. `comparisons` is empty for a partial timeframe: only what is over is compared. */
export interface Windows {
  readonly timeframe: Window
  readonly trend?: Window
  readonly comparisons: readonly { readonly to: ComparisonName; readonly timeframe: Window }[]
  /** A funnel's window in which the last entrants still have time to convert (`immature: true`, or fixed dates). */
  readonly immature: boolean
}

interface Relative {
  readonly kind: 'this' | 'previous'
  readonly count: number
  readonly unit: Unit
}
interface Absolute {
  readonly kind: 'absolute'
  readonly start: string
  readonly end: string
}

const words: Record<string, Relative> = {
  today: { kind: 'this', count: 1, unit: 'day' },
  yesterday: { kind: 'previous', count: 1, unit: 'day' },
}
const relative = /^(this|previous|last)_(?:(\d{1,4})_)?(minute|hour|day|week|month|year)s?$/
// An offset-less time is read in the report's zone. Date would read it in the machine's.
const isoTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/

/** The timeframe, or what is wrong with it. `last_…` is Keen's old name of `previous_…`. */
export function parseTimeframe(timeframe: Timeframe): Relative | Absolute | { readonly problem: string } {
  if (typeof timeframe !== 'string') {
    for (const [name, value] of Object.entries(timeframe)) {
      if (!isoTime.test(value) || readTime(value, 'UTC') === undefined) {
        return { problem: `${name} "${value}" is not a date or time like 2026-11-09 or 2026-11-09T08:00` }
      }
    }
    const [start, end] = [timeframe.start, timeframe.end].map((value) => readTime(value, 'UTC')) as [
      Temporal.ZonedDateTime,
      Temporal.ZonedDateTime,
    ]
    if (Temporal.ZonedDateTime.compare(start, end) >= 0) {
      return { problem: `${timeframe.start} to ${timeframe.end} covers nothing; the end is exclusive and lies after the start` }
    }
    return { kind: 'absolute', ...timeframe }
  }
  const word = words[timeframe]
  if (word !== undefined) return word
  const match = relative.exec(timeframe)
  if (match === null) {
    return {
      problem: `"${timeframe}" is not a timeframe; write today, yesterday, this_… or previous_… such as this_14_days or previous_1_week`,
    }
  }
  const count = match[2] === undefined ? 1 : Number(match[2])
  if (count === 0) return { problem: `"${timeframe}" covers nothing; count from 1` }
  return { kind: match[1] === 'this' ? 'this' : 'previous', count, unit: match[3] as Unit }
}

/** What keeps `trend` from ending with `timeframe`, if anything. */
export function trendProblem(timeframe: Timeframe, trend: Timeframe): string | undefined {
  const [inner, outer] = [parsed(timeframe), parsed(trend)]
  if (inner.kind === 'absolute' || outer.kind === 'absolute') {
    if (inner.kind !== 'absolute' || outer.kind !== 'absolute' || inner.end !== outer.end) {
      return 'a trend ends with its timeframe; give both as dates with the same end, or neither'
    }
    return inner.start < outer.start ? 'a trend is at least as long as its timeframe' : undefined
  }
  if (inner.kind !== outer.kind || inner.unit !== outer.unit) {
    const same = inner.unit === outer.unit
    const count = same ? Math.max(inner.count, outer.count) : 4 * inner.count
    const example = `${inner.kind}_${count}_${inner.unit}${count === 1 ? '' : 's'}`
    return `a trend ends with its timeframe, so ${same ? `it is ${inner.kind}_… too` : 'it is in the same unit'}: write ${example}`
  }
  return outer.count < inner.count ? 'a trend is at least as long as its timeframe' : undefined
}

const durationPattern = /^(\d{1,5}) (second|minute|hour|day|week)s?$/
const durationSeconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 }

/** Seconds of `7 days`, `90 minutes` (a day is 24 hours here), or undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * durationSeconds[match[2] as keyof typeof durationSeconds]
}

/**
 * `at` is the scheduled instant, the only clock of a run. A fixed end that lies after it is cut there; a fixed timeframe
 * that begins after it is empty.
 */
export function resolveTimeframe(timeframe: Timeframe, at: Temporal.Instant, calendar: Calendar): Window {
  const frame = parsed(timeframe)
  const now = at.toZonedDateTimeISO(calendar.timezone)
  if (frame.kind === 'absolute') {
    const start = readTime(frame.start, calendar.timezone) as Temporal.ZonedDateTime
    const end = readTime(frame.end, calendar.timezone) as Temporal.ZonedDateTime
    const running = Temporal.ZonedDateTime.compare(end, now) > 0
    const begun = Temporal.ZonedDateTime.compare(start, now) <= 0
    return { start, end: running ? (begun ? now : start) : end, partial: running }
  }
  const floor = floorTo(now, frame.unit, calendar)
  if (frame.kind === 'this') {
    return { start: shift(floor, 1 - frame.count, frame.unit), end: now, partial: true }
  }
  return { start: shift(floor, -frame.count, frame.unit), end: floor, partial: false }
}

/** Everything a question asks about. `within` (seconds) moves a funnel's timeframe back until its last entrants' time is over. */
export function resolveWindows(
  ask: {
    readonly timeframe: Timeframe
    readonly trend?: Timeframe | undefined
    readonly compare: readonly ComparisonName[]
    readonly within?: number | undefined
    readonly immature?: boolean | undefined
  },
  at: Temporal.Instant,
  calendar: Calendar,
): Windows {
  const running = resolveTimeframe(ask.timeframe, at, calendar)
  const over = (window: Window) => Temporal.Instant.compare(window.end.toInstant().add({ seconds: ask.within ?? 0 }), at) <= 0
  const fixed = parsed(ask.timeframe).kind === 'absolute'
  const timeframe =
    ask.within === undefined || ask.immature === true || fixed ? running : moveBack(running, ask.timeframe, over, calendar)
  const immature = ask.within !== undefined && !over(timeframe)
  const compared = timeframe.partial || immature ? [] : ask.compare
  return {
    timeframe,
    ...(ask.trend === undefined ? {} : { trend: resolveTimeframe(ask.trend, at, calendar) }),
    comparisons: compared.map((to) => ({ to, timeframe: comparedWindow(ask.timeframe, timeframe, to) })),
    immature,
  }
}

/** The period that `window` is compared with: the one just before, or 52 weeks (days and shorter, weeks) or 12 months back. */
export function comparedWindow(timeframe: Timeframe, window: Window, to: ComparisonName): Window {
  const frame = parsed(timeframe)
  const back = (by: (time: Temporal.ZonedDateTime) => Temporal.ZonedDateTime): Window => ({
    start: by(window.start),
    end: by(window.end),
    partial: false,
  })
  if (to === 'year') {
    const months = frame.kind === 'absolute' ? onFirsts(window) : frame.unit === 'month' || frame.unit === 'year'
    return months ? back((time) => shift(time, -12, 'month')) : back((time) => shift(time, -52, 'week'))
  }
  if (frame.kind !== 'absolute') return back((time) => shift(time, -frame.count, frame.unit))
  if (onFirsts(window)) {
    const months = window.start.until(window.end, { largestUnit: 'month' }).months
    return back((time) => shift(time, -months, 'month'))
  }
  if (isMidnight(window.start) && isMidnight(window.end)) {
    const days = window.start.toPlainDate().until(window.end.toPlainDate(), { largestUnit: 'day' }).days
    return back((time) => shift(time, -days, 'day'))
  }
  const length = window.start.toInstant().until(window.end.toInstant(), { largestUnit: 'hour' })
  return back((time) => time.subtract(length))
}

/** The buckets of a window in order. Labels are dates (a week's or month's first day) or, below a day, ISO times with offset. */
export function bucketsOf(window: Window, unit: Unit, calendar: Calendar): Bucket[] {
  if (Temporal.ZonedDateTime.compare(window.start, window.end) >= 0) return []
  const buckets: Bucket[] = []
  let start = floorTo(window.start, unit, calendar)
  while (Temporal.ZonedDateTime.compare(start, window.end) < 0) {
    const end = unit === 'hour' ? nextHour(start) : shift(start, 1, unit)
    const cutStart = Temporal.ZonedDateTime.compare(start, window.start) < 0
    const cutEnd = Temporal.ZonedDateTime.compare(end, window.end) > 0
    buckets.push({
      label: unit === 'minute' || unit === 'hour' ? isoWithOffset(start) : start.toPlainDate().toString(),
      start: cutStart ? window.start : start,
      end: cutEnd ? window.end : end,
      whole: !cutStart && !cutEnd,
    })
    start = end
  }
  return buckets
}

/** The last start of a unit at or before a time, in the time's own zone. */
export function floorTo(time: Temporal.ZonedDateTime, unit: Unit, calendar: Calendar): Temporal.ZonedDateTime {
  if (unit === 'minute') return time.round({ smallestUnit: unit, roundingMode: 'floor' })
  if (unit === 'hour') return hourStart(time)
  const date = time.toPlainDate()
  const firstDay = {
    day: date,
    week: date.subtract({ days: calendar.weekStart === 'monday' ? date.dayOfWeek - 1 : date.dayOfWeek % 7 }),
    month: date.with({ day: 1 }),
    year: date.with({ month: 1, day: 1 }),
  }[unit]
  return firstDay.toZonedDateTime(time.timeZoneId)
}

/**
 * Clocks of some zones change by half an hour (Australia/Lord_Howe), and then an hour of the clock has 30 minutes or comes
 * in two pieces. A bucket never spans the change, so that the hours after it begin on the hour again.
 */
function nextHour(start: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const full = start.add({ minutes: 60 - start.minute })
  if (full.offsetNanoseconds === start.offsetNanoseconds) return full
  const change = start.getTimeZoneTransition('next')
  return change !== null && Temporal.ZonedDateTime.compare(change, full) < 0 ? change : full
}

function hourStart(time: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const minute = time.round({ smallestUnit: 'minute', roundingMode: 'floor' })
  const full = minute.subtract({ minutes: minute.minute })
  if (full.offsetNanoseconds === minute.offsetNanoseconds) return full
  // The latest change at or before that minute; `previous` alone is strictly before.
  return minute.add({ nanoseconds: 1 }).getTimeZoneTransition('previous') ?? full
}

/** A time moved by whole units: dates by the calendar, hours and minutes by the clock. */
export function shift(time: Temporal.ZonedDateTime, count: number, unit: Unit): Temporal.ZonedDateTime {
  const duration = { [`${unit}s`]: count }
  // Midnight does not exist on every day of every zone, so a day's start is sought anew, not carried over.
  if (unit !== 'minute' && unit !== 'hour' && isMidnight(time)) {
    return time.toPlainDate().add(duration).toZonedDateTime(time.timeZoneId)
  }
  return time.add(duration)
}

/** What results call a window. */
export function spanOf({ start, end }: Pick<Window, 'start' | 'end'>): { start: string; end: string } {
  return { start: isoWithOffset(start), end: isoWithOffset(end) }
}

/** `2026-11-09T00:00:00+01:00` */
export function isoWithOffset(time: Temporal.ZonedDateTime): string {
  return time.toString({ timeZoneName: 'never', smallestUnit: 'second' })
}

function parsed(timeframe: Timeframe): Relative | Absolute {
  const frame = parseTimeframe(timeframe)
  if ('problem' in frame) throw new RangeError(frame.problem)
  return frame
}

function moveBack(window: Window, timeframe: Timeframe, over: (window: Window) => boolean, calendar: Calendar): Window {
  const frame = parsed(timeframe) as Relative
  // A running window is first completed to the end of its unit, so that only whole units are left behind.
  const end = window.partial ? shift(floorTo(window.end, frame.unit, calendar), 1, frame.unit) : window.end
  let moved: Window = { start: window.start, end, partial: false }
  while (!over(moved)) {
    moved = { start: shift(moved.start, -1, frame.unit), end: shift(moved.end, -1, frame.unit), partial: false }
  }
  return moved
}

function isMidnight(time: Temporal.ZonedDateTime): boolean {
  return time.equals(time.startOfDay())
}

function onFirsts(window: Window): boolean {
  return [window.start, window.end].every((time) => time.day === 1 && isMidnight(time))
}

function readTime(text: string, timezone: string): Temporal.ZonedDateTime | undefined {
  try {
    return /(?:Z|[+-]\d{2}:\d{2})$/.test(text.slice(10))
      ? Temporal.Instant.from(text).toZonedDateTimeISO(timezone)
      : Temporal.PlainDateTime.from(text).toZonedDateTime(timezone)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
