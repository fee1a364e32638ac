import { describe, expect, test } from 'vitest'
import type { Table } from '../../../lib/edition.ts'
import type { Query } from '../../../lib/query.ts'
import type { Rows } from './made-answers.ts'
import {
  alone,
  cohortsAnswer,
  compose,
  counted,
  frequented,
  kept,
  makeQuery,
  makeReport,
  plain,
  retained,
  seriesAnswer,
} from './made-answers.ts'

const frame = { timeframe: 'previous_4_weeks' } as const

/** Five weeks up to the one that is just over; a count is there when its week is. */
const weeks: Rows = {
  '2026-10-12': [1000, 1000, 480, 310, 250, 220],
  '2026-10-19': [1100, 1100, 520, 350, 290],
  '2026-10-26': [900, 900, 420, 300],
  '2026-11-02': [1000, 1000, 500],
  '2026-11-09': [1200, 1200],
}

function retention(more: object = {}, rows: Rows = weeks, first = 'Sign Up', then = 'any') {
  const query = makeQuery('stay', 'Retention of new users', retained(first, then, more), frame)
  return alone(query, (given) => cohortsAnswer(given, rows))
}

function textsIn(table: Table | undefined): string[][] {
  const rows = table?.rows.map((row) => row.map((cell) => ('text' in cell ? plain(cell.text) : '')))
  return [table?.columns.map(({ title }) => title) ?? [], ...(rows ?? [])]
}

