import { describe, expect, test } from 'vitest'
import type { Question } from '../../../../lib/query.ts'
import * as words from '../../../../lib/query.ts'
import type { Finding } from '../../../../lib/sources/source.ts'
import type { Expected } from '../../../servers/vendor.ts'
import { withMixpanel } from './asking.ts'

function question(asked: Record<string, object>): Question {
  const [[kind, body] = ['', {}]] = Object.entries(asked)
  return { kind, ...words.questions[kind as 'segmentation'].parse(body) } as unknown as Question
}

/** What is found of questions, each in a query named q1, q2 …, with just these requests. */
function findings(questions: readonly Record<string, object>[], expected: readonly Expected[]): Promise<Finding[] | undefined> {
  const asked = questions.map((one, at) => ({ report: 'weekly', query: `q${at + 1}`, question: question(one) }))
  return withMixpanel(expected, async (source) => source.inspect?.(asked))
}

const names = (body: readonly string[]): Expected => ({
  path: '/api/query/events/names',
  query: { project_id: '1234567', type: 'general', limit: '5000' },
  answer: { body },
})
const properties = (event: string, ...has: readonly string[]): Expected => ({
  path: '/api/query/events/properties/top',
  query: { project_id: '1234567', event, limit: '500' },
  answer: { body: Object.fromEntries(has.map((name) => [name, { count: 3 }])) },
})
const unsure = (problem: string) => ({ report: 'weekly', query: 'q1', problem, unknown: true })
const page = (form: Record<string, string>, total: number, results: readonly object[]): Expected => ({
  method: 'POST',
  path: '/api/query/engage',
  query: { project_id: '1234567' },
  ...(Object.keys(form).length === 0 ? {} : { form }),
  answer: { body: { page: 0, page_size: 1000, session_id: 's', status: 'ok', total, results } },
})
/** How many profiles have a property. */
const profiles = (property: string, name: string, total: number) =>
  page({ where: `defined(${property})`, output_properties: JSON.stringify([name]) }, total, [])
const profilesPage = (...has: readonly object[]) =>
  page(
    {},
    has.length,
    has.map(($properties, at) => ({ $distinct_id: String(at), $properties })),
  )
const funnels = (...has: readonly [number, string][]): Expected => ({
  path: '/api/query/funnels/list',
  query: { project_id: '1234567' },
  answer: { body: has.map(([funnel_id, name]) => ({ funnel_id, name })) },
})
const steps = (...has: readonly object[]): Expected => ({
  path: '/api/query/funnels',
  // The clock of the source stands on Monday 16 November 2026.
  query: { project_id: '1234567', funnel_id: '7509', from_date: '2026-11-15', to_date: '2026-11-15', interval: '1' },
  answer: { body: { meta: { dates: ['2026-11-15'] }, data: { '2026-11-15': { steps: has } } } },
})
const step = (event: string, label?: string) => ({
  count: 1,
  event,
  goal: event,
  ...(label === undefined ? {} : { step_label: label }),
})

