import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, RefusedError, UnavailableError, UsageError } from '../errors.ts'
import type { Cell, CellWriter } from './cells.ts'
import { cellWriter } from './cells.ts'
import { fromHex, load } from './duckdb.ts'
import type { Sql } from './parquet-sql.ts'
import { text } from './parquet-sql.ts'

type DuckDB = typeof import('@duckdb/node-api')
type Connection = Awaited<ReturnType<DuckDB['DuckDBConnection']['create']>>
type Prepared = Awaited<ReturnType<Connection['prepare']>>

/** What a select gives: rows in their order, some at a time, as they are asked for. */
export interface Selected {
  readonly columns: readonly string[]
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>
}

/** A DuckDB of its own in this process for what people ask themselves. */
export interface Asker {
  /** The columns of what can stand behind `from`. */
  describe(from: Sql): Promise<string[]>
  /** Runs our own statement. Throws DataError where a file cannot be read. */
  define(sql: Sql): Promise<void>
  /**
   * From now on nothing but these files is read, nothing is written but what memory cannot hold, no extension is loaded,
   * and no setting changes.
   */
  lock(paths: readonly string[]): Promise<void>
  /** Throws UsageError with line and column for what DuckDB cannot run, and for what is no select or would write or print. */
  select(sql: string): Promise<Selected>
  /** Throws UsageError for what does not even parse: what it would read need not be made ready. */
  parse(sql: string): Promise<void>
  close(): Promise<void>
}

/** `tables` is what messages call what there is. Throws RefusedError where DuckDB is not installed for this machine. */
export async function openAsker({
  scratch,
  tables,
}: {
  readonly scratch: string
  readonly tables: readonly string[]
}): Promise<Asker> {
  const duckdb = await load()
  const aside = join(scratch, `sql-${randomUUID()}`)
  await mkdir(aside, { recursive: true })
  const database = await duckdb.DuckDBInstance.create(':memory:', {
    temp_directory: aside,
    // Extensions would be fetched from the network.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await database.connect()
  // The same answer on every machine, whatever its clock is set to.
  await connection.run(`set TimeZone = 'UTC'`)
  const writer = cellWriter(duckdb)
  const problem = (sql: string) => (error: unknown) => problemOf(error, sql, tables)

  return {
    async describe(from) {
      const names = `select hex(column_name) from (describe select * from ${from})`
      const reader = await ofFiles(() => connection.runAndReadAll(names))
      return reader.getRowsJS().map(([name]) => fromHex(name))
    },
    async define(sql) {
      await ofFiles(() => connection.run(sql))
    },
    async lock(paths) {
      await connection.run(`set allowed_paths = [${paths.map(text).join(', ')}]::varchar[]`)
      await connection.run('set enable_external_access = false')
      await connection.run('set lock_configuration = true')
    },
    async select(sql) {
      try {
        return await selectFrom(connection, duckdb, writer, sql, problem(sql))
      } catch (error) {
        throw problem(sql)(error)
      }
    },
    async parse(sql) {
      try {
        await connection.extractStatements(sql)
        await refuseCalls(connection, sql)
      } catch (error) {
        throw problem(sql)(error)
      }
    },
    async close() {
      connection.closeSync()
      database.closeSync()
      await rm(aside, { recursive: true, force: true })
    },
  }
}

async function ofFiles<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Error) || !/^(?:Invalid Input|Invalid|IO|Serialization) Error/.test(cause.message)) throw cause
    throw new DataError(`what is kept cannot be read: ${cause.message.trim()}`, { remedy: 'export its day again', cause })
  }
}

/** A pivot is two statements to DuckDB, and one may prepare views of one's own: all of that is in memory. */
async function selectFrom(
  connection: Connection,
  duckdb: DuckDB,
  writer: CellWriter,
  sql: string,
  problem: (error: unknown) => unknown,
): Promise<Selected> {
  const { StatementType } = duckdb
  const statements = await connection.extractStatements(sql)
  await refuseCalls(connection, sql)
  for (let at = 0; at < statements.count - 1; at += 1) {
    const prepared = await statements.prepare(at)
    if (prepared.statementType !== StatementType.CREATE) throw notOne()
    await prepared.run()
  }
  const prepared = await statements.prepare(statements.count - 1)
  const isPlan = prepared.statementType === StatementType.EXPLAIN && (await explainsSelect(connection, duckdb, sql))
  if (prepared.statementType !== StatementType.SELECT && !isPlan) throw notOne()
  if (prepared.parameterCount > 0) throw new UsageError('the SQL has a parameter', { remedy: 'write its value into the SQL' })
  const result = await prepared.stream()
  const columns = result.deduplicatedColumnNames()
  const isJson = columns.map((_, at) => result.columnType(at).alias === 'JSON')
  async function* rows() {
    try {
      for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        yield chunk.getRows().map((row) => row.map((value, at) => writer(value, isJson[at] === true)))
      }
    } catch (error) {
      throw problem(error)
    }
  }
  return { columns, rows: rows() }
}

/** To explain a COPY with its figures is to run it. */
async function explainsSelect(connection: Connection, { StatementType }: DuckDB, sql: string): Promise<boolean> {
  const explained = explainedBy(sql)
  if (explained === undefined) return false
  const statements = await connection.extractStatements(explained)
  const prepared: Prepared | undefined = statements.count === 1 ? await statements.prepare(0) : undefined
  return prepared?.statementType === StatementType.SELECT
}

function explainedBy(sql: string): string | undefined {
  return /^\s*explain\s+(?:analyze\s+)?(?<rest>.*)$/is.exec(sql)?.groups?.['rest']
}

