import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import { UnavailableError } from '../errors.ts'
import { splitLines } from '../lines.ts'
import type { RawData } from '../sources/source.ts'
import { fingerprint } from './fingerprint.ts'
import type { Sink } from './sink.ts'
import { drained } from './sink.ts'

/** What a window's bytes turned out to be, once all of them were seen. */
export interface Verified {
  /** As they were handed on: packed with gzip. */
  readonly bytes: number
  readonly sha256: string
  /** Lines that are not blank. */
  readonly lines: number
  readonly unpacked: number
  /** The same for the same lines in another order. */
  readonly fingerprint: string
}

/**
 * Unpacking has a thread of its own, which waits for this one after each piece unless it has some ahead of it and room for
 * some behind it: with Node's usual 16 and 64 KiB it stands still half of the time. Smaller pieces take more turns.
 */
const unpacking = {
  chunkSize: 1024 * 1024,
  writableHighWaterMark: 1024 * 1024,
  readableHighWaterMark: 2 * 1024 * 1024,
}
const space = 0x20
const carriageReturn = 0x0d

/**
 * Hands the bytes on as they come, packed as the vendor packed them, and reads along: the gzip's own checksum, the lines,
 * and what `data.lines` says of them. Throws UnavailableError where the data was cut (in the middle, at a line's end with
 * a word of the vendor, in the gzip's trailer), what a sink throws, and the signal's reason; what was handed on by then
 * is nobody's to publish.
 */
export async function passOn(data: RawData, sinks: readonly Sink[], signal?: AbortSignal): Promise<Verified> {
  const { body, call, requestId } = data
  const gunzip = createGunzip(unpacking)
  let failure: unknown
  /** What failed first is what is told; it ends the rest, which fails after it. */
  function fail(error: unknown): void {
    failure ??= error ?? new Error('failed')
    body.destroy()
    gunzip.destroy()
  }
  const stop = () => fail(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()

  /** What the store or the disk said, which is nothing that the vendor did. */
  const ofSinks = new Set<unknown>()
  async function give(sink: Sink, chunk: Uint8Array): Promise<void> {
    try {
      await sink.write(chunk)
    } catch (error) {
      ofSinks.add(error)
      throw error
    }
  }

  const sha = createHash('sha256')
  let bytes = 0
  async function handOn(chunk: Uint8Array): Promise<void> {
    bytes += chunk.length
    sha.update(chunk)
    // All at once: one that drains while another is waited for would never be heard of again.
    await Promise.all([...sinks.map((sink) => give(sink, chunk)), gunzip.write(chunk) ? undefined : drained(gunzip)])
  }
  async function pump(): Promise<void> {
    for await (const chunk of packed(data)) await handOn(chunk)
    gunzip.end()
  }

  const split = splitLines()
  const marks = fingerprint()
  let lines = 0
  let unpacked = 0
  function see(line: Buffer): void {
    data.lines.see(line)
    const own = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
    if ((own[0] ?? space) <= space && own.every((byte) => byte <= space)) return
    lines += 1
    marks.add(own)
  }
  async function readAlong(): Promise<void> {
    for await (const chunk of gunzip) {
      unpacked += (chunk as Buffer).length
      for (const line of split.push(chunk as Buffer)) see(line)
    }
    const rest = split.end()
    if (rest !== undefined) see(rest)
    // Bytes behind the end of a gzip are skipped by zlib, and are none of it.
    if (gunzip.bytesWritten !== bytes) throw damaged('there is more behind its end')
    data.lines.end()
  }
  const damaged = (why: string, cause?: unknown) =>
    new UnavailableError(`${call}: the gzip is cut or damaged (${why})`, { requestId, cause })
  const inWords = (error: unknown) =>
    error instanceof Error && 'code' in error && /^Z_\w+$/.test(String(error.code)) ? damaged(String(error.code), error) : error

  await Promise.all([pump().catch(fail), readAlong().catch((error: unknown) => fail(inWords(error)))])
  signal?.removeEventListener('abort', stop)
  if (failure instanceof UnavailableError && !ofSinks.has(failure)) throw data.lines.cut(failure)
  if (failure !== undefined) throw failure
  return { bytes, sha256: sha.digest('hex'), lines, unpacked, fingerprint: String(marks) }
}

/** The vendor's bytes; a small answer comes unpacked, and is packed here. */
async function* packed({ body, encoding }: RawData): AsyncGenerator<Uint8Array, void> {
  if (encoding === 'gzip') return yield* body
  const gzip = createGzip()
  pipeline(body, gzip, () => {})
  yield* gzip
}
