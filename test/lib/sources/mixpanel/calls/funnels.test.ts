import { describe, expect, test } from 'vitest'
import { DataError } from '../../../../../lib/errors.ts'
import { calls } from '../../../../../lib/sources/mixpanel/calls/index.ts'
import type { CallName } from '../../../../../lib/sources/mixpanel/client.ts'
import { ask, rawQuery, whyNot } from './query-door.ts'

const days = { from_date: '2016-09-12', to_date: '2016-09-25' }
const path = '/api/query/funnels'
const given = { funnel_id: '7509', ...days }

/** The vendor's own example, shortened. The second step is a custom event. */
const stepsOf = (entered: number, played: number) => [
  {
    count: entered,
    avg_time: 2,
    avg_time_from_start: 5,
    step_conv_ratio: 1,
    goal: 'App Open',
    overall_conv_ratio: 1,
    event: 'App Open',
  },
  {
    count: played,
    avg_time: 133,
    avg_time_from_start: 138,
    step_conv_ratio: 0.5,
    goal: '$custom_event:12345',
    step_label: 'Game Played',
    custom_event: true,
    custom_event_id: 12_345,
    overall_conv_ratio: 0.25,
    event: '$custom_event:12345',
  },
]
const wayOf = (entered: number, played: number) => ({
  steps: stepsOf(entered, played),
  analysis: { completion: played, starting_amount: entered, steps: 2, worst: 1 },
})
const readWay = (entered: number, played: number) => ({
  steps: [
    {
      name: 'App Open',
      names: ['App Open'],
      customEventId: undefined,
      count: entered,
      meanSeconds: 2,
      meanSecondsFromStart: 5,
      stepRatio: 1,
      overallRatio: 1,
    },
    {
      name: 'Game Played',
      names: ['$custom_event:12345', 'Game Played'],
      customEventId: '12345',
      count: played,
      meanSeconds: 133,
      meanSecondsFromStart: 138,
      stepRatio: 0.5,
      overallRatio: 0.25,
    },
  ],
  analysis: { completion: played, startingAmount: entered, steps: 2, worst: 1 },
})
const answerTo = (data: unknown, parameters: object = given) => {
  const query = Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, String(value)]))
  const body = typeof data === 'string' ? `{"meta":{"dates":[]},"data":${data}}` : { meta: { dates: [] }, data }
  return ask('funnel', parameters, { path, query }, { body })
}

