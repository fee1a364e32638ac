import { describe, expect, test } from 'vitest'
import { RefusedError } from '../../../../lib/errors.ts'
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
    [{ event: 'A', type: 'sum', of: 'amount', on: 'plan' }, 'takes no `on`'],
    [{ event: 'A', type: 'sum', of: 'amount', unit: 'minute' }, 'hour'],
    [{ event: 'A', type: 'median', of: 'amount' }, 'not median'],
    [{ event: 'A', type: 'average', of: 'amount', unit: 'week' }, 'by hour or day'],
    [{ event: 'A', type: 'average', of: 'amount', on: 'plan' }, 'takes no `on`'],
    [{ event: 'A', type: 'unique', unit: 'hour' }, 'no unique by hour'],
  ])('is refused when the project is loaded, and when it is asked all the same: %j', async (question, words) => {
    const ask = segmentationAsk(question)
    expect(mixpanel.refuse(config.parse(least), ask.question, 'product')).toContain(words)
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
    expect(mixpanel.refuse(config.parse(least), ask.question, 'product')).toContain(words)
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
      expect(mixpanel.refuse(config.parse(least), segmentationAsk(question).question, 'product')).toBeUndefined()
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
