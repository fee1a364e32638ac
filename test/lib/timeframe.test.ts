import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { Calendar, Timeframe, Window } from '../../lib/timeframe.ts'
import {
  bucketsOf,
  floorTo,
  isoWithOffset,
  parseDuration,
  parseTimeframe,
  resolveTimeframe,
  shift,
  trendProblem,
  units,
} from '../../lib/timeframe.ts'

const berlin: Calendar = { timezone: 'Europe/Berlin', weekStart: 'monday' }
const keen: Calendar = { timezone: 'UTC', weekStart: 'sunday' }
const at = (time: string) => Temporal.Instant.from(time)
const local = (time: Temporal.ZonedDateTime) => time.toPlainDateTime().toString({ smallestUnit: 'minute' })
const span = ({ start, end }: Pick<Window, 'start' | 'end'>) => `${local(start)} ${local(end)}`
const resolved = (timeframe: Timeframe, now: string, calendar = berlin) => resolveTimeframe(timeframe, at(now), calendar)
const hoursOf = ({ start, end }: Pick<Window, 'start' | 'end'>) => start.until(end, { largestUnit: 'hour' }).total('hours')

describe('Keen’s own examples, in UTC with weeks from Sunday', () => {
  // 2026-11-20 is a Friday; Keen's documents name no dates.
  test.each([
    ['previous_3_minutes', '2026-11-20T19:15:30Z', '2026-11-20T19:12 2026-11-20T19:15'],
    ['previous_7_hours', '2026-11-20T19:15:00Z', '2026-11-20T12:00 2026-11-20T19:00'],
    ['previous_3_days', '2026-11-20T09:00:00Z', '2026-11-17T00:00 2026-11-20T00:00'],
    ['previous_2_weeks', '2026-11-23T10:00:00Z', '2026-11-08T00:00 2026-11-22T00:00'],
    ['previous_2_months', '2026-11-05T10:00:00Z', '2026-09-01T00:00 2026-11-01T00:00'],
    ['previous_2_years', '2026-06-05T10:00:00Z', '2024-01-01T00:00 2026-01-01T00:00'],
    ['previous_14_days', '2026-11-20T15:30:00Z', '2026-11-06T00:00 2026-11-20T00:00'],
    ['previous_3_weeks', '2026-11-20T15:30:00Z', '2026-10-25T00:00 2026-11-15T00:00'],
    ['this_14_days', '2026-11-20T15:30:00Z', '2026-11-07T00:00 2026-11-20T15:30'],
    ['this_2_weeks', '2026-11-20T15:30:00Z', '2026-11-08T00:00 2026-11-20T15:30'],
  ])('%s at %s is %s', (timeframe, now, expected) => {
    const window = resolved(timeframe, now, keen)
    expect(span(window)).toBe(expected)
    expect(window.partial).toBe(timeframe.startsWith('this'))
  })

  test('this_day begins at midnight of the zone', () => {
    const window = resolved('this_day', '2026-11-20T15:30:00Z', { ...keen, timezone: 'US/Pacific' })
    expect(window.start.toInstant().toString()).toBe('2026-11-20T08:00:00Z')
    expect(window.end.toInstant().toString()).toBe('2026-11-20T15:30:00Z')
  })
})

