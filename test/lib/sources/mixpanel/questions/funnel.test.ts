import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { funnelResult } from '../../../../../lib/result.ts'
import type { Ask, Source } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { call, funnelAsk, withMixpanel } from '../asking.ts'

const answerTo = (ask: Ask<'funnel'>) => (source: Source) => {
  if (source.answers.funnel === undefined) throw new Error('no funnel')
  return source.answers.funnel(ask)
}
const asking = (question: object, when: Parameters<typeof funnelAsk>[1], expected: readonly Expected[]) =>
  withMixpanel(expected, answerTo(funnelAsk({ within: '1 day', saved: { product: '7509' }, ...question }, when)))

/** As the vendor documents it; the second step is a custom event. */
const bucket = (entered: number, played: number) => ({
  steps: [
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
      avg_time_from_start: 133,
      step_conv_ratio: 0.627_875_673_029_858,
      goal: '$custom_event:12345',
      step_label: 'Game Played',
      custom_event: true,
      custom_event_id: 12_345,
      overall_conv_ratio: 0.627_875_673_029_858,
      event: '$custom_event:12345',
    },
  ],
  analysis: { completion: played, starting_amount: entered, steps: 2, worst: 1 },
})
const answer = (buckets: Record<string, object>) => ({ meta: { dates: Object.keys(buckets) }, data: buckets })
const days = { from_date: '2026-11-08', to_date: '2026-11-14', interval: '7' }
const sent = { funnel_id: '7509', length: '1', length_unit: 'day' }
const steps = ['App Open', 'Game Played']
/** The last whole days whose entrants' day is over. */
const when = { timeframe: 'previous_7_days' }

