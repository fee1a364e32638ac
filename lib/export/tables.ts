import { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import { exportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { NamesGiven } from './settled.ts'
import { partitionOf } from './windows.ts'

/** A column of a table, in Hive's words: `string`, `timestamp`, `array<string>`. */
export interface Column {
  readonly name: string
  readonly type: string
  readonly comment?: string | undefined
}

/** What a catalogue tells of files, so that Athena and every other engine that reads Glue's catalogue asks them in SQL. */
export interface Table {
  readonly name: string
  readonly about: string
  /** With the slash at its end. */
  readonly location: string
  readonly format: 'parquet' | 'json'
  readonly columns: readonly Column[]
  readonly partitions: readonly Column[]
  /** How its lines are read. */
  readonly reading: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

export interface ExportTables {
  /** Undefined while no part of it is known: what is split by events, before the first of them. */
  readonly rows: Table | undefined
  /** One row for each manifest. */
  readonly windows: Table
  /** Columns of the files that no table can list. */
  readonly unlisted: readonly string[]
}

/** `weekly-events` is `weekly_events`; no two exports have the same, because no name has an underscore. */
export function tableName(exported: string): string {
  return exported.replaceAll('-', '_')
}

/** The table of an export's manifests. */
export function windowsTableName(exported: string): string {
  return `${tableName(exported)}_windows`
}

/** What files have beside the columns of properties; `at` the lines of NDJSON, which hold those as one object. */
const own: Readonly<Record<ExportEntry['data'], { readonly rows: readonly Column[]; readonly lines: readonly Column[] }>> = {
  events: {
    rows: [text('event'), text('distinct_id'), { name: 'time', type: 'timestamp', comment: 'UTC' }, text('insert_id')],
    lines: [text('event')],
  },
  people: { rows: [text('distinct_id')], lines: [text('distinct_id')] },
  customers: { rows: [text('distinct_id')], lines: [text('distinct_id')] },
  catalog: { rows: [text('item_id')], lines: [text('item_id')] },
}
const strings: Column = { name: '_strings', type: 'array<string>', comment: 'columns whose text reads like JSON and is a string' }
const properties: Column = { name: 'properties', type: 'string', comment: 'JSON, as the vendor wrote it' }

/**
 * The tables of an export, by the names that were given so far. Rows come from Parquet where it is kept, a text column for
 * each property, and else from the lines, with the properties as one JSON text: their types are the vendor's, and differ
 * from line to line.
 *
 * Partitions are projected: whatever lies under the path of a day is there at once, and nobody has to add it. An export
 * that keeps each event by itself is one table, too: `event_slug` is the part of the path, and the files have `event`.
 */
export function tablesOf(
  entry: Pick<ExportEntry, 'name' | 'source' | 'data' | 'from' | 'to' | 'format' | 'schema'>,
  { columns, slugs }: NamesGiven,
  store: Pick<Store, 'locate'>,
): ExportTables {
  const keys = exportKeys(entry.name)
  const isParquet = entry.format.includes('parquet')
  const isSplit = isParquet && entry.schema === 'multi' && entry.data === 'events'
  const day = partitionOf(entry.data)
  const parts = isSplit ? [slugPart, day] : [day]
  const listed = isParquet ? propertyColumns(columns, parts) : { columns: [], unlisted: [] }
  const place = { name: '', partition: `${day}=\${${day}}` }
  const [root = '', key] = isParquet
    ? [keys.objects[1], keys.parquet(place, isSplit ? `\${${slugPart}}` : undefined)]
    : [keys.objects[0], keys.json(place)]
  const location = addressOf(store, root)
  const rows: Table = {
    name: tableName(entry.name),
    about: `${entry.data} of ${entry.source}, kept by Broadsheet; columns are added and none goes`,
    location,
    format: isParquet ? 'parquet' : 'json',
    columns: isParquet ? [...own[entry.data].rows, strings, ...listed.columns] : [...own[entry.data].lines, properties],
    partitions: parts.map(text),
    reading: isParquet ? {} : asWritten,
    parameters: {
      'projection.enabled': 'true',
      [`projection.${day}.type`]: 'date',
      [`projection.${day}.format`]: 'yyyy-MM-dd',
      [`projection.${day}.range`]: rangeOf(entry),
      [`projection.${day}.interval`]: '1',
      [`projection.${day}.interval.unit`]: 'DAYS',
      ...(isSplit
        ? { [`projection.${slugPart}.type`]: 'enum', [`projection.${slugPart}.values`]: [...slugs.values()].join(',') }
        : {}),
      'storage.location.template': `${location}${key.slice(root.length, key.lastIndexOf('/') + 1)}`,
    },
  }
  const windows: Table = {
    name: windowsTableName(entry.name),
    about: `the windows of ${tableName(entry.name)}; of those that are complete the objects are whole`,
    location: addressOf(store, keys.manifests),
    format: 'json',
    columns: manifestColumns,
    partitions: [],
    reading: { ...asWritten, 'mapping.exported_at': 'exportedAt' },
    parameters: {},
  }
  return { rows: isSplit && slugs.size === 0 ? undefined : rows, windows, unlisted: listed.unlisted }
}

/** Not `event`, which the files have as it was sent. */
const slugPart = 'event_slug'

/** Names in JSON keep their capitals, those of properties in a text too. */
const asWritten = { 'case.insensitive': 'false' }

/** Of a manifest what a query needs; it is one line, because a line is a row. */
const manifestColumns: readonly Column[] = [
  { name: 'version', type: 'int' },
  ...['export', 'window', 'source', 'data', 'definition', 'timezone', 'start', 'end', 'status'].map(text),
  { name: 'revision', type: 'int' },
  text('exported_at'),
  { name: 'lines', type: 'bigint' },
  text('fingerprint'),
  { name: 'duplicates', type: 'bigint' },
  { name: 'forgotten', type: 'bigint' },
  // Not their `rows`: Hive reserves the word, and not every DDL lets it be quoted within a type.
  { name: 'objects', type: 'array<struct<key:string,bytes:bigint,sha256:string>>' },
  { name: 'notes', type: 'array<string>' },
]

function text(name: string): Column {
  return { name, type: 'string' }
}

/** A store knows keys only; what lies under one ends with a slash. */
function addressOf(store: Pick<Store, 'locate'>, prefix: string): string {
  return `${store.locate(prefix.replace(/\/$/, ''))}/`
}

/** Both ends are in it. NOW is that of UTC, and an export's zone may be a day ahead. */
function rangeOf({ from, to }: Pick<ExportEntry, 'from' | 'to'>): string {
  return `${from},${to === undefined ? 'NOW+1DAYS' : Temporal.PlainDate.from(to).subtract({ days: 1 }).toString()}`
}

function propertyColumns(
  names: NamesGiven['columns'],
  taken: readonly string[],
): { readonly columns: readonly Column[]; readonly unlisted: readonly string[] } {
  const columns: Column[] = []
  const unlisted: string[] = []
  for (const [property, column] of names) {
    const name = column.toLowerCase()
    if (!isListable(name) || taken.includes(name)) unlisted.push(column)
    else columns.push({ ...text(name), ...(property === name || !isListable(property) ? {} : { comment: property }) })
  }
  return { columns, unlisted }
}

/**
 * Glue's rules for a name, and those of engines that read it: Hive joins names with commas and types with colons, Athena's
 * DDL quotes with backticks, and Trino refuses a blank at either end.
 */
function isListable(name: string): boolean {
  return (
    !/[,:;`\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(name) && name === name.trim() && name !== '' && Buffer.byteLength(name) <= longestName
  )
}

/** Bytes of UTF-8. */
const longestName = 255
