import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { GetObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { Architecture } from 'aws-cdk-lib/aws-lambda'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Reply } from '../../functions/export.ts'
import type { ExportManifest } from '../../lib/export/manifest.ts'
import type { S3Server } from '../servers/s3.ts'
import type { SchedulerServer } from '../servers/scheduler.ts'
import { startScheduler } from '../servers/scheduler.ts'
import type { VaultsServer } from '../servers/vaults.ts'
import { startVaults } from '../servers/vaults.ts'
import type { Expected, Payload } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import type { Deployed } from './deployed.ts'
import { deploy } from './deployed.ts'

const group = 'exports-group'
const secret = 'hush-4711'
const day = 24 * 3600 * 1000
/** Days ago, in UTC, in which the vendor's days are. */
const daysAgo = (count: number) => new Date(Date.now() - count * day).toISOString().slice(0, 10)
/** Two windows that are over, and stay so while the suite runs past midnight. */
const [first, second, end] = [daysAgo(4), daysAgo(3), daysAgo(2)] as const

const project = (words: string) => `
timezone: UTC
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: ssm:/broadsheet/product }
exports:
  events: { source: product, data: events, from: ${first}, to: ${end}, order: oldest, ${words} }
`
const installed = process.arch === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64

/** NDJSON of about as many bytes when it is packed: ids that no packing shortens. */
function eventsOf(date: string, bytes: number): Buffer {
  const noon = Date.parse(`${date}T12:00:00Z`) / 1000
  const lines = Array.from({ length: Math.ceil(bytes / 1024) }, (_, at) => {
    const properties = { time: noon, distinct_id: `u${at}`, $insert_id: `${date}-${at}`, id: randomBytes(750).toString('base64') }
    return `${JSON.stringify({ event: 'Sign Up', properties })}\n`
  })
  return gzipSync(lines.join(''), { level: 1 })
}

function answering(date: string, body: Buffer, more: Payload = {}): Expected {
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
  return {
    path: '/api/2.0/export',
    query: { project_id: '1234567', from_date: date, to_date: date },
    headers: { authorization: `Basic ${Buffer.from(`account:${secret}`).toString('base64')}` },
    answer: { headers, body, ...more },
  }
}

