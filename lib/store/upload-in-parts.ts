import { PassThrough } from 'node:stream'
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { Upload as PartedUpload } from '@aws-sdk/lib-storage'
import type { Upload } from './store.ts'

/** S3 takes 10,000 parts: up to 80 GB in these. Two are held while they are sent. */
const partSize = 8 * 1024 * 1024
const partsAtATime = 2

/**
 * An object of S3 from bytes that are pushed: small ones by one PutObject, larger ones by a multipart upload, which is
 * aborted (its parts deleted) where anything fails. The SDK completes an upload as soon as its body ends, so the body
 * ends in `finish` and nowhere else. `inWords` tells what S3 refuses in the family's words.
 */
export function uploadInParts(
  client: S3Client,
  target: Pick<PutObjectCommandInput, 'Bucket' | 'Key' | 'ContentType'>,
  inWords: (work: () => Promise<unknown>) => Promise<unknown>,
): Upload {
  const body = new PassThrough({ highWaterMark: partSize })
  // It is destroyed when the upload is given up, and whoever pushes is told by `done`.
  body.on('error', () => {})
  const upload = new PartedUpload({ client, params: { ...target, Body: body }, partSize, queueSize: partsAtATime })
  const done = inWords(() => upload.done())
  // Told to whoever writes or finishes next; one that is aborted has nobody.
  done.catch(() => body.destroy())
  let over: Promise<void> | undefined

  async function drained(): Promise<void> {
    let room: (() => void) | undefined
    const full = new Promise<void>((resolve) => {
      room = resolve
      body.once('drain', resolve)
    })
    try {
      // A refused part is the end of it: nobody would ever drain.
      await Promise.race([full, done])
    } finally {
      if (room !== undefined) body.off('drain', room)
    }
  }

  return {
    async write(bytes) {
      if (over !== undefined) throw new RangeError('an upload that is over takes no bytes')
      if (body.destroyed) await done
      if (!body.write(bytes)) await drained()
    },
    finish() {
      over ??= (async () => {
        body.end()
        await done
      })()
      return over
    },
    abort() {
      over ??= (async () => {
        // Upload.abort() ends `done` before the parts are deleted; a body that fails ends it after.
        body.destroy(new Error('given up'))
        await done.catch(() => {})
      })()
      return over
    },
  }
}
