import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { call as callHere } from '../../functions/cli-call.ts'
import { UsageError } from '../../lib/errors.ts'
import { startVendor } from '../servers/vendor.ts'
import { exitOf, runCommand, startCommand } from './command.ts'

const secret = 'Zk3vQ9pLr7TnX2mB'
const env = { ACCOUNT: `reports:${secret}` }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'our vendors '))
})
afterEach(() => rm(folder, { recursive: true }))

async function project(url: string, queries = '', budget = ''): Promise<string> {
  const text = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:ACCOUNT, url: '${url}'${budget} }
  own: { kind: lake, events: . }
defaults: { source: product }
reports:
  weekly:
    schedule: cron(0 8 ? * MON *)
    queries:
      signups: { segmentation: { event: Sign up, type: unique }, timeframe: previous_1_week, compare: [previous, year] }
${queries}`
  await writeFile(join(folder, 'broadsheet.yaml'), text)
  return folder
}
const nowhere = 'http://127.0.0.1:9'
const call = (...args: string[]) => runCommand(['call', ...args, '--project', folder], env)

describe('call', () => {
  test('lists what there is, without a credential', async () => {
    await project(nowhere)
    const { code, out } = await runCommand(['call', 'product', '--project', folder])
    expect(code).toBe(0)
    for (const name of ['segmentation', 'retention', 'annotationsMove', 'engageAll', 'pipelinesCreate', 'exportEvents']) {
      expect(out).toMatch(new RegExp(`^ +${name} `, 'm'))
    }
  })

  test('shows what one takes', async () => {
    await project(nowhere)
    const { code, out } = await call('product', 'segmentation')
    expect(code).toBe(0)
    expect(out).toMatch(/event +text, needed/)
    expect(out).toMatch(/to_date +a date, such as 2026-11-09, needed; inclusive/)
    expect(out).toMatch(/unit +minute, hour, day or month; day unless said/)
    expect(out).toMatch(/limit +a whole number from 1 to 10000; values of `on`, which it needs; 60 unless said/)
    expect(out).toMatch(/format +json or csv/)
    const { out: json } = await call('product', 'segmentation', '--json')
    const format = { type: 'string', enum: ['json', 'csv'] }
    expect(JSON.parse(json)).toEqual([
      expect.objectContaining({
        name: 'segmentation',
        schema: expect.objectContaining({
          required: ['event', 'from_date', 'to_date'],
          properties: expect.objectContaining({ limit: expect.objectContaining({ type: 'integer', maximum: 10_000 }), format }),
        }),
      }),
    ])
    const { out: forms } = await call('product', 'pipelinesCreate')
    expect(forms).toMatch(/form 8 of 8/)
    expect(forms).toContain(`pipelinesCreate '{"type":…}' makes it`)
  })

  test.each([
    [['nobody'], 'there is no source "nobody"; the project has product, own'],
    [['own'], 'own is a lake, and there is no vendor to call'],
    [['product', 'retain'], 'mixpanel has no call "retain"; broadsheet call product lists them'],
    [['product', 'toString', '{}'], 'mixpanel has no call "toString"'],
    [['product', 'segmentaton', '{}'], 'did you mean segmentation? broadsheet call product lists them'],
    [['product', 'events/top', '{}'], 'did you mean eventsTop?'],
    [['product', 'get_event_top_names'], 'did you mean eventsNames?'],
    [['product', 'funnels', '{}'], 'did you mean funnel?'],
    [['product', 'addiction', '{}'], 'did you mean frequency?'],
    [['product', 'nessie/pipeline/create', '{}'], 'did you mean pipelinesCreate?'],
    [['product', 'retention', '{from_date}'], 'the parameters are not JSON'],
    [['product', 'retention', '[1]'], 'Mixpanel retention: ✖ parameters are a JSON object, not a list'],
    [['product', 'export', 'null'], 'Mixpanel export: ✖ parameters are a JSON object, not null'],
    [
      ['product', 'segmentation', '{"event":"A","from_date":"2026-11-09 10:00:00","to_date":"2026-11-10"}'],
      '✖ `from_date` is a date without a time, such as 2026-11-09',
    ],
    [['product', 'insights', '{}'], '✖ `bookmark_id` is needed'],
    [
      ['product', 'segmentation', '{"event":"A","from_date":"2026-11-10","to_date":"2026-11-09"}'],
      'from_date lies after to_date',
    ],
  ])('refuses %j and sends nothing', async (args, words) => {
    await using vendor = await startVendor([])
    await project(vendor.url)
    const { code, out, err } = await call(...args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(words)
  })

  test('prints the answer as JSON, and leaves a mark in the ledger of the store', async () => {
    const path = '/api/query/funnels/list'
    const body = [{ funnel_id: 7509, name: 'Activation' }]
    await using vendor = await startVendor([{ path, query: { project_id: '1234567' }, answer: { body } }])
    await project(vendor.url)
    const { code, out, err } = await call('product', 'funnelsList', '{}', '--verbose')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual([{ id: '7509', name: 'Activation' }])
    expect(err).toMatch(/^GET 127\.0\.0\.1:\d+\/api\/query\/funnels\/list 200 \d+ ms\n$/)
    const limits = join(folder, '.broadsheet', 'state', 'limits')
    expect(await readdir(limits)).toEqual(['mixpanel-eu-1234567-query.json'])
    expect(await readFile(join(limits, 'mixpanel-eu-1234567-query.json'), 'utf8')).not.toContain(secret)
  })

  test('keeps within the budget, however often it is called, and says until when', async () => {
    const answer = { path: '/api/query/funnels/list', query: { project_id: '1234567' }, answer: { body: [] } }
    await using vendor = await startVendor([answer, answer])
    await project(vendor.url, '', ', budget: 2 per hour')
    const codes = []
    for (let at = 0; at < 2; at += 1) codes.push((await call('product', 'funnelsList', '{}')).code)
    const third = await call('product', 'funnelsList', '{}')
    expect([...codes, third.code]).toEqual([0, 0, 1])
    expect(third.err).toMatch(
      /^2 of 2 queries of Mixpanel project 1234567 were used in the last hour; possible again from .*\d\d:\d\d:\d\d \(.+\); to wait/,
    )
    const { out } = await call('product', 'funnelsList', '{}', '--json')
    const { error, until } = JSON.parse(out)
    expect(error).toBe('wait')
    expect(Date.parse(until)).toBeGreaterThan(Date.now() + 50 * 60_000)
  })

  test('says until when the vendor itself takes no more, also to who asks after it', async () => {
    const headers = { ratelimit: '"project";r=0;t=1800, "project-concurrency";r=3' }
    const answer = { status: 429, headers, body: { error: 'Query rate limit exceeded' } }
    await using vendor = await startVendor([{ path: '/api/query/funnels/list', query: { project_id: '1234567' }, answer }])
    await project(vendor.url)
    const first = await call('product', 'funnelsList', '{}')
    expect(first.code).toBe(1)
    expect(first.err).toMatch(/Query rate limit exceeded; possible again from .*\d\d:\d\d:\d\d \(.+\); the project has used up/)
    const second = await call('product', 'funnelsList', '{}')
    expect(second.err).toMatch(/the vendor says that the queries of Mixpanel project 1234567 are used up.*; possible again from/)
    expect(second.err).not.toMatch(/by itself|mixpanel-eu/)
  })

  test('prints profiles as objects, whatever their properties are called', async () => {
    const properties = '{"__proto__":{"a":1},"$email":"x","id":12345678901234567890}'
    const body = `{"page":0,"page_size":1000,"total":1,"results":[{"$distinct_id":"a","$properties":${properties}}]}`
    const answer = { method: 'POST', path: '/api/query/engage', query: { project_id: '1234567' }, answer: { body } }
    await using vendor = await startVendor([answer, answer])
    await project(vendor.url)
    const profile = `{"distinctId":"a","properties":${properties.replace('12345678901234567890', '"12345678901234567890"')}}`
    expect((await call('product', 'engageAll', '{}')).out).toBe(`${profile}\n`)
    expect((await call('product', 'engage', '{}')).out.replace(/\s+/g, '')).toContain(profile)
  })

  test.runIf(existsSync('/proc/self'))('is told of a store that cannot be', async () => {
    await using vendor = await startVendor([])
    await project(vendor.url)
    const { code, err } = await call('product', 'funnelsList', '{}', '--store', '/proc/nope')
    expect(code).toBe(2)
    expect(err).toContain('the store /proc/nope cannot hold /proc/nope')
  })

  test('says what is wrong with a credential', async () => {
    await using vendor = await startVendor([])
    await project(vendor.url)
    const { code, err } = await runCommand(['call', 'product', 'funnelsList', '{}', '--project', folder], { ACCOUNT: 'svc:sec' })
    expect(code).toBe(1)
    expect(err).toContain('what env:ACCOUNT points to is no credential of Mixpanel: `secret` has fewer than 4 characters')
  })

  test('prints the vendor’s CSV as it came, reads parameters from stdin, and streams events', async () => {
    const days = { from_date: '2026-11-09', to_date: '2026-11-09' }
    const lines = '{"event":"A","properties":{"time":1}}\n{"event":"B","properties":{"time":2}}\n'
    await using vendor = await startVendor([
      {
        path: '/api/query/segmentation',
        query: { project_id: '1234567', event: 'A', ...days, format: 'csv' },
        answer: { body: 'date,A\n2026-11-09,3\n' },
      },
      {
        path: '/api/2.0/export',
        query: { project_id: '1234567', ...days },
        answer: { body: gzipSync(lines), headers: { 'content-encoding': 'gzip' } },
      },
    ])
    await project(vendor.url)
    const given = JSON.stringify({ event: 'A', ...days, format: 'csv' })
    const csv = await runCommand(['call', 'product', 'segmentation', '-', '--project', folder], env, given)
    expect(csv).toMatchObject({ code: 0, out: 'date,A\n2026-11-09,3\n' })
    const events = await call('product', 'exportEvents', JSON.stringify(days))
    expect(events).toMatchObject({ code: 0, out: lines })
  })

  test('gives packed bytes, also where the vendor packs nothing', async () => {
    const days = { from_date: '2026-11-09', to_date: '2026-11-09' }
    const lines = '{"event":"A","properties":{"time":1}}\n'
    const request = { path: '/api/2.0/export', query: { project_id: '1234567', ...days } }
    await using vendor = await startVendor([
      { ...request, answer: { body: lines } },
      { ...request, answer: { body: gzipSync(lines), headers: { 'content-encoding': 'gzip' } } },
    ])
    await project(vendor.url)
    for (let calls = 0; calls < 2; calls += 1) {
      const child = startCommand(['call', 'product', 'export', JSON.stringify(days), '--project', folder], env)
      const [file, code] = await Promise.all([buffer(child.stdout), exitOf(child)])
      expect([gunzipSync(file).toString(), code]).toEqual([lines, 0])
    }
  })

  test('ends quietly when nobody reads any more, and hangs up', async () => {
    const days = { from_date: '2026-11-09', to_date: '2026-11-09' }
    const left = Promise.withResolvers<void>()
    function* endless() {
      const lines = Buffer.from(`${JSON.stringify({ event: 'A', properties: { time: 1 } })}\n`.repeat(2000))
      try {
        for (;;) yield lines
      } finally {
        left.resolve()
      }
    }
    await using vendor = await startVendor([
      { path: '/api/2.0/export', query: { project_id: '1234567', ...days }, answer: { chunks: endless() } },
      { path: '/api/query/funnels/list', query: { project_id: '1234567' }, answer: { body: [] } },
    ])
    await project(vendor.url)
    const streaming = startCommand(['call', 'product', 'exportEvents', JSON.stringify(days), '--project', folder], env)
    streaming.stdout.once('data', () => streaming.stdout.destroy())
    expect(await Promise.all([text(streaming.stderr), exitOf(streaming)])).toEqual(['', 0])
    await left.promise
    const printing = startCommand(['call', 'product', 'funnelsList', '{}', '--project', folder], env)
    printing.stdout.destroy()
    expect(await Promise.all([text(printing.stderr), exitOf(printing)])).toEqual(['', 0])
  })

  test('sends no packed bytes to a terminal, and asks for none', async () => {
    await using vendor = await startVendor([])
    await project(vendor.url)
    const { isTTY } = process.stdout
    process.stdout.isTTY = true
    try {
      const asked = callHere('product', 'export', '{"from_date":"2026-11-09","to_date":"2026-11-09"}', { project: folder })
      const failed = await asked.catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(UsageError)
      expect(failed).toMatchObject({ message: 'the answer is packed bytes', remedy: expect.stringContaining('events.json.gz') })
    } finally {
      process.stdout.isTTY = isTTY
    }
    expect(await readdir(folder)).toEqual(['broadsheet.yaml'])
  })

  test('fails with the vendor’s words, without the secret', async () => {
    const answer = { status: 403, body: { error: `Permission denied for reports:${secret}` } }
    await using vendor = await startVendor([{ path: '/api/query/funnels/list', query: { project_id: '1234567' }, answer }])
    await project(vendor.url)
    const { code, out, err } = await call('product', 'funnelsList', '{}', '--json')
    expect(code).toBe(1)
    expect(err).toContain('Permission denied')
    expect(`${out}${err}`).not.toContain(secret)
  })
})

describe('check', () => {
  test('says until when its lookups have to wait', async () => {
    const names = { path: '/api/query/events/names', query: { project_id: '1234567', type: 'general', limit: '5000' } }
    await using vendor = await startVendor([{ ...names, answer: { body: ['Sign up'] } }])
    await project(vendor.url, '', ', budget: 1 per hour')
    expect((await runCommand(['check', '--online', '--project', folder], env)).code).toBe(0)
    const { code, err } = await runCommand(['check', '--online', '--project', folder], env)
    expect(code).toBe(1)
    expect(err).toMatch(/1 of 1 queries of Mixpanel project 1234567 were used in the last hour; possible again from .*\d\d:\d\d/)
    expect(err).not.toMatch(/by itself|mixpanel-eu/)
  })

  test('plans the coming week, says what is in maintenance mode, and warns where more is asked than fits', async () => {
    await project(nowhere, '', ', budget: 3 per hour')
    const { code, out } = await runCommand(['check', '--project', folder])
    expect(code).toBe(0)
    // Uniques: one for the days, one for the week, one for each compared week.
    expect(out).toMatch(/Mixpanel project 1234567 \(product\), 3 in any hour\n +4 {2}Mon .* 08:00: weekly\n/)
    expect(out).toContain('1 more than fit')
    expect(out).toContain('maintenance mode')
    const { out: json } = await runCommand(['check', '--project', folder, '--json'])
    expect(JSON.parse(json).budget.limits[0].peak.calls).toBe(4)
  })

  test('asks online whether what is named is there, and fails where it is not', async () => {
    const names = { path: '/api/query/events/names', query: { project_id: '1234567', type: 'general', limit: '5000' } }
    await using vendor = await startVendor([
      { ...names, answer: { body: ['Sign Up'] } },
      { ...names, answer: { body: ['Sign up'] } },
    ])
    await project(vendor.url)
    const first = await runCommand(['check', '--online', '--project', folder], env)
    expect(first.code).toBe(1)
    expect(first.out).toContain('weekly, signups: no event called "Sign up" came in the last 31 days; did you mean "Sign Up"?')
    const second = await runCommand(['check', '--online', '--project', folder], env)
    expect(second.code).toBe(0)
    expect(second.out).toContain('Asked online: every event')
  })

  test('says what it could not ask, and never that it is there', async () => {
    const names = { path: '/api/query/events/names', query: { project_id: '1234567', type: 'general', limit: '5000' } }
    await using vendor = await startVendor([
      { ...names, answer: { body: ['Sign up'] } },
      { ...names, answer: { body: ['Sign up'] } },
    ])
    const queries = `      custom: { segmentation: { event: '$custom_event:999' }, timeframe: previous_1_week }
      mine: { source: own, segmentation: { event: A }, timeframe: previous_1_week }
