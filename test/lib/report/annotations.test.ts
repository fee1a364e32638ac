import { describe, expect, test } from 'vitest'
import type { SeriesChart } from '../../../lib/edition.ts'
import type { Query } from '../../../lib/query.ts'
import type { SeriesResult } from '../../../lib/result.ts'
import { alone, counted, makeQuery, seriesAnswer } from './made-answers.ts'

type Annotations = NonNullable<SeriesResult['annotations']>

function annotated(annotations: Annotations, question: object = {}, more: Partial<Query> = {}) {
  const query = makeQuery('exports', 'Exports', counted('Export', question), { timeframe: 'previous_1_week', ...more })
  const { article } = alone(query, (given) => ({ ...seriesAnswer(given, { Export: [50, 50, 50] }), annotations }))
  const chart = article.chart as SeriesChart | undefined
  return { article, chart, marks: chart?.annotations?.map(({ at, date, text }) => [at, date, text]) }
}

test('what people wrote is on the chart, in its alternative text and below it', () => {
  const { article, chart, marks } = annotated([
    { date: '2026-11-14', text: 'Price test' },
    { date: '2026-11-12', text: 'Spring release' },
  ])
  expect(marks).toEqual([
    [3, '12 Nov', 'Spring release'],
    [5, '14 Nov', 'Price test'],
  ])
  const told = 'On the chart: 12 Nov Spring release; 14 Nov Price test.'
  expect(article.notes).toEqual([told])
  expect(chart?.alt.endsWith(` ${told}`)).toBe(true)
})

describe('a mark stands at the point whose time holds it', () => {
  test.each<[string, object, Partial<Query>, string, number | undefined, string?]>([
    ['a day', {}, {}, '2026-11-09', 0, '9 Nov'],
    ['an instant of a day', {}, {}, '2026-11-09T23:30:00Z', 1, '10 Nov'],
    ['a clock time of a day', {}, {}, '2026-11-09T23:30:00', 0, '9 Nov'],
    ['the last day', {}, {}, '2026-11-15', 6, '15 Nov'],
    ['the day after', {}, {}, '2026-11-16', undefined],
    ['the day before', {}, {}, '2026-11-08', undefined],
    ['a Thursday in its week', { unit: 'week' }, { trend: 'previous_4_weeks' }, '2026-11-05', 2, '5 Nov'],
    ['the last Sunday in its week', { unit: 'week' }, { trend: 'previous_4_weeks' }, '2026-11-15', 3, '15 Nov'],
    ['the Monday after', { unit: 'week' }, { trend: 'previous_4_weeks' }, '2026-11-16', undefined],
    ['a day in its month', { unit: 'month' }, { timeframe: 'previous_3_months' }, '2026-09-30', 1, '30 Sept'],
    ['a day in a year’s months', { unit: 'month' }, { timeframe: 'previous_12_months' }, '2025-12-24', 1, '24 Dec'],
    ['an hour', { unit: 'hour' }, { timeframe: 'previous_48_hours' }, '2026-11-15T14:20:00+01:00', 30, '15 Nov, 14:20'],
    ['a day among hours', { unit: 'hour' }, { timeframe: 'previous_48_hours' }, '2026-11-15', 16, '15 Nov'],
    ['no date', {}, {}, 'soon', undefined],
  ])('%s', (_, question, more, date, at, label) => {
    const { marks, article } = annotated([{ date, text: 'It' }], question, more)
    expect(marks).toEqual(at === undefined ? undefined : [[at, label, 'It']])
    if (at === undefined) expect(article.notes.join()).not.toContain('On the chart')
  })

  test('also in the hour that a clock has twice', () => {
    const query = makeQuery('exports', 'Exports', counted('Export', { unit: 'hour' }), {
      timeframe: { start: '2026-10-25', end: '2026-10-26' },
    })
    const annotations = [
      { date: '2026-10-25T02:30:00+02:00', text: 'once' },
      { date: '2026-10-25T02:30:00+01:00', text: 'again' },
    ]
    const { article } = alone(query, (given) => ({ ...seriesAnswer(given, { Export: [50, 50, 50] }), annotations }))
    expect((article.chart as SeriesChart).annotations?.map(({ at }) => at)).toEqual([2, 3])
  })
})

test('of many the latest are marked, and the others counted', () => {
  const many = Array.from({ length: 9 }, (_, at) => ({
    date: `2026-11-${String(9 + (at % 7)).padStart(2, '0')}`,
    text: `Note ${at}`,
  }))
  const { marks, article } = annotated(many)
  expect(marks?.map(([, , text]) => text)).toEqual(['Note 2', 'Note 3', 'Note 4', 'Note 5', 'Note 6'].toSpliced(0, 0, 'Note 8'))
  expect(article.notes[0]).toMatch(/^On the chart: .*; 3 earlier ones are not shown\.$/)
})

test('text of any kind is one line, cut, and keeps its direction to itself', () => {
  const [long, lines, hebrew, evil, empty] = [
    'release '.repeat(40),
    'one\n\ttwo\u0000',
    'שחרור אביב',
    'abc\u202edcba\u2066',
    '',
  ] as const
  const { marks, article } = annotated([
    { date: '2026-11-09', text: long },
    { date: '2026-11-10', text: lines },
    { date: '2026-11-11', text: hebrew },
    { date: '2026-11-12', text: evil },
    { date: '2026-11-13', text: empty },
    { date: '2026-11-14', text: '<b>"&\'' },
  ])
  const texts = marks?.map(([, , text]) => String(text)) ?? []
  expect(texts[0]?.length).toBeLessThanOrEqual(80)
  expect(texts[0]).toMatch(/release…$/)
  expect(texts.slice(1)).toEqual(['one two', hebrew, 'abcdcba', '', '<b>"&\''])
  expect(article.notes[0]).toContain('; 11 Nov \u2068שחרור אביב\u2069; 12 Nov abcdcba; 13 Nov; 14 Nov <b>"&\'.')
})

test('there is no mark where there is no chart over time', () => {
  const note = [{ date: '2026-11-12', text: 'Spring release' }]
  expect(annotated(note, {}, { chart: 'none' }).article.notes).toEqual([])
  expect(annotated(note, { unit: 'week' }).article.chart).toBeUndefined()
  const query = makeQuery('split', 'Exports by plan', counted('Export', { unit: 'week', on: 'plan' }), { chart: 'bar' })
  const { article } = alone(query, (given) => ({
    ...seriesAnswer(given, { pro: [30, 30, 30], free: [20, 20, 20] }),
    annotations: note,
  }))
  expect(article.chart).toMatchObject({ kind: 'bar' })
  expect(article.chart).not.toHaveProperty('annotations')
  expect(article.notes).toEqual([])
})
