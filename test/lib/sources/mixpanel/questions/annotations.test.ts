import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { SeriesBody } from '../../../../../lib/result.ts'
import { signatureOf } from '../../../../../lib/sources/mixpanel/access.ts'
import type { Source } from '../../../../../lib/sources/source.ts'
import type { Expected, Payload } from '../../../../servers/vendor.ts'
import { call, segmentationAsk, segments, withMixpanel } from '../asking.ts'

type When = NonNullable<Parameters<typeof segmentationAsk>[1]>

const path = '/api/app/projects/1234567/annotations'
const listed = (...all: readonly (readonly [string, string])[]): Payload => ({
  body: {
    status: 'ok',
    results: all.map(([date, description], id) => ({
      id,
      date,
      description,
      user: { id: 7, first_name: 'Ada', last_name: '' },
      tags: [],
    })),
  },
})
const reading = (fromDate: string, toDate: string, answer: Payload): Expected => ({
  path,
  query: { fromDate, toDate },
  headers: { authorization: `Basic ${Buffer.from('reports:Zk3vQ9pLr7TnX2mB').toString('base64')}` },
  answer,
})

async function ask(source: Source, question: object, when: When = {}): Promise<SeriesBody> {
  const body = await source.answers.segmentation?.(segmentationAsk({ event: 'A', ...question }, when))
  if (body === undefined) throw new Error('no segmentation')
  return body
}
/** Nothing stands by: whatever is read has to be expected. */
const asking = (question: object, when: When, expected: readonly Expected[], credential?: string) =>
  withMixpanel(expected, (source) => ask(source, question, when), {}, undefined, {
    standing: {},
    ...(credential === undefined ? {} : { credential }),
  })

const week = { from_date: '2026-11-09', to_date: '2026-11-15' }
const figures = (unit: string, dates: Record<string, string> = week) =>
  call('segmentation', { event: 'A', type: 'general', unit, ...dates }, segments({ A: { '2026-11-10': 3 } }))

describe('what people wrote beside the chart', () => {
  test('stands at its day in the project’s zone, in order; what lies outside the window is left out', async () => {
    const body = await asking({}, {}, [
      figures('day'),
      reading(
        '2026-11-09',
        '2026-11-15',
        listed(
          ['2026-11-15T22:59:59Z', 'the last second'],
          ['2026-11-15T23:00:00Z', 'the next week'],
          ['2026-11-11T23:30:00+00:00', 'the 12th in Berlin'],
          ['2026-11-10T23:30:00+00', 'the 11th in Berlin'],
          ['2026-11-11T03:30:00.250+0530', 'still the 10th in Berlin'],
          ['2026-11-10 12:00:00', 'noon <b>&amp;</b> "quotes"\nand a line'],
          ['2026-11-10', 'a day alone'],
          ['2026-11-08T23:00:00Z', 'the first second'],
          ['2026-11-08T22:59:59Z', 'the week before'],
        ),
      ),
    ])
    expect(body.annotations).toEqual([
      { date: '2026-11-09', text: 'the first second' },
      { date: '2026-11-10', text: 'a day alone' },
      { date: '2026-11-10', text: 'noon <b>&amp;</b> "quotes"\nand a line' },
      { date: '2026-11-10', text: 'still the 10th in Berlin' },
      { date: '2026-11-11', text: 'the 11th in Berlin' },
      { date: '2026-11-12', text: 'the 12th in Berlin' },
      { date: '2026-11-15', text: 'the last second' },
    ])
    expect(body).toMatchObject({ total: 3, notes: [] })
  })

  test('within a week keeps its own day; it is asked for the trend', async () => {
    const body = await asking({ unit: 'week' }, { trend: 'previous_4_weeks', compare: ['year'] }, [
      figures('day', { from_date: '2026-10-19', to_date: '2026-11-15' }),
      figures('day', { from_date: '2025-11-10', to_date: '2025-11-16' }),
      reading('2026-10-19', '2026-11-15', listed(['2026-10-22 08:00:00', 'a Thursday'], ['2025-11-11 08:00:00', 'last year'])),
    ])
    expect(body.annotations).toEqual([{ date: '2026-10-22', text: 'a Thursday' }])
  })

  test.each([
    [
      'an hour that comes twice',
      '2026-10-25',
      [
        ['2026-10-25T01:30:00Z', '2026-10-25T02:30:00+01:00'],
        ['2026-10-25 02:30:00', '2026-10-25T02:30:00+02:00'],
        ['2026-10-25T23:30:00+01:00', '2026-10-25T23:30:00+01:00'],
        // The window has 25 hours.
        ['2026-10-24T22:00:00Z', '2026-10-25T00:00:00+02:00'],
        ['2026-10-25T23:00:00Z', undefined],
      ],
    ],
    [
      'an hour that never comes',
      '2026-03-29',
      [
        ['2026-03-29 02:30:00', '2026-03-29T03:30:00+02:00'],
        ['2026-03-28T23:00:00Z', '2026-03-29T00:00:00+01:00'],
        ['2026-03-29T22:00:00Z', undefined],
      ],
    ],
  ] as const)('by hour stands at its time with an offset: %s', async (_, day, dates) => {
    const end = Temporal.PlainDate.from(day).add({ days: 1 }).toString()
    const body = await asking({ unit: 'hour' }, { timeframe: { start: day, end } }, [
      figures('hour', { from_date: day, to_date: day }),
      reading(day, day, listed(...dates.map(([given]) => [given, given] as const))),
    ])
    const shown = dates.flatMap(([given, date]) => (date === undefined ? [] : [{ date, text: given }]))
    const instant = ({ date }: { date: string }) => Temporal.Instant.from(date).epochMilliseconds
    expect(body.annotations).toEqual(shown.toSorted((a, b) => instant(a) - instant(b)))
  })

  test('is asked for up to today where the week still runs', async () => {
    const body = await asking({}, { timeframe: 'this_1_week', at: '2026-11-18T10:30:00Z' }, [
      figures('day', { from_date: '2026-11-16', to_date: '2026-11-18' }),
      reading('2026-11-16', '2026-11-18', listed(['2026-11-18 11:29:59', 'before'], ['2026-11-18 11:30:00', 'not yet'])),
    ])
    expect(body.annotations).toEqual([{ date: '2026-11-18', text: 'before' }])
  })

  test('is nothing where nobody wrote anything', async () => {
    const body = await asking({}, {}, [figures('day'), reading('2026-11-09', '2026-11-15', listed())])
    expect(body).not.toHaveProperty('annotations')
    expect(body.notes).toEqual([])
  })

  test('is not asked for one number, which is no chart', async () => {
    const body = await asking({ unit: 'week' }, {}, [figures('day')])
    expect(body).toMatchObject({ total: 3, notes: [] })
    expect(body).not.toHaveProperty('annotations')
  })
})

