import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import { cohortsResult } from '../../../../../lib/result.ts'
import { mixpanel } from '../../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../../lib/sources/mixpanel/schema.ts'
import type { Source } from '../../../../../lib/sources/source.ts'
import type { Expected } from '../../../../servers/vendor.ts'
import type { When } from '../asking.ts'
import { call, plainAsk, withMixpanel } from '../asking.ts'

const own = config.parse({ kind: 'mixpanel', project: 1_234_567, credentials: 'env:ACCOUNT' })
const context = { name: 'product', timezone: 'Europe/Berlin' }

/** Who signs up and then does `back`. */
function words(question: object, back = 'any'): object {
  // biome-ignore lint/suspicious/noThenProperty: the word of the project file
  return { first: 'Sign up', then: back, ...question }
}

function retention(question: object, when: When, expected: readonly Expected[]) {
  const ask = plainAsk('retention', words(question), when)
  return withMixpanel(expected, async (source: Source) => {
    if (source.answers.retention === undefined) throw new Error('no retention')
    return await source.answers.retention(ask)
  })
}

/** Four weeks before the Monday of the run, 16 November. */
const when = { timeframe: 'previous_4_weeks' }
const sent = {
  from_date: '2026-10-19',
  to_date: '2026-11-15',
  retention_type: 'birth',
  born_event: 'Sign up',
  unit: 'week',
  interval_count: '6',
}
const grid = (...counts: number[]) => ({ counts, first: 100 })
const answered = (body: object, query: Record<string, string> = sent) => call('retention', query, { body })

