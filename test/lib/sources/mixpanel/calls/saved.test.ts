import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { calls } from '../../../../../lib/sources/mixpanel/calls/index.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { exchange } from './exchange.ts'
import { whyNot } from './query-door.ts'

const project = { project_id: '1234567' }
const bookmark = { bookmark_id: '60327221' }

/** A report as the vendor recorded it, by day and system, shortened. */
const byOs = {
  computed_at: '2024-07-19T22:34:17.292626+00:00',
  date_range: { from_date: '2023-05-25T00:00:00-07:00', to_date: '2023-05-26T23:59:59.999000-07:00' },
  headers: ['$event', '$os'],
  meta: { is_segmentation_limit_hit: false, min_sampling_factor: 1, report_sections: { group: [], show: [] } },
  series: {
    'Purchase Completed [Total Events]': {
      $overall: { '2023-05-25T00:00:00-07:00': 123, '2023-05-26T00:00:00-07:00': 146 },
      Android: { '2023-05-25T00:00:00-07:00': 43, '2023-05-26T00:00:00-07:00': 52 },
    },
  },
}
const metric = 'Purchase Completed [Total Events]'
const readByOs = {
  computedAt: '2024-07-19T22:34:17.292626+00:00',
  from: '2023-05-25T00:00:00-07:00',
  to: '2023-05-26T23:59:59.999000-07:00',
  headers: ['$event', '$os'],
  values: [
    { path: [metric, '$overall'], at: '2023-05-25T00:00:00-07:00', value: 123 },
    { path: [metric, '$overall'], at: '2023-05-26T00:00:00-07:00', value: 146 },
    { path: [metric, 'Android'], at: '2023-05-25T00:00:00-07:00', value: 43 },
    { path: [metric, 'Android'], at: '2023-05-26T00:00:00-07:00', value: 52 },
  ],
  compared: undefined,
  lift: undefined,
  cut: false,
  sampling: 1,
  labelled: true,
}

function insights(body: unknown): Promise<unknown> {
  return exchange('insights', bookmark, { path: '/api/query/insights', query: { ...project, ...bookmark }, answer: { body } })
}

