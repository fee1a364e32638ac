/** Chance that repeats: the same seed draws the same numbers on every machine. */
export interface Chance {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number
  /** A whole number at or beside `x`, which it is on average. */
  round(x: number): number
  /** Of the standard normal distribution. */
  normal(): number
}

export function createChance(seed: string): Chance {
  // sfc32 by Chris Doty-Humphrey (PractRand): public domain, 128 bits of state, passes PractRand.
  let [a, b, c, count] = [hash(seed, 1), hash(seed, 2), hash(seed, 3), 1]
  function next(): number {
    const sum = (((a + b) | 0) + count) | 0
    count = (count + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  for (let warm = 0; warm < 12; warm++) next()
  return {
    next,
    round: (x) => Math.floor(x + next()),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  }
}

/** 32 bits of a text (FNV-1a over UTF-16 units, then mixed). */
export function hash(text: string, salt = 0): number {
  let bits = 0x811c9dc5 ^ salt
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193)
  return mix(bits)
}

/** One to one on 32 bits, so that different numbers stay different (MurmurHash3's finalizer). */
export function mix(bits: number): number {
  let mixed = bits | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** 0 (inclusive) to 1 (exclusive), the same for the same pair. */
export function unit(bits: number, salt: number): number {
  return mix(bits ^ mix(salt)) / 2 ** 32
}
