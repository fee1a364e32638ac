import { describe, expect, test } from 'vitest'
import { answersOf, lakeOf, line, openLake, segmentationAsk } from './folder.ts'

const times = (event: string, count: number, time: string, properties: Record<string, unknown> = {}) =>
  Array.from({ length: count }, (_, at) => line(event, time, `${event}-${at}`, properties))

describe('totals', () => {
  test('uniques are counted over the whole period, not summed over its days', async () => {
    const visits = ['2026-11-02', '2026-11-03', '2026-11-08'].map((day) =>
      line('Visit', `${day}T12:00:00Z`, 'anna', { plan: 'a' }),
    )
    await using own = await lakeOf({ 'a.ndjson': [...visits, line('Visit', '2026-11-03T13:00:00Z', 'ben', { plan: 'b' })] })
    const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'Visit', type: 'unique', on: 'plan' }))
    expect(body.total).toBe(2)
    expect(body.series).toMatchObject([
      { name: 'a', values: [1, 1, 0, 0, 0, 0, 1], total: 1 },
      { name: 'b', values: [0, 1, 0, 0, 0, 0, 0], total: 1 },
    ])
  })

  test('dates cover the trend, totals the timeframe, and what a compared period lacks is null', async () => {
    const events = [
      ...times('Visit', 2, '2026-10-20T12:00:00Z', { plan: 'old' }),
      ...times('Visit', 3, '2026-10-28T12:00:00Z', { plan: 'a' }),
      ...times('Visit', 5, '2026-11-04T12:00:00Z', { plan: 'a' }),
      ...times('Visit', 1, '2026-11-05T12:00:00Z', { plan: 'b' }),
    ]
    await using own = await lakeOf({ 'a.ndjson': events })
    const framing = { trend: 'previous_3_weeks', compare: ['previous', 'year'] } as const
    const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'Visit', on: 'plan', unit: 'week' }, framing))
    expect(body).toMatchObject({
      dates: ['2026-10-19', '2026-10-26', '2026-11-02'],
      trend: { start: '2026-10-19T00:00:00+02:00', end: '2026-11-09T00:00:00+01:00' },
      series: [
        { name: 'a', values: [0, 3, 5], total: 5 },
        { name: 'b', values: [0, 0, 1], total: 1 },
        { name: 'old', values: [2, 0, 0], total: 0 },
      ],
      total: 6,
      comparisons: [
        { to: 'previous', total: 3, totals: { a: 3, b: null, old: null } },
        { to: 'year', total: 0, totals: { a: null, b: null, old: null } },
      ],
    })
  })

  test('averages of nothing are null, counts of nothing 0', async () => {
    await using own = await lakeOf({ 'a.ndjson': [line('Other event', '2026-11-04T12:00:00Z', 'u')] })
    const ask = (question: object) =>
      answersOf(own.source).segmentation(segmentationAsk({ event: 'A', unit: 'week', ...question }))
    expect(await ask({})).toMatchObject({ series: [{ name: 'A', values: [0], total: 0 }], total: 0 })
    expect(await ask({ type: 'average' })).toMatchObject({ series: [{ values: [null], total: null }], total: null })
    expect(await ask({ type: 'sum', of: 'n' })).toMatchObject({ series: [{ values: [0], total: 0 }], total: 0 })
    expect(await ask({ type: 'max', of: 'n' })).toMatchObject({ series: [{ values: [null], total: null }], total: null })
  })
})

