import { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../../errors.ts'
import type { Unit, Window } from '../../../timeframe.ts'
import { isoWithOffset, shift } from '../../../timeframe.ts'

/** The dates of a report that is a time series. */
export interface Dates {
  readonly unit: Unit
  /** As the vendor writes them, in order. */
  readonly times: readonly string[]
  /** The labels of results, one to one with `times`. */
  readonly labels: readonly string[]
  /** Those whose unit the report's time cuts, or that still run. */
  readonly partial: readonly string[]
  /** Whether the last still runs. */
  readonly running: boolean
}

/** What a report counts, as instants of the zone. Theirs ends with the last one within, ours with the first one after. */
export function windowIn({ from, to }: { readonly from: string; readonly to: string }, zone: string): Omit<Window, 'partial'> {
  const last = timeIn(to, zone)
  if (/^\d{4}-\d{2}-\d{2}$/.test(to)) return { start: timeIn(from, zone), end: shift(last.startOfDay(), 1, 'day') }
  // `2023-05-31T23:59:59.999000-07:00`
  const end = last.second === 59 ? last.round({ smallestUnit: 'second', roundingMode: 'floor' }).add({ seconds: 1 }) : last
  return { start: timeIn(from, zone), end }
}

/**
 * Reads the dates of a series, `at` being the run's instant. Throws RefusedError for days of another zone, whose labels
 * would be those of other days, and for dates that no unit of results is between; DataError for what is no date.
 */
export function datesIn(
  times: readonly string[],
  { start, end }: Omit<Window, 'partial'>,
  { zone, at }: { readonly zone: string; readonly at: Temporal.Instant },
): Dates {
  const read = times
    .map((text) => ({ text, time: timeIn(text, zone) }))
    .sort((a, b) => Temporal.ZonedDateTime.compare(a.time, b.time))
  const unit = unitOf(
    read.map(({ time }) => time),
    end,
    zone,
  )
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
  if (minutes === 60) return 'hour'
  if (![...times].every((time) => time.equals(time.startOfDay()))) {
    throw new RefusedError(`the days of the saved report do not begin at midnight in ${zone}`, {
      remedy: 'give the source, and the report, the time zone that the Mixpanel project has',
    })
  }
  const days = Math.min(...told.map(({ from, to }) => from.toPlainDate().until(to.toPlainDate(), { largestUnit: 'day' }).days))
  // A single date stands for all of the report's time, whether that is a whole unit or the beginning of one.
  const unit = unitOfDays.find(([least, most]) => (times.length === 1 ? days <= most : least <= days && days <= most))?.[2]
  if (unit !== undefined) return unit
  throw new RefusedError(`the saved report has a date every ${days} days, which is no unit that results have`, {
    remedy: 'save it by hour, day, week or month',
  })
}

/** With an offset as it says; without one in the project's zone. */
function timeIn(text: string, zone: string): Temporal.ZonedDateTime {
  try {
    if (/(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return Temporal.Instant.from(text).toZonedDateTimeISO(zone)
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new DataError(`Mixpanel's report has a date that is none: ${JSON.stringify(text)}`, { cause })
  }
}
