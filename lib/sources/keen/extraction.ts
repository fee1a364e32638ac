import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { DataError, RefusedError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import type { Opened } from '../../http.ts'
import { readList } from '../../http.ts'
import { checkedBy } from '../call.ts'
import type { Row } from './calls/answers.ts'
import { capReached, extractionAsked, extractionInstead, mostRows } from './calls/queries.ts'
import type { AbsoluteTimeframe } from './calls/timeframes.ts'
import { endsOf } from './calls/timeframes.ts'
import { failureOfReply } from './failure.ts'

/** Events one by one, so that memory does not grow with them. */

export const extractionEachAsked = z
  .strictObject({
    ...extractionAsked,
    /** Where there are more events than the vendor gives of one extraction, each half of the timeframe is asked for. */
    halves: z.boolean().optional(),
  })
  .superRefine(({ halves, timeframe, latest }, context) => {
    if (halves !== true) return
    const say = (message: string) => context.addIssue({ code: 'custom', message, path: ['halves'] })
    if (typeof timeframe !== 'object') say('only a timeframe of start and end has halves')
    if (latest !== undefined) say('the latest of each half are not the latest of all')
  })
export type ExtractionEachAsked = z.input<typeof extractionEachAsked>

type Asked = z.output<typeof extractionEachAsked>
type Event = Readonly<Record<string, unknown>>

/** What it is made of. */
export interface Extracting {
  readonly count: (parameters: object, signal?: AbortSignal) => Promise<readonly Row[]>
  /** An extraction that is read as it comes. */
  readonly open: (parameters: object, signal?: AbortSignal) => Promise<Opened>
}

/**
 * Events as they come, in the vendor's order; stopping early closes the answer. Throws RefusedError, after the events that
 * came, where the vendor's 100,000 of an extraction are reached and there may be more. With `halves` a window is counted
 * first, and one that holds more is asked for in two, the earlier half first, and so on; RefusedError where one
 * millisecond holds more. Throws UnavailableError, after the events that came, where an answer broke off.
 */
export async function* extractionEach(
  client: Extracting,
  parameters: ExtractionEachAsked,
  signal?: AbortSignal,
): AsyncGenerator<Event, void> {
  const { halves, ...asked } = checkedBy('Keen extractionEach', extractionEachAsked, parameters, extractionInstead)
  if (halves !== true || typeof asked.timeframe !== 'object') {
    yield* one(client, asked, asked.latest, signal)
    return
  }
  const { event_collection, filters, timezone } = asked
  const windows: AbsoluteTimeframe[] = [asked.timeframe]
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    const [row] = await client.count({ event_collection, filters, timezone, timeframe: window }, signal)
    const counted = typeof row?.value === 'number' ? row.value : undefined
    if (counted !== undefined && counted > mostRows) {
      windows.push(...halvesOf(window, timezone, counted).reverse())
      continue
    }
    yield* one(client, { ...asked, timeframe: window }, counted, signal)
  }
}

/** The events of one extraction. So many as were asked for, or counted, are all of them. */
async function* one(
  client: Extracting,
  asked: Omit<Asked, 'halves'>,
  expected: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void> {
  const opened = await client.open(asked, signal)
  const { call, requestId } = opened
  let rows = 0
  let head: Readonly<Record<string, unknown>> = {}
  for await (const part of readList(opened, 'result')) {
    for (const event of part.items) {
      if (!isObject(event)) throw new DataError(`${call}: an event is no object`, { requestId })
      rows += 1
      yield event
    }
    head = part.head
  }
  const json = Object.fromEntries(
    Object.entries(head).map(([key, value]) => [key, typeof value === 'string' ? opened.redact(value) : value]),
  )
  const failure = failureOfReply({ ...opened, text: '', json })
  if (failure !== undefined) throw failure
  if (!Array.isArray(head['result'])) throw new DataError(`${call}: the answer has no list \`result\``, { requestId })
  const cap = expected === rows ? undefined : capReached(rows)
  if (cap !== undefined) throw cap
}

function halvesOf(window: AbsoluteTimeframe, timezone: string | number | undefined, counted: number): AbsoluteTimeframe[] {
  const { start, end } = endsOf(window, timezone)
  const middle = Temporal.Instant.fromEpochMilliseconds(Math.floor((start.epochMilliseconds + end.epochMilliseconds) / 2))
  if (Temporal.Instant.compare(middle, start) <= 0 || Temporal.Instant.compare(middle, end) >= 0) {
    throw new RefusedError(
      `Keen gives ${mostRows} events of an extraction at most, and there are ${counted} from ${window.start} to ${window.end}, which is too short for halves`,
      { remedy: 'ask with filters that tell them apart' },
    )
  }
  // With an offset in both, so that the zone has no say in either.
  const [from, between, to] = [start, middle, end].map((instant) => instant.toString({ smallestUnit: 'millisecond' }))
  return [
    { start: from ?? '', end: between ?? '' },
    { start: between ?? '', end: to ?? '' },
  ]
}
