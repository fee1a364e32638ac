import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UnavailableError } from '../../../lib/errors.ts'
import { openS3, s3Client } from '../../../lib/store/s3.ts'
import { under } from '../../../lib/store/under.ts'
import { freePort } from '../../servers/launch.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startS3 } from '../../servers/s3.ts'
import { startChild } from './child.ts'
import { claimsContract } from './claims-contract.ts'
import { listed, storeContract } from './contract.ts'
import { uploadsContract } from './uploads-contract.ts'

let s3: S3Server
beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.stop())

const open = async () => ({ store: openS3(`s3://${await s3.createBucket()}/team/broadsheet`, s3.client), env: s3.env })

storeContract('S3 (stand-in)', open)
claimsContract('S3 (stand-in)', open)
uploadsContract('S3 (stand-in)', () => s3, { checksums: false, completed: true })

test('a prefix is a store of its own, in a bucket that others use too', async () => {
  const bucket = await s3.createBucket()
  const whole = openS3(`s3://${bucket}/`, s3.client)
  const part = openS3(`s3://${bucket}/sample/`, s3.client)
  expect(whole.address).toBe(`s3://${bucket}`)
  expect(part.address).toBe(`s3://${bucket}/sample`)
  expect(part.locate('a/b')).toBe(`s3://${bucket}/sample/a/b`)
  await whole.put('samples/c', 'x')
  await part.put('a/b', 'x')
  await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'sample/a folder/', Body: Buffer.alloc(0) }))
  expect(await listed(part, '')).toEqual([{ key: 'a/b', bytes: 1 }])
  expect((await listed(under(whole, 'sample'), 'a')).map(({ key }) => key)).toEqual(['a/b'])
  expect((await listed(whole, '')).map(({ key }) => key)).toEqual(['sample/a/b', 'samples/c'])
})

test('at an endpoint of the environment the bucket is in the path, for a host with a name too', async () => {
  const bucket = await s3.createBucket()
  const env = { ...s3.env, AWS_ENDPOINT_URL_S3: s3.endpoint.replace('127.0.0.1', 'localhost') }
  const child = startChild('racer.ts', [`s3://${bucket}/x`, 'key', 'me'], env)
  try {
    expect(await child.line()).toBe('ready')
    child.say('go')
    expect(await child.line()).toBe('won')
  } finally {
    await child.kill()
  }
})

