import { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import type { ExportData } from '../sources/source.ts'
import { floorTo, shift } from '../timeframe.ts'

/** One stretch of an export: a day or an hour of its zone, half-open. */
export interface ExportWindow {
  /** `2026-11-09`, or `2026-11-09T14Z` for an hour: in UTC, where no hour comes twice. */
  readonly name: string
  /** The date in the export's zone that its objects stand under. */
  readonly date: string
  readonly start: Temporal.ZonedDateTime
  readonly end: Temporal.ZonedDateTime
}

export interface WindowPlan {
  /** The first day, `YYYY-MM-DD`. */
  readonly from: string
  /** The day after the last one; it goes on without. */
  readonly to?: string | undefined
  readonly every: 'day' | 'hour'
  /** The IANA zone that days are counted in. */
  readonly zone: string
  /** `snapshot` of what has no time: each day's is taken while it lasts, and none of an earlier day can be had. */
  readonly partition?: 'date' | 'snapshot'
}

/** Events are kept by their time, anything else as it is when it is asked for. */
export function partitionOf(data: ExportData): 'date' | 'snapshot' {
  return data === 'events' ? 'date' : 'snapshot'
}

export function planOf({ from, to, every, data }: Pick<ExportEntry, 'from' | 'to' | 'every' | 'data'>, zone: string): WindowPlan {
  return { from, to, every, zone, partition: partitionOf(data) }
}

/** The windows that can be exported at an instant, oldest first: those that are over, or the one snapshot of that day. */
export function windowsAt(plan: WindowPlan, at: Temporal.Instant): ExportWindow[] {
  return plan.partition === 'snapshot' ? within([snapshotAt(plan, at)], plan) : windowsOver(plan, at)
}

/** The same, and the snapshots of earlier days that are kept, by their names. */
export function windowsKnown(plan: WindowPlan, at: Temporal.Instant, kept: ReadonlySet<string>): ExportWindow[] {
  const now = windowsAt(plan, at)
  if (plan.partition !== 'snapshot') return now
  const isBefore = (name: string) => /^\d{4}-\d\d-\d\d$/.test(name) && now.every((window) => window.name !== name)
  const before = [...kept].filter(isBefore).toSorted()
  return [...before.map((name) => windowFrom(startOf(name, plan.zone), startOf(name, plan.zone).add({ days: 1 }), 'day')), ...now]
}

/** The windows that are over at an instant, oldest first. */
export function windowsOver(plan: WindowPlan, at: Temporal.Instant): ExportWindow[] {
  const windows: ExportWindow[] = []
  const last = plan.to === undefined ? undefined : startOf(plan.to, plan.zone)
  let start = startOf(plan.from, plan.zone)
  for (;;) {
    const end = shift(start, 1, plan.every)
    const over = Temporal.Instant.compare(end.toInstant(), at) <= 0
    if (!over || (last !== undefined && Temporal.ZonedDateTime.compare(start, last) >= 0)) return windows
    windows.push(windowFrom(start, end, plan.every))
    start = end
  }
}

function snapshotAt({ zone }: WindowPlan, at: Temporal.Instant): ExportWindow {
  return windowAt(at.toZonedDateTimeISO(zone), 'day')
}

/** The window that a time lies in. */
export function windowAt(time: Temporal.ZonedDateTime, every: WindowPlan['every']): ExportWindow {
  const start = floorTo(time, every, { timezone: time.timeZoneId, weekStart: 'monday' })
  return windowFrom(start, shift(start, 1, every), every)
}

/** Those that begin in the days from one date up to another, that one left out. */
export function within(windows: readonly ExportWindow[], { from, to }: { from?: string | undefined; to?: string | undefined }) {
  return windows.filter(({ date }) => (from === undefined || date >= from) && (to === undefined || date < to))
}

function windowFrom(start: Temporal.ZonedDateTime, end: Temporal.ZonedDateTime, every: WindowPlan['every']): ExportWindow {
  const date = start.toPlainDate().toString()
  const name = every === 'day' ? date : `${start.toInstant().toString().slice(0, 13)}Z`
  return { name, date, start, end }
}

function startOf(date: string, zone: string): Temporal.ZonedDateTime {
  return Temporal.PlainDate.from(date).toZonedDateTime(zone)
}