describe('a retention', () => {
  test('has each interval once it is over for who entered last', async () => {
    const full = [60, 40, 30, 20, 10, 5, 1]
    const body = await retention({}, when, [
      answered({
        '2026-11-09': grid(...full),
        '2026-10-19': grid(...full),
        '2026-11-02': grid(...full),
        '2026-10-26': grid(...full),
      }),
    ])
    // Who entered on Sunday, 15 November, has a week until the 22nd; who did on 25 October had three.
    expect(body).toEqual({
      measure: 'retention',
      unit: 'week',
      interval: 'week',
      cohorts: [
        { date: '2026-10-19', size: 100, counts: [60, 40, 30] },
        { date: '2026-10-26', size: 100, counts: [60, 40] },
        { date: '2026-11-02', size: 100, counts: [60] },
        { date: '2026-11-09', size: 100, counts: [] },
      ],
      notes: [],
    })
    const head = { version: 1, report: 'r', query: 'q', source: 's', definition: '0'.repeat(64), timezone: 'Europe/Berlin' }
    const timeframe = { start: '2026-10-19T00:00:00+02:00', end: '2026-11-16T00:00:00+01:00' }
    expect(cohortsResult.safeParse({ ...head, timeframe, shape: 'cohorts', ...body }).success).toBe(true)
  })

  test.each<[object, Record<string, string | undefined>]>([
    [words({}, 'Viewed'), { event: 'Viewed' }],
    [words({ kind: 'compounded', first: 'A' }, 'A'), { retention_type: 'compounded', born_event: undefined, event: 'A' }],
    [words({ kind: 'compounded', first: 'any' }), { retention_type: 'compounded', born_event: undefined }],
    [
      { unbounded: true, intervals: 2 },
      { unbounded_retention: 'true', interval_count: '2' },
    ],
    [{ where: 'properties["$os"]=="iOS"' }, { born_where: 'properties["$os"] == "iOS"', where: 'properties["$os"] == "iOS"' }],
    [
      words({ kind: 'compounded', first: 'A', where: 'properties["$os"]=="iOS"' }, 'A'),
      { retention_type: 'compounded', born_event: undefined, event: 'A', where: 'properties["$os"] == "iOS"' },
    ],
  ])('is asked for in the words of the vendor: %j', async (question, change) => {
    const query = Object.fromEntries(
      Object.entries({ ...sent, ...change }).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    )
    const body = await retention(question, when, [answered({ '2026-10-19': grid(60, 40, 30, 20) }, query)])
    expect(body.cohorts).toEqual([{ date: '2026-10-19', size: 100, counts: [60, 40, 30] }])
  })

  test('of days and months counts them as the longer of hours and calendar', async () => {
    const days = { ...sent, from_date: '2026-11-12', to_date: '2026-11-15', unit: 'day' }
    const daily = await retention({ unit: 'day' }, { timeframe: 'previous_4_days' }, [
      answered({ '2026-11-12': grid(9, 8, 7, 6), '2026-11-15': grid(9, 8) }, days),
    ])
    expect(daily.cohorts.map(({ counts }) => counts)).toEqual([[9, 8, 7], []])
    // After 31 January come 28 days of February, and 30 count; after 28 February come 31 of March.
    const monthly = (start: string, end: string, to_date: string) => async (at: string) => {
      const query = { ...sent, from_date: start, to_date, unit: 'month' }
      const frame = { timeframe: { start, end }, at }
      const { cohorts } = await retention({ unit: 'month' }, frame, [answered({ [start]: grid(9, 8, 7) }, query)])
      return cohorts.map(({ counts }) => counts)
    }
    const january = monthly('2026-01-01', '2026-02-01', '2026-01-31')
    expect(await january('2026-03-01T07:00:00Z')).toEqual([[]])
    expect(await january('2026-03-03T07:00:00Z')).toEqual([[9]])
    const february = monthly('2026-02-01', '2026-03-01', '2026-02-28')
    expect(await february('2026-03-31T07:00:00Z')).toEqual([[]])
    expect(await february('2026-04-01T07:00:00Z')).toEqual([[9]])
  })

  test('has no more intervals than were asked for', async () => {
    const body = await retention({ intervals: 1 }, when, [
      answered({ '2026-10-19': grid(60, 40, 30, 20) }, { ...sent, interval_count: '1' }),
    ])
    expect(body.cohorts).toEqual([{ date: '2026-10-19', size: 100, counts: [60, 40] }])
  })

  test('leaves out the running unit, and says so, and what Mixpanel says nothing of', async () => {
    const body = await retention({}, { timeframe: 'this_3_weeks' }, [
      answered(
        { '2026-11-09': grid(60, 40), '2026-11-16': grid(3) },
        { ...sent, from_date: '2026-11-02', to_date: '2026-11-16' },
      ),
    ])
    expect(body.cohorts).toEqual([{ date: '2026-11-09', size: 100, counts: [] }])
    expect(body.notes).toEqual([
      { kind: 'partial', text: 'the running week is not in it' },
      { kind: 'source', text: 'Mixpanel gives no numbers for 2026-11-02' },
    ])
    expect((await retention({}, when, [answered({})])).notes).toEqual([
      { kind: 'source', text: 'Mixpanel gives no numbers for 4 of them, such as 2026-10-19' },
    ])
  })

  test('that is unbounded says that its figures grow, until the last interval is over', async () => {
    const query = { ...sent, unbounded_retention: 'true', interval_count: '1' }
    const body = (at: string) => {
      const frame = { timeframe: { start: '2026-10-19', end: '2026-10-26' }, at }
      return retention({ unbounded: true, intervals: 1 }, frame, [
        answered({ '2026-10-19': grid(60, 40) }, { ...query, to_date: '2026-10-25' }),
      ])
    }
    expect((await body('2026-11-05T07:00:00Z')).notes).toMatchObject([{ kind: 'immature' }])
    expect((await body('2026-11-16T07:00:00Z')).notes).toEqual([])
  })

  test.each([
    [{ '2026-10-18': grid(1) }, 'week of 2026-10-18, which is none of those'],
    [{ '2026-10-20': grid(1) }, 'week of 2026-10-20, which is none of those'],
    [{ '2026-10-12': grid(1), '2026-10-19': grid(1) }, 'week of 2026-10-12, which is none of those'],
  ])('that begins on other dates than were asked for is refused: %j', async (body, reason) => {
    const asked = retention({}, when, [answered(body)])
    await expect(asked).rejects.toThrow(RefusedError)
    await expect(retention({}, when, [answered(body)])).rejects.toThrow(reason)
  })

  test('that comes split, which nobody asked for, is damaged data', async () => {
    await expect(retention({}, when, [answered({ '2026-10-19': { iOS: grid(1) } })])).rejects.toThrow(DataError)
  })
})

