import { expect, test } from 'vitest'
import { drawText } from '../../../lib/email/text.ts'
import { example } from './example.ts'

const text = drawText(example, new Map())

test('the text says what the page says, without markup', () => {
  for (const part of [
    'Weekly growth\n=============\n',
    'Berlin time',
    'Sign-ups rose 9 % to 4,190',
    'down 3.4 % on the week; up 22 % on the year',
    'SIGN-UPS BY COUNTRY',
    'All 36 countries are in the attached CSV.',
    'Of all  Of the step before',
    'Mixpanel refused the query',
    'Questions to growth@example.com.',
  ]) {
    expect(text.replace(/\n(?=[a-z])/g, ' ')).toContain(part)
  }
  expect(text).not.toMatch(/<|&[a-z]+;/)
})

test('tables stand in columns, without the bars', () => {
  expect(text).toContain(
    [
      'Country        Sign-ups  On the week before',
      'Germany           1,102               +36 %',
      'United States     1,016      about the same',
    ].join('\n'),
  )
})

test('lines have 76 columns at most, also where names are wide or long', () => {
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(76)
  const [article] = example.articles
  if (article?.table === undefined) throw new Error('the example has no table')
  const rows = [
    [{ text: '東京都'.repeat(20) }, { share: 1 }, { text: '1,102' }, { text: '+36 %' }],
    [{ text: 'Kyoto' }, { share: 1 }, { text: '9' }, { text: '' }],
  ]
  const lines = drawText({ ...example, articles: [{ ...article, table: { ...article.table, rows } }] }, new Map()).split('\n')
  const wide = lines.find((line) => line.includes('東京'))
  const narrow = lines.find((line) => line.startsWith('Kyoto'))
  const columns = (line = '') => [...line].reduce((sum, character) => sum + (character > '\u2e80' ? 2 : 1), 0)
  expect(columns(wide)).toBeLessThanOrEqual(76)
  expect(columns(wide?.slice(0, wide.indexOf('1,102') + 5))).toBe(columns(narrow?.slice(0, narrow.indexOf('9') + 1)))
})

test('labels of figures are whole; their changes go below each other for it', () => {
  const label = 'Errors per 1,000 page views of customers'
  const [figure, ...others] = example.figures as [(typeof example.figures)[number]]
  const drawn = drawText({ ...example, figures: [{ ...figure, label, note: 'in September' }, ...others] }, new Map())
  const lines = drawn.split('\n')
  const at = lines.findIndex((line) => line.startsWith(label))
  expect(lines.slice(at, at + 3).map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    `${label} | 4,190 | up 9 % on the week`,
    ' | up 31 % on the year',
    ' | in September',
  ])
})

test('a long table is cut, and says so', () => {
  const [article] = example.articles
  if (article?.table === undefined) throw new Error('the example has no table')
  const rows = Array.from({ length: 40 }, (_, at) => [{ text: `Land ${at}` }, { share: 0.1 }, { text: '1' }, { text: '' }])
  const cut = drawText({ ...example, articles: [{ ...article, table: { ...article.table, rows } }] }, new Map())
  expect(cut).toContain('Land 14')
  expect(cut).not.toContain('Land 15')
  expect(cut).toContain('15 of 40 rows are shown.')
})

test('shares stand in columns, the row of all first', () => {
  expect(text).toContain(
    [
      'Week of   Users     1     2     3     4',
      'All      14,714  47 %  32 %  26 %  21 %',
      '12 Oct    3,688  47 %  32 %  26 %   0 %',
      '19 Oct    3,609  47 %  33 %  26 %',
    ].join('\n'),
  )
})

test('of many shares the row of all and the newest are there', () => {
  const columns = [
    { title: 'Day', align: 'left' as const },
    { title: '1', align: 'right' as const, shaded: true },
  ]
  const rows = Array.from({ length: 40 }, (_, at) => [{ text: at === 0 ? 'All' : `day ${at}` }, { text: '5 %', shade: 1 }])
  const article = { query: 'a', kicker: 'a', headline: 'a', shares: { columns, rows, pinned: 1 }, notes: [] }
  const drawn = drawText({ ...example, articles: [article] }, new Map())
  expect(drawn).toMatch(/\nAll {5}5 %\nday 26 {2}5 %\n/)
  expect(drawn).toContain('day 39')
  expect(drawn).toContain('15 of 40 rows are shown.')
})

test('columns of text give way, so that a table of several is no wider than a line; its figures stay whole', () => {
  const columns = (['left', 'left', 'left', 'right'] as const).map((align, at) => ({ title: `Column ${at}`, align }))
  const rows = [['a'.repeat(60), 'short', '東京'.repeat(30), '1,234,567'].map((text) => ({ text }))]
  const article = { query: 'a', kicker: 'a', headline: 'a', table: { columns, rows }, notes: [] }
  const lines = drawText({ ...example, articles: [article] }, new Map()).split('\n')
  const row = lines.find((line) => line.startsWith('aaa')) ?? ''
  expect([...row].reduce((sum, character) => sum + (character > '\u2e80' ? 2 : 1), 0)).toBeLessThanOrEqual(76)
  expect(row).toMatch(/^a{10,}… {2}short.* {2}東京.*… +1,234,567$/)
})

test('a figure’s long note goes on below it and is not cut', () => {
  const [figure, ...others] = example.figures as [(typeof example.figures)[number]]
  const note = 'after one week or more; entered 21 September 2025 to 8 November 2026'
  const drawn = drawText({ ...example, figures: [{ ...figure, changes: [], note }, ...others] }, new Map())
  expect(drawn.replace(/\n +/g, ' ')).toContain(note)
  for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(76)
})

test('what a chart’s text says already is not said again below it', () => {
  const told = 'On the chart: 12 Nov Spring release.'
  const [article] = example.articles
  if (article?.chart === undefined) throw new Error('the example has no chart')
  const chart = { ...article.chart, alt: `Line chart. ${told}` }
  const said = (table: typeof article.table) =>
    drawText({ ...example, articles: [{ ...article, chart, table, notes: [told, 'More.'] }] }, new Map()).split(told).length - 1
  expect([said(undefined), said(article.table)]).toEqual([1, 1])
})
