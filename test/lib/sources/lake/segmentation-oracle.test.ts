import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SeriesBody } from '../../../../lib/result.ts'
import { lake } from '../../../../lib/sources/lake/index.ts'
import type { Ask } from '../../../../lib/sources/source.ts'
import type { Season } from './arbitraries.ts'
import { eventNames, linesIn, on, seasons, seed, where } from './arbitraries.ts'
import type { Line } from './folder.ts'
import { answersOf, lakeOf, linesOf, segmentationAsk } from './folder.ts'
import { expectSegmentation } from './oracle.ts'

const dataSets = 60
const questionsEach = 17

const measures = fc.oneof(
  fc.constantFrom({ type: 'general' }, { type: 'unique' }, { type: 'average' }, { type: 'general' }),
  fc
    .tuple(fc.constantFrom('average', 'sum', 'min', 'max', 'median'), fc.constantFrom('n', 'properties["n"] * 2', 'p'))
    .map(([type, of]) => ({ type, of })),
  fc.constantFrom(10, 50, 90, 100).map((percentile) => ({ type: 'percentile', of: 'n', percentile })),
)
const what = fc.oneof(
  fc.record({ event: fc.constantFrom('any', ...eventNames), on: fc.option(on, { nil: undefined }) }),
  fc.record({ event: fc.constant(eventNames) }),
)
const rest = fc.record({
  where: fc.option(where, { nil: undefined }),
  unit: fc.constantFrom('hour', 'day', 'week', 'month'),
  clean: fc.boolean(),
})

function asksIn(season: Season): fc.Arbitrary<Ask<'segmentation'>> {
  const frames = fc.constantFrom(
    { timeframe: 'previous_2_days', trend: 'previous_6_days' },
    { timeframe: 'previous_1_week' },
    { timeframe: 'previous_1_day', trend: 'previous_9_days' },
    { timeframe: 'this_5_days' },
    { timeframe: { start: `${season.day}T01:00`, end: season.at } },
    { timeframe: 'previous_30_hours' },
  )
  const framing = fc.record({
    frame: frames,
    weekStart: fc.constantFrom('monday' as const, 'sunday' as const),
    compare: fc.constantFrom([], ['previous' as const]),
  })
  return fc.tuple(measures, what, rest, framing).map(([measure, events, more, { frame, ...framed }]) => {
    const question = Object.fromEntries(
      Object.entries({ ...measure, ...events, ...more, limit: 10_000 }).filter(([, value]) => value !== undefined),
    )
    return segmentationAsk(question, { at: season.at, timezone: season.timezone, ...frame, ...framed })
  })
}

const cases = fc
  .constantFrom(...seasons)
  .chain((season) =>
    fc.tuple(
      linesIn(season, { spread: 'days' }),
      fc.array(asksIn(season), { minLength: questionsEach, maxLength: questionsEach }),
    ),
  )

test(`answers ${dataSets * questionsEach} random segmentations as the rules say`, async () => {
  let asked = 0
  const property = fc.asyncProperty(cases, async ([lines, asks]) => {
    const half = lines.length >> 1
    await using own = await lakeOf({ 'a/1.ndjson.gz': lines.slice(0, half), 'b.jsonl': `${linesOf(lines.slice(half))}\n` })
    await Promise.all(
      asks.map(async (ask) => {
        expect(lake.refuse({ kind: 'lake' }, ask.question)).toBeUndefined()
        check(await answersOf(own.source).segmentation(ask), lines, ask)
        asked++
      }),
    )
  })
  await fc.assert(property, { seed, numRuns: dataSets, endOnFailure: process.env['SHRINK'] === undefined })
  expect(asked).toBe(dataSets * questionsEach)
}, 60_000)

function check(body: SeriesBody, lines: readonly Line[], ask: Ask<'segmentation'>): void {
  const { question } = ask
  const { series: all, totals } = expectSegmentation(lines, ask)
  const blank = ['general', 'unique', 'sum'].includes(question.type) ? 0 : null
  const dropped = question.clean && question.on !== undefined ? ['', 'undefined'] : []
  const expected = Object.entries(all).filter(([name]) => !dropped.includes(name))

  expect(body.series.map(({ name }) => name).toSorted()).toEqual(expected.map(([name]) => name).toSorted())
  for (const [name, { values, total, compared }] of expected) {
    const found = body.series.find((one) => one.name === name)
    expect(body.dates).toEqual(expect.arrayContaining(Object.keys(values)))
    body.dates.forEach((date, at) => {
      same(found?.values[at], date in values ? values[date] : blank)
    })
    same(found?.total, total)
    compared.forEach((figure, at) => {
      same(body.comparisons[at]?.totals[name], figure)
    })
  }
  same(body.total, totals[0])
  body.comparisons.forEach(({ total }, at) => {
    same(total, totals[at + 1])
  })
}

function same(found: number | null | undefined, wanted: number | null | undefined): void {
  if (typeof found === 'number' && typeof wanted === 'number') {
    expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))
  } else expect(found).toBe(wanted)
}
