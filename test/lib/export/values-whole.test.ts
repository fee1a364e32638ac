import { describe, expect, test } from 'vitest'
import { linesIn } from './exporting.ts'
import { asked, event, withExport } from './opened.ts'
import { readBack } from './parquet-oracle.ts'

/** Values and names that formats stumble over, through a whole export to Parquet and back. */

const day = (date: string) => ({
  json: `exports/events/json/date=${date}/${date}.json.gz`,
  parquet: `exports/events/parquet/date=${date}/${date}.parquet`,
})
const [monday, tuesday] = ['2026-11-09', '2026-11-10'] as const
const own = ['time', 'distinct_id', '$insert_id']

/** Each day's lines, kept and read back from both formats, value by value. */
async function comesBack(first: readonly string[], second: readonly string[]): Promise<Map<string, string>> {
  const columns = new Map<string, string>()
  const requests = [asked(monday, first), asked(tuesday, second)]
  await withExport(`data: events, from: ${monday}, to: 2026-11-11`, requests, async (opened) => {
    expect(await opened.run()).toMatchObject({ status: 'done', failed: [] })
    const settled = await opened.store.get('state/exports/events/settled.json')
    const told = JSON.parse(Buffer.from(settled?.body ?? '').toString()) as { columns: [string, string][] }
    for (const [property, column] of told.columns) columns.set(property, column)
    for (const [date, lines] of [
      [monday, first],
      [tuesday, second],
    ] as const) {
      expect(await linesIn(opened.store, day(date).json)).toEqual(lines)
      const rows = await opened.rows(day(date).parquet)
      expect(rows).toHaveLength(lines.length)
      for (const [at, line] of lines.entries()) {
        const { event: name, properties } = JSON.parse(line) as { event: string; properties: Record<string, unknown> }
        const row = rows[at] ?? {}
        expect(row['event']).toBe(name)
        const wanted = Object.entries(properties).filter(([property]) => !own.includes(property))
        for (const [property, value] of wanted) {
          expect([property, readBack(row, columns.get(property) ?? '')]).toEqual([property, value])
        }
        for (const [property, column] of columns) {
          if (!Object.hasOwn(properties, property)) expect([column, row[column] ?? null]).toEqual([column, null])
        }
      }
    }
  })
  return columns
}

describe('a property', () => {
  test('that is a number one day and a text the next is both', async () => {
    const first = [event(monday, 1, { amount: 5 }), event(monday, 2, { amount: '5' }), event(monday, 3, { amount: 5.5 })]
    const second = [
      event(tuesday, 1, { amount: 'five' }),
      event(tuesday, 2, { amount: [5] }),
      event(tuesday, 3, { amount: null }),
    ]
    expect([...(await comesBack(first, second))]).toEqual([['amount', 'amount']])
  })

  test('called as something else is called has a column of its own, the same on every day', async () => {
    const names = { date: '2020-01-01', Date: 7, event: 'x', Event: 'y', TIME: 3, insert_id: 'z', _strings: 'own', snapshot: 1 }
    const first = [event(monday, 1, names)]
    const second = [event(tuesday, 1, { DATE: 'third', date: 20, Distinct_ID: 'who', 'a/b c': true, '': 'nameless', 注册: 'ü' })]
    const columns = await comesBack(first, second)
    expect(Object.fromEntries(columns)).toMatchObject({ date: 'date_1', Date: 'Date_2', DATE: 'DATE_3', event: 'event_1' })
    const reserved = ['event', 'distinct_id', 'time', 'insert_id', '_strings', 'date', 'snapshot']
    expect(new Set([...reserved, ...[...columns.values()].map((name) => name.toLowerCase())]).size).toBe(
      reserved.length + columns.size,
    )
  })

  test('called __proto__ is one like any other', async () => {
    const line = event(monday, 1).replace('"time"', '"__proto__":{"a":1},"constructor":"c","time"')
    const rows: unknown[] = []
    await withExport(`data: events, from: ${monday}, to: ${tuesday}`, [asked(monday, [line])], async (opened) => {
      await opened.run()
      const [row = {}] = await opened.rows(day(monday).parquet)
      for (const column of ['__proto__', 'constructor']) rows.push(Object.getOwnPropertyDescriptor(row, column)?.value)
    })
    expect(rows).toEqual(['{"a":1}', 'c'])
  })
})

test('line breaks, U+2028, NUL and whatever else a text may hold come back as they were', async () => {
  const texts = [
    'a\nb',
    'a\r\nb',
    'a\rb',
    'x\u2028y\u2029z',
    'n\u0000l',
    '\u0085\u000b\u000c',
    'a\ufeffbom',
    '😀\\',
    '"quoted"',
    '\t',
    ' ',
    '',
  ]
  const first = texts.map((text, at) => event(monday, at, { text }, `Event ${text}`))
  const second = texts.map((text, at) => event(tuesday, at, { [`name ${text}`]: text, nested: { [text]: [text] } }))
  await comesBack(first, second)
})
