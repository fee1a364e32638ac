import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../lib/errors.ts'
import type { ExportContext, ExportRequest } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { checkSettled, clearOld, keepNames, readNames, settle } from '../../../lib/export/settled.ts'
import { claim } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn, keys, keysIn, manifestIn, withFolder } from './exporting.ts'
import { entryOf } from './keeping.ts'
import { lines } from './raw.ts'

const days = ['2026-11-08', '2026-11-09']
const scheduledAt = Temporal.Instant.from('2026-11-10T00:30:00Z')
const clock = () => new Date('2026-11-10T00:30:00Z')
const definitions = { old: 'a'.repeat(64), new: 'b'.repeat(64) }

/** An export of two days in one format, as the project file had it or has it. */
async function contextOf(store: Store, which: keyof typeof definitions): Promise<ExportContext> {
  const formats = which === 'old' ? (['json'] as const) : (['parquet'] as const)
  const exporting = await exportingIn(store, { lines: lines(7) }, { formats, clock })
  const head = { ...exporting.head, definition: definitions[which] }
  const entry = entryOf({ from: '2026-11-08', order: 'oldest' })
  return { entry, zone: 'UTC', exporting: { ...exporting, head }, owner: which, atATime: 1 }
}

const run = (context: ExportContext, more: Partial<ExportRequest> = {}) => runExport({ scheduledAt, ...more }, context)

/** The same, with something that happens while a window comes. */
function whileComing(context: ExportContext, happens: (window: string) => Promise<void>): ExportContext {
  const { ask } = context.exporting
  return {
    ...context,
    exporting: {
      ...context.exporting,
      async ask(window, signal) {
        await happens(window.name)
        return ask(window, signal)
      },
    },
  }
}

async function definitionsIn(store: Store): Promise<(string | undefined)[]> {
  return Promise.all(days.map(async (day) => (await manifestIn(store, day))?.definition))
}

