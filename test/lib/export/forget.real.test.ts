import { gunzipSync } from 'node:zlib'
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  NoSuchUpload,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expire } from '../../../lib/export/expire.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import type { ExportContext } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { openS3 } from '../../../lib/store/s3.ts'
import type { Store } from '../../../lib/store/store.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startVersitygw } from '../../servers/versitygw.ts'
import { startChild } from '../store/child.ts'
import type { Given } from './exporting.ts'
import { exportingIn, keys, keysIn, linesIn } from './exporting.ts'
import { lines } from './raw.ts'

/** People who are forgotten, in a bucket that keeps what its keys held before. */
let s3: S3Server
beforeAll(async () => {
  s3 = await startVersitygw({ versions: true })
})
afterAll(() => s3.stop())

async function setUp() {
  const bucket = await s3.createBucket()
  await s3.client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  const given: Given = { lines: lines(70) }
  let now = Date.parse('2026-11-10T00:30:00Z')
  const store = openS3(`s3://${bucket}/team`, s3.client)
  const exporting = await exportingIn(store, given, { clock: () => new Date(now) })
  const entry: ExportContext['entry'] = {
    name: 'events',
    source: 'product',
    data: 'events',
    from: '2026-11-07',
    to: '2026-11-10',
    every: 'day',
    order: 'oldest',
    format: ['json', 'parquet'],
    schema: 'mono',
  }
  const context: ExportContext = { entry, zone: 'UTC', exporting, owner: 'tester', atATime: 1 }
  return {
    bucket,
    store,
    given,
    context,
    run: (from?: string) => {
      now += 60_000
      return runExport({ scheduledAt: Temporal.Instant.fromEpochMilliseconds(now), from }, context)
    },
  }
}

/** Whatever any version of any object of the export says: those of now and those of before. */
async function versionsIn(bucket: string): Promise<{ key: string; isOld: boolean; text: string }[]> {
  const { Versions = [] } = await s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'team/exports/' }))
  const objects = Versions.filter(({ Key = '' }) => !Key.includes('/manifests/'))
  return Promise.all(
    objects.map(async ({ Key = '', VersionId, IsLatest }) => {
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key, VersionId }))
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      return { key: Key, isOld: IsLatest !== true, text: gunzipSync(bytes).toString() }
    }),
  )
}
const holding = async (bucket: string, id: string) =>
  (await versionsIn(bucket)).filter(({ text }) => text.includes(`"distinct_id":"${id}"`)).map(({ key }) => key)

test('are in no version of any object: of days rewritten, replaced before, or deleted for their age', async () => {
  const { bucket, store, given, context, run } = await setUp()
  await run()
  given.lines = lines(77)
  await run('2026-11-09')
  await expire({ store, keys, owner: 'tester', clock: context.exporting.clock }, { keep: 2 * 86_400, zone: 'UTC' })
  expect(await keysIn(store, keys.manifests)).toHaveLength(2)
  // Two days of now, the one before the change, and the day that was deleted: each in two formats.
  expect(await holding(bucket, 'u3')).toHaveLength(8)
  expect(await forgetPeople(['u3'], context)).toMatchObject({ rewritten: [{ window: '2026-11-08' }, { window: '2026-11-09' }] })
  expect(await holding(bucket, 'u3')).toEqual([])
  const left = await versionsIn(bucket)
  expect([left.length, left.filter(({ isOld }) => isOld)]).toEqual([4, []])
  for (const { text } of left) expect(text).toContain('"distinct_id":"u4"')
})

test('are gone after running again, where the first time ended before older versions were deleted', async () => {
  const { bucket, store, context, run } = await setUp()
  await run()
  const dying: Store = { ...store, purge: async () => Promise.reject(new Error('the process ends here')) }
  const exporting = { ...context.exporting, store: dying }
  for (let at = 1; at <= 3; at += 1) {
    await expect(forgetPeople(['u3'], { ...context, exporting })).rejects.toThrow('the process ends here')
  }
  expect((await holding(bucket, 'u3')).length).toBeGreaterThan(0)
  expect(await linesIn(store, 'exports/events/json/date=2026-11-09/2026-11-09.json.gz')).toHaveLength(60)
  expect(await forgetPeople(['u3'], context)).toEqual({ added: 0, rewritten: [], busy: [] })
  expect(await holding(bucket, 'u3')).toEqual([])
})

test('are not in what a process had begun to upload that was killed', async () => {
  const { bucket, store, context } = await setUp()
  const key = keys.parquet({ name: '2026-11-09', partition: 'date=2026-11-09' })
  const child = startChild('uploader.ts', [store.address, key], s3.env)
  try {
    expect(await child.line()).toBe('sent')
  } finally {
    await child.kill()
  }
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  expect(Uploads.map(({ Key }) => Key)).toEqual([`team/${key}`])
  const parts = () => s3.client.send(new ListPartsCommand({ Bucket: bucket, Key: `team/${key}`, UploadId: Uploads[0]?.UploadId }))
  expect((await parts()).Parts?.length).toBeGreaterThanOrEqual(2)
  expect(await forgetPeople(['u3'], context)).toEqual({ added: 1, rewritten: [], busy: [] })
  await expect(parts()).rejects.toThrow(NoSuchUpload)
  expect(await store.unfinished('')).toEqual([])
})
