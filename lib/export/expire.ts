import { Temporal } from 'temporal-polyfill'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Holder } from './holding.ts'
import { holding } from './holding.ts'
import type { ExportManifest } from './manifest.ts'
import { readSoundManifest, writeManifest } from './manifest.ts'
import { inBatches, longBefore } from './reach.ts'
import { knownNames } from './settled.ts'
import { namesUnder } from './status.ts'
import { writeTrouble } from './trouble.ts'
import { everyOf, windowNamed } from './windows.ts'

export interface Expired {
  /** The names of what was deleted. */
  readonly gone: readonly string[]
  /** False where `isOver` said so before all of it was. */
  readonly isAll: boolean
}

/**
 * Deletes the windows that ended longer ago than `keep` seconds (whole days by the calendar of `zone`): each one's manifest
 * says first that its objects go, and goes after them, so that whoever dies between is followed by the next call. Objects
 * and notes of such windows that have no manifest go, too. Older versions go by the bucket's own rule. A window that
 * somebody is at is left for the next time. What a damaged manifest says does not matter to its end.
 */
export async function expire(
  holder: Holder,
  { keep, zone, isOver = () => false }: { readonly keep: number; readonly zone: string; readonly isOver?: () => boolean },
): Promise<Expired> {
  const { store, keys, clock } = holder
  const now = Temporal.Instant.fromEpochMilliseconds(clock().getTime()).toZonedDateTimeISO(zone)
  const oldest = longBefore(now, keep).epochMilliseconds
  const isOld = (window: string) => endOf(window, zone) <= oldest
  const gone: string[] = []
  // Names are dates, so the first one that is young enough ends the search.
  for await (const { key } of store.list(keys.manifests)) {
    const window = key.slice(keys.manifests.length).replace(/\.json$/, '')
    if (!isOld(window)) break
    if (isOver()) return { gone, isAll: false }
    const held = await holding(holder, window, (stillOurs) => deleteWindow(holder, window, stillOurs))
    if ('value' in held && held.value) gone.push(window)
  }
  const left = await leftLying(store, keys, isOld)
  const kept = left.size === 0 ? new Set<string>() : await namesUnder(store, keys.manifests)
  for (const [window, lying] of left) {
    if (kept.has(window)) continue
    if (isOver()) return { gone, isAll: false }
    await holding(holder, window, async (stillOurs) => {
      // Somebody may have kept it meanwhile, whose `keep` is a longer one.
      if ((await store.get(keys.manifest(window))) !== undefined) return
      await inBatches(lying, async (key) => {
        stillOurs()
        await store.delete(key)
      })
    })
  }
  return { gone, isAll: true }
}

/** What stands for the lines of a window that is being deleted: those of an empty day have another. */
const noLines = ''

/** Whether a window's deletion was begun, and was cut off. */
export function isExpiring({ status, next }: ExportManifest): boolean {
  return status === 'replacing' && next?.fingerprint === noLines
}

/** False where somebody else has written it meanwhile. */
async function deleteWindow({ store, keys, clock }: Holder, window: string, stillOurs: () => void): Promise<boolean> {
  const key = keys.manifest(window)
  // Objects of a damaged one are found by their names, as those without a manifest are.
  const kept = await readSoundManifest(store, key)
  if (kept !== undefined) {
    const { manifest } = kept
    const at = clock().toISOString()
    const next = { revision: manifest.revision + 1, exportedAt: at, lines: 0, fingerprint: noLines, objects: [], notes: [] }
    const named = [...manifest.objects, ...(manifest.next?.objects ?? [])]
    stillOurs()
    // Should `keep` become longer before the next call, this makes the window one that is to be exported again.
    await writeTrouble(store, keys, { version: 1, window, tries: 0, at, state: 'replacing' })
    // Both revisions' objects go, so the manifest that says so names both.
    const leaving = { ...manifest, status: 'replacing' as const, objects: unique(named), next }
    if ((await writeManifest(store, key, leaving, kept)) === undefined) return false
    await inBatches(unique(named), async (object) => {
      stillOurs()
      await store.delete(object.key)
    })
  }
  stillOurs()
  await store.delete(key)
  await store.delete(keys.trouble(window))
  return true
}

function unique<Object extends { readonly key: string }>(objects: readonly Object[]): Object[] {
  return [...new Map(objects.map((object) => [object.key, object])).values()]
}

/** The keys of objects and notes of old windows, by their windows: each place is listed up to its first young one. */
async function leftLying(
  store: Store,
  keys: ExportKeys,
  isOld: (window: string) => boolean,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { slugs } = await knownNames(store, keys)
  const folders = keys.objects.flatMap((prefix) => [
    prefix,
    ...[...new Set(slugs.values())].map((slug) => `${prefix}event=${slug}/`),
  ])
  const places = [...folders.flatMap((prefix) => [`${prefix}date=`, `${prefix}snapshot=`]), keys.troubles]
  const left = new Map<string, string[]>()
  await inBatches(places, async (place) => {
    for await (const { key } of store.list(place)) {
      const window = key.split('/').at(-1)?.replace(/\..*$/, '') ?? ''
      if (!isOld(window)) return
      left.set(window, [...(left.get(window) ?? []), key])
    }
  })
  return left
}

/** In milliseconds since the epoch; never, for what is no name of a window. */
function endOf(window: string, zone: string): number {
  try {
    return windowNamed(window, everyOf(window), zone).end.epochMilliseconds
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY
    throw error
  }
}