describe('a saved funnel', () => {
  test('is asked for as one bucket over the timeframe, and so is each comparison', async () => {
    const body = await asking({ steps, where: 'properties["plan"]=="Pro"' }, { ...when, compare: ['previous'] }, [
      call(
        'funnels',
        { ...sent, ...days, where: 'properties["plan"] == "Pro"' },
        answer({ '2026-11-08': bucket(32_688, 20_524) }),
      ),
      call(
        'funnels',
        { ...sent, interval: '7', from_date: '2026-11-01', to_date: '2026-11-07', where: 'properties["plan"] == "Pro"' },
        answer({ '2026-11-01': bucket(0, 0) }),
      ),
    ])
    expect(body).toEqual({
      steps: [
        { name: 'App Open', count: 32_688, stepConversion: 1, overallConversion: 1, medianSeconds: null },
        {
          name: 'Game Played',
          count: 20_524,
          stepConversion: 20_524 / 32_688,
          overallConversion: 20_524 / 32_688,
          medianSeconds: null,
        },
      ],
      comparisons: [
        {
          to: 'previous',
          timeframe: { start: '2026-11-01T00:00:00+01:00', end: '2026-11-08T00:00:00+01:00' },
          steps: [
            { name: 'App Open', count: 0, stepConversion: null, overallConversion: null, medianSeconds: null },
            { name: 'Game Played', count: 0, stepConversion: null, overallConversion: null, medianSeconds: null },
          ],
        },
      ],
      notes: [{ kind: 'source', text: expect.stringContaining('no medians') }],
    })
    const head = { version: 1, report: 'r', query: 'q', source: 'product', definition: '0'.repeat(64), timezone: 'Europe/Berlin' }
    const timeframe = { start: '2026-11-08T00:00:00+01:00', end: '2026-11-15T00:00:00+01:00' }
    expect(() => funnelResult.parse({ ...head, timeframe, shape: 'funnel', ...body })).not.toThrow()
  })

  test('has the steps that the question names, a custom event by label or id', async () => {
    const expected = [call('funnels', { ...sent, ...days }, answer({ '2026-11-08': bucket(2, 1) }))]
    const named = await asking({ steps: ['App Open', '$custom_event:12345'] }, when, expected)
    expect(named.steps.map(({ name }) => name)).toEqual(steps)
    for (const other of [
      ['App Open', 'Game Won'],
      ['Game Played', 'App Open'],
      [...steps, 'Share'],
    ]) {
      const asked = asking({ steps: other }, when, expected)
      await expect(asked).rejects.toThrow(RefusedError)
      await expect(asked).rejects.toThrow(
        `funnel 7509 has the steps App Open → Game Played; the question names ${other.join(' → ')}`,
      )
    }
  })

  test('that answers in several buckets is refused, for people in two of them would count twice', async () => {
    const several = answer({ '2026-11-08': bucket(2, 1), '2026-11-11': bucket(2, 1) })
    await expect(asking({ steps }, when, [call('funnels', { ...sent, ...days }, several)])).rejects.toThrow(
      /one bucket and answers in 2: 2026-11-08, 2026-11-11/,
    )
  })

  const beyond = { status: 403, body: { error: 'Date range exceeds 10 days into the past' } }

  test('is not compared with a period that the plan’s history does not hold, which a note says', async () => {
    const body = await asking({ steps }, { ...when, compare: ['previous', 'year'] }, [
      call('funnels', { ...sent, ...days }, answer({ '2026-11-08': bucket(4, 2) })),
      call('funnels', { ...sent, interval: '7', from_date: '2026-11-01', to_date: '2026-11-07' }, beyond),
      call(
        'funnels',
        { ...sent, interval: '7', from_date: '2025-11-09', to_date: '2025-11-15' },
        answer({ '2025-11-09': bucket(8, 2) }),
      ),
    ])
    expect(body.comparisons).toMatchObject([{ to: 'year', steps: [{ count: 8 }, { count: 2 }] }])
    expect(body.notes).toContainEqual({ kind: 'truncated', text: expect.stringMatching(/goes back 10 days.* before 2026-11-06/) })
  })

  test('whose timeframe the plan’s history does not hold is refused: a part of it would be another figure', async () => {
    await expect(asking({ steps }, when, [call('funnels', { ...sent, ...days }, beyond)])).rejects.toMatchObject({
      message: expect.stringContaining('Date range exceeds 10 days'),
      remedy: expect.stringContaining('goes back 10 days'),
    })
  })

  test('is refused where anything else is wrong with a compared period', async () => {
    const expected = [
      call('funnels', { ...sent, ...days }, answer({ '2026-11-08': bucket(4, 2) })),
      call(
        'funnels',
        { ...sent, interval: '7', from_date: '2026-11-01', to_date: '2026-11-07' },
        { status: 404, body: { error: 'gone' } },
      ),
    ]
    await expect(asking({ steps }, { ...when, compare: ['previous'] }, expected)).rejects.toThrow(/404: gone/)
  })

  test('saved with a breakdown has the steps of all people, or is refused where they are not there', async () => {
    const split = (own: object) => [call('funnels', { ...sent, ...days }, answer({ '2026-11-08': own }))]
    const body = await asking({ steps }, when, split({ US: bucket(1, 1), $overall: bucket(4, 2) }))
    expect(body.steps.map(({ count }) => count)).toEqual([4, 2])
    await expect(asking({ steps }, when, split({ US: bucket(1, 1) }))).rejects.toThrow(
      /split by a property, and has no row for all/,
    )
  })

  test('that answers for other dates only has no answer', async () => {
    const other = answer({ '2026-11-15': bucket(2, 1) })
    await expect(asking({ steps }, when, [call('funnels', { ...sent, ...days }, other)])).rejects.toThrow(DataError)
  })

  test('says that its own conditions cannot be seen, and that later entrants have time', async () => {
    const expected = [
      call(
        'funnels',
        { ...sent, ...days, from_date: '2026-11-09', to_date: '2026-11-15' },
        answer({ '2026-11-09': bucket(2, 1) }),
      ),
    ]
    const body = await asking(
      { steps: ['App Open', { event: 'Game Played', where: 'properties["n"] > 0' }], immature: true },
      when,
      expected,
    )
    expect(body.notes.map(({ kind }) => kind)).toEqual(['source', 'source', 'immature'])
    expect(body.notes[1]?.text).toContain('Game Played')
  })

  test.each([
    ['90 minutes', '90', 'minute'],
    ['2 weeks', '14', 'day'],
    ['36 hours', '36', 'hour'],
    ['45 seconds', '45', 'second'],
  ])('takes a length of %s in the largest unit that fits', async (within, length, length_unit) => {
    const ask = funnelAsk({ steps, within, saved: { product: '7509' } }, when)
    const [line] = await withMixpanel([], async (source) => source.explain(ask))
    expect(line).toContain(`"length":${length},"length_unit":"${length_unit}"`)
  })
})
