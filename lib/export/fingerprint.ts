import { crc32 } from 'node:zlib'

/**
 * What lines say, whatever their order: the same for the same multiset of lines. Two sums of each line's CRC-32, mixed in
 * two ways, beside how many there are and how long they are together: a line more or less always shows, and one that
 * changed but for a chance of 1 in 2^32. CRC-32, because everything else costs more than unpacking.
 */
export interface Fingerprint {
  add(line: Uint8Array): void
  /** `1002225-941733812-9f03a1c2b7d4410e` */
  toString(): string
}

export function fingerprint(): Fingerprint {
  let lines = 0
  let bytes = 0
  let first = 0
  let second = 0
  return {
    add(line) {
      const crc = crc32(line)
      lines += 1
      bytes += line.length
      // Sums of what is mixed: CRCs are linear, and would cancel each other out.
      first = (first + Math.imul(crc ^ (crc >>> 15), 0x2c1b3c6d)) | 0
      second = (second + Math.imul(crc ^ (crc >>> 13), 0x297a2d39) + 1) | 0
    },
    toString: () => `${lines}-${bytes}-${[first, second].map((sum) => (sum >>> 0).toString(16).padStart(8, '0')).join('')}`,
  }
}
