import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UsageError } from '../../../lib/errors.ts'
import type { Asker } from '../../../lib/export/select.ts'
import { openAsker } from '../../../lib/export/select.ts'

let scratch: string
let asker: Asker
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'broadsheet select '))
  asker = await openAsker({ scratch, tables: ['events'] })
  await asker.lock([])
})
afterAll(async () => {
  await asker.close()
  await rm(scratch, { recursive: true, force: true })
})

async function expectRefused(sql: string, name: string): Promise<void> {
  for (const ask of [asker.parse, asker.select]) {
    const refused = ask(sql)
    await expect(refused).rejects.toThrow(UsageError)
    await expect(refused).rejects.toThrow(`the SQL may not call ${name}`)
  }
}

test.each([
  ['enable_profiling', 'create table a as from enable_profiling(); create table b as from range(10); select 42'],
  ['enable_logging', "create table c as from ENABLE_LOGGING (storage = 'file'); select write_log('x')"],
  ['enable_logging', 'select * from "Enable_Logging"()'],
  ['disable_logging', 'from system.main.disable_logging /* a */ -- b\n ()'],
  ['disable_profiling', 'with x as (select 1), y as (from disable_profiling()) select (select max(a) from x) from x'],
  ['enable_peg_parser', 'explain analyze from enable_peg_parser()'],
  ['enable_peg_parser', 'call enable_peg_parser()'],
])('%s is refused before anything is run or fetched: %s', async (name, sql) => {
  await expectRefused(sql, name)
})

test.each([
  'from <query>(?)',
  'create table t as from <query>(?); create table u as from range(10); select 42',
  'create macro m(x) as table from main.<query>(x); from m(?)',
  "pivot <query>(?) on a in ('x') using count(*)",
  'pivot <query>(?) on a using count(*)',
  'explain from <query>(?)',
  'select exists (from range(1) join <query>(?) on true)',
])('a text that is put together is not run as SQL: %s', async (form) => {
  const sql = form.replace('?', "'from enable_' || 'profiling()'")
  for (const query of [
    'query',
    'Query ',
    '"QUERY"',
    'query\u200b',
    '"query"\u00a0',
    'query/* /* */ */',
    'query--x\r',
    'query\n\t',
  ]) {
    await expectRefused(sql.replace('<query>', query), 'query')
  }
})

test.each(['from', 'pragma'])('nor as its parse tree: %s', async (word) => {
  const tree = "json_serialize_sql('from enable_' || 'profiling()')"
  await expectRefused(`${word} json_execute_serialized_sql(${tree})`, 'json_execute_serialized_sql')
})

test('query_table finds tables, and no function', async () => {
  for (const name of ['profiling', 'profiling()', 'profiling() as x']) {
    await expect(asker.select(`from query_table('enable_' || '${name}')`)).rejects.toThrow(
      /Table with name enable_.* does not exist/,
    )
  }
})

test('of what a select may begin with, DuckDB has nothing that nobody has looked at', async () => {
  const known = `arrow_scan arrow_scan_dumb check_peg_parser checkpoint force_checkpoint generate_series glob icu_calendar_names
    json_each json_tree parquet_bloom_probe parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_metadata
    parquet_scan parquet_schema pg_timezone_names pragma_collations pragma_database_size pragma_metadata_info pragma_platform
    pragma_show pragma_storage_info pragma_table_info pragma_user_agent pragma_version query_table range read_blob read_csv
    read_csv_auto read_duckdb read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto
    read_ndjson_objects read_parquet read_text repeat repeat_row seq_scan sniff_csv sql_auto_complete summary test_all_types
    test_vector_types truncate_duckdb_logs unnest which_secret`.split(/\s+/)
  const { rows } = await asker.select(
    `select distinct function_name from duckdb_functions() where function_type = 'table' and function_name not like 'duckdb\\_%' escape '\\'`,
  )
  const names: string[] = []
  for await (const some of rows) names.push(...some.map(([name]) => String(name?.text)))
  const others = names.filter((name) => !known.includes(name)).toSorted()
  expect(others).toHaveLength(8)
  for (const name of others) await expectRefused(`from ${name}()`, name)
})

test.each([
  'pragma enable_profiling',
  'pragma enable_profiling; select 1',
  'pragma disable_optimizer',
  'set enable_profiling = true',
])('%s is no select', async (sql) => {
  await expect(asker.select(sql)).rejects.toThrow('this is not one select')
})

test.each([
  "select 'enable_profiling()' as enable_logging",
  "explain select 'query(1)' where 'query --' <> ''",
  'with query(a) as (select 1) select a from query /* that one */',
  'pivot (select 1 as query, 2 as b) on query using sum(b)',
])('the same words as a text or a name are no call: %s', async (sql) => {
  await asker.parse(sql)
  const { rows } = await asker.select(sql)
  let count = 0
  for await (const some of rows) count += some.length
  expect(count).toBe(1)
})

test('what does not parse is told as that, whatever it names', async () => {
  for (const ask of [asker.parse, asker.select])
    await expect(ask('selec query(1)')).rejects.toThrow('syntax error at or near "selec"')
})

test('a column keeps a byte order mark that its name begins with', async () => {
  expect(await asker.describe('(select 1 as "\ufeffplan", 2 as plan)')).toEqual(['\ufeffplan', 'plan'])
})

describe('a table that is called in quotes, and stands without them', () => {
  let named: Asker
  beforeAll(async () => {
    named = await openAsker({ scratch, tables: ['events', '"some"', '"order"', '"weekly-events"', '"2fa"'] })
  })
  afterAll(() => named.close())

  test.each([
    ['select event, count(*) from some group by all', 'some'],
    ['from Some', 'some'],
    ['select * from events join order using (event)', 'order'],
    ['select * from events, some', 'some'],
    ['select 1;\n-- it\nselect * from weekly-events', 'weekly-events'],
    ['select * from 2fa', '2fa'],
  ])('is named by what DuckDB cannot parse: %s', async (sql, name) => {
    const refused = named.parse(sql)
    await expect(refused).rejects.toThrow(UsageError)
    await expect(refused).rejects.toThrow(
      new RegExp(`syntax error at or near "[^"]+"; write the export’s name in quotes: '… from "${name}"'\\n`),
    )
  })

  test.each([
    'select * from events order events by 1',
    'select * from (select',
    'select * from "some" where',
    'select * from somewhere where',
    'from events some some',
  ])('is not where it has them, or is a word: %s', async (sql) => {
    const refused = named.parse(sql)
    await expect(refused).rejects.toThrow('syntax error')
    await expect(refused).rejects.not.toThrow('in quotes')
  })
})
