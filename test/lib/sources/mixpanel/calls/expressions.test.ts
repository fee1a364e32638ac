import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../../../lib/errors.ts'
import type { MixpanelCall } from '../../../../../lib/sources/mixpanel/call.ts'
import { prepare } from '../../../../../lib/sources/mixpanel/call.ts'
import { calls } from '../../../../../lib/sources/mixpanel/calls/index.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { createMixpanelClient } from '../../../../../lib/sources/mixpanel/client.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { openDoor } from './pipelines-door.ts'

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

describe('an expression is sent as Mixpanel’s documents have it', () => {
  const written = 'properties["a"] not in [1,2]'
  const printed = 'not (properties["a"] in [1, 2])'
  const on = ' ( properties [ "a" ] ) '
  const onPrinted = 'properties["a"]'

  test.each<[CallName, object, object]>([
    ['segmentation', { event: 'A', ...days, where: written, on }, { where: printed, on: onPrinted }],
    ['segmentationNumeric', { event: 'A', ...days, where: written, on }, { where: printed, on: onPrinted }],
    ['segmentationSum', { event: 'A', ...days, where: written, on }, { where: printed, on: onPrinted }],
    ['segmentationAverage', { event: 'A', ...days, where: written, on }, { where: printed, on: onPrinted }],
    [
      'segmentationMultiseg',
      { event: 'A', ...days, where: written, inner: on, outer: on },
      { where: printed, inner: onPrinted, outer: onPrinted },
    ],
    ['funnel', { funnel_id: 7, ...days, where: written, on }, { where: printed, on: onPrinted }],
    [
      'retention',
      { born_event: 'A', ...days, where: written, born_where: written, on },
      { where: printed, born_where: printed, on: onPrinted },
    ],
    ['frequency', { ...days, unit: 'week', addiction_unit: 'day', where: written, on }, { where: printed, on: onPrinted }],
    ['engage', { where: written }, { where: printed }],
    ['pipelinesEdit', { name: 'p', where: written }, { where: printed }],
    [
      'pipelinesCreate',
      {
        type: 's3-raw',
        s3_bucket: 'b',
        s3_region: 'us-east-1',
        s3_role: 'arn:aws:iam::123456789012:role/r',
        from_date: '2026-11-09',
        where: written,
      },
      { where: printed },
    ],
  ])('%s', (name, parameters, sent) => {
    const call: MixpanelCall = calls[name]
    expect(prepare(name, call, parameters).fields).toMatchObject(sent)
  })

  test('over the wire, too: a query, a form, and the raw export', async () => {
    const account = { project_id: '1234567' }
    const where = { where: printed }
    await using vendor = await startVendor([
      {
        path: '/api/query/segmentation',
        query: { ...account, event: 'A', ...days, ...where },
        answer: { body: { data: { series: [], values: {} } } },
      },
      {
        method: 'POST',
        path: '/api/query/engage',
        query: account,
        form: where,
        answer: { body: { page: 0, results: [] } },
      },
      { path: '/api/2.0/export', query: { ...account, ...days, ...where }, answer: { body: '' } },
    ])
    await using door = openDoor(vendor)
    await door.client.segmentation({ event: 'A', ...days, where: written })
    await door.client.engage({ where: written })
    for await (const event of door.client.exportEvents({ ...days, where: written })) expect(event).toBeUndefined()
    expect(door.client.describe('segmentation', { event: 'A', ...days, where: written })).toContain(JSON.stringify(printed))
  })
})
