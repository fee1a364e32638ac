import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ProjectError, printMistake, UsageError } from '../../../lib/errors.ts'
import { deploymentMistakes } from '../../../lib/project/deployment.ts'
import { loadProject } from '../../../lib/project/load.ts'
import type { SourceKind } from '../../../lib/sources/source.ts'
import { load, right, spoilt } from './written.ts'

/** Every word of the design's own example that this version's sources can answer, and some that it does not have. */
const everything = `# yaml-language-server: $schema=whatever
x-week: &week { timeframe: previous_1_week }
timezone: Europe/Berlin
locale: de-AT
weekStart: sunday
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, timezone: Europe/Berlin, credentials: ssm:/broadsheet/product, budget: 30 per hour }
  own: { kind: lake, export: events, wait: 3 hours }
defaults:
  source: own
  compare: [previous, year]
  hold: 90 minutes
  email: { from: "Reports <reports@example.com>" }
reports:
  weekly-growth:
    title: Weekly growth
    owner: Growth team <growth@example.com>
    schedule: cron(0 8 ? * MON *)
    queries:
      signups:
        title: Sign-ups by country
        segmentation: { event: Sign Up, on: country, unit: day, limit: 6, clean: true }
        trend: previous_4_weeks
        chart: line
        better: higher
        <<: *week
      activation:
        funnel: { steps: [Sign Up, Create Project, { event: Invite, where: 'properties["count"] > 0' }], within: 7 days, saved: { product: 7509 } }
        timeframe: previous_1_week
      active:  { segmentation: { event: any, type: unique, unit: week }, timeframe: previous_1_week }
      errors:  { segmentation: { event: Error, unit: week }, timeframe: previous_1_week, compare: [previous] }
      error-rate: { ratio: { of: errors, to: active, times: 1000 }, better: lower }
      revenue: { source: product, segmentation: { event: Charge, type: sum, of: amount }, timeframe: previous_1_week, format: EUR }
    figures: [signups, activation, active, error-rate]
    alerts:
      - { when: signups, below: 1000, to: [oncall@example.com] }
      - { when: signups / DE, changed: -20 %, floor: 50, for: 2 }
    email: { to: [growth@example.com], attach: csv }
  quiet:
    timezone: America/New_York
    hold: 1 hour
    schedule: rate(6 hours)
    timeframe: yesterday
    compare: []
    queries:
      '2024': { segmentation: { event: [B, A] } }
      '7': { segmentation: { event: A } }
      a: { segmentation: { event: A } }
      b: { segmentation: { event: B }, timeframe: { start: 2026-01-01, end: 2026-02-01 } }
      c-and-d: { segmentation: { event: C } }
exports:
  events: { source: product, data: events, from: 2026-01-01, every: day, at: '03:00', sync: 5 days, format: [json, parquet], refresh: { every: month, back: 90 days } }
`

