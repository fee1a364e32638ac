import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../errors.ts'
import type { Project, Report } from '../project/project.ts'
import type { Query } from '../query.ts'
import { parseSchedule, timesBetween } from '../schedule.ts'
import type { SourceKind } from '../sources/source.ts'
import { isoWithOffset } from '../timeframe.ts'
import { askOf } from './ask.ts'

/** What the reports of the coming week will use up of one vendor limit. Runs that are repeated by hand are not in it. */
export interface LimitPlan {
  /** `Mixpanel project 1234567` */
  readonly label: string
  /** The names of the sources that share it. */
  readonly sources: readonly string[]
  readonly perHour: number
  /** Hours of the clock in the project's zone in which something is asked, ascending. */
  readonly hours: readonly PlannedHour[]
  /** The most in any sixty minutes, wherever they begin; undefined where nothing is asked. */
  readonly peak?: PlannedHour
  /** Of calls that find their hour used up and come later; absent where all fit. */
  readonly late?: LateCalls
}

export interface LateCalls {
  /** In the week. */
  readonly calls: number
  /** What the last of them waits, in whole minutes. */
  readonly longestMinutes: number
  /** How many more are asked in a week than the limit lets through: they wait longer each week. 0 where all catch up. */
  readonly neverMade: number
}

export interface PlannedHour {
  /** ISO 8601 with offset; of a peak, the moment at which its last report runs. */
  readonly hour: string
  readonly calls: number
  /** By report. */
  readonly reports: Readonly<Record<string, number>>
}

/** A question that its source will refuse at its next run, by the windows it has then. */
export interface WillRefuse {
  readonly report: string
  readonly query: string
  readonly problem: string
  readonly remedy?: string | undefined
}

export interface BudgetPlan {
  readonly limits: readonly LimitPlan[]
  readonly refused: readonly WillRefuse[]
}

interface Use {
  readonly at: Temporal.Instant
  readonly report: string
  readonly calls: number
}

const minutesOfHour = 60
const hoursAhead = 7 * 24

/** Plans the week after an instant. Pure: nothing is opened and nobody is asked. */
export function planBudget(project: Project, kinds: Readonly<Record<string, SourceKind>>, now: Temporal.Instant): BudgetPlan {
  const uses = new Map<string, { label: string; sources: Set<string>; perHour: number; uses: Use[] }>()
  const refused = new Map<string, WillRefuse>()
  for (const { name, kind, config } of Object.values(project.sources)) {
    const limit = kinds[kind]?.limit?.(config)
    if (limit === undefined) continue
    const { label, perHour } = limit
    const shared = uses.get(limit.key) ?? { label, sources: new Set(), perHour, uses: [] }
    shared.sources.add(name)
    // Who keeps within the smaller share waits for those who do not.
    shared.perHour = Math.min(shared.perHour, perHour)
    uses.set(limit.key, shared)
  }
  const until = now.add({ hours: hoursAhead })
  for (const report of Object.values(project.reports)) {
    const schedule = parseSchedule(report.schedule)
    if ('problem' in schedule) throw new RangeError(schedule.problem)
    for (const at of timesBetween(schedule, report.timezone, now, until)) {
      const calls = new Map<string, number>()
      for (const query of report.queries) {
        const cost = costOf(query, report, at, project, kinds)
        if (cost === undefined) continue
        if ('problem' in cost) refused.set(`${report.name} ${query.name}`, { report: report.name, query: query.name, ...cost })
        else calls.set(cost.key, (calls.get(cost.key) ?? 0) + cost.calls)
      }
      for (const [key, count] of calls) if (count > 0) uses.get(key)?.uses.push({ at, report: report.name, calls: count })
    }
  }
  return {
    limits: [...uses.values()].map((shared) => {
      const inOrder = shared.uses.sort((a, b) => Temporal.Instant.compare(a.at, b.at))
      const peak = peakOf(inOrder, project.timezone)
      const late = lateOf(inOrder, shared.perHour)
      return {
        label: shared.label,
        sources: [...shared.sources],
        perHour: shared.perHour,
        hours: hoursOf(inOrder, project.timezone),
        ...(peak === undefined ? {} : { peak }),
        ...(late === undefined ? {} : { late }),
      }
    }),
    refused: [...refused.values()],
  }
}

function costOf(
  query: Query,
  report: Report,
  at: Temporal.Instant,
  project: Project,
  kinds: Readonly<Record<string, SourceKind>>,
): { key: string; calls: number } | Pick<WillRefuse, 'problem' | 'remedy'> | undefined {
  const source = project.sources[query.source ?? '']
  const kind = kinds[source?.kind ?? '']
  const limit = source === undefined ? undefined : kind?.limit?.(source.config)
  if (source === undefined || limit === undefined || kind?.cost === undefined) return undefined
  try {
    const calls = kind.cost(source.config, askOf(query, report, at), { name: source.name, timezone: project.timezone })
    return { key: limit.key, calls }
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return { problem: error.message, remedy: error.remedy }
  }
}

function hoursOf(uses: readonly Use[], timezone: string): PlannedHour[] {
  const hours = Map.groupBy(uses, ({ at }) =>
    isoWithOffset(at.toZonedDateTimeISO(timezone).round({ smallestUnit: 'hour', roundingMode: 'floor' })),
  )
  return [...hours].map(([hour, those]) => ({ hour, ...together(those) }))
}

/** Vendors count a rolling hour, so two reports at 8:55 and 9:05 share one. */
function peakOf(uses: readonly Use[], timezone: string): PlannedHour | undefined {
  let peak: PlannedHour | undefined
  let first = 0
  for (const [last, { at }] of uses.entries()) {
    const begin = at.subtract({ minutes: minutesOfHour })
    while (Temporal.Instant.compare(uses[first]?.at ?? at, begin) <= 0) first += 1
    const those = together(uses.slice(first, last + 1))
    if (those.calls > (peak?.calls ?? 0)) peak = { hour: isoWithOffset(at.toZonedDateTimeISO(timezone)), ...those }
  }
  return peak
}

/** What waits in one hour takes room in the next ones, so each call goes an hour after the one `perHour` before it at the earliest. */
function lateOf(uses: readonly Use[], perHour: number): LateCalls | undefined {
  // The minutes at which the last `perHour` calls go, the oldest to be written over next.
  const gone: number[] = []
  let [made, late, longest] = [0, 0, 0]
  for (const { at, calls } of uses) {
    const asked = at.epochMilliseconds / 60_000
    for (let call = 0; call < calls; call += 1) {
      const place = made % perHour
      const goes = Math.max(asked, (gone[place] ?? Number.NEGATIVE_INFINITY) + minutesOfHour)
      gone[place] = goes
      made += 1
      if (goes > asked) late += 1
      longest = Math.max(longest, goes - asked)
    }
  }
  if (late === 0) return undefined
  return { calls: late, longestMinutes: Math.ceil(longest), neverMade: Math.max(0, made - perHour * hoursAhead) }
}

function together(uses: readonly Use[]): Pick<PlannedHour, 'calls' | 'reports'> {
  const reports: Record<string, number> = {}
  for (const { report, calls } of uses) reports[report] = (reports[report] ?? 0) + calls
  return { calls: uses.reduce((sum, { calls }) => sum + calls, 0), reports }
}
