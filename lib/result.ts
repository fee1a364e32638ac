import { stringify } from 'csv-stringify/sync'
import * as z from 'zod'
import { comparisons, units } from './timeframe.ts'

/**
 * The answers, in our own shape; never a vendor's raw JSON. These schemas are what consumers read
 * (`broadsheet schema result` prints them), so a shape only ever grows, and a change of meaning is a new `version`.
 * A number nobody can say is `null`, never 0.
 */
const count = z.number().nullable()
const span = z.strictObject({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) })

const note = z.strictObject({
  /**
   * partial: the running unit is in it; truncated: the source cut the answer; sampled: it is an estimate;
   * duplicates: events that were there twice and counted once; other: segments beyond the limit;
   * unset: events without the property, which are in the total and in no segment;
   * immature: later entrants still have time; undated: the dates are the source's own and nobody knows them, so that the
   * timeframe is the question's alone; source: what the source itself wants said.
   */
  kind: z.enum(['partial', 'truncated', 'sampled', 'duplicates', 'other', 'unset', 'immature', 'undated', 'source']),
  text: z.string(),
})
export type Note = z.output<typeof note>

const seriesBody = {
  unit: z.enum(units),
  /**
   * What the numbers are: `sum` and `general` add up over dates and segments; uniques and averages do not. `other`: of
   * several kinds, or of one that the source does not tell, as in a vendor's saved report.
   */
  measure: z.enum(['general', 'unique', 'average', 'sum', 'min', 'max', 'median', 'percentile', 'ratio', 'other']),
  trend: span.optional(),
  dates: z.array(z.string()),
  /** The labels among `dates` whose unit is cut by the window or still running. */
  partial: z.array(z.string()).optional(),
  series: z.array(
    z.strictObject({
      name: z.string(),
      path: z.array(z.string()).optional(),
      values: z.array(count),
      total: count,
      /** Of the rest beyond the limit alone, which is called Other and stands last: how many segments are in it. */
      folded: z.number().int().optional(),
    }),
  ),
  /** What people wrote beside the chart at the vendor, within the trend; the date is one of `dates` or lies between them. */
  annotations: z.array(z.strictObject({ date: z.string(), text: z.string() })).optional(),
  total: count,
  comparisons: z.array(
    z.strictObject({ to: z.enum(comparisons), timeframe: span, total: count, totals: z.record(z.string(), count) }),
  ),
  notes: z.array(note),
}

const steps = z.array(
  z.strictObject({
    name: z.string(),
    count: z.number().int(),
    /** Of those who reached the step before; 1 for the first, null when nobody did. */
    stepConversion: count,
    /** Of those who entered. */
    overallConversion: count,
    /** Median seconds since the step before; null for the first step, or when nobody reached it. */
    medianSeconds: count,
  }),
)
const funnelBody = {
  steps,
  segments: z.array(z.strictObject({ name: z.string(), steps })).optional(),
  comparisons: z.array(z.strictObject({ to: z.enum(comparisons), timeframe: span, steps })),
  notes: z.array(note),
}

const cohorts = z.array(
  z.strictObject({
    /** The cohort's first day, `YYYY-MM-DD`. */
    date: z.string(),
    /** People in it: who did the first event in that unit; of a frequency, who was active at all. */
    size: z.number().int(),
    /**
     * Retention: how many came back in interval 0, 1, 2 … after they entered. Frequency: how many were active in at least
     * 1, 2, 3 … intervals of the unit. Only what is over; so later cohorts have fewer.
     */
    counts: z.array(count),
  }),
)
const cohortsBody = {
  measure: z.enum(['retention', 'frequency']),
  /** How long each cohort's time of entry is. */
  unit: z.enum(units),
  /** How long an interval of `counts` is. */
  interval: z.enum(units),
  cohorts,
  /** The same, split by a property; people may be in several. */
  segments: z.array(z.strictObject({ name: z.string(), cohorts })).optional(),
  notes: z.array(note),
}

/** A cell that is neither text, number nor truth is its JSON as text. */
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()])
const tableBody = {
  columns: z.array(z.strictObject({ name: z.string(), type: z.enum(['text', 'number', 'boolean', 'time', 'json']) })),
  /** What each row is, where the question does not say it: an `event` of the timeframe, or a `value` that occurred in it. */
  each: z.enum(['event', 'value']).optional(),
  /** One cell for each column; null where there is none. */
  rows: z.array(z.array(cell)),
  notes: z.array(note),
}

const head = {
  version: z.literal(1),
  report: z.string(),
  query: z.string(),
  source: z.string(),
  /** SHA-256 of question and source: answers compare and join only where it is the same. */
  definition: z.string().regex(/^[0-9a-f]{64}$/),
  timezone: z.string(),
  timeframe: span,
}

