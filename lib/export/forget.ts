import { UnavailableError } from '../errors.ts'
import { addForgotten, readForgotten } from './forgotten.ts'
import { holding } from './holding.ts'
import type { ExportContext } from './run.ts'
import { namesUnder } from './status.ts'
import { rewriteWindow } from './window.ts'
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
 * Takes everything about some people out of an export: every kept window that holds them is rewritten in all its formats,
 * older versions are deleted for good, and no later export brings them back, whatever the vendor still has. Ids are kept
 * as SHA-256 alone. May be called again after any end of an earlier call; throws what rewriting throws.
 */
export async function forgetPeople(
  ids: readonly string[],
  { entry, zone, exporting, owner, signal }: ExportContext,
  progress: (window: string, at: number, of: number) => void = () => {},
): Promise<ForgetOutcome> {
  const { store, keys, clock } = exporting
  const added = await addForgotten(store, keys, ids)
  const forgotten = await readForgotten(store, keys)
  const names = [...(await namesUnder(store, keys.manifests))].sort()
  const rewritten: { window: string; lines: number }[] = []
  const busy: string[] = []
  for (const [at, name] of names.entries()) {
    progress(name, at + 1, names.length)
    const held = await holding({ store, keys, owner, clock }, name, async (ours) => {
      const stillOurs = () => {
        ours()
        if (signal?.aborted === true) throw new UnavailableError('interrupted; run it again and it goes on')
      }
      const window = windowNamed(name, entry.every, zone)
      const manifest = await rewriteWindow({ ...exporting, forgotten, stillOurs, signal }, window)
      if (manifest !== undefined) rewritten.push({ window: name, lines: manifest.forgotten ?? 0 })
    })
    if (!('value' in held)) busy.push(name)
  }
  // Also of what was rewritten before, or replaced, or deleted for its age, by whoever ended before he came to this.
  for (const prefix of keys.objects) await store.purge(prefix)
  return { added, rewritten, busy }
}
