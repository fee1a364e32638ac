import type { Temporal } from 'temporal-polyfill'
import { UsageError } from '../errors.ts'
import type { Project, Report } from '../project/project.ts'
import { parseSchedule, previousTime } from '../schedule.ts'

/** The report of a name. Throws UsageError that names the ones there are. */
export function reportNamed(project: Project, name: string): Report {
  const report = project.reports[name]
  if (report !== undefined) return report
  const known = Object.keys(project.reports).join(', ')
  throw new UsageError(`there is no report "${name}"`, { remedy: `the project has ${known || 'none'}` })
}

/** The latest scheduled instant at or before `now`, if there was one. */
export function previousScheduled(report: Report, now: Temporal.Instant): Temporal.Instant | undefined {
  const schedule = parseSchedule(report.schedule)
  // It was checked when the project was loaded.
  if ('problem' in schedule) throw new RangeError(schedule.problem)
  return previousTime(schedule, report.timezone, now)
}

/** The same; throws UsageError where there was none. */
export function latestScheduled(report: Report, now: Temporal.Instant): Temporal.Instant {
  const latest = previousScheduled(report, now)
  if (latest !== undefined) return latest
  throw new UsageError(`${report.name} was never scheduled until now`, {
    remedy: 'give the instant, such as 2026-11-16T07:00:00Z',
  })
}
