import { Temporal } from 'temporal-polyfill'
import type { Unit } from '../../../timeframe.ts'
import { parseTimeframe, resolveTimeframe } from '../../../timeframe.ts'
import type { Row } from '../calls/answers.ts'
import type { Span } from './asking.ts'
import { intervals } from './stretches.ts'

/** What a saved query says of its time; nothing of it was checked by anyone but the vendor. */
export interface SavedTime {
  readonly timeframe?: unknown
  readonly timezone?: unknown
}

/** The zone of a query: a name, or seconds east of UTC; UTC unless said. Undefined for what is no zone. */
export function zoneOf({ timezone }: SavedTime): string | undefined {
  if (timezone === undefined || timezone === null || timezone === '') return 'UTC'
  const seconds = typeof timezone === 'number' || /^[+-]?\d+$/.test(String(timezone)) ? Number(timezone) : undefined
  if (seconds === 0) return 'UTC'
  try {
    return new Temporal.ZonedDateTime(0n, seconds === undefined ? String(timezone) : offsetOf(seconds)).timeZoneId
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

/** `-08:00` of -28800. */
function offsetOf(seconds: number): string {
  const minutes = Math.abs(seconds) / 60
  const two = (number: number) => String(number).padStart(2, '0')
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/**
 * What a query is about at an instant, by the vendor's grammar, whose weeks begin on Sunday. Undefined where it says no
 * timeframe, which is all time, or one that nobody can read.
 */
export function windowOf(time: SavedTime, at: Temporal.Instant): Span | undefined {
  const zone = zoneOf(time)
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
  try {
    // Without an offset it is of the query's zone.
    if (/T.*(?:Z|[+-]\d{2}(?::?\d{2})?)$/i.test(text)) return Temporal.Instant.from(text).toZonedDateTimeISO(zone)
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

/** The unit of an `interval`; undefined where there is none, or one that results have no word for (`every_2_days`). */
export function unitOf(interval: unknown): Unit | undefined {
  return (Object.keys(intervals) as Unit[]).find((unit) => intervals[unit] === interval)
}

/** A bucket's times as an answer writes them; undefined where one is none. */
export function spanIn(timeframe: Row['timeframe'], zone: string): Span | undefined {
  const [start, end] = [timeframe?.start, timeframe?.end].map((text) => timeIn(text ?? '', zone))
  return start === undefined || end === undefined ? undefined : { start, end }
}
