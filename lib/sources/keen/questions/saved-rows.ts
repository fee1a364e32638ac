import { Temporal } from 'temporal-polyfill'
import type { AnyBody, Note, SeriesBody, TableBody } from '../../../result.ts'
import type { Segment } from '../../../segments.ts'
import { arrangeSegments, seriesOf } from '../../../segments.ts'
import type { Bucket, Unit } from '../../../timeframe.ts'
import { bucketsOf, spanOf } from '../../../timeframe.ts'
import { columnOf, inexactNotes } from '../../columns.ts'
import type { Row } from '../calls/answers.ts'
import { groupNames, isObject } from '../calls/answers.ts'
import type { Span } from './asking.ts'
import { spanIn, unitOf, windowOf, zoneOf } from './saved-time.ts'
import { figuresIn, namesOf } from './segmentation-read.ts'
import { spanOfCells } from './stretches.ts'
import type { Tally } from './tallies.ts'
import { joined } from './tallies.ts'

/** A saved query as the vendor has it, unchecked. */
export type Definition = Readonly<Record<string, unknown>>

/** What each analysis is to results, and how its numbers join. */
const measures: Readonly<Record<string, Pick<Tally, 'joins' | 'absent'> & { readonly measure: SeriesBody['measure'] }>> = {
  count: { measure: 'general', joins: 'adds', absent: 0 },
  count_unique: { measure: 'unique', joins: 'none', absent: 0 },
  sum: { measure: 'sum', joins: 'adds', absent: 0 },
  minimum: { measure: 'min', joins: 'least', absent: null },
  maximum: { measure: 'max', joins: 'most', absent: null },
  average: { measure: 'average', joins: 'none', absent: null },
  median: { measure: 'median', joins: 'none', absent: null },
  percentile: { measure: 'percentile', joins: 'none', absent: null },
}

/** Rows as a series where they have dates that a series can stand for; undefined where a table has to do. */
export function seriesIn(
  rows: readonly Row[],
  query: Definition,
  { title, now, zone }: { readonly title: string; readonly now: Temporal.Instant; readonly zone: string },
): (AnyBody & { readonly shape: 'series' }) | undefined {
  const kind = Object.hasOwn(measures, String(query['analysis_type'])) ? measures[String(query['analysis_type'])] : undefined
  const unit = unitOf(query['interval'])
  const dates = unit === undefined ? undefined : datesIn(rows, unit, query, now)
  if (kind === undefined || unit === undefined || dates === undefined) return undefined

  const groups = groupNames(query['group_by'])
  const numbers = dates.buckets.map((_, at) => figuresIn(dates.rows.get(at) ?? [], groups))
  const keys = [...new Set(numbers.flatMap((own) => [...own.keys()]))]
  const names = namesOf(keys)
  const totalOf = (values: readonly (number | null)[], several: boolean) =>
    kind.joins === 'none' && several ? null : joined(values, kind)
  const segments = keys.map((key): Segment => {
    const named = names.get(key) ?? { name: key }
    return {
      ...(groups.length === 0 ? { name: String(query['event_collection'] ?? title) } : named),
      values: numbers.map((own) => (own.has(key) ? (own.get(key) ?? null) : kind.absent)),
      total: totalOf(
        numbers.flatMap((own) => (own.has(key) ? [own.get(key) ?? null] : [])),
        numbers.length > 1,
      ),
      compared: [],
    }
  })
  const arranged = arrangeSegments(segments, { limit: 10_000, clean: false, adds: kind.joins === 'adds' })
  const whole = arranged.segments.map(({ total }) => total)
  const partial = dates.buckets.filter((bucket) => !bucket.whole || isRunning(bucket, now)).map(({ label }) => label)
  return {
    shape: 'series',
    timeframe: spanOf(spanOfCells(dates.buckets)),
    unit,
    measure: kind.measure,
    dates: dates.buckets.map(({ label }) => label),
    ...(partial.length === 0 ? {} : { partial }),
    series: arranged.segments.map(seriesOf),
    total: totalOf(whole, whole.length > 1),
    comparisons: [],
    notes: [...notesOf(dates.buckets, unit, { zone, now }), ...arranged.notes],
  }
}

interface Dates {
  readonly buckets: readonly Bucket[]
  /** By the place of their bucket. */
  readonly rows: ReadonlyMap<number, readonly Row[]>
}

/**
 * The buckets of the query's time, else those from the answer's first to its last: of groups the vendor gives only buckets
 * in which some are. Undefined where it cuts at times that no date stands for.
 */
