import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { S3Client } from '@aws-sdk/client-s3'
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../../../lib/errors.ts'
import { openS3, s3Client } from '../../../lib/store/s3.ts'
import type { Store, Upload } from '../../../lib/store/store.ts'
import type { S3Server } from '../../servers/s3.ts'

interface Sent {
  readonly command: string
  readonly query: Readonly<Record<string, unknown>>
  body?: Uint8Array | undefined
}

/** Stands between the SDK's tries and S3: `on` sees what is sent and passes it on, or fails that try. */
type Wire = (sent: Sent, pass: () => Promise<void>) => Promise<void>

/**
 * What uploads in parts promise on S3 beyond what any store does. Not every server compares what came with its checksum, or
 * knows an upload that was completed from one that was aborted.
 */
export function uploadsContract(
  name: string,
  server: () => S3Server,
  knows: { readonly checksums: boolean; readonly completed: boolean },
): void {
  async function open(wire: Wire = (_, pass) => pass()) {
    const { endpoint, env, client: plain, createBucket } = server()
    const bucket = await createBucket()
    const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' }
    const client = s3Client({ endpoint, region: env.AWS_REGION ?? '', credentials })
    wireTo(client, wire)
    return { bucket, plain, store: openS3(`s3://${bucket}/team`, client) }
  }
  const bytes = randomBytes(17 * 1024 * 1024)
  const other = Buffer.from('of somebody else')

  describe(`${name}: an upload in parts`, () => {
    test('is done where the answer to its end is lost', async () => {
      let tries = 0
      const { store } = await open(async ({ command }, pass) => {
        await pass()
        if (command !== 'CompleteMultipartUploadCommand') return
        tries += 1
        if (tries === 1) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      })
      await store.put('a/day', other)
      await send(await store.upload('a/day'), bytes)
      expect(tries).toBe(2)
      expect((await read(store, 'a/day'))?.equals(bytes)).toBe(true)
    })

    test.each([
      { there: 'nothing', before: undefined },
      ...(knows.completed ? [{ there: 'another’s object', before: other }] : []),
    ])('that somebody ended is one to try again, where $there is there', async ({ before }) => {
      const { bucket, plain, store } = await open(async ({ command }, pass) => {
        if (command === 'CompleteMultipartUploadCommand') await abortAll(plain, bucket)
        await pass()
      })
      if (before !== undefined) await store.put('a/day', before)
      const failed = await send(await store.upload('a/day'), bytes).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(UnavailableError)
      expect((failed as UnavailableError).message).toContain('NoSuchUpload')
      expect(await read(store, 'a/day')).toEqual(before)
    })

    test.runIf(knows.checksums)('of which a part is damaged on its way is one to try again, and leaves nothing', async () => {
      const { bucket, plain, store } = await open(async (sent, pass) => {
        if (sent.query.partNumber === '2') sent.body = sent.body?.map((byte, at) => (at === 5 ? byte ^ 1 : byte))
        await pass()
      })
      const failed = await send(await store.upload('a/day'), bytes).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(UnavailableError)
      expect((failed as UnavailableError).message).toMatch(/BadDigest|Mismatch/)
      expect(await begun(plain, bucket)).toEqual([])
      expect(await read(store, 'a/day')).toBeUndefined()
    })

    test('is whole and in order, whichever part ends first', async () => {
      const second = Promise.withResolvers<void>()
      const ended: unknown[] = []
      const { store } = await open(async ({ command, query }, pass) => {
        await pass()
        if (command !== 'UploadPartCommand') return
        if (query.partNumber === '1') await second.promise
        ended.push(query.partNumber)
        if (query.partNumber === '2') second.resolve()
      })
      await send(await store.upload('a/day'), bytes)
      expect(ended.indexOf('2')).toBeLessThan(ended.indexOf('1'))
      expect((await read(store, 'a/day'))?.equals(bytes)).toBe(true)
    })
  })

  describe(`${name}: uploads that are not over`, () => {
    test('are found by prefix, all of them, and ended one by one; what is there stays', async () => {
      const { bucket, plain, store } = await open()
      await store.put('a/1', 'before')
      const uploads: Upload[] = []
      for (const key of ['a/1', 'a/1', 'a/2', 'a/3/x', 'ab', 'b']) {
        const upload = await store.upload(key)
        uploads.push(upload)
        await write(upload, bytes)
      }
      await expect.poll(() => begun(plain, bucket)).toHaveLength(6)
      const keys = async (prefix: string) => (await store.unfinished(prefix)).map(({ key }) => key).sort()
      expect(await keys('a/')).toEqual(['a/1', 'a/1', 'a/2', 'a/3/x'])
      expect(await keys('')).toHaveLength(6)
      expect(await keys('c')).toEqual([])
      const under = await store.unfinished('a/')
      for (const { abort } of under) await abort()
      for (const { abort } of under) await abort()
      expect((await begun(plain, bucket)).sort()).toEqual(['team/ab', 'team/b'])
      await expect(uploads[0]?.finish()).rejects.toThrow(UnavailableError)
      expect((await read(store, 'a/1'))?.toString()).toBe('before')
      await uploads[5]?.finish()
      expect((await read(store, 'b'))?.equals(bytes)).toBe(true)
      expect(await keys('')).toEqual(['ab'])
      for (const upload of uploads) await upload.abort()
    })
  })
}

function wireTo(client: S3Client, wire: Wire): void {
  client.middlewareStack.add(
    (next, { commandName: command = '' }) =>
      async (args) => {
        const request = args.request as Omit<Sent, 'command'>
        let answer: Awaited<ReturnType<typeof next>> | undefined
        await wire(Object.assign(request, { command }), async () => {
          answer = await next(args)
        }).catch((error: unknown) => {
          // Its connection would stay taken.
          const { body } = (answer?.response ?? {}) as { body?: Readable }
          body?.destroy()
          throw error
        })
        if (answer === undefined) throw new Error(`${command} was not passed on`)
        return answer
      },
    { step: 'deserialize', priority: 'low', name: 'wire' },
  )
}

async function write(upload: Upload, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 1_000_003) await upload.write(bytes.subarray(at, at + 1_000_003))
}

async function send(upload: Upload, bytes: Buffer): Promise<void> {
  try {
    await write(upload, bytes)
    await upload.finish()
  } catch (error) {
    await upload.abort()
    throw error
  }
}

async function read(store: Store, key: string): Promise<Buffer | undefined> {
  const stream = await store.read(key)
  return stream === undefined ? undefined : buffer(stream)
}

async function uploadsOf(client: S3Client, Bucket: string) {
  const all = []
  for (let KeyMarker: string | undefined, UploadIdMarker: string | undefined; ; ) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket, KeyMarker, UploadIdMarker }))
    all.push(...(page.Uploads ?? []))
    if (page.IsTruncated !== true) return all
    KeyMarker = page.NextKeyMarker
    UploadIdMarker = page.NextUploadIdMarker
  }
}

async function begun(client: S3Client, bucket: string): Promise<string[]> {
  return (await uploadsOf(client, bucket)).map(({ Key = '' }) => Key)
}

async function abortAll(client: S3Client, Bucket: string): Promise<void> {
  for (const { Key, UploadId } of await uploadsOf(client, Bucket)) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  }
}
