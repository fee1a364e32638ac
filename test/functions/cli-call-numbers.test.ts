import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Expected } from '../servers/vendor.ts'
import { startVendor } from '../servers/vendor.ts'
import { runCommand } from './command.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'numbers '))
})
afterEach(() => rm(folder, { recursive: true }))

/** What `broadsheet call crm trackEvent` does with a text. */
async function call(parameters: string, expected: readonly Expected[] = []) {
  await using vendor = await startVendor([...expected])
  const text = `timezone: UTC
sources:
  crm: { kind: exponea, project: 2b6a-11, credentials: env:EXPONEA, url: '${vendor.url}' }
`
  await writeFile(join(folder, 'broadsheet.yaml'), text)
  return await runCommand(['call', 'crm', 'trackEvent', parameters, '--project', folder], { EXPONEA: 'key:secret' })
}

const event = (more: string) => `{"customer_ids":{"registered":"ada"},"event_type":"visit",${more}}`

test.each([
  ['"properties":{"order":9007199254740993}', '9007199254740993 at properties.order'],
  ['"properties":{"orders":["a",[-12345678901234567890]]}', '-12345678901234567890 at properties.orders[1][0]'],
  ['"properties":{"__proto__":9007199254740993}', '9007199254740993 at properties.__proto__'],
])('a number that would be rounded is not sent: %s', async (more, words) => {
  const { code, err } = await call(event(more))
  expect(code).toBe(2)
  expect(err).toContain(`the parameters have ${words}, which has more digits than a number holds`)
  expect(err).toContain(`write it as text: "${words.split(' ')[0]}"`)
})

test('nor is one that is all there is', async () => {
  const { code, err } = await call('9007199254740993')
  expect([code, err]).toEqual([2, expect.stringContaining('9007199254740993 at their beginning')])
})

test('what is whole is sent as it was written, and a long id as text', async () => {
  const json = {
    customer_ids: { registered: 'ada' },
    event_type: 'visit',
    properties: { most: 9007199254740991, part: 0.1, far: 1e21, id: '9007199254740993' },
    timestamp: null,
  }
  const more = '"properties":{"most":9007199254740991,"part":0.1,"far":1e21,"id":"9007199254740993"}'
  const path = '/track/v2/projects/2b6a-11/customers/events'
  const { code, err } = await call(event(more), [{ method: 'POST', path, json, answer: { body: { success: true } } }])
  expect([code, err]).toEqual([0, ''])
})
