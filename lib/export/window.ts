import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Temporal } from 'temporal-polyfill'
import { UnavailableError } from '../errors.ts'
import type { Exported, RawData } from '../sources/source.ts'
import type { ExportKeys, ExportPlace } from '../store/keys.ts'
import type { Store, Upload } from '../store/store.ts'
import { isoWithOffset } from '../timeframe.ts'
import type { Forgotten } from './forgotten.ts'
import { readForgotten, without } from './forgotten.ts'
import type { ExportManifest, ExportObject, KeptManifest, Revision } from './manifest.ts'
import { readManifest, writeManifest } from './manifest.ts'
import { inBatches } from './reach.ts'
import { checkSettled, knownNames } from './settled.ts'
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
  const kept = await readManifest(store, keys.manifest(window.name))
  const forgotten = await readForgotten(store, keys)
  return inFolder(exporting, window, async (folder) => {
    // Sent on while it comes, where nothing could keep it from being published; else laid aside until that is known.
    const isSentOn = kept === undefined && forgotten === undefined && formats.includes('json')
    const isLaidAside = !isSentOn || formats.includes('parquet')
    const upload = isSentOn
      ? await store.upload(keys.json(placeOf(exporting, window)), { contentType: 'application/gzip' })
      : undefined
    try {
      const aside = isLaidAside ? join(folder, 'lines.json.gz') : undefined
      const askedAt = exporting.clock()
      const verified = await receive(exporting, await exporting.ask(window, exporting.signal), upload, aside)
      const { lines, fingerprint } = verified
      if (kept !== undefined) {
        const state = await decide(exporting, window, kept.manifest, verified)
        if (state === 'unchanged') return { state, manifest: kept.manifest }
        if (state === 'shrunk') return { state, lines, manifest: kept.manifest }
      }
      const came: Came = { ...verified, path: aside, upload }
      const left = forgotten === undefined ? { ...came, removed: 0 } : await without(forgotten, came, folder, exporting.signal)
      const made = await make(exporting, window, left, folder)
      if (made.objects.length === 0) await upload?.abort()
      const span = spanOf(exporting, window, askedAt)
      // Who is forgotten from now on finds this window claimed.
      await checkForgotten(exporting, forgotten)
      const manifest = await publish(exporting, window, kept, { ...made, span, lines, fingerprint, forgotten: left.removed })
      return { state: kept === undefined ? 'kept' : 'replaced', manifest }
    } catch (error) {
      await upload?.abort()
      throw error
    }
  })
}

/** Throws UnavailableError where somebody was forgotten since the list was read: it may have taken hours. */
async function checkForgotten({ store, keys }: Exporting, forgotten: Forgotten | undefined): Promise<void> {
  const now = await readForgotten(store, keys)
  if (now?.mark === forgotten?.mark) return
  throw new UnavailableError('somebody was forgotten while this window came', { remedy: 'export it again' })
}

/** The bytes of a window, in a file or on their way to the store. */
export interface Came extends Verified {
  readonly path: string | undefined
  readonly upload: Upload | undefined
}

export type Span = Pick<ExportManifest, 'start' | 'end'>

export interface Made {
  readonly objects: readonly ExportObject[]
  readonly duplicates?: number
  /** Each object is put where it is seen. */
  readonly steps: readonly (() => Promise<void>)[]
}

