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

/** Files of one load; of an export both kinds may be there, each window in one of them. */
export interface Files {
  readonly ndjson: readonly EventFile[]
  readonly parquet: readonly EventFile[]
  /** Those that any of the Parquet files has. */
  readonly columns: readonly Column[]
}

/**
 * The statement that turns files into a table of events: `event`, `person` (distinct_id), `micros` (since 1970), `insert_id`,
 * and `p0`, `p1` … with the JSON text of each property asked for. `event` or `micros` is NULL where a line has none. Throws
 * DataError where Parquet is not laid out as a lake reads it.
 */
export function eventsTable(table: string, { ndjson, parquet, columns }: Files, reads: Reads): Sql {
  const parts = [
    ...(ndjson.length === 0 ? [] : [ndjsonRows(ndjson, reads)]),
    ...(parquet.length === 0 ? [] : [parquetRows(parquet, reads, columns)]),
  ]
  return `create table ${table} as ${parts.join('\n    union all ')}`
}

/** Read a second time: kept beside each event, the names would take more room than all that is asked of it. */
export function shapesTable(table: string, { ndjson, parquet, columns }: Files): Sql {
  const parts = [
    ...(ndjson.length === 0 ? [] : [`select ${keysSql('properties')} as keys from ${readNdjson(ndjson)}`]),
    ...(parquet.length === 0
      ? []
      : [`select ${setColumns(columns, givenColumns(parquet))} as keys from ${readParquet(parquet)}`]),
  ]
  // A key may stand in an object twice.
  const own = `name not in (${everywhere.map(text).join(', ')})`
  return `create table ${table} as select shape, list_filter(list_distinct(from_json(any_value(keys), '["VARCHAR"]')), lambda name: ${own}) as names
    from (select keys, ${shapeOf('keys')} from (${parts.join(' union all ')})) group by shape`
}

function ndjsonRows(files: readonly EventFile[], { properties, shapes }: Reads): Sql {
  // A pointer, not a path: `properties->>'$insert_id'` would be read as JSONPath.
  const pointers = ['distinct_id', 'time', '$insert_id', ...properties].map((name) => text(pointer(name)))
  const ofExport = files[0]?.ofExport
  const frame = { person: 'json_id(parts[1]::varchar)', micros: epochMicros('seconds'), insertId: 'json_id(parts[3]::varchar)' }
  if (ofExport?.localZone !== undefined) frame.micros = fromLocal(frame.micros, ofExport.localZone)
  const columns = properties.map((name, at) => {
    const framed = ofExport === undefined ? undefined : framedSql(name, frame)
    return `, ${framed ?? `parts[${at + 4}]::varchar`} as p${at}`
  })
  return `select json_text(event) as event, ${frame.person} as person, ${frame.micros} as micros,
      ${frame.insertId} as insert_id${columns.join('')}${shapes === true ? ', shape' : ''}
    from (select *, json_number(parts[2]::varchar) as seconds
      from (select event, json_extract(properties, [${pointers.join(', ')}]) as parts${shapes === true ? `, ${shapeOf(keysSql('properties'))}` : ''}
        from ${readNdjson(files)}))`
}

/** Every column that any of the Parquet files has. */
export function parquetColumns(files: readonly EventFile[]): Sql {
  return `select column_name as name, column_type as type from (describe from ${readParquet(files)})`
}

/** How many rows Parquet files say that they have. */
export function parquetCount(files: readonly EventFile[]): Sql {
  return `select count(*)::double as n from ${readParquet(files)}`
}

function parquetRows(files: readonly EventFile[], reads: Reads, columns: readonly Column[]): Sql {
  const shape = reads.shapes === true ? `, ${shapeOf(setColumns(columns, givenColumns(files)))}` : ''
  return `select ${parquetSelection(files, reads.properties, columns)}${shape} from ${readParquet(files)}`
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
  const given = givenColumns(files)
  const own = properties.map((name, at) => {
    const column = byName.get(given === undefined ? name : (given.get(name) ?? ''))
    const value =
      framedSql(name, frame) ?? (column === undefined ? 'null::varchar' : propertySql(column, strings, given !== undefined))
    return `, ${value} as p${at}`
  })
  return `${event}, ${frame.person} as person, ${frame.micros} as micros, ${frame.insertId} as insert_id${own.join('')}`
}

/** What an export called its properties' columns; undefined where nobody did, and each has its own name. */
function givenColumns(files: readonly EventFile[]): ReadonlyMap<string, string> | undefined {
  const given = files.flatMap(({ ofExport }) => (ofExport === undefined ? [] : [...ofExport.columns]))
  return files[0]?.ofExport === undefined ? undefined : new Map(given)
}

