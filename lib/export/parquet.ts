import { createHash, randomUUID } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DataError, UsageError } from '../errors.ts'
import type { Names } from './columns.ts'
import { byCodeUnits, growColumns, growSlugs } from './columns.ts'
import type { Engine } from './duckdb.ts'
import { inWords, isOutOfMemory, openEngine } from './duckdb.ts'
import { countLines, isPacked, mendLines } from './mend.ts'
import type { Layout, Lines, Reading } from './parquet-sql.ts'
import {
  checkSql,
  copySql,
  duplicatesSql,
  keptSql,
  otherProperties,
  rowsSql,
  splitSql,
  surveySql,
  valuesSql,
} from './parquet-sql.ts'

/** What Parquet is made of, and where. */
export interface Converting {
  /** Files of NDJSON, read one after the other; all packed with gzip, or all plain. */
  readonly from: readonly string[]
  /** The file to be made; whatever is there is replaced, in one step. Its folder is there. With `split`, a folder. */
  readonly to: string
  /** The column of each property that the export has met; none of a new export. */
  readonly columns?: Names | undefined
  /** Properties that are left out. */
  readonly drop?: readonly string[] | undefined
  /** The lines that are not blank, where somebody has counted them and seen that the gzip is whole; else it is done here. */
  readonly lines?: number | undefined
  /** 1 unless said. More are for large files alone, whose rows are then in no order. */
  readonly threads?: number | undefined
  /** As DuckDB writes it. Unless said, `256MB` and half a megabyte for each column beyond 200, and four times that where rows are so long that it does not do. The process takes up to 150 MB more. */
  readonly memory?: string | undefined
  /** A folder for what is laid aside. */
  readonly scratch: string
  readonly signal?: AbortSignal | undefined
}

export interface ConvertingEvents extends Converting {
  /** The IANA zone of a Mixpanel project from before 2023, whose times count seconds of local time as if it were UTC. */
  readonly zone?: string | undefined
  /** A file for each event: `<slug>.parquet`. What the export's events are called so far; none of a new export. */
  readonly split?: Names | undefined
}

export interface Converted {
  readonly rows: number
  /** Lines that repeat an earlier one, and are not in the rows. */
  readonly duplicates: number
  /** Of all files. */
  readonly bytes: number
  /** The column of each property: `columns` and what was new. To be kept before another window is converted. */
  readonly columns: Names
  /** Rows of each event, in the order of their names; empty for data without events. */
  readonly events: ReadonlyMap<string, number>
  /** With `split`: how each event's file is called; `split` and what was new. To be kept, as columns are. */
  readonly slugs: Names
  readonly files: readonly {
    readonly path: string
    readonly rows: number
    readonly bytes: number
    readonly event?: string
    readonly slug?: string
  }[]
  /** Lines in which U+FFFD stands for half of a surrogate pair, which no Parquet can hold. */
  readonly mended: number
}

/** What is read of a line beside its properties; the columns have the same names. */
export interface RowWords {
  /** Top-level names, each a column of text: a text as it is, a number's digits. */
  readonly ids: readonly string[]
  /** The name of the object of properties. */
  readonly properties: string
}

const eventFields: Layout['fields'] = [
  { column: 'event', type: 'text', at: 'line', name: 'event' },
  { column: 'distinct_id', type: 'id', at: 'properties', name: 'distinct_id' },
  { column: 'time', type: 'time', at: 'properties', name: 'time' },
  { column: 'insert_id', type: 'id', at: 'properties', name: '$insert_id' },
]

/**
 * Makes Parquet of events as Mixpanel exports them: `event`, `distinct_id`, `time` (UTC, microseconds), `insert_id`, and a
 * column of text for each property that the export has met, on every day the same, sorted by name; then `_strings`.
 *
 * A string stands as itself, null as `null`, anything else as its JSON, and NULL where the event lacks it. `_strings` lists
 * the columns whose text would read as JSON and is a string all the same (`5`, `true`, `[1]`); it is NULL where there are
 * none. Numbers keep their value, whole ones all of their digits; their spelling follows DuckDB: `1e3` becomes `1000.0`,
 * `1.10` `1.1`, `-0` `0`, blanks between values go, and of a fraction 17 digits stay. Of a name that stands twice in one object the
 * first value stays. Whether an id was a number or a text, and whether a time was in milliseconds, is not kept.
 *
 * In `zone` a time that the clocks leave out counts on as if they had not been changed yet, and one that is there twice is
 * the second of them: the vendor's data does not tell.
 *
 * Of lines with the same event, distinct_id, time and $insert_id the first stays; lines without $insert_id all stay. Rows
 * keep the order of the lines, and the same lines and columns give the same bytes, except with more than one thread and
 * more than 100,000 lines: then which of the same comes first is anyone's guess. Memory does not depend on how many there are.
 *
 * Nothing is at `to` before all of it is. Throws DataError, naming file and line, for what is no event, and where rows and
 * duplicates are not as many as the lines; UnavailableError where the disk is full, RefusedError where memory is too small
 * or DuckDB is not there; the signal's reason.
 */
