import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { describeProject, outlineProject } from '../../../lib/project/describe.ts'
import { load, right, spoilt } from './written.ts'

const at = (time: string) => Temporal.Instant.from(time)
const shown = (yaml: string, now: string) => describeProject(load(yaml), at(now))

describe('what check says', () => {
  test('the whole of a small project', () => {
    const yaml = spoilt(
      'schedule:',
      'title: Weekly growth\n    owner: Growth team <growth@example.com>\n    compare: [previous, year]\n    schedule:',
    ).replace('event: Sign Up }', 'event: Sign Up, on: country, limit: 5, where: \'properties["plan"] == "pro"\' }')
    const text = shown(yaml, '2026-10-21T12:00:00Z').split('\n').slice(1).join('\n')
    expect(text).toBe(`Time zone Europe/Berlin; weeks start on Monday; numbers as in en-GB.

Weekly growth (weekly)
  schedule   cron(0 8 ? * MON *) in Europe/Berlin
  next runs  Mon 2026-10-26 08:00 +01:00
             Mon 2026-11-02 08:00 +01:00
             Mon 2026-11-09 08:00 +01:00
  mail       to growth@example.com from Reports <reports@example.com>
  owner      Growth team <growth@example.com>
  figures    signups

  signups: Signups, segmentation of own
    Sign Up, each day, by country, the 5 largest, where properties["plan"] == "pro"
    period  previous_1_week  Mon 2026-10-19 to Sun 2026-10-25
    against previous         Mon 2026-10-12 to Sun 2026-10-18
    against year             Mon 2025-10-20 to Sun 2025-10-26

  active: Active, segmentation of own
    Open App, each day
    period  previous_1_week  Mon 2026-10-19 to Sun 2026-10-25
    against previous         Mon 2026-10-12 to Sun 2026-10-18
    against year             Mon 2025-10-20 to Sun 2025-10-26

  path: Path, funnel of own
    Sign Up → Invite, within 7 days
    period  previous_1_week  Mon 2026-10-12 to Sun 2026-10-18, as later entrants still have time
    against previous         Mon 2026-10-05 to Sun 2026-10-11
    against year             Mon 2025-10-13 to Sun 2025-10-19

  rate: Rate, ratio
    signups ÷ active
    period  previous_1_week  Mon 2026-10-19 to Sun 2026-10-25
    against previous         Mon 2026-10-12 to Sun 2026-10-18
    against year             Mon 2025-10-20 to Sun 2025-10-26

Sources
  product  mixpanel  project 1234567, region us, credentials ssm:/broadsheet/product
  own      lake      events ./events

           segmentation  funnel  retention  frequency  top  people  saved
  product  yes           yes     yes        yes        yes  yes     yes
  own      yes           yes     yes        yes        yes  –       –`)
  })

  test('what is asked for no dates has none, and what makes no comparison is against nothing', () => {
    const yaml = spoilt('schedule:', 'compare: [previous, year]\n    schedule:').replace(
      '    figures:',
      `      board: { source: product, saved: { insights: 60327213 } }
      steps: { source: product, saved: { funnel: 7509 } }
      who: { source: product, people: { limit: 5 } }
      stay: { retention: { first: Sign Up, then: any } }
      often: { frequency: { event: Open App, unit: week, of: day } }
      most: { source: product, top: { what: events } }
    figures:`,
    )
    const text = shown(yaml, '2026-10-21T12:00:00Z')
    const rowsOf = (name: string) =>
      new RegExp(`^  ${name}: .*\\n    .*\\n((?:    (?:period|trend|against) .*\\n)*)`, 'm').exec(text)?.[1]
    const week = '    period  previous_1_week  Mon 2026-10-19 to Sun 2026-10-25\n'
    expect(rowsOf('board')).toBe("    period  the saved report's own dates\n")
    expect(rowsOf('who')).toBe('    period  profiles as they are when they are asked for\n')
    for (const name of ['steps', 'stay', 'often', 'most']) expect(rowsOf(name), name).toBe(week)
    expect(rowsOf('signups')).toContain('against year')
    const outline = outlineProject(load(yaml), at('2026-10-21T12:00:00Z')).reports[0]?.queries.find(
      ({ name }) => name === 'board',
    )
    expect(outline).toMatchObject({ undated: "the saved report's own dates", comparisons: [] })
    expect(outline).not.toHaveProperty('timeframe')
  })

  test('whose dates an answer has is said as its source has it', () => {
    const yaml = spoilt(
      '    figures:',
      `      orders: { source: shop, people: { event: purchases, limit: 5 }, timeframe: previous_1_week }
      ever: { source: shop, people: { event: purchases }, timeframe: previous_2_days }
      kept: { source: shop, saved: { query: weekly } }
      steps:
        { source: crm, funnel: { steps: [visit, signup], within: 7 days, saved: { crm: 606488856f8c } }, timeframe: previous_1_week, compare: [previous] }
      own: { source: crm, saved: { analysis: 606488856f8c, type: funnel } }
      plain: { funnel: { steps: [visit, signup], within: 7 days }, timeframe: previous_1_week }
    figures:`,
    ).replace(
      'sources:',
      `sources:
  shop: { kind: keen, project: 5f1e0c, credentials: env:KEEN, actor: user.id }
  crm: { kind: exponea, project: 2b6a-11, url: https://api.example.com, credentials: env:EXPONEA }`,
    )
    const text = shown(yaml, '2026-10-21T12:00:00Z')
    const rowsOf = (name: string) =>
      new RegExp(`^  ${name}: .*\\n    .*\\n((?:    (?:period|trend|against) .*\\n?)*)`, 'm').exec(text)?.[1]
    expect(rowsOf('orders')).toBe('    period  previous_1_week  Mon 2026-10-19 to Sun 2026-10-25\n')
    expect(rowsOf('ever')).toBe('    period  previous_2_days  Sat 2026-10-24 to Sun 2026-10-25\n')
    expect(rowsOf('kept')).toBe("    period  the saved report's own dates\n")
    expect(rowsOf('steps')).toBe("    period  the saved funnel's own dates\n")
    expect(rowsOf('own')).toBe("    period  the saved report's own dates\n")
    expect(rowsOf('plain')).toContain('Mon 2026-10-12 to Sun 2026-10-18, as later entrants still have time')
  })

  test('run times keep to the clock over its changes, with the offset that each has', () => {
    const daily = spoilt('cron(0 8 ? * MON *)', 'cron(0 8 * * ? *)')
    expect(shown(daily, '2026-10-24T00:00:00Z')).toContain(
      '  next runs  Sat 2026-10-24 08:00 +02:00\n             Sun 2026-10-25 08:00 +01:00\n             Mon 2026-10-26 08:00 +01:00\n',
    )
    expect(shown(daily, '2026-03-28T00:00:00Z')).toContain(
      '  next runs  Sat 2026-03-28 08:00 +01:00\n             Sun 2026-03-29 08:00 +02:00\n             Mon 2026-03-30 08:00 +02:00\n',
    )
  })

  test('a report is shown in its own zone', () => {
    const text = shown(spoilt('schedule:', 'timezone: Asia/Kolkata\n    schedule:'), '2026-10-24T00:00:00Z')
    expect(text).toContain('cron(0 8 ? * MON *) in Asia/Kolkata')
    expect(text).toContain('Mon 2026-10-26 08:00 +05:30')
  })

  test('a window that is still running says so, with its times', () => {
    const text = shown(spoilt('timeframe: previous_1_week', 'timeframe: this_2_days'), '2026-11-10T00:00:00Z')
    expect(text).toContain('period  this_2_days  Sun 2026-11-15 00:00 +01:00 to Mon 2026-11-16 08:00 +01:00, still running')
  })

  test('a schedule that is over says so', () => {
    const text = shown(spoilt('cron(0 8 ? * MON *)', 'at(2026-11-02T08:00:00)'), '2026-11-10T00:00:00Z')
    expect(text).toContain('next runs  none: the schedule is over; below is Mon 2026-11-02 08:00 +01:00')
  })

  test('a report that nobody gets says so, and what this version leaves out stands at the end', () => {
    const yaml = spoilt('    email: { to: [growth@example.com] }\n', '    alerts:\n      - { when: signups, below: 5 }\n')
    const text = shown(yaml, '2026-11-10T00:00:00Z')
    expect(text).toContain('  mail       none: nobody is named in `email`; the answers are kept')
    expect(text).toMatch(
      /\n\nNot in this version\n {2}\S*.*broadsheet\.yaml:18:5: alerts are checked, and not acted upon by this version yet$/,
    )
  })

  test('no line of it is wider than 100 columns, as far as words can be broken', () => {
    const long = spoilt(
      '[Sign Up, Invite]',
      '[Sign Up, Create Project, Invite a Teammate, Upgrade to Pro, Renew, Renew Again, Tell a Friend, Leave]',
    ).replace('[growth@example.com]', `[${Array.from({ length: 9 }, (_, at) => `reader-${at}@example.com`).join(', ')}]`)
    const lines = shown(long, '2026-11-10T00:00:00Z').split('\n')
    expect(lines.filter((line) => line.length > 100 && !line.includes('broadsheet.yaml'))).toEqual([])
  })

  test('the outline behind it is plain JSON', () => {
    const outline = outlineProject(load(right), at('2026-10-21T12:00:00Z'))
    expect(JSON.parse(JSON.stringify(outline))).toEqual(outline)
    expect(outline.reports[0]?.next).toEqual([
      '2026-10-26T08:00:00+01:00',
      '2026-11-02T08:00:00+01:00',
      '2026-11-09T08:00:00+01:00',
    ])
    expect(outline.reports[0]?.queries[0]?.timeframe).toEqual({
      says: 'previous_1_week',
      start: '2026-10-19T00:00:00+02:00',
      end: '2026-10-26T00:00:00+01:00',
      partial: false,
      immature: false,
      moved: false,
    })
    expect(outline.sources[1]).toEqual({
      name: 'own',
      kind: 'lake',
      config: { events: './events' },
      answers: { segmentation: true, funnel: true, retention: true, frequency: true, top: true, people: false, saved: false },
    })
  })
})

