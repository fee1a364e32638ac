import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Unit, Window } from '../../../timeframe.ts'
import { isoWithOffset, shift } from '../../../timeframe.ts'
import { timeIn } from './times.ts'

/** The dates of a report that is a time series. */
export interface Dates {
  readonly unit: Unit
  /** As the vendor writes them, in order; undefined for one that it leaves out. */
  readonly times: readonly (string | undefined)[]
  /** The labels of results, one to one with `times`. */
  readonly labels: readonly string[]
  /** Those whose unit the report's time cuts, or that still run. */
  readonly partial: readonly string[]
  /** Whether the last still runs. */
  readonly running: boolean
}

/**
 * What a report counts, as instants of the zone. Theirs ends with the last one within, ours with the first one after. Throws
 * RefusedError where it begins with a day of another zone.
 */
export function windowIn({ from, to }: { readonly from: string; readonly to: string }, zone: string): Omit<Window, 'partial'> {
  refuseOtherDays(from, zone)
  const last = timeOf(to, zone)
  if (/^\d{4}-\d{2}-\d{2}$/.test(to)) return { start: timeOf(from, zone), end: shift(last.startOfDay(), 1, 'day') }
  // `2023-05-31T23:59:59.999000-07:00`
  const end = last.second === 59 ? last.round({ smallestUnit: 'second', roundingMode: 'floor' }).add({ seconds: 1 }) : last
  return { start: timeOf(from, zone), end }
}

/**
 * Reads the dates of a series, `at` being the run's instant, and puts those in that the vendor leaves out of the window.
 * `unit` is what they are of, where that is known. Throws RefusedError for days of another zone, whose labels would be
 * those of other days, and for dates that no unit of results is between; DataError for what is no date.
 */
export function datesIn(
  times: readonly string[],
  window: Omit<Window, 'partial'>,
  { zone, at }: { readonly zone: string; readonly at: Temporal.Instant },
  known?: Unit,
): Dates {
  const { start, end } = window
  for (const text of times) refuseOtherDays(text, zone)
  const given = times
    .map((text): Read => ({ text, time: timeOf(text, zone) }))
    .sort((a, b) => Temporal.ZonedDateTime.compare(a.time, b.time))
  const dates = given.map(({ time }) => time)
  const unit = known ?? unitOf(dates, end, zone)
  const read = [...given, ...leftOut(dates, unit, window, at)].sort((a, b) => Temporal.ZonedDateTime.compare(a.time, b.time))
  const short = unit === 'minute' || unit === 'hour'
  const labelled = read.map(({ text, time }, place) => {
    const unitEnd = shift(time, 1, unit)
    const next = read[place + 1]?.time
    const before = (one: Temporal.ZonedDateTime, other: Temporal.ZonedDateTime) => Temporal.ZonedDateTime.compare(one, other) < 0
    return {
      text,
      label: short ? isoWithOffset(time) : time.toPlainDate().toString(),
      cut: before(time, start) || before(end, unitEnd) || (next !== undefined && before(next, unitEnd)),
      runs: Temporal.Instant.compare(at, unitEnd.toInstant()) < 0,
    }
  })
  return {
    unit,
    times: labelled.map(({ text }) => text),
    labels: labelled.map(({ label }) => label),
    partial: labelled.filter(({ cut, runs }) => cut || runs).map(({ label }) => label),
    running: labelled.some(({ runs }) => runs),
  }
}

interface Read {
  readonly text: string | undefined
  readonly time: Temporal.ZonedDateTime
}

/** The units of the window that have begun, and that the vendor says nothing of. */
function leftOut(
  given: readonly Temporal.ZonedDateTime[],
  unit: Unit,
  { start, end }: Omit<Window, 'partial'>,
  at: Temporal.Instant,
): Read[] {
  const [first] = given
  // Nothing says how many minutes a date of minutes is of.
  if (unit === 'minute' || first === undefined) return []
  const { compare } = Temporal.ZonedDateTime
  // The first one may be cut by the window, and then it is no beginning of a unit.
  const [anchor = first] = given.slice(1)
  let time = anchor
  for (let back = 1; compare(time, start) > 0; back += 1) time = shift(anchor, -back, unit)
  const known = new Set(given.map(({ epochMilliseconds }) => epochMilliseconds))
  const isGiven = (begin: Temporal.ZonedDateTime, next: Temporal.ZonedDateTime) =>
    known.has(begin.epochMilliseconds) || (compare(begin, start) < 0 && given.some((one) => isWithin(one, begin, next)))
  const missing: Read[] = []
  for (let next = shift(time, 1, unit); compare(time, end) < 0; time = next, next = shift(time, 1, unit)) {
    const begun = Temporal.Instant.compare(time.toInstant(), at) < 0
    if (begun && !isGiven(time, next)) missing.push({ text: undefined, time })
  }
  return missing
}

