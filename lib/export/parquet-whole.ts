import { createHash } from 'node:crypto'
import { mkdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../errors.ts'
import type { Names } from './columns.ts'
import { byCodeUnits, growSlugs } from './columns.ts'
import type { Engine } from './duckdb.ts'
import { fromHex, isOutOfMemory } from './duckdb.ts'
import type { Converted } from './parquet.ts'
import { countRows, roomForLongRows, rowGroup, usualMemory } from './parquet-rows.ts'
import type { Layout } from './parquet-sql.ts'
import { copySql, duplicatesSql, keptSql, splitSql, valuesSql } from './parquet-sql.ts'

/** Columns of all files that are written at a time: 8,000 did not fit into the usual memory, 4,000 not always. */
const openColumns = 1500
/** Rows that are held before they are written. */
const flushed = 32_768
/** What is looked through for duplicates at a time. */
const groupsAtOnce = 1_000_000

/** All rows of all lines, and what becomes of them. */
export interface Whole {
  /** A file of this process, on the disk of `to`. */
  readonly path: string
  readonly lines: number
  readonly layout: Layout
  readonly columns: Names
  /** The file to be made; with `split` a folder of files. */
  readonly to: string
  /** A folder on the same disk, which is gone when all is done. */
  readonly beside: string
  readonly split: Names | undefined
  /** Nobody said how much memory it may take. */
  readonly isRoomFree: boolean
}

/** Makes of all rows what is kept: without duplicates, in one file or one for each event. */
export async function finish(engine: Engine, whole: Whole): Promise<Omit<Converted, 'mended'>> {
  const { path, lines, layout, columns, to, beside, split } = whole
  const duplicates = await findDuplicates(engine, path, layout, lines)
  const rows = lines - duplicates
  const events = layout.identity.length === 0 ? new Map<string, number>() : await eventsIn(engine, path)
  if (split !== undefined) {
    const slugs = growSlugs(split, events.keys())
    const files = await splitUp(engine, whole, events, slugs)
    return { rows, duplicates, bytes: sum(files.map(({ bytes }) => bytes)), columns, events, slugs, files }
  }
  let ready = path
  if (duplicates > 0) {
    ready = join(beside, 'kept.parquet')
    await engine.query(copySql(keptSql(path), ready, rowGroup(columns)))
    const kept = await countRows(engine, ready, layout)
    if (kept !== rows) throw new DataError(`of ${rows} rows ${kept} are in Parquet`)
  }
  const { size: bytes } = await stat(ready)
  await rename(ready, to)
  return { rows, duplicates, bytes, columns, events, slugs: new Map(), files: [{ path: to, rows, bytes }] }
}

async function findDuplicates(engine: Engine, path: string, layout: Layout, rows: number): Promise<number> {
  await engine.query('create or replace table gone (place bigint)')
  if (layout.identity.length === 0) return 0
  const parts = Math.ceil(rows / groupsAtOnce)
  for (let part = 0; part < parts; part += 1) await engine.query(duplicatesSql(path, layout, part, parts))
  const [found] = await engine.query('select count(*)::double as n from gone')
  return Number(found?.['n'])
}

async function eventsIn(engine: Engine, path: string): Promise<Map<string, number>> {
  const found = (await engine.query(valuesSql(path, 'event'))).map(({ name, rows }) => [fromHex(name), Number(rows)] as const)
  return new Map(found.toSorted(([a], [b]) => byCodeUnits(a, b)))
}

async function splitUp(
  engine: Engine,
  { path, beside, to, columns, isRoomFree }: Whole,
  events: ReadonlyMap<string, number>,
  slugs: Names,
): Promise<Converted['files']> {
  const names = [...events.keys()]
  const atOnce = Math.max(1, Math.floor(openColumns / (columns.size + 5)))
  // Of all files together; the default holds half a million rows. And a file that is closed is not opened again.
  await engine.query(`set partitioned_write_flush_threshold = ${flushed}`)
  await engine.query(`set partitioned_write_max_open_files = ${Math.max(100, atOnce)}`)
  const written: Readonly<Record<string, unknown>>[] = []
  for (let from = 0; from < names.length; from += atOnce) {
    const some = names.slice(from, from + atOnce)
    const part = (nth: number) => engine.query(splitSql(path, 'event', some, join(beside, `parts-${from}-${nth}`)))
    const rows = await part(1).catch(async (error: unknown) => {
      if (!isRoomFree || !isOutOfMemory(error)) throw error
      await engine.query(`set memory_limit = '${usualMemory(columns.size, roomForLongRows)}'`)
      return part(2)
    })
    written.push(...rows)
  }
  const byHash = new Map(written.map((each) => [hashIn(String(each['filename'])), each]))
  const files = await Promise.all(
    [...events].map(async ([event, rows]) => {
      const one = byHash.get(createHash('md5').update(event).digest('hex'))
      const slug = slugs.get(event)
      if (slug === undefined || Number(one?.['count']) !== rows) {
        throw new DataError(`of ${rows} rows of ${event} ${one?.['count'] ?? 0} were written`)
      }
      const made = String(one?.['filename'])
      return { made, path: join(to, `${slug}.parquet`), rows, bytes: (await stat(made)).size, event, slug }
    }),
  )
  if (written.length !== files.length) throw new DataError(`${files.length} events were written to ${written.length} files`)
  await mkdir(to, { recursive: true })
  for (const { made, path } of files) await rename(made, path)
  return files.map(({ made: _, ...file }) => file)
}

function hashIn(filename: string): string | undefined {
  return /_part=([0-9a-f]{32})/.exec(filename)?.[1]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
