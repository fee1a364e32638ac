import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Temporal } from 'temporal-polyfill'
import { DataError, UsageError } from '../errors.ts'
import type { ExportEntry } from '../project/project.ts'
import type { ExportReader } from '../sources/source.ts'
import { exportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { shift } from '../timeframe.ts'
import type { ExportObject } from './manifest.ts'
import { readManifest } from './manifest.ts'
import { windowAt } from './windows.ts'

/**
 * The kept windows of exports as files of this machine. Only what a manifest calls complete is handed out; objects of S3
 * are fetched once each, by their SHA-256, into `scratch`.
 */
export function exportReader(options: {
  readonly store: Store
  readonly entry: (name: string) => ExportEntry
  readonly zone: (entry: ExportEntry) => string
  readonly scratch: string
}): ExportReader {
  const { store, scratch } = options
  const fetching = new Map<string, Promise<string>>()

  async function fileOf({ key, sha256, bytes }: ExportObject): Promise<string> {
    if (!store.address.startsWith('s3://')) return store.locate(key)
    const already = fetching.get(sha256)
    if (already !== undefined) return already
    const path = join(scratch, sha256, key.split('/').at(-1) ?? sha256)
    const fetched = fetchTo(store, key, path, bytes)
    fetching.set(sha256, fetched)
    fetched.catch(() => fetching.delete(sha256))
    return fetched
  }

  return async (name, start, end) => {
    const entry = options.entry(name)
    if (!entry.format.includes('json')) {
      throw new UsageError(`a lake reads the json of an export, and ${name} keeps ${entry.format.join(', ')} only`, {
        remedy: `add json to the formats of ${name}`,
      })
    }
    const keys = exportKeys(name)
    const zone = options.zone(entry)
    const files: string[] = []
    const missing: string[] = []
    const last = Temporal.Instant.fromEpochMilliseconds(end.getTime()).toZonedDateTimeISO(zone)
    let window = windowAt(Temporal.Instant.fromEpochMilliseconds(start.getTime()).toZonedDateTimeISO(zone), entry.every)
    for (
      ;
      Temporal.ZonedDateTime.compare(window.start, last) < 0;
      window = windowAt(shift(window.start, 1, entry.every), entry.every)
    ) {
      const kept = await readManifest(store, keys.manifest(window.name))
      if (kept?.manifest.status !== 'complete') {
        missing.push(window.name)
        continue
      }
      const objects = kept.manifest.objects.filter(({ key }) => key.startsWith(keys.objects[0] ?? ''))
      for (const object of objects) files.push(await fileOf(object))
    }
    return { files, missing }
  }
}

/** Throws DataError for an object that is not as long as its manifest says. */
async function fetchTo(store: Store, key: string, path: string, bytes: number): Promise<string> {
  const body = await store.read(key)
  if (body === undefined)
    throw new DataError(`${store.locate(key)} is not there, and its manifest says that it is`, { remedy: 'export its day again' })
  await mkdir(dirname(path), { recursive: true })
  await pipeline(body, createWriteStream(`${path}.part`))
  const { size } = await stat(`${path}.part`)
  if (size !== bytes)
    throw new DataError(`${store.locate(key)} has ${size} bytes, and its manifest says ${bytes}`, {
      remedy: 'export its day again',
    })
  await rename(`${path}.part`, path)
  return path
}
