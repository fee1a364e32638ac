import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { S3Client } from '@aws-sdk/client-s3'
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RunManifest } from '../../lib/report/manifest.ts'
import type { Booked } from '../servers/scheduler.ts'
import type { Deployed } from './deployed.ts'
import { deploy } from './deployed.ts'
import type { Vendor } from './vendor.ts'
import { startVendor } from './vendor.ts'

/** The AWS that the function finds, on loopback. */
export interface Surroundings {
  /** What points the SDK at it. */
  readonly env: Readonly<Record<string, string>>
  readonly s3: S3Client
  createBucket(): Promise<string>
  /** Takes mails from this address. */
  verify(address: string): Promise<void>
  keep(parameter: string, value: string): Promise<void>
  mails(): Promise<readonly Mail[]>
  booked(): Promise<readonly Booked[]>
  stop(): Promise<void>
}

export interface Mail {
  readonly to: readonly string[]
  readonly subject: string
  readonly html: string
  readonly text: string
  readonly attachments: readonly { readonly type: string; readonly name?: string | undefined }[]
}

/** The name of the schedule group that the surroundings have. */
export const group = 'reports-group'

const secret = 'hush-4711'
const sender = 'reports@example.com'
/** Where the calls of the last hour stand, and how long the vendor said that nothing goes. */
const limit = 'state/limits/mixpanel-eu-1234567-query.json'
const project = `
timezone: UTC
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: ssm:/broadsheet/product }
defaults:
  source: product
  compare: [previous]
  email: { from: Reports <${sender}> }
reports:
  daily:
    title: Daily growth
    owner: Growth <growth@example.com>
    schedule: cron(0 8 * * ? *)
    queries:
      signups: { title: Sign-ups, segmentation: { event: Sign Up, unit: day }, timeframe: previous_1_week }
      errors: { title: Errors, segmentation: { event: Error, unit: day }, timeframe: previous_1_week }
    figures: [signups, errors]
    email: { to: [reader@example.com], attach: csv }
`
const day = 24 * 3600 * 1000
/** The last time that 08:00 UTC was at least an hour ago, less some days. */
function scheduled(daysAgo: number): { at: string; run: string } {
  const eight = Math.floor((Date.now() - 9 * 3600 * 1000) / day) * day + 8 * 3600 * 1000 - daysAgo * day
  const at = `${new Date(eight).toISOString().slice(0, 19)}Z`
  return { at, run: `daily/${at.replace(/[-:]/g, '')}` }
}

