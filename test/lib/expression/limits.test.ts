import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTokens } from '../../../lib/expression/parse.ts'
import type { Token } from '../../../lib/expression/token.ts'
import { tokensOf } from '../../../lib/expression/tokens.ts'
import type { Expression } from '../../../lib/expression.ts'
import { parseExpression, printExpression } from '../../../lib/expression.ts'

const property = 'properties["a"]'

/** Printed and read back: the tree is the same, and so is the print. */
function expectStable(text: string): void {
  const tree = parseExpression(text)
  expect(tree).not.toHaveProperty('problem')
  const printed = printExpression(tree as Expression)
  expect(parseExpression(printed)).toEqual(tree)
}

describe('what is nested or chained within reason is read, and reads back as it is printed', () => {
  test.each([
    ['or', Array(501).fill(`${property} == "x"`).join(' or ').replaceAll(' == "x"', '')],
    ['sums', Array(501).fill('number(1)').join(' + ')],
    ['differences', Array(101).fill('1').join(' - ')],
    ['not', `${'not '.repeat(100)}${property}`],
    ['minus', `${'-'.repeat(100)}${property}`],
    ['not and comparisons', `${'(not '.repeat(50)}${property}${' == true)'.repeat(50)}`],
    ['calls', `${'floor('.repeat(100)}1${')'.repeat(100)}`],
    ['brackets in vain', `${'('.repeat(250)}1${')'.repeat(250)}`],
    ['and in or in and', `${'(true or false and '.repeat(50)}true${')'.repeat(50)}`],
    ['a long list', `${property} in [${Array(20_000).fill('"x"').join(', ')}]`],
    ['a long text', `${property} == "${'x'.repeat(1_000_000)}"`],
  ])('%s', (_, text) => {
    expectStable(text)
  })
})

describe('what is nested or chained beyond reason is a problem with a place, not an overflow', () => {
  test.each([
    ['or', Array(502).fill('true').join(' or '), 'more than 500 operations'],
    ['differences', Array(102).fill('1').join(' - '), 'nested more than 100 deep'],
    ['not', `${'not '.repeat(101)}${property}`, 'nested more than 100 deep'],
    ['calls', `${'floor('.repeat(101)}1${')'.repeat(101)}`, 'nested more than 100 deep'],
    ['brackets in vain', `${'('.repeat(251)}1${')'.repeat(251)}`, 'more than 250 brackets are open'],
    ['100,000 brackets', `${'('.repeat(100_000)}1${')'.repeat(100_000)}`, 'more than 250 brackets are open'],
    ['a number', '9'.repeat(400), 'too large'],
  ])('%s', (_, text, problem) => {
    const found = parseExpression(text)
    expect(found).toMatchObject({ problem: expect.stringContaining(problem), suggestion: expect.stringMatching(/./) })
    expect('problem' in found && found.position).toBeLessThanOrEqual(text.length)
  })
})

test('too many operations are told with a list only where one could stand instead', () => {
  const tooMany = (piece: string, operator: string) => parseExpression(Array(502).fill(piece).join(operator))
  expect(tooMany('true', ' or ')).toMatchObject({ suggestion: '… in [ … ]' })
  expect(tooMany('number(1)', ' + ')).toEqual({
    problem: 'more than 500 operations are too many for one expression',
    position: expect.any(Number),
  })
})

const pieces = [
  ...['(', '[', ')', ']', '"', '\\', "'", '“', '”', '`', '-', '=', '!', '.', ':', ',', '{', '~', '\n', '\u0000', '\ud800'],
  ...['1', '1.', '1-', '1,', '1e', '2026-01-31', '9', '0x', '1_', ' 1', '1 ', 'a', 'a.', 'a:', 'a ', 'a-', '$', 'é'],
  ...['not ', '- ', '"a" ', '"a', '"\\"', '"\\u000a', '\\u', 'properties["', 'properties["a"]', 'properties.', 'properties '],
  ...[
    'floor(',
    'foo(',
    '(1, ',
    '[1, ',
    '1 in (',
    '1 < ',
    '1 contains ',
    '1 is not ',
    'true and ',
    '"x" + ',
    'in ',
    'and ',
    'NOT ',
  ],
]

describe('100 kB of one piece are read in the time that 100 kB take', () => {
  test.each(pieces)('%j', (piece) => {
    for (const before of ['', '1 == ', '"a" in [']) {
      const text = before + piece.repeat(Math.ceil(100_000 / piece.length))
      const start = performance.now()
      const tokens = tokensOf(text)
      // Looks at words are counted below; looks at characters that grow with the square of 100,000 take minutes.
      expect(performance.now() - start).toBeLessThan(5000)
      if (!('problem' in tokens)) expect(looksAt(text, tokens)).toBeLessThan(60 * tokens.length)
      const found = parseExpression(text)
      if ('problem' in found) expect(found.problem.length + (found.suggestion ?? '').length).toBeLessThan(700)
    }
  })
})

test('each word of a text is looked at a few times, whatever the text', () => {
  const texts = fc.array(fc.constantFrom(...pieces, '== ', 'between ', 'null ', '"x"', 'true'), { maxLength: 60 })
  const bounded = fc.property(texts, (some) => {
    const text = some.join(' ')
    const tokens = tokensOf(text)
    if (!('problem' in tokens)) expect(looksAt(text, tokens)).toBeLessThan(60 * (tokens.length + 1))
  })
  fc.assert(bounded, { numRuns: 3000 })
})

/** How often the parser looks at a word. */
function looksAt(text: string, tokens: readonly Token[]): number {
  let looks = 0
  const counted = new Proxy(tokens, {
    get(target, key) {
      looks += 1
      return Reflect.get(target, key)
    },
  })
  parseTokens(text, counted, {})
  return looks
}
