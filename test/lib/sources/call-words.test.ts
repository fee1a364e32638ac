import { expect, test } from 'vitest'
import * as z from 'zod'
import type { VendorCall } from '../../../lib/sources/call.ts'
import { meantCall, wordsOf } from '../../../lib/sources/call-words.ts'
import { sourceKinds } from '../../../lib/sources/index.ts'
import type { SourceKind } from '../../../lib/sources/source.ts'

function callAt(path: string, also?: readonly string[]): Omit<VendorCall, 'answer'> {
  return { about: path, method: 'GET', path, sends: 'query', parameters: z.strictObject({}), also, budget: 1 }
}

const calls = wordsOf({
  savedFunnel: callAt('/funnels'),
  funnel: callAt('/funnels'),
  frequency: callAt('/retention/addiction', ['addiction']),
  retention: callAt('/retention'),
  item: callAt('/catalogs/{id}/items/{item}'),
  root: callAt('/'),
})

test.each([
  ['retention', 'retention'],
  ['Retention', 'retention'],
  ['retenton', 'retention'],
  ['addiction', 'frequency'],
  ['adiction', 'frequency'],
  ['retention/addiction', 'frequency'],
  ['/retention_addiction', 'frequency'],
  ['funnels', 'savedFunnel'],
  ['Funnel', 'funnel'],
  ['catalogs/items', 'item'],
  ['nothing', undefined],
  ['', undefined],
  ['/', undefined],
])('%s means %s', (name, call) => {
  expect(meantCall(calls, name)).toBe(call)
})

test('no other name of a call is that of one that there is', () => {
  for (const { kind, calls: own } of Object.values(sourceKinds as Readonly<Record<string, SourceKind>>)) {
    for (const name of Object.keys(own ?? {})) expect(meantCall(own ?? {}, name), kind).toBe(name)
  }
})
