import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { UsageError } from '../lib/errors.ts'
import { exportManifestJsonSchema } from '../lib/export/manifest.ts'
import { describeProject, outlineProject } from '../lib/project/describe.ts'
import { projectJsonSchema } from '../lib/project/json-schema.ts'
import { loadProject } from '../lib/project/load.ts'
import type { Project } from '../lib/project/project.ts'
import type { BudgetPlan, LateCalls, LimitPlan, PlannedHour } from '../lib/report/budget.ts'
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
  const online = options.online === true ? await inspect(project, options) : undefined
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ ...outlineProject(project, now), budget, advice, ...online }, null, 2)}\n`)
  } else {
    const parts = [describeProject(project, now), ...budgetText(budget), ...adviceText(advice), ...onlineText(online)]
    process.stdout.write(`${parts.join('\n\n')}\n`)
  }
  return online === undefined || online.findings.length === 0 ? 0 : 1
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

/** What asking showed. */
interface Online {
  /** Not there. */
  readonly findings: readonly Finding[]
  /** Named by questions, and told by no call of the vendor. */
  readonly unknown: readonly Finding[]
  /** Sources of which nothing can be asked. */
  readonly notAsked: readonly string[]
}

/** Asks each vendor whether what the questions name is there. Throws what asking throws. */
async function inspect(project: Project, options: CheckOptions): Promise<Online> {
  const clock = () => new Date()
  const sources = openSources(project, {
    credential: credentialReader(),
    trace: (line) => options.verbose === true && process.stderr.write(`${line}\n`),
    warn: (sentence) => process.stderr.write(`${sentence}\n`),
    ledger: storeLedger(openStore(options.store ?? join(project.folder, '.broadsheet')), { clock }),
    clock,
  })
  try {
    const found: Finding[] = []
    const notAsked: string[] = []
    for (const { name } of Object.values(project.sources)) {
      const asked = Object.values(project.reports).flatMap((report) =>
        report.queries
          .filter((query) => query.source === name)
          .map(({ name: query, question }) => ({ report: report.name, query, question })),
      )
      const source = sources.source(name)
      if (asked.length === 0) continue
      if (source.inspect === undefined) notAsked.push(name)
      else found.push(...(await source.inspect(asked)))
    }
    const isUnknown = (finding: Finding) => finding.unknown === true
    return { findings: found.filter((finding) => !isUnknown(finding)), unknown: found.filter(isUnknown), notAsked }
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
function limitText({ label, sources, perHour, hours, peak, late }: LimitPlan): string[] {
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
    ...(late === undefined ? [] : lateText(late, hours, perHour)),
  ]
}

function peakText(peak: PlannedHour, perHour: number): string {
  const most = `    at most ${peak.calls} in sixty minutes`
  if (peak.calls <= perHour) return `${most}, which fits`
  return `${most}, at ${hourText(peak)}: ${peak.calls - perHour} more than fit`
}

const hoursOfWeek = 7 * 24

function lateText({ calls, longestMinutes, neverMade }: LateCalls, hours: readonly PlannedHour[], perHour: number): string[] {
  const wait = longestMinutes <= 90 ? counted(longestMinutes, 'minute') : counted(Math.ceil(longestMinutes / 60), 'hour')
  const all = hours.reduce((sum, hour) => sum + hour.calls, 0)
  const [asked, fitting, more] = [all, perHour * hoursOfWeek, neverMade].map((number) => number.toLocaleString('en-GB'))
  const remedy = '    move a report to another hour, ask fewer questions, or raise `budget` if the vendor allows more'
  if (neverMade === 0) return [`    ${calls} of the week wait, the longest ${wait}, and the mail with them;`, remedy]
  const each = (neverMade / hoursOfWeek).toLocaleString('en-GB', { maximumSignificantDigits: 2 })
  return [
    `    it never catches up: ${asked} are asked in the week and ${fitting} fit, ${more} too many (${each} each hour);`,
    `    the wait grows to ${wait} by the end of the week, and what has waited a day is given up;`,
    remedy,
  ]
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
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

function onlineText(online: Online | undefined): string[] {
  if (online === undefined) return []
  const { findings, unknown, notAsked } = online
  const lines = (those: readonly Finding[]) =>
    those.map(({ report, query, problem, remedy }) => `  ${report}, ${query}: ${withRemedy(problem, remedy)}`)
  const open = [...lines(unknown), ...notAsked.map((source) => `  ${source}: nothing of this source can be looked up`)]
  const rest =
    open.length === 0 ? 'every event, property and saved question that the questions name' : 'all else that the questions name'
  return [
    [findings.length === 0 ? `Asked online: ${rest} is there.` : 'Asked online, and not there', ...lines(findings)].join('\n'),
    ...(open.length === 0 ? [] : [['Not asked, since no call of the vendor tells', ...open].join('\n')]),
  ]
}

function withRemedy(problem: string, remedy: string | undefined): string {
  return remedy === undefined ? problem : `${problem}; ${remedy}`
}

export function printSchema(what: string): void {
  const schemas: Record<string, () => unknown> = {
    project: projectJsonSchema,
    result: () => consumerJsonSchema('result'),
    manifest: () => consumerJsonSchema('manifest'),
    'export-manifest': exportManifestJsonSchema,
  }
  const schema = schemas[what]
  if (schema === undefined)
    throw new UsageError(`there is no schema of "${what}"`, { remedy: 'say project, result, manifest or export-manifest' })
  process.stdout.write(`${JSON.stringify(schema(), null, 2)}\n`)
}