describe('a funnel', () => {
  test('has steps and their analysis by date, in order', async () => {
    expect(await answerTo({ '2016-09-19': wayOf(32_486, 20_809), '2016-09-12': wayOf(32_688, 20_524) })).toEqual([
      { date: '2016-09-12', ...readWay(32_688, 20_524) },
      { date: '2016-09-19', ...readWay(32_486, 20_809) },
    ])
  })

  test('takes every documented parameter', async () => {
    const parameters = {
      funnel_id: 7509,
      ...days,
      length: 129_600,
      length_unit: 'minute',
      interval: 7,
      on: 'properties["país"]',
      where: 'true',
      limit: 10_000,
    }
    expect(await answerTo({}, parameters)).toEqual([])
    expect(await answerTo({}, { ...given, unit: 'month', length: 90, length_unit: 'day' })).toEqual([])
    // Of the unit it was saved with, which may be hours.
    expect(await answerTo({}, { ...given, length: 91 })).toEqual([])
    const raw = await rawQuery('funnel', { ...given, on: 'properties["a b&c"]' })
    expect(raw).toMatch(/^funnel_id=7509&from_date=2016-09-12&to_date=2016-09-25&on=properties%5B%22a(?:\+|%20)b%26c%22%5D$/)
  })

  test('nobody entered has no times', async () => {
    const nobody = {
      count: 0,
      avg_time: null,
      avg_time_from_start: null,
      event: 'Purchase',
      goal: 'Purchase',
      overall_conv_ratio: 1,
      step_conv_ratio: 1,
    }
    const label = { event: '$custom_event:1305068', goal: '$custom_event:1305068', step_label: '111', custom_event_id: 1_305_068 }
    const steps = [nobody, { ...nobody, ...label, overall_conv_ratio: 0, step_conv_ratio: 0 }]
    expect(await answerTo({ '2016-09-12': { steps } })).toEqual([
      {
        date: '2016-09-12',
        steps: [
          {
            name: 'Purchase',
            names: ['Purchase'],
            customEventId: undefined,
            count: 0,
            meanSeconds: null,
            meanSecondsFromStart: null,
            stepRatio: 1,
            overallRatio: 1,
          },
          {
            name: '111',
            names: ['$custom_event:1305068', '111'],
            customEventId: '1305068',
            count: 0,
            meanSeconds: null,
            meanSecondsFromStart: null,
            stepRatio: 0,
            overallRatio: 0,
          },
        ],
        analysis: undefined,
      },
    ])
  })

  test('of the oldest form has goals alone', async () => {
    const oldest = { count: 762, goal: 'pages', overall_conv_ratio: 1, step_conv_ratio: 1 }
    const analysis = { completion: 0.064_679, starting_amount: 762, steps: 3, worst: 2 }
    expect(await answerTo({ '2010-05-24': { steps: [oldest], analysis } })).toMatchObject([
      {
        steps: [{ name: 'pages', names: ['pages'], count: 762, meanSeconds: null }],
        analysis: { completion: 0.064_679 },
      },
    ])
  })

  test.each([
    [
      'values within dates',
      {
        '2016-09-19': { $overall: wayOf(4, 2), US: wayOf(3, 2) },
        '2016-09-12': { US: wayOf(1, 1), $overall: wayOf(9, 5), undefined: wayOf(8, 4) },
      },
    ],
    [
      'dates within values',
      {
        $overall: { '2016-09-19': wayOf(4, 2), '2016-09-12': wayOf(9, 5) },
        US: { '2016-09-12': wayOf(1, 1), '2016-09-19': wayOf(3, 2) },
        undefined: { '2016-09-12': wayOf(8, 4) },
      },
    ],
  ])('split by a property keeps all together apart from its values: %s', async (_, data) => {
    expect(await answerTo(data, { ...given, on: 'properties["c"]' })).toEqual([
      {
        date: '2016-09-12',
        ...readWay(9, 5),
        segments: [
          { name: 'US', ...readWay(1, 1) },
          { name: 'undefined', ...readWay(8, 4) },
        ],
      },
      { date: '2016-09-19', ...readWay(4, 2), segments: [{ name: 'US', ...readWay(3, 2) }] },
    ])
  })

  test('split without a row for all has no steps of its own, and its values may be called anything', async () => {
    const data = `{"2016-09-12":{"__proto__":${JSON.stringify(stepsOf(3, 2))},"2016-09-19":${JSON.stringify(wayOf(1, 0))}}}`
    expect(await answerTo(data, { ...given, on: 'properties["c"]' })).toEqual([
      {
        date: '2016-09-12',
        steps: [],
        analysis: undefined,
        segments: [
          { name: '__proto__', ...readWay(3, 2), analysis: undefined },
          { name: '2016-09-19', ...readWay(1, 0) },
        ],
      },
    ])
  })
})

test('the list of funnels has ids as texts', async () => {
  const body = [
    { funnel_id: 7509, name: 'Signup funnel' },
    { funnel_id: 36_152_117, name: 'Größe "x"', extra: 1 },
  ]
  expect(await ask('funnelsList', {}, { path: `${path}/list`, query: {} }, { body })).toEqual([
    { id: '7509', name: 'Signup funnel' },
    { id: '36152117', name: 'Größe "x"' },
  ])
})

