import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UnavailableError } from '../errors.ts'
import type { Exported, RawData } from '../sources/source.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store, Upload } from '../store/store.ts'
import { isoWithOffset } from '../timeframe.ts'
import type { ExportManifest, ExportObject, KeptManifest, Revision } from './manifest.ts'
import { readManifest, writeManifest } from './manifest.ts'
import { readTrouble, writeTrouble } from './trouble.ts'
import type { Sink, Verified } from './verify.ts'
import { passOn } from './verify.ts'
import type { ExportWindow } from './windows.ts'
import { writtenDown } from './written-down.ts'

/** What a window is exported with; the same for all windows of an export. */
export interface Exporting {
  readonly store: Store
  readonly keys: ExportKeys
  readonly head: Pick<ExportManifest, 'export' | 'source' | 'data' | 'definition' | 'timezone'>
  readonly formats: readonly ('json' | 'parquet')[]
  /** How its objects' place begins: `date=` for what has a time, `snapshot=` for what has none. */
  readonly partition: 'date' | 'snapshot'
  readonly ask: (window: ExportWindow, signal?: AbortSignal) => Promise<Exported>
  /** Makes Parquet of a file of lines. */
  readonly convert: Convert
  /** A folder of this process for files that are gone when a window is done. */
  readonly scratch: string
  readonly clock: () => Date
  /** Throws where somebody else has taken the window over. */
  readonly stillOurs: () => void
  readonly signal?: AbortSignal | undefined
  /** Bytes that came, as they come. */
  readonly received?: ((bytes: number) => void) | undefined
}

/** Parquet files of a file of lines, in `folder`. Throws DataError for lines that are no rows. */
export type Convert = (options: {
  readonly from: string
  readonly lines: number
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}) => Promise<{ readonly files: readonly ParquetFile[]; readonly duplicates: number }>

export interface ParquetFile {
  readonly path: string
  readonly rows: number
  /** Where each event is kept by itself: its part of the path. */
  readonly event?: string | undefined
}

/** What became of a window. */
export type WindowOutcome =
  | { readonly state: 'kept' | 'replaced' | 'unchanged'; readonly manifest: ExportManifest }
  /** It came with fewer lines than are kept, for the first time; those kept stay. */
  | { readonly state: 'shrunk'; readonly lines: number; readonly manifest: ExportManifest }

/**
 * Exports one window, from asking to its manifest. Nothing of it is seen before all of it is there; of a window that is
 * kept, the old revision stays until the new one is whole. May be called again after any end of an earlier call. The
 * caller holds the window's claim.
 */
