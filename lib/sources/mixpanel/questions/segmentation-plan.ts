import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Segmentation } from '../../../query.ts'
import type { Bucket, Window } from '../../../timeframe.ts'
import { bucketsOf, floorTo } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import { daysOf } from './days.ts'
import { printedProperty, printedWhere } from './printed.ts'

/** The vendor's most: what it leaves out would be missing from "Other". */
export const mostSegments = 10_000

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseSegmentation(question: Segmentation): string | undefined {
  const { type, unit, on } = question
  if (question.event === 'any') return 'Mixpanel documents no segmentation of any event; name the events'
  if (Array.isArray(on)) return 'a Mixpanel source splits by one property; give `on` one'
  if (Array.isArray(question.event) && on !== undefined) {
    return 'a Mixpanel source splits one event by a property; name one event, or leave out `on`'
  }
  if (question.buckets !== undefined) return 'a Mixpanel source does not sort numbers into `buckets`; leave it out'
  if (type === 'sum') {
    if (question.of === undefined) return 'a sum adds up a property; name it with `of`'
    if (on !== undefined) return "Mixpanel's sum takes no `on`; leave it out, or ask a lake"
    return unit === 'minute' ? "Mixpanel's sum goes down to hours; write `unit: hour`" : undefined
  }
  if (type !== 'general' && type !== 'unique' && type !== 'average') {
    return `a Mixpanel source answers general, unique, average and sum, not ${type}`
  }
  if (question.of !== undefined) return 'a Mixpanel source takes `of` for a sum only; without it `average` is events per user'
  const short = unit === 'minute' || unit === 'hour'
  return type !== 'general' && short ? `Mixpanel has no ${type} by ${unit}; write \`unit: day\` or longer` : undefined
}

/** Whether numbers add up over days and segments. */
export function addsUp(question: Segmentation): boolean {
  return question.type === 'general' || question.type === 'sum'
}

export type Request =
  | { readonly call: 'segmentation'; readonly parameters: ParametersOf<'segmentation'> }
  | { readonly call: 'segmentationSum'; readonly parameters: ParametersOf<'segmentationSum'> }

/** A figure of one window, and the request that it is read from: the trend's own, where that holds it. */
export interface Figure {
  readonly bucket: Bucket
  readonly request: Request
  /** Counts all segments together; where they add up, or are not asked for, `request` again. */
  readonly together: Request
}

export interface Part {
  readonly event: string
  readonly trend: Request
  /** The timeframe's, then each comparison's. */
  readonly figures: readonly Figure[]
}

export interface Plan {
  readonly buckets: readonly Bucket[]
  /** One for each event. */
  readonly parts: readonly Part[]
  /** Every request of the parts, once. */
  readonly requests: readonly Request[]
}

/** What will be asked. Throws RefusedError where a window is not made of days that Mixpanel counts. */
export function planSegmentation(ask: Ask<'segmentation'>, zone: string): Plan {
  const { question, windows, calendar } = ask
  const trend = windows.trend ?? windows.timeframe
  const buckets = bucketsOf(trend, question.unit, calendar)
  const adds = addsUp(question)
  if (!adds && question.unit === 'week' && !floorTo(trend.start, 'week', calendar).equals(trend.start)) {
    throw new RefusedError(`Mixpanel cannot count ${question.type} by week from ${trend.start.toPlainDate()}`, {
      remedy: `start the timeframe on a ${calendar.weekStart}, or ask by day`,
    })
  }
  // What adds up is read from a longer answer; what does not, only from a bucket that is just that window.
  const isHeld = (window: Window) =>
    adds ? lies(window, trend) : buckets.some((bucket) => lies(window, bucket) && lies(bucket, window))
  const parts = [question.event].flat().map((event): Part => {
    const whole = requestOf(question, event, trend, zone, {})
    const figures = [windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)].map((window): Figure => {
      const request = isHeld(window) ? whole : requestOf(question, event, window, zone, { one: true })
      const together =
        adds || question.on === undefined ? request : requestOf(question, event, window, zone, { one: true, unsplit: true })
      return { bucket: { ...window, label: window.start.toPlainDate().toString(), whole: true }, request, together }
    })
    return { event, trend: whole, figures }
  })
  const requests = parts.flatMap(({ trend, figures }) => [
    trend,
    ...figures.flatMap(({ request, together }) => [request, together]),
  ])
  return { buckets, parts, requests: [...new Map(requests.map((request) => [keyOf(request), request])).values()] }
}

/** The same text for the same request. */
export function keyOf(request: Request): string {
  return JSON.stringify(request)
}

/** The window in the question's buckets, or as `one`. */
function requestOf(
  question: Segmentation,
  event: string,
  window: Window,
  zone: string,
  as: { readonly one?: boolean; readonly unsplit?: boolean },
): Request {
  const { type, unit, on, of } = question
  const { from_date, to_date, count } = daysOf(window, zone)
  const range = { event, from_date, to_date }
  const where = printedWhere(question.where)
  if (type === 'sum' && of !== undefined) {
    const grain = unit === 'hour' && !as.one ? unit : 'day'
    return { call: 'segmentationSum', parameters: { ...range, on: printedProperty(of), ...where, unit: grain } }
  }
  const split = typeof on === 'string' && !as.unsplit ? { on: printedProperty(on), limit: mostSegments } : {}
  if (type === 'unique' || type === 'average') {
    // Documented: `interval`, in lieu of `unit` where the type is not general, is the number of days in a bucket.
    const bucket = as.one ? { interval: count } : unit === 'week' ? { interval: 7 } : { unit }
    return { call: 'segmentation', parameters: { ...range, type, ...split, ...where, ...bucket } }
  }
  // Mixpanel has no weeks, and what adds up can be built from days: one answer then holds several windows.
  const grain = (unit === 'hour' || unit === 'minute') && !as.one ? unit : 'day'
  return { call: 'segmentation', parameters: { ...range, type: 'general', ...split, ...where, unit: grain } }
}

function lies(inner: Pick<Window, 'start' | 'end'>, outer: Pick<Window, 'start' | 'end'>): boolean {
  const { compare } = Temporal.ZonedDateTime
  return compare(inner.start, outer.start) >= 0 && compare(inner.end, outer.end) <= 0
}
