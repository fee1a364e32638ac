import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { due } from '../../../lib/export/due.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { writeTrouble } from '../../../lib/export/trouble.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { windowsOver } from '../../../lib/export/windows.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn, keys, keysIn, withFolder } from './exporting.ts'
import { entryOf } from './keeping.ts'
import { lines } from './raw.ts'

/** An export of which everything that is over is kept, as it was just before `at`. */
async function keptUntil(store: Store, at: string, words: Partial<ExportContext['entry']>, zone = 'UTC') {
  const now = Temporal.Instant.from(at)
  let time = now.epochMilliseconds - 60_000
  const entry = entryOf({ order: 'oldest', ...words })
  const exporting = await exportingIn(store, { lines: lines(1) }, { formats: ['json'], clock: () => new Date(time) })
  const windows = windowsOver({ from: entry.from, every: entry.every, zone }, now)
  for (const window of windows) await exportWindow(exporting, window)
  time = now.epochMilliseconds
  return {
    windows,
    due: async (own: Store = store, hours = 0) => {
      time = now.epochMilliseconds + hours * 3_600_000
      const context = { entry, zone, exporting: { ...exporting, store: own } }
      const request = { scheduledAt: Temporal.Instant.fromEpochMilliseconds(time) }
      return (await due(windows, request, context)).map(({ name }) => name)
    },
  }
}

describe('trailing days are those of the calendar, whatever clocks do', () => {
  test.each([
    ['sync', '2026-10-26T23:30:00Z', ['2026-10-24', '2026-10-25', '2026-10-26']],
    ['sync', '2026-03-30T22:30:00Z', ['2026-03-28', '2026-03-29', '2026-03-30']],
    ['refresh', '2026-10-26T23:30:00Z', ['2026-10-24', '2026-10-25', '2026-10-26']],
  ])('%s at %s', async (word, at, expected) => {
    await withFolder(async (store) => {
      const from = Temporal.Instant.from(at).toZonedDateTimeISO('UTC').subtract({ days: 6 }).toPlainDate().toString()
      const back = 3 * 86_400
      const words = word === 'sync' ? { from, sync: back } : { from, refresh: { every: 'week' as const, back } }
      const kept = await keptUntil(store, at, words, 'Europe/Berlin')
      expect(await kept.due(store, word === 'sync' ? 0 : 24 * 7)).toEqual(expected)
    })
  })

  test('and hours stay hours', async () => {
    await withFolder(async (store) => {
      const words = { from: '2026-10-25', every: 'hour', sync: 2 * 3600 } as const
      const kept = await keptUntil(store, '2026-10-25T02:10:00Z', words, 'Europe/Berlin')
      expect(await kept.due()).toEqual(['2026-10-25T00Z', '2026-10-25T01Z'])
    })
  })
})

test('a damaged manifest is for its own window to tell of; others are due as ever', async () => {
  await withFolder(async (store) => {
    const kept = await keptUntil(store, '2026-11-10T00:30:00Z', { from: '2026-11-07', sync: 2 * 86_400 })
    await store.put(keys.manifest('2026-11-08'), '{}')
    expect(await kept.due()).toEqual(['2026-11-08', '2026-11-09'])
  })
})

test('a window that is kept under other words is due, though it was just exported', async () => {
  await withFolder(async (store) => {
    const kept = await keptUntil(store, '2026-11-10T00:30:00Z', { from: '2026-11-07', sync: 2 * 86_400 })
    const text = Buffer.from((await store.get(keys.manifest('2026-11-08')))?.body ?? []).toString()
    const later = { ...JSON.parse(text), exportedAt: '2026-11-10T05:00:00.000Z' }
    await store.put(keys.manifest('2026-11-09'), JSON.stringify({ ...later, window: '2026-11-09' }))
    await store.put(keys.manifest('2026-11-08'), JSON.stringify({ ...later, definition: 'b'.repeat(64) }))
    expect(await kept.due()).toEqual(['2026-11-08'])
  })
})

describe('windows that were looked at and stay as they are', () => {
  const at = '2026-11-10T00:30:00Z'
  const look = (store: Store, names: readonly string[], when: string) =>
    Promise.all(names.map((window) => writeTrouble(store, keys, { version: 1, window, tries: 0, at: when, state: 'checked' })))

  test('are not due again in that schedule, and cost no reading', async () => {
    await withFolder(async (store) => {
      const kept = await keptUntil(store, at, { from: '2026-10-01', sync: 3 * 86_400 })
      await look(
        store,
        kept.windows.map(({ name }) => name),
        '2026-11-10T00:30:05.000Z',
      )
      const read: string[] = []
      const counting: Store = {
        ...store,
        get: (key) => {
          read.push(key)
          return store.get(key)
        },
      }
      expect(await kept.due(counting)).toEqual([])
      expect(read).toEqual([])
      expect(await kept.due(counting, 1)).toEqual(['2026-11-07', '2026-11-08', '2026-11-09'])
      expect(read).toHaveLength(3)
    })
  })

  test('have one note each, the last; it goes when nobody will ask for it', async () => {
    await withFolder(async (store) => {
      const kept = await keptUntil(store, at, { from: '2026-11-05', sync: 3 * 86_400 })
      const names = ['2026-11-05', '2026-11-09']
      await writeTrouble(store, keys, {
        version: 1,
        window: '2026-11-09',
        tries: 1,
        at: '2026-11-10T00:00:00.000Z',
        state: 'retried',
      })
      for (const when of ['2026-11-10T00:30:00.000Z', '2026-11-10T01:30:00.000Z']) await look(store, names, when)
      const noteOf = (window: string) => keys.looked(window, Date.parse('2026-11-10T01:30:00Z'))
      expect(await keysIn(store, 'state/')).toEqual(names.map(noteOf))
      await kept.due(store, 89 * 24)
      expect(await keysIn(store, 'state/')).toEqual(names.map(noteOf))
      await kept.due(store, 91 * 24)
      expect(await keysIn(store, 'state/')).toEqual([noteOf('2026-11-09')])
    })
  })
})
