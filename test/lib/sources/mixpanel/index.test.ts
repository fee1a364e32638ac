import { describe, expect, test } from 'vitest'
import { RefusedError, UsageError } from '../../../../lib/errors.ts'
import { mixpanel } from '../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../lib/sources/mixpanel/schema.ts'
import { funnelAsk, segmentationAsk, withMixpanel } from './asking.ts'

const least = { kind: 'mixpanel', project: '1234567', credentials: 'ssm:/broadsheet/product' }

describe('a Mixpanel source in the project file', () => {
  test('keeps ids as text, reads a budget, and lives in the US unless said', () => {
    expect(
      config.parse({ ...least, project: 1_234_567, workspace: 99, timezone: 'Europe/Berlin', budget: '30 per hour' }),
    ).toEqual({
      ...least,
      region: 'us',
      workspace: '99',
      timezone: 'Europe/Berlin',
      budget: { perHour: 30 },
    })
    expect(config.parse({ ...least, project: '0012' }).project).toBe('0012')
  })

  test.each([
    ['a literal secret', { credentials: 'reports:Zk3vQ9pLr7TnX2mB' }, 'reference'],
    ['no secret', { credentials: undefined }, 'expected string'],
    ['a wrong region', { region: 'de' }, '"us"|"eu"|"in"'],
    ['a project name', { project: 'shop' }, 'digits'],
    ['a wrong zone', { timezone: 'Europe/Belrin' }, 'Europe/Berlin'],
    ['plain http', { url: 'http://proxy.example.com' }, 'https'],
    ['a budget of no time', { budget: '30' }, '30 per hour'],
    ['an unknown word', { secret: 'x' }, 'secret'],
  ])('is refused with %s', (_, change, words) => {
    expect(
      config
        .safeParse({ ...least, ...change })
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toContain(words)
  })
})

describe('what Mixpanel cannot answer', () => {
  test.each([
    [{ event: 'any' }, 'name the events'],
    [{ event: 'A', on: ['plan', 'country'], type: 'unique' }, 'two properties only'],
    [{ event: ['A', 'B'], on: 'plan' }, 'one event'],
    [{ event: 'A', buckets: 10 }, 'name it with `on`'],
    [{ event: 'A', on: 'age', buckets: 10, type: 'unique' }, 'do not add up'],
    [{ event: 'A', type: 'sum' }, '`of`'],
    [{ event: 'A', type: 'sum', of: 'amount', on: 'plan' }, 'saved: { insights: <bookmark id> }'],
    [{ event: 'A', type: 'sum', of: 'amount', unit: 'minute' }, 'hour'],
    [{ event: 'A', type: 'median', of: 'amount' }, 'not median'],
    [{ event: 'A', type: 'average', of: 'amount', unit: 'week' }, 'by hour or day'],
    [{ event: 'A', type: 'average', of: 'amount', on: 'plan' }, 'saved: { insights: <bookmark id> }'],
    [{ event: 'A', type: 'unique', unit: 'hour' }, 'no unique by hour'],
  ])('is refused when the project is loaded, and when it is asked all the same: %j', async (question, words) => {
    const ask = segmentationAsk(question)
    expect(mixpanel.refuse(config.parse(least), ask.question, { name: 'product', timezone: 'UTC' })).toContain(words)
    await withMixpanel([], async (source) => {
      await expect(source.answers.segmentation?.(ask)).rejects.toThrow(RefusedError)
      expect(() => source.explain(ask)).toThrow(RefusedError)
    })
  })

  test.each([
    [{ saved: { other: '7509' } }, 'add `saved: { product: <id> }`'],
    [{ on: 'country' }, 'leave out `on`'],
    [{ unordered: true }, 'unordered'],
    [{ within: '13 weeks' }, 'at most 90 days'],
  ])('is refused of funnels, too: %j', async (change, words) => {
    const ask = funnelAsk({ steps: ['A', 'B'], within: '7 days', saved: { product: '7509' }, ...change })
    expect(mixpanel.refuse(config.parse(least), ask.question, { name: 'product', timezone: 'UTC' })).toContain(words)
    await withMixpanel([], async (source) => {
      await expect(source.answers.funnel?.(ask)).rejects.toThrow(RefusedError)
    })
  })

  test('is not what it can', () => {
    for (const question of [
      { event: 'A' },
      { event: ['A', 'B'], type: 'unique', unit: 'week' },
      { event: 'A', type: 'sum', of: 'amount' },
      { event: 'A', type: 'average', on: 'plan', unit: 'month' },
      { event: 'A', type: 'average', of: 'amount' },
      { event: 'A', on: ['plan', 'country'] },
      { event: 'A', on: 'age', buckets: 10, unit: 'hour' },
    ]) {
      expect(
        mixpanel.refuse(config.parse(least), segmentationAsk(question).question, { name: 'product', timezone: 'UTC' }),
      ).toBeUndefined()
    }
  })
})

test('a source says what it is and how much it takes at a time', async () => {
  await withMixpanel([], async (source) => {
    expect(source.label).toBe('Mixpanel (project 1234567, EU)')
    expect(source.concurrency).toBe(5)
    expect(Object.keys(source.answers).sort()).toEqual([...mixpanel.kinds].sort())
  })
})

describe('calls by their name', () => {
  const profiles = (page: number, results: readonly object[], more: object = {}) => ({
    method: 'POST',
    path: '/api/query/engage',
    query: { project_id: '1234567' },
    form: page === 0 ? { page_size: '1' } : { page_size: '1', session_id: 's', page: String(page) },
    answer: { body: { page, session_id: 's', status: 'ok', results, ...more } },
  })

  test('give all profiles one by one', async () => {
    const sent = [
      profiles(0, [{ $distinct_id: 'a', $properties: {} }], { page_size: 1, total: 2 }),
      profiles(1, [{ $distinct_id: 'ü', $properties: { plan: 'Pro' } }]),
    ]
    await withMixpanel(sent, async (source) => {
      const called = await source.call?.('engageAll', { page_size: 1 })
      const given: unknown[] = []
      for await (const profile of called !== undefined && 'each' in called ? called.each : []) given.push(profile)
      expect(given).toEqual([
        { distinctId: 'a', properties: {} },
        { distinctId: 'ü', properties: { plan: 'Pro' } },
      ])
    })
  })

  test('move an annotation', async () => {
    const path = '/api/app/projects/1234567/annotations'
    const old = { id: 17, date: '2026-11-02T08:00:00+01:00', description: 'Launch' }
    const date = '2026-11-09 08:00:00'
    const sent = [
      { path: `${path}/17`, answer: { body: { status: 'ok', results: old } } },
      {
        method: 'POST',
        path,
        json: { date, description: 'Launch', tags: [] },
        answer: { status: 201, body: { status: 'ok', results: { ...old, id: 18, date } } },
      },
      { method: 'DELETE', path: `${path}/17`, answer: { body: { status: 'ok', results: { id: 17 } } } },
    ]
    await withMixpanel(sent, async (source) => {
      expect(await source.call?.('annotationsMove', { id: '17', date })).toEqual({
        json: {
          id: '18',
          replaced: '17',
          annotation: { id: '18', date, description: 'Launch', user: undefined, tags: [] },
        },
      })
    })
  })

  test.each([
    ['annotationsMove', null, 'a JSON object'],
    ['annotationsMove', 'all', 'a JSON object'],
    ['annotationsMove', { id: '17' }, '`date` is needed'],
    ['engage', { page: 1 }, 'session_id'],
    ['toString', {}, 'no call "toString"'],
  ])('send nothing for %s with %j', async (name, parameters, words) => {
    await withMixpanel([], async (source) => {
      const error = await source.call?.(name, parameters).catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(UsageError)
      expect(error).toHaveProperty('message', expect.stringContaining(words))
    })
  })

  test('are told with what they take', () => {
    const { calls } = mixpanel
    expect(Object.keys(calls)).toEqual(expect.arrayContaining(['engage', 'engageAll', 'annotationsMove', 'export']))
    expect(calls['annotationsMove']?.parameters.safeParse({ id: 17, date: '2026-11-09 08:00:00' }).success).toBe(true)
    expect(calls['engageAll']?.parameters.safeParse({ session_id: 's' }).success).toBe(false)
  })
})