describe('a project that is right', () => {
  const project = load(everything)
  const weekly = project.reports['weekly-growth']
  const quiet = project.reports['quiet']
  const query = (name: string) => weekly?.queries.find((one) => one.name === name)

  test('has its calendar, and every report its own zone or the file’s', () => {
    expect(project).toMatchObject({ timezone: 'Europe/Berlin', locale: 'de-AT', weekStart: 'sunday' })
    expect(weekly).toMatchObject({ timezone: 'Europe/Berlin', weekStart: 'sunday', hold: 5400 })
    expect(quiet).toMatchObject({ timezone: 'America/New_York', weekStart: 'sunday', hold: 3600 })
  })

  test('has sources as their kinds read them, ids as texts', () => {
    expect(project.sources['product']).toEqual({
      name: 'product',
      kind: 'mixpanel',
      config: {
        kind: 'mixpanel',
        project: '1234567',
        region: 'eu',
        timezone: 'Europe/Berlin',
        credentials: 'ssm:/broadsheet/product',
        budget: { perHour: 30 },
      },
    })
    expect(project.sources['own']?.config).toEqual({ kind: 'lake', export: 'events', wait: '3 hours' })
  })

  test('keeps queries in the file’s order, names of digits too', () => {
    expect(weekly?.queries.map(({ name }) => name)).toEqual([
      'signups',
      'activation',
      'active',
      'errors',
      'error-rate',
      'revenue',
    ])
    expect(quiet?.queries.map(({ name }) => name)).toEqual(['2024', '7', 'a', 'b', 'c-and-d'])
  })

  test('fills in what a query leaves out, from its report and the defaults', () => {
    expect(query('signups')).toEqual({
      name: 'signups',
      title: 'Sign-ups by country',
      source: 'own',
      question: { kind: 'segmentation', event: 'Sign Up', on: 'country', type: 'general', unit: 'day', limit: 6, clean: true },
      timeframe: 'previous_1_week',
      trend: 'previous_4_weeks',
      compare: ['previous', 'year'],
      chart: 'line',
      better: 'higher',
    })
    expect(query('revenue')).toMatchObject({ title: 'Revenue', source: 'product', format: 'EUR' })
    expect(quiet?.queries[4]).toMatchObject({ title: 'C and d', timeframe: 'yesterday', compare: [], better: 'higher' })
    expect(quiet?.queries[3]?.timeframe).toEqual({ start: '2026-01-01', end: '2026-02-01' })
  })

  test('gives a ratio the times of its parts, and what both are compared with', () => {
    expect(query('error-rate')).toEqual({
      name: 'error-rate',
      title: 'Error rate',
      question: { kind: 'ratio', of: 'errors', to: 'active', times: 1000 },
      timeframe: 'previous_1_week',
      compare: ['previous'],
      better: 'lower',
    })
  })

  test('compares a ratio with less than its parts where it says so', () => {
    const compared = (compare: string) => {
      const parts = spoilt('to: active } }', `to: active }, compare: ${compare} }`)
      const both = parts.replace('  source: own', '  source: own\n  compare: [previous, year]')
      return load(both).reports['weekly']?.queries.map((one) => one.compare)
    }
    const both = ['previous', 'year']
    expect(compared('[year]')).toEqual([both, both, both, ['year']])
    expect(compared('[]')).toEqual([both, both, both, []])
  })

  test.each([
    ['event: Sign Up, on: country', 'event: Open App, on: country'],
    ['event: Sign Up, on: country', 'event: Open App'],
    ['event: [Sign Up, Log In]', 'event: Open App'],
    ['event: [Sign Up, Log In]', 'event: [Sign Up, Log In]'],
    ['event: [Sign Up]', 'event: Open App'],
  ])('divides { %s } by { %s }, each segment by its own or by the whole', (of, to) => {
    const divided = spoilt('{ event: Sign Up }', `{ ${of} }`).replace('{ event: Open App }', `{ ${to} }`)
    expect(load(divided).reports['weekly']?.queries[3]?.question.kind).toBe('ratio')
  })

  test.each([
    ['{ event: Sign Up } }', '{ event: Charge, type: sum, of: amount }, format: EUR }'],
    ['{ event: Sign Up } }', '{ event: Charge, type: average, of: discount }, format: percent }'],
    ['{ event: Sign Up } }', '{ event: Charge }, format: number }'],
    ['to: active } }', 'to: active }, format: percent }'],
    ['to: active } }', 'to: active, times: 1000 }, format: EUR }'],
    ['within: 7 days } }', 'within: 7 days }, format: percent }'],
  ])('a format that its figure can have: %s → %s', (from, to) => {
    expect(load(spoilt(from, to)).reports['weekly']?.queries).toHaveLength(4)
  })

  test('shows the first four queries as figures unless it says which', () => {
    expect(weekly?.figures).toEqual(['signups', 'activation', 'active', 'error-rate'])
    expect(quiet?.figures).toEqual(['2024', '7', 'a', 'b'])
    expect(load(spoilt('figures: [signups]', 'figures: []')).reports['weekly']?.figures).toEqual([])
  })

  test('mails what has recipients, from the usual sender', () => {
    expect(weekly?.email).toEqual({ from: 'Reports <reports@example.com>', to: ['growth@example.com'], attach: 'csv' })
    expect(quiet?.email).toBeUndefined()
  })

  test('keeps alerts and exports, and warns that this version leaves alerts at that', () => {
    expect(weekly?.alerts).toEqual([
      { when: 'signups', below: 1000, for: 1, to: ['oncall@example.com'] },
      { when: 'signups / DE', changed: '-20 %', floor: 50, for: 2 },
    ])
    expect(project.exports['events']).toEqual({
      name: 'events',
      source: 'product',
      data: 'events',
      from: '2026-01-01',
      every: 'day',
      at: '03:00',
      sync: 432_000,
      format: ['json', 'parquet'],
      order: 'newest',
      schema: 'mono',
      refresh: { every: 'month', back: 7_776_000 },
    })
    expect(project.warnings.map((one) => printMistake(one).replace(/^.*broadsheet.yaml:/, ''))).toEqual([
      '35:5: alerts are checked, and not acted upon by this version yet',
    ])
  })

  test('has no source, report or export that it does not name', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect([project.sources[name], project.reports[name], project.exports[name]]).toEqual([undefined, undefined, undefined])
    }
  })

  test('a file with nothing but a zone is a project, and its weeks start on Monday', () => {
    expect(load('timezone: UTC\n')).toMatchObject({
      timezone: 'UTC',
      weekStart: 'monday',
      locale: 'en-GB',
      reports: {},
      warnings: [],
    })
  })

  test('mixpanel alone, with its funnel saved, is a project too', () => {
    const only = spoilt('source: own', 'source: product')
      .replace(/ {2}own:.*\n/, '')
      .replace('within: 7 days', 'within: 7 days, saved: { product: 1 }')
    expect(load(only).reports['weekly']?.queries.map(({ source }) => source)).toEqual([
      'product',
      'product',
      'product',
      undefined,
    ])
  })
})

