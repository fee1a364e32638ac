import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { askOf } from '../../../lib/report/ask.ts'
import type { CohortsBody, TableBody } from '../../../lib/result.ts'
import { sampleProject, writeSample } from '../../../lib/sample/index.ts'
import { openLake } from '../sources/lake/folder.ts'
import { make, projectOf } from './made.ts'

const at = Temporal.Instant.from('2026-11-16T07:00:00Z')

const usual = {
  signups: { segmentation: { event: 'Sign Up', on: 'country' } },
  activation: { funnel: { steps: ['Sign Up', 'Create Project', 'Upgrade'], within: '7 days' } },
  active: { segmentation: { event: 'Open App', type: 'unique', unit: 'week' } },
  errors: { segmentation: { event: 'Error' }, better: 'lower' },
}

function stay(first: string, back: string, more: object = {}, timeframe = 'previous_8_weeks') {
  // biome-ignore lint/suspicious/noThenProperty: the word of the project file
  return { retention: { first, then: back, ...more }, timeframe }
}

/** What the lake answers from a sample of these queries, by their names. */
async function answersFrom(queries: Record<string, object>): Promise<Map<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'sample-'))
  const project = sampleProject(projectOf({ one: queries }), folder)
  await writeSample(project, at, folder, { events: 20_000 })
  const source = openLake({ kind: 'lake', events: folder }, { folder })
  try {
    const report = project.reports['one']
    if (report === undefined) throw new Error('the project has that report')
    const answers = report.queries.map(async (query) => {
      const answer = source.answers[query.question.kind as 'retention'] as (ask: unknown) => Promise<unknown>
      return [query.name, await answer(askOf(query, report, at))] as const
    })
    return new Map(await Promise.all(answers))
  } finally {
    await source.close?.()
    await rm(folder, { recursive: true })
  }
}

/** Of all who can have come back in an interval, the share who did. */
function shares({ cohorts }: CohortsBody): number[] {
  const most = Math.max(...cohorts.map(({ counts }) => counts.length))
  return Array.from({ length: most }, (_, place) => {
    const told = cohorts.filter(({ counts }) => counts.length > place)
    const sum = (numberOf: (one: CohortsBody['cohorts'][number]) => number) => told.reduce((all, one) => all + numberOf(one), 0)
    return sum(({ counts }) => counts[place] ?? 0) / sum(({ size }) => size)
  })
}

describe('people of a sample', () => {
  test.each<[string, Record<string, object>]>([
    ['who sign up, among other questions', { ...usual, stay: stay('Sign Up', 'any') }],
    ['who sign up, in a file that asks nothing else', { stay: stay('Sign Up', 'any') }],
    ['who do what they began with', { stay: stay('Play', 'Play') }],
    ['who reach a later step', { ...usual, stay: stay('Create Project', 'Open App', { unbounded: true }) }],
    ['who do what many do', { active: usual.active, stay: stay('Open App', 'any') }],
    ['each week anew', { ...usual, stay: stay('Open App', 'Open App', { kind: 'compounded' }) }],
    ['who do anything', { stay: stay('any', 'any') }],
    ['in months', { stay: stay('購入 🛒', '__proto__', { unit: 'month', intervals: 3 }, 'previous_6_months') }],
    ['under a condition', { stay: stay('Sign Up', 'Play', { where: 'properties["tier"] == "gold"', on: 'country' }) }],
  ])('%s come back, ever fewer', async (_, queries) => {
    const body = (await answersFrom(queries)).get('stay') as CohortsBody
    expect(body.cohorts.every(({ size }) => size > 40)).toBe(true)
    // Who has been there for long enters in the first unit, whenever that was.
    const [, ...later] = shares({ ...body, cohorts: body.cohorts.slice(1) })
    expect(later.length).toBeGreaterThanOrEqual(3)
    expect(later[0]).toBeGreaterThan(0.15)
    expect(later[0]).toBeLessThan(0.8)
    expect(later.at(-1)).toBeLessThan((later[0] ?? 0) * 0.9)
    expect(later.at(-1)).toBeGreaterThan(0.03)
    later.forEach((share, interval) => {
      expect(share).toBeLessThan((later[interval - 1] ?? 1) + 0.02)
    })
  })

  test('are active on one day or on several', async () => {
    const often = { frequency: { event: 'Play', unit: 'week', of: 'day', on: 'plan' }, timeframe: 'previous_4_weeks' }
    const body = (await answersFrom({ often })).get('often') as CohortsBody
    const [once, twice = 0, , four = 0] = shares(body)
    expect(once).toBe(1)
    expect(twice).toBeGreaterThan(0.1)
    expect(twice).toBeLessThan(0.8)
    expect(four).toBeLessThan(twice / 2)
    expect(four).toBeGreaterThan(0)
    expect(body.segments?.length).toBeGreaterThan(2)
  })
})

