import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../lib/errors.ts'
import * as words from '../../../lib/query.ts'
import { latestPointer, runManifest } from '../../../lib/report/manifest.ts'
import type { RunContext, RunOutcome, RunRequest } from '../../../lib/report/run.ts'
import { runReport } from '../../../lib/report/run.ts'
import { contents, desk, monday, postOffice, project, report, soon, vendor } from './desk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet run '))
})
afterEach(() => rm(folder, { recursive: true }))

const request: RunRequest = { report: 'weekly', scheduledAt: monday }

function done(outcome: RunOutcome): Extract<RunOutcome, { status: 'done' }> {
  if (outcome.status !== 'done') throw new Error(`not done: ${outcome.why}`)
  return outcome
}

async function manifestOf(context: RunContext, run = '20261116T070000Z') {
  const stored = await context.store.get(`reports/weekly/${run}/manifest.json`)
  return runManifest.parse(JSON.parse(Buffer.from(stored?.body ?? []).toString()))
}

describe('a run', () => {
  test('keeps every answer, the mail and a manifest whose hashes are those of the objects', async () => {
    const context = desk(folder)
    const outcome = done(await runReport(request, context))
    expect(outcome).toMatchObject({ run: 'weekly/20261116T070000Z', complete: true, failures: [], mail: [] })
    const manifest = await manifestOf(context)
    expect(manifest.status).toBe('complete')
    const names = manifest.objects.map(({ key }) => key.replace('reports/weekly/20261116T070000Z/', ''))
    for (const name of ['signups.json', 'signups.csv', 'signups.png', 'activation.json', 'rate.csv', 'email.html', 'email.eml']) {
      expect(names).toContain(name)
    }
    for (const object of manifest.objects) {
      const body = (await context.store.get(object.key))?.body ?? new Uint8Array()
      expect(createHash('sha256').update(body).digest('hex'), object.key).toBe(object.sha256)
      expect(body.byteLength).toBe(object.bytes)
    }
    expect(outcome.keys.at(-1)).toBe('reports/weekly/20261116T070000Z/manifest.json')
  })

  test('divides a ratio from kept answers: 721 errors per 721 sign-ups, times 1000', async () => {
    const { results } = done(await runReport(request, desk(folder)))
    const rate = results.find((result) => result.query === 'rate')
    expect(rate).toMatchObject({ shape: 'series', measure: 'ratio', total: 1000, comparisons: [{ total: 1000 }] })
  })

  test('is asked once: called again it reads what is kept', async () => {
    const source = vendor()
    const context = desk(folder, { source: () => source })
    const first = done(await runReport(request, context))
    const asked = source.asked.length
    const second = done(await runReport(request, context))
    expect(source.asked.length).toBe(asked)
    expect(second.results).toEqual(first.results)
    expect(second.keys).toEqual(first.keys)
  })

  test('sends each reader one mail, however often it is called', async () => {
    const mailer = postOffice(folder)
    const context = desk(folder, { mailer })
    await runReport(request, context)
    for (const _ of [1, 2, 3]) {
      const outcome = done(await runReport({ ...request, send: 'readers' }, context))
      expect(outcome.mail.map(({ state }) => state)).toEqual(['sent', 'sent'])
    }
    expect(await mailer.taken()).toEqual(['a@example.com', 'b@example.com'])
  })

  test('a trial to one person never takes the real mail’s place', async () => {
    const mailer = postOffice(folder)
    const context = desk(folder, { mailer })
    await runReport({ ...request, send: { to: 'a@example.com' } }, context)
    await runReport({ ...request, send: 'readers' }, context)
    expect(await mailer.taken()).toEqual(['a@example.com', 'a@example.com', 'b@example.com'])
  })

  test('asking again keeps the first answer and moves latest forward', async () => {
    const context = desk(folder)
    await runReport(request, context)
    const before = await contents(context.store)
    const source = vendor()
    const outcome = done(await runReport({ ...request, again: 'a wish' }, { ...context, source: () => source }))
    expect(source.asked).toHaveLength(3)
    expect(outcome.run).toBe('weekly/20261116T070000Z-2')
    const after = await contents(context.store)
    for (const [key, body] of before) if (!key.endsWith('latest.json')) expect(after.get(key), key).toBe(body)
    const latest = latestPointer.parse(JSON.parse(after.get('reports/weekly/latest.json') ?? ''))
    expect(latest.queries['signups']?.run).toBe('weekly/20261116T070000Z-2')
  })

  test('the same wish to ask again goes on with the same attempt, another one gets the next', async () => {
    const source = vendor()
    const context = desk(folder, { source: () => source })
    await runReport(request, context)
    const runs: string[] = []
    for (const wish of ['one', 'one', 'two']) runs.push(done(await runReport({ ...request, again: wish }, context)).run)
    expect(runs.map((run) => run.slice(-2))).toEqual(['-2', '-2', '-3'])
    expect(source.asked).toHaveLength(9)
  })

  test('where nothing could be answered, asking again mails the readers: they got nothing', async () => {
    const mailer = postOffice(folder)
    const context = desk(folder, { source: () => vendor(() => new RefusedError('no')), mailer })
    await runReport({ ...request, send: 'readers' }, context)
    const again = { ...request, again: 'mended', send: 'readers' } as const
    const source = vendor()
    done(await runReport(again, { ...context, source: () => source }))
    expect(await mailer.taken()).toEqual([report.owner, 'a@example.com', 'b@example.com'])
  })

  test('an older run never moves latest back', async () => {
    const context = desk(folder)
    await runReport(request, context)
    await runReport({ ...request, scheduledAt: monday.subtract({ hours: 24 * 7 }) }, context)
    const latest = latestPointer.parse(JSON.parse((await contents(context.store)).get('reports/weekly/latest.json') ?? ''))
    expect(latest.queries['signups']?.run).toBe('weekly/20261116T070000Z')
  })

  test('a kept answer counts only while its definition is the file’s', async () => {
    const wait = vendor((query) =>
      query === 'Errors' ? new WaitError('limit', { until: new Date('2026-11-16T07:10:00Z') }) : undefined,
    )
    const context = desk(folder, { source: () => wait })
    expect((await runReport(request, context)).status).toBe('again')
    const changed = {
      ...project,
      reports: {
        weekly: {
          ...report,
          queries: report.queries.map((query) =>
            query.name === 'signups' ? { ...query, timeframe: 'previous_2_weeks' } : query,
          ),
        },
      },
    }
    const source = vendor()
    await runReport(request, { ...context, project: changed, source: () => source })
    expect(source.asked.toSorted()).toEqual(['Errors', 'Sign-ups'])
  })
})

