import { Temporal } from 'temporal-polyfill'
import type { Row } from '../../../../../lib/sources/keen/calls/answers.ts'
import type { Unit } from '../../../../../lib/timeframe.ts'
import { bucketsOf } from '../../../../../lib/timeframe.ts'

/** An event as the vendor keeps it; `at` in milliseconds. */
export interface Event {
  readonly at: number
  readonly user: number
  readonly plan: string | number | null
  readonly amount: number | null
}

interface Asked {
  readonly timeframe: { readonly start: string; readonly end: string }
  readonly timezone?: string
  readonly interval?: string
  readonly group_by?: readonly string[]
}

const units: Readonly<Record<string, Unit>> = {
  minutely: 'minute',
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
}

/**
 * Rows by the vendor's rules, traps included: an offset in the times makes it cut in UTC, plain dates are read in
 * `timezone` and then cut with the offset of the first one, as if clocks never changed; weeks begin on Sunday.
 */
export function rowsBy(events: readonly Event[], asked: Asked, measure: (events: readonly Event[]) => number | null): Row[] {
  const { timeframe, timezone = 'UTC', interval, group_by } = asked
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(timeframe.start)
  const [start, end] = [timeframe.start, timeframe.end].map((text) =>
    isDate ? Temporal.PlainDate.from(text).toZonedDateTime(timezone) : Temporal.Instant.from(text).toZonedDateTimeISO('UTC'),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime]
  const zone = isDate ? start.offset : 'UTC'
  const window = { start: start.withTimeZone(zone), end: end.withTimeZone(zone), partial: false }
  const cuts =
    interval === undefined ? [window] : bucketsOf(window, units[interval] ?? 'day', { timezone: zone, weekStart: 'sunday' })
  return cuts.flatMap((cut) => {
    const own = events.filter(({ at }) => at >= cut.start.epochMilliseconds && at < cut.end.epochMilliseconds)
    const [from, to] = [cut.start, cut.end].map((time) => time.toInstant().toString({ smallestUnit: 'millisecond' }))
    const time = interval === undefined ? {} : { timeframe: { start: from ?? '', end: to ?? '' } }
    if (group_by === undefined) return [{ ...time, value: measure(own) }]
    return [...Map.groupBy(own, ({ plan }) => plan)].map(([plan, grouped]) => ({
      ...time,
      group: { plan },
      value: measure(grouped),
    }))
  })
}

const amounts = (events: readonly Event[]) => events.flatMap(({ amount }) => (amount === null ? [] : [amount]))
const orNull = (events: readonly Event[], make: (numbers: number[]) => number) => {
  const numbers = amounts(events)
  return numbers.length === 0 ? null : make(numbers)
}

/** What each call works out. Amounts are whole, so that sums are exact in any order. */
export const metrics: Readonly<Record<string, (events: readonly Event[]) => number | null>> = {
  count: (events) => events.length,
  countUnique: (events) => new Set(events.map(({ user }) => user)).size,
  sum: (events) => amounts(events).reduce((sum, amount) => sum + amount, 0),
  minimum: (events) => orNull(events, (numbers) => Math.min(...numbers)),
  maximum: (events) => orNull(events, (numbers) => Math.max(...numbers)),
  average: (events) => orNull(events, (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length),
  median: (events) => orNull(events, (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0),
}