describe('an export that is begun anew under other words', () => {
  test('waits for windows under way, which are then kept nowhere', async () => {
    await withFolder(async (store) => {
      const neu = await contextOf(store, 'new')
      const outcomes: unknown[] = []
      const old = whileComing(await contextOf(store, 'old'), async (window) => {
        if (window === '2026-11-09') outcomes.push(await run(neu, { rebuild: true }))
      })
      await expect(run(old)).rejects.toThrow('this export was begun anew while 2026-11-09 came')
      const why = 'old is at 2026-11-09, which has to end before this export begins anew'
      expect(outcomes).toEqual([{ status: 'again', at: new Date('2026-11-10T00:30:05Z'), why, done: [], failed: [] }])
      // The next call goes on with it, whether or not it is told to.
      expect(await run(neu)).toMatchObject({ status: 'done', done: days.map((window) => ({ window, state: 'kept' })) })
      expect(await definitionsIn(store)).toEqual([definitions.new, definitions.new])
      expect(await keysIn(store, 'exports/events/json/')).toEqual([])
      await expect(run(old)).rejects.toThrow('what this export asks for is not what its kept windows hold')
    })
  })

  test('that was killed while it deleted goes on before any window begins', async () => {
    await withFolder(async (store) => {
      await run(await contextOf(store, 'old'))
      const dying: Store = {
        ...store,
        delete: async (key) => {
          if (key.includes('/json/')) throw new Error('killed')
          await store.delete(key)
        },
      }
      await expect(run(await contextOf(dying, 'new'), { rebuild: true })).rejects.toThrow('killed')
      const neu = whileComing(await contextOf(store, 'new'), async () => {
        expect(await keysIn(store, 'exports/events/json/')).toEqual([])
      })
      expect(await run(neu)).toMatchObject({ status: 'done', done: [{}, {}], failed: [] })
    })
  })

  test('is rid of older versions, too', async () => {
    await withFolder(async (store) => {
      const purged: string[] = []
      const telling: Store = {
        ...store,
        purge: async (place) => {
          purged.push(`${place} with ${(await keysIn(store, place)).length}`)
        },
      }
      await run(await contextOf(store, 'old'))
      await run(await contextOf(telling, 'new'), { rebuild: true })
      expect(purged.toSorted()).toEqual([...keys.objects, keys.manifests].toSorted().map((place) => `${place} with 0`))
    })
  })

  test('may be begun anew under the same words', async () => {
    await withFolder(async (store) => {
      await run(await contextOf(store, 'old'))
      const again = await run(await contextOf(store, 'old'), { rebuild: true })
      expect(again).toMatchObject({ status: 'done', done: days.map((window) => ({ window, state: 'kept' })), failed: [] })
      expect(await run(await contextOf(store, 'old'))).toMatchObject({ status: 'done', done: [] })
    })
  })

  test('is left to who may delete older versions', async () => {
    await withFolder(async (store) => {
      await run(await contextOf(store, 'old'))
      await settle(store, keys, { every: 'day', zone: 'UTC', definition: definitions.new }, true)
      const scheduled = { ...(await contextOf(store, 'new')), mayPurge: false }
      await expect(run(scheduled)).rejects.toThrow(
        expect.objectContaining({
          constructor: UsageError,
          message: expect.stringMatching(/has yet to be deleted/),
          remedy: expect.stringMatching(/--rebuild was said once more/),
        }),
      )
      const own = await claim(store, keys.rebuild, { owner: 'ann', seconds: 60, clock })
      expect(await run(scheduled)).toMatchObject({ status: 'again', why: expect.stringMatching(/^ann is at the rebuild/) })
      if ('release' in own) await own.release()
      expect(await keysIn(store, keys.manifests)).toHaveLength(2)
      await run(await contextOf(store, 'new'))
      expect(await run(scheduled)).toMatchObject({ status: 'done' })
    })
  })

  test('is over once, though somebody gives names meanwhile who began under the old words', async () => {
    await withFolder(async (store) => {
      await run(await contextOf(store, 'old'))
      await settle(store, keys, { every: 'day', zone: 'UTC', definition: definitions.new }, true)
      const columns = new Map([['late', 'late']])
      const slow: Store = {
        ...store,
        async purge() {
          const known = await readNames(store, keys)
          if (known.columns.size === 0) expect(await keepNames(store, keys, known, { ...known, columns })).toBe(true)
        },
      }
      await run(await contextOf(slow, 'new'))
      expect(await definitionsIn(store)).toEqual([definitions.new, definitions.new])
      expect(await run(await contextOf(store, 'new'))).toMatchObject({ status: 'done', done: [] })
      expect(await definitionsIn(store)).toEqual([definitions.new, definitions.new])
      expect((await readNames(store, keys)).columns).toEqual(columns)
    })
  })

  test('ends uploads that nobody goes on with', async () => {
    await withFolder(async (store) => {
      const ended: string[] = []
      const lying: Store = {
        ...store,
        unfinished: async (prefix) => [{ key: `${prefix}one`, abort: async () => void ended.push(prefix) }],
      }
      await run(await contextOf(store, 'old'))
      await run(await contextOf(lying, 'new'), { rebuild: true })
      expect(ended).toEqual([...keys.objects])
    })
  })

  test('is deleted by one process, and what that one keeps since stays', async () => {
    await withFolder(async (store) => {
      await run(await contextOf(store, 'old'))
      await settle(store, keys, { every: 'day', zone: 'UTC', definition: definitions.new }, true)
      const own = await claim(store, keys.rebuild, { owner: 'first', seconds: 60, clock })
      expect(await run(await contextOf(store, 'new'))).toMatchObject({
        status: 'again',
        why: expect.stringMatching(/^first is at the rebuild/),
      })
      expect(await keysIn(store, keys.manifests)).toHaveLength(2)
      if ('release' in own) await own.release()
      await run(await contextOf(store, 'new'))
      expect(await clearOld({ store, keys, owner: 'late', clock })).toBeUndefined()
      expect(await definitionsIn(store)).toEqual([definitions.new, definitions.new])
    })
  })
})

test.each([
  ['another definition', { definition: definitions.new }],
  ['another zone', { zone: 'Europe/Berlin' }],
  ['another length', { window: '2026-11-09T14Z' }],
])('a window of %s is refused before its objects are put', async (_, other) => {
  await withFolder(async (store) => {
    const own = { window: '2026-11-09', zone: 'UTC', definition: definitions.old }
    await checkSettled(store, keys, own)
    await settle(store, keys, { every: 'day', zone: 'UTC', definition: definitions.old }, false)
    await checkSettled(store, keys, own)
    await expect(checkSettled(store, keys, { ...own, ...other })).rejects.toThrow(UsageError)
    // Words that are put back while what was kept under others is deleted.
    await settle(store, keys, { every: 'day', zone: 'UTC', definition: definitions.new }, true)
    await settle(store, keys, { every: 'day', zone: 'UTC', definition: definitions.old }, true)
    await expect(checkSettled(store, keys, own)).rejects.toThrow('this export was begun anew while 2026-11-09 came')
  })
})
