import { randomBytes } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BroadsheetError, UnavailableError } from '../../../lib/errors.ts'
import { exportWindow } from '../../../lib/export/window.ts'
import { openS3 } from '../../../lib/store/s3.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startVersitygw } from '../../servers/versitygw.ts'
import type { Given } from './exporting.ts'
import { exportingIn, keys, keysIn, linesIn, manifestIn, monday } from './exporting.ts'
import { joined, rawData } from './raw.ts'

/** Windows larger than one part of an upload, against a real S3 server, and a gate before it that refuses what it is told to. */
let s3: S3Server
let gate: Server
let client: S3Client
let refuse: (seen: { method: string; query: URLSearchParams; key: string }) => number | undefined = () => undefined

beforeAll(async () => {
  s3 = await startVersitygw()
  const real = new URL(s3.env['AWS_ENDPOINT_URL_S3'] ?? s3.env['AWS_ENDPOINT_URL'] ?? '')
  gate = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://gate')
    const status = refuse({ method: incoming.method ?? '', query: searchParams, key: pathname })
    if (status !== undefined) {
      incoming.resume()
      incoming.on('end', () => {
        const code = status === 403 ? 'AccessDenied' : 'InternalError'
        response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`)
      })
      return
    }
    const { method, headers, url } = incoming
    const outgoing = request({ host: real.hostname, port: real.port, method, headers, path: url }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve))
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(gate.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 2,
    credentials: { accessKeyId: s3.env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: s3.env['AWS_SECRET_ACCESS_KEY'] ?? '' },
  })
})
afterAll(async () => {
  client.destroy()
  gate.close()
  await s3.stop()
})

const json = 'exports/events/json/date=2026-11-09/2026-11-09.json.gz'
/** Some 20 MB that do not pack. */
const big = (mark: string) =>
  Array.from({ length: 200 }, (_, at) =>
    JSON.stringify({ event: 'A', properties: { time: 1_763_000_000 + at, mark, pad: randomBytes(75_000).toString('base64') } }),
  )

async function setUp(given: Given, packed = true) {
  const bucket = await s3.createBucket()
  const store = openS3(`s3://${bucket}`, client)
  const ask = async () => {
    if (given.lines instanceof Error) throw given.lines
    const bytes = joined(given.lines)
    return { raw: packed ? rawData(gzipSync(bytes), { encoding: 'gzip' }) : rawData(bytes) }
  }
  return { bucket, store, exporting: await exportingIn(store, given, { ask }) }
}

async function expectNothingOpen(bucket: string): Promise<void> {
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  expect(Uploads).toEqual([])
}

describe('a window in S3', () => {
  test('is whole, however many parts it has', async () => {
    const lines = big('whole')
    const { store, exporting, bucket } = await setUp({ lines })
    expect(await exportWindow(exporting, monday)).toMatchObject({ state: 'kept', manifest: { lines: 200 } })
    expect(await linesIn(store, json)).toEqual(lines)
    await expectNothingOpen(bucket)
  })

  test.each([
    ['a part is refused', 403, ({ query }: { query: URLSearchParams }) => query.get('partNumber') === '2'],
    ['a part fails each time', 500, ({ query }: { query: URLSearchParams }) => query.get('partNumber') === '1'],
    [
      'the end of the upload is refused',
      403,
      ({ method, query }: { method: string; query: URLSearchParams }) => method === 'POST' && query.has('uploadId'),
    ],
    [
      'the manifest is refused',
      403,
      ({ method, key }: { method: string; key: string }) => method === 'PUT' && key.includes('/manifests/'),
    ],
  ])('when %s, there is no manifest, and running again ends it', async (_, status, when) => {
    const lines = big('refused')
    const { store, exporting, bucket } = await setUp({ lines })
    refuse = (seen) => (when(seen) ? status : undefined)
    try {
      await expect(exportWindow(exporting, monday)).rejects.toThrow(BroadsheetError)
    } finally {
      refuse = () => undefined
    }
    expect(await manifestIn(store)).toBeUndefined()
    await expectNothingOpen(bucket)
    expect(await exportWindow(exporting, monday)).toMatchObject({ state: 'kept' })
    expect(await linesIn(store, json)).toEqual(lines)
  })

  test('cut after its first parts were sent, it leaves nothing to see and nothing to pay for', async () => {
    const bytes = gzipSync(joined(big('cut')))
    const { bucket, store, exporting } = await setUp({ lines: [] })
    const cut = { ...exporting, ask: async () => ({ raw: rawData(bytes.subarray(0, bytes.length - 9), { encoding: 'gzip' }) }) }
    await expect(exportWindow(cut, monday)).rejects.toThrow(UnavailableError)
    expect(await keysIn(store)).toEqual([])
    await expectNothingOpen(bucket)
  })

  test('a replacement that is refused half-way names both revisions, and is ended by running again', async () => {
    const given: Given = { lines: big('first') }
    const { store, exporting } = await setUp(given)
    await exportWindow(exporting, monday)
    const first = await manifestIn(store)
    given.lines = [...big('second'), ...big('more').slice(0, 1)]
    refuse = ({ method, key }) => (method !== 'GET' && key.endsWith('.parquet') ? 403 : undefined)
    try {
      await expect(exportWindow(exporting, monday)).rejects.toThrow(BroadsheetError)
    } finally {
      refuse = () => undefined
    }
    const between = await manifestIn(store)
    expect(between).toMatchObject({ status: 'replacing', objects: first?.objects, next: { lines: 201 } })
    expect(await exportWindow(exporting, monday)).toMatchObject({
      state: 'replaced',
      manifest: { status: 'complete', lines: 201 },
    })
    expect(await linesIn(store, json)).toEqual(given.lines)
    expect(await keysIn(store, keys.troubles)).toEqual([])
  })

  test('two at once: one window, and a manifest that is true', async () => {
    const lines = big('both')
    const { store, exporting } = await setUp({ lines })
    await Promise.allSettled([exportWindow(exporting, monday), exportWindow(exporting, monday)])
    const seen = await manifestIn(store)
    if (seen?.status !== 'complete') await exportWindow(exporting, monday)
    expect(await manifestIn(store)).toMatchObject({ status: 'complete', lines: 200 })
    expect(await linesIn(store, json)).toEqual(lines)
  })
})
