import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import * as z from 'zod'
import { DataError, UnavailableError, WaitError } from '../errors.ts'
import type { Ledger, Limit, Taken } from '../ledger.ts'
import { limitKey } from './keys.ts'
import type { Store, Stored } from './store.ts'

const minute = 60_000
const hour = 60 * minute
/** What clocks that are set may differ by; a wait that is longer than an hour and this is of one that is not. */
const skew = 5 * minute
/** Milliseconds that are waited at most after the first race that was lost; twice as many after each further one. */
const firstPause = 50
const longestPause = 1600
/** Each was lost to a change of others, and an hour of 60 calls has not so many: this store keeps no promise. */
const mostLost = 200

// Years beyond 9999 have a sign and six digits, which zod's own type refuses, and a clock may be set there.
const instant = z.string().pipe(z.coerce.date())
const limitRecord = z.strictObject({
  version: z.literal(1),
  /**
   * Calls may have the same instant. An etag depends on the content alone, so without ids two writers of the same body
   * would each take the other's for their own.
   */
  calls: z.array(z.strictObject({ id: z.string(), at: instant })),
  /** Nothing goes before then, as the vendor itself says. */
  until: instant.optional(),
})
type LimitRecord = z.output<typeof limitRecord>

export interface LedgerOptions {
  readonly clock: () => Date
  readonly sleep?: ((milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>) | undefined
  readonly random?: (() => number) | undefined
}

/**
 * A ledger in the store, for all who use the store: functions, people, processes. For each limit there is one object
 * with the instant of every call of the last hour, written only over what was read (If-Match), so nobody takes a call
 * without having seen all others.
 *
 * The hour slides: a call counts for an hour from its own instant, so no hour, wherever it begins, holds more than
 * `perHour`. Hours of the clock would allow twice that: all of the calls at 8:59, and all again at 9:00. Callers may
 * have different `perHour` for one limit; each looks whether there is room by its own. An instant that lies in the
 * future is of a clock that is ahead, and counts too.
 *
 * Nobody is left out for good: who loses a race lost it to a change that was made, and those are as few as the calls of
 * an hour and what is given back of them. A call whose process ends, or whose store fails, before it was answered may
 * stay counted: then one call too few is made in that hour, never one too many.
 *
 * Besides WaitError, throws DataError where the object is damaged, UnavailableError where no write ever holds, RangeError
 * for what is no limit (a name of other characters, a `perHour` that is not a whole number from 1) or no instant, and what
 * the store throws.
 */
export function storeLedger(store: Store, options: LedgerOptions): Ledger {
  const { clock, random = Math.random, sleep = (milliseconds, signal) => wait(milliseconds, undefined, { signal }) } = options
  const lines = new Map<string, Promise<unknown>>()

  /** Changes of one limit stand in line here, so that a process never loses a race against itself. */
  function inLine(name: string, work: () => Promise<void>): Promise<void> {
    const mine = (lines.get(name) ?? Promise.resolve()).then(work, work)
    lines.set(name, mine)
    return mine
  }

  /**
   * `next` makes the new record of what is there now, or undefined where nothing has to change. It is asked again after
   * a race that was lost, and after a put whose answer was lost on the way: then it finds its own change.
   */
  function change(
    name: string,
    next: (held: LimitRecord, now: Date) => LimitRecord | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const key = limitKey(name)
    return inLine(name, async () => {
      for (let lost = 0; lost < mostLost; lost += 1) {
        signal?.throwIfAborted()
        const stored = await store.get(key)
        const now = clock()
        const made = next(lastHour(parse(stored, store.locate(key)), now), now)
        if (made === undefined) return
        const condition = stored === undefined ? 'absent' : { etag: stored.etag }
        const written = await store.put(key, `${JSON.stringify(made)}\n`, { if: condition, contentType: 'application/json' })
        if (written !== undefined) return
        // Without it those who read together write together, and all but one for nothing.
        await sleep(random() * Math.min(longestPause, firstPause * 2 ** lost), signal).catch((error: unknown) => {
          signal?.throwIfAborted()
          throw error
        })
      }
      throw new UnavailableError(`${store.locate(key)} was read and not written ${mostLost} times: each time it had changed`)
    })
  }

  async function take(limit: Limit, signal?: AbortSignal): Promise<Taken> {
    const { name, perHour } = limit
    if (!Number.isInteger(perHour) || perHour < 1) throw new RangeError(`${name} cannot allow ${perHour} calls in an hour`)
    const place = store.locate(limitKey(name))
    const id = randomUUID()
    const taking = (held: LimitRecord, now: Date) => {
      if (held.calls.some((call) => call.id === id)) return undefined
      const refused = refusal(held, limit, now, place)
      if (refused !== undefined) throw refused
      return { ...held, calls: [...held.calls, { id, at: now }] }
    }
    await change(name, taking, signal)
    return {
      giveBack: () =>
        change(name, (held) => {
          const others = held.calls.filter((call) => call.id !== id)
          return others.length < held.calls.length ? { ...held, calls: others } : undefined
        }),
    }
  }

  async function block({ name }: Limit, until: Date): Promise<void> {
    if (Number.isNaN(until.getTime())) throw new RangeError(`${name} cannot be blocked until no instant`)
    // Once, and not after each race that was lost: else it would never know its own change again.
    const end = new Date(Math.min(until.getTime(), clock().getTime() + hour + skew))
    await change(name, (held, now) => {
      const nothingNew = end <= now || (held.until !== undefined && held.until >= end)
      return nothingNew ? undefined : { ...held, until: end }
    })
  }

  return { take, block }
}

/** What a limit has had of the last hour, for whoever tells how long calls will take; it may be more by the next instant. */
export async function usedOf(
  { name }: Limit,
  store: Store,
  now: Date,
): Promise<{ calls: readonly Date[]; until?: Date | undefined }> {
  const { calls, until } = lastHour(parse(await store.get(limitKey(name)), store.locate(limitKey(name))), now)
  return { calls: calls.map(({ at }) => at), until }
}

/** What is more than an hour old is forgotten. */
function lastHour({ version, calls, until }: LimitRecord, now: Date): LimitRecord {
  const counts = (at: Date) => now.getTime() - at.getTime() < hour
  return {
    version,
    calls: calls.filter(({ at }) => counts(at)),
    // Blocks are kept for an hour more, because on others' clocks they may not be over.
    ...(until !== undefined && counts(until) ? { until } : {}),
  }
}

/** Why no call can be taken now, with the first instant at which one can, if nobody else takes or gives back meanwhile. */
function refusal({ calls, until }: LimitRecord, limit: Limit, now: Date, place: string): WaitError | undefined {
  const { name, perHour, label = `calls of ${name}` } = limit
  // There is room when fewer than `perHour` count, so this one has to leave, and with it all that are older.
  const last = calls.toSorted((one, other) => one.at.getTime() - other.at.getTime()).at(-perHour)
  const room = last === undefined ? now : new Date(last.at.getTime() + hour)
  const first = until !== undefined && until > room ? until : room
  if (first <= now) return undefined
  // The instant of a block was some clock's own `skew` ahead, and that clock may be ahead, too.
  const wrong = first.getTime() - now.getTime() > hour + (first === until ? 2 * skew : skew)
  const clocks = `no hour lasts that long: set the clocks of all who ask, then delete ${place}`
  if (first === until) {
    return new WaitError(`the vendor says that the ${label} are used up; known here in the last hour: ${calls.length}`, {
      until: first,
      remedy: wrong ? clocks : 'whoever else asks the same project at the vendor takes part in them',
    })
  }
  return new WaitError(`${calls.length} of ${perHour} ${label} were used in the last hour`, {
    until: first,
    remedy: wrong ? clocks : 'to wait less, ask less in an hour, or raise the budget of the source',
  })
}

function parse(stored: Stored | undefined, place: string): LimitRecord {
  if (stored === undefined) return { version: 1, calls: [] }
  try {
    return limitRecord.parse(JSON.parse(Buffer.from(stored.body).toString('utf8')))
  } catch (cause) {
    throw new DataError(`${place} does not say what is used up of a limit`, {
      remedy: 'delete it: the calls of the last hour are forgotten then, and only the vendor itself counts them',
      cause,
    })
  }
}
