import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import type { FunnelBody } from '../../../../../lib/result.ts'
import { funnelResult } from '../../../../../lib/result.ts'
import type { When } from '../../mixpanel/asking.ts'
import { funnelAsk } from '../../mixpanel/asking.ts'
import type { TableSent } from '../asking.ts'
import { analysis, answering, scheduled, withExponea } from '../asking.ts'

const two = { steps: ['first_session', 'session_start'], within: '7 days', saved: { crm: '60645' } }
const header = [
  'serie',
  'step 1 first_session count',
  'step 2 session_start count',
  'step 2 session_start duration from previous',
]

function funnel(table: TableSent, question: object = {}, when: When = {}): Promise<FunnelBody> {
  const ask = funnelAsk({ ...two, ...question }, when)
  const execution_time = ask.scheduledAt.epochMilliseconds / 1000
  const sent = analysis('funnel', { execution_time, timezone: when.timezone ?? scheduled.timezone }, table)
  return withExponea([sent], (source) => answering(source, 'funnel')(ask))
}

function rows(...lines: readonly (readonly unknown[])[]): TableSent {
  return { header, rows: lines }
}

const textsOf = ({ notes }: Pick<FunnelBody, 'notes'>) => notes.map(({ kind, text }) => `${kind}: ${text}`)

