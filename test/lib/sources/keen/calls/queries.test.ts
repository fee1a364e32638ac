import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { rowsOf, timesOf } from '../../../../../lib/sources/keen/calls/answers.ts'
import type { CallName } from '../../../../../lib/sources/keen/client.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { base, complaint, exchange, openDoor } from '../door.ts'

const week = { start: '2016-10-21T00:00:00.000Z', end: '2016-10-22T00:00:00.000Z' }
const next = { start: '2016-10-22T00:00:00.000Z', end: '2016-10-23T00:00:00.000Z' }

/** A query with its parameters as they are, by POST and with the read key. */
function ask(name: CallName, type: string, parameters: object, result: unknown, sent: object = parameters) {
  return exchange(name, parameters, {
    method: 'POST',
    path: `/queries/${type}`,
    json: sent,
    key: 'read',
    answer: { body: { result } },
  })
}

describe('a metric', () => {
  const of = { event_collection: 'click', target_property: 'click-number' }

  test('count', async () => {
    expect(await ask('count', 'count', { event_collection: 'click' }, 21)).toEqual([{ value: 21 }])
  })
  test('sum', async () => {
    expect(await ask('sum', 'sum', of, 65)).toEqual([{ value: 65 }])
  })
  test('minimum', async () => {
    expect(await ask('minimum', 'minimum', of, 0)).toEqual([{ value: 0 }])
  })
  test('maximum', async () => {
    expect(await ask('maximum', 'maximum', of, 8.5)).toEqual([{ value: 8.5 }])
  })
  test('average', async () => {
    expect(await ask('average', 'average', of, 3.0952380952380953)).toEqual([{ value: 3.0952380952380953 }])
  })
  test('median', async () => {
    expect(await ask('median', 'median', of, 3)).toEqual([{ value: 3 }])
  })
  test('percentile', async () => {
    expect(await ask('percentile', 'percentile', { ...of, percentile: 99.95 }, 7)).toEqual([{ value: 7 }])
  })
  test('countUnique', async () => {
    expect(await ask('countUnique', 'count_unique', of, 9)).toEqual([{ value: 9 }])
  })
  test('selectUnique', async () => {
    expect(await ask('selectUnique', 'select_unique', of, [0, 1, 'two', null])).toEqual([{ value: [0, 1, 'two', null] }])
  })
  test('multiAnalysis', async () => {
    const analyses = {
      plain_old_count: { analysis_type: 'count' },
      the_total: { analysis_type: 'sum', target_property: 'price' },
      maybe_percentile: { analysis_type: 'percentile', target_property: 'price', percentile: 90 },
      categories: { analysis_type: 'select_unique', target_property: 'category' },
    }
    const result = { the_total: 1235, plain_old_count: 24, maybe_percentile: null, categories: ['a', 'b'] }
    expect(await ask('multiAnalysis', 'multi_analysis', { event_collection: 'purchase', analyses }, result)).toEqual([
      { value: { plain_old_count: 24, the_total: 1235, maybe_percentile: null, categories: ['a', 'b'] } },
    ])
  })

  test('of nothing numeric is null, not 0', async () => {
    expect(await ask('average', 'average', of, null)).toEqual([{ value: null }])
  })

  test('has all that it may be asked with, as JSON', async () => {
    const parameters = {
      event_collection: 'Käufe / "1"',
      target_property: 'item.price',
      timeframe: { start: '2026-11-09', end: '2026-11-16' },
      timezone: 0,
      interval: 'every_2_days',
      filters: [
        { property_name: 'item.name', operator: 'contains', property_value: 'ü' },
        { operator: 'or', operands: [{ property_name: 'vip', operator: 'eq', property_value: false }] },
        {
          property_name: 'keen.location.coordinates',
          operator: 'within',
          property_value: { coordinates: [13.4, 52.5], max_distance_miles: 10 },
        },
      ],
      group_by: ['item.name', { property_name: 'score', buckets: { size: 10 } }],
      limit: 5,
      max_age: 600,
    }
    const sent = { ...parameters, order_by: [{ property_name: 'result', direction: 'DESC' }] }
    const given = { ...parameters, order_by: { property_name: 'result', direction: 'DESC' } }
    expect(await ask('sum', 'sum', given, [], sent)).toEqual([])
  })
})

