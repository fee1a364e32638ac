import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { UnavailableError } from '../errors.ts'
import type { Exported, RawData } from '../sources/source.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store, Upload } from '../store/store.ts'
import { isoWithOffset } from '../timeframe.ts'
import type { Forgotten } from './forgotten.ts'
import { readForgotten, without } from './forgotten.ts'
import type { ExportManifest } from './manifest.ts'
import { readManifest } from './manifest.ts'
import type { Came } from './objects.ts'
import { make, placeOf } from './objects.ts'
import type { Span } from './publish.ts'
import { publish } from './publish.ts'
import type { Sink } from './sink.ts'
import { fileSink } from './sink.ts'
import { readTrouble, writeTrouble } from './trouble.ts'
import type { Verified } from './verify.ts'
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
      // What is written to a store on this machine can be read there.
      const aside = isLaidAside && upload?.path === undefined ? join(folder, 'lines.json.gz') : undefined
      const askedAt = exporting.clock()
      const verified = await receive(exporting, await exporting.ask(window, exporting.signal), upload, aside)
      const { lines, fingerprint } = verified
      if (kept !== undefined) {
        const state = await decide(exporting, window, kept.manifest, verified)
        if (state === 'unchanged') return { state, manifest: kept.manifest }
        if (state === 'shrunk') return { state, lines, manifest: kept.manifest }
      }
      const came: Came = { ...verified, path: aside ?? upload?.path, upload }
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

/** A window's own time; of a snapshot when it was asked for, and when all of it had come. */
function spanOf({ partition, clock }: Exporting, { start, end }: ExportWindow, askedAt: Date): Span {
  const at = (date: Date) => Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(start.timeZoneId)
  const [from, to] = partition === 'date' ? [start, end] : [at(askedAt), at(clock())]
  return { start: isoWithOffset(from), end: isoWithOffset(to) }
}

export async function receive(
  { signal, received }: Exporting,
  data: Exported,
  upload: Upload | undefined,
  aside: string | undefined,
): Promise<Verified> {
  const counter: Sink = { write: async (bytes) => received?.(bytes.length) }
  const raw: RawData = 'raw' in data ? data.raw : writtenDown(data.rows)
  const file = aside === undefined ? undefined : fileSink(aside)
  try {
    const sinks = [counter, upload, file].filter((sink) => sink !== undefined)
    const verified = await passOn(raw, sinks, signal)
    await file?.end()
    return verified
  } finally {
    await file?.abort()
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
  const message = `${lines} ${lines === 1 ? 'line' : 'lines'} came where ${least} are kept`
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
