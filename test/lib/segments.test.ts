import { describe, expect, test } from 'vitest'
import type { Segment } from '../../lib/segments.ts'
import { arrangeSegments, nameOfPath } from '../../lib/segments.ts'

function segment(name: string, total: number | null, compared: readonly (number | null)[] = []): Segment {
  return { name, values: [total, null], total, compared }
}

const some = [segment('b', 2, [1]), segment('a', 2, [null]), segment('none', null, [null]), segment('c', 9, [3])]
const names = (segments: readonly Segment[]) => segments.map(({ name }) => name)

test('the largest come first, equal ones by name, those without a number last', () => {
  const { segments, notes, folded } = arrangeSegments(some, { limit: 4, clean: false, adds: true })
  expect(names(segments)).toEqual(['c', 'a', 'b', 'none'])
  expect({ notes, folded }).toEqual({ notes: [], folded: 0 })
})

test('what is beyond the limit becomes Other where numbers add up, and a note says how many', () => {
  const { segments, notes, folded } = arrangeSegments(some, { limit: 1, clean: false, adds: true })
  expect(names(segments)).toEqual(['c', 'Other'])
  expect(segments[1]).toMatchObject({ values: [4, null], total: 4, compared: [1] })
  expect(folded).toBe(3)
  expect(notes).toEqual([{ kind: 'other', text: expect.stringContaining('3 more segments') }])
})

test('what is beyond the limit is left out where numbers do not add up', () => {
  const { segments, notes } = arrangeSegments(some, { limit: 2, clean: false, adds: false })
  expect(names(segments)).toEqual(['c', 'a'])
  expect(notes).toEqual([{ kind: 'other', text: expect.stringContaining('2 more segments') }])
})

test('clean drops the empty name and `undefined`, before anything is counted', () => {
  const all = [segment('', 5), segment('undefined', 4), segment('x', 1)]
  const { segments, folded } = arrangeSegments(all, { limit: 1, clean: true, adds: true })
  expect(names(segments)).toEqual(['x'])
  expect(folded).toBe(0)
})

test('clean drops pairs with a value that is not there', () => {
  const pair = (path: readonly string[]): Segment => ({ ...segment(path.join(), 1), path })
  const all = [pair(['', 'a']), pair(['a', 'undefined']), pair(['undefined', 'a']), pair(['a', 'b'])]
  expect(names(arrangeSegments(all, { limit: 9, clean: true, adds: true }).segments)).toEqual(['a,b'])
  expect(arrangeSegments(all, { limit: 9, clean: false, adds: true }).segments).toHaveLength(4)
})

test('no two pairs are called the same', () => {
  expect(nameOfPath(['ES', 'Pro'])).toBe('ES / Pro')
  expect(nameOfPath(['/pricing', 'a/b'])).toBe('/pricing / a/b')
  const values = ['', ' ', '/', ' /', '/ ', ' / ', 'a', 'a /', '/ a', 'a / a', '"a / a"', '"a"', '/a', 'a/']
  const all = values.flatMap((outer) => values.map((inner) => nameOfPath([outer, inner])))
  expect(new Set(all).size).toBe(all.length)
})

describe('what clean drops of the total', () => {
  const all = [segment('', 5.5), segment('undefined', 1000), segment('x', 7), segment('y', 2)]
  const textsOf = (segments: readonly Segment[], adds = true, clean = true) =>
    arrangeSegments(segments, { limit: 1, clean, adds }).notes.map(({ text }) => text)

  test('is said before what Other holds', () => {
    expect(textsOf(all)).toEqual([
      '1,005.5 of the total have no value and are not shown',
      'Other holds 1 more segment beyond the limit of 1',
    ])
    expect(textsOf([segment('', 1), segment('x', 7)])).toEqual(['1 of the total has no value and is not shown'])
  })

  test.each([0, null])('is not said where it is %j', (total) => {
    expect(textsOf([segment('', total), segment('x', 7)])).toEqual([])
  })

  test('is not said where numbers do not add up, or nothing is dropped', () => {
    expect(textsOf([segment('', 3), segment('x', 7)], false)).toEqual([])
    expect(textsOf([segment('', 3)], true, false)).toEqual([])
  })
})

test('a real segment called Other is quoted beside the folded one, and only then', () => {
  const all = [segment('Other', 5), segment('"Other"', 4), segment('x', 1)]
  const { segments } = arrangeSegments(all, { limit: 2, clean: false, adds: true })
  expect(names(segments)).toEqual(['""Other""', '"Other"', 'Other'])
  expect(segments[2]?.total).toBe(1)
  expect(names(arrangeSegments(all, { limit: 3, clean: false, adds: true }).segments)).toEqual(['Other', '"Other"', 'x'])
})