describe('relative timeframes', () => {
  test.each([
    ['today', '2026-11-16T00:00 2026-11-16T08:00', true],
    ['yesterday', '2026-11-15T00:00 2026-11-16T00:00', false],
    ['previous_1_week', '2026-11-09T00:00 2026-11-16T00:00', false],
    ['last_1_week', '2026-11-09T00:00 2026-11-16T00:00', false],
    ['this_week', '2026-11-16T00:00 2026-11-16T08:00', true],
    ['previous_month', '2026-10-01T00:00 2026-11-01T00:00', false],
    ['this_3_months', '2026-09-01T00:00 2026-11-16T08:00', true],
    ['previous_13_months', '2025-10-01T00:00 2026-11-01T00:00', false],
  ])('%s on a Monday at 08:00 in Berlin is %s', (timeframe, expected, partial) => {
    const window = resolved(timeframe, '2026-11-16T07:00:00Z')
    expect(span(window)).toBe(expected)
    expect(window.partial).toBe(partial)
  })

  test('the zone decides what day it is', () => {
    expect(span(resolved('yesterday', '2026-11-16T23:30:00Z'))).toBe('2026-11-16T00:00 2026-11-17T00:00')
    expect(span(resolved('yesterday', '2026-11-16T23:30:00Z', { ...berlin, timezone: 'America/New_York' }))).toBe(
      '2026-11-15T00:00 2026-11-16T00:00',
    )
  })

  test('a week starts on the day that the project says, on that very day too', () => {
    const sunday = '2026-11-15T12:00:00Z'
    expect(span(resolved('previous_1_week', sunday))).toBe('2026-11-02T00:00 2026-11-09T00:00')
    expect(span(resolved('previous_1_week', sunday, { ...berlin, weekStart: 'sunday' }))).toBe(
      '2026-11-08T00:00 2026-11-15T00:00',
    )
  })

  test('a unit that has just begun is empty, not the one before', () => {
    const window = resolved('today', '2026-11-15T23:00:00Z')
    expect(span(window)).toBe('2026-11-16T00:00 2026-11-16T00:00')
    expect(window.partial).toBe(true)
  })

  test('months are as long as they are', () => {
    expect(span(resolved('previous_1_month', '2026-03-31T10:00:00Z'))).toBe('2026-02-01T00:00 2026-03-01T00:00')
    expect(span(resolved('previous_1_month', '2024-03-29T10:00:00Z'))).toBe('2024-02-01T00:00 2024-03-01T00:00')
  })
})

