import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { Report } from '../../../lib/project/project.ts'
import type { Query } from '../../../lib/query.ts'
import type { Result } from '../../../lib/result.ts'
import {
  alone,
  compose,
  counted,
  failureAnswer,
  funnelAnswer,
  makeQuery,
  makeReport,
  plain,
  ratioAnswer,
  seriesAnswer,
  stepped,
  textsOf,
} from './made-answers.ts'

const signups = makeQuery('signups', 'Sign-ups by country', counted('Sign Up', { on: 'country' }), { trend: 'previous_4_weeks' })
const activation = makeQuery(
  'activation',
  'Activation in 7 days',
  stepped(['Sign Up', 'Create Project', 'Invite Teammate', 'Upgrade'], { figure: 3 }),
)
const active = makeQuery('active', 'Weekly active', counted('Open App', { type: 'unique', unit: 'week' }), {
  trend: 'previous_4_weeks',
})
const errors = makeQuery('errors', 'Errors', counted('Error'), { better: 'lower' })
const views = makeQuery('views', 'Page views', counted('Page View'))
const rate = makeQuery('rate', 'Errors per 1,000', { kind: 'ratio', of: 'errors', to: 'views', times: 1000 }, { better: 'lower' })
const revenue = makeQuery('revenue', 'Revenue by plan', counted('Charge', { type: 'sum', of: 'amount', on: 'plan' }), {
  format: 'EUR',
})

const growth = makeReport([signups, activation, active, errors, views, rate, revenue], {
  figures: ['signups', 'activation', 'active', 'rate'],
  owner: 'Growth team <growth@example.com>',
})

function growthAnswers(report: Report = growth): Result[] {
  const given = (query: Query) => ({ query, report })
  const [errorCounts, viewCounts] = [
    seriesAnswer(given(errors), { Error: [380, 470, 800] }),
    seriesAnswer(given(views), { 'Page View': [200_000, 204_000, 195_000] }),
  ]
  return [
    seriesAnswer(
      given(signups),
      {
        DE: [1102, 810, 600],
        US: [1016, 1010, 900],
        FR: [607, 598, 500],
        JP: [390, 380, 300],
        BR: [275, 270, 250],
        Other: [800, 776, 648],
      },
      { folded: 31, notes: [{ kind: 'other', text: 'Other holds 31 more segments beyond the limit of 5' }] },
    ),
    funnelAnswer(given(activation), [
      [3844, 2399, 1038, 276],
      [3715, 2310, 1000, 270],
      [3000, 1700, 717, 200],
    ]),
    seriesAnswer(given(active), { 'Open App': [18_930, 18_308, 15_500] }),
    errorCounts,
    viewCounts,
    ratioAnswer(given(rate), errorCounts, viewCounts),
    failureAnswer(given(revenue), {
      kind: 'refused',
      message: 'Mixpanel refused the query: the service account lost its access to project 1234567',
      remedy: 'give it back under Settings, Service accounts',
    }),
  ]
}

