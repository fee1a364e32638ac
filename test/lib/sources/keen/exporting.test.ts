import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError, UnavailableError } from '../../../../lib/errors.ts'
import { exportReader } from '../../../../lib/export/reader.ts'
import type { ExportContext } from '../../../../lib/export/run.ts'
import { runExport } from '../../../../lib/export/run.ts'
import { keen } from '../../../../lib/sources/keen/index.ts'
import { config } from '../../../../lib/sources/keen/schema.ts'
import type { ExportAsk, Source } from '../../../../lib/sources/source.ts'
import type { Store } from '../../../../lib/store/store.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { exportingIn, keys, keysIn, linesIn, manifestIn, withFolder } from '../../export/exporting.ts'
import { exportedBy, span } from '../exported.ts'
import { answersOf, openLake, segmentationAsk } from '../lake/folder.ts'
import { get, query, withKeen } from './asking.ts'

type Bounds = readonly [start: string, end: string]
const day: Bounds = ['2026-11-09T00:00:00.000Z', '2026-11-10T00:00:00.000Z']
const window = span('2026-11-09', '2026-11-10')

/** What the vendor is sent for a collection that holds so few events that one extraction gives them. */
function collection(name: string, [start, end]: Bounds, events: readonly unknown[] | Payload, more: object = {}): Expected[] {
  const asked = { event_collection: name, ...more, timeframe: { start, end } }
  const count = Array.isArray(events) ? events.length : 1
  return [query('count', asked, count), query('extraction', asked, events)]
}

const at = (timestamp: string, more: object = {}, own: object = {}) => ({ keen: { timestamp, ...more }, ...own })
const noon = '2026-11-09T12:00:00.000Z'
const noonSeconds = Date.parse(noon) / 1000

const exported = (expected: readonly Expected[], ask: Partial<ExportAsk> = {}, settings: object = {}) =>
  withKeen(expected, (source) => exportedBy(source, { data: 'events', window, events: ['a'], ...ask }), settings)

