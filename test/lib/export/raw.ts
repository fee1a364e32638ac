import { Readable } from 'node:stream'
import { readExport } from '../../../lib/sources/mixpanel/export-lines.ts'
import type { RawData } from '../../../lib/sources/source.ts'

/** Bytes as a vendor would send them, in pieces of so many. */
export function rawData(bytes: Buffer, options: { encoding?: 'gzip'; size?: number; fails?: Error } = {}): RawData {
  const { size = 64 * 1024, fails } = options
  function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    if (fails !== undefined) throw fails
  }
  const call = 'GET vendor/export'
  const requestId = undefined
  return {
    call,
    encoding: options.encoding,
    body: Readable.from(pieces(), { objectMode: false }),
    lines: readExport({ call, requestId, redact: (text) => text }),
  }
}

/** Events as lines. */
export function lines(count: number, pad = ''): string[] {
  return Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      event: `E${at % 3}`,
      properties: { time: 1_763_000_000 + at, distinct_id: `u${at % 7}`, $insert_id: `i${at}`, pad },
    }),
  )
}

export const joined = (all: readonly string[]) => Buffer.from(all.map((line) => `${line}\n`).join(''))