describe('where a project file is', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'a project '))
    writeFileSync(join(folder, 'broadsheet.yaml'), right)
    writeFileSync(join(folder, 'wrong.yaml'), 'timezone: X\n')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('a file, or a folder that holds broadsheet.yaml', () => {
    const file = join(folder, 'broadsheet.yaml')
    expect(loadProject(file)).toMatchObject({ file, folder })
    expect(loadProject(folder)).toMatchObject({ file, folder })
    expect(loadProject(relative(process.cwd(), folder))).toMatchObject({ file, folder })
  })

  test('none there is a wrong command, not a wrong project', () => {
    mkdirSync(join(folder, 'empty'))
    for (const path of ['empty', 'nothing.yaml', 'wrong.yaml/x']) {
      expect(() => loadProject(join(folder, path))).toThrow(UsageError)
    }
    expect(() => loadProject(join(folder, 'empty'))).toThrow(
      `there is no project file ${join(folder, 'empty', 'broadsheet.yaml')}`,
    )
  })

  test('mistakes name it as it was named, or relative to where the command is typed', () => {
    const mistakes = (path: string) => {
      try {
        loadProject(path)
      } catch (error) {
        if (error instanceof ProjectError) return error.mistakes.map(({ file }) => file)
        throw error
      }
      return []
    }
    expect(mistakes(join(folder, 'wrong.yaml'))).toEqual([join(folder, 'wrong.yaml')])
    const below = mkdtempSync(join(process.cwd(), 'test', 'wrong-'))
    try {
      writeFileSync(join(below, 'broadsheet.yaml'), 'timezone: X\n')
      expect(mistakes(below)).toEqual([join(relative(process.cwd(), below), 'broadsheet.yaml')])
    } finally {
      rmSync(below, { recursive: true })
    }
  })

  test('where() leads back to a value’s place', () => {
    const { where } = loadProject(folder)
    expect(where?.(['sources', 'product', 'credentials'])).toMatchObject({ line: 3, column: 61 })
    expect(where?.(['reports', 'weekly', 'queries', 'signups', 'source'])).toMatchObject({ line: 13, column: 7 })
    expect(where?.(['nowhere'])).toMatchObject({ line: 1, column: 1 })
  })
})

