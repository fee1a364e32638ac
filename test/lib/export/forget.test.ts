import { describe, expect, test } from 'vitest'
import { DataError } from '../../../lib/errors.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import type { Store } from '../../../lib/store/store.ts'
import type { Given } from './exporting.ts'
import { exportingIn, keysIn, linesIn, manifestIn, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const json = (day: string) => `exports/events/json/date=${day}/${day}.json.gz`
const parquet = (day: string) => `exports/events/parquet/date=${day}/${day}.parquet`

async function setUp(store: Store, given: Given, formats: readonly ('json' | 'parquet')[] = ['json', 'parquet']) {
  let now = Date.parse('2026-11-10T00:30:00Z')
  const exporting = await exportingIn(store, given, { formats, clock: () => new Date(now) })
  const entry = { name: 'events', from: '2026-11-08', every: 'day', order: 'oldest' } as ExportContext['entry']
  const context: ExportContext = { entry, zone: 'UTC', exporting, owner: 'tester', atATime: 1 }
  const { Temporal } = await import('temporal-polyfill')
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
      const all = [
        event({ distinct_id: 'new', $distinct_id_before_identity: 'old' }),
        event({ distinct_id: 'x', $device_id: 'old' }),
        event({ distinct_id: 'x', $user_id: 'old' }),
        event({ distinct_id: 'x', note: 'old' }),
        event({ distinct_id: 'older' }),
      ]
      const own = await setUp(store, { lines: all }, ['json'])
      await own.run()
      await forgetPeople(['old'], own.context)
      expect(await linesIn(store, json('2026-11-09'))).toEqual(all.slice(3))
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

  test('are taken out of Parquet alone by exporting the day anew', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70) }, ['parquet'])
      await own.run()
      await forgetPeople(['u3'], own.context)
      expect(await linesIn(store, parquet('2026-11-09'))).toHaveLength(60)
    })
  })

  test('lines that are not what their manifest says are not rewritten', async () => {
    await withFolder(async (store) => {
      const own = await setUp(store, { lines: lines(70) })
      await own.run()
      const other = await store.get(json('2026-11-08'))
      await store.put(json('2026-11-09'), Buffer.concat([other?.body ?? Buffer.alloc(0), other?.body ?? Buffer.alloc(0)]))
      await expect(forgetPeople(['u3'], own.context)).rejects.toThrow(DataError)
      expect(await manifestIn(store, '2026-11-09')).toMatchObject({ status: 'complete', revision: 1 })
    })
  })
})
