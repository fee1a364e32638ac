import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Source } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { call, plainAsk, withMixpanel } from '../asking.ts'

const own = config.parse({ kind: 'mixpanel', project: 1_234_567, credentials: 'env:ACCOUNT' })

function frequency(question: object, when: When, expected: readonly Expected[]) {
  const ask = plainAsk('frequency', { event: 'any', unit: 'week', of: 'day', ...question }, when)
  return withMixpanel(expected, async (source: Source) => {
    if (source.answers.frequency === undefined) throw new Error('no frequency')
    return await source.answers.frequency(ask)
  })
}

const when = { timeframe: 'previous_2_weeks' }
const sent = { from_date: '2026-11-02', to_date: '2026-11-15', unit: 'week', addiction_unit: 'day' }
const answered = (data: object, query: Record<string, string> = sent) => call('retention/addiction', query, { data })

describe('a frequency', () => {
  test('has who was active in at least so many days of each week; all were in at least one', async () => {
    const body = await frequency({}, when, [
      answered({ '2026-11-09': [495, 204, 117, 77, 53, 36, 26], '2026-11-02': [305, 107, 60, 41, 32, 20, 12] }),
    ])
    expect(body).toEqual({
      measure: 'frequency',
      unit: 'week',
      interval: 'day',
      cohorts: [
        { date: '2026-11-02', size: 305, counts: [305, 107, 60, 41, 32, 20, 12] },
        { date: '2026-11-09', size: 495, counts: [495, 204, 117, 77, 53, 36, 26] },
      ],
      notes: [],
    })
  })

  test('is of an event, of what counts, and of hours', async () => {
    const query = { ...sent, unit: 'day', addiction_unit: 'hour', from_date: '2026-11-15', event: 'Viewed', where: 'not true' }
    const question = { event: 'Viewed', unit: 'day', of: 'hour', where: 'not true' }
    const body = await frequency(question, { timeframe: 'previous_1_day' }, [answered({ '2026-11-15': [5, 2] }, query)])
    expect(body).toMatchObject({ unit: 'day', interval: 'hour', cohorts: [{ date: '2026-11-15', size: 5, counts: [5, 2] }] })
  })

  test('leaves out the running unit, and what Mixpanel says nothing of', async () => {
    const query = { ...sent, to_date: '2026-11-16' }
    const body = await frequency({}, { timeframe: 'this_3_weeks' }, [
      answered({ '2026-11-02': [], '2026-11-09': [3, 1], '2026-11-16': [2] }, query),
    ])
    expect(body.cohorts).toEqual([{ date: '2026-11-09', size: 3, counts: [3, 1] }])
    expect(body.notes).toEqual([
      { kind: 'partial', text: 'the running week is not in it' },
      { kind: 'source', text: 'Mixpanel gives no numbers for 2026-11-02' },
    ])
  })

  test('that begins on other dates than were asked for is refused, and one that grows is damaged', async () => {
    await expect(frequency({}, when, [answered({ '2026-11-01': [3, 1] })])).rejects.toThrow(RefusedError)
    await expect(frequency({}, when, [answered({ '2026-11-02': [3, 4] })])).rejects.toThrow(DataError)
  })

  test('keeps to the plan’s history once', async () => {
    const gone = { status: 403, body: { error: 'Date range exceeds 10 days into the past' } }
    const body = await frequency({}, when, [
      call('retention/addiction', sent, gone),
      answered({ '2026-11-09': [3, 1] }, { ...sent, from_date: '2026-11-09' }),
    ])
    expect(body.cohorts).toHaveLength(1)
    expect(body.notes).toMatchObject([{ kind: 'truncated' }])
  })
})

test.each([
  [{ on: 'country' }, 'leave out `on`'],
  [{ unit: 'day' }, 'write `of: hour`'],
])('what cannot be asked is said when the project is loaded: %j', async (change, words) => {
  const ask = plainAsk('frequency', { event: 'any', unit: 'week', of: 'day', ...change }, when)
  expect(mixpanel.refuse(own, ask.question, { name: 'product', timezone: 'UTC' })).toContain(words)
  await expect(frequency(change, when, [])).rejects.toThrow(RefusedError)
})

test('a frequency is one query, of whole units', () => {
  const context = { name: 'product', timezone: 'Europe/Berlin' }
  const ask = (frame: When) => plainAsk('frequency', { event: 'any', unit: 'week', of: 'day' }, frame)
  expect(mixpanel.cost(own, ask(when), context)).toBe(1)
  expect(() => mixpanel.cost(own, ask({ timeframe: 'previous_10_days' }), context)).toThrow(RefusedError)
})