describe('looking up what questions name', () => {
  test('asks for the names once, and finds nothing wrong with those that are there', async () => {
    const asked = [
      { segmentation: { event: ['Sign Up', 'Invite'] } },
      // biome-ignore lint/suspicious/noThenProperty: the word of the project file
      { retention: { first: 'Sign Up', then: 'any' } },
      { frequency: { event: 'Invite', unit: 'week', of: 'day' } },
    ]
    expect(await findings(asked, [names(['Sign Up', 'Invite'])])).toEqual([])
  })

  test('names an event that is not there, and the one that was meant', async () => {
    expect(await findings([{ segmentation: { event: ['Sign up', 'Zebra'] } }], [names(['Sign Up', 'Invite'])])).toEqual([
      {
        report: 'weekly',
        query: 'q1',
        problem: 'no event called "Sign up" came in the last 31 days',
        remedy: 'did you mean "Sign Up"?',
      },
      { report: 'weekly', query: 'q1', problem: 'no event called "Zebra" came in the last 31 days', remedy: undefined },
    ])
  })

  test('says what no call tells: custom events with their properties, custom properties, and names beyond the lists', async () => {
    const where = 'defined(properties["plan"]) and defined(properties["$custom_property:7"])'
    expect(await findings([{ segmentation: { event: '$custom_event:17', where } }], [])).toEqual([
      unsure('$custom_event:17: no call lists custom events'),
      unsure('$custom_property:7: no call lists custom properties'),
      unsure('plan: properties are listed by event, and not of a custom event'),
    ])
    const full = Array.from({ length: 5000 }, (_, at) => `Event ${at}`)
    expect(await findings([{ segmentation: { event: 'Rare' } }], [names(full)])).toEqual([
      unsure('the event "Rare" is not among the 5,000 that Mixpanel lists at most'),
    ])
    // biome-ignore lint/suspicious/noThenProperty: the word of the project file
    const anyone = { retention: { first: 'any', then: 'any', where: 'defined(properties["plan"])' } }
    expect(await findings([anyone], [])).toEqual([unsure('plan: properties are listed by event, and not of any event')])
  })

  test('asks how many profiles have a property that people or the user of an event are read by, once each', async () => {
    const asked = [
      { people: { properties: ['$email', 'plan', 'distinct_id'], where: 'properties["pln"] == "pro"' } },
      { segmentation: { event: 'Charge', where: 'user["$email"] == "x" and defined(user["my \\"own\\""])' } },
    ]
    const found = await findings(asked, [
      names(['Charge']),
      profiles('properties["pln"]', 'pln', 0),
      profilesPage({ plan: 'pro', $email: 'a' }, { city: 'x' }),
      profiles('properties["$email"]', '$email', 3),
      profiles('properties["plan"]', 'plan', 1),
      profiles(String.raw`properties["my \"own\""]`, 'my "own"', 0),
    ])
    expect(found).toEqual([
      { report: 'weekly', query: 'q1', problem: 'no profile has a property "pln"', remedy: 'did you mean "plan"?' },
      { report: 'weekly', query: 'q2', problem: 'no profile has a property "my "own""', remedy: undefined },
    ])
  })

  test('reads the properties of on, of and where, once for each event', async () => {
    const asked = [
      { segmentation: { event: 'Charge', on: 'contry' } },
      {
        segmentation: {
          event: 'Charge',
          type: 'sum',
          of: 'amount',
          where: 'properties["plan"] == "pro"',
        },
      },
    ]
    const found = await findings(asked, [names(['Charge']), properties('Charge', 'country', 'amount', '$os')])
    expect(found?.map(({ query, problem, remedy }) => [query, problem, remedy])).toEqual([
      ['q1', 'no event "Charge" has a property "contry"', 'did you mean "country"?'],
      ['q2', 'no event "Charge" has a property "plan"', undefined],
    ])
  })

  test('does not look for properties that every event has, or that people defined at Mixpanel', async () => {
    const where = 'properties["time"] > 5 and properties["$insert_id"] == "x" and defined(properties["$custom_property:7"])'
    expect(await findings([{ segmentation: { event: 'Charge', on: 'distinct_id', where } }], [names(['Charge'])])).toEqual([
      unsure('$custom_property:7: no call lists custom properties'),
    ])
  })

  test('does not look for what is no property: the frame of an event, and behaviors that are counted', async () => {
    const asked = [
      { segmentation: { event: 'Charge', where: 'event["city"] == "x"' } },
      { people: { where: 'behaviors["bought"] > 2 and event["$custom_property:7"] == "x"' } },
    ]
    expect(await findings(asked, [names(['Charge'])])).toEqual([])
  })

  test('reads the properties of top values, of both splits and of conditions on people who come back', async () => {
    const asked = [
      { top: { what: 'values', event: 'Charge', property: 'properties["cty"]' } },
      { segmentation: { event: 'Charge', on: ['city', 'pln'] } },
      // biome-ignore lint/suspicious/noThenProperty: the word of the project file
      { retention: { first: 'Charge', then: 'any', where: 'not defined(properties["plan"]) or properties["ctiy"] == "x"' } },
    ]
    const found = await findings(asked, [names(['Charge']), properties('Charge', 'city', 'plan')])
    expect(found?.map(({ query, remedy }) => [query, remedy])).toEqual([
      ['q1', 'did you mean "city"?'],
      ['q2', 'did you mean "plan"?'],
      ['q3', 'did you mean "city"?'],
    ])
  })

  test('says of a property that it is not known where an event has more than are listed', async () => {
    const many = Array.from({ length: 500 }, (_, at) => `p${at}`)
    expect(await findings([{ segmentation: { event: 'A', on: 'rare' } }], [names(['A']), properties('A', ...many)])).toEqual([
      unsure('the property "rare" is not among the 500 most common ones of "A"'),
    ])
  })

  test('does not look for properties of an event that is not there', async () => {
    const found = await findings([{ segmentation: { event: 'Chrge', on: 'country' } }], [names(['Charge'])])
    expect(found?.map(({ remedy }) => remedy)).toEqual(['did you mean "Charge"?'])
  })
})

describe('a saved funnel', () => {
  const funnel = { funnel: { steps: ['Sign Up', 'Played'], within: '7 days', saved: { product: '7509' } } }

  test('is there and has the steps, a custom event by its label', async () => {
    const there = [funnels([7509, 'Activation']), steps(step('Sign Up'), step('$custom_event:12', 'Played'))]
    expect(await findings([funnel, funnel], there)).toEqual([])
  })

  test('has others', async () => {
    const [found] = (await findings([funnel], [funnels([7509, 'Activation']), steps(step('Sign Up'), step('Paid'))])) ?? []
    expect(found?.problem).toBe('the saved funnel 7509 has the steps Sign Up → Paid, and the question names Sign Up → Played')
  })

  test('that has no answer for yesterday is not held against it', async () => {
    const silent: Expected = { ...steps(), answer: { body: { meta: { dates: [] }, data: {} } } }
    const found = await findings([funnel], [funnels([7509, 'Activation']), silent])
    expect(found).toEqual([unsure(expect.stringContaining('the steps of the saved funnel 7509'))])
  })

  test('does not show what its steps would have to be', async () => {
    const named = { ...funnel.funnel, steps: ['Sign Up', { event: 'Played', where: 'properties["a"] == 1' }] }
    const found = await findings([{ funnel: named }], [funnels([7509, 'Activation']), steps(step('Sign Up'), step('Played'))])
    expect(found).toEqual([unsure('the conditions of the saved funnel 7509: its answers do not show them')])
  })

  test('is not there; then the others are named', async () => {
    const [found] = (await findings([funnel], [funnels([7510, 'Checkout'])])) ?? []
    expect(found).toMatchObject({ problem: 'the project has no saved funnel 7509', remedy: 'it has 7510 (Checkout)' })
  })
})

test('a saved report that is gone is found', async () => {
  const [found] =
    (await findings(
      [{ saved: { insights: '60327213' } }],
      [
        {
          path: '/api/query/insights',
          query: { project_id: '1234567', bookmark_id: '60327213' },
          answer: { status: 404, body: { error: 'bookmark not found' } },
        },
      ],
    )) ?? []
  expect(found?.problem).toContain('60327213 cannot be asked')
  expect(found?.problem).toContain('bookmark not found')
})
