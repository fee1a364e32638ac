import * as fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import * as words from '../../../../../lib/query.ts'
import type { Place } from '../../../../../lib/sources/keen/questions/asking.ts'
import { answerSegmentation } from '../../../../../lib/sources/keen/questions/segmentation.ts'
import type { Ask } from '../../../../../lib/sources/source.ts'
import type { Bucket, Calendar, Window } from '../../../../../lib/timeframe.ts'
import { bucketsOf, resolveWindows } from '../../../../../lib/timeframe.ts'
import type { Event } from './rules.ts'
import { metrics, rowsBy } from './rules.ts'

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  // Midnight does not exist on the day on which summer begins.
  'Africa/Cairo',
  // Clocks change by half an hour.
  'Australia/Lord_Howe',
]
/** Around changes of clocks, and far from any. */
const instants = [
  '2026-03-31T09:10:11Z',
  '2026-04-05T03:04:05Z',
  '2026-04-27T20:00:01Z',
  '2026-10-26T07:01:00Z',
  '2026-11-02T12:34:56Z',
  '2026-07-01T00:15:00Z',
]
const types = {
  general: ['count', {}],
  unique: ['countUnique', {}],
  sum: ['sum', { of: 'amount' }],
  min: ['minimum', { of: 'amount' }],
  max: ['maximum', { of: 'amount' }],
  average: ['average', { of: 'amount' }],
  median: ['median', { of: 'amount' }],
} as const

const plans: Event['plan'][] = ['pro', 'free', null, 5]
const nameOf = (plan: Event['plan']) => (plan === null ? 'undefined' : String(plan))

const scenario = fc.record({
  zone: fc.constantFrom(...zones),
  weekStart: fc.constantFrom('monday' as const, 'sunday' as const),
  at: fc.constantFrom(...instants),
  type: fc.constantFrom(...(Object.keys(types) as (keyof typeof types)[])),
  split: fc.boolean(),
  unit: fc.constantFrom('hour' as const, 'day' as const, 'week' as const, 'month' as const),
  frame: fc.constantFrom('this', 'previous'),
  count: fc.integer({ min: 1, max: 4 }),
  longer: fc.integer({ min: 0, max: 4 }),
  /** Of a bucket's length; 0 and 1 are its edges. */
  drawn: fc.array(
    fc.record({
      bucket: fc.nat(20),
      place: fc.constantFrom(0, 0.3, 0.999_999, -0.000_001),
      user: fc.nat(3),
      plan: fc.constantFrom(...plans),
      amount: fc.option(fc.integer({ min: -5, max: 9 })),
    }),
    { maxLength: 25 },
  ),
})

test('answers are what the events say, whatever the zone, the unit and the clocks', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ zone, weekStart, at, type, split, unit, frame, count, longer, drawn }) => {
      const calendar: Calendar = { timezone: zone, weekStart }
      const scheduledAt = Temporal.Instant.from(at)
      const windows = resolveWindows(
        { timeframe: `${frame}_${count}_${unit}s`, trend: `${frame}_${count + longer}_${unit}s`, compare: ['previous', 'year'] },
        scheduledAt,
        calendar,
      )
      const trend = windows.trend ?? windows.timeframe
      const all = [trend, windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)]
      const places = all.flatMap((window) => bucketsOf(window, unit, calendar))
      const events = drawn.map(({ bucket, place, ...event }): Event => {
        const { start, end } = places[bucket % places.length] as Bucket
        const [from, to] = [start.epochMilliseconds, end.epochMilliseconds]
        return { ...event, at: Math.floor(from + place * (to - from)) }
      })

      const [call, more] = types[type]
      const question = words.segmentation.parse({ event: 'a', type, unit, ...more, ...(split ? { on: 'plan' } : {}) })
      const client = Object.fromEntries(
        Object.entries(metrics).map(([name, measure]) => [name, async (asked: never) => rowsBy(events, asked, measure)]),
      )
      const ask = { title: 'A', windows, calendar, scheduledAt, question: { kind: 'segmentation', ...question } }
      const place: Place = { name: 'shop', actor: 'user', client: client as never, clock: () => new Date() }
      const body = await answerSegmentation(ask as Ask<'segmentation'>, place)

      const measure = metrics[call] as (typeof metrics)[string]
      const within = ({ start, end }: Pick<Window, 'start' | 'end'>) =>
        events.filter((event) => event.at >= start.epochMilliseconds && event.at < end.epochMilliseconds)
      const buckets = bucketsOf(trend, unit, calendar)
      expect(body.dates).toEqual(buckets.map(({ label }) => label))
      expect(body.total).toBe(measure(within(windows.timeframe)))
      expect(body.comparisons.map(({ total }) => total)).toEqual(
        windows.comparisons.map(({ timeframe }) => measure(within(timeframe))),
      )
      const seen = [...new Set(all.flatMap(within))]
      const names = split ? [...new Set(seen.map(({ plan }) => nameOf(plan)))] : ['a']
      expect(body.series.map(({ name }) => name).sort()).toEqual(names.sort())
      for (const { name, values, total } of body.series) {
        const own = (window: Pick<Window, 'start' | 'end'>) =>
          within(window).filter(({ plan }) => !split || nameOf(plan) === name)
        expect(values).toEqual(buckets.map((bucket) => measure(own(bucket))))
        expect(total).toBe(measure(own(windows.timeframe)))
        body.comparisons.forEach(({ totals }, place) => {
          const then = own((windows.comparisons[place] as { timeframe: Window }).timeframe)
          expect(totals[name]).toBe(split && then.length === 0 ? null : measure(then))
        })
      }
    }),
    { numRuns: 400 },
  )
})
