import type { Cell, Table } from '../../edition.ts'
import type { Query } from '../../query.ts'
import type { Cohorts, CohortsResult } from '../../result.ts'
import { firstInterval } from '../../result.ts'
import { labelsOf } from './charts.ts'
import { entryOf, isRunning, placesTold, pooled, settled, shareAt, shareOf, sizesAddUp } from './cohorts.ts'
import type { Language } from './headline.ts'
import { noNumber } from './numbers.ts'
import type { SegmentNames } from './segment-names.ts'
import type { Shown } from './tables.ts'
import { mostRows } from './tables.ts'

/** With the row of all of them, as many as the plain-text part has room for. */
const mostCohorts = 14
/** Names take more room than dates. */
const mostBesideNames = 4

/** The shaded table of an answer, and what of it had to be left out. */
export interface ShownCohorts {
  readonly table: Table
  /** Places in `counts`, one for each shaded column. */
  readonly places: { readonly shown: readonly number[]; readonly of: number }
  readonly rows: { readonly shown: number; readonly of: number }
}

/** What a cohort's row is headed by. */
const headings = { minute: 'Minute', hour: 'Hour', day: 'Day', week: 'Week of', month: 'Month', year: 'Year' } as const

/** A row for each cohort, the latest ones, below one for all; a cell for each interval, empty while that is not over. */
export function cohortsTable({ query }: { query: Query }, result: CohortsResult, language: Language): ShownCohorts {
  const { numbers, at } = language
  const counted = settled(result.cohorts, result, at)
  const places = placesTold(counted, result)
  const latest = result.cohorts.slice(-mostCohorts)
  const dates = labelsOf(
    latest.map(({ date }) => entryOf(date, result).start),
    result.unit,
    language,
  )
  const whole = result.cohorts.length > 1
  const all = places.shown.map((place) => shareOf(pooled(counted, place)))
  const shares = latest.map((cohort) => places.shown.map((place) => shareAt(cohort, place)))
  const [ofAll = [], ...cells] = shadedCells([all, ...shares], places.shown, language)
  const size = sizesAddUp(result, query) ? result.cohorts.reduce((sum, cohort) => sum + cohort.size, 0) : undefined
  const rows = latest.map(({ date, size }, row): Cell[] => [
    { text: `${dates[row]}${isRunning(date, result, at) ? ' (so far)' : ''}` },
    { text: numbers.whole(size) },
    ...(cells[row] ?? []),
  ])
  const pinned: Cell[] = [{ text: 'All' }, { text: size === undefined ? '' : numbers.whole(size) }, ...ofAll]
  const columns: Table['columns'] = [
    { title: headings[result.unit], align: 'left' },
    { title: 'Users', align: 'right' },
    ...shadedColumns(result, places.shown),
  ]
  return {
    table: { columns, rows: whole ? [pinned, ...rows] : rows, ...(whole ? { pinned: 1 } : {}) },
    places,
    rows: { shown: latest.length, of: result.cohorts.length },
  }
}

/** A row for each segment, its cohorts taken together; the largest first. */
export function cohortSegmentsTable(
  { query }: { query: Query },
  result: CohortsResult,
  segments: NonNullable<CohortsResult['segments']>,
  names: SegmentNames,
  language: Language,
): Required<Shown> {
  const { numbers, at } = language
  const { shown: places, of } = placesTold(settled(result.cohorts, result, at), result, mostBesideNames)
  const sizeOf = (cohorts: Cohorts) => cohorts.reduce((sum, { size }) => sum + size, 0)
  const sized = result.cohorts.length <= 1 || sizesAddUp(result, query)
  const sorted = [...segments].sort((a, b) => sizeOf(b.cohorts) - sizeOf(a.cohorts)).slice(0, mostRows)
  const shares = sorted.map(({ cohorts }) => {
    const counted = settled(cohorts, result, at)
    return places.map((place) => {
      const one = pooled(counted, place)
      return one.cohorts.length === 0 ? undefined : shareOf(one)
    })
  })
  const cells = shadedCells(shares, places, language)
  const rows = sorted.map(({ name, cohorts }, row): Cell[] => [
    { text: names.show(name) },
    ...(sized ? [{ text: numbers.whole(sizeOf(cohorts)) }] : []),
    ...(cells[row] ?? []),
  ])
  const columns: Table['columns'] = [
    { title: names.heading, align: 'left' },
    ...(sized ? [{ title: 'Users', align: 'right' as const }] : []),
    ...shadedColumns(result, places),
  ]
  return { table: { columns, rows }, rows: segments.length, columns: { shown: places.length, of } }
}

/** Of a retention `1`, `2` …; of a frequency `2+`, `3+` …. */
function shadedColumns(result: CohortsResult, places: readonly number[]): Table['columns'] {
  const more = result.measure === 'frequency' ? '+' : ''
  return places.map((place) => ({ title: `${firstInterval(result) + place}${more}`, align: 'right', shaded: true }))
}

/**
 * Cells of shares, undefined where one is not over yet. The greatest is darkest; that of the interval of entry, where
 * nearly all are, would leave the others pale.
 */
function shadedCells(
  shares: readonly (readonly (number | null | undefined)[])[],
  places: readonly number[],
  { numbers }: Language,
): Cell[][] {
  const later = shares.flatMap((row) => row.filter((_, column) => (places[column] ?? 0) > 0))
  const most = Math.max(0, ...later.filter((share) => typeof share === 'number'))
  return shares.map((row) =>
    row.map((share) => {
      if (share === undefined) return { text: '' }
      if (share === null) return { text: noNumber }
      return { text: numbers.share(share, most), shade: most === 0 ? 0 : Math.min(1, share / most) }
    }),
  )
}
