import { Temporal } from 'temporal-polyfill'
import { isObject } from '../../../exact-json.ts'
import type { AnyBody, Note, SeriesBody, TableBody } from '../../../result.ts'
import type { Segment } from '../../../segments.ts'
import { arrangeSegments, seriesOf } from '../../../segments.ts'
import type { Bucket, Unit } from '../../../timeframe.ts'
import { bucketsOf, spanOf } from '../../../timeframe.ts'
import { columnOf, distinctNames, inexactNotes } from '../../columns.ts'
import type { Row } from '../calls/answers.ts'
import { groupNames } from '../calls/answers.ts'
import type { Span } from './asking.ts'
import type { Times } from './saved-time.ts'
import { around, calendarZoneOf, isOver, spansIn, unitOf } from './saved-time.ts'
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

/** An answer with an `interval`. */
export interface Timed {
  readonly rows: readonly Row[]
  /** Of every bucket of the answer, also of those without rows. */
  readonly times: readonly Times[]
}

/** What is known of it beside its query. */
export interface Setting {
  readonly title: string
  /** The project's. */
  readonly zone: string
  readonly now: Temporal.Instant
  /** How many seconds the answer may be old; 0 of one that was just worked out. */
  readonly age: number
}

/**
 * A series where the answer has dates that a series can stand for; undefined where a table has to do. All dates are the
 * answer's own: which ones a relative timeframe means now says nothing of what was counted. Null is what the answer does
 * not tell of.
 */
export function seriesIn(
  { rows, times }: Timed,
  query: Definition,
  { title, zone, now, age }: Setting,
): (AnyBody & { readonly shape: 'series' }) | undefined {
  const kind = Object.hasOwn(measures, String(query['analysis_type'])) ? measures[String(query['analysis_type'])] : undefined
  const unit = unitOf(query['interval'])
  const buckets = unit === undefined ? undefined : bucketsIn(times, unit, query)
  if (kind === undefined || unit === undefined || buckets === undefined) return undefined

  const groups = groupNames(query['group_by'])
  const own = Map.groupBy(rows, ({ timeframe }) => textOf(timeframe))
  // All groups of a bucket have its times, and there may be thousands.
  const told = new Map(times.map((time) => [millisecondsIn(time), textOf(time)]))
  const numbers = buckets.map((bucket) => {
    const text = told.get(millisecondsOf(bucket))
    return text === undefined ? undefined : figuresIn(own.get(text) ?? [], groups)
  })
  const keys = [...new Set(numbers.flatMap((figures) => [...(figures?.keys() ?? [])]))]
  const names = namesOf(keys)
  const totalOf = (values: readonly (number | null)[], several: boolean) =>
    kind.joins === 'none' && several ? null : joined(values, kind)
  const segments = keys.map((key): Segment => {
    const named = names.get(key) ?? { name: key }
    return {
      ...(groups.length === 0 ? { name: String(query['event_collection'] ?? title) } : named),
      values: numbers.map((figures) =>
        figures === undefined ? null : (figures.get(key) ?? (figures.has(key) ? null : kind.absent)),
      ),
      total: totalOf(
        numbers.flatMap((figures) => (figures?.has(key) === true ? [figures.get(key) ?? null] : [])),
        numbers.length > 1,
      ),
      compared: [],
    }
  })
  const arranged = arrangeSegments(segments, { limit: 10_000, clean: false, adds: kind.joins === 'adds' })
  // Of all, also of those that are too many to be kept.
  const whole = segments.map(({ total }) => total)
  const counted = now.subtract({ seconds: age })
  const isRunning = ({ end }: Span) => !isOver(query['timeframe']) && Temporal.Instant.compare(end.toInstant(), counted) > 0
  const running =
    age > 0
      ? `a ${unit} that may still have run when Keen worked this out is counted as far as it had come`
      : `the running ${unit} is counted as far as it has come`
  const partial = buckets.filter((bucket) => !bucket.whole || isRunning(bucket)).map(({ label }) => label)
  return {
    shape: 'series',
    timeframe: spanOf(spanOfCells(buckets)),
    unit,
    measure: kind.measure,
    dates: buckets.map(({ label }) => label),
    ...(partial.length === 0 ? {} : { partial }),
    series: arranged.segments.map(seriesOf),
    total: totalOf(whole, whole.length > 1),
    comparisons: [],
    notes: [
      ...zoneNotes(buckets, unit, zone),
      ...(buckets.some(isRunning) ? [{ kind: 'partial', text: running } as const] : []),
      ...arranged.notes,
    ],
  }
}

