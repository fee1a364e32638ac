import * as z from 'zod'
import { DataError } from '../errors.ts'
import type { Store } from '../store/store.ts'

const object = z.strictObject({
  key: z.string(),
  bytes: z.number().int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Lines of NDJSON, or rows of Parquet. */
  rows: z.number().int(),
})
export type ExportObject = z.output<typeof object>

/** What one revision of a window holds. */
const revision = z.strictObject({
  /** Counts from 1. */
  revision: z.number().int(),
  exportedAt: z.iso.datetime(),
  /** Lines as the vendor gave them, duplicates included. */
  lines: z.number().int(),
  /** The same for the same lines in any order. */
  fingerprint: z.string(),
  /** Lines that were there twice (event, distinct_id, time, $insert_id) and are once in Parquet. */
  duplicates: z.number().int().optional(),
  /** Lines that were taken out, because nothing of whom they speak of may be kept. */
  forgotten: z.number().int().optional(),
  objects: z.array(object),
  /** What a reader should know: a history that the vendor's plan cuts. */
  notes: z.array(z.string()),
})
export type Revision = z.output<typeof revision>

/**
 * The small JSON written last: a window without one does not exist. While its status is `replacing`, each object is either
 * that of `objects` or that of `next`, by its SHA-256, and one that `next` has no more may be gone; a reader who wants one
 * of the two waits, or reads what it names.
 */
export const exportManifest = z.strictObject({
  version: z.literal(1),
  export: z.string(),
  window: z.string(),
  source: z.string(),
  data: z.enum(['events', 'people', 'customers', 'catalog']),
  /** SHA-256 of what was asked: source, data, events, where, what is dropped. */
  definition: z.string().regex(/^[0-9a-f]{64}$/),
  timezone: z.string(),
  /** Half-open; of a snapshot when it was asked for. */
  start: z.iso.datetime({ offset: true }),
  end: z.iso.datetime({ offset: true }),
  status: z.enum(['complete', 'replacing']),
  ...revision.shape,
  next: revision.optional(),
})
export type ExportManifest = z.output<typeof exportManifest>

/** The JSON Schema of what consumers read of an export. */
export function exportManifestJsonSchema(): unknown {
  return z.toJSONSchema(exportManifest, { target: 'draft-2020-12' })
}

export interface KeptManifest {
  readonly manifest: ExportManifest
  readonly etag: string
}

/** Undefined where there is none. Throws DataError for what is no manifest. */
export async function readManifest(store: Store, key: string): Promise<KeptManifest | undefined> {
  const stored = await store.get(key)
  if (stored === undefined) return undefined
  return { manifest: parseKept(exportManifest, stored.body, store.locate(key)), etag: stored.etag }
}

/** The same, undefined also for what is no manifest: where that is the business of whoever exports its window. */
export async function readSoundManifest(store: Store, key: string): Promise<KeptManifest | undefined> {
  try {
    return await readManifest(store, key)
  } catch (error) {
    if (error instanceof DataError) return undefined
    throw error
  }
}

export async function writeManifest(
  store: Store,
  key: string,
  manifest: ExportManifest,
  over: KeptManifest | undefined,
): Promise<KeptManifest | undefined> {
  // One line: to Athena each line of it would be a row.
  const body = `${JSON.stringify(manifest)}\n`
  const condition = over === undefined ? 'absent' : { etag: over.etag }
  const etag = await store.put(key, body, { if: condition, contentType: 'application/json' })
  return etag === undefined ? undefined : { manifest, etag }
}

/** What is stored, checked. Throws DataError naming the object. */
export function parseKept<Schema extends z.ZodType>(schema: Schema, body: Uint8Array, place: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
  } catch (cause) {
    throw new DataError(`${place} is damaged`, { remedy: 'delete it, and the window is exported anew', cause })
  }
}
