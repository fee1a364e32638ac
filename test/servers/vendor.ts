import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'

/**
 * A vendor on loopback. It takes exactly the requests that a suite expects, each once and in any order; an unexpected
 * or an unused one fails the test that opened it (`await using vendor = await startVendor([…])`).
 */
export interface Expected {
  readonly method?: string
  readonly path: string
  /** The whole query string; none unless said. A key that comes more than once has a list. */
  readonly query?: Pairs
  /** Headers that must be there, with these values; undefined for those that must not. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** The whole form, or the whole JSON body; no body unless said. */
  readonly form?: Pairs
  readonly json?: unknown
  readonly answer: Payload
}

type Pairs = Readonly<Record<string, string | readonly string[]>>

export interface Payload {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Anything that is neither text nor bytes is sent as JSON. */
  readonly body?: unknown
  /** `broken`: labelled as gzip, and is none; `cut`: a whole HTTP answer whose gzip ends early. */
  readonly gzip?: 'whole' | 'cut' | 'broken'
  /** The socket closes after so many bytes of the body. */
  readonly cutAfter?: number
  /** Never answers. */
  readonly stall?: boolean
  /**
   * The body, sent as fast as it is taken and without its length. Where the client leaves, the iterator is returned; where
   * it throws, the socket closes.
   */
  readonly chunks?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

export interface Vendor extends AsyncDisposable {
  /** `http://127.0.0.1:34567` */
  readonly url: string
  readonly host: string
  /** Resolves when a request came that is left unanswered (`stall`). */
  readonly stalled: Promise<void>
  /** How many connections were opened so far. */
  connections(): number
}

/** `standing` are answers by path to whatever else comes, any number of times or never: what a suite is not about. */
export async function startVendor(
  expected: readonly Expected[],
  standing: Readonly<Record<string, Payload>> = {},
): Promise<Vendor> {
  const open = [...expected]
  const unexpected: string[] = []
  const { promise: stalled, resolve: stall } = Promise.withResolvers<void>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await readRequest(request)
    const at = open.findIndex((candidate) => isSame(candidate, seen))
    const [match] = at === -1 ? [] : open.splice(at, 1)
    const stands = standing[seen.path]
    if (match === undefined && stands !== undefined) {
      reply(response, stands)
    } else if (match === undefined) {
      unexpected.push(print(seen))
      response.writeHead(418).end('unexpected request')
    } else if (match.answer.stall === true) {
      stall()
    } else {
      reply(response, match.answer)
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}`,
    host,
    stalled,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      const problems = [
        ...unexpected.map((request) => `unexpected: ${request}`),
        ...open.map(({ answer: _, ...request }) => `never came: ${print({ method: 'GET', query: {}, ...request })}`),
      ]
      if (problems.length > 0) throw new Error(problems.join('\n'))
    },
  }
}

interface Seen {
  readonly method: string
  readonly path: string
  readonly query: Pairs
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly form?: Pairs
  readonly json?: unknown
}

async function readRequest(request: IncomingMessage): Promise<Seen> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://vendor')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded'
  return {
    method: request.method ?? '',
    path: pathname,
    query: pairsOf(searchParams),
    headers: request.headers,
    ...(text === '' ? {} : isForm ? { form: pairsOf(new URLSearchParams(text)) } : { json: JSON.parse(text) }),
  }
}

function pairsOf(search: URLSearchParams): Pairs {
  return Object.fromEntries(
    [...new Set(search.keys())].map((key) => {
      const [first = '', ...more] = search.getAll(key)
      return [key, more.length === 0 ? first : [first, ...more]]
    }),
  )
}

function isSame(expected: Expected, seen: Seen): boolean {
  const { method = 'GET', path, query = {}, headers = {}, form, json } = expected
  const key = (parts: object) => JSON.stringify(sorted(parts))
  return (
    key({ method, path, query, form, json }) ===
      key({ method: seen.method, path: seen.path, query: seen.query, form: seen.form, json: seen.json }) &&
    Object.entries(headers).every(([name, value]) => seen.headers[name] === value)
  )
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function print(request: {
  method?: string
  path: string
  query?: object
  form?: object
  json?: unknown
  headers?: object
}): string {
  const { method, path, query, form, json, headers } = request
  return `${method} ${path} ${JSON.stringify({ query, form, json, headers })}`
}

function reply(response: ServerResponse, payload: Payload): void {
  const { status = 200, headers = {}, body = '', gzip, cutAfter, chunks } = payload
  if (chunks !== undefined) {
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).flushHeaders()
    pipeline(Readable.from(chunks), response, () => {})
    return
  }
  const plain = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const bytes = packed(plain, gzip)
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(gzip === undefined ? {} : { 'content-encoding': 'gzip' }),
    'content-length': String(bytes.length),
    ...headers,
  })
  if (cutAfter === undefined) response.end(bytes)
  else response.write(bytes.subarray(0, cutAfter), () => response.destroy())
}

function packed(plain: Buffer, gzip: Payload['gzip']): Buffer {
  if (gzip === undefined || gzip === 'broken') return plain
  const whole = gzipSync(plain)
  return gzip === 'cut' ? whole.subarray(0, whole.length - 9) : whole
}
