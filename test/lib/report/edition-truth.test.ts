import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Edition } from '../../../lib/edition.ts'
import type { Query } from '../../../lib/query.ts'
import type { Result } from '../../../lib/result.ts'
import {
  cohortsAnswer,
  compose,
  counted,
  failureAnswer,
  found,
  frequented,
  funnelAnswer,
  makeQuery,
  makeReport,
  plain,
  ratioAnswer,
  retained,
  seriesAnswer,
  stepped,
  tableAnswer,
  textsOf,
  topped,
} from './made-answers.ts'

/** The rules of the page, written down once more and apart from the product's code. */
const claims = /\b(?:up|down|rose|fell|made|new|more)\b|there were/
const beyond = (a: number, b: number, z: number) => a + b >= 10 && Math.abs(a - b) > z * Math.sqrt(a + b)

const amount = fc.oneof(fc.nat(30), fc.nat(3000), fc.nat(5_000_000))
const maybe = fc.option(amount, { freq: 8 })
const name = fc.oneof(
  fc.constantFrom('DE', 'US', 'Other', '<b>"&\'', '登録', 'a b', 'x,y;z', '', ' '),
  fc.stringMatching(/^[a-zé$_]{1,12}$/),
)
const better = fc.constantFrom('higher' as const, 'lower' as const, 'neither' as const)
const locale = fc.constantFrom('en-GB', 'en-US', 'de-DE', 'fr-FR', 'ar-EG', 'ja-JP')
const frame = fc.constantFrom('previous_1_week', 'previous_1_day', 'previous_1_month', 'previous_2_weeks', 'previous_24_hours')

function articleFor(edition: Edition, query: string) {
  const found = edition.articles.find((article) => article.query === query)
  if (found === undefined) throw new Error(`no article on ${query}`)
  return found
}

test('a change of a count is claimed exactly where it is beyond chance, with the very numbers of the result', () => {
  fc.assert(
    fc.property(amount, amount, amount, better, fc.constantFrom('general', 'unique'), (now, before, year, better, type) => {
      const query = makeQuery('exports', 'Exports', counted('Export', { type }), { better })
      const report = makeReport([query])
      const edition = compose(report, [seriesAnswer({ query, report }, { Export: [now, before, year] })])
      const headline = plain(articleFor(edition, 'exports').headline)
      const print = new Intl.NumberFormat('en-GB').format
      expect(edition.figures[0]?.value).toBe(print(now))
      for (const [index, then] of [before, year].entries()) {
        const change = edition.figures[0]?.changes[index]
        const moved = beyond(then, now, 2)
        const verdict = !moved || better === 'neither' ? 'neutral' : now > then === (better === 'higher') ? 'better' : 'worse'
        expect(change).toMatchObject({ direction: !moved || then === 0 ? 'same' : now > then ? 'up' : 'down', verdict })
        if (!moved) expect(change?.amount).toBe('about the same')
        if (moved && then > 0 && now < then * 10) {
          const told = Number.parseFloat(plain(change?.amount).replaceAll(',', ''))
          const exact = (Math.abs(now - then) / then) * 100
          expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact < 10 ? 0.0501 : 0.501)
        }
      }
      const moved = beyond(before, now, 2)
      expect(claims.test(headline)).toBe(moved)
      expect(claims.test(edition.lead.replace('moved beyond', ''))).toBe(moved)
      if (!moved && now > 0) expect(headline).toContain('about the same')
      if (now > 1) expect(headline).toContain(print(now))
      expect(edition.subject).toContain(headline)
    }),
    { numRuns: 400 },
  )
})

