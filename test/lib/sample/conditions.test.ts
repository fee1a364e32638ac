import { describe, expect, test } from 'vitest'
import { createChance } from '../../../lib/sample/chance.ts'
import { conditionOf, mentionsOf, type Settled } from '../../../lib/sample/conditions.ts'

type Values = Record<string, unknown>

describe('a condition settles values under which it holds, and others under which it does not', () => {
  test.each<[string, (values: Values) => boolean]>([
    ['properties["n"] > 0', ({ n }) => Number(n) > 0],
    ['properties["n"] <= -3.5', ({ n }) => Number(n) <= -3.5],
    ['5 < number(properties["n"])', ({ n }) => Number(n) > 5],
    ['properties["n"] < 0', ({ n }) => Number(n) < 0],
    ['properties["n"] >= 0', ({ n }) => Number(n) >= 0],
    ['properties["s"] == "pro \\"x\\""', ({ s }) => s === 'pro "x"'],
    ['properties["s"] != "pro"', ({ s }) => s !== 'pro'],
    ['not properties["b"]', ({ b }) => b !== true],
    ['properties["b"] == false', ({ b }) => b === false],
    ['properties["n"] in [1, 2, 3]', ({ n }) => [1, 2, 3].includes(Number(n))],
    ['"guide" in properties["s"]', ({ s }) => String(s).includes('guide')],
    ['has_prefix(properties["s"], "2016")', ({ s }) => String(s).startsWith('2016')],
    ['not defined(properties["s"])', ({ s }) => s === undefined],
    ['properties["at"] >= "2026-03-01"', ({ at }) => String(at) >= '2026-03-01'],
    [
      'properties["n"] > 1 and (properties["s"] == "a" or not properties["b"])',
      ({ n, s, b }) => Number(n) > 1 && (s === 'a' || b !== true),
    ],
    ['not (properties["n"] > 1 or properties["s"] == "a")', ({ n, s }) => !(Number(n) > 1 || s === 'a')],
    ['properties["n"] >= 2 and properties["m"] <= 4', ({ n, m }) => Number(n) >= 2 && Number(m) <= 4],
  ])('%s', (text, met) => {
    const chance = createChance(text)
    for (let time = 0; time < 50; time++) {
      // What is left open may be anything: here it speaks against what is wanted, wherever it can.
      for (const holds of [true, false]) {
        const settled: Settled = new Map()
        conditionOf(text)(settled, holds, chance)
        const open = holds ? {} : { n: 9, m: 0, s: 'a', b: false }
        expect(met({ ...open, ...Object.fromEntries(settled) }), JSON.stringify([...settled])).toBe(holds)
      }
    }
  })

  test('what is settled already stays', () => {
    const settled: Settled = new Map([['n', 7]])
    conditionOf('properties["n"] > 100')(settled, true, createChance(''))
    expect([...settled]).toEqual([['n', 7]])
  })
})

test('properties are found wherever an expression names them, profiles’ left out', () => {
  expect(mentionsOf('floor(properties["a"] / 10) > 3 and user["x"] == 1 and "k" in string(properties["b"])')).toEqual([
    { name: 'a', numeric: true, literals: [10] },
    { name: 'b', numeric: false, literals: ['k'] },
  ])
  expect(mentionsOf('properties["c"] in ["x", "y"] or -properties["d"] < 2')).toEqual([
    { name: 'c', numeric: false, literals: ['x', 'y'] },
    { name: 'd', numeric: true, literals: [] },
  ])
})
