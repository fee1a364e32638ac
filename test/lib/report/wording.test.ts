import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { numbersOf } from '../../../lib/report/editorial/numbers.ts'
import { against, changeTitle, datesOf, periodOf, zoneName } from '../../../lib/report/editorial/periods.ts'
import { segmentNames } from '../../../lib/report/editorial/segment-names.ts'
import { asSentence, subjectOf } from '../../../lib/report/editorial/titles.ts'
import { counted, plain, stepped } from './made-answers.ts'

describe('numbers', () => {
  const english = numbersOf('en-GB')
  const german = numbersOf('de-DE')

  test.each([
    [4190, 'number', '4,190', '4.190'],
    [0.27, 'percent', '27.0 %', '27,0 %'],
    [1.94, 'number', '1.9', '1,9'],
    [139.3, 'number', '139', '139'],
    [0.0345, 'number', '0.035', '0,035'],
    [1234567, 'number', '1,234,567', '1.234.567'],
    [0.9996, 'percent', '99.96 %', '99,96 %'],
    [0.0003, 'percent', '0.03 %', '0,03 %'],
    [1, 'percent', '100.0 %', '100,0 %'],
    [-3, 'number', '-3', '-3'],
    [-1.2e45, 'number', '-1.2E45', '-1,2E45'],
  ])('%s as %s is %s, in German %s', (value, format, inEnglish, inGerman) => {
    expect(plain(english.figure(value, format))).toBe(inEnglish)
    expect(plain(german.figure(value, format))).toBe(inGerman)
  })

  test('money keeps its cents while they matter', () => {
    expect(english.figure(31.25, 'EUR')).toBe('€31.25')
    expect(english.figure(31, 'EUR')).toBe('€31')
    expect(plain(german.figure(29_346.5, 'EUR'))).toBe('29.347 €')
  })

  test('no number is an en dash', () => {
    expect(english.figure(null, 'number')).toBe('–')
  })

  test('a change has a decimal only below ten per cent, and only where it says something', () => {
    expect(plain(english.percent(346 / 3844))).toBe('9 %')
    expect(plain(english.percent(622 / 18_308))).toBe('3.4 %')
    expect(plain(english.percent(-0.312))).toBe('31 %')
    expect(plain(english.percent(0.00031))).toBe('0.03 %')
    expect(plain(english.percent(-0.9991))).toBe('99.9 %')
    expect(english.points(0.0312)).toBe('3.1')
    expect(english.difference(-0.404, 2.3)).toBe('0.4')
    expect(english.difference(0.4, 120)).toBe('0.4')
  })

  test('shares in a table are whole per cents, and have a decimal where all are small', () => {
    expect([0.48, 0.055, 1, 0.997, 0.0004, 0].map((part) => plain(english.share(part, 0.48)))).toEqual([
      '48 %',
      '6 %',
      '100 %',
      '99.7 %',
      '0.04 %',
      '0 %',
    ])
    expect([0.05, 0.001, 0].map((part) => plain(german.share(part, 0.05)))).toEqual(['5,0 %', '0,1 %', '0,0 %'])
  })

  test('number and unit stay on one line', () => {
    expect(english.percent(0.09)).toBe('9\u00a0%')
  })
})

describe('dates', () => {
  const period = (start: string, end: string, zone = 'Europe/Berlin') => {
    const iso = (text: string) => Temporal.PlainDateTime.from(text).toZonedDateTime(zone).toString({ timeZoneName: 'never' })
    return periodOf({ start: iso(start), end: iso(end) }, zone)
  }
  const week = period('2026-11-09', '2026-11-16')

  const { span, during, lately } = datesOf({ weekStart: 'monday' })

  test('a week is told with its weekdays and one month', () => {
    expect(plain(span(week, { weekdays: true, year: true }))).toBe('Monday 9 to Sunday 15 November 2026')
  })

  test.each([
    ['2026-11-02', '2026-11-09', '2 to 8 November'],
    ['2026-10-26', '2026-11-02', '26 October to 1 November'],
    ['2025-12-29', '2026-01-05', '29 December 2025 to 4 January 2026'],
    ['2026-10-01', '2026-11-01', 'October'],
    ['2026-08-01', '2026-11-01', 'August to October'],
    ['2025-01-01', '2026-01-01', '2025'],
    ['2026-11-15', '2026-11-16', 'Sunday 15 November'],
    ['2026-11-09', '2026-11-16T08:00', '9 to 16 November'],
    ['2026-11-16', '2026-11-16T08:00', 'Monday 16 November'],
    ['2026-11-14T08:00', '2026-11-16T08:00', '14 November, 08:00 to 16 November, 08:00'],
  ])('%s until %s is %s', (start, end, expected) => {
    expect(plain(span(period(start, end)))).toBe(expected)
  })

  test('a week of 167 or 169 hours is a week, a day of 23 or 25 a day', () => {
    expect(period('2026-03-23', '2026-03-30')).toMatchObject({ unit: 'week', days: 7 })
    expect(period('2026-10-19', '2026-10-26')).toMatchObject({ unit: 'week', days: 7 })
    expect(period('2026-03-29', '2026-03-30')).toMatchObject({ unit: 'day', days: 1 })
    expect(plain(span(period('2026-10-25', '2026-10-26')))).toBe('Sunday 25 October')
    // Its last hour is another day in UTC.
    expect(plain(span(period('2026-03-08', '2026-03-09', 'America/Los_Angeles')))).toBe('Sunday 8 March')
  })

  test('a change is put against the same length of time', () => {
    expect(against(week, 'previous')).toBe('on the week')
    expect(against(week, 'year')).toBe('on the year')
    expect(against(period('2026-10-01', '2026-11-01'), 'previous')).toBe('on the month')
    expect(against(period('2026-11-15', '2026-11-16'), 'previous')).toBe('on the day')
    expect(against(period('2026-11-02', '2026-11-16'), 'previous')).toBe('on the period before')
    expect(changeTitle(week, 'previous')).toBe('On the week before')
  })

  test('the recent past is seen from the scheduled instant', () => {
    const at = Temporal.Instant.from('2026-11-16T07:00:00Z')
    expect(lately(week, at)).toBe('last week')
    expect(lately(period('2026-11-02', '2026-11-09'), at)).toBe('the week before last')
    expect(lately(period('2026-10-26', '2026-11-02'), at)).toBe('from 26 October to 1 November')
    expect(lately(period('2026-11-15', '2026-11-16'), at)).toBe('yesterday')
    expect(lately(period('2026-10-01', '2026-11-01'), at)).toBe('in October')
    expect(lately(period('2025-10-01', '2025-11-01'), at)).toBe('in October 2025')
    expect(during(period('2026-11-02', '2026-11-09'), false)).toBe('from 2 to 8 November')
  })

  test.each([
    ['Europe/Berlin', 'Berlin time'],
    ['America/New_York', 'New York time'],
    ['America/Argentina/Buenos_Aires', 'Buenos Aires time'],
    ['UTC', 'UTC'],
    ['Etc/UTC', 'UTC'],
    ['Etc/GMT+5', 'Etc/GMT+5'],
    ['+02:00', 'UTC+02:00'],
  ])('%s is %s', (zone, expected) => {
    expect(zoneName(zone)).toBe(expected)
  })
})

