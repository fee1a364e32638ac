import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { keen } from '../../../../../lib/sources/keen/index.ts'
import { calendarZoneOf, windowOf } from '../../../../../lib/sources/keen/questions/saved-time.ts'
import { config } from '../../../../../lib/sources/keen/schema.ts'
import { days, get, plainAsk, withKeen } from '../asking.ts'

const askingRaw = (body: unknown, when = {}, now?: string) =>
  withKeen(
    [get('/queries/saved/monthly-sales/result', body)],
    (source) => {
      if (source.answers.saved === undefined) throw new Error('no saved')
      return source.answers.saved(plainAsk('saved', { query: 'monthly-sales' }, when))
    },
    {},
    now,
  )
const asking = (query: object, result: unknown, more: object = {}, when = {}, now?: string) =>
  askingRaw({ query_name: 'monthly-sales', refresh_rate: 0, query, ...more, result }, when, now)

const own = { kind: 'source', text: "this is Keen's own saved query monthly-sales, with its own dates" }
const bucket = (start: string, end: string, value: unknown) => ({ value, timeframe: { start, end } })

describe('a saved query with an interval', () => {
  const daily = { analysis_type: 'count', event_collection: 'sales', interval: 'daily', timeframe: 'previous_3_days' }

  test('is a series of its own zone, named after its events', async () => {
    const body = await asking({ ...daily, timezone: 'Europe/Berlin', group_by: null }, days('2026-11-13', [1, 0, 5]))
    expect(body).toEqual({
      shape: 'series',
      timeframe: { start: '2026-11-13T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' },
      unit: 'day',
      measure: 'general',
      dates: ['2026-11-13', '2026-11-14', '2026-11-15'],
      series: [{ name: 'sales', values: [1, 0, 5], total: 6 }],
      total: 6,
      comparisons: [],
      notes: [own],
    })
  })

  test('says that its days are of another zone, and how old it may be', async () => {
    const body = await asking(daily, days('2026-11-13', [1, 2, 3], 'UTC'), { refresh_rate: 14_400 })
    expect(body).toMatchObject({
      timeframe: { start: '2026-11-13T00:00:00+00:00', end: '2026-11-16T00:00:00+00:00' },
      dates: ['2026-11-13', '2026-11-14', '2026-11-15'],
      notes: [{ text: `${own.text}, of Keen's cache, so up to 4 hours old` }, { text: 'its days are those of UTC' }],
    })
  })

  test('has the days of UTC where its times have offsets, whatever its zone', async () => {
    const timeframe = { start: '2026-11-13T05:00:00.000Z', end: '2026-11-15T05:00:00.000Z' }
    const body = await asking({ ...daily, timezone: 'US/Eastern', timeframe }, [
      bucket('2026-11-13T05:00:00.000Z', '2026-11-14T00:00:00.000Z', 1),
      bucket('2026-11-14T00:00:00.000Z', '2026-11-15T00:00:00.000Z', 2),
      bucket('2026-11-15T00:00:00.000Z', '2026-11-15T05:00:00.000Z', 3),
    ])
    expect(body).toMatchObject({
      shape: 'series',
      timeframe: { start: '2026-11-13T05:00:00+00:00', end: '2026-11-15T05:00:00+00:00' },
      dates: ['2026-11-13', '2026-11-14', '2026-11-15'],
      partial: ['2026-11-13', '2026-11-15'],
      notes: [own, { text: 'its days are those of UTC' }],
    })
  })

  test('has groups of its buckets, also of days without any; 0 where none is counted, null where none is measured', async () => {
    const query = { ...daily, timezone: 'Europe/Berlin', timeframe: 'previous_4_days', group_by: ['author', 'name'] }
    const row = (author: unknown, name: string, result: number) => ({ author, name, result })
    const answer = days('2026-11-12', [[], [row('King', 'It', 4), row(null, 'X', 1)], [], [row('King', 'It', 2)]])
    const counted = await asking(query, answer)
    expect(counted).toMatchObject({
      dates: ['2026-11-12', '2026-11-13', '2026-11-14', '2026-11-15'],
      series: [
        { name: 'King / It', path: ['King', 'It'], values: [0, 4, 0, 2], total: 6 },
        { name: 'undefined / X', path: ['undefined', 'X'], values: [0, 1, 0, 0], total: 1 },
      ],
      total: 7,
    })
    const measured = await asking({ ...query, analysis_type: 'average', target_property: 'price' }, answer)
    expect(measured).toMatchObject({
      measure: 'average',
      series: [
        { name: 'King / It', values: [null, 4, null, 2], total: null },
        { name: 'undefined / X', values: [null, 1, null, null], total: null },
      ],
      total: null,
    })
    const none = await asking(query, days('2026-11-12', [[], [], [], []]))
    expect(none).toMatchObject({ shape: 'series', dates: { length: 4 }, series: [], total: 0 })
  })

  test('knows the last bucket that still runs, and weeks of Sunday', async () => {
    const body = await asking({ ...daily, interval: 'weekly', timezone: 3600, timeframe: 'this_2_weeks' }, [
      bucket('2026-11-07T23:00:00.000Z', '2026-11-14T23:00:00.000Z', 4),
      bucket('2026-11-14T23:00:00.000Z', '2026-11-16T07:30:00.000Z', 1),
    ])
    expect(body).toMatchObject({
      dates: ['2026-11-08', '2026-11-15'],
      partial: ['2026-11-15'],
      notes: [
        own,
        { text: 'its weeks are those of +01:00' },
        { text: "Keen's weeks begin on Sunday" },
        { kind: 'partial', text: 'the running week is counted as far as it has come' },
      ],
    })
  })

  test.each([
    ['count_unique', 'unique', null],
    ['sum', 'sum', 6],
    ['minimum', 'min', 1],
    ['maximum', 'max', 3],
    ['median', 'median', null],
    ['percentile', 'percentile', null],
  ])('of %s has the measure %s and a total only where there is one', async (analysis_type, measure, total) => {
    const query = { ...daily, analysis_type, target_property: 'x', percentile: 90, timezone: 'Europe/Berlin' }
    expect(await asking(query, days('2026-11-13', [1, 2, 3]))).toMatchObject({ measure, total, series: [{ total }] })
    expect(await asking({ ...query, timeframe: 'yesterday' }, days('2026-11-15', [3]))).toMatchObject({ total: 3 })
  })

  test.each([
    ['every_2_days', [bucket('2026-11-13T00:00:00.000Z', '2026-11-15T00:00:00.000Z', 3)]],
    [
      // What issue 409 of the vendor's client shows.
      'daily',
      [
        bucket('2026-11-13T00:00:00.000Z', '2026-11-13T23:00:00.000Z', 1),
        bucket('2026-11-13T23:00:00.000Z', '2026-11-14T00:00:00.000Z', 2),
      ],
    ],
  ])('is a table where no dates stand for its buckets: %s', async (interval, result) => {
    const body = await asking({ ...daily, interval }, result)
    expect(body).toMatchObject({
      shape: 'table',
      columns: [
        { name: 'start', type: 'time' },
        { name: 'end', type: 'time' },
        { name: 'count', type: 'number' },
      ],
      rows: result.map(({ timeframe, value }) => [timeframe.start, timeframe.end, value]),
    })
  })

  test('of several analyses of groups is a table, with the time of its answer', async () => {
    const analyses = { all: { analysis_type: 'count' } }
    const query = { ...daily, analysis_type: 'multi_analysis', analyses, group_by: 'category', timezone: 'Europe/Berlin' }
    expect(await asking(query, days('2026-11-13', [[{ category: 'first', all: 17 }], []]))).toEqual({
      shape: 'table',
      timeframe: { start: '2026-11-13T00:00:00+01:00', end: '2026-11-15T00:00:00+01:00' },
      columns: [
        { name: 'start', type: 'time' },
        { name: 'end', type: 'time' },
        { name: 'category', type: 'text' },
        { name: 'all', type: 'number' },
      ],
      rows: [['2026-11-12T23:00:00.000Z', '2026-11-13T23:00:00.000Z', 'first', 17]],
      notes: [own],
    })
  })

  test('whose groups are called as the times are, keeps each column under a name of its own', async () => {
    const query = { ...daily, interval: 'every_1_days', group_by: ['start', 'end'] }
    const body = await asking(query, days('2026-11-13', [[{ start: 'a', end: 'b', result: 2 }]], 'UTC'))
    expect(body).toMatchObject({
      columns: ['start', 'end', 'start 2', 'end 2', 'count'].map((name) => ({ name })),
      rows: [['2026-11-13T00:00:00.000Z', '2026-11-14T00:00:00.000Z', 'a', 'b', 2]],
    })
  })

  test('has a total of all groups, also of those that are too many to be shown', async () => {
    const groups = Array.from({ length: 10_001 }, (_, at) => ({ user: `u${at}`, result: at + 1 }))
    const query = { ...daily, analysis_type: 'minimum', target_property: 'x', group_by: 'user', timezone: 'Europe/Berlin' }
    expect(await asking(query, days('2026-11-15', [groups]))).toMatchObject({ total: 1, series: { length: 10_000 } })
  })

  test('has null where its answer tells nothing of a bucket, and no zero', async () => {
    const [first, , third] = days('2026-11-13', [4, 0, 5])
    expect(await asking({ ...daily, timezone: 'Europe/Berlin' }, [first, third])).toMatchObject({
      dates: ['2026-11-13', '2026-11-14', '2026-11-15'],
      series: [{ values: [4, null, 5], total: 9 }],
    })
  })
})

