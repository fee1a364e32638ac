import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { Schedule } from '../../lib/schedule.ts'
import { nextTimes, parseSchedule, previousTime } from '../../lib/schedule.ts'

const at = (time: string) => Temporal.Instant.from(time)

function schedule(text: string): Schedule {
  const read = parseSchedule(text)
  if ('problem' in read) throw new Error(read.problem)
  return read
}

function next(text: string, zone: string, after: string, count = 3): string[] {
  return nextTimes(schedule(text), zone, at(after), count).map((time) =>
    time.toZonedDateTimeISO(zone).toString({ timeZoneName: 'never', smallestUnit: 'minute' }),
  )
}

describe('cron', () => {
  test.each([
    ['Mondays', 'cron(0 8 ? * MON *)', ['2026-11-23T08:00+01:00', '2026-11-30T08:00+01:00', '2026-12-07T08:00+01:00']],
    [
      'Mondays by number, Sunday being 1',
      'cron(0 8 ? * 2 *)',
      ['2026-11-23T08:00+01:00', '2026-11-30T08:00+01:00', '2026-12-07T08:00+01:00'],
    ],
    ['working days', 'cron(30 7 ? * MON-FRI *)', ['2026-11-20T07:30+01:00', '2026-11-23T07:30+01:00', '2026-11-24T07:30+01:00']],
    [
      'two times of a day',
      'cron(0 8,20 * * ? *)',
      ['2026-11-19T20:00+01:00', '2026-11-20T08:00+01:00', '2026-11-20T20:00+01:00'],
    ],
    ['steps', 'cron(*/20 12/6 * * ? *)', ['2026-11-19T12:20+01:00', '2026-11-19T12:40+01:00', '2026-11-19T18:00+01:00']],
    [
      'a range with steps',
      'cron(10-40/15 13 * * ? *)',
      ['2026-11-19T13:10+01:00', '2026-11-19T13:25+01:00', '2026-11-19T13:40+01:00'],
    ],
    ['the first of a month', 'cron(0 6 1 * ? *)', ['2026-12-01T06:00+01:00', '2027-01-01T06:00+01:00', '2027-02-01T06:00+01:00']],
    [
      'the 31st, where there is one',
      'cron(0 6 31 * ? *)',
      ['2026-12-31T06:00+01:00', '2027-01-31T06:00+01:00', '2027-03-31T06:00+02:00'],
    ],
    ['the last day', 'cron(0 6 L * ? *)', ['2026-11-30T06:00+01:00', '2026-12-31T06:00+01:00', '2027-01-31T06:00+01:00']],
    [
      'the weekday nearest to the 1st',
      'cron(0 6 1W * ? *)',
      ['2026-12-01T06:00+01:00', '2027-01-01T06:00+01:00', '2027-02-01T06:00+01:00'],
    ],
    [
      'nearest within the month',
      'cron(0 6 1W MAY ? *)',
      ['2027-05-03T06:00+02:00', '2028-05-01T06:00+02:00', '2029-05-01T06:00+02:00'],
    ],
    [
      'the 31st, or the Friday before',
      'cron(0 6 31W JAN ? *)',
      ['2027-01-29T06:00+01:00', '2028-01-31T06:00+01:00', '2029-01-31T06:00+01:00'],
    ],
    ['the third Friday', 'cron(0 6 ? * 6#3 *)', ['2026-11-20T06:00+01:00', '2026-12-18T06:00+01:00', '2027-01-15T06:00+01:00']],
    [
      'a fifth Monday, where there is one',
      'cron(0 6 ? * MON#5 *)',
      ['2026-11-30T06:00+01:00', '2027-03-29T06:00+02:00', '2027-05-31T06:00+02:00'],
    ],
    ['the last Friday', 'cron(0 6 ? * 6L *)', ['2026-11-27T06:00+01:00', '2026-12-25T06:00+01:00', '2027-01-29T06:00+01:00']],
    [
      'L alone is the last day of the week, Saturday',
      'cron(0 6 ? * L *)',
      ['2026-11-21T06:00+01:00', '2026-11-28T06:00+01:00', '2026-12-05T06:00+01:00'],
    ],
    ['a leap day', 'cron(0 6 29 2 ? *)', ['2028-02-29T06:00+01:00', '2032-02-29T06:00+01:00', '2036-02-29T06:00+01:00']],
    ['a year that ends', 'cron(0 6 1 * ? 2026)', ['2026-12-01T06:00+01:00']],
    ['a year far away', 'cron(0 6 1 JUL ? 2190)', ['2190-07-01T06:00+02:00']],
  ])('%s: %s', (_, text, expected) => {
    expect(next(text, 'Europe/Berlin', '2026-11-19T11:00:00Z')).toEqual(expected)
  })

  test('the next time is after the instant, the previous one at it', () => {
    const mondays = schedule('cron(0 8 ? * MON *)')
    const monday = at('2026-11-16T07:00:00Z')
    expect(nextTimes(mondays, 'Europe/Berlin', monday, 1)).toEqual([at('2026-11-23T07:00:00Z')])
    expect(previousTime(mondays, 'Europe/Berlin', monday)?.equals(monday)).toBe(true)
    expect(previousTime(mondays, 'Europe/Berlin', monday.subtract({ seconds: 1 }))).toEqual(at('2026-11-09T07:00:00Z'))
  })

  test('a schedule that has not begun has no previous time, and one that is over no next', () => {
    expect(previousTime(schedule('cron(0 8 ? * MON 2028)'), 'UTC', at('2026-11-16T07:00:00Z'))).toBeUndefined()
    expect(next('cron(0 8 1 1 ? 2026)', 'UTC', '2026-11-16T07:00:00Z')).toEqual([])
    expect(previousTime(schedule('cron(0 8 1 1 ? 2026)'), 'UTC', at('2150-11-16T07:00:00Z'))).toEqual(at('2026-01-01T08:00:00Z'))
  })
})

