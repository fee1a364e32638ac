import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { Calendar, Timeframe, Window } from '../../lib/timeframe.ts'
import { resolveWindows } from '../../lib/timeframe.ts'

const berlin: Calendar = { timezone: 'Europe/Berlin', weekStart: 'monday' }
const at = (time: string) => Temporal.Instant.from(time)
const local = (time: Temporal.ZonedDateTime) => time.toPlainDateTime().toString({ smallestUnit: 'minute' })
const span = ({ start, end }: Pick<Window, 'start' | 'end'>) => `${local(start)} ${local(end)}`

describe('comparisons', () => {
  const windows = (timeframe: Timeframe, now: string, more: object = {}, calendar = berlin) =>
    resolveWindows({ timeframe, compare: ['previous', 'year'], ...more }, at(now), calendar)
  const compared = (timeframe: Timeframe, now: string) =>
    windows(timeframe, now).comparisons.map(({ to, timeframe }) => `${to} ${span(timeframe)}`)

  test('a week is compared with the one before, and with the same weekdays 52 weeks back', () => {
    expect(compared('previous_1_week', '2026-11-16T07:00:00Z')).toEqual([
      'previous 2026-11-02T00:00 2026-11-09T00:00',
      'year 2025-11-10T00:00 2025-11-17T00:00',
    ])
  })

  test('several units are compared with as many before', () => {
    expect(compared('previous_4_weeks', '2026-11-16T07:00:00Z')[0]).toBe('previous 2026-09-21T00:00 2026-10-19T00:00')
  })

  test('a day is compared with the same weekday a year back', () => {
    expect(compared('yesterday', '2026-11-16T07:00:00Z')).toEqual([
      'previous 2026-11-14T00:00 2026-11-15T00:00',
      'year 2025-11-16T00:00 2025-11-17T00:00',
    ])
  })

  test('a month is compared with the month before and the same month a year back, whatever their lengths', () => {
    expect(compared('previous_1_month', '2024-03-05T07:00:00Z')).toEqual([
      'previous 2024-01-01T00:00 2024-02-01T00:00',
      'year 2023-02-01T00:00 2023-03-01T00:00',
    ])
  })

  test('whole months given as dates are compared as months, other days as days', () => {
    expect(compared({ start: '2026-02-01', end: '2026-04-01' }, '2026-11-16T07:00:00Z')).toEqual([
      'previous 2025-12-01T00:00 2026-02-01T00:00',
      'year 2025-02-01T00:00 2025-04-01T00:00',
    ])
    expect(compared({ start: '2026-03-23', end: '2026-04-02' }, '2026-11-16T07:00:00Z')).toEqual([
      'previous 2026-03-13T00:00 2026-03-23T00:00',
      'year 2025-03-24T00:00 2025-04-03T00:00',
    ])
  })

  test('a comparison over a change of clocks keeps to the days', () => {
    expect(compared('previous_1_week', '2026-10-26T07:00:00Z')[0]).toBe('previous 2026-10-12T00:00 2026-10-19T00:00')
    expect(compared('yesterday', '2026-10-26T07:00:00Z')[0]).toBe('previous 2026-10-24T00:00 2026-10-25T00:00')
  })

  test('what is still running is compared with nothing', () => {
    const running = windows('this_2_weeks', '2026-11-16T07:00:00Z')
    expect(running.timeframe.partial).toBe(true)
    expect(running.comparisons).toEqual([])
  })

  test('the trend ends with the timeframe', () => {
    const { timeframe, trend } = windows('previous_1_week', '2026-11-16T07:00:00Z', { trend: 'previous_4_weeks' })
    expect(trend === undefined ? undefined : span(trend)).toBe('2026-10-19T00:00 2026-11-16T00:00')
    expect(trend?.end.equals(timeframe.end)).toBe(true)
  })
})

describe('a funnel speaks of those whose time is over', () => {
  const sevenDays = 7 * 86_400
  const funnel = (timeframe: Timeframe, within: number, immature?: boolean) =>
    resolveWindows({ timeframe, compare: ['previous'], within, immature }, at('2026-11-16T07:00:00Z'), berlin)

  test.each([
    // The run is at 08:00 on Monday: an hour after midnight is over, nine are not.
    ['previous_1_week', 3600, '2026-11-09T00:00 2026-11-16T00:00'],
    ['previous_1_week', 8 * 3600, '2026-11-09T00:00 2026-11-16T00:00'],
    ['previous_1_week', 9 * 3600, '2026-11-02T00:00 2026-11-09T00:00'],
    ['previous_1_week', sevenDays, '2026-11-02T00:00 2026-11-09T00:00'],
    ['previous_2_weeks', sevenDays, '2026-10-26T00:00 2026-11-09T00:00'],
    ['previous_1_week', 2 * sevenDays, '2026-10-26T00:00 2026-11-02T00:00'],
    ['yesterday', sevenDays, '2026-11-08T00:00 2026-11-09T00:00'],
    ['previous_1_month', 30 * 86_400, '2026-09-01T00:00 2026-10-01T00:00'],
    ['this_week', 3600, '2026-11-09T00:00 2026-11-16T00:00'],
  ])('%s within %d s is %s', (timeframe, within, expected) => {
    const windows = funnel(timeframe, within)
    expect(span(windows.timeframe)).toBe(expected)
    expect(windows.timeframe.partial).toBe(false)
    expect(windows.immature).toBe(false)
    expect(windows.comparisons).toHaveLength(1)
  })

  test('immature shows later entrants, compared with nothing', () => {
    const windows = funnel('previous_1_week', sevenDays, true)
    expect(span(windows.timeframe)).toBe('2026-11-09T00:00 2026-11-16T00:00')
    expect(windows.immature).toBe(true)
    expect(windows.comparisons).toEqual([])
  })

  test('fixed dates stay, and say so', () => {
    const windows = funnel({ start: '2026-11-09', end: '2026-11-16' }, sevenDays)
    expect(span(windows.timeframe)).toBe('2026-11-09T00:00 2026-11-16T00:00')
    expect(windows.immature).toBe(true)
  })
})