describe('a saved funnel', () => {
  test('is asked as of the schedule in the report’s zone, and is its steps with its drill-down as segments', async () => {
    const body = await funnel(rows(['Total', 4, 1, 435_764.1615576744], ['Foo', 1, 1, 435_764.1615576744], ['Bar', 3, 0, -1]))
    expect(body).toEqual({
      steps: [
        { name: 'first_session', count: 4, stepConversion: 1, overallConversion: 1, medianSeconds: null },
        { name: 'session_start', count: 1, stepConversion: 0.25, overallConversion: 0.25, medianSeconds: null },
      ],
      segments: [
        {
          name: 'Bar',
          steps: [
            { name: 'first_session', count: 3, stepConversion: 1, overallConversion: 1, medianSeconds: null },
            { name: 'session_start', count: 0, stepConversion: 0, overallConversion: 0, medianSeconds: null },
          ],
        },
        {
          name: 'Foo',
          steps: [
            { name: 'first_session', count: 1, stepConversion: 1, overallConversion: 1, medianSeconds: null },
            { name: 'session_start', count: 1, stepConversion: 1, overallConversion: 1, medianSeconds: null },
          ],
        },
      ],
      comparisons: [],
      notes: expect.anything(),
    })
    const head = { version: 1, shape: 'funnel', report: 'r', query: 'q', source: 'crm', definition: '0'.repeat(64) }
    const timeframe = { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' }
    expect(funnelResult.safeParse({ ...head, timezone: 'Europe/Berlin', timeframe, ...body }).success).toBe(true)
  })

  test('says whose dates it has, how old it may be, and what nobody can say', async () => {
    const body = await funnel(rows(['Total', 2, 1, 1435.5], ['Foo', 2, 1, 20]), {}, { compare: ['previous'] })
    expect(textsOf(body)).toEqual([
      'undated: "Weekly" has the dates and the filters that it is saved with at Exponea, seen from 2026-11-16T08:00:00+01:00; they are not in its answer, so it is compared with nothing',
      'source: Exponea keeps an answer for up to 10 minutes, so it may be as old as that',
      'source: `within: 7 days`: whether the saved funnel has the same is not in its answer',
      "source: Exponea's times from the step before: 1,435.5 s to session_start; it does not say whether these are medians",
      'source: the segments are the drill-down that is saved with the funnel',
      'immature: until when people entered, and how long they have, is not in the answer: the last may still be on their way',
    ])
  })

  test('of a run that is over is asked as of then', async () => {
    const body = await funnel(rows(['Total', 2, 1, -1]), {}, { at: '2025-03-03T03:00:00.500Z', timezone: 'UTC' })
    expect(textsOf(body)[0]).toContain('seen from 2025-03-03T03:00:00+00:00')
    expect(body).not.toHaveProperty('segments')
    expect(textsOf(body).join()).not.toMatch(/times from|compared|drill-down/)
  })

  test('says that a condition of a step cannot be seen', async () => {
    const steps = ['first_session', { event: 'session_start', where: 'properties["os"] == "iOS"' }]
    expect(textsOf(await funnel(rows(['Total', 2, 1, 3]), { steps }))).toContain(
      'source: `within: 7 days` and the condition of session_start: whether the saved funnel has the same is not in its answer',
    )
  })

  test('may have an event again, and names with any words in them', async () => {
    const events = ['buy', 'buy', 'step 2 x count', 'a  count\nof duration from previous ']
    const table = {
      header: [
        'step 1 buy count',
        'serie',
        ...events
          .slice(1)
          .flatMap((event, at) => [`step ${at + 2} ${event} count`, `step ${at + 2} ${event} duration from previous`]),
      ],
      rows: [[9, 'Total', 8, 1.5, 7, 2, 0, -1]],
    }
    const body = await funnel(table, { steps: events })
    expect(body.steps.map(({ name, count }) => [name, count])).toEqual([
      ['buy', 9],
      ['buy', 8],
      ['step 2 x count', 7],
      ['a  count\nof duration from previous ', 0],
    ])
    expect(textsOf(body).join('\n')).toContain('times from the step before: 1.5 s to buy, 2 s to step 2 x count; it')
  })

  test('has its rest last, whatever segments are called, and no more segments than the limit', async () => {
    const table = rows(
      ['Total', 20, 0, -1],
      ['(other)', 9, 0, -1],
      ['__proto__', 1, 0, -1],
      ['Total', 3, 0, -1],
      [null, 3, 0, -1],
      [7, 2, 0, -1],
      [true, 1, 0, -1],
    )
    const body = await funnel(table)
    expect(body.segments?.map(({ name }) => name)).toEqual(['', 'Total', '7', '__proto__', 'true', '(other)'])
    expect(body.steps[0]?.count).toBe(20)
    expect(textsOf(body)).toContain('other: (other) is what Exponea counts together of the values that it does not list')
    const cut = await funnel(table, { limit: 2 })
    expect(cut.segments?.map(({ name }) => name)).toEqual(['', 'Total'])
    expect(textsOf(cut)).toContain('other: 4 more segments are not shown: the limit is 2')
  })

  test('tells what columns it has besides', async () => {
    const body = await funnel({ header: [...header, 'step 2 sum(price)'], rows: [['Total', 2, 1, 3, 88]] })
    expect(textsOf(body)).toContain('source: the funnel also has step 2 sum(price), for which results have no place')
  })

  test.each([
    ['another step', ['first_session', 'pay']],
    ['a step more', ['first_session', 'session_start', 'pay']],
    ['another order', ['session_start', 'first_session']],
  ])('with other steps than named is refused: %s', async (_, steps) => {
    const error = await funnel(rows(['Total', 2, 1, 3]), { steps }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RefusedError)
    expect(String(error)).toContain(
      `funnel 60645, "Weekly", has the steps first_session → session_start; the question names ${steps.join(' → ')}`,
    )
  })

  test('without a row for all people is refused', async () => {
    await expect(funnel(rows(['Foo', 2, 1, 3]))).rejects.toThrow(RefusedError)
    await expect(funnel(rows())).rejects.toThrow(/no row "Total"/)
  })

  test.each<[string, TableSent, RegExp]>([
    [
      'a count that is none',
      rows(['Total', 2, 1.5, 3]),
      /"Weekly", Total, step 2 session_start count: 1.5 is no number of people/,
    ],
    ['no count', rows(['Total', null, 1, 3]), /step 1 first_session count: null/],
    ['a text', rows(['Total', '2', 1, 3]), /"2" is no number/],
    ['fewer than nobody', rows(['Total', 2, -1, 3]), /-1 is no number/],
    ['a time before', rows(['Total', 2, 1, -2]), /-2 is no time/],
    ['a bad segment', rows(['Total', 2, 1, 3], ['Foo', 2, 0.5, 3]), /"Weekly", Foo/],
    ['no step', { header: ['serie', 'count'], rows: [['Total', 1]] }, /no count for each of its steps/],
    ['a step missing', { header: ['serie', 'step 1 a count', 'step 3 b count'], rows: [['Total', 1, 1]] }, /no count for each/],
    ['a step twice', { header: ['serie', 'step 1 a count', 'step 1 a count'], rows: [['Total', 1, 1]] }, /step 1 twice/],
    ['a step of two events', { header: ['serie', 'step 1 a count', 'step 1 b count'], rows: [['Total', 1, 1]] }, /step 1 twice/],
    [
      'a time without a count',
      { header: ['serie', 'step 1 a count', 'step 2 b duration from previous'], rows: [['Total', 1, 1]] },
      /no count for each/,
    ],
    ['no serie', { header: ['step 1 a count'], rows: [[1]] }, /no column "serie"/],
  ])('with %s is damaged', async (_, table, words) => {
    const error = await funnel(table).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DataError)
    expect(String(error)).toMatch(words)
  })
})