describe('a saved query of the cache', () => {
  const daily = { analysis_type: 'count', event_collection: 'sales', interval: 'daily', timezone: 'Europe/Berlin' }
  const cached = { refresh_rate: 86_400 }
  const sales = days('2026-11-12', [[], [{ country: 'DE', result: 5 }], [{ country: 'DE', result: 7 }]])

  test('has the dates of its answer, which was worked out on Sunday, and none that was not counted', async () => {
    const query = { ...daily, timeframe: 'previous_3_days', group_by: 'country' }
    const body = await asking(query, sales, cached)
    expect(body).toMatchObject({
      timeframe: { start: '2026-11-12T00:00:00+01:00', end: '2026-11-15T00:00:00+01:00' },
      dates: ['2026-11-12', '2026-11-13', '2026-11-14'],
      series: [{ name: 'DE', values: [0, 5, 7], total: 12 }],
      total: 12,
      notes: [{ text: expect.stringContaining('up to 24 hours old') }],
    })
    expect(body).not.toHaveProperty('partial')
  })

  test('knows which days may not have been over when they were counted', async () => {
    const body = await asking({ ...daily, timeframe: 'this_3_days' }, days('2026-11-13', [1, 2, 3]), cached)
    expect(body).toMatchObject({
      partial: ['2026-11-15'],
      notes: [{}, { kind: 'partial', text: expect.stringContaining('when Keen worked this out') }],
    })
    // What is previous was over.
    expect(await asking({ ...daily, timeframe: 'previous_3_days' }, days('2026-11-13', [1, 2, 3]), cached)).not.toHaveProperty(
      'partial',
    )
  })

  test.each([
    ['previous_1_day', {}, 7],
    ['this_month', { group_by: 'country' }, [{ country: 'DE', result: 7 }]],
    ['previous_1_day', { interval: 'daily' }, []],
  ])('says no dates where its answer has none: %s %j', async (timeframe, more, result) => {
    const query = { analysis_type: 'count', event_collection: 'sales', timezone: 'Europe/Berlin', timeframe, ...more }
    const body = await asking(query, result, cached)
    expect(body).not.toHaveProperty('timeframe')
    expect(body.notes[1]).toEqual({
      kind: 'undated',
      text: `Keen kept this answer, and does not say which days its ${timeframe} were when it was worked out`,
    })
  })

  test('of a funnel says none, and of an absolute timeframe has that', async () => {
    const step = { event_collection: 'a', actor_property: 'id', timeframe: 'this_7_days' }
    const funnel = await asking({ analysis_type: 'funnel', steps: [step, step] }, { steps: [step, step], result: [2, 1] }, cached)
    expect(funnel).not.toHaveProperty('timeframe')
    expect(funnel.notes[1]).toMatchObject({ kind: 'undated', text: expect.stringContaining('its this_7_days were') })
    const timeframe = { start: '2026-11-01', end: '2026-11-03' }
    expect(await asking({ analysis_type: 'count', event_collection: 'sales', timeframe }, 7, cached)).toMatchObject({
      timeframe: { start: '2026-11-01T00:00:00+00:00', end: '2026-11-03T00:00:00+00:00' },
    })
  })
})

