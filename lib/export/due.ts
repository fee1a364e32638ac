import { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import { floorTo } from '../timeframe.ts'
import { readSoundManifest } from './manifest.ts'
import { inBatches, longBefore } from './reach.ts'
import type { ExportContext, ExportRequest } from './run.ts'
import { namesUnder } from './status.ts'
import { deleteLooked, readLooked, readTrouble } from './trouble.ts'
import type { ExportWindow } from './windows.ts'

/**
 * The windows to export now, in their order: those that are not kept, those whose replacement was cut off, and those that
 * are to be looked at again (`sync` and `refresh`, or asked for by name) and were not since then. What failed for good
 * waits for the next schedule, and comes last there.
 */
export async function due(
  windows: readonly ExportWindow[],
  request: ExportRequest,
  { entry, zone, exporting }: Pick<ExportContext, 'entry' | 'zone' | 'exporting'>,
): Promise<ExportWindow[]> {
  const { store, keys, clock, head } = exporting
  const [kept, troubled, looked] = await Promise.all([
    namesUnder(store, keys.manifests),
    namesUnder(store, keys.troubles),
    readLooked(store, keys),
  ])
  const now = Temporal.Instant.fromEpochMilliseconds(clock().getTime()).toZonedDateTimeISO(zone)
  // A snapshot stays as it was taken: looked at again, it would be one of another time.
  const sinceOf = exporting.partition === 'snapshot' ? () => undefined : lookedAtSince(windows, request, entry, zone)

  const failedAt = new Map<string, number>()

  async function isDue(window: ExportWindow): Promise<boolean> {
    const { name } = window
    const trouble = troubled.has(name) ? await readTrouble(store, keys, name) : undefined
    const triedAt = trouble === undefined ? Number.NEGATIVE_INFINITY : Date.parse(trouble.at)
    if (trouble?.state === 'replacing') return true
    if (trouble?.state === 'failed') failedAt.set(name, triedAt)
    if (trouble?.state === 'failed' || trouble?.state === 'timed out') return triedAt < request.scheduledAt.epochMilliseconds
    if (!kept.has(name) || trouble?.state === 'retried') return true
    const since = sinceOf(window)
    if (since === undefined || triedAt >= since || (looked.get(name) ?? Number.NEGATIVE_INFINITY) >= since) return false
    // One that is damaged is told of by whoever exports the window, and the others go on.
    const manifest = (await readSoundManifest(store, keys.manifest(name)))?.manifest
    return manifest?.definition !== head.definition || Date.parse(manifest.exportedAt) < since
  }

  const are = await inBatches(windows, isDue)
  const chosen = windows.filter((_, at) => are[at] === true)
  const inReach = new Set(windows.filter((window) => sinceOf(window) !== undefined).map(({ name }) => name))
  const left = [...looked].filter(([name, at]) => !inReach.has(name) && at < now.epochMilliseconds - longestBackfill)
  await inBatches(left, ([name, at]) => deleteLooked(store, keys, name, at))
  // What has yet to be kept first, then what is looked at again; each in the order that the file says.
  const ordered = entry.order === 'newest' ? chosen.toReversed() : chosen
  const others = ordered.filter(({ name }) => !failedAt.has(name))
  // Windows that fail for ever in the same way end a call, and would else keep all others from being begun.
  const failed = ordered
    .filter(({ name }) => failedAt.has(name))
    .toSorted((one, other) => (failedAt.get(one.name) ?? 0) - (failedAt.get(other.name) ?? 0))
  return [...others.filter(({ name }) => !kept.has(name)), ...others.filter(({ name }) => kept.has(name)), ...failed]
}

/** Milliseconds for which days that were asked for by name are known to have been looked at. */
const longestBackfill = 90 * 86_400_000

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
  const reach = (seconds: number | undefined) =>
    seconds === undefined || end === undefined ? Number.POSITIVE_INFINITY : longBefore(end, seconds).epochMilliseconds
  const synced = reach(sync)
  const refreshed = reach(refresh?.back)
  const calendar = { timezone: zone, weekStart: 'monday' } as const
  // Once in each week or month: ids that the vendor merged since are other ones now.
  const turn =
    refresh === undefined ? undefined : floorTo(scheduledAt.toZonedDateTimeISO(zone), refresh.every, calendar).epochMilliseconds
  return ({ start }) => {
    const at = start.epochMilliseconds
    return at >= synced ? now : at >= refreshed ? turn : undefined
  }
}
