import { createHash } from 'node:crypto'
import * as z from 'zod'
import { DataError } from '../errors.ts'
import { failureResult, result } from '../result.ts'
import type { Store } from '../store/store.ts'

/**
 * The small JSON written last: a run without one is not finished, and whoever reads manifests never sees half of
 * anything. It says when things were computed, so that the results themselves stay the same bytes for the same answer.
 */
const window = z.strictObject({ start: z.string(), end: z.string() })

export const runManifest = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  report: z.string(),
  scheduledAt: z.iso.datetime(),
  timezone: z.string(),
  /** complete: every query is answered; partial: some are not (their status says which); failed: none is. */
  status: z.enum(['complete', 'partial', 'failed']),
  /** A run on made-up events. */
  sample: z.boolean().optional(),
  computedAt: z.iso.datetime(),
  queries: z.record(
    z.string(),
    z.strictObject({
      status: z.enum(['answered', 'failed']),
      shape: z.enum(['series', 'funnel', 'cohorts', 'table', 'failure']),
      definition: z.string(),
      timeframe: window,
      key: z.string(),
    }),
  ),
  objects: z.array(
    z.strictObject({
      key: z.string(),
      bytes: z.number().int(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** Rows of data, where the object is a table. */
      rows: z.number().int().optional(),
    }),
  ),
})
export type RunManifest = z.output<typeof runManifest>

/** Per query, the newest run in which it was answered; each only ever moves forward. */
export const latestPointer = z.strictObject({
  version: z.literal(1),
  report: z.string(),
  queries: z.record(
    z.string(),
    z.strictObject({ run: z.string(), scheduledAt: z.iso.datetime(), definition: z.string(), json: z.string(), csv: z.string() }),
  ),
})
export type LatestPointer = z.output<typeof latestPointer>

/** What is stored, checked. Throws DataError naming the object (`place`) where it is not what it should be. */
export function parseStored<Schema extends z.ZodType>(schema: Schema, body: Uint8Array, place: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(body).toString('utf8')))
  } catch (cause) {
    throw new DataError(`${place} is damaged`, { remedy: 'delete it, and the run makes it anew', cause })
  }
}

/** The JSON Schema of what consumers read: results, or the manifest of a run. */
export function consumerJsonSchema(what: 'result' | 'manifest'): unknown {
  return z.toJSONSchema(what === 'result' ? z.union([result, failureResult]) : runManifest, { target: 'draft-2020-12' })
}

/** Puts objects and remembers what a manifest says of them. */
export class ObjectList {
  readonly #store: Store
  readonly #stillOurs: () => void
  readonly #objects = new Map<string, RunManifest['objects'][number]>()

  /** `stillOurs` throws where another process may be at the run by now, whose objects must not be written over. */
  constructor(store: Store, stillOurs: () => void) {
    this.#store = store
    this.#stillOurs = stillOurs
  }

  async put(key: string, body: Uint8Array | string, contentType: string, rows?: number): Promise<void> {
    this.#stillOurs()
    await this.#store.put(key, body, { contentType })
    this.note(key, body, rows)
  }

  /** Remembers what is in the store already. */
  note(key: string, body: Uint8Array | string, rows?: number): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    this.#objects.set(key, { key, bytes: bytes.byteLength, sha256, ...(rows === undefined ? {} : { rows }) })
  }

  /** In the order of their keys. */
  get objects(): RunManifest['objects'] {
    return [...this.#objects.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}
