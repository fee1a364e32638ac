import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Expression } from '../../lib/expression.ts'
import { parseExpression, printExpression, propertyOf } from '../../lib/expression.ts'

const seed = Number(process.env['SEED'] ?? 20261109)

function print(text: string): string {
  const expression = parseExpression(text)
  if ('problem' in expression) throw new Error(`${expression.problem} at ${expression.position}`)
  return printExpression(expression)
}

describe('what is read is printed as Mixpanel takes it', () => {
  test.each([
    ['properties["a"]==1 and user["$b"]!="x"', '(properties["a"] == 1) and (user["$b"] != "x")'],
    ['1 + 2 * 3 == 7', '(1 + (2 * 3)) == 7'],
    ['(1 + 2) * 3 == 9', '((1 + 2) * 3) == 9'],
    ['8 - 4 - 2 == 2', '((8 - 4) - 2) == 2'],
    ['not "x" in properties["y"]', 'not ("x" in properties["y"])'],
    ['properties["a"] not in [1, "b", -2.5]', 'not (properties["a"] in [1, "b", -2.5])'],
    ['not defined (properties["p"])', 'not defined(properties["p"])'],
    ['true or false and not true', 'true or (false and (not true))'],
    ['true and false and true', 'true and false and true'],
    ['-properties["x"] < - 2', '-properties["x"] < -2'],
    ['event["$time"] >= datetime(1458000000 - 86400)', 'event["$time"] >= datetime(1458000000 - 86400)'],
    ['has_prefix(string(properties["d"]), "2016")', 'has_prefix(string(properties["d"]), "2016")'],
    [String.raw`properties["a\"b\\c"] == "\\"`, String.raw`properties["a\"b\\c"] == "\\"`],
    ['properties["Größe 📏"] in []', 'properties["Größe 📏"] in []'],
  ])('%s', (text, printed) => {
    expect(print(text)).toBe(printed)
    expect(print(printed)).toBe(printed)
  })
})

describe('what is wrong is told with its place and a way out', () => {
  test.each([
    ['properties["a"] = 1', 16, 'equality is written ==', '=='],
    ['country == "DE"', 0, 'country stands alone', 'properties["country"]'],
    ['properties["a"] == DE', 19, 'DE stands alone', 'properties["DE"]'],
    ['properties[country] == 1', 11, 'double quotes', '"country"'],
    [`properties['a'] == 1`, 11, 'double quotes', '"a"'],
    ['properties["a"] == “DE”', 19, 'double quotes', '"DE"'],
    ['(properties["a"] == 1', 0, 'this ( is never closed', ')'],
    ['properties["a"', 10, 'this [ is never closed', ']'],
    ['properties["a"] in [1, 2', 19, 'this [ is never closed', ']'],
    ['floor(', 5, 'this ( is never closed', ')'],
    ['properties["a"]) == 1', 15, 'this ) closes nothing', undefined],
    ['(1]', 2, 'this ] closes nothing', undefined],
    ['properties["a"] == "x', 19, 'never closed', '"'],
    ['lower(properties["a"])', 0, 'no function lower', undefined],
    ['contains("a", "b")', 0, 'no function contains', '"…" in properties["…"]'],
    ['datetime(2024, 1, 1)', 0, 'takes one argument, not 3', undefined],
    ['properties["a"] == null', 19, 'null cannot be written', 'not defined(properties["…"])'],
    ['properties["a"] == TRUE', 19, 'TRUE is written true', 'true'],
    ['properties["a"] AND true', 16, 'AND is written and', 'and'],
    ['true && false', 5, '&& is written and', 'and'],
    ['!true', 0, '! is written not', 'not'],
    ['1 <> 2', 2, 'inequality is written !=', '!='],
    ['1 < 2 < 3', 6, 'comparisons do not chain', undefined],
    ['group_properties["a"]["b"] == 1', 0, 'there is no group_properties[…]', 'properties'],
    ['properties == 1', 0, 'a name in brackets follows properties', 'properties["…"]'],
    ['properties["a"] == 1,000', 20, ', does not belong here', undefined],
    ['1 ==', 4, 'something is missing at the end', undefined],
    ['== 1', 0, '== needs something before it', undefined],
    ['  ', 2, 'nothing is here', undefined],
    [String.raw`"a\nb" == "c"`, 2, 'escaped', String.raw`\\`],
    ['🦊 == 1', 0, '"🦊" has no meaning here', undefined],
  ])('%s', (text, position, problem, suggestion) => {
    const found = parseExpression(text)
    expect(found).toMatchObject({ position, problem: expect.stringContaining(problem) })
    expect('problem' in found ? found.suggestion : 'no problem').toBe(suggestion)
  })
})