describe('annotations are read', () => {
  const one = listed(['2026-11-10 12:00:00', 'noon'])

  test('once for the questions of a run, and again for other days and for another run', async () => {
    const longer = { trend: 'previous_2_weeks' }
    const expected = [
      ...Array.from({ length: 3 }, () => figures('day')),
      figures('day', { from_date: '2026-11-02', to_date: '2026-11-15' }),
      reading('2026-11-09', '2026-11-15', one),
      reading('2026-11-02', '2026-11-15', one),
      reading('2026-11-09', '2026-11-15', listed(['2026-11-10 12:00:00', 'changed since'])),
    ]
    const bodies = await withMixpanel(
      expected,
      async (source) => [
        ...(await Promise.all([ask(source, {}), ask(source, {}), ask(source, {}, longer)])),
        await ask(source, {}, { at: '2026-11-16T08:00:00Z' }),
      ],
      {},
      undefined,
      { standing: {} },
    )
    const noon = { date: '2026-11-10', text: 'noon' }
    expect(bodies.map(({ annotations }) => annotations)).toEqual([
      [noon],
      [noon],
      [noon],
      [{ date: '2026-11-10', text: 'changed since' }],
    ])
  })

  test('again where that failed', async () => {
    const expected = [
      figures('day'),
      figures('day'),
      reading('2026-11-09', '2026-11-15', { status: 400, body: { error: 'no', status: 'error' } }),
      reading('2026-11-09', '2026-11-15', one),
    ]
    const use = async (source: Source) => [await ask(source, {}), await ask(source, {})]
    const [failed, well] = await withMixpanel(expected, use, {}, undefined, { standing: {} })
    expect(failed?.notes).toHaveLength(1)
    expect(well).toMatchObject({ annotations: [{ text: 'noon' }], notes: [] })
  })

  test.each<[string, Payload, RegExp]>([
    ['a refusal', { status: 400, body: { error: 'bad dates', status: 'error' } }, /bad dates/],
    ['a role that may not', { status: 403, body: { error: 'permission denied', status: 'error' } }, /permission denied/],
    ['a wait', { status: 429, headers: { 'retry-after': '3600' }, body: { error: 'slow down' } }, /slow down/],
    ['an answer in no shape', { body: { status: 'ok', results: [{ id: 1 }] } }, /results/],
    ['a date that is none', listed(['2026-11-31 12:00:00', 'never']), /2026-11-31/],
  ])('beside the figures, which stand: %s becomes a note', async (_, answer, words) => {
    const body = await asking({}, {}, [figures('day'), reading('2026-11-09', '2026-11-15', answer)])
    expect(body).toMatchObject({ total: 3, series: [{ name: 'A', total: 3 }] })
    expect(body).not.toHaveProperty('annotations')
    expect(body.notes).toEqual([{ kind: 'source', text: expect.stringMatching(/annotations of the chart could not be read/) }])
    expect(body.notes[0]?.text).toMatch(words)
    expect(JSON.stringify(body)).not.toContain('Zk3vQ9pLr7TnX2mB')
  })

  const own = { event: 'A', ...week, type: 'general', unit: 'day' }
  const signed = signatureOf({ key: 'key1', secret: 's3cr3t0fOld' }, own, new Date('2026-11-16T07:00:00Z'))

  test.each([
    ['a project secret', { project_secret: 'Old5ecretOfTheProject' }, own],
    ['a signature', { api_key: 'key1', api_secret: 's3cr3t0fOld' }, { ...own, ...signed }],
  ])('by service accounts only: with %s there are none, which is no news', async (_, credential, query) => {
    const answer = { body: segments({ A: { '2026-11-10': 3 } }) }
    const body = await asking({}, {}, [{ path: '/api/query/segmentation', query, answer }], JSON.stringify(credential))
    expect(body).toMatchObject({ total: 3, notes: [] })
    expect(body).not.toHaveProperty('annotations')
  })
})