describe('where clocks change, as AWS documents it', () => {
  test('the time of day stays, whatever the offset', () => {
    expect(next('cron(0 8 * * ? *)', 'Europe/Berlin', '2026-10-23T12:00:00Z')).toEqual([
      '2026-10-24T08:00+02:00',
      '2026-10-25T08:00+01:00',
      '2026-10-26T08:00+01:00',
    ])
  })

  test('a time that does not exist in spring is skipped', () => {
    expect(next('cron(30 2 * * ? *)', 'Europe/Berlin', '2026-03-28T00:00:00Z')).toEqual([
      '2026-03-28T02:30+01:00',
      '2026-03-30T02:30+02:00',
      '2026-03-31T02:30+02:00',
    ])
  })

  test('a time that comes twice in autumn runs once, at its first', () => {
    expect(next('cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T02:30+02:00',
      '2026-10-26T02:30+01:00',
      '2026-10-27T02:30+01:00',
    ])
    const between = at('2026-10-25T00:45:00Z')
    expect(previousTime(schedule('cron(30 2 * * ? *)'), 'Europe/Berlin', between)).toEqual(at('2026-10-25T00:30:00Z'))
  })

  test('a whole day that a zone left out has no times', () => {
    const samoa = schedule('cron(0 8 * * ? *)')
    expect(
      previousTime(samoa, 'Pacific/Apia', at('2011-12-30T17:00:00Z'))
        ?.toZonedDateTimeISO('Pacific/Apia')
        .toPlainDate()
        .toString(),
    ).toBe('2011-12-29')
  })
})

describe('rate and at', () => {
  test('a rate counts from the epoch, in real time over a change of clocks', () => {
    expect(next('rate(1 day)', 'Europe/Berlin', '2026-10-24T00:00:00Z')).toEqual([
      '2026-10-25T02:00+02:00',
      '2026-10-26T01:00+01:00',
      '2026-10-27T01:00+01:00',
    ])
    expect(next('rate(15 minutes)', 'UTC', '2026-10-24T10:15:00Z', 2)).toEqual([
      '2026-10-24T10:30+00:00',
      '2026-10-24T10:45+00:00',
    ])
    expect(previousTime(schedule('rate(6 hours)'), 'UTC', at('2026-10-24T12:00:00Z'))).toEqual(at('2026-10-24T12:00:00Z'))
  })

  test('at comes once, in the report’s zone', () => {
    const once = schedule('at(2026-11-16T08:00:00)')
    expect(nextTimes(once, 'Europe/Berlin', at('2026-11-01T00:00:00Z'), 3)).toEqual([at('2026-11-16T07:00:00Z')])
    expect(nextTimes(once, 'Europe/Berlin', at('2026-11-16T07:00:00Z'), 3)).toEqual([])
    expect(previousTime(once, 'Europe/Berlin', at('2026-11-16T06:59:59Z'))).toBeUndefined()
  })
})

