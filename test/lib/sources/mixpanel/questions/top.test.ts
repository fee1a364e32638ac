import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { tableResult } from '../../../../../lib/result.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { call, plainAsk, segments, withMixpanel } from '../asking.ts'

const own = config.parse({ kind: 'mixpanel', project: 1_234_567, credentials: 'env:ACCOUNT' })
const week = { from_date: '2026-11-09', to_date: '2026-11-15' }

function top(question: object, when: When, expected: readonly Expected[], now?: string) {
  const use = async (source: Parameters<Parameters<typeof withMixpanel>[1]>[0]) => {
    if (source.answers.top === undefined) throw new Error('no top')
    return await source.answers.top(plainAsk('top', question, when))
  }
  return withMixpanel(expected, use, {}, now)
}

describe('the top events', () => {
  const names = (query: Record<string, string>, body: readonly string[]) => call('events/names', query, { body })
  const counts = (query: Record<string, string>, values: Record<string, Record<string, number>>) =>
    call('events', query, segments(values))

  test('are those of the timeframe, by how often they happened; one without numbers did not', async () => {
    const body = await top({ what: 'events', limit: 4 }, {}, [
      names({ type: 'general', limit: '4', ...week }, ['B', 'A', 'Größe "x"', 'C']),
      counts(
        { event: '["B","A","Größe \\"x\\"","C"]', type: 'general', unit: 'day', ...week },
        { A: { '2026-11-09': 3, '2026-11-15': 4 }, 'Größe "x"': { '2026-11-10': 9 }, B: { '2026-11-11': 7 } },
      ),
    ])
    expect(body).toEqual({
      columns: [
        { name: 'event', type: 'text' },
        { name: 'events', type: 'number' },
      ],
      rows: [
        ['Größe "x"', 9],
        ['A', 7],
        ['B', 7],
        ['C', 0],
      ],
      notes: [],
    })
    const head = { version: 1, report: 'r', query: 'q', source: 'product', definition: '0'.repeat(64), timezone: 'Europe/Berlin' }
    const timeframe = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
    expect(() => tableResult.parse({ ...head, timeframe, shape: 'table', ...body })).not.toThrow()
  })

  test('of a project without events are none, and nothing is counted', async () => {
    const body = await top({ what: 'events' }, {}, [names({ type: 'general', limit: '20', ...week }, [])])
    expect(body.rows).toEqual([])
  })

  test('under a name that nobody asked for are a failure', async () => {
    const expected = [
      names({ type: 'general', limit: '20', ...week }, ['A']),
      counts({ event: '["A"]', type: 'general', unit: 'day', ...week }, { B: { '2026-11-09': 3 } }),
    ]
    await expect(top({ what: 'events' }, {}, expected)).rejects.toThrow(DataError)
  })

  test('of a running day say so', async () => {
    const day = { from_date: '2026-11-16', to_date: '2026-11-16' }
    const body = await top({ what: 'events' }, { timeframe: 'today', at: '2026-11-16T10:00:00Z' }, [
      names({ type: 'general', limit: '20', ...day }, ['A']),
      counts({ event: '["A"]', type: 'general', unit: 'day', ...day }, { A: { '2026-11-16': 3 } }),
    ])
    expect(body).toMatchObject({ rows: [['A', 3]], notes: [{ kind: 'partial' }] })
  })

  test.each(['unique', 'average'])('by %s are those of one day', async (type) => {
    const day = { from_date: '2026-11-15', to_date: '2026-11-15' }
    const body = await top({ what: 'events', type }, { timeframe: 'previous_1_day' }, [
      names({ type, limit: '20', ...day }, ['A', 'B']),
      counts({ event: '["A","B"]', type, unit: 'day', ...day }, { A: { '2026-11-15': 1.5 }, B: { '2026-11-15': 2 } }),
    ])
    expect(body).toMatchObject({
      columns: [{ name: 'event' }, { name: type }],
      rows: [
        ['B', 2],
        ['A', 1.5],
      ],
    })
  })

  test("by unique of more days are today's, which a note says", async () => {
    const events = [
      { event: 'A', amount: 2, percent_change: 1 },
      { event: 'B', amount: 75, percent_change: -0.2 },
    ]
    const body = await top({ what: 'events', type: 'unique', limit: 1 }, {}, [
      call('events/top', { type: 'unique', limit: '1' }, { body: { events, type: 'unique' } }),
    ])
    expect(body.rows).toEqual([['B', 75]])
    expect(body.notes).toEqual([{ kind: 'source', text: expect.stringContaining('of today so far, not of the timeframe') }])
  })

  test('by unique of more days are refused for a run of another day', async () => {
    const asked = top({ what: 'events', type: 'unique' }, {}, [], '2026-11-16T23:30:00Z')
    await expect(asked).rejects.toThrow(RefusedError)
    await expect(asked).rejects.toThrow('of today only, and this run is of 2026-11-16')
  })
})