describe('the page of the look', () => {
  const edition = compose(growth, growthAnswers(), { attachments: 2 })
  const articleOf = (query: string) => edition.articles.find((article) => article.query === query)

  test('says the period, the zone and what it is compared with', () => {
    expect(plain(edition.period)).toBe('Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.')
  })

  test('leads with the biggest news, then how the others went, then what is missing', () => {
    expect(plain(edition.lead)).toBe(
      'Sign-ups rose 9 % to 4,190; Germany made 84 % of the rise. ' +
        'Errors per 1,000 fell 0.4 and weekly active rose 3.4 %; activation in 7 days stayed about the same. ' +
        'One of seven questions could not be answered.',
    )
    expect(edition.subject).toBe('Weekly growth: 4,190 sign-ups, up 9 %')
  })

  test('has the tiles', () => {
    const tiles = edition.figures.map(({ label, value, changes }) => [
      label,
      plain(value),
      ...changes.map(({ direction, verdict, amount, against }) => [direction, verdict, plain(amount), against].join(' ').trim()),
    ])
    expect(tiles).toEqual([
      ['Sign-ups', '4,190', 'up better 9 % on the week', 'up better 31 % on the year'],
      ['Activation in 7 days', '27.0 %', 'same neutral about the same', 'up better 3.1 pts on the year'],
      ['Weekly active', '18,930', 'up better 3.4 % on the week', 'up better 22 % on the year'],
      ['Errors per 1,000', '1.9', 'down better 0.4 on the week', 'down better 2.2 on the year'],
    ])
  })

  test('has the findings as headlines, in the order of the questions', () => {
    expect(edition.articles.map(({ kicker, headline }) => [kicker, plain(headline)])).toEqual([
      ['Sign-ups by country', '4,190 sign-ups, up 9 %; Germany made 84 % of the rise'],
      [
        'Activation in 7 days',
        '27 % of the week before last went from Sign Up to Invite Teammate within seven days, about the same',
      ],
      ['Weekly active', 'Weekly active at 18,930, up 3.4 %'],
      ['Errors', '380 errors, down 19 %'],
      ['Page views', '200,000 page views, down 2 %'],
      ['Errors per 1,000', '1.9 errors per 1,000, down 0.4'],
      ['Revenue by plan', 'This question has no answer today'],
    ])
  })

  test('has the table of a split, its rest last and its bars against the largest', () => {
    const { columns, rows } = articleOf('signups')?.table ?? { columns: [], rows: [] }
    expect(columns.map(({ title }) => title)).toEqual(['Country', '', 'Sign-ups', 'On the week before'])
    const printed = rows.map((row) => row.map((cell) => ('share' in cell ? Math.round(cell.share * 100) : plain(cell.text))))
    expect(printed).toEqual([
      ['Germany', 100, '1,102', '+36 %'],
      ['United States', 92, '1,016', 'about the same'],
      ['France', 55, '607', 'about the same'],
      ['Japan', 35, '390', 'about the same'],
      ['Brazil', 25, '275', 'about the same'],
      ['Other (31)', 73, '800', 'about the same'],
    ])
    expect(rows[0]?.[3]).toMatchObject({ verdict: 'better' })
    expect(rows[5]?.[0]).toMatchObject({ other: true })
  })

  test('draws the trend with week starts on its axis and the timeframe marked', () => {
    const chart = articleOf('signups')?.chart
    if (chart === undefined || chart.kind === 'steps') throw new Error('no series chart')
    expect(chart.ticks.map((at) => chart.labels[at])).toEqual(['19 Oct', '26 Oct', '2 Nov', '9 Nov'])
    expect(chart).toMatchObject({ kind: 'line', timeframeFrom: 21, partial: [], locale: 'en-GB', format: 'number' })
    expect(chart.series.map(({ name, other }) => [name, other])).toEqual([
      ['Germany', undefined],
      ['United States', undefined],
      ['France', undefined],
      ['Japan', undefined],
      ['Brazil', undefined],
      ['Other (31)', true],
    ])
    expect(plain(chart.alt)).toBe(
      'Line chart: Sign-ups by country by day, 19 October to 15 November 2026. From 9 to 15 November: ' +
        'Germany 1,102, United States 1,016, France 607, Japan 390, Brazil 275, Other (31) 800; in all 4,190.',
    )
  })

  test('says whose funnel it is and where most are lost', () => {
    const article = articleOf('activation')
    expect(article?.notes.map(plain)).toEqual([
      'Users who entered from 2 to 8 November: the latest week whose seven days are over.',
      'Most are lost on the way to Create Project (1,445).',
    ])
    if (article?.chart?.kind !== 'steps') throw new Error('no steps')
    expect(article.chart.steps.map(({ count, overallText, stepText }) => [count, plain(overallText), plain(stepText)])).toEqual([
      ['3,844', '100 %', ''],
      ['2,399', '62 %', '62 %'],
      ['1,038', '27 %', '43 %'],
      ['276', '7.2 %', '27 %'],
    ])
  })

  test('has a notice for the failure, and a colophon', () => {
    expect(articleOf('revenue')?.notice).toBe(
      'Mixpanel refused the query: the service account lost its access to project 1234567. ' +
        'This is for the author of the report: give it back under Settings, Service accounts. ' +
        'The other figures are not touched by this.',
    )
    expect(edition.colophon).toEqual([
      'For the edition of 16 November 2026, 08:00, asked of Mixpanel (project 1234567, EU).',
      '7 questions, 6 answered.',
      '2 files attached.',
      '“On the year” is against 10 to 16 November 2025.',
      '“About the same” is a change no larger than chance makes.',
    ])
    expect(edition.owner).toBe('Growth team <growth@example.com>')
    expect(edition.sample).toBeUndefined()
  })

  test('is marked as a sample where it is one', () => {
    const sample = compose(growth, growthAnswers(), { sample: true })
    expect(sample.subject).toBe('[Sample] Weekly growth: 4,190 sign-ups, up 9 %')
    expect(sample.sample).toMatch(/made up/)
  })

  test('in any locale has that locale’s numbers in English sentences with English dates and countries', () => {
    const german = compose(growth, growthAnswers(), { locale: 'de-DE' })
    expect(german.language).toBe('en-GB')
    expect(german.period).toBe(edition.period)
    expect(plain(german.articles[0]?.headline)).toBe('4.190 sign-ups, up 9 %; Germany made 84 % of the rise')
    expect(german.figures.map(({ value }) => plain(value))).toEqual(['4.190', '27,0 %', '18.930', '1,9'])
    expect(german.articles[0]?.chart).toMatchObject({ ticks: [0, 7, 14, 21] })
    for (const locale of ['en-US', 'ja-JP', 'ar-EG']) {
      const other = compose(growth, growthAnswers(), { locale })
      expect(other.period).toBe(edition.period)
      expect(other.colophon[0]).toBe(edition.colophon[0])
      expect(other.articles[0]?.chart).toMatchObject({
        labels: german.articles[0]?.chart?.kind === 'line' && german.articles[0].chart.labels,
        locale,
      })
    }
  })

  test('says once, under the first picture that has one, what the shaded part is', () => {
    const captions = edition.articles.map(({ chart }) => (chart?.kind === 'line' ? chart.caption : undefined))
    expect(captions.filter((caption) => caption !== undefined)).toEqual([
      'The shaded part is the week that the figures speak of.',
    ])
    expect(captions[0]).toBeDefined()
  })

  test('says of a folded rest what it is', () => {
    expect(articleOf('signups')?.notes).toEqual(['Other is 31 more countries.'])
  })

  test('has no tiles where the report wants none, and still its lead and subject', () => {
    const bare = compose({ ...growth, figures: [] }, growthAnswers())
    expect(bare.figures).toEqual([])
    expect(plain(bare.lead)).toContain('Sign-ups rose 9 % to 4,190')
    expect(bare.subject).toContain('4,190 sign-ups')
  })
})

