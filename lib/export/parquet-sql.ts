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
 * found are NULL. A line's properties are read as a MAP, which has the names in the order of the line, null as a name
 * without a value, and a name that stands twice twice; so that none is lost without a word, as one would be that a STRUCT
 * does not name. What is worked out for each value is worked out for those that are there, not for each column.
 */
export function rowsSql(lines: Lines, layout: Layout, { found, dropped, isGuessed }: Reading, columns: Names): Sql {
  const own = layout.fields.filter(({ at }) => at === 'properties').map(({ name }) => name)
  const onLine = layout.fields.filter(({ at }) => at === 'line')
  const names = [...found, ...own, ...dropped.filter((name) => !own.includes(name))]
  const object = quoted(layout.properties)
  const types = [...onLine.map(({ name }) => `${text(name)}: 'JSON'`), `${text(layout.properties)}: 'MAP(VARCHAR, JSON)'`]

  // Numbered: DuckDB knows no names that differ in case.
  const read = [
    ...onLine.map(({ name }, at) => `${quoted(name)}::varchar as f${at}`),
    `map_keys(${object}) as names`,
    `map_values(${object})::varchar[] as vs`,
  ]
  const places = `[${names.map((name) => `list_position(names, ${text(name)})`).join(', ')}]::integer[]`
  const taken = `select *, ${places} as places, list_transform(vs, lambda v: ${bareSql('v')}) as bare
    from (select ${read.join(', ')} from ${readLines(lines, `{${types.join(', ')}}`)})`
  const valueAt = (name: string) => `vs[places[${names.indexOf(name) + 1}]]`
  const ids = layout.fields.filter(({ at, type }) => at === 'properties' && type === 'id').map(({ name }) => valueAt(name))
  const source = `select *, ${oddSql(ids)} as odd from (${taken})`

  const place = new Map(found.map((name, at) => [name, at]))
  const fields = layout.fields.map((field) => {
    const value = field.at === 'line' ? `f${onLine.indexOf(field)}` : valueAt(field.name)
    return `${fieldSql(field, value, layout.zone)} as ${quoted(field.column)}`
  })
  const properties = [...columns]
    .toSorted(([, a], [, b]) => byCodeUnits(a, b))
    .map(([name, column]) => {
      const at = place.get(name)
      return `${at === undefined ? 'null::varchar' : `bare[places[${at + 1}]]`} as ${quoted(column)}`
    })
  const strings = stringsSql(found.map((name) => [name, columns.get(name) ?? name]))
  const others = isGuessed ? `when len(names) <> list_count(places) then error(${text(otherProperties)})` : ''
  return `select ${[...fields, ...properties, `${strings} as _strings`].join(',\n')}
    from (${source}) where case when names is null then error('there are no properties') ${others} else true end`
}

/**
 * DuckDB takes room for a dictionary of each column before it has one: a megabyte, unless told. Of what the dictionaries
 * leave, the first level of Zstandard makes no more bytes than the third. A bloom filter is made for columns that have a
 * dictionary, and says no more than that does.
 */
const writing =
  'format parquet, compression zstd, compression_level 1, write_bloom_filter false, string_dictionary_page_size_limit 131072'

export function copySql(rows: Sql, to: string, rowGroup: number): Sql {
  return `copy (${rows}) to ${text(to)} (${writing}, row_group_size ${rowGroup})`
}

/** How many rows there are, and how many of them have all that they must. */
export function checkSql(path: string, { fields }: Layout): Sql {
  const needed = fields.filter(({ type }) => type !== 'id').map(({ column }) => `${quoted(column)} is not null`)
  return `select count(*)::double as rows, count(*) filter (where ${needed.length === 0 ? 'true' : needed.join(' and ')})::double as whole
    from ${readParquet(path)}`
}

/** What a text column has, in hex, and how many rows each but for those that are `gone`. */
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
  const rows = `from ${readParquet(path)} where ${last} is not null and hash(${last}) % ${parts} = ${part}`
  // By no other name: a property may have it, and GROUP BY takes columns before aliases.
  const key = `hash(${keys.join(', ')})`
  return `insert into gone select place from
    (select file_row_number as place, row_number() over (partition by ${keys.join(', ')} order by file_row_number) as nth
      ${rows} and ${key} in (select ${key} ${rows} group by ${key} having count(*) > 1))
    where nth > 1`
}

