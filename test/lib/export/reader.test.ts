import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError, WaitError } from '../../../lib/errors.ts'
import { exportReader } from '../../../lib/export/reader.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Store } from '../../../lib/store/store.ts'
import { answersOf, openLake, segmentationAsk, topAsk } from '../sources/lake/folder.ts'
import { withFolder } from './exporting.ts'
import { entryOf, keepDays } from './keeping.ts'

function line(date: string, id: number, properties: string, event = 'A', second = 43_200 + id): string {
  const time = Date.parse(`${date}T00:00:00Z`) / 1000 + second
  return `{"event":"${event}","properties":{"time":${time},"distinct_id":"u${id}","$insert_id":"i${id}"${properties}}}`
}

const days = [
  { date: '2026-11-04', lines: [line('2026-11-04', 1, ',"plan":5'), line('2026-11-04', 2, ',"plan":"5"', 'Sign Up')] },
  { date: '2026-11-05', lines: [line('2026-11-05', 3, ',"plan":"DE","new":true')] },
  { date: '2026-11-06', lines: [] },
]
const from = new Date('2026-11-04T00:00:00Z')
const to = new Date('2026-11-07T00:00:00Z')
const framing = { timeframe: { start: '2026-11-04', end: '2026-11-07' }, timezone: 'UTC', at: '2026-11-07T08:00:00Z' } as const

const now = () => new Date('2026-11-07T08:00:00Z')

function readerOf(store: Store, entry = entryOf(), scratch = '/nowhere', localZone?: string, zone = 'UTC') {
  return exportReader({ store, entry: () => entry, zone: () => zone, localZone: () => localZone, scratch, clock: now })
}

/** The same store as if it were S3: nothing of it lies on this machine. */
function far(store: Store, reads: string[] = []): Store {
  return {
    ...store,
    address: 's3://bucket',
    locate: (key) => `s3://bucket/${key}`,
    async read(key) {
      reads.push(key)
      const stored = await store.get(key)
      return stored === undefined ? undefined : Readable.from([Buffer.from(stored.body)])
    },
  }
}

async function total(store: Store, entry = entryOf(), question: object = {}, localZone?: string, zone = 'UTC'): Promise<unknown> {
  const lake = openLake({ kind: 'lake', export: entry.name }, { exported: readerOf(store, entry, '/nowhere', localZone, zone) })
  try {
    return (await answersOf(lake).segmentation(segmentationAsk({ event: 'any', ...question }, { ...framing, timezone: zone })))
      .total
  } finally {
    await lake.close?.()
  }
}

