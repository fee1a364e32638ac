import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'

/** Where the bytes of a window go: an upload, a file. Resolves when there is room for more. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>
}

export interface FileSink extends Sink {
  /** Resolves when all of it is written. */
  end(): Promise<void>
  /** Closes what is not ended. */
  abort(): Promise<void>
}

const aheadOfDisk = 4 * 1024 * 1024

/**
 * A new file. It is written while the next bytes come: who waits for each piece waits for the disk most of the time. What
 * fails is thrown by the next write, or by the end.
 */
export function fileSink(path: string): FileSink {
  const stream = createWriteStream(path, { flags: 'wx', highWaterMark: aheadOfDisk })
  stream.on('error', () => {})
  return {
    async write(bytes) {
      if (stream.errored) throw stream.errored
      if (!stream.write(bytes)) await drained(stream)
      if (stream.errored) throw stream.errored
    },
    async end() {
      stream.end()
      await finished(stream)
    },
    async abort() {
      stream.destroy()
      await finished(stream).catch(() => {})
    },
  }
}

/** Room again, or nobody left to make it. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done)
      resolve()
    }
    for (const event of ['drain', 'close', 'error']) stream.on(event, done)
  })
}