export async function inFolder<T>(
  { scratch }: Exporting,
  { name }: ExportWindow,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(scratch, `${name}-${randomUUID()}`)
  try {
    await mkdir(folder, { recursive: true })
    return await work(folder)
  } catch (error) {
    throw isOfDisk(error) ? noRoom(scratch, error) : error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A disk that is full, a quota, a limit of the file's size. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))
}

function noRoom(scratch: string, cause: unknown): UnavailableError {
  return new UnavailableError('there is no room left on the disk to lay a window aside', {
    remedy: `make room where ${scratch} lies; it takes the packed lines' size, with Parquet about five times that`,
    cause,
  })
}

export function placeOf({ partition }: Exporting, { name, date }: ExportWindow): ExportPlace {
  return { name, partition: `${partition}=${date}` }
}

/** A window's own time; of a snapshot when it was asked for, and when all of it had come. */
function spanOf({ partition, clock }: Exporting, { start, end }: ExportWindow, askedAt: Date): Span {
  const at = (date: Date) => Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(start.timeZoneId)
  const [from, to] = partition === 'date' ? [start, end] : [at(askedAt), at(clock())]
  return { start: isoWithOffset(from), end: isoWithOffset(to) }
}

const aheadOfDisk = 4 * 1024 * 1024

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

export async function receive(
  { signal, received }: Exporting,
  data: Exported,
  upload: Upload | undefined,
  aside: string | undefined,
): Promise<Verified> {
  const counter: Sink = { write: async (bytes) => received?.(bytes.length) }
  const raw: RawData = 'raw' in data ? data.raw : writtenDown(data.rows)
  const file = aside === undefined ? undefined : createWriteStream(aside, { flags: 'wx', highWaterMark: aheadOfDisk })
  try {
    const sinks = [counter, upload, file === undefined ? undefined : streamSink(file)]
    const verified = await passOn(
      raw,
      sinks.filter((sink) => sink !== undefined),
      signal,
    )
    if (file !== undefined) await finished(file.end())
    return verified
  } finally {
    file?.destroy()
  }
}

/** Whether what came takes the place of what is kept. */
async function decide(
  { store, keys, head, clock, formats }: Exporting,
  window: ExportWindow,
  kept: ExportManifest,
  { lines, fingerprint }: Verified,
): Promise<'replaced' | 'unchanged' | 'shrunk'> {
  const at = clock().toISOString()
  const base = { version: 1, window: window.name, tries: 0, at } as const
  const { status, next } = kept
  const isReplacing = status === 'replacing'
  if (kept.definition !== head.definition) return 'replaced'
  if (isReplacing) {
    // It was decided before, and cut off: some objects may be the new ones already.
    if (fingerprint === next?.fingerprint || fingerprint === kept.fingerprint) return 'replaced'
  } else if (fingerprint === kept.fingerprint && isIn(formats, kept, keys)) {
    await writeTrouble(store, keys, { ...base, state: 'checked' })
    return 'unchanged'
  }
  const least = Math.min(kept.lines, next?.lines ?? kept.lines)
  if (lines >= least) return 'replaced'
  // The vendor may have given less than there is without a word; twice the same is no accident.
  const seen = await readTrouble(store, keys, window.name)
  if (seen?.shrunk?.fingerprint === fingerprint) return 'replaced'
  const message = `${lines} lines came where ${least} are kept`
  // What is not whole stays due.
  const state = isReplacing ? 'replacing' : 'shrunk'
  await writeTrouble(store, keys, { ...base, state, message, shrunk: { fingerprint, lines } })
  return 'shrunk'
}

/** Whether a window is kept in the formats of today; the project file may name others since. */
function isIn(formats: Exporting['formats'], { objects }: ExportManifest, keys: ExportKeys): boolean {
  const [json = '', parquet = ''] = keys.objects
  const has = (prefix: string) => objects.some(({ key }) => key.startsWith(prefix))
  return objects.length === 0 || (has(json) === formats.includes('json') && has(parquet) === formats.includes('parquet'))
}

/** What becomes the window. */
export interface ToPublish extends Made, Pick<Revision, 'lines' | 'fingerprint'> {
  readonly span: Span
  readonly forgotten: number
  /** What was to replace it, and still is: the next export decides. */
  readonly pending?: Pick<Revision, 'lines' | 'fingerprint'> | undefined
}

export async function publish(
  exporting: Exporting,
  window: ExportWindow,
  kept: KeptManifest | undefined,
  made: ToPublish,
): Promise<ExportManifest> {
  const { store, keys, head, clock, stillOurs } = exporting
  const key = keys.manifest(window.name)
  const now = clock().toISOString()
  const { span, lines, fingerprint, duplicates, forgotten, objects, pending } = made
  const revision: Revision = {
    revision: (kept?.manifest.revision ?? 0) + 1,
    exportedAt: now,
    lines,
    fingerprint,
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(forgotten === 0 ? {} : { forgotten }),
    objects: [...objects],
    notes: [],
  }
  const about = { version: 1, window: window.name, tries: 0, at: now } as const
  const lost = () =>
    new UnavailableError(`${store.locate(key)} was written by another process meanwhile`, { remedy: 'run it again' })
  let over = kept
  await checkSettled(store, keys, { window: window.name, zone: head.timezone, definition: head.definition })
  stillOurs()
  if (kept !== undefined) {
    // Manifests are many and are not all read by every run; this says which one is not complete.
    // And what was seen twice has not to be seen twice again, should this end before that manifest is there.
    await writeTrouble(store, keys, { ...about, state: 'replacing', shrunk: pending ?? { fingerprint, lines } })
    over = await writeManifest(store, key, { ...kept.manifest, status: 'replacing', next: revision }, kept)
    if (over === undefined) throw lost()
  }
  for (const step of made.steps) {
    stillOurs()
    await step()
  }
  // While the manifest still names them: afterwards nobody would know of what a process that dies here leaves lying.
  const before = kept === undefined ? [] : keysNamed(kept.manifest)
  const lying = kept?.manifest.status === 'complete' ? [] : await keysLying(exporting, window)
  const named = new Set(objects.map((own) => own.key))
  for (const one of new Set([...before, ...lying])) if (!named.has(one)) await store.delete(one)
  const manifest: ExportManifest = { version: 1, ...head, window: window.name, ...span, status: 'complete', ...revision }
  if ((await writeManifest(store, key, manifest, over)) === undefined) {
    // Objects of two processes may lie side by side now, so the manifest of the other must not stand as it is.
    await writeTrouble(store, keys, { ...about, state: 'replacing' })
    const other = await readManifest(store, key)
    if (other !== undefined) await writeManifest(store, key, { ...other.manifest, status: 'replacing', next: revision }, other)
    throw lost()
  }
  if (pending === undefined) await store.delete(keys.trouble(window.name))
  return manifest
}

/** The keys of both revisions. */
export function keysNamed({ objects, next }: Pick<ExportManifest, 'objects' | 'next'>): string[] {
  return [...new Set([...objects, ...(next?.objects ?? [])].map(({ key }) => key))]
}

/**
 * Objects of a window, whether or not a manifest names them: one that died before its manifest left some, and what the
 * vendor gives now may have fewer.
 */
async function keysLying(exporting: Exporting, window: ExportWindow): Promise<string[]> {
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

/** Written while the next bytes come: who waits for each piece waits for the disk most of the time. */
function streamSink(stream: Writable): Sink {
  // What fails between two pieces is told by the next.
  stream.on('error', () => {})
  return {
    async write(bytes) {
      if (stream.errored) throw stream.errored
      if (!stream.write(bytes)) await once(stream, 'drain')
    },
  }
}

export async function sendFile(store: Store, key: string, path: string, contentType: string): Promise<void> {
  const upload = await store.upload(key, { contentType })
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) await upload.write(chunk as Buffer)
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
