import { Readable } from 'node:stream'
import type { RawData } from '../sources/source.ts'

/** Rows as NDJSON, for data that no vendor sends that way. What ends the rows early fails the body. */
export function writtenDown(rows: AsyncIterable<object>): RawData {
  const ended = { value: false }
  async function* lines(): AsyncGenerator<Buffer> {
    let batch: string[] = []
    let size = 0
    for await (const row of rows) {
      const line = `${JSON.stringify(row)}\n`
      batch.push(line)
      size += line.length
      if (size < 64 * 1024) continue
      yield Buffer.from(batch.join(''))
      batch = []
      size = 0
    }
    if (batch.length > 0) yield Buffer.from(batch.join(''))
    ended.value = true
  }
  return {
    call: 'rows',
    encoding: undefined,
    body: Readable.from(lines(), { objectMode: false }),
    lines: {
      see: () => {},
      end() {
        if (!ended.value) throw new RangeError('the rows were not read to their end')
      },
      cut: (cause) => cause,
    },
  }
}
