import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { RefusedError } from '../../../lib/errors.ts'
import type { Project, Report } from '../../../lib/project/project.ts'
import * as words from '../../../lib/query.ts'
import { planBudget } from '../../../lib/report/budget.ts'
import type { SourceKind } from '../../../lib/sources/source.ts'

/** Asks one question for the timeframe and one for each compared period; a `where` is refused. */
const asking: SourceKind = {
  kind: 'vendor',
  schema: z.object({}),
  kinds: ['segmentation'],
  limit: (config) => {
    const { project, perHour } = config as { project: string; perHour: number }
    return { key: project, label: `Project ${project}`, perHour }
  },
  cost: (_, { question, windows }) => {
    if (question.kind === 'segmentation' && question.where !== undefined)
      throw new RefusedError('no conditions', { remedy: 'drop it' })
    return 1 + windows.comparisons.length
  },
  open: () => {
    throw new Error('a plan opens nothing')
  },
}
const free: SourceKind = { kind: 'free', schema: z.object({}), kinds: ['segmentation'], open: asking.open }
const kinds = { vendor: asking, free }

type Asked = { name: string; source: string; where?: string; compare?: Report['queries'][number]['compare'] }

function report(name: string, schedule: string, queries: readonly Asked[]): Report {
  return {
    name,
    title: name,
    schedule,
    timezone: 'Europe/Berlin',
    weekStart: 'monday',
    hold: 7200,
    figures: [],
    alerts: [],
    queries: queries.map(({ name: query, source, where, compare = [] }) => ({
      name: query,
      title: query,
      source,
      question: {
        kind: 'segmentation',
        ...words.segmentation.parse({ event: 'Sign Up', ...(where === undefined ? {} : { where }) }),
      },
      timeframe: 'previous_1_day',
      compare,
      better: 'higher',
    })),
  }
}

function project(
  reports: readonly Report[],
  sources: Record<string, { kind: string; project?: string; perHour?: number }>,
): Project {
  return {
    file: '/broadsheet.yaml',
    folder: '/',
    timezone: 'Europe/Berlin',
    weekStart: 'monday',
    locale: 'en-GB',
    sources: Object.fromEntries(Object.entries(sources).map(([name, config]) => [name, { name, kind: config.kind, config }])),
    reports: Object.fromEntries(reports.map((one) => [one.name, one])),
    exports: {},
    warnings: [],
  }
}

// A Saturday.
const now = Temporal.Instant.from('2026-11-21T06:00:00Z')
const product = { product: { kind: 'vendor', project: 'a', perHour: 5 } }
const two = ['q1', 'q2'].map((name) => ({ name, source: 'product' }))

describe('the plan of the coming week', () => {
  test('counts each hour of it in the project’s zone, comparisons included', () => {
    const weekly = report('weekly', 'cron(0 8 ? * MON *)', [
      { name: 'q', source: 'product', compare: ['previous', 'year'] },
      { name: 'r', source: 'product' },
    ])
    const { limits, refused } = planBudget(project([weekly], product), kinds, now)
    const hour = { hour: '2026-11-23T08:00:00+01:00', calls: 4, reports: { weekly: 4 } }
    expect(limits).toEqual([{ label: 'Project a', sources: ['product'], perHour: 5, hours: [hour], peak: hour }])
    expect(refused).toEqual([])
  })

  test('is a week long, the moment itself not in it', () => {
    const hourly = report('hourly', 'cron(0 * * * ? *)', two)
    const [limit] = planBudget(project([hourly], product), kinds, now).limits
    expect(limit?.hours).toHaveLength(7 * 24)
    expect(limit?.hours[0]?.hour).toBe('2026-11-21T08:00:00+01:00')
  })

  test('finds the most in sixty minutes across the hours of the clock', () => {
    const early = report('early', 'cron(55 8 ? * MON *)', [...two, { name: 'q3', source: 'product' }])
    const late = report('late', 'cron(5 9 ? * MON *)', two)
    const later = report('later', 'cron(55 9 ? * MON *)', two)
    const [limit] = planBudget(project([early, late, later], product), kinds, now).limits
    expect(limit?.hours.map(({ calls }) => calls)).toEqual([3, 4])
    // At 9:55 the calls of 8:55 have just left the hour.
    expect(limit?.peak).toEqual({ hour: '2026-11-23T09:05:00+01:00', calls: 5, reports: { early: 3, late: 2 } })
  })

  test.each([
    // Seven at once, of which five fit: two wait an hour.
    ['a burst', 'cron(0 8 ? * MON *)', 7, { calls: 2, longestMinutes: 60, neverMade: 0 }],
    // Each hour has to be caught up with by the next one.
    ['a burst of three hours', 'cron(0 8 ? * MON *)', 12, { calls: 7, longestMinutes: 120, neverMade: 0 }],
    ['what just fits', 'rate(12 minutes)', 1, undefined],
    ['what fits hour by hour', 'cron(0 * * * ? *)', 5, undefined],
    // Ten for five hours, then nothing: the backlog is worked off at night.
    ['a busy afternoon', 'cron(0 13-17 ? * MON *)', 10, { calls: 45, longestMinutes: 300, neverMade: 0 }],
    // 1,008 in the week, and 840 fit.
    ['a steady overload', 'rate(10 minutes)', 1, { calls: 1003, longestMinutes: 2010, neverMade: 168 }],
  ])('carries over what waits: %s', (_, schedule, questions, late) => {
    const queries = Array.from({ length: questions }, (_, at) => ({ name: `q${at}`, source: 'product' }))
    const [limit] = planBudget(project([report('r', schedule, queries)], product), kinds, now).limits
    expect(limit?.late).toEqual(late)
  })

  test('adds up the sources that ask one project, by the smaller share', () => {
    const both = report('both', 'cron(0 8 ? * MON *)', [
      { name: 'q', source: 'product' },
      { name: 'r', source: 'same' },
      { name: 's', source: 'own' },
    ])
    const sources = { ...product, same: { kind: 'vendor', project: 'a', perHour: 3 }, own: { kind: 'free' } }
    const { limits } = planBudget(project([both], sources), kinds, now)
    expect(limits).toEqual([expect.objectContaining({ sources: ['product', 'same'], perHour: 3 })])
    expect(limits[0]?.peak?.calls).toBe(2)
  })

  test('asks nothing where no report does', () => {
    const once = report('once', 'at(2026-11-01T08:00:00)', two)
    const [limit] = planBudget(project([once], product), kinds, now).limits
    expect(limit).toEqual({ label: 'Project a', sources: ['product'], perHour: 5, hours: [] })
  })

  test('names once what its source will refuse', () => {
    const daily = report('daily', 'cron(0 8 * * ? *)', [
      { name: 'bad', source: 'product', where: 'true' },
      { name: 'good', source: 'product' },
    ])
    const { limits, refused } = planBudget(project([daily], product), kinds, now)
    expect(refused).toEqual([{ report: 'daily', query: 'bad', problem: 'no conditions', remedy: 'drop it' }])
    expect(limits[0]?.peak?.calls).toBe(1)
  })
})
