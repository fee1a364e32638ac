import type { Names } from './columns.ts'
import { byCodeUnits } from './columns.ts'

/** A piece of SQL. What vendors and users wrote gets into it through `text`, `quoted` and `pointer` alone. */
export type Sql = string

/**
 * What a line holds beside its properties: a column of its own, in this order. A `text` must be there and be one; a `time`
 * must be there, as seconds since 1970, or milliseconds where it is above 1e11; an `id` is a text, or a number's digits, or
 * nothing.
 */
export interface Field {
  readonly column: string
  readonly type: 'text' | 'time' | 'id'
  /** Where it stands. Among the properties, it is none of them. */
  readonly at: 'line' | 'properties'
  readonly name: string
}

/** How lines are laid out. */
export interface Layout {
  readonly fields: readonly Field[]
  /** The line's object of properties. */
  readonly properties: string
  /** Columns that are the same in a line that was there before; none: no line is a duplicate. The last of them must not be NULL. */
  readonly identity: readonly string[]
  /** The IANA zone in which times count their seconds as if it were UTC. */
  readonly zone?: string | undefined
}

/** Files to be read, all packed or all plain. */
export interface Lines {
  readonly paths: readonly string[]
  readonly packed: boolean
  /** In bytes, of one line; DuckDB takes room for several. */
  readonly longest: number
}

/** Whose values are read. */
export interface Reading {
  /** Properties that become columns. */
  readonly found: readonly string[]
  /** Properties that are left out. */
  readonly dropped: readonly string[]
  /** Nobody has seen whether the lines have others: the statement fails with `otherProperties` where they do. */
  readonly isGuessed: boolean
}

/** Of a message: a line has a property that was not named, or one twice. */
export const otherProperties = 'a line has other properties'

/** The names of all properties, in hex: DuckDB's binding takes U+FEFF off the beginning of a text. Of the first `most` lines, if said. */
export function surveySql(lines: Lines, { properties }: Layout, most?: number): Sql {
  const limit = most === undefined ? '' : `limit ${most}`
  return `select hex(name) as name from
    (select unnest(json_keys(properties)) as name
      from (select ${quoted(properties)} as properties from ${readLines(lines, `{${text(properties)}: 'JSON'}`)} ${limit}))
    group by name`
}

/**
 * The rows, in the order of their lines where the engine keeps one. `columns` has all that the export knows; those not
 * found are NULL. Values are taken from the text of the object, as a list: read as fields of a STRUCT they would be had a
 * quarter quicker, but null would be absent, and other properties would be left out without a word.
 */
export function rowsSql(lines: Lines, layout: Layout, { found, dropped, isGuessed }: Reading, columns: Names): Sql {
  const own = layout.fields.filter(({ at }) => at === 'properties').map(({ name }) => name)
  const onLine = layout.fields.filter(({ at }) => at === 'line')
  const names = [...found, ...own, ...dropped.filter((name) => !own.includes(name))]
  const object = quoted(layout.properties)
  const types = [...onLine.map(({ name }) => `${text(name)}: 'JSON'`), `${text(layout.properties)}: 'JSON'`]

  // Numbered: DuckDB knows no names that differ in case.
  const read = [
    ...onLine.map(({ name }, at) => `${quoted(name)}::varchar as f${at}`),
    `coalesce(${object}::varchar like '{%', false) as whole`,
    `json_extract(${object}, ${listOf(names.map((name) => text(pointer(name))))})::varchar[] as raw`,
    ...(isGuessed ? [`len(json_keys(${object})) as keys`] : []),
  ]
  const more = `raw[:${found.length}] as parts, list_transform(raw[:${found.length}], lambda v: ${bareSql('v')}) as bare`
  const source = `(select *, ${more} from (select ${read.join(', ')} from ${readLines(lines, `{${types.join(', ')}}`)}))`

  const place = new Map(found.map((name, at) => [name, at]))
  const fields = layout.fields.map((field) => {
    const value = field.at === 'line' ? `f${onLine.indexOf(field)}` : `raw[${found.length + own.indexOf(field.name) + 1}]`
    return `${fieldSql(field, value, layout.zone)} as ${quoted(field.column)}`
  })
  const properties = [...columns]
    .toSorted(([, a], [, b]) => byCodeUnits(a, b))
    .map(([name, column]) => {
      const at = place.get(name)
      return `${at === undefined ? 'null::varchar' : `bare[${at + 1}]`} as ${quoted(column)}`
    })
  const strings = stringsSql(found.map((name) => columns.get(name) ?? name))
  const others = isGuessed ? `when keys <> list_count(raw) then error(${text(otherProperties)})` : ''
  return `select ${[...fields, ...properties, `${strings} as _strings`].join(',\n')}
    from ${source} where case when not whole then error('there are no properties') ${others} else true end`
}