test('a part has a share of the change only where the whole and the part moved beyond chance, and the share is right', () => {
  const parts = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[b-z]{3,8}$/), amount, maybe), {
    selector: ([part]) => part,
    minLength: 2,
    maxLength: 30,
  })
  fc.assert(
    fc.property(parts, fc.boolean(), (parts, adds) => {
      const query = makeQuery('split', 'Exports by plan', counted('Export', { on: 'plan', type: adds ? 'general' : 'unique' }), {
        compare: ['previous'],
      })
      const report = makeReport([query])
      const answer = seriesAnswer({ query, report }, Object.fromEntries(parts.map(([part, now, then]) => [part, [now, then]])))
      const edition = compose(report, [answer])
      const article = articleFor(edition, 'split')
      const [now, then] = [answer.total ?? 0, answer.comparisons[0]?.total ?? 0]
      const known = parts.filter(([, , before]) => before !== null).length
      // Two-sided normal quantile of 0.05 ÷ n by bisection of the complementary error function's series.
      const z = Math.max(2, quantile(1 - 0.05 / (2 * Math.max(1, known))))
      const told = /; (\S+) made (all of|([\d.]+) % of) the (rise|fall)/.exec(plain(article.headline))
      if (told !== null) {
        const part = parts.find(([part]) => part === told[1])
        if (part === undefined || part[2] === null) throw new Error('a part that was never there')
        expect(adds && beyond(then, now, 2) && beyond(part[2], part[1], z - 0.001)).toBe(true)
        const share = (part[1] - part[2]) / (now - then)
        expect(share).toBeGreaterThanOrEqual(0.25)
        expect(share).toBeGreaterThanOrEqual((1.5 * part[2]) / then - 1e-9)
        if (told[3] === undefined) expect(share).toBeGreaterThanOrEqual(0.995)
        else expect(Math.abs(Number(told[3]) - share * 100)).toBeLessThanOrEqual(0.5001)
        expect(told[4]).toBe(now > then ? 'rise' : 'fall')
      } else if (adds && beyond(then, now, 2) && then > 0) {
        const moved = parts.flatMap(([, to, from]) =>
          from !== null && beyond(from, to, z + 0.001) ? [{ share: (to - from) / (now - then), size: from / then }] : [],
        )
        const largest = Math.max(0, ...moved.map(({ share }) => share))
        const ordinary = moved.some(({ share, size }) => share === largest && share < 1.5 * size)
        if (!ordinary) expect(largest).toBeLessThan(0.25)
      }
      for (const [part, to, from] of parts) {
        const row = article.table?.rows.find(
          (cells) => 'text' in (cells[0] ?? {}) && (cells[0] as { text: string }).text === part,
        )
        const change = row?.[3] as { text: string; verdict: string } | undefined
        if (change === undefined) continue
        if (from === null) expect(change.text).toBe('–')
        else if (!beyond(from, to, z - 0.001)) expect(change).toEqual({ text: 'about the same', verdict: 'neutral' })
        else if (beyond(from, to, z + 0.001)) expect(change.verdict).toBe(to > from ? 'better' : 'worse')
      }
    }),
    { numRuns: 300 },
  )
})

test('a funnel claims a change exactly where two proportions differ by more than chance', () => {
  const pair = fc
    .tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat(1000))
    .map(([entered, part]) => [entered, Math.round((entered * part) / 1000)] as const)
  fc.assert(
    fc.property(pair, pair, ([n, x], [m, y]) => {
      const query = makeQuery('checkout', 'Checkout', stepped(['Cart', 'Paid']), { compare: ['previous'] })
      const report = makeReport([query])
      const edition = compose(report, [
        funnelAnswer({ query, report }, [
          [n, x],
          [m, y],
        ]),
      ])
      const pooled = (x + y) / (n + m)
      const z = Math.abs(x / n - y / m) / Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
      const moved = x + y >= 10 && n + m - x - y >= 10 && z > 2
      const headline = plain(articleFor(edition, 'checkout').headline)
      expect(claims.test(headline)).toBe(moved)
      expect(headline.endsWith('about the same')).toBe(!moved)
      expect(edition.figures[0]?.changes[0]?.direction).toBe(moved ? (x / n > y / m ? 'up' : 'down') : 'same')
      const told = Number.parseFloat(plain(edition.figures[0]?.value))
      expect(Math.abs(told - (x / n) * 100)).toBeLessThanOrEqual(0.0501)
    }),
    { numRuns: 300 },
  )
})

