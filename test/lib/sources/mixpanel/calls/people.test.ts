import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import type { Taken } from '../../../../../lib/ledger.ts'
import { calls } from '../../../../../lib/sources/mixpanel/calls/index.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { exchange } from './exchange.ts'
import { openDoor } from './pipelines-door.ts'
import { whyNot } from './query-door.ts'

const query = { project_id: '1234567' }
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }

/** As the documentation has it: the id is a number there. */
const profile = {
  $distinct_id: 4,
  $properties: { $created: '2008-12-12T11:20:47', $email: 'example@mixpanel.com', tags: ['a'], age: null },
}
const page = { page: 0, page_size: 1000, results: [profile], session_id: '1234567890-EXAMPL', status: 'ok', total: 1 }
const readProfile = {
  distinctId: '4',
  properties: profile.$properties,
}
const readPage = { page: 0, pageSize: 1000, total: 1, sessionId: '1234567890-EXAMPL', profiles: [readProfile] }

function engage(parameters: object, sent: Record<string, string>, body: unknown = page): Promise<unknown> {
  const fields = Object.keys(sent).length === 0 ? {} : { form: sent, headers: form }
  return exchange('engage', parameters, { method: 'POST', path: '/api/query/engage', query, ...fields, answer: { body } })
}

describe('a page of profiles', () => {
  test('has profiles with all their properties', async () => {
    expect(await engage({}, {})).toEqual(readPage)
    const odd = '{"$distinct_id":"ü 1","$properties":{"__proto__":{"b":1},"constructor":2}}'
    const body = `{"page":1,"session_id":null,"status":"ok","results":[${odd}]}`
    const read = await engage({ session_id: 's', page: 1 }, { session_id: 's', page: '1' }, body)
    // toEqual does not see a key __proto__.
    expect(JSON.stringify(read)).toBe(
      '{"page":1,"profiles":[{"distinctId":"ü 1","properties":{"__proto__":{"b":1},"constructor":2}}]}',
    )
  })

  test('keeps the digits of ids that no number holds', async () => {
    const odd =
      '{"$distinct_id":9007199254740993,"$properties":{"account":12345678901234567890,"list":[-9007199254740993],"n":7}}'
    const read = await engage({}, {}, `{"page":0,"page_size":1000,"total":1,"results":[${odd}]}`)
    expect(read).toMatchObject({
      total: 1,
      profiles: [
        {
          distinctId: '9007199254740993',
          properties: { account: '12345678901234567890', list: ['-9007199254740993'], n: 7 },
        },
      ],
    })
  })

  test.each<[object, Record<string, string>]>([
    [
      {
        where: 'properties["país"] == "a+b&c"',
        output_properties: ['$email', 'ü "&="'],
        data_group_id: 42,
        filter_by_cohort: { id: '12345' },
        include_all_users: false,
        page: 0,
        page_size: 5000,
      },
      {
        where: 'properties["país"] == "a+b&c"',
        output_properties: '["$email","ü \\"&=\\""]',
        data_group_id: '42',
        filter_by_cohort: '{"id":12345}',
        include_all_users: 'false',
        page: '0',
        page_size: '5000',
      },
    ],
    [{ distinct_id: 'ü 1&2' }, { distinct_id: 'ü 1&2' }],
    [{ distinct_ids: ['a b', '2'] }, { distinct_ids: '["a b","2"]' }],
    [{ filter_by_cohort: { id: 7 } }, { filter_by_cohort: '{"id":7}' }],
    [
      {
        behaviors: [{ window: '30d', name: 'behavior_1', event_selectors: [{ event: 'A' }] }],
        where: '(behaviors["behavior_1"] > 2)',
        as_of_timestamp: 1_793_000_000,
      },
      {
        behaviors: '[{"window":"30d","name":"behavior_1","event_selectors":[{"event":"A"}]}]',
        where: 'behaviors["behavior_1"] > 2',
        as_of_timestamp: '1793000000',
      },
    ],
    [
      { session_id: '1234567890-EXAMPL', page: 7 },
      { session_id: '1234567890-EXAMPL', page: '7' },
    ],
  ])('is asked for as a form: %j', async (parameters, sent) => {
    expect(await engage(parameters, sent)).toEqual(readPage)
  })

  test('counts as a query only where it is the first', async () => {
    const taken: string[] = []
    const ledger = {
      async take({ name }: { readonly name: string }): Promise<Taken> {
        taken.push(name)
        return { giveBack: async () => {} }
      },
      block: async () => {},
    }
    const sent = { method: 'POST', path: '/api/query/engage', query }
    await using vendor = await startVendor([
      { ...sent, answer: { body: page } },
      { ...sent, form: { session_id: 's', page: '1' }, answer: { body: { ...page, page: 1 } } },
    ])
    await using door = openDoor(vendor, { ledger })
    await door.client.engage({ session_id: 's', page: 1 })
    expect(taken).toEqual([])
    await door.client.engage()
    expect(taken).toEqual(['mixpanel-us-1234567-query'])
  })

  test.each([
    ['no results', { ...page, results: undefined }],
    ['a profile without an id', { ...page, results: [{ $properties: {} }] }],
    ['an id that is no whole number', `{"page":0,"results":[{"$distinct_id":1.5,"$properties":{}}]}`],
    ['properties in a list', { ...page, results: [{ $distinct_id: 'a', $properties: [] }] }],
    ['pages of nothing', { ...page, page_size: 0 }],
    ['no page', { ...page, page: undefined }],
  ])('with %s is damaged data', async (_, body) => {
    await expect(engage({}, {}, body)).rejects.toThrow(DataError)
  })
})

