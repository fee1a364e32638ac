import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { resultRows } from '../../../lib/report/publish.ts'
import { runReport } from '../../../lib/report/run.ts'
import type { Answer } from '../../../lib/result.ts'
import { desk, monday } from './desk.ts'

test('DuckDB reads the result rows of a run: the numbers of its answers, series and funnels in one table', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'broadsheet rows '))
  try {
    const outcome = await runReport({ report: 'weekly', scheduledAt: monday }, desk(folder))
    if (outcome.status !== 'done') throw new Error(outcome.why)
    const answers = outcome.results.filter((result): result is Answer => result.shape !== 'failure')
    const { parquet, rows } = resultRows(outcome.run, 'weekly', answers)
    const path = join(folder, 'rows.parquet')
    await writeFile(path, parquet)
    const instance = await DuckDBInstance.create()
    const connection = await instance.connect()
    const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson()
    expect(await read(`select count(*)::int as n, min(run) as run from '${path}'`)).toEqual([
      { n: rows, run: 'weekly/20261116T070000Z' },
    ])
    expect(await read(`select date, series, value from '${path}' where query = 'signups' order by date limit 2`)).toEqual([
      { date: '2026-11-09', series: 'Sign Up', value: 100 },
      { date: '2026-11-10', series: 'Sign Up', value: 101 },
    ])
    // A funnel's steps are rows of its window's first day; the window moved back until its entrants' time was over.
    expect(await read(`select date, series, segment, value from '${path}' where shape = 'funnel' order by value desc`)).toEqual([
      { date: '2026-11-02', series: 'Sign Up', segment: null, value: 400 },
      { date: '2026-11-02', series: 'Invite', segment: null, value: 100 },
    ])
    connection.closeSync()
    instance.closeSync()
  } finally {
    await rm(folder, { recursive: true })
  }
})
