import { Temporal } from 'temporal-polyfill'
import type { CohortsBody, Note } from '../../result.ts'
import { arrangeSegments } from '../../segments.ts'
import type { Bucket } from '../../timeframe.ts'
import { bucketsOf } from '../../timeframe.ts'
import type { Ask } from '../source.ts'
import type { Row } from './client.ts'
import type { Sql } from './sql.ts'
import type { Stretch } from './windows.ts'
import { microsOf } from './windows.ts'

/** Segments beyond these are counted in a note; as many as Mixpanel gives unless told otherwise. */
const mostSegments = 60

type Asked = Ask<'retention'> | Ask<'frequency'>

/** A unit of the timeframe in which people enter or are active, and how many places its counts have. */
export interface Unit extends Bucket {
  readonly length: number
}

/** The units of the timeframe, in order, but for the running one: people still enter it, and become more frequent in it. */
export function unitsOf({ question, windows: { timeframe }, calendar }: Asked, lengthOf: (bucket: Bucket) => number): Unit[] {
  const buckets = bucketsOf(timeframe, question.unit, calendar)
  const running = timeframe.partial && buckets.at(-1)?.whole === false
  return (running ? buckets.slice(0, -1) : buckets).map((bucket) => ({ ...bucket, length: lengthOf(bucket) }))
}

/** The timeframe as far as it has units. */
export function spanOf({ windows: { timeframe } }: Asked, units: readonly Unit[]): Stretch {
  return { start: timeframe.start, end: units.at(-1)?.end ?? timeframe.start }
}

/** That the running unit is left out; and that units which the timeframe cuts have fewer people. */
export function unitNotes(ask: Asked, units: readonly Unit[]): Note[] {
  const { unit } = ask.question
  const running = Temporal.ZonedDateTime.compare(spanOf(ask, units).end, ask.windows.timeframe.end) < 0
  return [
    ...(running ? [{ kind: 'partial', text: `the running ${unit} is not in it` } as const] : []),
    ...units
      .filter(({ whole }) => !whole)
      .map(({ label }): Note => {
        return { kind: 'partial', text: `only a part of the ${unit} of ${label} is in the period, so it has fewer people` }
      }),
  ]
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

/** What places mean: which of them add up to a cohort's size, and what they are as counts. */
export interface Places {
  readonly sized: (place: number) => boolean
  readonly countsOf: (places: readonly number[]) => number[]
}

/**
 * Cohorts from rows (unit, name, place, people), each place said once or not at all, which is 0; places are from 0 to a
 * unit's length. Of all together `name` is NULL. The segments with the most people stand first.
 */
export function cohortsFrom(
  rows: readonly Row[],
  units: readonly Unit[],
  split: boolean,
  { sized, countsOf }: Places,
): Pick<CohortsBody, 'cohorts' | 'segments' | 'notes'> {
  const byName = Map.groupBy(rows, ({ name }) => (typeof name === 'string' ? name : null))
  const sizeOf = (places: readonly number[]) => places.reduce((sum, people, place) => sum + (sized(place) ? people : 0), 0)
  const cohorts = (name: string | null) => {
    const grid = units.map(({ length }) => Array.from({ length: length + 1 }, () => 0))
    for (const { unit, place, people } of byName.get(name) ?? []) {
      const places = grid[Number(unit)]
      if (places !== undefined) places[Number(place)] = Number(people)
    }
    return grid.map((places, at) => ({ date: units[at]?.label ?? '', size: sizeOf(places), counts: countsOf(places.slice(1)) }))
  }
  if (!split) return { cohorts: cohorts(null), notes: [] }
  // A grid only for those that are shown: a property may have a value for each person.
  const parts = [...byName].flatMap(([name, own]) => {
    const total = own.reduce((sum, { place, people }) => sum + (sized(Number(place)) ? Number(people) : 0), 0)
    return name === null ? [] : [{ name, values: [], total, compared: [] }]
  })
  const { segments, notes } = arrangeSegments(parts, { limit: mostSegments, clean: false, adds: false })
  return { cohorts: cohorts(null), segments: segments.map(({ name }) => ({ name, cohorts: cohorts(name) })), notes }
}

/** From right to left: who is in a later place is in this one too. */
export function cumulated(places: readonly number[]): number[] {
  let sum = 0
  return places
    .toReversed()
    .map((people) => (sum += people))
    .toReversed()
}
