import { DataError } from '../../errors.ts'
import type { EventFile } from './input.ts'
import type { Sql } from './sql.ts'
import { allOf, text } from './sql.ts'

/** What of events a question reads beside event, person and time. */
export interface Reads {
  readonly properties: readonly string[]
  /** Which properties are set, whatever their values. */
  readonly shapes?: boolean
}

export interface Column {
  readonly name: string
  readonly type: string
}

/** What Mixpanel's export puts among the properties of every event: who, when, and which. */
const everywhere = ['distinct_id', 'time', '$insert_id']

/** A number above this is milliseconds, not seconds. */
const secondsEnd = 1e11

/**
 * The statements that turn files into a table of events: `event`, `person` (distinct_id), `micros` (since 1970), `insert_id`,
 * and `p0`, `p1` … with the JSON text of each property asked for. `event` or `micros` is NULL where a line has none.
 */
export function ndjsonTable(table: string, files: readonly EventFile[], { properties, shapes }: Reads): Sql {
  // A pointer, not a path: `properties->>'$insert_id'` would be read as JSONPath.
  const pointers = ['distinct_id', 'time', '$insert_id', ...properties].map((name) => text(pointer(name)))
  const columns = properties.map((_, at) => `parts[${at + 4}]::varchar as p${at}`)
  return `create table ${table} as
    select json_text(event) as event, json_id(parts[1]::varchar) as person, ${epochMicros('seconds')} as micros,
      json_id(parts[3]::varchar) as insert_id${columns.map((column) => `, ${column}`).join('')}${shapes === true ? ', shape' : ''}
    from (select *, json_number(parts[2]::varchar) as seconds
      from (select event, json_extract(properties, [${pointers.join(', ')}]) as parts${shapes === true ? `, ${shapeOf(keysSql('properties'))}` : ''}
        from ${readNdjson(files)}))`
}

/** Read a second time: kept beside each event, the names would take more room than all that is asked of it. */
export function ndjsonShapes(table: string, files: readonly EventFile[]): Sql {
  return shapesTable(table, keysSql('properties'), readNdjson(files))
}

/** Every column that any of the Parquet files has. */
export function parquetColumns(files: readonly EventFile[]): Sql {
  return `select column_name as name, column_type as type from (describe from ${readParquet(files)})`
}

/** Throws DataError where the files are not laid out as a lake reads them. */
export function parquetTable(table: string, files: readonly EventFile[], reads: Reads, columns: readonly Column[]): Sql {
  const shape = reads.shapes === true ? `, ${shapeOf(setColumns(columns))}` : ''
  return `create table ${table} as select ${parquetSelection(files, reads.properties, columns)}${shape} from ${readParquet(files)}`
}

export function parquetShapes(table: string, files: readonly EventFile[], columns: readonly Column[]): Sql {
  return shapesTable(table, setColumns(columns), readParquet(files))
}

/** The first row of one file that is no event, if any. */
export function parquetDamage(file: EventFile, columns: readonly Column[]): Sql {
  return `select file_row_number + 1 as row from
    (select ${parquetSelection([file], [], columns)}, file_row_number from ${readParquet([file], ', file_row_number = true')})
    where event is null or micros is null order by 1 limit 1`
}

/**
 * Rows that repeat an earlier one (by event, distinct_id, time and $insert_id) move out of the table; what they were is kept
 * in `dropped`, so that an answer can say how many it left out. Rows without $insert_id are never repetitions.
 */
export function dropDuplicates(table: string, dropped: string): Sql[] {
  const key = ['event', 'person', 'micros', 'insert_id']
  const same = key.map((column) => `t.${column} is not distinct from d.${column}`)
  return [
    `create table ${dropped} as select id, event, micros from
      (select t.rowid as id, t.event, t.micros, row_number() over (partition by ${key.map((column) => `t.${column}`).join(', ')} order by t.rowid) as nth
        from ${table} t join (select ${key.join(', ')} from ${table} where insert_id is not null group by all having count(*) > 1) d on ${allOf(same)})
      where nth > 1`,
    `delete from ${table} where rowid in (select id from ${dropped})`,
  ]
}

function parquetSelection(files: readonly EventFile[], properties: readonly string[], columns: readonly Column[]): Sql {
  const byName = new Map(columns.map((column) => [column.name, column]))
  const where = files.length === 1 ? files[0]?.name : `${files[0]?.name} and the files beside it`
  const need = (name: string): Column => {
    const column = byName.get(name)
    if (column !== undefined) return column
    throw new DataError(`${where}: there is no column ${name}`, {
      remedy:
        'a lake reads Parquet with event, distinct_id, time, insert_id and a column for each property, or event and properties (JSON text)',
    })
  }
  const event = `${quoted(need('event').name)}::varchar as event`
  if (hasPropertiesText(columns)) {
    const parts = `json_extract(${asJson(need('properties'))}, [${['distinct_id', 'time', '$insert_id', ...properties].map((name) => text(pointer(name))).join(', ')}])`
    const value = (at: number) => `${parts}[${at}]::varchar`
    const own = properties.map((_, at) => `, ${value(at + 4)} as p${at}`)
    return `${event}, json_id(${value(1)}) as person, ${epochMicros(`json_number(${value(2)})`)} as micros, json_id(${value(3)}) as insert_id${own.join('')}`
  }
  const id = byName.has('insert_id') ? 'insert_id' : byName.has('$insert_id') ? '$insert_id' : undefined
  const frame = {
    person: byName.has('distinct_id') ? `${quoted('distinct_id')}::varchar` : 'null::varchar',
    micros: timeSql(need('time'), where ?? ''),
    insertId: id === undefined ? 'null::varchar' : `${quoted(id)}::varchar`,
  }
  const strings = byName.get('_strings')
  const own = properties.map((name, at) => {
    if (name === 'distinct_id') return `, to_json(${frame.person})::varchar as p${at}`
    if (name === 'time') return `, to_json(${frame.micros} / 1e6)::varchar as p${at}`
    if (name === '$insert_id') return `, to_json(${frame.insertId})::varchar as p${at}`
    const column = byName.get(name)
    return `, ${column === undefined ? 'null::varchar' : propertySql(column, strings)} as p${at}`
  })
  return `${event}, ${frame.person} as person, ${frame.micros} as micros, ${frame.insertId} as insert_id${own.join('')}`
}

