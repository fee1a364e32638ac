import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { DataError } from '../errors.ts'
import { ownerIsDead } from './owner.ts'
import type { Store, Stored } from './store.ts'

export { ownerOfThisProcess } from './owner.ts'

/**
 * Who is doing what, so that one of many does it. A claim is an object that is created only if absent and taken
 * over only from the etag that was read, so of any number of racers one wins. It is never deleted: between looking
 * whose it is and deleting it, it could have become another's.
 */
export interface Claim {
  readonly key: string
  readonly owner: string
  /** Pushes the expiry out; false when somebody else has taken the claim over meanwhile, or it was released. */
  renew(): Promise<boolean>
  /** Gives the claim back, so that the next one need not wait for the expiry. Nothing happens if it is no longer ours. */
  release(): Promise<void>
}

export interface Held {
  readonly heldBy: string
  readonly until: Date
}

const claimRecord = z.strictObject({
  version: z.literal(1),
  owner: z.string(),
  /** Which of the owner's claims this is; by it a put whose answer was lost knows its own object again. */
  token: z.string(),
  until: z.iso.datetime(),
  released: z.boolean(),
})
type ClaimRecord = z.output<typeof claimRecord>

/**
 * Claims `key` for `seconds`. Who holds it is told if it is held: not expired, not released, and its owner not a
 * process of this host that is dead. A second claim of the same owner is refused like anybody else's. Throws DataError
 * for an object that is no claim, and what the store throws.
 */
export async function claim(
  store: Store,
  key: string,
  options: { readonly owner: string; readonly seconds: number; readonly clock: () => Date },
): Promise<Claim | Held> {
  const { owner, seconds, clock } = options
  const token = randomUUID()
  const write = (condition: 'absent' | { readonly etag: string }, released: boolean) => {
    const until = new Date(clock().getTime() + seconds * 1000).toISOString()
    const body = { version: 1, owner, token, until, released } satisfies ClaimRecord
    return store.put(key, `${JSON.stringify(body)}\n`, { if: condition, contentType: 'application/json' })
  }

  let etag: string | undefined
  while (etag === undefined) {
    const stored = await store.get(key)
    const found = stored === undefined ? undefined : parse(stored, store.locate(key))
    if (found?.token === token) {
      etag = stored?.etag
    } else if (found !== undefined && !isFree(found, clock())) {
      return { heldBy: found.owner, until: new Date(found.until) }
    } else {
      etag = await write(stored === undefined ? 'absent' : { etag: stored.etag }, false)
    }
  }

  let current = etag
  let over = false
  async function rewrite(released: boolean): Promise<boolean> {
    while (!over) {
      const written = await write({ etag: current }, released)
      if (written !== undefined) {
        current = written
        over = released
        return true
      }
      const stored = await store.get(key)
      if (stored === undefined || parse(stored, store.locate(key)).token !== token) over = true
      else current = stored.etag
    }
    return false
  }

  // One after the other: a renewal that is under way must not undo a release.
  let last: Promise<unknown> = Promise.resolve()
  function inTurn(released: boolean): Promise<boolean> {
    const turn = last.then(() => rewrite(released))
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    key,
    owner,
    renew: () => inTurn(false),
    release: async () => {
      await inTurn(true)
    },
  }
}

/** Who holds a claim now, if anybody does. Throws DataError for an object that is no claim. */
export async function heldBy(store: Store, key: string, now: Date): Promise<Held | undefined> {
  const stored = await store.get(key)
  const found = stored === undefined ? undefined : parse(stored, store.locate(key))
  return found === undefined || isFree(found, now) ? undefined : { heldBy: found.owner, until: new Date(found.until) }
}

function isFree(found: ClaimRecord, now: Date): boolean {
  return found.released || new Date(found.until).getTime() <= now.getTime() || ownerIsDead(found.owner)
}

function parse(stored: Stored, place: string): ClaimRecord {
  try {
    return claimRecord.parse(JSON.parse(Buffer.from(stored.body).toString('utf8')))
  } catch (cause) {
    throw new DataError(`${place} is not a claim`, { remedy: 'delete it, if nothing is running', cause })
  }
}
