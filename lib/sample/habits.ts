import type { Chance } from './chance.ts'
import { createChance } from './chance.ts'

const dayMilliseconds = 86_400_000
const hourMilliseconds = 3_600_000
// Half of all come back a week later, a quarter after five weeks: most leave early, and who stays long stays on.
const neverBack = 0.28
const leastLeaving = 0.012
const mostLeaving = 0.34
const daysBetween = 2.4

/** Milliseconds from entering to each time that somebody comes back, until they leave for good. */
export function* visits(chance: Chance): Generator<number> {
  if (chance.next() < neverBack) return
  const leaving = leastLeaving + mostLeaving * chance.next() ** 2
  for (let days = 0; ; ) {
    days += -Math.log(1 - chance.next()) * daysBetween
    // People keep to their time of the day.
    yield Math.round(days) * dayMilliseconds + 60_000 + Math.abs(chance.normal()) * 2 * hourMilliseconds
    if (chance.next() < leaving) return
  }
}

const people = 4000

/** How often somebody comes back within so many days of entering, on average. */
export function expectedVisits(): (days: number) => number {
  const chance = createChance('habits')
  const within: number[] = []
  for (let count = 0; count < people; count++) {
    for (const after of visits(chance)) {
      const day = Math.floor(after / dayMilliseconds)
      within[day] = (within[day] ?? 0) + 1 / people
    }
  }
  let sum = 0
  const cumulated = Array.from(within, (share = 0) => (sum += share))
  return (days) => cumulated[Math.min(days, cumulated.length) - 1] ?? 0
}