describe('what EventBridge would refuse, or what would never run, is refused with what would be right', () => {
  test.each([
    ['0 8 * * 1', 'EventBridge needs six fields: cron(0 8 ? * MON *)'],
    ['cron(0 8 * * 1)', 'EventBridge needs six fields: cron(0 8 ? * MON *)'],
    ['cron(0 8 * * 1-5)', 'EventBridge needs six fields: cron(0 8 ? * MON-FRI *)'],
    ['cron(0 8 * * 0,6)', 'EventBridge needs six fields: cron(0 8 ? * SUN,SAT *)'],
    ['cron(0 8 1 * *)', 'EventBridge needs six fields: cron(0 8 1 * ? *)'],
    ['*/5 * * * *', 'EventBridge needs six fields: cron(*/5 * * * ? *)'],
    ['@daily', 'EventBridge needs six fields: cron(0 0 * * ? *)'],
    ['0 8 ? * MON *', 'EventBridge needs six fields: cron(0 8 ? * MON *)'],
    ['cron(0 8 1 * 1)', /needs six fields: minutes hours day-of-month month day-of-week year; .* has 5$/],
    ['cron(0 8 * * * *)', 'one of the two days must be ?: cron(0 8 * * ? *)'],
    ['cron(0 8 * * MON *)', 'one of the two days must be ?: cron(0 8 ? * MON *)'],
    ['cron(0 8 1 * MON *)', /^one of the two days must be \?: cron\(0 8 1 \* \? \*\) or cron\(0 8 \? \* MON \*\)/],
    ['cron(0 8 ? * ? *)', 'one of the two days must say which; every day is cron(0 8 * * ? *)'],
    ['cron(60 8 ? * MON *)', '"60" is no minute; write 0 to 59'],
    ['cron(0 24 ? * MON *)', '"24" is no hour; write 0 to 23'],
    ['cron(0 8 32 * ? *)', '"32" is no day of the month; write 1 to 31'],
    ['cron(0 8 0 * ? *)', '"0" is no day of the month; write 1 to 31'],
    ['cron(0 8 1 13 ? *)', '"13" is no month; write 1 to 12 or JAN to DEC'],
    ['cron(0 8 ? * 8 *)', '"8" is no day of the week; write 1 to 7 or SUN to SAT'],
    ['cron(0 8 ? * 0 *)', '"0" is no day of the week; write 1 to 7 or SUN to SAT'],
    ['cron(0 8 ? * mon *)', '"mon" is no day of the week; names are three capitals, MON'],
    ['cron(0 8 ? * MONDAY *)', '"MONDAY" is no day of the week; names are three capitals, MON'],
    ['cron(0 8 ? * FRI-MON *)', 'FRI-MON goes backwards; write SUN-MON,FRI-SAT'],
    ['cron(0 22-2 * * ? *)', '22-2 goes backwards; write 0-2,22-23'],
    ['cron(0 8 ? * 6#6 *)', /^#6 never comes/],
    ['cron(0 8 ? * 6#0 *)', /^#0 never comes/],
    ['cron(0 8 ? * 2#1,6#3 *)', /# stands alone/],
    ['cron(0 8 LW * ? *)', /stand alone/],
    ['cron(0 8 L-3 * ? *)', /stand alone/],
    ['cron(0 8 40W * ? *)', /there is no day 40/],
    ['cron(0 8 ? * MON/2 *)', /no steps of weekdays/],
    ['cron(*/0 8 * * ? *)', /steps of nothing/],
    ['cron(? 8 * * ? *)', '? stands for a day only; write * for every minute'],
    ['cron(, 8 * * ? *)', '"," is no minute; write 0 to 59'],
    ['cron(1-2-3 8 * * ? *)', '"1-2-3" is no minute; write 0 to 59'],
    ['cron(0 8 31 2 ? *)', /^day 31 of month 2 never comes/],
    ['cron(0 8 30 FEB ? *)', /^day 30 of month FEB never comes/],
    ['cron(0 8 31 4,6,9,11 ? *)', /^day 31 of month 4,6,9,11 never comes/],
    ['cron(0 8 29 2 ? 2027)', /^day 29 of month 2 of 2027 never comes/],
    ['cron(0 8 31W 2 ? *)', /^day 31W of month 2 never comes/],
    ['cron(0 8 ? * MON 2020)', 'year 2020 is over; write * for every year'],
    ['cron(0 8 ? * MON 2020-2025)', 'year 2020-2025 is over; write * for every year'],
    ['cron(0 8 ? * MON 2200)', '"2200" is no year; write 1970 to 2199'],
    ['rate(1 days)', 'EventBridge writes this rate(1 day)'],
    ['rate(2 hour)', 'EventBridge writes this rate(2 hours)'],
    ['rate(0 days)', 'a rate of 0 never runs; count from 1'],
    ['rate(2 weeks)', /is not a rate; write rate\(15 minutes\)/],
    ['rate(1.5 hours)', /is not a rate/],
    ['at(2026-02-31T08:00:00)', /is not a time/],
    ['at(2026-11-16T08:00)', /is not a time; write at\(2026-11-16T08:00:00\)/],
    ['at(2026-11-16T08:00:00Z)', /without a zone/],
    ['at(1999-01-01T08:00:00)', /was over long ago/],
    ['every monday', /is not a schedule; write cron/],
    ['', /is not a schedule; write cron/],
    ['cron()', /six fields/],
  ])('%s', (text, expected) => {
    const read = parseSchedule(text)
    expect('problem' in read ? read.problem : 'it is accepted').toEqual(
      expected instanceof RegExp ? expect.stringMatching(expected) : expected,
    )
  })

  test('no text at all makes it throw, and what it proposes for five fields is right', () => {
    const pieces = fc.constantFrom(
      'cron(',
      'rate(',
      'at(',
      ')',
      ' ',
      '*',
      '?',
      '/',
      '-',
      ',',
      '#',
      'L',
      'W',
      'MON',
      '1',
      '31',
      '2026',
      '0 8 * * ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const read = parseSchedule(text)
          const [, six] = 'problem' in read ? (/needs six fields: (cron\(.*\))$/.exec(read.problem) ?? []) : []
          if (six !== undefined) expect(parseSchedule(six)).not.toHaveProperty('problem')
        },
      ),
      { numRuns: 2000 },
    )
  })
})
