import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { AnyBody, Note, SeriesBody, TableBody } from '../../../result.ts'
import { nameOfPath } from '../../../segments.ts'
import type { Window } from '../../../timeframe.ts'
import { shift, spanOf } from '../../../timeframe.ts'
import { overall } from '../calls/answers.ts'
import type { InsightsValue } from '../calls/saved.ts'
import type { AnswerOf } from '../client.ts'
import type { Dates } from './insights-dates.ts'
import { datesIn, windowIn } from './insights-dates.ts'
import { addsUp, measuresOf, together } from './insights-measure.ts'

type Insights = AnswerOf<'insights'>
type Span = Omit<Window, 'partial'>
interface Run {
  readonly zone: string
  readonly at: Temporal.Instant
}

/** A saved report as a series where it has dates, else as a table. Throws RefusedError for what is no Insights report. */
export function insightsBody(answer: Insights, run: Run): AnyBody {
  refuseOthers(answer)
  const window = windowIn(answer, run.zone)
  const timeframe = spanOf(window)
  const rows = rowsOf(answer.values, measuresOf(answer))
  const times = timesOf(answer.values)
  return times.length > 0
    ? { shape: 'series', timeframe, ...seriesBody(answer, rows, datesIn(times, window, run), { window, run }) }
    : { shape: 'table', timeframe, ...tableBody(answer, rows, run) }
}

function timesOf(values: readonly InsightsValue[]): string[] {
  return [...new Set(values.map(({ at }) => at))].filter((at) => at !== 'all')
}

/** What the vendor also answers by the same call, in shapes that no document shows. */
function refuseOthers({ headers, values }: Insights): void {
  const names = new Set(values.map(({ path }) => path[0] ?? ''))
  if (headers[0] === '$retention' || values.some(({ list }) => list !== undefined)) {
    throw new RefusedError('the saved report is a retention, and `insights` is for Insights reports', {
      remedy: 'ask it as a `retention`, with its events and a timeframe',
    })
  }
  if (names.has('overall_conv_ratio') && names.has('step_conv_ratio')) {
    throw new RefusedError('the saved report is a funnel, and `insights` is for Insights reports', {
      remedy: 'write `saved: { funnel: <the same id> }`',
    })
  }
}

/** A line of a report: the names that lead to it, with its numbers by date (or `all`). */
interface Row {
  readonly path: readonly string[]
  readonly numbers: ReadonlyMap<string, number | null>
}

interface Rows {
  /** Metrics in the vendor's order. */
  readonly metrics: readonly string[]
  readonly measureOf: (metric: string) => SeriesBody['measure']
  /** Each segment of each metric; of a metric without any, the metric itself. */
  readonly segments: readonly Row[]
  /** A metric's line of all its segments together. */
  readonly wholes: ReadonlyMap<string, Row>
}

/** `$overall` holds what the others of its level hold, so it is no segment. */
function rowsOf(values: readonly InsightsValue[], measureOf: Rows['measureOf']): Rows {
  const all = [...Map.groupBy(values, ({ path }) => JSON.stringify(path)).values()].map(
    (own): Row => ({ path: own[0]?.path ?? [], numbers: new Map(own.map(({ at, value }) => [at, value])) }),
  )
  const metrics = [...new Set(all.map(({ path }) => path[0] ?? ''))]
  const split = all.filter(({ path }) => !path.includes(overall))
  const wholes = new Map(
    all.flatMap((row): [string, Row][] => (row.path.length === 2 && row.path[1] === overall ? [[row.path[0] ?? '', row]] : [])),
  )
  const segments = metrics.flatMap((metric) => {
    const own = split.filter(({ path }) => path[0] === metric)
    const whole = wholes.get(metric)
    return own.length > 0 || whole === undefined ? own : [{ ...whole, path: [metric] }]
  })
  return { metrics, measureOf, segments, wholes }
}

/** The names that tell a row from the others: not the metric where there is one only. */
function tellingOf({ path }: Row, { metrics }: Rows): readonly string[] {
  return metrics.length === 1 && path.length > 1 ? path.slice(1) : path
}

/** What rows are called, so that no two are called the same: beside pairs a metric without segments is quoted like a part. */
function namesOf(rows: Rows): (row: Row) => string {
  const paired = rows.segments.some((row) => tellingOf(row, rows).length > 1)
  return (row) => {
    const path = tellingOf(row, rows)
    return paired ? nameOfPath(path) : (path[0] ?? '')
  }
}

function seriesBody(
  answer: Insights,
  rows: Rows,
  { unit, times, labels, partial, running }: Dates,
  { window, run }: { readonly window: Span; readonly run: Run },
): SeriesBody {
  const nameOf = namesOf(rows)
  const series = rows.segments.map((row) => {
    const path = tellingOf(row, rows)
    return {
      name: nameOf(row),
      ...(path.length > 1 ? { path: [...path] } : {}),
      values: valuesOf(row, times),
      total: totalOf(row, rows, times),
    }
  })
  const known = series.every(({ total }) => total !== null)
  const { comparisons, notes } = comparisonsOf(answer, rows, { window, run, unit })
  return {
    unit,
    measure: together(rows.metrics.map(rows.measureOf)),
    dates: [...labels],
    ...(partial.length === 0 ? {} : { partial: [...partial] }),
    // Largest first, as everywhere; where nobody can say, as the vendor has them.
    series: known ? series.toSorted((a, b) => (b.total ?? 0) - (a.total ?? 0)) : series,
    total: wholeOf(rows, times, answer),
    comparisons,
    notes: [
      ...notesOf(answer),
      ...notes,
      ...(running ? [{ kind: 'partial', text: `the running ${unit} is counted as far as it has come` } as const] : []),
    ],
  }
}

