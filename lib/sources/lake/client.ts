import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { DataError, RefusedError } from '../../errors.ts'
import { countLines, findDamage } from './damage.ts'
import type { EventFile } from './input.ts'
import type { Column, Reads } from './load.ts'
import { dropDuplicates, eventsTable, parquetColumns, parquetCount, parquetDamage, shapesTable } from './load.ts'
import type { Sql } from './sql.ts'
import { macros } from './sql.ts'

type DuckDB = typeof import('@duckdb/node-api')
type Connection = Awaited<ReturnType<DuckDB['DuckDBConnection']['create']>>

/** A table of events, each once, and a table of those (`event`, `micros`) that were there again. */
export interface Events {
  readonly table: Sql
  readonly dropped: Sql
  /** A table (`shape`, `names`) of the properties that are set together, if asked for; then each event has its `shape`. */
  readonly shapes: Sql
  /** The column of a property's JSON text. */
  column(property: string): Sql
}

/** How DuckDB begins to tell of a file that it cannot read. */
const unreadable = /^(?:Invalid Input|Invalid|IO|Conversion|Serialization) Error/

export type Row = Readonly<Record<string, unknown>>

/** DuckDB over files of events; usable alone. */
export interface LakeClient {
  /**
   * Loads files with what a question reads, and lends the table for as long as `use` runs. Questions that come while a
   * load is being prepared, or that a load already covers, share it. Throws DataError, naming file and line, if anything
   * in any file is damaged; nothing is answered from the rest.
   */
  withEvents<Answer>(files: readonly EventFile[], reads: Reads, use: (events: Events) => Promise<Answer>): Promise<Answer>
  /** One statement at a time. Numbers come as they are: cast to double what may be a BIGINT. */
  query(sql: Sql, signal?: AbortSignal): Promise<Row[]>
  close(): Promise<void>
}

interface Load {
  readonly files: Map<string, EventFile>
  readonly properties: Set<string>
  shapes: boolean
  events: Promise<Events>
  users: number
}