describe('what is handed out', () => {
  test.each([
    [{}, ['json/date=2026-11-04/2026-11-04.json.gz', 'json/date=2026-11-05/2026-11-05.json.gz']],
    [
      { format: ['json', 'parquet'] },
      ['parquet/date=2026-11-04/2026-11-04.parquet', 'parquet/date=2026-11-05/2026-11-05.parquet'],
    ],
    [
      { format: ['parquet'], schema: 'multi' },
      [
        'parquet/event=a/date=2026-11-04/2026-11-04.parquet',
        'parquet/event=a/date=2026-11-05/2026-11-05.parquet',
        'parquet/event=sign-up/date=2026-11-04/2026-11-04.parquet',
      ],
    ],
  ] as const)('of %j is Parquet where it is kept, else the lines', async (words, files) => {
    await withFolder(async (store) => {
      const entry = entryOf(words as object)
      await keepDays(store, entry, days)
      const got = await readerOf(store, entry)('events', from, to)
      expect(got.files.map((path) => path.split('/exports/events/')[1]).toSorted()).toEqual(files)
      expect(got.missing).toEqual([])
    })
  })

  test('is only what a manifest calls complete', async () => {
    await withFolder(async (store) => {
      await keepDays(store, entryOf(), days.slice(0, 2))
      const key = exportKeys('events').manifest('2026-11-05')
      const manifest = JSON.parse(Buffer.from((await store.get(key))?.body ?? '').toString())
      await store.put(key, JSON.stringify({ ...manifest, status: 'replacing', next: undefined }))
      const got = await readerOf(store)('events', from, to)
      expect(got.files).toHaveLength(1)
      expect(got.missing).toEqual(['2026-11-05', '2026-11-06'])
      expect(got.never).toEqual([])
      const later = await readerOf(store, { ...entryOf(), from: '2026-11-06' })('events', from, to)
      expect(later.never).toEqual(['2026-11-05'])
      const lake = (clock: string) =>
        openLake({ kind: 'lake', export: 'events' }, { exported: readerOf(store), clock: () => new Date(clock) })
      const ask = (clock: string) => answersOf(lake(clock)).segmentation(segmentationAsk({ event: 'A' }, framing))
      await expect(ask('2026-11-07T08:01:00Z')).rejects.toThrow(WaitError)
      await expect(ask('2026-11-08T08:01:00Z')).rejects.toThrow(RefusedError)
      await expect(ask('2026-11-08T08:01:00Z')).rejects.toThrow('export events has not kept 2026-11-05, 2026-11-06')
    })
  })

  test('is no window that is older than `keep`, and a question of one is refused with what would be right', async () => {
    await withFolder(async (store) => {
      // Of three days the first is older than that, and the second though it has yet to go.
      const entry = entryOf({ keep: 86_400 })
      await keepDays(store, entry, days.slice(1, 2))
      const got = await readerOf(store, entry)('events', from, to)
      expect(got).toMatchObject({ missing: ['2026-11-04', '2026-11-06'], never: [], expired: ['2026-11-04'] })
      const begun = await readerOf(store, { ...entry, from: '2026-11-05' })('events', from, to)
      expect(begun).toMatchObject({ never: ['2026-11-04'], expired: [] })
      const lake = openLake({ kind: 'lake', export: 'events' }, { exported: readerOf(store, entry), clock: now })
      await expect(answersOf(lake).segmentation(segmentationAsk({ event: 'A' }, framing))).rejects.toMatchObject({
        name: 'RefusedError',
        message: 'export events keeps 2026-11-04 no more, of which the question asks',
        remedy: expect.stringMatching(
          /^make `keep` of export events longer and run broadsheet export events, .* or ask of a later/,
        ),
      })
    })
  })

  test('of a place that is elsewhere is fetched once, and only if it is what its manifest says', async () => {
    await withFolder(async (store) => {
      const scratch = await mkdtemp(join(tmpdir(), 'reader scratch '))
      try {
        await keepDays(store, entryOf(), days)
        const reads: string[] = []
        const reader = readerOf(far(store, reads), entryOf(), scratch)
        const [one, other] = await Promise.all([reader('events', from, to), reader('events', from, to)])
        expect(one).toEqual(other)
        expect(reads).toHaveLength(2)
        const [path = ''] = one.files
        expect(await readFile(path)).toEqual(
          await readFile(store.locate('exports/events/json/date=2026-11-04/2026-11-04.json.gz')),
        )
        expect(
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ).toBe(path.split('/').at(-2))

        const key = 'exports/events/json/date=2026-11-05/2026-11-05.json.gz'
        const before = (await store.get(key))?.body ?? Buffer.alloc(0)
        await writeFile(store.locate(key), Buffer.from(before).fill(7, 20, 21))
        const damaged = readerOf(far(store), entryOf(), join(scratch, 'again'))('events', from, to)
        await expect(damaged).rejects.toThrow(DataError)
        await expect(damaged).rejects.toThrow(`s3://bucket/${key} is not what its manifest says`)
        expect((await readdir(join(scratch, 'again'), { recursive: true })).filter((name) => name.endsWith('.gz'))).toHaveLength(
          1,
        )
      } finally {
        await rm(scratch, { recursive: true })
      }
    })
  })

  test('of a window that is replaced meanwhile is the new one', async () => {
    await withFolder(async (store) => {
      const scratch = await mkdtemp(join(tmpdir(), 'reader scratch '))
      try {
        await keepDays(store, entryOf(), days.slice(0, 1))
        const old = far(store)
        let replaced = false
        const turning: Store = {
          ...old,
          async read(key) {
            if (!replaced)
              await keepDays(store, entryOf(), [{ date: '2026-11-04', lines: [1, 2, 3].map((at) => line('2026-11-04', at, '')) }])
            replaced = true
            return old.read(key)
          },
        }
        const until = new Date('2026-11-05T00:00:00Z')
        const { files } = await readerOf(turning, entryOf(), scratch)('events', from, until)
        const kept = 'exports/events/json/date=2026-11-04/2026-11-04.json.gz'
        expect(await readFile(files[0] ?? '')).toEqual(await readFile(store.locate(kept)))
      } finally {
        await rm(scratch, { recursive: true })
      }
    })
  })

  test.each([
    ['is gone', async (path: string) => rm(path), 'is not there, and its manifest says that it is'],
    ['is cut', async (path: string) => writeFile(path, 'x'), 'has 1 bytes, and its manifest says'],
  ])('is refused where an object %s', async (_, damage, words) => {
    await withFolder(async (store) => {
      await keepDays(store, entryOf(), days)
      await damage(store.locate('exports/events/json/date=2026-11-05/2026-11-05.json.gz'))
      const asked = readerOf(store)('events', from, to)
      await expect(asked).rejects.toThrow(DataError)
      await expect(asked).rejects.toThrow(words)
    })
  })
})

