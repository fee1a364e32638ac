import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rowsOf } from '../lib/export/parquet-oracle.ts'
import type { Expected } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import { exitOf, runCommand, startCommand } from './command.ts'

/** What `broadsheet export` leaves in a folder, as somebody who has only the command line sees it. */

const account = { MIXPANEL: 'reports:Zk3vQ9pLr7TnX2mB' }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet formats '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (...args: string[]) => runCommand([...args, '--project', folder], account)
const stored = join('.broadsheet', 'exports', 'events')

async function project(url: string, words: string): Promise<void> {
  const yaml = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:MIXPANEL, url: '${url}' }
exports:
  events: { source: product, data: events, order: oldest, from: 2026-11-09, ${words} }
`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
}

function event(date: string, at: number, name: string, properties: object): string {
  const time = Date.parse(`${date}T12:00:00Z`) / 1000 + at
  return JSON.stringify({ event: name, properties: { time, distinct_id: `u${at}`, $insert_id: `${date}-${at}`, ...properties } })
}
function day(date: string, lines: readonly string[], more: Partial<Expected['answer']> = {}): Expected {
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
  const body = gzipSync(lines.map((line) => `${line}\n`).join(''))
  return {
    path: '/api/2.0/export',
    query: { project_id: '1234567', from_date: date, to_date: date },
    answer: { headers, body, ...more },
  }
}

/** Every file under a folder, by its path from there. */
async function filesIn(root: string): Promise<string[]> {
  const all = await readdir(root, { recursive: true, withFileTypes: true })
  return all
    .filter((one) => one.isFile())
    .map((one) => relative(root, join(one.parentPath, one.name)))
    .sort()
}

test('`schema: multi` has a folder for each event, of whatever name, and one for two names never', async () => {
  const date = '2026-11-09'
  const names = ['Sign Up', 'sign up', 'a/b/c', '..', '注册', 'Ünïcode  Näme!']
  await using vendor = await startVendor([
    day(
      date,
      names.flatMap((name, at) => [event(date, at, name, { n: at }), event(date, at + 50, name, {})]),
    ),
  ])
  await project(vendor.url, 'to: 2026-11-10, schema: multi')
  const { code, out } = await run('export', 'events')
  expect([code, out]).toEqual([0, expect.stringContaining('events: 1 succeeded')])
  const files = await filesIn(join(folder, stored))
  const parquet = files.filter((file) => file.endsWith('.parquet'))
  expect(files).toEqual([`json/date=${date}/${date}.json.gz`, `manifests/${date}.json`, ...parquet])
  const slugs = parquet.map((file) => /^parquet\/event=([a-z0-9-]+)\/date=2026-11-09\/2026-11-09\.parquet$/.exec(file)?.[1])
  const hashed = (slug: string) => expect.stringMatching(new RegExp(`^${slug}-[0-9a-f]{6}$`))
  expect(slugs).toEqual(expect.arrayContaining(['a-b-c', 'unicode-name', 'sign-up', hashed('sign-up'), hashed('event')]))
  expect(slugs).toHaveLength(names.length)
  const found = await Promise.all(parquet.map((file) => rowsOf(join(folder, stored, file))))
  expect(found.map((rows) => [rows.length, new Set(rows.map((row) => row['event'])).size])).toEqual(names.map(() => [2, 1]))
  expect(found.map(([row]) => row?.['event']).toSorted()).toEqual(names.toSorted())
})

test('what is dropped is nowhere: no value in any file, packed or not, and no lines as they came', async () => {
  const date = '2026-11-09'
  const secret = 'ann@example.com'
  const lines = Array.from({ length: 50 }, (_, at) =>
    event(date, at, 'Sign Up', { $email: secret, plan: 'pro', nested: { a: at } }),
  )
  await using vendor = await startVendor([day(date, lines), day('2026-11-10', [])])
  await project(vendor.url, 'to: 2026-11-11, format: [parquet], drop: [$email, nested]')
  const before = await readdir(tmpdir())
  const { code, out, err } = await run('export', 'events')
  expect(code).toBe(0)
  expect(`${out}${err}`).not.toContain(secret)
  const parquet = `parquet/date=${date}/${date}.parquet`
  expect(await filesIn(join(folder, stored))).toEqual([`manifests/2026-11-10.json`, `manifests/${date}.json`, parquet].sort())
  const rows = await rowsOf(join(folder, stored, parquet))
  expect(rows).toHaveLength(50)
  expect(Object.keys(rows[0] ?? {})).toEqual(['event', 'distinct_id', 'time', 'insert_id', 'plan', '_strings'])
  expect(JSON.stringify(rows)).not.toContain(secret)
  for (const file of await filesIn(join(folder, '.broadsheet'))) {
    const bytes = await readFile(join(folder, '.broadsheet', file))
    expect(bytes.includes(secret), file).toBe(false)
    if (bytes[0] === 0x1f) expect(gunzipSync(bytes).includes(secret), file).toBe(false)
    // The name is the project file's business alone.
    expect(bytes.includes('$email'), file).toBe(false)
  }
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith('broadsheet-export-') && !before.includes(name))
  expect(left).toEqual([])
})

test('a day without events is kept in Parquet alone as its manifest', async () => {
  await using vendor = await startVendor([day('2026-11-09', [])])
  await project(vendor.url, 'to: 2026-11-10, format: [parquet]')
  expect(await run('export', 'events')).toMatchObject({ code: 0, out: expect.stringContaining('events: 1 succeeded') })
  expect(await filesIn(join(folder, stored))).toEqual(['manifests/2026-11-09.json'])
})

describe('canceled while a window is under way', () => {
  test('that one ends, no other begins, here as in any other process, until it is resumed', async () => {
    const { promise: canceled, resolve: goOn } = Promise.withResolvers<void>()
    const { promise: began, resolve: begin } = Promise.withResolvers<void>()
    const [first, second] = ['2026-11-09', '2026-11-10'].map((date) => [event(date, 1, 'A', {}), event(date, 2, 'A', {})])
    const body = gzipSync(`${first?.join('\n')}\n`)
    async function* slow() {
      yield body.subarray(0, 10)
      begin()
      await canceled
      yield body.subarray(10)
    }
    await using vendor = await startVendor([
      { ...day('2026-11-09', []), answer: { headers: { 'content-encoding': 'gzip' }, chunks: slow() } },
      ...['2026-11-10', '2026-11-11', '2026-11-12'].map((date) => day(date, second ?? [])),
    ])
    // The first two at a time; the second one is there at once, and so may be the third before anybody cancels.
    await project(vendor.url, 'to: 2026-11-13, format: [json]')
    const child = startCommand(['export', 'events', '--project', folder], account)
    const said: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    child.stdout.resume()
    await began
    expect((await run('export', 'events', '--cancel')).code).toBe(0)
    goOn()
    expect(await exitOf(child)).toBe(1)
    expect(Buffer.concat(said).toString()).toMatch(/events was canceled by .*; --resume goes on with it/)
    const manifests = join(folder, stored, 'manifests')
    const kept = await readdir(manifests)
    expect(kept).toContain('2026-11-09.json')
    const status = JSON.parse((await run('status', 'events', '--json')).out) as { counts: object; canceled: object }[]
    expect(status[0]?.counts).toMatchObject({ succeeded: kept.length, canceled: 4 - kept.length, running: 0 })
    expect(status[0]?.canceled).toMatchObject({ by: expect.any(String) })
    expect((await run('export', 'events')).code).toBe(1)
    expect(await readdir(manifests)).toEqual(kept)
    expect((await run('export', 'events', '--resume')).out).toContain('events: 4 succeeded')
    expect(await readdir(manifests)).toHaveLength(4)
  })
})

test('Ctrl-C in the middle of a window leaves nothing on the disk, and the same command goes on', async () => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>()
  const line = event('2026-11-09', 1, 'A', {})
  const body = gzipSync(`${line}\n`)
  async function* silent() {
    yield body.subarray(0, 20)
    begin()
    await new Promise(() => {})
  }
  await using vendor = await startVendor([
    { ...day('2026-11-09', []), answer: { headers: { 'content-encoding': 'gzip' }, chunks: silent() } },
    day('2026-11-09', [line]),
  ])
  await project(vendor.url, 'to: 2026-11-10')
  const scratch = await mkdtemp(join(folder, 'tmp-'))
  const child = startCommand(['export', 'events', '--project', folder], { ...account, TMPDIR: scratch })
  child.stdout.resume()
  child.stderr.resume()
  await began
  child.kill('SIGINT')
  expect(await exitOf(child)).toBe(130)
  const left = await readdir(scratch, { recursive: true })
  expect(left.filter((name) => !name.startsWith('node-compile-cache'))).toEqual([expect.stringMatching(/^broadsheet-\d+$/)])
  await expect(stat(join(folder, stored))).rejects.toThrow('ENOENT')
  expect((await run('export', 'events')).out).toContain('events: 1 succeeded')
  const kept = await readFile(join(folder, stored, 'json', 'date=2026-11-09', '2026-11-09.json.gz'))
  expect(gunzipSync(kept).toString()).toBe(`${line}\n`)
})
