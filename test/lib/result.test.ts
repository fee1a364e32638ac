import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import type { FunnelResult, SeriesResult } from '../../lib/result.ts'
import { result, stepsOf, toCsv, toJson } from '../../lib/result.ts'

const head = {
  version: 1,
  report: 'weekly',
  query: 'signups',
  source: 'own',
  definition: 'a'.repeat(64),
  timezone: 'Europe/Berlin',
  timeframe: { start: '2026-11-09T00:00:00+01:00', end: '2026-11-11T00:00:00+01:00' },
} as const

const series: SeriesResult = {
  ...head,
  shape: 'series',
  unit: 'day',
  measure: 'general',
  dates: ['2026-11-09', '2026-11-10'],
  series: [
    { name: '=cmd|"/c calc"!A1', values: [1, null], total: 1 },
    { name: 'Zürich, "Nord"\nund Süd', values: [-2.5, 1e21], total: null },
  ],
  total: null,
  comparisons: [],
  notes: [],
}

test('a CSV holds the same numbers as the JSON, null as empty, names of any kind', () => {
  const rows = parse(toCsv(series), { columns: true })
  expect(rows).toEqual([
    { date: '2026-11-09', series: '=cmd|"/c calc"!A1', value: '1' },
    { date: '2026-11-10', series: '=cmd|"/c calc"!A1', value: '' },
    { date: '2026-11-09', series: 'Zürich, "Nord"\nund Süd', value: '-2.5' },
    { date: '2026-11-10', series: 'Zürich, "Nord"\nund Süd', value: '1e+21' },
  ])
})

test('for spreadsheets, formula-like text is neutralised, and only text', () => {
  const rows = parse(toCsv(series, { forSpreadsheets: true }), { columns: true })
  expect(rows.map((row) => (row as { series: string }).series.slice(0, 5))).toEqual(["'=cmd", "'=cmd", 'Züric', 'Züric'])
  expect(rows.at(2)).toMatchObject({ value: '-2.5' })
})

test('a stored result is read back as it was, and its bytes are the same each time', () => {
  expect(result.parse(JSON.parse(toJson(series)))).toEqual(series)
  expect(toJson(structuredClone(series))).toBe(toJson(series))
})

test('conversions of a funnel: of the step before, of those who entered, null where nobody was', () => {
  const steps = stepsOf([
    { name: 'A', count: 10, medianSeconds: 99 },
    { name: 'B', count: 4, medianSeconds: 60 },
    { name: 'C', count: 0, medianSeconds: null },
    { name: 'D', count: 0, medianSeconds: null },
  ])
  expect(
    steps.map(({ stepConversion, overallConversion, medianSeconds }) => [stepConversion, overallConversion, medianSeconds]),
  ).toEqual([
    [1, 1, null],
    [0.4, 0.4, 60],
    [0, 0, null],
    [null, 0, null],
  ])
  const funnel: FunnelResult = { ...head, shape: 'funnel', steps, segments: [{ name: 'DE', steps }], comparisons: [], notes: [] }
  const rows = parse(toCsv(funnel), { columns: true }) as Record<string, string>[]
  expect(rows.map(({ segment, step, count }) => `${segment}/${step}/${count}`)).toEqual([
    '/A/10',
    '/B/4',
    '/C/0',
    '/D/0',
    'DE/A/10',
    'DE/B/4',
    'DE/C/0',
    'DE/D/0',
  ])
  expect(Object.keys(rows[0] ?? {})).toEqual([
    'segment',
    'step',
    'count',
    'step_conversion',
    'overall_conversion',
    'median_seconds',
  ])
})
