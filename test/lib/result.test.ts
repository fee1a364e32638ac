import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import type { CohortsResult, FunnelResult, SeriesResult, TableResult } from '../../lib/result.ts'
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

const cohorts: CohortsResult = {
  ...head,
  shape: 'cohorts',
  measure: 'retention',
  unit: 'week',
  interval: 'week',
  cohorts: [
    { date: '2026-10-26', size: 100, counts: [98, null, 30] },
    { date: '2026-11-02', size: 120, counts: [119] },
    { date: '2026-11-09', size: 0, counts: [] },
  ],
  notes: [],
}

test('cohorts are a row for each count: the interval from 0, a count nobody knows empty, one that is not over not there', () => {
  expect(parse(toCsv(cohorts), { columns: true })).toEqual([
    { cohort: '2026-10-26', size: '100', interval: '0', count: '98' },
    { cohort: '2026-10-26', size: '100', interval: '1', count: '' },
    { cohort: '2026-10-26', size: '100', interval: '2', count: '30' },
    { cohort: '2026-11-02', size: '120', interval: '0', count: '119' },
  ])
})

test('intervals of a frequency are at least so many, so they begin with 1', () => {
  const often: CohortsResult = { ...cohorts, measure: 'frequency', interval: 'day' }
  const rows = parse(toCsv(often), { columns: true }) as Record<string, string>[]
  expect(rows.map(({ interval, count }) => [interval, count])).toEqual([
    ['1', '98'],
    ['2', ''],
    ['3', '30'],
    ['1', '119'],
  ])
})

test('split cohorts have their segment first, and none for all of them', () => {
  const split: CohortsResult = {
    ...cohorts,
    cohorts: cohorts.cohorts.slice(1, 2),
    segments: [
      { name: '-1+1', cohorts: [{ date: '2026-11-02', size: 20, counts: [19] }] },
      { name: 'DE, AT', cohorts: [{ date: '2026-11-02', size: 100, counts: [100] }] },
    ],
  }
  expect(parse(toCsv(split))).toEqual([
    ['segment', 'cohort', 'size', 'interval', 'count'],
    ['', '2026-11-02', '120', '0', '119'],
    ['-1+1', '2026-11-02', '20', '0', '19'],
    ['DE, AT', '2026-11-02', '100', '0', '100'],
  ])
  expect(parse(toCsv(split, { forSpreadsheets: true }))[2]).toEqual(["'-1+1", '2026-11-02', '20', '0', '19'])
  expect(result.parse(JSON.parse(toJson(split)))).toEqual(split)
})

const table: TableResult = {
  ...head,
  shape: 'table',
  columns: [
    { name: '@name', type: 'text' },
    { name: 'spent, net', type: 'number' },
    { name: 'paying', type: 'boolean' },
    { name: '__proto__', type: 'json' },
  ],
  rows: [
    ['=1+1', -5, true, '{"a":[1]}'],
    ['+49 30 1234', 0.1, false, null],
    [null, null, null, '-'],
    ['two\nlines "quoted"', 1e21, true, 'true'],
  ],
  notes: [],
}

test('a table has its own columns: truths as words, null as empty, text and numbers as they are', () => {
  expect(parse(toCsv(table))).toEqual([
    ['@name', 'spent, net', 'paying', '__proto__'],
    ['=1+1', '-5', 'true', '{"a":[1]}'],
    ['+49 30 1234', '0.1', 'false', ''],
    ['', '', '', '-'],
    ['two\nlines "quoted"', '1e+21', 'true', 'true'],
  ])
  expect(result.parse(JSON.parse(toJson(table)))).toEqual(table)
})

test('for spreadsheets, texts and titles of a table that look like formulas are neutralised, numbers stay numbers', () => {
  expect(parse(toCsv(table, { forSpreadsheets: true })).slice(0, 4)).toEqual([
    ["'@name", 'spent, net', 'paying', '__proto__'],
    ["'=1+1", '-5', 'true', '{"a":[1]}'],
    ["'+49 30 1234", '0.1', 'false', ''],
    ['', '', '', "'-"],
  ])
})

test.each<[string, object]>([
  ['a count that is text', { ...cohorts, cohorts: [{ date: '2026-11-02', size: 1, counts: ['1'] }] }],
  ['a size that is not whole', { ...cohorts, cohorts: [{ date: '2026-11-02', size: 1.5, counts: [] }] }],
  ['a cell that is a list', { ...table, rows: [[['a'], 1, true, null]] }],
  ['a column of another type', { ...table, columns: [{ name: 'a', type: 'date' }] }],
  ['a word that no shape has', { ...table, total: 4 }],
])('%s is no result', (_, value) => {
  expect(result.safeParse(value).success).toBe(false)
})
