import { DataError, UnavailableError, UsageError } from '../errors.ts'
import { heldBy } from '../store/claims.ts'
import { addForgotten } from './forgotten.ts'
import type { Holder } from './holding.ts'
import { holding } from './holding.ts'
import { rewriteWindow } from './rewrite.ts'
import type { ExportContext } from './run.ts'
import { namesUnder } from './status.ts'
import type { ExportWindow } from './windows.ts'
import { windowNamed } from './windows.ts'

export interface ForgetOutcome {
  /** Ids that were not on the list before. */
  readonly added: number
  /** Windows that held lines of theirs, and hold none now, with how many lines went. */
  readonly rewritten: readonly { readonly window: string; readonly lines: number }[]
  /** Windows that another process is at. */
  readonly busy: readonly string[]
}

/**
 * Takes everything about some people out of an export: every kept window that holds them is rewritten in all its formats
 * from what is kept, so that it loses nothing else, whatever the vendor has by now. Objects of windows that were never
 * kept whole, older versions and uploads that nobody goes on with are deleted for good, and no later export brings anybody
 * back. Ids are kept as SHA-256 alone. May be called again after any end of an earlier call; throws what rewriting throws,
 * and what is not what its manifest says after all other windows are done.
 */
export async function forgetPeople(
  ids: readonly string[],
  { entry, zone, exporting, owner, signal }: ExportContext,
  progress: (window: string, at: number, of: number) => void = () => {},
): Promise<ForgetOutcome> {
  const { store, keys, clock } = exporting
  const holder: Holder = { store, keys, owner, clock }
  const added = await addForgotten(store, keys, ids)
  // Only now: what begins later reads the list with them on it.
  const names = await windowsToLookInto(holder, (name) => windowOr(name, entry.every, zone))
  const rewritten: { window: string; lines: number }[] = []
  const busy: string[] = []
  let damaged: DataError | undefined
  let at = 0
  for (const [name, { window, objects }] of [...names].sort(([one], [other]) => (one < other ? -1 : 1))) {
    at += 1
    progress(name, at, names.size)
    const held = await holding(holder, name, async (ours) => {
      const stillOurs = () => {
        ours()
        if (signal?.aborted === true) throw new UnavailableError('interrupted; run it again and it goes on')
      }
      await abortUploads(holder, name, stillOurs)
      try {
        const manifest = await rewriteWindow({ ...exporting, stillOurs, signal }, window, objects)
        if (manifest !== undefined) rewritten.push({ window: name, lines: manifest.forgotten ?? 0 })
      } catch (error) {
        if (!(error instanceof DataError)) throw error
        damaged ??= error
      }
    })
    if (!('value' in held)) busy.push(name)
  }
  // Also of what was rewritten before, or replaced, or deleted for its age, by whoever ended before he came to this.
  for (const prefix of keys.objects) await store.purge(prefix)
  if (damaged !== undefined) throw damaged
  return { added, rewritten, busy }
}

interface ToLookInto {
  readonly window: ExportWindow
  /** What lies under its name, whether or not a manifest says so. */
  readonly objects: string[]
}

/** Windows that are kept, that have objects or uploads although they are not, and that somebody is at who began before now. */
async function windowsToLookInto(
  { store, keys, clock }: Holder,
  windowOf: (name: string) => ExportWindow | undefined,
): Promise<Map<string, ToLookInto>> {
  const found = new Map<string, ToLookInto>()
  function add(name: string): string[] {
    const known = found.get(name)
    if (known !== undefined) return known.objects
    const window = windowOf(name)
    const objects: string[] = []
    if (window !== undefined) found.set(name, { window, objects })
    return objects
  }
  // In this order: what is kept while this looks is among the claims before, or among the manifests after.
  for (const name of await namesUnder(store, keys.claim('x').replace(/x\.json$/, ''))) {
    if ((await heldBy(store, keys.claim(name), clock())) !== undefined) add(name)
  }
  for (const prefix of keys.objects) {
    for await (const { key } of store.list(prefix)) {
      const name = nameIn(key)
      if (name !== undefined) add(name).push(key)
    }
    for (const { key } of await store.unfinished(prefix)) {
      const name = nameIn(key)
      if (name !== undefined) add(name)
    }
  }
  for (const name of await namesUnder(store, keys.manifests)) {
    add(name)
    if (!found.has(name)) throw otherWindows(name)
  }
  return found
}

/**
 * Ends every upload of a window, parts and all. Only who holds the window may, and lists them only then: all of them are of
 * processes that died since, or slept for longer than their claim lasted, which must not publish anything either.
 */
async function abortUploads({ store, keys }: Holder, window: string, stillOurs: () => void): Promise<void> {
  for (const prefix of keys.objects) {
    const uploads = await store.unfinished(prefix)
    for (const upload of uploads.filter(({ key }) => nameIn(key) === window)) {
      stillOurs()
      await upload.abort()
    }
  }
  stillOurs()
}

/** The window that an object is of, where it is one's. */
function nameIn(key: string): string | undefined {
  return /\/([^/]+)\.(?:json\.gz|parquet)$/.exec(key)?.[1]
}

function otherWindows(name: string): UsageError {
  return new UsageError(`${name} is kept, and the project file says that windows are others`, {
    remedy: 'put the old words back (`every`, `timezone`), or begin it anew with --rebuild',
  })
}

/** Undefined for what is no window's name: somebody else's object. */
function windowOr(...[name, every, zone]: Parameters<typeof windowNamed>): ExportWindow | undefined {
  try {
    return windowNamed(name, every, zone)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
