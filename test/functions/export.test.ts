import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSources } from '../../functions/adapters.ts'
import type { Container } from '../../functions/export.ts'
import { exportHandler } from '../../functions/export.ts'
import { CredentialError, UsageError } from '../../lib/errors.ts'
import { cancel } from '../../lib/export/settled.ts'
import { loadProject } from '../../lib/project/load.ts'
import { openFolder } from '../../lib/store/folder.ts'
import { exportKeys } from '../../lib/store/keys.ts'
import { storeLedger } from '../../lib/store/ledger.ts'
import { fakeTime } from '../servers/fake-time.ts'
import type { SchedulerServer } from '../servers/scheduler.ts'
import { startScheduler } from '../servers/scheduler.ts'
import type { Expected, Payload } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'

const keys = exportKeys('events')
const days = ['2026-11-09', '2026-11-10', '2026-11-11']
/** When the first of its schedules comes after those three days. */
const scheduledAt = '2026-11-12T03:00:00Z'
const schedule = { export: 'events', scheduledAt }

let folder: string
let server: SchedulerServer
let lines: { level: string; message: string; more: unknown }[]
let time: ReturnType<typeof fakeTime>
/** Given to the invocations, and aborted by a test where Lambda's time is over. */
let deadlines: { milliseconds: number; up: AbortController }[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet-exporter-'))
  server = await startScheduler('group')
  lines = []
  deadlines = []
  time = fakeTime('2026-11-12T03:00:05Z')
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const store = () => openFolder(join(folder, 'store'))
const manifests = async () => {
  const found: string[] = []
  for await (const { key } of store().list(keys.manifests)) found.push(key.slice(keys.manifests.length, -'.json'.length))
  return found.sort()
}
const trouble = async (window: string) =>
  JSON.parse(Buffer.from((await store().get(keys.trouble(window)))?.body ?? []).toString())

/** The function over a project of its own, whose vendor is at that address. */
async function exporter(url: string, words = ''): Promise<ReturnType<typeof exportHandler>> {
  const yaml = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: ssm:/broadsheet/product, url: '${url}' }
exports:
  events: { source: product, data: events, from: 2026-11-09, at: '03:00', order: oldest, format: [json]${words} }
`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
  const project = loadProject(folder)
  const { clock } = time
  const write = (level: string) => (message: unknown, more?: unknown) =>
    void lines.push({ level, message: String(message), more })
  const { source } = openSources(project, {
    credential: async () => 'account:hush-4711',
    ledger: storeLedger(store(), { clock }),
    warn: write('warn'),
    trace: () => {},
    clock,
  })
  const scratch = join(folder, 'scratch')
  await mkdir(scratch, { recursive: true })
  const container: Container = {
    project,
    store: store(),
    source,
    clock,
    booking: {
      scheduler: new SchedulerClient({
        endpoint: server.url,
        region: 'eu-central-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
      group: 'group',
      roleArn: 'arn:aws:iam::123456789012:role/scheduler',
      deadLetterArn: 'arn:aws:sqs:eu-central-1:123456789012:dead',
    },
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    owner: 'lambda-1',
    scratch,
    deadline(milliseconds) {
      const up = new AbortController()
      deadlines.push({ milliseconds, up })
      return up.signal
    },
  }
  return exportHandler(async () => container)
}

function lambda(remaining = 900_000) {
  return {
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:exports',
    getRemainingTimeInMillis: () => remaining,
  }
}

/** A day of the raw export: some sign-ups at noon. */
function day(date: string, answer: Payload = packed(date, 3)): Expected {
  return { path: '/api/2.0/export', query: { project_id: '1234567', from_date: date, to_date: date }, answer }
}
function packed(date: string, count: number): Payload {
  const noon = Date.parse(`${date}T12:00:00Z`) / 1000
  const events = Array.from({ length: count }, (_, at) => {
    const properties = { time: noon + at, distinct_id: `u${at}`, $insert_id: `${date}-${at}` }
    return `${JSON.stringify({ event: 'Sign Up', properties })}\n`
  })
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
  return { headers, body: gzipSync(events.join('')) }
}
const refusal: Payload = { status: 400, headers: { 'content-type': 'text/plain' }, body: { error: 'bad where' } }
const limited: Payload = { status: 429, headers: { 'retry-after': '1800' }, body: { error: 'too many exports' } }

describe('an event', () => {
  it.each([
    ['nothing', undefined],
    ['a text', 'events'],
    ['a key that is not known', { ...schedule, rebuild: true }],
    ['no export', { scheduledAt }],
    ['an instant without its offset', { ...schedule, scheduledAt: '2026-11-12T03:00:00' }],
    ['the placeholder that Scheduler was to replace', { ...schedule, scheduledAt: '<aws.scheduler.scheduled-time>' }],
    ['a day that the calendar does not have', { ...schedule, from: '2026-11-31' }],
    ['a time where a day is meant', { ...schedule, to: '2026-11-11T00:00:00Z' }],
    ['an instant in the future', { ...schedule, scheduledAt: '2026-11-12T03:00:06Z' }],
  ])('with %s is refused before anything is asked', async (_, event) => {
    await using vendor = await startVendor([])
    await expect((await exporter(vendor.url))(event, lambda())).rejects.toThrow(UsageError)
    expect(await manifests()).toEqual([])
  })

  it('for an export that is not there names those that are', async () => {
    await using vendor = await startVendor([])
    const refused = 'there is no export "people"; the project has events'
    await expect((await exporter(vendor.url))({ export: 'people' }, lambda())).rejects.toThrow(refused)
  })

  it('for days of which none is over says when it begins', async () => {
    await using vendor = await startVendor([])
    const asked = (await exporter(vendor.url))({ export: 'events', from: '2026-11-12' }, lambda())
    await expect(asked).rejects.toThrow('export events has no window from 2026-11-12 that is over; it begins at 2026-11-09')
  })
})

it('a schedule keeps the windows that are due, says so in its log, and asks for none of them twice', async () => {
  await using vendor = await startVendor(days.map((date) => day(date)))
  const handle = await exporter(vendor.url)
  const done = days.map((window) => ({ window, state: 'kept', lines: 3 }))
  const reply = await handle(schedule, lambda())
  expect(reply).toEqual({ export: 'events', status: 'done', done: expect.arrayContaining(done) })
  expect(await manifests()).toEqual(days)
  expect(lines).toContainEqual({ level: 'info', message: 'planned', more: { export: 'events', windows: 3, kept: 0 } })
  const ended = { export: 'events', window: '2026-11-10', outcome: 'kept', lines: 3 }
  expect(lines).toContainEqual({ level: 'info', message: 'ended', more: ended })
  expect(await handle(schedule, lambda())).toEqual({ export: 'events', status: 'done', done: [] })
  expect(server.booked).toEqual([])
})

it('a person may have some days looked at again', async () => {
  await using vendor = await startVendor([...days.map((date) => day(date)), day('2026-11-10', packed('2026-11-10', 5))])
  const handle = await exporter(vendor.url)
  await handle(schedule, lambda())
  time.advance(1000)
  const reply = await handle({ export: 'events', from: '2026-11-10', to: '2026-11-11' }, lambda())
  expect(reply).toMatchObject({ status: 'done', done: [{ window: '2026-11-10', state: 'replaced', lines: 5 }] })
})

describe('what a call leaves', () => {
  it('at a limit of the vendor is booked for when that is over, as the same call, and done there', async () => {
    await using vendor = await startVendor([day('2026-11-09', limited), ...days.map((date) => day(date))])
    const handle = await exporter(vendor.url)
    const reply = await handle({ ...schedule, resume: true }, lambda())
    if (reply.status !== 'again') throw new Error(JSON.stringify(reply))
    expect(reply.why).toContain('a limit of the vendor is reached')
    expect(server.booked).toHaveLength(1)
    const [booked] = server.booked
    expect(booked).toMatchObject({
      Name: expect.stringMatching(/^events\.20261112T\d{6}Z\.[0-9a-f]{16}$/),
      ScheduleExpression: `at(${reply.at.slice(0, 19)})`,
      Target: { Arn: lambda().invokedFunctionArn },
    })
    const input = JSON.parse(booked?.Target.Input ?? '')
    expect(input).toEqual({ export: 'events', scheduledAt })
    time.advance(Date.parse(reply.at) - time.clock().getTime())
    expect(await handle(input, lambda())).toMatchObject({ status: 'done' })
    expect(await manifests()).toEqual(days)
  })

  it('for want of time is booked for the next minute, before any window is begun in its last third', async () => {
    await using vendor = await startVendor([])
    const handle = await exporter(vendor.url)
    const reply = await handle(schedule, lambda(0))
    const booked = '2026-11-12T03:01:00.000Z'
    expect(reply).toEqual({ export: 'events', status: 'again', at: booked, why: 'the time of this call is over', done: [] })
    await handle({ ...schedule, from: '2026-11-10' }, lambda(0))
    expect(server.booked.map(({ Target }) => JSON.parse(Target.Input))).toEqual([
      { export: 'events', scheduledAt },
      { export: 'events', scheduledAt, from: '2026-11-10' },
    ])
  })

  it('is booked once, whichever of its schedules a back-fill began with, and goes on as the latest of them', async () => {
    await using vendor = await startVendor([])
    const handle = await exporter(vendor.url)
    for (const from of [scheduledAt, '2026-11-11T03:00:00Z', '2026-11-10T03:00:00Z', undefined]) {
      await handle({ export: 'events', ...(from === undefined ? {} : { scheduledAt: from }) }, lambda(0))
    }
    expect(server.booked.map(({ Target }) => JSON.parse(Target.Input))).toEqual([{ export: 'events', scheduledAt }])
  })

  it('takes days of its own as they were asked for, whatever came since', async () => {
    await using vendor = await startVendor([])
    const handle = await exporter(vendor.url)
    await handle({ export: 'events', scheduledAt: '2026-11-10T12:00:00Z', from: '2026-11-09' }, lambda(0))
    expect(JSON.parse(server.booked[0]?.Target.Input ?? '')).toMatchObject({ scheduledAt: '2026-11-10T12:00:00Z' })
  })
})

describe('a window that does not end', () => {
  it('is given up shortly before the call is ended, leaves nothing, and comes first in the next call', async () => {
    await using vendor = await startVendor([day('2026-11-09', { stall: true }), day('2026-11-09')])
    const handle = await exporter(vendor.url, ', to: 2026-11-10')
    const stopped = handle(schedule, lambda())
    await vendor.stalled
    expect(deadlines[0]?.milliseconds).toBe(870_000)
    deadlines[0]?.up.abort()
    expect(await stopped).toMatchObject({ status: 'again', why: 'the time of this call is over', done: [] })
    const message = 'it was not done when the time of its call was over'
    expect(await trouble('2026-11-09')).toMatchObject({ state: 'retried', tries: 1, message })
    expect(await manifests()).toEqual([])
    const found: string[] = []
    for await (const { key } of store().list('exports/')) found.push(key)
    expect(found).toEqual([])
    expect(await handle(JSON.parse(server.booked[0]?.Target.Input ?? ''), lambda())).toMatchObject({
      status: 'done',
      done: [{ window: '2026-11-09', state: 'kept' }],
    })
  })

  it('in the middle of its bytes is given up as well', async () => {
    const { promise: isSent, resolve: sent } = Promise.withResolvers<void>()
    async function* endless() {
      yield gzipSync(Buffer.alloc(100_000, 'x')).subarray(0, 60)
      sent()
      await new Promise(() => {})
    }
    const answer = { headers: { 'content-encoding': 'gzip' }, chunks: endless() }
    await using vendor = await startVendor([day('2026-11-09', answer)])
    const handle = await exporter(vendor.url, ', to: 2026-11-10')
    const stopped = handle(schedule, lambda())
    await isSent
    // What was sent has yet to be heard.
    for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate)
    deadlines[0]?.up.abort()
    expect(await stopped).toMatchObject({ status: 'again', why: 'the time of this call is over' })
    expect(await trouble('2026-11-09')).toMatchObject({ state: 'retried', tries: 1 })
  })

  it('is timed out after five tries, and fails the invocation with what would help, now and when Lambda tries again', async () => {
    const failed = `events: all is kept but one window. 2026-11-09 (timed out): it was not done when the time of its call was over; run broadsheet export events --from 2026-11-09 --to 2026-11-10 on a machine that has more time; or ask for \`every: hour\`, with --rebuild or under another name`
    for (let tries = 1; tries <= 5; tries += 1) {
      await using vendor = await startVendor([day('2026-11-09', { stall: true })])
      const handle = await exporter(vendor.url, ', to: 2026-11-10')
      const stopped = handle(schedule, lambda())
      await vendor.stalled
      deadlines.at(-1)?.up.abort()
      await stopped
      expect(await trouble('2026-11-09')).toMatchObject({ tries, state: tries < 5 ? 'retried' : 'timed out' })
    }
    await using vendor = await startVendor([])
    const handle = await exporter(vendor.url, ', to: 2026-11-10')
    for (let call = 0; call < 2; call += 1) {
      await expect(handle(schedule, lambda())).rejects.toMatchObject({ name: 'ExportFailed' })
      await expect(handle(schedule, lambda())).rejects.toThrow(failed)
    }
  })

  it('is tried once by each later schedule, and is well as soon as it ends, wherever that is', async () => {
    const again = async (event: object, answers: readonly Expected[], ends: boolean) => {
      await using vendor = await startVendor(answers)
      const handle = await exporter(vendor.url, ', to: 2026-11-10')
      const ended = handle(event, lambda()).catch((error: Error) => error.name)
      if (!ends) {
        await vendor.stalled
        deadlines.at(-1)?.up.abort()
      }
      return await ended
    }
    const stalls = [day('2026-11-09', { stall: true })]
    for (let tries = 1; tries <= 5; tries += 1) await again(schedule, stalls, false)
    time.advance(86_400_000)
    const next = { export: 'events', scheduledAt: '2026-11-13T03:00:00Z' }
    expect(await again(next, stalls, false)).toMatchObject({ status: 'again' })
    expect(await trouble('2026-11-09')).toMatchObject({ tries: 6, state: 'timed out' })
    expect(await again(next, [], true)).toBe('ExportFailed')
    time.advance(1000)
    // As `broadsheet export events --from … --to …` on a machine does it.
    const asked = { export: 'events', from: '2026-11-09', to: '2026-11-10' }
    expect(await again(asked, [day('2026-11-09')], true)).toMatchObject({ done: [{ window: '2026-11-09', state: 'kept' }] })
    expect(await again(next, [], true)).toMatchObject({ status: 'done', done: [] })
  })
})

