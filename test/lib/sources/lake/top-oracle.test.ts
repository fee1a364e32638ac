import fc from 'fast-check'
import { expect, test } from 'vitest'
import { propertyOf } from '../../../../lib/expression.ts'
import type { TableBody } from '../../../../lib/result.ts'
import { lake } from '../../../../lib/sources/lake/index.ts'
import type { Ask } from '../../../../lib/sources/source.ts'
import type { Timeframe } from '../../../../lib/timeframe.ts'
import type { Season } from './arbitraries.ts'
import { eventNames, linesIn, on, seasons, seed } from './arbitraries.ts'
import { evaluate } from './evaluate.ts'
import type { Line } from './folder.ts'
import { answersOf, lakeOf, linesOf, topAsk } from './folder.ts'
import type { Happening } from './oracle.ts'
import { happeningsOf, isIn, read, segmentOf } from './oracle.ts'

const dataSets = 30
const questionsEach = 11

function asksIn(season: Season): fc.Arbitrary<Ask<'top'>> {
  const event = fc.option(fc.constantFrom('any', ...eventNames), { nil: undefined })
  const what = fc.oneof(
    fc.constant({ what: 'events' }),
    fc.record({ what: fc.constant('properties'), event }),
    fc.record({ what: fc.constant('values'), property: on, event }),
  )
  const rest = fc.record({
    type: fc.constantFrom('general', 'unique', 'average'),
    limit: fc.constantFrom(1, 3, 20, 20),
    timeframe: fc.constantFrom<Timeframe>('previous_2_days', 'previous_9_days', 'this_5_days', 'previous_60_hours'),
  })
  return fc.tuple(what, rest).map(([asked, { timeframe, ...more }]) => {
    const question = Object.fromEntries(Object.entries({ ...asked, ...more }).filter(([, value]) => value !== undefined))
    return topAsk(question, { at: season.at, timezone: season.timezone, timeframe })
  })
}

const cases = fc
  .constantFrom(...seasons)
  .chain((season) =>
    fc.tuple(
      fc.oneof(linesIn(season, { spread: 'days' }), linesIn(season, { spread: 'hours' })),
      fc.array(asksIn(season), { minLength: questionsEach, maxLength: questionsEach }),
    ),
  )

test(`ranks as the rules say in ${dataSets * questionsEach} random questions`, async () => {
  let ranked = 0
  const property = fc.asyncProperty(cases, async ([lines, asks]) => {
    const half = lines.length >> 1
    await using own = await lakeOf({ 'a.ndjson.gz': lines.slice(0, half), 'b.jsonl': linesOf(lines.slice(half)) || '\n' })
    await Promise.all(
      asks.map(async (ask) => {
        expect(lake.refuse({ kind: 'lake' }, ask.question)).toBeUndefined()
        const body = await answersOf(own.source).top(ask)
        check(body, lines, ask)
        if (body.rows.length > 1) ranked++
      }),
    )
  })
  await fc.assert(property, { seed, numRuns: dataSets, endOnFailure: process.env['SHRINK'] === undefined })
  expect(ranked).toBeGreaterThan((dataSets * questionsEach) / 5)
}, 60_000)

/** The event's own names: `Line` has who, when and which among the properties, as Mixpanel's export does. */
const notProperties = ['time', 'distinct_id', '$insert_id']

function namesIn({ event, properties }: Happening, { what, property = '' }: Ask<'top'>['question']): string[] {
  if (what === 'events') return [event]
  if (what === 'properties') {
    return Object.keys(properties).filter((name) => properties[name] !== null && !notProperties.includes(name))
  }
  const value = evaluate(read(propertyOf(property)), properties)
  return value === undefined || value === null ? [] : [segmentOf(property, { properties })]
}

function check(body: TableBody, lines: readonly Line[], { question, windows }: Ask<'top'>): void {
  const { event = 'any', what, limit, type } = question
  const asked = happeningsOf(lines).filter((one) => isIn(one, windows.timeframe) && (event === 'any' || one.event === event))
  const named = asked.flatMap((one) => namesIn(one, question).map((name) => ({ name, person: one.person })))
  const rows = [...Map.groupBy(named, ({ name }) => name)].map(([name, some]): [string, number | null] => {
    const known = some.flatMap(({ person }) => (person === undefined ? [] : [person]))
    const people = new Set(known).size
    const average = people === 0 ? null : known.length / people
    return [name, { general: some.length, unique: people, average }[type]]
  })
  rows.sort(([a, x], [b, y]) => (y ?? -1) - (x ?? -1) || Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(body.rows).toEqual(rows.slice(0, limit))
  const rest = rows.length - limit
  expect(body.notes.filter(({ kind }) => kind === 'other').map(({ text }) => text)).toEqual(
    rest > 0 ? [expect.stringContaining(`${rest} more `)] : [],
  )
  const unset = what === 'values' ? asked.filter((one) => namesIn(one, question).length === 0).length : 0
  expect(body.notes.filter(({ kind }) => kind === 'unset').map(({ text }) => text)).toEqual(
    unset > 0 ? [expect.stringMatching(`^${unset} events? ha`)] : [],
  )
}