/** The chain of buckets from the answer's first to its last; undefined where it cuts at times that no date stands for. */
function bucketsIn(times: readonly Times[], unit: Unit, query: Definition): readonly Bucket[] | undefined {
  // Times with an offset make the vendor ignore the zone, and cut at midnights of UTC.
  for (const timezone of [calendarZoneOf(query) ?? 'UTC', 'UTC']) {
    const spans = spansIn(times, timezone) ?? []
    const window = around(spans)
    if (window === undefined) return undefined
    const buckets = bucketsOf({ ...window, partial: false }, unit, { timezone, weekStart: 'sunday' })
    const places = new Set(buckets.map(millisecondsOf))
    if (spans.every((span) => places.has(millisecondsOf(span)))) return buckets
  }
  return undefined
}

function millisecondsOf({ start, end }: Span): string {
  return `${start.epochMilliseconds} ${end.epochMilliseconds}`
}

function millisecondsIn(times: Times): string {
  return (spansIn([times], 'UTC') ?? []).map(millisecondsOf).join()
}

function textOf(timeframe: Row['timeframe']): string {
  return `${timeframe?.start} ${timeframe?.end}`
}

function zoneNotes(buckets: readonly Bucket[], unit: Unit, zone: string): Note[] {
  const own = buckets[0]?.start.timeZoneId ?? zone
  return [
    ...(own === zone || unit === 'minute' || unit === 'hour' ? [] : [sourceNote(`its ${unit}s are those of ${own}`)]),
    ...(unit === 'week' ? [sourceNote("Keen's weeks begin on Sunday")] : []),
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
    if (!lists || !Array.isArray(value)) return [[...before, value]]
    // A group stays, also where it has no value.
    const cells: unknown[] = value.length === 0 && before.length > 0 ? [null] : value
    return cells.map((one) => [...before, one])
  })
  const own = [...(timed ? ['start', 'end'] : []), ...groups]
  const values = (labels ?? [valueName(query)]).map((name) => (own.includes(name) ? `${name} (value)` : name))
  const columns = distinctNames([...own, ...values]).map((name, at) => {
    const column = columnOf(
      name,
      lines.map((line) => line[at]),
    )
    const empty = column.cells.every((cell) => cell === null)
    return at >= own.length && empty && isFigure(query, labels?.[at - own.length])
      ? { ...column, type: 'number' as const }
      : column
  })
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    // A value may be a number, and is no figure.
    ...(lists && own.length === 0 ? { each: 'value' } : {}),
    rows: lines.map((_, at) => columns.map(({ cells }) => cells[at] ?? null)),
    notes: inexactNotes(columns),
  }
}

/** Whether the value of a metric is a number, which null does not show; with the label that it has in a multi_analysis. */
function isFigure({ analysis_type, analyses }: Definition, label: string | undefined): boolean {
  const analysis = label === undefined ? { analysis_type } : valueIn(analyses, label)
  return isObject(analysis) && analysis['analysis_type'] !== 'select_unique'
}

function valueIn(value: unknown, label: string): unknown {
  return isObject(value) && Object.hasOwn(value, label) ? value[label] : null
}

function valueName({ analysis_type, target_property, percentile }: Definition): string {
  if (analysis_type === 'select_unique') return String(target_property ?? 'value')
  const what = analysis_type === 'percentile' ? `percentile ${String(percentile)}` : String(analysis_type ?? 'value')
  return target_property === undefined || target_property === null ? what : `${what} of ${String(target_property)}`
}
