import { Temporal } from 'temporal-polyfill'
import { keen } from '../../../../lib/sources/keen/index.ts'
import { config } from '../../../../lib/sources/keen/schema.ts'
import type { Source } from '../../../../lib/sources/source.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

export type { When } from '../mixpanel/asking.ts'
// Asks are the same for every vendor.
export { funnelAsk, plainAsk, segmentationAsk } from '../mixpanel/asking.ts'

/** A Monday, 08:00 in Berlin. */
const monday = '2026-11-16T07:00:00Z'
const project = '/3.0/projects/5f1e0c'
const readKey = 'read-key-of-a-test'

/** A query that the vendor is sent, and its `result`; what has a status is a whole answer. */
export function query(analysis: string, json: object, result: unknown): Expected {
  const isAnswer = typeof result === 'object' && result !== null && 'status' in result
  return {
    method: 'POST',
    path: `${project}/queries/${analysis}`,
    headers: { authorization: readKey },
    json,
    answer: isAnswer ? (result as Payload) : { body: { result } },
  }
}

/** What the vendor is asked with a GET of the read key. */
export function get(path: string, body: unknown): Expected {
  return { path: `${project}${path}`, headers: { authorization: readKey }, answer: { body } }
}

/** The days from a date on, with a value each, as the vendor cuts them at midnights of a zone. */
export function days(first: string, values: readonly unknown[], zone = 'Europe/Berlin'): object[] {
  return values.map((value, at) => {
    const day = Temporal.PlainDate.from(first).add({ days: at })
    return { value, timeframe: { start: midnight(day, zone), end: midnight(day.add({ days: 1 }), zone) } }
  })
}

function midnight(day: Temporal.PlainDate, zone: string): string {
  return day.toZonedDateTime(zone).toInstant().toString({ smallestUnit: 'millisecond' })
}

/** Opens a Keen source named `shop` against a vendor that expects just these calls, and uses it. */
export async function withKeen<Out>(
  expected: readonly Expected[],
  use: (source: Source) => Promise<Out>,
  settings: object = {},
  now = monday,
): Promise<Out> {
  await using vendor = await startVendor(expected)
  const source = keen.open(
    config.parse({
      kind: 'keen',
      project: '5f1e0c',
      credentials: 'env:KEYS',
      actor: 'user.id',
      url: vendor.url,
      ...settings,
    }),
    {
      name: 'shop',
      folder: '/',
      timezone: 'Europe/Berlin',
      credential: async () => JSON.stringify({ read: readKey }),
      trace: () => {},
      clock: () => new Date(now),
    },
  )
  try {
    return await use(source)
  } finally {
    await source.close?.()
  }
}