describe('segments', () => {
  const events = ['a', 'a', 'a', 'b', 'b', 'c', 'd', '', null, undefined].map((p, at) =>
    line('A', '2026-11-04T12:00:00Z', `u${at}`, p === undefined ? {} : { p }),
  )

  test('the rest beyond the limit is Other for counts, and is left out for uniques', async () => {
    await using own = await lakeOf({ 'a.ndjson': events })
    const { segmentation } = answersOf(own.source)
    const counted = await segmentation(segmentationAsk({ event: 'A', on: 'p', limit: 2, unit: 'week', clean: true }))
    expect(counted.series.map(({ name, total }) => [name, total])).toEqual([
      ['a', 3],
      ['b', 2],
      ['Other', 2],
    ])
    expect(counted.total).toBe(10)
    const said = /^(\d+) of the total have no value/.exec(counted.notes[0]?.text ?? '')?.[1]
    expect(counted.series.reduce((sum, { total }) => sum + (total ?? 0), Number(said))).toBe(counted.total)
    expect(counted.notes.slice(1)).toMatchObject([{ kind: 'other', text: expect.stringContaining('2 more') }])
    const unique = await segmentation(
      segmentationAsk({ event: 'A', on: 'p', type: 'unique', limit: 2, unit: 'week', clean: true }),
    )
    expect(unique.series.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(unique.notes).toMatchObject([{ kind: 'other' }])
  })

  test('null and missing are spelled undefined, and clean drops them with the empty text', async () => {
    await using own = await lakeOf({ 'a.ndjson': events })
    const names = async (clean: boolean) => {
      const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'A', on: 'p', clean }))
      return body.series.map(({ name, total }) => `${name}:${total}`)
    }
    expect(await names(false)).toEqual(['a:3', 'b:2', 'undefined:2', ':1', 'c:1', 'd:1'])
    expect(await names(true)).toEqual(['a:3', 'b:2', 'c:1', 'd:1'])
  })

  test('values of any type have a name, and one property may hold them all', async () => {
    const values = ['5', 5, '5.0', 1.5, true, 'true', ['x', 1], { a: null }, 'Zoë "\\\u2028', `'; drop table events; --`]
    const lines = values.map((p, at) => line('A', '2026-11-04T12:00:00Z', `u${at}`, { p }))
    const whole = `{"event":"A","properties":{"time":1793797200,"distinct_id":"x","p":5.0}}\n`
    await using own = await lakeOf({ 'a.ndjson': lines, 'b.ndjson': whole })
    const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'A', on: 'p', unit: 'week' }))
    expect(Object.fromEntries(body.series.map(({ name, total }) => [name, total]))).toEqual({
      '5': 3,
      '5.0': 1,
      '1.5': 1,
      true: 2,
      '["x",1]': 1,
      '{"a":null}': 1,
      'Zoë "\\\u2028': 1,
      [`'; drop table events; --`]: 1,
    })
  })

  test.each([
    '$insert_id',
    'a.b',
    'a/b~c',
    `it's "q"`,
    '',
    '0',
    '$.x',
    'Größe 📏',
    'select',
    '*',
    'a\\b',
    'Country',
    'nul\u0000name',
  ])('a property may be called %j', async (name) => {
    const lines = [line('A', '2026-11-04T12:00:00Z', 'u', { [name]: 'found', country: 'no', b: 'no', x: 'no' })]
    await using own = await lakeOf({ 'a.ndjson': lines })
    const body = await answersOf(own.source).segmentation(
      segmentationAsk({ event: 'A', on: name === '' ? 'properties[""]' : name }),
    )
    expect(body.series).toMatchObject([{ name: 'found', total: 1 }])
  })

  test.each([`It's`, '"quoted"', 'Ünïcödé 🦊', `x'); drop table events_1; --`, '%', ' A', 'nul\u0000', '\u2028'])(
    'an event may be called %j',
    async (event) => {
      await using own = await lakeOf({
        'a.ndjson': [line(event, '2026-11-04T12:00:00Z', 'u'), line('A', '2026-11-04T12:00:00Z', 'u')],
      })
      const { segmentation } = answersOf(own.source)
      expect(await segmentation(segmentationAsk({ event }))).toMatchObject({ series: [{ name: event, total: 1 }], total: 1 })
      const both = await segmentation(segmentationAsk({ event: ['A', event, 'never'] }))
      expect(both).toMatchObject({
        total: 2,
        series: expect.arrayContaining([expect.objectContaining({ name: event, total: 1 })]),
      })
      expect(both.series.at(-1)).toMatchObject({ name: 'never', total: 0 })
    },
  )

  test('any event is one series with the title of the question', async () => {
    await using own = await lakeOf({
      'a.ndjson': [...times('A', 2, '2026-11-04T12:00:00Z'), ...times('B', 1, '2026-11-04T12:00:00Z')],
    })
    const ask = segmentationAsk({ event: 'any', unit: 'week' }, { title: `Everything's "here"` })
    expect((await answersOf(own.source).segmentation(ask)).series).toEqual([
      { name: `Everything's "here"`, values: [3], total: 3 },
    ])
  })

  test('a long condition is answered', async () => {
    await using own = await lakeOf({ 'a.ndjson': [line('A', '2026-11-04T12:00:00Z', 'u', { p: 'x249' })] })
    const { segmentation } = answersOf(own.source)
    const choices = Array.from({ length: 250 }, (_, at) => `properties["p"] == "x${at}"`).join(' or ')
    const sums = `${Array(250).fill('number(1)').join(' + ')} == 250`
    for (const where of [choices, sums, `${'not '.repeat(90)}defined(properties["p"])`]) {
      expect((await segmentation(segmentationAsk({ event: 'A', where }))).total).toBe(1)
    }
  })
})

