import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import type { Expression } from '../../../../lib/expression.ts'
import { printExpression } from '../../../../lib/expression.ts'
import type { Line } from './folder.ts'

/** The seed of all random suites; `SEED=…` tries another. fast-check prints it with what failed. */
export const seed = Number(process.env['SEED'] ?? 20261109)

/** Weeks in which the clocks change, and a common one; a run just after them, and the zone. */
export const seasons = [
  { timezone: 'Europe/Berlin', day: '2026-03-29', at: '2026-04-02T08:00:00Z' },
  { timezone: 'Europe/Berlin', day: '2026-10-25', at: '2026-10-28T08:00:00Z' },
  { timezone: 'America/New_York', day: '2026-11-01', at: '2026-11-04T15:00:00Z' },
  { timezone: 'Asia/Kolkata', day: '2026-06-10', at: '2026-06-13T03:00:00Z' },
] as const
export type Season = (typeof seasons)[number]

export const eventNames = ['A', 'B', `It's "Ü" \\ 1; drop table events; --`]
export const oddName = `$odd."n/a~m'e"\\`

const ids = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<unknown>('u1', 'u1', 'u2', 'u3') },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(7, '7', null, undefined) },
)
const values = fc.constantFrom<unknown>(
  ...['DE', 'FR', 'Other', '', 'undefined', '5', 'true', 'Zoë " \\ \u2028', 5, -2, 0, 0.25, 12, true, false, null, undefined],
  ...[['DE', 1], { a: [null] }, 'DE', 'DE', 'FR', 5, 12],
)
const numbers = fc.constantFrom<unknown>(0, 1, 2, 2, 3.5, -4, 100, '3', null, undefined, true, [1])

/** Over two weeks around the change of the clocks; over three days, where ties are common; at three moments, where all is ties. */
const spreads = {
  days: { step: 30 * 60_000, first: -480, last: 200, fewest: 0, most: 24 },
  hours: { step: 4 * 3_600_000, first: -12, last: 6, fewest: 12, most: 24 },
  moments: { step: 4 * 3_600_000, first: -2, last: 0, fewest: 4, most: 9 },
}

/** Lines with times on a grid. */
export function linesIn({ day, timezone }: Season, { spread }: { readonly spread: keyof typeof spreads }): fc.Arbitrary<Line[]> {
  const noon = Temporal.PlainDate.from(day).toZonedDateTime(timezone).epochMilliseconds
  const { step, first, last, fewest, most } = spreads[spread]
  const times = fc.integer({ min: first, max: last }).chain((at) => {
    const time = noon + at * step
    return fc.constantFrom(time / 1000, time / 1000, time, (time - 1) / 1000)
  })
  const one = fc.record({
    event: spread === 'moments' ? fc.constantFrom('A', 'A', 'B') : fc.constantFrom('A', 'A', 'A', 'B', ...eventNames),
    time: times,
    distinct_id: spread === 'moments' ? fc.constantFrom('u1', 'u1', 'u2') : ids,
    $insert_id: fc.constantFrom<unknown>('i1', 'i2', 3, null, undefined),
    p: values,
    n: numbers,
    [oddName]: values,
  })
  return fc
    .array(one, { minLength: fewest, maxLength: most })
    .chain((made) => fc.array(fc.nat({ max: Math.max(0, made.length - 1) }), { maxLength: 3 }).map((again) => ({ made, again })))
    .map(({ made, again }) => {
      // Repeated lines may differ in what is not part of the key.
      const repeated = again.flatMap((at) => (made[at] === undefined ? [] : [{ ...made[at], p: 'repeated' }]))
      return [...made, ...repeated].map(({ event, ...properties }) => ({
        event,
        properties: Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)),
      }))
    })
}

const property = (name: string): Expression => ({ kind: 'property', of: 'properties', name })
const literal = (value: string | number | boolean): Expression => ({ kind: 'literal', value })
const call = (name: Extract<Expression, { kind: 'call' }>['function'], ...given: Expression[]): Expression => ({
  kind: 'call',
  function: name,
  arguments: given,
})
type Binary = Extract<Expression, { kind: 'binary' }>
const binary = (operator: Binary['operator'], left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  operator,
  left,
  right,
})

const anything = fc.constantFrom('p', 'n', oddName, 'nowhere').map(property)

/** Expressions that a lake can evaluate, by the type that they have when they are not undefined. */
export const typed = fc.letrec<{ number: Expression; text: Expression; truth: Expression; any: Expression }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(0, 1, 2, 5, 12, -2).map(literal),
    anything,
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', '%'), tie('number'), tie('number'))
      .map(([operator, a, b]) => binary(operator, a, b)),
    fc.tuple(fc.constantFrom('floor', 'round', 'ceil', 'number'), tie('number')).map(([name, a]) => call(name, a)),
    fc.oneof(tie('text'), tie('truth')).map((a) => call('number', a)),
    tie('number').map(
      (operand): Expression => (operand.kind === 'literal' ? operand : { kind: 'unary', operator: '-', operand }),
    ),
  ),
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('DE', 'F', '', '5', 'E', "' or 1=1 --", 'Zoë " \\').map(literal),
    anything,
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => binary('+', a, b)),
    fc.oneof(tie('text'), anything).map((a) => call('string', a)),
  ),
  truth: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('number'), tie('number')).map(([o, a, b]) => binary(o, a, b)),
    fc.tuple(fc.constantFrom('==', '!=', '<', '>='), tie('text'), tie('text')).map(([o, a, b]) => binary(o, a, b)),
    fc.tuple(fc.constantFrom('==', '!='), tie('any'), tie('any')).map(([o, a, b]) => binary(o, a, b)),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => binary('in', a, b)),
    fc
      .tuple(tie('any'), fc.array(fc.constantFrom<string | number | boolean>('DE', 'FR', 5, '5', true, 12), { maxLength: 4 }))
      .map(([a, items]) => binary('in', a, { kind: 'list', items: items.map(literal) })),
    fc.tuple(fc.constantFrom('and', 'or'), tie('truth'), tie('truth')).map(([o, a, b]) => binary(o, a, b)),
    fc.oneof(tie('truth'), anything).map((operand): Expression => ({ kind: 'unary', operator: 'not', operand })),
    fc.tuple(fc.constantFrom('defined', 'boolean'), tie('any')).map(([name, a]) => call(name, a)),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => call('has_prefix', a, b)),
    fc.constantFrom(true, false).map(literal),
  ),
  any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, anything, tie('number'), tie('text'), tie('truth')),
}))

export const where = typed.truth.map(printExpression)
/** Whole numbers and texts: how other numbers are printed is not what is tested here. */
export const on = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('p', 'n', 'nowhere') },
  { weight: 1, arbitrary: fc.constant(printExpression(property(oddName))) },
  { weight: 1, arbitrary: typed.text.map(printExpression).filter((text) => text.includes('[')) },
  { weight: 1, arbitrary: fc.constant('floor(properties["n"] / 2)') },
)
