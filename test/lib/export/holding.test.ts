import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { UnavailableError } from '../../../lib/errors.ts'
import { holding } from '../../../lib/export/holding.ts'
import { readTrouble } from '../../../lib/export/trouble.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn, keys, keysIn, linesIn, manifestIn, monday, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const json = 'exports/events/json/date=2026-11-09/2026-11-09.json.gz'
const parquet = 'exports/events/parquet/date=2026-11-09/2026-11-09.parquet'

/** Exports so many lines under the window's claim, as each process does; `pause` is called in its vendor's answer. */
async function exportHeld(
  store: Store,
  owner: string,
  count: number,
  { clock, pause = async () => {} }: { readonly clock: () => Date; readonly pause?: () => Promise<void> },
) {
  const exporting = await exportingIn(store, { lines: lines(count) }, { clock })
  const ask: typeof exporting.ask = async (...given) => {
    await pause()
    return exporting.ask(...given)
  }
  return holding({ store, keys, owner, clock }, monday.name, (stillOurs) =>
    exportWindow({ ...exporting, ask, stillOurs }, monday),
  )
}

/** A manifest that says complete tells the truth of each object; one that says replacing is looked at again. */
async function expectNoLie(store: Store): Promise<void> {
  const manifest = await manifestIn(store)
  if (manifest?.status === 'replacing') return
  for (const { key, sha256 } of manifest?.objects ?? []) {
    const body = (await store.get(key))?.body ?? Buffer.alloc(0)
    expect(createHash('sha256').update(body).digest('hex'), key).toBe(sha256)
  }
}

test.each([
  ['in its vendor’s answer', 'answer', 0],
  ['in its vendor’s answer, of a window that is kept', 'answer', 50],
  ['while an object is sent', 'object', 0],
  ['while an object is sent, of a window that is kept', 'object', 50],
  ['between two objects', 'objects', 0],
  ['between two objects, of a window that is kept', 'objects', 50],
] as const)('who is stopped %s until another has exported the window goes no further', async (_, where, kept) => {
  await withFolder(async (store) => {
    let now = Date.parse('2026-11-10T00:30:00Z')
    const clock = () => new Date(now)
    if (kept > 0) await exportHeld(store, 'before', kept, { clock })
    let stopped = 0
    async function stop(): Promise<void> {
      stopped += 1
      now += 600_000
      expect(await exportHeld(store, 'other', 140, { clock })).toMatchObject({ value: { state: kept > 0 ? 'replaced' : 'kept' } })
    }
    const stopping: Store = {
      ...store,
      async upload(key, options) {
        const upload = await store.upload(key, options)
        return {
          ...upload,
          async finish() {
            if (where === 'object' && key === json) await stop()
            await upload.finish()
            if (where === 'objects' && key === json) await stop()
          },
        }
      },
    }
    const late = exportHeld(stopping, 'late', 70, { clock, ...(where === 'answer' ? { pause: stop } : {}) })
    await expect(late).rejects.toThrow(UnavailableError)
    await expect(late).rejects.toThrow('2026-11-09 was held for longer than its claim lasts')
    expect(stopped).toBe(1)
    await expectNoLie(store)
    expect(await linesIn(store, json)).toEqual(lines(where === 'object' ? 70 : 140))
    expect(await linesIn(store, parquet)).toEqual(lines(140))
    expect(await keysIn(store, 'exports/')).toHaveLength(3)
    expect(await manifestIn(store)).toMatchObject({ lines: 140, revision: kept > 0 ? 2 : 1 })
    if (where === 'answer') {
      // It had put nothing yet, so nothing is to be looked at again.
      expect(await manifestIn(store)).toMatchObject({ status: 'complete' })
      expect(await readTrouble(store, keys, monday.name)).toBeUndefined()
    }
    // It cannot know which of the two was last, so whoever comes next looks.
    const again = await exportHeld(store, 'next', 140, { clock })
    expect(again).toMatchObject({ value: { state: where === 'answer' ? 'unchanged' : 'replaced' } })
    expect(await manifestIn(store)).toMatchObject({ status: 'complete' })
    await expectNoLie(store)
    // Nobody has it any more.
    expect(await holding({ store, keys, owner: 'next', clock }, monday.name, async () => 'free')).toEqual({ value: 'free' })
  })
})

test('a window that somebody is at is told with who it is and until when', async () => {
  await withFolder(async (store) => {
    const clock = () => new Date('2026-11-10T00:30:00Z')
    const second = await holding({ store, keys, owner: 'one', clock }, monday.name, () =>
      holding({ store, keys, owner: 'two', clock }, monday.name, async () => 'both'),
    )
    expect(second).toEqual({ value: { heldBy: 'one', until: new Date('2026-11-10T00:32:00Z') } })
  })
})
