import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Converted, ConvertingEvents } from '../../../lib/export/parquet.ts'
import { convertToParquet } from '../../../lib/export/parquet.ts'

export interface Line {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>>
}

export type Row = Record<string, unknown>

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "parquet it's [a] "))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Texts, each a line as it is. */
export async function converted(
  folder: string,
  lines: readonly string[],
  options: Partial<ConvertingEvents> = {},
): Promise<{ result: Converted; rows: Row[] }> {
  const from = join(folder, 'lines.json.gz')
  const to = join(folder, 'rows.parquet')
  await writeFile(from, gzipSync(lines.map((line) => `${line}\n`).join('')))
  const result = await convertToParquet({ from: [from], to, scratch: folder, ...options })
  return { result, rows: (await Promise.all(result.files.map(({ path }) => rowsOf(path)))).flat() }
}

/** What is in the file itself, in its order, whatever its folders say; times as microseconds since 1970. */
export async function rowsOf(path: string): Promise<Row[]> {
  const columns = await query(`describe from read_parquet('${pattern(path)}', hive_partitioning = false)`)
  const time = columns.some((column) => column['column_name'] === 'time') ? 'replace (epoch_us(time)::varchar as time)' : ''
  return query(`select * ${time} from read_parquet('${pattern(path)}', hive_partitioning = false)`)
}

export async function columnsOf(path: string): Promise<[unknown, unknown][]> {
  const columns = await query(`describe from read_parquet('${pattern(path)}', hive_partitioning = false)`)
  return columns.map((column) => [column['column_name'], column['column_type']])
}

async function query(sql: string): Promise<Row[]> {
  const database = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await database.connect()
  try {
    const reader = await connection.runAndReadAll(sql)
    const names = reader.columnNames()
    // Not as objects: a column may be called __proto__.
    return reader.getRowsJS().map((row) => {
      const own: Row = Object.create(null)
      for (const [at, name] of names.entries()) own[name] = row[at]
      return own
    })
  } finally {
    connection.closeSync()
    database.closeSync()
  }
}

function pattern(path: string): string {
  return path.replaceAll(/[[*?]/g, '[$&]').replaceAll("'", "''")
}

/** What a reader makes of a cell: undefined where the event lacks the property. */
export function readBack(row: Row, column: string): unknown {
  const cell = row[column]
  if (cell === null || cell === undefined) return undefined
  if ((row['_strings'] as readonly string[] | null)?.includes(column)) return cell
  try {
    return JSON.parse(String(cell))
  } catch {
    return cell
  }
}

/** Without what repeats an earlier line by event, distinct_id, time and $insert_id. */
export function withoutRepeats(lines: readonly Line[]): Line[] {
  const seen = new Set<string>()
  return lines.filter(({ event, properties }) => {
    const id = idOf(properties['$insert_id'])
    if (id === null) return true
    const key = JSON.stringify([event, idOf(properties['distinct_id']), microsOf(properties['time']), id])
    return seen.has(key) ? false : seen.add(key)
  })
}

export function idOf(value: unknown): string | null {
  return value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)
}

export function microsOf(time: unknown): string {
  const number = Number(time)
  return String(Math.round(number > 1e11 ? number * 1e3 : number * 1e6))
}
