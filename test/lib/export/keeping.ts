import { Readable } from 'node:stream'
import { Temporal } from 'temporal-polyfill'
import { converter } from '../../../lib/export/convert.ts'
import { settle } from '../../../lib/export/settled.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { windowAt } from '../../../lib/export/windows.ts'
import type { ExportEntry } from '../../../lib/project/project.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn } from './exporting.ts'

/** An export as the project file has it, with what is usual. */
export function entryOf(words: Partial<ExportEntry> = {}): ExportEntry {
  const usual = { name: 'events', source: 'product', data: 'events', from: '2026-11-01', every: 'day', schema: 'mono' }
  return { order: 'newest', drop: [], format: ['json'], ...usual, ...words } as ExportEntry
}

export interface Day {
  readonly date: string
  readonly lines: readonly string[]
  /** Where it is not that of the export. */
  readonly format?: ExportEntry['format']
}

/** Keeps days as an export does, from its lines to its manifests. */
export async function keepDays(
  store: Store,
  entry: ExportEntry,
  days: readonly Day[],
  { zone = 'UTC', localZone }: { readonly zone?: string; readonly localZone?: string } = {},
): Promise<void> {
  const { name, data, every, source } = entry
  const keys = exportKeys(name)
  const definition = 'a'.repeat(64)
  await settle(store, keys, { every, zone, definition }, false)
  for (const { date, lines, format = entry.format } of days) {
    const exporting = await exportingIn(
      store,
      { lines },
      {
        keys,
        head: { export: name, source, data, definition, timezone: zone },
        // Other data is written down from its rows; lines are a vendor's own.
        ...(data === 'events'
          ? {}
          : { ask: async () => ({ rows: Readable.from(lines.map((line) => JSON.parse(line) as object)) }) }),
        formats: format,
        partition: data === 'events' ? 'date' : 'snapshot',
        convert: converter({ store, keys, zone: localZone }, entry),
      },
    )
    await exportWindow(
      exporting,
      windowAt(Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: zone, plainTime: '12:00' }), every),
    )
  }
}
