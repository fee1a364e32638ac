import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { UsageError } from '../lib/errors.ts'
import type { Catalogue, Late } from '../lib/export/catalogue.ts'
import { tableKeeper } from '../lib/export/catalogue.ts'
import type { Done, ExportContext, ExportRequest, ExportStep } from '../lib/export/run.ts'
import { runExport } from '../lib/export/run.ts'
import { statusOf } from '../lib/export/status.ts'
import { planOf, windowsAt, within } from '../lib/export/windows.ts'
import type { ExportEntry, Project } from '../lib/project/project.ts'
import { name } from '../lib/query.ts'
import { latestTime, timesOfExport } from './export-times.ts'
import { exportContext, exportNamed } from './exporting.ts'
import { glueCatalogue } from './glue.ts'
import type { Deployed, Log } from './lambda.ts'
import { lambdaHandler, openDeployed } from './lambda.ts'
import { bookNextCall } from './next-call.ts'

/** What the function is invoked with, by a schedule or by a person. */
const invocation = z.strictObject({
  export: name,
  /** The schedule's `<aws.scheduler.scheduled-time>`; now unless said. */
  scheduledAt: z.iso.datetime({ offset: true }).optional(),
  /** Only the windows of these days, `to` left out; those that are kept are looked at again. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  /** Takes back that it was canceled; no call that the function books says so, or it could not be canceled again. */
  resume: z.boolean().default(false),
})
export type Invocation = z.input<typeof invocation>

/** What it answers. An export of which any window or table failed does not answer: its invocation fails, after the rest was kept. */
export type Reply = { readonly export: string } & (
  | { readonly status: 'done'; readonly done: readonly Done[] }
  | { readonly status: 'again'; readonly at: string; readonly why: string; readonly done: readonly Done[] }
  | { readonly status: 'canceled'; readonly by: string; readonly at: string }
)

/** The part of Lambda's context that is used. */
interface InvocationContext {
  readonly invokedFunctionArn: string
  getRemainingTimeInMillis(): number
}

/** All that is built once per container. */
export interface Container extends Deployed {
  readonly owner: string
  /** A folder of the container, empty when it opens. */
  readonly scratch: string
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** Where tables show what is kept; there are none without. */
  readonly catalogue?: Catalogue | undefined
}

/** The share of an invocation's time in which windows are begun; the rest is for those that are under way to end. */
const beginning = 2 / 3
/** Milliseconds before its end at which one that did not is given up: parts are deleted then, and the next call is booked. */
const givingUp = 30_000

/** The function; `open` is called at the first invocation, and again only if it failed. */
export function exportHandler(open: () => Promise<Container>) {
  return lambdaHandler(open, async (container, event, lambda: InvocationContext): Promise<Reply> => {
    const { project, clock, log } = container
    const { entry, request } = readRequest(event, project, clock())
    const context = contextOf(container, entry, lambda.getRemainingTimeInMillis())
    const outcome = await runExport(request, context)
    const about = { export: entry.name }
    if (outcome.status !== 'canceled' && outcome.late !== undefined) log.warn('tables are late', { ...about, ...outcome.late })
    switch (outcome.status) {
      case 'canceled': {
        const canceled = { ...about, by: outcome.by, at: outcome.at.toISOString() }
        log.warn('canceled', { ...canceled, remedy: 'invoke it with "resume": true to go on' })
        return { ...canceled, status: 'canceled' }
      }
      case 'again': {
        const call = { run: `${entry.name}/export`, ...continuation(entry, request), at: outcome.at }
        const booked = await bookNextCall(call, { ...container.booking, functionArn: lambda.invokedFunctionArn }, clock())
        const again = { ...about, at: booked.toISOString(), why: outcome.why }
        log.info('again', again)
        return { ...again, status: 'again', done: outcome.done }
      }
      case 'done':
        await failWhereSomeFailed(request, context, outcome.stopped?.left ?? 0)
        if (outcome.late !== undefined) throw tablesLate(entry, outcome.late)
        log.info('done', { ...about, windows: outcome.done.length })
        return { ...about, status: 'done', done: outcome.done }
    }
  })
}

function readRequest(event: unknown, project: Project, now: Date): { entry: ExportEntry; request: ExportRequest } {
  const read = invocation.safeParse(event)
  if (!read.success) {
    throw new UsageError(`not an invocation of this function: ${z.prettifyError(read.error)}`, {
      remedy: 'send { "export": "<name>" }, and if you like from and to (days, such as "2026-11-09"), scheduledAt and resume',
    })
  }
  const { export: wanted, scheduledAt, from, to, resume } = read.data
  const entry = exportNamed(project, wanted)
  const instant = Temporal.Instant.fromEpochMilliseconds(now.getTime())
  const own = scheduledAt === undefined ? instant : Temporal.Instant.from(scheduledAt)
  // What was looked at since a time to come would have to be looked at for ever.
  if (Temporal.Instant.compare(own, instant) > 0) throw new UsageError(`${scheduledAt} is in the future`)
  // A back-fill that goes on past its next schedule is then that one, too, and their next calls become the same.
  const latest = latestTime(timesOfExport(project, entry), instant)
  const isOlder = from === undefined && to === undefined && Temporal.Instant.compare(own, latest) < 0
  return { entry, request: { scheduledAt: isOlder ? latest : own, from, to, resume } }
}

