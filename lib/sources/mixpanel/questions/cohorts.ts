import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Note } from '../../../result.ts'
import type { Bucket, Unit } from '../../../timeframe.ts'
import { bucketsOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'

/** The units in which people enter or are active. */
export interface Units {
  readonly unit: Unit
  /** Those that are over, by the date on which they begin. */
  readonly over: ReadonlyMap<string, Bucket>
  /** The dates of those that still run. */
  readonly running: ReadonlySet<string>
}

/** The units of an ask's timeframe. Throws RefusedError where it is not made of whole ones. */
export function unitsOf({ question, windows, calendar, scheduledAt }: Ask<'retention'> | Ask<'frequency'>): Units {
  const { unit } = question
  const buckets = bucketsOf(windows.timeframe, unit, calendar)
  // Only the running unit may be cut, and only where the timeframe ends.
  const isCut = ({ whole, start, label }: Bucket, at: number) =>
    !whole && !(windows.timeframe.partial && at === buckets.length - 1 && start.toPlainDate().toString() === label)
  if (buckets.some(isCut)) {
    throw new RefusedError(`the timeframe is not made of whole ${unit}s, which is what Mixpanel's cohorts are of`, {
      remedy: `ask for ${unit}s, such as previous_8_${unit}s`,
    })
  }
  const isOver = ({ whole, end }: Bucket) => whole && Temporal.Instant.compare(end.toInstant(), scheduledAt) <= 0
  const [over, running] = [buckets.filter(isOver), buckets.filter((bucket) => !isOver(bucket))]
  return {
    unit,
    over: new Map(over.map((bucket) => [bucket.label, bucket])),
    running: new Set(running.map(({ label }) => label)),
  }
}

/**
 * The answer's units that are over, each with its bucket. Throws RefusedError for one that begins on another date than
 * was asked for: nothing says that its numbers are of the same people.
 */
export function placed<Dated extends { readonly date: string }>(
  answer: readonly Dated[],
  { unit, over, running }: Units,
): (Dated & { readonly bucket: Bucket })[] {
  return answer.flatMap((one) => {
    if (running.has(one.date)) return []
    const bucket = over.get(one.date)
    if (bucket !== undefined) return [{ ...one, bucket }]
    throw new RefusedError(`Mixpanel answers for the ${unit} of ${one.date}, which is none of those that were asked for`, {
      remedy: `start the timeframe where Mixpanel's ${unit}s start, or ask by day`,
    })
  })
}

/** That the running unit is not in it, and which of the others Mixpanel said nothing about. */
export function unitNotes({ unit, over, running }: Units, given: readonly { readonly date: string }[], since = ''): Note[] {
  const said = new Set(given.map(({ date }) => date))
  const silent = [...over.keys()].filter((date) => !said.has(date) && date >= since)
  return [
    ...(running.size === 0 ? [] : [{ kind: 'partial', text: `the running ${unit} is not in it` } as const]),
    ...(silent.length === 0 ? [] : [{ kind: 'source', text: `Mixpanel gives no numbers for ${listed(silent)}` } as const]),
  ]
}

/** The request from the first unit on that is over and within the plan's history as a whole; undefined without one. */
export function fromUnit({ over }: Units) {
  return <Asked extends { readonly from_date: string }>(request: Asked, since: string): Asked | undefined => {
    const first = [...over.keys()].find((date) => date >= since)
    return first === undefined || first <= request.from_date ? undefined : { ...request, from_date: first }
  }
}

function listed(dates: readonly string[]): string {
  return dates.length <= 3 ? dates.join(', ') : `${dates.length} of them, such as ${dates[0]}`
}
