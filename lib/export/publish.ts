import { UnavailableError } from '../errors.ts'
import type { ExportManifest, KeptManifest, Revision } from './manifest.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { Made } from './objects.ts'
import { keysLying, keysNamed } from './objects.ts'
import { checkSettled } from './settled.ts'
import type { Trouble } from './trouble.ts'
import { writeTrouble } from './trouble.ts'
import type { Exporting } from './window.ts'
import type { ExportWindow } from './windows.ts'

export type Span = Pick<ExportManifest, 'start' | 'end'>

/** What becomes the window. */
export interface ToPublish extends Made, Pick<Revision, 'lines' | 'fingerprint'> {
  readonly span: Span
  /** When the vendor was asked, where that is not now. */
  readonly exportedAt?: string
  readonly forgotten: number
  /** What was to replace it, and still is: the next export decides. */
  readonly pending?: Pick<Revision, 'lines' | 'fingerprint'> | undefined
}

/**
 * Puts what was made where it is seen, step by step, its manifest last. Of a window that is kept the manifest says
 * `replacing` first, with both revisions' objects; whoever is cut off leaves that. Throws UnavailableError where another
 * process has written the window meanwhile, and what `stillOurs` throws before each step.
 */
export async function publish(
  exporting: Exporting,
  window: ExportWindow,
  kept: KeptManifest | undefined,
  made: ToPublish,
): Promise<ExportManifest> {
  const { store, keys, head, clock, stillOurs } = exporting
  const key = keys.manifest(window.name)
  const now = clock().toISOString()
  const { span, exportedAt = now, lines, fingerprint, duplicates, forgotten, objects, pending } = made
  const revision: Revision = {
    revision: (kept?.manifest.revision ?? 0) + 1,
    exportedAt,
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
  const manifest: ExportManifest = { version: 1, ...head, window: window.name, ...span, status: 'complete', ...revision }
  try {
    for (const step of made.steps) {
      stillOurs()
      await step()
    }
    // While the manifest still names them: afterwards nobody would know of what a process that dies here leaves lying.
    const before = kept === undefined ? [] : keysNamed(kept.manifest)
    const lying = kept?.manifest.status === 'complete' ? [] : await keysLying(exporting, window)
    const named = new Set(objects.map((own) => own.key))
    for (const one of new Set([...before, ...lying])) {
      if (named.has(one)) continue
      stillOurs()
      await store.delete(one)
    }
    stillOurs()
    if ((await writeManifest(store, key, manifest, over)) === undefined) throw lost()
  } catch (error) {
    await doubtOther(exporting, revision, { ...about, state: 'replacing' }, over)
    throw error
  }
  if (pending === undefined) await store.delete(keys.trouble(window.name))
  return manifest
}

/**
 * Of a window that another process has published since `over` was written: objects of two may lie side by side now, also
 * where this one has just seen that it is late, so the manifest of the other must not stand as it is.
 */
export async function doubtOther(
  { store, keys }: Exporting,
  revision: Revision,
  note: Trouble,
  over: KeptManifest | undefined,
): Promise<void> {
  const key = keys.manifest(note.window)
  const other = await readManifest(store, key)
  if (other === undefined || other.etag === over?.etag) return
  await writeTrouble(store, keys, note)
  await writeManifest(store, key, { ...other.manifest, status: 'replacing', next: revision }, other)
}
