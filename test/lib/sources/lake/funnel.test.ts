import { expect, test } from 'vitest'
import type { Line } from './folder.ts'
import { answersOf, funnelAsk, lakeOf, line } from './folder.ts'

const framing = { at: '2026-11-20T00:00:00Z', timeframe: { start: '2026-11-02', end: '2026-11-09' } } as const

function at(time: string, event: string, properties: Record<string, unknown> = {}, id = 'u'): Line {
  return line(event, `2026-11-${time}:00Z`, id, properties)
}

async function ask(lines: readonly Line[], question: Record<string, unknown>) {
  await using own = await lakeOf({ 'a.ndjson': lines })
  return await answersOf(own.source).funnel(funnelAsk({ within: '7 days', ...question }, framing))
}

async function counts(lines: readonly Line[], question: Record<string, unknown>): Promise<number[]> {
  return (await ask(lines, question)).steps.map(({ count }) => count)
}

test('who enters in the timeframe counts, though later steps fall after it', async () => {
  const lines = [at('01T12:00', 'A', {}, 'early'), at('02T12:00', 'B', {}, 'early'), at('08T22:00', 'A'), at('12T00:00', 'B')]
  expect(await counts(lines, { steps: ['A', 'B'] })).toEqual([1, 1])
})

test('the window runs from the first step and includes its last moment', async () => {
  const lines = [at('03T00:00', 'A'), at('04T00:00', 'B'), at('05T00:00', 'C')]
  expect(await counts(lines, { steps: ['A', 'B', 'C'], within: '2 days' })).toEqual([1, 1, 1])
  expect(await counts(lines, { steps: ['A', 'B', 'C'], within: '47 hours' })).toEqual([1, 1, 0])
})

test('a later entry that gets further is the one that counts', async () => {
  const lines = [at('03T00:00', 'A', { p: 'first' }), at('06T00:00', 'A', { p: 'second' }), at('07T00:00', 'B')]
  const body = await ask(lines, { steps: ['A', 'B'], within: '2 days', on: 'p' })
  expect(body.steps).toMatchObject([{ count: 1 }, { count: 1, medianSeconds: 86_400 }])
  expect(body.segments).toMatchObject([{ name: 'second', steps: [{ count: 1 }, { count: 1 }] }])
})

test('of entries that get as far the earliest counts, with the earliest steps', async () => {
  const lines = [
    at('03T00:00', 'A', { p: 'first' }),
    at('03T06:00', 'A', { p: 'second' }),
    at('03T12:00', 'B'),
    at('03T18:00', 'B'),
  ]
  const body = await ask(lines, { steps: ['A', 'B'], on: 'p' })
  expect(body.steps[1]?.medianSeconds).toBe(43_200)
  expect(body.segments?.map(({ name }) => name)).toEqual(['first'])
})

test('one event serves one step', async () => {
  const steps = ['A', 'A', 'A']
  expect(await counts([at('03T00:00', 'A')], { steps })).toEqual([1, 0, 0])
  expect(await counts([at('03T00:00', 'A'), at('03T00:00', 'A')], { steps })).toEqual([1, 1, 0])
  expect(await counts([at('03T00:00', 'A'), at('03T00:00', 'A'), at('04T00:00', 'A')], { steps })).toEqual([1, 1, 1])
})

test('steps of one event with different conditions do not share an event either', async () => {
  const steps = ['A', { event: 'A', where: 'properties["n"] > 1' }]
  expect(await counts([at('03T00:00', 'A', { n: 5 })], { steps })).toEqual([1, 0])
  expect(await counts([at('03T00:00', 'A', { n: 5 }), at('03T00:00', 'A', { n: 0 })], { steps })).toEqual([1, 1])
  expect(await counts([at('03T00:00', 'A', { n: 5 }), at('03T01:00', 'A', { n: 0 })], { steps })).toEqual([1, 0])
})

test('events of one time count as in order, whatever the order of their lines', async () => {
  expect(await counts([at('03T00:00', 'C'), at('03T00:00', 'B'), at('03T00:00', 'A')], { steps: ['A', 'B', 'C'] })).toEqual([
    1, 1, 1,
  ])
})

test('in a tie the first event is one that leaves the others their steps', async () => {
  const lines = [at('03T00:00', 'A', { n: 5, p: 'a' }), at('03T00:00', 'A', { n: 0, p: 'b' })]
  const body = await ask(lines, { steps: ['A', { event: 'A', where: 'properties["n"] > 1' }], on: 'p' })
  expect(body.segments?.map(({ name }) => name)).toEqual(['b'])
  const equal = await ask(lines, { steps: ['A', 'B'], on: 'p' })
  expect(equal.segments?.map(({ name }) => name)).toEqual(['a'])
})

test('the segments with the most entrants are shown, and a note counts the others', async () => {
  const lines = ['x', 'x', 'y', 'y', 'z'].map((p, user) => at('03T00:00', 'A', { p }, `u${user}`))
  const body = await ask(lines, { steps: ['A', 'B'], on: 'p', limit: 2 })
  expect(body.segments?.map(({ name }) => name)).toEqual(['x', 'y'])
  expect(body.steps[0]?.count).toBe(5)
  expect(body.notes).toMatchObject([{ kind: 'other', text: expect.stringContaining('1 more segment') }])
})

test('a median of two is their mean, and of nobody null', async () => {
  const lines = [at('03T00:00', 'A'), at('03T00:01', 'B'), at('03T00:00', 'A', {}, 'v'), at('03T00:04', 'B', {}, 'v')]
  const { steps } = await ask(lines, { steps: ['A', 'B', 'C'] })
  expect(steps.map(({ medianSeconds }) => medianSeconds)).toEqual([null, 150, null])
})

test('a condition for all steps and one for a step both hold', async () => {
  const lines = [
    at('03T00:00', 'A', { p: 1 }),
    at('03T01:00', 'B', { p: 2 }),
    at('03T00:00', 'A', { p: 1 }, 'v'),
    at('03T01:00', 'B', { p: 1 }, 'v'),
  ]
  expect(await counts(lines, { steps: ['A', 'B'], where: 'properties["p"] == 1' })).toEqual([2, 1])
  expect(await counts(lines, { steps: ['A', { event: 'B', where: 'properties["p"] == 2' }] })).toEqual([2, 1])
})

test('compared periods are asked the same, and late entrants are marked', async () => {
  const lines = [at('03T00:00', 'A'), at('04T00:00', 'B'), at('10T00:00', 'A')]
  await using own = await lakeOf({ 'a.ndjson': lines })
  const { funnel } = answersOf(own.source)
  const question = { steps: ['A', 'B'], within: '7 days' }
  const compared = await funnel(
    funnelAsk(question, { at: '2026-11-30T00:00:00Z', timeframe: 'previous_1_week', compare: ['previous'] }),
  )
  expect(compared.steps.map(({ count }) => count)).toEqual([0, 0])
  expect(compared.comparisons).toMatchObject([{ to: 'previous', steps: [{ count: 1 }, { count: 0 }] }])
  const late = await funnel(funnelAsk({ ...question, immature: true }, { at: '2026-11-16T00:00:00Z' }))
  expect(late.steps.map(({ count }) => count)).toEqual([1, 0])
  expect(late.notes).toMatchObject([{ kind: 'immature' }])
})
