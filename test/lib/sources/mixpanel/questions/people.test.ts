import { describe, expect, test } from 'vitest'
import { RefusedError, UnavailableError } from '../../../../../lib/errors.ts'
import { tableResult } from '../../../../../lib/result.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Source } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { plainAsk, withMixpanel } from '../asking.ts'

const own = config.parse({ kind: 'mixpanel', project: 1_234_567, credentials: 'env:ACCOUNT' })
const session_id = '1234567890-EXAMPL'

function people(question: object, expected: readonly Expected[]) {
  const ask = plainAsk('people', question)
  return withMixpanel(expected, async (source: Source) => {
    if (source.answers.people === undefined) throw new Error('no people')
    return await source.answers.people(ask)
  })
}

function engaged(body: unknown, form?: Record<string, string>): Expected {
  const sent = form === undefined ? {} : { form }
  return { method: 'POST', path: '/api/query/engage', query: { project_id: '1234567' }, ...sent, answer: { body } }
}
function page(profiles: readonly object[], more: object = {}) {
  const results = profiles.map((properties, at) => ({ $distinct_id: `p${at}`, $properties: properties }))
  return { page: 0, page_size: 1000, session_id, status: 'ok', total: results.length, results, ...more }
}

describe('people', () => {
  test('are a table with a column for each property that anyone has, the id first', async () => {
    const body = await people({ where: 'properties["plan"]=="Pro"' }, [
      engaged(
        page([
          { $email: 'a@example.com', $created: '2008-12-12T11:20:47', age: 31, beta: true, tags: ['x', { y: 1 }], nick: null },
          { $email: 'b@example.com', $created: '2008-06-09T23:08:40Z', age: 32.5, plan: 'Pro' },
        ]),
        { where: 'properties["plan"] == "Pro"' },
      ),
    ])
    expect(body).toEqual({
      columns: [
        { name: 'distinct_id', type: 'text' },
        { name: '$email', type: 'text' },
        { name: '$created', type: 'time' },
        { name: 'age', type: 'number' },
        { name: 'beta', type: 'boolean' },
        { name: 'tags', type: 'json' },
        { name: 'nick', type: 'text' },
        { name: 'plan', type: 'text' },
      ],
      rows: [
        ['p0', 'a@example.com', '2008-12-12T11:20:47', 31, true, '["x",{"y":1}]', null, null],
        ['p1', 'b@example.com', '2008-06-09T23:08:40Z', 32.5, null, null, null, 'Pro'],
      ],
      notes: [],
    })
    const head = { version: 1, report: 'r', query: 'q', source: 's', definition: '0'.repeat(64), timezone: 'Europe/Berlin' }
    const timeframe = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
    expect(tableResult.safeParse({ ...head, timeframe, shape: 'table', ...body }).success).toBe(true)
  })

  test('have the properties that were asked for, in that order, also where nobody has them', async () => {
    const profiles = '{"$distinct_id":4,"$properties":{"__proto__":"x","b":1}}'
    const body = await people({ properties: ['b', '__proto__', 'c'] }, [
      engaged(`{"page":0,"total":1,"page_size":1000,"results":[${profiles}]}`, { output_properties: '["b","__proto__","c"]' }),
    ])
    expect(body.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'distinct_id text',
      'b number',
      '__proto__ text',
      'c text',
    ])
    expect(body.rows).toEqual([['4', 1, 'x', null]])
  })

  test.each([
    ['mixed', ['5', 5, null], 'json', ['"5"', '5', null]],
    ['a time among texts', ['2008-12-12T11:20:47', 'never'], 'text', ['2008-12-12T11:20:47', 'never']],
    ['a day is no time', ['2008-12-12'], 'text', ['2008-12-12']],
    ['objects', [{ a: 1 }], 'json', ['{"a":1}']],
    ['formulas as they are', ['=1+1'], 'text', ['=1+1']],
  ])('have a type only where all values have it: %s', async (_, values, type, cells) => {
    const body = await people({}, [engaged(page(values.map((value) => ({ x: value }))))])
    expect(body.columns[1]).toEqual({ name: 'x', type })
    expect(body.rows.map(([, cell]) => cell)).toEqual(cells)
  })

  test('show the digits of a number that cannot be held', async () => {
    const profiles = '{"$distinct_id":"a","$properties":{"id":9007199254740993,"n":2}}'
    const body = await people({}, [engaged(`{"page":0,"total":1,"page_size":1000,"results":[${profiles}]}`)])
    expect(body.columns).toMatchObject([{ name: 'distinct_id' }, { name: 'id', type: 'text' }, { name: 'n', type: 'number' }])
    expect(body.rows).toEqual([['a', '9007199254740993', 2]])
    expect(body.notes).toEqual([])
  })

  test('are read page by page up to the limit, and no page more', async () => {
    const later = (at: number) => {
      const results = [0, 1].map((one) => ({ $distinct_id: `p${at * 2 + one}`, $properties: {} }))
      return engaged({ page: at, session_id, results }, { session_id, page: String(at) })
    }
    const first = engaged(page([{}, {}], { page_size: 2, total: 12_345 }))
    const body = await people({ limit: 5 }, [first, later(1), later(2)])
    expect(body.rows).toEqual([['p0'], ['p1'], ['p2'], ['p3'], ['p4']])
    expect(body.notes).toEqual([{ kind: 'truncated', text: '12,345 profiles match; these are the first 5' }])
    expect((await people({ limit: 2 }, [first])).rows).toHaveLength(2)
  })

  test.each([
    [{ limit: 2 }, page([{}, {}], { total: undefined }), [/the first 2 profiles; Mixpanel does not say how many/]],
    [{ limit: 3 }, page([{}, {}], { total: undefined }), []],
    [{ limit: 2 }, page([{}, {}]), []],
    [{ limit: 1 }, page([{}, {}]), [/^2 profiles match; these are the first 1$/]],
    [{}, page([]), []],
  ])('say how many there are where they are not all: %j', async (question, body, notes) => {
    const found = (await people(question, [engaged(body)])).notes
    expect(found).toEqual(notes.map((text) => ({ kind: 'truncated', text: expect.stringMatching(text) })))
  })

  test('are never fewer than Mixpanel says, silently', async () => {
    await expect(people({}, [engaged(page([{}], { total: 2 }))])).rejects.toThrow(UnavailableError)
  })
})

test('people by a property are refused, and one list of them is one query', async () => {
  const ask = plainAsk('people', { on: 'plan' })
  expect(mixpanel.refuse(own, ask.question, { name: 'product', timezone: 'UTC' })).toContain('leave out `on`')
  await expect(people({ on: 'plan' }, [])).rejects.toThrow(RefusedError)
  const context = { name: 'product', timezone: 'Europe/Berlin' }
  expect(mixpanel.cost(own, plainAsk('people', { limit: 100_000 }), context)).toBe(1)
})
