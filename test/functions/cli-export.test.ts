import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Expected } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import { exitOf, runCommand, startCommand } from './command.ts'

const account = { MIXPANEL: 'reports:Zk3vQ9pLr7TnX2mB' }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet export '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function project(url: string, words = '', rest = ''): Promise<void> {
  const yaml = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:MIXPANEL, url: '${url}' }
  own: { kind: lake, export: events }
exports:
  events: { source: product, data: events, from: 2026-11-09, to: 2026-11-16, format: [json]${words} }
${rest}`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
}

/** One day of the raw export: some sign-ups of each country, at noon. */
function day(date: string, counts: Readonly<Record<string, number>>, answer: Partial<Expected['answer']> = {}): Expected {
  const noon = Date.parse(`${date}T12:00:00Z`) / 1000
  const events = Object.entries(counts).flatMap(([country, count]) =>
    Array.from({ length: count }, (_, at) =>
      JSON.stringify({
        event: 'Sign Up',
        properties: { time: noon + at, distinct_id: `${country}${at}`, $insert_id: `${date}${country}${at}`, country },
      }),
    ),
  )
  const body = gzipSync(events.map((line) => `${line}\n`).join(''))
  return {
    path: '/api/2.0/export',
    query: { project_id: '1234567', from_date: date, to_date: date },
    answer: { headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' }, body, ...answer },
  }
}
const week = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13', '2026-11-14', '2026-11-15']

const run = (...args: string[]) => runCommand([...args, '--project', folder], account)

describe('broadsheet export', () => {
  test('copies every day, says what it did, and then how it stands', async () => {
    await using vendor = await startVendor(week.map((date) => day(date, { DE: 3, AT: 2 })))
    await project(vendor.url)
    const before = await run('status')
    expect(before).toMatchObject({ code: 0, out: expect.stringContaining('events: 7 pending\n  oldest gap    2026-11-09\n') })
    const { code, out, err } = await run('export', 'events')
    expect(err).toContain('7 windows to export, 0 kept already')
    expect(err).toContain('2026-11-12 kept, 5 events')
    expect(out).toMatch(
      /^events: 7 succeeded\n {2}now {11}7 kept\n {2}last success {2}2026-11-15, \d{4}-.*Z\n {2}manifests {5}.*manifests\n$/,
    )
    expect(code).toBe(0)
    const again = await run('export', 'events')
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('nothing was due') })
    const manifest = join(folder, '.broadsheet', 'exports', 'events', 'manifests', '2026-11-10.json')
    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({ status: 'complete', lines: 5, timezone: 'UTC' })
  })

  test('takes some days only, and prints one JSON document where that is asked for', async () => {
    await using vendor = await startVendor([day('2026-11-10', { DE: 1 }), day('2026-11-11', {})])
    await project(vendor.url)
    const { code, out, err } = await run('export', 'events', '--from', '2026-11-10', '--to', '2026-11-12', '--json')
    expect([code, err]).toEqual([0, ''])
    const { done, ...rest } = JSON.parse(out) as { done: object[] }
    expect(rest).toMatchObject({ export: 'events', status: 'done', failed: [] })
    expect(done).toHaveLength(2)
    const status = await run('status', 'events', '--json', '--summary')
    expect(JSON.parse(status.out)).toMatchObject([{ counts: { succeeded: 2, pending: 5 }, oldestGap: '2026-11-09' }])
    const pending = await run('status', 'events', '--state', 'pending')
    expect(pending.out.match(/ {2}pending/g)).toHaveLength(5)
  })

  test('a day that is refused is told, with what would be right; the others are kept', async () => {
    const refusal = { status: 400, headers: { 'content-type': 'text/plain' }, body: { error: 'bad where' } }
    await using vendor = await startVendor(week.map((date) => day(date, { DE: 1 }, date === '2026-11-11' ? refusal : {})))
    await project(vendor.url)
    const { code, out, err } = await run('export', 'events')
    expect(code).toBe(1)
    expect(err).toContain('2026-11-11 FAILED: GET')
    expect(out).toContain('events: 1 failed, 6 succeeded\n  now           6 kept, 1 failed\n')
    const status = await run('status')
    expect(status.code).toBe(1)
    expect(status.out).toMatch(/2026-11-11 {2}failed .*bad where; check what was sent/)
    expect(`${out}${err}${status.out}`).not.toContain('Zk3vQ9pLr7TnX2mB')
  })

  test('what would be refused for each day in the same way ends it, and says how many were not asked for', async () => {
    const refusal = { status: 400, headers: { 'content-type': 'text/plain' }, body: { error: 'bad where' } }
    await using vendor = await startVendor([], { '/api/2.0/export': refusal })
    await project(vendor.url)
    const { code, out, err } = await run('export', 'events')
    expect(code).toBe(1)
    // Two are asked for at a time.
    const [, left = ''] =
      /^stopped: others would fail in the same way; ([34]) windows not asked for now; .*; then run it again$/m.exec(err) ?? []
    const failed = 7 - Number(left)
    expect(out).toContain(`events: ${left} pending, ${failed} failed\n  now           ${failed} failed, ${left} not asked for\n`)
    const told = JSON.parse((await run('export', 'events', '--json')).out)
    expect(told).toMatchObject({ status: 'done', done: [], stopped: { message: expect.stringContaining('bad where') } })
  })

  test('of other words than it was begun with is refused, and status says so before', async () => {
    await using vendor = await startVendor([day('2026-11-10', { DE: 1 })])
    await project(vendor.url)
    const { out: one, err } = await run('export', 'events', '--from', '2026-11-10', '--to', '2026-11-11')
    expect(one).not.toContain('refused')
    expect(err).toContain('1 window to export, 0 kept already\n')
    expect(err).toContain('2026-11-10 kept, 1 event (1 of 1)\n')
    expect((await run('status')).out).not.toContain('refused')
    for (const [words, message] of [
      [', every: hour', 'this export is kept by the day of UTC, and the project file says the hour of UTC'],
      [', events: [Sign Up]', 'what this export asks for is not what its kept windows hold'],
    ] as const) {
      await project(vendor.url, words)
      const remedy = 'put the old words back, give the export another name, or begin it anew with --rebuild'
      const status = await run('status')
      expect(status).toMatchObject({ code: 0, out: expect.stringContaining(`  refused       each export: ${message}`) })
      expect(status.out).toContain(`; ${remedy}\n`)
      const [told] = JSON.parse((await run('status', '--json', '--summary')).out)
      expect(told.refused).toEqual({ message: expect.stringContaining(message), remedy })
      expect(await run('export', 'events')).toMatchObject({ code: 2, err: expect.stringContaining(message) })
    }
  })

  test('says at the start what the hour of the vendor leaves no room for', async () => {
    await using vendor = await startVendor(week.map((date) => day(date, { DE: 1 })))
    await project(vendor.url)
    const at = new Date(Date.now() - 600_000).toISOString()
    const used = { version: 1, calls: Array.from({ length: 54 }, (_, id) => ({ id: `${id}`, at })) }
    const limits = join(folder, '.broadsheet', 'state', 'limits')
    await mkdir(limits, { recursive: true })
    const file = join(limits, 'mixpanel-eu-1234567-export.json')
    await writeFile(file, JSON.stringify(used))
    // Six of seven have room, and nobody waits here for the last one.
    const child = startCommand(['export', 'events', '--project', folder], account)
    try {
      let err = ''
      for await (const chunk of child.stderr) {
        err += String(chunk)
        if (err.includes('waiting until')) break
      }
      expect(err).toMatch(/^7 windows to export, 0 kept already; at 60 calls an hour at least (?:49|50) min$/m)
      expect(err.match(/ kept, 1 event /g)).toHaveLength(6)
    } finally {
      child.kill('SIGKILL')
      await exitOf(child)
    }
    await writeFile(file, JSON.stringify({ version: 1, calls: [] }))
    const again = await run('export', 'events')
    expect(again.err).toMatch(/1 window to export, 6 kept already$/m)
    expect(again.code).toBe(0)
  })

  test('canceled, it asks nobody, until it is resumed', async () => {
    await using vendor = await startVendor(week.map((date) => day(date, { DE: 1 })))
    await project(vendor.url)
    expect(await run('export', 'events', '--cancel')).toMatchObject({ code: 0 })
    expect((await run('status')).out).toContain('events: 7 canceled\n')
    const { code, err } = await run('export', 'events')
    expect(code).toBe(1)
    const who = `${userInfo().username}@${hostname()}`
    expect(err).toMatch(/^events was canceled by (.*) on [-\d]+T[:\d]+Z; --resume goes on with it$/m)
    expect(err).toContain(`canceled by ${who} on`)
    expect((await run('status')).out).toContain(`  canceled      by ${who}, `)
    expect((await run('export', 'events', '--resume')).out).toContain('events: 7 succeeded')
  })

  // Only root may be somebody else.
  test.runIf(process.getuid?.() === 0)('is canceled by a user whom nobody gave a name, too', async () => {
    await project('http://127.0.0.1:9')
    await chmod(folder, 0o777)
    const program = join(import.meta.dirname, '..', '..', 'functions', 'cli.ts')
    const args = [program, 'export', 'events', '--cancel', '--project', folder]
    const { status: code } = spawnSync(process.execPath, args, { uid: 54_321, cwd: tmpdir(), env: {} })
    expect(code).toBe(0)
    expect((await run('status')).out).toContain(`  canceled      by user 54321@${hostname()}, `)
  })

  test('is what a lake reads: a report on one’s own events', async () => {
    await using vendor = await startVendor(week.map((date, at) => day(date, { DE: 3 + at, AT: 2 })))
    const report = `reports:
  weekly:
    schedule: cron(0 8 ? * MON *)
    queries:
      signups: { source: own, segmentation: { event: Sign Up, on: country }, timeframe: {start: 2026-11-10, end: 2026-11-15} }
