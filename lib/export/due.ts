import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { readManifest } from './manifest.ts'
import type { ExportContext, ExportRequest } from './run.ts'
import { namesUnder } from './status.ts'
import type { Trouble } from './trouble.ts'
import { readTrouble } from './trouble.ts'
import type { ExportWindow } from './windows.ts'

/**
 * The windows to export now, in their order: those that are not kept, those whose replacement was cut off, and those that
 * are to be looked at again (`sync`, or asked for by name) and were not since the schedule called. What failed for good
 * waits for the next schedule.
 */
export async function due(
  windows: readonly ExportWindow[],
  request: ExportRequest,
  { entry, exporting }: Pick<ExportContext, 'entry' | 'exporting'>,
): Promise<ExportWindow[]> {
  const { store, keys } = exporting
  const [kept, troubled] = await Promise.all([namesUnder(store, keys.manifests), namesUnder(store, keys.troubles)])
  const syncedFrom = lookedAtFrom(windows, request, entry.sync)
  const chosen: ExportWindow[] = []
  for (const window of windows) {
    const trouble = troubled.has(window.name) ? await readTrouble(store, keys, window.name) : undefined
    const again = syncedFrom !== undefined && window.start.epochMilliseconds >= syncedFrom
    if (await isDue(window, { kept: kept.has(window.name), trouble, again, request, store, keys })) chosen.push(window)
  }
  // What has yet to be kept first, then what is looked at again; each in the order that the file says.
  const ordered = entry.order === 'newest' ? chosen.toReversed() : chosen
  return [...ordered.filter(({ name }) => !kept.has(name)), ...ordered.filter(({ name }) => kept.has(name))]
}

/** Windows from that time on are looked at again, in milliseconds since the epoch. */
function lookedAtFrom(
  windows: readonly ExportWindow[],
  { from, to }: ExportRequest,
  sync: number | undefined,
): number | undefined {
  if (from !== undefined || to !== undefined) return Number.NEGATIVE_INFINITY
  const last = windows.at(-1)
  return sync === undefined || last === undefined ? undefined : last.end.subtract({ seconds: sync }).epochMilliseconds
}

async function isDue(
  window: ExportWindow,
  about: {
    readonly kept: boolean
    readonly trouble: Trouble | undefined
    readonly again: boolean
    readonly request: ExportRequest
    readonly store: Store
    readonly keys: ExportKeys
  },
): Promise<boolean> {
  const { kept, trouble, again, request, store, keys } = about
  const since = request.scheduledAt.epochMilliseconds
  const lookedAt = trouble === undefined ? Number.NEGATIVE_INFINITY : Date.parse(trouble.at)
  if (trouble?.state === 'replacing') return true
  if (trouble?.state === 'failed' || trouble?.state === 'timed out') return lookedAt < since
  if (!kept) return true
  if (trouble?.state === 'retried') return true
  if (!again || lookedAt >= since) return false
  const manifest = await readManifest(store, keys.manifest(window.name))
  return manifest === undefined || Date.parse(manifest.manifest.exportedAt) < since
}
