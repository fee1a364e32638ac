import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Names } from './columns.ts'
import type { Engine } from './duckdb.ts'
import { inWords, openEngine } from './duckdb.ts'
import { countLines } from './mend.ts'
import { usualMemory, writeWhole } from './parquet-rows.ts'
import type { Layout } from './parquet-sql.ts'
import { finish } from './parquet-whole.ts'

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
 * the columns whose text would read as JSON and is a string all the same (`5`, `true`, `[1]`; not a word with blanks behind
 * it); it is NULL where there are none. Numbers keep their value, whole ones all of their digits; their spelling follows
 * DuckDB: `1e3` becomes `1000.0`, `1.10` `1.1`, `-0` `0`, blanks between values go, and of a fraction 17 digits stay. Of a
 * name that stands twice in one object the first value stays. Whether an id was a number or a text, and whether a time was
 * in milliseconds, is not kept.
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

/** Lines that one thread does in their order; several would wait for each other to keep it, and hold what is ready. */
const mostInOrder = 100_000

async function convert(converting: ConvertingEvents, layout: Layout): Promise<Converted> {
  const { from, to, scratch, signal, columns: known = new Map(), drop = [], memory, split, threads = 1 } = converting
  const aside = join(scratch, `parquet-${randomUUID()}`)
  // On the same disk as its place, to be moved there in one step.
  const beside = join(dirname(to), `.parquet-${randomUUID()}`)
  let engine: Engine | undefined
  try {
    await mkdir(aside, { recursive: true })
    await mkdir(beside)
    const counted = converting.lines ?? (await countLines(from))
    engine = await openEngine({ memory: memory ?? usualMemory(0), scratch: aside, signal })
    if (threads > 1 && counted > mostInOrder) await engine.unordered(threads)
    const whole = join(beside, 'whole.parquet')
    const { columns, mended } = await writeWhole(
      engine,
      { layout, columns: known, drop, memory },
      { from, counted, aside },
      whole,
    )
    const isRoomFree = memory === undefined
    return {
      ...(await finish(engine, { path: whole, lines: counted, layout, columns, to, beside, split, isRoomFree })),
      mended,
    }
  } catch (error) {
    throw inWords(error, scratch)
  } finally {
    await engine?.close()
    await rm(beside, { recursive: true, force: true })
    await rm(aside, { recursive: true, force: true })
  }
}
