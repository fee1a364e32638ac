import { describe, expect, test } from 'vitest'
import type { Framing, Line } from './folder.ts'
import { answersOf, lakeOf, line, topAsk, writeFiles } from './folder.ts'

function happening(event: string, id: unknown = 'u', properties: Record<string, unknown> = {}): Line {
  return line(event, '2026-11-04T12:00:00Z', id, properties)
}

async function ask(lines: readonly Line[], question: Record<string, unknown>, framing: Framing = {}) {
  await using own = await lakeOf({ 'a.ndjson': lines })
  return await answersOf(own.source).top(topAsk(question, framing))
}

describe('events', () => {
  const lines = [
    ...Array.from({ length: 4 }, () => happening('Open', 'anna')),
    happening('Open', 'ben'),
    ...['anna', 'ben', 'cem'].map((id) => happening('Größe 📏', id)),
    ...['anna', null].map((id) => happening('__proto__', id)),
    happening('Ghost', null),
    line('Old', '2026-11-01T12:00:00Z', 'u'),
  ]

  test.each([
    [
      'general',
      'events',
      [
        ['Open', 5],
        ['Größe 📏', 3],
        ['__proto__', 2],
        ['Ghost', 1],
      ],
    ],
    [
      'unique',
      'unique',
      [
        ['Größe 📏', 3],
        ['Open', 2],
        ['__proto__', 1],
        ['Ghost', 0],
      ],
    ],
    [
      'average',
      'average',
      [
        ['Open', 2.5],
        ['Größe 📏', 1],
        ['__proto__', 1],
        ['Ghost', null],
      ],
    ],
  ])('are ranked by %s, within the timeframe', async (type, name, rows) => {
    expect(await ask(lines, { what: 'events', type })).toEqual({
      columns: [
        { name: 'event', type: 'text' },
        { name, type: 'number' },
      ],
      rows,
      notes: [],
    })
  })

  test('beyond the limit are counted in a note; equal ones stand by name', async () => {
    const body = await ask(
      ['b', 'ä', 'a', 'c'].map((event) => happening(event)),
      { what: 'events', limit: 2 },
    )
    expect(body.rows).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect(body.notes).toEqual([{ kind: 'other', text: '2 more events are beyond the limit of 2 and not shown' }])
  })

  test('of nothing are none, and of a running period so far', async () => {
    expect(await ask([happening('A')], { what: 'events' }, { timeframe: 'today' })).toMatchObject({
      rows: [],
      notes: [{ kind: 'partial' }],
    })
  })
})

describe('properties', () => {
  const properties = {
    plan: 'a',
    'it’s "q" \\ , [x]': [1],
    empty: '',
    nothing: null,
    object: { plan: 1, inner: null },
    ['__proto__']: 1,
    'nul\u0000': 0,
  }
  const lines = [
    happening('A', 'anna', properties),
    happening('A', 'anna', { plan: false, $insert_id: 'i' }),
    happening('A', 'anna', { plan: 'repeated', again: 1, $insert_id: 'i' }),
    happening('A', 'ben', { plan: 1, nothing: 2 }),
    happening('B', 'ben', { of: 'b', event: 'own' }),
  ]

  test('are ranked by the events in which they are set, however they are called', async () => {
    const body = await ask(lines, { what: 'properties' })
    expect(body.columns).toEqual([
      { name: 'property', type: 'text' },
      { name: 'events', type: 'number' },
    ])
    expect(body.rows).toEqual([
      ['plan', 3],
      ...['__proto__', 'empty', 'event', 'it’s "q" \\ , [x]', 'nothing', 'nul\u0000', 'object', 'of'].map((name) => [name, 1]),
    ])
    expect(body.notes).toMatchObject([{ kind: 'duplicates' }])
  })

  test('of one event, by people or events per person', async () => {
    const people = await ask(lines, { what: 'properties', event: 'A', type: 'unique', limit: 1 })
    expect(people.rows).toEqual([['plan', 2]])
    const average = await ask(lines, { what: 'properties', event: 'A', type: 'average', limit: 1 })
    expect(average.rows).toEqual([['plan', 1.5]])
  })

  test('that stand in an object twice count once', async () => {
    await using own = await lakeOf({
      'a.ndjson': '{"event":"A","properties":{"time":1793797200,"distinct_id":"u","p":1,"p":2}}\n',
    })
    expect((await answersOf(own.source).top(topAsk({ what: 'properties' }))).rows).toEqual([['p', 1]])
  })

  test('are seen beside questions that read values, and after them', async () => {
    await using own = await lakeOf({ 'a.ndjson': lines })
    const { top } = answersOf(own.source)
    const values = topAsk({ what: 'values', property: 'plan' })
    const first = await top(values)
    const [names, again] = await Promise.all([top(topAsk({ what: 'properties' })), top(values)])
    expect(names.rows[0]).toEqual(['plan', 3])
    expect(again).toEqual(first)
    await writeFiles(own.folder, { 'b.ndjson': [happening('A', 'cem', { late: 1 })] })
    expect((await top(topAsk({ what: 'properties' }))).rows).toContainEqual(['late', 1])
  })
})

describe('values', () => {
  const lines = [
    ...['DE', 'DE', 5, '5', 'FR', '', 'undefined', true, null].map((p, id) => happening('A', `u${id % 4}`, { p })),
    happening('A', 'u0'),
    happening('B', 'u0', { p: 'DE' }),
  ]

  test('of a property are ranked; events without one are counted in a note', async () => {
    const body = await ask(lines, { what: 'values', property: 'p', event: 'A' })
    expect(body.columns).toEqual([
      { name: 'p', type: 'text' },
      { name: 'events', type: 'number' },
    ])
    expect(body.rows).toEqual([
      ['5', 2],
      ['DE', 2],
      ['', 1],
      ['FR', 1],
      ['true', 1],
      ['undefined', 1],
    ])
    expect(body.notes).toEqual([{ kind: 'unset', text: '2 events have no value of p and are not counted' }])
    expect((await ask(lines, { what: 'values', property: 'p', limit: 1 })).rows).toEqual([['DE', 3]])
  })

  test('of an expression are called values', async () => {
    const body = await ask(lines, { what: 'values', property: 'properties["p"] == "DE"', type: 'unique' })
    expect(body.columns[0]).toEqual({ name: 'value', type: 'text' })
    expect(body.rows).toEqual([
      ['false', 4],
      ['true', 2],
    ])
    expect((await ask(lines, { what: 'values', property: 'events' })).columns.map(({ name }) => name)).toEqual([
      'events',
      'events count',
    ])
  })
})
