import { join } from 'node:path'
import { DataError, UsageError } from '../errors.ts'
import type { Names } from './columns.ts'
import { byCodeUnits, growColumns } from './columns.ts'
import type { Engine } from './duckdb.ts'
import { fromHex, isOutOfMemory } from './duckdb.ts'
import { isPacked, mendLines } from './mend.ts'
import type { Layout, Lines, Reading } from './parquet-sql.ts'
import { checkSql, copySql, otherProperties, rowsSql, surveySql } from './parquet-sql.ts'

/** Mixpanel takes no event above 1 MB; profiles and other vendors' rows may be larger. */
const usual = 4 * 1024 * 1024
const longest = 64 * 1024 * 1024
/** What is held before it is written: the default of 122,880 rows takes gigabytes. */
const rowsAtOnce = 16_384
const cellsAtOnce = 2_000_000
/** Lines from which the rest's properties are guessed, where there are more. */
const sampled = 20_000
/** Times the usual memory, where that does not do. */
export const roomForLongRows = 4
/** One after the other: 2,048 rows of 200 kB each take 2 GB. */
const rooms = [1, roomForLongRows, 8]

/** What lines are written with. */
export interface Writing {
  readonly layout: Layout
  /** The column of each property that was met before. */
  readonly columns: Names
  readonly drop: readonly string[]
  /** Where somebody said how much it may take. */
  readonly memory: string | undefined
}

/** Every line a row, duplicates too: the quick way first, and what it stumbles over another way. `aside` is a folder. */
export async function writeWhole(
  engine: Engine,
  writing: Writing,
  { from, counted, aside }: { readonly from: readonly string[]; readonly counted: number; readonly aside: string },
  to: string,
): Promise<{ readonly columns: Names; readonly mended: number }> {
  const { layout, memory } = writing
  let lines: Lines = { paths: from, packed: await packing(from), longest: usual }
  let mended = 0
  let room = 0
  for (;;) {
    try {
      const columns = await writeRows(engine, writing, lines, { to, room: rooms[room] ?? 1, isLong: counted > sampled })
      const rows = await countRows(engine, to, layout)
      if (rows !== counted) throw new DataError(`of ${counted} lines ${rows} are in Parquet`)
      return { columns, mended }
    } catch (error) {
      if (lines.longest < longest && error instanceof Error && /maximum_object_size/.test(error.message)) {
        lines = { ...lines, longest }
        continue
      }
      if (room < rooms.length - 1 && memory === undefined && isOutOfMemory(error)) {
        // DuckDB takes 2,048 rows at a time, however long they are.
        room += 1
        await engine.query('set threads = 1')
        continue
      }
      if (!isOfData(error)) throw error
      const path = join(aside, 'mended.json.gz')
      if (mended === 0) mended = await mendLines(from, path, (value) => problemOf(value, layout))
      // Every line is what it should be, or was made so before.
      if (mended === 0 || lines.paths.includes(path)) {
        if (error instanceof DataError) throw error
        throw new DataError('DuckDB does not read the lines', { remedy: 'please report it with the cause', cause: error })
      }
      lines = { ...lines, paths: [path], packed: true }
    }
  }
}

/** The columns they were written with. Throws what DuckDB says of lines that it does not read. */
async function writeRows(
  engine: Engine,
  { layout, columns: known, drop, memory }: Writing,
  lines: Lines,
  { to, room, isLong }: { readonly to: string; readonly room: number; readonly isLong: boolean },
): Promise<Names> {
  const own = new Set(layout.fields.filter(({ at }) => at === 'properties').map(({ name }) => name))
  const others = layout.fields.map(({ column }) => column)

  async function allow(columns: Names): Promise<void> {
    if (memory === undefined) await engine.query(`set memory_limit = '${usualMemory(columns.size, room)}'`)
  }
  async function survey(most?: number): Promise<{ found: string[]; dropped: string[] }> {
    await allow(known)
    const names = (await engine.query(surveySql(lines, layout, most))).map(({ name }) => fromHex(name))
    const found = names.filter((name) => !own.has(name) && !drop.includes(name)).toSorted(byCodeUnits)
    return { found, dropped: drop.filter((name) => names.includes(name)) }
  }
  async function copy(reading: Reading): Promise<Names> {
    const columns = growColumns(known, reading.found, others)
    await allow(columns)
    await engine.query(copySql(rowsSql(lines, layout, reading, columns), to, rowGroup(columns)))
    return columns
  }

  if (isLong) {
    const begins = (await survey(sampled)).found
    // Most days have no property that none before had, nor their beginning; one that has is looked through, and written again.
    const guessed = [...new Set([...begins, ...known.keys()])].filter((name) => !drop.includes(name)).toSorted(byCodeUnits)
    // What is asked for and is not there costs as much as what is.
    if (guessed.length < 2 * begins.length + 20) {
      try {
        return await copy({ found: guessed, dropped: drop, isGuessed: true })
      } catch (error) {
        if (!(error instanceof Error && error.message.includes(otherProperties))) throw error
      }
    }
  }
  return copy({ ...(await survey()), isGuessed: false })
}

/** Throws DataError unless all of a file's rows have what they must. */
export async function countRows(engine: Engine, path: string, layout: Layout): Promise<number> {
  const [found] = await engine.query(checkSql(path, layout))
  if (found?.['whole'] !== found?.['rows']) throw new DataError('a line is not what it should be')
  return Number(found?.['rows'])
}

async function packing(paths: readonly string[]): Promise<boolean> {
  const kinds = new Set((await Promise.all(paths.map(isPacked))).filter((kind) => kind !== undefined))
  if (kinds.size > 1) throw new UsageError('some files are packed and some are not', { remedy: 'convert one kind at a time' })
  return kinds.has(true)
}

/** As DuckDB writes it, for so many columns; `room` times as much where rows are long. */
export function usualMemory(columns: number, room = 1): string {
  return `${room * (256 + Math.ceil(Math.max(0, columns - 200) / 2))}MB`
}

/** Rows in a row group, which is what is held before it is written. */
export function rowGroup(columns: Names): number {
  return Math.max(2048, Math.min(rowsAtOnce, Math.floor(cellsAtOnce / (columns.size + 1))))
}

/** Whether the lines may be what is wrong, and not the machine. */
function isOfData(error: unknown): boolean {
  return (
    error instanceof DataError || (error instanceof Error && /^(?:Invalid Input|Conversion|Invalid) Error/.test(error.message))
  )
}

function problemOf(value: unknown, { fields, properties }: Layout): string | undefined {
  if (!isObject(value)) return 'this is not an object'
  const nested = value[properties]
  if (!isObject(nested)) return `there are no ${properties}`
  for (const { name, type, at } of fields) {
    const own = (at === 'line' ? value : nested)[name]
    if (type === 'text' && typeof own !== 'string') return `there is no ${name}`
    if (type === 'time' && !(typeof own === 'number' && Math.abs(own) < 1e15)) return `there is no ${name}, in seconds since 1970`
  }
  return undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