describe('titles in sentences', () => {
  test.each([
    ['Sign-ups by country', 'sign-ups', true],
    ['Weekly active users', 'weekly active users', true],
    ['Errors per 1,000 page views', 'errors per 1,000 page views', true],
    ['Users who invited a friend', 'users who invited a friend', true],
    ['API calls', 'API calls', true],
    ['iOS installs', 'iOS installs', true],
    ['Stripe charges', 'Stripe charges', true],
    ['Page Views', 'Page Views', true],
    ['Activation', 'activation', false],
    ['Weekly active', 'weekly active', false],
    ['New business', 'new business', false],
    ['7-day active users', '7-day active users', false],
    ['DAU', 'DAU', false],
    ['登録', '登録', false],
    ['Revenue by plan by month', 'revenue', false],
    ['by country', 'by country', false],
  ])('%s is %s', (title, within, countable) => {
    expect(subjectOf({ title, question: counted('It', { on: 'country' }) })).toMatchObject({ within, countable })
  })

  test('a title keeps its “by …” where nothing is split', () => {
    expect(subjectOf({ title: 'Invites by mail', question: counted('It') }).within).toBe('invites by mail')
    expect(subjectOf({ title: 'Invites by mail', question: stepped(['A', 'B']) }).within).toBe('invites by mail')
  })

  test('a total is not put beside “per hour” or “by hour”, an average and a ratio are', () => {
    expect(subjectOf({ title: 'Matches per hour', question: counted('It') })).toMatchObject({
      within: 'Matches',
      countable: true,
    })
    expect(subjectOf({ title: 'Users by day', question: counted('It', { type: 'unique' }) }).within).toBe('users')
    expect(subjectOf({ title: 'Load per hour', question: counted('It', { type: 'average', of: 'load' }) }).leading).toBe(
      'Load per hour',
    )
    expect(subjectOf({ title: 'Errors per day', question: { kind: 'ratio', of: 'a', to: 'b', times: 1 } }).leading).toBe(
      'Errors per day',
    )
  })

  test('a name in small letters starts a sentence with a capital, unless it has its own', () => {
    const question = counted('It')
    expect(subjectOf({ title: 'signups', question }).leading).toBe('Signups')
    expect(subjectOf({ title: 'iOS installs', question }).leading).toBe('iOS installs')
    expect(asSentence('later entrants still have time')).toBe('Later entrants still have time.')
    expect(asSentence('iOS is not counted!')).toBe('iOS is not counted!')
  })
})

describe('segments', () => {
  test.each(['country', '$country_code', 'mp_country_code', 'properties["country"]'])(
    '%s is read as names of countries',
    (on) => {
      const { heading, show } = segmentNames(on)
      expect([heading, show('DE'), show('de'), show('QQ'), show('undefined'), show('')]).toEqual([
        'Country',
        'Germany',
        'de',
        'QQ',
        '(not set)',
        '(empty)',
      ])
    },
  )

  test.each([
    ['mp_country_code', 31, '31 more countries'],
    ['plan_type', 1, '1 more plan type'],
    ['$city', 2, '2 more cities'],
    ['is_paid', 2, '2 more segments'],
    ['$os', 2, '2 more segments'],
    [undefined, 2, '2 more events'],
    ['number(properties["a"]) + 1', 2, '2 more segments'],
  ])('the rest of %s is %i: %s', (on, count, expected) => {
    expect(segmentNames(on).more(count, String)).toBe(expected)
  })

  test('other properties keep their values', () => {
    expect(segmentNames('plan_type')).toMatchObject({ heading: 'Plan type' })
    expect(segmentNames('plan_type').show('DE')).toBe('DE')
    expect(segmentNames('number(properties["a"]) + 1').heading).toBe('Segment')
    expect(segmentNames(undefined).heading).toBe('Event')
  })
})
