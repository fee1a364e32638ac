import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../../lib/errors.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { claim } from '../../../lib/store/claims.ts'
import { openS3 } from '../../../lib/store/s3.ts'
import type { Store, Upload } from '../../../lib/store/store.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startS3 } from '../../servers/s3.ts'
import { startChild } from '../store/child.ts'
import { copying, exportingIn, keys, linesIn, monday, withFolder } from './exporting.ts'
import { lines } from './raw.ts'

const day = keys.json({ name: '2026-11-09', partition: 'date=2026-11-09' })
const ofEvent = keys.parquet({ name: '2026-11-09', partition: 'date=2026-11-09' }, 'sign-up')

let s3: S3Server
beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.stop())

async function setUp({ given = lines(7), place }: { given?: readonly string[]; place?: Store } = {}) {
  const store = place ?? openS3(`s3://${await s3.createBucket()}/team`, s3.client)
  let now = Date.parse('2026-11-10T00:30:00Z')
  const clock = () => new Date(now)
  const exporting = await exportingIn(store, { lines: given }, { clock })
  const entry = { name: 'events', from: '2026-11-09', every: 'day', order: 'oldest' } as ExportContext['entry']
  const context: ExportContext = { entry, zone: 'UTC', exporting, owner: 'tester', atATime: 1 }
  return {
    store,
    context,
    hold: async (window: string) => {
      const held = await claim(store, keys.claim(window), { owner: 'another', seconds: 120, clock })
      if ('heldBy' in held) throw new Error(`${window} is held`)
      return held
    },
    sleep: (seconds: number) => {
      now += seconds * 1000
    },
    forget: (over: Store = store) => forgetPeople(['u3'], { ...context, exporting: { ...exporting, store: over } }),
  }
}

/** An upload of which a part is in S3, and nobody goes on with it. */
async function begin(store: Store, key: string): Promise<Upload> {
  const upload = await store.upload(key)
  const before = (await unfinished(store)).length
  for (let count = 0; count < 9; count += 1) await upload.write(Buffer.alloc(1024 * 1024, count))
  await expect.poll(() => unfinished(store)).toHaveLength(before + 1)
  return upload
}

const unfinished = async (store: Store) => (await store.unfinished('')).map(({ key }) => key)

describe('what was begun to be uploaded', () => {
  test('by processes that died is ended, in every format, where nothing else is kept of its window, too', async () => {
    const { store, forget } = await setUp()
    for (const key of [day, day, ofEvent, keys.json({ name: '2026-11-05', partition: 'date=2026-11-05' })])
      await begin(store, key)
    expect(await forget()).toEqual({ added: 1, rewritten: [], busy: [] })
    expect(await unfinished(store)).toEqual([])
  })

  test('of a window that is kept is ended, and what is kept of it stays', async () => {
    const { store, context, forget } = await setUp({ given: lines(70) })
    await runExport({ scheduledAt: Temporal.Instant.from('2026-11-10T00:30:00Z') }, context)
    await begin(store, day)
    expect(await forget()).toMatchObject({ rewritten: [{ window: '2026-11-09', lines: 10 }], busy: [] })
    expect(await unfinished(store)).toEqual([])
    expect(await linesIn(store, day)).toHaveLength(60)
    await begin(store, day)
    expect(await forget()).toMatchObject({ added: 0, rewritten: [] })
    expect(await unfinished(store)).toEqual([])
  })

  test('by others than the export stays', async () => {
    const { store, forget } = await setUp()
    const theirs = [
      'exports/events/json/date=2026-11-09/notes.json.gz',
      'exports/events/json/date=2026-11-09/2026-11-09.csv',
      'exports/events-too/json/date=2026-11-09/2026-11-09.json.gz',
      'reports/2026-11-09.json.gz',
    ]
    for (const key of theirs) await begin(store, key)
    await begin(store, day)
    await forget()
    expect(await unfinished(store)).toEqual(theirs.toSorted())
  })

  test('by a process that is at it goes on; who forgets is told, and it ends with that process', async () => {
    const { store, context, hold, forget } = await setUp()
    const held = await hold('2026-11-09')
    const upload = await begin(store, day)
    expect(await forget()).toEqual({ added: 1, rewritten: [], busy: ['2026-11-09'] })
    expect(await unfinished(store)).toEqual([day])
    await upload.abort()
    await held.release()
    expect(await unfinished(store)).toEqual([])
    expect(await forgetPeople(['u3'], context)).toEqual({ added: 0, rewritten: [], busy: [] })
  })

  test('while this looks for windows, by one who dies before it comes to his, is ended', async () => {
    const { store, hold, forget } = await setUp()
    const held = await hold('2026-11-09')
    // Manifests are what is looked at last.
    const late: Store = {
      ...store,
      async *list(prefix) {
        yield* store.list(prefix)
        if (prefix !== keys.manifests) return
        await begin(store, day)
        await held.release()
      },
    }
    expect(await forget(late)).toEqual({ added: 1, rewritten: [], busy: [] })
    expect(await unfinished(store)).toEqual([])
  })

  test('by a process that slept through the end of its claim is ended, and it keeps nothing', async () => {
    const { store, context, hold, sleep, forget } = await setUp()
    await hold('2026-11-09')
    const convert: typeof copying = async (options) => {
      // It sends its lines on while they come, and sleeps in the middle of its Parquet.
      const upload = await begin(store, ofEvent)
      sleep(121)
      expect(await forget()).toEqual({ added: 1, rewritten: [], busy: [] })
      await upload.finish()
      return copying(options)
    }
    const exported = exportWindow({ ...context.exporting, convert, stillOurs: () => {} }, monday)
    await expect(exported).rejects.toThrow(UnavailableError)
    await expect(exported).rejects.toThrow('NoSuchUpload')
    expect(await unfinished(store)).toEqual([])
    const left: string[] = []
    for await (const { key } of store.list('exports/')) left.push(key)
    expect(left).toEqual([])
  })
})

test('in a folder, what a process had begun to write that was killed is gone', async () => {
  await withFolder(async (store) => {
    const { forget } = await setUp({ place: store })
    await forget()
    const child = startChild('uploader.ts', [store.address, day])
    try {
      expect(await child.line()).toBe('sent')
    } finally {
      await child.kill()
    }
    const writing = () => readdir(join(store.address, '.writing'))
    expect(await writing()).toHaveLength(1)
    expect(await forget()).toEqual({ added: 0, rewritten: [], busy: [] })
    expect(await writing()).toEqual([])
  })
})
