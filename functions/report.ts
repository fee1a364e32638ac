import { randomUUID } from 'node:crypto'
import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { openSes, sesMailer } from '../lib/email/ses.ts'
import { BroadsheetError, UsageError } from '../lib/errors.ts'
import { parseMailbox } from '../lib/mailbox.ts'
import type { Project } from '../lib/project/project.ts'
import { name } from '../lib/query.ts'
import { byReason } from '../lib/report/failures.ts'
import type { RunContext, RunOutcome, RunProgress, RunRequest } from '../lib/report/run.ts'
import { runReport } from '../lib/report/run.ts'
import { latestScheduled, reportNamed } from '../lib/report/scheduled.ts'
import type { Sent } from '../lib/report/send.ts'
import type { Log } from './lambda.ts'
import { lambdaHandler, openDeployed } from './lambda.ts'
import type { Booking } from './next-call.ts'
import { bookNextCall } from './next-call.ts'

const mailbox = z.string().superRefine((value, context) => {
  const parsed = parseMailbox(value)
  if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
})

/** What the function is invoked with, by a schedule or by a person. */
const invocation = z.strictObject({
  report: name,
  /** The schedule's `<aws.scheduler.scheduled-time>`; the report's latest scheduled instant unless said. */
  scheduledAt: z.iso.datetime({ offset: true }).optional(),
  /** A person who says nothing sends nothing: the mail is only kept. */
  send: z.union([z.enum(['readers', 'nobody']), z.strictObject({ to: mailbox }).readonly()]).default('nobody'),
  /** Asks anew, beside what is kept. */
  again: z.boolean().default(false),
  /** Written by the function itself into the calls that it books: which wish to ask again this is, and when it began. */
  wish: z.string().optional(),
  begunAt: z.iso.datetime().optional(),
})
export type Invocation = z.input<typeof invocation>

/** What it answers. A run in which anything failed does not answer: its invocation fails, after the rest was kept and mailed. */
export type Reply =
  | {
      readonly run: string
      readonly status: 'complete' | 'partial' | 'failed'
      readonly keys: readonly string[]
      readonly mail: readonly Sent[]
    }
  | { readonly run: string; readonly status: 'again'; readonly at: string; readonly why: string }

/** The part of Lambda's context that is used. */
interface InvocationContext {
  readonly invokedFunctionArn: string
  /** The same for Lambda's own retries of an invocation. */
  readonly awsRequestId: string
}

/** All that is built once per container. */
export interface Container {
  readonly run: Omit<RunContext, 'progress'>
  readonly booking: Omit<Booking, 'functionArn'>
  readonly log: Log
}

/** The function; `open` is called at the first invocation, and again only if it failed. */
export function reportHandler(open: () => Promise<Container>) {
  return lambdaHandler(open, async ({ run, booking, log }, event, context: InvocationContext): Promise<Reply> => {
    const request = readRequest(event, context, run.project, run.clock())
    const outcome = await runReport(request, { ...run, progress: (progress) => logProgress(log, request, progress) })
    if (outcome.status === 'done') return replyOf(outcome, request)
    const { input, identity } = continuation(request)
    const call = { run: outcome.run, input, identity, at: outcome.at }
    const at = await bookNextCall(call, { ...booking, functionArn: context.invokedFunctionArn }, run.clock())
    log.info('again', { run: outcome.run, at: at.toISOString(), why: outcome.why })
    return { run: outcome.run, status: 'again', at: at.toISOString(), why: outcome.why }
  })
}

function readRequest(event: unknown, context: InvocationContext, project: Project, now: Date): RunRequest {
  const read = invocation.safeParse(event)
  if (!read.success) {
    throw new UsageError(`not an invocation of this function: ${z.prettifyError(read.error)}`, {
      remedy: 'send { "report": "<name>" }, and if you like scheduledAt, send ("readers" or { "to": … }) and again',
    })
  }
  const { report, scheduledAt, send, again, wish, begunAt } = read.data
  return {
    report,
    scheduledAt:
      scheduledAt === undefined
        ? latestScheduled(reportNamed(project, report), instantOf(now))
        : Temporal.Instant.from(scheduledAt),
    again: again ? (wish ?? context.awsRequestId) : undefined,
    send: send === 'nobody' ? undefined : send,
    begunAt: begunAt === undefined ? now : new Date(begunAt),
  }
}

function instantOf(date: Date): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime())
}

/** The same invocation for later. When it began is handed on, and is no part of what makes two calls the same. */
function continuation(request: RunRequest): { input: Invocation; identity: object } {
  const { report, scheduledAt, again: wish, send = 'nobody', begunAt } = request
  const again = wish === undefined ? { again: false } : { again: true, wish }
  const identity: Invocation = { report, scheduledAt: scheduledAt.toString(), send, ...again }
  return { input: begunAt === undefined ? identity : { ...identity, begunAt: begunAt.toISOString() }, identity }
}

/** Fails the invocation when a question or a mail failed, so that alarms and the on-failure destination see it. */
function replyOf(outcome: Extract<RunOutcome, { status: 'done' }>, request: RunRequest): Reply {
  const { run, keys, mail, failures, manifest } = outcome
  const problems = [
    ...byReason(failures, (failure) => failure).flatMap((those) => {
      const queries = those.map(({ query }) => query).join(', ')
      return those
        .slice(0, 1)
        .map(({ kind, message, remedy }) => `${queries} (${kind}): ${message}${remedy === undefined ? '' : `; ${remedy}`}`)
    }),
    ...mail.flatMap(({ to, state, reason }) =>
      state === 'sent' ? [] : [`mail to ${to}: ${state}${reason === undefined ? '' : `, ${reason}`}`],
    ),
  ]
  // Whoever asks again reads the reply; a failed invocation would be retried by Lambda, as one more attempt each time.
  if (problems.length === 0 || request.again !== undefined) return { run, status: manifest.status, keys, mail }
  const failed = new Error(
    `${run} is kept, with ${problems.length === 1 ? 'a failure' : `${problems.length} failures`}. ${problems.join(' | ')}`,
  )
  // Lambda reports it as errorType; it is neither a bug nor one failure of the family, but a list of them.
  failed.name = 'RunFailed'
  throw failed
}

function logProgress(log: Log, request: RunRequest, progress: RunProgress): void {
  const about = { report: request.report, scheduledAt: request.scheduledAt.toString() }
  switch (progress.step) {
    case 'failed': {
      // Only a defect of ours needs its stack.
      const error = progress.error instanceof BroadsheetError ? {} : { error: progress.error }
      log.error('failed', { ...about, query: progress.query, why: progress.why, ...error })
      return
    }
    case 'waiting':
      log.warn('waiting', { ...about, query: progress.query, why: progress.why })
      return
    default:
      log.info(progress.step, 'query' in progress ? { ...about, query: progress.query } : about)
  }
}

async function openContainer(): Promise<Container> {
  const { booking, log, ...run } = openDeployed(import.meta.dirname)
  return { run: { ...run, mailer: sesMailer(openSes({})), owner: `lambda-${randomUUID()}` }, booking, log }
}

/** What Lambda calls. */
export const handler = reportHandler(openContainer)
