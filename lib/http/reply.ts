import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import type { BroadsheetError } from '../errors.ts'
import { RefusedError } from '../errors.ts'
import { parseExactly } from '../exact-json.ts'
import { redact, redactJson } from '../redact.ts'
import { codeOf } from './network.ts'
import type { HttpCall } from './request.ts'

/** What came back, for messages: secrets are out of `text` and `json`, so classes may quote them. */
export interface Reply {
  /** `GET mixpanel.com/api/query/segmentation`: what messages call the request. */
  readonly call: string
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** undefined when the text is not JSON. */
  readonly json: unknown
  readonly requestId: string | undefined
  readonly receivedAt: Date
}

export interface Received {
  readonly reply: Reply
  /** As it came, for the schema: a secret `pass` must not make `…port` of a value `passport`. undefined when it is not JSON. */
  readonly json: unknown
  /** As it came, too. */
  readonly text: string
}

/** What of a reply is there before its body. */
export type Head = Pick<Reply, 'call' | 'status' | 'headers' | 'requestId' | 'receivedAt'>

const defaultMaxBytes = 64 * 1024 * 1024
const unpack = promisify(gunzip)

/** What of undici's response is read here. */
export interface Answering extends Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'> {
  readonly body: AsyncIterable<Buffer>
}

export function headOf(call: string, response: Omit<Answering, 'body'>, receivedAt: Date): Head {
  const headers = Object.fromEntries(Object.entries(response.headers).map(([key, value]) => [key, String(value)]))
  return { call, status: response.statusCode, headers, requestId: headers['x-request-id'] ?? headers['request-id'], receivedAt }
}

/** Throws RefusedError above `maxBytes`, and what the network or zlib throws for what is not whole. */
export async function readWhole(
  call: string,
  { body, ...response }: Answering,
  asked: Pick<HttpCall, 'secrets' | 'maxBytes' | 'quiet'> & { readonly exact?: boolean | undefined },
  clock: () => Date,
): Promise<Received> {
  const limit = asked.maxBytes ?? defaultMaxBytes
  const tooBig = () =>
    new RefusedError(`${call} ${response.statusCode}: the answer has more than ${limit} bytes`, {
      remedy: 'ask for a shorter time, or for fewer segments',
    })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) throw tooBig()
    chunks.push(chunk)
  }
  const head = headOf(call, response, clock())
  const raw = (await unpacked(Buffer.concat(chunks), head.headers, limit, tooBig)).toString('utf8')
  const text = asked.quiet === true ? '(not shown)' : redact(raw, asked.secrets)
  const json = parseJson(raw, asked.exact === true)
  return { reply: { ...head, text, json: text === raw ? json : redactJson(json, asked.secrets) }, json, text: raw }
}

// fetch() takes a gzip that was cut for a whole one; zlib's own call does not.
async function unpacked(bytes: Buffer, headers: Reply['headers'], limit: number, tooBig: () => BroadsheetError): Promise<Buffer> {
  if (headers['content-encoding'] !== 'gzip' || bytes.length === 0) return bytes
  try {
    return await unpack(bytes, { maxOutputLength: limit })
  } catch (error) {
    throw codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? tooBig() : error
  }
}

function parseJson(text: string, exact: boolean): unknown {
  try {
    return exact ? parseExactly(text) : JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** When a `Retry-After` (seconds or an HTTP date) says to come back. */
export function retryAfter(reply: Pick<Reply, 'headers' | 'receivedAt'>): Date | undefined {
  const value = reply.headers['retry-after']
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return secondsAfter(reply, Number(value))
  const time = Date.parse(value)
  return Number.isNaN(time) ? undefined : new Date(time)
}

/** undefined for an absurd number of seconds, which leads to no date. */
export function secondsAfter({ receivedAt }: Pick<Reply, 'receivedAt'>, seconds: number): Date | undefined {
  const date = new Date(receivedAt.getTime() + seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The first characters of a body on one line. */
export function beginning(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line === '') return '(nothing)'
  return line.length > 120 ? `${line.slice(0, 120)}…` : line
}