/** `event` and `properties`, as Mixpanel's export has them, not a column for each property. */
function hasPropertiesText(columns: readonly Column[]): boolean {
  return columns.some(({ name }) => name === 'properties') && !columns.some(({ name }) => name === 'time')
}

/** The names of the properties that are set, as a JSON list. */
function setColumns(columns: readonly Column[]): Sql {
  const strings = columns.find(({ name }) => name === '_strings')
  const whole = columns.find(({ name }) => name === 'properties')
  if (whole !== undefined && hasPropertiesText(columns)) return keysSql(asJson(whole))
  const own = columns.filter(({ name }) => !['event', 'insert_id', '_strings', ...everywhere].includes(name))
  const names = own.map((column) => `case when ${propertySql(column, strings)} <> 'null' then ${text(column.name)} end`)
  return `to_json(list_filter([${['null::varchar', ...names].join(', ')}], lambda name: name is not null))::varchar`
}

/** A merge patch (RFC 7396) leaves out what is null, which is not set. */
function keysSql(properties: Sql): Sql {
  return `to_json(json_keys(json_merge_patch('{}', ${properties})))::varchar`
}

function shapeOf(keys: Sql): Sql {
  return `md5_number(${keys}) as shape`
}

/** A key may stand in an object twice. */
function shapesTable(table: string, keys: Sql, from: Sql): Sql {
  const own = `name not in (${everywhere.map(text).join(', ')})`
  return `create table ${table} as select shape, list_filter(list_distinct(from_json(any_value(keys), '["VARCHAR"]')), lambda name: ${own}) as names
    from (select keys, ${shapeOf('keys')} from (select ${keys} as keys from ${from})) group by shape`
}

function timeSql({ name, type }: Column, where: string): Sql {
  if (/^(?:TIMESTAMP|DATE)/.test(type)) {
    return type.endsWith('WITH TIME ZONE') ? `epoch_us(${quoted(name)})` : `epoch_us(${quoted(name)}::timestamp)`
  }
  if (/^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|DOUBLE|FLOAT|DECIMAL)/.test(type)) {
    return epochMicros(`${quoted(name)}::double`)
  }
  throw new DataError(`${where}: the column ${name} is ${type}`, {
    remedy: 'a time is a timestamp, or a number of seconds since 1970',
  })
}

/** A text stands as itself and anything else as its JSON; texts that read like JSON are named in `_strings`. */
function propertySql(column: Column, strings: Column | undefined): Sql {
  const value = quoted(column.name)
  if (column.type !== 'VARCHAR') return asJson(column)
  const name = text(column.name)
  const listed =
    strings === undefined
      ? 'false'
      : strings.type.endsWith('[]')
        ? `coalesce(list_contains(${quoted('_strings')}, ${name}), false)`
        : `coalesce(json_contains(${quoted('_strings')}, to_json(${name})), false)`
  const readsLikeJson = `${value} in ('true', 'false', 'null')
    or (ascii(${value}) in (45, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57) and regexp_full_match(${value}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?'))
    or (ascii(${value}) in (91, 123) and json_valid(${value}))`
  return `case when ${value} is null then null when not (${listed}) and (${readsLikeJson}) then ${value} else to_json(${value})::varchar end`
}

function asJson({ name, type }: Column): Sql {
  return type === 'VARCHAR' || type === 'JSON' ? `${quoted(name)}::varchar` : `to_json(${quoted(name)})::varchar`
}

/** NULL beyond what a time can be, so that it is told as damage. */
function epochMicros(seconds: Sql): Sql {
  return `case when abs(${seconds}) < 1e15
      then round(case when ${seconds} > ${secondsEnd} then ${seconds} * 1e3 else ${seconds} * 1e6 end)::bigint end`
}

function readNdjson(files: readonly EventFile[]): Sql {
  return `read_json([${files.map(pathSql).join(', ')}], format = 'newline_delimited', hive_partitioning = false,
          columns = {event: 'JSON', properties: 'JSON'})`
}

function readParquet(files: readonly EventFile[], more = ''): Sql {
  return `read_parquet([${files.map(pathSql).join(', ')}], union_by_name = true, hive_partitioning = false${more})`
}

/** DuckDB takes a path for a pattern. */
function pathSql({ path }: EventFile): Sql {
  return text(path.replaceAll(/[[*?]/g, '[$&]'))
}

function pointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function quoted(name: string): Sql {
  return `"${name.replaceAll('"', '""')}"`
}
