import { describe, expect, test } from 'vitest'
import { DataError } from '../../../../../lib/errors.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { base, complaint, exchange, openDoor } from '../door.ts'

const calls = {
  refresh_rate: 0,
  last_modified_date: '2015-10-19T20:14:29.797000+00:00',
  query_name: 'API calls/this day',
  query: { filters: [], analysis_type: 'count', timezone: 'UTC', timeframe: 'this_1_days', event_collection: 'api_call' },
  metadata: { visualization: { chart_type: 'metric' } },
}
const place = '/queries/saved/API%20calls%2Fthis%20day'
const query_name = calls.query_name

test('savedQueries are read with the master key, as they are', async () => {
  const answer = exchange('savedQueries', {}, { path: '/queries/saved', key: 'master', answer: { body: [calls] } })
  expect(await answer).toEqual([calls])
})

test('savedQuery', async () => {
  expect(await exchange('savedQuery', { query_name }, { path: place, key: 'master', answer: { body: calls } })).toEqual(calls)
})

test('savedQuery that is none', async () => {
  const answer = exchange('savedQuery', { query_name }, { path: place, key: 'master', answer: { body: { query_name } } })
  await expect(answer).rejects.toThrow(DataError)
})

describe('savedQueryResult', () => {
  const ask = (body: unknown) =>
    exchange('savedQueryResult', { query_name }, { path: `${place}/result`, key: 'read', answer: { body } })

  test('is read with the read key, and parted from the definition', async () => {
    expect(await ask({ ...calls, result: 65 })).toEqual({ definition: calls, result: 65 })
    expect(await ask({ ...calls, result: null })).toEqual({ definition: calls, result: null })
  })

  test('of a funnel is the whole of it', async () => {
    const result = { steps: [], result: [3, 1, 0], actors: [['jeff'], ['sam'], null] }
    expect(await ask({ ...calls, result })).toEqual({ definition: calls, result })
  })

  test('without a result is none', async () => {
    await expect(ask(calls)).rejects.toThrow('result')
  })
})

describe('savedQueryCreate', () => {
  const saved_query = { query: { analysis_type: 'count', event_collection: 'a', timezone: 0, filters: [] } }
  const request = { method: 'PUT', path: place, key: 'master' as const }

  test('says the refresh_rate, as the vendor wants it said', async () => {
    const json = { ...saved_query, refresh_rate: 0 }
    const answer = exchange(
      'savedQueryCreate',
      { query_name, saved_query },
      { ...request, json, answer: { status: 201, body: calls } },
    )
    expect(await answer).toEqual(calls)
  })

  test('of a cached query, where the vendor answers nothing', async () => {
    const cached = { ...saved_query, refresh_rate: 14_400, metadata: { display_name: 'x' } }
    const answer = exchange(
      'savedQueryCreate',
      { query_name, saved_query: cached },
      { ...request, json: cached, answer: { status: 201 } },
    )
    expect(await answer).toBeUndefined()
  })

  test.each([
    [{ ...saved_query, refresh_rate: 14_399 }, '0 (not cached) or 14400 seconds'],
    [{ ...saved_query, refresh_rate: -1 }, '0 (not cached)'],
    [{ ...saved_query, refresh_rate: 14_400.5 }, 'refresh_rate'],
    [{ query: { event_collection: 'a' } }, 'analysis_type'],
    [{ query: { analysis_type: 'count', group_by: null } }, 'Keen takes no null here'],
    [{ ...saved_query, run_information: {} }, 'run_information'],
    [{ refresh_rate: 0 }, 'query'],
  ])('%j is not sent', async (wrong, words) => {
    expect(await complaint('savedQueryCreate', { query_name, saved_query: wrong })).toContain(words)
    expect(await complaint('savedQueryUpdateFull', { query_name, saved_query: wrong })).toContain(words)
  })
})

describe('savedQueryUpdateFull', () => {
  test('sends what is given and no more', async () => {
    const saved_query = { query_name: 'new name', refresh_rate: 86_400, query: { analysis_type: 'sum' } }
    const request = { method: 'PUT', path: place, json: saved_query, key: 'master' as const, answer: { body: calls } }
    expect(await exchange('savedQueryUpdateFull', { query_name, saved_query }, request)).toEqual(calls)
  })

  test('is not tried again where it may have been done: the old name would be saved anew', async () => {
    const saved_query = { query_name: 'new name', query: { analysis_type: 'sum' } }
    const json = { ...saved_query, refresh_rate: 0 }
    await using vendor = await startVendor([{ method: 'PUT', path: `${base}${place}`, json, answer: { status: 502, body: '' } }])
    await using door = openDoor(vendor)
    await expect(door.client.savedQueryUpdateFull({ query_name, saved_query })).rejects.toThrow(' 502: ')
    expect(door.lines).toHaveLength(1)
  })
})

