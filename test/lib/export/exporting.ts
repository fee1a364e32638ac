import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Temporal } from 'temporal-polyfill'
import type { ExportManifest } from '../../../lib/export/manifest.ts'
import { exportManifest } from '../../../lib/export/manifest.ts'
import type { Convert, Exporting } from '../../../lib/export/window.ts'
import type { ExportWindow } from '../../../lib/export/windows.ts'
import { windowAt } from '../../../lib/export/windows.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Store } from '../../../lib/store/store.ts'
import { joined, rawData } from './raw.ts'

export const monday: ExportWindow = windowAt(Temporal.ZonedDateTime.from('2026-11-09T12:00[UTC]'), 'day')
export const keys = exportKeys('events')

/** What the vendor would give now, as lines; an error where it would fail. */
export interface Given {
  lines: readonly string[] | Error
}

/** Parquet is made elsewhere; here its file is a copy. */
export const copying: Convert = async ({ from, lines, folder }) => {
  const path = join(folder, 'copy.parquet')
  await copyFile(from, path)
  return { files: [{ path, rows: lines }], duplicates: 0 }
}

/** The same, once for each of these events. */
export function copyingEach(events: readonly string[]): Convert {
  return async ({ from, lines, folder }) => {
    const files = events.map((event) => ({ path: join(folder, `${event}.parquet`), rows: lines, event }))
    for (const { path } of files) await copyFile(from, path)
    return { files, duplicates: 0 }
  }
}

export async function exportingIn(store: Store, given: Given, options: Partial<Exporting> = {}): Promise<Exporting> {
  return {
    store,
    keys,
    head: { export: 'events', source: 'product', data: 'events', definition: 'a'.repeat(64), timezone: 'UTC' },
    formats: ['json', 'parquet'],
    partition: 'date',
    ask: async () => {
      if (given.lines instanceof Error) throw given.lines
      return { raw: rawData(joined(given.lines), { size: 1000 }) }
    },
    convert: copying,
    scratch: await mkdtemp(join(tmpdir(), 'export scratch ')),
    clock: () => new Date('2026-11-10T00:30:00Z'),
    stillOurs: () => {},
    ...options,
  }
}

export async function withFolder<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'export store '))
  try {
    return await work(openFolder(folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** All keys of a store but those of claims. */
export async function keysIn(store: Store, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found
}

export async function manifestIn(store: Store, window = monday.name): Promise<ExportManifest | undefined> {
  const stored = await store.get(keys.manifest(window))
  return stored === undefined ? undefined : exportManifest.parse(JSON.parse(Buffer.from(stored.body).toString()))
}

export async function linesIn(store: Store, key: string): Promise<string[]> {
  const stored = await store.get(key)
  return gunzipSync(stored?.body ?? Buffer.alloc(0))
    .toString()
    .split('\n')
    .slice(0, -1)
}