describe('long whole numbers are not rounded', () => {
  const of = { event_collection: 'a', target_property: 'id' }
  const raw = (name: CallName, path: string, parameters: object, body: string, method = 'POST') =>
    exchange(name, parameters, {
      method,
      path,
      ...(method === 'GET' ? {} : { json: sentOf(parameters) }),
      key: 'read',
      answer: { body },
    })
  const sentOf = (parameters: object) => Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== 'analysis_type'))
  const ids = '[9007199254740993,12345678901234567890,7]'
  const told = ['9007199254740993', '12345678901234567890', 7]

  test('as values of selectUnique, alone and among several analyses', async () => {
    expect(await raw('selectUnique', '/queries/select_unique', of, `{"result":${ids}}`)).toEqual([{ value: told }])
    const analyses = { ids: { analysis_type: 'select_unique', target_property: 'id' } }
    const several = { event_collection: 'a', analyses }
    expect(await raw('multiAnalysis', '/queries/multi_analysis', several, `{"result":{"ids":${ids}}}`)).toEqual([
      { value: { ids: told } },
    ])
  })

  test('as groups, of which two would be one', async () => {
    const body = '{"result":[{"id":9007199254740993,"result":1},{"id":9007199254740992,"result":2}]}'
    expect(await raw('count', '/queries/count', { event_collection: 'a', group_by: 'id' }, body)).toEqual([
      { group: { id: '9007199254740993' }, value: 1 },
      { group: { id: '9007199254740992' }, value: 2 },
    ])
  })

  test('as actors, as events, and in whatever is asked by its analysis_type', async () => {
    const step = { event_collection: 'a', actor_property: 'id', timeframe: 'today', with_actors: true }
    const funnel = await raw('funnel', '/queries/funnel', { steps: [step] }, `{"steps":[],"result":[3],"actors":[${ids}]}`)
    expect(funnel).toMatchObject({ actors: [told] })
    const events = '{"result":[{"id":9007199254740993}]}'
    expect(await raw('query', '/queries/extraction', { analysis_type: 'extraction', event_collection: 'a' }, events)).toEqual({
      result: [{ id: '9007199254740993' }],
    })
    const saved = `{"query_name":"s","refresh_rate":0,"query":{"analysis_type":"select_unique"},"result":${ids}}`
    expect(await raw('savedQueryResult', '/queries/saved/s/result', { query_name: 's' }, saved, 'GET')).toMatchObject({
      result: told,
    })
  })

  test('and a sum of so many digits is a number all the same', async () => {
    expect(await raw('sum', '/queries/sum', of, '{"result":12345678901234567000}')).toEqual([{ value: 12345678901234567000 }])
    await expect(raw('sum', '/queries/sum', of, '{"result":"12"}')).rejects.toThrow(DataError)
  })
})

test('times of all buckets are told, also of those without groups', () => {
  const result = [
    { value: [], timeframe: week },
    { value: [{ a: 1, result: 2 }], timeframe: next },
  ]
  expect(timesOf(result)).toEqual([week, next])
  expect(rowsOf(result, { interval: 'daily', group_by: 'a' })).toEqual([{ timeframe: next, group: { a: 1 }, value: 2 }])
  expect(() => timesOf(5)).toThrow(DataError)
})

