import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Temporal } from 'temporal-polyfill'
import type { Mailer } from '../lib/email/mailer.ts'
import { UsageError } from '../lib/errors.ts'
import { loadProject } from '../lib/project/load.ts'
import { undatedOf } from '../lib/project/outline.ts'
import type { Project, Report } from '../lib/project/project.ts'
import { askOf, sourceOf } from '../lib/report/ask.ts'
import type { RunOutcome, RunRequest } from '../lib/report/run.ts'
import { checkRequest, runReport } from '../lib/report/run.ts'
import { latestScheduled, previousScheduled, reportNamed } from '../lib/report/scheduled.ts'
import { sampleProject, writeSample } from '../lib/sample/index.ts'
import { ownerOfThisProcess } from '../lib/store/claims.ts'
import type { RunKeys } from '../lib/store/keys.ts'
import { runKeys } from '../lib/store/keys.ts'
import { storeLedger } from '../lib/store/ledger.ts'
import { openStore, under } from '../lib/store/open.ts'
import type { Store } from '../lib/store/store.ts'
import { openSources } from './adapters.ts'
import { credentialReader } from './credentials.ts'
import { exportsOf } from './exporting.ts'
import { scratchFolder } from './scratch.ts'
import type { ProgressBoard } from './terminal.ts'
import { printOutcome, printProgress, progressBoard } from './terminal.ts'

export interface RunOptions {
  readonly project: string
  readonly store?: string
  readonly json?: boolean
  readonly verbose?: boolean
  readonly at?: string
  readonly send?: boolean
  readonly to?: string
  readonly dryRun?: boolean
  readonly explain?: boolean
  readonly again?: boolean
  readonly sample?: boolean
}
type Done = Extract<RunOutcome, { status: 'done' }>

/** Runs one report, or each; the exit code. */
export async function run(name: string | undefined, options: RunOptions): Promise<number> {
  const loaded = loadProject(options.project)
  const now = Temporal.Now.instant()
  const requests = chosen(loaded, name).map((report) => requestOf(report, instantOf(report, options.at, now), options))
  const board = progressBoard({ quiet: options.json === true, plain: options.verbose === true })
  const kept = openStore(options.store ?? join(loaded.folder, '.broadsheet'))
  const clock = () => new Date()
  const trace = (line: string) => options.verbose === true && process.stderr.write(`${line}\n`)
  const warn = (sentence: string) => process.stderr.write(`${sentence}\n`)
  const ledger = storeLedger(kept, { clock })
  const mailer = options.dryRun !== true && (options.send === true || options.to !== undefined) ? await openMailer() : undefined
  for (const request of requests) checkRequest(request, { project: loaded, mailer, clock })
  const scratch = scratchFolder()
  const outcomes: Done[] = []
  for (const request of requests) {
    const { project, store } =
      options.sample === true ? await makeSample(loaded, request, kept, board) : { project: loaded, store: kept }
    const sources = openSources(project, {
      credential: credentialReader(),
      // A sample calls no vendor; a dry run neither, so that nothing is written.
      ledger: options.sample === true ? undefined : ledger,
      exported: exportsOf(project, store, join(scratch, 'exports')),
      warn,
      trace,
      clock,
    })
    try {
      if (options.explain === true || options.dryRun === true) await explain(project, request, sources.source, options)
      if (options.dryRun === true) continue
      const title = reportNamed(project, request.report).title
      const context = { project, store, mailer, source: sources.source, clock, owner: ownerOfThisProcess() }
      const outcome = await board.step(title, (tell) => untilDone(request, tell, context))
      outcomes.push(outcome)
      if (options.json !== true) process.stdout.write(printOutcome(outcome, store))
    } finally {
      await sources.close()
    }
  }
  if (options.json === true) process.stdout.write(printJson({ store: kept.address, runs: outcomes.map(outline) }))
  return outcomes.every(({ complete, mail }) => complete && mail.every(({ state }) => state === 'sent')) ? 0 : 1
}

/**
 * The project with made-up events in place of its sources, and a store of its own. The events depend on the project and
 * the run alone, whichever other reports are run, so a run has one answer; they go with the process.
 */
async function makeSample(
  loaded: Project,
  request: RunRequest,
  kept: Store,
  board: ProgressBoard,
): Promise<{ project: Project; store: Store }> {
  const folder = mkdtempSync(join(tmpdir(), 'broadsheet-sample-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const instants = Object.values(loaded.reports).flatMap((report) => {
    const at = report.name === request.report ? request.scheduledAt : previousScheduled(report, request.scheduledAt)
    return at === undefined ? [] : [[report.name, at] as const]
  })
  const store = under(kept, 'sample')
  await board.step(
    'Making up events',
    async () => {
      // A sample shows the file as it is now; nothing that an earlier one kept may stand in its way.
      await forget(store, runKeys(request.report, request.scheduledAt, 1))
      return writeSample(loaded, new Map(instants), folder)
    },
    (made) => `${made.events.toLocaleString('en')} events of ${made.users.toLocaleString('en')} users`,
  )
  // The sample's folder becomes the project's own, so that no address of this machine is in what is kept.
  return { project: sampleProject({ ...loaded, folder }, '.'), store }
}

