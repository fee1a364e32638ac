import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import type { CohortsBody } from '../../../../lib/result.ts'
import { lake } from '../../../../lib/sources/lake/index.ts'
import type { Ask } from '../../../../lib/sources/source.ts'
import type { Timeframe } from '../../../../lib/timeframe.ts'
import type { Season } from './arbitraries.ts'
import { eventNames, linesIn, on, seasons, seed, where } from './arbitraries.ts'
import type { ExpectedCohorts } from './cohorts-oracle.ts'
import { expectFrequency, expectRetention } from './cohorts-oracle.ts'
import type { Framing, Line } from './folder.ts'
import { answersOf, frequencyAsk, lakeOf, linesOf, retentionAsk } from './folder.ts'

const dataSets = 30
const questionsEach = 11

const events = fc.constantFrom('A', 'A', 'any', ...eventNames)
const conditions = fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: where })
const split = fc.option(on, { nil: undefined, freq: 2 })
const optional = (question: object) => Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined))

/** Windows with units whole, cut and running, seen soon after or long after. */
function framings(season: Season): fc.Arbitrary<Framing> {
  const dayAt = (days: number) => Temporal.PlainDate.from(season.day).add({ days }).toString()
  const relative = fc
    .constantFrom<Timeframe>(
      'previous_2_days',
      'previous_9_days',
      'this_5_days',
      'previous_2_weeks',
      'this_2_weeks',
      'this_2_months',
    )
    .map((timeframe) => ({ timeframe, at: season.at }))
  const later = Temporal.Instant.from(season.at)
    .add({ hours: 24 * 70 })
    .toString()
  const fixed = fc.record({
    timeframe: fc.constantFrom<Timeframe>(
      { start: dayAt(-9), end: dayAt(1) },
      { start: `${dayAt(-3)}T12:00`, end: `${dayAt(2)}T18:30` },
      { start: dayAt(-40), end: dayAt(20) },
    ),
    at: fc.constantFrom(season.at, later),
  })
  const weekStart = fc.constantFrom('monday' as const, 'sunday' as const)
  return fc.tuple(fc.oneof(relative, fixed), weekStart).map(([frame, start]) => {
    return { ...frame, weekStart: start, timezone: season.timezone }
  })
}

function retentions(season: Season): fc.Arbitrary<Ask<'retention'>> {
  const question = fc.record({
    first: events,
    // biome-ignore lint/suspicious/noThenProperty: the word of the project file
    then: events,
    kind: fc.constantFrom('birth', 'compounded'),
    unbounded: fc.boolean(),
    unit: fc.constantFrom('day', 'day', 'day', 'week', 'month'),
    intervals: fc.integer({ min: 1, max: 9 }),
    on: split,
    where: conditions,
  })
  return fc.tuple(question, framings(season)).map(([asked, framing]) => retentionAsk(optional(asked), framing))
}

function frequencies(season: Season): fc.Arbitrary<Ask<'frequency'>> {
  const question = fc.record({
    event: events,
    unit: fc.constantFrom('day', 'week', 'month'),
    of: fc.constantFrom('hour', 'day'),
    on: split,
    where: conditions,
  })
  return fc
    .tuple(question, framings(season))
    .map(([asked, framing]) => frequencyAsk(optional(asked.unit === 'day' ? { ...asked, of: 'hour' } : asked), framing))
}

function casesOf<Asked>(asksIn: (season: Season) => fc.Arbitrary<Asked>): fc.Arbitrary<[Line[], Asked[]]> {
  return fc
    .constantFrom(...seasons)
    .chain((season) =>
      fc.tuple(
        fc.oneof(
          linesIn(season, { spread: 'days' }),
          linesIn(season, { spread: 'hours' }),
          linesIn(season, { spread: 'moments' }),
        ),
        fc.array(asksIn(season), { minLength: questionsEach, maxLength: questionsEach }),
      ),
    )
}

test(`answers ${dataSets * questionsEach} random retentions as the rules say`, async () => {
  let told = 0
  const property = fc.asyncProperty(casesOf(retentions), async ([lines, asks]) => {
    await using own = await lakeOf({ 'events.ndjson': lines })
    await Promise.all(
      asks.map(async (ask) => {
        expect(lake.refuse({ kind: 'lake' }, ask.question)).toBeUndefined()
        const body = await answersOf(own.source).retention(ask)
        expect(body).toMatchObject({ measure: 'retention', unit: ask.question.unit, interval: ask.question.unit })
        same(body, expectRetention(lines, ask), ask)
        if (body.cohorts.some(({ counts }) => counts.some((count) => count !== null && count > 0))) told++
      }),
    )
  })
  await fc.assert(property, { seed, numRuns: dataSets, endOnFailure: process.env['SHRINK'] === undefined })
  // Nobody coming back would agree about little.
  expect(told).toBeGreaterThan((dataSets * questionsEach) / 5)
}, 60_000)

test(`answers ${dataSets * questionsEach} random frequencies as the rules say`, async () => {
  let told = 0
  const property = fc.asyncProperty(casesOf(frequencies), async ([lines, asks]) => {
    const half = lines.length >> 1
    await using own = await lakeOf({ 'a.ndjson.gz': lines.slice(0, half), 'b.jsonl': linesOf(lines.slice(half)) || '\n' })
    await Promise.all(
      asks.map(async (ask) => {
        expect(lake.refuse({ kind: 'lake' }, ask.question)).toBeUndefined()
        const body = await answersOf(own.source).frequency(ask)
        expect(body).toMatchObject({ measure: 'frequency', unit: ask.question.unit, interval: ask.question.of })
        same(body, expectFrequency(lines, ask), ask)
        if (body.cohorts.some(({ counts }) => (counts[1] ?? 0) > 0)) told++
      }),
    )
  })
  await fc.assert(property, { seed, numRuns: dataSets, endOnFailure: process.env['SHRINK'] === undefined })
  expect(told).toBeGreaterThan((dataSets * questionsEach) / 5)
}, 60_000)

function same(body: CohortsBody, { whole, segments }: ExpectedCohorts, { question }: Ask<'retention'> | Ask<'frequency'>): void {
  expect(body.cohorts).toEqual(whole)
  if (question.on === undefined) expect(body.segments).toBeUndefined()
  else
    expect(Object.fromEntries((body.segments ?? []).map((one) => [one.name, one.cohorts]))).toEqual(Object.fromEntries(segments))
}
