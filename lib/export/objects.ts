import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ExportPlace } from '../store/keys.ts'
import type { Store, Upload } from '../store/store.ts'
import type { ExportManifest, ExportObject } from './manifest.ts'
import { inBatches } from './reach.ts'
import { knownNames } from './settled.ts'
import type { Verified } from './verify.ts'
import type { Exporting } from './window.ts'
import type { ExportWindow } from './windows.ts'

/** The bytes of a window, in a file or on their way to the store. */
export interface Came extends Verified {
  readonly path: string | undefined
  readonly upload: Upload | undefined
}

export interface Made {
  readonly objects: readonly ExportObject[]
  readonly duplicates?: number
  /** Each object is put where it is seen. */
  readonly steps: readonly (() => Promise<void>)[]
}

export function placeOf({ partition }: Exporting, { name, date }: ExportWindow): ExportPlace {
  return { name, partition: `${partition}=${date}` }
}

/** The window's objects, ready to be put into the store; none where no line is left. */
export async function make(exporting: Exporting, window: ExportWindow, came: Came, folder: string): Promise<Made> {
  const { store, keys, formats, convert, signal } = exporting
  const { lines, bytes, sha256, path, upload } = came
  if (lines === 0) return { objects: [], steps: [] }
  const place = placeOf(exporting, window)
  const objects: ExportObject[] = []
  const steps: (() => Promise<void>)[] = []
  if (formats.includes('json')) {
    const key = keys.json(place)
    objects.push({ key, bytes, sha256, rows: lines })
    steps.push(() => (upload === undefined ? sendFile(store, key, String(path), 'application/gzip') : upload.finish()))
  }
  if (!formats.includes('parquet')) return { objects, steps }
  const { files, duplicates } = await convert({ from: String(path), lines, folder, signal })
  for (const file of files) {
    const key = keys.parquet(place, file.event)
    objects.push({ key, ...(await measure(file.path)), rows: file.rows })
    steps.push(() => sendFile(store, key, file.path, 'application/vnd.apache.parquet'))
  }
  return { objects, steps, duplicates }
}

/** The keys of both revisions. */
export function keysNamed({ objects, next }: Pick<ExportManifest, 'objects' | 'next'>): string[] {
  return [...new Set([...objects, ...(next?.objects ?? [])].map(({ key }) => key))]
}

/**
 * Objects of a window, whether or not a manifest names them: one that died before its manifest left some, and what the
 * vendor gives now may have fewer.
 */
export async function keysLying(exporting: Exporting, window: ExportWindow): Promise<string[]> {
  const { store, keys } = exporting
  const place = placeOf(exporting, window)
  const { slugs } = await knownNames(store, keys)
  const possible = [keys.json(place), keys.parquet(place), ...[...slugs.values()].map((slug) => keys.parquet(place, slug))]
  const are = await inBatches(possible, (key) => isThere(store, key))
  return possible.filter((_, at) => are[at] === true)
}

/** Without reading it: a listing begins with the key itself. */
export async function isThere(store: Store, key: string): Promise<boolean> {
  for await (const listed of store.list(key)) return listed.key === key
  return false
}

/** The file may be gone then. */
export async function sendFile(store: Store, key: string, path: string, contentType: string): Promise<void> {
  const upload = await store.upload(key, { contentType })
  try {
    if (upload.take !== undefined) await upload.take(path)
    else for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) await upload.write(chunk as Buffer)
    await upload.finish()
  } catch (error) {
    await upload.abort()
    throw error
  }
}

export async function measure(path: string): Promise<Pick<ExportObject, 'bytes' | 'sha256'>> {
  const sha = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) sha.update(chunk as Buffer)
  return { bytes: (await stat(path)).size, sha256: sha.digest('hex') }
}
