import { describe, expect, test } from 'vitest'
import type { Framing, Line } from './folder.ts'
import { answersOf, lakeOf, line, retentionAsk } from './folder.ts'

/** Four weeks from Monday 2 November in Berlin, and long over. */
const framing: Framing = { at: '2027-03-01T07:00:00Z', timeframe: { start: '2026-11-02', end: '2026-11-30' } }

function at(time: string, event: string, id: unknown = 'u', properties: Record<string, unknown> = {}): Line {
  return line(event, `2026-${time}:00Z`, id, properties)
}

interface Asked extends Record<string, unknown> {
  /** What counts as coming back; any event unless said. */
  readonly back?: string
}

async function ask(lines: readonly Line[], { back = 'any', ...question }: Asked = {}, frame: Framing = framing) {
  await using own = await lakeOf({ 'a.ndjson': lines })
  // biome-ignore lint/suspicious/noThenProperty: the word of the project file
  return await answersOf(own.source).retention(retentionAsk({ first: 'In', then: back, intervals: 3, ...question }, frame))
}

async function grid(...given: Parameters<typeof ask>): Promise<string[]> {
  return (await ask(...given)).cohorts.map(({ date, size, counts }) => `${date.slice(5)} ${size}: ${counts.join(' ')}`)
}

describe('an interval', () => {
  const sunday = at('11-08T20:00', 'In')

  test('begins with the own event of whoever entered, not with the calendar’s week', async () => {
    expect(await grid([sunday, at('11-09T08:00', 'Out')])).toEqual([
      '11-02 1: 1 0 0 0',
      '11-09 0: 0 0 0 0',
      '11-16 0: 0 0 0 0',
      '11-23 0: 0 0 0 0',
    ])
    expect((await grid([sunday, at('11-15T19:59', 'Out')]))[0]).toBe('11-02 1: 1 0 0 0')
    expect((await grid([sunday, at('11-15T20:00', 'Out')]))[0]).toBe('11-02 1: 0 1 0 0')
    expect((await grid([sunday, at('12-06T20:00', 'Out')]))[0]).toBe('11-02 1: 0 0 0 0')
  })

  test.each([
    ['2026-10-24T10:00:00Z', '2026-10-25T10:59:00Z', [1, 0]],
    ['2026-10-24T10:00:00Z', '2026-10-25T11:00:00Z', [0, 1]],
    ['2026-03-28T11:00:00Z', '2026-03-29T09:59:00Z', [1, 0]],
    ['2026-03-28T11:00:00Z', '2026-03-29T10:00:00Z', [0, 1]],
    // 02:30 comes twice; the second is no day earlier.
    ['2026-10-25T00:30:00Z', '2026-10-25T01:10:00Z', [1, 0]],
  ])('of a day ends at the same time by the clock: %s, %s', async (entered, came, counts) => {
    const body = await ask(
      [line('In', entered, 'u'), line('Out', came, 'u')],
      { unit: 'day', intervals: 1 },
      { timeframe: { start: entered.slice(0, 10), end: '2026-10-31' } },
    )
    expect(body.cohorts[0]).toMatchObject({ size: 1, counts })
  })

  test('of a month has thirty days', async () => {
    const asked = (came: string) => grid([at('11-02T12:00', 'In'), line('Out', came, 'u')], { unit: 'month', intervals: 2 })
    expect((await asked('2026-12-02T11:59:00Z'))[0]).toBe('11-01 1: 1 0 0')
    expect((await asked('2026-12-02T12:00:00Z'))[0]).toBe('11-01 1: 0 1 0')
    expect((await asked('2027-01-01T12:00:00Z'))[0]).toBe('11-01 1: 0 0 1')
  })

  test('is told when it is over for all who entered, and what came later is not in it', async () => {
    const lines = [
      at('11-02T00:00', 'In', 'a'),
      at('11-03T00:00', 'Out', 'a'),
      at('11-08T22:00', 'In', 'b'),
      at('11-16T08:00', 'Out', 'b'),
    ]
    const seen = (instant: string) => grid(lines, {}, { at: instant, timeframe: { start: '2026-11-02', end: '2026-11-09' } })
    expect(await seen('2026-11-09T07:00:00Z')).toEqual(['11-02 2: '])
    expect(await seen('2026-11-15T22:59:59Z')).toEqual(['11-02 2: '])
    expect(await seen('2026-11-15T23:00:00Z')).toEqual(['11-02 2: 1'])
    expect(await seen('2026-11-22T23:00:00Z')).toEqual(['11-02 2: 1 1'])
    expect(await seen('2027-11-22T23:00:00Z')).toEqual(['11-02 2: 1 1 0 0'])
  })
})

