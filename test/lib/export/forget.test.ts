import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DataError, UsageError } from '../../../lib/errors.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import type { Store } from '../../../lib/store/store.ts'
import type { Given } from './exporting.ts'
import { exportingIn, keysIn, linesIn, manifestIn, monday, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const json = (day: string) => `exports/events/json/date=${day}/${day}.json.gz`
const now = Temporal.Instant.from('2026-11-10T00:30:00Z')
const parquet = (day: string) => `exports/events/parquet/date=${day}/${day}.parquet`

async function setUp(store: Store, given: Given, formats: readonly ('json' | 'parquet')[] = ['json', 'parquet']) {
  let now = Date.parse('2026-11-10T00:30:00Z')
  const exporting = await exportingIn(store, given, { formats, clock: () => new Date(now) })
  const entry = { name: 'events', from: '2026-11-08', every: 'day', order: 'oldest' } as ExportContext['entry']
  const context: ExportContext = { entry, zone: 'UTC', exporting, owner: 'tester', atATime: 1 }
  return {
    context,
    async run(from?: string) {
      now += 60_000
      return runExport({ scheduledAt: Temporal.Instant.fromEpochMilliseconds(now), from }, context)
    },
  }
}
const of = (person: string) => (line: string) => line.includes(`"distinct_id":"${person}"`)

describe('people who are forgotten', () => {
  test('are in no line of any window, in no format, and nowhere by name', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70) })
      await own.run()
      const before = await manifestIn(store, '2026-11-08')
      expect(await forgetPeople(['u3', 'nobody'], own.context)).toEqual({
        added: 2,
        rewritten: ['2026-11-08', '2026-11-09'].map((window) => ({ window, lines: 10 })),
        busy: [],
      })
      for (const day of ['2026-11-08', '2026-11-09']) {
        for (const key of [json(day), parquet(day)]) {
          const left = await linesIn(store, key)
          expect(left).toHaveLength(60)
          expect(left.filter(of('u3'))).toEqual([])
        }
      }
      expect(await manifestIn(store, '2026-11-08')).toMatchObject({
        status: 'complete',
        revision: 2,
        lines: 70,
        forgotten: 10,
        fingerprint: before?.fingerprint,
        objects: [{ rows: 60 }, { rows: 60 }],
      })
      for (const key of await keysIn(store)) {
        if (!key.endsWith('.gz') && !key.endsWith('.parquet')) {
          expect(Buffer.from((await store.get(key))?.body ?? []).toString()).not.toMatch(/\bu3\b|nobody/)
        }
      }
      expect(await forgetPeople(['u3'], own.context)).toEqual({ added: 0, rewritten: [], busy: [] })
    })
  })

  test('stay forgotten, whatever the vendor still has, in days to come as in days that change', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: lines(70) }
      const own = await setUp(store, given)
      await own.run()
      await forgetPeople(['u3'], own.context)
      // The same lines as before, so nothing to replace.
      expect(await own.run('2026-11-09')).toMatchObject({ done: [{ state: 'unchanged' }] })
      given.lines = lines(77)
      expect(await own.run('2026-11-09')).toMatchObject({ done: [{ state: 'replaced' }] })
      expect(await manifestIn(store, '2026-11-09')).toMatchObject({ lines: 77, forgotten: 11 })
      expect((await linesIn(store, json('2026-11-09'))).filter(of('u3'))).toEqual([])
      expect(await linesIn(store, json('2026-11-09'))).toHaveLength(66)
    })
  })

  test('are known by what a merge called them before, and by a profile’s ids', async () => {
    await withFolder(async (store) => {
      const event = (properties: object) => JSON.stringify({ event: 'A', properties: { time: 1, ...properties } })
      const twice = (...ids: string[]) =>
        `{"event":"A","properties":{"time":1,${ids.map((id) => `"distinct_id":${id}`).join(',')},"note":{"alias":"old"}}}`
      const gone = [
        event({ distinct_id: 'new', $distinct_id_before_identity: 'old' }),
        event({ distinct_id: 'x', $device_id: 'old' }),
        event({ distinct_id: 'x', $user_id: 'old' }),
        event({ distinct_id: 'x', alias: 'old' }),
        event({ distinct_id: 'x', $identified_id: 'old', $anon_id: 'y' }),
        event({ distinct_id: 'x', $identified_id: 'y', $anon_id: 'old' }),
        event({ distinct_id: 'x', $distinct_ids: ['y', 'old'] }),
        event({ distinct_id: 'x', ids: { registered: 'y', cookie: ['z', 'old'] } }),
        event({ distinct_id: 'x', customer_ids: { registered: 'old' } }),
        twice('12345678901234567890'),
        twice('5'),
        twice('"old"', '"x"'),
        twice('"x"', '"old"'),
        twice('"x"', '["y","old"]'),
        '{"event":"A","properties":{"time":1,"distinct_id":"x"},"properties":{"time":1,"distinct\\u005fid":"o\\u006cd"}}',
        '{"event":"A","properties":{"time":1,"distinct_id":"x","distinct_id":"y","ids":{"a":"b","a":["old",{"c":[]}]}}}',
        '{"event":"A","properties":{"time":1,"note":"a\u0001b","distinct_id":"old"}}',
      ]
      const left = [
        event({ distinct_id: 'x', note: 'old' }),
        event({ distinct_id: 'older' }),
        event({ distinct_id: 'x', list: [{ distinct_id: 'old' }], object: { distinct_id: 'old', $user_id: 'old' } }),
        twice('12345678901234567891'),
        twice('"x"', '"y"'),
        '{"event":"A","properties":{"time":1,"note":"distinct_id","other":["distinct_id","old"],"distinct_id":"x\u0001"}}',
      ]
      const all = [...gone, ...left]
      const own = await setUp(store, { lines: all }, ['json'])
      await own.run()
      await forgetPeople(['old', '12345678901234567890', '5'], own.context)
      expect(await linesIn(store, json('2026-11-09'))).toEqual(left)
    })
  })

  test('who were all there was leave a window without objects', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70).filter(of('u3')) })
      await own.run()
      await forgetPeople(['u3'], own.context)
      expect((await keysIn(store, 'exports/')).filter((key) => !key.includes('/manifests/'))).toEqual([])
      expect(await manifestIn(store, '2026-11-09')).toMatchObject({ objects: [], forgotten: 10, lines: 10 })
    })
  })

  test('lines that are not what their manifest says are not rewritten, and all other windows are', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70) })
      await own.run()
      const other = await store.get(json('2026-11-08'))
      await store.put(json('2026-11-08'), Buffer.concat([other?.body ?? Buffer.alloc(0), other?.body ?? Buffer.alloc(0)]))
      await expect(forgetPeople(['u3'], own.context)).rejects.toThrow(DataError)
      expect(await manifestIn(store, '2026-11-08')).toMatchObject({ status: 'complete', revision: 1 })
      expect((await linesIn(store, json('2026-11-09'))).filter(of('u3'))).toEqual([])
    })
  })
})