test('long numbers of a saved query come as their digits', async () => {
  const raw = `{"query_name":"monthly-sales","refresh_rate":0,"query":{"analysis_type":"select_unique","event_collection":"a","target_property":"id","timeframe":"yesterday"},"result":[9007199254740993,12345678901234567890]}`
  expect(await askingRaw(raw)).toMatchObject({ rows: [['9007199254740993'], ['12345678901234567890']], notes: [own] })
})

describe('a saved query without an interval', () => {
  const sum = { analysis_type: 'sum', target_property: 'price', event_collection: 'sales', timeframe: 'this_month' }

  test.each<[string, object, unknown, [string, string][], unknown[][]]>([
    ['one number', sum, 65, [['sum of price', 'number']], [[65]]],
    ['nothing', sum, null, [['sum of price', 'number']], [[null]]],
    [
      'groups',
      { ...sum, group_by: ['sum of price', 'n'] },
      [{ 'sum of price': 'a', n: 1, result: 2 }],
      [
        ['sum of price', 'text'],
        ['n', 'number'],
        ['sum of price (value)', 'number'],
      ],
      [['a', 1, 2]],
    ],
    [
      'buckets of numbers',
      { ...sum, group_by: { property_name: 'score', buckets: { size: 10 } } },
      [{ score: { from: 0, to: 10 }, result: 2 }],
      [
        ['score', 'json'],
        ['sum of price', 'number'],
      ],
      [['{"from":0,"to":10}', 2]],
    ],
    [
      'values',
      { ...sum, analysis_type: 'select_unique', target_property: 'title' },
      ['Dr.', 'Ms.'],
      [['title', 'text']],
      [['Dr.'], ['Ms.']],
    ],
    [
      'values of groups',
      { ...sum, analysis_type: 'select_unique', target_property: 'title', group_by: 'country' },
      [
        { country: 'Albania', result: ['Dr.', 'Ms.'] },
        { country: 'Chad', result: [] },
      ],
      [
        ['country', 'text'],
        ['title', 'text'],
      ],
      [
        ['Albania', 'Dr.'],
        ['Albania', 'Ms.'],
        // It stays, although it has none.
        ['Chad', null],
      ],
    ],
    ['a mean of nothing', { ...sum, analysis_type: 'average' }, null, [['average of price', 'number']], [[null]]],
    [
      'means of nothing in groups that have no value',
      { ...sum, analysis_type: 'average', group_by: 'country' },
      [{ country: null, result: null }],
      [
        ['country', 'text'],
        ['average of price', 'number'],
      ],
      [[null, null]],
    ],
    ['no values', { ...sum, analysis_type: 'select_unique', target_property: 'title' }, [], [['title', 'text']], []],
    [
      'several analyses of nothing',
      {
        ...sum,
        analysis_type: 'multi_analysis',
        analyses: {
          mean: { analysis_type: 'average', target_property: 'price' },
          which: { analysis_type: 'select_unique', target_property: 'title' },
        },
      },
      { mean: null, which: null },
      [
        ['mean', 'number'],
        ['which', 'text'],
      ],
      [[null, null]],
    ],
    [
      'several analyses',
      {
        ...sum,
        analysis_type: 'multi_analysis',
        analyses: { total: { analysis_type: 'sum', target_property: 'price' }, all: { analysis_type: 'count' } },
      },
      { all: 24, total: 1235.5 },
      [
        ['total', 'number'],
        ['all', 'number'],
      ],
      [[1235.5, 24]],
    ],
    [
      'events',
      { analysis_type: 'extraction', event_collection: 'sales', timeframe: 'this_month', property_names: ['user.id'] },
      [{ keen: { timestamp: '2026-11-10T00:00:00Z' }, user: { id: 'u' } }],
      [
        ['keen.timestamp', 'time'],
        ['user.id', 'text'],
      ],
      [['2026-11-10T00:00:00Z', 'u']],
    ],
  ])('is a table: %s', async (kind, query, result, columns, rows) => {
    const body = await asking(query, result)
    expect(body).toEqual({
      shape: 'table',
      timeframe: { start: '2026-11-01T00:00:00+00:00', end: '2026-11-16T07:00:00+00:00' },
      columns: columns.map(([name, type]) => ({ name, type })),
      // What people would else take for figures.
      ...(kind === 'values' || kind === 'no values' ? { each: 'value' } : kind === 'events' ? { each: 'event' } : {}),
      rows,
      notes: [own],
    })
  })

  test('of all time says so', async () => {
    const { timeframe: _, ...always } = sum
    const body = await asking(always, 65)
    expect(body).not.toHaveProperty('timeframe')
    expect(body.notes[1]).toMatchObject({ kind: 'undated', text: expect.stringContaining('without a timeframe it is all') })
  })

  test('is refused where it is mailed, and where its result is of another shape', async () => {
    const mailed = { analysis_type: 'extraction', event_collection: 'sales', email: 'a@x.de' }
    await expect(asking(mailed, 'Your extraction is being processed')).rejects.toThrow(RefusedError)
    await expect(asking(sum, [{ a: 1 }])).rejects.toThrow(DataError)
    await expect(asking({ ...sum, group_by: 'a' }, 5)).rejects.toThrow(DataError)
    await expect(asking({ analysis_type: 'funnel' }, 5)).rejects.toThrow(DataError)
  })
})

