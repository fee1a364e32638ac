import { Temporal } from 'temporal-polyfill'
import type { Holder } from './holding.ts'
import { holding } from './holding.ts'
import { readManifest } from './manifest.ts'

/**
 * Deletes the windows that ended longer ago than `keep` seconds: each one's manifest first, so that nobody is told of what
 * is not there, then its objects. Older versions go by the bucket's own rule. Gives the names of what was deleted; a
 * window that somebody is at is left for the next time.
 */
export async function expire(holder: Holder, keep: number): Promise<string[]> {
  const { store, keys, clock } = holder
  const oldest = Temporal.Instant.fromEpochMilliseconds(clock().getTime() - keep * 1000)
  const gone: string[] = []
  // Names are dates, so the first one that is young enough ends the search.
  for await (const { key } of store.list(keys.manifests)) {
    const window = key.slice(keys.manifests.length).replace(/\.json$/, '')
    const kept = await readManifest(store, key)
    if (kept === undefined) continue
    if (Temporal.Instant.compare(Temporal.Instant.from(kept.manifest.end), oldest) > 0) break
    await holding(holder, window, async () => {
      await store.delete(key)
      const objects = [...kept.manifest.objects, ...(kept.manifest.next?.objects ?? [])]
      for (const one of new Set(objects.map((object) => object.key))) await store.delete(one)
      await store.delete(keys.trouble(window))
      gone.push(window)
    })
  }
  return gone
}
