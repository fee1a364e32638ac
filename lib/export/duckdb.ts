import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RefusedError, UnavailableError, UsageError } from '../errors.ts'

type Row = Readonly<Record<string, unknown>>

/** A DuckDB of its own in this process, on one thread unless told: rows keep the order of their lines without waiting for each other. */
export interface Engine {
  /** Numbers come as they are: cast to double what may be a BIGINT. Throws the signal's reason once it is aborted. */
  query(sql: string): Promise<Row[]>
  /** From now on so many threads, which do not wait for each other: rows come in any order. */
  unordered(threads: number): Promise<void>
  /** Ends what still runs, and removes what was laid aside. */
  close(): Promise<void>
}

export interface EngineOptions {
  /** As DuckDB writes it: `256MB`. What it counts itself; the process takes up to 150 MB more. */
  readonly memory: string
  /** A folder in which it lays aside what memory cannot hold, at most `mostAside`. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

const mostAside = '8GB'

/** Throws RefusedError where DuckDB is not installed for this machine. Its failures are DuckDB's own. */
export async function openEngine({ memory, scratch, signal }: EngineOptions): Promise<Engine> {
  signal?.throwIfAborted()
  const { DuckDBInstance } = await load()
  const aside = join(scratch, `duckdb-${randomUUID()}`)
  await mkdir(aside, { recursive: true })
  const database = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: memory,
    temp_directory: aside,
    max_temp_directory_size: mostAside,
    preserve_insertion_order: 'true',
    // It would keep what it reads of Parquet until memory is full.
    enable_external_file_cache: 'false',
    // Extensions would be fetched from the network.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await database.connect()
  let last: Promise<unknown> = Promise.resolve()
  const interrupt = () => connection.interrupt()
  signal?.addEventListener('abort', interrupt)

  async function run(sql: string): Promise<Row[]> {
    signal?.throwIfAborted()
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJS()
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }

  function query(sql: string): Promise<Row[]> {
    const turn = last.then(() => run(sql))
    last = turn.catch(() => {})
    return turn
  }

  return {
    query,
    async unordered(threads) {
      await query(`set threads = ${threads}`)
      await query('set preserve_insertion_order = false')
    },
    async close() {
      connection.interrupt()
      // A connection that is closed under a running statement takes the process with it.
      await last
      signal?.removeEventListener('abort', interrupt)
      connection.closeSync()
      database.closeSync()
      await rm(aside, { recursive: true, force: true })
    },
  }
}

/** DuckDB itself. Throws RefusedError where it is not installed for this machine. */
export async function load(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause
    throw new RefusedError(`Parquet is made with DuckDB, which is not installed for ${process.platform} on ${process.arch}`, {
      remedy: `install it with npm ci --os=${process.platform} --cpu=${process.arch}, or write \`format: [json]\``,
      cause,
    })
  }
}

/** A text that came in hex: DuckDB's binding takes U+FEFF off the beginning of one. */
export function fromHex(value: unknown): string {
  return Buffer.from(String(value), 'hex').toString('utf8')
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /^Out of Memory Error/.test(error.message)
}

/** What DuckDB and Node say of the machine, as its operator's business; anything else stays as it is. */
export function inWords(error: unknown, scratch: string): unknown {
  if (!(error instanceof Error)) return error
  // A disk that is full, a quota, a limit of the file's size, and the limit set above.
  if (/No space left|Disk quota exceeded|File too large|max_temp_directory_size/i.test(error.message)) {
    return new UnavailableError('there is no room left on the disk to make Parquet', {
      remedy: `make room where ${scratch} lies; it takes the unpacked lines' size at most`,
      cause: error,
    })
  }
  const zone = /Unknown TimeZone '(.*)'/.exec(error.message)?.[1]
  if (zone !== undefined) {
    return new UsageError(`${zone} is no time zone`, { remedy: 'a zone is called like Europe/Berlin', cause: error })
  }
  if (isOutOfMemory(error)) {
    return new RefusedError('there is not enough memory to make Parquet', {
      remedy: 'give it more; a row of many or long properties takes more',
      cause: error,
    })
  }
  return error
}
