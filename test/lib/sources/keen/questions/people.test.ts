import { describe, expect, test } from 'vitest'
import { keen } from '../../../../../lib/sources/keen/index.ts'
import { config } from '../../../../../lib/sources/keen/schema.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { plainAsk, query, withKeen } from '../asking.ts'

const asking = (question: object, when: When, expected: readonly Expected[]) =>
  withKeen(expected, (source) => {
    if (source.answers.people === undefined) throw new Error('no people')
    return source.answers.people(plainAsk('people', question, when))
  })

const week = { timeframe: { start: '2026-11-08T23:00:00.000Z', end: '2026-11-15T23:00:00.000Z' } }
const event = (timestamp: string, more: object = {}) => ({ keen: { timestamp, id: 'x' }, ...more })

describe('a list of events', () => {
  test('has the newest first, with their time and what is named, nested names with dots', async () => {
    const asked = {
      event_collection: 'purchases',
      filters: [{ property_name: 'amount', operator: 'gt', property_value: 5 }],
      property_names: ['keen.timestamp', 'user.email', 'amount', 'user', 'gone'],
      ...week,
      latest: 3,
    }
    const question = {
      event: 'purchases',
      properties: ['user.email', 'amount', 'user', 'gone'],
      where: 'properties["amount"] > 5',
      limit: 2,
    }
    const body = await asking(question, {}, [
      query('extraction', asked, [
        event('2026-11-10T08:00:00.000Z', { user: { email: 'a@x.de' }, amount: 7 }),
        event('2026-11-12T08:00:00.000+01:00', { user: { email: 'b@x.de' }, amount: 8.5 }),
        event('2026-11-11T08:00:00.000Z', { user: { email: 'c@x.de' } }),
      ]),
    ])
    expect(body).toEqual({
      columns: [
        { name: 'keen.timestamp', type: 'time' },
        { name: 'user.email', type: 'text' },
        { name: 'amount', type: 'number' },
        { name: 'user', type: 'json' },
        { name: 'gone', type: 'text' },
      ],
      each: 'event',
      rows: [
        ['2026-11-12T08:00:00.000+01:00', 'b@x.de', 8.5, '{"email":"b@x.de"}', null],
        ['2026-11-11T08:00:00.000Z', 'c@x.de', null, '{"email":"c@x.de"}', null],
      ],
      notes: [{ kind: 'truncated', text: 'these are the newest 2 events; there are more' }],
    })
  })

  test('has all properties unless some are named, each of one type or as its JSON', async () => {
    const odd = JSON.parse('{"__proto__":{"x":1},"toString":"t","städte":["a"],"mixed":5,"id":9007199254740993,"empty":{}}')
    const body = await asking({ event: 'a', limit: 100_000 }, { timeframe: 'this_1_day' }, [
      query(
        'extraction',
        {
          event_collection: 'a',
          timeframe: { start: '2026-11-15T23:00:00.000Z', end: '2026-11-16T07:00:00.000Z' },
          latest: 100_000,
        },
        [event('2026-11-16T06:00:00.000000+00:00', odd), event('2026-11-16T05:00:00Z', { mixed: '5' }), { mixed: null }],
      ),
    ])
    expect(body.columns).toEqual([
      { name: 'keen.timestamp', type: 'time' },
      { name: 'keen.id', type: 'text' },
      { name: '__proto__.x', type: 'number' },
      { name: 'toString', type: 'text' },
      { name: 'städte', type: 'json' },
      { name: 'mixed', type: 'json' },
      { name: 'id', type: 'text' },
      { name: 'empty', type: 'json' },
    ])
    expect(body.rows).toEqual([
      ['2026-11-16T06:00:00.000000+00:00', 'x', 1, 't', '["a"]', '5', '9007199254740992', '{}'],
      ['2026-11-16T05:00:00Z', 'x', null, null, null, '"5"', null, null],
      [null, null, null, null, null, null, null, null],
    ])
    expect(body.notes.map(({ kind, text }) => [kind, text.slice(0, 20)])).toEqual([['partial', 'what still runs is l']])
  })

  test('may be empty', async () => {
    const body = await asking({ event: 'a', properties: ['b'] }, {}, [
      query('extraction', { event_collection: 'a', property_names: ['keen.timestamp', 'b'], ...week, latest: 1001 }, []),
    ])
    expect(body).toEqual({
      columns: [
        { name: 'keen.timestamp', type: 'time' },
        { name: 'b', type: 'text' },
      ],
      each: 'event',
      rows: [],
      notes: [],
    })
  })

  test('says where it has as many as Keen gives', async () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => event(new Date(1_794_700_000_000 + at).toISOString()))
    const asked = { event_collection: 'a', property_names: ['keen.timestamp'], ...week, latest: 100_000 }
    const body = await asking({ event: 'a', properties: ['keen.timestamp'], limit: 100_000 }, {}, [
      query('extraction', asked, rows),
    ])
    expect(body.rows).toHaveLength(100_000)
    expect(body.notes).toEqual([
      { kind: 'truncated', text: 'these are the newest 100,000 events, as many as Keen gives; there may be more' },
    ])
  })

  test.each([
    [{}, 'name the events to list'],
    [{ event: 'a', on: 'plan' }, 'ask a segmentation'],
    [{ event: 'a', where: 'user["x"] == 1' }, 'is of a profile'],
  ])('is refused when the project is loaded: %j', (question, words) => {
    const asked = plainAsk('people', question).question
    expect(keen.refuse(config.parse({ kind: 'keen' }), asked, { name: 'shop', timezone: 'UTC' })).toContain(words)
  })
})
