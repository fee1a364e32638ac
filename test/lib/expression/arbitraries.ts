import fc from 'fast-check'
import type { BinaryOperator, Expression, FunctionName } from '../../../lib/expression.ts'

const literal = (value: string | number | boolean): Expression => ({ kind: 'literal', value: value === 0 ? 0 : value })
const call = (name: FunctionName, ...given: Expression[]): Expression => ({ kind: 'call', function: name, arguments: given })
const binary = (operator: BinaryOperator, left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  operator,
  left,
  right,
})
const not = (operand: Expression): Expression => ({ kind: 'unary', operator: 'not', operand })
const minus = (operand: Expression): Expression => ({ kind: 'unary', operator: '-', operand })

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', '\\', 'u', '0', '\n', '\u2028', '\ud83e', '\udd8a', "'", ' '), maxLength: 6 }),
)
const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
const property = fc
  .tuple(fc.constantFrom('properties', 'user', 'event', 'behaviors'), texts)
  .map(([of, name]): Expression => ({ kind: 'property', of, name }))
const pair = (operators: readonly BinaryOperator[], one: fc.Arbitrary<Expression>, other = one) =>
  fc.tuple(fc.constantFrom(...operators), one, other).map(([operator, left, right]) => binary(operator, left, right))

/** Trees in which each operand is of a type that its operation takes, so that nothing is wrong with them. */
export const { truth, any } = fc.letrec<Record<'number' | 'text' | 'truth' | 'any' | 'list', Expression>>((tie) => ({
  number: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    numbers.map(literal),
    property,
    fc.constant<Expression>({ kind: 'now' }),
    pair(['+', '-', '*', '/', '%'], tie('number')),
    tie('number').map(minus),
    fc.tuple(fc.constantFrom('floor', 'round', 'ceil'), tie('number')).map(([name, inner]) => call(name, inner)),
    tie('any').map((inner) => call('number', inner)),
  ),
  text: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    texts.map(literal),
    property,
    pair(['+'], tie('text')),
    tie('any').map((inner) => call('string', inner)),
  ),
  truth: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.boolean().map(literal),
    property,
    pair(['==', '!=', '<', '<=', '>', '>='], tie('number')),
    pair(['==', '!=', '<', '<=', '>', '>='], tie('text')),
    pair(['==', '!='], tie('any')),
    pair(['in'], tie('text')),
    pair(['in'], tie('any'), tie('list')),
    pair(['and', 'or'], tie('truth')),
    tie('truth').map(not),
    fc.tuple(fc.constantFrom('defined', 'boolean'), tie('any')).map(([name, inner]) => call(name, inner)),
    fc.tuple(tie('text'), tie('text')).map(([whole, start]) => call('has_prefix', whole, start)),
  ),
  list: fc.oneof(
    fc.array(tie('any'), { maxLength: 3 }).map((items): Expression => ({ kind: 'list', items })),
    property.map((inner) => call('list', inner)),
  ),
  any: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    property,
    tie('number'),
    tie('text'),
    tie('truth'),
    tie('any').map((inner) => call('datetime', inner)),
  ),
}))

/** Trees of anything, most of them nonsense. */
export const { nonsense } = fc.letrec<{ nonsense: Expression }>((tie) => ({
  nonsense: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(texts, numbers, fc.boolean()).map(literal),
    property,
    fc.constant<Expression>({ kind: 'now' }),
    fc.array(tie('nonsense'), { maxLength: 2 }).map((items): Expression => ({ kind: 'list', items })),
    fc
      .tuple(fc.constantFrom('boolean', 'number', 'string', 'list', 'floor', 'defined', 'datetime'), tie('nonsense'))
      .map(([name, inner]) => call(name, inner)),
    fc.tuple(fc.constantFrom(not, minus), tie('nonsense')).map(([make, operand]) => make(operand)),
    pair(['or', 'and', '==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/', '%'], tie('nonsense')),
  ),
}))