/** Properties that every event has, where they are columns of their own: ids are text there, and times seconds in UTC. */
function framedSql(name: string, { person, micros, insertId }: { person: Sql; micros: Sql; insertId: Sql }): Sql | undefined {
  if (name === 'distinct_id') return `to_json(${person})::varchar`
  if (name === 'time') return `to_json((${micros}) / 1e6)::varchar`
  return name === '$insert_id' ? `to_json(${insertId})::varchar` : undefined
}

/** `event` and `properties`, as Mixpanel's export has them, not a column for each property. */
function hasPropertiesText(columns: readonly Column[]): boolean {
  return columns.some(({ name }) => name === 'properties') && !columns.some(({ name }) => name === 'time')
}

/** The names of the properties that are set, as a JSON list. */
function setColumns(columns: readonly Column[], given: ReadonlyMap<string, string> | undefined): Sql {
  const strings = columns.find(({ name }) => name === '_strings')
  const whole = columns.find(({ name }) => name === 'properties')
  if (given === undefined && whole !== undefined && hasPropertiesText(columns)) return keysSql(asJson(whole))
  const property = given === undefined ? undefined : new Map([...given].map(([name, column]) => [column, name]))
  const names = columns.flatMap((column) => {
    const isFrame = ['event', 'insert_id', '_strings', ...everywhere].includes(column.name)
    const name = property === undefined ? (isFrame ? undefined : column.name) : property.get(column.name)
    if (name === undefined) return []
    return [`case when ${setSql(column, strings)} then ${text(name)} end`]
  })
  return `to_json(list_filter([${['null::varchar', ...names].join(', ')}], lambda name: name is not null))::varchar`
}

/** A merge patch (RFC 7396) leaves out what is null, which is not set. */
function keysSql(properties: Sql): Sql {
  return `to_json(json_keys(json_merge_patch('{}', ${properties})))::varchar`
}

function shapeOf(keys: Sql): Sql {
  return `md5_number(${keys}) as shape`
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

/**
 * A text stands as itself and anything else as its JSON; texts that read like JSON are named in `_strings`. In an export
 * that is what DuckDB takes for JSON, which knows numbers that are none.
 */
function propertySql(column: Column, strings: Column | undefined, ofExport: boolean): Sql {
  const value = quoted(column.name)
  if (column.type !== 'VARCHAR') return asJson(column)
  const words = ofExport ? ['true', 'false', 'null', 'NaN', 'Infinity', '-Infinity'] : ['true', 'false', 'null']
  const readsLikeJson = `${value} in (${words.map(text).join(', ')})
    or (ascii(${value}) in (45, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57) and regexp_full_match(${value}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?'))
    or (ascii(${value}) in (91, 123) and json_valid(${value}))`
  return `case when ${value} is null then null when not (${listedSql(column, strings)}) and (${readsLikeJson}) then ${value} else to_json(${value})::varchar end`
}

/** Whether a property is set: neither missing nor null. */
function setSql(column: Column, strings: Column | undefined): Sql {
  if (column.type !== 'VARCHAR') return `${asJson(column)} <> 'null'`
  const value = quoted(column.name)
  return `${value} is not null and (${value} <> 'null' or ${listedSql(column, strings)})`
}

/** Whether a column's text is a text, whatever it reads like. */
function listedSql(column: Column, strings: Column | undefined): Sql {
  const name = text(column.name)
  if (strings === undefined) return 'false'
  return strings.type.endsWith('[]')
    ? `coalesce(list_contains(${quoted('_strings')}, ${name}), false)`
    : `coalesce(json_contains(${quoted('_strings')}, to_json(${name})), false)`
}

function asJson({ name, type }: Column): Sql {
  return type === 'VARCHAR' || type === 'JSON' ? `${quoted(name)}::varchar` : `to_json(${quoted(name)})::varchar`
}

/** NULL beyond what a time can be, so that it is told as damage. */
function epochMicros(seconds: Sql): Sql {
  return `case when abs(${seconds}) < 1e15
      then round(case when ${seconds} > ${secondsEnd} then ${seconds} * 1e3 else ${seconds} * 1e6 end)::bigint end`
}

/** As Parquet of an export has it: of a time that is there twice the second, one that the clocks leave out goes on. */
function fromLocal(micros: Sql, zone: string): Sql {
  return `epoch_us(timezone('UTC', timezone(${text(zone)}, make_timestamp(${micros}))))`
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
