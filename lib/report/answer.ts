import { failureOf, UnavailableError, WaitError } from '../errors.ts'
import type { Query } from '../query.ts'
import type { Answer, FailureResult, Result } from '../result.ts'
import { result, toCsv, toJson, toRows } from '../result.ts'
import type { Source } from '../sources/source.ts'
import type { Head } from './ask.ts'
import { askOf, askSource, headOf, ratioOf, sourceOf } from './ask.ts'
import { openDoor } from './failures.ts'
import { parseStored } from './manifest.ts'
import type { Run } from './request.ts'

/** A limit that resets, or an export that is late, is waited for this long in all. */
const longestWait = 24 * 3600 * 1000
/** The first pause after a transient failure that outlasted the quick retries; later ones grow with the time since the schedule. */
const shortestPause = 60 * 1000

type Outcome = Result | { readonly query: Query; readonly error: WaitError | UnavailableError }

/**
 * Answers every query of a run: kept ones are read, the others asked side by side within each source's concurrency,
 * and each answer is kept as it comes. All results in the report's order; or the instant at which to go on.
 */
export async function answerAll(run: Run): Promise<{ results: Result[] } | { at: Date; why: string }> {
  const outcomes = new Map<string, Outcome>()
  const asked = Map.groupBy(
    run.report.queries.filter((query) => query.question.kind !== 'ratio'),
    (query) => sourceOf(query, run.report),
  )
  await Promise.all(
    [...asked].map(([name, queries]) => {
      const source = run.context.source(name)
      const door = openDoor()
      return eachOf(queries, source.concurrency, async (query) => {
        const ask = (head: Head) => askSource(source, askOf(query, run.report, run.request.scheduledAt), head)
        const unasked = leftOut(run, query, source)
        outcomes.set(query.name, unasked ?? (await answer(run, query, ask, door)))
      })
    }),
  )
  for (const query of run.report.queries) {
    if (query.question.kind === 'ratio') outcomes.set(query.name, await answerRatio(run, query, outcomes))
  }
  const inOrder = run.report.queries.map((query) => outcomes.get(query.name) as Outcome)
  const pending = inOrder.filter((outcome) => 'error' in outcome)
  const again = nextCall(run, pending)
  if (again !== undefined) return again
  const results: Result[] = []
  for (const outcome of inOrder) results.push('error' in outcome ? fail(run, outcome.query, outcome.error) : outcome)
  for (const failure of results) if (failure.shape === 'failure') await keep(run, failure)
  return { results }
}

/** Runs `work` on all items, `width` at a time. */
async function eachOf<Item>(items: readonly Item[], width: number, work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}

async function answer(run: Run, query: Query, ask: (head: Head) => Promise<Answer>, door = openDoor()): Promise<Outcome> {
  const { context, request, report } = run
  const head = headOf(query, report, context.project, request.scheduledAt)
  const kept = await readKept(run, query.name, head)
  if (kept !== undefined) {
    context.progress?.({ step: 'kept', query: query.name })
    return kept
  }
  const refusal = door.refusal()
  if (refusal !== undefined) return fail(run, query, refusal.error, `not asked, for the reason of ${refusal.query}`)
  context.progress?.({ step: 'asking', query: query.name })
  let fresh: Answer
  try {
    fresh = await ask(head)
  } catch (caught) {
    const error = door.met(caught, query.name)
    const first = door.refusal()?.query ?? query.name
    const why = first === query.name ? undefined : `for the reason of ${first}`
    if (!(error instanceof WaitError) && !(error instanceof UnavailableError)) return fail(run, query, error, why)
    context.progress?.({ step: 'waiting', query: query.name, why: error.message, error })
    return { query, error }
  }
  // What the store says is no answer of the vendor's: it ends the run, which goes on when it is called again.
  await keep(run, fresh)
  context.progress?.({ step: 'answered', query: query.name })
  return fresh
}

async function answerRatio(run: Run, query: Query, outcomes: ReadonlyMap<string, Outcome>): Promise<Outcome> {
  const { question } = query
  if (question.kind !== 'ratio') throw new RangeError(`${query.name} is no ratio`)
  const [of, to] = [question.of, question.to].map((name) => outcomes.get(name))
  for (const part of [of, to]) {
    if (part !== undefined && 'error' in part) return { query, error: part.error }
    if (part === undefined || part.shape === 'failure') {
      const why = `${part?.query ?? question.of} has no answer, so nothing can be divided`
      const failure: FailureResult = {
        ...headOf(query, run.report, run.context.project, run.request.scheduledAt),
        shape: 'failure',
        kind: part?.kind ?? 'bug',
        message: why,
        remedy: `it comes back when ${part?.query ?? question.of} is answered`,
      }
      run.context.progress?.({ step: 'failed', query: query.name, why, error: undefined })
      return failure
    }
  }
  return answer(run, query, async (head) => ratioOf(query, head, of as Answer, to as Answer, run.report))
}

