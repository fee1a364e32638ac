import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../../lib/errors.ts'
import type { AnyBody } from '../../../../../lib/result.ts'
import { result, toCsv } from '../../../../../lib/result.ts'
import type { Payload } from '../../../../servers/vendor.ts'
import type { When } from '../../mixpanel/asking.ts'
import { plainAsk } from '../../mixpanel/asking.ts'
import type { TableSent } from '../asking.ts'
import { analysis, answering, scheduled, withExponea } from '../asking.ts'

const head = {
  version: 1,
  report: 'r',
  query: 'q',
  source: 'crm',
  definition: '0'.repeat(64),
  timezone: 'Europe/Berlin',
  timeframe: { start: '2026-11-09T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' },
}

/** What a saved analysis of a type becomes; every answer is one that results can hold. */
async function saved(type: string, table: TableSent | Payload, when: When = {}): Promise<AnyBody> {
  const ask = plainAsk('saved', { analysis: '60645', type }, when)
  const { scheduledAt, calendar } = ask
  const execution_time = scheduledAt.epochMilliseconds / 1000
  const sent = analysis(type, { execution_time, timezone: calendar.timezone }, table)
  const body = await withExponea([sent], (source) => answering(source, 'saved')(ask))
  expect(result.safeParse({ ...head, ...body }).error?.message).toBeUndefined()
  return body
}

const textsOf = ({ notes }: Pick<AnyBody, 'notes'>) => notes.map(({ kind, text }) => `${kind}: ${text}`)
const own = [
  'undated: "Weekly" has the dates and the filters that it is saved with at Exponea, seen from 2026-11-16T08:00:00+01:00; they are not in its answer',
  'source: Exponea keeps an answer for up to 10 minutes, so it may be as old as that',
]