describe('coming back', () => {
  test('takes another event than the entering one, though it be of the same time', async () => {
    expect((await grid([at('11-02T12:00', 'In')]))[0]).toBe('11-02 1: 0 0 0 0')
    expect((await grid([at('11-02T12:00', 'In'), at('11-02T12:00', 'In')]))[0]).toBe('11-02 1: 1 0 0 0')
    expect((await grid([at('11-02T12:00', 'In'), at('11-02T12:00', 'Out')], { back: 'Out' }))[0]).toBe('11-02 1: 1 0 0 0')
    expect((await grid([at('11-02T12:00', 'Out')], { first: 'any', back: 'Out' }))[0]).toBe('11-02 1: 0 0 0 0')
    expect((await grid([at('11-02T12:00', 'Out'), at('11-02T12:00', 'In')], { first: 'any', back: 'Out' }))[0]).toBe(
      '11-02 1: 1 0 0 0',
    )
    expect((await grid([at('11-02T12:00', 'In'), at('11-02T11:00', 'Out')]))[0]).toBe('11-02 1: 0 0 0 0')
  })

  test('again and again counts once in each interval', async () => {
    const lines = ['11-02T12:00', '11-02T13:00', '11-03T12:00', '11-10T12:00', '11-24T12:00', '11-25T12:00'].map((time) =>
      at(time, 'In'),
    )
    expect(await grid(lines, { back: 'In' })).toEqual(['11-02 1: 1 1 0 1', ...empty('11-09', '11-16', '11-23')])
  })

  test('unbounded is coming back then or later, as far as is over', async () => {
    const lines = [at('11-02T12:00', 'In'), at('11-18T12:00', 'Out'), at('12-12T12:00', 'Out')]
    expect((await grid(lines, { unbounded: true }))[0]).toBe('11-02 1: 1 1 1 0')
    const early = { at: '2026-11-19T07:00:00Z', timeframe: { start: '2026-11-02', end: '2026-11-09' } }
    expect(await grid(lines, { unbounded: true }, early)).toEqual(['11-02 1: 0'])
  })

  test('is nothing that events without a user do', async () => {
    expect((await grid([at('11-02T12:00', 'In', null), at('11-04T12:00', 'Out', null)]))[0]).toBe('11-02 0: 0 0 0 0')
  })

  test('takes events that meet the condition, and so does entering', async () => {
    const lines = [
      at('11-02T12:00', 'In', 'u', { p: 0 }),
      at('11-09T12:00', 'In', 'u', { p: 1 }),
      at('11-10T12:00', 'Out', 'u', { p: 0 }),
      at('11-17T12:00', 'Out', 'u', { p: 1 }),
    ]
    expect((await grid(lines, { where: 'properties["p"] == 1' })).slice(0, 2)).toEqual(['11-02 0: 0 0 0 0', '11-09 1: 0 1 0 0'])
  })
})

function empty(...dates: string[]): string[] {
  return dates.map((date) => `${date} 0: 0 0 0 0`)
}

