import { createHash } from 'node:crypto'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { expire } from '../../../lib/export/expire.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import { holding } from '../../../lib/export/holding.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { settle } from '../../../lib/export/settled.ts'
import { readTrouble, writeTrouble } from '../../../lib/export/trouble.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { windowNamed, windowsOver } from '../../../lib/export/windows.ts'
import { claim } from '../../../lib/store/claims.ts'
import type { Store } from '../../../lib/store/store.ts'
import { exportingIn, keys, keysIn, linesIn, manifestIn, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const clock = () => new Date('2026-11-10T00:30:00Z')
const wish = { keep: 2.5 * 86_400, zone: 'UTC' }
const holderOf = (store: Store) => ({ store, keys, owner: 'tester', clock })
const fileOf = (day: string) => `exports/events/json/date=${day}/${day}.json.gz`

/** Five days that are kept, 5 to 9 November. */
async function keepFive(store: Store, zone = 'UTC'): Promise<void> {
  const plan = { from: '2026-11-05', every: 'day', zone } as const
  const asking = await exportingIn(store, { lines: lines(3) }, { formats: ['json'] })
  for (const window of windowsOver(plan, Temporal.Instant.fromEpochMilliseconds(clock().getTime()))) {
    await exportWindow(asking, window)
  }
}

/** The same store, whose process dies at the first deletion of a key of this kind, or right after it. */
function dyingAt(store: Store, kind: RegExp, when: 'before' | 'after'): Store {
  let isDead = false
  return {
    ...store,
    async delete(key) {
      if (isDead || (when === 'before' && kind.test(key))) {
        isDead = true
        throw new Error('killed')
      }
      await store.delete(key)
      isDead = kind.test(key)
    },
  }
}

/** The same export, from now on without `keep`. */
async function longerKept(store: Store): Promise<{ asked: string[]; context: ExportContext }> {
  const asked: string[] = []
  const exporting = await exportingIn(store, { lines: lines(3) }, { formats: ['json'] })
  const ask: typeof exporting.ask = async (window, signal) => {
    asked.push(window.name)
    return exporting.ask(window, signal)
  }
  const words = { name: 'events', source: 'product', data: 'events', from: '2026-11-05', every: 'day', order: 'oldest' }
  const entry = { ...words, format: ['json'], schema: 'mono' } as ExportContext['entry']
  return { asked, context: { entry, zone: 'UTC', exporting: { ...exporting, ask }, owner: 'later' } }
}

test('windows that ended longer ago than they are kept go, manifest and objects; one that somebody is at stays', async () => {
  await withFolder(async (store) => {
    await keepFive(store)
    const held = await claim(store, keys.claim('2026-11-06'), { owner: 'other', seconds: 60, clock })
    const about = holderOf(store)
    expect((await expire(about, wish)).gone).toEqual(['2026-11-05'])
    if ('release' in held) await held.release()
    expect((await expire(about, wish)).gone).toEqual(['2026-11-06'])
    expect(await expire(about, wish)).toEqual({ gone: [], isAll: true })
    expect(await keysIn(store, keys.manifests)).toEqual(
      ['2026-11-07', '2026-11-08', '2026-11-09'].map((day) => `exports/events/manifests/${day}.json`),
    )
    expect(await keysIn(store, 'exports/events/json/')).toHaveLength(3)
    expect(await keysIn(store, 'state/')).toEqual([])
  })
})

describe('who dies while windows are deleted', () => {
  test.each([
    ['before an object goes', /\/json\//, 'before'],
    ['after an object went', /\/json\//, 'after'],
    ['before the manifest goes', /\/manifests\//, 'before'],
    ['after the manifest went', /\/manifests\//, 'after'],
  ] as const)('%s is followed by the next call', async (_, kind, when) => {
    await withFolder(async (store) => {
      await keepFive(store)
      await expect(expire({ ...holderOf(store), store: dyingAt(store, kind, when) }, wish)).rejects.toThrow('killed')
      // Nobody is told that it is complete once an object of it may be gone.
      expect((await manifestIn(store, '2026-11-05'))?.status).not.toBe('complete')
      await expire({ ...holderOf(store), owner: 'next' }, wish)
      expect(await keysIn(store, 'exports/')).toHaveLength(6)
      expect(await keysIn(store, 'state/')).toEqual([])
    })
  })

  test('leaves a manifest that names what is going', async () => {
    await withFolder(async (store) => {
      await keepFive(store)
      await expire({ ...holderOf(store), store: dyingAt(store, /\/json\//, 'before') }, wish).catch(() => {})
      const manifest = await manifestIn(store, '2026-11-05')
      expect(manifest).toMatchObject({ status: 'replacing', objects: [{ key: fileOf('2026-11-05') }], next: { objects: [] } })
    })
  })
})

test('a window whose replacement was cut off goes with the objects of both revisions and its note, by itself', async () => {
  await withFolder(async (store) => {
    await keepFive(store)
    const next = [fileOf('2026-11-05'), 'exports/events/parquet/event=new/date=2026-11-05/2026-11-05.parquet']
    const manifest = await manifestIn(store, '2026-11-05')
    const objects = next.map((key) => ({ key, bytes: 1, sha256: 'b'.repeat(64), rows: 5 }))
    const revision = { revision: 2, exportedAt: clock().toISOString(), lines: 5, fingerprint: 'f', objects, notes: [] }
    await store.put(keys.manifest('2026-11-05'), JSON.stringify({ ...manifest, status: 'replacing', next: revision }))
    for (const key of next) await store.put(key, 'x')
    const at = clock().toISOString()
    await writeTrouble(store, keys, { version: 1, window: '2026-11-05', tries: 0, at, state: 'replacing' })
    // Its time is over then, so nothing looks for what one window left lying.
    let windows = 0
    const isOver = () => {
      windows += 1
      return windows > 1
    }
    expect(await expire(holderOf(store), { ...wish, isOver })).toEqual({ gone: ['2026-11-05'], isAll: false })
    expect((await keysIn(store)).filter((key) => key.includes('2026-11-05') && !key.startsWith('claims/'))).toEqual([])
  })
})

test('a window that is being deleted is one to export again, should it be kept for longer from now on', async () => {
  await withFolder(async (store) => {
    await keepFive(store)
    await expect(expire({ ...holderOf(store), store: dyingAt(store, /\/json\//, 'after') }, wish)).rejects.toThrow('killed')
    expect(await readTrouble(store, keys, '2026-11-05')).toMatchObject({ state: 'replacing' })
    const { asked, context } = await longerKept(store)
    expect(await runExport({ scheduledAt: Temporal.Instant.from('2026-11-10T00:30:00Z') }, context)).toMatchObject({
      status: 'done',
      done: [{ window: '2026-11-05', state: 'replaced' }],
    })
    expect(asked).toEqual(['2026-11-05'])
    expect(await manifestIn(store, '2026-11-05')).toMatchObject({ status: 'complete', objects: [{ key: fileOf('2026-11-05') }] })
    expect(await keysIn(store, 'exports/events/json/')).toHaveLength(5)
  })
})

test.each(['before', 'after'] as const)('who forgets ends a deletion that was cut off %s its first object', async (when) => {
  await withFolder(async (store) => {
    await keepFive(store)
    const place = 'exports/events/parquet/date=2026-11-05/2026-11-05.parquet'
    const kept = await manifestIn(store, '2026-11-05')
    const objects = [{ key: place, bytes: 4, sha256: sha256('PAR1'), rows: 3 }]
    await store.put(keys.manifest('2026-11-05'), JSON.stringify({ ...kept, objects }))
    await store.put(place, 'PAR1')
    await store.delete(fileOf('2026-11-05'))
    await expect(expire({ ...holderOf(store), store: dyingAt(store, /\/parquet\//, when) }, wish)).rejects.toThrow('killed')
    const { asked, context } = await longerKept(store)
    const purged: string[] = []
    const purge: Store['purge'] = async (key) => void purged.push(key)
    const telling = { ...context, exporting: { ...context.exporting, store: { ...store, purge } } }
    expect(await forgetPeople(['nobody'], telling)).toMatchObject({ rewritten: [], busy: [] })
    expect(purged).toContain(place)
    expect((await keysIn(store)).filter((key) => key.includes('2026-11-05') && !key.startsWith('claims/'))).toEqual([])
    const scheduledAt = Temporal.Instant.from('2026-11-10T00:30:00Z')
    expect(await runExport({ scheduledAt }, context)).toMatchObject({ done: [{ window: '2026-11-05', state: 'kept', lines: 3 }] })
    expect(asked).toEqual(['2026-11-05'])
  })
})

test('objects and notes of old windows that have no manifest go, too; young ones stay', async () => {
  await withFolder(async (store) => {
    await keepFive(store)
    await settle(store, keys, { every: 'day', zone: 'UTC', definition: 'a'.repeat(64) }, false)
    const stored = JSON.parse(Buffer.from((await store.get(keys.settled))?.body ?? []).toString())
    await store.put(keys.settled, JSON.stringify({ ...stored, slugs: [['Sign Up', 'sign-up']] }))
    const lying = (day: string) => [
      fileOf(day),
      `exports/events/parquet/date=${day}/${day}.parquet`,
      `exports/events/parquet/event=sign-up/date=${day}/${day}.parquet`,
      `exports/events/parquet/snapshot=${day}/${day}.parquet`,
      `exports/events/json/date=${day}/${day}T14Z.json.gz`,
    ]
    for (const key of [...lying('2026-11-01'), ...lying('2026-11-20')]) await store.put(key, 'x')
    for (const window of ['2026-11-01', '2026-11-20']) {
      const at = clock().toISOString()
      await writeTrouble(store, keys, { version: 1, window, tries: 5, at, state: 'failed', message: 'gone' })
    }
    await expire(holderOf(store), wish)
    const left = [...(await keysIn(store, 'exports/')), ...(await keysIn(store, keys.troubles))]
    expect(left.filter((key) => key.includes('2026-11-01'))).toEqual([])
    expect(left.filter((key) => key.includes('2026-11-20'))).toHaveLength(6)
    expect(await keysIn(store, keys.manifests)).toHaveLength(3)
  })
})

describe('what another process exports meanwhile stays', () => {
  /** Exports a window under its claim, as a process does whose `keep` is a longer one. */
  async function exportBy(store: Store, window: string, now: () => Date): Promise<void> {
    const asking = await exportingIn(store, { lines: lines(5) }, { formats: ['json'], clock: now })
    const held = await holding({ ...holderOf(store), owner: 'other', clock: now }, window, (stillOurs) =>
      exportWindow({ ...asking, stillOurs }, windowNamed(window, 'day', 'UTC')),
    )
    expect(held).toMatchObject({ value: { manifest: { status: 'complete', lines: 5 } } })
  }

  test.each([
    ['a window that is kept', '2026-11-05'],
    ['objects without a manifest', '2026-11-01'],
  ])('while who deletes %s was stopped for longer than a claim lasts', async (_, window) => {
    await withFolder(async (store) => {
      let at = clock()
      const now = () => at
      await keepFive(store)
      await store.put(fileOf('2026-11-01'), 'x')
      let stopped = 0
      const stopping: Store = {
        ...store,
        async get(key) {
          const stored = await store.get(key)
          if (key === keys.manifest(window)) {
            stopped += 1
            at = new Date(at.getTime() + 600_000)
            await exportBy(store, window, now)
          }
          return stored
        },
      }
      const late = expire({ ...holderOf(stopping), clock: now }, wish)
      await expect(late).rejects.toThrow(`${window} was held for longer than its claim lasts`)
      expect(stopped).toBe(1)
      expect(await manifestIn(store, window)).toMatchObject({ status: 'complete', lines: 5 })
      expect(await linesIn(store, fileOf(window))).toEqual(lines(5))
      expect(await readTrouble(store, keys, window)).toBeUndefined()
    })
  })

  test('between the look for what lies about and its claim', async () => {
    await withFolder(async (store) => {
      await keepFive(store)
      await store.put(fileOf('2026-11-01'), 'x')
      let exported = 0
      const meeting: Store = {
        ...store,
        async put(key, ...more) {
          if (key === keys.claim('2026-11-01')) {
            exported += 1
            if (exported === 1) await exportBy(store, '2026-11-01', clock)
          }
          return store.put(key, ...more)
        },
      }
      expect((await expire(holderOf(meeting), wish)).isAll).toBe(true)
      expect(exported).toBeGreaterThan(0)
      expect(await manifestIn(store, '2026-11-01')).toMatchObject({ status: 'complete', lines: 5 })
      expect(await linesIn(store, fileOf('2026-11-01'))).toEqual(lines(5))
    })
  })
})

test('a damaged manifest keeps neither its own window nor others', async () => {
  await withFolder(async (store) => {
    await keepFive(store)
    await store.put(keys.manifest('2026-11-05'), '{}')
    await store.put(keys.manifest('2026-11-09'), '{}')
    expect((await expire(holderOf(store), wish)).gone).toEqual(['2026-11-05', '2026-11-06'])
    expect(await keysIn(store, 'exports/events/json/')).toEqual(['2026-11-07', '2026-11-08', '2026-11-09'].map(fileOf))
  })
})

test('it ends where it is told to, and says that it is not done', async () => {
  await withFolder(async (store) => {
    await keepFive(store)
    let asked = 0
    const isOver = () => {
      asked += 1
      return asked > 1
    }
    expect(await expire(holderOf(store), { ...wish, isOver })).toEqual({ gone: ['2026-11-05'], isAll: false })
    expect(await expire(holderOf(store), wish)).toEqual({ gone: ['2026-11-06'], isAll: true })
  })
})

test('days are those of the calendar, whatever clocks do', async () => {
  await withFolder(async (store) => {
    const plan = { from: '2026-10-23', every: 'day', zone: 'Europe/Berlin' } as const
    const asking = await exportingIn(store, { lines: lines(1) }, { formats: ['json'] })
    const now = new Date('2026-10-26T22:59:00Z')
    for (const window of windowsOver(plan, Temporal.Instant.fromEpochMilliseconds(now.getTime()))) {
      await exportWindow(asking, window)
    }
    // 23:59 in Berlin; three days of 24 hours before it is 00:59 of the 24th, because the 25th had 25 hours.
    const at = (time: Date) => ({ ...holderOf(store), clock: () => time })
    const three = { keep: 3 * 86_400, zone: 'Europe/Berlin' }
    expect((await expire(at(now), three)).gone).toEqual([])
    expect((await expire(at(new Date('2026-10-26T23:00:00Z')), three)).gone).toEqual(['2026-10-23'])
  })
})
