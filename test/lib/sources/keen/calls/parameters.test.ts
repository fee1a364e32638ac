import { describe, expect, test } from 'vitest'
import type { CallName } from '../../../../../lib/sources/keen/client.ts'
import { complaint, exchange } from '../door.ts'

const count = { event_collection: 'click' }
const sum = { ...count, target_property: 'n' }
const grouped = { ...count, group_by: 'country' }
const filter = (operator: string, property_value: unknown, property_name = 'a') => ({
  ...count,
  filters: [{ property_name, operator, property_value }],
})
const step = { event_collection: 'a', actor_property: 'id', timeframe: 'today' }

/** What is said of parameters before anything is sent. */
const wrong: [CallName, object, string][] = [
  ['count', {}, 'event_collection'],
  ['count', { event_collection: '  ' }, 'a collection has a name'],
  ['count', { ...count, target_property: 'n' }, 'target_property'],
  ['count', { ...count, timefrme: 'today' }, 'did you mean timeframe?'],
  ['count', { ...count, read_key: 'x' }, "the source's own `credentials` sign in"],
  ['funnel', { steps: [step], all_keys: true }, 'the answer has all keys'],
  ['sum', count, 'target_property'],
  ['percentile', sum, 'percentile'],
  ['percentile', { ...sum, percentile: 0 }, 'percentile'],
  ['percentile', { ...sum, percentile: 100.01 }, 'percentile'],
  ['percentile', { ...sum, percentile: 99.999 }, 'two decimals'],
  ['count', { ...count, interval: 'daily' }, '`interval` needs `timeframe`'],
  ['count', { ...count, interval: 'weeks', timeframe: 'today' }, 'every_2_weeks'],
  ['count', { ...count, interval: 'every_0_days', timeframe: 'today' }, 'every_2_weeks'],
  ['count', { ...count, order_by: { property_name: 'result' } }, '`order_by` needs `group_by`'],
  ['count', { ...grouped, order_by: { direction: 'ASC' } }, 'property_name'],
  ['count', { ...grouped, order_by: { property_name: 'result', direction: 'asc' } }, 'direction'],
  ['count', { ...grouped, order_by: { property_name: 'result', by: 1 } }, 'by'],
  ['count', { ...grouped, order_by: [{ property_name: 'city' }] }, '"city" is neither result nor a property of `group_by`'],
  ['count', { ...grouped, limit: 3 }, '`limit` needs `order_by`'],
  ['count', { ...grouped, order_by: { property_name: 'country' }, limit: 0 }, 'limit'],
  ['count', { ...grouped, order_by: { property_name: 'country' }, limit: 1.5 }, 'limit'],
  ['count', { ...count, group_by: ['a', 'result'] }, 'could not tell the group "result" from the value'],
  ['count', { ...count, group_by: ['a', 'a'] }, 'twice'],
  ['count', { ...count, group_by: [] }, 'group_by'],
  ['count', { ...count, group_by: { buckets: { size: 10 } } }, '`group_by.property_name` is needed'],
  ['count', { ...count, group_by: { property_name: '' } }, 'group_by'],
  ['count', { ...count, group_by: { property_name: 'score', nonsense: 1 } }, '`group_by` takes no `nonsense`'],
  ['count', { ...count, group_by: ['a', { property_name: 'score', bucket: { size: 10 } }] }, '`group_by[1]` takes no `bucket`'],
  ['count', { ...count, group_by: { property_name: 'score', buckets: 10 } }, 'group_by.buckets'],
  ['query', { ...count, analysis_type: 'extraction', email: 'a@example.com' }, '`email`: `extractionEmail` has a link mailed'],
  ['query', { ...count, analysis_type: 'count', email: 'a@example.com' }, 'email'],
  ['extraction', { ...count, email: 'a@example.com' }, 'no parameter `email`; `extractionEmail` has a link mailed'],
  ['count', { ...count, max_age: 30 }, 'max_age'],
  ['count', { ...count, timezone: 'Europe/Berln' }, 'Europe/Berlin'],
  ['count', { ...count, timezone: 90_000 }, 'timezone'],
  ['count', { ...count, timeframe: 'this_0_days' }, 'this_14_days'],
  ['count', { ...count, timeframe: 'last week' }, 'this_14_days'],
  ['count', { ...count, timeframe: { start: '2026-11-09' } }, 'timeframe'],
  ['count', { ...count, timeframe: { start: '2026-11-31', end: '2026-12-02' } }, 'not a date or time'],
  ['count', { ...count, timeframe: { start: '2026-11-09T00:00:00Z', end: '2026-11-09T01:00:00+01:00' } }, 'covers nothing'],
  ['count', filter('eq', ['x']), '`eq` takes a text'],
  ['count', filter('gte', 'x'), '`gte` is not for a text; there are eq, ne, lt, gt, in, contains, not_contains and exists'],
  ['count', filter('contains', 3), '`contains` is not for a number'],
  ['count', filter('ne', true), '`ne` is not for a boolean'],
  ['count', filter('exists', 'yes'), '`exists` takes true or false'],
  ['count', filter('in', 'x'), '`in` takes a list'],
  ['count', filter('in', [{}]), '`in` takes a list of texts'],
  ['count', filter('like', 'x'), 'an operator is one of eq, ne'],
  ['count', filter('within', { coordinates: [1, 2], max_distance_miles: 1 }), '`within` is of keen.location.coordinates'],
  ['count', filter('within', { coordinates: [1], max_distance_miles: 1 }, 'keen.location.coordinates'), 'longitude, latitude'],
  ['count', filter('within', { coordinates: [52.5, 134], max_distance_miles: 1 }, 'keen.location.coordinates'), 'longitude'],
  ['count', filter('eq', 1, ''), 'a filter names a property'],
  ['count', { ...count, filters: [{ property_name: 'a', operator: 'eq', property_value: 1, or: 2 }] }, 'a filter has no "or"'],
  ['count', { ...count, filters: [{ operator: 'or', operands: [] }] }, '`or` holds filters'],
  ['count', { ...count, filters: [{ operator: 'or', operands: [{ operator: 'eq' }] }] }, 'filters[0].operands[0].property_name'],
  ['multiAnalysis', { ...count, analyses: {} }, 'names no analysis'],
  ['multiAnalysis', { ...count, analyses: { n: { analysis_type: 'extraction' } } }, 'analyses.n.analysis_type'],
  ['multiAnalysis', { ...count, analyses: { n: { analysis_type: 'sum' } } }, 'sum needs a target_property'],
  [
    'multiAnalysis',
    { ...count, analyses: { n: { analysis_type: 'count', target_property: 'a' } } },
    'count has no target_property',
  ],
  ['multiAnalysis', { ...count, analyses: { p: { analysis_type: 'percentile', target_property: 'a' } } }, 'percentile needs'],
  ['multiAnalysis', { ...grouped, analyses: { country: { analysis_type: 'count' } } }, 'the group "country" from the value'],
  ['funnel', { steps: [] }, 'steps'],
  ['funnel', { steps: [{ ...step, actor_property: undefined }] }, 'actor_property'],
  ['funnel', { steps: [{ ...step, inverted: true }] }, 'steps[0].inverted'],
  ['funnel', { steps: [{ ...step, optional: true }] }, 'steps[0].optional'],
  ['funnel', { steps: [step, { ...step, timeframe: undefined }] }, 'steps[1].timeframe'],
  ['extraction', { ...count, interval: 'daily' }, 'interval'],
  ['extraction', { ...count, group_by: 'a' }, 'group_by'],
  ['extraction', { ...count, latest: 100_001 }, 'latest'],
  ['extractionEmail', { ...count, email: 'nobody' }, 'email'],
]

