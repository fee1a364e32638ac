import { describe, expect, test } from 'vitest'
import type { SeriesBody } from '../../../../../lib/result.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import { call, segmentationAsk, segments, withMixpanel } from '../asking.ts'

type When = Parameters<typeof segmentationAsk>[1]

async function asking(question: object, when: When, expected: readonly Expected[]): Promise<SeriesBody> {
  const ask = segmentationAsk({ event: 'Sign Up', ...question }, when)
  const body = await withMixpanel(expected, async ({ answers }) => answers.segmentation?.(ask))
  if (body === undefined) throw new Error('no segmentation')
  return body
}

const week = { from_date: '2026-11-09', to_date: '2026-11-15' }
const two = { from_date: '2026-11-02', to_date: '2026-11-15' }
const yearBefore = { from_date: '2025-11-10', to_date: '2025-11-16' }
const on = { on: 'properties["country"]', limit: '10000' }
/** More values than came. */
const more = 20_000

describe('what a cut answer lacks is unknown, not 0', () => {
  const byCountry = { event: 'Sign Up', type: 'general', unit: 'day', ...on }

  test('a segment that only the year before has is left out: nobody can say that it fell to nothing', async () => {
    const body = await asking({ on: 'country', unit: 'week' }, { compare: ['year'] }, [
      call('segmentation', { ...byCountry, ...week }, segments({ DE: { '2026-11-09': 10 } }, more)),
      call('segmentation', { ...byCountry, ...yearBefore }, segments({ DE: { '2025-11-10': 4 }, ES: { '2025-11-10': 500 } })),
    ])
    expect(body).toMatchObject({ total: null, comparisons: [{ total: 504, totals: { DE: 4 } }] })
    expect(body.series).toEqual([{ name: 'DE', values: [10], total: 10 }])
    expect(body.comparisons[0]?.totals).toEqual({ DE: 4 })
  })

  test('the folded rest has no number of a year before that lacks a part of it', async () => {
    const now = { DE: { '2026-11-09': 10 }, FR: { '2026-11-09': 6 }, IT: { '2026-11-09': 3 } }
    const then = { DE: { '2025-11-10': 4 }, FR: { '2025-11-10': 5 } }
    const ask = (legend?: number) =>
      asking({ on: 'country', unit: 'week', limit: 1 }, { compare: ['year'] }, [
        call('segmentation', { ...byCountry, ...week }, segments(now)),
        call('segmentation', { ...byCountry, ...yearBefore }, segments(then, legend)),
      ])
    expect((await ask(more)).comparisons).toMatchObject([{ total: null, totals: { DE: 4, Other: null } }])
    expect((await ask()).comparisons).toMatchObject([{ total: 9, totals: { DE: 4, Other: 5 } }])
  })

  test('the folded rest is compared with the period before, which the same answer holds', async () => {
    const values = {
      DE: { '2026-11-09': 10 },
      FR: { '2026-11-09': 6, '2026-11-02': 3 },
      IT: { '2026-11-09': 2, '2026-11-02': 1 },
    }
    const when = { trend: 'previous_2_weeks', compare: ['previous'] } as const
    const body = await asking({ on: 'country', unit: 'week', limit: 1 }, when, [
      call('segmentation', { ...byCountry, ...two }, segments(values, more)),
    ])
    expect(body.series).toMatchObject([{ name: 'DE' }, { name: 'Other', total: 8, values: [4, 8] }])
    expect(body.comparisons).toMatchObject([{ totals: { DE: null, Other: 4 } }])
  })

  test('the folded rest of pairs is compared with what the year before has of the same pairs', async () => {
    const multiseg = (dates: Record<string, string>, values: object): Expected => ({
      ...call(
        '',
        { event: 'Sign Up', type: 'general', unit: 'day', outer: on.on, inner: 'properties["plan"]', limit: '255', ...dates },
        { data: { series: [], values } },
      ),
      path: '/api/2.0/segmentation/multiseg',
    })
    const unsplit = (dates: Record<string, string>, total: Record<string, number>) =>
      call('segmentation', { event: 'Sign Up', type: 'general', unit: 'day', ...dates }, segments({ 'Sign Up': total }))
    const most = Array.from({ length: 255 }, (_, at) => [`v${at}`, { Pro: { '2026-11-09': at === 0 ? 11 : 10 } }])
    const pro = (count: number) => ({ Pro: { '2025-11-10': count } })
    const body = await asking({ on: ['country', 'plan'], unit: 'week', limit: 1 }, { compare: ['year'] }, [
      multiseg(week, Object.fromEntries(most)),
      unsplit(week, { '2026-11-09': 9000 }),
      multiseg(yearBefore, { v0: pro(4), v1: pro(6), ES: pro(500) }),
      unsplit(yearBefore, { '2025-11-10': 700 }),
    ])
    expect(body.series).toEqual([
      { name: 'v0 / Pro', path: ['v0', 'Pro'], values: [11], total: 11 },
      { name: 'Other', values: [2540], total: 2540, folded: 254 },
    ])
    expect(body).toMatchObject({ total: 9000, comparisons: [{ total: 700, totals: { 'v0 / Pro': 4, Other: 6 } }] })
  })

  test.each([
    [
      'the days',
      [more, undefined],
      { DE: { '2026-11-09': 2 } },
      { DE: { '2026-11-09': 5 }, FR: { '2026-11-09': 3 } },
      { name: 'FR', values: Array(7).fill(null), total: 3 },
    ],
    [
      'the week',
      [undefined, more],
      { DE: { '2026-11-09': 2 }, FR: { '2026-11-10': 1 } },
      { DE: { '2026-11-09': 5 } },
      { name: 'FR', values: [0, 1, 0, 0, 0, 0, 0], total: null },
    ],
  ] as const)('uniques of a segment that the answer for %s lacks', async (_, legends, days, whole, expected) => {
    const unique = { event: 'Sign Up', type: 'unique', ...week }
    const body = await asking({ on: 'country', type: 'unique' }, {}, [
      call('segmentation', { ...unique, ...on, unit: 'day' }, segments(days, legends[0])),
      call('segmentation', { ...unique, ...on, interval: '7' }, segments(whole, legends[1])),
      call('segmentation', { ...unique, interval: '7' }, segments({ 'Sign Up': { '2026-11-09': 7 } })),
    ])
    expect(body.series).toEqual([{ name: 'DE', values: [2, 0, 0, 0, 0, 0, 0], total: 5 }, expected])
    expect(body.total).toBe(7)
  })
})