/**
 * What no select may call. DuckDB's functions that turn its log, its profiler or its other parser on are selects, and no
 * lock keeps them off: a profile is printed between the rows, and a log that may not be written ends the process. Two more
 * run a text as SQL, in which a name can be put together that stands nowhere.
 */
const refused: ReadonlyMap<string, string> = new Map([
  ...['logging', 'profiling', 'peg_parser'].flatMap((what) =>
    ['enable', 'disable'].map(
      (verb) => [`${verb}_${what}`, 'sql only reads; to see how a select is run, write explain analyze before it'] as const,
    ),
  ),
  ...['query', 'json_execute_serialized_sql'].map((name) => [name, 'write what it would run into the SQL itself'] as const),
])

/**
 * DuckDB writes a parse tree of selects alone. In all else (create, pivot) a name counts that stands before a bracket, or
 * before a comment: behind that may be one.
 */
const refusedText = new RegExp(String.raw`\b(${[...refused.keys()].join('|')})\b"?[\s\p{Z}\p{C}]*(?:\(|/\*|--)`, 'iu')

/** Throws UsageError for a call of what is refused. To be asked of what parses: nothing else has a tree. */
async function refuseCalls(connection: Connection, sql: string): Promise<void> {
  const text = explainedBy(sql) ?? sql
  const tree = await connection.runAndReadAll(
    `select unnest(if(tree->>'$.error' = 'true', [NULL], tree->>'$..function_name')) from (select json_serialize_sql($1::varchar) as tree)`,
    [text],
  )
  const names = tree.getRowsJS().map(([name]) => (name === null ? refusedText.exec(text)?.[1] : String(name)))
  const name = names.map((one) => one?.toLowerCase()).find((one) => one !== undefined && refused.has(one))
  if (name !== undefined) throw new UsageError(`the SQL may not call ${name}`, { remedy: refused.get(name) })
}

function notOne(): UsageError {
  return new UsageError('this is not one select', {
    remedy: 'sql reads the exports and writes nothing: one select (or describe, summarize, explain) at a time',
  })
}

/** What DuckDB says, as the business of who typed the SQL; what is none of it stays as it is. */
function problemOf(error: unknown, sql: string, tables: readonly string[]): unknown {
  if (!(error instanceof Error) || error instanceof UsageError) return error
  // DuckDB has no words for what holds no statement.
  if (error.message === 'Error in native callback') {
    return new UsageError('there is no statement in the SQL', {
      remedy: 'write one: select event, count(*) from …',
      cause: error,
    })
  }
  const { kind, said = '', line, excerpt = '', blank = '' } = parts.exec(error.message)?.groups ?? {}
  if (kind === undefined || kind === 'INTERNAL' || kind === 'FATAL') return error
  if (kind === 'Out of Memory' && !/max_temp_directory_size/.test(said)) {
    return new RefusedError(`there is not enough memory for this: ${firstLine(said)}`, { cause: error })
  }
  if (/No space left|Disk quota exceeded|max_temp_directory_size/i.test(said)) {
    const remedy = 'make room there, or ask for fewer days'
    return new UnavailableError('there is no room left on the disk for what memory cannot hold', { remedy, cause: error })
  }
  if (kind === 'Permission') {
    return new UsageError(`the SQL may read the exports alone: ${firstLine(said)}`, { cause: error })
  }
  // It would propose tables of its own.
  const noTable = /^Table with name .* does not exist!/.exec(said)?.[0].replace(/!$/, `; there are ${tables.join(', ')}`)
  const unquoted = /^syntax error/.test(said) ? unquotedIn(sql, tables) : undefined
  const hint = unquoted === undefined ? '' : `; write the export’s name in quotes: '… from ${unquoted}'`
  const words = `${noTable ?? said.trim().replaceAll(/\s*\n\s*/g, ' ')}${hint}`
  if (line === undefined) return new UsageError(`the SQL cannot be run: ${words}`, { cause: error })
  const column = columnOf(sql, Number(line), excerpt, blank.length)
  const place = `line ${line}${column === undefined ? '' : `, column ${column}`}`
  const caret = ' '.repeat(Math.max(0, blank.length - `LINE ${line}: `.length))
  return new UsageError(`the SQL cannot be run, ${place}: ${words}\n  ${excerpt}\n  ${caret}^`, { cause: error })
}

/** Of the tables that are called in quotes the one that stands without them where a table is named. */
function unquotedIn(sql: string, tables: readonly string[]): string | undefined {
  return tables.find((table) => {
    const name = /^"(?<name>[\w-]+)"$/.exec(table)?.groups?.['name']
    return name !== undefined && new RegExp(`\\b(?:from|join|from\\s[^();]*,)\\s+${name}(?![\\w-])`, 'i').test(sql)
  })
}

const parts =
  /^(?:Failed to [\w ]+: )?(?<kind>[A-Za-z][\w ]*?) Error: (?<said>[\s\S]*?)(?:\n\nLINE (?<line>\d+): (?<excerpt>[^\n]*)\n(?<blank> *)\^\s*)?$/

function firstLine(said: string): string {
  return said.trim().split('\n')[0] ?? ''
}

/** Where the caret stands in the line itself, of which DuckDB shows a piece. It counts bytes in part: known for ASCII alone. */
function columnOf(sql: string, line: number, excerpt: string, blank: number): number | undefined {
  const whole = sql.split('\n')[line - 1] ?? ''
  const piece = excerpt.replace(/^\.\.\./, '').replace(/\.\.\.$/, '')
  const begins = whole.indexOf(piece)
  if (begins < 0 || whole.indexOf(piece, begins + 1) >= 0 || /[^\x20-\x7e]/.test(whole)) return undefined
  return begins + blank - `LINE ${line}: `.length - (excerpt.startsWith('...') ? 3 : 0) + 1
}
