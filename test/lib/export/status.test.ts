import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { statusOf } from '../../../lib/export/status.ts'
import type { Trouble } from '../../../lib/export/trouble.ts'
import { writeTrouble } from '../../../lib/export/trouble.ts'
import type { ExportEntry } from '../../../lib/project/project.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Store } from '../../../lib/store/store.ts'
import { entryOf, keepDays } from './keeping.ts'
import { lines } from './raw.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet status '))
  store = openFolder(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const keys = exportKeys('events')
const dates = ['2026-11-08', '2026-11-09', '2026-11-10']
const clock = () => new Date('2026-11-11T00:30:00Z')
const keep = (entry: ExportEntry, some: readonly string[]) =>
  keepDays(
    store,
    entry,
    some.map((date) => ({ date, lines: lines(3) })),
  )
const definition = 'a'.repeat(64)
const stands = (entry: ExportEntry, today = { zone: 'UTC', definition }) => statusOf(entry, { store, keys, ...today, clock })
const wentWrong = (window: string, state: Trouble['state']) =>
  writeTrouble(store, keys, { version: 1, window, tries: 1, at: '2026-11-11T00:10:00Z', state, message: 'it was cut off' })

describe('with `keep`', () => {
  test.each([
    [{ days: 2, zone: 'UTC', at: '2026-11-11T00:30:00Z' }, ['2026-11-09', '2026-11-10']],
    [{ days: 1, zone: 'UTC', at: '2026-11-11T00:30:00Z' }, ['2026-11-10']],
    // What ended exactly so long ago is deleted.
    [{ days: 2, zone: 'UTC', at: '2026-11-11T00:00:00Z' }, ['2026-11-09', '2026-11-10']],
    [{ days: 2 + 1 / 24, zone: 'UTC', at: '2026-11-11T00:30:00Z' }, ['2026-11-08', '2026-11-09', '2026-11-10']],
    // These three days have 73 hours.
    [{ days: 3, zone: 'Europe/Berlin', at: '2026-10-27T22:30:00Z' }, ['2026-10-24', '2026-10-25', '2026-10-26']],
  ])('%j, nothing is wanted that would be deleted', async ({ days, zone, at }, wanted) => {
    const entry = entryOf({ from: '2026-10-01', keep: days * 86_400 })
    const { windows, oldestGap } = await statusOf(entry, { store, keys, zone, definition, clock: () => new Date(at) })
    expect(windows.map(({ window, state }) => [window, state])).toEqual(wanted.map((window) => [window, 'pending']))
    expect(oldestGap).toBe(wanted[0])
  })

  test('and all of that there, there is no gap', async () => {
    const entry = entryOf({ from: '2026-11-01', keep: 3 * 86_400 })
    await keep(entry, dates)
    const status = await stands(entry)
    expect(status).toMatchObject({ counts: { succeeded: 3, pending: 0 }, lastSuccess: { window: '2026-11-10' } })
    expect(status.oldestGap).toBeUndefined()
  })
})

describe('the oldest gap', () => {
  const entry = entryOf({ from: '2026-11-08' })

  test.each(['retried', 'failed', 'timed out'] as const)(
    'is no day that is kept whole, when a later look at it is %s',
    async (state) => {
      await keep(entry, dates)
      await wentWrong('2026-11-09', state)
      const status = await stands(entry)
      expect(status.counts).toMatchObject({ [state]: 1, succeeded: 2 })
      expect(status.oldestGap).toBeUndefined()
    },
  )

  test('is the first day that is not there at all', async () => {
    await keep(entry, ['2026-11-08', '2026-11-10'])
    await wentWrong('2026-11-08', 'retried')
    await wentWrong('2026-11-09', 'retried')
    expect((await stands(entry)).oldestGap).toBe('2026-11-09')
  })

  test.each([
    ['whose objects may be of two revisions', (text: string) => text.replace('"complete"', '"replacing"')],
    ['whose manifest is damaged', () => '{'],
  ])('is a kept day %s', async (_, spoil) => {
    await keep(entry, dates)
    const key = keys.manifest('2026-11-09')
    await store.put(key, spoil(Buffer.from((await store.get(key))?.body ?? '').toString()))
    await wentWrong('2026-11-09', 'failed')
    expect((await stands(entry)).oldestGap).toBe('2026-11-09')
  })
})

describe('other words in the project file than those that the kept windows were asked with', () => {
  const entry = entryOf({ from: '2026-11-08' })
  const other = 'b'.repeat(64)

  test.each([
    [{ every: 'hour' }, 'UTC', definition, 'this export is kept by the day of UTC, and the project file says the hour of UTC'],
    [{}, 'Europe/Berlin', definition, 'and the project file says the day of Europe/Berlin'],
    [{}, 'UTC', other, 'what this export asks for is not what its kept windows hold'],
  ] as const)('are told, since nothing is exported before they are mended: %j %s', async (words, zone, own, message) => {
    await keep(entry, dates)
    expect((await stands({ ...entry, ...words }, { zone, definition: own })).refused).toEqual({
      message: expect.stringContaining(message),
      remedy: 'put the old words back, give the export another name, or begin it anew with --rebuild',
    })
  })

  test('are none where they are the same, or nothing is kept yet', async () => {
    expect((await stands(entry, { zone: 'UTC', definition: other })).refused).toBeUndefined()
    await keep(entry, dates)
    expect((await stands(entry)).refused).toBeUndefined()
  })
})
