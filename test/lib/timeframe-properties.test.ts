import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import type { Window } from '../../lib/timeframe.ts'
import { bucketsOf, floorTo, resolveTimeframe, resolveWindows, units } from '../../lib/timeframe.ts'

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'UTC',
]
const calendars = fc.record({
  timezone: fc.constantFrom(...zones),
  weekStart: fc.constantFrom('monday' as const, 'sunday' as const),
})
const instants = fc
  .integer({ min: Date.UTC(2017, 0, 1) / 60_000, max: Date.UTC(2027, 11, 31) / 60_000 })
  .map((minutes) => Temporal.Instant.fromEpochMilliseconds(minutes * 60_000))
const frames = fc
  .tuple(fc.constantFrom('this', 'previous'), fc.integer({ min: 1, max: 9 }), fc.constantFrom(...units.slice(1, 5)))
  .map(([kind, count, unit]) => ({ timeframe: `${kind}_${count}_${unit}s`, kind, count, unit }))

test('tile every window in every zone: none overlaps, none is missing, each begins where its unit does', () => {
  fc.assert(
    fc.property(
      calendars,
      instants,
      frames,
      fc.constantFrom(...units.slice(1)),
      (calendar, now, { timeframe, unit: of }, unit) => {
        // Hours of months are many, and days make the same point.
        fc.pre(unit !== 'hour' || of === 'hour' || of === 'day')
        const window = resolveTimeframe(timeframe, now, calendar)
        const buckets = bucketsOf(window, unit, calendar)
        let reached = window.start
        for (const bucket of buckets) {
          expect(bucket.start.equals(reached)).toBe(true)
          expect(Temporal.ZonedDateTime.compare(bucket.start, bucket.end)).toBe(-1)
          const begins = floorTo(bucket.start, unit, calendar)
          expect(floorTo(bucket.end.subtract({ nanoseconds: 1 }), unit, calendar).equals(begins)).toBe(true)
          const ends = floorTo(bucket.end, unit, calendar)
          expect(bucket.whole).toBe(begins.equals(bucket.start) && ends.equals(bucket.end))
          reached = bucket.end
        }
        expect(reached.equals(window.end) || buckets.length === 0).toBe(true)
        expect(new Set(buckets.map(({ label }) => label)).size).toBe(buckets.length)
      },
    ),
    { numRuns: 400 },
  )
})

test('previous_n is the n units before this one, and this_n goes on where previous_n-1 ends', () => {
  fc.assert(
    fc.property(calendars, instants, frames, (calendar, now, { kind, count, unit, timeframe }) => {
      const window = resolveTimeframe(timeframe, now, calendar)
      const running = floorTo(now.toZonedDateTimeISO(calendar.timezone), unit, calendar)
      if (kind === 'previous') expect(window.end.equals(running)).toBe(true)
      else expect(window.end.toInstant().equals(now)).toBe(true)
      // Starts are counted by buckets, which are made another way. Hours come in pieces where clocks change by half of one.
      if (unit === 'hour' && calendar.timezone === 'Australia/Lord_Howe') return
      const buckets = bucketsOf(window, unit, calendar)
      const begun = kind === 'this' && running.toInstant().equals(now) ? count - 1 : count
      expect(buckets).toHaveLength(begun)
      expect(buckets.every(({ whole }, index) => whole || (kind === 'this' && index === count - 1))).toBe(true)
    }),
    { numRuns: 400 },
  )
})

test('a comparison has the same shape, and for days and weeks the same number of days', () => {
  fc.assert(
    fc.property(calendars, instants, frames, (calendar, now, { timeframe, unit, count, kind }) => {
      const { timeframe: window, comparisons } = resolveWindows({ timeframe, compare: ['previous', 'year'] }, now, calendar)
      expect(comparisons).toHaveLength(kind === 'this' ? 0 : 2)
      for (const { to, timeframe: other } of comparisons) {
        expect(Temporal.ZonedDateTime.compare(other.start, other.end)).toBe(-1)
        if (to === 'previous') expect(other.end.equals(window.start)).toBe(true)
        if (unit !== 'hour') expect(bucketsOf(other, unit, calendar)).toHaveLength(count)
        if (unit === 'week' || unit === 'day') {
          expect(other.start.dayOfWeek).toBe(to === 'year' ? window.start.dayOfWeek : other.start.dayOfWeek)
          const days = (one: Window) => one.start.toPlainDate().until(one.end.toPlainDate(), { largestUnit: 'day' }).days
          expect(days(other)).toBe(days(window))
        }
      }
    }),
    { numRuns: 400 },
  )
})