test('savedQueryDelete', async () => {
  const answer = exchange(
    'savedQueryDelete',
    { query_name },
    { method: 'DELETE', path: place, key: 'master', answer: { status: 204 } },
  )
  expect(await answer).toEqual({ deleted: true })
})

describe('savedQueryUpdate', () => {
  const old = {
    query_name,
    refresh_rate: 14_400,
    last_modified_date: '2015-10-19T20:14:29.797000+00:00',
    run_information: { foo: 'bar' },
    urls: { cached_query_url: '/x' },
    metadata: { foo: 'bar', off: false },
    query: {
      analysis_type: 'average',
      event_collection: 'TheCollection',
      target_property: 'TheProperty',
      timeframe: 'this_2_weeks',
      timezone: 0,
      filters: [{ property_name: 'a', operator: 'eq', property_value: null }],
      group_by: null,
      interval: null,
    },
  }
  const { group_by: _, interval: __, ...kept } = old.query

  async function update(saved_query: object, put: object, before: object = old): Promise<unknown> {
    return exchange(
      'savedQueryUpdate',
      { query_name, saved_query },
      { path: place, key: 'master', answer: { body: before } },
      { method: 'PUT', path: place, json: put, key: 'master', answer: { body: { ...before, done: true } } },
    )
  }
  const whole = { query_name, refresh_rate: 14_400, metadata: old.metadata, query: kept }

  test('changes what is given, and keeps the rest: 0, false and empty stay, nulls and what only the vendor writes do not', async () => {
    const answer = await update({ query: { analysis_type: 'sum' } }, { ...whole, query: { ...kept, analysis_type: 'sum' } })
    expect(answer).toEqual({ ...old, done: true })
  })

  test('renames by query_name, at the old address', async () => {
    await update({ query_name: 'new name' }, { ...whole, query_name: 'new name' })
  })

  test('sets to 0 and to an empty list', async () => {
    await update(
      { refresh_rate: 0, query: { filters: [], timezone: 0 } },
      { ...whole, refresh_rate: 0, query: { ...kept, filters: [] } },
    )
  })

  test('merges objects, replaces lists, and takes out what is null', async () => {
    const analyses = { n: { analysis_type: 'count' }, s: { analysis_type: 'sum', target_property: 'a', percentile: null } }
    const before = { ...old, query: { ...old.query, analyses, group_by: ['a', 'b'] } }
    const put = {
      query_name,
      refresh_rate: 14_400,
      query: {
        ...kept,
        group_by: ['c'],
        analyses: { n: { analysis_type: 'count' }, s: { analysis_type: 'sum', target_property: 'b' } },
        timeframe: { start: '2026-01-01', end: '2026-02-01' },
      },
    }
    const changes = {
      metadata: null,
      query: {
        analyses: { s: { target_property: 'b' } },
        group_by: ['c'],
        timeframe: { start: '2026-01-01', end: '2026-02-01' },
      },
    }
    await update(changes, put, before)
  })

  test('of one without metadata has none', async () => {
    const { metadata: _metadata, ...bare } = old
    await update({ refresh_rate: 0 }, { query_name, refresh_rate: 0, query: kept }, bare)
  })

  test('of one that is not there writes nothing', async () => {
    const missing = { message: 'Resource not found', error_code: 'ResourceNotFoundError' }
    const answer = exchange(
      'savedQueryUpdate',
      { query_name, saved_query: { refresh_rate: 0 } },
      { path: place, key: 'master', answer: { status: 404, body: missing } },
    )
    await expect(answer).rejects.toThrow('Resource not found')
  })

  test.each([
    [{ urls: {} }, 'urls'],
    [{ refresh_rate: 60 }, '0 (not cached)'],
  ])('%j is not sent', async (saved_query, words) => {
    expect(await complaint('savedQueryUpdate', { query_name, saved_query })).toContain(words)
  })
})
