import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Expected } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import { runCommand } from './command.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refused '))
})
afterEach(() => rm(folder, { recursive: true }))

async function call(expected: Expected, source: 'shop' | 'crm', method: string, parameters: object) {
  await using vendor = await startVendor([expected])
  const text = `timezone: UTC
sources:
  shop: { kind: keen, project: 5f1e0c, credentials: env:KEEN, url: '${vendor.url}' }
  crm: { kind: exponea, project: 2b6a-11, credentials: env:EXPONEA, url: '${vendor.url}' }
`
  await writeFile(join(folder, 'broadsheet.yaml'), text)
  const env = { KEEN: '{"write":"a-key-that-writes"}', EXPONEA: 'key:secret' }
  return await runCommand(['call', source, method, JSON.stringify(parameters), '--project', folder], env)
}

const batch = [{ success: true }, { success: false, error: { name: 'InvalidPropertyNameError', description: 'no periods' } }]
const events = { sign_ups: [{ a: 1 }, { a: 2 }] }
const taken = (body: unknown) => ({ method: 'POST', path: '/3.0/projects/5f1e0c/events', json: events, answer: { body } })

test('events that Keen did not take are no success, although it answers 200', async () => {
  const { code, out, err } = await call(taken({ sign_ups: batch }), 'shop', 'addEvents', { events })
  expect(JSON.parse(out)).toMatchObject({ complete: false, taken: 1 })
  expect([code, err]).toEqual([1, 'one of what was sent was refused\n'])
})

test('where all were taken it is one', async () => {
  const all = { sign_ups: [{ success: true }, { success: true }] }
  expect(await call(taken(all), 'shop', 'addEvents', { events })).toMatchObject({ code: 0, err: '' })
})

test.each(['batch', 'batchEach'])('commands of %s that Exponea refused are none either', async (method) => {
  const data = { customer_ids: { registered: 'ada' }, event_type: 'visit', timestamp: 1_700_000_000, properties: {} }
  const commands = [1, 2, 3].map(() => ({ name: 'customers/events', data }))
  const results = [{ success: true }, { success: false, errors: ['no'] }, { success: false, errors: ['neither'] }]
  const answer = { body: { success: true, results, start_time: 1, end_time: 2 } }
  const path = '/track/v2/projects/2b6a-11/batch'
  const { code, out, err } = await call({ method: 'POST', path, json: { commands }, answer }, 'crm', method, { commands })
  expect(out).toContain('neither')
  expect([code, err]).toEqual([1, '2 of what was sent were refused\n'])
})