describe('a saved Insights report', () => {
  test('has its numbers by the names that lead to them', async () => {
    expect(await insights(byOs)).toEqual(readByOs)
  })

  test('may be of several metrics, of any depth, and no time series', async () => {
    const series = { A: { all: 0.25 }, B: { $overall: { all: 3 }, x: { $overall: { all: null }, y: { z: { all: 1 } } } } }
    expect(await insights({ ...byOs, series })).toMatchObject({
      values: [
        { path: ['A'], at: 'all', value: 0.25 },
        { path: ['B', '$overall'], at: 'all', value: 3 },
        { path: ['B', 'x', '$overall'], at: 'all', value: null },
        { path: ['B', 'x', 'y', 'z'], at: 'all', value: 1 },
      ],
    })
  })

  test('says what it leaves out, and what it is compared with', async () => {
    const body = {
      ...byOs,
      meta: { is_segmentation_limit_hit: true, min_sampling_factor: 0.1, liftComparison: { type: 'timeComparison' } },
      lift_comparison: { series: { [metric]: { $overall: { all: 0.3146 } } } },
      time_comparison: {
        date_range: { from_date: '2023-05-23T00:00:00-07:00', to_date: '2023-05-24T23:59:59.999000-07:00' },
        series: { [metric]: { $overall: { all: 11_668 } } },
      },
    }
    expect(await insights(body)).toEqual({
      ...readByOs,
      cut: true,
      sampling: 0.1,
      lift: [{ path: [metric, '$overall'], at: 'all', value: 0.3146 }],
      compared: {
        from: '2023-05-23T00:00:00-07:00',
        to: '2023-05-24T23:59:59.999000-07:00',
        values: [{ path: [metric, '$overall'], at: 'all', value: 11_668 }],
      },
    })
  })

  test('may be a retention, which has lists', async () => {
    const cohort = { first: 3123, counts: [1317, null], rates: [0.4217, null] }
    const body = { ...byOs, headers: ['$retention', 'segment'], series: { 'A and then B': { '2024-03-18': { SMB: cohort } } } }
    const path = ['A and then B', '2024-03-18', 'SMB']
    expect(await insights(body)).toMatchObject({
      values: [
        { path, at: 'first', value: 3123 },
        { path, at: 'counts', value: null, list: [1317, null] },
        { path, at: 'rates', value: null, list: [0.4217, null] },
      ],
    })
  })

  test('loses no segment, whatever it is called, and takes an answer without `meta`', async () => {
    const body = JSON.stringify({ ...byOs, meta: null, series: { A: { PROTO: { all: 1 }, constructor: { all: 2 } } } })
    expect(await insights(body.replace('PROTO', '__proto__'))).toMatchObject({
      cut: false,
      sampling: 1,
      labelled: false,
      values: [
        { path: ['A', '__proto__'], value: 1 },
        { path: ['A', 'constructor'], value: 2 },
      ],
    })
  })

  test('that is not there is refused', async () => {
    const answer = { status: 404, body: { request: '/insights', error: 'bookmark 60327221 not found' } }
    const asked = exchange('insights', bookmark, { path: '/api/query/insights', query: { ...project, ...bookmark }, answer })
    await expect(asked).rejects.toThrow(RefusedError)
  })

  test.each<[string, object]>([
    ['no dates', { date_range: undefined }],
    ['a list for a series', { series: [] }],
    ['a text for a number', { series: { A: { all: '3' } } }],
    ['a truth for a number', { series: { A: { b: { all: true } } } }],
    ['no headers', { headers: undefined }],
    ['another comparison', { time_comparison: { series: {} } }],
  ])('with %s is damaged data', async (_, change) => {
    await expect(insights({ ...byOs, ...change })).rejects.toThrow(DataError)
  })
})

test('a report that is not saved is asked for with the project in its body', async () => {
  const parameters = { bookmark: { sections: { show: [{ ü: 1 }] }, displayOptions: {} }, queryLimits: { limit: 50_000 } }
  const expected = {
    method: 'POST',
    path: '/api/query/insights',
    json: { ...parameters, project_id: 1_234_567 },
    headers: { 'content-type': 'application/json' },
    answer: { body: byOs },
  }
  expect(await exchange('insightsQuery', parameters, expected)).toEqual(readByOs)
})

describe('a saved funnel', () => {
  const step = { count: 2045, event: 'sign up', goal: 'sign up', avg_time: null, step_conv_ratio: 1, overall_conv_ratio: 1 }
  const body = { computed_at: 'x', meta: {}, data: { '2024-09-01': { steps: [step], analysis: { completion: 5 } } } }
  test.each([{}, { from_date: '2024-09-01', to_date: '2024-09-30' }])('is asked for with dates or without: %j', async (dates) => {
    const parameters = { funnel_id: 7509, ...dates }
    const query = { ...project, funnel_id: '7509', ...dates }
    expect(await exchange('savedFunnel', parameters, { path: '/api/query/funnels', query, answer: { body } })).toMatchObject([
      { date: '2024-09-01', steps: [{ name: 'sign up', count: 2045, meanSeconds: null }] },
    ])
  })
})