describe('a window of a collection', () => {
  test('is asked for with an offset in both bounds, and each event is a line of Mixpanel’s form', async () => {
    const own = { user: { id: 'u1', plan: 'pro' }, price: 5, tags: ['x', 'ü\u2028'] }
    const keenOwn = { id: '5016f1', created_at: '2026-11-09T12:00:01.000Z', addons: [] }
    const events = [at(noon, keenOwn, own)]
    expect((await exported(collection('a', day, events))).map((line) => JSON.parse(line))).toEqual([
      {
        event: 'a',
        properties: {
          ...own,
          keen: { created_at: '2026-11-09T12:00:01.000Z', addons: [] },
          time: noonSeconds,
          distinct_id: 'u1',
          $insert_id: '5016f1',
        },
      },
    ])
  })

  test.each<[string, object, object, object]>([
    ['an actor that is a number', at(noon, {}, { user: { id: 7 } }), {}, { user: { id: 7 }, distinct_id: 7 }],
    ['nobody', at(noon, {}, { user: null, distinct_id: 'd' }), {}, { user: null, $own_distinct_id: 'd' }],
    ['no actor of the source', at(noon, {}, { distinct_id: 'd' }), { actor: undefined }, { distinct_id: 'd' }],
    ['an actor of that name', at(noon, {}, { distinct_id: 'd' }), { actor: 'distinct_id' }, { distinct_id: 'd' }],
    ['an actor of keen', at(noon, { uuid: 'k' }), { actor: 'keen.uuid' }, { keen: { uuid: 'k' }, distinct_id: 'k' }],
    ['a time of its own', at(noon, {}, { time: 'late' }), {}, { $own_time: 'late' }],
    ['no id', at(noon, {}, { $insert_id: 5 }), {}, { $insert_id: 5 }],
    ['an id that is none', at(noon, { id: 5 }), {}, { keen: { id: 5 } }],
  ])('loses nothing of an event with %s', async (_, event, settings, expected) => {
    const [line = ''] = await exported(collection('a', day, [event]), {}, settings)
    expect(JSON.parse(line).properties).toEqual({ ...expected, time: noonSeconds })
  })

  test('keeps a key __proto__, and all digits', async () => {
    const body = `{"result":[{"keen":{"timestamp":"${noon}"},"__proto__":{"a":1},"order":12345678901234567890}]}`
    const [line = ''] = await exported(collection('a', day, { status: 200, body }))
    expect(line).toBe(`{"event":"a","properties":{"__proto__":{"a":1},"order":"12345678901234567890","time":${noonSeconds}}}`)
  })

  test.each([
    ['2026-11-09T00:00:00.000Z', 1_794_182_400],
    ['2026-11-09T12:00:00.566000+00:00', 1_794_225_600.566],
    ['2026-11-09T12:00:00.005Z', 1_794_225_600.005],
    ['2026-11-09T12:00:00.123456Z', 1_794_225_600.123456],
    ['2026-11-10T00:59:59.999+01:00', 1_794_268_799.999],
  ])('has the time %s to its last digit', async (time, seconds) => {
    const [line = ''] = await exported(collection('a', day, [at(time)]))
    expect(line).toBe(`{"event":"a","properties":{"time":${seconds}}}`)
  })

  test.each([
    ['before', at('2026-11-08T23:59:59.999Z'), 'an event of another time came (2026-11-08T23:59:59.999Z'],
    ['at its end', at(day[1]), 'an event of another time came'],
    ['without a time', { keen: { id: 'x' } }, 'an event came without a keen.timestamp'],
    ['with no time', at('noon'), 'an event came without a keen.timestamp'],
    ['with no keen at all', { a: 1 }, 'an event came without a keen.timestamp'],
  ])('is not what holds an event %s', async (_, event, words) => {
    const failing = exported(collection('a', day, [at(noon), event]))
    await expect(failing).rejects.toThrow(DataError)
    await expect(failing).rejects.toThrow(`Keen extraction of a: ${words}`)
  })

  test.each([
    [
      'a day of 25 hours',
      span('2026-10-25', '2026-10-26', 'Europe/Berlin'),
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ],
    [
      'a day of half an hour’s zone',
      span('2026-11-09', '2026-11-10', 'Asia/Kolkata'),
      '2026-11-08T18:30:00.000Z',
      '2026-11-09T18:30:00.000Z',
    ],
    ['an hour', span('2026-11-09T14:00', '2026-11-09T15:00'), '2026-11-09T14:00:00.000Z', '2026-11-09T15:00:00.000Z'],
  ])('may be %s', async (_, own, start, end) => {
    expect(await exported(collection('a', [start, end], [at(start)]), { window: own })).toHaveLength(1)
  })

  test('that holds more than the vendor gives is asked for in halves', async () => {
    const middle = '2026-11-09T12:00:00.000Z'
    const whole = { event_collection: 'a', timeframe: { start: day[0], end: day[1] } }
    const requests = [
      query('count', whole, 150_000),
      ...collection('a', [day[0], middle], [at(day[0])]),
      ...collection('a', [middle, day[1]], [at(middle)]),
    ]
    expect(await exported(requests)).toHaveLength(2)
  })

  test('has the condition of the export', async () => {
    const filters = [
      { property_name: 'user.plan', operator: 'eq', property_value: 'pro' },
      { property_name: 'price', operator: 'gt', property_value: 5 },
    ]
    const where = 'properties["user.plan"] == "pro" and properties["price"] > 5'
    expect(await exported(collection('a', day, [at(noon)], { filters }), { where })).toHaveLength(1)
  })

  test('that breaks off is an error', async () => {
    const body = { result: [at(noon), at(noon), at(noon)] }
    await expect(exported(collection('a', day, { status: 200, body, cutAfter: 90 }))).rejects.toThrow(UnavailableError)
  })
})

describe('collections', () => {
  test('are those named, each once, one after the other', async () => {
    const requests = [...collection('b c', day, [at(noon), at(noon)]), ...collection('a', day, [])]
    const lines = await exported(requests, { events: ['b c', 'a', 'b c'] })
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['b c', 'b c'])
  })

  test('are all that the vendor lists, where none is named', async () => {
    const listed = get('/events', [
      { name: 'purchases', properties: {}, url: '/3.0/projects/5f1e0c/events/purchases' },
      { name: 'sign ups', properties: {}, url: '/3.0/projects/5f1e0c/events/sign%20ups' },
    ])
    const requests = [listed, ...collection('purchases', day, [at(noon)]), ...collection('sign ups', day, [at(noon)])]
    const lines = await exported(requests, { events: undefined })
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['purchases', 'sign ups'])
  })
})

