import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DataError } from '../errors.ts'
import { exportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { createTurns } from '../turns.ts'
import type { ExportManifest, ExportObject } from './manifest.ts'
import { readManifest } from './manifest.ts'

/** What a complete manifest names in one format: Parquet where the window has it, for it says the same and is read sooner. */
export interface KeptObjects {
  readonly manifest: ExportManifest
  readonly format: 'parquet' | 'json'
  readonly objects: readonly ExportObject[]
}

/** The same, as files of this machine, in the order of the objects. */
export interface KeptFiles extends KeptObjects {
  readonly paths: readonly string[]
}

/** Undefined where a window is not kept; `replacing` while its objects may be of two revisions. */
export type Kept<Objects> = Objects | 'replacing' | undefined

/** What is kept of a window, without its objects. */
export async function keptObjects(store: Store, name: string, window: string): Promise<Kept<KeptObjects & { etag: string }>> {
  const keys = exportKeys(name)
  const kept = await readManifest(store, keys.manifest(window))
  if (kept === undefined) return undefined
  const { manifest, etag } = kept
  if (manifest.status !== 'complete') return 'replacing'
  const [json = '', parquet = ''] = keys.objects
  const under = (prefix: string) => manifest.objects.filter(({ key }) => key.startsWith(prefix))
  const inParquet = under(parquet)
  return inParquet.length > 0
    ? { manifest, etag, format: 'parquet', objects: inParquet }
    : { manifest, etag, format: 'json', objects: under(json) }
}

const atOnce = 8

/**
 * Hands out what is kept of windows as files. Objects of S3 are fetched once each, by their SHA-256, into `scratch`, which
 * is made when it is needed. Throws DataError for an object that is not what its manifest says.
 */
export function keptFiles({ store, scratch }: { readonly store: Store; readonly scratch: string }) {
  const isLocal = !store.address.startsWith('s3://')
  const fetching = new Map<string, Promise<string>>()
  const turns = createTurns(atOnce)
  const windowTurns = createTurns(atOnce)

  function fileOf(object: ExportObject): Promise<string> {
    if (isLocal) return localFile(store, object)
    const already = fetching.get(object.sha256)
    if (already !== undefined) return already
    const fetched = inTurn(turns, () => fetchTo(store, object, join(scratch, object.sha256)))
    fetching.set(object.sha256, fetched)
    fetched.catch(() => fetching.delete(object.sha256))
    return fetched
  }

  async function look(name: string, window: string): Promise<Kept<KeptFiles>> {
    for (let before: string | undefined; ; ) {
      const kept = await keptObjects(store, name, window)
      if (kept === undefined || kept === 'replacing') return kept
      try {
        return { ...kept, paths: await Promise.all(kept.objects.map(fileOf)) }
      } catch (error) {
        // It may have been replaced since its manifest was read; then there is another manifest.
        if (!(error instanceof DataError) || kept.etag === before) throw error
        before = kept.etag
      }
    }
  }

  return (name: string, window: string) => inTurn(windowTurns, () => look(name, window))
}

/** Waits for one's turn, and gives it back whatever comes. */
async function inTurn<Value>(turns: ReturnType<typeof createTurns>, work: () => Promise<Value>): Promise<Value> {
  await turns.take()
  try {
    return await work()
  } finally {
    turns.give()
  }
}

const remedy = 'export its day again'

async function localFile(store: Store, { key, bytes }: ExportObject): Promise<string> {
  const path = store.locate(key)
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) throw notThere(path)
  if (found.size !== bytes) throw new DataError(`${path} has ${found.size} bytes, and its manifest says ${bytes}`, { remedy })
  return path
}

async function fetchTo(store: Store, { key, sha256 }: ExportObject, folder: string): Promise<string> {
  const body = await keptBody(store, key)
  await mkdir(folder, { recursive: true })
  const path = join(folder, key.split('/').at(-1) ?? sha256)
  const sum = createHash('sha256')
  async function* summed(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      sum.update(chunk)
      yield chunk
    }
  }
  await pipeline(body, summed, createWriteStream(`${path}.part`))
  if (sum.digest('hex') !== sha256) throw new DataError(`${store.locate(key)} is not what its manifest says`, { remedy })
  await rename(`${path}.part`, path)
  return path
}

/** The bytes of an object that a manifest names. Throws DataError where it is not there. */
export async function keptBody(store: Store, key: string): Promise<Readable> {
  const body = await store.read(key)
  if (body === undefined) throw notThere(store.locate(key))
  return body
}

function notThere(place: string): DataError {
  return new DataError(`${place} is not there, and its manifest says that it is`, { remedy })
}