export function createLakeClient(): LakeClient {
  /** How many lines the files that were read through have, by version. */
  const lines = new Map<string, number>()
  let connection: Promise<Connection> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let closed = false
  let count = 0
  let current: Load | undefined
  /** Not begun: files and properties may still be added. */
  let gathering: Load | undefined

  /** DuckDB is loaded when first used: a deployment whose lakes are asked elsewhere does not carry it. */
  async function open(): Promise<Connection> {
    const { DuckDBInstance } = await import('@duckdb/node-api').catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
      const remedy = 'run the report on a machine that has @duckdb/node-api, or ask another source'
      throw new RefusedError('a lake is asked with DuckDB, which is not here', { remedy, cause: error })
    })
    const database = await DuckDBInstance.create(':memory:', {
      // Extensions would be fetched from the network.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      temp_directory: join(tmpdir(), `broadsheet-lake-${process.pid}`),
    })
    const opened = await database.connect()
    for (const macro of macros) await opened.run(macro)
    return opened
  }

  function query(sql: Sql, signal?: AbortSignal): Promise<Row[]> {
    const turn = last.then(async () => {
      signal?.throwIfAborted()
      if (closed) throw new Error('this lake is closed')
      connection ??= open()
      const opened = await connection
      const interrupt = () => opened.interrupt()
      signal?.addEventListener('abort', interrupt, { once: true })
      try {
        return (await opened.runAndReadAll(sql)).getRowObjectsJS()
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      } finally {
        signal?.removeEventListener('abort', interrupt)
      }
    })
    last = turn.catch(() => {})
    return turn
  }

  async function drop(load: Load): Promise<void> {
    const events = await load.events.catch(() => undefined)
    if (events === undefined) return
    for (const table of [events.table, events.dropped, events.shapes]) await query(`drop table if exists ${table}`)
  }

  function loadFor(files: readonly EventFile[], reads: Reads): Load {
    if (current !== undefined && covers(current, files, reads)) return current
    if (gathering === undefined) {
      const load: Load = { files: new Map(), properties: new Set(), shapes: false, events: Promise.reject(), users: 0 }
      load.events.catch(() => {})
      load.events = begin(load)
      load.events.catch(() => {
        if (current === load) current = undefined
      })
      gathering = load
    }
    for (const file of files) gathering.files.set(file.version, file)
    for (const property of reads.properties) gathering.properties.add(property)
    gathering.shapes ||= reads.shapes === true
    return gathering
  }

  async function begin(load: Load): Promise<Events> {
    await setImmediate()
    try {
      for (;;) {
        const unread = [...load.files.values()].filter(({ format, version }) => format === 'ndjson' && !lines.has(version))
        if (unread.length === 0) break
        for (const [{ version }, count] of await countLines(unread)) lines.set(version, count)
      }
    } finally {
      gathering = undefined
    }
    const before = current
    current = load
    if (before !== undefined) {
      // Questions of one run ask for different properties of the same files, and come back to them.
      if (sameKeys(before.files, load.files)) {
        for (const property of before.properties) load.properties.add(property)
        load.shapes ||= before.shapes
      }
      if (before.users === 0) await drop(before)
    }
    return makeEvents([...load.files.values()], { properties: [...load.properties], shapes: load.shapes })
  }

  async function makeEvents(files: readonly EventFile[], reads: Reads): Promise<Events> {
    const table = `events_${++count}`
    const dropped = `dropped_${count}`
    const shapes = `shapes_${count}`
    const ndjson = files.filter(({ format }) => format === 'ndjson')
    const parquet = files.filter(({ format }) => format === 'parquet')
    try {
      const all = { ndjson, parquet, columns: parquet.length === 0 ? [] : await columnsOf(parquet) }
      await query(eventsTable(table, all, reads))
      const [rows] = await query(
        `select count(*)::double as n, count_if(event is null or micros is null) > 0 as bad from ${table}`,
      )
      if (rows?.['bad'] === true) throw new DataError('a line is not an event')
      const inParquet = parquet.length === 0 ? 0 : Number((await query(parquetCount(parquet)))[0]?.['n'])
      const wanted = ndjson.reduce((sum, { version }) => sum + (lines.get(version) ?? 0), inParquet)
      if (rows?.['n'] !== wanted) throw new DataError(`of ${wanted} lines ${rows?.['n']} were read`)
      for (const statement of dropDuplicates(table, dropped)) await query(statement)
      if (reads.shapes === true) await query(shapesTable(shapes, all))
    } catch (error) {
      for (const made of [table, dropped, shapes]) await query(`drop table if exists ${made}`)
      const damage = (await findParquetDamage(parquet)) ?? (await findDamage(ndjson))
      if (damage !== undefined) throw damage
      if (error instanceof DataError) throw error
      if (error instanceof Error && unreadable.test(error.message)) {
        throw new DataError(`the events cannot be read: ${error.message.trim()}`, { cause: error })
      }
      throw error
    }
    return { table, dropped, shapes, column: (property) => `p${reads.properties.indexOf(property)}` }
  }

  async function columnsOf(files: readonly EventFile[]): Promise<Column[]> {
    return (await query(parquetColumns(files))).map(({ name, type }) => ({ name: String(name), type: String(type) }))
  }

  async function findParquetDamage(files: readonly EventFile[]): Promise<DataError | undefined> {
    for (const file of files) {
      try {
        const [bad] = await query(parquetDamage(file, await columnsOf([file])))
        if (bad !== undefined) {
          return new DataError(`${file.name}, row ${bad['row']}: there is no event, or no time`, { remedy: 'each row has both' })
        }
      } catch (error) {
        if (error instanceof DataError) return error
        return new DataError(`${file.name}: this is no Parquet that DuckDB reads`, {
          remedy: 'write the file again',
          cause: error,
        })
      }
    }
    return undefined
  }

  return {
    async withEvents(files, reads, use) {
      const load = loadFor(files, reads)
      load.users++
      try {
        return await use(await load.events)
      } finally {
        load.users--
        if (load.users === 0 && load !== current && load !== gathering) await drop(load)
      }
    },
    query,
    async close() {
      closed = true
      // In its turn: a connection that is closed under a running statement takes the process with it.
      await last
      const opened = await connection?.catch(() => undefined)
      opened?.closeSync()
    },
  }
}

function covers(load: Load, files: readonly EventFile[], { properties, shapes }: Reads): boolean {
  if (shapes === true && !load.shapes) return false
  return files.every(({ version }) => load.files.has(version)) && properties.every((property) => load.properties.has(property))
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key))
}
