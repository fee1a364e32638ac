import type { Temporal } from 'temporal-polyfill'
import type { Mistake } from '../errors.ts'
import type { Query, QuestionKind } from '../query.ts'
import { questionKinds } from '../query.ts'
import { nextTimes, parseSchedule, previousTime } from '../schedule.ts'
import { sourceKinds } from '../sources/index.ts'
import type { SourceKind } from '../sources/source.ts'
import type { ComparisonName, Timeframe, Window } from '../timeframe.ts'
import { isoWithOffset, parseDuration, resolveTimeframe, resolveWindows } from '../timeframe.ts'
import type { ExportEntry, Project, Report } from './project.ts'
import { questionWords } from './question-words.ts'

/** What was understood of a project at a moment; plain JSON. Instants are ISO 8601 with the offset of the report's zone. */
export interface Outline {
  readonly file: string
  readonly timezone: string
  readonly weekStart: string
  readonly locale: string
  readonly reports: readonly ReportOutline[]
  readonly sources: readonly SourceOutline[]
  readonly exports: readonly ExportEntry[]
  readonly warnings: readonly Mistake[]
}

export interface ReportOutline {
  readonly name: string
  readonly title: string
  readonly owner?: string
  readonly schedule: string
  readonly timezone: string
  /** The next three runs; fewer where the schedule ends. */
  readonly next: readonly string[]
  /** The run that the windows are of: the next one, or the last of a schedule that is over. */
  readonly run: string
  readonly holdSeconds: number
  readonly email?: NonNullable<Report['email']>
  readonly figures: readonly string[]
  readonly alerts: number
  readonly queries: readonly QueryOutline[]
}

interface Span {
  readonly start: string
  readonly end: string
}

export interface QueryOutline {
  readonly name: string
  readonly title: string
  readonly source?: string
  readonly kind: QuestionKind
  /** The question in words. */
  readonly asks: string
  /** Absent where no dates are asked for. */
  readonly timeframe?: Span & {
    readonly says: Timeframe
    readonly partial: boolean
    readonly immature: boolean
    readonly moved: boolean
  }
  /** Of what time an answer is that is asked for no dates, in words. */
  readonly undated?: string
  readonly trend?: Span & { readonly says: Timeframe }
  readonly comparisons: readonly (Span & { readonly to: ComparisonName })[]
}

export interface SourceOutline {
  readonly name: string
  readonly kind: string
  /** What the file says of it, with its defaults. */
  readonly config: Readonly<Record<string, unknown>>
  readonly answers: Readonly<Record<string, boolean>>
}

/** The kinds of question that sources answer; a ratio is made of their answers. */
export const askedKinds = questionKinds.filter((kind) => kind !== 'ratio')

/** What was understood of a project, seen from an instant. */
export function outlineProject(
  project: Project,
  now: Temporal.Instant,
  kinds: Readonly<Record<string, SourceKind>> = sourceKinds,
): Outline {
  return {
    file: project.file,
    timezone: project.timezone,
    weekStart: project.weekStart,
    locale: project.locale,
    reports: Object.values(project.reports).map((report) =>
      reportOutline(report, now, (query) => undatedOf(query, project, kinds)),
    ),
    sources: Object.values(project.sources).map(({ name, kind, config: { kind: _, ...config } }) => {
      const answered: readonly QuestionKind[] = kinds[kind]?.kinds ?? []
      return { name, kind, config, answers: Object.fromEntries(askedKinds.map((each) => [each, answered.includes(each)])) }
    }),
    exports: Object.values(project.exports),
    warnings: project.warnings,
  }
}

/** Of what time an answer is that is asked for no dates, in words; undefined where it is asked for the query's timeframe. */
export function undatedOf(
  { question, source = '' }: Query,
  { sources }: Pick<Project, 'sources'>,
  kinds: Readonly<Record<string, SourceKind>> = sourceKinds,
): string | undefined {
  const { kind } = question
  const usual = kind === 'saved' ? 'saved' : kind === 'people' ? 'now' : 'timeframe'
  switch (kinds[sources[source]?.kind ?? '']?.datesOf?.(question) ?? usual) {
    case 'timeframe':
      return undefined
    case 'saved':
      return `the saved ${kind === 'funnel' ? 'funnel' : 'report'}'s own dates`
    case 'now':
      return 'profiles as they are when they are asked for'
  }
}

function reportOutline(report: Report, now: Temporal.Instant, undated: (query: Query) => string | undefined): ReportOutline {
  const schedule = parseSchedule(report.schedule)
  if ('problem' in schedule) throw new RangeError(schedule.problem)
  const next = nextTimes(schedule, report.timezone, now, 3)
  const run = next[0] ?? previousTime(schedule, report.timezone, now) ?? now
  const printed = (time: Temporal.Instant) => isoWithOffset(time.toZonedDateTimeISO(report.timezone))
  const { name, title, owner, timezone, hold, email, figures, alerts } = report
  return {
    name,
    title,
    ...(owner === undefined ? {} : { owner }),
    schedule: report.schedule,
    timezone,
    next: next.map(printed),
    run: printed(run),
    holdSeconds: hold,
    ...(email === undefined ? {} : { email }),
    figures,
    alerts: alerts.length,
    queries: report.queries.map((query) => queryOutline(query, report, run, undated(query))),
  }
}

function queryOutline(query: Query, report: Report, run: Temporal.Instant, undated: string | undefined): QueryOutline {
  const { name, title, source, question, timeframe, trend, compare } = query
  const head = {
    name,
    title,
    ...(source === undefined ? {} : { source }),
    kind: question.kind,
    asks: questionWords(question),
  }
  if (undated !== undefined) return { ...head, undated, comparisons: [] }
  const funnel = question.kind === 'funnel' ? { within: parseDuration(question.within), immature: question.immature } : {}
  const windows = resolveWindows({ timeframe, trend, compare, ...funnel }, run, report)
  const { partial } = windows.timeframe
  // A funnel's, until its last entrants' time is over.
  const moved = !windows.timeframe.end.equals(resolveTimeframe(timeframe, run, report).end)
  return {
    ...head,
    timeframe: { says: timeframe, ...spanOf(windows.timeframe), partial, immature: windows.immature, moved },
    ...(trend === undefined || windows.trend === undefined ? {} : { trend: { says: trend, ...spanOf(windows.trend) } }),
    comparisons: windows.comparisons.map((compared) => ({ to: compared.to, ...spanOf(compared.timeframe) })),
  }
}

function spanOf({ start, end }: Window): Span {
  return { start: isoWithOffset(start), end: isoWithOffset(end) }
}
