import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { resultRows } from '../../../lib/report/publish.ts'
import { runReport } from '../../../lib/report/run.ts'
import type { Answer } from '../../../lib/result.ts'
import { desk, monday } from './desk.ts'
import { cohortsAnswer, found, frequented, makeQuery, makeReport, retained, tableAnswer } from './made-answers.ts'

/** Reads rows back as a consumer would. */
async function readBack(
  folder: string,
  parquet: Uint8Array,
  ask: (read: (sql: string) => Promise<unknown>, path: string) => Promise<void>,
) {
  const path = join(folder, 'rows.parquet')
  await writeFile(path, parquet)
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  try {
    await ask(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson(), path)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

test('DuckDB reads the result rows of a run: the numbers of its answers, series and funnels in one table', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'broadsheet rows '))
  try {
    const outcome = await runReport({ report: 'weekly', scheduledAt: monday }, desk(folder))
    if (outcome.status !== 'done') throw new Error(outcome.why)
    const answers = outcome.results.filter((result): result is Answer => result.shape !== 'failure')
    const { parquet, rows } = resultRows(outcome.run, 'weekly', answers)
    await readBack(folder, parquet, async (read, path) => {
      expect(await read(`select count(*)::int as n, min(run) as run from '${path}'`)).toEqual([
        { n: rows, run: 'weekly/20261116T070000Z' },
      ])
      expect(await read(`select date, series, value from '${path}' where query = 'signups' order by date limit 2`)).toEqual([
        { date: '2026-11-09', series: 'Sign Up', value: 100 },
        { date: '2026-11-10', series: 'Sign Up', value: 101 },
      ])
      // A funnel's steps are rows of its window's first day; the window moved back until its entrants' time was over.
      expect(await read(`select date, series, segment, value from '${path}' where shape = 'funnel' order by value desc`)).toEqual(
        [
          { date: '2026-11-02', series: 'Sign Up', segment: null, value: 400 },
          { date: '2026-11-02', series: 'Invite', segment: null, value: 100 },
        ],
      )
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('cohorts are rows by their first day: the size, then every count that is over; a table is in its CSV alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'broadsheet rows '))
  const stay = makeQuery('stay', 'Retention', retained('Sign Up', 'any', { on: 'country' }))
  const often = makeQuery('often', 'Days a week', frequented('any', 'week', 'day'))
  const list = makeQuery('list', 'Customers', found())
  const made = makeReport([stay, often, list])
  const answers = [
    cohortsAnswer(
      { query: stay, report: made },
      { '2026-10-26': [100, 98, null, 30], '2026-11-09': [120] },
      { segments: { "D'E": { '2026-10-26': [60, 60] } } },
    ),
    cohortsAnswer({ query: often, report: made }, { '2026-11-09': [50, 50, 20] }),
    tableAnswer({ query: list, report: made }, ['name text'], [['=1+1']]),
  ]
  try {
    const { parquet, rows } = resultRows('weekly/20261116T070000Z', 'weekly', answers)
    await readBack(folder, parquet, async (read, path) => {
      const columns = 'shape, segment, series, date, value'
      expect(await read(`select ${columns} from '${path}' where query = 'stay'`)).toEqual([
        { shape: 'cohorts', segment: null, series: 'size', date: '2026-10-26', value: 100 },
        { shape: 'cohorts', segment: null, series: 'week 0', date: '2026-10-26', value: 98 },
        { shape: 'cohorts', segment: null, series: 'week 1', date: '2026-10-26', value: null },
        { shape: 'cohorts', segment: null, series: 'week 2', date: '2026-10-26', value: 30 },
        { shape: 'cohorts', segment: null, series: 'size', date: '2026-11-09', value: 120 },
        { shape: 'cohorts', segment: "D'E", series: 'size', date: '2026-10-26', value: 60 },
        { shape: 'cohorts', segment: "D'E", series: 'week 0', date: '2026-10-26', value: 60 },
      ])
      expect(await read(`select series, value from '${path}' where query = 'often'`)).toEqual([
        { series: 'size', value: 50 },
        { series: 'day 1', value: 50 },
        { series: 'day 2', value: 20 },
      ])
      expect(await read(`select count(*)::int as n, count(distinct query)::int as queries from '${path}'`)).toEqual([
        { n: rows, queries: 2 },
      ])
      // What a share is made of stands in the same table.
      const share = `select max(value) filter (series = 'week 2') / max(value) filter (series = 'size') as share
        from '${path}' where query = 'stay' and segment is null and date = '2026-10-26'`
      expect(await read(share)).toEqual([{ share: 0.3 }])
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
