import { Readable } from 'node:stream'
import { UnavailableError } from '../errors.ts'
import { networkCause } from './network.ts'
import type { Head } from './reply.ts'

/** An answer whose body is still to come. Read the body to its end, or destroy it: until then it holds its turn. */
export interface Opened extends Head {
  /**
   * The bytes as they came, packed where `content-encoding` says so; nobody reads, nothing comes. Fails with
   * UnavailableError when the socket is cut or idle, and with the reason of the caller's signal.
   */
  readonly body: Readable
  /** Takes the request's secrets out of a text, for a message that quotes the body. */
  redact(text: string): string
}

interface Watched {
  readonly head: Head
  readonly idle: number
  readonly deadline: (milliseconds: number) => AbortSignal
  readonly signal: AbortSignal | undefined
}

/** A body that pauses with its reader, ends with its caller, and tells a silent vendor from a slow reader. */
export function streamed(source: Readable, { head: { call, requestId }, idle, deadline, signal }: Watched): Readable {
  let bytes = 0
  let moved = false
  let watch: AbortSignal | undefined

  const body = new Readable({
    read() {
      moved = true
      source.resume()
    },
    destroy(error, callback) {
      watch?.removeEventListener('abort', look)
      signal?.removeEventListener('abort', stop)
      source.destroy()
      callback(error)
    },
  })
  const failed = (why: string, cause?: unknown) =>
    new UnavailableError(`${call}: the answer broke off after ${bytes} bytes (${why})`, { requestId, cause })

  // One timer at a time, whatever the number of chunks: a silence is found after `idle` at the least, twice that at most.
  function arm(): void {
    watch = deadline(idle)
    watch.addEventListener('abort', look, { once: true })
  }
  function look(): void {
    if (!moved && !source.isPaused()) {
      body.destroy(failed(`nothing came for ${idle / 1000} s`))
      return
    }
    moved = false
    arm()
  }
  function stop(): void {
    const reason: unknown = signal?.reason
    body.destroy(reason instanceof Error ? reason : new DOMException(String(reason), 'AbortError'))
  }

  source.pause()
  source.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    moved = true
    if (!body.push(chunk)) source.pause()
  })
  source.on('end', () => body.push(null))
  source.on('error', (cause: Error) => {
    const why = networkCause(cause)
    body.destroy(why === undefined ? cause : failed(why, cause))
  })
  // It may fail before anybody reads, and would end the process; whoever reads later gets the error all the same.
  body.on('error', () => {})
  arm()
  signal?.addEventListener('abort', stop, { once: true })
  return body
}
