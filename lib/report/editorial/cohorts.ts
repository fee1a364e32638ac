import { Temporal } from 'temporal-polyfill'
import type { Query } from '../../query.ts'
import type { Cohorts, CohortsResult } from '../../result.ts'
import type { Unit } from '../../timeframe.ts'
import { shift } from '../../timeframe.ts'
import type { Rate } from './findings.ts'
import { labelTime } from './periods.ts'

/**
 * The place in `counts` that tile and headline speak of: of a retention the first interval after the one of entry, of a
 * frequency at least two intervals.
 */
export const figurePlace = 1

/** More columns than this do not fit a phone beside a date and a count. */
export const mostColumns = 6

/** Everybody of the cohorts whose interval is over, and how many of them came back in it; none where none is over. */
export interface Pooled extends Rate {
  readonly cohorts: Cohorts
}

/** The share of one place in `counts` over all cohorts that have it: counts over sizes, not a mean of shares. */
export function pooled(cohorts: Cohorts, place: number): Pooled {
  const known = cohorts.filter(({ counts }) => typeof counts[place] === 'number')
  return {
    hits: known.reduce((sum, { counts }) => sum + (counts[place] ?? 0), 0),
    among: known.reduce((sum, { size }) => sum + size, 0),
    cohorts: known,
  }
}

/** Null where there is nobody to have a share of. */
export function shareOf({ hits, among }: Rate): number | null {
  return among === 0 ? null : hits / among
}

/** One cohort's share: undefined where the interval is not over yet, null where nobody can say. */
export function shareAt({ size, counts }: Cohorts[number], place: number): number | null | undefined {
  if (place >= counts.length) return undefined
  const count = counts[place] ?? null
  return count === null ? null : shareOf({ hits: count, among: size })
}

/** When a cohort's time of entry begins and ends. */
export function entryOf(date: string, { unit, timezone }: Pick<CohortsResult, 'unit' | 'timezone'>) {
  const start = labelTime(date, timezone)
  return { start, end: shift(start, 1, unit) }
}

export function isRunning(date: string, result: CohortsResult, at: Temporal.Instant): boolean {
  return Temporal.Instant.compare(entryOf(date, result).end.toInstant(), at) > 0
}

/** Cohorts whose counts are final: a retention's say so by what they have, of a frequency the running unit still grows. */
export function settled(cohorts: Cohorts, result: CohortsResult, at: Temporal.Instant): Cohorts {
  return result.measure === 'retention' ? cohorts : cohorts.filter(({ date }) => !isRunning(date, result, at))
}

/** Whether sizes add up: whoever enters once is in one cohort; whoever counts in each cohort again is in several. */
export function sizesAddUp({ measure }: CohortsResult, { question }: Query): boolean {
  return measure === 'retention' && question.kind === 'retention' && question.counting === 'birth'
}

/**
 * The places in `counts` that are told, `most` at most, and how many there are. What every cohort has in full (all are
 * there when they enter; all who are active are so at least once) says nothing and is none of them, nor is what no
 * cohort has, nor the end of a frequency that nobody reached.
 */
export function placesTold(cohorts: Cohorts, result: CohortsResult, most = mostColumns): { shown: number[]; of: number } {
  const length = Math.max(0, ...cohorts.map(({ counts }) => counts.length))
  const all = Array.from({ length }, (_, place) => ({ place, ...pooled(cohorts, place) }))
  const reached = result.measure === 'retention' ? all.length - 1 : all.findLastIndex(({ hits }) => hits > 0)
  const told = all
    .filter(({ place, cohorts }) => cohorts.length > 0 && place <= Math.max(reached, figurePlace))
    .filter(({ place, cohorts }) => place > 0 || cohorts.some(({ counts, size }) => counts[0] !== size))
    .map(({ place }) => place)
  if (told.length <= most) return { shown: told, of: told.length }
  // The first and the last, what people are used to, then the earliest: most leave early.
  const wanted = [told[0], figurePlace, told.at(-1), ...usualPlaces(result), ...told]
  const shown = [...new Set(wanted.filter((place) => place !== undefined && told.includes(place)))] as number[]
  return { shown: shown.slice(0, most).sort((a, b) => a - b), of: told.length }
}

/** The ones that people ask for first: day 7 and 30, week 4 and 12; so and so often. */
const usual = {
  retention: {
    minute: [5, 15, 30],
    hour: [24, 12, 6],
    day: [7, 30, 14, 2, 60],
    week: [4, 12, 8, 2, 26],
    month: [3, 6, 12, 2, 24],
    year: [5],
  },
  frequency: {
    minute: [4, 9, 29],
    hour: [2, 5, 11, 3, 7],
    day: [2, 4, 9, 19, 14],
    week: [2, 3, 7],
    month: [2, 5],
    year: [],
  },
} as const satisfies Record<CohortsResult['measure'], Record<Unit, readonly number[]>>

function usualPlaces({ measure, interval }: CohortsResult): readonly number[] {
  return usual[measure][interval]
}