describe('levels and changes', () => {
  const exports = makeQuery('exports', 'Exports', counted('Export'))
  const said = (query: Query, totals: readonly (number | null)[], more = {}) =>
    alone(query, (given) => seriesAnswer(given, { Export: totals }), more)

  test('nothing at all says so, and what there was', () => {
    expect(said(exports, [0, 44, 3]).headline).toBe('No exports last week; there were 44 the week before')
    expect(said(exports, [0, 0, 3]).headline).toBe('No exports last week, and none the week before')
    expect(said(exports, [0, 3, 3]).headline).toBe('No exports last week')
  })

  test('something after nothing is new, without a percentage', () => {
    const { headline, tile } = said(exports, [44, 0, null])
    expect(headline).toBe('44 exports; there were none the week before')
    expect(tile?.changes).toEqual([
      { direction: 'same', verdict: 'better', amount: 'new,', against: 'none the week before' },
      { direction: 'same', verdict: 'neutral', amount: '–', against: 'on the year' },
    ])
  })

  test('a multiple says where it came from', () => {
    const { headline, lead, tile } = said(exports, [4000, 30, 3990])
    expect(headline).toBe('4,000 exports, up from 30')
    expect(lead).toBe('Exports rose from 30 to 4,000.')
    expect(tile?.changes[0]).toMatchObject({ amount: '133×', verdict: 'better' })
  })

  test('tiny counts are about the same', () => {
    expect(said(exports, [3, 0, 1]).headline).toBe('3 exports, about the same')
    expect(said(exports, [1, 2, 2]).headline).toBe('Exports at 1, about the same')
  })

  test('without a total there is no number, and no change', () => {
    const both = makeQuery('both', 'Weekly active users', counted(['A', 'B'], { type: 'unique' }))
    const { headline, tile, article } = alone(both, (given) =>
      seriesAnswer(given, { A: [30, 20, 2], B: [40, 20, 2] }, { total: [] }),
    )
    expect(headline).toBe('No total for weekly active users')
    expect([tile?.value, tile?.changes.map(({ amount }) => amount)]).toEqual(['–', ['–', '–']])
    expect(article.table?.rows.map((row) => 'text' in (row[0] ?? {}) && row[0])).toEqual([{ text: 'B' }, { text: 'A' }])
    expect(article.table?.columns[0]?.title).toBe('Event')
  })

  test('what is compared with the year alone says so', () => {
    const { headline, edition } = said(
      makeQuery('exports', 'Exports', counted('Export'), { compare: ['year'], timeframe: 'previous_1_day' }),
      [500, 610],
    )
    expect(headline).toBe('500 exports, down 18 % on the year')
    expect(edition.period).toBe('Sunday 15 November 2026, Berlin time. Compared with Sunday 16 November 2025.')
    expect(plain(edition.lead)).toBe('Exports fell 18 % on the year to 500.')
  })

  test('colour is better or worse, not up or down', () => {
    const verdictOf = (better: Query['better']) =>
      said({ ...exports, better }, [900, 700, 1200]).tile?.changes.map(({ verdict }) => verdict)
    expect(verdictOf('higher')).toEqual(['better', 'worse'])
    expect(verdictOf('lower')).toEqual(['worse', 'better'])
    expect(verdictOf('neither')).toEqual(['neutral', 'neutral'])
  })

  test('sums and averages show their change in grey and claim nothing', () => {
    const given = compose(makeReport([revenue]), [
      seriesAnswer({ query: revenue, report: makeReport([revenue]) }, { pro: [90_000, 9000, 9000], team: [10, 10, null] }),
    ])
    expect(given.articles[0]?.headline).toBe('Revenue at €90,010')
    expect(given.lead).toBe('Revenue at €90,010.')
    expect(given.figures[0]?.changes.map(({ direction, verdict, amount }) => [direction, verdict, plain(amount)])).toEqual([
      ['up', 'neutral', '899 %'],
      ['up', 'neutral', '10×'],
    ])
    expect(given.articles[0]?.table?.rows.map((row) => row[3])).toMatchObject([{ verdict: 'neutral' }, { verdict: 'neutral' }])
  })

  test('an estimate and a cut answer claim nothing', () => {
    for (const kind of ['sampled', 'truncated'] as const) {
      const { headline } = alone(exports, (given) =>
        seriesAnswer(given, { Export: [900, 100, 100] }, { notes: [{ kind, text: 'so it is' }] }),
      )
      expect(headline).toBe('900 exports')
    }
  })

  test('a ratio is tested by the two counts it is made of', () => {
    const report = makeReport([errors, views, rate])
    const given = (query: Query) => ({ query, report })
    const headlineWith = (counts: number, before: number) => {
      const of = seriesAnswer(given(errors), { Error: [counts, before, before] })
      const to = seriesAnswer(given(views), { 'Page View': [2000, 2000, 2000] })
      return compose(report, [of, to, ratioAnswer(given(rate), of, to)]).articles[2]?.headline
    }
    // 13 and 10 per 1,000, but of 26 and 20 errors only.
    expect(headlineWith(26, 20)).toBe('13 errors per 1,000, about the same')
    expect(headlineWith(260, 200)).toBe('130 errors per 1,000, up 30')
  })

  test('a ratio of sums claims nothing', () => {
    const charges = makeQuery('errors', 'Charges', counted('Charge', { type: 'sum', of: 'amount' }))
    const report = makeReport([charges, views, rate])
    const given = (query: Query) => ({ query, report })
    const of = seriesAnswer(given(charges), { Charge: [9000, 100, 100] })
    const to = seriesAnswer(given(views), { 'Page View': [2000, 2000, 2000] })
    const edition = compose(report, [of, to, ratioAnswer(given(rate), of, to)], {})
    expect(edition.articles[2]?.headline).toBe('4,500 errors per 1,000')
    expect(edition.figures[2]?.changes[0]).toMatchObject({ direction: 'up', verdict: 'neutral' })
  })

  test('a part that moved more than the whole made all of it and more', () => {
    const split = makeQuery('split', 'Sign-ups by plan', counted('Sign Up', { on: 'plan' }))
    const { headline } = alone(split, (given) => seriesAnswer(given, { pro: [3000, 2000], free: [2000, 2400] }))
    expect(headline).toBe('5,000 sign-ups, up 14 %; pro made all of the rise and more')
  })

  test('uniques do not add up, so no part has a share of their change', () => {
    const split = makeQuery('split', 'Active users by plan', counted('Open', { on: 'plan', type: 'unique' }))
    const { headline } = alone(split, (given) =>
      seriesAnswer(given, { pro: [3000, 2000], free: [2000, 2000] }, { total: [4900, 3900, 3900] }),
    )
    expect(headline).toBe('4,900 active users, up 26 %')
  })

  test('the rest is nobody, so it has no share either', () => {
    const split = makeQuery('split', 'Sign-ups by plan', counted('Sign Up', { on: 'plan', limit: 1 }))
    const notes = [{ kind: 'other' as const, text: 'Other holds 9 more segments beyond the limit of 1' }]
    const { headline } = alone(split, (given) =>
      seriesAnswer(given, { pro: [2000, 2000], Other: [3000, 2000] }, { folded: 9, notes }),
    )
    expect(headline).toBe('5,000 sign-ups, up 25 %')
  })

  test('nothing moved says so plainly', () => {
    const [one, two] = [exports, makeQuery('active', 'Active users', counted('Open', { type: 'unique' }))]
    const report = makeReport([one, two])
    const answers = [one, two].map((query) => seriesAnswer({ query, report }, { Any: [500, 510, 505] }))
    expect(compose(report, answers).lead).toBe('Nothing moved beyond chance: exports and active users stayed about the same.')
    const onTheYear = [one, two].map((query) => seriesAnswer({ query, report }, { Any: [500, 510, 300] }))
    expect(compose(report, onTheYear).lead).toBe(
      'Nothing moved beyond chance on the week: exports and active users stayed about the same.',
    )
    const [only] = onTheYear
    expect(only && compose(makeReport([one]), [only]).lead).toBe('Exports stayed about the same on the week, at 500.')
  })

  test('the largest of parts that all moved alike is not named', () => {
    const split = makeQuery('split', 'Refunds by kind', counted('Refund', { on: 'kind' }))
    const { headline } = alone(split, (given) => seriesAnswer(given, { Refund: [700, 1030], Chargeback: [680, 1000] }))
    expect(headline).toBe('1,380 refunds, down 32 %')
  })

  test('the alternative text does not say the unit twice', () => {
    const { article } = alone(makeQuery('players', 'Players by day', counted('Play')), (given) =>
      seriesAnswer(given, { Play: [500, 510, 505] }),
    )
    expect(article.chart?.alt).toMatch(/^Line chart: Players by day, /)
  })

  test('a bar chart of one date has no second row of bars in the table below it', () => {
    const split = makeQuery('split', 'Sign-ups by plan', counted('Sign Up', { on: 'plan', unit: 'week' }), { chart: 'bar' })
    const { article } = alone(split, (given) => seriesAnswer(given, { pro: [300, 300, 300], free: [200, 200, 200] }))
    expect(article.chart?.kind).toBe('bar')
    expect(article.table?.columns.map(({ title }) => title)).toEqual(['Plan', 'Sign-ups', 'On the week before'])
    expect(article.table?.rows[0]).toHaveLength(3)
  })
})

