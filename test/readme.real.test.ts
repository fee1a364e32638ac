import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFolder } from '../lib/store/folder.ts'
import { openStore } from '../lib/store/open.ts'
import { realServer } from './servers/launch.ts'
import type { S3Server } from './servers/s3.ts'
import { startVersitygw } from './servers/versitygw.ts'

const root = join(import.meta.dirname, '..')
let s3: S3Server
let bucket: string
let folder: string
let env: Record<string, string | undefined>

/** The example's runs, in a folder and in a bucket, where a deployed stack keeps them. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet readme '))
  s3 = await startVersitygw()
  bucket = await s3.createBucket()
  env = { PATH: process.env['PATH'], HOME: folder, BUCKET: bucket, ...s3.env }
  await run(process.execPath, ['functions/cli.ts', 'run', '--sample', '--store', folder])
  const from = openFolder(join(folder, 'sample'))
  const to = openStore(`s3://${bucket}`, s3.client)
  for await (const { key } of from.list('')) await to.put(key, (await from.get(key))?.body ?? '')
})
afterAll(async () => {
  await s3.stop()
  await rm(folder, { recursive: true })
})

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(code).toBe(0)
  return out.trim()
}

/** The README's snippet in a language, as it stands there. */
async function snippet(language: string): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(readme)
  if (found?.[1] === undefined) throw new Error(`the README has no ${language}`)
  return found[1]
}

async function signups(): Promise<{
  total: number
  dates: string[]
  timeframe: { start: string }
  series: { name: string; values: number[] }[]
}> {
  const store = openFolder(join(folder, 'sample'))
  const read = async (key: string) => JSON.parse(Buffer.from((await store.get(key))?.body ?? []).toString())
  return read((await read('reports/weekly-growth/latest.json')).queries.signups.json)
}

test('the README’s TypeScript prints the newest answer', async () => {
  const { timeframe, total } = await signups()
  expect(await run(process.execPath, ['--input-type=module-typescript', '-e', await snippet('ts')])).toBe(
    `${timeframe.start} ${total}`,
  )
})

test('the README’s Python prints the first row of the newest CSV', async () => {
  const { dates, series } = await signups()
  const printed = await run(realServer('venv/bin/python'), ['-c', await snippet('python')])
  expect(printed).toBe(`${dates[0]} ${series[0]?.name} ${series[0]?.values[0]}`)
})

test('the README’s SQL counts every date once', async () => {
  const { dates, series } = await signups()
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const sql = (await snippet('sql')).replace("'results/", `'${join(folder, 'sample')}/results/`)
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson()
  expect(rows.map(({ date }) => date)).toEqual(dates)
  expect(rows[0]?.['signups']).toBe(series.reduce((sum, one) => sum + (one.values[0] ?? 0), 0))
  connection.closeSync()
  instance.closeSync()
})
