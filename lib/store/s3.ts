import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { UnavailableError, UsageError } from '../errors.ts'
import { s3Failure } from './s3-failure.ts'
import type { PutOptions, Store, Unfinished } from './store.ts'
import { checkKey, checkPlace, checkPrefix, isKey } from './store.ts'
import { under } from './under.ts'
import { uploadInParts } from './upload-in-parts.ts'

/** S3 answers 409 while another conditional put of the same key is under way; a few tries see the end of it. */
const conflictTries = 8

/**
 * A bucket, or the part of it under a prefix, as a store: `s3://bucket` or `s3://bucket/prefix`. Region, credentials
 * and endpoint are the SDK's usual ones unless a client is given; encryption is the bucket's default. Throws UsageError
 * for another address. Its methods throw CredentialError (not allowed, or no credentials), RefusedError (no such bucket
 * and whatever else S3 refuses) and UnavailableError (network, 5xx, throttled after the SDK's retries).
 */
export function openS3(address: string, client: S3Client = s3Client()): Store {
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/?$/.exec(address) ?? []
  if (bucket === undefined || (prefix !== undefined && prefix !== '' && !isKey(prefix))) {
    throw new UsageError(`${JSON.stringify(address)} is no address of a store`, {
      remedy: 'write s3://bucket or s3://bucket/prefix, the prefix of letters, digits and -_.=/',
    })
  }
  const store = openBucket(bucket, client)
  return prefix === undefined || prefix === '' ? store : under(store, prefix)
}

/**
 * Without time-outs the SDK waits for a silent connection for ever: `requestTimeout` ends with an answer's headers, and
 * `socketTimeout` is for its body. In milliseconds.
 */
export function s3Client({ silence = 60_000, ...rest }: S3ClientConfig & { readonly silence?: number } = {}): S3Client {
  return new S3Client({
    ...rest,
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: silence,
      throwOnRequestTimeout: true,
      socketTimeout: silence,
    },
  })
}

/** A body whose failure is told like that of a call. */
function inWords(body: Readable, action: string, place: string): Readable {
  async function* told(): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } catch (error) {
      throw s3Failure(error, action, place)
    }
  }
  // Of a stream that nobody began to read, the generator does not hear that it is over.
  return Readable.from(told(), { objectMode: false }).once('close', () => body.destroy())
}