describe('periods that are not over', () => {
  const running = { timeframe: 'this_1_month', trend: 'this_2_months' }

  test('are told as a level so far', () => {
    const query = makeQuery('signups', 'Sign-ups by country', counted('Sign Up', { on: 'country' }), running)
    const { edition, headline, lead, tile, article } = alone(query, (given) => seriesAnswer(given, { DE: [900], US: [20] }))
    expect(edition.period).toBe('Sunday 1 to Monday 16 November 2026 so far, Berlin time.')
    expect([headline, lead]).toEqual(['920 sign-ups so far', '920 sign-ups so far.'])
    expect(tile?.changes).toEqual([{ direction: 'same', verdict: 'neutral', amount: 'so far', against: '' }])
    expect(article.table?.columns).toHaveLength(3)
    expect(article.chart).toMatchObject({ partial: [46] })
  })

  test('of a funnel whose last entrants still have time, too', () => {
    const query = makeQuery('checkout', 'Checkout', stepped(['Cart', 'Paid'], { within: '3 days', immature: true }))
    const { headline, article } = alone(query, (given) =>
      funnelAnswer(given, [[100, 40]], { notes: [{ kind: 'immature', text: 'later entrants still have time: 3 days' }] }),
    )
    expect(headline).toBe('40 % went from Cart to Paid within three days so far')
    expect(article.notes).toEqual(['Later entrants still have time: 3 days.'])
  })

  test('are said beside a page about another period', () => {
    const usual = makeQuery('a', 'Exports', counted('Export'))
    const other = makeQuery('b', 'Imports', counted('Import'), { timeframe: 'this_1_week' })
    const third = makeQuery('c', 'Logins', counted('Login'), { timeframe: 'previous_2_weeks' })
    const report = makeReport([usual, other, third, makeQuery('d', 'Demos', counted('Demo'))])
    const edition = compose(
      report,
      report.queries.map((query) => seriesAnswer({ query, report }, { It: [50, 50, 50] })),
    )
    expect(edition.period).toBe('Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.')
    expect(edition.articles.map(({ headline }) => headline)).toEqual([
      '50 exports, about the same',
      '50 imports on Monday 16 November so far',
      '50 logins from 2 to 15 November, about the same',
      '50 demos, about the same',
    ])
    expect(edition.lead).toBe('Exports and demos stayed about the same, and so did logins on the period before.')
    expect(edition.articles[1]?.notes).toEqual(['Counted on Monday 16 November so far.'])
    expect(edition.articles[2]?.notes).toEqual(['Counted from 2 to 15 November, compared with 19 October to 1 November.'])
  })
})

