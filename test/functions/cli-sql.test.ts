import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolder } from '../../lib/store/folder.ts'
import { exportKeys } from '../../lib/store/keys.ts'
import type { Store } from '../../lib/store/store.ts'
import { entryOf, keepDays } from '../lib/export/keeping.ts'
import { runCommand } from './command.ts'

let folder: string
let store: Store
const run = (...args: string[]) => runCommand(['sql', ...args, '--project', folder])
/** Rows as JSON. */
const rowsOf = async (select: string, ...more: string[]) => {
  const { out, err, code } = await run(select, '--json', ...more)
  expect(code, err).toBe(0)
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

function line(event: string, date: string, at: number, properties: object): string {
  const time = Date.parse(`${date}T22:30:00Z`) / 1000 + at
  return JSON.stringify({ event, properties: { time, distinct_id: `u${at}`, $insert_id: `${date}${at}`, ...properties } })
}

const first = [
  line('Sign Up', '2026-11-09', 1, { plan: 5, $browser: 'Zoë\u001b[31m', Event: 'x', date: 'y', none: null }),
  line('Sign Up', '2026-11-09', 2, { plan: '5', list: [1, { a: '日本' }] }),
  line('Charge', '2026-11-09', 3, { plan: 'five' }),
  // It came twice.
  line('Charge', '2026-11-09', 3, { plan: 'five' }),
]
const second = [line('Sign Up', '2026-11-10', 4, { since: true })]
const days = [
  { date: '2026-11-09', lines: first },
  { date: '2026-11-10', lines: second },
  { date: '2026-11-11', lines: [] },
]

beforeAll(async () => {
  // What DuckDB takes for a pattern, and for a partition.
  folder = await mkdtemp(join(tmpdir(), "broadsheet sql [a] env=prod it's "))
  store = openFolder(join(folder, '.broadsheet'))
  await keepDays(store, entryOf({ name: 'lines', format: ['json'] }), days)
  await keepDays(store, entryOf({ name: 'mono', format: ['json', 'parquet'] }), days)
  await keepDays(store, entryOf({ name: 'by-event', format: ['parquet'], schema: 'multi' }), days)
  await keepDays(store, entryOf({ name: 'partly', format: ['json'], schema: 'multi' }), days.slice(0, 2))
  const people = [
    '{"distinct_id":"u1","properties":{"$name":"Ann","distinct_id":"x"}}',
    '{"distinct_id":"u2","properties":{"$name":"5"}}',
  ]
  await keepDays(store, entryOf({ name: 'order', data: 'people', format: ['json', 'parquet'] }), [
    { date: '2026-11-09', lines: people },
  ])
  const words = 'source: product, data: events, from: 2026-11-09, to: 2026-11-12'
  await writeFile(
    join(folder, 'broadsheet.yaml'),
    `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:MIXPANEL }
exports:
  lines: { ${words}, format: [json] }
  mono: { ${words}, format: [json, parquet] }
  by-event: { ${words}, format: [parquet], schema: multi }
  partly: { ${words}, format: [json], schema: multi }
  order: { source: product, data: people, from: 2026-11-09, format: [json, parquet] }
  old: { source: product, data: events, from: 2020-01-01, to: 2020-01-05, keep: 2 days, format: [json] }
`,
  )
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the tables', () => {
  test.each(['lines', 'mono', '"by-event"', 'partly'])(
    '%s has each event once, with its columns and the date of its window',
    async (table) => {
      expect(await rowsOf(`select * from ${table} order by time`)).toEqual([
        {
          ...{ event: 'Sign Up', distinct_id: 'u1', time: '2026-11-09 22:30:01', insert_id: '2026-11-091' },
          ...{ $browser: 'Zoë\u001b[31m', Event_1: 'x', date_1: 'y', list: null, none: 'null', plan: '5', since: null },
          ...{ _strings: null, date: '2026-11-09' },
        },
        {
          ...{ event: 'Sign Up', distinct_id: 'u2', time: '2026-11-09 22:30:02', insert_id: '2026-11-092' },
          ...{ $browser: null, Event_1: null, date_1: null, list: '[1,{"a":"日本"}]', none: null, plan: '5', since: null },
          ...{ _strings: ['plan'], date: '2026-11-09' },
        },
        expect.objectContaining({ event: 'Charge', plan: 'five', date: '2026-11-09' }),
        expect.objectContaining({ event: 'Sign Up', since: 'true', plan: null, date: '2026-11-10' }),
      ])
    },
  )

  test.each(['"by-event"', 'partly'])('%s has one for each event, too', async (table) => {
    const select = `select event, count(*) as n, max(date) as last from ${table}."sign-up" group by all`
    expect(await rowsOf(select)).toEqual([{ event: 'Sign Up', n: 3, last: '2026-11-10' }])
    expect(await rowsOf(`select count(*) as n, max(since) as s from ${table}.charge`)).toEqual([{ n: 1, s: null }])
  })

  test('of snapshots have their date, and a name that is a word of SQL', async () => {
    expect(await rowsOf('select * from "order" order by all')).toEqual([
      { distinct_id: 'u1', $name: 'Ann', distinct_id_1: 'x', _strings: null, snapshot: '2026-11-09' },
      { distinct_id: 'u2', $name: '5', distinct_id_1: null, _strings: ['$name'], snapshot: '2026-11-09' },
    ])
  })

  test('have all columns, and none but the days that are asked for', async () => {
    for (const table of ['mono', '"by-event"']) {
      const days = `select count(*) as n, count("$browser") as b, min(date) as first from ${table}`
      expect(await rowsOf(days, '--from', '2026-11-10')).toEqual([{ n: 1, b: 0, first: '2026-11-10' }])
      expect(await rowsOf(days, '--to', '2026-11-10')).toEqual([{ n: 3, b: 1, first: '2026-11-09' }])
      expect(await rowsOf(days, '--from', '2026-11-11')).toEqual([{ n: 0, b: 0, first: null }])
    }
  })

  test('are listed without a select, as people type them', async () => {
    const { code, out } = await run()
    expect(code).toBe(0)
    expect(out).toContain('lines  events\n  windows  3 windows, 2026-11-09 to 2026-11-11\n  rows     5\n')
    expect(out).toContain('and one for each property, made when it is asked: 2 windows are without Parquet\n')
    expect(out).toContain('mono  events\n  windows  3 windows, 2026-11-09 to 2026-11-11\n  rows     4\n')
    expect(out).toContain('event, distinct_id, time (timestamp, UTC), insert_id, "$browser", "Event_1", date_1, list, none,\n')
    expect(out).toContain('  "by-event"."sign-up"  "Sign Up"\n')
    expect(out).toContain('partly  events\n  windows  2 windows, 2026-11-09 to 2026-11-10; 1 not kept\n')
    expect(out).toMatch(/"order" {2}people\n {2}windows {2}1 window, 2026-11-09; 1 not kept\n/)
    const listed = (await run('--json')).out.split('\n').slice(0, -1)
    expect(listed.map((table) => JSON.parse(table))).toMatchObject([
      { table: 'lines', linesAlone: 2 },
      { table: 'mono', rows: 4 },
      { table: '"by-event"', events: [{ table: '"by-event".charge' }, { table: '"by-event"."sign-up"', event: 'Sign Up' }] },
      { table: 'partly', missing: ['2026-11-11'] },
      { table: '"order"', data: 'people', columns: [{ name: 'distinct_id' }, {}, {}, {}, { name: 'snapshot', type: 'date' }] },
      { table: 'old', windows: { kept: 0 }, expired: ['2020-01-01', '2020-01-02', '2020-01-03', '2020-01-04'] },
    ])
  })
})

describe('what is printed', () => {
  test('is a table, as far as it goes, and says what more there is', async () => {
    const { out } = await run(
      'select event, plan, length(plan) as length, "$browser" as b from mono order by time',
      '--rows',
      '2',
    )
    expect(out.split('\n')).toEqual([
      'event    plan  length  b',
      '───────  ────  ──────  ─────────────',
      'Sign Up  5          1  Zoë\\u001b[31m',
      'Sign Up  5          1  NULL',
      '… 2 more rows (--rows, --csv or --json)',
      '',
    ])
    expect((await run(`select 1 as "a'b" where false`)).out).toBe(`a'b\n───\nno rows\n`)
  })

  test('is CSV, in which NULL and an empty text differ', async () => {
    const { out } = await run(`select '' as "a,b", null as n, 'x"y' as q, [1, null] as l`, '--csv')
    expect(out).toBe('"a,b",n,q,l\n"",,"x""y","[1,null]"\n')
  })

  test('is JSON that anyone reads: all digits, no number that is none, names that come twice', async () => {
    const select = `select 12345678901234567890 as big, 'nan'::double as nan, 1.50::decimal(9,2) as d, 1 as a, 2 as a,
      {'x': [1, null], 'y': 'z'} as s, '{"a":\n1}'::json as j, timestamptz '2026-11-09 12:00:00+01' as t, 0.1 as f, '\n' as n`
    expect((await run(select, '--json')).out).toBe(
      '{"big":12345678901234567890,"nan":null,"d":1.50,"a":1,"a:1":2,"s":{"x":[1,null],"y":"z"},"j":{"a": 1},' +
        '"t":"2026-11-09 11:00:00+00","f":0.1,"n":"\\n"}\n',
    )
  })

  test('comes from stdin’s SQL, row by row', async () => {
    const { out, code } = await runCommand(['sql', '-', '--csv', '--project', folder], {}, 'select * from range(300000)')
    expect([code, out.split('\n').length, out.slice(0, 10)]).toEqual([0, 300_002, 'range\n0\n1\n'])
  })
})

describe('what is missing is told, with how to get it', () => {
  test('days that are not kept, and those that have no Parquet yet', async () => {
    const { err } = await run('select count(*) from partly')
    expect(err).toContain(
      'partly: 1 window is not kept, and not in the answer: 2026-11-11; broadsheet export partly --from 2026-11-11 --to 2026-11-12 gets it\n',
    )
    expect(err).toContain('partly: 2 windows are without Parquet; it is made now, each time (add parquet to its formats)\n')
    expect((await run('select count(*) from mono')).err).toBe('')
  })

  test('a day that is being replaced is left out', async () => {
    await keepDays(store, entryOf({ name: 'mono', format: ['parquet'] }), [{ date: '2026-11-08', lines: second }])
    const key = exportKeys('mono').manifest('2026-11-08')
    // Before the first day that the project file has now: kept all the same, and asked.
    expect(await rowsOf('select count(*) as n from mono')).toEqual([{ n: 5 }])
    const manifest = JSON.parse(Buffer.from((await store.get(key))?.body ?? '').toString())
    await store.put(key, JSON.stringify({ ...manifest, status: 'replacing' }))
    const { out, err } = await run('select count(*) as n from mono', '--csv')
    await store.delete(key)
    expect(out).toBe('n\n4\n')
    expect(err).toContain('mono: 1 window is being replaced just now, and not in the answer: 2026-11-08; ask again when')
  })
})

describe('the SQL reads the exports, and does nothing else', () => {
  const kept = () => store.locate('exports/mono/parquet/date=2026-11-09/2026-11-09.parquet')
  test.each<[string, string]>([
    [
      'select * form mono',
      'the SQL cannot be run, line 1, column 15: syntax error at or near "mono"\n  select * form mono\n                ^',
    ],
    ['select 1,\n  nothing\nfrom mono', 'line 2, column 3: Referenced column "nothing" not found in FROM clause!'],
    [`select ${'1 + '.repeat(60)}nothing from mono`, 'line 1, column 248: Referenced column'],
    ['select * from nowhere', 'Table with name nowhere does not exist; there are lines, mono, "by-event", partly, "order"'],
    ["select plan::int from mono where plan = 'five'", "Could not convert string 'five' to INT32"],
    ['', 'there is no statement in the SQL'],
    ['select 1; select 2', 'this is not one select'],
    ['select ?', 'the SQL has a parameter'],
    ["copy (select 1) to 'mono.csv'", 'the SQL may read the exports alone'],
    ["copy mono to '<kept>'", 'this is not one select'],
    ["explain analyze copy mono to '<kept>'", 'this is not one select'],
    ["select * from read_text('<project>')", 'the SQL may read the exports alone: Cannot access file'],
    ["attach 'mono.db'", 'this is not one select'],
    ['set threads = 1', 'this is not one select'],
    ['load httpfs', 'this is not one select'],
    ['call enable_logging()', 'the SQL may not call enable_logging'],
    ["create table t as from enable_logging(storage = 'file'); select write_log('x')", 'the SQL may not call enable_logging'],
    ['pragma enable_profiling', 'this is not one select'],
    ['select * from mono --', ''],
  ])('%s', async (select, told) => {
    const before = await readFile(kept())
    const written = select
      .replace('<kept>', kept().replaceAll("'", "''"))
      .replace('<project>', join(folder, 'broadsheet.yaml').replaceAll("'", "''"))
    const { code, err } = await run(written)
    expect([code, err]).toEqual([told === '' ? 0 : 2, expect.stringContaining(told)])
    expect((await readFile(kept())).equals(before)).toBe(true)
    expect(err).not.toContain('defect')
  })

  test.each([
    ['pivot mono on event using count(*) group by date order by date', 'date,Charge,Sign Up\n2026-11-09,1,2\n2026-11-10,0,1\n'],
    ['explain analyze select count(*) from mono', 'explain_key,explain_value\n'],
    ['describe "order"', 'distinct_id,VARCHAR,'],
    ['create view mine as select * from mono; select count(*) as n from mine', 'n\n4\n'],
  ])('%s', async (select, out) => {
    expect(await run(select, '--csv')).toMatchObject({ code: 0, out: expect.stringContaining(out) })
  })
})

test('days that are older than `keep` are told where they are asked for', async () => {
  const of = (days: string) => `old: ${days}; with a longer \`keep\`, broadsheet export old asks for them again\n`
  const asked = await run('select count(*) as n from old', '--json', '--from', '2020-01-03')
  expect(asked).toMatchObject({
    out: '{"n":0}\n',
    err: of('2 windows are older than its `keep`, and not in the answer: 2020-01-03, 2020-01-04'),
  })
  const tables = await run('--from', '2020-01-04')
  expect(tables.out).toContain('old  events\n  windows  nothing kept; 1 older than `keep`\n')
  const listed = (await run('--json', '--from', '2020-01-04')).out.split('\n').slice(0, -1)
  expect(listed.map((one) => JSON.parse(one).expired)).toEqual([[], [], [], [], [], ['2020-01-04']])
})

test('windows of another length than the project file says are asked as they are, and no days are missed between them', async () => {
  const file = join(folder, 'broadsheet.yaml')
  const yaml = await readFile(file, 'utf8')
  await writeFile(file, yaml.replace('to: 2026-11-12, format: [json] }', 'to: 2026-11-12, every: hour, format: [json] }'))
  try {
    const { out, err, code } = await run('select count(*) as n from lines', '--csv')
    expect([code, out]).toEqual([0, 'n\n4\n'])
    expect(err).toMatch(
      /^lines: this export is kept by the day of UTC, and the project file says the hour of UTC; the answer is of/m,
    )
    expect(err).not.toMatch(/gets them/)
  } finally {
    await writeFile(file, yaml)
  }
})

test('a table whose name is a word of SQL is to be written in quotes', async () => {
  const { code, err } = await run('select snapshot, count(*) from order group by all')
  expect(code).toBe(2)
  expect(err).toContain(`syntax error at or near "order"; write the export’s name in quotes: '… from "order"'\n`)
})

test.each([
  [['select 1', '--rows', '0'], '--rows 0 is no number of rows'],
  [['select 1', '--from', '2026-11-31'], '--from 2026-11-31 is not a day'],
  [['select 1', '--csv', '--json'], "cannot be used with option '--json'"],
  [['--csv'], 'tables are listed for people or with --json'],
])('what is wrong is told before anything is read: %j', async (args, told) => {
  expect(await run(...args)).toMatchObject({ code: 2, err: expect.stringContaining(told) })
})

test('an object that is not what its manifest says is told by its place', async () => {
  const path = store.locate('exports/lines/json/date=2026-11-10/2026-11-10.json.gz')
  const before = await readFile(path)
  await writeFile(path, before.subarray(1))
  const { code, err } = await run('select count(*) from lines')
  await writeFile(path, before)
  expect(code).toBe(1)
  expect(err).toContain(`${path} has ${before.length - 1} bytes, and its manifest says ${before.length}; export its day again`)
})
