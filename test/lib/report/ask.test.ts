import { expect, test } from 'vitest'
import type { Project, Report } from '../../../lib/project/project.ts'
import type { Query } from '../../../lib/query.ts'
import { funnel, segmentation } from '../../../lib/query.ts'
import { askOf, askSource, definitionOf, headOf, ratioOf } from '../../../lib/report/ask.ts'
import type { SeriesResult } from '../../../lib/result.ts'
import { monday, project, report, vendor } from './desk.ts'

const base = { timeframe: 'previous_1_week', compare: ['previous', 'year'], better: 'higher', source: 'vendor' } as const
const split = (name: string, on: string | undefined): Query => ({
  ...base,
  name,
  title: name,
  question: { kind: 'segmentation', ...segmentation.parse({ event: name, unit: 'week', ...(on === undefined ? {} : { on }) }) },
})

/** One date and the given totals; comparisons hold the same. */
function answer(query: string, totals: Record<string, number>, folded?: number): SeriesResult {
  const total = Object.values(totals).reduce((sum, one) => sum + one, 0)
  const span = { start: '2026-11-02T00:00:00+01:00', end: '2026-11-09T00:00:00+01:00' }
  return {
    ...headOf(split(query, undefined), report, project, monday),
    shape: 'series',
    unit: 'week',
    measure: 'general',
    dates: ['2026-11-09'],
    series: Object.entries(totals).map(([name, one]) => ({
      name,
      values: [one],
      total: one,
      ...(name === 'Other' && folded ? { folded } : {}),
    })),
    total,
    comparisons: (['previous', 'year'] as const).map((to) => ({ to, timeframe: span, total, totals })),
    notes: folded ? [{ kind: 'other', text: `Other holds ${folded} more segments` }] : [],
  }
}

function ratio(
  ofOn: string | undefined,
  toOn: string | undefined,
  of: SeriesResult,
  to: SeriesResult,
  compare: Query['compare'] = base.compare,
) {
  const query: Query = {
    ...base,
    compare,
    source: undefined,
    name: 'rate',
    title: 'Rate',
    question: { kind: 'ratio', of: 'a', to: 'b', times: 1 },
  }
  const within: Report = { ...report, queries: [split('a', ofOn), split('b', toOn), query] }
  return ratioOf(query, headOf(query, within, project, monday), of, to, within)
}

test('a segment is divided by the segment of its name, and by nothing where the other has none', () => {
  const { series, comparisons } = ratio('country', 'country', answer('a', { FR: 50, DE: 20 }), answer('b', { DE: 10 }))
  expect(series.map(({ name, total, values }) => [name, total, values])).toEqual([
    ['FR', null, [null]],
    ['DE', 2, [2]],
  ])
  expect(comparisons[0]?.totals).toEqual({ FR: null, DE: 2 })
})

test('Other is not the same segments on both sides, so it has no quotient, and nothing is noted of it', () => {
  const { series, notes } = ratio(
    'country',
    'country',
    answer('a', { DE: 20, Other: 5 }, 9),
    answer('b', { DE: 10, Other: 10 }, 4),
  )
  expect(series.map(({ name }) => name)).toEqual(['DE'])
  expect(notes).toEqual([])
})

test('segments are divided by the whole where only the first is split, and keep their names, one or many', () => {
  expect(ratio('country', undefined, answer('a', { DE: 20 }), answer('b', { b: 80 })).series).toEqual([
    { name: 'DE', values: [0.25], total: 0.25 },
  ])
})

test('an unsplit ratio is named by its title, and compares with what the query says', () => {
  const { series, comparisons, total } = ratio(undefined, undefined, answer('a', { a: 3 }), answer('b', { b: 12 }), ['year'])
  expect([series[0]?.name, total]).toEqual(['Rate', 0.25])
  expect(comparisons.map(({ to }) => to)).toEqual(['year'])
})

test('nothing is divided by zero', () => {
  expect(ratio(undefined, undefined, answer('a', { a: 3 }), answer('b', { b: 0 })).total).toBeNull()
})

const steps: Query = {
  ...base,
  name: 'f',
  title: 'F',
  question: { kind: 'funnel', ...funnel.parse({ steps: ['A', 'B', 'C'], within: '7 days' }) },
}
function changed(query: Query, of: Partial<Project> = {}): string {
  return definitionOf(query, report, { ...project, ...of })
}

test('a definition is what the answer depends on: not how the mail speaks of it, nor the credential, nor another source’s id', () => {
  const { question } = steps
  const before = changed(steps)
  expect(changed({ ...steps, title: 'Another', better: 'lower', chart: 'none' })).toBe(before)
  expect(changed({ ...steps, question: { ...question, figure: 2, saved: { elsewhere: '7' } } as Query['question'] })).toBe(before)
  const sources = {
    vendor: { name: 'vendor', kind: 'vendor', config: { kind: 'vendor', credentials: 'env:OTHER', budget: '1 per hour' } },
  }
  expect(changed(steps, { sources })).toBe(before)

  expect(changed({ ...steps, question: { ...question, saved: { vendor: '7' } } as Query['question'] })).not.toBe(before)
  expect(changed({ ...steps, timeframe: 'previous_2_weeks' })).not.toBe(before)
  expect(
    changed(steps, { sources: { vendor: { name: 'vendor', kind: 'vendor', config: { kind: 'vendor', region: 'eu' } } } }),
  ).not.toBe(before)
})

test('a timeframe that has only just begun is refused, not answered with 0', async () => {
  const midnight = monday.subtract({ hours: 8 })
  const query = { ...split('a', undefined), timeframe: 'today' }
  const asked = askSource(vendor(), askOf(query, report, midnight), headOf(query, report, project, midnight))
  await expect(asked).rejects.toThrow('has only just begun')
})