describe('the plan’s history', () => {
  const gone = { status: 403, body: { error: 'Date range exceeds 20 days into the past' } }

  test('is kept to once, from the first whole unit on', async () => {
    const body = await retention({}, when, [
      call('retention', sent, gone),
      answered({ '2026-11-02': grid(60, 40), '2026-11-09': grid(50) }, { ...sent, from_date: '2026-11-02' }),
    ])
    // 20 days before 16 November is 27 October, a Tuesday.
    expect(body.cohorts.map(({ date }) => date)).toEqual(['2026-11-02', '2026-11-09'])
    expect(body.notes).toEqual([
      { kind: 'truncated', text: 'the Mixpanel plan goes back 20 days, so nothing before 2026-10-27 is in it' },
    ])
  })

  test('is told where it has no whole unit, and where it still does not do', async () => {
    const short = { status: 403, body: { error: 'Date range exceeds 3 days into the past' } }
    await expect(retention({}, when, [call('retention', sent, short)])).rejects.toThrow('exceeds 3 days')
    const twice = [call('retention', sent, gone), call('retention', { ...sent, from_date: '2026-11-02' }, gone)]
    await expect(retention({}, when, twice)).rejects.toThrow(RefusedError)
  })
})

describe('what cannot be asked', () => {
  test.each([
    [{ on: 'country' }, 'leave out `on`'],
    [{ first: 'any' }, 'name it with `first`'],
    [words({ kind: 'compounded', first: 'A' }, 'B'), '`first` and `then` the same'],
    [{ kind: 'compounded' }, '`first` and `then` the same'],
  ])('is said when the project is loaded: %j', async (change, reason) => {
    const ask = plainAsk('retention', words(change), when)
    expect(mixpanel.refuse(own, ask.question, { name: 'product', timezone: 'UTC' })).toContain(reason)
    await expect(retention(change, when, [])).rejects.toThrow(RefusedError)
  })

  test.each<[object, When, string]>([
    [{}, { timeframe: 'previous_10_days' }, 'whole weeks'],
    [{}, { timeframe: 'this_10_days' }, 'whole weeks'],
    [{}, { timeframe: 'this_2_days', at: '2026-11-18T07:00:00Z' }, 'whole weeks'],
    [{ unit: 'month' }, when, 'whole months'],
    [{}, { ...when, timezone: 'America/New_York' }, 'time zone'],
    [{ where: 'properties["a"] = 1' }, when, '=='],
  ])('is refused before anything is sent: %j %j', async (question, frame, reason) => {
    const asked = retention(question, frame, []).catch((error: unknown) => error)
    expect(await asked).toBeInstanceOf(RefusedError)
    expect(String(await asked)).toContain(reason)
    const ask = plainAsk('retention', words(question), frame)
    expect(() => mixpanel.cost(own, ask, context)).toThrow(RefusedError)
  })
})

test('a retention is one query, and explained as it is sent', async () => {
  const ask = plainAsk('retention', words({}), when)
  expect(mixpanel.cost(own, ask, context)).toBe(1)
  await withMixpanel([], async (source) => {
    const [line] = await source.explain(ask)
    expect(line).toMatch(/^GET http:.*\/api\/query\/retention \{.*"born_event":"Sign up","interval_count":6,"unit":"week"\}$/)
  })
})