/** The function that exports as it is deployed, run from end to end; each invocation is a container of its own. */
export function exportBundleSuite(name: string, start: () => Promise<S3Server>, bytes: number): void {
  describe(`the bundled function that exports, with ${name}`, () => {
    let s3: S3Server
    let vaults: VaultsServer
    let scheduler: SchedulerServer
    let deployed: Deployed<Reply>
    let bucket: string
    beforeAll(async () => {
      ;[s3, vaults, scheduler] = await Promise.all([start(), startVaults(), startScheduler(group)])
      vaults.put('/broadsheet/product', `account:${secret}`)
      deployed = deploy<Reply>(project('format: [json]'), 'http://127.0.0.1:9', 'export')
    })
    beforeEach(async () => {
      bucket = await s3.createBucket()
    })
    afterAll(async () => {
      deployed?.remove()
      await Promise.all([s3?.stop(), vaults?.close(), scheduler?.close()])
    })

    const invoke = (url: string, event: unknown) => {
      const words = project('format: [json]').replace('kind: mixpanel', `kind: mixpanel, url: '${url}'`)
      writeFileSync(join(deployed.folder, 'broadsheet.yaml'), words)
      return deployed.invoke(event, {
        ...s3.env,
        AWS_ENDPOINT_URL_SSM: vaults.url,
        AWS_ENDPOINT_URL_SCHEDULER: scheduler.url,
        BROADSHEET_STORE: `s3://${bucket}`,
        BROADSHEET_PROJECT: 'broadsheet.yaml',
        BROADSHEET_SCHEDULE_GROUP: group,
        BROADSHEET_SCHEDULER_ROLE_ARN: 'arn:aws:iam::123456789012:role/scheduler',
        BROADSHEET_DEAD_LETTER_ARN: 'arn:aws:sqs:us-east-1:123456789012:dead-letters',
        BROADSHEET_VERBOSE: '0',
      })
    }
    const keys = async (prefix: string) => {
      const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))
      return Contents.map(({ Key = '' }) => Key)
    }
    const read = async (key: string) => {
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return Buffer.from((await Body?.transformToByteArray()) ?? [])
    }
    const manifestOf = async (window: string) =>
      JSON.parse((await read(`exports/events/manifests/${window}.json`)).toString()) as ExportManifest
    const place = (window: string) => `exports/events/json/date=${window}/${window}.json.gz`
    /** The window is kept, byte for byte as it was sent. */
    async function expectKept(window: string, sent: Buffer): Promise<void> {
      const body = await read(place(window))
      expect(body.equals(sent)).toBe(true)
      const sha256 = createHash('sha256').update(sent).digest('hex')
      const rows = gunzipSync(sent).toString().split('\n').length - 1
      const objects = [{ key: place(window), bytes: sent.length, sha256, rows }]
      expect(await manifestOf(window)).toMatchObject({ status: 'complete', revision: 1, lines: rows, objects })
    }

    it('brings no part of DuckDB where every export says json', () => {
      const files = readdirSync(deployed.folder)
      expect(files).toEqual(expect.arrayContaining(['export.mjs', 'export.mjs.map', 'broadsheet.yaml']))
      expect(files).not.toContain('node_modules')
    })

    it('keeps its windows as the vendor sent them, and then asks for nothing', async () => {
      const [one, other] = [eventsOf(first, bytes), eventsOf(second, 2000)]
      await using vendor = await startVendor([answering(first, one), answering(second, other)])
      const { reply, error, log } = await invoke(vendor.url, { export: 'events' })
      expect(error).toBeUndefined()
      expect(reply).toMatchObject({ export: 'events', status: 'done' })
      await expectKept(first, one)
      await expectKept(second, other)
      const steps = log
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { message: string; window?: string })
      expect(steps).toContainEqual(expect.objectContaining({ message: 'ended', window: first, outcome: 'kept' }))
      expect(log).not.toContain(secret)
      expect((await invoke(vendor.url, { export: 'events' })).reply).toEqual({ export: 'events', status: 'done', done: [] })
    })

    it('cut in the middle of a window leaves nothing of it, books its next call, and keeps it there', async () => {
      const [one, other] = [eventsOf(first, bytes), eventsOf(second, 2000)]
      const cut = { cutAfter: Math.floor(one.length * 0.9) }
      await using vendor = await startVendor([answering(first, one, cut), answering(second, other), answering(first, one)])
      const booked = scheduler.booked.length
      const { reply, error } = await invoke(vendor.url, { export: 'events' })
      expect(error).toBeUndefined()
      expect(reply).toMatchObject({ status: 'again', done: [{ window: second }] })
      expect(await keys('exports/')).toEqual([place(second), `exports/events/manifests/${second}.json`])
      const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      expect(Uploads).toEqual([])
      const [call, ...more] = scheduler.booked.slice(booked)
      expect(more).toEqual([])
      expect(call?.Target.Arn).toBe('arn:aws:lambda:us-east-1:123456789012:function:exports')
      expect((await invoke(vendor.url, JSON.parse(call?.Target.Input ?? ''))).reply).toMatchObject({ status: 'done' })
      await expectKept(first, one)
    })

    it('called twice at once keeps each window once; who comes second is called again', async () => {
      const [one, other] = [eventsOf(first, bytes), eventsOf(second, bytes / 10)]
      await using vendor = await startVendor([answering(first, one), answering(second, other)])
      const event = { export: 'events', scheduledAt: `${end}T00:30:00Z` }
      const both = await Promise.all([invoke(vendor.url, event), invoke(vendor.url, event)])
      expect(both.map(({ error }) => error)).toEqual([undefined, undefined])
      const kept = both.flatMap(({ reply }) => (reply?.status === 'canceled' ? [] : (reply?.done ?? [])))
      expect(kept.map(({ window }) => window).sort()).toEqual([first, second])
      await expectKept(first, one)
      await expectKept(second, other)
      expect((await invoke(vendor.url, event)).reply).toMatchObject({ status: 'done', done: [] })
    })

    it('refused by the vendor fails with the name of the window and what would be right', async () => {
      const refusal: Payload = { status: 400, headers: {}, body: { error: 'bad where' } }
      const other = eventsOf(second, 2000)
      const none = Buffer.alloc(0)
      await using vendor = await startVendor([answering(first, none, refusal), answering(second, other)])
      const { error } = await invoke(vendor.url, { export: 'events' })
      expect(error?.errorType).toBe('ExportFailed')
      expect(error?.errorMessage).toContain(`events: all is kept but one window. ${first} (failed): `)
      expect(error?.errorMessage).toContain('bad where; ')
      await expectKept(second, other)
    })
  })

  describe('where an export says parquet', () => {
    let deployed: Deployed<Reply>
    beforeAll(() => {
      deployed = deploy<Reply>(project('format: [json, parquet]'), 'http://127.0.0.1:9', 'export', {
        exportArchitecture: installed,
      })
    })
    afterAll(() => deployed?.remove())

    it('DuckDB goes along, for the platform of the function alone, and answers there', async () => {
      const packages = readdirSync(join(deployed.folder, 'node_modules', '@duckdb')).sort()
      expect(packages).toEqual(['node-api', 'node-bindings', `node-bindings-linux-${process.arch}`])
      const program = `
        import { DuckDBInstance } from '@duckdb/node-api'
        const connection = await (await DuckDBInstance.create(':memory:')).connect()
        const [row] = (await connection.runAndReadAll('select 6 * 7 as answer')).getRowObjects()
        console.log(row.answer)`
      writeFileSync(join(deployed.folder, 'duckdb.mjs'), program)
      const { stdout } = await promisify(execFile)(process.execPath, ['duckdb.mjs'], { cwd: deployed.folder, env: {} })
      expect(stdout).toBe('42\n')
    })
  })
}