describe('cohorts', () => {
  const visible = {
    count: 150,
    is_visible: 1,
    description: 'This one is visible',
    created: '2019-03-19 23:49:51',
    project_id: 1,
    id: 1000,
    name: 'Cohort One',
  }
  const list = (body: unknown) =>
    exchange('cohortsList', {}, { method: 'POST', path: '/api/query/cohorts/list', query, answer: { body } })

  test('are listed with how many people they have', async () => {
    const group = { ...visible, id: 2000, is_visible: 0, description: null, data_group_id: '-42', count: 0 }
    const read = { id: '1000', name: 'Cohort One', count: 150, visible: true, created: '2019-03-19 23:49:51' }
    expect(await list([visible, { ...visible, data_group_id: null }, group])).toEqual([
      { ...read, description: 'This one is visible', groupId: undefined },
      { ...read, description: 'This one is visible', groupId: undefined },
      { ...read, id: '2000', visible: false, description: '', count: 0, groupId: '-42' },
    ])
  })

  test.each([
    ['no list', { results: [visible] }],
    ['another truth', [{ ...visible, is_visible: 2 }]],
    ['no count', [{ ...visible, count: undefined }]],
  ])('with %s are damaged data', async (_, body) => {
    await expect(list(body)).rejects.toThrow(DataError)
  })
})

describe('the activity of users', () => {
  const parameters = { distinct_ids: ['ü 1&2', 'b'], from_date: '2020-09-01', to_date: '2020-09-30' }
  const activity = (body: unknown) => {
    const sent = { ...query, distinct_ids: '["ü 1&2","b"]', from_date: '2020-09-01', to_date: '2020-09-30' }
    return exchange('activityStream', parameters, { path: '/api/query/stream/query', query: sent, answer: { body } })
  }

  test('is a list of events as they are', async () => {
    const played = '{"event":"Game Played","properties":{"time":1599589453,"$distinct_id":"b","__proto__":{"a":1}}}'
    const events = await activity(`{"status":"ok","results":{"events":[${played}]}}`)
    expect(JSON.stringify(events)).toBe(`[${played}]`)
    const long = '{"event":"B","properties":{"id":12345678901234567890}}'
    expect(await activity(`{"results":{"events":[${long}]}}`)).toEqual([
      { event: 'B', properties: { id: '12345678901234567890' } },
    ])
    expect(await activity({ status: 'ok', results: { events: [] } })).toEqual([])
  })

  test.each([
    ['no events', { status: 'ok', results: {} }],
    ['an event without a name', { results: { events: [{ properties: {} }] } }],
    ['properties in a list', { results: { events: [{ event: 'A', properties: [] }] } }],
  ])('with %s is damaged data', async (_, body) => {
    await expect(activity(body)).rejects.toThrow(DataError)
  })
})