function datesIn(rows: readonly Row[], unit: Unit, query: Definition, now: Temporal.Instant): Dates | undefined {
  const isSplit = groupNames(query['group_by']).length > 0
  // Times with an offset make the vendor ignore the zone, and cut at midnights of UTC.
  for (const timezone of [zoneOf(query) ?? 'UTC', 'UTC']) {
    const spans = rows.map(({ timeframe }) => spanIn(timeframe, timezone))
    const known = spans.filter((span) => span !== undefined)
    if (known.length < rows.length) return undefined
    for (const window of [isSplit ? windowOf(query, now) : undefined, around(known)]) {
      if (window === undefined) continue
      const [start, end] = [window.start, window.end].map((time) => time.withTimeZone(timezone)) as [Time, Time]
      const buckets = bucketsOf({ start, end, partial: false }, unit, { timezone, weekStart: 'sunday' })
      const places = new Map(buckets.map((bucket, at) => [millisecondsOf(bucket), at]))
      const at = known.map((span) => places.get(millisecondsOf(span)))
      if (at.includes(undefined) || buckets.length === 0) continue
      const byPlace = Map.groupBy(rows.entries(), ([place]) => at[place] ?? 0)
      return { buckets, rows: new Map([...byPlace].map(([place, own]) => [place, own.map(([, row]) => row)])) }
    }
  }
  return undefined
}

type Time = Temporal.ZonedDateTime

function around(spans: readonly Span[]): Span | undefined {
  const inOrder = spans.toSorted((a, b) => Temporal.ZonedDateTime.compare(a.start, b.start))
  return inOrder.length === 0 ? undefined : spanOfCells(inOrder)
}

function millisecondsOf({ start, end }: Span): string {
  return `${start.epochMilliseconds} ${end.epochMilliseconds}`
}

function isRunning({ end }: Span, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(end.toInstant(), now) > 0
}

function notesOf(
  buckets: readonly Bucket[],
  unit: Unit,
  { zone, now }: { readonly zone: string; readonly now: Temporal.Instant },
): Note[] {
  const own = buckets[0]?.start.timeZoneId ?? zone
  return [
    ...(own === zone || unit === 'minute' || unit === 'hour' ? [] : [sourceNote(`its ${unit}s are those of ${own}`)]),
    ...(unit === 'week' ? [sourceNote("Keen's weeks begin on Sunday")] : []),
    ...(buckets.some((bucket) => isRunning(bucket, now))
      ? [{ kind: 'partial', text: `the running ${unit} is counted as far as it has come` } as const]
      : []),
  ]
}

function sourceNote(text: string): Note {
  return { kind: 'source', text }
}

/** Rows as a table: the time where there is one, a column for each property of the groups, one for each value. */
export function tableIn(rows: readonly Row[], query: Definition): TableBody {
  const groups = groupNames(query['group_by'])
  const labels = isObject(query['analyses']) ? Object.keys(query['analyses']) : undefined
  const timed = rows.some(({ timeframe }) => timeframe !== undefined)
  const lists = query['analysis_type'] === 'select_unique'
  const lines = rows.flatMap(({ timeframe, group = {}, value }) => {
    const before = [
      ...(timed ? [timeframe?.start, timeframe?.end] : []),
      ...groups.map((name) => (Object.hasOwn(group, name) ? group[name] : null)),
    ]
    if (labels !== undefined) return [[...before, ...labels.map((label) => valueIn(value, label))]]
    return lists && Array.isArray(value) ? value.map((one: unknown) => [...before, one]) : [[...before, value]]
  })
  const own = [...(timed ? ['start', 'end'] : []), ...groups]
  const names = [...own, ...(labels ?? [valueName(query)]).map((name) => (own.includes(name) ? `${name} (value)` : name))]
  const columns = names.map((name, at) =>
    columnOf(
      name,
      lines.map((line) => line[at]),
    ),
  )
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: lines.map((_, at) => columns.map(({ cells }) => cells[at] ?? null)),
    notes: inexactNotes(columns),
  }
}

function valueIn(value: unknown, label: string): unknown {
  return isObject(value) && Object.hasOwn(value, label) ? value[label] : null
}

function valueName({ analysis_type, target_property, percentile }: Definition): string {
  if (analysis_type === 'select_unique') return String(target_property ?? 'value')
  const what = analysis_type === 'percentile' ? `percentile ${String(percentile)}` : String(analysis_type ?? 'value')
  return target_property === undefined || target_property === null ? what : `${what} of ${String(target_property)}`
}