describe('a run that cannot be finished at once', () => {
  test('waits for a known reset, keeps what is answered, and asks only the rest when called again', async () => {
    const until = new Date('2026-11-16T07:40:00Z')
    const blocked = vendor((query) => (query === 'Errors' ? new WaitError('60 queries this hour', { until }) : undefined))
    const context = desk(folder, { source: () => blocked })
    expect(await runReport(request, context)).toMatchObject({ status: 'again', at: until, why: 'errors: 60 queries this hour' })
    expect(await context.store.get('reports/weekly/20261116T070000Z/manifest.json')).toBeUndefined()
    const open = vendor()
    done(await runReport(request, { ...context, source: () => open }))
    expect(open.asked).toEqual(['Errors'])
  })

  test('retries a transient failure until hold is over, then the mail goes out with a hole', async () => {
    const down = vendor((query) => (query === 'Errors' ? new UnavailableError('502') : undefined))
    const mailer = postOffice(folder)
    const context = desk(folder, { source: () => down, mailer })
    const send = { ...request, send: 'readers' } as const
    let now = soon()
    let calls = 0
    for (;;) {
      const at = now
      const outcome = await runReport(send, { ...context, clock: () => at })
      calls += 1
      if (outcome.status === 'done') {
        expect(outcome.failures.map(({ query, kind }) => [query, kind])).toEqual([
          ['errors', 'unavailable'],
          ['rate', 'unavailable'],
        ])
        break
      }
      expect(outcome.at.getTime()).toBeGreaterThan(now.getTime())
      now = outcome.at
    }
    expect(now.toISOString()).toBe('2026-11-16T09:00:00.000Z')
    expect(calls).toBeLessThan(25)
    expect((await manifestOf(context)).status).toBe('partial')
    expect(await mailer.taken()).toHaveLength(2)
  })

  test('a retry of a finished run with a failure fails at once without asking', async () => {
    const refusing = vendor((query) =>
      query === 'Errors' ? new RefusedError('no such event', { remedy: 'name another' }) : undefined,
    )
    const context = desk(folder, { source: () => refusing })
    expect(done(await runReport(request, context)).complete).toBe(false)
    const asked = refusing.asked.length
    expect(done(await runReport(request, context))).toMatchObject({
      complete: false,
      failures: [{ query: 'errors', remedy: 'name another' }, { query: 'rate' }],
    })
    expect(refusing.asked.length).toBe(asked)
  })

  test('what a source refuses for all that is asked of it is asked no more; each file says the failure', async () => {
    const { promise: bothAsked, resolve } = Promise.withResolvers<void>()
    const { promise: firstAsked, resolve: go } = Promise.withResolvers<void>()
    const asked: string[] = []
    const refuse = async ({ title }: { title: string }) => {
      // Which of two comes first out of the store is chance.
      if (title === 'Sign-ups') go()
      else await firstAsked
      asked.push(title)
      if (asked.length === 2) resolve()
      await bothAsked
      throw new CredentialError(`GET ${title} 401: expired`, { remedy: 'put another there', everywhere: true })
    }
    const refusing = { ...vendor(), answers: { segmentation: refuse, funnel: refuse } }
    const seen: string[] = []
    const more = { name: 'later', title: 'Later', source: 'vendor' }
    const many = { ...report, queries: [...report.queries.map((query) => query), { ...report.queries[0], ...more } as never] }
    const context = desk(folder, {
      project: { ...project, reports: { weekly: many } },
      source: () => refusing,
      progress: (event) => 'why' in event && seen.push(`${event.query}: ${event.why}`),
    })
    const { failures, complete } = done(await runReport(request, context))
    // Two were under way side by side; the first that was refused speaks for all.
    expect(asked).toEqual(['Sign-ups', 'Errors'])
    expect(complete).toBe(false)
    const same = { kind: 'credential', message: 'GET Sign-ups 401: expired', remedy: 'put another there' }
    expect(failures).toMatchObject([
      { query: 'signups', ...same },
      { query: 'errors', ...same },
      { query: 'activation', ...same },
      { query: 'rate', message: 'errors has no answer, so nothing can be divided' },
      { query: 'later', ...same },
    ])
    const kept = await context.store.get('reports/weekly/20261116T070000Z/later.json')
    expect(JSON.parse(Buffer.from(kept?.body ?? []).toString())).toMatchObject({ shape: 'failure', query: 'later', ...same })
    expect(seen).toEqual([
      'signups: GET Sign-ups 401: expired',
      'errors: for the reason of signups',
      'activation: not asked, for the reason of signups',
      'later: not asked, for the reason of signups',
      'rate: errors has no answer, so nothing can be divided',
    ])
    // A new run asks again, and so does the same one of what another source answers.
    const recovered = vendor()
    done(await runReport({ ...request, again: 'mended' }, { ...context, source: () => recovered }))
    expect(recovered.asked).toHaveLength(4)
  })

  test('a refusal of one question leaves the others to be asked', async () => {
    const refusing = vendor((query) => (query === 'Sign-ups' ? new CredentialError('not for you') : undefined))
    done(await runReport(request, desk(folder, { source: () => refusing })))
    expect(refusing.asked).toEqual(['Sign-ups', 'Errors', 'Activation'])
  })

  test('what a sample has no answer to is left out, and nothing failed', async () => {
    const people = { ...report.queries[0], name: 'who', title: 'Who', question: { kind: 'people', ...words.people.parse({}) } }
    const saved = { ...people, name: 'board', title: 'Board', question: { kind: 'saved', insights: '1' } }
    const events = { ...people, name: 'list', question: { kind: 'people', ...words.people.parse({ event: 'Order' }) } }
    const more = { ...report, queries: [...report.queries, people, saved, events] as never }
    const context = desk(folder, { project: { ...project, reports: { weekly: more } } })
    const sample = done(await runReport({ ...request, sample: true }, context))
    expect(sample.complete).toBe(true)
    expect(sample.failures).toMatchObject([
      { query: 'who', kind: 'sample', message: 'a sample is of made-up events and has no profiles of people' },
      { query: 'board', kind: 'sample', message: 'a sample is of made-up events and has no reports saved at a vendor' },
      { query: 'list', kind: 'sample', message: 'a sample is of made-up events and has no answer to a people question' },
    ])
    const [, , , , notice] = sample.edition.articles
    expect(notice).toMatchObject({ kicker: 'Who', headline: 'This question has no answer in a sample' })
    expect(notice?.notice).toBe(
      'A sample is of made-up events and has no profiles of people. It is asked when the report runs without --sample.',
    )
    const real = done(await runReport(request, desk(join(folder, 'real'), { project: context.project })))
    const failures = ['who', 'board', 'list'].map((query) => ({ query, kind: 'refused' }))
    expect(real).toMatchObject({ complete: false, failures })
  })

  test('if every query failed, readers get nothing and the owner gets the reason', async () => {
    const mailer = postOffice(folder)
    const context = desk(folder, { source: () => vendor(() => new RefusedError('plan has no API')), mailer })
    const outcome = done(await runReport({ ...request, send: 'readers' }, context))
    expect(await mailer.taken()).toEqual([report.owner])
    expect(outcome.complete).toBe(false)
    expect((await manifestOf(context)).status).toBe('failed')
  })
})

