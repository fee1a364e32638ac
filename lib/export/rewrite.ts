import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DataError, UnavailableError, UsageError } from '../errors.ts'
import { isExpiring } from './expire.ts'
import type { Forgotten } from './forgotten.ts'
import { keptLines, readForgotten, without } from './forgotten.ts'
import { keptBody } from './kept.ts'
import type { ExportManifest, ExportObject, KeptManifest, Revision } from './manifest.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { Came, Made } from './objects.ts'
import { isThere, keysNamed, make, measure, placeOf, sendFile } from './objects.ts'
import type { ToPublish } from './publish.ts'
import { doubtOther, publish } from './publish.ts'
import { knownNames } from './settled.ts'
import type { Trouble } from './trouble.ts'
import { readTrouble } from './trouble.ts'
import type { Exporting } from './window.ts'
import { inFolder, receive } from './window.ts'
import type { ExportWindow } from './windows.ts'

/**
 * Takes what is to be forgotten out of a window without asking the vendor, who may have less by now, or something else:
 * rewritten from its own lines in every format, or where it has none, from its own Parquet; and older versions deleted.
 * `lying` are objects under its name, deleted where no manifest names them. Undefined where nothing of it is in the window.
 *
 * A window whose deletion was cut off is deleted. One whose replacement was cut off becomes the revision that its objects are; where they are of both, it stays one
 * that is being replaced. Throws DataError for objects that are not what the manifest says. The caller holds the window's
 * claim.
 */
export async function rewriteWindow(
  exporting: Exporting,
  window: ExportWindow,
  lying: readonly string[] = [],
): Promise<ExportManifest | undefined> {
  const { store, keys, stillOurs } = exporting
  const forgotten = await readForgotten(store, keys)
  const kept = await readManifest(store, keys.manifest(window.name))
  const named = kept === undefined ? [] : keysNamed(kept.manifest)
  for (const key of lying) {
    if (named.includes(key)) continue
    stillOurs()
    await store.delete(key)
  }
  if (kept === undefined || forgotten === undefined || named.length === 0) return undefined
  const { manifest } = kept
  if (manifest.timezone !== exporting.head.timezone || manifest.definition !== exporting.head.definition) {
    throw new UsageError(`${manifest.window} is kept under other words than the project file has`, {
      remedy: 'put the old words back, or begin the export anew with --rebuild; then forget again',
    })
  }
  if (isExpiring(manifest)) {
    // Nobody is to have it any more. Should `keep` be longer by now, it is exported again.
    for (const key of named) {
      stillOurs()
      await store.delete(key)
      await store.purge(key)
    }
    stillOurs()
    await store.delete(keys.manifest(window.name))
    await store.delete(keys.trouble(window.name))
    return undefined
  }
  return inFolder(exporting, window, async (folder) => {
    const found = await look(exporting, window, manifest, folder)
    const { removed, made } = await leave(exporting, window, found, forgotten, folder)
    const { revision } = found
    if (removed === 0 && (manifest.status === 'complete' || revision === undefined)) return undefined
    const ready = await made()
    const trouble = await readTrouble(store, keys, window.name)
    const decided = trouble?.state === 'replacing' ? trouble.shrunk : undefined
    const after =
      revision === undefined
        ? await publishParts(exporting, kept, found, { ...ready, removed })
        : await publish(exporting, window, kept, { ...wordsOf(manifest, revision, removed, decided), ...ready })
    for (const key of new Set([...named, ...keysNamed(after)])) await store.purge(key)
    return after
  })
}

interface File extends ExportObject {
  readonly path: string
}

/** What is there of a window, fetched: its lines, which say it all, or its Parquet. */
interface Found {
  /** Which one it is, of what the manifest says and what was to replace it; undefined where it is of both. */
  readonly revision: Revision | undefined
  readonly lines: Came | undefined
  readonly files: readonly File[]
}

async function look(exporting: Exporting, window: ExportWindow, manifest: ExportManifest, folder: string): Promise<Found> {
  const { store, keys, signal } = exporting
  const own = keys.json(placeOf(exporting, window))
  const named = keysNamed(manifest)
  const isReplacing = manifest.status === 'replacing'
  let lines: Came | undefined
  const files: File[] = []
  if (named.includes(own) && (!isReplacing || (await isThere(store, own)))) {
    const path = join(folder, 'lines.json.gz')
    const raw = await keptLines(store, own, signal)
    lines = { ...(await receive(exporting, { raw }, undefined, path)), path, upload: undefined }
    files.push({ key: own, path, bytes: lines.bytes, sha256: lines.sha256, rows: lines.lines })
  } else {
    for (const [at, key] of named.filter((one) => one !== own).entries()) {
      if (isReplacing && !(await isThere(store, key))) continue
      const path = join(folder, `kept-${at}.parquet`)
      files.push({ key, path, ...(await fetchTo(exporting, key, path)), rows: 0 })
    }
  }
  const has = ({ key, sha256 }: ExportObject) => files.some((file) => file.key === key && file.sha256 === sha256)
  function is({ objects }: Revision): boolean {
    // A day without lines has no objects, and is there only once nothing is left of the other.
    if (objects.length === 0) return files.length === 0
    return lines === undefined ? objects.every(has) : objects.some((object) => object.key === own && has(object))
  }
  // The new one first: of the old one nothing is deleted before all of the new one is there.
  const { next } = manifest
  const revision = next !== undefined && is(next) ? next : is(manifest) ? manifest : undefined
  if (revision === undefined && !isReplacing) {
    const wrong = manifest.objects.find((object) => files.some(({ key }) => key === object.key) && !has(object))
    throw new DataError(`${store.locate(wrong?.key ?? own)} is not what its manifest says`, { remedy: 'export its day again' })
  }
  const isOfIt = ({ key }: File) => revision === undefined || revision.objects.some((object) => object.key === key)
  return { revision, lines, files: files.filter(isOfIt) }
}

