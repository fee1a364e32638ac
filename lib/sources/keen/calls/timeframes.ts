import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'

/** Stretches of time as Keen writes them, and the one place that reads them. */

const relative = /^(?:today|yesterday|(?:this|previous|last)_(?:0*[1-9]\d*_)?(?:minute|hour|day|week|month|year)s?)$/
/** A date, or a time with an offset or without. */
const isoTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/i
const hasOffset = /T.*(?:Z|[+-]\d{2}(?::?\d{2})?)$/i
const every = /^(?:minutely|hourly|daily|weekly|monthly|yearly|every_[1-9]\d*_(?:minutes|hours|days|weeks|months|years))$/
/** Seconds east of UTC of the zones that there are, and a day for whoever counts on. */
const mostOffset = 86_400

const isoText = z.string().refine(isTime, 'not a date or time like 2026-11-09T08:00:00Z')

/** Two times: the start inclusive, the end exclusive. Without an offset they are of `timezone`. */
export const absoluteTimeframe = z.strictObject({ start: isoText, end: isoText }).refine(({ start, end }) => {
  // Of an offset and none, only the zone tells which is first.
  if (hasOffset.test(start) !== hasOffset.test(end)) return true
  const [from, to] = [readTime(start, 'UTC'), readTime(end, 'UTC')]
  return from === undefined || to === undefined || Temporal.Instant.compare(from, to) < 0
}, 'covers nothing; the end is exclusive and lies after the start')
export type AbsoluteTimeframe = z.output<typeof absoluteTimeframe>

/** `today`, `this_14_days`, `previous_3_weeks` (`last_` is an old name of `previous_`), or two times. */
export const timeframe = z.union([
  z.string().regex(relative, 'write today, yesterday, this_… or previous_… such as this_14_days, or give start and end'),
  absoluteTimeframe,
])

/** The name of a zone, or seconds east of UTC; UTC unless said. A name keeps right when clocks change. */
export const timezone = z.union([
  z.number().int().min(-mostOffset).max(mostOffset),
  z.string().refine((text) => zoneOf(text) !== undefined, 'write a time zone like Europe/Berlin, or seconds east of UTC'),
])

/** What series are cut into. */
export const interval = z.string().regex(every, 'write minutely, hourly, daily, weekly, monthly, yearly or every_2_weeks')

/** Whether a text is a date or a time as Keen writes it. */
export function isTime(text: unknown): boolean {
  return typeof text === 'string' && isoTime.test(text) && readTime(text, 'UTC') !== undefined
}

/** Both ends of two times. Only for what `absoluteTimeframe` and `timezone` took. */
export function endsOf(
  { start, end }: AbsoluteTimeframe,
  zone: string | number | undefined,
): { readonly start: Temporal.Instant; readonly end: Temporal.Instant } {
  const [from, to] = [start, end].map((text) => readTime(text, zone ?? 'UTC'))
  if (from === undefined || to === undefined) throw new RangeError(`${start} to ${end} was not checked`)
  return { start: from, end: to }
}

/** A date or time as Keen writes it; without an offset it is of the zone, for which see `zoneOf`. Undefined for what is none. */
export function readTime(text: string, zone: string | number): Temporal.Instant | undefined {
  try {
    if (hasOffset.test(text)) return instantIn(text)
    const own = zoneOf(zone)
    const time = Temporal.PlainDateTime.from(text)
    if (typeof own !== 'number') return time.toZonedDateTime(own ?? 'UTC').toInstant()
    return time.toZonedDateTime('UTC').toInstant().subtract({ seconds: own })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** A time with its offset, as answers have them; undefined for what is none. */
export function instantIn(text: unknown): Temporal.Instant | undefined {
  try {
    return typeof text === 'string' ? Temporal.Instant.from(text) : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** A zone's name, or seconds east of UTC, which may be written as a text; undefined where it is neither. */
export function zoneOf(zone: string | number): string | number | undefined {
  if (typeof zone === 'number' || /^[+-]?\d{1,5}$/.test(zone)) {
    const seconds = Number(zone)
    return Number.isInteger(seconds) && Math.abs(seconds) <= mostOffset ? seconds : undefined
  }
  try {
    return new Temporal.ZonedDateTime(0n, zone).timeZoneId
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
