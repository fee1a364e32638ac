import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SesServer } from '../servers/ses.ts'
import { startSes } from '../servers/ses.ts'
import type { Expected } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import { runCommand } from './command.ts'

/** One report that asks Mixpanel, Keen, Exponea and a lake, each its own way, and mails one summary. */
let folder: string
let ses: SesServer
beforeAll(async () => {
  ;[folder, ses] = await Promise.all([mkdtemp(join(tmpdir(), 'four sources ')), startSes()])
})
afterAll(async () => {
  await ses.stop()
  await rm(folder, { recursive: true, force: true })
})

const days = ['09', '10', '11', '12', '13', '14', '15'].map((day) => `2026-11-${day}`)
const before = ['02', '03', '04', '05', '06', '07', '08'].map((day) => `2026-11-${day}`)

const mixpanel = (from: string, to: string, values: Readonly<Record<string, number>>): Expected => ({
  path: '/mixpanel/api/query/segmentation',
  query: { project_id: '1234567', event: 'Sign Up', from_date: from, to_date: to, unit: 'day', type: 'general' },
  headers: { authorization: `Basic ${Buffer.from('reports:Zk3vQ9pLr7TnX2mB').toString('base64')}` },
  answer: { body: { data: { series: Object.keys(values), values: { 'Sign Up': values } }, legend_size: 1 } },
})
const each = (dates: readonly string[], value: number) => Object.fromEntries(dates.map((date) => [date, value]))
const at = (date: string) => new Date(`${date}T00:00:00+01:00`).toISOString()
const next = (date: string) => at(new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10))

const keen = (query: string, json: object, body: object): Expected => ({
  method: 'POST',
  path: `/keen/3.0/projects/5f1e0c/queries/${query}`,
  headers: { authorization: 'a-key-that-reads' },
  json,
  answer: { body },
})
const steps = [
  {
    event_collection: 'carts',
    actor_property: 'user.id',
    timeframe: { start: '2026-11-01T23:00:00.000Z', end: '2026-11-08T23:00:00.000Z' },
  },
  {
    event_collection: 'purchases',
    actor_property: 'user.id',
    timeframe: { start: '2026-11-01T23:00:00.000Z', end: '2026-11-10T23:00:00.000Z' },
  },
]
const exponea = (kind: string, analysis_id: string, header: string[], rows: unknown[][]): Expected => ({
  method: 'POST',
  path: `/crm/data/v2/projects/2b6a-11/analyses/${kind}`,
  headers: { authorization: `Basic ${Buffer.from('key:a-secret-of-exponea').toString('base64')}` },
  json: { analysis_id, execution_time: 1_794_812_400, timezone: 'Europe/Berlin', format: 'table_json' },
  answer: { body: { success: true, name: 'Saved', header, rows } },
})

