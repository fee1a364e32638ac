import { Temporal } from 'temporal-polyfill'
import * as words from '../../../../lib/query.ts'
import { mixpanel } from '../../../../lib/sources/mixpanel/index.ts'
import { config } from '../../../../lib/sources/mixpanel/schema.ts'
import type { Ask, Source } from '../../../../lib/sources/source.ts'
import type { ComparisonName, Timeframe } from '../../../../lib/timeframe.ts'
import { parseDuration, resolveWindows } from '../../../../lib/timeframe.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

/** A Monday, 08:00 in Berlin. */
const monday = '2026-11-16T07:00:00Z'

export interface When {
  readonly timeframe?: Timeframe
  readonly trend?: Timeframe
  readonly compare?: readonly ComparisonName[]
  readonly at?: string
  readonly timezone?: string
}

export function segmentationAsk(question: object, when: When = {}): Ask<'segmentation'> & Ask {
  const asked = { ...askOf(when), question: { kind: 'segmentation', ...words.segmentation.parse(question) } }
  return asked as Ask<'segmentation'> & Ask
}

export function funnelAsk(question: object, when: When = {}): Ask<'funnel'> & Ask {
  const asked = words.funnel.parse(question)
  const { within, immature } = asked
  const whole = { ...askOf(when, { within: parseDuration(within), immature }), question: { kind: 'funnel', ...asked } }
  return whole as Ask<'funnel'> & Ask
}

const plain = { retention: words.retention, frequency: words.frequency, people: words.people, saved: words.saved, top: words.top }

/** A question of a kind that needs no more than its words. */
export function plainAsk<Kind extends keyof typeof plain>(kind: Kind, question: object, when: When = {}): Ask<Kind> & Ask {
  return { ...askOf(when), question: { kind, ...plain[kind].parse(question) } } as Ask<Kind> & Ask
}

function askOf(when: When, funnel: { within?: number | undefined; immature?: boolean } = {}): Omit<Ask, 'question'> {
  const { timeframe = 'previous_1_week', trend, compare = [], at = monday, timezone = 'Europe/Berlin' } = when
  const calendar = { timezone, weekStart: 'monday' } as const
  const scheduledAt = Temporal.Instant.from(at)
  const windows = resolveWindows({ timeframe, trend, compare, ...funnel }, scheduledAt, calendar)
  return { title: 'A title', windows, calendar, scheduledAt }
}

/** What the vendor is sent for a call, with the answer to it. */
export function call(path: string, query: Record<string, string>, answer: Payload | object): Expected {
  const payload: Payload = 'data' in answer || 'results' in answer ? { body: answer } : answer
  return { path: `/api/query/${path}`, query: { project_id: '1234567', ...query }, answer: payload }
}

/** A segmentation's answer as the vendor gives it, its dates in no order. */
export function segments(values: Record<string, Record<string, number>>, legendSize = Object.keys(values).length): object {
  const dates = new Set(Object.values(values).flatMap((numbers) => Object.keys(numbers)))
  return { data: { series: [...dates].reverse(), values }, legend_size: legendSize }
}

/** Time series ask for annotations, and most suites are about something else. */
const standing = { '/api/app/projects/1234567/annotations': { body: { status: 'ok', results: [] } } }

interface Around {
  /** What the vendor answers by path to what is not expected; a chart without annotations unless said. */
  readonly standing?: Readonly<Record<string, Payload>>
  /** What the source's reference points to; a service account unless said. */
  readonly credential?: string
}

/** Opens a Mixpanel source named `product` against a vendor that expects just these calls, and uses it. */
export async function withMixpanel<Out>(
  expected: readonly Expected[],
  use: (source: Source) => Promise<Out>,
  settings: object = {},
  now = monday,
  around: Around = {},
): Promise<Out> {
  await using vendor = await startVendor(expected, around.standing ?? standing)
  const source = mixpanel.open(
    config.parse({
      kind: 'mixpanel',
      project: 1_234_567,
      region: 'eu',
      credentials: 'env:ACCOUNT',
      url: vendor.url,
      ...settings,
    }),
    {
      name: 'product',
      folder: '/',
      timezone: 'Europe/Berlin',
      credential: async () => around.credential ?? 'reports:Zk3vQ9pLr7TnX2mB',
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
