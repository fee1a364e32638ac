import { brotliDecompressSync } from 'node:zlib'

/**
 * The code points that a WOFF2 font has glyphs for, read from its `cmap` table (format 4, the one that every font for
 * the web has). https://www.w3.org/TR/WOFF2/ and https://learn.microsoft.com/typography/opentype/spec/cmap
 */
export function* characters(woff2: Uint8Array): Generator<number> {
  const cmap = cmapTable(Buffer.from(woff2.buffer, woff2.byteOffset, woff2.byteLength))
  for (let table = 0; table < cmap.readUInt16BE(2); table += 1) {
    const map = cmap.subarray(cmap.readUInt32BE(8 + table * 8))
    if (map.readUInt16BE(0) !== 4) continue
    const segments = map.readUInt16BE(6) / 2
    for (let segment = 0; segment < segments; segment += 1) {
      const column = (index: number) => 14 + index * segments * 2 + (index === 0 ? 0 : 2) + segment * 2
      const [end, start, delta, range] = [0, 1, 2, 3].map((index) => map.readUInt16BE(column(index))) as Column
      for (let code = start; code <= end && code < 0xffff; code += 1) {
        const glyph = range === 0 ? (code + delta) & 0xffff : map.readUInt16BE(column(3) + range + (code - start) * 2)
        if (glyph !== 0) yield code
      }
    }
  }
}

type Column = [end: number, start: number, delta: number, range: number]

function cmapTable(file: Buffer): Buffer {
  const tables = file.readUInt16BE(12)
  const compressed = file.readUInt32BE(20)
  let at = 48
  const number = () => {
    let value = 0
    for (;;) {
      const byte = file.readUInt8(at++)
      value = value * 128 + (byte & 127)
      if (byte < 128) return value
    }
  }
  let offset = 0
  let found: [number, number] = [0, 0]
  for (let table = 0; table < tables; table += 1) {
    const flags = file.readUInt8(at++)
    const tag = flags & 63
    if (tag === 63) at += 4
    let length = number()
    // glyf (10) and loca (11) are transformed unless their version says 3, all others only if it is not 0.
    const transformed = tag === 10 || tag === 11 ? flags >> 6 !== 3 : flags >> 6 !== 0
    if (transformed) length = number()
    if (tag === 0) found = [offset, offset + length]
    offset += length
  }
  return brotliDecompressSync(file.subarray(at, at + compressed)).subarray(...found)
}
