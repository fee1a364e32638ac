import { setTimeout as wait } from 'node:timers/promises'
import { Temporal } from 'temporal-polyfill'
import { BroadsheetError, CredentialError, failureOf, UnavailableError, UsageError, WaitError } from '../errors.ts'
import type { ExportEntry } from '../project/project.ts'
import { ownerInWords } from '../store/owner.ts'
import { createTurns } from '../turns.ts'
import { failuresAlike } from './alike.ts'
import type { Late, TableKeeper } from './catalogue.ts'
import { due } from './due.ts'
import { expire } from './expire.ts'
import { holding } from './holding.ts'
import { readManifest } from './manifest.ts'
import { cancellation, clearOld, settle } from './settled.ts'
import { readTrouble, writeTrouble } from './trouble.ts'
import type { Exporting, WindowOutcome } from './window.ts'
import { exportWindow } from './window.ts'
import type { ExportWindow } from './windows.ts'
import { windowsAt, within } from './windows.ts'

export interface ExportRequest {
  /** When the schedule called, or a person: what was looked at since then is not looked at again. */
  readonly scheduledAt: Temporal.Instant
  /** Only the windows of these days, `to` left out; those that are kept are looked at again, whatever `sync` says. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Goes on although it was canceled. */
  readonly resume?: boolean | undefined
  /** Deletes what is kept and begins anew, under whatever words the project file has now. */
  readonly rebuild?: boolean | undefined
}

export interface ExportContext {
  readonly entry: ExportEntry
  /** The zone that its days are counted in. */
  readonly zone: string
  readonly exporting: Omit<Exporting, 'stillOurs' | 'signal'>
  readonly owner: string
  /** Whether it may delete older versions of objects; unless it is said that it may not. */
  readonly mayPurge?: boolean | undefined
  /** The tables that show what is kept, where there is a catalogue. */
  readonly tables?: TableKeeper | undefined
  /** Windows at a time; 2 unless said: one is unpacked on one core while the other comes. */
  readonly atATime?: number | undefined
  /** No window is begun after it. */
  readonly until?: Date | undefined
  /** Aborts shortly before this process will be ended: a window that is under way is given up, which counts as one try. */
  readonly timeUp?: AbortSignal | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((step: ExportStep) => void) | undefined
}

/** What happens, as it happens. */
export type ExportStep =
  | { readonly step: 'planned'; readonly windows: readonly string[]; readonly kept: number }
  | { readonly step: 'began'; readonly window: string }
  | { readonly step: 'ended'; readonly window: string; readonly outcome: WindowOutcome['state']; readonly lines: number }
  | { readonly step: 'failed'; readonly window: string; readonly message: string; readonly again: boolean }
  | ({ readonly step: 'stopped' } & Stopped)

/** What a call came to; it may be called again at any time, by anyone. */
export type ExportOutcome =
  | {
      readonly status: 'done'
      readonly done: readonly Done[]
      readonly failed: readonly Failure[]
      /** There are windows that were not asked for. */
      readonly stopped?: Stopped
      readonly late?: Late
    }
  | {
      readonly status: 'again'
      readonly at: Date
      readonly why: string
      readonly done: readonly Done[]
      readonly failed: readonly Failure[]
      /** The tables do not show all that is kept. */
      readonly late?: Late
    }
  | { readonly status: 'canceled'; readonly by: string; readonly at: Date }
export interface Done {
  readonly window: string
  readonly state: WindowOutcome['state']
  readonly lines: number
}
export interface Failure {
  readonly window: string
  readonly message: string
  readonly remedy?: string | undefined
}
/** Why no others were begun: as the last of some windows says that failed one after the other in the same way. */
export interface Stopped {
  readonly message: string
  readonly remedy?: string | undefined
  /** How many windows were not asked for, and are due at the next call. */
  readonly left: number
}

/** Tries of a window in one schedule. */
const mostTries = 5
const firstPause = 60_000

