import { UsageError, WaitError } from '../errors.ts'
import { parseMailbox } from '../mailbox.ts'
import type { Report } from '../project/project.ts'
import type { Result } from '../result.ts'
import { result } from '../result.ts'
import { whileHolding } from '../store/holding.ts'
import { mailClaimKey, runKeys, wishKey } from '../store/keys.ts'
import { ownerInWords } from '../store/owner.ts'
import type { Store } from '../store/store.ts'
import { answerAll, noteKept, waitsUntil } from './answer.ts'
import { sourceOf } from './ask.ts'
import type { Mail } from './mail.ts'
import { makeMail } from './mail.ts'
import type { LatestPointer, RunManifest } from './manifest.ts'
import { ObjectList, parseStored, runManifest } from './manifest.ts'
import { pointLatest, resultRows } from './publish.ts'
import type { Run, RunContext, RunOutcome, RunRequest } from './request.ts'
import { reportNamed } from './scheduled.ts'
import type { Sent } from './send.ts'
import { sendOnce } from './send.ts'

export type { RunContext, RunOutcome, RunProgress, RunRequest } from './request.ts'

/**
 * May be called any number of times, by anyone, at once: what is done stands in the store, and it goes on from there.
 * `again` names the instant to call it at. Throws UsageError for a request that makes no sense, and nothing is done.
 */
export async function runReport(request: RunRequest, context: RunContext): Promise<RunOutcome> {
  const report = checkRequest(request, context)
  await keepFirstMail(request, context.store)
  const attempt = await attemptOf(request, context.store)
  const keys = runKeys(report.name, request.scheduledAt, attempt)
  const own = { owner: context.owner, clock: context.clock, what: 'this run' }
  const held = await whileHolding(context.store, keys.claim, own, (stillOurs) => {
    const run = { id: keys.run, report, request, context, keys, objects: new ObjectList(context.store, stillOurs) }
    return go(run, stillOurs)
  })
  if ('value' in held) return held.value
  // Whoever holds it may be done in a moment; its expiry is only the latest time to look again.
  const at = new Date(Math.min(held.until.getTime(), context.clock().getTime() + 1000))
  return { status: 'again', run: keys.run, at, why: `${ownerInWords(held.heldBy)} is at it` }
}

/** The report that is asked for. Throws UsageError for a request that makes no sense; nothing is done yet. */
export function checkRequest(request: RunRequest, context: Pick<RunContext, 'project' | 'mailer' | 'clock'>): Report {
  const report = reportNamed(context.project, request.report)
  if (request.scheduledAt.epochMilliseconds > context.clock().getTime()) {
    throw new UsageError(`${request.scheduledAt} is in the future`, {
      remedy: 'a run speaks of what is over; give a past instant',
    })
  }
  if (request.send === undefined) return report
  if (request.sample === true) throw new UsageError('a sample run is never sent', { remedy: 'leave out --send and --to' })
  if (context.mailer === undefined) throw new UsageError('nothing is set up that could send')
  if (report.email === undefined) {
    throw new UsageError(`report ${report.name} has no email`, {
      remedy: 'add `email: { from: …, to: […] }` to it or to defaults',
    })
  }
  const trial = request.send === 'readers' ? undefined : parseMailbox(request.send.to)
  if (trial !== undefined && 'problem' in trial) throw new UsageError(trial.problem, { remedy: 'write name@example.com' })
  return report
}

/** Asking again never mails readers who got an answer; where nothing could be answered, they got none. */
async function keepFirstMail({ report, scheduledAt, again, send }: RunRequest, store: Store): Promise<void> {
  if (again === undefined || send !== 'readers') return
  const { manifest } = runKeys(report, scheduledAt, 1)
  const stored = await store.get(manifest)
  if (stored !== undefined && parseStored(runManifest, stored.body, store.locate(manifest)).status === 'failed') return
  throw new UsageError('asking again never mails the readers: they keep the answer they got', {
    remedy: 'use --to for yourself',
  })
}

/** Asking again goes on with an attempt that was not finished, so that it too can be called any number of times. */
async function attemptOf({ report, scheduledAt, again }: RunRequest, store: Store): Promise<number> {
  if (again === undefined) return 1
  const key = wishKey(report, scheduledAt, again)
  for (;;) {
    const given = await store.get(key)
    if (given !== undefined) return Number(Buffer.from(given.body).toString('utf8'))
    let attempt = 2
    while ((await store.get(runKeys(report, scheduledAt, attempt).manifest)) !== undefined) attempt += 1
    await store.put(key, String(attempt), { if: 'absent', contentType: 'application/json' })
  }
}

