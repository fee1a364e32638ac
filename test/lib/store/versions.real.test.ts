import { CreateBucketCommand, ListObjectVersionsCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openS3 } from '../../../lib/store/s3.ts'
import type { MotoServer } from '../../servers/moto.ts'
import { startMoto } from '../../servers/moto.ts'

let moto: MotoServer
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto.stop())

test('what a key held before is deleted for good, what it holds now and its neighbours stay', async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new S3Client({ endpoint: moto.endpoint, region: 'us-east-1', credentials, forcePathStyle: true })
  const Bucket = 'kept-versions'
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  const store = openS3(`s3://${Bucket}/team`, client)
  for (const body of ['one', 'two', 'three']) {
    await store.put('a/day', body)
    await store.put('a/day.old', body)
  }
  const versions = async (key: string) => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    return Versions.filter(({ Key }) => Key === `team/${key}`).length
  }
  expect([await versions('a/day'), await versions('a/day.old')]).toEqual([3, 3])
  await store.purge('a/day')
  expect([await versions('a/day'), await versions('a/day.old')]).toEqual([1, 3])
  expect(Buffer.from((await store.get('a/day'))?.body ?? []).toString()).toBe('three')
  await store.delete('a/day')
  await store.purge('a/day')
  expect(await versions('a/day')).toBe(0)
  await store.purge('a/never')
  expect(await versions('a/day.old')).toBe(3)
  await store.purge('a/')
  expect(await versions('a/day.old')).toBe(1)
  for (const place of ['', '/', 'a//']) await expect(store.purge(place), place).rejects.toThrow(RangeError)
  client.destroy()
})
