import { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import { heldBy } from '../store/claims.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { readManifest, readSoundManifest } from './manifest.ts'
import { inBatches } from './reach.ts'
import { cancellation, refusedFor } from './settled.ts'
import { readTrouble } from './trouble.ts'
import type { ExportWindow } from './windows.ts'
import { planOf, windowsKnown } from './windows.ts'

/** The states of a window, as a vendor's own pipelines call them. */
export const windowStates = ['pending', 'running', 'retried', 'failed', 'timed out', 'canceled', 'succeeded'] as const
export type WindowState = (typeof windowStates)[number]

export interface WindowStatus {
  readonly window: string
  readonly state: WindowState
  readonly tries?: number | undefined
  readonly message?: string | undefined
  readonly remedy?: string | undefined
}

export interface ExportStatus {
  readonly export: string
  readonly windows: readonly WindowStatus[]
  readonly counts: Readonly<Record<WindowState, number>>
  /** The first window that is over and not kept whole; one that is kept while a later look at it failed is no gap. */
  readonly oldestGap?: string | undefined
  /** The newest window that is kept, and when it was. */
  readonly lastSuccess?: { readonly window: string; readonly exportedAt: string } | undefined
  readonly canceled?: { readonly by: string; readonly at: string } | undefined
  /** Why no window is exported any more: the project file has other words than those that the kept ones were asked with. */
  readonly refused?: { readonly message: string; readonly remedy?: string | undefined } | undefined
}

/** Every window that is over and not older than `keep`, or of snapshots those that are kept and today's, and how it stands. Reads the names of manifests, and more only of what is not well. */
export async function statusOf(
  entry: ExportEntry,
  options: {
    readonly store: Store
    readonly keys: ExportKeys
    readonly zone: string
    /** As manifests have it: what is asked for today. */
    readonly definition: string
    readonly clock: () => Date
  },
): Promise<ExportStatus> {
  const { store, keys, zone, definition, clock } = options
  const now = Temporal.Instant.fromEpochMilliseconds(clock().getTime())
  const [kept, troubled, claimed, canceled, refusal] = await Promise.all([
    namesUnder(store, keys.manifests),
    namesUnder(store, keys.troubles),
    namesUnder(store, keys.claim('x').replace(/x\.json$/, '')),
    cancellation(store, keys, false),
    refusedFor(store, keys, { every: entry.every, zone, definition }),
  ])
  const all = windowsKnown(planOf(entry, zone), now, kept)

  async function look(window: ExportWindow): Promise<WindowStatus> {
    const { name } = window
    const isKept = kept.has(name)
    const trouble = troubled.has(name) ? await readTrouble(store, keys, name) : undefined
    const open = !isKept || trouble?.state === 'replacing'
    if (open && claimed.has(name) && (await heldBy(store, keys.claim(name), clock())) !== undefined)
      return { window: name, state: 'running' }
    const { tries, message, remedy } = trouble ?? {}
    if (trouble?.state === 'failed' || trouble?.state === 'timed out' || trouble?.state === 'retried') {
      return { window: name, state: trouble.state, tries, message, remedy }
    }
    if (isKept && trouble?.state !== 'replacing') return { window: name, state: 'succeeded', message }
    return { window: name, state: canceled === undefined ? 'pending' : 'canceled' }
  }

  async function isWhole(name: string): Promise<boolean> {
    return kept.has(name) && (await readSoundManifest(store, keys.manifest(name)))?.manifest.status === 'complete'
  }

  const windows = await inBatches(all, look)
  let oldestGap: string | undefined
  for (const { window, state } of windows) {
    if (state === 'succeeded' || (await isWhole(window))) continue
    oldestGap = window
    break
  }
  const counts = Object.fromEntries(windowStates.map((state) => [state, windows.filter((one) => one.state === state).length]))
  const last = all.findLast(({ name }) => kept.has(name))
  const manifest = last === undefined ? undefined : await readManifest(store, keys.manifest(last.name))
  return {
    export: entry.name,
    windows,
    counts: counts as Record<WindowState, number>,
    oldestGap,
    lastSuccess:
      last === undefined || manifest === undefined ? undefined : { window: last.name, exportedAt: manifest.manifest.exportedAt },
    canceled: canceled === undefined ? undefined : { by: canceled.by, at: canceled.at.toISOString() },
    refused: refusal === undefined ? undefined : { message: refusal.message, remedy: refusal.remedy },
  }
}

/** Windows by name, of those that have an object under a prefix. */
export async function namesUnder(store: Store, prefix: string): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const { key } of store.list(prefix)) names.add(key.slice(prefix.length).replace(/\.json$/, ''))
  return names
}