describe('clocks that change', () => {
  test.each([
    ['spring', '2026-03-29', 23],
    ['autumn', '2026-10-25', 25],
  ])('a day of %s in Berlin has its own number of hours', (_, day, hours) => {
    const next = Temporal.PlainDate.from(day).add({ days: 1 })
    const window = resolved(
      'yesterday',
      next.toZonedDateTime({ timeZone: 'Europe/Berlin', plainTime: '08:00' }).toInstant().toString(),
    )
    expect(span(window)).toBe(`${day}T00:00 ${next}T00:00`)
    expect(hoursOf(window)).toBe(hours)
    expect(bucketsOf(window, 'day', berlin).map(({ label, whole }) => [label, whole])).toEqual([[day, true]])
    const byHour = bucketsOf(window, 'hour', berlin)
    expect(byHour).toHaveLength(hours)
    expect(new Set(byHour.map(({ label }) => label)).size).toBe(hours)
  })

  test('the hour that comes twice is told apart by its offset', () => {
    const labels = bucketsOf(resolved('yesterday', '2026-10-26T07:00:00Z'), 'hour', berlin).map(({ label }) => label)
    expect(labels.slice(2, 4)).toEqual(['2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00'])
  })

  test('a week over the change still begins and ends at midnight', () => {
    const window = resolved('previous_1_week', '2026-10-26T07:00:00Z')
    expect([isoWithOffset(window.start), isoWithOffset(window.end)]).toEqual([
      '2026-10-19T00:00:00+02:00',
      '2026-10-26T00:00:00+01:00',
    ])
  })

  test('hours go back by the clock', () => {
    const window = resolved('previous_3_hours', '2026-10-25T02:30:00Z')
    expect(isoWithOffset(window.start)).toBe('2026-10-25T01:00:00+02:00')
    expect(hoursOf(window)).toBe(3)
  })

  test.each([
    // Clocks went from 24:00 to 01:00, and later back from 24:00 to 23:00.
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04T01:00', 23],
    ['America/Sao_Paulo', '2018-02-17', '2018-02-17T00:00', 25],
    ['Africa/Cairo', '2026-04-24', '2026-04-24T01:00', 23],
    ['Africa/Cairo', '2026-10-29', '2026-10-29T00:00', 25],
  ])('in %s the day %s begins at %s', (timezone, day, start, hours) => {
    const calendar: Calendar = { timezone, weekStart: 'monday' }
    const noonAfter = Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime({ timeZone: timezone, plainTime: '12:00' })
    const window = resolveTimeframe('yesterday', noonAfter.toInstant(), calendar)
    expect(local(window.start)).toBe(start)
    expect(hoursOf(window)).toBe(hours)
    const week = resolveTimeframe('previous_7_days', noonAfter.toInstant(), calendar)
    expect(bucketsOf(week, 'day', calendar).map(({ label }) => label)).toEqual(
      Array.from({ length: 7 }, (_, back) =>
        Temporal.PlainDate.from(day)
          .subtract({ days: 6 - back })
          .toString(),
      ),
    )
    expect(bucketsOf(week, 'day', calendar).every(({ whole }) => whole)).toBe(true)
  })

  test('days before a day without midnight begin at midnight', () => {
    const calendar: Calendar = { timezone: 'America/Sao_Paulo', weekStart: 'sunday' }
    const oneOClock = Temporal.PlainDate.from('2018-11-04').toZonedDateTime('America/Sao_Paulo')
    expect(local(oneOClock)).toBe('2018-11-04T01:00')
    expect(local(shift(oneOClock, -1, 'day'))).toBe('2018-11-03T00:00')
    expect(local(shift(oneOClock, 1, 'week'))).toBe('2018-11-11T00:00')
    expect(local(floorTo(oneOClock.add({ hours: 5 }), 'week', calendar))).toBe('2018-11-04T01:00')
  })

  test('where clocks change by half an hour, the hours after it begin on the hour', () => {
    const calendar: Calendar = { timezone: 'Australia/Lord_Howe', weekStart: 'monday' }
    const hours = (day: string) => {
      const start = Temporal.PlainDate.from(day).toZonedDateTime('Australia/Lord_Howe')
      const window = { start, end: shift(start, 1, 'day'), partial: false }
      return { window, buckets: bucketsOf(window, 'hour', calendar) }
    }
    const autumn = hours('2026-04-05')
    expect(hoursOf(autumn.window)).toBe(24.5)
    expect(autumn.buckets.slice(1, 4).map(({ label }) => label)).toEqual([
      '2026-04-05T01:00:00+11:00',
      '2026-04-05T01:30:00+10:30',
      '2026-04-05T02:00:00+10:30',
    ])
    const spring = hours('2026-10-04')
    expect(hoursOf(spring.window)).toBe(23.5)
    expect(spring.buckets.slice(1, 4).map(({ label }) => label)).toEqual([
      '2026-10-04T01:00:00+10:30',
      '2026-10-04T02:30:00+11:00',
      '2026-10-04T03:00:00+11:00',
    ])
    expect([...autumn.buckets, ...spring.buckets].every(({ whole }) => whole)).toBe(true)
  })
})

describe('fixed timeframes', () => {
  test('days are read in the report’s zone, and instants as they say', () => {
    const dates = resolved({ start: '2026-11-02', end: '2026-11-09' }, '2026-11-16T07:00:00Z')
    expect([isoWithOffset(dates.start), isoWithOffset(dates.end), dates.partial]).toEqual([
      '2026-11-02T00:00:00+01:00',
      '2026-11-09T00:00:00+01:00',
      false,
    ])
    const instants = resolved({ start: '2026-11-02T00:00:00Z', end: '2026-11-09T08:30' }, '2026-11-16T07:00:00Z')
    expect(span(instants)).toBe('2026-11-02T01:00 2026-11-09T08:30')
  })

  test('an end that is not over is cut at the run, and marked', () => {
    const window = resolved({ start: '2026-11-02', end: '2026-12-01' }, '2026-11-16T07:00:00Z')
    expect(span(window)).toBe('2026-11-02T00:00 2026-11-16T08:00')
    expect(window.partial).toBe(true)
  })

  test('one that has not begun is empty, and never runs backwards', () => {
    const window = resolved({ start: '2026-12-01', end: '2026-12-08' }, '2026-11-16T07:00:00Z')
    expect(span(window)).toBe('2026-12-01T00:00 2026-12-01T00:00')
    expect(window.partial).toBe(true)
  })
})

