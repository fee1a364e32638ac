import { describe, expect, test } from 'vitest'
import type { Query } from '../../../lib/query.ts'
import type { Note, TableResult } from '../../../lib/result.ts'
import {
  alone,
  compose,
  counted,
  found,
  kept,
  makeQuery,
  makeReport,
  plain,
  seriesAnswer,
  tableAnswer,
  topped,
} from './made-answers.ts'

const truncated: Note = { kind: 'truncated', text: 'Mixpanel has more than it gave' }

function said(
  question: Query['question'],
  columns: readonly string[],
  rows: TableResult['rows'],
  {
    notes = [],
    more,
    timeframe,
    each,
    ...context
  }: Partial<Pick<TableResult, 'notes' | 'timeframe' | 'each'>> & {
    more?: Partial<Query>
    attachments?: number
    locale?: string
  } = {},
) {
  const query = makeQuery('list', 'Paying customers', question, more)
  const own = { notes, ...(timeframe === undefined ? {} : { timeframe }), ...(each === undefined ? {} : { each }) }
  const { article, ...rest } = alone(query, (given) => tableAnswer(given, columns, rows, own), context)
  const texts = article.table?.rows.map((row) => row.map((cell) => ('text' in cell ? plain(cell.text) : cell.share)))
  return { ...rest, article, texts, titles: article.table?.columns.map(({ title }) => title) }
}

const events = ['event text', 'amount number']
const ranked: TableResult['rows'] = [
  ['Open App', 300],
  ['Page View', 1200],
  ['Invite', 40],
]

describe('the top of something', () => {
  test('says how many and which one is most frequent, and has bars', () => {
    const { headline, lead, article, texts, titles, tile } = said(topped('events'), events, ranked)
    expect([headline, lead]).toEqual(['3 events, most often Page View', '3 events, most often Page View.'])
    expect(titles).toEqual(['Event', '', 'Amount'])
    expect(texts).toEqual([
      ['Open App', 0.25, '300'],
      ['Page View', 1, '1,200'],
      ['Invite', 40 / 1200, '40'],
    ])
    expect(article.table?.columns.map(({ align, bar }) => bar ?? align)).toEqual(['left', true, 'right'])
    expect(tile).toMatchObject({ value: '3', note: 'events', changes: [] })
  })

  test.each<[object, TableResult['rows'], string]>([
    [{ type: 'unique' }, ranked, '3 events, Page View by the most users'],
    [{ type: 'average' }, ranked, '3 events, Page View highest on average'],
    [{ what: 'properties' }, ranked, '3 properties, most often Page View'],
    [{ what: 'values', property: 'plan' }, ranked, '3 values of plan, most often Page View'],
    [
      {},
      [
        ['A', 5],
        ['B', 5],
      ],
      '2 events',
    ],
    [{}, [['A', 5]], '1 event'],
    [
      {},
      [
        ['A', null],
        ['B', null],
      ],
      '2 events',
    ],
    [{}, [], 'No events'],
  ])('%j of %j: %s', (more, rows, expected) => {
    const { what = 'events', ...rest } = more as { what?: string }
    expect(said(topped(what, rest), events, rows).headline).toBe(expected)
  })

  test('as long as was asked for is the top of more; cut by the source it is at least so many, and none leads', () => {
    const full = said(topped('events', { limit: 3 }), events, ranked)
    expect([full.headline, full.tile?.value]).toEqual(['Top 3 events, most often Page View', '3+'])
    const cut = said(topped('events'), events, ranked, { notes: [truncated] })
    expect([cut.headline, cut.tile?.value]).toEqual(['At least 3 events', '3+'])
    expect(cut.article.notes).toEqual(['Mixpanel has more than it gave.'])
  })

  test('of a period that runs, and of another than the page’s', () => {
    expect(said(topped('events'), events, ranked, { more: { timeframe: 'today' } }).headline).toBe(
      '3 events so far, most often Page View',
    )
    const list = makeQuery('list', 'Events', topped('events'), { timeframe: 'previous_1_month' })
    const exports = makeQuery('exports', 'Exports', counted('Export'))
    const report = makeReport([exports, list])
    const edition = compose(report, [
      seriesAnswer({ query: exports, report }, { Export: [50, 50, 50] }),
      tableAnswer({ query: list, report }, events, ranked),
    ])
    expect(edition.articles[1]?.headline).toBe('3 events in October, most often Page View')
    expect(edition.articles[1]?.notes).toEqual(['Counted in October.'])
    expect(edition.figures[1]?.note).toBe('events in October')
  })
})