`
    await project(vendor.url, queries)
    const { code, out } = await runCommand(['check', '--online', '--project', folder], env)
    expect(code).toBe(0)
    expect(out).toContain(`Asked online: all else that the questions name is there.

Not asked, since no call of the vendor tells
  weekly, custom: $custom_event:999: no call lists custom events
  own: nothing of this source can be looked up`)
    const { out: json } = await runCommand(['check', '--online', '--json', '--project', folder], env)
    expect(JSON.parse(json)).toMatchObject({ findings: [], unknown: [{ query: 'custom', unknown: true }], notAsked: ['own'] })
  })

  test('says by how much a budget never catches up', async () => {
    const yaml = await readFile(join(await project(nowhere, '', ', budget: 5 per hour'), 'broadsheet.yaml'), 'utf8')
    const often = yaml
      .replace('cron(0 8 ? * MON *)', 'rate(10 minutes)')
      .replace(', type: unique', '')
      .replace(/, compare: .*/, ' }')
    await writeFile(join(folder, 'broadsheet.yaml'), often)
    const { out } = await runCommand(['check', '--project', folder])
    expect(out).toMatch(/never catches up: 1,00[78] are asked in the week and 840 fit, 16[78] too many \((?:1|0\.99) each hour\)/)
    expect(out).toContain('the wait grows to 34 hours by the end of the week')
  })

  test('and an explained run show no dates for what keeps its own', async () => {
    await project(nowhere, '      board: { saved: { insights: 60327213 } }\n')
    const { out } = await runCommand(['check', '--project', folder])
    expect(out).toContain("    insights 60327213\n    period  the saved report's own dates\n")
    const explained = await runCommand(['run', 'weekly', '--dry-run', '--explain', '--project', folder], env)
    expect(explained.out).toContain("  board: saved of Mixpanel (project 1234567, EU), the saved report's own dates\n")
  })
})