test('one report asks all four sources and mails one summary', async () => {
  await using vendor = await startVendor([
    mixpanel('2026-11-09', '2026-11-15', each(days, 110)),
    mixpanel('2026-11-02', '2026-11-08', each(before, 100)),
    {
      path: '/mixpanel/api/app/projects/1234567/annotations',
      query: { fromDate: '2026-11-09', toDate: '2026-11-15' },
      answer: {
        body: {
          status: 'ok',
          results: [{ id: 1, project_id: 1234567, date: '2026-11-11 09:00:00', description: 'New page', user: {}, tags: [] }],
        },
      },
    },
    keen(
      'count',
      {
        event_collection: 'purchases',
        timeframe: { start: '2026-11-09', end: '2026-11-16' },
        timezone: 'Europe/Berlin',
        interval: 'daily',
        group_by: ['country'],
      },
      {
        result: days.map((date) => ({
          timeframe: { start: at(date), end: next(date) },
          value: [
            { country: 'DE', result: 30 },
            { country: 'AT', result: 10 },
          ],
        })),
      },
    ),
    keen(
      'count',
      {
        event_collection: 'purchases',
        timeframe: { start: '2026-11-01T23:00:00.000Z', end: '2026-11-08T23:00:00.000Z' },
        group_by: ['country'],
      },
      { result: [{ country: 'DE', result: 350 }] },
    ),
    keen(
      'funnel',
      { steps },
      { result: [200, 50], steps: steps.map((step) => ({ ...step, with_actors: false, optional: false, inverted: false })) },
    ),
    exponea(
      'funnel',
      '606488856f8cf6f848b20af8',
      ['serie', 'step 1 visit count', 'step 2 signup count', 'step 2 signup duration from previous'],
      [['Total', 400, 120, 3600.5]],
    ),
    exponea(
      'segmentation',
      '606488856f8cf6f848b20af9',
      ['segment', '#'],
      [
        ['new', 70],
        ['loyal', 30],
      ],
    ),
  ])
  const events = join(folder, 'events')
  await mkdir(events)
  const visits = [...before, ...days].flatMap((date, day) =>
    Array.from({ length: 5 + day }, (_, visit) =>
      JSON.stringify({
        event: 'Visit',
        properties: {
          time: Date.parse(`${date}T11:00:00Z`) / 1000 + visit,
          distinct_id: `u${visit}`,
          $insert_id: `${date}-${visit}`,
        },
      }),
    ),
  )
  await writeFile(join(events, 'visits.ndjson'), `${visits.join('\n')}\n`)
  await writeFile(
    join(folder, 'broadsheet.yaml'),
    `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, credentials: env:MIXPANEL, url: '${vendor.url}/mixpanel' }
  shop: { kind: keen, project: 5f1e0c, credentials: env:KEEN, url: '${vendor.url}/keen', actor: user.id }
  crm: { kind: exponea, project: 2b6a-11, credentials: env:EXPONEA, url: '${vendor.url}/crm' }
  own: { kind: lake, events: ./events }
reports:
  four:
    title: Four sources
    schedule: cron(0 8 ? * MON *)
    timeframe: previous_1_week
    queries:
      signups: { source: product, segmentation: { event: Sign Up }, compare: [previous] }
      orders: { source: shop, segmentation: { event: purchases, on: country }, compare: [previous] }
      checkout: { source: shop, funnel: { steps: [carts, purchases], within: 2 days } }
      welcome: { source: crm, funnel: { steps: [visit, signup], within: 7 days, saved: { crm: 606488856f8cf6f848b20af8 } } }
      customers: { source: crm, saved: { analysis: 606488856f8cf6f848b20af9, type: segmentation } }
      visits: { source: own, segmentation: { event: Visit }, compare: [previous] }
    figures: [signups, orders, checkout, visits]
    email: { from: "Reports <reports@example.com>", to: [growth@example.com] }
`,
  )
  const env = {
    ...ses.env,
    MIXPANEL: 'reports:Zk3vQ9pLr7TnX2mB',
    KEEN: JSON.stringify({ read: 'a-key-that-reads', master: 'a-key-that-may-all' }),
    EXPONEA: 'key:a-secret-of-exponea',
  }
  const { code, out, err } = await runCommand(['run', 'four', '--at', '2026-11-16', '--send', '--project', folder], env)
  expect(`${out}${err}`).toContain('mail to growth@example.com: sent')
  expect(code).toBe(0)

  const mails = await ses.mails()
  expect(mails).toHaveLength(1)
  const [mail] = mails
  expect(mail?.destination.to).toEqual(['growth@example.com'])
  // A number and its sign are held together.
  const text = (mail?.body.text ?? '').replace(/[\u00a0\u202f]/g, ' ')
  // Each source's own numbers: 7 × 110, 7 × 40, 50 of 200, 120 of 400, 70 and 30, 12 + 13 + … + 18.
  for (const line of [
    /^770 signups, about the same$/,
    /^280 orders, down 20 %; /,
    /^Germany +210 +−40 %$/,
    /^Austria +70 +–$/,
    /^25 % of the week before last went from carts to purchases within two days$/,
    /^purchases +50 +25 % +25 %$/,
    /^30 % went from visit to signup so far$/,
    /^signup +120 +30 % +30 %$/,
    /^new +70$/,
    /^loyal +30$/,
    /^105 visits, up 88 %$/,
  ]) {
    expect(text.split(/\r?\n/)).toContainEqual(expect.stringMatching(line))
  }
  expect(text.replace(/\s+/g, ' ')).toContain(
    'asked of Mixpanel (project 1234567, EU), Keen IO (project 5f1e0c), Exponea (project 2b6a-11) and lake (./events). 6 questions, all answered.',
  )

  const result = async (query: string) =>
    JSON.parse(
      await readFile(join(folder, '.broadsheet', 'reports', 'four', '20261116T070000Z', `${query}.json`), 'utf8'),
    ) as object
  expect(await result('signups')).toMatchObject({
    shape: 'series',
    source: 'product',
    total: 770,
    comparisons: [{ total: 700 }],
    annotations: [{ text: 'New page' }],
  })
  expect(await result('orders')).toMatchObject({
    shape: 'series',
    series: [
      { name: 'DE', total: 210 },
      { name: 'AT', total: 70 },
    ],
    comparisons: [{ total: 350, totals: { DE: 350, AT: null } }],
  })
  expect(await result('checkout')).toMatchObject({
    shape: 'funnel',
    steps: [{ count: 200 }, { count: 50, overallConversion: 0.25 }],
  })
  expect(await result('welcome')).toMatchObject({
    shape: 'funnel',
    steps: [
      { name: 'visit', count: 400 },
      { name: 'signup', count: 120 },
    ],
  })
  expect(await result('customers')).toMatchObject({
    shape: 'table',
    rows: [
      ['new', 70],
      ['loyal', 30],
    ],
  })
  expect(await result('visits')).toMatchObject({ shape: 'series', total: 105, comparisons: [{ total: 56 }] })
  const files = (await readdir(join(folder, '.broadsheet'), { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  )
  const names = files.map(({ name }) => name)
  for (const name of ['manifest.json', 'email.eml', 'checkout.csv', 'customers.json']) expect(names).toContain(name)
  const kept = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')))
  // A mail breaks its lines with `=`.
  const said = [out, err, JSON.stringify(mail), ...kept].map((one) => one.replaceAll('=\r\n', '')).join('\n')
  const pairs = ['reports:Zk3vQ9pLr7TnX2mB', 'key:a-secret-of-exponea']
  for (const secret of [
    ...['Zk3vQ9pLr7TnX2mB', 'a-key-that-reads', 'a-key-that-may-all', 'a-secret-of-exponea'],
    ...pairs.map((pair) => Buffer.from(pair).toString('base64')),
  ]) {
    expect(said.includes(secret), secret).toBe(false)
  }
}, 60_000)