function openBucket(bucket: string, client: S3Client): Store {
  const locate = (key: string) => `s3://${bucket}/${checkKey(key)}`
  let ready: Promise<void> | undefined

  async function call<T>(action: string, place: string, work: () => Promise<T>): Promise<T> {
    try {
      ready ??= choosePathStyle(client)
      await ready
      return await work()
    } catch (error) {
      throw s3Failure(error, action, place)
    }
  }

  async function putOnce(key: string, body: Uint8Array | string, options: PutOptions): Promise<string | 'lost' | 'conflict'> {
    const condition = options.if
    try {
      const { ETag } = await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          // The SDK takes an empty string for a stream of unknown length.
          Body: typeof body === 'string' ? Buffer.from(body) : body,
          ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
          ...(condition === 'absent' ? { IfNoneMatch: '*' } : condition === undefined ? {} : { IfMatch: condition.etag }),
        }),
      )
      if (ETag === undefined) throw new Error(`S3 sent no etag for ${locate(key)}`)
      return ETag
    } catch (error) {
      const code = error instanceof Error ? error.name : ''
      if (condition !== undefined && code === 'PreconditionFailed') return 'lost'
      // An etag is expected where there is nothing (any more).
      if (condition !== undefined && condition !== 'absent' && code === 'NoSuchKey') return 'lost'
      if (condition !== undefined && code === 'ConditionalRequestConflict') return 'conflict'
      throw error
    }
  }

  function abortUpload(key: string, UploadId: string | undefined): Promise<void> {
    return call('s3:AbortMultipartUpload', locate(key), async () => {
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId }))
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error
      }
    })
  }

  return {
    address: `s3://${bucket}`,
    locate,

    get: async (key) => {
      const place = locate(key)
      return call('s3:GetObject', place, async () => {
        try {
          const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
          if (Body === undefined || ETag === undefined) throw new Error(`S3 sent no body or no etag for ${place}`)
          return { body: await Body.transformToByteArray(), etag: ETag }
        } catch (error) {
          if (error instanceof Error && error.name === 'NoSuchKey') return undefined
          throw error
        }
      })
    },

    put: async (key, body, options = {}) => {
      const place = locate(key)
      return call('s3:PutObject', place, async () => {
        for (let tried = 1; tried <= conflictTries; tried += 1) {
          const outcome = await putOnce(key, body, options)
          if (outcome === 'lost') return undefined
          if (outcome !== 'conflict') return outcome
          await sleep(Math.random() * 20 * 2 ** tried)
        }
        throw new UnavailableError(`${place} is being written by others all the time (ConditionalRequestConflict)`)
      })
    },

    upload: (key, options = {}) => {
      const place = locate(key)
      const contentType = options.contentType === undefined ? {} : { ContentType: options.contentType }
      return call('s3:PutObject', place, async () =>
        uploadInParts(client, { Bucket: bucket, Key: key, ...contentType }, (action, work) => call(action, place, work)),
      )
    },

    read: (key) => {
      const place = locate(key)
      return call('s3:GetObject', place, async () => {
        try {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
          if (!(Body instanceof Readable)) throw new Error(`S3 sent no body for ${place}`)
          return inWords(Body, 's3:GetObject', place)
        } catch (error) {
          if (error instanceof Error && error.name === 'NoSuchKey') return undefined
          throw error
        }
      })
    },

    async *list(prefix) {
      checkPrefix(prefix)
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })
      for (;;) {
        const page = await call('s3:ListBucket', `s3://${bucket}/${prefix}`, () => pages.next())
        if (page.done === true) return
        for (const { Key = '', Size = 0 } of page.value.Contents ?? []) {
          // Others may keep objects here too, such as the console's folder marks.
          if (isKey(Key)) yield { key: Key, bytes: Size }
        }
      }
    },

    purge: async (asked) => {
      const isFolder = checkPlace(asked).endsWith('/')
      const place = locate(isFolder ? asked.slice(0, -1) : asked)
      for (let KeyMarker: string | undefined, VersionIdMarker: string | undefined; ; ) {
        const page = await call('s3:ListBucketVersions', place, () =>
          client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: asked, KeyMarker, VersionIdMarker })),
        )
        // The prefix is that of other keys, too; a mark of a deletion is nothing that was kept.
        const old = (page.Versions ?? []).filter(
          ({ Key, IsLatest, VersionId }) => (isFolder || Key === asked) && !IsLatest && VersionId,
        )
        for (const { Key, VersionId } of old) {
          const version = new DeleteObjectCommand({ Bucket: bucket, Key, VersionId })
          await call('s3:DeleteObjectVersion', place, () => client.send(version))
        }
        if (page.IsTruncated !== true) return
        KeyMarker = page.NextKeyMarker
        VersionIdMarker = page.NextVersionIdMarker
      }
    },

    unfinished: async (prefix) => {
      checkPrefix(prefix)
      const found: Unfinished[] = []
      for (let KeyMarker: string | undefined, UploadIdMarker: string | undefined; ; ) {
        const page = await call('s3:ListBucketMultipartUploads', `s3://${bucket}/${prefix}`, () =>
          client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, KeyMarker, UploadIdMarker })),
        )
        for (const { Key = '', UploadId } of page.Uploads ?? []) {
          if (isKey(Key)) found.push({ key: Key, abort: () => abortUpload(Key, UploadId) })
        }
        if (page.IsTruncated !== true) return found
        KeyMarker = page.NextKeyMarker
        UploadIdMarker = page.NextUploadIdMarker
      }
    },

    delete: async (key) => {
      await call('s3:DeleteObject', locate(key), () => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })))
    },
  }
}

/**
 * The SDK reads AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and a profile's endpoint_url itself, but then still puts the
 * bucket's name before the host's, which no server on a laptop answers to.
 */
async function choosePathStyle({ config }: S3Client): Promise<void> {
  const custom = config.endpoint ?? (config.ignoreConfiguredEndpointUrls ? undefined : await config.serviceConfiguredEndpoint?.())
  if (custom !== undefined) config.forcePathStyle = true
}