describe('the shapes of a result', () => {
  const asked = { event_collection: 'purchase', timeframe: 'this_2_days' }

  test('groups: dots stay, and a property that an event has not is null', async () => {
    const result = [
      { 'keen.id': '5551', 'click-number': 0, result: 1 },
      { 'keen.id': '5552', result: 4 },
    ]
    expect(await ask('count', 'count', { ...asked, group_by: ['keen.id', 'click-number'] }, result)).toEqual([
      { group: { 'keen.id': '5551', 'click-number': 0 }, value: 1 },
      { group: { 'keen.id': '5552', 'click-number': null }, value: 4 },
    ])
  })

  test('intervals', async () => {
    const result = [
      { value: 2, timeframe: week },
      { value: null, timeframe: next },
    ]
    expect(await ask('median', 'median', { ...asked, target_property: 'n', interval: 'daily' }, result)).toEqual([
      { timeframe: week, value: 2 },
      { timeframe: next, value: null },
    ])
  })

  test('intervals and groups, which differ from one to the next', async () => {
    const result = [
      { value: [{ author: 'Danticat', result: 95, name: 'Love' }], timeframe: week },
      { value: [], timeframe: next },
      {
        value: [
          { author: 'King', result: 0, name: 'It' },
          { author: 'Rowling', result: 1, name: null },
        ],
        timeframe: next,
      },
    ]
    expect(await ask('count', 'count', { ...asked, interval: 'daily', group_by: ['author', 'name'] }, result)).toEqual([
      { timeframe: week, group: { author: 'Danticat', name: 'Love' }, value: 95 },
      { timeframe: next, group: { author: 'King', name: 'It' }, value: 0 },
      { timeframe: next, group: { author: 'Rowling', name: null }, value: 1 },
    ])
  })

  test('lists of values by interval and group', async () => {
    const result = [{ value: [{ country: 'Albania', result: ['Dr.', 'Miss'] }], timeframe: week }]
    const parameters = { ...asked, target_property: 'title', interval: 'yearly', group_by: 'country' }
    expect(await ask('selectUnique', 'select_unique', parameters, result)).toEqual([
      { timeframe: week, group: { country: 'Albania' }, value: ['Dr.', 'Miss'] },
    ])
  })

  const analyses = { n: { analysis_type: 'count' }, total: { analysis_type: 'sum', target_property: 'price' } }

  test('several metrics by group, whose rows have no `result`', async () => {
    const result = [
      { category: 'first', n: 17, total: 143.45 },
      { category: 'second', n: 31 },
    ]
    expect(await ask('multiAnalysis', 'multi_analysis', { ...asked, analyses, group_by: 'category' }, result)).toEqual([
      { group: { category: 'first' }, value: { n: 17, total: 143.45 } },
      { group: { category: 'second' }, value: { n: 31, total: null } },
    ])
  })

  test('several metrics by interval', async () => {
    const result = [{ value: { n: 17, total: 1 }, timeframe: week }]
    expect(await ask('multiAnalysis', 'multi_analysis', { ...asked, analyses, interval: 'daily' }, result)).toEqual([
      { timeframe: week, value: { n: 17, total: 1 } },
    ])
  })

  test('several metrics by interval and group', async () => {
    const result = [{ value: [{ category: 'first', n: 17, style: 's', total: 233 }], timeframe: week }]
    const parameters = { ...asked, analyses, interval: 'daily', group_by: ['category', 'style'] }
    expect(await ask('multiAnalysis', 'multi_analysis', parameters, result)).toEqual([
      { timeframe: week, group: { category: 'first', style: 's' }, value: { n: 17, total: 233 } },
    ])
  })

  test('a property that is called __proto__ is a property', async () => {
    const result = JSON.parse('[{"__proto__":"x","result":1},{"result":2}]')
    const rows = (await ask('count', 'count', { ...asked, group_by: '__proto__' }, result)) as { group: object }[]
    expect(rows.map(({ group }) => Object.entries(group))).toEqual([[['__proto__', 'x']], [['__proto__', null]]])
  })

  test.each([
    ['a number where groups were asked for', { group_by: 'a' }, 3, 'a list of groups'],
    ['a text for a number', {}, '3', 'result (expected a number or null)'],
    ['groups where none were asked for', {}, [{ a: 1, result: 2 }], 'expected a number or null'],
    ['a group without a value', { group_by: 'a' }, [{ a: 1 }], 'result.0.result'],
    ['an interval without its time', { interval: 'daily' }, [{ value: 3 }], 'result.0.timeframe'],
  ])('%s does not fit', async (_, cut, result, words) => {
    const answer = ask('count', 'count', { ...asked, ...cut }, result)
    await expect(answer).rejects.toThrow(DataError)
    await expect(answer).rejects.toThrow(words)
  })

  test('of a saved query are read by what it was saved with', () => {
    const query = { analysis_type: 'count', interval: null, group_by: ['a'], filters: [] }
    expect(rowsOf([{ a: 'x', result: 1 }], query)).toEqual([{ group: { a: 'x' }, value: 1 }])
    expect(rowsOf(65, { analysis_type: 'sum', group_by: null })).toEqual([{ value: 65 }])
    expect(rowsOf([1, 2], { analysis_type: 'select_unique' })).toEqual([{ value: [1, 2] }])
    expect(() => rowsOf([{ result: 'x' }], { group_by: 'result' })).toThrow("result is the group's and the value's name")
    expect(() => rowsOf({}, query)).toThrow(DataError)
  })
})