describe.each([
  ['json', 'mono'],
  ['parquet', 'mono'],
  ['parquet', 'multi'],
] as const)('a lake on %s, %s', (format, schema) => {
  const entry = entryOf({ format: [format], schema })
  const asked = (lines: readonly string[], question: object, options: { localZone?: string; zone?: string } = {}) =>
    withFolder(async (store) => {
      const date = '2026-11-05'
      await keepDays(store, entry, [...days.filter((day) => day.date !== date), { date, lines }], options)
      return total(store, entry, question, options.localZone, options.zone)
    })

  // On the day before two events: one with the number 5, one with the text.
  test.each<[string, string, number]>([
    [',"plan":5.0', 'properties["plan"] == 5', 2],
    [',"plan":"5"', 'properties["plan"] == 5', 1],
    [',"plan":"5"', 'properties["plan"] == "5"', 2],
    [',"event":"x","Event":"y"', 'properties["Event"] == "y" and properties["event"] == "x"', 1],
    [',"date":"x","time_":1', 'properties["date"] == "x"', 1],
    [',"a":null', 'defined(properties["a"])', 0],
    [',"a":null', 'not (properties["a"] == true)', 3],
    [',"_strings":[1]', 'defined(properties["_strings"])', 1],
    [',"a":"NaN"', 'properties["a"] == "NaN"', 1],
    ['', 'properties["insert_id"] == "i3"', 0],
    ['', 'properties["$insert_id"] == "i3"', 1],
    ['', 'properties["_strings"] == "plan"', 0],
    ['', 'properties["time"] > 1793880000', 1],
  ])('%s: %s', async (properties, where, count) => {
    expect(await asked([line('2026-11-05', 3, properties)], { where })).toBe(count)
  })

  test.each([
    ['properties["distinct_id"] == "7"', 1],
    ['properties["distinct_id"] == 7', 0],
    ['properties["$insert_id"] in ["8"]', 1],
    ['properties["time"] < 1793793600', 0],
  ])('ids that are numbers are texts, and times are seconds: %s', async (where, count) => {
    const milliseconds = Date.parse('2026-11-05T12:00:00Z')
    const odd = `{"event":"B","properties":{"time":${milliseconds},"distinct_id":7,"$insert_id":8}}`
    expect(await asked([odd], { event: 'B', where })).toBe(count)
  })

  test('what DuckDB takes for JSON, and others do not, is no text', async () => {
    const two = [line('2026-11-05', 3, ',"a":NaN', 'B'), line('2026-11-05', 4, ',"a":"NaN"', 'B')]
    expect(await asked(two, { event: 'B', where: 'properties["a"] == "NaN"' })).toBe(1)
    expect(await asked(two, { event: 'B', where: 'defined(properties["a"])' })).toBe(2)
  })

  test('of a project from before 2023 counts the days of its own clock', async () => {
    const zone = 'America/New_York'
    // 23:30 by the clock there, which is the next day in UTC.
    const late = [line('2026-11-05', 3, '', 'C', 23.5 * 3600)]
    const question = { event: 'C', where: 'properties["time"] == 1793939400' }
    expect(Date.parse('2026-11-06T04:30:00Z') / 1000).toBe(1793939400)
    expect(await asked(late, { ...question }, { localZone: zone, zone })).toBe(1)
  })
})

test('a property that is left out is in no answer', async () => {
  await withFolder(async (store) => {
    const entry = entryOf({ format: ['parquet'], drop: ['plan'] })
    await keepDays(store, entry, days)
    expect(await total(store, entry, { where: 'defined(properties["plan"])' })).toBe(0)
    const lake = openLake({ kind: 'lake', export: 'events' }, { exported: readerOf(store, entry) })
    const { rows } = await answersOf(lake).top(topAsk({ what: 'properties' }, framing))
    expect(rows).toEqual([['new', 1]])
    await lake.close?.()
  })
})
