import { gzipSync } from 'node:zlib'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { forgetPeople } from '../../../lib/export/forget.ts'
import { runExport } from '../../../lib/export/run.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { windowNamed } from '../../../lib/export/windows.ts'
import type { Store } from '../../../lib/store/store.ts'
import { keysIn } from './exporting.ts'
import type { Opened } from './opened.ts'
import { asked, event, withExport } from './opened.ts'
import { rawData } from './raw.ts'

/** People who are taken out of Parquet where there are no lines; the vendor fails the test when it is asked once more. */
const day = '2026-11-11'
const alone = 'data: events, from: 2026-11-11, to: 2026-11-12, format: [parquet]'
const mono = `exports/events/parquet/date=${day}/${day}.parquet`
const multi = (slug: string) => `exports/events/parquet/event=${slug}/date=${day}/${day}.parquet`
const of = (who: string, at: number, more: object = {}, name = 'Sign Up') =>
  event(day, at, { distinct_id: who, plan: 'pro', ...more }, name)
const objectsIn = async ({ store }: Opened) => (await keysIn(store, 'exports/')).filter((key) => !key.includes('/manifests/'))

describe('of a window in Parquet alone', () => {
  test('somebody is taken out, and nothing else of any row, whatever the vendor has by now', async () => {
    const all = Array.from({ length: 30_000 }, (_, at) => of(at % 3 === 0 ? 'ann' : `u${at}`, at, { note: `${at}`, list: [at] }))
    await withExport(alone, [asked(day, all), asked(day, all)], async (opened) => {
      await opened.run()
      const before = await opened.rows(mono)
      const first = await opened.manifest(day)
      opened.at('2026-11-12T01:00:00Z')
      expect(await opened.forget('ann')).toEqual({ added: 1, rewritten: [{ window: day, lines: 10_000 }], busy: [] })
      expect(await opened.rows(mono)).toEqual(before.filter((row) => row['distinct_id'] !== 'ann'))
      // The vendor was not asked, and is asked as if nobody had been forgotten.
      const { lines, fingerprint, duplicates, start, end, exportedAt } = first ?? {}
      const after = await opened.manifest(day)
      expect(after).toMatchObject({
        status: 'complete',
        revision: 2,
        lines,
        fingerprint,
        duplicates,
        start,
        end,
        exportedAt,
        forgotten: 10_000,
      })
      expect(after?.objects).toMatchObject([{ key: mono, rows: 20_000 }])
      expect(await opened.forget('ann')).toEqual({ added: 0, rewritten: [], busy: [] })
      expect(await opened.at('2026-11-12T02:00:00Z').run({ from: day })).toMatchObject({ done: [{ state: 'unchanged' }] })
    })
  })

  test.each([
    ['distinct_id', { distinct_id: 'ann' }],
    ['an id of digits beyond 2^53', '{"event":"A","properties":{"time":1762862400,"distinct_id":12345678901234567890}}'],
    ['a whole number with a fraction', '{"event":"A","properties":{"time":1762862400,"distinct_id":12.0}}'],
    ['one with an exponent', '{"event":"A","properties":{"time":1762862400,"distinct_id":"x","$user_id":1.2e1}}'],
    ['$user_id', { $user_id: 'ann' }],
    ['$device_id', { $device_id: 'ann' }],
    ['before a merge', { $distinct_id_before_identity: 'ann' }],
    ['$create_alias', { alias: 'ann' }],
    ['$identify', { $identified_id: 'ann', $anon_id: 'x' }],
    ['$identify, the other side', { $identified_id: 'x', $anon_id: 'ann' }],
    ['$merge', { $distinct_ids: ['x', 'ann'] }],
    ['an object of ids', { ids: { registered: 'ann' } }],
    ['a list in an object of ids', { ids: { cookie: ['x', 'ann'] } }],
    ['a name with quotes and accents', { $user_id: `Ánn "O'Neil" 🎈` }],
  ])('is known by %s', async (_, given) => {
    const line = typeof given === 'string' ? given : of('other', 1, given)
    await withExport(alone, [asked(day, [line, of('bob', 2, { note: 'ann', list: ['ann'] })])], async (opened) => {
      await opened.run()
      await opened.forget('ann', '12', '12345678901234567890', `Ánn "O'Neil" 🎈`)
      expect((await opened.rows(mono)).map((row) => row['distinct_id'])).toEqual(['bob'])
    })
  })

  test('which was all of it, no object is left', async () => {
    await withExport(alone, [asked(day, [of('ann', 1)])], async (opened) => {
      await opened.run()
      await opened.forget('ann')
      expect(await objectsIn(opened)).toEqual([])
      expect(await opened.manifest(day)).toMatchObject({ status: 'complete', objects: [], lines: 1, forgotten: 1 })
    })
  })

  test('with a file for each event, files without them are not written again', async () => {
    const all = [of('ann', 1, {}, 'A'), of('bob', 2, {}, 'A'), of('ann', 3, {}, 'B'), of('bob', 4, {}, 'C')]
    await withExport(`${alone}, schema: multi`, [asked(day, all)], async (opened) => {
      await opened.run()
      const sent: string[] = []
      const store: Store = {
        ...opened.store,
        upload: (key, options) => {
          sent.push(key)
          return opened.store.upload(key, options)
        },
      }
      await forgetPeople(['ann'], { ...opened.context, exporting: { ...opened.context.exporting, store } })
      expect(sent).toEqual([multi('a')])
      expect(await objectsIn(opened)).toEqual([multi('a'), multi('c')])
      expect((await opened.rows(multi('a'))).map((row) => row['distinct_id'])).toEqual(['bob'])
      expect((await opened.manifest(day))?.objects.map(({ rows }) => rows)).toEqual([1, 1])
    })
  })
})