describe('months', () => {
  const at = Temporal.Instant.from('2027-03-01T07:00:00Z')
  const orders = makeQuery('orders', 'Orders', counted('Order'), { timeframe: 'previous_1_month' })
  const said = (totals: number[]) => {
    const report = makeReport([orders])
    return compose(report, [seriesAnswer({ query: orders, report, at }, { Order: totals })], { at })
  }

  test('of other lengths are no news by that alone, and say what it is a day', () => {
    const edition = said([28_000, 31_000, 28_000])
    expect(edition.period).toBe('February 2027, Berlin time. Compared with January.')
    expect(edition.articles[0]?.headline).toBe('28,000 orders, about the same')
    expect(edition.articles[0]?.notes).toEqual([
      'February has 28 days, January 31; a day, that is 1,000 after 1,000: about the same.',
    ])
  })

  test('that also differ by the day are news', () => {
    const edition = said([20_000, 31_000, 28_000])
    expect(plain(edition.articles[0]?.headline)).toBe('20,000 orders, down 35 %')
    expect(plain(edition.articles[0]?.notes[0])).toBe(
      'February has 28 days, January 31; a day, that is 714 after 1,000: down 29 %.',
    )
    expect(edition.figures[0]?.changes[0]).toMatchObject({ against: 'on the month', verdict: 'worse' })
  })
})

