import { Temporal } from 'temporal-polyfill'
import { claim } from '../store/claims.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { readManifest } from './manifest.ts'

/**
 * Deletes the windows that ended longer ago than `keep` seconds: each one's manifest first, so that nobody is told of what
 * is not there, then its objects. Older versions go by the bucket's own rule. Gives the names of what was deleted; a
 * window that somebody is at is left for the next time.
 */
export async function expire(
  {
    store,
    keys,
    owner,
    clock,
  }: { readonly store: Store; readonly keys: ExportKeys; readonly owner: string; readonly clock: () => Date },
  keep: number,
): Promise<string[]> {
  const oldest = Temporal.Instant.fromEpochMilliseconds(clock().getTime() - keep * 1000)
  const gone: string[] = []
  // Names are dates, so the first one that is young enough ends the search.
  for await (const { key } of store.list(keys.manifests)) {
    const window = key.slice(keys.manifests.length).replace(/\.json$/, '')
    const kept = await readManifest(store, key)
    if (kept === undefined) continue
    if (Temporal.Instant.compare(Temporal.Instant.from(kept.manifest.end), oldest) > 0) break
    const held = await claim(store, keys.claim(window), { owner, seconds: 120, clock })
    if ('heldBy' in held) continue
    try {
      await store.delete(key)
      const objects = [...kept.manifest.objects, ...(kept.manifest.next?.objects ?? [])]
      for (const one of new Set(objects.map((object) => object.key))) await store.delete(one)
      await store.delete(keys.trouble(window))
      gone.push(window)
    } finally {
      await held.release()
    }
  }
  return gone
}