/** All that is done to the store after this many effects fails, as if the process were gone. */
function dyingAfter(store: Store, most: number): { readonly store: Store; readonly isDead: () => boolean } {
  let effects = 0
  async function effect<Value>(work: () => Promise<Value>): Promise<Value> {
    effects += 1
    if (effects > most) throw new Error('the process is gone')
    return work()
  }
  return {
    isDead: () => effects > most,
    store: {
      ...store,
      put: (key, body, options) => effect(() => store.put(key, body, options)),
      delete: (key) => effect(() => store.delete(key)),
      upload: async (key, options) => {
        const upload = await store.upload(key, options)
        return { ...upload, finish: () => effect(() => upload.finish()) }
      },
    },
  }
}

describe('of a window whose replacement was cut off', () => {
  const first = [of('ann', 1, {}, 'A'), of('bob', 2, {}, 'A'), of('ann', 3, {}, 'B'), of('bob', 4, {}, 'B')]
  const second = [...first, of('ann', 5, {}, 'C'), of('bob', 6, {}, 'C'), of('ann', 7, {}, 'A'), of('bob', 8, {}, 'B')]

  test.each([
    ['format: [parquet]', 0],
    ['format: [json, parquet]', 0],
    ['format: [parquet], schema: multi', 1],
  ])('with %s, they are out wherever it was cut, and the next export ends it', async (words, mixed) => {
    let parts = 0
    for (let most = 0; ; most += 1) {
      let isOver = false
      await withExport(`data: events, from: 2026-11-11, to: 2026-11-12, ${words}`, [asked(day, first)], async (opened) => {
        await opened.run()
        const { exporting } = opened.context
        const ask = async () => ({ raw: rawData(gzipSync(second.map((line) => `${line}\n`).join('')), { encoding: 'gzip' }) })
        const dying = dyingAfter(opened.store, most)
        await exportWindow({ ...exporting, ask, store: dying.store, stillOurs: () => {} }, windowNamed(day, 'day', 'UTC')).catch(
          (error: unknown) => {
            if (!dying.isDead()) throw error
          },
        )
        isOver = !dying.isDead()
        await opened.forget('ann')
        for (const key of await keysIn(opened.store, 'exports/events/parquet/')) {
          for (const row of await opened.rows(key)) expect(row['distinct_id']).toBe('bob')
        }
        const manifest = await opened.manifest(day)
        const there = await objectsIn(opened)
        expect(manifest?.objects.map(({ key }) => key).toSorted()).toEqual(there)
        if (manifest?.status === 'replacing') parts += 1
        else expect(manifest?.objects.reduce((sum, { rows }) => sum + rows, 0)).toBe(rowsOf(manifest?.lines, words))
        const again = { ...opened.context, exporting: { ...exporting, ask } }
        await runExport({ scheduledAt: Temporal.Instant.from('2026-11-12T00:40:00Z') }, again)
        const last = await opened.manifest(day)
        expect(last?.status).toBe('complete')
        // A cut before anything was written down decided nothing.
        expect(last?.lines).toBe(most === 0 ? first.length : second.length)
        expect((await objectsIn(opened)).toSorted()).toEqual(last?.objects.map(({ key }) => key).toSorted())
      })
      if (isOver) break
    }
    expect(parts > 0).toBe(mixed > 0)
  })

  test('and who is the old one as well as the new one becomes the new one', async () => {
    const more = [...first, of('bob', 9, {}, 'C')]
    await withExport(`${alone}, schema: multi`, [asked(day, first)], async (opened) => {
      await opened.run()
      const { exporting } = opened.context
      const ask = async () => ({ raw: rawData(gzipSync(more.map((line) => `${line}\n`).join('')), { encoding: 'gzip' }) })
      const store: Store = {
        ...opened.store,
        put: (key, body, options) =>
          String(body).includes('"revision":2') && String(body).includes('"complete"')
            ? Promise.reject(new Error('the process is gone'))
            : opened.store.put(key, body, options),
      }
      await expect(
        exportWindow({ ...exporting, ask, store, stillOurs: () => {} }, windowNamed(day, 'day', 'UTC')),
      ).rejects.toThrow('is gone')
      await opened.forget('ann')
      expect(await opened.manifest(day)).toMatchObject({ status: 'complete', lines: 5, objects: [{}, {}, { key: multi('c') }] })
    })
  })

  /** Half of the lines are hers; in both formats they are there twice. */
  function rowsOf(lines: number | undefined, words: string): number {
    return ((lines ?? 0) / 2) * (words.includes('json') ? 2 : 1)
  }
})

test('forgetting that dies anywhere goes on when it is called again', async () => {
  const all = [of('ann', 1, {}, 'A'), of('bob', 2, {}, 'A'), of('ann', 3, {}, 'B'), of('bob', 4, {}, 'C')]
  let wasWhole = false
  for (let most = 0; !wasWhole; most += 1) {
    await withExport(`${alone}, schema: multi`, [asked(day, all)], async (opened) => {
      await opened.run()
      const dying = dyingAfter(opened.store, most)
      const { exporting } = opened.context
      await forgetPeople(['ann'], { ...opened.context, exporting: { ...exporting, store: dying.store } }).catch(() => {})
      wasWhole = !dying.isDead()
      opened.at('2026-11-12T03:00:00Z')
      await opened.forget('ann')
      expect(await objectsIn(opened)).toEqual([multi('a'), multi('c')])
      for (const key of await objectsIn(opened)) expect(await opened.rows(key)).toMatchObject([{ distinct_id: 'bob' }])
      expect(await opened.manifest(day)).toMatchObject({ status: 'complete', lines: 4, objects: [{ rows: 1 }, { rows: 1 }] })
    })
  }
})
