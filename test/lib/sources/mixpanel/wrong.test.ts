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
  const checked = call.parameters.safeParse(given)
  return checked.success ? '' : wrongParameters(call, given, checked.error.issues, knownOf(call))
}

test.each<[CallName, object, string]>([
  ['segmentation', { formats: 'csv' }, '✖ Unrecognized key: "formats"; did you mean format?'],
  ['segmentation', { project_id: 7 }, `✖ Unrecognized key: "project_id"; the source's own \`project\` says it`],
  ['funnelsList', { workspace_id: 7 }, `✖ Unrecognized key: "workspace_id"; the source's own \`workspace\` says it`],
  ['engage', { sig: 'a', expire: 1 }, `✖ Unrecognized key: "expire"; the source's own \`credentials\` sign in`],
  ['funnel', { format: 'csv' }, '✖ Unrecognized key: "format"; this call answers JSON only'],
  ['annotations', { format: 'csv' }, '✖ Unrecognized key: "format"\n'],
  ['funnel', { quite: 1, other: 2 }, '✖ Unrecognized key: "quite"\n✖ Unrecognized key: "other"\n'],
  ['funnel', JSON.parse('{"__proto__x":1,"constructor":2}'), '✖ Unrecognized key: "constructor"\n'],
  ['retention', { unit: 'Weeks' }, 'expected one of "day"|"week"|"month"; did you mean week?\n  → at unit\n'],
  ['retention', { unit: 5 }, 'expected one of "day"|"week"|"month"\n  → at unit\n'],
  ['retention', { unit: 'constructor' }, 'expected one of "day"|"week"|"month"\n  → at unit\n'],
  ['pipelinesCreate', { type: 's3-raw', sync: true }, 'type s3-raw takes no `sync`'],
])('%s with %j is told what would be right', (name, given, words) => {
  expect(`${said(name, given)}\n`).toContain(words)
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