`
    await project(vendor.url, '', report)
    const early = await run('run', 'weekly', '--at', '2026-11-16')
    expect(early.code).toBe(1)
    expect(early.out).toMatch(/FAILED signups: export events has not kept 2026-11-09, 2026-11-10, .*export those days/)
    await run('export', 'events')
    const { code } = await run('run', 'weekly', '--at', '2026-11-16', '--again')
    expect(code).toBe(0)
    const csv = join(folder, '.broadsheet', 'reports', 'weekly', '20261116T070000Z-2', 'signups.csv')
    expect((await readFile(csv, 'utf8')).split('\n').slice(0, 4)).toEqual([
      'date,series,value',
      '2026-11-10,DE,4',
      '2026-11-11,DE,5',
      '2026-11-12,DE,6',
    ])
  })
})

test('its help says what is begun anew for', async () => {
  const { out } = await runCommand(['help', 'export'])
  expect(out.replace(/\s+/g, ' ')).toContain(
    '--rebuild delete what is kept and begin anew; a changed length or zone of windows, source, events, where, drop or schema needs it',
  )
})

describe('broadsheet forget', () => {
  test('rewrites the days that hold somebody, and says what else is to do', async () => {
    await using vendor = await startVendor([day('2026-11-10', { DE: 3, AT: 2 }), day('2026-11-11', { AT: 1 })])
    await project(vendor.url)
    await run('export', 'events', '--from', '2026-11-10', '--to', '2026-11-12')
    const file = join(folder, 'ids.txt')
    await writeFile(file, 'DE1\n\n DE2 \nDE1\n')
    const { code, out } = await run('forget', 'events', file)
    expect(out).toContain('events: 2 ids, 2 of them new; 1 window rewritten, older versions deleted\n')
    expect(out).toContain('  2026-11-10  rewritten, 2 lines are out of it\n  delete them at the vendor, too')
    expect(code).toBe(0)
    const kept = join(folder, '.broadsheet', 'exports', 'events', 'json', 'date=2026-11-10', '2026-11-10.json.gz')
    const left = gunzipSync(await readFile(kept)).toString()
    expect(left.match(/"distinct_id":"\w+"/g)).toEqual(['DE0', 'AT0', 'AT1'].map((id) => `"distinct_id":"${id}"`))
    expect(JSON.parse((await run('forget', 'events', file, '--json')).out)).toMatchObject({ ids: 2, added: 0, rewritten: [] })
  })
})

describe('what is wrong is told before anything is done', () => {
  const nowhere = 'http://127.0.0.1:9'
  test.each([
    [['export', 'event'], 'there is no export "event"; the project has events'],
    [['export', 'events', '--from', '2026-13-01'], '--from 2026-13-01 is not a day; write it like 2026-11-09'],
    [['export', 'events', '--from', '2027-01-01'], 'export events has no window from 2027-01-01 that is over'],
    [['forget', 'events', '/nowhere/ids.txt'], '/nowhere/ids.txt cannot be read (ENOENT); give a file with one id'],
    [['status', 'events', '--state', 'ready'], 'there is no state "ready"; there are pending, running'],
  ])('%j', async (args, words) => {
    await project(nowhere)
    const { code, err } = await run(...args)
    expect(code).toBe(2)
    expect(err).toContain(words)
  })

  test.each([
    [', every: hour', 'data: people', 'profiles are copied whole, once a day at most'],
    ['', 'data: customers', 'source product (mixpanel) has no customers to export; it has events and people'],
    ['', 'source: own', 'own is a lake, which is what an export makes'],
  ])('in the project file: %s %s', async (words, change, told) => {
    await project(nowhere, words)
    const file = join(folder, 'broadsheet.yaml')
    const yaml = await readFile(file, 'utf8')
    const [key = ''] = change.split(':')
    const exported = yaml.replace(/^( {2}events: \{.*)$/m, (line) => line.replace(new RegExp(`${key}: \\w+`), change))
    await writeFile(file, exported)
    const { code, err } = await run('check')
    expect(code).toBe(2)
    expect(err).toContain(told)
  })
})
