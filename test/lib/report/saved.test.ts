import { describe, expect, test } from 'vitest'
import type { Query } from '../../../lib/query.ts'
import type { Answer, Note, Result } from '../../../lib/result.ts'
import {
  cohortsAnswer,
  compose,
  counted,
  funnelAnswer,
  kept,
  makeQuery,
  makeReport,
  plain,
  seriesAnswer,
  stepped,
  tableAnswer,
} from './made-answers.ts'

const fortnight = { start: '2026-10-26T00:00:00+01:00', end: '2026-11-09T00:00:00+01:00' }
const throughToday = { start: '2026-11-02T00:00:00+01:00', end: '2026-11-17T00:00:00+01:00' }

// The project file says no timeframe of a saved question, or one that has nothing to do with it.
const board = makeQuery('board', 'Board', kept({ insights: '1' }), { timeframe: undefined as never, compare: [] })
const exports = makeQuery('exports', 'Exports', counted('Export'))

/** The answer to a question that is like the saved one, as the vendor would give it for its own dates. */
const shapes = {
  series: (query: Query, of: typeof fortnight, notes: Note[] = []): Answer => {
    const like = { ...query, question: counted('Charge'), timeframe: { start: of.start, end: of.end } }
    return { ...seriesAnswer({ query: like, report: makeReport([like]) }, { Charge: [5200] }), timeframe: of, notes }
  },
  funnel: (query: Query, of: typeof fortnight, notes: Note[] = []): Answer => {
    const like = { ...query, question: stepped(['Cart', 'Paid']), timeframe: { start: of.start, end: of.end } }
    return { ...funnelAnswer({ query: like, report: makeReport([like]) }, [[200, 50]]), timeframe: of, notes }
  },
  cohorts: (query: Query, of: typeof fortnight, notes: Note[] = []): Answer => {
    const like = { ...query, timeframe: { start: of.start, end: of.end } }
    return cohortsAnswer({ query: like, report: makeReport([like]) }, { '2026-10-26': [100, 100, 40] }, { timeframe: of, notes })
  },
  table: (query: Query, of: typeof fortnight, notes: Note[] = []): Answer => {
    const like = { ...query, timeframe: { start: of.start, end: of.end } }
    return tableAnswer({ query: like, report: makeReport([like]) }, ['plan text', 'people number'], [['pro', 3]], {
      timeframe: of,
      notes,
    })
  },
}

function said(queries: readonly Query[], answers: readonly Result[]) {
  const report = makeReport(queries)
  const edition = compose(report, answers)
  const article = edition.articles.find(({ query }) => query === 'board')
  return { edition, article, headline: plain(article?.headline), tile: edition.figures.find(({ query }) => query === 'board') }
}

describe.each(['first', 'last'])('a saved question that stands %s', (place) => {
  const queries = place === 'first' ? [board, exports] : [exports, board]
  const counts = () => seriesAnswer({ query: exports, report: makeReport(queries) }, { Export: [50, 50, 50] })

  test.each<[keyof typeof shapes, string, string | undefined, string[]]>([
    [
      'series',
      'Board at 5,200 from 26 October to 8 November',
      'from 26 October to 8 November',
      ['Counted from 26 October to 8 November.'],
    ],
    [
      'funnel',
      '25 % of 26 October to 8 November went from Cart to Paid',
      'from 26 October to 8 November',
      ['Users who entered from 26 October to 8 November.'],
    ],
    ['cohorts', '40 % came back one week later', 'after one week; entered 26 October to 1 November', []],
    [
      'table',
      '1 row from 26 October to 8 November',
      'row from 26 October to 8 November',
      ['Counted from 26 October to 8 November.'],
    ],
  ])('answered with a %s says whose dates it has; the page keeps its own', (shape, headline, note, notes) => {
    const result = said(queries, [shapes[shape](board, fortnight), counts()])
    expect(result.edition.period).toBe('Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.')
    expect(result.headline).toBe(headline)
    expect(result.tile).toMatchObject({ note, changes: [] })
    for (const expected of notes) expect(result.article?.notes).toContain(expected)
    expect(result.headline).not.toContain('so far')
  })

  test.each(['series', 'funnel', 'table'] as const)('whose %s is of dates that are not over says so', (shape) => {
    const result = said(queries, [shapes[shape](board, throughToday), counts()])
    expect(result.headline).toMatch(/so far$/)
    expect(result.tile?.changes).toMatchObject([{ amount: 'so far' }])
    expect(result.edition.period).not.toContain('so far')
  })

  test('of last week needs no word of it', () => {
    const lastWeek = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
    expect(said(queries, [shapes.series(board, lastWeek), counts()]).headline).toBe('Board at 5,200')
  })

  test('with a note that it is partial is told so far', () => {
    const notes: Note[] = [{ kind: 'partial', text: 'the last day is still running' }]
    expect(said(queries, [shapes.series(board, fortnight, notes), counts()]).headline).toBe(
      'Board at 5,200 from 26 October to 8 November so far',
    )
  })
})

describe('a saved question whose dates nobody knows', () => {
  const undated: Note[] = [{ kind: 'undated', text: 'it has its own dates' }]

  test.each<[string, string | undefined, string[]]>([
    ['table', '1 row', ['It has its own dates.']],
    ['funnel', '25 % went from Cart to Paid so far', ['It has its own dates.']],
  ])('is told without any, and the page keeps its own: %s', (shape, headline, notes) => {
    const answer = shapes[shape as 'table'](board, throughToday, undated)
    const counts = seriesAnswer({ query: exports, report: makeReport([board, exports]) }, { Export: [50, 50, 50] })
    const result = said([board, exports], [answer, counts])
    expect(result.headline).toBe(headline)
    expect(result.article?.notes).toEqual(notes)
    expect(result.edition.period).toBe('Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.')
  })

  test('among steps that are asked for, too: neither the page’s dates nor a time that nobody compared', () => {
    const funnel = makeQuery('board', 'Board', stepped(['Cart', 'Paid'], { within: '7 days' }))
    const queries = [funnel, { ...funnel, name: 'same' }, exports]
    const report = makeReport(queries)
    const counts = seriesAnswer({ query: exports, report }, { Export: [50, 50, 50] })
    const notes: Note[] = [...undated, { kind: 'immature', text: 'some may be on their way' }]
    const answers = queries.slice(0, 2).map((query) => funnelAnswer({ query, report }, [[200, 50]], { notes }))
    const result = said(queries, [...answers, counts])
    expect(result.headline).toBe('25 % went from Cart to Paid so far')
    expect(result.article?.notes).toEqual(['It has its own dates.', 'Some may be on their way.'])
    expect(result.edition.period).toBe('Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.')
  })
})

test('alone on a page, its dates are the page’s', () => {
  const { edition, headline } = said([board], [shapes.series(board, fortnight)])
  expect(edition.period).toBe('Monday 26 October to Sunday 8 November 2026, Berlin time.')
  expect(headline).toBe('Board at 5,200')
})

test('the parts of its series are segments, as nobody knows of what', () => {
  const series = shapes.series(board, fortnight)
  if (series.shape !== 'series') throw new Error('no series')
  const [one] = series.series
  if (one === undefined) throw new Error('no series')
  const two = { ...series, series: [one, { ...one, name: 'Refund', total: 3 }] }
  const { article } = said([board], [two])
  expect(article?.table?.columns[0]?.title).toBe('Segment')
})