/**
 * Exports the windows that are due, and may be called any number of times, by anyone, at once: what is kept stands in the
 * store, and it goes on from there. Throws UsageError for a request that makes no sense, CredentialError where nothing can
 * be asked at all, and whatever the store throws; what is wrong with one window is in the outcome, and the others go on,
 * unless all would fail for good in the same way. Windows are begun one after the other, in the order of `due`: each is
 * asked for when the one before it has been, though that may still be on its way to the vendor.
 */
export async function runExport(request: ExportRequest, context: ExportContext): Promise<ExportOutcome> {
  const { entry, exporting, zone } = context
  const { store, keys, clock } = exporting
  const canceled = await cancellation(store, keys, request.resume === true)
  if (canceled !== undefined) return { status: 'canceled', ...canceled }
  const holder = { store, keys, owner: context.owner, clock }
  const wanted = { every: entry.every, zone, definition: exporting.head.definition }
  const { rebuilding } = await settle(store, keys, wanted, request.rebuild === true)
  const busy = rebuilding === true ? await clearOld(holder, context) : undefined
  if (busy !== undefined) {
    const why = `${ownerInWords(busy.heldBy)} is at ${busy.at}, which has to end before this export begins anew`
    return { status: 'again', at: soon(busy.until, clock()), why, done: [], failed: [] }
  }
  const now = Temporal.Instant.fromEpochMilliseconds(clock().getTime())
  const possible = windowsAt({ ...entry, zone, partition: exporting.partition }, now)
  refusePast(request, context, possible)
  const windows = within(possible, request)
  if (windows.length === 0 && (request.from ?? request.to) !== undefined) throw noWindow(request, context)
  const todo = await due(windows, request, context)
  context.progress?.({ step: 'planned', windows: todo.map(({ name }) => name), kept: windows.length - todo.length })

  const done: Done[] = []
  const failed: Failure[] = []
  /** Why, and when, the rest is for another call; the earliest counts. */
  const later: { at: Date; why: string }[] = []
  let fatal: unknown
  let stopped: Stopped | undefined
  let late: Late | undefined
  const line = [...todo]
  const alike = failuresAlike()
  const beginning = createTurns(1)
  const { timeUp } = context
  const signals = [context.signal, timeUp].filter((one) => one !== undefined)
  const signal = signals.length === 0 ? undefined : AbortSignal.any(signals)

  async function work(): Promise<void> {
    for (;;) {
      await beginning.take()
      let isBeginning = true
      const begun = () => {
        if (isBeginning) beginning.give()
        isBeginning = false
      }
      try {
        const window = await next()
        if (window === undefined) return
        await one(window, begun)
      } catch (error) {
        fatal ??= error
        return
      } finally {
        begun()
      }
    }
  }

  /** The next in line, unless none is to be begun any more. */
  async function next(): Promise<ExportWindow | undefined> {
    if (line.length === 0 || (await cancellation(store, keys, false)) !== undefined) return undefined
    if (fatal !== undefined || stopped !== undefined) return undefined
    if (later.some(({ why }) => why === shortTime || why.startsWith(limitReached))) return undefined
    if (timeUp?.aborted === true || (context.until !== undefined && clock() >= context.until)) {
      later.push({ at: clock(), why: shortTime })
      return undefined
    }
    return line.shift()
  }

  /** `begun` is called once it has been asked for. */
  async function one(window: ExportWindow, begun: () => void): Promise<void> {
    const ask: Exporting['ask'] = (own, ended) => {
      const asked = exporting.ask(own, ended)
      begun()
      return asked
    }
    const held = await holding(holder, window.name, async (stillOurs) => {
      try {
        if (await exportedSince(window, now)) return
        context.progress?.({ step: 'began', window: window.name })
        const outcome = await exportWindow({ ...exporting, ask, stillOurs, signal }, window)
        const lines = outcome.state === 'shrunk' ? outcome.lines : outcome.manifest.lines
        done.push({ window: window.name, state: outcome.state, lines })
        alike.otherwise()
        context.progress?.({ step: 'ended', window: window.name, outcome: outcome.state, lines })
        late ??= await context.tables?.keep()
      } catch (error) {
        await trouble(window, error)
      }
    })
    if ('value' in held) return
    later.push({ at: soon(held.until, clock()), why: `${ownerInWords(held.heldBy)} is at ${window.name}` })
  }

  /** Another process may have kept it between our looking what is due and our claim. */
  async function exportedSince({ name }: ExportWindow, since: Temporal.Instant): Promise<boolean> {
    const kept = await readManifest(store, keys.manifest(name))
    return kept?.manifest.status === 'complete' && Date.parse(kept.manifest.exportedAt) > since.epochMilliseconds
  }

  /** What is wrong with one window is kept for the next call; what is wrong with all of them is thrown. */
  async function trouble(window: ExportWindow, error: unknown): Promise<void> {
    context.signal?.throwIfAborted()
    if (timeUp?.aborted === true && isCausedBy(error, timeUp.reason)) return givenUp(window)
    if (error instanceof WaitError) {
      later.push({ at: error.until, why: `${limitReached}: ${error.message}` })
      return
    }
    if (!(error instanceof BroadsheetError) || error instanceof CredentialError || error instanceof UsageError) throw error
    const failure = failureOf(error)
    // A disk that is full is so for every window, and each try costs a call of the vendor's.
    const mayAgain = error instanceof UnavailableError && !error.everywhere
    const tries = await remember(window, failure, { state: 'failed', mayAgain })
    if (mayAgain) alike.otherwise()
    else if (alike.failed(error, window) || error.everywhere) stop(failure)
    if (tries === undefined) return
    const at = new Date(clock().getTime() + firstPause * 2 ** (tries - 1))
    later.push({ at, why: `${window.name}: ${failure.message}` })
  }

  function stop({ message, remedy }: { readonly message: string; readonly remedy?: string }): void {
    if (stopped !== undefined || line.length === 0) return
    stopped = { message, ...(remedy === undefined ? {} : { remedy }), left: line.length }
    context.progress?.({ step: 'stopped', ...stopped })
  }

  /** It begins first at the next call, with the whole of that one's time for itself. */
  async function givenUp(window: ExportWindow): Promise<void> {
    const message = 'it was not done when the time of its call was over'
    await remember(window, { message, remedy: moreTime(window, entry) }, { state: 'timed out', mayAgain: true })
    later.push({ at: clock(), why: shortTime })
  }

  /** Writes down what went wrong; how many tries there were, where another one follows. */
  async function remember(
    window: ExportWindow,
    { message, remedy }: { readonly message: string; readonly remedy?: string },
    { state, mayAgain }: { readonly state: 'failed' | 'timed out'; readonly mayAgain: boolean },
  ): Promise<number | undefined> {
    const before = await readTrouble(store, keys, window.name)
    // What failed for good did so in an earlier schedule; one that was out of time would be so again.
    const tries = before === undefined || before.state === 'failed' ? 1 : before.tries + 1
    const again = mayAgain && tries < mostTries
    const base = { version: 1, window: window.name, tries, at: clock().toISOString(), message } as const
    const words = remedy === undefined ? {} : { remedy }
    await writeTrouble(store, keys, { ...base, ...words, state: again ? 'retried' : state })
    if (!again) failed.push({ window: window.name, message, ...words })
    context.progress?.({ step: 'failed', window: window.name, message, again })
    return again ? tries : undefined
  }

  await Promise.all(Array.from({ length: context.atATime ?? 2 }, work))
  if (fatal !== undefined) throw fatal
  const canceledSince = await cancellation(store, keys, false)
  if (canceledSince !== undefined) return { status: 'canceled', ...canceledSince }
  if (entry.keep !== undefined) {
    const isOver = () => timeUp?.aborted === true || context.signal?.aborted === true
    const { isAll } = await expire(holder, { keep: entry.keep, zone, isOver })
    context.signal?.throwIfAborted()
    if (!isAll) later.push({ at: clock(), why: shortTime })
  }
  late = await context.tables?.keep()
  const behind = late === undefined ? {} : { late }
  // Whoever came again now would use up the vendor's calls in the same way.
  if (stopped !== undefined) return { status: 'done', done, failed, stopped, ...behind }
  const [first] = later.toSorted((one, other) => one.at.getTime() - other.at.getTime())
  return first === undefined
    ? { status: 'done', done, failed, ...behind }
    : { status: 'again', ...first, done, failed, ...behind }
}

