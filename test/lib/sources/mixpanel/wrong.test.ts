import { expect, test } from 'vitest'
import type { MixpanelCall } from '../../../../lib/sources/mixpanel/call.ts'
import { knownOf } from '../../../../lib/sources/mixpanel/call.ts'
import { calls } from '../../../../lib/sources/mixpanel/calls/index.ts'
import type { CallName } from '../../../../lib/sources/mixpanel/client.ts'
import { wrongParameters } from '../../../../lib/sources/wrong.ts'

const all = Object.entries(calls) as unknown as [CallName, MixpanelCall][]

/** What is said of parameters that are wrong. */
function said(name: CallName, given: object): string {
  const call: MixpanelCall = calls[name]
  return wrongParameters(call, given, knownOf(call))
}

const days = { from_date: '2026-11-09', to_date: '2026-11-15' }

test.each<[CallName, object, string]>([
  ['segmentation', { formats: 'csv' }, '✖ there is no parameter `formats`; did you mean format?'],
  ['segmentation', { project_id: 7 }, "✖ there is no parameter `project_id`; the source's own `project` says it"],
  ['funnelsList', { workspace_id: 7 }, "✖ there is no parameter `workspace_id`; the source's own `workspace` says it"],
  ['engage', { sig: 'a', expire: 1 }, "✖ there is no parameter `expire`; the source's own `credentials` sign in"],
  ['funnel', { format: 'csv' }, '✖ there is no parameter `format`; this call answers JSON only'],
  ['annotations', { format: 'csv' }, '✖ there is no parameter `format`\n'],
  ['funnel', { quite: 1, other: 2 }, '✖ there is no parameter `quite`\n✖ there is no parameter `other`\n'],
  ['funnel', JSON.parse('{"__proto__x":1,"constructor":2}'), '✖ there is no parameter `constructor`\n'],
  ['retention', { unit: 'Week' }, '✖ `unit` is day, week or month, not "Week"; write week\n'],
  ['retention', { unit: 'weekly' }, '✖ `unit` is day, week or month, not "weekly"; write week\n'],
  ['retention', { unit: 'moth' }, '✖ `unit` is day, week or month, not "moth"; did you mean month?\n'],
  ['segmentation', { unit: 'weekly' }, 'not "weekly"; unique and average take `interval: 7` in lieu of `unit`'],
  ['retention', { unit: 5 }, '✖ `unit` is day, week or month, not 5\n'],
  ['retention', { unit: 'constructor' }, '✖ `unit` is day, week or month, not "constructor"\n'],
  ['pipelinesCreate', { type: 's3-raw', sync: true }, '✖ a pipeline of type s3-raw takes no `sync`'],
  ['segmentation', { from_date: '2026-11-09 10:00:00' }, '✖ `from_date` is a date without a time, such as 2026-11-09\n'],
  ['insights', {}, '✖ `bookmark_id` is needed\n'],
  ['insights', { bookmark_id: 'weekly' }, '✖ `bookmark_id`: an id has digits only\n'],
  ['frequency', days, '✖ `unit` is needed: day, week or month\n✖ `addiction_unit` is needed: hour or day\n'],
  ['annotationsCreate', { date: '2026-11-09', description: 'x' }, '✖ `date`: a time is written 2026-11-09 08:00:00\n'],
])('%s with %j is told what would be right', (name, given, words) => {
  expect(`${said(name, given)}\n`).toContain(words)
})

test('of a time of an annotation only what is wrong is told', () => {
  const told = (date: string) => said('annotationsCreate', { date, description: 'x' })
  expect(told('2026-11-09')).toBe('✖ `date`: a time is written 2026-11-09 08:00:00')
  expect(told('2026-02-30 08:00:00')).toBe('✖ `date`: there is no such day or time')
})

test('what is right in place of a parameter or value is never about one that the call takes', () => {
  const stale = all.flatMap(([name, call]) =>
    Object.keys(call.instead ?? {})
      .filter((entry) => {
        const [key = '', value] = entry.split('=')
        const given = { [key]: value ?? 'x' }
        return !said(name, given).includes(call.instead?.[entry] ?? '')
      })
      .map((entry) => `${name} ${entry}`),
  )
  expect(stale).toEqual([])
  expect(all.filter(([, { instead }]) => instead !== undefined).length).toBeGreaterThan(8)
})