/** Nothing is put there: as if the process had ended before. */
function dyingAt(store: Store, where: string): Store {
  async function unless<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    if (key.includes(where)) throw new Error('the process is gone')
    return work()
  }
  return {
    ...store,
    put: (key, body, options) => unless(key, () => store.put(key, body, options)),
    upload: (key, options) => unless(key, () => store.upload(key, options)),
  }
}

describe('people who are forgotten while an export runs', () => {
  test('are in nothing that it keeps, and who forgets is told to run it again', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70) })
      const { exporting } = own.context
      let forgot: unknown
      const ask: typeof exporting.ask = async (window, signal) => {
        if (window.name === '2026-11-08') forgot ??= await forgetPeople(['u3'], { ...own.context, owner: 'somebody else' })
        return exporting.ask(window, signal)
      }
      const first = await runExport({ scheduledAt: now }, { ...own.context, exporting: { ...exporting, ask } })
      expect(forgot).toEqual({ added: 1, rewritten: [], busy: ['2026-11-08'] })
      expect(first).toMatchObject({
        status: 'again',
        why: '2026-11-08: somebody was forgotten while this window came',
        done: [{ window: '2026-11-09', state: 'kept' }],
      })
      expect(await keysIn(store, 'exports/events/json/')).toEqual([json('2026-11-09')])
      await own.run()
      for (const day of ['2026-11-08', '2026-11-09']) {
        expect(await linesIn(store, json(day))).toHaveLength(60)
        expect((await linesIn(store, parquet(day))).filter(of('u3'))).toEqual([])
      }
      expect(await forgetPeople(['u3'], own.context)).toEqual({ added: 0, rewritten: [], busy: [] })
    })
  })
})