describe('a process that was stopped for longer than its claim lasts', () => {
  test.each([
    ['while it asked', 'ask'],
    ['when all was answered', 'rate.json'],
    ['while it kept what is sent', 'email.html'],
    ['before it sent', 'email.eml'],
  ] as const)('%s keeps, sends and publishes nothing more', async (_, where) => {
    let now = soon().getTime()
    const clock = () => new Date(now)
    const mailer = postOffice(folder)
    const other = desk(folder, { clock, mailer, owner: 'other' })
    let isStopped = false
    const keptLate: string[] = []
    async function stop(): Promise<void> {
      if (isStopped) return
      now += 600_000
      expect(done(await runReport(request, other)).complete).toBe(true)
      isStopped = true
    }
    const source = vendor()
    const funnel: typeof source.answers.funnel = async (ask) => {
      if (where === 'ask') await stop()
      return (await source.answers.funnel?.(ask)) as never
    }
    const store: typeof other.store = {
      ...other.store,
      async put(key, ...more) {
        if (isStopped && !key.startsWith('claims/runs/')) keptLate.push(key)
        const etag = await other.store.put(key, ...more)
        if (key.endsWith(where)) await stop()
        return etag
      },
    }
    const late = runReport(
      { ...request, send: 'readers' },
      {
        ...desk(folder, { clock, mailer, owner: 'late' }),
        store,
        source: () => ({ ...source, answers: { ...source.answers, funnel } }),
      },
    )
    await expect(late).rejects.toThrow(UnavailableError)
    await expect(late).rejects.toThrow('this run was held for longer than its claim lasts')
    expect(isStopped).toBe(true)
    expect(keptLate).toEqual([])
    expect(await mailer.taken()).toEqual([])
  })
})

