import fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOf, listAmong } from '../../../lib/expression/types.ts'
import type { Expression } from '../../../lib/expression.ts'
import { parseExpression, printExpression } from '../../../lib/expression.ts'
import { any, nonsense, truth } from './arbitraries.ts'

test('a tree reads as itself when it is printed, and prints the same', () => {
  const property = fc.property(fc.oneof(truth, any), (tree) => {
    const printed = printExpression(tree)
    const read = parseExpression(printed)
    expect(read).toEqual(tree)
    expect(printExpression(read as Expression)).toBe(printed)
    expect(printed).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u)
  })
  fc.assert(property, { numRuns: 5000 })
})

test('a tree is refused when it is read only if something in it is wrong, wherever that is', () => {
  let wrong = 0
  const property = fc.property(nonsense, (tree) => {
    const faulty = [...nodesOf(tree)].some((node) => faultOf(node) !== undefined) || listAmong([tree]) !== undefined
    wrong += faulty ? 1 : 0
    if (faulty) expect(parseExpression(printExpression(tree))).toHaveProperty('problem')
    else expect(parseExpression(printExpression(tree))).toEqual(tree)
  })
  fc.assert(property, { numRuns: 3000 })
  expect(wrong).toBeGreaterThan(300)
  expect(wrong).toBeLessThan(2900)
})

function* nodesOf(tree: Expression): Generator<Expression> {
  yield tree
  if (tree.kind === 'list') for (const item of tree.items) yield* nodesOf(item)
  if (tree.kind === 'call') for (const given of tree.arguments) yield* nodesOf(given)
  if (tree.kind === 'unary') yield* nodesOf(tree.operand)
  if (tree.kind === 'binary') yield* [...nodesOf(tree.left), ...nodesOf(tree.right)]
}

test('an exponent is never printed, and no digit is lost', () => {
  const property = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    const printed = printExpression({ kind: 'literal', value })
    expect(printed).toMatch(/^-?\d+(\.\d+)?$/)
    expect(Number(printed)).toBe(value === 0 ? 0 : value)
    expect(parseExpression(printed)).toEqual({ kind: 'literal', value: value === 0 ? 0 : value })
  })
  fc.assert(property, { numRuns: 5000 })
})