test('kinds of source that another program brings are read by their own schemas', () => {
  const schema = z.strictObject({ kind: z.literal('shop'), id: z.string(), size: z.number().max(3) })
  const shop: SourceKind<typeof schema> = {
    kind: 'shop',
    schema,
    kinds: ['segmentation'],
    refuse: (config, question, { name }) =>
      question.kind === 'segmentation' && question.clean ? `${name} of ${config.id} is clean` : undefined,
    open: () => {
      throw new Error('nothing is opened to check a file')
    },
  }
  const folder = mkdtempSync(join(tmpdir(), 'project '))
  try {
    const file = join(folder, 'p.yaml')
    const write = (size: string, clean: string) =>
      writeFileSync(
        file,
        `timezone: UTC\nsources:\n  s: { kind: shop, id: 7, size: ${size} }\nreports:\n  r:\n    schedule: rate(1 day)\n    queries:\n      q: { source: s, segmentation: { event: E, clean: ${clean} }, timeframe: today }\n`,
      )
    write('3', 'false')
    expect(loadProject(file, { kinds: { shop } }).sources['s']?.config).toEqual({ kind: 'shop', id: '7', size: 3 })
    write('4', 'false')
    expect(() => loadProject(file, { kinds: { shop } })).toThrow(`${file}:3:33: \`size\` is 3 at most, not 4`)
    write('3', 'true')
    expect(() => loadProject(file, { kinds: { shop } })).toThrow(
      `${file}:8:23: source s (shop) cannot answer this segmentation; s of 7 is clean`,
    )
    expect(() => loadProject(file)).toThrow(
      `${file}:3:14: there is no kind of source "shop"; there is mixpanel, keen, exponea and lake`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

describe('what cannot be deployed', () => {
  const told = (yaml: string) => deploymentMistakes(load(yaml)).map((one) => printMistake(one).replace(/^.*broadsheet.yaml:/, ''))

  test('a lake that a report asks, and the folder it is', () => {
    expect(told(right)).toEqual([
      '4:30: ./events is a folder of one machine; leave the source out',
      '13:7: query signups of weekly asks own, and this version answers a lake on one machine only; ask the vendor that the events come from',
      '14:7: query active of weekly asks own, and this version answers a lake on one machine only; ask the vendor that the events come from',
      '15:7: query path of weekly asks own, and this version answers a lake on one machine only; ask the vendor that the events come from',
    ])
  })

  test('credentials of an environment, and addresses of one machine', () => {
    const remote = right
      .replace('ssm:/broadsheet/product }', "env:MIXPANEL, url: 'http://127.0.0.1:8080' }")
      .replace(/ {2}own:.*\n/, '')
      .replace('source: own', 'source: product')
      .replace('within: 7 days', 'within: 7 days, saved: { product: 1 }')
    expect(told(remote)).toEqual([
      '3:61: env:MIXPANEL is in the environment of one machine; write ssm:/name or secretsmanager:name, and put the credential there',
      '3:80: http://127.0.0.1:8080 is an address of one machine; leave out `url` to ask the vendor itself',
    ])
  })

  test('a lake on an export that nobody asks may stay', () => {
    const kept = everything
      .replace('source: own', 'source: product')
      .replace(/ {2}quiet:[\s\S]*?(?=exports:)/, '')
      .replace('event: any', 'event: Open')
    expect(told(kept)).toEqual([])
  })
})
