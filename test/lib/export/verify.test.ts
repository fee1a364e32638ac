import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { RefusedError, UnavailableError } from '../../../lib/errors.ts'
import { passOn } from '../../../lib/export/verify.ts'
import { joined, lines, rawData } from './raw.ts'

/** Takes bytes, slowly where it is told to. */
function sink(slow = false) {
  const chunks: Buffer[] = []
  return {
    bytes: () => Buffer.concat(chunks),
    async write(chunk: Uint8Array) {
      if (slow) await setImmediate()
      chunks.push(Buffer.from(chunk))
    },
  }
}

const text = joined(lines(5000, 'x'.repeat(200)))
const packed = gzipSync(text)

describe('a whole window', () => {
  test.each([1000, 70_000, 10_000_000])('is handed on as it came, in pieces of %i bytes', async (size) => {
    const sinks = [sink(), sink(true)]
    const verified = await passOn(rawData(packed, { encoding: 'gzip', size }), sinks)
    for (const { bytes } of sinks) expect(bytes().equals(packed)).toBe(true)
    expect(verified).toMatchObject({ bytes: packed.length, lines: 5000, unpacked: text.length })
    expect(verified.sha256).toBe(createHash('sha256').update(packed).digest('hex'))
  })

  test('that came unpacked is packed', async () => {
    const own = sink()
    const small = joined(lines(3))
    const verified = await passOn(rawData(small), [own])
    expect(gunzipSync(own.bytes()).equals(small)).toBe(true)
    expect(verified).toMatchObject({ lines: 3, bytes: own.bytes().length })
  })

  test('may be empty, packed or not', async () => {
    expect(await passOn(rawData(Buffer.alloc(0)), [])).toMatchObject({ lines: 0, unpacked: 0 })
    expect(await passOn(rawData(gzipSync(''), { encoding: 'gzip' }), [])).toMatchObject({ lines: 0, unpacked: 0 })
  })

  test('has the same fingerprint in any order, and another for any other lines', async () => {
    const of = async (all: string[]) => (await passOn(rawData(joined(all)), [])).fingerprint
    const all = lines(100)
    const own = await of(all)
    expect(await of(all.toReversed())).toBe(own)
    expect(await of([...all.slice(50), ...all.slice(0, 50)])).toBe(own)
    const twice = all[7] ?? ''
    const others = [all.slice(1), [...all, twice], [...all.slice(0, 50), ...all.slice(49, 99)], lines(100, 'y')]
    for (const other of others) expect(await of(other)).not.toBe(own)
    // The same length, one digit changed; two lines that swapped a value.
    expect(await of(all.map((line, at) => (at === 50 ? line.replace('i50', 'i5O') : line)))).not.toBe(own)
    expect(await of(all.map((line) => line.replace('"i1"', '"i?"').replace('"i2"', '"i1"').replace('"i?"', '"i2"')))).not.toBe(
      own,
    )
  })

  test('line breaks inside values, and U+2028, are no ends of lines', async () => {
    const odd = ['{"event":"a","properties":{"t":"x\u2028y\u2029z\u0085\\n"}}\r', '', '{"event":"b","properties":{}}']
    expect(await passOn(rawData(joined(odd)), [])).toMatchObject({ lines: 2 })
  })
})

describe('a window that is not whole is an error, and nothing to publish', () => {
  test('cut at every byte of its last 100, and every 4 KB before', async () => {
    const ends = [
      ...Array.from({ length: Math.ceil(packed.length / 4096) }, (_, at) => at * 4096).filter((end) => end > 0),
      ...Array.from({ length: 100 }, (_, at) => packed.length - 1 - at),
    ]
    for (const end of ends) {
      const cut = passOn(rawData(packed.subarray(0, end), { encoding: 'gzip' }), [sink()])
      await expect(cut, `at ${end}`).rejects.toThrow(UnavailableError)
    }
  })

  test('cut unpacked, in the middle of its last line', async () => {
    const plain = joined(lines(3))
    for (let end = 1; end < 40; end += 1) {
      await expect(passOn(rawData(plain.subarray(0, plain.length - 1 - end)), [])).rejects.toThrow(UnavailableError)
    }
  })

  test.each(['export terminated early\n', 'terminated early', '{"error": "internal error"}\n'])(
    'ended by the vendor with %j',
    async (tail) => {
      const bytes = gzipSync(Buffer.concat([joined(lines(10)), Buffer.from(tail)]))
      await expect(passOn(rawData(bytes, { encoding: 'gzip' }), [])).rejects.toThrow(/after 10 whole events/)
    },
  )

  test('an error in a 200 is refused', async () => {
    const said = Buffer.from('{"error": "from_date: bad", "status": "error"}')
    await expect(passOn(rawData(said), [])).rejects.toThrow(RefusedError)
  })

  test.each([
    ['its checksum', (bytes: Buffer) => bytes.writeUInt8((bytes.at(-8) ?? 0) ^ 1, bytes.length - 8)],
    ['its length', (bytes: Buffer) => bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)],
    ['a byte in the middle', (bytes: Buffer) => bytes.writeUInt8((bytes.at(9000) ?? 0) ^ 0x55, 9000)],
  ])('damaged in %s', async (_, damage) => {
    const bytes = Buffer.from(packed)
    damage(bytes)
    await expect(passOn(rawData(bytes, { encoding: 'gzip' }), [])).rejects.toThrow(UnavailableError)
  })

  test.each([
    ['terminated early', 'Z_DATA_ERROR'],
    ['\0\0\0\0\0\0\0\0\0\0', 'more behind its end'],
  ])('with %j behind its end', async (tail, words) => {
    const bytes = Buffer.concat([packed, Buffer.from(tail)])
    await expect(passOn(rawData(bytes, { encoding: 'gzip' }), [])).rejects.toThrow(words)
  })

  test('broken off by the network, in words that say what came', async () => {
    const fails = new UnavailableError('GET vendor/export: the answer broke off after 9 bytes (ECONNRESET)')
    const broken = passOn(rawData(packed.subarray(0, 9000), { encoding: 'gzip', fails }), [])
    await expect(broken).rejects.toThrow(/ECONNRESET.*whole event/)
  })

  test('refused by a sink: that is what is told, and the vendor is let go', async () => {
    const data = rawData(packed, { encoding: 'gzip', size: 1000 })
    const full = { write: async () => Promise.reject(new UnavailableError('the disk is full')) }
    await expect(passOn(data, [sink(), full])).rejects.toThrow('the disk is full')
    // In its own words: the vendor's call is not to blame.
    const ofStore = new UnavailableError('the store is full')
    const told = passOn(rawData(packed, { encoding: 'gzip' }), [{ write: () => Promise.reject(ofStore) }])
    await expect(told).rejects.toBe(ofStore)
    expect(data.body).toHaveProperty('destroyed', true)
  })

  test('stopped by its caller: the reason is told', async () => {
    const stop = new AbortController()
    const data = rawData(packed, { encoding: 'gzip', size: 1000 })
    const own = { write: async () => stop.abort(new Error('time is up')) }
    await expect(passOn(data, [own], stop.signal)).rejects.toThrow('time is up')
    await expect(passOn(rawData(packed, { encoding: 'gzip' }), [], AbortSignal.abort(new Error('before')))).rejects.toThrow(
      'before',
    )
  })
})
