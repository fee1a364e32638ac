import { createReadStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { DataError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import type { EventFile } from './input.ts'

const chunk = 1 << 20
/** As many threads as Node inflates with usefully beside DuckDB. */
const atOnce = 2
const newline = 0x0a

/**
 * Reads a file to its end and counts the lines that hold something. DuckDB 1.5.5 looks at neither checksum nor length of a
 * gzip: one that is cut behind a line is a whole one to it; and it takes a file of one byte for an empty one. Throws DataError
 * where a gzip is damaged.
 */
export async function countLines(files: readonly EventFile[]): Promise<Map<EventFile, number>> {
  const counts = new Map<EventFile, number>()
  const queue = files.values()
  const worker = async () => {
    for (const file of queue) {
      const counter = lineCounter()
      await readThrough(file, counter.take)
      counts.set(file, counter.count())
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return counts
}

/**
 * What is wrong in the first damaged file, with its line: the slow way, walked only when something is known to be wrong.
 * Undefined when every line reads as an event.
 */
export async function findDamage(files: readonly EventFile[]): Promise<DataError | undefined> {
  for (const file of files) {
    const lines = lineReader((line, number) => {
      const problem = problemOf(line)
      if (problem !== undefined) throw new DataError(`${file.name}, line ${number}: ${problem.what}`, { remedy: problem.remedy })
    })
    try {
      await readThrough(file, lines.take)
      lines.end()
    } catch (error) {
      if (error instanceof DataError) return error
      throw error
    }
  }
  return undefined
}

function isGzip({ path }: EventFile): boolean {
  return /\.gz$/i.test(path)
}

async function readThrough(file: EventFile, take: (bytes: Buffer) => void): Promise<void> {
  const sink = new Writable({
    write(bytes: Buffer, _encoding, done) {
      try {
        take(bytes)
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
  const source = createReadStream(file.path, { highWaterMark: chunk })
  let begun = false
  source.once('data', () => {
    begun = true
  })
  try {
    if (isGzip(file)) await pipeline(source, createGunzip({ chunkSize: chunk }), sink)
    else await pipeline(source, sink)
  } catch (error) {
    throw damageOf(file, error) ?? error
  }
  // Node takes nothing at all for a gzip of nothing.
  if (isGzip(file) && !begun) throw damagedGzip(file, 'the gzip is cut: it is empty')
}

function damageOf(file: EventFile, error: unknown): DataError | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  switch (error.code) {
    case 'Z_BUF_ERROR':
      return damagedGzip(file, 'the gzip is cut', error)
    case 'Z_DATA_ERROR':
      return damagedGzip(file, `the gzip is damaged (${error.message})`, error)
    case 'ENOENT':
    case 'EACCES':
      return new DataError(`${file.name} cannot be read`, { remedy: 'the file must be there and readable', cause: error })
    default:
      return undefined
  }
}

function damagedGzip(file: EventFile, what: string, cause?: unknown): DataError {
  return new DataError(`${file.name}: ${what}`, { remedy: 'fetch the file again', cause })
}

/** Lines end at \n alone: U+2028 and \r are data. */
function lineReader(line: (bytes: Buffer, number: number) => void): { take: (bytes: Buffer) => void; end: () => void } {
  let rest: Buffer[] = []
  let number = 0
  const finish = (last: Buffer) => {
    number++
    line(rest.length === 0 ? last : Buffer.concat([...rest, last]), number)
    rest = []
  }
  return {
    take(bytes) {
      let start = 0
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        finish(bytes.subarray(start, end))
        start = end + 1
      }
      if (start < bytes.length) rest.push(bytes.subarray(start))
    },
    end() {
      if (rest.length > 0) finish(Buffer.alloc(0))
    },
  }
}

/** Blank lines do not count: space (U+0020) and the control characters below it are all that JSON knows as blank. */
function lineCounter(): { take: (bytes: Buffer) => void; count: () => number } {
  let lines = 0
  let blank = true
  const look = (bytes: Buffer, start: number, end: number) => {
    for (let at = start; blank && at < end; at++) blank = (bytes[at] as number) <= 0x20 && bytes[at] !== 0
  }
  return {
    take(bytes) {
      let start = 0
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        look(bytes, start, end)
        if (!blank) lines++
        blank = true
        start = end + 1
      }
      look(bytes, start, bytes.length)
    },
    count: () => (blank ? lines : lines + 1),
  }
}

interface Problem {
  readonly what: string
  readonly remedy?: string
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const wanted = 'each line is {"event": "…", "properties": {"time": …, "distinct_id": "…", …}}'

function problemOf(bytes: Buffer): Problem | undefined {
  let line: string
  try {
    line = decoder.decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { what: 'this is not UTF-8' }
  }
  if (line.trim() === '') return undefined
  if (line.startsWith('\ufeff')) return { what: 'there is a byte order mark', remedy: 'save the file as UTF-8 without one' }
  let value: unknown
  let torn = false
  try {
    value = JSON.parse(line, (key, part: unknown) => {
      torn ||= !key.isWellFormed() || (typeof part === 'string' && !part.isWellFormed())
      return part
    })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    if (/terminated early/.test(line)) return { what: 'the export was terminated early', remedy: 'export it again' }
    return { what: 'this is not JSON', remedy: wanted }
  }
  if (torn) return { what: 'a text holds half of a surrogate pair, which is no Unicode' }
  return problemOfEvent(value)
}

function problemOfEvent(value: unknown): Problem | undefined {
  if (!isObject(value)) return { what: 'this is not an event', remedy: wanted }
  const { event, properties } = value
  if (typeof event !== 'string') return { what: 'there is no event', remedy: `${wanted}; the event's name is a text` }
  if (!isObject(properties)) return { what: 'there are no properties', remedy: wanted }
  const { time } = properties
  const readable = typeof time === 'number' && Math.abs(time) < 1e15
  return readable ? undefined : { what: 'there is no time', remedy: `${wanted}; the time is a number of seconds since 1970` }
}
