import { Temporal } from 'temporal-polyfill'
import type { Unit } from '../../../timeframe.ts'
import { parseTimeframe, resolveTimeframe } from '../../../timeframe.ts'
import type { Row } from '../calls/answers.ts'
import { readTime, zoneOf } from '../calls/timeframes.ts'
import type { Span } from './asking.ts'
import { intervals, spanOfCells } from './stretches.ts'

/** What a saved query says of its time; nothing of it was checked by anyone but the vendor. */
export interface SavedTime {
  readonly timeframe?: unknown
  readonly timezone?: unknown
}

/** The zone of a query as the calendar knows it: a name, or `-08:00`; UTC unless said. Undefined for what is none. */
export function calendarZoneOf({ timezone }: SavedTime): string | undefined {
  if (timezone === undefined || timezone === null || timezone === '') return 'UTC'
  const zone = typeof timezone === 'string' || typeof timezone === 'number' ? zoneOf(timezone) : undefined
  return typeof zone === 'number' ? offsetOf(zone) : zone
}

/** `-08:00` of -28800; undefined for seconds that no calendar has. */
function offsetOf(seconds: number): string | undefined {
  if (seconds === 0) return 'UTC'
  const minutes = Math.abs(seconds) / 60
  if (!Number.isInteger(minutes) || minutes >= 24 * 60) return undefined
  const two = (number: number) => String(number).padStart(2, '0')
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/**
 * What a query is about at an instant, by the vendor's grammar, whose weeks begin on Sunday. Undefined where it says no
 * timeframe, which is all time, or one that nobody can read.
 */
export function windowOf(time: SavedTime, at: Temporal.Instant): Span | undefined {
  const zone = calendarZoneOf(time)
  const { timeframe } = time
  if (zone === undefined) return undefined
  if (typeof timeframe === 'string') {
    if ('problem' in parseTimeframe(timeframe)) return undefined
    const { start, end } = resolveTimeframe(timeframe, at, { timezone: zone, weekStart: 'sunday' })
    return { start, end }
  }
  if (typeof timeframe !== 'object' || timeframe === null || !('start' in timeframe) || !('end' in timeframe)) return undefined
  const [start, end] = [timeframe.start, timeframe.end].map((text) => timeIn(String(text), zone))
  return start === undefined || end === undefined ? undefined : { start, end }
}

function timeIn(text: string, zone: string): Temporal.ZonedDateTime | undefined {
  return readTime(text, zone)?.toZonedDateTimeISO(zone)
}

/** The unit of an `interval`; undefined where there is none, or one that results have no word for (`every_2_days`). */
export function unitOf(interval: unknown): Unit | undefined {
  return (Object.keys(intervals) as Unit[]).find((unit) => intervals[unit] === interval)
}

/** A bucket's times as an answer has them. */
export type Times = NonNullable<Row['timeframe']>

/** Each bucket of an answer in a zone; undefined where a time of one is none. */
export function spansIn(times: readonly Times[], zone: string): readonly Span[] | undefined {
  const spans = times.map(({ start, end }) => [timeIn(start, zone), timeIn(end, zone)] as const)
  const known = spans.flatMap(([start, end]) => (start === undefined || end === undefined ? [] : [{ start, end }]))
  return known.length < times.length ? undefined : known
}

/** From the first start to the last end; undefined where there is none. */
export function around(spans: readonly Span[]): Span | undefined {
  const inOrder = spans.toSorted((a, b) => Temporal.ZonedDateTime.compare(a.start, b.start))
  return inOrder.length === 0 ? undefined : spanOfCells(inOrder)
}

/** Whether a relative timeframe ends before anything that still runs: `previous_3_days`. */
export function isOver(timeframe: unknown): boolean {
  return typeof timeframe === 'string' && /^(?:yesterday|previous_|last_)/.test(timeframe)
}