describe('funnels', () => {
  const steps = ['Cart', 'Paid']
  const said = (counts: number[][], more = {}) =>
    alone(makeQuery('checkout', 'Checkout', stepped(steps, { within: '1 day', ...more })), (given) => funnelAnswer(given, counts))

  test('that nobody entered have no rate', () => {
    const { headline, tile } = said([
      [0, 0],
      [10, 3],
      [0, 0],
    ])
    expect(headline).toBe('Nobody entered at Cart the week before last')
    expect([tile?.value, tile?.changes.map(({ amount }) => amount)]).toEqual(['–', ['–', '–']])
  })

  test('that nobody finished say of how many', () => {
    expect(
      said([
        [200, 0],
        [200, 2],
        [200, 2],
      ]).headline,
    ).toBe('None of 200 who entered the week before last went from Cart to Paid within one day, about the same')
  })

  test('whose entrants have a day say that they had it', () => {
    const { article } = said([
      [200, 20],
      [200, 20],
      [200, 20],
    ])
    expect(article.notes[0]).toBe(
      'Users who entered from 2 to 8 November: the latest week whose entrants have all had their day.',
    )
  })

  test.each([
    ['previous_1_month', '26 % of September’s went from Cart to Paid within seven days, about the same', 'in September'],
    [
      'previous_1_week',
      '26 % of the week before last went from Cart to Paid within seven days, about the same',
      'the week before last',
    ],
    ['this_1_week', '26 % of Monday 16 November went from Cart to Paid within seven days so far', 'on Monday 16 November'],
  ])('of %s on a page of October: %s', (timeframe, expected, note) => {
    const months = ['a', 'b'].map((name) =>
      makeQuery(name, `Exports ${name}`, counted('Export'), { timeframe: 'previous_1_month' }),
    )
    const checkout = makeQuery('checkout', 'Checkout', stepped(steps, timeframe.startsWith('this') ? { immature: true } : {}), {
      timeframe,
    })
    const report = makeReport([...months, checkout])
    // On 5 November October’s last entrants still have time, so the funnel is September’s.
    const at = Temporal.Instant.from(timeframe === 'previous_1_month' ? '2026-11-05T07:00:00Z' : '2026-11-16T07:00:00Z')
    const edition = compose(
      report,
      [
        ...months.map((query) => seriesAnswer({ query, report, at }, { Export: [50, 50, 50] })),
        funnelAnswer({ query: checkout, report, at }, [
          [1000, 260],
          [1000, 260],
          [1000, 260],
        ]),
      ],
      { at },
    )
    expect(plain(edition.articles[2]?.headline)).toBe(expected)
    expect(edition.figures.map((figure) => figure.note)).toEqual([undefined, undefined, note])
  })

  test('that moved say by how many points', () => {
    const { headline, lead } = said([
      [2000, 800],
      [2000, 600],
      [0, 0],
    ])
    expect(headline).toBe('40 % of the week before last went from Cart to Paid within one day, up 10 points')
    expect(lead).toBe('Checkout rose 10 points to 40 %.')
  })

  test('split by a property have a table', () => {
    const query = makeQuery('checkout', 'Checkout by country', stepped(steps, { on: 'country' }))
    const { article } = alone(query, (given) =>
      funnelAnswer(given, [[900, 300]], { segments: { AT: [300, 100], DE: [600, 200], FR: [0, 0] } }),
    )
    expect(article.table?.columns.map(({ title }) => title)).toEqual(['Country', 'Cart', 'Paid', 'Conversion'])
    expect(article.table?.rows.map((row) => row.map((cell) => 'text' in cell && plain(cell.text)))).toEqual([
      ['Germany', '600', '200', '33.3 %'],
      ['Austria', '300', '100', '33.3 %'],
      ['France', '0', '0', '–'],
    ])
  })
})