export const seriesResult = z.strictObject({ ...head, shape: z.literal('series'), ...seriesBody })
export const funnelResult = z.strictObject({ ...head, shape: z.literal('funnel'), ...funnelBody })
export const cohortsResult = z.strictObject({ ...head, shape: z.literal('cohorts'), ...cohortsBody })
export const tableResult = z.strictObject({ ...head, shape: z.literal('table'), ...tableBody })
export const failureResult = z.strictObject({
  ...head,
  shape: z.literal('failure'),
  /** sample: made-up events hold no answer to it, so nothing went wrong; the others are whose turn it is to act. */
  kind: z.enum(['credential', 'refused', 'data', 'wait', 'unavailable', 'bug', 'sample']),
  message: z.string(),
  remedy: z.string().optional(),
})
export const result = z.discriminatedUnion('shape', [seriesResult, funnelResult, cohortsResult, tableResult, failureResult])

export type SeriesResult = z.output<typeof seriesResult>
export type FunnelResult = z.output<typeof funnelResult>
export type CohortsResult = z.output<typeof cohortsResult>
export type TableResult = z.output<typeof tableResult>
export type FailureResult = z.output<typeof failureResult>
export type Result = z.output<typeof result>
/** A result that is an answer. */
export type Answer = SeriesResult | FunnelResult | CohortsResult | TableResult
export type FunnelSteps = FunnelResult['steps']

/** What a source gives back; the run adds the head. */
export type SeriesBody = Omit<SeriesResult, keyof typeof head | 'shape'>
export type FunnelBody = Omit<FunnelResult, keyof typeof head | 'shape'>
export type CohortsBody = Omit<CohortsResult, keyof typeof head | 'shape'>
export type TableBody = Omit<TableResult, keyof typeof head | 'shape'>
/** An answer whose shape, and maybe dates, the question does not tell: a vendor's own saved question. */
export type AnyBody = { readonly timeframe?: SeriesResult['timeframe'] } & (
  | ({ readonly shape: 'series' } & SeriesBody)
  | ({ readonly shape: 'funnel' } & FunnelBody)
  | ({ readonly shape: 'cohorts' } & CohortsBody)
  | ({ readonly shape: 'table' } & TableBody)
)
export type Cohorts = CohortsResult['cohorts']
export type TableCell = TableResult['rows'][number][number]

/** Steps from counts and medians, the conversions worked out. */
export function stepsOf(rows: readonly { name: string; count: number; medianSeconds: number | null }[]): FunnelSteps {
  return rows.map((row, index) => {
    const before = rows[index - 1]?.count ?? row.count
    const entered = rows[0]?.count ?? 0
    return {
      name: row.name,
      count: row.count,
      stepConversion: before === 0 ? null : row.count / before,
      overallConversion: entered === 0 ? null : row.count / entered,
      medianSeconds: index === 0 ? null : row.medianSeconds,
    }
  })
}

/** A result as stored: two spaces, a line break at the end, the same bytes for the same answer. */
export function toJson(value: Result): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

type Cell = string | number | boolean | null

/** The same numbers in long form; the first row holds the columns' names. A failure has no rows. */
export function toRows(value: Result): Cell[][] {
  switch (value.shape) {
    case 'series':
      return [
        ['date', 'series', 'value'],
        ...value.series.flatMap((series) =>
          value.dates.map((date, at): Cell[] => [date, series.name, series.values[at] ?? null]),
        ),
      ]
    case 'funnel':
      return [
        ['segment', 'step', 'count', 'step_conversion', 'overall_conversion', 'median_seconds'],
        ...[{ name: null, steps: value.steps }, ...(value.segments ?? [])].flatMap((segment) =>
          segment.steps.map((step): Cell[] => [
            segment.name,
            step.name,
            step.count,
            step.stepConversion,
            step.overallConversion,
            step.medianSeconds,
          ]),
        ),
      ]
    case 'cohorts': {
      const split = value.segments !== undefined
      const first = firstInterval(value)
      const rowsOf = (cohorts: Cohorts, segment: Cell[]) =>
        cohorts.flatMap(({ date, size, counts }) =>
          counts.map((count, at): Cell[] => [...segment, date, size, first + at, count]),
        )
      return [
        [...(split ? ['segment'] : []), 'cohort', 'size', 'interval', 'count'],
        ...rowsOf(value.cohorts, split ? [null] : []),
        ...(value.segments ?? []).flatMap(({ name, cohorts }) => rowsOf(cohorts, [name])),
      ]
    }
    case 'table':
      return [value.columns.map(({ name }) => name), ...value.rows]
    case 'failure':
      return []
  }
}

/** What the first of a cohort's counts is called: interval 0 of a retention, at least 1 interval of a frequency. */
export function firstInterval({ measure }: Pick<CohortsResult, 'measure'>): 0 | 1 {
  return measure === 'frequency' ? 1 : 0
}

/**
 * UTF-8 without BOM, comma, `\n`, null is empty: exact, for programs. `forSpreadsheets` puts a `'` before text that a
 * spreadsheet would run as a formula (OWASP, CSV injection); numbers stay numbers, negative ones too.
 */
export function toCsv(value: Result, options: { readonly forSpreadsheets?: boolean } = {}): string {
  const rows = toRows(value)
  const cells = options.forSpreadsheets === true ? rows.map((row) => row.map(neutral)) : rows
  return stringify(cells, { record_delimiter: '\n', cast: { boolean: String } })
}

function neutral(cell: Cell): Cell {
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
}
