import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startVendor } from '../servers/vendor.ts'
import { runCommand } from './command.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet ddl '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function project(words: string, url = 'http://127.0.0.1:9'): Promise<void> {
  const yaml = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:MIXPANEL, url: '${url}' }
exports:
  web-events: { source: product, data: events, from: 2026-11-09, to: 2026-11-10${words} }
`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
}

// Somebody's database may be in the environment of a laptop; the command line asks no catalogue.
const environment = {
  MIXPANEL: 'reports:Zk3vQ9pLr7TnX2mB',
  BROADSHEET_DATABASE: 'exports',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
}
const run = (...args: string[]) => runCommand([...args, '--project', folder], environment)

describe('broadsheet export --ddl', () => {
  test('prints the tables of what is kept, by the columns that its days brought, and exports nothing', async () => {
    const properties = { time: 1794225600, distinct_id: 'u', $insert_id: 'i', 'Plan Type': 'pro', 'a,b': 1, 'a.b': 2 }
    const body = gzipSync(`${JSON.stringify({ event: 'Sign Up', properties })}\n`)
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
    const path = '/api/2.0/export'
    const query = { project_id: '1234567', from_date: '2026-11-09', to_date: '2026-11-09' }
    await using vendor = await startVendor([{ path, query, answer: { headers, body } }])
    await project(', glue: false', vendor.url)
    expect(await run('export', 'web-events')).toMatchObject({ code: 0 })
    const { code, out, err } = await run('export', 'web-events', '--ddl')
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('CREATE EXTERNAL TABLE IF NOT EXISTS `web_events` (\n  `event` string,\n')
    expect(out).toContain("  `plan type` string COMMENT 'Plan Type'\n)")
    expect(out).toContain("LOCATION 's3://<bucket>/exports/web-events/parquet/'")
    expect(out).toContain('CREATE EXTERNAL TABLE IF NOT EXISTS `web_events_windows` (')
    expect(out.match(/-- Not listed, because Athena’s DDL takes no such name: .*/g)?.map((line) => line.split(': ')[1])).toEqual([
      '"a,b"',
      '"a.b"',
    ])
    expect(out).not.toContain('`a.b`')
    expect(out).toMatch(/^-- Athena runs one .*\n-- The store is a folder; .*<bucket>\.\n/)
  })

  test('before anything is kept prints what every day will have, and touches nothing', async () => {
    await project(', schema: multi')
    const { code, out: printed } = await run('export', 'web-events', '--ddl')
    expect(code).toBe(0)
    expect(printed.match(/CREATE EXTERNAL TABLE IF NOT EXISTS `\w+`/g)).toEqual([
      'CREATE EXTERNAL TABLE IF NOT EXISTS `web_events_windows`',
    ])
    expect(printed).toContain('-- There is nothing yet; run it again after the first window')
    expect(await readdir(folder)).toEqual(['broadsheet.yaml'])
  })

  test('prints one JSON document where that is asked for', async () => {
    await project(', format: [json]')
    const { out } = await run('export', 'web-events', '--ddl', '--json')
    expect(JSON.parse(out)).toEqual({
      export: 'web-events',
      tables: [
        { name: 'web_events', ddl: expect.stringContaining('`properties` string') },
        { name: 'web_events_windows', ddl: expect.stringContaining('/exports/web-events/manifests/') },
      ],
      unlisted: [],
    })
  })

  test('of an export that is not there says which there are', async () => {
    await project('')
    expect(await run('export', 'events', '--ddl')).toMatchObject({ code: 2, err: expect.stringContaining('web-events') })
  })
})
