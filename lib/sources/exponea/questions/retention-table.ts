import { Temporal } from 'temporal-polyfill'
import type { Cohorts } from '../../../result.ts'
import type { Unit } from '../../../timeframe.ts'
import { isoWithOffset, shift } from '../../../timeframe.ts'
import type { Analysis } from '../client.ts'

export interface CohortsTable {
  readonly unit: Unit
  readonly cohorts: Cohorts
  /** From the first cohort's start to the last one's end. */
  readonly timeframe: { readonly start: string; readonly end: string }
  /** Whether a cohort whose time still ran is left out. */
  readonly running: boolean
}

interface Line {
  readonly start: Temporal.ZonedDateTime
  readonly size: number
  readonly counts: readonly (number | null)[]
}

const units = ['day', 'week', 'month'] as const satisfies readonly Unit[]

/**
 * Reads `starting date` (seconds since 1970), `initial step` and `period 0`, `period 1` …, or says why they are no cohorts.
 * What the cells of periods are is nowhere documented: they are read as customers only where all could be. A period
 * counts once it is over, by the vendor's rule that period 0 is the cohort's own day, week or month.
 */
export function readCohorts(
  { header, rows }: Pick<Analysis, 'header' | 'rows'>,
  { timezone, at }: { readonly timezone: string; readonly at: Temporal.Instant },
): CohortsTable | { readonly problem: string } {
  const [first, second, ...periods] = header
  const known = first === 'starting date' && second === 'initial step' && periods.length > 0
  if (!known || periods.some((name, number) => name !== `period ${number}`)) return { problem: 'its columns are others' }
  const lines = rows.map((row) => lineOf(row, timezone))
  const whole = lines.filter((line) => line !== undefined)
  if (whole.length < lines.length) return { problem: 'it has cells that are no numbers of customers' }
  const dated = whole.toSorted((a, b) => Temporal.ZonedDateTime.compare(a.start, b.start))
  const [earliest, next] = dated
  if (earliest === undefined || next === undefined) return { problem: 'one date alone does not tell how long its time is' }
  const unit = units.find((each) => dated.every(({ start }, number) => start.equals(shift(earliest.start, number, each))))
  if (unit === undefined) return { problem: `its dates are no days, weeks or months one after the other in ${timezone}` }

  const isOver = (time: Temporal.ZonedDateTime) => Temporal.Instant.compare(time.toInstant(), at) <= 0
  const over = dated.filter(({ start }) => isOver(shift(start, 1, unit)))
  const last = over.at(-1)
  if (last === undefined) return { problem: 'none of its dates is over' }
  return {
    unit,
    cohorts: over.map(({ start, size, counts }) => ({
      date: start.toPlainDate().toString(),
      size,
      counts: counts.filter((_, period) => isOver(shift(start, period + 1, unit))),
    })),
    timeframe: { start: isoWithOffset(earliest.start), end: isoWithOffset(shift(last.start, 1, unit)) },
    running: over.length < dated.length,
  }
}

function lineOf([date, size, ...cells]: readonly unknown[], timezone: string): Line | undefined {
  if (!isCount(date) || !isCount(size)) return undefined
  const start = Temporal.Instant.fromEpochMilliseconds(date * 1000).toZonedDateTimeISO(timezone)
  if (!start.equals(start.startOfDay())) return undefined
  // A share of a hundred is mostly no whole number, or more than a small cohort has.
  const counts = cells.map((cell) => (cell === null || cell === '' ? null : isCount(cell) && cell <= size ? cell : undefined))
  return counts.includes(undefined) ? undefined : { start, size, counts: counts.filter((count) => count !== undefined) }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1e11
}
