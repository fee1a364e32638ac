import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Segmentation } from '../../../query.ts'
import type { Bucket } from '../../../timeframe.ts'
import type { Bounds, Found, Points } from './points.ts'
import { addsUp } from './segmentation-plan.ts'

/** The numbers of each segment (by `keyIn`), one for each bucket. */
export type Numbers = Map<string, (number | null)[]>

/** What tells a segment from all others; names of pairs are for people. */
export function keyIn({ name, path }: Found): string {
  return path === undefined ? name : JSON.stringify(path)
}

/** Whether a window lies, in part or whole, before what the plan's history holds. */
export function isLost({ history, lost }: Points, { start }: Pick<Bucket, 'start'>): boolean {
  return lost === true || (history !== undefined && start.toPlainDate().toString() < history.since)
}

/**
 * Each segment's numbers in the buckets. A date that the answer lacks counts 0 (documented: answers are sparse); dates
 * outside the buckets are left out. Throws RefusedError where what does not add up stands at another time than a
 * bucket's own start: the number would be about other days. `only` is the event that is read of an answer about several.
 */
export function valuesIn(
  points: Points,
  buckets: readonly Bucket[],
  question: Segmentation,
  zone: string,
  only?: string,
): Numbers {
  const adds = addsUp(question)
  const empty = blank(buckets, question, points)
  const lost = buckets.map((bucket) => isLost(points, bucket))
  const placeOf = placing(buckets, question, zone)
  const segments = only === undefined ? points.segments : points.segments.filter(({ name }) => name === only)
  return new Map(
    segments.map((segment) => {
      const numbers = [...empty]
      for (const [date, value] of Object.entries(segment.values)) {
        const place = placeOf(date)
        if (place !== -1 && !lost[place]) numbers[place] = adds ? (numbers[place] ?? 0) + value : value
      }
      return [keyIn(segment), numbers]
    }),
  )
}

/** Finds the bucket of a date, -1 where there is none. Minutes of weeks are many: each date is looked up once, and quickly. */
function placing(buckets: readonly Bucket[], question: Segmentation, zone: string): (date: string) => number {
  const adds = addsUp(question)
  const starts = buckets.map(({ start }) => start.epochMilliseconds)
  const ends = buckets.map(({ end }) => end.epochMilliseconds)
  // A week or month that the window cuts may stand under its own first day, or the window's.
  const own = new Map<string | number, number>()
  buckets.forEach(({ label }, at) => {
    own.set(label, at).set(starts[at] ?? label, at)
  })
  const places = new Map<string, number>()

  function find(date: string): number {
    const time = Temporal.PlainDateTime.from(date).toZonedDateTime(zone).epochMilliseconds
    const before = lastUpTo(starts, time)
    const at = time < (ends[before] ?? time) ? before : -1
    if (adds) return at
    const begins = own.get(date.slice(0, 10)) ?? own.get(time) ?? -1
    if (at === -1 || begins === at) return begins
    throw new RefusedError(`Mixpanel answers for ${date}, where no bucket that was asked for starts`, {
      remedy: `${question.type} figures of such buckets do not add up: ask by day, or ask a lake`,
    })
  }

  return (date) => {
    const known = places.get(date)
    if (known !== undefined) return known
    const place = find(date)
    places.set(date, place)
    return place
  }
}

/** Where the last of the ascending numbers stands that is at most `most`; -1 where none is. */
function lastUpTo(numbers: readonly number[], most: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] ?? 0) <= most) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** What buckets hold before any number; Mixpanel's local times show an hour that comes twice once, as the first. */
export function blank(buckets: readonly Bucket[], question: Segmentation, points: Points): (number | null)[] {
  return buckets.map(({ start }) => {
    if (isLost(points, { start })) return null
    const isFirst = start.toPlainDateTime().toZonedDateTime(start.timeZoneId).equals(start)
    return isFirst ? absent(question) : null
  })
}

/** What no number means: nothing happened, or nobody to take an average of. */
export function absent({ type }: Pick<Segmentation, 'type'>): number | null {
  return type === 'average' ? null : 0
}

/** Null where a part is unknown. */
export function sum(values: readonly (number | null)[], question: Segmentation): number | null {
  if (values.length === 0) return absent(question)
  return values.reduce((all, value) => (all === null || value === null ? null : all + value))
}

/**
 * The names of another answer's ranges that overlap ranges of this one. Mixpanel draws the ranges of each answer by the
 * numbers in it, so what is in such a range is in ours, too, in parts that nobody can tell.
 */
export function overlapping(own: readonly Found[], others: readonly Found[]): ReadonlySet<string> {
  const names = new Set(own.map(({ name }) => name))
  const isAcross = (a: Bounds | undefined, b: Bounds | undefined) =>
    a !== undefined && b !== undefined && a.from < b.to && b.from < a.to
  return new Set(
    others
      .filter(({ name, bounds }) => !names.has(name) && own.some((range) => isAcross(range.bounds, bounds)))
      .map(({ name }) => name),
  )
}
