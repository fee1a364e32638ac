import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { growColumns } from '../../../lib/export/columns.ts'
import { ddlOf } from '../../../lib/export/ddl.ts'
import { openEngine } from '../../../lib/export/duckdb.ts'
import { convertRows, convertToParquet } from '../../../lib/export/parquet.ts'
import type { ExportTables } from '../../../lib/export/tables.ts'
import { tablesOf } from '../../../lib/export/tables.ts'

const store = { locate: (key: string) => `s3://lake/kept/${key}` }
type Entry = Parameters<typeof tablesOf>[0]
const entry: Entry = {
  name: 'web-events',
  source: 'product',
  data: 'events',
  from: '2026-01-01',
  format: ['json', 'parquet'],
  schema: 'mono',
}
const none = { columns: new Map<string, string>(), slugs: new Map<string, string>() }
const tables = (more: Partial<Entry> = {}, names: Partial<typeof none> = {}): ExportTables =>
  tablesOf({ ...entry, ...more }, { ...none, ...names }, store)

describe('the table of an export', () => {
  test('is one for all of its events, a folder for each day, the days of the future among them', () => {
    const { rows } = tables()
    expect(rows).toMatchObject({
      name: 'web_events',
      location: 's3://lake/kept/exports/web-events/parquet/',
      format: 'parquet',
      partitions: [{ name: 'date', type: 'string' }],
    })
    expect(rows?.parameters).toEqual({
      'projection.enabled': 'true',
      'projection.date.type': 'date',
      'projection.date.format': 'yyyy-MM-dd',
      'projection.date.range': '2026-01-01,NOW+1DAYS',
      'projection.date.interval': '1',
      'projection.date.interval.unit': 'DAYS',
      'storage.location.template': `s3://lake/kept/exports/web-events/parquet/date=\${date}/`,
    })
  })

  test('of an export that ends, ends with its last day', () => {
    expect(tables({ to: '2026-03-01' }).rows?.parameters['projection.date.range']).toBe('2026-01-01,2026-02-28')
  })

  test('of one that keeps each event by itself is one, too, and finds each by its part of the path', () => {
    const slugs = new Map([
      ['Sign Up', 'sign-up'],
      ['購入', 'event-8c1f0a'],
    ])
    const { rows } = tables({ schema: 'multi' }, { slugs })
    expect(rows?.partitions.map(({ name }) => name)).toEqual(['event_slug', 'date'])
    expect(rows?.columns.map(({ name }) => name)).toContain('event')
    expect(rows?.parameters).toMatchObject({
      'projection.event_slug.type': 'enum',
      'projection.event_slug.values': 'sign-up,event-8c1f0a',
      'storage.location.template': `s3://lake/kept/exports/web-events/parquet/event=\${event_slug}/date=\${date}/`,
    })
  })

  test('of one that keeps each event by itself is not there before there is any: a list of none is refused', () => {
    expect(tables({ schema: 'multi' }).rows).toBeUndefined()
    expect(tables({ schema: 'multi' }).windows.name).toBe('web_events_windows')
  })

  test('of snapshots has a partition for each of them', () => {
    const { rows } = tables({ name: 'people', data: 'people' })
    expect(rows?.parameters['storage.location.template']).toBe(`s3://lake/kept/exports/people/parquet/snapshot=\${snapshot}/`)
    expect(rows?.parameters['projection.snapshot.range']).toBe('2026-01-01,NOW+1DAYS')
  })

  test.each([
    ['events', 'multi', ['event', 'properties'], 'date'],
    ['people', 'mono', ['distinct_id', 'properties'], 'snapshot'],
    ['catalog', 'mono', ['item_id', 'properties'], 'snapshot'],
  ] as const)('of %s that are kept as json alone is read from their lines (schema %s)', (data, schema, columns, day) => {
    const { rows } = tables({ data, schema, format: ['json'] })
    expect(rows).toMatchObject({ format: 'json', reading: { 'case.insensitive': 'false' } })
    expect(rows?.columns.map(({ name }) => name)).toEqual(columns)
    expect(rows?.parameters['storage.location.template']).toBe(`s3://lake/kept/exports/web-events/json/${day}=\${${day}}/`)
  })
})

