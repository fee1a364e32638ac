import * as z from 'zod'
import { UsageError } from '../errors.ts'
import type { Held } from '../store/claims.ts'
import { heldBy } from '../store/claims.ts'
import { whileHolding } from '../store/holding.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Holder } from './holding.ts'
import { parseKept } from './manifest.ts'
import { inBatches } from './reach.ts'
import { everyOf } from './windows.ts'

/** What the first window of an export fixed for all later ones. */
const settled = z.strictObject({
  version: z.literal(1),
  every: z.enum(['day', 'hour']),
  zone: z.string(),
  /** SHA-256 of what was asked, as manifests have it. */
  definition: z.string(),
  /** The column of each property, in Parquet and in the catalogue; only ever added to. */
  columns: z.array(z.tuple([z.string(), z.string()])),
  /** The part of the path of each event, where each is kept by itself; only ever added to. */
  slugs: z.array(z.tuple([z.string(), z.string()])),
  /** What was kept under other words has yet to go, and no window begins before. */
  rebuilding: z.literal(true).optional(),
})
export type Settled = z.output<typeof settled>
type Wanted = Pick<Settled, 'every' | 'zone' | 'definition'>

const canceled = z.strictObject({ version: z.literal(1), by: z.string(), at: z.iso.datetime() })

/**
 * Reads what was fixed, or fixes it. Throws UsageError where the project file now says something else; `rebuild` fixes that
 * instead, whether or not it is something else, and `clearOld` has then to be called before any window begins.
 */
export async function settle(store: Store, keys: ExportKeys, wanted: Wanted, rebuild: boolean): Promise<Settled> {
  const found = await readSettled(store, keys)
  if (found === undefined) {
    const first: Settled = { version: 1, ...wanted, columns: [], slugs: [] }
    const written = await store.put(keys.settled, toText(first), { if: 'absent', contentType: 'application/json' })
    return written === undefined ? settle(store, keys, wanted, rebuild) : first
  }
  const { settled: own } = found
  if (!rebuild) {
    const refusal = refusalOf(own, wanted)
    if (refusal !== undefined) throw refusal
    return own
  }
  // First of all, so that a window that is under way elsewhere is not published any more from now on.
  const anew: Settled = { ...own, ...wanted, rebuilding: true }
  const written = await store.put(keys.settled, toText(anew), { if: { etag: found.etag }, contentType: 'application/json' })
  return written === undefined ? settle(store, keys, wanted, rebuild) : anew
}

/**
 * Why every call of an export is refused until the project file or the export is mended, if it is: nothing is written.
 * Without `definition` it is asked for its windows' length and zone alone.
 */
export async function refusedFor(
  store: Store,
  keys: ExportKeys,
  wanted: Omit<Wanted, 'definition'> & Partial<Wanted>,
): Promise<UsageError | undefined> {
  const found = await readSettled(store, keys)
  return found === undefined ? undefined : refusalOf(found.settled, wanted)
}

function refusalOf(own: Wanted, wanted: Omit<Wanted, 'definition'> & Partial<Wanted>): UsageError | undefined {
  const remedy = 'put the old words back, give the export another name, or begin it anew with --rebuild'
  if (own.every !== wanted.every || own.zone !== wanted.zone) {
    return new UsageError(
      `this export is kept by the ${own.every} of ${own.zone}, and the project file says the ${wanted.every} of ${wanted.zone}`,
      { remedy },
    )
  }
  if (wanted.definition === undefined || own.definition === wanted.definition) return undefined
  return new UsageError(
    'what this export asks for is not what its kept windows hold: its source, events, `where`, `drop` or `schema` changed',
    { remedy },
  )
}

/**
 * Deletes for good, older versions included, all that was kept under other words, where `--rebuild` said so. Tells who is
 * still at a window: nothing is deleted before that one ends. May be called again after any end of an earlier call. Throws
 * UsageError where nobody is at it and this process has no rights to (`mayPurge`).
 */