export async function convertToParquet(converting: ConvertingEvents): Promise<Converted> {
  return convert(converting, {
    fields: eventFields,
    properties: 'properties',
    identity: ['event', 'distinct_id', 'time', 'insert_id'],
    zone: converting.zone,
  })
}

/** The same of other data: people, customers, items of a catalog. Nothing is a duplicate. */
export async function convertRows(converting: Converting, { ids, properties }: RowWords): Promise<Converted> {
  const fields = ids.map((name) => ({ column: name.replace(/^\$/, ''), type: 'id', at: 'line', name }) as const)
  return convert(converting, { fields, properties, identity: [] })
}

/** Mixpanel takes no event above 1 MB; profiles and other vendors' rows may be larger. */
const usual = 4 * 1024 * 1024
const longest = 64 * 1024 * 1024
/** What is held before it is written: the default of 122,880 rows takes gigabytes. */
const rowsAtOnce = 16_384
const cellsAtOnce = 2_000_000
/** Lines from which the rest's properties are guessed, where there are more. */
const sampled = 20_000
/** Lines that one thread does in their order; several would wait for each other to keep it, and hold what is ready. */
const mostInOrder = 100_000
/** Columns of all files that are written at a time: 8,000 did not fit into the usual memory, 4,000 not always. */
const openColumns = 1500
/** Times the usual memory, where that does not do. */
export const roomForLongRows = 4
/** What is looked through for duplicates at a time. */
const groupsAtOnce = 500_000

interface Job {
  readonly converting: ConvertingEvents
  readonly layout: Layout
  readonly known: Names
  readonly counted: number
  /** A folder that is gone when the job is done. */
  readonly own: string
}

async function convert(converting: ConvertingEvents, layout: Layout): Promise<Converted> {
  const { from, to, scratch, signal, columns: known = new Map(), memory = usualMemory(0) } = converting
  const own = join(scratch, `parquet-${randomUUID()}`)
  // On the same disk as its place, to be moved there in one step.
  const beside = join(dirname(to), `.parquet-${randomUUID()}`)
  const options = { memory, scratch: own, signal }
  let engine: Engine | undefined
  try {
    await mkdir(own, { recursive: true })
    await mkdir(beside)
    const counted = converting.lines ?? (await countLines(from))
    engine = await openEngine(options)
    const { threads = 1 } = converting
    if (threads > 1 && counted > mostInOrder) {
      await engine.query(`set threads = ${threads}`)
      await engine.query('set preserve_insertion_order = false')
    }
    const whole = join(beside, 'whole.parquet')
    const { columns, mended } = await writeWhole(engine, { converting, layout, known, counted, own }, whole)
    const duplicates = await findDuplicates(engine, whole, layout, counted)
    const rows = counted - duplicates
    const events = layout.identity.length === 0 ? new Map<string, number>() : await eventsIn(engine, whole)
    if (converting.split !== undefined) {
      const slugs = growSlugs(converting.split, events.keys())
      const files = await splitUp(engine, whole, {
        beside,
        to,
        events,
        slugs,
        columns,
        isRoomFree: converting.memory === undefined,
      })
      return { rows, duplicates, bytes: sum(files.map(({ bytes }) => bytes)), columns, events, slugs, files, mended }
    }
    let ready = whole
    if (duplicates > 0) {
      ready = join(beside, 'kept.parquet')
      await engine.query(copySql(keptSql(whole), ready, rowGroup(columns)))
      await checkCount(engine, ready, layout, rows)
    }
    const { size: bytes } = await stat(ready)
    await rename(ready, to)
    return { rows, duplicates, bytes, columns, events, slugs: new Map(), files: [{ path: to, rows, bytes }], mended }
  } catch (error) {
    throw inWords(error, scratch)
  } finally {
    await engine?.close()
    await rm(beside, { recursive: true, force: true })
    await rm(own, { recursive: true, force: true })
  }
}

