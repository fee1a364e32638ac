import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { S3Server } from '../servers/s3.ts'
import type { SesServer } from '../servers/ses.ts'
import { startSes } from '../servers/ses.ts'
import { startVersitygw } from '../servers/versitygw.ts'

let s3: S3Server
let ses: SesServer
let folder: string
beforeAll(async () => {
  ;[s3, ses, folder] = await Promise.all([startVersitygw(), startSes(), mkdtemp(join(tmpdir(), 'broadsheet race '))])
})
afterAll(async () => {
  await Promise.all([s3.stop(), ses.stop(), rm(folder, { recursive: true })])
})

const program = join(import.meta.dirname, '..', '..', 'functions', 'cli.ts')

test('ten processes race for the same instant: each ends well, and there is one mail', async () => {
  await mkdir(join(folder, 'events'))
  const event = { event: 'Sign Up', properties: { time: Date.UTC(2026, 10, 10, 12) / 1000, distinct_id: 'u', $insert_id: 'i' } }
  await writeFile(join(folder, 'events', 'all.ndjson'), `${JSON.stringify(event)}\n`)
  await writeFile(
    join(folder, 'broadsheet.yaml'),
    `timezone: Europe/Berlin
sources: { own: { kind: lake, events: ./events } }
defaults: { source: own, email: { from: reports@example.com } }
reports:
  weekly:
    schedule: cron(0 8 ? * MON *)
    queries:
      signups: { segmentation: { event: Sign Up }, timeframe: previous_1_week }
    email: { to: [reader@example.com] }
`,
  )
  const bucket = await s3.createBucket()
  const env = { PATH: process.env['PATH'], ...ses.env, ...s3.env }
  const args = ['run', 'weekly', '--project', folder, '--store', `s3://${bucket}/ours`, '--at', '2026-11-16', '--send', '--json']
  const ended = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      const code = new Promise((resolve) => child.once('exit', resolve))
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
      return { code: await code, out, err }
    }),
  )
  for (const { code, out, err } of ended) {
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(out).runs[0]).toMatchObject({ status: 'complete', mail: [{ to: 'reader@example.com', state: 'sent' }] })
  }
  expect(await ses.mails()).toHaveLength(1)
}, 180_000)
