import type { ExportEntry } from '../project/project.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { floorTo } from '../timeframe.ts'
import { readManifest } from './manifest.ts'
import type { ExportContext, ExportRequest } from './run.ts'
import { namesUnder } from './status.ts'
import type { Trouble } from './trouble.ts'
import { readTrouble } from './trouble.ts'
import type { ExportWindow } from './windows.ts'

/**
 * The windows to export now, in their order: those that are not kept, those whose replacement was cut off, and those that
 * are to be looked at again (`sync` and `refresh`, or asked for by name) and were not since then. What failed for good
 * waits for the next schedule, and what would be deleted at once (`keep`) is not asked for.
 */
export async function due(
  windows: readonly ExportWindow[],
  request: ExportRequest,
  { entry, zone, exporting }: Pick<ExportContext, 'entry' | 'zone' | 'exporting'>,
): Promise<ExportWindow[]> {
  const { store, keys, clock } = exporting
  const [kept, troubled] = await Promise.all([namesUnder(store, keys.manifests), namesUnder(store, keys.troubles)])
  const oldest = entry.keep === undefined ? Number.NEGATIVE_INFINITY : clock().getTime() - entry.keep * 1000
  // A snapshot stays as it was taken: looked at again, it would be one of another time.
  const looked = exporting.partition === 'snapshot' ? () => undefined : lookedAtSince(windows, request, entry, zone)
  const chosen: ExportWindow[] = []
  for (const window of windows) {
    if (window.end.epochMilliseconds <= oldest) continue
    const trouble = troubled.has(window.name) ? await readTrouble(store, keys, window.name) : undefined
    const about = { kept: kept.has(window.name), trouble, scheduledAt: request.scheduledAt.epochMilliseconds }
    if (await isDue(window, { ...about, since: looked(window), store, keys })) chosen.push(window)
  }
  // What has yet to be kept first, then what is looked at again; each in the order that the file says.
  const ordered = entry.order === 'newest' ? chosen.toReversed() : chosen
  return [...ordered.filter(({ name }) => !kept.has(name)), ...ordered.filter(({ name }) => kept.has(name))]
}

/** Since when a kept window must have been looked at, in milliseconds since the epoch; undefined for those that stay. */
function lookedAtSince(
  windows: readonly ExportWindow[],
  { from, to, scheduledAt }: ExportRequest,
  { sync, refresh }: Pick<ExportEntry, 'sync' | 'refresh'>,
  zone: string,
): (window: ExportWindow) => number | undefined {
  const now = scheduledAt.epochMilliseconds
  if (from !== undefined || to !== undefined) return () => now
  const end = windows.at(-1)?.end
  const within = ({ start }: ExportWindow, seconds: number | undefined) =>
    seconds !== undefined && end !== undefined && start.epochMilliseconds >= end.subtract({ seconds }).epochMilliseconds
  const calendar = { timezone: zone, weekStart: 'monday' } as const
  return (window) => {
    if (within(window, sync)) return now
    // Once in each week or month: ids that the vendor merged since are other ones now.
    if (refresh === undefined || !within(window, refresh.back)) return undefined
    return floorTo(scheduledAt.toZonedDateTimeISO(zone), refresh.every, calendar).epochMilliseconds
  }
}

async function isDue(
  window: ExportWindow,
  about: {
    readonly kept: boolean
    readonly trouble: Trouble | undefined
    readonly scheduledAt: number
    readonly since: number | undefined
    readonly store: Store
    readonly keys: ExportKeys
  },
): Promise<boolean> {
  const { kept, trouble, scheduledAt, since, store, keys } = about
  const lookedAt = trouble === undefined ? Number.NEGATIVE_INFINITY : Date.parse(trouble.at)
  if (trouble?.state === 'replacing') return true
  if (trouble?.state === 'failed' || trouble?.state === 'timed out') return lookedAt < scheduledAt
  if (!kept || trouble?.state === 'retried') return true
  if (since === undefined || lookedAt >= since) return false
  const manifest = await readManifest(store, keys.manifest(window.name))
  return manifest === undefined || Date.parse(manifest.manifest.exportedAt) < since
}