describe('a retention', () => {
  test('is a row for each cohort, a cell for each interval that is over, and one row for all', () => {
    const { article } = retention()
    expect(textsIn(article.shares)).toEqual([
      ['Week of', 'Users', '1', '2', '3', '4'],
      // 1,920 of 4,000; 960 of 3,000; 540 of 2,100; 220 of 1,000: counts over sizes, not a mean of shares.
      ['All', '5,200', '48 %', '32 %', '26 %', '22 %'],
      ['12 Oct', '1,000', '48 %', '31 %', '25 %', '22 %'],
      ['19 Oct', '1,100', '47 %', '32 %', '26 %', ''],
      ['26 Oct', '900', '47 %', '33 %', '', ''],
      ['2 Nov', '1,000', '50 %', '', '', ''],
      ['9 Nov', '1,200', '', '', '', ''],
    ])
    expect(article.shares?.pinned).toBe(1)
    expect(article.chart).toBeUndefined()
    expect(article.table).toBeUndefined()
  })

  test('is shaded by its share of the greatest, with the share as text in each cell', () => {
    const { article } = retention()
    const shades = article.shares?.rows.map((row) => row.map((cell) => ('text' in cell ? cell.shade : undefined)))
    expect(shades?.[4]).toEqual([undefined, undefined, 1, undefined, undefined, undefined])
    expect(shades?.[3]?.[2]).toBeCloseTo(420 / 900 / 0.5)
    expect(article.shares?.columns.map(({ shaded }) => shaded === true)).toEqual([false, false, true, true, true, true])
  })

  test('is told as the share of the first interval, with no change and nobody claimed to be the page’s', () => {
    const { headline, lead, tile, article, edition } = retention()
    expect(headline).toBe('48 % came back one week after Sign Up')
    expect(lead).toBe('48 % came back one week after Sign Up.')
    expect(plain(edition.subject)).toBe('Weekly growth: 48 % came back one week after Sign Up')
    expect(tile).toMatchObject({ changes: [], note: 'after one week; entered 12 October to 8 November' })
    expect(plain(tile?.value)).toBe('48.0 %')
    expect(article.notes).toEqual([
      'Per cent of each week’s users (those who began with Sign Up) who came back that many weeks later; a figure appears when its week is over.',
      'All takes together the weeks whose figure is known, for 1 those of 12 October to 8 November.',
    ])
  })

  test.each<[object, string, string, string]>([
    [{}, 'Sign Up', 'any', '48 % came back one week after Sign Up'],
    [{}, 'Sign Up', 'Purchase', '48 % did Purchase one week after Sign Up'],
    [{}, 'Purchase', 'Purchase', '48 % did Purchase again one week later'],
    [{}, 'any', 'any', '48 % came back one week after their first event'],
    [{ unbounded: true }, 'Sign Up', 'any', '48 % came back one week or more after Sign Up'],
    [{ unbounded: true }, 'Purchase', 'Purchase', '48 % did Purchase again one week or more later'],
    [{ kind: 'compounded' }, 'Purchase', 'Purchase', '48 % of those who did Purchase in a week did so again one week later'],
    [{ kind: 'compounded' }, 'Purchase', 'Invite', '48 % of those who did Purchase in a week did Invite one week later'],
    [{ kind: 'compounded' }, 'any', 'any', '48 % of a week’s users came back one week later'],
  ])('%j of %s and %s: %s', (more, first, then, expected) => {
    expect(retention(more, weeks, first, then).headline).toBe(expected)
  })

  test.each<[string, Rows, string]>([
    ['day', { '2026-11-10': [50, 50, 20] }, '40 % came back one day after Sign Up'],
    ['month', { '2026-09-01': [50, 50, 20] }, '40 % came back one month after Sign Up'],
  ])('of a %s', (unit, rows, expected) => {
    expect(retention({ unit }, rows).headline).toBe(expected)
  })

  test('that has yet to be over, or to begin, has no figure', () => {
    const waiting = retention({}, { '2026-11-09': [1200, 1200] })
    expect(waiting.headline).toBe('No week since Sign Up is over yet')
    expect(waiting.tile?.value).toBe('–')
    expect(waiting.article.shares).toBeUndefined()
    expect(retention({}, { '2026-11-02': [0, 0, 0], '2026-11-09': [0, 0] }).headline).toBe('Nobody did Sign Up in this period')
    expect(retention({}, {}).headline).toBe('Nobody did Sign Up in this period')
    expect(retention({}, {}, 'any').headline).toBe('Nobody entered in this period')
    expect(retention({}, { '2026-11-02': [10, 10, null] }).headline).toBe('No number for retention of new users')
  })

  test('to which nobody came back says of how many', () => {
    expect(retention({}, { '2026-11-02': [1204, 1204, 0] }).headline).toBe('None of 1,204 came back one week after Sign Up')
    const compounded = retention({ kind: 'compounded' }, { '2026-11-02': [1204, 1204, 0] }, 'A', 'A')
    expect(compounded.headline).toBe('None of those who did A in a week did so again one week later')
  })

  test('with a number nobody knows has an en dash there, and a cell that is not over is empty', () => {
    const rows: Rows = { '2026-10-26': [100, 100, null, 30], '2026-11-02': [200, 200, 80], '2026-11-09': [0, 0, 0] }
    const { article, headline } = retention({}, rows)
    expect(textsIn(article.shares).slice(1)).toEqual([
      ['All', '300', '40 %', '30 %'],
      ['26 Oct', '100', '–', '30 %'],
      ['2 Nov', '200', '40 %', ''],
      ['9 Nov', '0', '–', ''],
    ])
    expect(headline).toBe('40 % came back one week after Sign Up')
  })

  test('shows the interval of entry where not all are in it, and does not measure the shades by it', () => {
    const { article } = retention({}, { '2026-10-26': [100, 92, 46], '2026-11-02': [100, 90, 44] }, 'Sign Up', 'Purchase')
    expect(textsIn(article.shares)[0]).toEqual(['Week of', 'Users', '0', '1'])
    const [, , entry, first] = article.shares?.rows[1] ?? []
    expect([entry, first]).toMatchObject([{ shade: 1 }, { shade: 1 }])
    expect(article.notes).toContain('0 is the first week itself.')
  })

  test('that counts people again in each week has no sum of them', () => {
    const { article } = retention({ kind: 'compounded' }, weeks, 'Purchase', 'Purchase')
    expect(textsIn(article.shares)[1]?.slice(0, 2)).toEqual(['All', ''])
    expect(article.notes.join(' ')).toContain('whoever is in several weeks counts in each')
  })

  test('of one cohort needs no row for all', () => {
    const { article } = retention({}, { '2026-11-02': [100, 100, 40] })
    expect(textsIn(article.shares)).toEqual([
      ['Week of', 'Users', '1'],
      ['2 Nov', '100', '40 %'],
    ])
    expect(article.shares?.pinned).toBeUndefined()
    expect(article.notes).toHaveLength(1)
  })

  test('marks a cohort whose time of entry is not over, which changes nothing of what is', () => {
    const query = makeQuery('stay', 'Retention', retained('Sign Up', 'any'), { timeframe: 'this_6_weeks' })
    const { article, tile, headline } = alone(query, (given) => cohortsAnswer(given, { ...weeks, '2026-11-16': [80] }))
    expect(textsIn(article.shares).at(-1)?.[0]).toBe('16 Nov (so far)')
    expect([headline, tile?.changes]).toEqual(['48 % came back one week after Sign Up', []])
  })

  test('small shares have decimals, all of them', () => {
    const { article } = retention({}, { '2026-10-26': [1000, 1000, 62, 50], '2026-11-02': [1000, 1000, 50] })
    expect(textsIn(article.shares)[1]).toEqual(['All', '2,000', '5.6 %', '5.0 %'])
  })

  test.each<[string, number, string[]]>([
    ['day', 31, ['1', '2', '7', '14', '30', '31']],
    ['day', 6, ['1', '2', '3', '4', '5', '6']],
    ['week', 8, ['1', '2', '3', '4', '5', '8']],
    ['week', 12, ['1', '2', '3', '4', '8', '12']],
    ['month', 12, ['1', '2', '3', '4', '6', '12']],
    ['day', 90, ['1', '2', '7', '14', '30', '90']],
  ])('by the %s, of %i intervals shows %j, and says so', (unit, intervals, expected) => {
    const counts = Array.from({ length: intervals }, (_, at) => 500 - at)
    const { article } = retention({ unit }, { '2024-01-01': [1000, 1000, ...counts], '2024-02-01': [1000, 1000, 400] })
    expect(textsIn(article.shares)[0]?.slice(2)).toEqual(expected)
    const said = `6 of ${intervals} columns; all are in the CSV.`
    expect(article.notes.filter((note) => note.includes('columns'))).toEqual(intervals > 6 ? [said] : [])
  })

  test('of many days shows the latest, with all of them in the row above', () => {
    const days = Object.fromEntries(
      Array.from({ length: 28 }, (_, at) => [`2026-10-${String(at + 1).padStart(2, '0')}`, [100, 100, at] as const]),
    )
    const { article } = retention({ unit: 'day' }, days)
    const [, all, ...rows] = textsIn(article.shares)
    expect(all).toEqual(['All', '2,800', '14 %'])
    expect([rows.length, rows[0]?.[0], rows.at(-1)?.[0]]).toEqual([14, '15 Oct', '28 Oct'])
    expect(article.notes.at(-1)).toBe('The latest 14 of 28 days; all are in the CSV.')
  })

  test('split by a property has the segments below, taken together, the largest first', () => {
    const query = makeQuery('stay', 'Retention by country', retained('Sign Up', 'any', { on: 'country' }), frame)
    const half = (part: number): Rows => ({
      '2026-10-26': [part, part, part / 2, part / 4],
      '2026-11-02': [part, part, part / 5],
    })
    const { article, tile } = alone(query, (given) =>
      cohortsAnswer(given, half(1000), { segments: { AT: half(200), DE: half(800), FR: { '2026-11-09': [3, 3] } } }),
    )
    expect(textsIn(article.table)).toEqual([
      ['Country', 'Users', '1', '2'],
      ['Germany', '1,600', '35 %', '25 %'],
      ['Austria', '400', '35 %', '25 %'],
      ['France', '3', '', ''],
    ])
    expect(textsIn(article.shares)[1]).toEqual(['All', '2,000', '35 %', '25 %'])
    expect(tile?.label).toBe('Retention')
    expect(article.notes.join(' ')).not.toContain('columns')
  })

  test('split into many segments of many intervals says what is not shown of each table', () => {
    const query = makeQuery('stay', 'Retention by plan', retained('Sign Up', 'any', { on: 'plan', intervals: 8 }), frame)
    const rows: Rows = { '2026-08-03': [100, 100, 50, 45, 40, 35, 30, 25, 20, 15] }
    const segments = Object.fromEntries(Array.from({ length: 23 }, (_, at) => [`plan ${at}`, rows]))
    const { article } = alone(query, (given) => cohortsAnswer(given, rows, { segments }), { attachments: 1 })
    expect(article.table?.rows).toHaveLength(20)
    expect(article.table?.columns).toHaveLength(6)
    expect(article.notes.slice(1)).toEqual([
      '6 of 8 columns; all are in the attached CSV.',
      '20 of 23 rows and 4 of 8 columns by plan; all are in the attached CSV.',
    ])
  })

  test('does not make its time of entry the page’s, also where it stands first', () => {
    const stay = makeQuery('stay', 'Retention', retained('Sign Up', 'any'), frame)
    const exports = makeQuery('exports', 'Exports', counted('Export'))
    const report = makeReport([stay, exports])
    const edition = compose(report, [
      cohortsAnswer({ query: stay, report }, weeks),
      seriesAnswer({ query: exports, report }, { Export: [50, 50, 50] }),
    ])
    expect(edition.period).toMatch(/^Monday 9 to Sunday 15 November 2026/)
    expect(edition.lead).toBe('Exports stayed about the same, at 50.')
    expect(edition.articles[0]?.headline).not.toMatch(/last week|October|November/)
  })
})