type Times = Dates['times']

/** Nothing documents that an absent number is 0, so it is unknown. */
function valuesOf({ numbers }: Row, times: Times): (number | null)[] {
  return times.map((time) => (time === undefined ? null : (numbers.get(time) ?? null)))
}

/** Of one metric; several together are a number of nothing, and so are the segments of an answer that lacks some. */
function wholeOf(rows: Rows, times: Times, { cut }: Pick<Insights, 'cut'>): number | null {
  const [metric, ...others] = rows.metrics
  if (metric === undefined || others.length > 0) return null
  const whole = rows.wholes.get(metric)
  if (whole !== undefined) return totalOf(whole, rows, times)
  if (cut && rows.segments.some(({ path }) => path.length > 1)) return null
  return addsUp(rows.measureOf(metric)) || rows.segments.length === 1
    ? addUp(rows.segments.map((row) => totalOf(row, rows, times)))
    : null
}

/** What the vendor says of the whole time, else the sum of the dates where the metric adds up. */
function totalOf(row: Row, { measureOf }: Rows, times: Times): number | null {
  const all = row.numbers.get('all')
  if (all !== undefined) return all
  return addsUp(measureOf(row.path[0] ?? '')) ? addUp(valuesOf(row, times)) : null
}

/** Null where a number is unknown. */
function addUp(numbers: readonly (number | null)[]): number | null {
  return numbers.reduce((sum, number) => (sum === null || number === null ? null : sum + number), 0)
}

/** With what the report is saved to be compared, where that is the time before or the year before. */
function comparisonsOf(
  { compared, cut }: Insights,
  rows: Rows,
  { window, run, unit }: { readonly window: Span; readonly run: Run; readonly unit: Dates['unit'] },
): Pick<SeriesBody, 'comparisons' | 'notes'> {
  // Only what is over is compared.
  if (compared === undefined || Temporal.Instant.compare(window.end.toInstant(), run.at) > 0)
    return { comparisons: [], notes: [] }
  const other = windowIn(compared, run.zone)
  const year = [shift(window.start, -12, 'month'), shift(window.start, -52, 'week')].some((start) => start.equals(other.start))
  const to = other.end.equals(window.start) ? 'previous' : year ? 'year' : undefined
  if (to === undefined) return { comparisons: [], notes: comparedNote(compared, run) }
  const theirs = rowsOf(compared.values, rows.measureOf)
  const { times } = datesIn(timesOf(compared.values), other, run, unit)
  const nameOf = namesOf(rows)
  const totals = new Map(theirs.segments.map((row) => [JSON.stringify(row.path), totalOf(row, theirs, times)]))
  return {
    comparisons: [
      {
        to,
        timeframe: spanOf(other),
        total: wholeOf(theirs, times, { cut }),
        totals: Object.fromEntries(rows.segments.map((row) => [nameOf(row), totals.get(JSON.stringify(row.path)) ?? null])),
      },
    ],
    notes: [],
  }
}

function tableBody(answer: Insights, rows: Rows, run: Run): TableBody {
  const { compared, headers } = answer
  const telling = rows.segments.map((row) => tellingOf(row, rows))
  const single = rows.metrics.length === 1 && telling.every((_, at) => (rows.segments[at]?.path.length ?? 0) > 1)
  const names = single ? headers.slice(1) : ['metric', ...headers.slice(1)]
  const wide = Math.max(names.length, ...telling.map(({ length }) => length))
  const before = new Map(
    compared === undefined
      ? []
      : rowsOf(compared.values, rows.measureOf).segments.map(({ path, numbers }) => [
          JSON.stringify(path),
          numbers.get('all') ?? null,
        ]),
  )
  const lines = rows.segments.map((row, at) => {
    const value = row.numbers.get('all') ?? null
    const path = telling[at] ?? []
    const cells = [...path, ...Array<null>(wide - path.length).fill(null), value]
    return {
      metric: rows.metrics.indexOf(row.path[0] ?? ''),
      value,
      cells: compared === undefined ? cells : [...cells, before.get(JSON.stringify(row.path)) ?? null],
    }
  })
  return {
    columns: [
      ...Array.from({ length: wide }, (_, at) => ({ name: names[at] ?? `level ${at + 1}`, type: 'text' as const })),
      { name: single ? (rows.metrics[0] ?? 'value') : 'value', type: 'number' },
      ...(compared === undefined ? [] : [{ name: 'compared', type: 'number' } as const]),
    ],
    rows: lines
      .toSorted((a, b) => a.metric - b.metric || (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY))
      .map(({ cells }) => cells),
    notes: [...notesOf(answer), ...(compared === undefined ? [] : comparedNote(compared, run))],
  }
}

function notesOf({ cut, sampling }: Insights): Note[] {
  const share = (sampling * 100).toLocaleString('en-US', { maximumSignificantDigits: 2 })
  return [
    ...(cut ? [{ kind: 'truncated', text: 'Mixpanel has more segments than the saved report gives' } as const] : []),
    ...(sampling < 1
      ? [{ kind: 'sampled', text: `Mixpanel counted ${share} % of the events and estimates the rest` } as const]
      : []),
  ]
}

function comparedNote(compared: { readonly from: string; readonly to: string }, { zone }: Run): Note[] {
  const { start, end } = windowIn(compared, zone)
  const last = end.subtract({ nanoseconds: 1 }).toPlainDate()
  return [{ kind: 'source', text: `the saved report is compared with ${start.toPlainDate()} to ${last}` }]
}