describe('what goes wrong', () => {
  test('a body that stalls is given up, however it is read', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"x"' })
      response.write('abc')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = s3Client({
      silence: 200,
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    })
    const store = openS3('s3://bucket', client)
    try {
      await expect(store.get('a')).rejects.toThrow(UnavailableError)
      const stream = (await store.read('a')) ?? []
      const read = async () => {
        const got: string[] = []
        for await (const chunk of stream) got.push(String(chunk))
        return got
      }
      await expect(read()).rejects.toThrow('s3:GetObject s3://bucket/a: S3 is not reachable (TimeoutError)')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('a bucket that is not there is refused', async () => {
    const store = openS3('s3://nowhere/x', s3.client)
    const works = [
      () => store.get('a'),
      () => store.put('a', 'x'),
      () => store.put('a', 'x', { if: 'absent' }),
      () => listed(store, ''),
    ]
    for (const work of works) {
      const failed = await work().catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(RefusedError)
      expect((failed as RefusedError).message).toMatch(/s3:\/\/nowhere\/x.*no such bucket/)
    }
  })

  test('a server that is not there is unavailable', async () => {
    const failed = await openS3('s3://bucket', clientFor(await freePort()))
      .get('a')
      .catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(UnavailableError)
    expect((failed as UnavailableError).message).toContain('ECONNREFUSED')
  })

  test.each([
    { status: 403, code: 'AccessDenied', is: CredentialError, says: 'allow s3:GetObject on s3://bucket/a, and s3:ListBucket' },
    { status: 403, code: 'SignatureDoesNotMatch', is: CredentialError, says: 'sign in again' },
    { status: 400, code: 'ExpiredToken', is: CredentialError, says: 'sign in again' },
    { status: 403, code: 'RequestTimeTooSkewed', is: CredentialError, says: 'clock' },
    { status: 301, code: 'PermanentRedirect', is: RefusedError, says: 'AWS_REGION' },
    { status: 400, code: 'AuthorizationHeaderMalformed', is: RefusedError, says: 'AWS_REGION' },
    { status: 400, code: 'InvalidRequest', is: RefusedError, says: 'S3 answers 400 (InvalidRequest)' },
    ...['BadDigest', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch', 'IncompleteBody'].map((code) => ({
      status: 400,
      code,
      is: UnavailableError,
      says: `S3 answers 400 (${code})`,
    })),
    { status: 404, code: 'NoSuchUpload', is: UnavailableError, says: 'S3 answers 404 (NoSuchUpload)' },
    { status: 503, code: 'SlowDown', is: UnavailableError, says: 'S3 answers 503 (SlowDown)' },
    { status: 500, code: 'InternalError', is: UnavailableError, says: 'S3 answers 500 (InternalError)' },
  ])('$status $code says who must act, with the request id and nothing secret', async ({ status, code, is, says }) => {
    await using server = await answering([{ status, code }])
    const failed = await openS3('s3://bucket', clientFor(server.port))
      .get('a')
      .catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(is)
    const { message, remedy, requestId } = failed as CredentialError
    expect(`${message}; ${remedy}`).toContain(says)
    expect(message).toContain('s3:GetObject s3://bucket/a')
    expect(requestId).toBe('REQUEST-1')
    expect(inspect(failed, { depth: 10, showHidden: true })).not.toMatch(/session-token-value|secret-key-value/)
  })

  test('who may not look for uploads, or end them, is told the right that is missing', async () => {
    const page = '<R><Upload><Key>a/b</Key><UploadId>1</UploadId></Upload></R>'
    await using server = await answering([
      { status: 403, code: 'AccessDenied' },
      { status: 200, code: '', body: page },
      { status: 403, code: 'AccessDenied' },
    ])
    const store = openS3('s3://bucket', clientFor(server.port))
    await expect(store.unfinished('a/')).rejects.toMatchObject({
      remedy: 'allow s3:ListBucketMultipartUploads on s3://bucket/a/',
    })
    const [upload] = await store.unfinished('a/')
    await expect(upload?.abort()).rejects.toMatchObject({ remedy: 'allow s3:AbortMultipartUpload on s3://bucket/a/b' })
  })

  test('a conflict of conditional puts is tried again', async () => {
    await using server = await answering([
      { status: 409, code: 'ConditionalRequestConflict' },
      { status: 409, code: 'ConditionalRequestConflict' },
      { status: 200, code: '' },
    ])
    expect(await openS3('s3://bucket', clientFor(server.port)).put('a', 'x', { if: 'absent' })).toBe('"etag"')
    expect(server.asked).toEqual(Array(3).fill('PUT /bucket/a?x-id=PutObject *'))
  })

  test('a body that ends too early is unavailable, not short', async () => {
    await using server = await answering([{ status: 200, code: '', cut: true }])
    await expect(openS3('s3://bucket', clientFor(server.port)).get('a')).rejects.toThrow(UnavailableError)
  })
})

function clientFor(port: number): S3Client {
  return new S3Client({
    endpoint: `http://localhost:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret-key-value', sessionToken: 'session-token-value' },
    maxAttempts: 1,
  })
}

interface Answer {
  readonly status: number
  readonly code: string
  readonly cut?: boolean
  readonly body?: string
}

/** A server that gives these answers, one for each request, the last one again and again. */
async function answering(answers: readonly Answer[]) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]
    asked.push(`${request.method} ${request.url} ${request.headers['if-none-match']}`)
    request.resume()
    response.writeHead(answer?.status ?? 500, {
      'x-amz-request-id': 'REQUEST-1',
      etag: '"etag"',
      ...(answer?.cut === true ? { 'content-length': '100' } : {}),
    })
    if (answer?.cut === true) {
      response.write('only this')
      setImmediate(() => response.destroy())
    } else if (answer?.code === '') {
      response.end(answer.body)
    } else {
      // S3 repeats the signed request when the signature is wrong.
      const echo = `<CanonicalRequest>x-amz-security-token:${request.headers['x-amz-security-token']}</CanonicalRequest>`
      response.end(`<Error><Code>${answer?.code}</Code><Message>no</Message>${echo}</Error>`)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