describe('people', () => {
  const columns = ['$distinct_id text', '$city text', '$last_seen time', 'paying boolean', 'visits number']
  const ada: TableResult['rows'][number] = ['a-1', 'London', '2026-11-09T10:05:00', true, 1234.5]

  test('are counted, and said to be of what in subject and lead', () => {
    const { headline, lead, edition, tile, article } = said(found(), columns, [ada, ['b-2', null, null, false, -3]])
    expect([headline, lead]).toEqual(['2 people', 'Paying customers: 2 people.'])
    expect(edition.subject).toBe('Weekly growth: Paying customers: 2 people')
    expect(tile).toMatchObject({ value: '2', note: 'people' })
    expect(article.notes).toEqual([])
    expect(said(found(), columns, [ada]).headline).toBe('1 person')
    expect(said(found(), columns, []).headline).toBe('No people')
    expect(said(found(), columns, []).article.table).toBeUndefined()
  })

  test('have cells by their type: dates as dates, truths as words, none as a dash', () => {
    const { texts, titles, article } = said(found(), columns, [ada, ['', null, null, false, null]])
    expect(titles).toEqual(['Distinct id', 'City', 'Last seen', 'Paying', 'Visits'])
    expect(texts).toEqual([
      ['a-1', 'London', '9 Nov 2026, 10:05', 'yes', '1,235'],
      ['(empty)', '–', '–', 'no', '–'],
    ])
    expect(article.table?.columns.map(({ align }) => align)).toEqual(['left', 'left', 'left', 'left', 'right'])
  })

  test.each<[string, TableResult['rows'][number][number], string]>([
    ['time', '2026-11-09', '9 Nov 2026'],
    ['time', '2026-11-09T23:30:00Z', '10 Nov 2026, 00:30'],
    // In Berlin there is no such time on that day.
    ['time', '2026-03-29T02:30:00', '29 Mar 2026, 02:30'],
    ['time', 'long ago', 'long ago'],
    ['time', '', ''],
    ['number', 1234567.25, '1,234,567'],
    ['number', -5, '-5'],
    ['number', 'n/a', 'n/a'],
    ['text', 12, '12'],
    ['text', 'undefined', '(not set)'],
    ['text', '=1+1', '=1+1'],
    ['text', `${'long '.repeat(30)}`, 'long long long long long long long long long long long…'],
    ['json', '{"a":[1,2]}', '{"a":[1,2]}'],
  ])('a %s %j is printed as %s', (type, cell, expected) => {
    expect(said(found(), [`it ${type}`], [[cell]]).texts).toEqual([[expected]])
  })

  test('of a country are told by its name, and numbers in the locale', () => {
    const { texts, titles } = said(found(), ['country text', 'spent number'], [['DE', 1234.5]], { locale: 'de-DE' })
    expect([titles, texts]).toEqual([['Country', 'Spent'], [['Germany', '1.235']]])
  })

  test('that reach the limit, or were cut, may be more', () => {
    const rows = Array.from({ length: 30 }, (_, at) => [`person ${at}`, at])
    const whole = said(found(), events, rows, { attachments: 1 })
    expect([whole.headline, whole.tile?.value]).toEqual(['30 people', '30'])
    expect(whole.article.table?.rows).toHaveLength(20)
    expect(whole.article.notes).toEqual(['20 of 30 rows; all are in the attached CSV.'])
    expect(said(found({ limit: 30 }), events, rows).headline).toBe('At least 30 people')
    const cut = said(found(), events, rows, { notes: [truncated] })
    expect([cut.headline, cut.tile?.value]).toEqual(['At least 30 people', '30+'])
    expect(cut.article.notes[0]).toBe('20 of 30 rows; what was fetched is in the CSV.')
  })

  test('are as they are now: they have no period, and do not run', () => {
    const list = makeQuery('list', 'Customers', found(), { timeframe: 'this_1_month' })
    const exports = makeQuery('exports', 'Exports', counted('Export'))
    const report = makeReport([list, exports])
    const edition = compose(report, [
      tableAnswer({ query: list, report }, events, ranked),
      seriesAnswer({ query: exports, report }, { Export: [50, 50, 50] }),
    ])
    expect(edition.period).toMatch(/^Monday 9 to Sunday 15 November 2026, Berlin/)
    expect(edition.articles[0]).toMatchObject({ headline: '3 people', notes: [] })
    expect(edition.figures[0]).toMatchObject({ note: 'people', changes: [] })
  })

  test('grouped by a property are rows', () => {
    expect(
      said(
        found({ on: 'plan' }),
        ['plan text', 'people number'],
        [
          ['pro', 3],
          ['free', 9],
        ],
      ).headline,
    ).toBe('2 rows')
  })
})