test('a property is its bare name, whatever is in it, unless it holds [', () => {
  expect(propertyOf('plan "type"')).toEqual({ kind: 'property', of: 'properties', name: 'plan "type"' })
  expect(propertyOf('user["plan"]')).toEqual({ kind: 'property', of: 'user', name: 'plan' })
  expect(propertyOf('properties[plan]')).toMatchObject({ position: 11 })
})

test('what is nested or chained beyond reason is a problem, not an overflow', () => {
  for (const text of [
    `${'('.repeat(50_000)}1${')'.repeat(50_000)}`,
    'not '.repeat(50_000),
    `${'-'.repeat(50_000)}properties["a"]`,
    Array(50_000).fill('true').join(' and '),
    '['.repeat(50_000),
    `"${'x'.repeat(1_000_000)}`,
    '9'.repeat(400),
  ]) {
    expect(parseExpression(text)).toHaveProperty('problem')
  }
  expect(parseExpression(`properties["a"] in [${Array(20_000).fill('"x"').join(', ')}]`)).not.toHaveProperty('problem')
})

const words = fc.constantFrom(
  ...[
    'properties',
    '["',
    '"]',
    '[',
    ']',
    '(',
    ')',
    '"',
    '\\',
    'not',
    'in',
    'and',
    'or',
    '-',
    '+',
    '==',
    '=',
    '<',
    ',',
    '1',
    '1.5',
    'true',
  ],
  ...['defined(', 'has_prefix(', 'null', ' ', '\n', 'x', '🦊', '\ud800', '\u0000', "'"],
)

test('no text crashes the parser, and a problem lies within the text', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 40 }).map((some) => some.join('')),
  )
  const property = fc.property(texts, (text) => {
    const found = parseExpression(text)
    if ('problem' in found) {
      expect(found.position).toBeGreaterThanOrEqual(0)
      expect(found.position).toBeLessThanOrEqual(text.length)
    } else expect(parseExpression(printExpression(found))).toEqual(found)
  })
  fc.assert(property, { seed, numRuns: 5000 })
})

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 6 },
    fc
      .oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
      .map((value): Expression => ({ kind: 'literal', value: value === 0 ? 0 : value })),
    fc
      .tuple(fc.constantFrom('properties', 'user', 'event', 'behaviors'), fc.string({ unit: 'binary' }))
      .map(([of, name]): Expression => ({ kind: 'property', of, name })),
    fc.array(tie('expression'), { maxLength: 3 }).map((items): Expression => ({ kind: 'list', items })),
    fc
      .tuple(fc.constantFrom('boolean', 'number', 'string', 'floor', 'round', 'ceil', 'defined', 'datetime'), tie('expression'))
      .map(([name, argument]): Expression => ({ kind: 'call', function: name, arguments: [argument] })),
    fc
      .tuple(tie('expression'), tie('expression'))
      .map((both): Expression => ({ kind: 'call', function: 'has_prefix', arguments: both })),
    fc
      .tuple(fc.constantFrom('not', '-'), tie('expression'))
      .map(([operator, operand]): Expression => ({ kind: 'unary', operator, operand })),
    fc
      .tuple(
        fc.constantFrom('or', 'and', '==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/', '%'),
        tie('expression'),
        tie('expression'),
      )
      .map(([operator, left, right]): Expression => ({ kind: 'binary', operator, left, right })),
  ),
}))

test('what is printed reads as what it was', () => {
  const property = fc.property(expression, (tree) => {
    expect(parseExpression(printExpression(tree))).toEqual(tree)
  })
  fc.assert(property, { seed, numRuns: 3000 })
})