test.each(wrong)('%s %j: nothing is sent', async (name, parameters, words) => {
  const said = await complaint(name, parameters)
  expect(said).toContain(`UsageError: Keen ${name}: ✖ `)
  expect(said).toContain(words)
})

describe('what the vendor takes is taken', () => {
  const good: object[] = [
    { ...count, timeframe: 'last_2_weeks' },
    { ...count, timeframe: 'this_1_years' },
    { ...count, timeframe: 'previous_hour', timezone: '-28800' },
    { ...count, timeframe: { start: '2016-10-21T00:00:00.000Z', end: '2016-10-22' }, timezone: 'US/Pacific' },
    { ...count, timeframe: { start: '2016-04-02T00:00:00+11:00', end: '2016-04-02T23:30:00+10:00' } },
    filter('eq', null),
    filter('in', [1, 'a', true, null]),
    { ...grouped, order_by: [{ property_name: 'country', direction: 'ASC' }], limit: 1 },
    filter('exists', false),
  ]
  test.each(good)('%j', async (parameters) => {
    const request = { method: 'POST', path: '/queries/count', json: parameters, key: 'read' as const }
    const result = 'group_by' in parameters ? [] : 3
    const rows = 'group_by' in parameters ? [] : [{ value: 3 }]
    expect(await exchange('count', parameters, { ...request, answer: { body: { result } } })).toEqual(rows)
  })
})
