import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { DataError, RefusedError } from '../../../../lib/errors.ts'
import { passOn } from '../../../../lib/export/verify.ts'
import { writtenDown } from '../../../../lib/export/written-down.ts'
import { mixpanel } from '../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../lib/sources/mixpanel/schema.ts'
import type { ExportAsk } from '../../../../lib/sources/source.ts'
import type { Expected } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { secret } from './exporting.ts'

/** One window of an export, from asking to the lines that came. */
async function exported(expected: readonly Expected[], ask: ExportAsk, words: object = {}): Promise<string[]> {
  await using vendor = await startVendor(expected)
  const own = config.parse({ kind: 'mixpanel', project: '1234567', credentials: 'env:MP', url: vendor.url, ...words })
  const source = mixpanel.open(own, {
    name: 'product',
    folder: '/',
    timezone: 'Europe/Berlin',
    credential: async () => `svc:${secret}`,
    trace: () => {},
    clock: () => new Date('2026-11-21T08:00:00Z'),
  })
  try {
    const got = await source.export?.(ask)
    if (got === undefined) throw new Error('nothing to export')
    const chunks: Uint8Array[] = []
    const data = 'raw' in got ? got.raw : writtenDown(got.rows)
    const packing = { write: async (bytes: Uint8Array) => void chunks.push(bytes) }
    const { lines } = await passOn(data, [packing])
    const { gunzipSync } = await import('node:zlib')
    const text = gunzipSync(Buffer.concat(chunks)).toString()
    const found = text.split('\n').filter((line) => line !== '')
    expect(found).toHaveLength(lines)
    return found
  } finally {
    await source.close?.()
  }
}

function span(start: string, end: string, zone = 'UTC') {
  const [from, to] = [start, end].map((time) => Temporal.PlainDateTime.from(time).toZonedDateTime(zone))
  if (from === undefined || to === undefined) throw new Error('two times')
  return { start: from, end: to }
}
const event = (time: number) => JSON.stringify({ event: 'A', properties: { time, distinct_id: 'u' } })
const asked = (query: Record<string, string>, body: string): Expected => ({
  path: '/api/2.0/export',
  query: { project_id: '1234567', ...query },
  answer: { headers: { 'content-type': 'text/plain' }, body },
})
const day = { from_date: '2026-11-09', to_date: '2026-11-09' }

describe('a window of raw events', () => {
  test('is the vendor’s day, with the events and the condition of the export', async () => {
    const query = { ...day, event: '["A","B c"]', where: 'properties["plan"] == "pro"' }
    const ask = {
      data: 'events',
      window: span('2026-11-09', '2026-11-10'),
      events: ['A', 'B c'],
      where: 'properties["plan"] == "pro"',
    } as const
    expect(await exported([asked(query, `${event(1_762_646_400)}\n`)], ask)).toEqual([event(1_762_646_400)])
  })

  const [from, to] = [Date.UTC(2026, 10, 9, 14) / 1000, Date.UTC(2026, 10, 9, 15) / 1000]
  const hour = (first: number, last: number) => ({
    ...day,
    where: `properties["$time"] >= datetime(${first}) and properties["$time"] < datetime(${last})`,
  })

  test('of an hour is the day with a condition on time', async () => {
    const body = `${event(from)}\n${event(to - 1)}\n`
    const ask = { data: 'events', window: span('2026-11-09T14:00', '2026-11-09T15:00') } as const
    expect(await exported([asked(hour(from, to), body)], ask)).toHaveLength(2)
  })

  test('of an hour of an old project is by the clock of its zone', async () => {
    const ask = { data: 'events', window: span('2026-11-09T14:00', '2026-11-09T15:00', 'Europe/Berlin') } as const
    const body = `${event(from)}\n`
    expect(await exported([asked(hour(from, to), body)], ask, { epochs: 'project' })).toHaveLength(1)
  })

  test.each([from - 1, to])('of an hour with an event of another one is no answer (%i)', async (time) => {
    const ask = { data: 'events', window: span('2026-11-09T14:00', '2026-11-09T15:00') } as const
    const body = `${event(from)}\n${event(time)}\n`
    await expect(exported([asked(hour(from, to), body)], ask)).rejects.toThrow(DataError)
  })

  test.each([
    [{}, 'UTC'],
    [{ epochs: 'utc', timezone: 'Asia/Tokyo' }, 'UTC'],
    [{ epochs: 'project' }, 'Europe/Berlin'],
    [{ epochs: 'project', timezone: 'Asia/Tokyo' }, 'Asia/Tokyo'],
  ])('days of a project with %j are counted in %s', (words, zone) => {
    const own = config.parse({ kind: 'mixpanel', project: '1', credentials: 'env:MP', ...words })
    expect(mixpanel.exports.zone(own, 'Europe/Berlin')).toBe(zone)
  })
})

describe('profiles', () => {
  test('are rows, each with its id and its properties as they came', async () => {
    const results = [
      { $distinct_id: 'u1', $properties: JSON.parse('{"$email":"a@example.com","__proto__":1,"id":5}') },
      { $distinct_id: 'u2', $properties: {} },
    ]
    const page: Expected = {
      method: 'POST',
      path: '/api/query/engage',
      query: { project_id: '1234567' },
      form: { where: 'properties["$email"] == "a"' },
      answer: { body: { page: 0, page_size: 1000, total: 2, session_id: 's', results, status: 'ok' } },
    }
    expect(await exported([page], { data: 'people', where: 'properties["$email"] == "a"' })).toEqual([
      '{"distinct_id":"u1","properties":{"$email":"a@example.com","__proto__":1,"id":5}}',
      '{"distinct_id":"u2","properties":{}}',
    ])
  })

  test('are all there is beside events', async () => {
    await expect(exported([], { data: 'catalog' })).rejects.toThrow(RefusedError)
  })
})
