import { expect, test } from 'vitest'
import { untilWords } from '../../functions/until.ts'

test.each([
  ['2026-11-16T07:50:00Z', 'Europe/Berlin', '08:50:00 (Europe/Berlin)'],
  // Nobody is told to come too early.
  ['2026-11-16T07:50:00.001Z', 'UTC', '07:50:01 (UTC)'],
  ['2026-11-16T23:30:00Z', 'Europe/Berlin', '2026-11-17 00:30:00 (Europe/Berlin)'],
])('%s in %s', (until, zone, words) => {
  expect(untilWords(new Date(until), new Date('2026-11-16T07:00:00Z'), zone)).toBe(words)
})