async function go(run: Run, stillOurs: () => void): Promise<RunOutcome> {
  const { context, report, request } = run
  const finished = await readManifest(run)
  // Once the last question is settled, every later call tells the same: a mail that waits asks nobody anew.
  const settled = finished !== undefined || (await context.store.get(run.keys.settled)) !== undefined
  const answered = settled ? { results: await readResults(run) } : await answerAll(run)
  if ('at' in answered) return { status: 'again', run: run.id, ...answered }
  stillOurs()

  const { results } = answered
  if (!settled) await context.store.put(run.keys.settled, '{ "version": 1 }\n', { contentType: 'application/json' })
  const labels = [...new Set(report.queries.map((query) => context.source(sourceOf(query, report)).label))]
  const mail = makeMail({
    project: context.project,
    report,
    at: request.scheduledAt,
    run: run.id,
    results,
    sample: request.sample === true,
    askedOf: request.sample === true ? ['made-up events'] : labels,
  })
  if (finished === undefined) {
    context.progress?.({ step: 'drawing' })
    await keepMail(run, mail)
    stillOurs()
  }
  const sent = await sendMail(run, mail, results)
  if (sent instanceof WaitError) return { status: 'again', run: run.id, at: sent.until, why: sent.message }
  const manifest = finished ?? (await publish(run, results))
  // Also for a run that was finished before: its process may have ended right after the manifest.
  await pointLatest(context.store, run.keys.latest, report.name, latestOf(run, manifest))
  const failures = results.filter((candidate) => candidate.shape === 'failure')
  return {
    status: 'done',
    run: run.id,
    complete: failures.every(({ kind }) => kind === 'sample'),
    manifest,
    keys: [...manifest.objects.map(({ key }) => key), run.keys.manifest],
    results,
    failures,
    mail: sent,
    edition: mail.edition,
  }
}

async function readManifest(run: Run): Promise<RunManifest | undefined> {
  const stored = await run.context.store.get(run.keys.manifest)
  return stored === undefined ? undefined : parseStored(runManifest, stored.body, run.context.store.locate(run.keys.manifest))
}

/** A settled run is never asked again: what it kept is read. */
async function readResults(run: Run): Promise<Result[]> {
  const results: Result[] = []
  for (const query of run.report.queries) {
    const stored = await run.context.store.get(run.keys.json(query.name))
    // A query that was added to the file later has no answer in an old run.
    if (stored === undefined) continue
    run.context.progress?.({ step: 'kept', query: query.name })
    const kept = parseStored(result, stored.body, run.context.store.locate(run.keys.json(query.name)))
    await noteKept(run, kept, stored.body)
    results.push(kept)
  }
  return results
}

async function keepMail(run: Run, mail: Mail): Promise<void> {
  const drawn = await mail.drawn()
  for (const image of drawn.images) await run.objects.put(run.keys.png(image.query), image.png, 'image/png')
  await run.objects.put(
    run.keys.html,
    drawn.html((query) => `${query}.png`),
    'text/html; charset=utf-8',
  )
  const message = await mail.forStore()
  if (message !== undefined) await run.objects.put(run.keys.eml, message, 'message/rfc822')
}

async function sendMail(run: Run, mail: Mail, results: readonly Result[]): Promise<Sent[] | WaitError> {
  const { context } = run
  const { mailer } = context
  const { email, owner, name } = run.report
  const { send, scheduledAt } = run.request
  if (send === undefined || mailer === undefined || email === undefined) return []
  const nothing = results.every((candidate) => candidate.shape === 'failure')
  // If every query failed, readers get nothing and the owner gets the reason.
  const readers = nothing ? { purpose: 'failure', to: owner === undefined ? [] : [owner] } : { purpose: 'report', to: email.to }
  const { purpose, to } = send === 'readers' ? readers : { purpose: 'trial', to: [send.to] }
  const giveUp = waitsUntil(run)
  const sent: Sent[] = []
  for (const recipient of to) {
    context.progress?.({ step: 'sending' })
    const letter = {
      claim: mailClaimKey(name, scheduledAt, run.keys.attempt, recipient, purpose),
      to: recipient,
      from: email.from,
      run: run.id,
      raw: () => mail.forReader(recipient, context.clock()),
    }
    try {
      sent.push(await sendOnce(letter, { ...context, mailer }))
    } catch (error) {
      if (!(error instanceof WaitError)) throw error
      // Its claim is marked as not taken, so a later call tries again.
      if (context.clock().getTime() < giveUp) return error
      sent.push({ to: recipient, state: 'refused', reason: error.message })
    }
  }
  return sent
}

/** The manifest is the last of the run's own folder. */
async function publish(run: Run, results: readonly Result[]): Promise<RunManifest> {
  const { context, report, request, keys, objects } = run
  context.progress?.({ step: 'publishing' })
  const answers = results.filter((candidate) => candidate.shape !== 'failure')
  const { parquet, rows } = resultRows(run.id, report.name, answers)
  await objects.put(keys.rows, parquet, 'application/vnd.apache.parquet', rows)
  const manifest: RunManifest = {
    version: 1,
    run: run.id,
    report: report.name,
    scheduledAt: request.scheduledAt.toString(),
    timezone: report.timezone,
    status: answers.length === results.length ? 'complete' : answers.length === 0 ? 'failed' : 'partial',
    ...(request.sample === true ? { sample: true } : {}),
    computedAt: context.clock().toISOString(),
    queries: Object.fromEntries(
      results.map((one) => [
        one.query,
        {
          status: one.shape === 'failure' ? 'failed' : 'answered',
          shape: one.shape,
          definition: one.definition,
          timeframe: one.timeframe,
          key: keys.json(one.query),
        },
      ]),
    ),
    objects: objects.objects,
  }
  await context.store.put(keys.manifest, `${JSON.stringify(manifest, null, 2)}\n`, { contentType: 'application/json' })
  return manifest
}

/** The manifest's answered queries, as `latest.json` points to them. */
function latestOf(run: Run, manifest: RunManifest): LatestPointer['queries'] {
  const { scheduledAt } = manifest
  const answered = Object.entries(manifest.queries).filter(([, { status }]) => status === 'answered')
  return Object.fromEntries(
    answered.map(([query, { definition, key }]) => [
      query,
      { run: run.id, scheduledAt, definition, json: key, csv: run.keys.csv(query) },
    ]),
  )
}
