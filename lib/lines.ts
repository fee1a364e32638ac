import { DataError } from './errors.ts'

/** Bytes into lines, chunk by chunk: at `\n` and nowhere else, because values may hold every other kind of line break. */
export interface Lines {
  /**
   * The lines that end in these bytes, without their `\n` (a `\r` before it stays). Views of the chunk, where a line lies
   * within one. Throws DataError for a line that is longer than it may be.
   */
  push(chunk: Uint8Array): Buffer[]
  /** What came after the last `\n`; undefined for nothing. */
  end(): Buffer | undefined
}

const newline = 0x0a
const defaultLongest = 64 * 1024 * 1024

/** `longest` in bytes; 64 MiB unless said. */
export function splitLines(longest = defaultLongest): Lines {
  /** Of the line that has yet to end. */
  let parts: Buffer[] = []
  let size = 0
  let ended = 0

  function keep(part: Buffer): void {
    size += part.length
    if (size > longest) throw new DataError(`line ${ended + 1} has more than ${longest} bytes`)
    parts.push(part)
  }

  function take(): Buffer {
    const [first, ...others] = parts
    const line = first !== undefined && others.length === 0 ? first : Buffer.concat(parts, size)
    parts = []
    size = 0
    ended += 1
    return line
  }

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      const lines: Buffer[] = []
      let from = 0
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
        if (size === 0 && at - from <= longest) {
          lines.push(bytes.subarray(from, at))
          ended += 1
        } else {
          keep(bytes.subarray(from, at))
          lines.push(take())
        }
        from = at + 1
      }
      // Copied: a view of a few bytes would hold on to all of its chunk.
      if (from < bytes.length) keep(Buffer.from(bytes.subarray(from)))
      return lines
    },
    end: () => (size === 0 ? undefined : take()),
  }
}
