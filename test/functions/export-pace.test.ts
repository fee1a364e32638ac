import { expect, test } from 'vitest'
import { lastMayGo } from '../../functions/export-pace.ts'

const now = new Date('2026-11-21T16:00:00Z')
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000)

test.each([
  ['none is left', 0, { perHour: 1, calls: [ago(1)] }, 0],
  ['all have room', 60, { perHour: 60, calls: [] }, 0],
  ['one has none', 61, { perHour: 60, calls: [] }, 60],
  ['some hours are full', 181, { perHour: 60, calls: [] }, 180],
  ['this hour leaves two', 3, { perHour: 5, calls: [ago(10), ago(50), ago(30)] }, 10],
  ['calls are of one time', 2, { perHour: 2, calls: [ago(20), ago(20)] }, 40],
  ['more was called than this budget has', 1, { perHour: 2, calls: [ago(50), ago(40), ago(30), ago(20)] }, 30],
  ['calls were longer ago', 2, { perHour: 2, calls: [ago(61), ago(90)] }, 0],
  ['the vendor says so', 2, { perHour: 1, calls: [ago(50)], until: ago(-30) }, 90],
  ['the vendor said so before', 1, { perHour: 1, calls: [], until: ago(30) }, 0],
])('where %s', (_, left, limit, minutes) => {
  expect(lastMayGo(left, limit, now)).toEqual(ago(-minutes))
})