describe('a saved report', () => {
  test('is a table in the vendor’s order, its columns of the types that their values have', async () => {
    const body = await saved('report', {
      header: ['first_name', 'vip', 'last seen', 'age', 'tags', 'count(customer)'],
      rows: [
        ['Armani', true, '2026-11-09T08:00:00Z', 31, ['a', { b: 1 }], 10],
        ['__proto__', null, '2026-11-08T08:00:00Z', 32.5, null, 11],
      ],
    })
    expect(body).toEqual({
      shape: 'table',
      columns: [
        { name: 'first_name', type: 'text' },
        { name: 'vip', type: 'boolean' },
        { name: 'last seen', type: 'time' },
        { name: 'age', type: 'number' },
        { name: 'tags', type: 'json' },
        { name: 'count(customer)', type: 'number' },
      ],
      rows: [
        ['Armani', true, '2026-11-09T08:00:00Z', 31, '["a",{"b":1}]', 10],
        ['__proto__', null, '2026-11-08T08:00:00Z', 32.5, null, 11],
      ],
      notes: [
        { kind: 'undated', text: own[0]?.replace('undated: ', '') },
        { kind: 'source', text: own[1]?.replace('source: ', '') },
      ],
    })
  })

  test('keeps all columns of the same name, also where the numbered name is taken', async () => {
    const header = ['plan', 'count(buy)', 'count(buy)', 'count(buy) 2', 'plan', 'count(buy)']
    const body = await saved('report', { header, rows: [['pro', 1, 2, 3, 'free', 4]] })
    const names = 'columns' in body ? body.columns.map(({ name }) => name) : []
    expect(names).toEqual(['plan', 'count(buy)', 'count(buy) 3', 'count(buy) 2', 'plan 2', 'count(buy) 4'])
    expect(toCsv(result.parse({ ...head, ...body }))).toBe(
      'plan,count(buy),count(buy) 3,count(buy) 2,plan 2,count(buy) 4\npro,1,2,3,free,4\n',
    )
  })

  test('has the rest as its last row, and says what that is', async () => {
    const rows = [
      ['Armani', 10],
      ['(other)', 9907],
    ]
    const body = await saved('report', { header: ['first_name', 'count(customer)'], rows })
    expect(body).toMatchObject({ rows })
    expect(textsOf(body)).toEqual([
      ...own,
      'other: the row (other) is what Exponea counts together of the values that it does not list',
    ])
  })

  test('with numbers and the rest in one column has them as text', async () => {
    const rows = [
      [31, 10],
      [null, 2],
      ['(other)', 9907],
    ]
    expect(await saved('report', { header: ['age', 'count(customer)'], rows })).toMatchObject({
      columns: [{ type: 'text' }, { type: 'number' }],
      rows: [
        ['31', 10],
        [null, 2],
        ['(other)', 9907],
      ],
    })
  })

  test.each([
    [
      'at the end',
      [
        ['DE', 'a', 3, 1.5],
        ['ES', 'b', 1, 2.5],
        ['Total', '', 4, 1234.0625],
      ],
    ],
    [
      'at the beginning',
      [
        ['Total', 'Total', 4, 1234.0625],
        ['DE', 'a', 3, 1.5],
        ['ES', 'b', 1, 2.5],
      ],
    ],
  ])('has all together in a note and in no row: %s', async (_, rows) => {
    const body = await saved('report', { header: ['country', 'plan', 'count(buy)', 'avg(price)'], rows })
    expect(body).toMatchObject({
      rows: [
        ['DE', 'a', 3, 1.5],
        ['ES', 'b', 1, 2.5],
      ],
    })
    expect(textsOf(body)).toContain('source: all together, which Exponea calls Total: count(buy) 4, avg(price) 1,234.0625')
  })

  test.each([
    [
      'in between',
      [
        ['DE', 'a', 3],
        ['Total', '', 4],
        ['ES', 'b', 1],
      ],
    ],
    [
      'twice',
      [
        ['Total', '', 3],
        ['DE', 'a', 1],
        ['Total', '', 4],
      ],
    ],
    [
      'with another value beside it',
      [
        ['DE', 'a', 3],
        ['Total', 'a', 4],
      ],
    ],
    ['alone', [['Total', '', 4]]],
    [
      'without numbers',
      [
        ['DE', 'a', 3],
        ['Total', '', null],
      ],
    ],
  ])('has a value that is called Total like any other: %s', async (_, rows) => {
    const body = await saved('report', { header: ['plan', 'kind', 'count(buy)'], rows })
    expect(body).toMatchObject({ rows })
    expect(textsOf(body)).toEqual(own)
  })

  test('has no number where the vendor’s text is empty, and the digits of one that is too long', async () => {
    const header = ['plan', 'avg(price)', 'uid']
    const body = await saved('report', {
      header,
      rows: [
        ['pro', '', 9_007_199_254_740_993n.toString()],
        ['free', 2.5, null],
      ],
    })
    expect(body).toMatchObject({
      columns: [{ type: 'text' }, { type: 'number' }, { type: 'text' }],
      rows: [
        ['pro', null, '9007199254740993'],
        ['free', 2.5, null],
      ],
    })
    const long = await saved('report', {
      body: '{"success":true,"name":"Weekly","header":["uid","n"],"rows":[[9007199254740993,1],[7,1e300]]}',
    })
    expect(long).toMatchObject({
      columns: [
        { name: 'uid', type: 'text' },
        { name: 'n', type: 'number' },
      ],
      rows: [
        ['9007199254740993', 1],
        ['7', null],
      ],
    })
    expect(textsOf(long).at(-1)).toMatch(/^source: n: whole numbers of more than 15 digits/)
  })

  test('of dates stays a table, and an empty one has its columns', async () => {
    const rows = [
      ['2026-11-09', 3],
      ['2026-11-10', 4],
    ]
    expect(await saved('report', { header: ['day', 'count(buy)'], rows })).toMatchObject({ shape: 'table', rows })
    expect(await saved('report', { header: ['day', 'count(buy)'], rows: [] })).toMatchObject({
      columns: [
        { name: 'day', type: 'text' },
        { name: 'count(buy)', type: 'text' },
      ],
      rows: [],
    })
  })

  test('of a run that is over is asked as of then, and is compared with nothing', async () => {
    const when = { at: '2024-03-31T00:30:00Z', timezone: 'America/New_York', compare: ['previous', 'year'] } as const
    const body = await saved('report', { header: ['plan', 'count(buy)'], rows: [['pro', 1]] }, when)
    expect(textsOf(body)[0]).toMatch(/seen from 2024-03-30T20:30:00-04:00; .+, so it is compared with nothing$/)
    expect(body).not.toHaveProperty('timeframe')
  })

  test('with a cell too few is damaged', async () => {
    await expect(saved('report', { header: ['plan', 'count(buy)'], rows: [['pro']] })).rejects.toThrow(DataError)
  })
})

