import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DataError, UnavailableError } from '../../lib/errors.ts'
import { createHttp, readList } from '../../lib/http.ts'
import { startVendor } from '../servers/vendor.ts'

const http = () => createHttp({ classify: () => undefined, concurrency: 2, trace: () => {}, clock: () => new Date() })

/** What a body gives, sent in pieces of so many bytes. */
async function read(body: string | Buffer, size: number, packed = false) {
  const whole = Buffer.from(body)
  const bytes = packed ? gzipSync(whole) : whole
  function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const headers: Record<string, string> = packed ? { 'content-encoding': 'gzip' } : {}
  await using vendor = await startVendor([{ method: 'POST', path: '/list', answer: { headers, chunks: pieces() } }])
  const door = http()
  try {
    const opened = await door.open({ method: 'POST', url: `${vendor.url}/list`, secrets: [] })
    const items: unknown[] = []
    const heads: object[] = []
    for await (const part of readList(opened, 'data')) {
      items.push(...part.items)
      heads.push(part.head)
    }
    return { items, heads }
  } finally {
    await door.close()
  }
}

const tricky = [
  { a: 'brackets ] } , " \\ and "data": [', b: [1, [2, { c: 3 }]] },
  'text, with commas',
  -1.5e3,
  null,
  [],
  {},
  'Žluťoučký 🐎',
]

describe.each([1, 2, 3, 7, 64, 100_000])('a list in pieces of %i bytes', (size) => {
  test.each([false, true])('comes item by item, with what stands before and after it (gzip: %s)', async (packed) => {
    const text = `{ "success": true, "fields": [ {"id": "\\"data\\": ["} ], "ž": {"data": [1, 2]},\n"data" : [${tricky
      .map((one) => JSON.stringify(one))
      .join(' ,\n')} ], "after": [3] }`
    const { items, heads } = await read(text, size, packed)
    expect(items).toEqual(tricky)
    expect(heads.at(0)).toMatchObject({ success: true, fields: [{ id: '"data": [' }], ž: { data: [1, 2] }, data: [] })
    expect(heads.at(-1)).toEqual({ success: true, fields: [{ id: '"data": [' }], ž: { data: [1, 2] }, data: [], after: [3] })
  })

  test('may be empty, or not be there', async () => {
    expect(await read('{"data":[ ]}', size)).toEqual({ items: [], heads: [{ data: [] }] })
    const said = { error: 'no such list', data: { not: 'a list' } }
    expect(await read(JSON.stringify(said), size)).toEqual({ items: [], heads: [said] })
  })
})

test('a key __proto__ stays a key', async () => {
  const { items } = await read('{"data":[{"__proto__":{"a":1}}]}', 5)
  expect(JSON.stringify(items)).toBe('[{"__proto__":{"a":1}}]')
})

test('an id of many digits keeps them', async () => {
  const { items } = await read('{"data":[{"id":12345678901234567890},9007199254740993,1.5,7]}', 3)
  expect(items).toEqual([{ id: '12345678901234567890' }, '9007199254740993', 1.5, 7])
})

test('a document that is cut anywhere is never taken for a whole one', async () => {
  const text = '{"a":"x","data":[{"b":[1,"]"]},{"b":2}],"c":1}'
  for (let end = 1; end < text.length; end += 1) await expect(read(text.slice(0, end), 9)).rejects.toThrow(UnavailableError)
  const packed = gzipSync(text)
  await using vendor = await startVendor([
    { path: '/', answer: { headers: { 'content-encoding': 'gzip' }, chunks: [packed.subarray(0, -4)] } },
  ])
  const door = http()
  const opened = await door.open({ method: 'GET', url: `${vendor.url}/`, secrets: [] })
  await expect(drain(readList(opened, 'data'))).rejects.toThrow(UnavailableError)
  await door.close()
})

test.each([
  ['{"data":[1,,2]}', 'item 2 of `data` is not JSON'],
  ['{"data":[1,2,]}', 'item 3 of `data` is not JSON'],
  ['{"data":[1 x]}', 'item 1 of `data` is not JSON'],
  ['{"data":[] "b":1}', 'the answer is not JSON'],
  ['<html>', 'the answer is not JSON'],
  ['[1,2]', 'the answer is not an object'],
  ['', 'the answer is not JSON'],
  [`{"a":"${'x'.repeat(1_100_000)}","data":[]}`, 'more beside `data`'],
])('what is none of that form is refused: %.20s', async (text, words) => {
  await expect(read(text, 50_000)).rejects.toThrow(words)
  await expect(read(text, 50_000)).rejects.toThrow(DataError)
})

async function drain(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of parts);
}

test('stopping early lets the vendor go', async () => {
  let left = false
  function* endless() {
    try {
      yield Buffer.from('{"data":[0')
      for (;;) yield Buffer.from(',1'.repeat(1000))
    } finally {
      left = true
    }
  }
  await using vendor = await startVendor([{ path: '/', answer: { chunks: endless() } }])
  const door = http()
  const opened = await door.open({ method: 'GET', url: `${vendor.url}/`, secrets: [] })
  for await (const { items } of readList(opened, 'data')) if (items.length > 0) break
  await door.close()
  await expect.poll(() => left).toBe(true)
})