export async function clearOld(
  holder: Holder,
  { mayPurge = true }: { readonly mayPurge?: boolean | undefined } = {},
): Promise<(Held & { readonly at: string }) | undefined> {
  const { store, keys, owner, clock } = holder
  if ((await readSettled(store, keys))?.settled.rebuilding !== true) return undefined
  if (!mayPurge) {
    const held = await heldBy(store, keys.rebuild, clock())
    if (held !== undefined) return { ...held, at: 'the rebuild' }
    throw new UsageError('this export is to begin anew, and what was kept under its old words has yet to be deleted', {
      remedy: 'run broadsheet export where --rebuild was said once more: what runs on a schedule may not delete older versions',
    })
  }
  const own = await whileHolding(store, keys.rebuild, { owner, clock, what: 'the rebuild' }, async (stillOurs) => {
    // Another process may have done it before this claim.
    const found = await readSettled(store, keys)
    if (found?.settled.rebuilding !== true) return undefined
    const claims = await keysUnder(store, keys.claim('x').replace(/x\.json$/, ''))
    const busy = await inBatches(claims, async (key) => {
      const held = await heldBy(store, key, clock())
      return held === undefined
        ? undefined
        : {
            ...held,
            at:
              key
                .split('/')
                .at(-1)
                ?.replace(/\.json$/, '') ?? key,
          }
    })
    const first = busy.find((one) => one !== undefined)
    if (first !== undefined) return first
    for (const prefix of [keys.manifests, keys.troubles, keys.lookedAt, ...keys.objects]) {
      const old = await keysUnder(store, prefix)
      await inBatches(old, async (key) => {
        stillOurs()
        await store.delete(key)
      })
    }
    await store.purge(keys.manifests)
    for (const prefix of keys.objects) {
      await store.purge(prefix)
      for (const upload of await store.unfinished(prefix)) await upload.abort()
    }
    // Whoever began under the old words before may still give names, and is refused only then.
    for (;;) {
      const now = await readSettled(store, keys)
      if (now?.settled.rebuilding !== true) return undefined
      const { rebuilding: _, ...done } = now.settled
      const options = { if: { etag: now.etag }, contentType: 'application/json' }
      if ((await store.put(keys.settled, toText(done), options)) !== undefined) return undefined
    }
  })
  return 'value' in own ? own.value : { ...own, at: 'the rebuild' }
}

/**
 * Throws UsageError where the export was begun anew under other words since it was settled for a window: that one is part
 * of nothing any more. To be called by whoever holds the window, right before its objects are put.
 */
export async function checkSettled(
  store: Store,
  keys: ExportKeys,
  { window, zone, definition }: { readonly window: string; readonly zone: string; readonly definition: string },
): Promise<void> {
  const found = await readSettled(store, keys)
  if (found === undefined) return
  const { settled: own } = found
  const every = everyOf(window)
  // Words that were put back while the others are being deleted are a beginning, too.
  if (own.every === every && own.zone === zone && own.definition === definition && own.rebuilding !== true) return
  throw new UsageError(`this export was begun anew while ${window} came`, {
    remedy: 'nothing of it is kept; run it again with the project file of today',
  })
}

async function keysUnder(store: Store, prefix: string): Promise<string[]> {
  const all: string[] = []
  for await (const { key } of store.list(prefix)) all.push(key)
  return all
}

/** Names that are given once, for every window: the column of each property, and the part of the path of each event. */
export interface NamesGiven {
  readonly columns: ReadonlyMap<string, string>
  readonly slugs: ReadonlyMap<string, string>
}

/** The names as they are known now. */
export interface NamesKnown extends NamesGiven {
  readonly etag: string
}

/** Throws RangeError before the first window settled anything. */
export async function readNames(store: Store, keys: ExportKeys): Promise<NamesKnown> {
  const found = await readSettled(store, keys)
  if (found === undefined) throw new RangeError('names are given before the first window settled anything')
  const { columns, slugs } = found.settled
  return { columns: new Map(columns), slugs: new Map(slugs), etag: found.etag }
}

/** The same without a condition: none before the first window settled anything. */
export async function knownNames(store: Store, keys: ExportKeys): Promise<NamesGiven> {
  const found = await readSettled(store, keys)
  return { columns: new Map(found?.settled.columns), slugs: new Map(found?.settled.slugs) }
}

/** Keeps new names beside those that were known; false where somebody else kept some meanwhile, and these count for nothing. */
export async function keepNames(store: Store, keys: ExportKeys, known: NamesKnown, given: NamesGiven): Promise<boolean> {
  if (given.columns.size === known.columns.size && given.slugs.size === known.slugs.size) return true
  const found = await readSettled(store, keys)
  if (found?.etag !== known.etag) return false
  const body = toText({ ...found.settled, columns: [...given.columns], slugs: [...given.slugs] })
  return (await store.put(keys.settled, body, { if: { etag: known.etag }, contentType: 'application/json' })) !== undefined
}

export async function cancel(store: Store, keys: ExportKeys, by: string, at: Date): Promise<void> {
  const body = { version: 1, by, at: at.toISOString() } satisfies z.input<typeof canceled>
  await store.put(keys.canceled, `${JSON.stringify(body)}\n`, { contentType: 'application/json' })
}

/** Who canceled the export, if somebody did; `resume` takes that back first. */
export async function cancellation(
  store: Store,
  keys: ExportKeys,
  resume: boolean,
): Promise<{ readonly by: string; readonly at: Date } | undefined> {
  if (resume) await store.delete(keys.canceled)
  const stored = await store.get(keys.canceled)
  if (stored === undefined) return undefined
  const { by, at } = parseKept(canceled, stored.body, store.locate(keys.canceled))
  return { by, at: new Date(at) }
}

async function readSettled(
  store: Store,
  keys: ExportKeys,
): Promise<{ readonly settled: Settled; readonly etag: string } | undefined> {
  const stored = await store.get(keys.settled)
  if (stored === undefined) return undefined
  return { settled: parseKept(settled, stored.body, store.locate(keys.settled)), etag: stored.etag }
}

function toText(value: Settled): string {
  return `${JSON.stringify(value)}\n`
}