test.each<[CallName, object, RegExp]>([
  ['funnel', { ...days }, /`funnel_id`/],
  ['funnel', { ...given, funnel_id: 'signup' }, /digits only/],
  ['funnel', { ...given, funnel_id: -7 }, /`funnel_id`/],
  ['funnel', { ...given, funnel_id: 2 ** 60 }, /`funnel_id`/],
  ['funnel', { ...given, to_date: undefined }, /`to_date`/],
  ['funnel', { ...given, to_date: '2016-09-11' }, /from_date lies after to_date/],
  ['funnel', { ...given, from_date: '12.09.2016' }, /`from_date`/],
  ['funnel', { ...given, length: 91, length_unit: 'day' }, /at most 90 days/],
  ['funnel', { ...given, length: 2161, length_unit: 'hour' }, /at most 90 days/],
  ['funnel', { ...given, length: 7_776_001, length_unit: 'second' }, /at most 90 days/],
  ['funnel', { ...given, length: 0 }, /`length`/],
  ['funnel', { ...given, length: 1.5 }, /`length`/],
  ['funnel', { ...given, length: 2, length_unit: 'week' }, /`length_unit`.*give `length` in days/],
  ['funnel', { ...given, length: 2, length_unit: 'hours' }, /`length_unit`.*write hour/],
  ['funnel', { ...given, unit: 'hour' }, /`unit`.*a bucket has a day at least/],
  [
    'funnel',
    { ...given, bookmark_id: 7 },
    /there is no parameter `bookmark_id`; give `funnel_id`; a funnel saved as a report is `savedFunnel`/,
  ],
  ['funnel', { ...given, events: '[]' }, /there is no parameter `events`; the steps are those that the funnel was saved with/],
  ['funnel', { ...given, window: 7 }, /there is no parameter `window`; give `length` and `length_unit`/],
  ['funnelsList', { name: 'Signup funnel' }, /there is no parameter `name`/],
  ['funnel', { ...given, unit: 'week', interval: 7 }, /another way of saying/],
  ['funnel', { ...given, interval: 0 }, /`interval`/],
  ['funnel', { ...given, limit: 5 }, /`limit` counts values of `on`/],
  ['funnel', { ...given, on: 'properties["c"]', limit: 10_001 }, /`limit` is 10,000 at most/],
  ['funnel', { ...given, where: '' }, /`where`/],
  ['funnel', { ...given, format: 'csv' }, /there is no parameter `format`; this call answers JSON only/],
  ['funnelsList', { funnel_id: 7509 }, /there is no parameter `funnel_id`/],
])('%s is not sent with %j', async (call, parameters, words) => {
  expect(await whyNot(call, parameters)).toMatch(words)
})

const nameless = { ...stepsOf(1, 1)[0], event: undefined, goal: undefined }
const at = 'at data.2016-09-12'
test.each<[string, unknown, string]>([
  ['no steps', { '2016-09-12': { steps: [] } }, `${at}.steps (Too small`],
  ['no count', { '2016-09-12': { steps: [{ event: 'A' }] } }, `${at}.steps.0.count (`],
  ['a share for a count', { '2016-09-12': { steps: [{ event: 'A', count: 0.5 }] } }, `${at}.steps.0.count (`],
  ['a step without a name', { '2016-09-12': { steps: [nameless] } }, `${at}.steps.0 (a step without a name)`],
  ['no count below a value', { '2016-09-12': { US: { steps: [{ event: 'A' }] } } }, `${at}.US.steps.0.count (`],
  ['no date', { 'Signup funnel': wayOf(1, 1) }, '"Signup funnel" is no date'],
  ['no date below a value', { US: { yesterday: wayOf(1, 1) } }, '"yesterday" is no date'],
  ['a number', { '2016-09-12': 5 }, `${at} (`],
  ['a list', [wayOf(1, 1)], 'at data (expected an object)'],
  [
    'analysis of another shape',
    { '2016-09-12': { ...wayOf(1, 1), analysis: { completion: 'all' } } },
    `${at}.analysis.completion (`,
  ],
])('an answer with %s is damaged data, and says where', async (_, data, where) => {
  const asked = answerTo(data)
  await expect(asked).rejects.toThrow(DataError)
  await expect(asked).rejects.toThrow(where)
})

test('a list of funnels with an id that no number holds exactly is damaged data', async () => {
  const asked = ask(
    'funnelsList',
    {},
    { path: `${path}/list`, query: {} },
    { body: '[{"funnel_id":9007199254740993,"name":"x"}]' },
  )
  await expect(asked).rejects.toThrow(DataError)
})

test('both say that they are in maintenance mode', () => {
  expect(calls.funnel.about).toContain('maintenance mode; saved Insights reports are the newer way')
  expect(calls.funnelsList.about).toContain('maintenance mode')
})