async function fetchTo({ store, signal }: Exporting, key: string, path: string): Promise<Pick<ExportObject, 'bytes' | 'sha256'>> {
  await pipeline(await keptBody(store, key), createWriteStream(path), { signal })
  return measure(path)
}

/** How much of it goes, and what makes the objects of what stays. */
async function leave(
  exporting: Exporting,
  window: ExportWindow,
  { lines, files }: Found,
  forgotten: Forgotten,
  folder: string,
): Promise<{ readonly removed: number; readonly made: () => Promise<Made> }> {
  const { store, keys, signal } = exporting
  if (lines !== undefined) {
    const left = await without(forgotten, lines, folder, signal)
    return { removed: left.removed, made: () => make(exporting, window, left, folder) }
  }
  // DuckDB is large, and who keeps the vendor's bytes alone has no use for it.
  const { parquetWithout } = await import('./parquet-without.ts')
  const { columns } = await knownNames(store, keys)
  const paths = files.map(({ path }) => path)
  const left = await parquetWithout(paths, { forgotten, columns, folder, signal })
  async function made(): Promise<Made> {
    const objects: ExportObject[] = []
    const steps: (() => Promise<void>)[] = []
    for (const [at, { key, bytes, sha256 }] of files.entries()) {
      const { path = '', rows = 0, removed = 0 } = left[at] ?? {}
      if (removed === 0) objects.push({ key, bytes, sha256, rows })
      else if (rows > 0) {
        objects.push({ key, ...(await measure(path)), rows })
        steps.push(() => sendFile(store, key, path, 'application/vnd.apache.parquet'))
      }
    }
    return { objects, steps }
  }
  return { removed: left.reduce((sum, one) => sum + one.removed, 0), made }
}

/** What stays as it was of the revision that is rewritten. */
function wordsOf(
  manifest: ExportManifest,
  revision: Revision,
  removed: number,
  decided: Trouble['shrunk'],
): Omit<ToPublish, keyof Made> & Pick<Made, 'duplicates'> {
  const { start, end, next } = manifest
  const { exportedAt, lines, fingerprint, duplicates } = revision
  // What was rewritten before says the same of other objects; anything else was to replace it, and is still to come.
  const other = revision === next ? undefined : (next ?? decided)
  const isPending = other !== undefined && other.fingerprint !== fingerprint
  return {
    span: { start, end },
    exportedAt,
    lines,
    fingerprint,
    ...(duplicates === undefined ? {} : { duplicates }),
    forgotten: (revision.forgotten ?? 0) + removed,
    pending: isPending ? { lines: other.lines, fingerprint: other.fingerprint } : undefined,
  }
}

/** Objects of two revisions in the places of those objects, so that the next export replaces all of them as it would have before. */
async function publishParts(
  exporting: Exporting,
  kept: KeptManifest,
  { files }: Found,
  { objects, steps, removed }: Made & { readonly removed: number },
): Promise<ExportManifest> {
  const { store, keys, clock, stillOurs } = exporting
  const { manifest } = kept
  const key = keys.manifest(manifest.window)
  const others = (all: readonly ExportObject[]) => all.filter((one) => !files.some((file) => file.key === one.key))
  const is = files.map(({ path: _, ...object }) => object)
  const forgotten = (before: number | undefined) => (before ?? 0) + removed
  const { next = manifest } = manifest
  const { revision, exportedAt, lines, fingerprint, notes } = next
  const words = { revision, exportedAt, lines, fingerprint, notes, forgotten: forgotten(next.forgotten) }
  const after: ExportManifest = {
    ...manifest,
    forgotten: forgotten(manifest.forgotten),
    objects: [...objects],
    next: { ...words, objects: [...objects] },
  }
  const lost = () =>
    new UnavailableError(`${store.locate(key)} was written by another process meanwhile`, { remedy: 'run it again' })
  stillOurs()
  const over = await writeManifest(store, key, { ...after, objects: [...is, ...others(manifest.objects)] }, kept)
  if (over === undefined) throw lost()
  try {
    for (const step of steps) {
      stillOurs()
      await step()
    }
    for (const one of keysNamed({ ...manifest, objects: is })) {
      if (objects.some((own) => own.key === one)) continue
      stillOurs()
      await store.delete(one)
    }
    stillOurs()
    if ((await writeManifest(store, key, after, over)) === undefined) throw lost()
  } catch (error) {
    const note = { version: 1, window: manifest.window, tries: 0, at: clock().toISOString(), state: 'replacing' } as const
    await doubtOther(exporting, after.next ?? after, note, over)
    throw error
  }
  return after
}
