import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import type { NextCall } from '../../functions/next-call.ts'
import { bookNextCall } from '../../functions/next-call.ts'
import { UnavailableError } from '../../lib/errors.ts'
import type { SchedulerServer } from '../servers/scheduler.ts'
import { startScheduler } from '../servers/scheduler.ts'

let server: SchedulerServer
let scheduler: SchedulerClient
beforeEach(async () => {
  server = await startScheduler('group')
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  scheduler = new SchedulerClient({ endpoint: server.url, region: 'eu-central-1', credentials, maxAttempts: 1 })
})
afterEach(() => server.close())
afterAll(() => scheduler.destroy())

const booking = () => ({
  scheduler,
  group: 'group',
  functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:reports:$LATEST',
  roleArn: 'arn:aws:iam::123456789012:role/scheduler',
  deadLetterArn: 'arn:aws:sqs:eu-central-1:123456789012:dead',
})
const run = 'weekly-growth/20261116T070000Z'
const call = (at: string, more: Partial<NextCall> = {}): NextCall => ({
  run,
  at: new Date(at),
  input: { report: 'weekly-growth' },
  identity: { report: 'weekly-growth' },
  ...more,
})
const seven = new Date('2026-11-16T07:00:05Z')

it('a call is made in the first whole minute that is not before its time', async () => {
  expect(await bookNextCall(call('2026-11-16T07:30:00.001Z'), booking(), seven)).toEqual(new Date('2026-11-16T07:31:00Z'))
  expect(await bookNextCall(call('2026-11-16T07:30:00.000Z'), booking(), seven)).toEqual(new Date('2026-11-16T07:30:00Z'))
  expect(server.booked.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual([
    'at(2026-11-16T07:31:00)',
    'at(2026-11-16T07:30:00)',
  ])
})

it('a call for now, or for a moment before a minute, leaves Scheduler the time to see it', async () => {
  const late = new Date('2026-11-16T07:00:55Z')
  expect(await bookNextCall(call('2026-11-16T06:00:00Z'), booking(), seven)).toEqual(new Date('2026-11-16T07:01:00Z'))
  expect(await bookNextCall(call('2026-11-16T07:00:56Z'), booking(), late)).toEqual(new Date('2026-11-16T07:02:00Z'))
})

it('the same call for the same minute is booked once', async () => {
  const first = await bookNextCall(call('2026-11-16T07:30:10Z', { input: { begunAt: '1' } }), booking(), seven)
  const second = await bookNextCall(call('2026-11-16T07:30:20Z', { input: { begunAt: '2' } }), booking(), seven)
  expect(second).toEqual(first)
  expect(server.booked).toHaveLength(1)
})

it('another recipient’s call for the same minute is another one', async () => {
  await bookNextCall(call('2026-11-16T07:30:10Z', { identity: { send: 'readers' } }), booking(), seven)
  await bookNextCall(call('2026-11-16T07:30:10Z', { identity: { send: { to: 'me@example.com' } } }), booking(), seven)
  expect(server.booked).toHaveLength(2)
})

it('a name fits, however long the report’s is', async () => {
  await bookNextCall(call('2026-11-16T07:30:00Z', { run: `${'r'.repeat(64)}/20261116T070000Z` }), booking(), seven)
  expect(server.booked[0]?.Name).toMatch(/^r{28}\.20261116T073000Z\.[0-9a-f]{16}$/)
})

it('the function itself is called, not the version or alias that books', async () => {
  await bookNextCall(call('2026-11-16T07:30:00Z'), booking(), seven)
  expect(server.booked[0]?.Target.Arn).toBe('arn:aws:lambda:eu-central-1:123456789012:function:reports')
})

it('a booking that is refused says so', async () => {
  const booked = bookNextCall(call('2026-11-16T07:30:00Z'), { ...booking(), group: 'gone' }, seven)
  await expect(booked).rejects.toThrow(UnavailableError)
  await expect(booked).rejects.toThrow(`the next call of ${run} could not be booked`)
})