describe('what does not fit a page', () => {
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`plan ${at}`, [1000 - at, 1000 - at, 900]]))

  test('is counted beside the table, and folded in the chart where parts add up', () => {
    const { article } = alone(makeQuery('many', 'Installs by plan', counted('Install', { on: 'plan' })), (given) =>
      seriesAnswer(given, many),
    )
    expect(article.table?.rows).toHaveLength(20)
    expect(article.notes).toEqual(['20 of 33 rows; all are in the CSV.'])
    if (article.chart === undefined || article.chart.kind === 'steps') throw new Error('no series chart')
    expect(article.chart.series.map(({ name }) => name)).toEqual([
      'plan 0',
      'plan 1',
      'plan 2',
      'plan 3',
      'plan 4',
      'plan 5',
      'Other (27)',
    ])
    const sums = article.chart.labels.map((_, at) =>
      Array.from({ length: 27 }, (_, plan) => Math.round((994 - plan) / 7) + (at % 5)).reduce((a, b) => a + b),
    )
    expect(article.chart.series.at(-1)?.values).toEqual(sums)
  })

  test('is left out of the chart, and said, where they do not', () => {
    const query = makeQuery('many', 'Users by plan', counted('Install', { on: 'plan', type: 'unique' }))
    const { article } = alone(query, (given) => seriesAnswer(given, many, { total: [9000, 9000, 9000] }), { attachments: 1 })
    expect(article.chart).toMatchObject({ series: { length: 6 } })
    expect(article.notes).toEqual(['The chart shows the six largest.', '20 of 33 rows; all are in the attached CSV.'])
  })

  test('one point is no chart, and none is wanted where the author says so', () => {
    const query = makeQuery('week', 'Exports', counted('Export', { unit: 'week' }))
    expect(alone(query, (given) => seriesAnswer(given, { Export: [5, 5, 5] })).article.chart).toBeUndefined()
    const none = makeQuery('week', 'Exports', counted('Export'), { chart: 'none' })
    expect(alone(none, (given) => seriesAnswer(given, { Export: [5, 5, 5] })).article.chart).toBeUndefined()
  })

  test.each([
    [{ unit: 'hour' }, { timeframe: 'previous_48_hours' }, ['15 Nov', '16 Nov']],
    [{ unit: 'hour' }, { timeframe: 'previous_14_days' }, ['2 Nov', '5 Nov', '8 Nov', '11 Nov', '14 Nov']],
    [{ unit: 'day' }, { timeframe: 'previous_1_week', trend: 'previous_26_weeks' }, ['1 Jun', '1 Aug', '1 Oct']],
    [{ unit: 'month' }, { timeframe: 'previous_12_months' }, ['Jan 2026', 'Apr', 'Jul', 'Oct']],
    [{ unit: 'week' }, { timeframe: 'previous_1_week', trend: 'previous_8_weeks' }, ['28 Sept', '12 Oct', '26 Oct', '9 Nov']],
    [
      { unit: 'day' },
      { timeframe: 'previous_1_day', trend: 'previous_14_days' },
      ['3 Nov', '6 Nov', '9 Nov', '12 Nov', '15 Nov'],
    ],
    [{ unit: 'day' }, { timeframe: 'previous_1_day', trend: 'previous_28_days' }, ['25 Oct', '1 Nov', '8 Nov', '15 Nov']],
  ])('an axis of %o over %o has at most five labels', (more, frames, expected) => {
    const query = makeQuery('axis', 'Exports', counted('Export', more), frames)
    const { article } = alone(query, (given) => seriesAnswer(given, { Export: [5, 5, 5] }))
    if (article.chart === undefined || article.chart.kind === 'steps') throw new Error('no series chart')
    const { labels, ticks } = article.chart
    expect(ticks.map((at) => labels[at])).toEqual(expected)
  })
})

