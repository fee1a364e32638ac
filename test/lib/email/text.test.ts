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
