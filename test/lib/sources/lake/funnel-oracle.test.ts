import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import type { FunnelSteps } from '../../../../lib/result.ts'
import { lake } from '../../../../lib/sources/lake/index.ts'
import type { Ask } from '../../../../lib/sources/source.ts'
import type { Timeframe } from '../../../../lib/timeframe.ts'
import type { Season } from './arbitraries.ts'
import { eventNames, linesIn, on, seasons, seed } from './arbitraries.ts'
import { answersOf, funnelAsk, lakeOf } from './folder.ts'
import type { ExpectedSteps } from './oracle.ts'
import { expectFunnel } from './oracle.ts'

const dataSets = 60
const questionsEach = 17

const conditions = fc.constantFrom(
  'properties["n"] > 1',
  'defined(properties["n"])',
  'properties["p"] in ["DE", 5]',
  'not properties["n"]',
)
const step = fc.record({
  event: fc.constantFrom(...Array(8).fill('A'), 'B', ...eventNames),
  where: fc.option(conditions, { nil: undefined, freq: 1 }),
})

function asksIn(season: Season): fc.Arbitrary<Ask<'funnel'>> {
  const question = fc.record(
    {
      steps: fc.array(step, { minLength: 2, maxLength: 4, size: 'small' }),
      within: fc.constantFrom('4 hours', '1 day', '2 days', '3 days'),
      on: fc.oneof({ weight: 4, arbitrary: fc.constant('p') }, { weight: 1, arbitrary: on }),
      where: conditions,
    },
    { requiredKeys: ['steps', 'within'], noNullPrototype: true },
  )
  const framing = fc.record({
    timeframe: fc.constantFrom<Timeframe>(
      { start: `${season.day}T00:00`, end: season.at },
      { start: `${dayBefore(season)}T12:00`, end: `${season.day}T20:00` },
      { start: dayBefore(season), end: season.day },
      'previous_3_days',
    ),
    compare: fc.constantFrom([], [], [], ['previous' as const]),
  })
  return fc.tuple(question, framing).map(([asked, framed]) =>
    funnelAsk(
      {
        ...asked,
        limit: 10_000,
        steps: asked.steps.map(({ event, where }) => (where === undefined ? event : { event, where })),
      },
      { at: season.at, timezone: season.timezone, ...framed },
    ),
  )
}

function dayBefore({ day }: Season): string {
  return Temporal.PlainDate.from(day).subtract({ days: 1 }).toString()
}

const cases = fc
  .constantFrom(...seasons)
  .chain((season) =>
    fc.tuple(
      fc.oneof(linesIn(season, { spread: 'hours' }), linesIn(season, { spread: 'moments' })),
      fc.array(asksIn(season), { minLength: questionsEach, maxLength: questionsEach }),
    ),
  )

test(`answers ${dataSets * questionsEach} random funnels as trying every chain does`, async () => {
  let asked = 0
  let completed = 0
  const property = fc.asyncProperty(cases, async ([lines, asks]) => {
    await using own = await lakeOf({ 'events.ndjson': lines })
    await Promise.all(
      asks.map(async (ask) => {
        expect(lake.refuse({ kind: 'lake' }, ask.question)).toBeUndefined()
        const body = await answersOf(own.source).funnel(ask)
        const { whole, segments } = expectFunnel(lines, ask, ask.windows.timeframe)
        same(body.steps, whole)
        expect(body.segments?.map(({ name }) => name).toSorted()).toEqual(
          ask.question.on === undefined ? undefined : [...segments.keys()].toSorted(),
        )
        for (const { name, steps } of body.segments ?? []) same(steps, segments.get(name))
        ask.windows.comparisons.forEach(({ timeframe }, at) => {
          same(body.comparisons[at]?.steps, expectFunnel(lines, ask, timeframe).whole)
        })
        asked++
        if ((whole.counts.at(-1) ?? 0) > 0) completed++
      }),
    )
  })
  await fc.assert(property, { seed, numRuns: dataSets, endOnFailure: process.env['SHRINK'] === undefined })
  expect(asked).toBe(dataSets * questionsEach)
  // Funnels that nobody completes would agree about little.
  expect(completed).toBeGreaterThan(asked / 10)
}, 60_000)

function same(found: FunnelSteps | undefined, wanted: ExpectedSteps | undefined): void {
  expect(found?.map(({ count }) => count)).toEqual(wanted?.counts)
  wanted?.medians.forEach((median, at) => {
    const { medianSeconds = null } = found?.[at] ?? {}
    if (median === null) expect(medianSeconds).toBeNull()
    else expect(medianSeconds).toBeCloseTo(median, 6)
  })
}