/** DuckDB takes room for a dictionary of each column before it has one: a megabyte, unless told. */
const writing = 'format parquet, compression zstd, string_dictionary_page_size_limit 131072'

export function copySql(rows: Sql, to: string, rowGroup: number): Sql {
  return `copy (${rows}) to ${text(to)} (${writing}, row_group_size ${rowGroup})`
}

/** How many rows a file has, and how many of them have all that they must. */
export function checkSql(path: string, { fields }: Layout): Sql {
  const needed = fields.filter(({ type }) => type !== 'id').map(({ column }) => `${quoted(column)} is not null`)
  return `select count(*)::double as rows, count(*) filter (where ${needed.length === 0 ? 'true' : needed.join(' and ')})::double as whole
    from read_parquet(${pathSql(path)}, hive_partitioning = false)`
}

/** What a file's text column has, in hex, and how many rows each but for those that are `gone`. */
export function valuesSql(path: string, column: string): Sql {
  return `select hex(${quoted(column)}) as name, count(*)::double as rows from (${keptSql(path)}) group by ${quoted(column)}`
}

/**
 * Puts into `gone` the places of rows that repeat an earlier one, of one part in `parts`: what is grouped has to lie in
 * memory. Grouped by a hash, which takes a fraction of it; who shares one is then compared as it is.
 */
export function duplicatesSql(path: string, { identity }: Layout, part: number, parts: number): Sql {
  const keys = identity.map(quoted)
  const last = keys.at(-1) ?? 'null'
  const rows = `from read_parquet(${pathSql(path)}, file_row_number = true, hive_partitioning = false)
    where ${last} is not null and hash(${last}) % ${parts} = ${part}`
  const key = `hash(${keys.join(', ')})`
  return `insert into gone select place from
    (select file_row_number as place, row_number() over (partition by ${keys.join(', ')} order by file_row_number) as nth
      ${rows} and ${key} in (select ${key} as key ${rows} group by key having count(*) > 1))
    where nth > 1`
}

/** The names of a file's columns, and of their parts. */
export function columnsSql(path: string): Sql {
  return `select name from parquet_schema(${pathSql(path)})`
}

/**
 * Puts into `gone` the places of rows in which one of these columns of text has an id whose SHA-256 is in `known`: as it
 * is, in a list of ids, or in an object of ids or lists of them.
 */
export function rowsWithIdsSql(path: string, columns: readonly string[]): Sql {
  const inside = `case when not json_valid(v) then []
    when v like '[%' then json_extract_string(v, '$[*]')
    when v like '{%' then list_concat(json_extract_string(v, '$.*'), json_extract_string(v, '$.*[*]'))
    else [] end`
  return `insert into gone select distinct place from
    (select place, unnest(list_concat(vs, flatten(list_transform(vs, lambda v: ${inside})))) as id from
      (select file_row_number as place, ${listOf(columns.map(quoted))} as vs from read_parquet(${pathSql(path)}, file_row_number = true, hive_partitioning = false)))
    where sha256(id) in (select sha256 from known)`
}

/** Ids that are to be found, by their SHA-256. */
export function knownSql(sha256: readonly string[]): Sql {
  return `insert into known values ${sha256.map((one) => `(${text(one)})`).join(', ')}`
}

