import { createHash } from 'node:crypto'
import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../errors.ts'
import type { Project, Report } from '../project/project.ts'
import type { Query } from '../query.ts'
import type { Answer, Result, SeriesResult } from '../result.ts'
import type { AnsweredKind, Ask, Source } from '../sources/source.ts'
import type { Window, Windows } from '../timeframe.ts'
import { isoWithOffset, parseDuration, resolveWindows } from '../timeframe.ts'

/** What stands at the head of every result of a query, answered or not. */
export type Head = Pick<Result, 'version' | 'report' | 'query' | 'source' | 'definition' | 'timezone' | 'timeframe'>

/** The windows of a query at a scheduled instant, a funnel's moved back until its entrants' time is over. */
export function windowsOf(query: Query, report: Report, at: Temporal.Instant): Windows {
  const { question } = query
  const funnel = question.kind === 'funnel' ? { within: parseDuration(question.within), immature: question.immature } : {}
  return resolveWindows({ timeframe: query.timeframe, trend: query.trend, compare: query.compare, ...funnel }, at, report)
}

export function headOf(query: Query, report: Report, project: Project, at: Temporal.Instant): Head {
  return {
    version: 1,
    report: report.name,
    query: query.name,
    source: sourceOf(query, report),
    definition: definitionOf(query, report, project),
    timezone: report.timezone,
    timeframe: spanOf(windowsOf(query, report, at).timeframe),
  }
}

/** The source that a query asks; a ratio counts to the source of what it is a ratio of. */
export function sourceOf(query: Query, report: Report): string {
  if (query.source !== undefined) return query.source
  const { question } = query
  const inner = question.kind === 'ratio' ? report.queries.find((other) => other.name === question.of) : undefined
  if (inner?.source === undefined) throw new RangeError(`query ${query.name} has no source`)
  return inner.source
}

/**
 * SHA-256 of question and source: what an answer depends on, and nothing else. Credentials, budgets, names and how the
 * mail speaks of it may change and it stays, so that answers go on being compared.
 */
export function definitionOf(query: Query, report: Report, project: Project): string {
  const { question } = query
  const { credentials: _, budget: __, wait: ___, ...source } = project.sources[query.source ?? '']?.config ?? { kind: 'none' }
  const definition = {
    question: defining(query, report, project),
    // The title is in an answer only where it names the one series.
    title: question.kind === 'ratio' || (question.kind === 'segmentation' && question.event === 'any') ? query.title : undefined,
    timeframe: query.timeframe,
    trend: query.trend,
    compare: query.compare,
    timezone: report.timezone,
    weekStart: report.weekStart,
    source,
  }
  return createHash('sha256').update(canonical(definition)).digest('hex')
}

function defining({ question, source }: Query, report: Report, project: Project): object {
  if (question.kind === 'ratio') {
    const parts = [question.of, question.to].map((part) => definitionOf(partOf(report, part), report, project))
    return { kind: 'ratio', parts, times: question.times }
  }
  if (question.kind !== 'funnel') return question
  // `figure` is the step that the mail speaks of; other sources' saved ids are not asked.
  const { figure: _, saved, ...asked } = question
  return { ...asked, saved: saved?.[source ?? ''] }
}

function partOf(report: Report, name: string): Query {
  const part = report.queries.find((candidate) => candidate.name === name)
  if (part === undefined) throw new RangeError(`report ${report.name} has no query ${name}`)
  return part
}

/** What a source is asked for a query. */
export function askOf(query: Query, report: Report, at: Temporal.Instant, signal?: AbortSignal): Ask {
  return {
    question: query.question,
    title: query.title,
    windows: windowsOf(query, report, at),
    calendar: { timezone: report.timezone, weekStart: report.weekStart },
    scheduledAt: at,
    signal,
  } as Ask
}

