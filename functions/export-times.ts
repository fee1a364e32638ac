import type { Temporal } from 'temporal-polyfill'
import type { ExportEntry, Project } from '../lib/project/project.ts'
import { parseSchedule, previousTime } from '../lib/schedule.ts'
import { zoneOfExport } from './exporting.ts'

/** When a deployed export is called, in EventBridge Scheduler's own words, and the zone that they are read in. */
export interface ExportTimes {
  readonly expression: string
  readonly timezone: string
}

/**
 * Days are exported at `at` in the zone that they are counted in, hours at its minute; half past (of midnight's hour)
 * unless said: vendors go on counting for some minutes after an hour is over.
 */
export function timesOfExport(project: Project, entry: ExportEntry): ExportTimes {
  const [hour, minute] = (entry.at ?? '00:30').split(':').map(Number)
  const expression = entry.every === 'hour' ? `cron(${minute} * * * ? *)` : `cron(${minute} ${hour} * * ? *)`
  return { expression, timezone: zoneOfExport(project, entry) }
}

/** The latest of those times that has come. */
export function latestTime({ expression, timezone }: ExportTimes, now: Temporal.Instant): Temporal.Instant {
  const schedule = parseSchedule(expression)
  if ('problem' in schedule) throw new RangeError(schedule.problem)
  const latest = previousTime(schedule, timezone, now)
  if (latest === undefined) throw new RangeError(`${expression} never was`)
  return latest
}
