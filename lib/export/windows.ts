import { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import type { ExportData } from '../sources/source.ts'
import { floorTo, shift } from '../timeframe.ts'
import { longBefore } from './reach.ts'

/** One stretch of an export: a day or an hour of its zone, half-open. */
export interface ExportWindow {
  /**
   * `2026-11-09`, or `2026-11-09T14Z` for an hour: its first instant in UTC, where no hour comes twice; `2026-11-09T1830Z`
   * in zones that are not whole hours from it.
   */
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
  /** Seconds after its end for which a window is kept, whole days by the calendar of the zone; for ever without. */
  readonly keep?: number | undefined
}

/** Events are kept by their time, anything else as it is when it is asked for. */
export function partitionOf(data: ExportData): 'date' | 'snapshot' {
  return data === 'events' ? 'date' : 'snapshot'
}

export function planOf(
  { from, to, every, data, keep }: Pick<ExportEntry, 'from' | 'to' | 'every' | 'data' | 'keep'>,
  zone: string,
): WindowPlan {
  return { from, to, every, zone, partition: partitionOf(data), keep }
}

/**
 * The windows that can be exported at an instant, oldest first: those that are over and not older than `keep`, or the one
 * snapshot of that day.
 */
export function windowsAt(plan: WindowPlan, at: Temporal.Instant): ExportWindow[] {
  if (plan.partition === 'snapshot') return within([snapshotAt(plan, at)], plan)
  return windowsOver(plan, at).filter(expected(plan, at))
}

/** Whether a window is not older than `keep`: others are deleted, and cannot be exported. */
export function expected(
  { zone, keep }: Pick<WindowPlan, 'zone' | 'keep'>,
  at: Temporal.Instant,
): (window: ExportWindow) => boolean {
  if (keep === undefined) return () => true
  const oldest = longBefore(at.toZonedDateTimeISO(zone), keep)
  return ({ end }) => Temporal.ZonedDateTime.compare(end, oldest) > 0
}

/** The same, and the snapshots of earlier days that are kept, by their names. */
export function windowsKnown(plan: WindowPlan, at: Temporal.Instant, kept: ReadonlySet<string>): ExportWindow[] {
  const now = windowsAt(plan, at)
  if (plan.partition !== 'snapshot') return now
  const isBefore = (name: string) => /^\d{4}-\d\d-\d\d$/.test(name) && now.every((window) => window.name !== name)
  const before = [...kept].filter(isBefore).toSorted()
  return [...before.map((name) => windowFrom(startOf(name, plan.zone), startOf(name, plan.zone).add({ days: 1 }), 'day')), ...now]
}

/** The windows that are over at an instant, oldest first, whatever `keep` says. */
export function windowsOver(plan: WindowPlan, at: Temporal.Instant): ExportWindow[] {
  const windows: ExportWindow[] = []
  const last = plan.to === undefined ? undefined : startOf(plan.to, plan.zone)
  let start = startOf(plan.from, plan.zone)
  for (;;) {
    const end = endOf(start, plan.every)
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
  const start = floorOf(time, every)
  return windowFrom(start, endOf(start, every), every)
}

/** By what a window's name is one: a day's has no time. */
export function everyOf(name: string): WindowPlan['every'] {
  return name.includes('T') ? 'hour' : 'day'
}

/** A window by its name. Throws RangeError for what is no name of one. */
export function windowNamed(name: string, every: WindowPlan['every'], zone: string): ExportWindow {
  const { day, hour, minute = '00' } = /^(?<day>\d{4}-\d\d-\d\d)(?:T(?<hour>\d\d)(?<minute>\d\d)?Z)?$/.exec(name)?.groups ?? {}
  if (day === undefined || (hour === undefined) !== (every === 'day')) throw new RangeError(`no window by the ${every}: ${name}`)
  if (hour === undefined) return windowAt(startOf(day, zone), every)
  return windowAt(Temporal.Instant.from(`${day}T${hour}:${minute}Z`).toZonedDateTimeISO(zone), every)
}

/** Those that begin in the days from one date up to another, that one left out. */
export function within(windows: readonly ExportWindow[], { from, to }: { from?: string | undefined; to?: string | undefined }) {
  return windows.filter(({ date }) => (from === undefined || date >= from) && (to === undefined || date < to))
}

function floorOf(time: Temporal.ZonedDateTime, every: WindowPlan['every']): Temporal.ZonedDateTime {
  return floorTo(time, every, { timezone: time.timeZoneId, weekStart: 'monday' })
}

/** An hour's end is the next full one of the clock: where that changes by half an hour, later hours would else cross midnight. */
function endOf(start: Temporal.ZonedDateTime, every: WindowPlan['every']): Temporal.ZonedDateTime {
  return every === 'day' ? shift(start, 1, 'day') : floorOf(start.add({ hours: 1 }), 'hour')
}

function windowFrom(start: Temporal.ZonedDateTime, end: Temporal.ZonedDateTime, every: WindowPlan['every']): ExportWindow {
  const date = start.toPlainDate().toString()
  const name = every === 'day' ? date : hourName(start.toInstant())
  return { name, date, start, end }
}

function hourName(start: Temporal.Instant): string {
  const time = start.toString({ smallestUnit: 'minute' })
  return time.endsWith(':00Z') ? time.replace(':00Z', 'Z') : time.replace(/:(\d\d)Z$/, '$1Z')
}

function startOf(date: string, zone: string): Temporal.ZonedDateTime {
  return Temporal.PlainDate.from(date).toZonedDateTime(zone)
}