describe('sending', () => {
  test('a throttled account is a wait, a refusal is told and tried again when called again', async () => {
    let trouble: unknown = new WaitError('throttled', { until: new Date('2026-11-16T07:01:00Z') })
    const mailer = postOffice(folder, () => trouble)
    const context = desk(folder, { mailer })
    const send = { ...request, send: 'readers' } as const
    expect(await runReport(send, context)).toMatchObject({ status: 'again', why: 'throttled' })
    trouble = new RefusedError('address is not verified')
    expect(done(await runReport(send, context)).mail[0]).toMatchObject({ state: 'refused', reason: 'address is not verified' })
    trouble = undefined
    expect(done(await runReport(send, context)).mail.map(({ state }) => state)).toEqual(['sent', 'sent'])
    expect(await mailer.taken()).toEqual(['a@example.com', 'b@example.com'])
  })

  test('a mail that waits asks nobody anew: both readers get the same, failures included', async () => {
    let trouble: unknown
    const mailer = postOffice(folder, () => trouble)
    const refusing = vendor((query) => (query === 'Errors' ? new RefusedError('no such event') : undefined))
    const context = desk(folder, { mailer, source: () => refusing })
    const send = { ...request, send: 'readers' } as const
    trouble = new WaitError('throttled', { until: new Date('2026-11-16T07:01:00Z') })
    expect((await runReport(send, context)).status).toBe('again')
    const asked = refusing.asked.length
    trouble = undefined
    const recovered = vendor()
    const outcome = done(await runReport(send, { ...context, source: () => recovered }))
    expect(recovered.asked).toEqual([])
    expect(refusing.asked).toHaveLength(asked)
    expect(outcome.failures.map(({ query }) => query)).toEqual(['errors', 'rate'])
    expect((await manifestOf(context)).status).toBe('partial')
  })

  test('a time-out leaves the mail unknown: told each time, never sent again', async () => {
    let trouble: unknown = new UnavailableError('no answer within 30 s')
    const mailer = postOffice(folder, () => trouble)
    const context = desk(folder, { mailer })
    const send = { ...request, send: 'readers' } as const
    expect(done(await runReport(send, context)).mail[0]).toMatchObject({ state: 'unknown' })
    trouble = undefined
    expect(done(await runReport(send, context)).mail[0]).toMatchObject({ state: 'unknown' })
    expect(await mailer.taken()).toEqual([])
  })

  test('no recipient’s address stands in the store', async () => {
    const context = desk(folder, { mailer: postOffice(folder) })
    await runReport({ ...request, send: 'readers' }, context)
    for (const [key, body] of await contents(context.store)) expect(body.includes('b@example.com'), key).toBe(false)
  })
})

describe('a request that makes no sense is refused, and nothing is done', () => {
  test.each([
    ['an unknown report', { ...request, report: 'weakly' }, /no report "weakly".*/],
    ['the future', { ...request, scheduledAt: monday.add({ hours: 1 }) }, /in the future/],
    ['a sample that is sent', { ...request, sample: true, send: 'readers' as const }, /never sent/],
    ['readers of a second answer', { ...request, again: 'a wish', send: 'readers' as const }, /never mails the readers/],
  ])('%s', async (_, wrong, message) => {
    const context = desk(folder, { mailer: postOffice(folder) })
    await expect(runReport(wrong, context)).rejects.toThrow(message)
    await expect(runReport(wrong, context)).rejects.toBeInstanceOf(UsageError)
    expect([...(await contents(context.store)).keys()]).toEqual([])
  })
})
