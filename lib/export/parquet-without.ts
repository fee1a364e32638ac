import { join } from 'node:path'
import type { Names } from './columns.ts'
import type { Engine } from './duckdb.ts'
import { inWords, isOutOfMemory, openEngine } from './duckdb.ts'
import type { Forgotten } from './forgotten.ts'
import { idObjects, idProperties } from './forgotten.ts'
import { roomForLongRows, rowGroup, usualMemory } from './parquet-rows.ts'
import { columnsSql, copySql, keptSql, knownSql, rowsWithIdsSql } from './parquet-sql.ts'

export interface Left {
  /** The file itself, where nobody was in it. */
  readonly path: string
  readonly rows: number
  readonly removed: number
}

const idsAtOnce = 1000

/**
 * Parquet files without the rows of those who are forgotten, in the order of the files; a file of which no row is left is
 * not written. Rows stay as they are and in their order. `columns` are those of the properties; a property that is no column
 * names nobody. Throws what `convertToParquet` throws of the machine.
 */
export async function parquetWithout(
  paths: readonly string[],
  options: {
    readonly forgotten: Forgotten
    readonly columns: Names
    /** For what is made, and what is laid aside. */
    readonly folder: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<Left[]> {
  const { forgotten, columns, folder, signal } = options
  let engine: Engine | undefined
  try {
    engine = await openEngine({ memory: usualMemory(columns.size), scratch: folder, signal })
    await engine.query('create table known (sha256 varchar)')
    for (let at = 0; at < forgotten.sha256.length; at += idsAtOnce) {
      await engine.query(knownSql(forgotten.sha256.slice(at, at + idsAtOnce)))
    }
    const left: Left[] = []
    for (const [at, path] of paths.entries())
      left.push(await oneWithout(engine, path, join(folder, `left-${at}.parquet`), columns))
    return left
  } catch (error) {
    throw inWords(error, folder)
  } finally {
    await engine?.close()
  }
}

async function oneWithout(engine: Engine, path: string, to: string, columns: Names): Promise<Left> {
  const own = new Set((await engine.query(columnsSql(path))).map(({ name }) => String(name)))
  // A column of its own beside the properties, which has this name in every export.
  const named = ['distinct_id', ...[...idProperties, ...idObjects].flatMap((property) => columns.get(property) ?? [])]
  const ids = [...new Set(named)].filter((column) => own.has(column))
  await engine.query('create or replace table gone (place bigint)')
  const wide = new Map([...columns].filter(([, column]) => own.has(column)))
  async function write(): Promise<Left> {
    if (ids.length > 0) await engine.query(rowsWithIdsSql(path, ids))
    const removed = await count(engine, 'select count(*)::double as n from gone')
    const rows = await count(engine, `select count(*)::double as n from (${keptSql(path)})`)
    if (removed === 0) return { path, rows, removed }
    if (rows > 0) await engine.query(copySql(keptSql(path), to, rowGroup(wide)))
    return { path: to, rows, removed }
  }
  try {
    return await write()
  } catch (error) {
    if (!isOutOfMemory(error)) throw error
    await engine.query(`set memory_limit = '${usualMemory(columns.size, roomForLongRows)}'`)
    await engine.query('create or replace table gone (place bigint)')
    return await write()
  }
}

async function count(engine: Engine, sql: string): Promise<number> {
  const [found] = await engine.query(sql)
  return Number(found?.['n'])
}