/** What a sample holds no answer to: people and what a vendor has saved are not made up. */
function leftOut(run: Run, query: Query, source: Source): FailureResult | undefined {
  const { question } = query
  const { kind } = question
  if (run.request.sample !== true || kind === 'ratio' || source.answers[kind] !== undefined) return undefined
  const isProfiles = question.kind === 'people' && question.event === undefined
  const what = isProfiles ? 'profiles of people' : kind === 'saved' ? 'reports saved at a vendor' : `answer to a ${kind} question`
  const message = `a sample is of made-up events and has no ${what}`
  run.context.progress?.({ step: 'left out', query: query.name, why: message })
  return {
    ...headOf(query, run.report, run.context.project, run.request.scheduledAt),
    shape: 'failure',
    kind: 'sample',
    message,
    remedy: 'it is asked when the report runs without --sample',
  }
}

/** What a query's failure for good is kept as; readers see it as a notice, and the others go on. `why` is for who watches. */
function fail(run: Run, query: Query, error: unknown, why?: string): FailureResult {
  const { kind, ...failure } = failureOf(error)
  run.context.progress?.({ step: 'failed', query: query.name, why: why ?? failure.message, error })
  return {
    ...headOf(query, run.report, run.context.project, run.request.scheduledAt),
    shape: 'failure',
    kind: kind === 'project' || kind === 'usage' ? 'refused' : kind,
    ...failure,
  }
}

/** A kept answer counts while its definition is still the project file's. A failure is no answer: it is asked again. */
async function readKept(run: Run, query: string, head: Head): Promise<Answer | undefined> {
  const stored = await run.context.store.get(run.keys.json(query))
  if (stored === undefined) return undefined
  const kept = parseStored(result, stored.body, run.context.store.locate(run.keys.json(query)))
  if (kept.shape === 'failure' || kept.definition !== head.definition) return undefined
  await noteKept(run, kept, stored.body)
  return kept
}

/** Remembers for the manifest what an earlier call kept of a query. */
export async function noteKept(run: Run, kept: Result, json: Uint8Array): Promise<void> {
  const csv = await run.context.store.get(run.keys.csv(kept.query))
  if (csv !== undefined && kept.shape !== 'failure') run.objects.note(run.keys.csv(kept.query), csv.body, toRows(kept).length - 1)
  run.objects.note(run.keys.json(kept.query), json)
}

/** The CSV first: where there is a JSON, both are there. */
async function keep(run: Run, fresh: Result): Promise<void> {
  const rows = toRows(fresh)
  if (rows.length > 0) await run.objects.put(run.keys.csv(fresh.query), toCsv(fresh), 'text/csv; charset=utf-8', rows.length - 1)
  await run.objects.put(run.keys.json(fresh.query), toJson(fresh), 'application/json')
}

/** Until when a run waits for what is known to end, counted from its schedule or from when somebody asked for it, in ms. */
export function waitsUntil({ request, context }: Run): number {
  const begun = (request.begunAt ?? context.clock()).getTime()
  return Math.max(request.scheduledAt.epochMilliseconds, begun) + longestWait
}

/**
 * When to go on, if something is still to be waited for. A known reset is waited for up to a day; transient failures
 * are retried until the report's `hold` is over, with pauses that grow with the time since the schedule.
 */
function nextCall(
  run: Run,
  pending: readonly { query: Query; error: WaitError | UnavailableError }[],
): { at: Date; why: string } | undefined {
  const now = run.context.clock().getTime()
  const scheduled = run.request.scheduledAt.epochMilliseconds
  const patience = waitsUntil(run)
  const holdOver = scheduled + run.report.hold * 1000
  const calls = pending.flatMap(({ query, error }) => {
    const why = `${query.name}: ${error.message}`
    if (error instanceof WaitError) return now < patience ? [{ at: Math.min(error.until.getTime(), patience), why }] : []
    const pause = Math.max(shortestPause, (now - scheduled) / 4)
    return now < holdOver ? [{ at: Math.min(now + pause, holdOver), why }] : []
  })
  const [first] = calls.sort((a, b) => a.at - b.at)
  return first === undefined ? undefined : { at: new Date(first.at), why: first.why }
}