describe('failures', () => {
  const queries = ['a', 'b'].map((name) => makeQuery(name, `Exports ${name}`, counted('Export')))
  const report = makeReport(queries)

  test('of all leave no number anywhere', () => {
    const answers = queries.map((query) =>
      failureAnswer({ query, report }, { kind: 'unavailable', message: 'Mixpanel did not answer', remedy: undefined }),
    )
    const edition = compose(report, answers)
    expect(edition.lead).toBe('None of the two questions could be answered.')
    expect(edition.subject).toBe('Weekly growth: no answers today')
    expect(edition.period).toBe('Edition of Monday 16 November 2026, Berlin time.')
    expect(edition.articles[0]?.notice).toBe('Mixpanel did not answer. Nobody has to act, the next edition asks again.')
    expect(edition.figures[0]).toMatchObject({ value: '–', changes: [{ amount: 'no answer', direction: 'same' }] })
  })

  test('for one reason are told once, where the first of them stands', () => {
    const three = ['a', 'b', 'c', 'd'].map((name) => makeQuery(name, `Exports ${name}`, counted('Export')))
    const [a, b, c, d] = three as [Query, Query, Query, Query]
    const whole = makeReport(three)
    const refused = { kind: 'credential', message: 'the account is expired', remedy: 'put another there' } as const
    const edition = compose(whole, [
      failureAnswer({ query: a, report: whole }, refused),
      failureAnswer({ query: b, report: whole }, { ...refused, message: 'another reason' }),
      seriesAnswer({ query: c, report: whole }, { Export: [50, 50, 50] }),
      failureAnswer({ query: d, report: whole }, refused),
    ])
    expect(edition.articles.map(({ query, kicker, headline }) => [query, kicker, headline])).toEqual([
      ['a', 'Exports a and Exports d', 'These two questions have no answer today'],
      ['b', 'Exports b', 'This question has no answer today'],
      ['c', 'Exports c', expect.any(String)],
    ])
    expect(edition.articles[0]?.notice).toContain('The account is expired.')
    expect(edition.lead).toContain('Three of four questions could not be answered.')
  })

  test('of the first tile leave the subject to the next', () => {
    const [a, b] = queries as [Query, Query]
    const failure = failureAnswer(
      { query: a, report },
      { kind: 'bug', message: 'x is not a function', remedy: 'please report it' },
    )
    const edition = compose(report, [failure, seriesAnswer({ query: b, report }, { Export: [50, 50, 50] })])
    expect(edition.subject).toBe('Weekly growth: Exports b at 50, about the same')
    expect(edition.lead).toBe('Exports b stayed about the same, at 50. One of two questions could not be answered.')
  })

  test('a question that the run did not ask is left out', () => {
    const [a] = queries as [Query, Query]
    const edition = compose(report, [seriesAnswer({ query: a, report }, { Export: [50, 50, 50] })])
    expect(edition.articles.map(({ query }) => query)).toEqual(['a'])
    expect(edition.colophon[1]).toBe('1 question, answered.')
  })
})

test('names of any kind pass through as they are', () => {
  const nasty = `<b>"&'</b> ünï 登録 🎉 =1+1`
  const report = makeReport([makeQuery('a', nasty, counted([nasty, 'B'])), makeQuery('b', 'Steps', stepped([nasty, 'B']))], {
    title: nasty,
  })
  const [a, b] = report.queries as [Query, Query]
  const edition = compose(report, [
    seriesAnswer({ query: a, report }, { [nasty]: [500, 100, 100], B: [200, 200, 200] }),
    funnelAnswer({ query: b, report }, [
      [10, 5],
      [10, 5],
      [10, 5],
    ]),
  ])
  expect(edition.title).toBe(nasty)
  expect(edition.articles[0]?.headline).toContain(`; ${nasty} made`)
  expect(edition.articles[1]?.headline).toContain(`from ${nasty} to B`)
  expect(textsOf(edition).join()).not.toContain('&amp;')
})