describe('a cohort', () => {
  const visits = ['11-01T12:00', '11-10T12:00', '11-11T12:00', '11-24T12:00'].map((time) => at(time, 'In'))

  test('of birth is that of the first event within the timeframe', async () => {
    expect(await grid(visits, { back: 'In' })).toEqual([...empty('11-02'), '11-09 1: 1 0 1 0', ...empty('11-16', '11-23')])
  })

  test('compounded is of each unit, from the first event in it', async () => {
    expect(await grid(visits, { back: 'In', kind: 'compounded' })).toEqual([
      ...empty('11-02'),
      '11-09 1: 1 0 1 0',
      ...empty('11-16'),
      '11-23 1: 0 0 0 0',
    ])
  })

  test('is of the calendar’s unit, from the day that weeks start on', async () => {
    const lines = [at('11-08T12:00', 'In')]
    const sundays = await grid(
      lines,
      { intervals: 1 },
      { ...framing, timeframe: { start: '2026-11-01', end: '2026-11-15' }, weekStart: 'sunday' },
    )
    expect(sundays).toEqual(['11-01 0: 0 0', '11-08 1: 0 0'])
  })

  test('that the timeframe cuts is marked, one that still runs is left out', async () => {
    const cut = await ask([], {}, { ...framing, timeframe: { start: '2026-11-04', end: '2026-11-16' } })
    expect(cut.notes).toEqual([
      { kind: 'partial', text: 'only a part of the week of 2026-11-02 is in the period, so it has fewer people' },
    ])
    const running = await ask([at('11-09T06:00', 'In'), at('11-09T06:30', 'Out')], {}, { timeframe: 'this_2_weeks' })
    expect(running.cohorts).toEqual([{ date: '2026-11-02', size: 0, counts: [] }])
    expect(running.notes).toEqual([{ kind: 'partial', text: 'the running week is not in it' }])
    const only = await ask([at('11-09T06:00', 'In')], { on: 'p' }, { timeframe: 'this_1_week' })
    expect(only).toMatchObject({ cohorts: [], segments: [], notes: [{ kind: 'partial' }] })
  })
})

describe('segments', () => {
  const born = (id: string, p: unknown) => [at('11-02T12:00', 'In', id, { p }), at('11-02T13:00', 'Out', id, { p: 'other' })]

  test('are of the entering event, the largest first, and name values of any type', async () => {
    const values = ['5', 5, 'Zoë 📏', '__proto__', '__proto__', '__proto__', null, undefined, true]
    const body = await ask(
      values.flatMap((p, id) => born(`u${id}`, p)),
      { on: 'p' },
      { ...framing, timeframe: { start: '2026-11-02', end: '2026-11-09' } },
    )
    expect(body.cohorts).toEqual([{ date: '2026-11-02', size: 9, counts: [9, 0, 0, 0] }])
    expect(body.segments?.map(({ name, cohorts }) => [name, cohorts[0]?.size, cohorts[0]?.counts])).toEqual([
      ['__proto__', 3, [3, 0, 0, 0]],
      ['5', 2, [2, 0, 0, 0]],
      ['undefined', 2, [2, 0, 0, 0]],
      ['Zoë 📏', 1, [1, 0, 0, 0]],
      ['true', 1, [1, 0, 0, 0]],
    ])
  })

  test('of entering events of one time are the name that sorts first', async () => {
    const body = await ask(
      ['z', 'ä', 'b'].map((p) => at('11-02T12:00', 'In', 'u', { p })),
      { on: 'p' },
    )
    expect(body.segments?.map(({ name }) => name)).toEqual(['b'])
  })

  test('beyond sixty are counted in a note', async () => {
    const body = await ask(
      Array.from({ length: 63 }, (_, id) => at('11-02T12:00', 'In', `u${id}`, { p: `s${id}` })),
      { on: 'p' },
    )
    expect(body.segments).toHaveLength(60)
    expect(body.cohorts[0]?.size).toBe(63)
    expect(body.notes).toMatchObject([{ kind: 'other', text: expect.stringContaining('3 more segments beyond the limit of 60') }])
  })
})

test('repeated lines are one event, and a note counts those of the two events within what was read', async () => {
  const twice = (time: string, event: string) => Array<Line>(2).fill(at(time, event, 'u', { $insert_id: `${event} ${time}` }))
  const lines = [
    ...twice('11-02T12:00', 'In'),
    ...twice('11-05T12:00', 'Other'),
    ...twice('12-01T12:00', 'Out'),
    ...twice('12-30T12:00', 'Out'),
  ]
  const body = await ask(lines, { back: 'Out', intervals: 4 })
  expect(body.cohorts[0]).toMatchObject({ size: 1, counts: [0, 0, 0, 0, 1] })
  expect(body.notes).toEqual([{ kind: 'duplicates', text: '3 events were in the lake more than once and counted once' }])
  expect((await ask(lines, { back: 'In', intervals: 4 })).cohorts[0]?.counts).toEqual([0, 0, 0, 0, 0])
})
