import { Temporal } from 'temporal-polyfill'
import type { Edition } from '../../../lib/edition.ts'
import type { Report } from '../../../lib/project/project.ts'
import type { Query } from '../../../lib/query.ts'
import { frequency, funnel, people, retention, saved, segmentation, top } from '../../../lib/query.ts'
import { headOf, ratioOf, windowsOf } from '../../../lib/report/ask.ts'
import { composeEdition } from '../../../lib/report/editorial/compose.ts'
import type {
  Answer,
  CohortsResult,
  FailureResult,
  FunnelResult,
  Note,
  Result,
  SeriesResult,
  TableResult,
} from '../../../lib/result.ts'
import { stepsOf } from '../../../lib/result.ts'
import { bucketsOf, isoWithOffset } from '../../../lib/timeframe.ts'

/** A Monday at 08:00 in Berlin. */
export const monday = Temporal.Instant.from('2026-11-16T07:00:00Z')

export function makeReport(queries: readonly Query[], more: Partial<Report> = {}): Report {
  return {
    name: 'weekly-growth',
    title: 'Weekly growth',
    timezone: 'Europe/Berlin',
    weekStart: 'monday',
    schedule: 'cron(0 8 ? * MON *)',
    hold: 7200,
    queries,
    figures: queries.slice(0, 4).map(({ name }) => name),
    ...more,
  } as Report
}

export function makeQuery(name: string, title: string, question: Query['question'], more: Partial<Query> = {}): Query {
  return {
    name,
    title,
    question,
    timeframe: 'previous_1_week',
    compare: ['previous', 'year'],
    better: 'higher',
    source: 'own',
    ...more,
  }
}

export function counted(event: string | string[], more: object = {}): Query['question'] {
  return { kind: 'segmentation', ...segmentation.parse({ event, ...more }) }
}

export function stepped(steps: string[], more: object = {}): Query['question'] {
  return { kind: 'funnel', ...funnel.parse({ steps, within: '7 days', ...more }) }
}

export function retained(first: string, then: string, more: object = {}): Query['question'] {
  return { kind: 'retention', ...retention.parse({ first, then, ...more }) }
}

export function frequented(event: string, unit: string, of: string, more: object = {}): Query['question'] {
  return { kind: 'frequency', ...frequency.parse({ event, unit, of, ...more }) }
}

export function topped(what: string, more: object = {}): Query['question'] {
  return { kind: 'top', ...top.parse({ what, ...more }) }
}

export function found(more: object = {}): Query['question'] {
  return { kind: 'people', ...people.parse(more) }
}

export function kept(more: object): Query['question'] {
  return { kind: 'saved', ...saved.parse(more) }
}

/** Numbers of the timeframe and of the compared periods, in the order of the query's `compare`. */
export type Then = readonly (number | null)[]

function head(query: Query, report: Report, at: Temporal.Instant) {
  const project = { sources: {} } as never
  return headOf(query, report, project, at)
}

function spans(query: Query, report: Report, at: Temporal.Instant) {
  const windows = windowsOf(query, report, at)
  const span = (window: { start: Temporal.ZonedDateTime; end: Temporal.ZonedDateTime }) => {
    return { start: isoWithOffset(window.start), end: isoWithOffset(window.end) }
  }
  return { windows, span, compared: windows.comparisons.map(({ to, timeframe }) => ({ to, timeframe: span(timeframe) })) }
}

/** A series whose totals are given by name: the timeframe's, then the compared ones. Without `total` they are added up. */
export function seriesAnswer(
  { query, report, at = monday }: { query: Query; report: Report; at?: Temporal.Instant },
  totals: Readonly<Record<string, Then>>,
  more: { total?: Then; notes?: Note[]; measure?: SeriesResult['measure']; folded?: number } = {},
): SeriesResult {
  const { windows, span, compared } = spans(query, report, at)
  if (query.question.kind !== 'segmentation') throw new RangeError(`${query.name} is no segmentation`)
  const { unit, type } = query.question
  const buckets = bucketsOf(windows.trend ?? windows.timeframe, unit, report)
  const names = Object.keys(totals)
  const sumAt = (at: number) =>
    names.reduce<number | null>((sum, name) => {
      const value = totals[name]?.[at] ?? null
      return value === null ? sum : (sum ?? 0) + value
    }, null)
  const totalAt = (at: number) => (more.total === undefined ? sumAt(at) : (more.total[at] ?? null))
  const partial = buckets.filter(({ whole }) => !whole).map(({ label }) => label)
  return {
    ...head(query, report, at),
    shape: 'series',
    unit,
    measure: more.measure ?? type,
    ...(windows.trend === undefined ? {} : { trend: span(windows.trend) }),
    dates: buckets.map(({ label }) => label),
    ...(partial.length === 0 ? {} : { partial }),
    series: names.map((name) => {
      const total = totals[name]?.[0] ?? null
      const folded = name === 'Other' && more.folded !== undefined ? { folded: more.folded } : {}
      return {
        name,
        values: buckets.map((_, at) => (total === null ? null : Math.round(total / 7) + (at % 5))),
        total,
        ...folded,
      }
    }),
    total: totalAt(0),
    comparisons: compared.map((one, at) => ({
      ...one,
      total: totalAt(at + 1),
      totals: Object.fromEntries(names.map((name) => [name, totals[name]?.[at + 1] ?? null])),
    })),
    notes: more.notes ?? [],
  }
}

