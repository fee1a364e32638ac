import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../../../lib/errors.ts'
import { keepNames, readNames, settle } from '../../../lib/export/settled.ts'
import { readTrouble } from '../../../lib/export/trouble.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import type { Given } from './exporting.ts'
import { copyingEach, exportingIn, keys, keysIn, linesIn, manifestIn, monday, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const json = 'exports/events/json/date=2026-11-09/2026-11-09.json.gz'
const parquet = 'exports/events/parquet/date=2026-11-09/2026-11-09.parquet'
const manifest = 'exports/events/manifests/2026-11-09.json'

describe('a window', () => {
  test('is kept: bytes, Parquet, and last of all a manifest that tells the truth', async () => {
    await withFolder(async (store) => {
      const exporting = await exportingIn(store, { lines: lines(100) })
      expect((await exportWindow(exporting, monday)).state).toBe('kept')
      const kept = await manifestIn(store)
      expect(kept).toMatchObject({
        window: '2026-11-09',
        start: '2026-11-09T00:00:00+00:00',
        end: '2026-11-10T00:00:00+00:00',
        status: 'complete',
        revision: 1,
        lines: 100,
        duplicates: 0,
      })
      expect(await keysIn(store, 'exports/')).toEqual([json, manifest, parquet])
      for (const { key, bytes, sha256 } of kept?.objects ?? []) {
        const body = (await store.get(key))?.body ?? Buffer.alloc(0)
        expect([body.length, createHash('sha256').update(body).digest('hex')]).toEqual([bytes, sha256])
      }
      expect(await linesIn(store, json)).toEqual(lines(100))
      expect(await readdir(exporting.scratch)).toEqual([])
    })
  })

  test.each([
    [['json'], [json, manifest]],
    [['parquet'], [manifest, parquet]],
  ] as const)('is kept as %j alone', async (formats, expected) => {
    await withFolder(async (store) => {
      await exportWindow(await exportingIn(store, { lines: lines(10) }, { formats }), monday)
      expect(await keysIn(store, 'exports/')).toEqual(expected)
    })
  })

  test('without an event has a manifest and no objects', async () => {
    await withFolder(async (store) => {
      await exportWindow(await exportingIn(store, { lines: [] }), monday)
      expect(await keysIn(store, 'exports/')).toEqual([manifest])
      expect(await manifestIn(store)).toMatchObject({ status: 'complete', lines: 0, objects: [] })
    })
  })

  test('that fails leaves nothing behind, and what was kept stays', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(100) }
      const failing = await exportingIn(store, given, {
        convert: async () => Promise.reject(new UnavailableError('the disk is full')),
      })
      await expect(exportWindow(failing, monday)).rejects.toThrow('the disk is full')
      expect(await keysIn(store, 'exports/')).toEqual([])
      expect(await readdir(failing.scratch)).toEqual([])
      await exportWindow(await exportingIn(store, given), monday)
      const before = await manifestIn(store)
      for (const bad of [new UnavailableError('gone'), [...lines(120), '{"event":"cut'], [...lines(120), 'terminated early']]) {
        given.lines = bad
        await expect(exportWindow(await exportingIn(store, given), monday)).rejects.toThrow(UnavailableError)
      }
      expect(await manifestIn(store)).toEqual(before)
      expect(await linesIn(store, json)).toEqual(lines(100))
    })
  })
})

test('whose first export was cut off before its manifest keeps no object that the next one does not have', async () => {
  for (const next of [[], ['sign-up']]) {
    await withFolder(async (store) => {
      await settle(store, keys, { every: 'day', zone: 'UTC', definition: 'a'.repeat(64) }, false)
      const slugs = new Map(['Sign Up', 'Gone'].map((event) => [event, event.toLowerCase().replace(' ', '-')]))
      const names = await readNames(store, keys)
      expect(await keepNames(store, keys, names, { ...names, slugs })).toBe(true)
      const by = async (given: readonly string[], events: readonly string[]) =>
        exportingIn(
          store,
          { lines: given },
          {
            convert: copyingEach(events),
          },
        )
      const dying: typeof store = {
        ...store,
        put: async (key, ...more) =>
          key === manifest ? Promise.reject(new Error('the process is gone')) : store.put(key, ...more),
      }
      const first = await by(lines(10), ['gone', 'sign-up'])
      await expect(exportWindow({ ...first, store: dying }, monday)).rejects.toThrow('is gone')
      expect(await keysIn(store, 'exports/')).toHaveLength(3)
      await exportWindow(await by(lines(5 * next.length), next), monday)
      const own = next.map((event) => `exports/events/parquet/event=${event}/date=2026-11-09/2026-11-09.parquet`)
      expect(await keysIn(store, 'exports/')).toEqual([...(next.length > 0 ? [json] : []), manifest, ...own])
    })
  }
})