function contextOf(container: Container, entry: ExportEntry, remaining: number): ExportContext {
  const { project, store, clock, owner, scratch, deadline, log, catalogue } = container
  return {
    ...exportContext(project, entry, {
      store,
      source: container.source(entry.source),
      owner,
      clock,
      scratch,
      until: new Date(clock().getTime() + remaining * beginning),
      progress: (step) => logStep(log, entry.name, step),
      tables: catalogue === undefined || entry.glue === false ? undefined : tableKeeper(catalogue, entry, store),
    }),
    // Nothing that a schedule starts is given the right to.
    mayPurge: false,
    timeUp: deadline(Math.max(0, remaining - givingUp)),
  }
}

/**
 * The same invocation for later. Whichever schedule it began with is no part of what makes two calls the same: a back-fill
 * of days would else have one more chain of calls after each schedule, all of them at the same windows.
 */
function continuation({ name: wanted }: ExportEntry, { scheduledAt, from, to }: ExportRequest) {
  const days = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  const identity = { export: wanted, ...days }
  return { input: { ...identity, scheduledAt: scheduledAt.toString() } satisfies Invocation, identity }
}

/**
 * Fails the invocation where a window failed since its schedule, in this call or in one that booked it, so that alarms and
 * the on-failure destination see it; Lambda's own tries then find the same without asking anybody, but for some of the
 * windows that were `left`.
 */
async function failWhereSomeFailed(
  request: ExportRequest,
  { entry, zone, exporting }: ExportContext,
  left: number,
): Promise<void> {
  const { store, keys, clock, head } = exporting
  const now = Temporal.Instant.fromEpochMilliseconds(clock().getTime())
  const asked = within(windowsAt(planOf(entry, zone), now), request)
  const names = new Set(asked.map((window) => window.name))
  const { windows } = await statusOf(entry, { store, keys, zone, definition: head.definition, clock })
  const failed = windows.filter(({ window, state }) => (state === 'failed' || state === 'timed out') && names.has(window))
  if (failed.length === 0) return
  const reasons = Map.groupBy(failed, ({ state, message, remedy }) => [state, message, remedy].join('\n'))
  const told = [...reasons.values()].map((those) => {
    const [{ state = '', message = '', remedy } = {}] = those
    return `${listed(those.map(({ window }) => window))} (${state}): ${message}${remedy === undefined ? '' : `; ${remedy}`}`
  })
  const many = failed.length === 1 ? 'one window' : `${failed.length} windows`
  const stands =
    left === 0
      ? `all is kept but ${many}`
      : `${many} failed, and ${left} more ${left === 1 ? 'was' : 'were'} not asked for, which would fail in the same way`
  const error = new Error(`${entry.name}: ${stands}. ${told.slice(0, mostTold).join(' | ')}`)
  // Lambda reports it as errorType; it is neither a bug nor one failure of the family, but a list of them.
  error.name = 'ExportFailed'
  throw error
}

/** All is kept and nothing is lost, so that Lambda's own tries have this alone to do; an alarm hears of it if they fail, too. */
function tablesLate({ name: exported }: ExportEntry, { message, remedy }: Late): Error {
  const error = new Error(
    `${exported}: all is kept, but its tables are late: ${message}${remedy === undefined ? '' : `; ${remedy}`}`,
  )
  error.name = 'CatalogueLate'
  return error
}

const mostTold = 10

function listed(windows: readonly string[]): string {
  const rest = windows.length - mostTold
  return `${windows.slice(0, mostTold).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

function logStep(log: Log, wanted: string, step: ExportStep): void {
  if (step.step === 'planned') {
    log.info('planned', { export: wanted, windows: step.windows.length, kept: step.kept })
    return
  }
  if (step.step === 'stopped') {
    const { message, remedy, left } = step
    log.error('stopped', { export: wanted, windows: left, why: message, ...(remedy === undefined ? {} : { remedy }) })
    return
  }
  const about = { export: wanted, window: step.window }
  if (step.step === 'began') log.info('began', about)
  else if (step.step === 'ended') log.info('ended', { ...about, outcome: step.outcome, lines: step.lines })
  else if (step.again) log.warn('tried again later', { ...about, why: step.message })
  else log.error('failed', { ...about, why: step.message })
}

async function openContainer(): Promise<Container> {
  const deployed = openDeployed(import.meta.dirname)
  // What an invocation that was ended left behind is still there when Lambda starts the next one in its place.
  const scratch = join(tmpdir(), 'broadsheet-export')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  return {
    ...deployed,
    owner: `lambda-${randomUUID()}`,
    scratch,
    deadline: AbortSignal.timeout,
    catalogue: deployed.database === undefined ? undefined : glueCatalogue(deployed.database),
  }
}

/** What Lambda calls. */
export const handler = exportHandler(openContainer)