describe('a saved funnel', () => {
  const step = (event_collection: string, more: object = {}) => ({
    event_collection,
    actor_property: 'user.id',
    timeframe: 'previous_7_days',
    timezone: 'UTC',
    ...more,
  })

  test('has the names and the time of its steps; what follows an optional one is a share of what is before it', async () => {
    const steps = [step('signed up'), step('invited', { optional: true }), step('paid', { inverted: true })]
    const body = await asking({ analysis_type: 'funnel', steps }, { steps, result: [8, 2, 4], actors: [['a'], null, null] })
    expect(body).toMatchObject({
      shape: 'funnel',
      timeframe: { start: '2026-11-09T00:00:00+00:00', end: '2026-11-16T00:00:00+00:00' },
      steps: [
        { name: 'signed up', count: 8, stepConversion: 1, overallConversion: 1, medianSeconds: null },
        { name: 'invited', count: 2, stepConversion: 0.25, overallConversion: 0.25 },
        { name: 'not paid', count: 4, stepConversion: 0.5, overallConversion: 0.5 },
      ],
      comparisons: [],
    })
    expect(body.notes.map(({ text }) => text)).toEqual([
      own.text,
      'Keen counts who did all steps in any order, each within its own timeframe',
      'Keen gives no times between steps, so none are shown',
      'what follows an optional step is counted among those before it',
    ])
  })

  test.each([
    ['echoes none', { steps: [], result: [3, 1] }],
    ['does not speak of any', { result: [3, 1] }],
    ['is a plain list', [3, 1]],
  ])('has the steps that were saved where its result %s', async (_, result) => {
    const query = { analysis_type: 'funnel', timeframe: 'yesterday', steps: [step('a', { timeframe: null }), step('b')] }
    const body = await asking(query, result)
    expect(body).toMatchObject({
      timeframe: { start: '2026-11-15T00:00:00+00:00' },
      steps: [
        { name: 'a', count: 3 },
        { name: 'b', count: 1 },
      ],
    })
  })
})