/** A funnel whose counts are given: the timeframe's, then the compared ones. */
export function funnelAnswer(
  { query, report, at = monday }: { query: Query; report: Report; at?: Temporal.Instant },
  counts: readonly (readonly number[])[],
  more: { notes?: Note[]; segments?: Readonly<Record<string, readonly number[]>> } = {},
): FunnelResult {
  const { compared } = spans(query, report, at)
  const { question } = query
  if (question.kind !== 'funnel') throw new RangeError(`${query.name} is no funnel`)
  const steps = (row: readonly number[] = []) => {
    return stepsOf(question.steps.map(({ event }, index) => ({ name: event, count: row[index] ?? 0, medianSeconds: 60 })))
  }
  const segments = Object.entries(more.segments ?? {}).map(([name, row]) => ({ name, steps: steps(row) }))
  return {
    ...head(query, report, at),
    shape: 'funnel',
    steps: steps(counts[0]),
    ...(more.segments === undefined ? {} : { segments }),
    comparisons: compared.map((one, at) => ({ ...one, steps: steps(counts[at + 1]) })),
    notes: more.notes ?? [],
  }
}

/** Sizes and counts by a cohort's first day. */
export type Rows = Readonly<Record<string, readonly [size: number, ...counts: (number | null)[]]>>

function cohortsFrom(rows: Rows): CohortsResult['cohorts'] {
  return Object.entries(rows).map(([date, [size, ...counts]]) => ({ date, size, counts }))
}

export function cohortsAnswer(
  { query, report, at = monday }: { query: Query; report: Report; at?: Temporal.Instant },
  rows: Rows,
  more: Partial<Pick<CohortsResult, 'measure' | 'unit' | 'interval' | 'notes' | 'timeframe'>> & {
    readonly segments?: Readonly<Record<string, Rows>>
  } = {},
): CohortsResult {
  const { question } = query
  const { segments, ...own } = more
  const units =
    question.kind === 'frequency'
      ? { measure: 'frequency' as const, unit: question.unit, interval: question.of }
      : question.kind === 'retention'
        ? { measure: 'retention' as const, unit: question.unit, interval: question.unit }
        : { measure: 'retention' as const, unit: 'week' as const, interval: 'week' as const }
  return {
    ...head(query, report, at),
    shape: 'cohorts',
    ...units,
    cohorts: cohortsFrom(rows),
    ...(segments === undefined
      ? {}
      : { segments: Object.entries(segments).map(([name, part]) => ({ name, cohorts: cohortsFrom(part) })) }),
    notes: [],
    ...own,
  }
}

/** Columns as `name type`, such as `event text`. */
export function tableAnswer(
  { query, report, at = monday }: { query: Query; report: Report; at?: Temporal.Instant },
  columns: readonly string[],
  rows: TableResult['rows'],
  more: Partial<Pick<TableResult, 'notes' | 'timeframe' | 'each'>> = {},
): TableResult {
  const typed = columns.map((column) => {
    const [type = 'text', ...name] = column.split(' ').reverse()
    return { name: name.reverse().join(' '), type: type as TableResult['columns'][number]['type'] }
  })
  return { ...head(query, report, at), shape: 'table', columns: typed, rows, notes: [], ...more }
}

export function ratioAnswer(
  { query, report, at = monday }: { query: Query; report: Report; at?: Temporal.Instant },
  of: Answer,
  to: Answer,
) {
  return ratioOf(query, head(query, report, at), of, to, report)
}

export function failureAnswer(
  { query, report, at = monday }: { query: Query; report: Report; at?: Temporal.Instant },
  failure: Pick<FailureResult, 'kind' | 'message' | 'remedy'>,
): FailureResult {
  return { ...head(query, report, at), shape: 'failure', ...failure }
}

export function compose(
  report: Report,
  answers: readonly Result[],
  more: Partial<Parameters<typeof composeEdition>[0]> = {},
): Edition {
  return composeEdition({
    locale: 'en-GB',
    report,
    at: monday,
    answers: new Map(answers.map((answer) => [answer.query, answer])),
    sample: false,
    askedOf: ['Mixpanel (project 1234567, EU)'],
    attachments: 0,
    ...more,
  })
}

/** Every text of an edition, no-break spaces as spaces: what a reader reads. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value.replaceAll('\u00a0', ' ')]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(textsOf)
}

export function plain(text: string | undefined): string {
  return (text ?? '').replaceAll('\u00a0', ' ')
}

/** One question's edition: what is said of a single answer. */
export function alone(
  query: Query,
  answer: (given: { query: Query; report: Report }) => Result,
  more: Parameters<typeof compose>[2] = {},
) {
  const report = makeReport([query])
  const edition = compose(report, [answer({ query, report })], more)
  const [article] = edition.articles
  if (article === undefined) throw new Error('no article')
  return { edition, article, headline: plain(article.headline), lead: plain(edition.lead), tile: edition.figures[0] }
}