describe('what a process left that was killed before its manifest', () => {
  const theirs = lines(70).filter(of('u3'))

  test('is deleted by forgetting', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: theirs })
      await expect(
        exportWindow({ ...own.context.exporting, store: dyingAt(store, '/manifests/'), stillOurs: () => {} }, monday),
      ).rejects.toThrow('the process is gone')
      await store.put('exports/events/json/date=2026-11-09/notes.json.gz', 'somebody else’s')
      expect(await keysIn(store, 'exports/')).toContain(parquet('2026-11-09'))
      expect(await forgetPeople(['u3'], own.context)).toEqual({ added: 1, rewritten: [], busy: [] })
      expect(await keysIn(store, 'exports/')).toEqual(['exports/events/json/date=2026-11-09/notes.json.gz'])
    })
  })

  test('is deleted beside a manifest that does not name it', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70) }, ['json'])
      await own.run()
      await store.put(parquet('2026-11-09'), 'of before')
      await forgetPeople(['nobody'], own.context)
      expect((await keysIn(store, 'exports/')).filter((key) => key.includes('/parquet/'))).toEqual([])
      expect(await keysIn(store, 'exports/events/json/')).toHaveLength(2)
    })
  })

  test('is deleted by the next export, where less is left', async () => {
    await withFolder(async (store) => {
      const given: Given = { lines: theirs }
      const own = await setUp(store, given)
      await expect(
        exportWindow({ ...own.context.exporting, store: dyingAt(store, '/manifests/'), stillOurs: () => {} }, monday),
      ).rejects.toThrow('the process is gone')
      given.lines = []
      await own.run()
      expect((await keysIn(store, 'exports/')).filter((key) => !key.includes('/manifests/'))).toEqual([])
      expect(await manifestIn(store)).toMatchObject({ status: 'complete', objects: [] })
    })
  })
})

test('of a window whose replacement was cut off after its lines, the manifest tells of the new ones', async () => {
  await withFolder(async (store) => {
    const given: Given = { lines: lines(70) }
    const own = await setUp(store, given)
    await own.run()
    given.lines = lines(140)
    await expect(
      exportWindow({ ...own.context.exporting, store: dyingAt(store, '/parquet/'), stillOurs: () => {} }, monday),
    ).rejects.toThrow('the process is gone')
    const next = (await manifestIn(store))?.next
    given.lines = new Error('the vendor is not asked')
    await forgetPeople(['u3'], own.context)
    expect(await manifestIn(store)).toMatchObject({
      status: 'complete',
      lines: 140,
      forgotten: 20,
      fingerprint: next?.fingerprint,
      objects: [{ rows: 120 }, { rows: 120 }],
    })
    given.lines = lines(140)
    expect(await own.run('2026-11-09')).toMatchObject({ done: [{ state: 'unchanged' }] })
  })
})

test('older versions go for good after all windows are rewritten, also where none is', async () => {
  await withFolder(async (store) => {
    const own = await setUp(store, { lines: lines(70) })
    await own.run()
    const purged: string[] = []
    const watched: Store = {
      ...store,
      purge: async (prefix) => {
        const revisions = ['2026-11-08', '2026-11-09'].map(async (day) => (await manifestIn(store, day))?.revision)
        if (prefix.endsWith('/')) purged.push(`${prefix} at ${(await Promise.all(revisions)).join()}`)
        return store.purge(prefix)
      },
    }
    const context = { ...own.context, exporting: { ...own.context.exporting, store: watched } }
    const both = ['exports/events/json/ at 2,2', 'exports/events/parquet/ at 2,2']
    for (const expected of [both, [...both, ...both]]) {
      await forgetPeople(['u3'], context)
      expect(purged).toEqual(expected)
    }
  })
})

test.each([
  [{ every: 'hour' }, 'is kept, and the project file says that windows are others'],
  [{ zone: 'Europe/Berlin' }, 'is kept under other words than the project file has'],
  [{ definition: 'b'.repeat(64) }, 'is kept under other words than the project file has'],
] as const)('windows of other words are not gone through with these: %j', async (words, told) => {
  await withFolder(async (store) => {
    const own = await setUp(store, { lines: lines(7) })
    await own.run()
    const { zone, every, definition } = { zone: 'UTC', every: 'day' as const, definition: 'a'.repeat(64), ...words }
    const { entry, exporting } = own.context
    const head = { ...exporting.head, timezone: zone, definition }
    const failing = forgetPeople(['u3'], { ...own.context, zone, entry: { ...entry, every }, exporting: { ...exporting, head } })
    await expect(failing).rejects.toThrow(UsageError)
    await expect(failing).rejects.toThrow(told)
  })
})
