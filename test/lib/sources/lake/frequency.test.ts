import { expect, test } from 'vitest'
import type { Framing, Line } from './folder.ts'
import { answersOf, frequencyAsk, lakeOf, line } from './folder.ts'

function at(time: string, event = 'A', id: unknown = 'u', properties: Record<string, unknown> = {}): Line {
  return line(event, `2026-${time}:00Z`, id, properties)
}

async function ask(lines: readonly Line[], question: Record<string, unknown>, framing: Framing = {}) {
  await using own = await lakeOf({ 'a.ndjson': lines })
  return await answersOf(own.source).frequency(frequencyAsk({ event: 'A', unit: 'week', of: 'day', ...question }, framing))
}

test('counts who was active in at least so many days of each week', async () => {
  const lines = [
    ...['11-02', '11-02', '11-04', '11-08'].map((day) => at(`${day}T12:00`, 'A', 'often')),
    ...['11-02', '11-03'].map((day) => at(`${day}T12:00`, 'A', 'twice')),
    at('11-02T12:00', 'A', 'once'),
    at('11-02T12:00', 'B', 'elsewhere'),
    at('10-28T12:00', 'A', 'often'),
    at('11-02T12:00', 'A', null),
  ]
  const body = await ask(lines, {}, { timeframe: 'previous_2_weeks' })
  expect(body).toEqual({
    measure: 'frequency',
    unit: 'week',
    interval: 'day',
    cohorts: [
      { date: '2026-10-26', size: 1, counts: [1, 0, 0, 0, 0, 0, 0] },
      { date: '2026-11-02', size: 3, counts: [3, 2, 1, 0, 0, 0, 0] },
    ],
    notes: [],
  })
  expect((await ask(lines, { event: 'any' })).cohorts[0]).toMatchObject({ size: 4, counts: [4, 2, 1, 0, 0, 0, 0] })
})

test.each([
  ['day', 'hour', 24],
  ['week', 'day', 7],
  ['week', 'hour', 168],
  ['month', 'day', 31],
  ['month', 'hour', 744],
])('a %s of %ss has the same length each time', async (unit, of, length) => {
  const body = await ask([], { unit, of }, { timeframe: { start: '2026-02-01', end: '2026-02-15' } })
  expect(new Set(body.cohorts.map(({ counts }) => counts.length))).toEqual(new Set([length]))
  expect(body.cohorts.every(({ size, counts }) => size === 0 && counts.every((count) => count === 0))).toBe(true)
})

test('an hour that comes twice is two, one that is left out is none', async () => {
  const hours = (from: string, count: number) =>
    Array.from({ length: count }, (_, hour) => line('A', new Date(Date.parse(from) + hour * 3_600_000).toISOString(), 'u'))
  const back = await ask(
    hours('2026-10-24T22:30:00Z', 25),
    { unit: 'day', of: 'hour' },
    { timeframe: { start: '2026-10-25', end: '2026-10-26' } },
  )
  expect(back.cohorts).toEqual([{ date: '2026-10-25', size: 1, counts: Array(25).fill(1) }])
  const forward = await ask(
    hours('2026-03-28T23:30:00Z', 23),
    { unit: 'day', of: 'hour' },
    { timeframe: { start: '2026-03-29', end: '2026-03-30' } },
  )
  expect(forward.cohorts).toEqual([{ date: '2026-03-29', size: 1, counts: [...Array(23).fill(1), 0] }])
  // Lord Howe's clocks change by half an hour: 01:30 to 02:00 comes twice.
  const half = ['2026-04-04T14:40:00Z', '2026-04-04T15:10:00Z'].map((time) => line('A', time, 'u'))
  const howe = await ask(
    half,
    { unit: 'day', of: 'hour' },
    { timezone: 'Australia/Lord_Howe', timeframe: { start: '2026-04-05', end: '2026-04-06' } },
  )
  expect(howe.cohorts[0]).toMatchObject({
    size: 1,
    counts: expect.toSatisfy((counts: number[]) => counts[1] === 1 && counts.length === 25),
  })
})

test('the running unit is left out, and one that the timeframe cuts is marked', async () => {
  const lines = [at('11-02T12:00'), at('11-09T06:00')]
  const running = await ask(lines, {}, { timeframe: 'this_2_weeks' })
  expect(running.cohorts.map(({ date, size }) => [date, size])).toEqual([['2026-11-02', 1]])
  expect(running.notes).toEqual([{ kind: 'partial', text: 'the running week is not in it' }])
  const only = await ask(lines, { on: 'p' }, { timeframe: 'this_1_week' })
  expect(only).toMatchObject({ cohorts: [], segments: [], notes: [{ kind: 'partial' }] })
  const cut = await ask(lines, {}, { timeframe: { start: '2026-11-02', end: '2026-11-06' } })
  expect(cut.notes).toEqual([
    { kind: 'partial', text: 'only a part of the week of 2026-11-02 is in the period, so it has fewer people' },
  ])
})

test('people are in each of their segments, active there alone; the condition holds for what counts', async () => {
  const lines = [
    at('11-02T12:00', 'A', 'u', { p: 'x' }),
    at('11-03T12:00', 'A', 'u', { p: 'y' }),
    at('11-04T12:00', 'A', 'u', { p: 'y' }),
    at('11-05T12:00', 'A', 'v', { p: '__proto__' }),
    ...Array<Line>(2).fill(at('11-05T12:00', 'A', 'w', { p: 'x', $insert_id: 'i' })),
  ]
  const body = await ask(lines, { on: 'p', where: 'properties["p"] != "z"' })
  expect(body.cohorts[0]).toMatchObject({ size: 3, counts: [3, 1, 1, 0, 0, 0, 0] })
  expect(body.segments?.map(({ name, cohorts }) => [name, cohorts[0]?.counts.slice(0, 3)])).toEqual([
    ['x', [2, 0, 0]],
    ['__proto__', [1, 0, 0]],
    ['y', [1, 1, 0]],
  ])
  expect(body.notes).toEqual([{ kind: 'duplicates', text: '1 event was in the lake more than once and counted once' }])
  expect((await ask(lines, { where: 'properties["p"] == "y"' })).cohorts[0]).toMatchObject({
    size: 1,
    counts: [1, 1, 0, 0, 0, 0, 0],
  })
})