describe('a window that is looked at again', () => {
  test('stays as it is for the same lines in another order', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(100) }
      await exportWindow(await exportingIn(store, given), monday)
      const before = await manifestIn(store)
      given.lines = lines(100).toReversed()
      expect((await exportWindow(await exportingIn(store, given), monday)).state).toBe('unchanged')
      expect(await manifestIn(store)).toEqual(before)
    })
  })

  test('is replaced by late data, and by a change of one line', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(100) }
      await exportWindow(await exportingIn(store, given), monday)
      given.lines = lines(130)
      expect((await exportWindow(await exportingIn(store, given), monday)).state).toBe('replaced')
      expect(await linesIn(store, json)).toEqual(lines(130))
      given.lines = lines(130).map((line, at) => (at === 5 ? line.replace('u5', 'u6') : line))
      expect((await exportWindow(await exportingIn(store, given), monday)).state).toBe('replaced')
      expect(await manifestIn(store)).toMatchObject({ revision: 3, lines: 130, status: 'complete' })
      expect(await manifestIn(store)).not.toHaveProperty('next')
    })
  })

  test('that shrank must show it twice, the same way, before it is replaced', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(100) }
      const again = async () => (await exportWindow(await exportingIn(store, given), monday)).state
      await again()
      given.lines = lines(90)
      expect(await again()).toBe('shrunk')
      given.lines = lines(95)
      expect(await again()).toBe('shrunk')
      given.lines = lines(100)
      expect(await again()).toBe('unchanged')
      given.lines = lines(95)
      expect(await again()).toBe('shrunk')
      expect(await linesIn(store, json)).toHaveLength(100)
      expect(await again()).toBe('replaced')
      expect(await linesIn(store, json)).toHaveLength(95)
    })
  })

  test('whose replacement was cut off must show it twice, too, unless it is one of the two', async () => {
    for (const [came, state] of [
      [100, 'replaced'],
      [130, 'replaced'],
      [120, 'replaced'],
      [3, 'shrunk'],
    ] as const) {
      await withFolder(async (store) => {
        const given: Given = { lines: lines(100) }
        await exportWindow(await exportingIn(store, given), monday)
        given.lines = lines(130)
        const dying: typeof store = {
          ...store,
          upload: async (key) => (key === parquet ? Promise.reject(new Error('the process is gone')) : store.upload(key)),
        }
        await expect(exportWindow({ ...(await exportingIn(store, given)), store: dying }, monday)).rejects.toThrow('is gone')
        given.lines = lines(came)
        expect((await exportWindow(await exportingIn(store, given), monday)).state).toBe(state)
        const isShrunk = state === 'shrunk'
        expect(await manifestIn(store)).toMatchObject({ status: isShrunk ? 'replacing' : 'complete' })
        expect(await readTrouble(store, keys, monday.name)).toEqual(
          isShrunk ? expect.objectContaining({ state: 'replacing', shrunk: expect.objectContaining({ lines: 3 }) }) : undefined,
        )
        if (isShrunk) expect((await exportWindow(await exportingIn(store, given), monday)).state).toBe('replaced')
        expect(await manifestIn(store)).toMatchObject({ status: 'complete', lines: came })
      })
    }
  })

  test('that shrank to nothing has its objects deleted, after the manifest says so', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(10) }
      await exportWindow(await exportingIn(store, given), monday)
      given.lines = []
      await exportWindow(await exportingIn(store, given), monday)
      await exportWindow(await exportingIn(store, given), monday)
      expect(await keysIn(store, 'exports/')).toEqual([manifest])
    })
  })

  test('whose replacement was cut off keeps no object of it that what comes next does not have', async () => {
    await withFolder(async (store) => {
      // Each event in a file of its own; names that no list knows, as a copy of the store without its state would have.
      const by = async (...events: string[]) =>
        exportingIn(
          store,
          { lines: lines(10 * events.length) },
          {
            formats: ['parquet'],
            convert: copyingEach(events),
          },
        )
      const of = (event: string) => `exports/events/parquet/event=${event}/date=2026-11-09/2026-11-09.parquet`
      await exportWindow(await by('old'), monday)
      const replacing = await by('new', 'next')
      let deleted = 0
      const dying: typeof store = {
        ...store,
        delete: async (key) => {
          if (!key.startsWith('exports/')) return store.delete(key)
          deleted += 1
          throw new Error('the process is gone')
        },
      }
      await expect(exportWindow({ ...replacing, store: dying }, monday)).rejects.toThrow('is gone')
      expect([deleted, await keysIn(store, 'exports/events/parquet/')]).toEqual([1, ['new', 'next', 'old'].map(of)])
      expect(await exportWindow(await by('old', 'new', 'third'), monday)).toMatchObject({ state: 'replaced' })
      expect(await keysIn(store, 'exports/events/parquet/')).toEqual(['new', 'old', 'third'].map(of))
      expect(await manifestIn(store)).toMatchObject({ status: 'complete', revision: 2 })
    })
  })

  test('says that it is being replaced, with both revisions, until it is', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(10) }
      await exportWindow(await exportingIn(store, given), monday)
      const first = await manifestIn(store)
      given.lines = lines(20)
      const seen: unknown[] = []
      const watching = {
        ...store,
        upload: async (key: string) => {
          seen.push([key, await manifestIn(store)])
          return store.upload(key)
        },
      }
      await exportWindow({ ...(await exportingIn(store, given)), store: watching }, monday)
      const last = await manifestIn(store)
      expect(seen).toMatchObject([
        [json, { status: 'replacing', objects: first?.objects, next: { revision: 2, objects: last?.objects } }],
        [parquet, { status: 'replacing' }],
      ])
    })
  })
})

test('of two who export a window although one has the claim, no manifest lies', async () => {
  await withFolder(async (store) => {
    const slow = await exportingIn(store, { lines: lines(10) })
    const quick = await exportingIn(store, { lines: lines(20) })
    const late = {
      ...slow,
      convert: async (options: Parameters<typeof slow.convert>[0]) => {
        await exportWindow(quick, monday)
        return slow.convert(options)
      },
    }
    await expect(exportWindow(late, monday)).rejects.toThrow('written by another process')
    expect(await manifestIn(store)).toMatchObject({ status: 'replacing', lines: 20, next: { lines: 10 } })
    expect((await exportWindow(quick, monday)).state).toBe('replaced')
    expect(await manifestIn(store)).toMatchObject({ status: 'complete', lines: 20 })
    expect(await linesIn(store, json)).toHaveLength(20)
    expect(keys.manifest(monday.name)).toBe(manifest)
  })
})
