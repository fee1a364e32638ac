import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Container } from '../../functions/report.ts'
import { reportHandler } from '../../functions/report.ts'
import { RefusedError, UsageError, WaitError } from '../../lib/errors.ts'
import type { RunContext } from '../../lib/report/run.ts'
import { desk, postOffice, vendor } from '../lib/report/desk.ts'
import type { SchedulerServer } from '../servers/scheduler.ts'
import { startScheduler } from '../servers/scheduler.ts'

let folder: string
let server: SchedulerServer
let lines: { level: string; message: string; more: unknown }[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet-report-'))
  server = await startScheduler('group')
  lines = []
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const lambda = { awsRequestId: 'request-1', invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:reports' }

function container(more: Partial<RunContext> = {}): Container {
  const write = (level: string) => (message: unknown, more?: unknown) =>
    void lines.push({ level, message: String(message), more })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return {
    run: desk(folder, { mailer: postOffice(folder), ...more }),
    booking: {
      scheduler: new SchedulerClient({ endpoint: server.url, region: 'eu-central-1', credentials }),
      group: 'group',
      roleArn: 'arn:aws:iam::123456789012:role/scheduler',
      deadLetterArn: 'arn:aws:sqs:eu-central-1:123456789012:dead',
    },
    log: { info: write('info'), warn: write('warn'), error: write('error') },
  }
}
const handler = (more: Partial<RunContext> = {}) => reportHandler(async () => container(more))
const weekly = { report: 'weekly', scheduledAt: '2026-11-16T07:00:00Z' }

describe('an event', () => {
  it.each([
    ['nothing', undefined],
    ['a text', 'weekly'],
    ['a key that is not known', { ...weekly, sendTo: 'readers' }],
    ['no report', { scheduledAt: weekly.scheduledAt }],
    ['an instant without its offset', { ...weekly, scheduledAt: '2026-11-16T08:00:00' }],
    ['the placeholder that Scheduler was to replace', { ...weekly, scheduledAt: '<aws.scheduler.scheduled-time>' }],
    ['two recipients where one is meant', { ...weekly, send: { to: 'a@example.com, b@example.com' } }],
    ['a recipient with a header of its own', { ...weekly, send: { to: 'a@example.com\r\nBcc: b@example.com' } }],
  ])('with %s is refused before anything is asked', async (_, event) => {
    const source = vendor()
    await expect(handler({ source: () => source })(event, lambda)).rejects.toThrow(UsageError)
    expect(source.asked).toEqual([])
  })

  it('for a report that is not there names those that are', async () => {
    const refused = 'there is no report "monthly"; the project has weekly'
    await expect(handler()({ report: 'monthly' }, lambda)).rejects.toThrow(refused)
    await expect(handler()({ ...weekly, report: 'monthly' }, lambda)).rejects.toThrow(refused)
  })

  it('for the future is refused', async () => {
    await expect(handler()({ ...weekly, scheduledAt: '2026-11-23T07:00:00Z' }, lambda)).rejects.toThrow('in the future')
  })

  it('without an instant means the latest scheduled one', async () => {
    const clock = () => new Date('2026-11-18T12:00:00Z')
    expect((await handler({ clock })({ report: 'weekly' }, lambda)).run).toBe('weekly/20261116T070000Z')
  })
})

describe('the mail', () => {
  it('goes to nobody unless the event says so', async () => {
    const mailer = postOffice(folder)
    expect(await handler({ mailer })(weekly, lambda)).toMatchObject({ status: 'complete', mail: [] })
    expect(await handler({ mailer })({ ...weekly, send: 'nobody' }, lambda)).toMatchObject({ mail: [] })
    expect(await mailer.taken()).toEqual([])
  })

  it('goes to the readers on the schedule’s event, once', async () => {
    const mailer = postOffice(folder)
    const handle = handler({ mailer })
    for (let call = 0; call < 2; call += 1) {
      const reply = await handle({ ...weekly, send: 'readers' }, lambda)
      expect(reply).toMatchObject({ status: 'complete', mail: [{ state: 'sent' }, { state: 'sent' }] })
    }
    expect(await mailer.taken()).toEqual(['a@example.com', 'b@example.com'])
  })

  it('that was refused fails the invocation, although all is kept', async () => {
    const mailer = postOffice(folder, () => new RefusedError('Email address is not verified'))
    const failed = handler({ mailer })({ ...weekly, send: { to: 'me@example.com' } }, lambda)
    await expect(failed).rejects.toThrow('mail to me@example.com: refused, Email address is not verified')
  })
})

it('a failed question fails the invocation after the mail, naming question, reason and remedy', async () => {
  const mailer = postOffice(folder)
  const source = vendor((title) =>
    title === 'Sign-ups' ? new RefusedError('no such event', { remedy: 'ask for another' }) : undefined,
  )
  const failed = handler({ mailer, source: () => source })({ ...weekly, send: 'readers' }, lambda)
  await expect(failed).rejects.toMatchObject({ name: 'RunFailed' })
  await expect(failed).rejects.toThrow('signups (refused): no such event; ask for another')
  expect(await mailer.taken()).toEqual(['a@example.com', 'b@example.com'])
  expect(lines).toContainEqual({ level: 'error', message: 'failed', more: expect.objectContaining({ query: 'signups' }) })
})

it('a wait books the same event for later, and says when the first call began', async () => {
  const source = vendor((title) =>
    title === 'Errors' ? new WaitError('limit', { until: new Date('2026-11-16T07:20:30Z') }) : undefined,
  )
  const handle = handler({ source: () => source })
  const reply = await handle({ ...weekly, send: { to: 'me@example.com' } }, lambda)
  expect(reply).toEqual({ run: 'weekly/20261116T070000Z', status: 'again', at: '2026-11-16T07:21:00.000Z', why: 'errors: limit' })
  const [booked] = server.booked
  const input = { ...weekly, send: { to: 'me@example.com' }, again: false, begunAt: '2026-11-16T07:00:05.000Z' }
  expect(JSON.parse(booked?.Target.Input ?? '')).toEqual(input)
  // The booked call hands on the same beginning, and finds its own schedule booked already.
  expect(await handle(input, lambda)).toEqual(reply)
  expect(server.booked).toHaveLength(1)
})

it('adapters are built once for a container, and again only if that failed', async () => {
  let built = 0
  const handle = reportHandler(async () => {
    built += 1
    if (built === 1) throw new UsageError('not yet')
    return container()
  })
  await expect(handle(weekly, lambda)).rejects.toThrow('not yet')
  await handle(weekly, lambda)
  await handle(weekly, lambda)
  expect(built).toBe(2)
})