function isWithin(time: Temporal.ZonedDateTime, start: Temporal.ZonedDateTime, end: Temporal.ZonedDateTime): boolean {
  const { compare } = Temporal.ZonedDateTime
  return compare(start, time) <= 0 && compare(time, end) < 0
}

/** Midnight by its own offset is the beginning of a day as the vendor counts; it has to be one in the zone. */
function refuseOtherDays(text: string, zone: string): void {
  const offset = /[T ]00:00(?::00(?:\.0+)?)?(Z|[+-]\d{2}(?::?\d{2})?)$/i.exec(text)?.[1]
  if (offset === undefined) return
  const time = timeOf(text, zone)
  if (time.equals(time.startOfDay())) return
  throw new RefusedError(
    `the saved report has days that begin at midnight of ${offset.toUpperCase() === 'Z' ? 'UTC' : `UTC${offset}`}, which is ${time.toPlainTime().toString({ smallestUnit: 'minute' })} in ${zone}`,
    { remedy: 'give the source, and the report, the time zone that the Mixpanel project has' },
  )
}

/** The largest unit that has at most so many days. */
const unitOfDays = [
  [1, 1, 'day'],
  [7, 7, 'week'],
  [28, 31, 'month'],
  [365, 366, 'year'],
] as const

function unitOf(times: readonly Temporal.ZonedDateTime[], end: Temporal.ZonedDateTime, zone: string): Unit {
  const [first] = times
  if (first === undefined) return 'day'
  const ends = [...times.slice(1), ...(times.length === 1 ? [end] : [])]
  const gaps = ends.map((next, at) => ({ from: times[at] ?? first, to: next }))
  // Where the report begins in the middle of a unit, its first date is nearer to the second than the others are.
  const told = gaps.length > 1 ? gaps.slice(1) : gaps
  const minutes = Math.min(...told.map(({ from, to }) => from.until(to, { largestUnit: 'minute' }).minutes))
  if (minutes < 60) return 'minute'
  const inDays = times.every((time) => time.equals(time.startOfDay()))
  // Hours may be left out; the day on which clocks go forward has 23 of them.
  if (minutes === 60 || (!inDays && minutes < 24 * 60 && minutes % 60 === 0)) return 'hour'
  if (!inDays) {
    throw new RefusedError(`the days of the saved report do not begin at midnight in ${zone}`, {
      remedy: 'give the source, and the report, the time zone that the Mixpanel project has',
    })
  }
  const leastOf = (those: typeof gaps) =>
    Math.min(...those.map(({ from, to }) => from.toPlainDate().until(to.toPlainDate(), { largestUnit: 'day' }).days))
  const days = leastOf(told)
  // A single date stands for all of the report's time, whether that is a whole unit or the beginning of one.
  const isOf = (many: number) => (times.length === 1 ? unitUpTo(many) : unitOfDays.find(isBetween(many))?.[2])
  const unit = isOf(days) ?? isOf(leastOf(gaps))
  if (unit !== undefined) return unit
  throw new RefusedError(`the saved report has a date every ${days} days, which is no unit that results have`, {
    remedy: 'save it by hour, day, week or month',
  })
}

function unitUpTo(days: number): Unit | undefined {
  return unitOfDays.find(([, most]) => days <= most)?.[2]
}

function isBetween(days: number): (unit: readonly [number, number, Unit]) => boolean {
  return ([least, most]) => least <= days && days <= most
}

function timeOf(text: string, zone: string): Temporal.ZonedDateTime {
  return timeIn(text, zone, "Mixpanel's report")
}