describe('columns', () => {
  const columnsOf = (...properties: string[]) => tables({}, { columns: growColumns(new Map(), properties) })

  test('are called by their small letters, and say which property they are of where that is another name', () => {
    const { rows, unlisted } = columnsOf('Plan Type', '$browser', 'date', 'event_slug', '日本', '__proto__')
    expect(rows?.columns.slice(5)).toEqual([
      { name: '$browser', type: 'string' },
      { name: 'plan type', type: 'string', comment: 'Plan Type' },
      { name: '__proto__', type: 'string' },
      { name: 'date_1', type: 'string', comment: 'date' },
      { name: 'event_slug_1', type: 'string', comment: 'event_slug' },
      { name: '日本', type: 'string' },
    ])
    expect(unlisted).toEqual([])
  })

  test.each(['a,b', 'a:b', 'a;b', 'a`b', ' a', 'a ', 'a\uFFFF', 'ä'.repeat(128), 'İ'.repeat(100)])(
    'of a name that Glue or Athena does not take are told and not listed: %j',
    (name) => {
      const { rows, unlisted } = columnsOf(name, 'country')
      expect(rows?.columns.slice(5).map((column) => column.name)).toEqual(['country'])
      expect(unlisted).toEqual([name])
    },
  )

  test('that are called as a part of the path are not listed: an old export may have one', () => {
    const columns = new Map([['event_slug', 'event_slug']])
    const slugs = new Map([['Sign Up', 'sign-up']])
    expect(tables({ schema: 'multi' }, { columns, slugs }).unlisted).toEqual(['event_slug'])
    expect(tables({}, { columns }).unlisted).toEqual([])
  })

  test('stay where they are when others come', () => {
    const before = growColumns(new Map(), ['m', 'z'])
    const after = growColumns(before, ['a', 'M'])
    const names = (columns: typeof before) => tables({}, { columns }).rows?.columns.map(({ name }) => name)
    expect(names(after)).toEqual([...(names(before) ?? []), 'm_1', 'a'])
  })

  test.each(['events', 'people', 'catalog'] as const)('of %s are those that the files have, of the same types', async (data) => {
    const folder = await mkdtemp(join(tmpdir(), 'tables of '))
    try {
      const [from, to] = [join(folder, 'lines.json'), join(folder, 'rows.parquet')]
      const id = data === 'catalog' ? 'item_id' : 'distinct_id'
      const properties = { Plan: 'pro', n: 3, list: ['a'] }
      const row =
        data === 'events'
          ? { event: 'Sign Up', properties: { time: 1794225600, distinct_id: 'u', $insert_id: 'i', ...properties } }
          : { [id]: 'u', properties }
      await writeFile(from, `${JSON.stringify(row)}\n`)
      const common = { from: [from], to, scratch: folder }
      const { columns } =
        data === 'events' ? await convertToParquet(common) : await convertRows(common, { ids: [id], properties: 'properties' })
      const engine = await openEngine({ memory: '128MB', scratch: join(folder, 'engine') })
      const found = await engine.query(
        `select column_name, column_type from (describe select * from read_parquet('${to.replaceAll("'", "''")}', hive_partitioning = false))`,
      )
      await engine.close()
      const types: Readonly<Record<string, string>> = { VARCHAR: 'string', TIMESTAMP: 'timestamp', 'VARCHAR[]': 'array<string>' }
      const inFile = found.map((one) => [String(one['column_name']).toLowerCase(), types[String(one['column_type'])]]).sort()
      const listed = tables({ data }, { columns: new Map(columns) }).rows?.columns.map(({ name, type }) => [name, type])
      expect(listed?.toSorted()).toEqual(inFile)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('the SQL that makes a table', () => {
  test('is Athena’s, with every name and text in quotes', () => {
    const { rows } = tables({ to: '2026-02-01' }, { columns: new Map([["It's \\ Ü", "It's \\ Ü"]]) })
    if (rows === undefined) throw new Error('no table')
    expect(ddlOf(rows)).toBe(`CREATE EXTERNAL TABLE IF NOT EXISTS \`web_events\` (
  \`event\` string,
  \`distinct_id\` string,
  \`time\` timestamp COMMENT 'UTC',
  \`insert_id\` string,
  \`_strings\` array<string> COMMENT 'columns whose text reads like JSON and is a string',
  \`it's \\ ü\` string COMMENT 'It\\'s \\\\ Ü'
)
COMMENT 'events of product, kept by Broadsheet; columns are added and none goes'
PARTITIONED BY (\`date\` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
LOCATION 's3://lake/kept/exports/web-events/parquet/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.date.type' = 'date',
  'projection.date.format' = 'yyyy-MM-dd',
  'projection.date.range' = '2026-01-01,2026-01-31',
  'projection.date.interval' = '1',
  'projection.date.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://lake/kept/exports/web-events/parquet/date=\${date}/'
);
`)
  })

  test('has no column with a dot, which Hive’s grammar refuses; a table of the catalogue has it', () => {
    const { rows } = tables({}, { columns: new Map([['a.b', 'a.b']]) })
    expect(rows?.columns).toContainEqual({ name: 'a.b', type: 'string' })
    expect(rows === undefined ? undefined : ddlOf(rows)).not.toContain('a.b')
  })

  test('of the windows reads each manifest as a row', () => {
    const ddl = ddlOf(tables().windows)
    expect(ddl).toContain("LOCATION 's3://lake/kept/exports/web-events/manifests/'")
    expect(ddl).toContain("'mapping.exported_at' = 'exportedAt'")
    expect(ddl).toContain('`objects` array<struct<key:string,bytes:bigint,sha256:string>>')
    expect(ddl).not.toContain('PARTITIONED')
    expect(ddl).not.toContain('TBLPROPERTIES')
  })
})
