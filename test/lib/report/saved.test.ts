import { describe, expect, test } from 'vitest'
import type { Query } from '../../../lib/query.ts'
import type { Answer, Note, Result } from '../../../lib/result.ts'
import {
  cohortsAnswer,
  compose,
  counted,
  failureAnswer,
  found,
  funnelAnswer,
  kept,
  makeQuery,
  makeReport,
  plain,
  retained,
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

const page = 'Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.'
const undated: Note[] = [{ kind: 'undated', text: 'it has its own dates' }]

describe('a saved question whose dates nobody knows', () => {
  test.each<[string, string | undefined, string[]]>([
    ['table', '1 row', ['It has its own dates.']],
    ['funnel', '25 % went from Cart to Paid', ['It has its own dates.']],
  ])('is told without any, and the page keeps its own: %s', (shape, headline, notes) => {
    const answer = shapes[shape as 'table'](board, throughToday, undated)
    const counts = seriesAnswer({ query: exports, report: makeReport([board, exports]) }, { Export: [50, 50, 50] })
    const result = said([board, exports], [answer, counts])
    expect(result.headline).toBe(headline)
    expect(result.article?.notes).toEqual(notes)
    expect(result.tile).toMatchObject({ note: shape === 'table' ? 'row; its own dates' : 'its own dates', changes: [] })
    expect(result.edition.period).toBe(`${page} Board does not tell its dates.`)
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
    expect(result.edition.period).toBe(`${page} Board and Board do not tell their dates.`)
  })
})

test('alone on a page, its dates are the page’s', () => {
  const { edition, headline } = said([board], [shapes.series(board, fortnight)])
  expect(edition.period).toBe('Monday 26 October to Sunday 8 November 2026, Berlin time.')
  expect(headline).toBe('Board at 5,200')
})

describe('the line under the title', () => {
  const other = { ...board, name: 'other', title: 'Other' }
  const profiles = makeQuery('who', 'Customers', found(), { compare: [] })
  const listing = makeQuery('orders', 'Orders', found({ event: 'order', limit: 20 }), {
    timeframe: 'previous_2_weeks',
    compare: [],
  })
  const funnel = makeQuery('steps', 'Steps', stepped(['Cart', 'Paid']))
  const stay = makeQuery('stay', 'Retention', retained('Cart', 'any'), { timeframe: 'previous_6_weeks' })
  const broken = makeQuery('broken', 'Exports', counted('Export'))
  const day = { start: '2026-11-15T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }

  const rows = [['pro', 3]]
  const columns = ['plan text', 'people number']
  const answers: Readonly<Record<string, (given: { query: Query; report: ReturnType<typeof makeReport> }) => Result>> = {
    'saved, a fortnight': ({ query }) => shapes.series(query, fortnight),
    'saved, a table of a fortnight': ({ query }) => shapes.table(query, fortnight),
    'saved, a day': ({ query }) => shapes.table(query, day),
    'saved, untold': ({ query }) => shapes.table(query, day, undated),
    profiles: (given) => tableAnswer(given, columns, rows),
    events: (given) => tableAnswer(given, columns, rows, { each: 'event' }),
    'a funnel, untold': (given) => funnelAnswer(given, [[200, 50]], { notes: undated }),
    cohorts: (given) => cohortsAnswer(given, { '2026-11-02': [100, 100, 40] }),
    failed: (given) => failureAnswer(given, { kind: 'refused', message: 'no', remedy: undefined }),
  }
  const edition = 'Edition of Monday 16 November 2026, Berlin time.'
  const twoWeeks = 'Monday 26 October to Sunday 8 November 2026, Berlin time.'

  test.each<[string, readonly (readonly [Query, string])[], string]>([
    [
      'all of one time',
      [
        [board, 'saved, a fortnight'],
        [other, 'saved, a table of a fortnight'],
      ],
      twoWeeks,
    ],
    [
      'several times',
      [
        [board, 'saved, a fortnight'],
        [other, 'saved, a day'],
      ],
      `${edition} Each answer has its own dates.`,
    ],
    [
      'one time, and one that is not told',
      [
        [board, 'saved, a fortnight'],
        [other, 'saved, untold'],
      ],
      `${edition} The answers have dates of their own, which some do not tell.`,
    ],
    [
      'none that is told',
      [
        [board, 'saved, untold'],
        [funnel, 'a funnel, untold'],
      ],
      `${edition} The answers do not tell their dates.`,
    ],
    ['none in the only answer', [[funnel, 'a funnel, untold']], `${edition} The answer does not tell its dates.`],
    [
      'none in the only answer, with a failure',
      [
        [funnel, 'a funnel, untold'],
        [broken, 'failed'],
      ],
      `${edition} The answer does not tell its dates.`,
    ],
    ['none, of profiles', [[profiles, 'profiles']], `${edition} Profiles are as they were when they were asked for.`],
    [
      'a listing of events',
      [
        [funnel, 'a funnel, untold'],
        [listing, 'events'],
        [profiles, 'profiles'],
      ],
      'Monday 2 to Sunday 15 November 2026, Berlin time. Steps does not tell its dates.',
    ],
    [
      'cohorts',
      [
        [stay, 'cohorts'],
        [board, 'saved, a day'],
        [other, 'saved, untold'],
      ],
      '5 October to 15 November 2026, Berlin time. Other does not tell its dates.',
    ],
    [
      'nothing',
      [
        [broken, 'failed'],
        [funnel, 'failed'],
      ],
      edition,
    ],
  ])('names a period only if it is that of the answers: %s', (_, asked, expected) => {
    const report = makeReport(asked.map(([query]) => query))
    const given = asked.map(([query, kind]) => answers[kind]?.({ query, report }))
    const { period } = compose(
      report,
      given.filter((one) => one !== undefined),
    )
    expect(period).toBe(expected)
  })

  test('leaves it to each answer where it names none', () => {
    const { headline, tile, article } = said([board, other], [shapes.series(board, fortnight), shapes.table(other, day)])
    expect(headline).toBe('Board at 5,200 from 26 October to 8 November')
    expect(tile?.note).toBe('from 26 October to 8 November')
    expect(article?.notes).toContain('Counted from 26 October to 8 November.')
  })

  test('and its year where that is not the edition’s', () => {
    const long = { start: '2015-06-01T00:00:00+02:00', end: '2015-06-03T00:00:00+02:00' }
    expect(said([board, other], [shapes.series(board, long), shapes.table(other, day)]).headline).toBe(
      'Board at 5,200 from 1 to 2 June 2015',
    )
  })

  test('counts the answers without dates where they are many', () => {
    const many = ['a', 'b', 'c'].map((name) => ({ ...board, name }))
    const exported = seriesAnswer({ query: exports, report: makeReport([exports]) }, { Export: [50, 50, 50] })
    const answers = many.map((query) => shapes.table(query, day, undated))
    expect(said([...many, exports], [...answers, exported]).edition.period).toBe(`${page} Three answers do not tell their dates.`)
  })

  test('says nothing again beside a figure that it already says', () => {
    expect(said([board], [shapes.funnel(board, day, undated)]).tile).not.toHaveProperty('note')
  })
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