/** The names of a file's columns, and of their parts. */
export function columnsSql(path: string): Sql {
  return `select name from parquet_schema(${pathSql(path)})`
}

/**
 * Puts into `gone` the places of rows in which one of these columns of text has an id whose SHA-256 is in `known`: as it
 * is, in a list of ids, or in an object of ids or lists of them. A whole number that was written with a fraction or an
 * exponent has `.0` behind it in Parquet, and is the same id.
 */
export function rowsWithIdsSql(path: string, columns: readonly string[]): Sql {
  const inside = `case when not json_valid(v) then []
    when v like '[%' then json_extract_string(v, '$[*]')
    when v like '{%' then list_concat(json_extract_string(v, '$.*'), json_extract_string(v, '$.*[*]'))
    else [] end`
  return `insert into gone select distinct place from
    (select place, unnest(list_concat(vs, flatten(list_transform(vs, lambda v: ${inside})))) as id from
      (select file_row_number as place, ${listOf(columns.map(quoted))} as vs from ${readParquet(path)}))
    where sha256(id) in (select sha256 from known) or (id like '%.0' and sha256(left(id, -2)) in (select sha256 from known))`
}

/** Ids that are to be found, by their SHA-256. */
export function knownSql(sha256: readonly string[]): Sql {
  return `insert into known values ${sha256.map((one) => `(${text(one)})`).join(', ')}`
}

/** What is left, in its order. */
export function keptSql(path: string, more = ''): Sql {
  return `select *${more} from ${readParquet(path)}
    where file_row_number not in (select place from gone)`
}

/** A file for each of these values of a text column, in folders that are named by its MD5. */
export function splitSql(path: string, column: string, values: readonly string[], to: string): Sql {
  const those = `${quoted(column)} in (${values.map(text).join(', ')})`
  return `copy (${keptSql(path, `, md5(${quoted(column)}) as _part`)} and ${those}) to ${text(to)}
    (${writing}, partition_by (_part), return_stats)`
}

/** Beside a file's own columns each row has `file_row_number`, which `*` leaves out. */
function readParquet(path: string): Sql {
  return `read_parquet(${pathSql(path)}, hive_partitioning = false)`
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

/** Of a value as JSON, and of null, which a MAP has as a name without one. Nothing but a string sorts before `#`. */
function bareSql(value: Sql): Sql {
  return `case when ${value} < '#' then from_json(${value}, '"VARCHAR"') else coalesce(${value}, 'null') end`
}

/** What reads as JSON and does not begin with a sign, a digit, a bracket or a brace. */
const jsonWords = ['true', 'false', 'null', 'NaN', 'Infinity'].map((word) => text(`"${word}"`))

/**
 * The names in a line whose value would read like JSON and is a string all the same. Most texts are sorted out by comparing
 * the first characters of what was written: asking json_valid of each takes three times as long. Ids, which begin with a
 * digit as often as not, are none of them, and are not looked into.
 */
function oddSql(ids: readonly Sql[]): Sql {
  // A brace; a blank, a sign or a digit, but not the end; a bracket or an escape.
  const perhaps = (v: Sql) =>
    `(${v} < '"|' and (${v} >= '"{' or (${v} < '":' and ${v} <> '""') or (${v} >= '"[' and ${v} < '"]')))`
  // Others read \ud800 as JSON, DuckDB does not.
  const surely = (v: Sql) => `(json_valid(json_extract_string(${v}, '$')) or contains(${v}, '\\u'))`
  const none = ['0', ...ids.map((id) => `coalesce(${perhaps(id)}, false)::integer`)].join(' + ')
  const words = jsonWords.map((word) => `list_contains(vs, ${word})`).join(' or ')
  const value = 'vs[nth]'
  return `case when len(list_filter(vs, lambda v: ${perhaps('v')})) > ${none} or ${words} then
    list_filter(names, lambda n, nth: case when ${perhaps(value)} or ${value} in (${jsonWords.join(', ')})
      then ${surely(value)} else false end and list_position(names, n) = nth) end`
}

/** The columns of those, in a list: an expression for each column takes half a megabyte each. */
function stringsSql(columns: readonly (readonly [name: string, column: string])[]): Sql {
  const name = `(${listOf(columns.map(([name]) => text(name)))})[nth]`
  return `case when len(odd) > 0 then
    nullif(list_filter(${listOf(columns.map(([, column]) => text(column)))}, lambda c, nth: list_contains(odd, ${name})), []) end`
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
