import { RefusedError } from '../../../errors.ts'
import type { Bucket, Calendar, Unit, Window } from '../../../timeframe.ts'
import { bucketsOf } from '../../../timeframe.ts'
import type { Span } from './asking.ts'
import { timeframeOf } from './asking.ts'

/**
 * How Keen is asked for a chain of buckets so that it cuts where we do. By its clients' issues 350, 391, 261 and 409:
 * with an offset in `start` and `end` the parameter `timezone` is ignored and days are cut at midnight of UTC, plain dates
 * are read in `timezone`, and where clocks change a stray bucket of an hour comes along.
 */
export interface Stretch {
  /** What is asked for in one request, in order; numbers of one alone come without an interval. */
  readonly cells: readonly Span[]
  readonly time: StretchTime
}

export interface StretchTime {
  readonly timeframe: { readonly start: string; readonly end: string }
  readonly timezone?: string
  readonly interval?: string
}

/** By the vendor's later documents a series has 2,500 buckets at most; around hours of odd zones there are days of others. */
const mostCells = 2000
/** Of the 200 queries that a project has in a minute. */
const mostAlone = 120

export const intervals = {
  minute: 'minutely',
  hour: 'hourly',
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
  year: 'yearly',
} as const satisfies Record<Unit, string>

/**
 * The smallest pieces of a trend that are asked for. Keen's weeks begin on Sunday, so that others are built from days
 * where numbers join, and are asked one by one where they do not.
 */
export function cellsOf(trend: Window, unit: Unit, calendar: Calendar, joins: boolean): { cells: Bucket[]; unit: Unit } {
  const finest = unit === 'week' && joins ? 'day' : unit
  return { cells: bucketsOf(trend, finest, calendar), unit: finest }
}

/**
 * Requests for all cells, each in one of them. A cell that the trend cuts, and one in which clocks change, is asked for
 * alone. Throws RefusedError where that would be too many requests.
 */
export function stretchesOf(cells: readonly Bucket[], unit: Unit, calendar: Calendar): Stretch[] {
  const stretches: Bucket[][] = []
  for (const cell of cells) {
    const last = stretches.at(-1)
    const before = last?.at(-1)
    const joins = last !== undefined && before !== undefined && last.length < mostCells
    if (joins && isPlain(cell, unit, calendar) && isPlain(before, unit, calendar) && hasOffsetOf(cell, before)) last.push(cell)
    else stretches.push([cell])
  }
  if (stretches.length > mostAlone) {
    throw new RefusedError(`Keen would have to be asked ${stretches.length} times, once for each ${unit}`, {
      remedy: `ask for at most ${mostAlone} ${unit}s, or by another unit`,
    })
  }
  return stretches.map((own) => ({ cells: own, time: timeOf(own, unit) }))
}

function isPlain({ start, end, whole }: Bucket, unit: Unit, { weekStart }: Calendar): boolean {
  if (!whole || (unit === 'week' && weekStart !== 'sunday')) return false
  if (unit === 'minute' || isHourOfUtc(start, unit)) return true
  const [from, to] = unit === 'hour' ? [start.startOfDay(), start.add({ days: 1 }).startOfDay()] : [start, end]
  return from.offsetNanoseconds === to.subtract({ nanoseconds: 1 }).offsetNanoseconds
}

/** Where the zone is whole hours away from UTC. */
function isHourOfUtc(start: Bucket['start'], unit: Unit): boolean {
  return unit === 'hour' && start.offsetNanoseconds % hour === 0
}

function hasOffsetOf(cell: Span, before: Span): boolean {
  return cell.start.offsetNanoseconds === before.start.offsetNanoseconds
}

const hour = 3_600_000_000_000

function timeOf(cells: readonly Bucket[], unit: Unit): StretchTime {
  const span = spanOfCells(cells)
  if (cells.length === 1) return { timeframe: timeframeOf(span) }
  const interval = intervals[unit]
  // Minutes of any zone are minutes of UTC.
  if (unit === 'minute' || isHourOfUtc(span.start, unit)) {
    return { timeframe: timeframeOf(span), interval }
  }
  const lastDay = span.end.subtract({ nanoseconds: 1 }).toPlainDate()
  return {
    timeframe: { start: span.start.toPlainDate().toString(), end: lastDay.add({ days: 1 }).toString() },
    timezone: span.start.timeZoneId,
    interval,
  }
}

/** From the first cell's start to the last one's end. Throws RangeError where there is no cell. */
export function spanOfCells(cells: readonly Span[]): Span {
  const [first, last] = [cells[0], cells.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('no cells')
  return { start: first.start, end: last.end }
}

/** A range of places, half-open. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Finds the cells that just fill a window, by their places; undefined where none do. */
export function fillingOf(cells: readonly Span[]): (window: Span) => Range | undefined {
  const starts = new Map(cells.map(({ start }, at) => [start.epochMilliseconds, at]))
  const ends = new Map(cells.map(({ end }, at) => [end.epochMilliseconds, at + 1]))
  return ({ start, end }) => {
    const [from, to] = [starts.get(start.epochMilliseconds), ends.get(end.epochMilliseconds)]
    return from === undefined || to === undefined || to <= from ? undefined : { from, to }
  }
}