describe('saved flows', () => {
  /** As the vendor recorded it, shortened. */
  const breakdowns = [
    { segments: [{ label: '', value: '', values: ['Did Not Convert'] }], timePercentilesFromPrev: [], totalCount: '6995' },
    { segments: [{ label: '', value: '', values: ['Converted'] }], timePercentilesFromPrev: [], totalCount: '3259' },
  ]
  const edge = { anchorType: 'NORMAL', breakdowns: [], event: '', isComputed: false, isCustomEvent: false, segments: [] }
  const node = { ...edge, event: 'Product Viewed', type: 'ANCHOR', totalCount: '10254', conversionRateChange: 0 }
  const body = {
    breakdowns,
    computed_at: '2024-07-19T22:44:38.856526+00:00',
    metadata: { min_sampling_factor: 1, starting_priority: 'INVOCATION_PRIORITY_HIGH' },
    steps: [
      { nodes: [{ ...node, breakdowns, edges: [{ ...edge, step: '1', totalCount: '197', type: 'DROPOFF' }] }] },
      { nodes: [{ ...node, event: '', isCustomEvent: true, type: 'PRUNED', totalCount: 10_042, edges: [] }] },
    ],
  }
  const parts = [
    { values: ['Did Not Convert'], count: 6995 },
    { values: ['Converted'], count: 3259 },
  ]
  function flows(answer: unknown): Promise<unknown> {
    const query = { ...project, ...bookmark, query_type: 'flows_sankey' }
    return exchange('savedFlows', bookmark, { path: '/api/query/arb_funnels', query, answer: { body: answer } })
  }

  test('have counts as numbers, which the vendor writes as texts', async () => {
    expect(await flows(body)).toEqual({
      computedAt: '2024-07-19T22:44:38.856526+00:00',
      steps: [
        [
          {
            event: 'Product Viewed',
            type: 'ANCHOR',
            anchor: 'NORMAL',
            custom: false,
            count: 10_254,
            parts,
            edges: [{ event: '', type: 'DROPOFF', anchor: 'NORMAL', custom: false, count: 197, parts: [], step: 1 }],
          },
        ],
        [{ event: '', type: 'PRUNED', anchor: 'NORMAL', custom: true, count: 10_042, parts: [], edges: [] }],
      ],
      parts,
      conversion: null,
      sampling: 1,
    })
    expect(await flows({ steps: [], overallConversionRate: 0.3178 })).toMatchObject({ steps: [], conversion: 0.3178, parts: [] })
  })

  test.each([
    ['no steps', { ...body, steps: undefined }],
    ['a count that is none', { ...body, steps: [{ nodes: [{ ...node, totalCount: '1e3' }] }] }],
    ['a count that no number holds', { ...body, steps: [{ nodes: [{ ...node, totalCount: '9007199254740993' }] }] }],
  ])('with %s are damaged data', async (_, answer) => {
    await expect(flows(answer)).rejects.toThrow(DataError)
  })
})

test.each<[CallName, object, RegExp]>([
  ['insights', {}, /`bookmark_id`/],
  ['insights', { bookmark_id: 'board' }, /digits only/],
  ['insights', { ...bookmark, from_date: '2024-09-01' }, /there is no parameter `from_date`/],
  ['insightsQuery', { bookmark: 17 }, /`bookmark`/],
  ['insightsQuery', { bookmark: [] }, /`bookmark`/],
  ['insightsQuery', { bookmark: {}, queryLimits: { limit: 50_001 } }, /`queryLimits.limit` is 50,000 at most/],
  ['insightsQuery', { bookmark: {}, queryLimits: { limit: 0 } }, /`queryLimits.limit` is 1 at least, not 0/],
  ['insightsQuery', { bookmark: {}, project_id: 17 }, /there is no parameter `project_id`/],
  ['savedFunnel', {}, /`funnel_id`/],
  ['savedFunnel', { funnel_id: 7509, from_date: '2024-09-01' }, /both dates or neither/],
  ['savedFunnel', { funnel_id: 7509, from_date: '2024-09-02', to_date: '2024-09-01' }, /from_date lies after to_date/],
  ['savedFlows', {}, /`bookmark_id`/],
  ['savedFlows', { ...bookmark, query_type: 'flows_tree' }, /`query_type`/],
])('%s is not sent with %j', async (call, parameters, why) => {
  expect(await whyNot(call, parameters)).toMatch(why)
})

test('what no document has says so', () => {
  for (const name of ['insightsQuery', 'savedFunnel', 'savedRetention', 'savedFlows'] as const) {
    expect(calls[name].about).toContain('undocumented')
  }
})
