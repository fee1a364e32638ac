import { describe, expect, test } from 'vitest'
import { RefusedError } from '../../../../../lib/errors.ts'
import { keen } from '../../../../../lib/sources/keen/index.ts'
import { config } from '../../../../../lib/sources/keen/schema.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { funnelAsk, query, withKeen } from '../asking.ts'

const asking = (question: object, when: When, expected: readonly Expected[], settings = {}) =>
  withKeen(
    expected,
    (source) => {
      if (source.answers.funnel === undefined) throw new Error('no funnel')
      return source.answers.funnel(funnelAsk(question, when))
    },
    settings,
  )

const step = (event_collection: string, start: string, end: string, filters?: object[]) => ({
  event_collection,
  actor_property: 'user.id',
  ...(filters === undefined ? {} : { filters }),
  timeframe: { start, end },
})
/** What the vendor adds to each step that it echoes. */
const echo = (steps: readonly object[]) =>
  steps.map((own) => ({ filters: [], ...own, timezone: null, with_actors: false, optional: false, inverted: false }))
const answer = (steps: readonly object[], result: readonly number[]) => ({
  status: 200,
  body: { steps: echo(steps), result, actors: null },
})

// At the scheduled instant a week's entrants of seven days ago are just over.
const two = [
  step('sign ups', '2026-11-01T23:00:00.000Z', '2026-11-08T23:00:00.000Z'),
  step('purchases', '2026-11-01T23:00:00.000Z', '2026-11-15T23:00:00.000Z'),
]