describe('a saved segmentation', () => {
  const header = ['segment', 'count(purchase)', 'avg(purchase.total_price)', '#']

  test('is a table of its segments', async () => {
    const rows = [
      ['online buyers', 3, 64.66666666666667, 2],
      ['offline buyers', 1, 65, 1],
    ]
    const body = await saved('segmentation', { header, rows })
    expect(body).toMatchObject({
      shape: 'table',
      columns: [
        { name: 'segment', type: 'text' },
        { name: 'count(purchase)', type: 'number' },
        { name: 'avg(purchase.total_price)', type: 'number' },
        { name: '#', type: 'number' },
      ],
      rows,
    })
    expect(textsOf(body)).toEqual([...own, 'source: # is how many customers a segment has'])
  })

  test('counts all together as no segment', async () => {
    const rows = [
      ['online', 3, 64.6, 2],
      ['Total', 3, 64.6, 2],
    ]
    const body = await saved('segmentation', { header, rows })
    expect(body).toMatchObject({ rows: [['online', 3, 64.6, 2]] })
  })

  test.each([[1.5], [-1], [null], ['4']])('with a segment of %j customers is damaged', async (size) => {
    const error = await saved('segmentation', { header: ['segment', '#'], rows: [['not yet', size]] }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toBeInstanceOf(DataError)
    expect(String(error)).toContain(`"Weekly", "not yet", #: ${JSON.stringify(size)} is no number of customers`)
  })
})

describe('a saved funnel by its id alone', () => {
  test('is a funnel with all its segments', async () => {
    const header = ['serie', 'step 1 a count', 'step 2 b count', 'step 2 b duration from previous']
    const lines = Array.from({ length: 70 }, (_, at) => [`s${at}`, 70 - at, 0, -1])
    const body = await saved('funnel', { header, rows: [['Total', 2485, 0, -1], ...lines] })
    expect(body).toMatchObject({
      shape: 'funnel',
      steps: [
        { name: 'a', count: 2485 },
        { name: 'b', stepConversion: 0 },
      ],
    })
    expect(body).toHaveProperty('segments.length', 70)
    expect(textsOf(body).join()).not.toContain('within')
  })
})

describe('a saved retention', () => {
  const header = ['starting date', 'initial step', 'period 0', 'period 1', 'period 2']
  /** Midnight in Berlin. */
  const day = (date: string) => Temporal.PlainDate.from(date).toZonedDateTime('Europe/Berlin').epochMilliseconds / 1000

  test('is cohorts by week, of whose periods those count that are over', async () => {
    const body = await saved('retention', {
      header,
      rows: [
        [day('2026-11-09'), 30, 3, 1, 0],
        [day('2026-10-26'), 10, 4, 2, 1],
        [day('2026-11-02'), 20, 6, 5, ''],
        [day('2026-11-16'), 7, 1, null, null],
      ],
    })
    expect(body).toMatchObject({
      shape: 'cohorts',
      measure: 'retention',
      unit: 'week',
      interval: 'week',
      timeframe: { start: '2026-10-26T00:00:00+01:00', end: '2026-11-16T00:00:00+01:00' },
      cohorts: [
        { date: '2026-10-26', size: 10, counts: [4, 2, 1] },
        { date: '2026-11-02', size: 20, counts: [6, 5] },
        { date: '2026-11-09', size: 30, counts: [3] },
      ],
    })
    expect(textsOf(body)).toEqual([
      own[0]?.replace(/^undated|; they are not in its answer$/g, (part) => (part === 'undated' ? 'source' : '')),
      own[1],
      'source: Exponea does not document what the cells are; all are read as numbers of customers',
      'source: who entered in the running week is left out',
    ])
  })

  test.each([
    ['day', ['2026-10-24', '2026-10-25', '2026-10-26']],
    ['month', ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01']],
  ])('is by %s, over the change of clocks', async (unit, dates) => {
    const body = await saved('retention', { header, rows: dates.map((date) => [day(date), 5, 3, 2, 1]) })
    expect(body).toMatchObject({ unit, interval: unit, cohorts: dates.map((date) => ({ date, size: 5, counts: [3, 2, 1] })) })
    expect(textsOf(body).join()).not.toContain('left out')
  })

  test('keeps a period that the vendor leaves empty as unknown', async () => {
    const rows = [
      [day('2026-11-01'), 5, 3, null, 1],
      [day('2026-11-02'), 5, 3, '', 1],
    ]
    expect(await saved('retention', { header, rows })).toMatchObject({
      cohorts: [{ counts: [3, null, 1] }, { counts: [3, null, 1] }],
    })
  })

  const [first, second] = [day('2026-11-01'), day('2026-11-02')]
  test.each<[string, TableSent]>([
    [
      'its columns are others',
      {
        header: ['cohort', 'initial step', 'period 0'],
        rows: [
          [first, 5, 3],
          [second, 5, 3],
        ],
      },
    ],
    [
      'its columns are others',
      {
        header: ['starting date', 'initial step', 'period 1'],
        rows: [
          [first, 5, 3],
          [second, 5, 3],
        ],
      },
    ],
    [
      'its columns are others',
      {
        header: ['starting date', 'initial step'],
        rows: [
          [first, 5],
          [second, 5],
        ],
      },
    ],
    [
      'cells that are no numbers',
      {
        header,
        rows: [
          [first, 5, 0.6, 0.2, 0.2],
          [second, 5, 1, 0, 0],
        ],
      },
    ],
    [
      'cells that are no numbers',
      {
        header,
        rows: [
          [first, 5, 60, 20, 20],
          [second, 5, 100, 0, 0],
        ],
      },
    ],
    [
      'cells that are no numbers',
      {
        header,
        rows: [
          ['2026-11-01', 5, 3, 2, 1],
          ['2026-11-02', 5, 3, 2, 1],
        ],
      },
    ],
    [
      'cells that are no numbers',
      {
        header,
        rows: [
          [first + 3600, 5, 3, 2, 1],
          [second + 3600, 5, 3, 2, 1],
        ],
      },
    ],
    ['one date alone', { header, rows: [[first, 5, 3, 2, 1]] }],
    [
      'no days, weeks or months',
      {
        header,
        rows: [
          [first, 5, 3, 2, 1],
          [first, 5, 3, 2, 1],
        ],
      },
    ],
    [
      'no days, weeks or months',
      {
        header,
        rows: [
          [first, 5, 3, 2, 1],
          [second + 86_400, 5, 3, 2, 1],
        ],
      },
    ],
    [
      'none of its dates is over',
      {
        header,
        rows: [
          [day('2026-11-16'), 5, 3, 2, 1],
          [day('2026-11-17'), 5, 3, 2, 1],
        ],
      },
    ],
  ])('that is none is a table with the reason: %s %j', async (words, table) => {
    const body = await saved('retention', table)
    expect(body).toMatchObject({ shape: 'table', rows: table.rows })
    expect(textsOf(body).join()).toContain(`a table and no cohorts: `)
    expect(textsOf(body).join()).toContain(words)
  })
})

test('what the vendor refuses is refused', async () => {
  const answer = { status: 404, body: { success: false, error: 'analysis not found' } }
  await expect(saved('report', answer)).rejects.toThrow(RefusedError)
})

test('the schedule of these tests is the one that is sent', async () => {
  const ask = plainAsk('saved', { analysis: '60645', type: 'report' })
  const sent = analysis('report', scheduled, { header: ['a'], rows: [] })
  await withExponea([sent], (source) => answering(source, 'saved')(ask))
})