describe('funnel', () => {
  const steps = [
    { timeframe: 'this_7_days', actor_property: 'visitor.guid', event_collection: 'signed up', with_actors: true },
    { timeframe: 'this_7_days', actor_property: 'user.guid', event_collection: 'completed profile', inverted: true },
    { timeframe: 'this_7_days', timezone: 'UTC', actor_property: 'user.guid', event_collection: 'referred user', optional: true },
  ]

  function answered(body: object, parameters: object = { steps }) {
    return exchange('funnel', parameters, {
      method: 'POST',
      path: '/queries/funnel',
      json: parameters,
      key: 'read',
      answer: { body },
    })
  }

  test('has its steps and actors', async () => {
    const body = { result: [3, 2, 1], actors: [['f9', 'b7', 'k2'], null, null], steps }
    expect(await answered(body)).toEqual(body)
  })

  test('without actors, and with the timeframe of all', async () => {
    const bare = steps.map(({ actor_property, event_collection }) => ({ actor_property, event_collection }))
    const answer = await answered(
      { result: [3, 1, 0], steps: bare },
      { steps: bare, timeframe: 'this_7_days', timezone: 'US/Pacific', max_age: 31 },
    )
    expect(answer).toEqual({ result: [3, 1, 0], steps: bare, actors: undefined })
  })

  test.each([
    ['no', { result: [3, 2, 1] }],
    ['null in place of', { result: [3, 2, 1], steps: null }],
  ])('with %s steps is what there is', async (_, body) => {
    expect(await answered(body)).toEqual({ result: [3, 2, 1], steps: [] })
  })

  test.each([
    ['a list alone', [3, 2, 1] as object],
    ['fewer results than steps', { result: [3], steps }],
    ['fewer lists of actors than results', { result: [3, 1, 0], steps, actors: [['a']] }],
    ['no results', { steps }],
  ])('with %s is none', async (_, body) => {
    await expect(answered(body)).rejects.toThrow(DataError)
  })
})

describe('extraction', () => {
  const event = { keen: { timestamp: '2012-07-30T21:21:46.566000+00:00' }, user: { id: '4f4d' }, n: 1 }
  const asked = { event_collection: 'visits', timeframe: 'today', property_names: 'user.id' }

  test('gives events as they are', async () => {
    const sent = { ...asked, property_names: ['user.id'] }
    expect(await ask('extraction', 'extraction', asked, [event], sent)).toEqual([event])
  })

  test('of 100,000 events fails, as there may be more', async () => {
    const result = Array.from({ length: 100_000 }, () => 0).map(() => ({ n: 1 }))
    const answer = ask('extraction', 'extraction', { event_collection: 'visits' }, result)
    await expect(answer).rejects.toThrow(RefusedError)
  })

  test('of the latest 100,000 is what was asked for', async () => {
    const result = Array.from({ length: 100_000 }, () => ({ n: 1 }))
    const answer = await ask('extraction', 'extraction', { event_collection: 'visits', latest: 100_000 }, result)
    expect(answer).toHaveLength(100_000)
  })

  test('extractionEmail has the vendor mail a link, once', async () => {
    const parameters = { event_collection: 'visits', latest: 500_000, email: 'ann@example.com' }
    const request = { method: 'POST', path: `${base}/queries/extraction`, json: parameters }
    await using vendor = await startVendor([
      { ...request, answer: { body: { message: 'Processing' } } },
      { ...request, answer: { status: 500, body: '' } },
    ])
    await using door = openDoor(vendor)
    expect(await door.client.extractionEmail(parameters)).toEqual({ message: 'Processing' })
    await expect(door.client.extractionEmail(parameters)).rejects.toThrow(' 500: ')
    expect(door.lines).toHaveLength(2)
  })
})

describe('query', () => {
  test('asks for any analysis, and gives the whole answer', async () => {
    const parameters = { event_collection: 'a', timeframe: 'today', include_metadata: true }
    const body = { result: 3, execution_metadata: { total_processing_time: 0.2 } }
    const request = { method: 'POST', path: '/queries/count', json: parameters, key: 'read' as const, answer: { body } }
    expect(await exchange('query', { analysis_type: 'count', ...parameters }, request)).toEqual(body)
  })

  test('has no extraction that may be cut', async () => {
    const request = { method: 'POST', path: '/queries/extraction', json: { event_collection: 'a' }, key: 'read' as const }
    const ask = (rows: number) => {
      const body = { result: Array.from({ length: rows }, () => ({ n: 1 })) }
      return exchange('query', { analysis_type: 'extraction', event_collection: 'a' }, { ...request, answer: { body } })
    }
    expect(await ask(1)).toEqual({ result: [{ n: 1 }] })
    await expect(ask(100_000)).rejects.toThrow(RefusedError)
  })

  test.each([
    [{ analysis_type: 'cuont', event_collection: 'a' }, 'one of count, sum'],
    [{ event_collection: 'a' }, 'analysis_type'],
    [{ analysis_type: 'sum', event_collection: 'a' }, 'target_property'],
    [{ analysis_type: 'count', event_collection: 'a', limit: 3 }, '`limit` needs `order_by`'],
    [{ analysis_type: '../saved', event_collection: 'a' }, 'one of count, sum'],
    [{ analysis_type: 'count', event_collection: 'a', include_metadata: 1 }, 'include_metadata'],
  ])('%j is not sent', async (parameters, words) => {
    expect(await complaint('query', parameters)).toContain(words)
  })
})
