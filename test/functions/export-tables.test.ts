import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Reply } from '../../functions/export.ts'
import type { GlueServer } from '../servers/glue.ts'
import { startGlue } from '../servers/glue.ts'
import type { S3Server } from '../servers/s3.ts'
import { startS3 } from '../servers/s3.ts'
import type { SchedulerServer } from '../servers/scheduler.ts'
import { startScheduler } from '../servers/scheduler.ts'
import type { VaultsServer } from '../servers/vaults.ts'
import { startVaults } from '../servers/vaults.ts'
import { startVendor } from '../servers/vendor.ts'
import type { Deployed } from './deployed.ts'
import { deploy } from './deployed.ts'

const group = 'exports-group'
const project = (more: string, url = '') => `
timezone: UTC
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: ssm:/broadsheet/product${url} }
exports:
  events: { source: product, data: events, from: 2026-11-09, to: 2026-11-10, format: [json]${more} }
`
const day = {
  path: '/api/2.0/export',
  query: { project_id: '1234567', from_date: '2026-11-09', to_date: '2026-11-09' },
  answer: {
    headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
    body: gzipSync(
      `${JSON.stringify({ event: 'Sign Up', properties: { time: 1794225600, distinct_id: 'u', $insert_id: 'i' } })}\n`,
    ),
  },
}

describe('the bundled function that exports, and its tables', () => {
  let s3: S3Server
  let vaults: VaultsServer
  let scheduler: SchedulerServer
  let deployed: Deployed<Reply>
  let glue: GlueServer
  let bucket: string
  let scratch: string
  beforeAll(async () => {
    ;[s3, vaults, scheduler] = await Promise.all([startS3(), startVaults(), startScheduler(group)])
    vaults.put('/broadsheet/product', 'account:hush-4711')
    deployed = deploy<Reply>(project(''), 'http://127.0.0.1:9', 'export')
  })
  beforeEach(async () => {
    bucket = await s3.createBucket()
    glue = await startGlue('exports')
    scratch = mkdtempSync(join(tmpdir(), 'broadsheet-tables-'))
  })
  afterEach(async () => {
    rmSync(scratch, { recursive: true, force: true })
    await glue.close()
  })
  afterAll(async () => {
    deployed?.remove()
    await Promise.all([s3?.stop(), vaults?.close(), scheduler?.close()])
  })

  const invoke = (url: string, more = '', database: Record<string, string> = { BROADSHEET_DATABASE: 'exports' }) => {
    writeFileSync(join(deployed.folder, 'broadsheet.yaml'), project(more, `, url: '${url}'`))
    return deployed.invoke(
      { export: 'events' },
      {
        ...s3.env,
        ...database,
        // Each container empties its scratch folder, and other suites have containers on this machine.
        TMPDIR: scratch,
        AWS_ENDPOINT_URL_SSM: vaults.url,
        AWS_ENDPOINT_URL_SCHEDULER: scheduler.url,
        AWS_ENDPOINT_URL_GLUE: glue.url,
        BROADSHEET_STORE: `s3://${bucket}`,
        BROADSHEET_PROJECT: 'broadsheet.yaml',
        BROADSHEET_SCHEDULE_GROUP: group,
        BROADSHEET_SCHEDULER_ROLE_ARN: 'arn:aws:iam::123456789012:role/scheduler',
        BROADSHEET_DEAD_LETTER_ARN: 'arn:aws:sqs:us-east-1:123456789012:dead-letters',
        BROADSHEET_VERBOSE: '0',
      },
    )
  }

  it('makes them in the database that it is told of', async () => {
    await using vendor = await startVendor([day])
    const { reply, error } = await invoke(vendor.url)
    expect(error).toBeUndefined()
    expect(reply).toMatchObject({ status: 'done', done: [{ window: '2026-11-09', state: 'kept' }] })
    expect([...glue.tables.keys()].sort()).toEqual(['events', 'events_windows'])
    expect(glue.tables.get('events')?.StorageDescriptor?.Location).toBe(`s3://${bucket}/exports/events/json/`)
  })

  it('fails where they are late, after all is kept, and its next try does them alone', async () => {
    await using vendor = await startVendor([day])
    glue.meanwhile(async () => 'AccessDeniedException')
    const { error, log } = await invoke(vendor.url)
    expect(error).toMatchObject({
      errorType: 'CatalogueLate',
      errorMessage: expect.stringMatching(
        /^events: all is kept, but its tables are late: Glue's table exports\.events may not be kept: .*; deploy/,
      ),
    })
    expect(log).toContain('tables are late')
    glue.meanwhile(async () => undefined)
    expect((await invoke(vendor.url)).reply).toMatchObject({ status: 'done', done: [] })
    expect(glue.tables.size).toBe(2)
  })

  it.each([
    ['the project wants none', ', glue: false', undefined],
    ['there is no database', '', {}],
  ])('makes none where %s', async (_, more, database) => {
    await using vendor = await startVendor([day])
    expect((await invoke(vendor.url, more, database)).reply).toMatchObject({ status: 'done' })
    expect(glue.calls).toEqual([])
  })
})
