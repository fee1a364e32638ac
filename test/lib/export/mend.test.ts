import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { mendLines } from '../../../lib/export/mend.ts'
import { convertToParquet } from '../../../lib/export/parquet.ts'
import { readExport } from '../../../lib/sources/mixpanel/export-lines.ts'

const event = (note: string) => `{"event":"A","properties":{"time":1762646400,"distinct_id":"d","note":"${note}"}}`
const vendors = [event('a\u0001b'), event('plain'), event('\u007f\\"\u0000'), `${event('\t').replace(',', ',\t')}\r`]

async function withLines<Value>(
  lines: readonly string[],
  work: (path: string, folder: string) => Promise<Value>,
): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'lines '))
  try {
    const path = join(folder, 'lines.json')
    await writeFile(path, lines.map((line) => `${line}\n`).join(''))
    return await work(path, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('control characters are escaped as the reader of the vendor’s lines takes them', async () => {
  await withLines(vendors, async (path, folder) => {
    const reader = readExport({ call: 'GET vendor/export', requestId: undefined, redact: (text) => text })
    const read = vendors.map((line) => reader.read(Buffer.from(line)))
    expect(reader.end()).toBe(4)
    const to = join(folder, 'mended.json.gz')
    expect(await mendLines([path], to, () => undefined)).toBe(3)
    const mended = gunzipSync(await readFile(to))
      .toString()
      .split('\n')
      .slice(0, -1)
    expect(mended.map((line) => JSON.parse(line))).toEqual(read)
  })
})

test('and an event with them becomes a row like any other', async () => {
  await withLines(vendors, async (path, folder) => {
    const made = await convertToParquet({ from: [path], to: join(folder, 'rows.parquet'), scratch: folder })
    expect(made).toMatchObject({ rows: 4, mended: 3 })
  })
})
