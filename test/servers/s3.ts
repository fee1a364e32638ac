/**
 * S3 for `npm test`: fauxqs (in memory, a process of its own) behind a proxy that gives it S3's conditional writes,
 * which fauxqs ignores: writes of one key go one after the other; `If-None-Match: *` where
 * something is, and `If-Match` where it is not that, get 412, or 404 where nothing is; and a list of uploads that are not
 * over. Nothing here proves S3's 409 or its durability; the same suites run against versitygw from `.ci/run`.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { BegunUploads } from './begun-uploads.ts'
import { begunUploads } from './begun-uploads.ts'
import { freePort, launch } from './launch.ts'

export interface S3Server {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string
  /** For a process whose SDK shall talk to this server. */
  readonly env: Readonly<Record<string, string>>
  readonly client: S3Client
  /** Makes a bucket with a name of its own, and answers the name. */
  createBucket(): Promise<string>
  stop(): Promise<void>
}

export async function startS3(): Promise<S3Server> {
  const port = await freePort()
  const program = join(import.meta.dirname, 'fauxqs.ts')
  const fauxqs = await launch(process.execPath, [program, String(port)], { ready: `http://127.0.0.1:${port}/health` })
  const proxy = createServer(conditionalWrites(port)).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const server = s3Server((proxy.address() as AddressInfo).port, 'test', 'test')
  return {
    ...server,
    stop: async () => {
      await server.stop()
      proxy.closeAllConnections()
      proxy.close()
      await once(proxy, 'close')
      await fauxqs.stop()
    },
  }
}

/** What the suites need to know of any S3 on a loopback port; `stop` ends the client only. */
export function s3Server(port: number, accessKeyId: string, secretAccessKey: string): S3Server {
  const endpoint = `http://127.0.0.1:${port}`
  const region = 'us-east-1'
  const client = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true })
  let buckets = 0
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    client,
    createBucket: async () => {
      buckets += 1
      const Bucket = `bucket-${process.pid}-${buckets}`
      await client.send(new CreateBucketCommand({ Bucket }))
      return Bucket
    },
    stop: async () => client.destroy(),
  }
}

function conditionalWrites(port: number) {
  /** Per key, the end of the write that is last in line. */
  const queues = new Map<string, Promise<void>>()
  const uploads = begunUploads()

  return async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const url = urlOf(incoming)
    if (incoming.method === 'GET' && url.searchParams.has('uploads')) {
      answer.writeHead(200, { 'content-type': 'application/xml' }).end(uploads.list(url))
      return
    }
    if (incoming.method === 'GET' || incoming.method === 'HEAD') return forward(port, incoming, answer, uploads)
    const [path = '/'] = (incoming.url ?? '/').split('?')
    const turn = (queues.get(path) ?? Promise.resolve()).then(async () => {
      const refused = await refusal(port, path, incoming)
      if (refused === undefined) return forward(port, incoming, answer, uploads)
      incoming.resume()
      answer.writeHead(refused.status, { 'content-type': 'application/xml' }).end(`<Error><Code>${refused.code}</Code></Error>`)
    })
    queues.set(path, turn)
    await turn
    if (queues.get(path) === turn) queues.delete(path)
  }
}

async function refusal(
  port: number,
  path: string,
  { headers }: IncomingMessage,
): Promise<{ status: number; code: string } | undefined> {
  const [absent, match] = [headers['if-none-match'] === '*', headers['if-match']]
  if (!absent && match === undefined) return undefined
  const etag = await etagOf(port, path)
  if (absent) return etag === undefined ? undefined : { status: 412, code: 'PreconditionFailed' }
  if (etag === undefined) return { status: 404, code: 'NoSuchKey' }
  return etag === match ? undefined : { status: 412, code: 'PreconditionFailed' }
}

async function etagOf(port: number, path: string): Promise<string | undefined> {
  const asked = request({ host: '127.0.0.1', port, method: 'HEAD', path }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode === 200 ? response.headers.etag : undefined
}

/** Ends when the answer has been passed on, or either side has gone. */
function forward(port: number, incoming: IncomingMessage, answer: ServerResponse, uploads: BegunUploads): Promise<void> {
  return new Promise((done) => {
    const { method, url, headers } = incoming
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, async (response) => {
      const status = response.statusCode ?? 502
      if (method === 'POST' || method === 'DELETE') {
        const body = await text(response)
        // Before it is told: who hears of it may look at once.
        uploads.see({ method, url: urlOf(incoming) }, { status, body })
        answer.writeHead(status, response.headers).end(body)
        return
      }
      answer.writeHead(status, response.headers)
      response.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    answer.on('close', () => {
      onward.destroy()
      done()
    })
    incoming.pipe(onward)
  })
}

function urlOf({ url }: IncomingMessage): URL {
  return new URL(url ?? '/', 'http://127.0.0.1')
}