describe('what can be exported', () => {
  const own = config.parse({ kind: 'keen' })
  const base = { data: 'events', every: 'day' } as const

  test.each([
    ['properties["a"] == 1', undefined],
    [undefined, undefined],
    ['properties["a"] == 1 or properties["b"] == 2', /joins different conditions/],
    ['user["a"] == 1', /is of a profile/],
  ])('with the condition %s', (where, expected) => {
    const told = keen.exports.refuse?.(own, { ...base, where })
    if (expected === undefined) expect(told).toBeUndefined()
    else expect(told).toMatch(expected)
  })

  test('is events, by days of any zone', async () => {
    expect(keen.exports.zone(own, 'Asia/Kolkata')).toBe('Asia/Kolkata')
    await expect(exported([], { data: 'people' })).rejects.toThrow(RefusedError)
  })
})

describe('an export of Keen', () => {
  const entry = {
    name: 'events',
    source: 'shop',
    data: 'events',
    from: '2026-11-09',
    every: 'day',
    order: 'oldest',
    format: ['json'],
    schema: 'mono',
  } as ExportContext['entry']
  const zone = 'Europe/Berlin'

  async function exportTo(store: Store, source: Source) {
    const exporting = await exportingIn(
      store,
      { lines: [] },
      {
        formats: ['json'],
        clock: () => new Date('2026-11-10T23:30:00Z'),
        ask: async (asked, signal) => {
          const got = await source.export?.({ data: 'events', window: asked, events: ['purchases'], signal })
          if (got === undefined) throw new Error('nothing to export')
          return got
        },
      },
    )
    const scheduledAt = Temporal.Instant.from('2026-11-10T23:30:00Z')
    // What the command line and the function make of a project file says the same zone in both places.
    const own = { ...exporting, head: { ...exporting.head, timezone: zone } }
    return runExport({ scheduledAt }, { entry, zone, owner: 'tester', atATime: 1, exporting: own })
  }
  const midnight = (date: string) => `${date}T23:00:00.000Z`
  const [first, second]: Bounds[] = [
    [midnight('2026-11-08'), midnight('2026-11-09')],
    [midnight('2026-11-09'), midnight('2026-11-10')],
  ]
  const bought = (id: string, time: string, who: string, country: string) =>
    at(time, { id }, { user: { id: who }, country, price: 2.5 })

  test('is what a lake answers from', async () => {
    const requests = [
      ...collection('purchases', first ?? day, [
        bought('1', '2026-11-08T23:00:00.000Z', 'u1', 'DE'),
        bought('2', '2026-11-09T12:00:00.250Z', 'u1', 'DE'),
        // Twice the same, as a client that tries again sends it.
        bought('2', '2026-11-09T12:00:00.250Z', 'u1', 'DE'),
      ]),
      ...collection('purchases', second ?? day, [bought('3', '2026-11-10T22:59:59.999Z', 'u2', 'AT')]),
    ]
    await withFolder((store) =>
      withKeen(requests, async (source) => {
        expect(await exportTo(store, source)).toMatchObject({ status: 'done', failed: [] })
        expect(await linesIn(store, 'exports/events/json/date=2026-11-09/2026-11-09.json.gz')).toHaveLength(3)
        const reader = exportReader({ store, entry: () => entry, zone: () => zone, scratch: '/nowhere', clock: () => new Date() })
        const lake = openLake({ kind: 'lake', export: 'events' }, { timezone: zone, exported: reader })
        try {
          const days = { timeframe: { start: '2026-11-09', end: '2026-11-11' }, at: '2026-11-12T07:00:00Z' } as const
          const ask = (question: Parameters<typeof segmentationAsk>[0]) =>
            answersOf(lake).segmentation(segmentationAsk(question, days))
          const answer = await ask({ event: 'purchases', on: 'properties["country"]' })
          expect(answer.series.map(({ name, values }) => [name, values])).toEqual([
            ['DE', [2, 0]],
            ['AT', [0, 1]],
          ])
          expect((await ask({ event: 'purchases', type: 'unique' })).total).toBe(2)
        } finally {
          await lake.close?.()
        }
      }),
    )
  })

  test('keeps nothing of a day that broke off', async () => {
    const cut = { status: 200, body: { result: [at('2026-11-09T12:00:00.000Z')] }, cutAfter: 40 }
    const requests = [...collection('purchases', first ?? day, cut), ...collection('purchases', second ?? day, [])]
    await withFolder((store) =>
      withKeen(requests, async (source) => {
        expect(await exportTo(store, source)).toMatchObject({ status: 'again' })
        expect(await keysIn(store, 'exports/')).toEqual([keys.manifest('2026-11-10')])
        expect(await manifestIn(store, '2026-11-10')).toMatchObject({ lines: 0, objects: [] })
      }),
    )
  })
})