export async function exportWindow(exporting: Exporting, window: ExportWindow): Promise<WindowOutcome> {
  const { store, keys, formats } = exporting
  const key = keys.manifest(window.name)
  const kept = await readManifest(store, key)
  const folder = join(exporting.scratch, `${window.name}-${randomUUID()}`)
  await mkdir(folder, { recursive: true })
  let upload: Upload | undefined
  let file: FileHandle | undefined
  try {
    const place = { name: window.name, partition: `${exporting.partition}=${window.date}` }
    const aside = join(folder, 'lines.json.gz')
    const isNew = kept === undefined
    // Sent on while it comes, where nothing could keep it from being published; else laid aside until that is known.
    if (isNew && formats.includes('json')) upload = await store.upload(keys.json(place), { contentType: 'application/gzip' })
    if (!isNew || formats.includes('parquet')) file = await open(aside, 'wx')
    const verified = await receive(exporting, window, [upload, file === undefined ? undefined : fileSink(file)])
    await file?.close()
    file = undefined

    const decision = kept === undefined ? 'kept' : await decide(exporting, window, kept.manifest, verified)
    if (kept !== undefined && decision === 'unchanged') return { state: decision, manifest: kept.manifest }
    if (kept !== undefined && decision === 'shrunk') return { state: decision, lines: verified.lines, manifest: kept.manifest }

    const isEmpty = verified.lines === 0
    const parquet =
      formats.includes('parquet') && !isEmpty
        ? await exporting.convert({ from: aside, lines: verified.lines, folder, signal: exporting.signal })
        : undefined
    const made: { readonly object: ExportObject; publish(): Promise<void> }[] = []
    if (formats.includes('json') && !isEmpty) {
      const own = keys.json(place)
      const streaming = upload
      made.push({
        object: { key: own, bytes: verified.bytes, sha256: verified.sha256, rows: verified.lines },
        publish: () => (streaming === undefined ? sendFile(store, own, aside, 'application/gzip') : streaming.finish()),
      })
    }
    for (const { path, rows, event } of parquet?.files ?? []) {
      const own = keys.parquet(place, event)
      made.push({
        object: { key: own, ...(await measure(path)), rows },
        publish: () => sendFile(store, own, path, 'application/vnd.apache.parquet'),
      })
    }
    if (isEmpty) await upload?.abort()
    const revision: Revision = {
      revision: (kept?.manifest.revision ?? 0) + 1,
      exportedAt: exporting.clock().toISOString(),
      lines: verified.lines,
      fingerprint: verified.fingerprint,
      ...(parquet === undefined ? {} : { duplicates: parquet.duplicates }),
      objects: made.map(({ object }) => object),
      notes: [],
    }
    const manifest = await publish(exporting, window, kept, revision, made)
    return { state: kept === undefined ? 'kept' : 'replaced', manifest }
  } catch (error) {
    await upload?.abort()
    throw error
  } finally {
    await file?.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function receive(exporting: Exporting, window: ExportWindow, sinks: readonly (Sink | undefined)[]): Promise<Verified> {
  const { signal, received } = exporting
  const data = await exporting.ask(window, signal)
  const counter: Sink = { write: async (bytes) => received?.(bytes.length) }
  const raw: RawData = 'raw' in data ? data.raw : writtenDown(data.rows)
  return passOn(raw, [counter, ...sinks.filter((sink) => sink !== undefined)], signal)
}

/** Whether what came takes the place of what is kept. */
async function decide(
  { store, keys, clock }: Exporting,
  window: ExportWindow,
  kept: ExportManifest,
  { lines, fingerprint }: Verified,
): Promise<'replaced' | 'unchanged' | 'shrunk'> {
  const at = clock().toISOString()
  const base = { version: 1, window: window.name, tries: 0, at } as const
  // It was decided before, and cut off: some objects may be the new ones already.
  if (kept.status === 'replacing') return 'replaced'
  if (fingerprint === kept.fingerprint) {
    await writeTrouble(store, keys, { ...base, state: 'checked' })
    return 'unchanged'
  }
  if (lines >= kept.lines) return 'replaced'
  // The vendor may have given less than there is without a word; twice the same is no accident.
  const seen = await readTrouble(store, keys, window.name)
  if (seen?.shrunk?.fingerprint === fingerprint) return 'replaced'
  const message = `${lines} lines came where ${kept.lines} are kept`
  await writeTrouble(store, keys, { ...base, state: 'shrunk', message, shrunk: { fingerprint, lines } })
  return 'shrunk'
}

async function publish(
  { store, keys, head, clock, stillOurs }: Exporting,
  window: ExportWindow,
  kept: KeptManifest | undefined,
  revision: Revision,
  made: readonly { publish(): Promise<void> }[],
): Promise<ExportManifest> {
  const key = keys.manifest(window.name)
  const span = { start: isoWithOffset(window.start), end: isoWithOffset(window.end) }
  const about = { version: 1, window: window.name, tries: 0, at: clock().toISOString() } as const
  const lost = () =>
    new UnavailableError(`${store.locate(key)} was written by another process meanwhile`, { remedy: 'run it again' })
  let over = kept
  stillOurs()
  if (kept !== undefined) {
    // Manifests are many and are not all read by every run; this says which one is not complete.
    await writeTrouble(store, keys, { ...about, state: 'replacing' })
    over = await writeManifest(store, key, { ...kept.manifest, status: 'replacing', next: revision }, kept)
    if (over === undefined) throw lost()
  }
  for (const each of made) await each.publish()
  const manifest: ExportManifest = { version: 1, ...head, window: window.name, ...span, status: 'complete', ...revision }
  if ((await writeManifest(store, key, manifest, over)) === undefined) {
    // Objects of two processes may lie side by side now, so the manifest of the other must not stand as it is.
    await writeTrouble(store, keys, { ...about, state: 'replacing' })
    const other = await readManifest(store, key)
    if (other !== undefined) await writeManifest(store, key, { ...other.manifest, status: 'replacing', next: revision }, other)
    throw lost()
  }
  const before = [...(kept?.manifest.objects ?? []), ...(kept?.manifest.next?.objects ?? [])]
  const gone = before.filter((one) => !revision.objects.some((own) => own.key === one.key))
  for (const one of new Set(gone.map((each) => each.key))) await store.delete(one)
  await store.delete(keys.trouble(window.name))
  return manifest
}

function fileSink(file: FileHandle): Sink {
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
    },
  }
}

async function sendFile(store: Store, key: string, path: string, contentType: string): Promise<void> {
  const upload = await store.upload(key, { contentType })
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) await upload.write(chunk as Buffer)
    await upload.finish()
  } catch (error) {
    await upload.abort()
    throw error
  }
}

async function measure(path: string): Promise<Pick<ExportObject, 'bytes' | 'sha256'>> {
  const sha = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) sha.update(chunk as Buffer)
  return { bytes: (await stat(path)).size, sha256: sha.digest('hex') }
}
