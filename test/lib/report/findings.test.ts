import { describe, expect, test } from 'vitest'
import {
  amongMany,
  countsDiffer,
  largestShare,
  normalQuantile,
  ratesDiffer,
  sharesDiffer,
} from '../../../lib/report/editorial/findings.ts'

describe('a change is beyond chance', () => {
  test('of two counts when they differ by more than two standard deviations of their difference', () => {
    // 2·√(4190 + 3844) is 179.3
    expect(countsDiffer(3844, 4190)).toBe(true)
    expect(countsDiffer(4190, 4011)).toBe(false)
    expect(countsDiffer(4190, 4008)).toBe(true)
    expect(countsDiffer(100, 100)).toBe(false)
  })

  test('of tiny counts never, however they differ', () => {
    expect(countsDiffer(0, 9)).toBe(false)
    expect(countsDiffer(0, 10)).toBe(true)
    expect(countsDiffer(9, 1)).toBe(true)
    expect(countsDiffer(8, 2)).toBe(false)
  })

  test('of two shares when z of the pooled proportions is more than two', () => {
    // pooled 0.5, standard error √(0.25 · 2/1000) = 0.02236
    expect(sharesDiffer({ hits: 478, among: 1000 }, { hits: 523, among: 1000 })).toBe(true)
    expect(sharesDiffer({ hits: 478, among: 1000 }, { hits: 522, among: 1000 })).toBe(false)
    expect(sharesDiffer({ hits: 0, among: 0 }, { hits: 500, among: 1000 })).toBe(false)
    expect(sharesDiffer({ hits: 5, among: 5 }, { hits: 0, among: 100 })).toBe(false)
    expect(sharesDiffer({ hits: 95, among: 100 }, { hits: 100, among: 100 })).toBe(false)
  })

  test('of two rates by their counts, whatever each is counted among', () => {
    expect(ratesDiffer({ hits: 470, among: 204_000 }, { hits: 380, among: 200_000 })).toBe(true)
    // The same rate of twice as many is no change, though the count is another one.
    expect(ratesDiffer({ hits: 400, among: 100_000 }, { hits: 800, among: 200_000 })).toBe(false)
    expect(ratesDiffer({ hits: 3, among: 10 }, { hits: 900, among: 0 })).toBe(false)
    // More hits than what they are counted among: events of users.
    expect(ratesDiffer({ hits: 3000, among: 1000 }, { hits: 3300, among: 1000 })).toBe(true)
  })

  test('of the largest of many at 0.05 shared among them', () => {
    // Quantiles of the normal distribution as any table has them.
    expect(normalQuantile(0.975)).toBeCloseTo(1.95996, 3)
    expect(normalQuantile(0.995)).toBeCloseTo(2.57583, 3)
    expect(normalQuantile(0.9999)).toBeCloseTo(3.71902, 3)
    expect(amongMany(1)).toBe(2)
    expect(amongMany(36)).toBeCloseTo(3.1971, 2)
    expect(countsDiffer(1000, 1100, amongMany(1))).toBe(true)
    expect(countsDiffer(1000, 1100, amongMany(36))).toBe(false)
  })
})

describe('the largest share of a change', () => {
  const total = { from: 3844, to: 4190 }

  test('is the part that made most of it', () => {
    const parts = [
      { name: 'US', from: 1010, to: 1016 },
      { name: 'DE', from: 810, to: 1102 },
    ]
    expect(largestShare(total, parts)).toEqual({ name: 'DE', share: 292 / 346 })
  })

  test('is of a fall the part that fell most', () => {
    const parts = [
      { name: 'US', from: 900, to: 1000 },
      { name: 'DE', from: 1500, to: 1000 },
    ]
    expect(largestShare({ from: 2400, to: 2000 }, parts)).toEqual({ name: 'DE', share: 1.25 })
  })

  test('is told only where it is half again as large as the part was', () => {
    const half = (to: number) => [{ name: 'DE', from: 500, to }]
    expect(largestShare({ from: 1000, to: 800 }, half(351))).toBeUndefined()
    expect(largestShare({ from: 1000, to: 800 }, half(350))).toEqual({ name: 'DE', share: 0.75 })
    expect(largestShare({ from: 1000, to: 1200 }, [{ name: 'new', from: 0, to: 60 }])).toEqual({ name: 'new', share: 0.3 })
  })

  test('is not told where no part made a quarter', () => {
    expect(largestShare(total, [{ name: 'DE', from: 810, to: 890 }])).toBeUndefined()
    expect(largestShare(total, [])).toBeUndefined()
  })
})