describe('time', () => {
  const hourly = async (day: string, unit: string) => {
    const start = Date.parse(`${day}T00:00:00Z`) - 6 * 3_600_000
    const lines = Array.from({ length: 72 }, (_, at) => line('A', new Date(start + at * 1_800_000).toISOString(), 'u'))
    await using own = await lakeOf({ 'a.ndjson': lines })
    const timeframe = { start: day, end: new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10) }
    return await answersOf(own.source).segmentation(
      segmentationAsk({ event: 'A', unit }, { timeframe, at: '2026-11-20T00:00:00Z' }),
    )
  }

  test.each([
    ['2026-03-29', 23],
    ['2026-06-01', 24],
    ['2026-10-25', 25],
  ])('%s has %i hours in Berlin, and one day', async (day, hours) => {
    const byHour = await hourly(day, 'hour')
    expect(byHour.dates).toHaveLength(hours)
    expect(byHour.series[0]?.values).toEqual(Array(hours).fill(2))
    expect(await hourly(day, 'day')).toMatchObject({ dates: [day], series: [{ values: [2 * hours] }] })
  })

  test('weeks start as the project says', async () => {
    const sunday = [line('A', '2026-11-08T12:00:00Z', 'u')]
    await using own = await lakeOf({ 'a.ndjson': sunday })
    const total = async (weekStart: 'monday' | 'sunday') =>
      (
        await answersOf(own.source).segmentation(
          segmentationAsk({ event: 'A', unit: 'week' }, { weekStart, at: '2026-11-10T12:00:00Z' }),
        )
      ).total
    expect(await total('monday')).toBe(1)
    expect(await total('sunday')).toBe(0)
  })

  test('a bucket that is cut or still running is marked', async () => {
    await using own = await lakeOf({ 'a.ndjson': [line('A', '2026-11-09T06:30:00Z', 'u')] })
    const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'A' }, { timeframe: 'this_2_days' }))
    expect(body).toMatchObject({ dates: ['2026-11-08', '2026-11-09'], partial: ['2026-11-09'], total: 1 })
    expect(body.notes).toMatchObject([{ kind: 'partial' }])
  })

  test('a window of nothing is answered with nothing', async () => {
    await using own = await lakeOf({ 'a.ndjson': [line('A', '2026-11-08T23:00:00Z', 'u')] })
    const ask = segmentationAsk({ event: 'A' }, { timeframe: 'today', at: '2026-11-08T23:00:00Z' })
    expect(await answersOf(own.source).segmentation(ask)).toMatchObject({ dates: [], total: 0 })
  })

  test('seconds, their fractions and milliseconds are the same time', async () => {
    const at = Date.parse('2026-11-04T12:00:00Z')
    const lines = [at / 1000, at, (at + 1) / 1000].map((time) => ({
      event: 'A',
      properties: { time, distinct_id: 'u', $insert_id: 'i' },
    }))
    await using own = await lakeOf({ 'a.ndjson': lines })
    expect((await answersOf(own.source).segmentation(segmentationAsk({ event: 'A' }))).total).toBe(2)
  })
})

test('an event that is there twice counts once, is said, and one without $insert_id always counts', async () => {
  const twice = line('A', '2026-11-04T12:00:00Z', 'u', { $insert_id: 'i' })
  const unnamed = line('A', '2026-11-04T12:00:00Z', 'u')
  const other = line('B', '2026-11-04T12:00:00Z', 'u', { $insert_id: 'i' })
  await using own = await lakeOf({ 'a.ndjson': [twice, unnamed, unnamed], 'b.ndjson.gz': [twice, other, other] })
  const body = await answersOf(own.source).segmentation(segmentationAsk({ event: 'A' }))
  expect(body.total).toBe(3)
  expect(body.notes).toEqual([{ kind: 'duplicates', text: '1 event was in the lake more than once and counted once' }])
})

test('who has no distinct_id is in no count of users, and a number is its text', async () => {
  const lines = [null, undefined, 7, '7', 'u'].map((id) => line('A', '2026-11-04T12:00:00Z', id))
  await using own = await lakeOf({ 'a.ndjson': lines })
  const total = async (type: string) => (await answersOf(own.source).segmentation(segmentationAsk({ event: 'A', type }))).total
  expect([await total('general'), await total('unique'), await total('average')]).toEqual([5, 2, 1.5])
})

test('an abandoned question stops, and the next is answered', async () => {
  await using own = await lakeOf({ 'a.ndjson': [line('A', '2026-11-04T12:00:00Z', 'u')] })
  const { segmentation } = answersOf(own.source)
  const ask = segmentationAsk({ event: 'A' })
  await expect(segmentation({ ...ask, signal: AbortSignal.abort(new Error('no time left')) })).rejects.toThrow('no time left')
  expect((await segmentation(ask)).total).toBe(1)
})

test('the SQL can be seen without any events, and says what its columns are', async () => {
  const source = openLake({ kind: 'lake', events: 'nowhere' }, {})
  const lines = await source.explain(segmentationAsk({ event: 'A', on: 'pl\nan', where: 'properties["n"] > 1' }))
  expect(lines).toContain('-- p0 is "pl\\nan"')
  expect(lines.join('\n')).toContain('json_number(p1) > ')
})