async function forget(store: Store, keys: RunKeys): Promise<void> {
  for await (const { key } of store.list(keys.folder)) await store.delete(key)
  await store.delete(keys.settled)
}

function printJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function chosen(project: Project, name: string | undefined): Report[] {
  return name === undefined ? Object.values(project.reports) : [reportNamed(project, name)]
}

/** `2026-11-16T08:00` in the report's zone, an instant with its offset, or a day: that day's scheduled time. */
function instantOf(report: Report, at: string | undefined, now: Temporal.Instant): Temporal.Instant {
  if (at === undefined) return latestScheduled(report, now)
  const instant = readInstant(at, report)
  if (Temporal.Instant.compare(instant, now) <= 0) return instant
  throw new UsageError(`--at ${at} is in the future`, { remedy: 'a run speaks of what is over; give a past instant' })
}

const day = /^\d{4}-\d{2}-\d{2}$/
const localTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?$/
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/

function readInstant(at: string, report: Report): Temporal.Instant {
  try {
    if (day.test(at)) return scheduledOn(Temporal.PlainDate.from(at), report)
    if (localTime.test(at)) return Temporal.PlainDateTime.from(at).toZonedDateTime(report.timezone).toInstant()
    if (instant.test(at)) return Temporal.Instant.from(at)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new UsageError(`--at ${at} is not an instant`, {
    remedy: 'write 2026-11-16, 2026-11-16T08:00, 2026-11-16T07:00:00Z or 2026-11-16T08:00+01:00',
  })
}

function scheduledOn(date: Temporal.PlainDate, report: Report): Temporal.Instant {
  const end = date.add({ days: 1 }).toZonedDateTime(report.timezone).toInstant()
  const found = previousScheduled(report, end.subtract({ nanoseconds: 1 }))
  if (found?.toZonedDateTimeISO(report.timezone).toPlainDate().equals(date)) return found
  throw new UsageError(`${report.name} is not scheduled on ${date}`, { remedy: `give a time too, such as --at ${date}T08:00` })
}

function requestOf(report: Report, scheduledAt: Temporal.Instant, options: RunOptions): RunRequest {
  return {
    report: report.name,
    scheduledAt,
    // Each command is a wish of its own; an attempt that was not finished is gone on with.
    again: options.again === true ? `${ownerOfThisProcess()} ${scheduledAt}` : undefined,
    sample: options.sample,
    send: options.to === undefined ? (options.send === true ? 'readers' : undefined) : { to: options.to },
    begunAt: new Date(),
  }
}

/** What would be asked: each query with its windows, and with `--explain` the requests or the SQL. */
async function explain(
  project: Project,
  request: RunRequest,
  source: ReturnType<typeof openSources>['source'],
  options: RunOptions,
): Promise<void> {
  const report = project.reports[request.report] as Report
  // With --json, stdout holds one document, so explanations go to stderr.
  const out = options.json === true ? process.stderr : process.stdout
  out.write(`${report.title}, ${request.scheduledAt.toZonedDateTimeISO(report.timezone).toString({ smallestUnit: 'minute' })}\n`)
  for (const query of report.queries) {
    const ask = askOf(query, report, request.scheduledAt)
    const { start, end } = ask.windows.timeframe
    const time = (at: Temporal.ZonedDateTime) => at.toString({ timeZoneName: 'never', smallestUnit: 'minute' })
    const span = undatedOf(query, project) ?? `${time(start)} to ${time(end)}`
    const of =
      query.question.kind === 'ratio' ? `${query.question.of} over ${query.question.to}` : source(sourceOf(query, report)).label
    out.write(`  ${query.name}: ${query.question.kind} of ${of}, ${span}\n`)
    if (options.explain !== true || query.question.kind === 'ratio') continue
    for (const line of await source(sourceOf(query, report)).explain(ask)) out.write(`    ${line}\n`)
  }
}

async function openMailer(): Promise<Mailer> {
  const { openSes, sesMailer } = await import('../lib/email/ses.ts')
  return sesMailer(openSes({}))
}

/** Calls a run until it is done; a wait sleeps here, where a Lambda would book its next call. */
async function untilDone(
  request: RunRequest,
  tell: (line: string) => void,
  context: Parameters<typeof runReport>[1],
): Promise<Done> {
  for (;;) {
    const outcome = await runReport(request, { ...context, progress: (event) => tell(printProgress(event)) })
    if (outcome.status === 'done') return outcome
    const time = outcome.at.toLocaleTimeString('en-GB')
    tell(`waiting until ${time}: ${outcome.why} (Ctrl-C is safe: run it again and it goes on)`)
    await sleep(Math.max(0, outcome.at.getTime() - Date.now()))
  }
}

/** A run as `--json` prints it. */
function outline({ run, manifest, keys, failures, mail, edition }: Done): object {
  return {
    run,
    status: manifest.status,
    keys,
    failures: failures.map(({ query, kind, message, remedy }) => ({ query, kind, message, remedy })),
    mail,
    figures: edition.figures,
  }
}
