import { describe, expect, test } from 'vitest'
import { mistakesOf, right, spoilt } from './written.ts'

describe('what speaks of something else in the file', () => {
  test.each([
    ['source: own', 'source: onw', '6:11: there is no source "onw"; did you mean own?'],
    ['signups: { seg', 'signups: { source: prodct, seg', '13:26: there is no source "prodct"; did you mean product?'],
    ['figures: [signups]', 'figures: [signup]', '17:15: there is no query "signup"; did you mean signups?'],
    ['figures: [signups]', 'figures: [signups, signups]', '17:24: "signups" is there twice; name it once'],
    ['of: signups', 'of: sign-ups', '16:28: there is no query "sign-ups"; did you mean signups?'],
    ['of: signups', 'of: path', '16:28: "path" is a funnel; a ratio divides two segmentations'],
    ['of: signups', 'of: rate', '16:28: "rate" is a ratio; a ratio divides two segmentations'],
    [
      'event: Open App',
      'event: Open App, unit: week',
      '16:15: signups and active differ in `unit`; a ratio divides point by point: give both the same',
    ],
    [
      '{ event: Open App } }',
      '{ event: Open App }, timeframe: yesterday }',
      '16:15: signups and active differ in `timeframe`; a ratio divides point by point: give both the same',
    ],
    [
      '{ event: Open App } }',
      '{ event: Open App }, trend: previous_4_weeks }',
      '16:15: signups and active differ in `trend`; a ratio divides point by point: give both the same',
    ],
    [
      'to: active } }',
      'to: active }, timeframe: yesterday }',
      '16:62: a ratio speaks of the `timeframe` of signups and active; leave it out',
    ],
    ['to: active } }', 'to: active }, source: own }', '16:59: a ratio asks no source: it divides two answers; leave it out'],
    [
      'to: active } }',
      'to: active }, compare: [year] }',
      '16:60: signups is not compared with `year`; add it to the `compare` of signups',
    ],
    ['kind: lake, events: ./events', 'kind: lake, export: events', '4:30: there is no export "events"; there is none'],
    ['kind: mixpanel', 'kind: mixpannel', '3:20: there is no kind of source "mixpannel"; did you mean mixpanel?'],
    ['kind: mixpanel, ', '', '3:3: `kind` is missing'],
  ])('%s → %s', (from, to, expected) => {
    expect(mistakesOf(spoilt(from, to))).toEqual([expected])
  })

  test.each([
    [
      'event: Sign Up',
      'event: Open App, on: country',
      'active is split by `on: country`, and signups is not; split signups as well, or leave active whole',
    ],
    [
      'event: Sign Up, on: plan',
      'event: Open App, on: country',
      'signups is split by `on: plan`, and active by `on: country`; split both alike, or leave active whole',
    ],
    [
      'event: Sign Up',
      'event: [A, B]',
      'active is split by `event: [A, B]`, and signups is not; split signups as well, or leave active whole',
    ],
    [
      'event: [A, C]',
      'event: [A, B]',
      'signups is split by `event: [A, C]`, and active by `event: [A, B]`; split both alike, or leave active whole',
    ],
    [
      'event: Sign Up',
      'event: [A]',
      'active is split by `event: [A]`, and signups is not; split signups as well, or leave active whole',
    ],
  ])('a ratio of { %s } to { %s } has no segments to divide', (of, to, expected) => {
    const divided = spoilt('{ event: Sign Up }', `{ ${of} }`).replace('{ event: Open App }', `{ ${to} }`)
    expect(mistakesOf(divided)).toEqual([`16:15: ${expected}: a segment is divided by the one of its name, or by the whole`])
  })

  test('a ratio of ratios that go in a circle', () => {
    const circle = spoilt(
      '{ ratio: { of: signups, to: active } }',
      '{ ratio: { of: other, to: active } }\n      other: { ratio: { of: rate, to: active } }',
    )
    expect(mistakesOf(circle)).toEqual([
      '16:28: "other" is a ratio; a ratio divides two segmentations',
      '17:29: "rate" is a ratio; a ratio divides two segmentations',
    ])
  })

  test.each([
    ['{ when: signup, below: 5 }', '18:17: there is no query "signup"; did you mean signups?'],
    ['{ when: signup / DE, changed: -20 % }', '18:17: there is no query "signup"; did you mean signups?'],
    ['{ when: signups }', '18:9: an alert says `below`, `above` or `changed`'],
    ['{ when: signups, changed: much }', '18:35: a change is written like -20 %'],
    ['{ when: signups, below: 5, flor: 1 }', '18:36: there is no `flor` in `alerts`; did you mean floor?'],
    ['{ when: signups, below: 5, for: 0 }', '18:41: `for` is more than 0, not 0'],
    ['{ when: signups, below: 5, to: [x] }', '18:41: "x" is no address such as name@example.com'],
  ])('the alert %s', (alert, expected) => {
    expect(
      mistakesOf(
        spoilt('    email: { to', `    alerts:\n      - ${alert}\n    email: { to`).replace('\n    figures: [signups]', ''),
      ),
    ).toEqual([expected])
  })

  test.each([
    ['{ source: prodct, data: events, from: 2026-01-01 }', '20:21: there is no source "prodct"; did you mean product?'],
    [
      '{ source: own, data: events, from: 2026-01-01 }',
      '20:21: own is a lake, which is what an export makes; copy from a vendor',
    ],
    [
      '{ source: product, data: event, from: 2026-01-01 }',
      '20:36: "event" is not events, people, customers or catalog; did you mean events?',
    ],
    ['{ source: product, data: events, from: 2026-02-30 }', '20:50: "2026-02-30" is not a date such as 2026-01-01'],
    ['{ source: product, data: events, from: 2026-01-01, to: 2026-01-01 }', '20:66: `to` lies after `from`'],
    ['{ source: product, data: events, from: 2026-01-01, every: week }', '20:69: "week" is not hour or day'],
    ['{ source: product, data: events, from: 2026-01-01, at: 3:00 }', "20:66: a time of day is written like '03:00'"],
    ['{ source: product, data: events, from: 2026-01-01, drop: [email] }', /^20:68: json keeps the vendor's own bytes/],
    [
      '{ source: product, data: events, from: 2026-01-01, format: [parquet], drop: [email, distinct_id] }',
      '20:95: `distinct_id` cannot be dropped: each row is told by whom it is of; `broadsheet forget` takes a person out',
    ],
    [
      '{ source: product, data: events, from: 2026-01-01, format: [parquet], drop: [$insert_id] }',
      /^20:88: `\$insert_id` cannot/,
    ],
    ['{ source: product, data: events, from: 2026-01-01, format: [parquet], drop: [time] }', /^20:88: `time` cannot/],
    ['{ source: product, data: events, from: 2026-01-01, format: [parquet], drop: [event] }', /^20:88: `event` cannot/],
    [
      '{ source: product, data: people, from: 2026-01-01, format: [parquet], drop: [distinct_id] }',
      /^20:88: `distinct_id` cannot/,
    ],
    ['{ source: product, data: events, from: 2026-01-01, where: a b }', /^20:69: in this expression, /],
    ['{ source: product, data: events }', '20:3: `from` is missing'],
  ])('the export %s', (line, expected) => {
    expect(mistakesOf(`${right}exports:\n  events: ${line}\n`)).toEqual([
      expected instanceof RegExp ? expect.stringMatching(expected) : expected,
    ])
  })
})

test('properties that only other rows are told by may be dropped', () => {
  const line = '{ source: product, data: people, from: 2026-01-01, format: [parquet], drop: [time, event, constructor] }'
  expect(mistakesOf(`${right}exports:\n  profiles: ${line}\n`)).toEqual([])
})

describe('two exports whose tables would have one name', () => {
  const line = '{ source: product, data: events, from: 2026-01-01'
  const both = (own = '', other = '') => `${right}exports:\n  a-b: ${line}${own} }\n  a-b-windows: ${line}${other} }\n`

  test('are refused', () => {
    expect(mistakesOf(both())).toEqual([
      '21:3: its table would be called a_b_windows, and so is that of the windows of a-b; give it another name, or write `glue: false`',
    ])
  })

  test.each([
    [', glue: false', ''],
    ['', ', glue: false'],
  ])('are right where one of them has none: %j %j', (own, other) => {
    expect(mistakesOf(both(own, other))).toEqual([])
  })

  test('are right where the other one is not there', () => {
    expect(mistakesOf(`${right}exports:\n  a-b-windows: ${line} }\n`)).toEqual([])
  })
})

describe('a question that its source cannot answer names both', () => {
  test.each([
    [
      '{ segmentation: { event: Sign Up } }',
      '{ people: {} }',
      '13:18: source own (lake) cannot answer a people question; it answers segmentation, funnel, retention, frequency and top',
    ],
    [
      '{ segmentation: { event: Sign Up } }',
      '{ saved: { insights: 60327213 } }',
      '13:18: source own (lake) cannot answer a saved question; it answers segmentation, funnel, retention, frequency and top',
    ],
    [
      'path: { ',
      'path: { source: product, ',
      '15:32: source product (mixpanel) cannot answer this funnel; Mixpanel runs saved funnels only: add `saved: { product: <id> }`, the id of the one with these steps',
    ],
  ])('%s → %s', (from, to, expected) => {
    expect(mistakesOf(spoilt(from, to)).filter((line) => line.includes('cannot answer'))).toEqual([expected])
  })

  test('Mixpanel counts days in its own zone, which is the report’s or has its clock', () => {
    const inZone = (zone: string) =>
      mistakesOf(spoilt('schedule:', `timezone: ${zone}\n    schedule:`).replace('signups: {', 'signups: { source: product,'))
    expect(inZone('Europe/Paris')).toEqual([])
    expect(inZone('Europe/London')).toEqual([
      '14:7: source product counts days in Europe/Berlin, and this report in Europe/London; give the report `timezone: Europe/Berlin`, or the source the zone that its project has at the vendor',
    ])
  })
})