test('whatever the answers are, no text is unfinished, and what is not over has no change', () => {
  const rows = fc.uniqueArray(fc.tuple(name, maybe, maybe, maybe), { selector: ([part]) => part, maxLength: 25 })
  const kind = fc.constantFrom('general', 'unique', 'sum', 'average')
  const counts = fc.array(fc.nat(5000), { minLength: 3, maxLength: 3 }).map((row) => row.sort((a, b) => b - a))
  const question = fc.record({
    rows,
    kind,
    better,
    timeframe: fc.oneof(frame, fc.constantFrom('this_1_week', 'this_1_month')),
    totals: fc.array(maybe, { maxLength: 3 }),
    format: fc.constantFrom(undefined, 'EUR', 'percent'),
  })
  fc.assert(
    fc.property(
      question,
      question,
      fc.array(counts, { minLength: 3, maxLength: 3 }),
      locale,
      fc.boolean(),
      (one, two, steps, locale, fails) => {
        const [split, other] = [one, two].map(({ kind, better, timeframe, format }, at) => {
          const more = kind === 'general' || kind === 'unique' ? { type: kind } : { type: kind, of: 'amount' }
          return makeQuery(`q${at}`, `Exports ${at}`, counted('Export', { on: 'country', ...more }), {
            better,
            timeframe,
            ...(format === undefined ? {} : { format }),
          })
        }) as [Query, Query]
        const funnel = makeQuery('funnel', 'Checkout', stepped(['Cart', 'Address', 'Paid']))
        const rate = makeQuery(
          'rate',
          'Errors per 1,000',
          { kind: 'ratio', of: 'q0', to: 'q0', times: 1000 },
          { timeframe: one.timeframe },
        )
        const report = makeReport([split, other, funnel, rate])
        const given = (query: Query) => ({ query, report })
        const answer = (query: Query, { rows, totals }: typeof one) => {
          return seriesAnswer(
            given(query),
            Object.fromEntries(rows.map(([part, ...then]) => [part, then])),
            totals.length > 0 ? { total: totals } : {},
          )
        }
        const first = answer(split, one)
        const answers: Result[] = [
          first,
          fails ? failureAnswer(given(other), { kind: 'refused', message: 'no', remedy: 'ask' }) : answer(other, two),
          funnelAnswer(given(funnel), steps),
          ratioAnswer(given(rate), first, first),
        ]
        const edition = compose(report, answers, { locale })
        for (const text of textsOf(edition)) expect(text).not.toMatch(/NaN|Infinity|∞|undefined|null|\[object|\s{2}|\.\.$/)
        for (const query of [split, other, rate].filter(({ timeframe }) => String(timeframe).startsWith('this'))) {
          const article = articleFor(edition, query.name)
          if (article.notice !== undefined) continue
          expect(article.headline).not.toMatch(/\b(?:up|down|rose|fell|about the same)\b/)
          expect(article.headline).toMatch(/so far$|^No (?:total|number) for/)
          expect(article.table?.columns.length ?? 3).toBe(3)
          expect(edition.figures.find((figure) => figure.query === query.name)?.changes).toMatchObject([
            { direction: 'same', amount: 'so far' },
          ])
        }
        expect(edition.lead).not.toBe('')
      },
    ),
    { numRuns: 300 },
  )
})

const dated = (at: number) => new Date(Date.UTC(2026, 10, 9 - 7 * at)).toISOString().slice(0, 10)

test('every share of cohorts is its count over its size, and of all the sum of counts over the sum of sizes', () => {
  const cohort = fc
    .tuple(fc.oneof(fc.nat(20), fc.nat(100_000)), fc.array(fc.option(fc.nat(1000), { freq: 9 }), { maxLength: 14 }))
    .map(([size, parts]) => [size, ...parts.map((part) => (part === null ? null : Math.round((size * part) / 1000)))] as const)
  fc.assert(
    fc.property(fc.array(cohort, { maxLength: 20 }), fc.boolean(), locale, (cohorts, comesBack, locale) => {
      const question = comesBack ? retained('Sign Up', 'any') : frequented('any', 'week', 'day')
      const query = makeQuery('stay', 'Retention', question, { timeframe: 'previous_20_weeks' })
      const report = makeReport([query])
      const rows = Object.fromEntries(cohorts.map((row, at) => [dated(cohorts.length - 1 - at), [...row]])) as never
      const edition = compose(report, [cohortsAnswer({ query, report }, rows)], { locale })
      for (const text of textsOf(edition)) expect(text).not.toMatch(/NaN|Infinity|∞|undefined|null|\[object|\s{2}|\.\.$/)
      const article = articleFor(edition, 'stay')
      expect(article.headline).not.toMatch(/\b(?:up|down|rose|fell|same|made)\b/)
      expect(edition.figures[0]?.changes).toEqual([])
      // The share of one place in the counts, worked out once more.
      const shareOf = (some: typeof cohorts, place: number) => {
        const known = some.filter((row) => typeof row[place + 1] === 'number')
        const size = known.reduce((sum, row) => sum + row[0], 0)
        return size === 0 ? undefined : known.reduce((sum, row) => sum + (row[place + 1] ?? 0), 0) / size
      }
      const figure = shareOf(cohorts, 1)
      const parsed = (text: string) =>
        Number(
          plain(text)
            .replace(locale === 'de-DE' || locale === 'fr-FR' ? ',' : '.', '.')
            .replace(/ %$/, ''),
        )
      if (figure === undefined) expect(edition.figures[0]?.value).toBe('–')
      else if (locale !== 'ar-EG')
        expect(Math.abs(parsed(edition.figures[0]?.value ?? '') - figure * 100)).toBeLessThanOrEqual(0.0501)
      const table = article.shares
      if (table === undefined) return
      expect(table.columns.length).toBeLessThanOrEqual(8)
      const shown = cohorts.slice(-14)
      table.rows.forEach((row, at) => {
        const own = cohorts.length === 1 ? shown : at === 0 ? cohorts : shown.slice(at - 1, at)
        row.slice(2).forEach((cell, column) => {
          if (!('text' in cell)) throw new Error('a bar among shares')
          const place = Number.parseInt(table.columns[column + 2]?.title ?? '', 10) - (comesBack ? 0 : 1)
          const share = shareOf(own, place)
          if (share === undefined) expect(['', '–']).toContain(cell.text)
          else {
            expect(cell.shade).toBeGreaterThanOrEqual(0)
            expect(cell.shade).toBeLessThanOrEqual(1)
            if (locale !== 'ar-EG') expect(Math.abs(parsed(cell.text) - share * 100)).toBeLessThanOrEqual(0.501)
          }
        })
      })
    }),
    { numRuns: 300 },
  )
})

test('a table’s cells are its own, in their order, and never more rows claimed than there are', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 90 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  )
  const type = fc.constantFrom('text', 'number', 'boolean', 'time', 'json')
  const shape = fc.integer({ min: 1, max: 9 }).chain((width) =>
    fc.record({
      columns: fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 40 }), type), { minLength: width, maxLength: width }),
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 30 }),
    }),
  )
  fc.assert(
    fc.property(shape, fc.boolean(), fc.boolean(), locale, ({ columns, rows }, cut, ranks, locale) => {
      const query = makeQuery('list', 'Customers', ranks ? topped('events') : found({ limit: 25 }))
      const report = makeReport([query])
      const notes = cut ? [{ kind: 'truncated' as const, text: 'more than was given' }] : []
      const answer = {
        ...tableAnswer({ query, report }, [], rows, { notes }),
        columns: columns.map(([name, type]) => ({ name, type })),
      }
      const edition = compose(report, [answer as Result], { locale })
      const article = articleFor(edition, 'list')
      const whole = !cut && rows.length < (ranks ? 20 : 25)
      const claimed = /^(?:At least |Top )?(No|[\d.,\s\u202f]+)/.exec(plain(article.headline))
      expect(claimed?.[1] === 'No' ? 0 : Number(claimed?.[1])).toBe(rows.length)
      expect(/^(?:At least|Top) /.test(article.headline)).toBe(!whole && rows.length > 0)
      expect(edition.figures[0]?.value.endsWith('+')).toBe(!whole)
      const shown = (article.table?.columns ?? []).filter(({ bar }) => bar !== true)
      expect(shown.length).toBeGreaterThanOrEqual(rows.length === 0 ? 0 : 1)
      expect(article.table?.rows ?? []).toHaveLength(Math.min(20, rows.length))
      article.table?.rows.forEach((row, at) => {
        const texts = row.flatMap((one) => ('text' in one ? [one.text] : []))
        texts.forEach((text, column) => {
          const original = rows[at]?.[column]
          expect([...text].length).toBeLessThanOrEqual(60)
          if (original === null) expect(text).toBe('–')
          if (typeof original === 'boolean') expect(text).toBe(original ? 'yes' : 'no')
          if (typeof original === 'number') expect(text).toMatch(/\d/)
        })
      })
      expect(article.notes.some((note) => /all are in/.test(note)) && cut).toBe(false)
    }),
    { numRuns: 300 },
  )
})

/** By bisection of the normal distribution's integral, Simpson's rule. */
function quantile(p: number): number {
  let [low, high] = [0, 8]
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2
    if (0.5 + integral(middle) < p) low = middle
    else high = middle
  }
  return low
}

function integral(to: number): number {
  const parts = 200
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  const width = to / parts
  let sum = density(0) + density(to)
  for (let at = 1; at < parts; at += 1) sum += density(at * width) * (at % 2 === 1 ? 4 : 2)
  return (sum * width) / 3
}