describe('a frequency', () => {
  const week: Rows = { '2026-11-09': [1000, 1000, 410, 200, 100, 50, 20, 10] }
  const ofDays = (rows: Rows, event = 'any', more: Partial<Query> = {}) =>
    alone(makeQuery('often', 'Days a week', frequented(event, 'week', 'day'), more), (given) => cohortsAnswer(given, rows))

  test('is a row for each unit, and at least so many of its parts as columns', () => {
    const { article, tile, headline } = ofDays(week)
    expect(headline).toBe('41 % of users were active on two or more days of the week')
    expect(textsIn(article.shares)).toEqual([
      ['Week of', 'Users', '2+', '3+', '4+', '5+', '6+', '7+'],
      ['9 Nov', '1,000', '41 %', '20 %', '10 %', '5 %', '2 %', '1 %'],
    ])
    expect(article.notes).toEqual(['Per cent of each week’s users who were active on at least that many days.'])
    expect([plain(tile?.value), tile?.note, tile?.changes]).toEqual(['41.0 %', 'on two or more days', []])
  })

  test('of several units counts people in each of them', () => {
    const { article, headline, tile } = ofDays({ ...week, '2026-11-02': [3000, 3000, 600] }, 'Open App', {
      timeframe: 'previous_2_weeks',
    })
    expect(headline).toBe('25 % of those who did Open App in a week did so on two or more days')
    expect(textsIn(article.shares)[1]?.slice(0, 3)).toEqual(['All', '', '25 %'])
    expect(tile?.note).toBe('on two or more days')
    expect(article.notes).toEqual([
      'Per cent of each week’s users who did Open App on at least that many days.',
      'All takes the weeks together; whoever is in several weeks counts in each.',
    ])
  })

  test('says its event, its hours, and when it is of another time than the page', () => {
    expect(ofDays(week, 'Open App').headline).toBe('41 % of those who did Open App did so on two or more days of the week')
    const hours = makeQuery('often', 'Hours a day', frequented('any', 'day', 'hour'), { timeframe: 'previous_1_day' })
    const exports = makeQuery('exports', 'Exports', counted('Export'))
    const report = makeReport([exports, hours])
    const edition = compose(report, [
      seriesAnswer({ query: exports, report }, { Export: [50, 50, 50] }),
      cohortsAnswer({ query: hours, report }, { '2026-11-15': [200, 200, 30] }),
    ])
    expect(plain(edition.articles[1]?.headline)).toBe('15 % of users were active in two or more hours yesterday')
    expect(edition.articles[1]?.notes).toContain('Counted on Sunday 15 November.')
    expect(edition.figures[1]?.note).toBe('in two or more hours, yesterday')
  })

  test('leaves the running unit out of its figure', () => {
    const { article, headline } = ofDays({ '2026-11-09': [1000, 1000, 400], '2026-11-16': [900, 900, 9] }, 'any', {
      timeframe: 'this_2_weeks',
    })
    expect(headline).toBe('40 % of a week’s users were active on two or more days')
    expect(textsIn(article.shares).slice(1)).toEqual([
      ['All', '', '40 %'],
      ['9 Nov', '1,000', '40 %'],
      ['16 Nov (so far)', '900', '1 %'],
    ])
    expect(article.notes).toContain('All takes the weeks together that are over; whoever is in several weeks counts in each.')
    expect(ofDays({ '2026-11-16': [900, 900, 9] }, 'any', { timeframe: 'this_1_week' }).headline).toBe('No week is over yet')
  })

  test('of nobody, and of nobody twice', () => {
    expect(ofDays({ '2026-11-09': [0, 0, 0] }).headline).toBe('Nobody was active last week')
    expect(ofDays({ '2026-11-09': [40, 40, 0] }).headline).toBe('Nobody was active on two or more days of the week')
    expect(ofDays({ '2026-11-09': [40, 40] }).headline).toBe('No number for days a week')
  })

  test('shows at least one figure, and none that nobody reached', () => {
    const { article } = ofDays({ '2026-11-09': [40, 40, 0, 0, 0] })
    expect(textsIn(article.shares)[0]).toEqual(['Week of', 'Users', '2+'])
    const month = makeQuery('often', 'Days a month', frequented('any', 'month', 'day'), { timeframe: 'previous_1_month' })
    const counts = Array.from({ length: 31 }, (_, at) => 1000 - at * 30)
    const { article: days } = alone(month, (given) => cohortsAnswer(given, { '2026-10-01': [1000, ...counts] }))
    expect(textsIn(days.shares)[0]).toEqual(['Month', 'Users', '2+', '3+', '5+', '10+', '20+', '31+'])
    expect(textsIn(days.shares)[1]).toEqual(['Oct', '1,000', '97 %', '94 %', '88 %', '73 %', '43 %', '10 %'])
  })
})

test('a saved question’s cohorts are told without what nobody knows of them', () => {
  const query = makeQuery('board', 'Board', kept({ insights: '1' }))
  expect(alone(query, (given) => cohortsAnswer(given, weeks)).headline).toBe('48 % came back one week later')
  const often = { measure: 'frequency', unit: 'month', interval: 'day' } as const
  const { headline, article } = alone(query, (given) => cohortsAnswer(given, { '2026-10-01': [100, 100, 30] }, often))
  expect(headline).toBe('30 % of users were active on two or more days of the month')
  expect(textsIn(article.shares)[1]).toEqual(['Oct', '100', '30 %'])
  // Whether its people are in one cohort or in several is the vendor's to know.
  expect(textsIn(alone(query, (given) => cohortsAnswer(given, weeks)).article.shares)[1]?.[1]).toBe('')
})
