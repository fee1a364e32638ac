import { Temporal } from 'temporal-polyfill'
import type { CohortsBody, Note } from '../../result.ts'
import { arrangeSegments } from '../../segments.ts'
import type { Bucket } from '../../timeframe.ts'
import { bucketsOf } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Row } from './client.ts'
import type { Sql } from './sql.ts'
import { microsOf } from './windows.ts'

/** Segments beyond these are counted in a note; as many as Mixpanel gives unless told otherwise. */
const mostSegments = 60

/** A unit of the timeframe in which people enter or are active, and how many places its counts have. */
export interface Unit extends Bucket {
  readonly length: number
}

/** The units of a timeframe, in order. Empty for an empty one. */
export function unitsOf(
  { question, windows, calendar }: Ask<'retention'> | Ask<'frequency'>,
  lengthOf: (bucket: Bucket) => number,
): Unit[] {
  return bucketsOf(windows.timeframe, question.unit, calendar).map((bucket) => ({ ...bucket, length: lengthOf(bucket) }))
}

/** Rows (unit, start, length); SQL has no empty list, so there is one of nothing where there is no unit. */
export function unitsSql(units: readonly Unit[]): Sql {
  const rows = units.map(({ start, length }, at) => `(${at}, ${microsOf(start)}, ${length})`)
  return `units(unit, start, length) as (values ${rows.length === 0 ? '(0, 0, 0)' : rows.join(', ')})`
}

/** Groups by `keys` for all together and, where segments are asked for, once more for each (`name`). */
export function groupedBy(keys: string, split: boolean): Sql {
  return split ? `group by grouping sets ((${keys}), (${keys}, name))` : `group by ${keys}`
}

/** `name`, or NULL where nothing is split and so nothing grouped by it. */
export function nameOrNull(split: boolean): Sql {
  return split ? 'name' : 'null::varchar as name'
}

/**
 * Cohorts from rows (unit, name, place, people), each place said once or not at all, which is 0. `cohortOf` makes a unit's
 * numbers into its size and counts; of all together `name` is NULL. The segments with the most people stand first.
 */
export function cohortsFrom(
  rows: readonly Row[],
  units: readonly Unit[],
  split: boolean,
  cohortOf: (places: readonly number[]) => { size: number; counts: number[] },
): Pick<CohortsBody, 'cohorts' | 'segments' | 'notes'> {
  const grids = new Map<string | null, number[][]>()
  const gridOf = (name: string | null): number[][] => {
    const known = grids.get(name) ?? units.map(({ length }) => Array.from({ length: length + 1 }, () => 0))
    grids.set(name, known)
    return known
  }
  for (const { unit, name, place, people } of rows) {
    const places = gridOf(typeof name === 'string' ? name : null)[Number(unit)]
    if (places !== undefined) places[Number(place)] = Number(people)
  }
  const cohorts = (name: string | null) =>
    gridOf(name).map((places, at) => ({ date: units[at]?.label ?? '', ...cohortOf(places) }))
  const whole = cohorts(null)
  if (!split) return { cohorts: whole, notes: [] }
  const parts = [...grids.keys()].flatMap((name) => (name === null ? [] : [{ name, cohorts: cohorts(name) }]))
  const sized = parts.map(({ name, cohorts: own }) => {
    return { name, values: [], total: own.reduce((sum, { size }) => sum + size, 0), compared: [] }
  })
  const { segments, notes } = arrangeSegments(sized, { limit: mostSegments, clean: false, adds: false })
  return {
    cohorts: whole,
    segments: segments.map(({ name }) => ({ name, cohorts: cohorts(name) })),
    notes,
  }
}

/** From right to left: who is in a later place is in this one too. */
export function cumulated(places: readonly number[]): number[] {
  let sum = 0
  return places
    .toReversed()
    .map((people) => (sum += people))
    .toReversed()
}

/** Units that the timeframe cuts have fewer people, and say so. The running one is told of elsewhere. */
export function cutNotes({ question: { unit }, windows }: Ask<'retention'> | Ask<'frequency'>, units: readonly Unit[]): Note[] {
  const { end, partial } = windows.timeframe
  const cut = units.filter((one) => !one.whole && !(partial && Temporal.ZonedDateTime.compare(one.end, end) === 0))
  return cut.map(({ label }) => {
    return { kind: 'partial', text: `only a part of the ${unit} of ${label} is in the period, so it has fewer people` }
  })
}
