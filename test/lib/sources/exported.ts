import { gunzipSync } from 'node:zlib'
import { Temporal } from 'temporal-polyfill'
import { passOn } from '../../../lib/export/verify.ts'
import { writtenDown } from '../../../lib/export/written-down.ts'
import type { ExportAsk, Source } from '../../../lib/sources/source.ts'

/** One window of an export, from asking to the lines that would be kept. */
export async function exportedBy(source: Source, ask: ExportAsk): Promise<string[]> {
  const got = await source.export?.(ask)
  if (got === undefined) throw new Error('nothing to export')
  const chunks: Uint8Array[] = []
  const { lines } = await passOn('raw' in got ? got.raw : writtenDown(got.rows), [
    { write: async (bytes) => void chunks.push(bytes) },
  ])
  const found = gunzipSync(Buffer.concat(chunks))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
  if (found.length !== lines) throw new Error(`${found.length} lines, and ${lines} were counted`)
  return found
}

/** A stretch of time by the clock of a zone. */
export function span(start: string, end: string, zone = 'UTC'): NonNullable<ExportAsk['window']> {
  const at = (time: string) => Temporal.PlainDateTime.from(time).toZonedDateTime(zone)
  return { start: at(start), end: at(end) }
}