test("an event's top properties have the vendor's own days, which a note says; what has no count has none", async () => {
  const body = await top({ what: 'properties', event: 'Sign Up', limit: 3 }, {}, [
    call(
      'events/properties/top',
      { event: 'Sign Up', limit: '3' },
      { body: '{"$os":{},"b":{"count":0},"__proto__":{"count":6}}' },
    ),
  ])
  expect(body).toMatchObject({
    columns: [{ name: 'property' }, { name: 'events' }],
    rows: [
      ['__proto__', 6],
      ['b', 0],
      ['$os', null],
    ],
    notes: [{ kind: 'source', text: expect.stringContaining('days of its own choice') }],
  })
})

describe("a property's top values", () => {
  const sent = { event: 'Sign Up', type: 'general', unit: 'day', ...week, limit: '2' }

  test.each(['país "x"', String.raw`properties["país \"x\""]`])('are counted over the timeframe: %s', async (property) => {
    const body = await top({ what: 'values', event: 'Sign Up', property, limit: 2 }, {}, [
      call(
        'events/properties',
        { ...sent, name: 'país "x"' },
        segments({ DE: { '2026-11-09': 1 }, FR: { '2026-11-09': 4, '2026-11-15': 2 }, ES: {} }),
      ),
    ])
    expect(body).toMatchObject({
      columns: [{ name: 'país "x"' }, { name: 'events' }],
      rows: [
        ['FR', 6],
        ['DE', 1],
      ],
      notes: [],
    })
  })

  test.each(['events', 'properties["events"]'])('of %s, called like the numbers, have another heading', async (property) => {
    const body = await top({ what: 'values', event: 'Sign Up', property, limit: 2 }, {}, [
      call('events/properties', { ...sent, name: 'events' }, segments({})),
    ])
    expect(body.columns.map(({ name }) => name)).toEqual(['value', 'events'])
  })
})

test.each([
  [{ what: 'events', event: 'A' }, 'leave out `event`'],
  [{ what: 'events', property: 'p' }, 'leave out `event` and `property`'],
  [{ what: 'events', limit: 201 }, 'limit: 200'],
  [{ what: 'properties' }, 'name it with `event`'],
  [{ what: 'properties', event: 'any' }, 'of one event'],
  [{ what: 'properties', event: 'A', property: 'p' }, 'leave out `property`'],
  [{ what: 'properties', event: 'A', type: 'unique' }, 'leave out `type`'],
  [{ what: 'values', event: 'A' }, 'name the property'],
  [{ what: 'values', event: 'A', property: 'user["$city"]' }, 'of no expression'],
  [{ what: 'values', event: 'A', property: 'number(properties["n"])' }, 'of no expression'],
  [{ what: 'values', event: 'A', property: 'properties[n' }, 'of no expression'],
])('what Mixpanel does not rank is refused when the project is loaded, and when it is asked: %j', async (question, words) => {
  const ask = plainAsk('top', question)
  expect(mixpanel.refuse(own, ask.question, { name: 'product', timezone: 'UTC' })).toContain(words)
  await expect(top(question, {}, [])).rejects.toThrow(RefusedError)
})

test.each([
  [{ what: 'events' }, 2],
  [{ what: 'events', type: 'unique' }, 1],
  [{ what: 'properties', event: 'A' }, 1],
  [{ what: 'values', event: 'A', property: 'p' }, 1],
])('what it uses up of the hour is known before: %j', async (question, calls) => {
  const ask = plainAsk('top', question)
  expect(mixpanel.cost(own, ask, { name: 'product', timezone: 'Europe/Berlin' })).toBe(calls)
  const lines = await withMixpanel([], async (source) => source.explain(ask))
  expect(lines).toHaveLength(calls)
})
