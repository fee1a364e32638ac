import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { Listed, Store, Upload } from '../../../lib/store/store.ts'
import { startChild } from './child.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** What another process needs in its environment to open `store.address` itself. */
  readonly env: Readonly<Record<string, string>>
}

/** What every store promises. `open` makes a new and empty one. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store`, () => {
    test('what was put is what is got, bytes and text, and a new put replaces it', async () => {
      const { store } = await open()
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
      const first = await store.put('reports/weekly/20261116T070000Z/signups.png', bytes, { contentType: 'image/png' })
      const stored = await store.get('reports/weekly/20261116T070000Z/signups.png')
      expect([...(stored?.body ?? [])]).toEqual([...bytes])
      expect(stored?.etag).toBe(first)
      const second = await store.put('reports/weekly/20261116T070000Z/signups.png', 'Zürich, 日本\n')
      expect(second).not.toBe(first)
      expect(await text(store, 'reports/weekly/20261116T070000Z/signups.png')).toBe('Zürich, 日本\n')
      expect(await store.put('empty', '')).toBeTypeOf('string')
      expect(await text(store, 'empty')).toBe('')
    })

    describe('an upload', () => {
      // Of S3's parts more than are held at a time, so that their memory is used again, and no number of them.
      const bytes = randomBytes(44 * 1024 * 1024 + 12_345)
      async function write(upload: Upload, from = bytes) {
        for (let at = 0; at < from.length; at += 700_001) await upload.write(from.subarray(at, at + 700_001))
      }
      async function readAll(store: Store, key: string) {
        const stream = await store.read(key)
        return stream === undefined ? undefined : buffer(stream)
      }

      test('is seen when it is finished, whole, and read back as it was written', async () => {
        const { store } = await open()
        const upload = await store.upload('exports/a/json/2026-11-09.json.gz', { contentType: 'application/gzip' })
        await write(upload)
        expect(await keys(store, '')).toEqual([])
        expect(await store.read('exports/a/json/2026-11-09.json.gz')).toBeUndefined()
        await upload.finish()
        await upload.finish()
        await upload.abort()
        expect((await readAll(store, 'exports/a/json/2026-11-09.json.gz'))?.equals(bytes)).toBe(true)
        expect(await listed(store, '')).toEqual([{ key: 'exports/a/json/2026-11-09.json.gz', bytes: bytes.length }])
      })

      test('that is aborted never was, however far it came', async () => {
        const { store } = await open()
        await store.put('kept', 'before')
        for (const many of [0, 10, bytes.length]) {
          const upload = await store.upload('kept')
          await write(upload, bytes.subarray(0, many))
          await upload.abort()
          await upload.abort()
        }
        expect(await text(store, 'kept')).toBe('before')
        expect(await keys(store, '')).toEqual(['kept'])
      })

      test('takes the place of what was there, at once; it may be small, or empty', async () => {
        const { store } = await open()
        for (const body of ['first', 'second one', '']) {
          const upload = await store.upload('kept')
          if (body !== '') await upload.write(Buffer.from(body))
          await upload.finish()
          expect(await text(store, 'kept')).toBe(body)
          expect((await readAll(store, 'kept'))?.toString()).toBe(body)
        }
      })

      test('of two at once, the one that finishes last stays', async () => {
        const { store } = await open()
        const [one, other] = [await store.upload('kept'), await store.upload('kept')]
        await one.write(Buffer.from('one'))
        await other.write(Buffer.from('other'))
        await other.finish()
        await one.finish()
        expect(await text(store, 'kept')).toBe('one')
      })
    })

    test('looking for uploads that are not over leaves those that are under way alone', async () => {
      const { store } = await open()
      expect(await store.unfinished('')).toEqual([])
      const upload = await store.upload('exports/a')
      await upload.write(Buffer.alloc(9_000_000, 1))
      for (const { key } of await store.unfinished('exports/')) expect(key).toBe('exports/a')
      await upload.finish()
      expect(await listed(store, '')).toEqual([{ key: 'exports/a', bytes: 9_000_000 }])
      expect(await store.unfinished('exports/')).toEqual([])
      await expect(async () => store.unfinished('../')).rejects.toThrow(RangeError)
    })

    test('an etag says what the content is', async () => {
      const { store } = await open()
      const etags = [
        await store.put('a', 'same'),
        await store.put('b', 'same'),
        await store.put('a', 'other'),
        await store.put('a', 'same'),
      ]
      expect(new Set(etags)).toHaveLength(2)
      expect(etags[3]).toBe(etags[0])
    })

    test('nothing is there before it is put, after it is deleted, and at the folder of a key', async () => {
      const { store } = await open()
      expect(await store.get('reports/weekly/latest.json')).toBeUndefined()
      await store.delete('reports/weekly/latest.json')
      expect(await keys(store, '')).toEqual([])
      await store.put('reports/weekly/latest.json', '{}')
      expect(await store.get('reports/weekly')).toBeUndefined()
      expect(await store.get('reports/weekly/latest.json/below')).toBeUndefined()
      await store.delete('reports/weekly/latest.json')
      await store.delete('reports/weekly/latest.json')
      expect(await store.get('reports/weekly/latest.json')).toBeUndefined()
      expect(await keys(store, '')).toEqual([])
    })

    test('keys are listed by prefix, in the order of their bytes', async () => {
      const { store } = await open()
      const all = [
        'Z/1',
        'a',
        'a-b/c',
        'a.json',
        'a0/x',
        'aB',
        'a_b',
        'ab-c/f',
        'ab.json',
        'ab/1',
        'ab/10',
        'ab/2',
        'ab/c/d',
        'ab=c/e',
        'b',
      ]
      for (const key of all.toReversed()) await store.put(key, key)
      expect(await keys(store, '')).toEqual(all)
      expect(await keys(store, 'ab/')).toEqual(['ab/1', 'ab/10', 'ab/2', 'ab/c/d'])
      expect(await keys(store, 'ab/1')).toEqual(['ab/1', 'ab/10'])
      expect(await keys(store, 'ab')).toEqual(['ab-c/f', 'ab.json', 'ab/1', 'ab/10', 'ab/2', 'ab/c/d', 'ab=c/e'])
      expect(await keys(store, 'a-b/c/')).toEqual([])
      expect(await keys(store, 'nothing/here')).toEqual([])
      const [first] = await listed(store, 'ab/10')
      expect(first).toEqual({ key: 'ab/10', bytes: 5 })
    })

    test('a list of more than 1,000 keys is whole', async () => {
      const { store } = await open()
      const all = Array.from({ length: 1005 }, (_, at) => `runs/${String(at).padStart(4, '0')}`)
      const left = [...all]
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let key = left.pop(); key !== undefined; key = left.pop()) await store.put(key, key)
        }),
      )
      await store.put('sample', 'after them')
      expect(await keys(store, 'runs/')).toEqual(all)
    })

    test('what a list goes through may be deleted meanwhile', async () => {
      const { store } = await open()
      for (const key of ['run/a/1', 'run/b/2', 'run/c']) await store.put(key, key)
      for await (const { key } of store.list('run/')) await store.delete(key)
      expect(await keys(store, '')).toEqual([])
    })

    test.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', '.hidden', 'a/.hidden', 'a b', 'é', 'a\\b', 'a\n', '-a'])(
      'the key %j is refused',
      async (key) => {
        const { store } = await open()
        await expect(async () => store.put(key, 'x')).rejects.toThrow(RangeError)
        await expect(async () => store.get(key)).rejects.toThrow(RangeError)
        await expect(async () => store.delete(key)).rejects.toThrow(RangeError)
        expect(() => store.locate(key)).toThrow(RangeError)
        expect(await keys(store, '')).toEqual([])
      },
    )

    test.each(['/', '..', '../', 'a/../', '.writing/', 'é'])('the prefix %j is refused', async (prefix) => {
      const { store } = await open()
      await expect(keys(store, prefix)).rejects.toThrow(RangeError)
    })

    test('a put if absent holds only where nothing is, also after a delete', async () => {
      const { store } = await open()
      const etag = await store.put('claims/one', 'first', { if: 'absent' })
      expect(etag).toBeTypeOf('string')
      expect(await store.put('claims/one', 'second', { if: 'absent' })).toBeUndefined()
      expect(await text(store, 'claims/one')).toBe('first')
      await store.delete('claims/one')
      expect(await store.put('claims/one', 'third', { if: 'absent' })).toBeTypeOf('string')
      expect(await text(store, 'claims/one')).toBe('third')
    })

    test('a put by etag holds only while what is there is still that', async () => {
      const { store } = await open()
      const first = (await store.put('latest', '1')) ?? ''
      const second = await store.put('latest', '2', { if: { etag: first } })
      expect((await store.get('latest'))?.etag).toBe(second)
      expect(await store.put('latest', '3', { if: { etag: first } })).toBeUndefined()
      expect(await text(store, 'latest')).toBe('2')
      await store.delete('latest')
      expect(await store.put('latest', '4', { if: { etag: second ?? '' } })).toBeUndefined()
      expect(await store.get('latest')).toBeUndefined()
    })

    test('of ten at once, one wins: if absent, and by etag', async () => {
      const { store } = await open()
      for (let round = 0; round < 5; round += 1) {
        const absent = await Promise.all(racers((body) => store.put(`race/${round}`, body, { if: 'absent' })))
        const [winner] = winners(absent)
        const stored = await store.get(`race/${round}`)
        expect(Buffer.from(stored?.body ?? []).toString()).toBe(`racer ${winner}`)
        const etag = stored?.etag ?? ''
        winners(await Promise.all(racers((body) => store.put(`race/${round}`, `${body} again`, { if: { etag } }))))
      }
    })

    test('of ten processes at once, one wins', async () => {
      const { store, env } = await open()
      const children = Array.from({ length: 10 }, (_, at) =>
        startChild('racer.ts', [store.address, 'claims/race', `racer ${at}`], env),
      )
      try {
        expect(new Set(await Promise.all(children.map((child) => child.line())))).toEqual(new Set(['ready']))
        for (const child of children) child.say('go')
        const outcomes = await Promise.all(children.map((child) => child.line()))
        expect(outcomes.toSorted()).toEqual([...Array(9).fill('lost'), 'won'])
        expect(await text(store, 'claims/race')).toBe(`racer ${outcomes.indexOf('won')}`)
      } finally {
        await Promise.all(children.map((child) => child.kill()))
      }
    })

    test('a counter that twenty count up by etag ends at twenty', async () => {
      const { store } = await open()
      await store.put('counter', '0')
      const countUp = async () => {
        for (;;) {
          const stored = await store.get('counter')
          const next = String(Number(Buffer.from(stored?.body ?? []).toString()) + 1)
          if ((await store.put('counter', next, { if: { etag: stored?.etag ?? '' } })) !== undefined) return
        }
      }
      await Promise.all(Array.from({ length: 20 }, countUp))
      expect(await text(store, 'counter')).toBe('20')
    })

    test('nobody sees half an object while it is replaced', async () => {
      const { store } = await open()
      const body = (round: number) => Buffer.alloc(2_000_000 + round * 1000, round)
      await store.put('big', body(0))
      let writing = true
      const writer = (async () => {
        for (let round = 1; round <= 20; round += 1) await store.put('big', body(round))
        writing = false
      })()
      const seen = new Set<number>()
      while (writing) {
        const stored = Buffer.from((await store.get('big'))?.body ?? [])
        const round = stored[0] ?? -1
        expect(stored.equals(body(round)), `a whole object of round ${round}`).toBe(true)
        seen.add(round)
        const [big] = await listed(store, '')
        expect(big?.key).toBe('big')
        expect((big?.bytes ?? 1) % 1000).toBe(0)
      }
      await writer
      expect(seen.size).toBeGreaterThan(1)
      expect(await keys(store, '')).toEqual(['big'])
    })
  })
}

function racers<T>(run: (body: string) => Promise<T>): Promise<T>[] {
  return Array.from({ length: 10 }, (_, at) => run(`racer ${at}`))
}

/** Which of them won: exactly one. */
function winners(etags: readonly (string | undefined)[]): number[] {
  const won = etags.flatMap((etag, at) => (etag === undefined ? [] : [at]))
  expect(won).toHaveLength(1)
  return won
}

export async function listed(store: Store, prefix: string): Promise<Listed[]> {
  const all: Listed[] = []
  for await (const one of store.list(prefix)) all.push(one)
  return all
}

async function keys(store: Store, prefix: string): Promise<string[]> {
  return (await listed(store, prefix)).map(({ key }) => key)
}

async function text(store: Store, key: string): Promise<string | undefined> {
  const stored = await store.get(key)
  return stored === undefined ? undefined : Buffer.from(stored.body).toString()
}