/** The function as it is deployed, run from end to end. The surroundings are empty at each test's beginning, or the same. */
export function bundleSuite(name: string, start: () => Promise<Surroundings>): void {
  describe(`the bundled function, with ${name}`, () => {
    let around: Surroundings
    let vendor: Vendor
    let deployed: Deployed
    let bucket: string
    beforeAll(async () => {
      vendor = await startVendor()
      deployed = deploy(project, vendor.url)
      around = await start()
      await around.verify(sender)
      await around.keep('/broadsheet/product', `account:${secret}`)
    })
    beforeEach(async () => {
      bucket = await around.createBucket()
      for (const event of ['Sign Up', 'Error']) vendor.become('well', event)
    })
    afterAll(async () => {
      deployed?.remove()
      await vendor?.close()
      await around?.stop()
    })

    const invoke = (event: unknown) =>
      deployed.invoke(event, {
        ...around.env,
        BROADSHEET_STORE: `s3://${bucket}`,
        BROADSHEET_PROJECT: 'broadsheet.yaml',
        BROADSHEET_SCHEDULE_GROUP: group,
        BROADSHEET_SCHEDULER_ROLE_ARN: 'arn:aws:iam::123456789012:role/scheduler',
        BROADSHEET_DEAD_LETTER_ARN: 'arn:aws:sqs:us-east-1:123456789012:dead-letters',
        BROADSHEET_VERBOSE: '1',
      })
    const schedule = (at: string) => ({ report: 'daily', scheduledAt: at, send: 'readers' })
    const read = async (key: string) => {
      const { Body } = await around.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return (await Body?.transformToByteArray()) ?? new Uint8Array()
    }
    const keys = async () => {
      const { Contents = [] } = await around.s3.send(new ListObjectsV2Command({ Bucket: bucket }))
      return Contents.map(({ Key = '' }) => Key)
    }
    /** What the manifest of a run says, after each object in it was compared with its hash. */
    async function verified(run: string): Promise<RunManifest> {
      const manifest = JSON.parse(Buffer.from(await read(`reports/${run}/manifest.json`)).toString('utf8')) as RunManifest
      for (const { key, bytes, sha256 } of manifest.objects) {
        const body = await read(key)
        expect({ key, bytes: body.byteLength, sha256: createHash('sha256').update(body).digest('hex') }).toEqual({
          key,
          bytes,
          sha256,
        })
      }
      return manifest
    }
    /** The events of calls since then that are part of the vendor's limit; annotations are of no event, and are not. */
    const countedSince = (before: number) => vendor.asked.slice(before).flatMap(({ event }) => (event === '' ? [] : [event]))
    /** Mails that came since a count. */
    const mailsSince = async (before: number) => (await around.mails()).slice(before)

    it('brings all that it needs, and neither DuckDB nor any package', () => {
      const files = readdirSync(deployed.folder)
      expect(files).toContain('report.mjs')
      expect(files).toContain('report.mjs.map')
      expect(files.filter((file) => /wasm$/.test(file))).toHaveLength(1)
      expect(files.filter((file) => /node_modules|duckdb|\.node$/.test(file))).toEqual([])
    })

    it('answers its schedule with a mail to the readers, and keeps what the manifest says', async () => {
      const { at, run } = scheduled(0)
      const [mailed, asked] = [(await around.mails()).length, vendor.asked.length]
      const { reply, error, log } = await invoke(schedule(at))
      expect(error).toBeUndefined()
      expect(reply).toMatchObject({ run, status: 'complete', mail: [{ to: 'reader@example.com', state: 'sent' }] })

      const [mail, ...more] = await mailsSince(mailed)
      expect(more).toEqual([])
      expect(mail?.to).toEqual(['reader@example.com'])
      expect(mail?.subject).toContain('70')
      expect(mail?.html).toContain('Sign-ups')
      expect(mail?.text).toContain('Sign-ups')
      expect(mail?.attachments.filter(({ type }) => type === 'image/png')).toHaveLength(2)
      expect(mail?.attachments.flatMap(({ name = '' }) => (name.endsWith('.csv') ? [name] : [])).sort()).toEqual([
        'errors.csv',
        'signups.csv',
      ])

      const manifest = await verified(run)
      expect(manifest).toMatchObject({ run, status: 'complete' })
      const kept = manifest.objects.map(({ key }) => key)
      for (const file of ['signups.json', 'signups.csv', 'signups.png', 'errors.json', 'email.html', 'email.eml']) {
        expect(kept).toContain(`reports/${run}/${file}`)
      }
      expect(await keys()).toContain('reports/daily/latest.json')

      const basic = `Basic ${Buffer.from(`account:${secret}`).toString('base64')}`
      const calls = vendor.asked.slice(asked)
      expect(calls.length).toBeGreaterThan(0)
      expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(new Set([basic]))
      const counted = JSON.parse(Buffer.from(await read(limit)).toString('utf8')) as { calls: unknown[] }
      expect(counted.calls).toHaveLength(countedSince(asked).length)
      // It logs each step and each call, in lines of JSON, and no secret.
      const lines = log.trim().split('\n')
      expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(
        expect.arrayContaining([
          'asking',
          'answered',
          'sending',
          'publishing',
          expect.stringMatching(/^GET .*segmentation.* 200 /),
        ]),
      )
      expect(log).not.toContain(secret)
      expect(log).not.toContain(basic.slice(6))
    })

    it('called again for the same instant, sends nothing and asks nothing', async () => {
      const { at } = scheduled(1)
      const first = await invoke(schedule(at))
      expect(first.error).toBeUndefined()
      const [mailed, asked] = [(await around.mails()).length, vendor.asked.length]
      const second = await invoke(schedule(at))
      expect(second.reply).toEqual(first.reply)
      expect(await mailsSince(mailed)).toEqual([])
      expect(vendor.asked.length).toBe(asked)
    })

    it('invoked by a person, runs the latest scheduled instant and sends nothing unless told to', async () => {
      const before = (await around.mails()).length
      const quiet = await invoke({ report: 'daily' })
      expect(quiet.error).toBeUndefined()
      expect(quiet.reply).toMatchObject({ status: 'complete', mail: [] })
      expect(quiet.reply?.run).toMatch(/^daily\/\d{8}T080000Z$/)
      expect(await mailsSince(before)).toEqual([])
      const trial = await invoke({ report: 'daily', send: { to: 'me@example.com' } })
      expect(trial.reply).toMatchObject({ run: quiet.reply?.run, mail: [{ to: 'me@example.com', state: 'sent' }] })
      expect((await mailsSince(before)).map(({ to }) => to)).toEqual([['me@example.com']])
    })

    it('rate-limited by the vendor, books one call of its own for after the reset, and goes on there', async () => {
      const { at, run } = scheduled(2)
      vendor.become('limited', 'Error')
      const [before, booked, mailed] = [Date.now(), (await around.booked()).length, (await around.mails()).length]
      const { reply, error } = await invoke(schedule(at))
      expect(error).toBeUndefined()
      if (reply?.status !== 'again') throw new Error(`it answers ${JSON.stringify(reply)}`)
      expect(reply.run).toBe(run)
      const next = Date.parse(reply.at)
      expect(next).toBeGreaterThanOrEqual(before + 1800 * 1000)
      expect(next).toBeLessThan(Date.now() + 1800 * 1000 + 60_000)
      expect(await mailsSince(mailed)).toEqual([])
      expect(await keys()).not.toContain(`reports/${run}/manifest.json`)

      const [call, ...more] = (await around.booked()).slice(booked)
      expect(more).toEqual([])
      expect(call).toMatchObject({
        GroupName: group,
        ScheduleExpression: `at(${reply.at.slice(0, 19)})`,
        ScheduleExpressionTimezone: 'UTC',
        ActionAfterCompletion: 'DELETE',
        Target: {
          Arn: 'arn:aws:lambda:us-east-1:123456789012:function:reports',
          RoleArn: 'arn:aws:iam::123456789012:role/scheduler',
          DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:123456789012:dead-letters' },
          RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 7200 },
        },
      })
      const input = JSON.parse(call?.Target.Input ?? '{}') as { begunAt: string }
      expect(input).toMatchObject({ report: 'daily', scheduledAt: at, send: 'readers' })
      expect(Math.abs(Date.parse(input.begunAt) - before)).toBeLessThan(30_000)

      // Until then nobody asks that project, whatever the vendor would say.
      vendor.become('well', 'Error')
      const asked = vendor.asked.length
      const early = await invoke(schedule(scheduled(4).at))
      expect(early.reply).toMatchObject({ run: scheduled(4).run, status: 'again', at: reply.at })
      expect(countedSince(asked)).toEqual([])

      // The booked call finds the limit gone (in half an hour; here it is taken away), asks only what is missing, and sends.
      await around.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: limit }))
      const done = await invoke(input)
      expect(done.reply).toMatchObject({ run, status: 'complete' })
      expect(new Set(countedSince(asked))).toEqual(new Set(['Error']))
      expect(await mailsSince(mailed)).toHaveLength(1)
    })

    it('mails what it has when a question is refused, and then fails the invocation; a retry fails without asking', async () => {
      const { at, run } = scheduled(3)
      vendor.become('refused', 'Error')
      const mailed = (await around.mails()).length
      const first = await invoke(schedule(at))
      expect(first.reply).toBeUndefined()
      expect(first.error?.errorType).toBe('RunFailed')
      expect(first.error?.errorMessage).toContain(`${run} is kept, with a failure. errors (refused): `)
      expect(first.error?.errorMessage).toContain('Invalid event selector')
      const [mail, ...more] = await mailsSince(mailed)
      expect(more).toEqual([])
      expect(mail?.html).toContain('Sign-ups')
      const manifest = await verified(run)
      expect(manifest.status).toBe('partial')
      expect(manifest.queries['errors']?.status).toBe('failed')

      const asked = vendor.asked.length
      const retry = await invoke(schedule(at))
      expect(retry.error).toEqual(first.error)
      expect(vendor.asked.length).toBe(asked)
      expect(await mailsSince(mailed)).toHaveLength(1)
    })

    it('refuses an event that makes no sense with the name of what is wrong, and touches nothing', async () => {
      const { error } = await invoke({ report: 'weekly' })
      expect(error).toEqual({ errorType: 'UsageError', errorMessage: 'there is no report "weekly"; the project has daily' })
      expect(await keys()).toEqual([])
    })
  })
}