describe('what fails', () => {
  it('fails the invocation that ends the export, although another one met it; the rest is kept', async () => {
    await using vendor = await startVendor([
      day('2026-11-09', refusal),
      day('2026-11-10', refusal),
      day('2026-11-11', limited),
      day('2026-11-11'),
    ])
    const handle = await exporter(vendor.url)
    const reply = await handle(schedule, lambda())
    if (reply.status !== 'again') throw new Error(JSON.stringify(reply))
    expect(lines).toContainEqual({ level: 'error', message: 'failed', more: expect.objectContaining({ window: '2026-11-10' }) })
    time.advance(Date.parse(reply.at) - time.clock().getTime())
    const input = JSON.parse(server.booked[0]?.Target.Input ?? '')
    const failed = handle(input, lambda())
    await expect(failed).rejects.toMatchObject({ name: 'ExportFailed' })
    await expect(failed).rejects.toThrow(
      /^events: all is kept but 2 windows\. 2026-11-09, 2026-11-10 \(failed\): .*bad where.*; /,
    )
    expect(await manifests()).toEqual(['2026-11-11'])
    // Lambda tries twice more: nobody is asked, and the answer is the same.
    await expect(handle(input, lambda())).rejects.toThrow('2026-11-09, 2026-11-10 (failed)')
    // Whoever asks for other days is not told of these.
    expect(await handle({ ...input, from: '2026-11-11' }, lambda())).toMatchObject({ status: 'done' })
  })

  it('for each window in the same way ends the call and fails the invocation, which tells how many are left', async () => {
    await using vendor = await startVendor([], { '/api/2.0/export': refusal })
    time.advance(4 * 86_400_000)
    const handle = await exporter(vendor.url)
    const failed = handle({ export: 'events', scheduledAt: '2026-11-16T03:00:00Z' }, lambda())
    await expect(failed).rejects.toMatchObject({ name: 'ExportFailed' })
    const told =
      /^events: ([34]) windows failed, and ([34]) more were not asked for, which would fail in the same way\. 2026-11-09, .*bad where/
    const [, many, left] = told.exec(String(await failed.catch((error: Error) => error.message))) ?? []
    expect(Number(many) + Number(left)).toBe(7)
    const more = {
      export: 'events',
      windows: Number(left),
      why: expect.stringContaining('bad where'),
      remedy: expect.any(String),
    }
    expect(lines).toContainEqual({ level: 'error', message: 'stopped', more })
    expect(server.booked).toEqual([])
  })

  it('everywhere fails the invocation at once, with the remedy and without the secret', async () => {
    const denied: Payload = { status: 401, body: { error: 'Unauthorized', status: 'error' } }
    await using vendor = await startVendor([], { '/api/2.0/export': denied })
    const failed = (await exporter(vendor.url))(schedule, lambda())
    await expect(failed).rejects.toThrow(CredentialError)
    await expect(failed).rejects.toThrow(/; /)
    expect(JSON.stringify(await failed.catch((error: Error) => [error.message, lines]))).not.toContain('hush-4711')
    expect(server.booked).toEqual([])
  })
})

it('canceled, it ends well and says so, until it is resumed; what that books can be canceled again', async () => {
  await using vendor = await startVendor([])
  const handle = await exporter(vendor.url)
  const at = new Date('2026-11-11T12:00:00Z')
  await cancel(store(), keys, 'ann@laptop', at)
  const canceled = { export: 'events', status: 'canceled', by: 'ann@laptop', at: at.toISOString() }
  expect(await handle(schedule, lambda())).toEqual(canceled)
  const more = expect.objectContaining({ by: 'ann@laptop', remedy: expect.stringContaining('"resume": true') })
  expect(lines).toContainEqual({ level: 'warn', message: 'canceled', more })
  expect(await handle({ ...schedule, resume: true }, lambda(0))).toMatchObject({ status: 'again' })
  await cancel(store(), keys, 'ann@laptop', at)
  expect(await handle(JSON.parse(server.booked[0]?.Target.Input ?? ''), lambda(0))).toEqual(canceled)
  expect(await readFile(join(folder, 'store', keys.canceled), 'utf8')).toContain('ann@laptop')
})