describe('events, of a vendor without profiles', () => {
  const list = found({ event: 'purchase', limit: 3 })
  const each = 'event'

  test('are counted as events, which are of their timeframe', () => {
    const { headline, lead, edition, tile } = said(list, events, ranked, { each, notes: [truncated] })
    expect([headline, lead]).toEqual(['At least 3 events', 'Paying customers: At least 3 events.'])
    expect(edition.subject).toBe('Weekly growth: Paying customers: At least 3 events')
    expect(tile).toMatchObject({ value: '3+', note: 'events' })
    expect(edition.period).toBe('Monday 9 to Sunday 15 November 2026, Berlin time.')
    expect(said(list, events, ranked.slice(0, 1), { each }).headline).toBe('1 event')
    expect(said(list, events, [], { each }).headline).toBe('No events')
  })

  test('of a time that runs are those so far', () => {
    const { headline, tile } = said(list, events, ranked.slice(0, 2), { each, more: { timeframe: 'this_1_month' } })
    expect(headline).toBe('2 events so far')
    expect(tile?.changes).toMatchObject([{ amount: 'so far' }])
  })

  test('of a time that is not the page’s say which', () => {
    const query = makeQuery('list', 'Orders', list, { timeframe: 'previous_1_month' })
    const exports = makeQuery('exports', 'Exports', counted('Export'))
    const report = makeReport([exports, query, { ...exports, name: 'more' }])
    const counts = report.queries
      .filter(({ name }) => name !== 'list')
      .map((one) => seriesAnswer({ query: one, report }, { Export: [9] }))
    const edition = compose(report, [...counts, tableAnswer({ query, report }, events, ranked, { each })])
    expect(edition.articles[1]).toMatchObject({ headline: 'At least 3 events in October', notes: ['Counted in October.'] })
    expect(edition.figures[1]?.note).toBe('events in October')
  })
})

