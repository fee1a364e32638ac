import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { WindowPlan } from '../../../lib/export/windows.ts'
import { windowAt, windowNamed, windowsOver, within } from '../../../lib/export/windows.ts'

const later = Temporal.Instant.from('2027-01-01T00:00Z')
const over = (plan: Partial<WindowPlan>, at = later) =>
  windowsOver({ from: '2026-11-09', every: 'day', zone: 'UTC', ...plan }, at)
const namesOf = (plan: Partial<WindowPlan>, at?: Temporal.Instant) => over(plan, at).map(({ name }) => name)

describe('days', () => {
  test('are there once they are over where they are counted, and not before', () => {
    const zone = 'Asia/Tokyo'
    expect(namesOf({ zone }, Temporal.Instant.from('2026-11-10T14:59:59Z'))).toEqual(['2026-11-09'])
    expect(namesOf({ zone }, Temporal.Instant.from('2026-11-10T15:00:00Z'))).toEqual(['2026-11-09', '2026-11-10'])
  })

  test('are none before the first one, and none from the end on', () => {
    expect(namesOf({ from: '2027-02-01' })).toEqual([])
    expect(namesOf({ to: '2026-11-11' })).toEqual(['2026-11-09', '2026-11-10'])
    expect(within(over({ to: '2026-11-13' }), { from: '2026-11-10', to: '2026-11-12' }).map(({ date }) => date)).toEqual([
      '2026-11-10',
      '2026-11-11',
    ])
  })

  test.each([
    ['Europe/Berlin', '2026-10-25', 25],
    ['Europe/Berlin', '2026-03-29', 23],
    // At midnight the clock goes from 00:00 to 01:00, so that the day begins at one.
    ['America/Sao_Paulo', '2018-11-04', 23],
  ])('in %s on %s have %i hours', (zone, from, hours) => {
    const [day] = over({ zone, from })
    expect(day?.start.until(day.end).total('hours')).toBe(hours)
    expect([day?.name, day?.date]).toEqual([from, from])
  })
})

describe('hours', () => {
  test('are called by their first instant in UTC, and stand under the date of their zone', () => {
    const zone = 'Europe/Berlin'
    const hours = over({ every: 'hour', zone, to: '2026-11-10' })
    expect(hours).toHaveLength(24)
    expect(hours[0]).toMatchObject({ name: '2026-11-08T23Z', date: '2026-11-09' })
    expect(namesOf({ every: 'hour', zone, from: '2026-11-09' }, Temporal.Instant.from('2026-11-09T00:59:00Z'))).toEqual([
      '2026-11-08T23Z',
    ])
  })

  test('that a clock shows twice are two, and one that it leaves out is none', () => {
    const zone = 'Europe/Berlin'
    const back = namesOf({ every: 'hour', zone, from: '2026-10-25', to: '2026-10-26' })
    expect(back).toHaveLength(25)
    expect(back.slice(0, 5)).toEqual(['2026-10-24T22Z', '2026-10-24T23Z', '2026-10-25T00Z', '2026-10-25T01Z', '2026-10-25T02Z'])
    expect(over({ every: 'hour', zone, from: '2026-03-29', to: '2026-03-30' }).map(({ start }) => start.hour)).toEqual([
      0,
      1,
      ...Array.from({ length: 21 }, (_, at) => at + 3),
    ])
  })

  test('of a zone that is no whole hours from UTC have their minutes in the name', () => {
    expect(namesOf({ every: 'hour', zone: 'Asia/Kolkata', to: '2026-11-10' }).slice(0, 2)).toEqual([
      '2026-11-08T1830Z',
      '2026-11-08T1930Z',
    ])
  })

  test('where the clock changes by half an hour begin on the hour again, and none crosses midnight', () => {
    const hours = over({ every: 'hour', zone: 'Australia/Lord_Howe', from: '2026-04-05', to: '2026-04-07' })
    expect(hours.slice(0, 4).map(({ name, start }) => [name, start.toPlainTime().toString()])).toEqual([
      ['2026-04-04T13Z', '00:00:00'],
      ['2026-04-04T14Z', '01:00:00'],
      ['2026-04-04T15Z', '01:30:00'],
      ['2026-04-04T1530Z', '02:00:00'],
    ])
    expect(hours.filter(({ date }) => date === '2026-04-06')).toHaveLength(24)
    for (const { start, end } of hours)
      expect(start.toPlainDate().equals(end.subtract({ nanoseconds: 1 }).toPlainDate())).toBe(true)
  })
})

test.each([
  ['UTC', '2026-03-29', '2026-10-25'],
  ['Europe/Berlin', '2026-03-29', '2026-10-25'],
  ['America/St_Johns', '2026-03-08', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-10-04'],
  ['Asia/Kolkata', '2026-03-29', '2026-10-25'],
  // A day that the islands never had.
  ['Pacific/Apia', '2011-12-30', '2011-09-24'],
])(
  'windows in %s follow each other without a gap, each with a name of its own by which it is found again',
  (zone, ...changes) => {
    for (const change of changes) {
      for (const every of ['day', 'hour'] as const) {
        const from = Temporal.PlainDate.from(change).subtract({ days: 2 })
        const windows = over({ zone, every, from: from.toString(), to: from.add({ days: 5 }).toString() })
        expect(windows.length).toBeGreaterThan(3)
        expect(new Set(windows.map(({ name }) => name)).size).toBe(windows.length)
        for (const [at, { name, start, end }] of windows.entries()) {
          const next = windows[at + 1]?.start
          if (next !== undefined) expect(next.equals(end)).toBe(true)
          const found = [windowNamed(name, every, zone), windowAt(start, every), windowAt(end.subtract({ seconds: 1 }), every)]
          for (const one of found) {
            expect([one.name, String(one.start), String(one.end)]).toEqual([name, String(start), String(end)])
          }
        }
      }
    }
  },
)

test.each([
  ['2026-11-09', 'hour'],
  ['2026-11-09T14Z', 'day'],
  ['2026-11-09T14', 'hour'],
  ['2026-13-09', 'day'],
  ['manifest', 'day'],
] as const)('%s names no window by the %s', (name, every) => {
  expect(() => windowNamed(name, every, 'UTC')).toThrow(RangeError)
})