/** A window is one request of its vendor's, so that one for which no call is long enough cannot be done in parts. */
function moreTime({ date }: ExportWindow, { name, every, data, events }: ExportContext['entry']): string {
  if (data !== 'events') return `run broadsheet export ${name} on a machine that has more time, on the day itself`
  const days = `--from ${date} --to ${Temporal.PlainDate.from(date).add({ days: 1 })}`
  const smaller = every === 'day' ? '`every: hour`' : events === undefined ? 'some `events` only' : 'fewer `events`'
  return `run broadsheet export ${name} ${days} on a machine that has more time; or ask for ${smaller}, with --rebuild or under another name`
}

/** When to look again at what somebody holds: it may be given back long before it runs out. */
function soon(until: Date, now: Date): Date {
  return new Date(Math.min(until.getTime(), now.getTime() + 5000))
}

const shortTime = 'the time of this call is over'
const limitReached = 'a limit of the vendor is reached'

/** A signal's reason comes as it is, or wrapped once or more by what it ended. */
function isCausedBy(error: unknown, reason: unknown): boolean {
  return error === reason || (error instanceof Error && error.cause !== undefined && isCausedBy(error.cause, reason))
}

/** Of a snapshot no earlier day can be had, so that a day that is asked for by name would silently be another. */
function refusePast({ from }: ExportRequest, { entry, exporting }: ExportContext, [today]: readonly ExportWindow[]): void {
  if (exporting.partition !== 'snapshot' || from === undefined || today === undefined || from >= today.date) return
  throw new UsageError(`${entry.data} cannot be had as they were on ${from}`, {
    remedy: `export ${entry.name} keeps what there is when it is asked for, one snapshot a day; today is ${today.date}`,
  })
}