describe('a saved answer of one number', () => {
  const query = kept({ query: 'x' })
  const week = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
  const running = { start: '2026-11-01T00:00:00+01:00', end: '2026-12-01T00:00:00+01:00' }

  test.each<[number | null, Partial<Query>, string, string]>([
    [21, {}, '21', 'Paying customers at 21'],
    [0, {}, '0', 'Paying customers at 0'],
    [1, {}, '1', 'Paying customers at 1'],
    [53.768923, {}, '53.8', 'Paying customers at 53.8'],
    [1234.5, { format: 'EUR' }, '€1,235', 'Paying customers at €1,235'],
    [0.271, { format: 'percent' }, '27.1 %', 'Paying customers at 27 %'],
    [null, {}, '–', 'No number for paying customers'],
  ])('is that figure: %s', (cell, more, value, expected) => {
    const column = cell === null ? 'count text' : 'count number'
    const { headline, lead, edition, tile, article } = said(query, [column], [[cell]], { more, timeframe: week })
    expect([headline, plain(tile?.value)]).toEqual([expected, value])
    expect(lead).toBe(`${expected}.`)
    expect(plain(edition.subject)).toBe(`Weekly growth: ${expected}`)
    expect(tile).not.toHaveProperty('note')
    expect(article).not.toHaveProperty('table')
    expect(article.notes).toEqual(['The figure is “count”.'])
  })

  test('says what it is of where the page does not, and that it is not over', () => {
    const undated: Note[] = [{ kind: 'undated', text: 'it has its own dates' }]
    expect(said(query, ['count number'], [[21]], { timeframe: running }).headline).toBe('Paying customers at 21 so far')
    const [list, exports] = [makeQuery('list', 'Orders', query), makeQuery('exports', 'Exports', counted('Export'))]
    const report = makeReport([exports, list])
    const beside = (own: Partial<TableResult>) => {
      const answers = [
        seriesAnswer({ query: exports, report }, { Export: [9] }),
        tableAnswer({ query: list, report }, ['n number'], [[21]], own),
      ]
      return compose(report, answers)
    }
    const dated = beside({ timeframe: running })
    expect(dated.articles[1]?.headline).toBe('Orders at 21 in November so far')
    expect(dated.figures[1]).toMatchObject({ value: '21', note: 'in November', changes: [{ amount: 'so far' }] })
    const untold = beside({ notes: undated, timeframe: running })
    expect(untold.articles[1]).toMatchObject({ headline: 'Orders at 21', notes: ['The figure is “n”.', 'It has its own dates.'] })
    expect(untold.figures[1]).toMatchObject({ value: '21', note: 'its own dates', changes: [] })
  })

  test.each<[string, Query['question'], string[], TableResult['rows'], TableResult['each'], string]>([
    ['two columns', query, ['a number', 'b number'], [[1, 2]], undefined, '1 row'],
    ['two rows', query, ['a number'], [[1], [2]], undefined, '2 rows'],
    ['a text', query, ['a text'], [['x']], undefined, '1 row'],
    ['an event', query, ['a number'], [[7]], 'event', '1 event'],
    ['a value that occurred', query, ['a number'], [[7]], 'value', '1 value'],
    ['values that occurred', query, ['a number'], [[7], [8]], 'value', '2 values'],
    ['a profile', found(), ['a number'], [[7]], undefined, '1 person'],
  ])('is no figure where it is %s', (_, question, columns, rows, each, expected) => {
    const { headline, article } = said(question, columns, rows, { timeframe: week, ...(each === undefined ? {} : { each }) })
    expect(headline).toBe(expected)
    expect(article.table?.rows).toHaveLength(rows.length)
  })
})

describe('any other table', () => {
  test('is so many rows', () => {
    const { headline, edition, tile } = said(kept({ query: 'x' }), events, ranked)
    expect([headline, edition.subject]).toEqual(['3 rows', 'Weekly growth: Paying customers: 3 rows'])
    expect(tile).toMatchObject({ value: '3', note: 'rows' })
    expect(said(kept({ query: 'x' }), events, [['A', 1]]).headline).toBe('1 row')
    expect(said(kept({ query: 'x' }), events, ranked, { notes: [truncated] }).headline).toBe('At least 3 rows')
    expect(said(kept({ query: 'x' }), [], []).headline).toBe('No rows')
  })

  test('has money only where one column alone can be it', () => {
    const more = { format: 'EUR' }
    expect(said(kept({ query: 'x' }), ['plan text', 'revenue number'], [['pro', 1234]], { more }).texts).toEqual([
      ['pro', '€1,234'],
    ])
    const two = said(kept({ query: 'x' }), ['revenue number', 'people number'], [[1234, 9]], { more })
    expect(two.texts).toEqual([['1,234', '9']])
  })

  test('of many columns shows those that a phone has room for, one in any case', () => {
    const wide = Array.from({ length: 12 }, (_, at) => `c${at} number`)
    const { titles, article } = said(kept({ query: 'x' }), wide, [wide.map((_, at) => at)])
    expect(titles).toHaveLength(6)
    expect(article.notes).toEqual(['6 of 12 columns; all are in the CSV.'])
    const long = ['a number', 'b number', 'c text']
    expect(said(kept({ query: 'x' }), long, [[123_456_789_012_345, 123_456_789_012_345, 'a long text']]).titles).toEqual([
      'A',
      'B',
    ])
    expect(said(kept({ query: 'x' }), [`${'x'.repeat(90)} text`], [['a']]).titles).toEqual([`${'X'}${'x'.repeat(22)}…`])
  })
})