/** Asks a source; throws what the source throws. */
export async function askSource(source: Source, ask: Ask, head: Head): Promise<Answer> {
  const { start, end } = ask.windows.timeframe
  if (Temporal.ZonedDateTime.compare(start, end) >= 0) {
    throw new RefusedError('the timeframe has only just begun, so there is nothing to count', {
      remedy: 'ask for the one before, such as previous_1_day for today',
    })
  }
  // The kinds of `answers` and of the question are the same key; TypeScript cannot follow that through a union.
  const kind = ask.question.kind as AnsweredKind
  const answer = source.answers[kind] as ((ask: Ask) => Promise<object>) | undefined
  if (answer === undefined) {
    throw new RefusedError(`${source.label} cannot answer a ${ask.question.kind} question`, {
      remedy: 'ask another source; `broadsheet check` prints which source answers what',
    })
  }
  // A saved question's answer says its own shape.
  return { ...head, shape: shapes[kind], ...(await answer(ask)) } as Answer
}

const shapes = {
  segmentation: 'series',
  funnel: 'funnel',
  retention: 'cohorts',
  frequency: 'cohorts',
  top: 'table',
  people: 'table',
  saved: undefined,
} as const satisfies Record<AnsweredKind, Answer['shape'] | undefined>

/**
 * The quotient of two kept answers, point by point; null where nothing is divided by. Segments are divided by the
 * segment of their name where both are split, else by the whole. Other is many segments, not the same ones on both
 * sides, so it has no quotient. Throws RefusedError where the two are not over the same dates.
 */
export function ratioOf(query: Query, head: Head, of: Answer, to: Answer, report: Report): SeriesResult {
  const { question } = query
  if (question.kind !== 'ratio') throw new RangeError(`${query.name} is no ratio`)
  if (of.shape !== 'series' || to.shape !== 'series' || of.unit !== to.unit || of.dates.join() !== to.dates.join()) {
    throw new RefusedError(`${question.of} and ${question.to} are not series over the same dates`, {
      remedy: 'give both queries the same timeframe, trend and unit',
    })
  }
  const quotient = (over: number | null | undefined, under: number | null | undefined) =>
    typeof over !== 'number' || typeof under !== 'number' || under === 0 ? null : (over / under) * question.times
  const split = isSplit(partOf(report, question.of))
  const bySegment = isSplit(partOf(report, question.to))
  const underOf = (name: string) => (bySegment ? to.series.find((series) => series.name === name) : to.series[0])
  const segments = of.series.filter(({ folded }) => folded === undefined)
  const nameOf = (name: string) => (split ? name : query.title)
  return {
    ...head,
    shape: 'series',
    unit: of.unit,
    measure: 'ratio',
    ...(of.trend === undefined ? {} : { trend: of.trend }),
    dates: of.dates,
    ...(of.partial === undefined ? {} : { partial: of.partial }),
    series: segments.map((series) => ({
      name: nameOf(series.name),
      values: series.values.map((value, at) => quotient(value, underOf(series.name)?.values[at])),
      total: quotient(series.total, bySegment ? underOf(series.name)?.total : to.total),
    })),
    total: quotient(of.total, to.total),
    comparisons: of.comparisons.flatMap((compared) => {
      const other = to.comparisons.find((candidate) => candidate.to === compared.to)
      if (other === undefined || !query.compare.includes(compared.to)) return []
      const totals = segments.map(({ name }) => {
        return [nameOf(name), quotient(compared.totals[name], bySegment ? other.totals[name] : other.total)] as const
      })
      return [{ ...compared, total: quotient(compared.total, other.total), totals: Object.fromEntries(totals) }]
    }),
    // What is folded or left out of the parts is not in the quotient.
    notes: [...of.notes, ...to.notes].filter(
      ({ kind, text }, at, all) => kind !== 'other' && kind !== 'unset' && all.findIndex((other) => other.text === text) === at,
    ),
  }
}

/** Whether a query's answer has a series for each of several segments or events. */
export function isSplit({ question }: Query): boolean {
  return question.kind === 'segmentation' && (question.on !== undefined || Array.isArray(question.event))
}

function spanOf(window: Window): { start: string; end: string } {
  return { start: isoWithOffset(window.start), end: isoWithOffset(window.end) }
}

/** JSON with sorted keys, so that the order of words in the file does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