/** What is left of a file, in its order. */
export function keptSql(path: string, more = ''): Sql {
  return `select * exclude (file_row_number)${more} from read_parquet(${pathSql(path)}, file_row_number = true, hive_partitioning = false)
    where file_row_number not in (select place from gone)`
}

/** A file for each of these values of a text column, in folders that are named by its MD5. */
export function splitSql(path: string, column: string, values: readonly string[], to: string): Sql {
  const those = `${quoted(column)} in (${values.map(text).join(', ')})`
  return `copy (${keptSql(path, `, md5(${quoted(column)}) as _part`)} and ${those}) to ${text(to)}
    (${writing}, partition_by (_part), return_stats)`
}

function fieldSql({ type }: Field, value: Sql, zone: string | undefined): Sql {
  switch (type) {
    case 'text':
      return `case when starts_with(${value}, '"') then json_extract_string(${value}, '$') end`
    case 'id':
      return `case when starts_with(${value}, '"') then json_extract_string(${value}, '$') when ${value} <> 'null' then ${value} end`
    case 'time':
      return timeSql(value, zone)
  }
}

/** DuckDB takes NaN and Infinity for numbers, and texts of digits. */
function timeSql(value: Sql, zone: string | undefined): Sql {
  const number = `(case when ascii(${value}) between 48 and 57 or ascii(${value}) = 45 then try_cast(${value} as double) end)`
  const micros = `case when abs(${number}) < 1e15 then round(${number} * if(${number} > 1e11, 1e3, 1e6))::bigint end`
  const time = `make_timestamp(${micros})`
  return zone === undefined ? time : `timezone('UTC', timezone(${text(zone)}, ${time}))`
}

function bareSql(value: Sql): Sql {
  return `case when starts_with(${value}, '"') then json_extract_string(${value}, '$') else ${value} end`
}

/**
 * Names of columns whose text reads like JSON and is a string all the same. Most texts are sorted out by comparing the
 * first characters of what was written: asking json_valid of each takes three times as long. In a list, because an
 * expression for each column takes half a megabyte each.
 */
function stringsSql(columns: readonly string[]): Sql {
  // A sign or a digit; a bracket or an escape; a brace; a blank before any of them.
  const perhaps = `(v between '"-' and '":' or v between '"[' and '"]' or v between '"{' and '"|' or v between '" ' and '"!'
    or v in ('"true"', '"false"', '"null"', '"NaN"', '"Infinity"'))`
  // Others read \ud800 as JSON, DuckDB does not.
  const surely = `(json_valid(json_extract_string(v, '$')) or contains(v, '\\u'))`
  const name = `(${listOf(columns.map(text))})[nth]`
  return `case when len(list_filter(parts, lambda v: ${perhaps})) > 0 then
    nullif(list_filter(list_transform(parts, lambda v, nth: case when ${perhaps} then case when ${surely} then ${name} end end),
      lambda name: name is not null), []) end`
}

function listOf(values: readonly Sql[]): Sql {
  return `[${values.join(', ')}]::varchar[]`
}

function readLines({ paths, packed, longest }: Lines, columns: Sql): Sql {
  return `read_json([${paths.map(pathSql).join(', ')}], format = 'newline_delimited', records = true, auto_detect = false,
    hive_partitioning = false, compression = '${packed ? 'gzip' : 'uncompressed'}', maximum_object_size = ${longest}, columns = ${columns})`
}

/** A text of any characters. DuckDB ends a statement at U+0000, so that one is spelled out. */
export function text(value: string): Sql {
  const parts = value.split('\u0000').map((part) => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? parts.join('') : `(${parts.join(' || chr(0) || ')})`
}

/** A name must not hold U+0000. */
export function quoted(name: string): Sql {
  return `"${name.replaceAll('"', '""')}"`
}

/** DuckDB takes a path for a pattern. */
function pathSql(path: string): Sql {
  return text(path.replaceAll(/[[*?]/g, '[$&]'))
}

/** Not a path: `$insert_id` would be read as JSONPath. */
function pointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