describe('JQL', () => {
  const script = 'function main() { return Events(params).groupBy(["name"], mixpanel.reducer.count()) }'
  const expected = { method: 'POST', path: '/api/query/jql', query, headers: form }

  test('is sent with its parameters as JSON, and gives what the script returns', async () => {
    const params = { from_date: '2016-01-01', to_date: '2016-01-07', event: { ü: '&=+' } }
    const sent = { script, params: '{"from_date":"2016-01-01","to_date":"2016-01-07","event":{"ü":"&=+"}}' }
    const body = [{ key: ['A'], value: 3 }, 5, null]
    expect(await exchange('jql', { script, params }, { ...expected, form: sent, answer: { body } })).toEqual(body)
    expect(await exchange('jql', { script }, { ...expected, form: { script }, answer: { body: [] } })).toEqual([])
  })

  test('that fails is refused with what the vendor says, and its answer is a list', async () => {
    const failed = { status: 412, body: { request: '/jql', error: 'Uncaught exception ReferenceError: x is not defined' } }
    const asked = exchange('jql', { script: 'x' }, { ...expected, form: { script: 'x' }, answer: failed })
    await expect(asked).rejects.toThrow(RefusedError)
    const object = exchange('jql', { script }, { ...expected, form: { script }, answer: { body: { a: 1 } } })
    await expect(object).rejects.toThrow(DataError)
  })

  test('says that nothing should be built on it, and counts twice', () => {
    expect(calls.jql.about).toContain('build nothing on it')
    expect(calls.jql.pools).toEqual(['jql', 'query'])
  })
})

test.each<[CallName, object, RegExp]>([
  ['engage', { page: 1 }, /needs the session_id of page 0/],
  ['engage', { page: -1, session_id: 's' }, /`page`/],
  ['engage', { page: 0.5 }, /`page`/],
  ['engage', { page_size: 0 }, /`page_size`/],
  ['engage', { distinct_ids: 'a' }, /`distinct_ids`/],
  ['engage', { distinct_ids: [] }, /`distinct_ids`/],
  ['engage', { distinct_ids: [7] }, /`distinct_ids\[0\]` is text/],
  ['engage', { output_properties: '$email' }, /`output_properties`/],
  ['engage', { distinct_id: 'a', distinct_ids: ['b'] }, /give distinct_id or distinct_ids, not both/],
  ['engage', { as_of_timestamp: 1_793_000_000 }, /as_of_timestamp is of behaviors/],
  ['engage', { behaviors: [{}], filter_by_cohort: { id: 7 } }, /behaviors or filter_by_cohort, not both/],
  ['engage', { behaviors: ['A'] }, /`behaviors\[0\]`/],
  ['engage', { filter_by_cohort: 7 }, /`filter_by_cohort`/],
  ['engage', { filter_by_cohort: { id: 'vip' } }, /digits only/],
  ['engage', { filter_by_cohort: { id: 7, name: 'x' } }, /`filter_by_cohort` takes no `name`/],
  ['engage', { include_all_users: true }, /include_all_users is of filter_by_cohort/],
  ['engage', { where: 'properties["a"] = 1' }, /`where`/],
  ['engage', { selector: 'x' }, /there is no parameter `selector`/],
  ['cohortsList', { id: 7 }, /there is no parameter `id`/],
  ['activityStream', { distinct_ids: ['a'] }, /`from_date`/],
  ['activityStream', { distinct_ids: [], from_date: '2020-09-01', to_date: '2020-09-01' }, /`distinct_ids`/],
  ['activityStream', { distinct_ids: ['a'], from_date: '2020-09-02', to_date: '2020-09-01' }, /from_date lies after to_date/],
  ['jql', {}, /`script`/],
  ['jql', { script: 'x', params: '{}' }, /`params`/],
])('%s is not sent with %j', async (call, parameters, why) => {
  expect(await whyNot(call, parameters)).toMatch(why)
})