describe('a funnel', () => {
  test('gives later steps as much longer as people have, and compares the week before', async () => {
    const before = [
      step('sign ups', '2026-10-25T23:00:00.000Z', '2026-11-01T23:00:00.000Z'),
      step('purchases', '2026-10-25T23:00:00.000Z', '2026-11-08T23:00:00.000Z'),
    ]
    const body = await asking({ steps: ['sign ups', 'purchases'], within: '7 days' }, { compare: ['previous'] }, [
      query('funnel', { steps: two }, answer(two, [40, 10])),
      query('funnel', { steps: before }, answer(before, [0, 0])),
    ])
    expect(body).toEqual({
      steps: [
        { name: 'sign ups', count: 40, stepConversion: 1, overallConversion: 1, medianSeconds: null },
        { name: 'purchases', count: 10, stepConversion: 0.25, overallConversion: 0.25, medianSeconds: null },
      ],
      comparisons: [
        {
          to: 'previous',
          timeframe: { start: '2026-10-26T00:00:00+01:00', end: '2026-11-02T00:00:00+01:00' },
          steps: [
            { name: 'sign ups', count: 0, stepConversion: null, overallConversion: null, medianSeconds: null },
            { name: 'purchases', count: 0, stepConversion: null, overallConversion: null, medianSeconds: null },
          ],
        },
      ],
      notes: [
        {
          kind: 'source',
          text: 'Keen counts who did all steps in any order, later steps until 7 days after the end of the timeframe, whenever somebody entered',
        },
        { kind: 'source', text: 'Keen gives no times between steps, so none are shown' },
      ],
    })
  })

  test('has its own conditions before those of a step; the vendor may write them in another way', async () => {
    const own = { property_name: 'plan', operator: 'eq', property_value: 'pro' }
    const paid = { property_name: 'amount', operator: 'gt', property_value: 0 }
    const steps = [
      step('sign ups', '2026-11-01T23:00:00.000Z', '2026-11-08T23:00:00.000Z', [own]),
      step('purchases', '2026-11-01T23:00:00.000Z', '2026-11-15T23:00:00.000Z', [own, paid]),
    ]
    const question = {
      steps: ['sign ups', { event: 'purchases', where: 'properties["amount"] > 0' }],
      within: '1 week',
      where: 'properties["plan"] == "pro"',
    }
    const body = await asking(question, {}, [query('funnel', { steps }, answer(steps, [3, 2]))])
    expect(body.steps.map(({ count }) => count)).toEqual([3, 2])
  })

  test.each([
    ['that echoes none', { steps: [] }],
    ['with no word of them', {}],
  ])('may come without its steps: %s', async (_, echo) => {
    const body = await asking({ steps: ['sign ups', 'purchases'], within: '7 days' }, {}, [
      query('funnel', { steps: two }, { status: 200, body: { ...echo, result: [3, 1] } }),
    ])
    expect(body.steps.map(({ name, count }) => [name, count])).toEqual([
      ['sign ups', 3],
      ['purchases', 1],
    ])
  })

  const other = (change: object) => [two[0], { ...two[1], ...change }] as object[]
  test.each([
    ['another event', echo(other({ event_collection: 'refunds' })), [3, 1], 'answers for sign ups → refunds'],
    ['another actor', echo(other({ actor_property: 'visitor' })), [3, 1], 'answers for'],
    ['a condition', echo(other({ filters: [{}] })), [3, 1], 'answers for'],
    ['a step that is inverted', echo(two).map((own) => ({ ...own, inverted: true })), [3, 1], 'answers for'],
    ['a step that is optional', echo(two).map((own) => ({ ...own, optional: true })), [3, 1], 'answers for'],
    ['more steps', echo([...two, ...two.slice(1)]), [3, 1, 1], 'answers for'],
    ['more results', [], [3, 1, 1], 'answers for 3 steps'],
  ])('is refused where the answer has %s', async (_, steps, result, words) => {
    const made = asking({ steps: ['sign ups', 'purchases'], within: '7 days' }, {}, [
      query('funnel', { steps: two }, { status: 200, body: { steps, result } }),
    ])
    await expect(made).rejects.toThrow(words)
    await expect(made).rejects.toThrow(RefusedError)
  })

  test.each([
    [{ unordered: true }, {}, ['Keen counts later steps until 7 days after'], []],
    [{ immature: true }, {}, ['in any order'], ['immature']],
    [{ steps: ['sign ups', 'sign ups'] }, {}, ['one event serves every step that names it'], []],
    [{ immature: true }, { timeframe: 'this_1_week' }, ['in any order'], ['immature', 'partial']],
  ])('says of %j %j what it means', async (change, when, words, kinds) => {
    const question = { steps: ['sign ups', 'purchases'], within: '7 days', ...change }
    const ask = funnelAsk(question, when)
    const notes = await withKeen([], async (source) => {
      const lines = await source.explain(ask)
      expect(lines).toHaveLength(1)
      return JSON.parse((lines[0] ?? '').replace(/^\S+ \S+ /, '')) as { steps: object[] }
    }).then(async (sent) => (await asking(question, when, [query('funnel', sent, answer(sent.steps, [3, 1]))])).notes)
    for (const word of words) expect(notes[0]?.text).toContain(word)
    expect(notes.slice(2).map(({ kind }) => kind)).toEqual(kinds)
  })

  test.each([
    [{ on: 'plan' }, {}, 'does not split a funnel'],
    [{ saved: { shop: '12' } }, {}, 'leave `shop` out of `saved`'],
    [{ where: 'user["plan"] == "x"' }, {}, 'is of a profile'],
    [{ steps: ['a', { event: 'b', where: 'properties["x"] + 1 > 2' }] }, {}, 'has to be worked out'],
    [{}, { actor: undefined }, 'give the source `shop` one: `actor: user.id`'],
  ])('is refused when the project is loaded: %j %j', (change, settings, words) => {
    const own = config.parse({ kind: 'keen', actor: 'user.id', ...settings })
    const { question } = funnelAsk({ steps: ['a', 'b'], within: '7 days', ...change })
    expect(keen.refuse(own, question, { name: 'shop', timezone: 'UTC' })).toContain(words)
  })

  test("takes another source's saved one", () => {
    const own = config.parse({ kind: 'keen', actor: 'user.id' })
    const { question } = funnelAsk({ steps: ['a', 'b'], within: '7 days', saved: { product: '12' } })
    expect(keen.refuse(own, question, { name: 'shop', timezone: 'UTC' })).toBeUndefined()
  })
})
