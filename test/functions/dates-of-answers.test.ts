import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SesServer } from '../servers/ses.ts'
import { startSes } from '../servers/ses.ts'
import type { Expected } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import { runCommand } from './command.ts'

/** What `check`, `--explain`, the terminal and both parts of a mail say of when an answer is about, and of what. */
let folder: string
let ses: SesServer
beforeAll(async () => {
  ;[folder, ses] = await Promise.all([mkdtemp(join(tmpdir(), 'dates of answers ')), startSes()])
})
afterAll(async () => {
  await ses.stop()
  await rm(folder, { recursive: true, force: true })
})

const exponea = (kind: string, analysis_id: string, header: string[], rows: unknown[][]): Expected => ({
  method: 'POST',
  path: `/crm/data/v2/projects/2b6a-11/analyses/${kind}`,
  json: { analysis_id, execution_time: 1_794_812_400, timezone: 'Europe/Berlin', format: 'table_json' },
  answer: { body: { success: true, name: 'Saved', header, rows } },
})
const again = () => [
  exponea(
    'funnel',
    'dd',
    ['serie', 'step 1 purchase count', 'step 2 purchase count', 'step 2 purchase duration from previous'],
    [['Total', 300, 100, 17]],
  ),
  exponea('report', 'cc', ['count(customer)'], [[9938]]),
]
const event = (day: number) => ({ keen: { timestamp: `2026-11-${day}T08:00:00.000Z` }, user: { id: 3 } })
const orders: Expected = {
  method: 'POST',
  path: '/keen/3.0/projects/5f1e0c/queries/extraction',
  json: {
    event_collection: 'purchases',
    property_names: ['keen.timestamp', 'user.id'],
    timeframe: { start: '2026-11-08T23:00:00.000Z', end: '2026-11-15T23:00:00.000Z' },
    latest: 3,
  },
  answer: { body: { result: [event(10), event(11), event(12)] } },
}

async function project(url: string): Promise<void> {
  const kept = `      again:
        title: Second purchase
        source: crm
        funnel: { steps: [purchase, purchase], within: 7 days, saved: { crm: dd } }
        timeframe: previous_1_week
        compare: [previous]
      customers: { title: Customers, source: crm, saved: { analysis: cc, type: report } }
    email: { from: Reports <reports@example.com>, to: [growth@example.com] }
`
  const yaml = `timezone: Europe/Berlin
sources:
  shop: { kind: keen, project: 5f1e0c, credentials: env:KEEN, url: '${url}/keen', actor: user.id }
  crm: { kind: exponea, project: 2b6a-11, credentials: env:EXPONEA, url: '${url}/crm' }
reports:
  kept:
    schedule: cron(0 8 ? * MON *)
    queries:
${kept}  mixed:
    schedule: cron(0 8 ? * MON *)
    queries:
      orders:
        title: Orders
        source: shop
        people: { event: purchases, properties: [user.id], limit: 2 }
        timeframe: previous_1_week
${kept}`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
}

const env = () => ({ ...ses.env, KEEN: '{"read":"a-key-that-reads"}', EXPONEA: 'key:a-secret-of-exponea' })

/** What a run printed and mailed; a number and its sign are held together. */
async function mailed(report: string) {
  const before = (await ses.mails()).length
  const { out } = await runCommand(['run', report, '--at', '2026-11-16', '--send', '--project', folder], env())
  const mail = (await ses.mails())[before]
  const plain = (text = '') => text.replace(/[\u00a0\u202f]/g, ' ')
  return { out: plain(out), text: plain(mail?.body.text).replace(/\r\n/g, '\n'), html: plain(mail?.body.html) }
}

test('check and an explained run say which dates are asked for, and of what there are none', async () => {
  await project('http://127.0.0.1:9')
  const { out } = await runCommand(['check', '--project', folder])
  expect(out).toMatch(/ {2}orders: Orders, people of shop\n.*\n {4}period {2}previous_1_week {2}Mon .* to Sun .*\n/)
  expect(out).toContain("within 7 days\n    period  the saved funnel's own dates\n")
  expect(out).not.toMatch(/profiles|against|as later entrants/)
  const explained = await runCommand(['run', 'mixed', '--at', '2026-11-16', '--dry-run', '--explain', '--project', folder], env())
  expect(explained.out).toContain(
    '  orders: people of Keen IO (project 5f1e0c), 2026-11-09T00:00+01:00 to 2026-11-16T00:00+01:00\n',
  )
  expect(explained.out).toContain("  again: funnel of Exponea (project 2b6a-11), the saved funnel's own dates\n")
  expect(explained.out).toContain("  customers: saved of Exponea (project 2b6a-11), the saved report's own dates\n")
})

test('answers that tell no dates stand below no period', async () => {
  await using vendor = await startVendor(again())
  await project(vendor.url)
  const { out, text, html } = await mailed('kept')
  const line = 'Edition of Monday 16 November 2026, Berlin time. The answers do not tell their dates.'
  expect(out).toContain(`Kept. ${line}\n`)
  expect(out).toMatch(/\n {2}Second purchase +33\.3 % {3}so far\n {2}Customers +9,938\n/)
  expect(text).toMatch(new RegExp(`^Kept\n====\n${line.replace(' their', '\\s+their')}\n`))
  expect(html).toContain(`>${line}</div>`)
  for (const page of [text, html]) {
    expect(page).toContain('33 % did purchase again so far')
    expect(page).toContain('Customers at 9,938')
    expect(page).not.toMatch(/\b(?:2|8|9|15) November|last week|1 row/)
  }
})

test('beside events of a week the week is theirs alone, and they are no people', async () => {
  await using vendor = await startVendor([orders, ...again()])
  await project(vendor.url)
  const { out, text, html } = await mailed('mixed')
  const line = 'Monday 9 to Sunday 15 November 2026, Berlin time. Second purchase and Customers do not tell their dates.'
  expect(out).toContain(`Mixed. ${line}\n`)
  expect(out).toMatch(/\n {2}Orders +2\+ {3}events\n {2}Second purchase +33\.3 % {3}so far {3}its own dates\n/)
  expect(out).toMatch(/\n {2}Customers +9,938 {3}its own dates\n/)
  expect(text.replace(/(\S)\n(?=\S)/g, '$1 ')).toContain(`${line}\n\nOrders: At least 2 events.`)
  expect(text).toMatch(/\nCustomers +9,938 {2}its own dates\n/)
  expect(html).toContain(`>${line}</div>`)
  expect(html).toMatch(/>9,938<\/div><div [^>]*>its own dates<\/div>/)
  expect(html).toMatch(/>2\+<\/div><div [^>]*>events<\/div>/)
  expect(html).toMatch(/<h2 [^>]*>At least 2 events<\/h2>/)
  expect(`${out}${text}${html}`).not.toMatch(/\d (?:people|person|row)/)
})