test('there is something on top', async () => {
  const ranked = (question: object) => ({ top: question, timeframe: 'previous_1_week' })
  const answers = await answersFrom({
    events: ranked({ what: 'events' }),
    properties: ranked({ what: 'properties', limit: 40 }),
    values: ranked({ what: 'values', property: 'Größe', event: 'Buy' }),
  })
  const rows = (name: string) => (answers.get(name) as TableBody).rows
  expect(rows('events').map(([name]) => name)).toEqual(['Buy'])
  expect(rows('properties').map(([name]) => name)).toContain('Größe')
  expect(rows('properties').length).toBeGreaterThan(20)
  expect(rows('values').length).toBeGreaterThan(3)
  const alone = await answersFrom({ events: ranked({ what: 'events' }) })
  expect((alone.get('events') as TableBody).rows.length).toBeGreaterThan(3)
})

describe('the events of such a sample', () => {
  test.each<[string, Record<string, object>]>([
    ['all that there is', { ...usual, stay: stay('Sign Up', 'any') }],
    ['retention alone', { stay: stay('Sign Up', 'any', { unit: 'day', intervals: 14 }, 'previous_14_days') }],
    ['what many do', { stay: stay('Open App', 'Open App'), active: usual.active }],
    ['a long time ago', { stay: stay('Sign Up', 'any', { unit: 'month', intervals: 12 }, 'previous_24_months') }],
  ])('are about as many as are asked for, with %s', async (_, queries) => {
    const made = await make(projectOf({ one: queries }), at)
    expect(made.events).toBeGreaterThan(43_000)
    expect(made.events).toBeLessThan(57_000)
    expect(Math.max(...made.once.map(({ properties }) => properties.time))).toBeLessThan(at.epochMilliseconds / 1000)
  })

  test('go on after the timeframe for as long as people may come back, and not beyond the run', async () => {
    const files = async (timeframe: object, intervals: number) => {
      const query = { ...stay('Sign Up', 'any', { unit: 'day', intervals }), timeframe }
      return (await make(projectOf({ one: { query } }), at, { events: 2000 })).files
    }
    const early = await files({ start: '2026-10-05', end: '2026-10-12' }, 7)
    expect([early[0], early.at(-1), early.length]).toEqual(['sample-2026-10-05.ndjson.gz', 'sample-2026-10-19.ndjson.gz', 15])
    const late = await files({ start: '2026-11-02', end: '2026-11-12' }, 20)
    expect([late[0], late.at(-1)]).toEqual(['sample-2026-11-02.ndjson.gz', 'sample-2026-11-16.ndjson.gz'])
  })

  test('are the same for the same project and instant', async () => {
    const project = projectOf({ one: { ...usual, stay: stay('Sign Up', 'any') } })
    const [one, two] = [await make(project, at, { events: 3000 }), await make(project, at, { events: 3000 })]
    expect(two.bytes).toEqual(one.bytes)
  })
})