describe('the time of a saved query', () => {
  const at = Temporal.Instant.from('2026-11-20T15:30:00Z')
  const utc = (text: string) => Temporal.Instant.from(text).toZonedDateTimeISO('UTC').toInstant().toString()
  test.each([
    ['this_14_days', undefined, '2026-11-07T00:00:00Z', '2026-11-20T15:30:00Z'],
    ['previous_14_days', null, '2026-11-06T00:00:00Z', '2026-11-20T00:00:00Z'],
    ['this_2_weeks', 'UTC', '2026-11-08T00:00:00Z', '2026-11-20T15:30:00Z'],
    ['previous_3_weeks', '', '2026-10-25T00:00:00Z', '2026-11-15T00:00:00Z'],
    ['this_day', 'US/Pacific', '2026-11-20T08:00:00Z', '2026-11-20T15:30:00Z'],
    ['today', -28_800, '2026-11-20T08:00:00Z', '2026-11-20T15:30:00Z'],
    ['last_1_day', '19800', '2026-11-18T18:30:00Z', '2026-11-19T18:30:00Z'],
    ['this_1_years', 0, '2026-01-01T00:00:00Z', '2026-11-20T15:30:00Z'],
    [{ start: '2026-11-01', end: '2026-11-03' }, 'US/Pacific', '2026-11-01T07:00:00Z', '2026-11-03T08:00:00Z'],
    [
      { start: '2026-11-01T05:00:00.000Z', end: '2026-11-03T05:00:00.123Z' },
      'US/Pacific',
      '2026-11-01T05:00:00Z',
      '2026-11-03T05:00:00.123Z',
    ],
  ])('%j in %j', (timeframe, timezone, start, end) => {
    const window = windowOf({ timeframe, timezone }, at)
    expect([window?.start.toInstant().toString(), window?.end.toInstant().toString()]).toEqual([utc(start), utc(end)])
  })

  test.each([
    [undefined, 'UTC'],
    ['fortnight', 'UTC'],
    ['this_0_days', 'UTC'],
    ['today', 'Europe/Nowhere'],
    ['today', 86_400 * 3],
    [{ start: 'x', end: 'y' }, 'UTC'],
    [{ start: '2026-11-01' }, 'UTC'],
    [5, 'UTC'],
  ])('is not guessed: %j in %j', (timeframe, timezone) => {
    expect(windowOf({ timeframe, timezone }, at)).toBeUndefined()
  })

  test('may be in a zone of seconds', () => {
    expect(calendarZoneOf({ timezone: 20_700 })).toBe('+05:45')
  })
})

describe('a saved query', () => {
  test('is refused for a run that is over', async () => {
    const made = withKeen(
      [],
      (source) => source.answers.saved?.(plainAsk('saved', { query: 'q' })) ?? Promise.reject(),
      {},
      '2026-11-17T07:00:01Z',
    )
    await expect(made).rejects.toMatchObject({
      message: 'a saved query has the dates that Keen gives it now, not those of a run that is over',
      remedy: expect.stringContaining('`run --at 2026-11-17T07:00Z`, which is now'),
    })
  })

  test.each([
    [{}, 'name the saved query'],
    [{ insights: '5' }, '`insights` is of other vendors'],
    [{ query: 'a', funnel: '5' }, '`funnel` is of other vendors'],
    [{ analysis: '5', type: 'report' }, '`analysis` and `type` are of other vendors'],
  ])('is asked by its name: %j', (question, words) => {
    const asked = plainAsk('saved', question).question
    expect(keen.refuse(config.parse({ kind: 'keen' }), asked, { name: 'shop', timezone: 'UTC' })).toContain(words)
  })
})
