import { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import type { ExportReader } from '../sources/source.ts'
import { exportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { shift } from '../timeframe.ts'
import { keptFiles } from './kept.ts'
import { readNames } from './settled.ts'
import type { ExportWindow } from './windows.ts'
import { expected, windowAt } from './windows.ts'

/**
 * The kept windows of exports as files of this machine, each in one format: Parquet where it is kept. Only what a manifest
 * calls complete is handed out; objects of S3 are fetched once each into `scratch`. Throws DataError for an object that is
 * not what its manifest says.
 */
export function exportReader(options: {
  readonly store: Store
  readonly entry: (name: string) => ExportEntry
  readonly zone: (entry: ExportEntry) => string
  /** The zone in whose local clock the vendor's own lines count their seconds; undefined where they count UTC's. */
  readonly localZone?: ((entry: ExportEntry) => string | undefined) | undefined
  readonly scratch: string
  readonly clock: () => Date
}): ExportReader {
  const { store } = options
  const look = keptFiles(options)

  return async (name, start, end) => {
    const entry = options.entry(name)
    const zone = options.zone(entry)
    const windows = windowsBetween(start, end, zone, entry.every)
    const looked = await Promise.all(windows.map(async (window) => ({ window, kept: await look(name, window.name) })))
    const files: string[] = []
    const lacking: ExportWindow[] = []
    for (const { window, kept } of looked) {
      if (kept === undefined || kept === 'replacing') lacking.push(window)
      else files.push(...kept.paths)
    }
    const isExpected = expected({ zone, keep: entry.keep }, Temporal.Instant.fromEpochMilliseconds(options.clock().getTime()))
    const names = (some: readonly ExportWindow[]) => some.map(({ name }) => name)
    const never = names(lacking.filter(({ date }) => date < entry.from))
    const expired = names(lacking.filter((window) => window.date >= entry.from && !isExpected(window)))
    const missing = names(lacking)
    // Read after the manifests: what a window brings is kept before it is published.
    const columns = files.length === 0 ? new Map<string, string>() : (await readNames(store, exportKeys(name))).columns
    return { files, missing, never, expired, columns, localZone: options.localZone?.(entry) }
  }
}

function windowsBetween(start: Date, end: Date, zone: string, every: ExportEntry['every']): ExportWindow[] {
  const at = (date: Date) => Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(zone)
  const windows: ExportWindow[] = []
  const last = at(end)
  for (
    let window = windowAt(at(start), every);
    Temporal.ZonedDateTime.compare(window.start, last) < 0;
    window = windowAt(shift(window.start, 1, every), every)
  ) {
    windows.push(window)
  }
  return windows
}
