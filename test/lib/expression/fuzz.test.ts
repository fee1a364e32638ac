import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Expression, ExpressionProblem } from '../../../lib/expression.ts'
import { parseExpression, printExpression, readable } from '../../../lib/expression.ts'
import { any, truth } from './arbitraries.ts'
import { examples } from './examples.ts'

/** The seed of the random suites, `SEED=…` included. */
const seed = Number(fc.readConfigureGlobal()?.seed)

/** Numbers from 0 to below `limit`, the same for the same seed (splitmix32); fast-check's own would take minutes here. */
function dice(start: number): (limit: number) => number {
  let state = start | 0
  return (limit) => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit
  }
}

const words = [
  ...['properties', 'user', 'event', 'behaviors', 'NOW', 'properties["a"]', '["', '"]', '[', ']', '(', ')', '"', "'", '\\', '“'],
  ...['not', 'in', 'and', 'or', 'NOT', 'In', 'is', 'null', 'contains', 'between', 'true', 'True', 'x', 'plan type', 'x.y', '$a'],
  ...['-', '+', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '=', '!', '&&', '<>', ',', ';', '.', '~', '→', '{', '}', ':'],
  ...['1', '1.5', '0', '1e5', '2026-01-31', '12345678901234567890', '"text"', '"5"', '""', '"\\u000a"', '\\u12'],
  ...['defined(', 'has_prefix(', 'floor(', 'datetime(', 'lower(', '__proto__(', 'prop["x"]', 'list('],
  ...[' ', ' ', ' ', '\n', '\t', '\u2028', '\u0000', '\ud800', '\udc00', '🦊', '\ufeff', 'é', 'ß'],
]

/** What may be wrong with what was said of a text, in words; undefined if nothing is. */
function flawOf(text: string, found: Expression | ExpressionProblem): string | undefined {
  if ('problem' in found) {
    const { problem, position, suggestion = '–' } = found
    if (!Number.isInteger(position) || position < 0 || position > text.length) return `the place ${position}`
    if (problem === '' || suggestion === '') return 'no words'
    if (problem.length > 400 || suggestion.length > 400) return 'too many words'
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(problem + suggestion)) return 'words that cannot be shown'
    return undefined
  }
  const printed = printExpression(found)
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(printed)) return 'a print that is not on one line'
  const again = parseExpression(printed)
  if ('problem' in again) return `a print that does not read: ${printed}: ${again.problem}`
  if (JSON.stringify(again) !== JSON.stringify(found)) return `a print that reads as something else: ${printed}`
  return printExpression(again) === printed ? undefined : `a print that prints as something else: ${printed}`
}

function fuzz(times: number, make: (roll: (limit: number) => number) => string, salt: number): { read: number; refused: number } {
  const roll = dice(seed + salt)
  const counts = { read: 0, refused: 0 }
  for (let time = 0; time < times; time += 1) {
    const text = make(roll)
    let flaw: string | undefined
    try {
      const found = parseExpression(text)
      counts['problem' in found ? 'refused' : 'read'] += 1
      flaw = flawOf(text, found) ?? flawOf(text, parseExpression(text, { reads: readable.events, condition: true }))
    } catch (error) {
      flaw = String(error)
    }
    if (flaw !== undefined) throw new Error(`${flaw}, of ${JSON.stringify(text)} (seed ${seed}, time ${time})`)
  }
  return counts
}

const valid = [
  ...examples.map(([text]) => text),
  ...fc.sample(truth, { numRuns: 200, seed }).map(printExpression),
  ...fc.sample(any, { numRuns: 50, seed }).map(printExpression),
]

function mutated(text: string, roll: (limit: number) => number): string {
  const from = roll(text.length + 1)
  const to = Math.min(text.length, from + 1 + roll(3))
  const word = words[roll(words.length)] ?? ''
  const other = valid[roll(valid.length)] ?? ''
  switch (roll(6)) {
    case 0:
      return text.slice(0, from) + text.slice(to)
    case 1:
      return text.slice(0, from) + word + text.slice(from)
    case 2:
      return text.slice(0, from) + word + text.slice(to)
    case 3:
      return text.slice(0, from) + text.slice(from, to).repeat(1 + roll(4)) + text.slice(to)
    case 4:
      return text.slice(0, from) + other.slice(roll(other.length + 1))
    default:
      return text.slice(0, from) + String.fromCharCode(roll(0x10000)) + text.slice(to)
  }
}

describe(`130,000 texts (seed ${seed}): none crashes the parser, each is read or told what is wrong`, () => {
  const one = (roll: (limit: number) => number) => valid[roll(valid.length)] ?? ''

  test('random characters', () => {
    const ranges = [0x80, 0x80, 0x100, 0x10000]
    const make = (roll: (limit: number) => number) =>
      String.fromCharCode(...Array.from({ length: roll(30) }, () => roll(ranges[roll(ranges.length)] ?? 0x80)))
    expect(fuzz(30_000, make, 1).refused).toBeGreaterThan(25_000)
  })

  test('random words', () => {
    const make = (roll: (limit: number) => number) =>
      Array.from({ length: roll(16) }, () => words[roll(words.length)]).join(roll(2) === 0 ? ' ' : '')
    const { read, refused } = fuzz(40_000, make, 2)
    expect(read).toBeGreaterThan(300)
    expect(refused).toBeGreaterThan(30_000)
  })

  test('right expressions with one to three changes', () => {
    const make = (roll: (limit: number) => number) => {
      let text = one(roll)
      for (let changes = 1 + roll(3); changes > 0; changes -= 1) text = mutated(text, roll)
      return text
    }
    const { read, refused } = fuzz(40_000, make, 3)
    expect(read).toBeGreaterThan(2000)
    expect(refused).toBeGreaterThan(15_000)
  })

  test('right expressions that are cut', () => {
    const make = (roll: (limit: number) => number) => {
      const text = one(roll)
      const from = roll(3) === 0 ? roll(text.length + 1) : 0
      return text.slice(from, from + roll(text.length + 1))
    }
    const { read, refused } = fuzz(20_000, make, 4)
    expect(read).toBeGreaterThan(500)
    expect(refused).toBeGreaterThan(8000)
  })
})
