import { describe, expect, test } from 'vitest'
import { columnOf, distinctNames, inexactNotes } from '../../../lib/sources/columns.ts'

describe('a column of a table', () => {
  test.each<[string, readonly unknown[], readonly unknown[]]>([
    [
      'time',
      ['2026-11-09T08:00:00', '2026-11-09T08:00:00.5+01:00', null],
      ['2026-11-09T08:00:00', '2026-11-09T08:00:00.5+01:00', null],
    ],
    ['text', ['2026-11-09T08:00:00', 'soon'], ['2026-11-09T08:00:00', 'soon']],
    ['text', ['2026-11-09'], ['2026-11-09']],
    ['text', [null, undefined], [null, null]],
    ['number', [1, undefined, -2.5], [1, null, -2.5]],
    ['boolean', [true, false], [true, false]],
    ['json', ['5', 5, null], ['"5"', '5', null]],
    ['json', [{ a: 1 }, ['x']], ['{"a":1}', '["x"]']],
  ])('is %s where all values are: %j', (type, values, cells) => {
    expect(columnOf('c', values)).toEqual({ name: 'c', type, cells, inexact: false })
  })

  test('leaves out numbers that cannot be read exactly, and says so', () => {
    const columns = [
      columnOf('uid', [2 ** 53, 1]),
      columnOf('mixed', ['a', -(2 ** 60)]),
      columnOf('fine', [2 ** 53 - 1, 1e300 / 7]),
    ]
    expect(columns.map(({ cells }) => cells)).toEqual([
      [null, 1],
      ['"a"', null],
      [2 ** 53 - 1, null],
    ])
    expect(inexactNotes(columns.slice(0, 2))).toEqual([
      { kind: 'source', text: expect.stringMatching(/^uid, mixed: whole numbers of more than 15 digits/) },
    ])
    expect(inexactNotes([columnOf('a', [1])])).toEqual([])
  })
})

test.each([
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [
    ['a', 'a', 'a'],
    ['a', 'a 2', 'a 3'],
  ],
  [
    ['a', 'a', 'a 2'],
    ['a', 'a 3', 'a 2'],
  ],
  [
    ['a 2', 'a', 'a', 'a 2'],
    ['a 2', 'a', 'a 3', 'a 2 2'],
  ],
])('names of columns become distinct: %j', (names, distinct) => {
  expect(distinctNames(names)).toEqual(distinct)
})
