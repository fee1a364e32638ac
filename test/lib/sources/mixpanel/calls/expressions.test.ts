import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../../../lib/errors.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../../lib/sources/mixpanel/client.ts'
import { startVendor } from '../../../../servers/vendor.ts'

const days = { from_date: '2026-11-09', to_date: '2026-11-15' }

describe('an expression is read before it is sent', () => {
  test.each([
    ['segmentation', { event: 'A', ...days, where: 'properties["a"] = 1' }, 'character 17', '=='],
    ['segmentation', { event: 'A', ...days, on: 'country' }, 'character 1', 'properties["country"]'],
    ['segmentationSum', { event: 'A', ...days, on: 'number(properties["a"]' }, 'never closed', ')'],
    ['segmentationMultiseg', { event: 'A', ...days, outer: 'properties["a"]', inner: 'b' }, 'character 1', 'properties["b"]'],
    ['funnel', { funnel_id: 7509, ...days, where: 'lower(properties["a"]) == "x"' }, 'lower', ''],
    ['retention', { ...days, born_event: 'A', born_where: "properties['a'] == 1" }, 'character 12', '"a"'],
    ['frequency', { ...days, unit: 'week', addiction_unit: 'day', where: 'behaviors["b"] > 2' }, 'behaviors', ''],
    ['engage', { where: 'event["$time"] > 0' }, 'event', ''],
    ['pipelinesEdit', { name: 'p', where: 'properties["a"] ==' }, 'character', ''],
  ] as const)('%s %j', async (name, parameters, problem, remedy) => {
    await using vendor = await startVendor([])
    const client = createMixpanelClient({
      project: '1234567',
      region: 'eu',
      url: vendor.url,
      credential: async () => 'reports:Zk3vQ9pLr7TnX2mB',
      credentials: 'env:ACCOUNT',
    })
    const failed: unknown = await client.call(name as CallName, parameters).catch((error: unknown) => error)
    await client.close()
    expect(failed).toBeInstanceOf(UsageError)
    expect(String(failed)).toContain(problem)
    expect(String(failed)).toContain(remedy)
  })
})