function noWindow({ from, to }: ExportRequest, { entry, zone, exporting }: ExportContext): UsageError {
  const asked = [from === undefined ? '' : `from ${from}`, to === undefined ? '' : `to ${to}`].filter(Boolean).join(' ')
  const now = Temporal.Instant.fromEpochMilliseconds(exporting.clock().getTime())
  const wereOver = windowsAt({ ...entry, zone, partition: exporting.partition, keep: undefined }, now)
  if (within(wereOver, { from, to }).length > 0) {
    return new UsageError(`export ${entry.name} keeps no window ${asked}: they ended longer ago than its \`keep\` says`, {
      remedy: 'make its `keep` longer, or ask for later days',
    })
  }
  const what = exporting.partition === 'snapshot' ? `takes no snapshot ${asked}` : `has no window ${asked} that is over`
  return new UsageError(`export ${entry.name} ${what}`, {
    remedy: `it begins at ${entry.from}${entry.to === undefined ? '' : `, ends at ${entry.to}`} and counts days in ${zone}, where it is ${Temporal.Instant.fromEpochMilliseconds(exporting.clock().getTime()).toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: 'minute' })}`,
  })
}

/**
 * Sleeps until a call says that it is done: what a laptop does; in AWS the next call is booked instead. `resume` and
 * `rebuild` are wishes of the first call alone: who cancels the export while it sleeps is heard.
 */
export async function runExportToEnd(
  request: ExportRequest,
  context: ExportContext,
  options: { readonly waits?: (outcome: Extract<ExportOutcome, { status: 'again' }>) => void; readonly sleep?: typeof wait } = {},
): Promise<Exclude<ExportOutcome, { status: 'again' }>> {
  const { waits, sleep = wait } = options
  const done: Done[] = []
  const failed: Failure[] = []
  for (let round = request; ; round = { ...request, resume: false, rebuild: false }) {
    const outcome = await runExport(round, context)
    if (outcome.status === 'canceled') return outcome
    done.push(...outcome.done)
    failed.push(...outcome.failed)
    if (outcome.status === 'done') return { ...outcome, done, failed }
    waits?.(outcome)
    await sleep(Math.max(0, outcome.at.getTime() - context.exporting.clock().getTime()), undefined, { signal: context.signal })
  }
}
