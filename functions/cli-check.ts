import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { UsageError } from '../lib/errors.ts'
import { describeProject, outlineProject } from '../lib/project/describe.ts'
import { projectJsonSchema } from '../lib/project/json-schema.ts'
import { loadProject } from '../lib/project/load.ts'
import type { Project } from '../lib/project/project.ts'
import type { BudgetPlan, LimitPlan, PlannedHour } from '../lib/report/budget.ts'
import { planBudget } from '../lib/report/budget.ts'
import { consumerJsonSchema } from '../lib/report/manifest.ts'
import { sourceKinds } from '../lib/sources/index.ts'
import type { Finding, SourceKind } from '../lib/sources/source.ts'
import { storeLedger } from '../lib/store/ledger.ts'
import { openStore } from '../lib/store/open.ts'
import { openSources } from './adapters.ts'
import { credentialReader } from './credentials.ts'

export interface CheckOptions {
  readonly project: string
  readonly store?: string
  readonly json?: boolean
  readonly verbose?: boolean
  readonly online?: boolean
}

/** Prints what was understood of the project file; a wrong one throws ProjectError. The exit code: 1 where asking found mistakes. */
export async function check(options: CheckOptions): Promise<number> {
  const project = loadProject(options.project)
  const now = Temporal.Now.instant()
  const kinds: Readonly<Record<string, SourceKind>> = sourceKinds
  const budget = planBudget(project, kinds, now)
  const advice = adviceOf(project, kinds)
  const findings = options.online === true ? await inspect(project, options) : undefined
  if (options.json === true) {
    const online = findings === undefined ? {} : { findings }
    process.stdout.write(`${JSON.stringify({ ...outlineProject(project, now), budget, advice, ...online }, null, 2)}\n`)
  } else {
    const parts = [describeProject(project, now), ...budgetText(budget), ...adviceText(advice), ...findingsText(findings)]
    process.stdout.write(`${parts.join('\n\n')}\n`)
  }
  return findings === undefined || findings.length === 0 ? 0 : 1
}

interface Advice {
  readonly source: string
  readonly sentence: string
}

function adviceOf(project: Project, kinds: Readonly<Record<string, SourceKind>>): Advice[] {
  const queries = Object.values(project.reports).flatMap((report) => report.queries)
  return Object.values(project.sources).flatMap(({ name, kind, config }) => {
    const asked = queries.filter((query) => query.source === name).map(({ question }) => question)
    return (kinds[kind]?.advice?.(config, asked) ?? []).map((sentence) => ({ source: name, sentence }))
  })
}

/** Asks each vendor whether what the questions name is there. Throws what asking throws. */
async function inspect(project: Project, options: CheckOptions): Promise<Finding[]> {
  const clock = () => new Date()
  const sources = openSources(project, {
    credential: credentialReader(),
    trace: (line) => options.verbose === true && process.stderr.write(`${line}\n`),
    warn: (sentence) => process.stderr.write(`${sentence}\n`),
    ledger: storeLedger(openStore(options.store ?? join(project.folder, '.broadsheet')), { clock }),
    clock,
  })
  try {
    const findings: Finding[] = []
    for (const { name } of Object.values(project.sources)) {
      const asked = Object.values(project.reports).flatMap((report) =>
        report.queries
          .filter((query) => query.source === name)
          .map(({ name: query, question }) => ({ report: report.name, query, question })),
      )
      if (asked.length > 0) findings.push(...((await sources.source(name).inspect?.(asked)) ?? []))
    }
    return findings
  } finally {
    await sources.close()
  }
}

function budgetText({ limits, refused }: BudgetPlan): string[] {
  const asked = limits.filter(({ peak }) => peak !== undefined)
  const planned = ['Questions to vendors in the coming week', ...asked.flatMap(limitText)].join('\n')
  const refusals = refused.map(({ report, query, problem, remedy }) => `  ${report}, ${query}: ${withRemedy(problem, remedy)}`)
  return [
    ...(asked.length === 0 ? [] : [planned]),
    ...(refusals.length === 0 ? [] : [['Will be refused', ...refusals].join('\n')]),
  ]
}

/** Hours that look alike are one line. */
function limitText({ label, sources, perHour, hours, peak }: LimitPlan): string[] {
  const alike = [...Map.groupBy(hours, ({ calls, reports }) => `${calls} ${reportsText({ reports })}`).values()]
  const rows = alike
    .sort((a, b) => (b[0]?.calls ?? 0) - (a[0]?.calls ?? 0))
    .flatMap((those): string[] => {
      const [first] = those
      if (first === undefined) return []
      const when = those.length === 1 ? hourText(first) : `${those.length} hours, first ${hourText(first)}`
      return [`    ${String(first.calls).padStart(4)}  ${when}: ${reportsText(first)}`]
    })
  return [
    `  ${label} (${sources.join(', ')}), ${perHour} in any hour`,
    ...rows,
    ...(peak === undefined ? [] : [peakText(peak, perHour)]),
  ]
}

function peakText(peak: PlannedHour, perHour: number): string {
  const most = `    at most ${peak.calls} in sixty minutes`
  if (peak.calls <= perHour) return `${most}, which fits`
  const waits = Math.ceil(peak.calls / perHour) - 1
  return [
    `${most}, at ${hourText(peak)}: ${peak.calls - perHour} more than fit. Those wait ${waits === 1 ? 'an hour' : `up to ${waits} hours`}, and the mail with them;`,
    '    move a report to another hour, ask fewer questions, or raise `budget` if the vendor allows more',
  ].join('\n')
}

function reportsText({ reports }: Pick<PlannedHour, 'reports'>): string {
  const names = Object.entries(reports)
  return names.length === 1 ? names.map(([name]) => name).join() : names.map(([name, calls]) => `${name} ${calls}`).join(', ')
}

/** `Mon 2026-11-23 08:00` */
function hourText({ hour }: PlannedHour): string {
  const time = Temporal.PlainDateTime.from(hour)
  const weekday = time.toLocaleString('en-GB', { weekday: 'short' })
  return `${weekday} ${time.toPlainDate()} ${time.toPlainTime().toString({ smallestUnit: 'minute' })}`
}

function adviceText(advice: readonly Advice[]): string[] {
  if (advice.length === 0) return []
  return [['Worth knowing', ...advice.map(({ source, sentence }) => `  ${source}: ${sentence}`)].join('\n')]
}

function findingsText(findings: readonly Finding[] | undefined): string[] {
  if (findings === undefined) return []
  if (findings.length === 0) return ['Asked online: every event, property and saved funnel that the questions name is there.']
  const lines = findings.map(({ report, query, problem, remedy }) => `  ${report}, ${query}: ${withRemedy(problem, remedy)}`)
  return [['Asked online, and not there', ...lines].join('\n')]
}

function withRemedy(problem: string, remedy: string | undefined): string {
  return remedy === undefined ? problem : `${problem}; ${remedy}`
}

export function printSchema(what: string): void {
  const schemas: Record<string, () => unknown> = {
    project: projectJsonSchema,
    result: () => consumerJsonSchema('result'),
    manifest: () => consumerJsonSchema('manifest'),
  }
  const schema = schemas[what]
  if (schema === undefined) throw new UsageError(`there is no schema of "${what}"`, { remedy: 'say project, result or manifest' })
  process.stdout.write(`${JSON.stringify(schema(), null, 2)}\n`)
}
