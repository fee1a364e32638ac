import * as z from 'zod'
import { DataError } from '../errors.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { parseKept } from './manifest.ts'

/**
 * What is known of a window beside its manifest, for `status` and for the next try. It is gone once the window is kept:
 * then the manifest says it all.
 */
export const trouble = z.strictObject({
  version: z.literal(1),
  window: z.string(),
  /** Tries that came to nothing since it was last kept. */
  tries: z.number().int(),
  at: z.iso.datetime(),
  /**
   * retried: its last try came to nothing and another follows; failed, timed out: none follows before the next schedule;
   * replacing: its objects are being replaced; shrunk, checked: it was looked at again, and stays as it is kept.
   */
  state: z.enum(['retried', 'failed', 'timed out', 'replacing', 'shrunk', 'checked']),
  message: z.string().optional(),
  remedy: z.string().optional(),
  /** Seen once with fewer lines than are kept: replaced when it is seen so again. */
  shrunk: z.strictObject({ fingerprint: z.string(), lines: z.number().int() }).optional(),
})
export type Trouble = z.output<typeof trouble>

/** One that is damaged may have said anything: its window is looked at again, by its manifest. */
export async function readTrouble(store: Store, keys: ExportKeys, window: string): Promise<Trouble | undefined> {
  const key = keys.trouble(window)
  const stored = await store.get(key)
  if (stored === undefined) return undefined
  try {
    return parseKept(trouble, stored.body, store.locate(key))
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    return { version: 1, window, tries: 0, at: new Date(0).toISOString(), state: 'replacing', message: error.message }
  }
}

/** What was looked at and stays as it is kept leaves its time alone: of those there are many, and none has to be read. */
export async function writeTrouble(store: Store, keys: ExportKeys, value: Trouble): Promise<void> {
  if (value.state === 'checked') {
    const own = keys.looked(value.window, Date.parse(value.at))
    await store.put(own, '{}\n', { contentType: 'application/json' })
    for await (const { key } of store.list(`${keys.lookedAt}${value.window}.`)) if (key !== own) await store.delete(key)
    await store.delete(keys.trouble(value.window))
    return
  }
  await store.put(keys.trouble(value.window), `${JSON.stringify(value, null, 2)}\n`, { contentType: 'application/json' })
}

/** When each window was last looked at and stayed as it is, in milliseconds since the epoch. */
export async function readLooked(store: Store, keys: ExportKeys): Promise<ReadonlyMap<string, number>> {
  const looked = new Map<string, number>()
  for await (const { key } of store.list(keys.lookedAt)) {
    const [window = '', at = ''] = key.slice(keys.lookedAt.length).split('.')
    looked.set(window, Math.max(Number(at), looked.get(window) ?? 0))
  }
  return looked
}

export async function deleteLooked(store: Store, keys: ExportKeys, window: string, at: number): Promise<void> {
  await store.delete(keys.looked(window, at))
}
