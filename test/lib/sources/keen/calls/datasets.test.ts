import { describe, expect, test } from 'vitest'
import { complaint, exchange } from '../door.ts'

const query = {
  analysis_type: 'count',
  event_collection: 'purchases',
  timeframe: 'this_500_days',
  interval: 'daily',
  group_by: ['country'],
}
const raw = {
  project_id: '5f1e0c',
  dataset_name: 'count-by-country',
  display_name: 'Count by country',
  query,
  index_by: ['product.id'],
  last_scheduled_date: '2016-11-04T18:52:36.323Z',
  latest_subtimeframe_available: '2016-11-05T00:00:00.000Z',
  milliseconds_behind: 3_600_000,
}
const given = {
  name: 'count-by-country',
  displayName: 'Count by country',
  query,
  indexBy: ['product.id'],
  lastScheduledDate: '2016-11-04T18:52:36.323Z',
  latestSubtimeframeAvailable: '2016-11-05T00:00:00.000Z',
  millisecondsBehind: 3_600_000,
}
const dataset_name = 'count-by-country'
const place = `/datasets/${dataset_name}`

describe('datasets', () => {
  test('come a page at a time', async () => {
    const next_page_url = 'https://api.keen.io/3.0/projects/P/datasets?limit=1&after_name=a%20b'
    const body = { datasets: [raw], next_page_url, count: 4 }
    const request = { path: '/datasets', query: { limit: '1', after_name: 'A' }, key: 'read' as const, answer: { body } }
    expect(await exchange('datasets', { limit: 1, after_name: 'A' }, request)).toEqual({
      datasets: [given],
      nextAfter: 'a b',
      count: 4,
    })
  })

  test('of the last page name no next one', async () => {
    const body = { datasets: [], next_page_url: null, count: 0 }
    const answer = exchange('datasets', {}, { path: '/datasets', key: 'read', answer: { body } })
    expect(await answer).toEqual({ datasets: [], nextAfter: undefined, count: 0 })
  })
})

test('dataset', async () => {
  expect(await exchange('dataset', { dataset_name }, { path: place, key: 'read', answer: { body: raw } })).toEqual(given)
})

test('datasetCreate', async () => {
  const parameters = { dataset_name, display_name: 'Count by country', query, index_by: 'product.id' }
  const json = { display_name: 'Count by country', query, index_by: ['product.id'] }
  const request = { method: 'PUT', path: place, json, key: 'master' as const, answer: { status: 201, body: raw } }
  expect(await exchange('datasetCreate', parameters, request)).toEqual(given)
  expect(await complaint('datasetCreate', { ...parameters, dataset_name: 'a b' })).toContain('letters, digits, - and _')
})

describe('datasetResults', () => {
  const result = [{ timeframe: { start: 'a', end: 'b' }, value: [{ 'item.name': 'Golden Widget', result: 0 }] }]
  test.each([
    ['a value', 'P 1', 'this_2_days', { index_by: 'P 1', timeframe: 'this_2_days' }],
    [
      'values by property, and two times',
      { 'product.id': 'P1' },
      { start: '2016-11-02', end: '2016-11-04' },
      { index_by: '{"product.id":"P1"}', timeframe: '{"start":"2016-11-02","end":"2016-11-04"}' },
    ],
  ])('of %s', async (_, index_by, timeframe, sent) => {
    const request = { path: `${place}/results`, query: sent, key: 'read' as const, answer: { body: { result } } }
    expect(await exchange('datasetResults', { dataset_name, index_by, timeframe }, request)).toEqual({ result })
  })

  test('need an index and a timeframe', async () => {
    const said = await complaint('datasetResults', { dataset_name, index_by: {} })
    expect(said).toContain('index_by')
    expect(said).toContain('timeframe')
  })
})

test('datasetDelete', async () => {
  const request = { method: 'DELETE', path: place, key: 'master' as const, answer: { status: 204 } }
  expect(await exchange('datasetDelete', { dataset_name }, request)).toEqual({ deleted: true })
})
