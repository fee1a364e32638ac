import type { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Bucket } from '../../../timeframe.ts'
import type { KeenClient } from '../client.ts'

/** What is known of a source before it is opened. */
export interface Site {
  /** The name that the project file gave it. */
  readonly name: string
  /** The property that says who did an event. */
  readonly actor?: string | undefined
}

/** What the source is, as far as questions have to know. */
export interface Place extends Site {
  readonly client: KeenClient
  readonly clock: () => Date
}

/** Calls that give numbers. */
export type Metric = 'count' | 'countUnique' | 'sum' | 'minimum' | 'maximum' | 'average' | 'median' | 'percentile'

/** One request to the vendor, for `--explain`. */
export interface Request {
  readonly call: 'funnel' | 'extraction' | 'savedQueryResult' | Metric
  readonly parameters: object
}

/** A stretch of time, half-open. */
export type Span = Pick<Bucket, 'start' | 'end'>

/** Why uniques and funnels cannot be asked, where nothing says who did an event. */
export function refuseWithoutActor(what: string, { name, actor }: Site): string | undefined {
  if (actor !== undefined) return undefined
  return `${what} needs the property that says who did an event; give the source \`${name}\` one: \`actor: user.id\``
}

/** What making it throws as RefusedError, in words; undefined where it can be made. */
export function refusalOf(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`
  }
}

/** As a query without an interval takes it: to the millisecond, with an offset, so that it means the same in any zone. */
export function timeframeOf({ start, end }: Span): { start: string; end: string } {
  return { start: instant(start), end: instant(end) }
}

function instant(time: Temporal.ZonedDateTime): string {
  return time.toInstant().toString({ smallestUnit: 'millisecond' })
}
