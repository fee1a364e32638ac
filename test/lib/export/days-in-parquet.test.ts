import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../../lib/store/store.ts'
import { keysIn, linesIn } from './exporting.ts'
import { asked, event, withExport } from './opened.ts'

/** Days that are looked at again, in both formats as they are really made. */

const day = '2026-11-11'
const json = `exports/events/json/date=${day}/${day}.json.gz`
const parquet = `exports/events/parquet/date=${day}/${day}.parquet`
const words = `data: events, from: ${day}, sync: 3 days`
const some = (count: number, more: object = {}) => Array.from({ length: count }, (_, at) => event(day, at, more))
const empty: readonly string[] = []

async function bytesOf(store: Store, key: string): Promise<string> {
  return Buffer.from((await store.get(key))?.body ?? []).toString('base64')
}

/** What the vendor gives on one day after the other, and what becomes of the window each time. */
async function days(answers: readonly (readonly string[])[], look: (state: string, store: Store, at: number) => Promise<void>) {
  const requests = answers.map((lines) => asked(day, lines))
  await withExport(`${words}, to: 2026-11-12`, requests, async (opened) => {
    for (const at of answers.keys()) {
      const outcome = await opened.at(`2026-11-12T0${at + 1}:30:00Z`).run()
      if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome))
      expect(outcome.failed).toEqual([])
      await look(outcome.done[0]?.state ?? 'none', opened.store, at)
      const manifest = await opened.manifest(day)
      expect(manifest).toMatchObject({ status: 'complete', window: day })
      for (const { key, rows } of manifest?.objects ?? []) {
        expect(key.endsWith('.parquet') ? await opened.rows(key) : await linesIn(opened.store, key)).toHaveLength(rows)
      }
    }
  })
}

describe('a day', () => {
  test('in another order stays as it is, to the byte', async () => {
    let before: unknown
    await days([some(40), some(40).toReversed(), [...some(40).slice(20), ...some(40).slice(0, 20)]], async (state, store, at) => {
      const bytes = [await bytesOf(store, json), await bytesOf(store, parquet)]
      if (at === 0) before = bytes
      expect([state, bytes]).toEqual([at === 0 ? 'kept' : 'unchanged', before])
    })
  })

  test('that changes between two looks, by events more or by a value, is replaced in both formats', async () => {
    const states: string[] = []
    const changed = some(41).map((line, at) => (at === 7 ? line.replace('"u7"', '"u8"') : line))
    const counts: number[] = []
    await days([some(40), some(41), changed], async (state, store) => {
      states.push(state)
      counts.push((await linesIn(store, json)).filter((line) => line.includes('"u8"')).length)
    })
    expect(states).toEqual(['kept', 'replaced', 'replaced'])
    expect(counts).toEqual([1, 1, 2])
  })

  test('that shrinks once stays, and is replaced in both formats when it does so twice, the same way', async () => {
    const states: string[] = []
    const left: number[] = []
    await days([some(40), some(30), some(40), some(30), some(29), some(29)], async (state, store) => {
      states.push(state)
      left.push((await linesIn(store, json)).length)
    })
    expect(states).toEqual(['kept', 'shrunk', 'unchanged', 'shrunk', 'shrunk', 'replaced'])
    expect(left).toEqual([40, 40, 40, 40, 40, 29])
  })

  test('that shrinks to nothing twice has no objects any more, and has them again when events come', async () => {
    const seen: [string, number][] = []
    await days([some(3), empty, empty, some(2)], async (state, store) => {
      seen.push([state, (await keysIn(store, 'exports/')).length])
    })
    expect(seen).toEqual([
      ['kept', 3],
      ['shrunk', 3],
      ['replaced', 1],
      ['replaced', 3],
    ])
  })

  test('that is empty has a manifest and no objects in any format', async () => {
    await days([empty, empty], async (state, store, at) => {
      expect(state).toBe(at === 0 ? 'kept' : 'unchanged')
      expect(await keysIn(store, 'exports/')).toEqual([`exports/events/manifests/${day}.json`])
    })
  })

  test('with events twice has them once in Parquet, and says how many', async () => {
    const twice = [...some(5), ...some(2), event(day, 0, { text: 'another, with the same id' })]
    await withExport(`${words}, to: 2026-11-12`, [asked(day, twice)], async (opened) => {
      await opened.run()
      const objects = [expect.objectContaining({ key: json, rows: 8 }), expect.objectContaining({ key: parquet, rows: 5 })]
      expect(await opened.manifest(day)).toMatchObject({ lines: 8, duplicates: 3, objects })
    })
  })
})

test('a day is made anew in the formats that the file names since, when it is looked at', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'export formats '))
  try {
    const kinds = async (format: string, at: string, request = {}) => {
      let found: string[] = []
      await withExport(
        `data: events, from: ${day}, to: 2026-11-12, format: ${format}`,
        [asked(day, some(3))],
        async (opened) => {
          expect(await opened.at(at).run(request)).toMatchObject({ status: 'done', done: [{ window: day }] })
          found = await keysIn(opened.store, 'exports/')
        },
        { folder },
      )
      return found.map((key) => key.split('/')[2])
    }
    expect(await kinds('[json]', '2026-11-12T01:00:00Z')).toEqual(['json', 'manifests'])
    expect(await kinds('[json, parquet]', '2026-11-12T02:00:00Z', { from: day })).toEqual(['json', 'manifests', 'parquet'])
    expect(await kinds('[parquet]', '2026-11-12T03:00:00Z', { from: day })).toEqual(['manifests', 'parquet'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
