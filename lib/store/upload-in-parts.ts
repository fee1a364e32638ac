import { randomUUID } from 'node:crypto'
import type { CompletedPart, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { Upload } from './store.ts'

/** S3 takes 10,000 parts: up to 80 GB in these. */
const partSize = 8 * 1024 * 1024
/** One more is filled meanwhile. */
const partsAtATime = 2

/**
 * An object of S3 from bytes that are pushed: small ones by one PutObject, larger ones by a multipart upload, which is
 * aborted (its parts deleted) where anything fails. `inWords` tells what S3 refuses an action in the family's words.
 *
 * An answer of S3 to the whole may get lost, and the SDK's next try is then told that there is no such upload, as it is
 * where somebody aborted it. An upload therefore marks its object, in its metadata: an ETag says nothing certain of the
 * content where KMS encrypts it, and the same bytes may be there from another upload.
 *
 * The parts' memory is its own and is used again. The SDK's upload of a stream keeps every chunk until its part is full,
 * which is long enough for V8 to take them for old: it then marks all of the heap to be rid of them, thirty times for
 * 100 MB, and that costs more than unpacking these.
 */
export function uploadInParts(
  client: S3Client,
  target: Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'ContentType'>,
  inWords: <T>(action: string, work: () => Promise<T>) => Promise<T>,
): Upload {
  const { Bucket, Key } = target
  const mark = randomUUID()
  const stop = new AbortController()
  const parts: CompletedPart[] = []
  const sending = new Set<Promise<void>>()
  const free: Buffer[] = []
  let filling: Buffer | undefined
  let filled = 0
  let sent = 0
  let begun: Promise<string | undefined> | undefined
  let failed: { readonly error: unknown } | undefined
  let over: Promise<void> | undefined

  async function begin(): Promise<string | undefined> {
    // What the SDK says of each part, S3 has to be told of the whole.
    const isChecked = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED'
    const ChecksumAlgorithm = isChecked ? 'CRC32' : undefined
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm, Metadata: { upload: mark } }),
    )
    return UploadId
  }

  async function sendPart(PartNumber: number, memory: Buffer, bytes: number): Promise<void> {
    begun ??= begin()
    const UploadId = await begun
    const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: memory.subarray(0, bytes) })
    const { ETag, ChecksumCRC32 } = await client.send(part, { abortSignal: stop.signal })
    parts.push({ PartNumber, ETag, ChecksumCRC32 })
    free.push(memory)
  }

  function send(memory: Buffer, bytes: number): void {
    sent += 1
    const number = sent
    const own = inWords('s3:PutObject', () => sendPart(number, memory, bytes))
      .catch((error: unknown) => {
        failed ??= { error }
      })
      .finally(() => sending.delete(own))
    sending.add(own)
  }

  async function complete(Parts: CompletedPart[]): Promise<void> {
    const UploadId = await begun
    try {
      await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
    } catch (error) {
      if (!isNamed(error, 'NoSuchUpload') || !(await isThere())) throw error
    }
  }

  /** Whether the key holds this upload, which S3 puts there whole or not at all. */
  function isThere(): Promise<boolean> {
    return inWords('s3:GetObject', async () => {
      try {
        const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key }))
        return Metadata?.upload === mark
      } catch (error) {
        if (isNamed(error, 'NotFound')) return false
        throw error
      }
    })
  }

  function check(): void {
    if (failed !== undefined) throw failed.error
  }

  async function finishAll(): Promise<void> {
    const memory = filling ?? Buffer.alloc(0)
    filling = undefined
    check()
    if (sent === 0) {
      const put = new PutObjectCommand({ ...target, Body: memory.subarray(0, filled) })
      await inWords('s3:PutObject', () => client.send(put))
      return
    }
    if (filled > 0) send(memory, filled)
    await Promise.all(sending)
    check()
    const Parts = parts.toSorted((one, other) => Number(one.PartNumber) - Number(other.PartNumber))
    await inWords('s3:PutObject', () => complete(Parts))
  }

  async function giveUp(): Promise<void> {
    filling = undefined
    stop.abort()
    // A part that arrives after the end of its upload would stay.
    await Promise.all(sending)
    const UploadId = await begun?.catch(() => undefined)
    if (UploadId !== undefined) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => {})
  }

  return {
    async write(bytes) {
      if (over !== undefined) throw new RangeError('an upload that is over takes no bytes')
      for (let at = 0; at < bytes.length; ) {
        check()
        filling ??= free.pop() ?? Buffer.allocUnsafeSlow(partSize)
        const some = bytes.subarray(at, at + partSize - filled)
        filling.set(some, filled)
        at += some.length
        filled += some.length
        if (filled < partSize) break
        send(filling, filled)
        filling = undefined
        filled = 0
        if (sending.size >= partsAtATime) await Promise.race(sending)
      }
      check()
    },
    finish() {
      over ??= finishAll().catch(async (error: unknown) => {
        await giveUp()
        throw error
      })
      return over
    },
    abort() {
      over ??= giveUp()
      // Of one that did not finish, whoever finished it was told.
      return over.catch(() => {})
    },
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}