/** Every line a row, duplicates too: the quick way first, and what it stumbles over another way. */
async function writeWhole(engine: Engine, job: Job, to: string): Promise<{ columns: Names; mended: number }> {
  const { converting, layout, counted, own } = job
  let lines: Lines = { paths: converting.from, packed: await packing(converting.from), longest: usual }
  let mended = 0
  let room = 1
  for (;;) {
    try {
      const columns = await write(engine, job, lines, to, room)
      await checkCount(engine, to, layout, counted)
      return { columns, mended }
    } catch (error) {
      if (lines.longest < longest && error instanceof Error && /maximum_object_size/.test(error.message)) {
        lines = { ...lines, longest }
        continue
      }
      if (room === 1 && converting.memory === undefined && isOutOfMemory(error)) {
        // DuckDB takes 2,048 rows at a time, however long they are.
        room = roomForLongRows
        await engine.query('set threads = 1')
        continue
      }
      if (!isOfData(error)) throw error
      const path = join(own, 'mended.json.gz')
      if (mended === 0) mended = await mendLines(converting.from, path, (value) => problemOf(value, layout))
      // Every line is what it should be, or was made so before.
      if (mended === 0 || lines.paths.includes(path)) {
        if (error instanceof DataError) throw error
        throw new DataError('DuckDB does not read the lines', { remedy: 'please report it with the cause', cause: error })
      }
      lines = { ...lines, paths: [path], packed: true }
    }
  }
}

/** The columns it was written with. */
async function write(
  engine: Engine,
  { converting, layout, known, counted }: Job,
  lines: Lines,
  to: string,
  room: number,
): Promise<Names> {
  const { drop = [], memory } = converting
  const own = new Set(layout.fields.filter(({ at }) => at === 'properties').map(({ name }) => name))
  const others = layout.fields.map(({ column }) => column)

  async function survey(most?: number): Promise<{ found: string[]; dropped: string[] }> {
    const names = (await engine.query(surveySql(lines, layout, most))).map(({ name }) => fromHex(name))
    const found = names.filter((name) => !own.has(name) && !drop.includes(name)).toSorted(byCodeUnits)
    return { found, dropped: drop.filter((name) => names.includes(name)) }
  }
  async function copy(reading: Reading): Promise<Names> {
    const columns = growColumns(known, reading.found, others)
    if (memory === undefined) await engine.query(`set memory_limit = '${usualMemory(columns.size, room)}'`)
    await engine.query(copySql(rowsSql(lines, layout, reading, columns), to, rowGroup(columns)))
    return columns
  }

  if (counted > sampled) {
    const begins = await survey(sampled)
    // Most days have no property that none before had, nor their beginning; one that has is looked through, and written again.
    const guessed = [...new Set([...begins.found, ...known.keys()])].filter((name) => !drop.includes(name)).toSorted(byCodeUnits)
    // What is asked for and is not there costs as much as what is.
    if (guessed.length < 2 * begins.found.length + 20) {
      try {
        return await copy({ found: guessed, dropped: drop, isGuessed: true })
      } catch (error) {
        if (!(error instanceof Error && error.message.includes(otherProperties))) throw error
      }
    }
  }
  return copy({ ...(await survey()), isGuessed: false })
}

/** Throws DataError unless all of a file's rows have what they must, and there are as many as there should be. */
async function checkCount(engine: Engine, path: string, layout: Layout, wanted: number): Promise<void> {
  const [found] = await engine.query(checkSql(path, layout))
  if (found?.['rows'] !== wanted) throw new DataError(`of ${wanted} lines ${found?.['rows']} are in Parquet`)
  if (found['whole'] !== wanted) throw new DataError('a line is not what it should be')
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

function fromHex(value: unknown): string {
  return Buffer.from(String(value), 'hex').toString('utf8')
}

interface Splitting {
  readonly beside: string
  readonly to: string
  readonly events: ReadonlyMap<string, number>
  readonly slugs: Names
  readonly columns: Names
  /** Nobody said how much memory it may take. */
  readonly isRoomFree: boolean
}

async function splitUp(
  engine: Engine,
  path: string,
  { beside, to, events, slugs, columns, isRoomFree }: Splitting,
): Promise<Converted['files']> {
  const names = [...events.keys()]
  const atOnce = Math.max(1, Math.floor(openColumns / (columns.size + 5)))
  // Of all files together; the default holds half a million rows. And a file that is closed is not opened again.
  await engine.query(`set partitioned_write_flush_threshold = ${4 * rowsAtOnce}`)
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