describe('what is no timeframe says what would be', () => {
  test.each([
    ['previous_1_weak', /"previous_1_weak" is not a timeframe; write/],
    ['previous_0_days', /"previous_0_days" covers nothing; count from 1/],
    ['Previous_1_week', /is not a timeframe/],
    ['previous_week_1', /is not a timeframe/],
    ['', /"" is not a timeframe/],
    [{ start: '2026-02-30', end: '2026-03-01' }, /start "2026-02-30" is not a date or time/],
    [{ start: '2026-02-01', end: 'today' }, /end "today" is not a date or time/],
    [{ start: '2026-02-02', end: '2026-02-02' }, /covers nothing; the end is exclusive/],
    [{ start: '2026-02-02', end: '2026-02-01' }, /covers nothing; the end is exclusive/],
  ])('%o', (timeframe, problem) => {
    expect(parseTimeframe(timeframe)).toEqual({ problem: expect.stringMatching(problem) })
  })

  test.each([
    ['previous_1_week', 'previous_8_weeks', undefined],
    ['previous_1_week', 'previous_1_week', undefined],
    ['today', 'this_14_days', undefined],
    ['previous_1_week', 'previous_14_days', 'a trend ends with its timeframe, so it is in the same unit: write previous_4_weeks'],
    ['previous_1_week', 'this_8_weeks', 'a trend ends with its timeframe, so it is previous_… too: write previous_8_weeks'],
    ['this_1_week', 'previous_2_weeks', 'a trend ends with its timeframe, so it is this_… too: write this_2_weeks'],
    ['previous_4_weeks', 'previous_2_weeks', 'a trend is at least as long as its timeframe'],
    ['previous_1_week', { start: '2026-01-01', end: '2026-02-01' }, /both as dates with the same end, or neither/],
    [{ start: '2026-01-08', end: '2026-02-01' }, { start: '2026-01-01', end: '2026-02-01' }, undefined],
    [
      { start: '2026-01-01', end: '2026-02-01' },
      { start: '2026-01-08', end: '2026-02-01' },
      'a trend is at least as long as its timeframe',
    ],
  ])('%o with the trend %o: %s', (timeframe, trend, expected) => {
    const problem = trendProblem(timeframe, trend)
    if (expected instanceof RegExp) expect(problem).toMatch(expected)
    else expect(problem).toBe(expected)
  })

  test.each([
    ['7 days', 604_800],
    ['1 week', 604_800],
    ['90 minutes', 5400],
    ['30 seconds', 30],
    ['7days', undefined],
    ['7 months', undefined],
    ['-7 days', undefined],
  ])('the duration %s is %s seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })
})

describe('buckets', () => {
  test('the first and the last are cut by the window, and not whole', () => {
    const window = resolved({ start: '2026-11-04', end: '2026-11-17' }, '2026-12-01T07:00:00Z')
    expect(bucketsOf(window, 'week', berlin).map((bucket) => [bucket.label, span(bucket), bucket.whole])).toEqual([
      ['2026-11-02', '2026-11-04T00:00 2026-11-09T00:00', false],
      ['2026-11-09', '2026-11-09T00:00 2026-11-16T00:00', true],
      ['2026-11-16', '2026-11-16T00:00 2026-11-17T00:00', false],
    ])
  })

  test('the running unit is not whole', () => {
    const buckets = bucketsOf(resolved('this_2_days', '2026-11-16T07:00:00Z'), 'day', berlin)
    expect(buckets.map(({ label, whole }) => [label, whole])).toEqual([
      ['2026-11-15', true],
      ['2026-11-16', false],
    ])
  })

  test('an empty window has none, also amid a longer unit', () => {
    for (const unit of units) expect(bucketsOf(resolved('today', '2026-11-17T23:00:00Z'), unit, berlin)).toEqual([])
  })
})