test.each([
  ['1 day', '1 hour', 'the last day is looked at again each time; the last hour once a week'],
  ['24 hours', '2 days', 'the last day is looked at again each time; the last 2 days once a week'],
  ['11 days', '15 days', 'the last 11 days are looked at again each time; the last 15 days once a week'],
])('one or several of them: the last %s, the last %s', (sync, back, words) => {
  const text = shown(
    `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: ssm:/broadsheet/product }
exports:
  events: { source: product, data: events, from: 2026-01-01, sync: ${sync}, refresh: { every: week, back: ${back} } }
`,
    '2026-10-21T12:00:00Z',
  )
  expect(text.replace(/\n {4}/g, ' ')).toContain(words)
})

test('what is asked of an export, in the words of the file', () => {
  const text = shown(
    `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: ssm:/broadsheet/product }
exports:
  events:
    { source: product, data: events, from: 2026-01-01, to: 2026-12-01, every: hour, order: oldest, sync: 5 days, format: [parquet],
      schema: multi, events: [Sign Up, Charge], drop: [email], keep: 36 hours, refresh: { every: month, back: 90 days } }
`,
    '2026-10-21T12:00:00Z',
  )
  const words = text.slice(text.indexOf('Exports')).replace(/\n {4}/g, ' ')
  expect(words).toContain(
    'events: events of product, every hour; from 2026-01-01 until 2026-12-01, that day left out, the oldest first; ' +
      'as parquet, a file for each event; only Sign Up, Charge; without email; ' +
      'the last 5 days are looked at again each time; the last 90 days once a month; kept for 36 hours',
  )
})
