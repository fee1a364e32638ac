import { Temporal } from 'temporal-polyfill'
import type { Project, Report } from '../project/project.ts'
import type { Query } from '../query.ts'
import type { Window, Windows } from '../timeframe.ts'
import { parseDuration, resolveWindows } from '../timeframe.ts'

/** A calendar day of the project, with how lively it is. */
export interface Day {
  /** `2026-11-09` */
  readonly date: string
  /** Milliseconds since 1970; the end is the next midnight, 23 or 25 hours on where clocks change. */
  readonly start: number
  readonly end: number
  /** Years before the newest day: the product grows, its errors get rarer. */
  readonly age: number
  /** Events relative to an ordinary working day of today. */
  readonly weight: number
  /** What a campaign adds, in parts of the day's own entries; 0 where none runs. */
  readonly launch: number
  /** False for a day that only leads in: its users' later steps count, its own events don't. */
  readonly covered: boolean
}

export interface Calendar {
  readonly days: readonly Day[]
  /** Milliseconds since 1970: the latest scheduled instant. Nothing happens after it. */
  readonly end: number
}

/** Monday first. */
const weekdays = [1.06, 1.1, 1.06, 1.04, 0.98, 0.62, 0.64]
// With a campaign in the newest weeks that makes about 30 % in a year.
const growthPerYear = 1.22
const dayMilliseconds = 86_400_000
/** A project that asks about more days than these gets the newest. */
const mostDays = 4000
const leadDays = 14

/** One scheduled instant for all reports, or each report's by its name; a report without one is not covered. */
export type Instants = Temporal.Instant | ReadonlyMap<string, Temporal.Instant>

/** The days of every window that the project's queries ask about, oldest first, each led in by what funnels need. */
export function daysOf(project: Project, at: Instants): Calendar {
  const asked = Object.values(project.reports).flatMap((report) => {
    const instant = at instanceof Temporal.Instant ? at : at.get(report.name)
    return instant === undefined ? [] : report.queries.map((query) => ({ query, ...resolve(query, report, instant) }))
  })
  const instants = at instanceof Temporal.Instant ? [at] : [...at.values()]
  if (instants.length === 0) throw new RangeError('a sample ends at a scheduled instant; none is given')
  const end = Math.max(...instants.map((instant) => instant.epochMilliseconds))
  const wanted = new Map<string, Temporal.PlainDate>()
  const want = (start: Temporal.ZonedDateTime, stop: Temporal.ZonedDateTime) => {
    const last = Temporal.Instant.fromEpochMilliseconds(Math.min(stop.epochMilliseconds, end) - 1)
    let date = last.toZonedDateTimeISO(project.timezone).toPlainDate()
    const first = start.withTimeZone(project.timezone).toPlainDate()
    for (let count = 0; Temporal.PlainDate.compare(date, first) >= 0 && count < mostDays; count++) {
      wanted.set(date.toString(), date)
      date = date.subtract({ days: 1 })
    }
  }
  for (const { query, windows, within } of asked) {
    for (const window of windowsIn(query, windows))
      want(window.start, window.end.add({ seconds: within, days: afterwards(query) }))
  }
  if (wanted.size === 0) {
    const now = Temporal.Instant.fromEpochMilliseconds(end).toZonedDateTimeISO(project.timezone)
    want(now.subtract({ days: 28 }), now)
  }
  const covered = [...wanted.values()].sort(Temporal.PlainDate.compare).slice(-mostDays)
  const lead = Math.ceil(Math.min(Math.max(0, ...asked.map(({ within }) => within / 86_400)), leadDays))
  const story = asked.find(({ query }) => query.question.kind === 'segmentation') ?? asked[0]
  const launch = story?.windows.timeframe.start.epochMilliseconds ?? end - 7 * dayMilliseconds
  const dayOf = (date: Temporal.PlainDate, isCovered: boolean): Day => {
    const start = date.toZonedDateTime(project.timezone).epochMilliseconds
    const age = Math.max(0, end - start) / (364 * dayMilliseconds)
    const since = (start - launch) / dayMilliseconds
    return {
      date: date.toString(),
      start,
      end: date.add({ days: 1 }).toZonedDateTime(project.timezone).epochMilliseconds,
      age,
      weight: (weekdays[date.dayOfWeek - 1] ?? 1) * growthPerYear ** -Math.min(age, 6),
      launch: since >= 0 ? 0.066 + 0.04 * Math.exp(-since / 2) : 0,
      covered: isCovered,
    }
  }
  const days = covered.flatMap((date, index) => {
    const before = covered[index - 1]?.until(date).days ?? Number.POSITIVE_INFINITY
    const leading = Array.from({ length: Math.min(lead, before - 1) }, (_, back) => date.subtract({ days: back + 1 })).reverse()
    return [...leading.map((day) => dayOf(day, false)), dayOf(date, true)]
  })
  return { days, end }
}

function resolve(query: Query, report: Report, at: Temporal.Instant): { windows: Windows; within: number } {
  const { question, timeframe, trend, compare } = query
  const within = question.kind === 'funnel' ? parseDuration(question.within) : undefined
  const immature = question.kind === 'funnel' && question.immature
  return { windows: resolveWindows({ timeframe, trend, compare, within, immature }, at, report), within: within ?? 0 }
}

/** Days after the timeframe in which people may come back. */
function afterwards({ question }: Query): number {
  return question.kind === 'retention' ? { day: 1, week: 7, month: 30 }[question.unit] * (question.intervals + 1) : 0
}

function windowsIn({ question: { kind } }: Query, windows: Windows): Window[] {
  if (kind === 'retention' || kind === 'frequency' || kind === 'top') return [windows.timeframe]
  const trend = windows.trend === undefined ? [] : [windows.trend]
  return [windows.timeframe, ...trend, ...windows.comparisons.map(({ timeframe }) => timeframe)]
}
