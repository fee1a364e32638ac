import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Segmentation } from '../../../query.ts'
import type { Bucket, Window } from '../../../timeframe.ts'
import { bucketsOf, floorTo } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import { daysOf } from './days.ts'
import { rangeSince } from './history.ts'
import { printedProperty, printedWhere } from './printed.ts'

/** The vendor's most: what it leaves out would be missing from "Other". */
export const mostSegments = 10_000

/** The same of two properties: pairs of the largest values of each come, so there may be as many as its square. */
const mostOfEach = 255

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseSegmentation(question: Segmentation): string | undefined {
  const { event, type, unit, on, of, buckets } = question
  if (event === 'any') return 'Mixpanel documents no segmentation of any event; name the events'
  if (Array.isArray(event) && on !== undefined) {
    return 'a Mixpanel source splits one event by a property; name one event, or leave out `on`'
  }
  if (Array.isArray(event) && new Set(event).size < event.length) return 'an event is listed twice; name each once'
  if (buckets !== undefined) return refuseBuckets(question)
  if (Array.isArray(on) && type !== 'general')
    return `Mixpanel splits by two properties only what is counted as events, not ${type}`
  const short = unit === 'minute' || unit === 'hour'
  switch (type) {
    case 'general':
      return of === undefined ? undefined : countTakesNoOf
    case 'sum':
      if (of === undefined) return 'a sum adds up a property; name it with `of`'
      if (on !== undefined) return splitNumbers('sum')
      return unit === 'minute' ? "Mixpanel's sum goes down to hours; write `unit: hour`" : undefined
    case 'average':
      if (of !== undefined) return refuseAverageOf(question)
      return short ? `Mixpanel has no average by ${unit}; write \`unit: day\` or longer` : undefined
    case 'unique':
      if (of !== undefined) return 'uniques take no `of`; leave it out'
      return short ? `Mixpanel has no unique by ${unit}; write \`unit: day\` or longer` : undefined
    default:
      return `a Mixpanel source answers general, unique, average and sum, not ${type}`
  }
}

/** `on` of these calls is the property that is added up, and no other parameter splits them. */
function splitNumbers(type: 'sum' | 'average'): string {
  return `Mixpanel's call for the ${type} of a property has nothing to split it by; leave out \`on\`, ask a lake, or save it with a breakdown as an Insights report and ask \`saved: { insights: <bookmark id> }\``
}

const countTakesNoOf = 'a count takes no `of`; leave it out, or add it up with `type: sum`'

function refuseBuckets({ event, type, unit, on, of }: Segmentation): string | undefined {
  if (typeof on !== 'string') return '`buckets` sorts the numbers of one property into ranges; name it with `on`'
  if (Array.isArray(event)) return 'a Mixpanel source splits one event by a property; name one event'
  if (type !== 'general') return `Mixpanel's ranges do not add up for ${type}; leave out \`type\``
  if (of !== undefined) return countTakesNoOf
  return unit === 'minute' ? "Mixpanel's ranges go down to hours; write `unit: hour`" : undefined
}

/** Averages of days are no average of a week, and nobody says how many they are of. */
function refuseAverageOf({ unit, on }: Segmentation): string | undefined {
  if (on !== undefined) return splitNumbers('average')
  return unit === 'hour' || unit === 'day' ? undefined : "Mixpanel's average of a property is by hour or day; write `unit: day`"
}

/** Whether numbers add up over days and segments. */
export function addsUp(question: Segmentation): boolean {
  return question.type === 'general' || question.type === 'sum'
}

export type Request =
  | { readonly call: 'segmentation'; readonly parameters: ParametersOf<'segmentation'> }
  | { readonly call: 'segmentationSum'; readonly parameters: ParametersOf<'segmentationSum'> }
  | { readonly call: 'segmentationAverage'; readonly parameters: ParametersOf<'segmentationAverage'> }
  | { readonly call: 'segmentationNumeric'; readonly parameters: ParametersOf<'segmentationNumeric'> }
  | { readonly call: 'segmentationMultiseg'; readonly parameters: ParametersOf<'segmentationMultiseg'> }
  /** Several events in one. */
  | {
      readonly call: 'events'
      readonly parameters: ParametersOf<'events'> & { readonly from_date: string; readonly to_date: string }
    }

/** A figure of one window, and the request that it is read from: the trend's own, where that holds it. */
export interface Figure {
  readonly bucket: Bucket
  /** Undefined where no call of the vendor tells the figure of this window. */
  readonly request: Request | undefined
  /** Counts all segments together; where they add up, or are not asked for, `request` again. */
  readonly together: Request | undefined
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
  const inOne = isInOne(question)
  const parts = [question.event].flat().map((event): Part => {
    const asked = inOne ? question.event : event
    const whole = requestOf(question, asked, trend, zone, {})
    const figures = [windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)].map((window): Figure => {
      const bucket = { ...window, label: window.start.toPlainDate().toString(), whole: true }
      const held = isHeld(window)
      // An average of a property is told for a day or an hour, and for nothing longer.
      if (isAverageOf(question) && !held && daysOf(window, zone).count > 1)
        return { bucket, request: undefined, together: undefined }
      const request = held ? whole : requestOf(question, asked, window, zone, { one: true })
      if (question.on === undefined || (adds && !Array.isArray(question.on))) return { bucket, request, together: request }
      return {
        bucket,
        request,
        together: requestOf(question, asked, held && adds ? trend : window, zone, { one: true, unsplit: true }),
      }
    })
    return { event, trend: whole, figures }
  })
  const requests = parts.flatMap(({ trend, figures }) => [
    trend,
    ...figures.flatMap(({ request, together }) => [request, together].filter((one) => one !== undefined)),
  ])
  return { buckets, parts, requests: [...new Map(requests.map((request) => [keyOf(request), request])).values()] }
}

/** Whether all its events come in one answer: each call uses up the hour. A custom event may come by its label, and alone. */
function isInOne({ event, type, on, where }: Segmentation): boolean {
  if (!Array.isArray(event) || event.length < 2 || event.some(isCustom)) return false
  return type === 'general' && on === undefined && where === undefined
}

/** Custom events are put together from others by the people who use a project. */
export function isCustom(event: string): boolean {
  return event.startsWith('$custom_event:')
}

function isAverageOf({ type, of }: Segmentation): boolean {
  return type === 'average' && of !== undefined
}

/** The same text for the same request. */
export function keyOf(request: Request): string {
  return JSON.stringify(request)
}

/** The window in the question's buckets, or as `one`. */
function requestOf(
  question: Segmentation,
  event: string | string[],
  window: Window,
  zone: string,
  as: { readonly one?: boolean; readonly unsplit?: boolean },
): Request {
  const { type, unit, on, of, buckets } = question
  const { from_date, to_date, count } = daysOf(window, zone)
  // Mixpanel has no weeks, and what adds up can be built from days: one answer then holds several windows.
  const grain = as.one === true ? 'day' : unit
  const hourly: 'hour' | 'day' = grain === 'hour' ? 'hour' : 'day'
  if (Array.isArray(event)) {
    const fine = grain === 'minute' ? 'minute' : hourly
    return { call: 'events', parameters: { event, type: 'general', unit: fine, from_date, to_date } }
  }
  const range = { event, from_date, to_date }
  const where = printedWhere(question.where)
  if (of !== undefined) {
    const call = type === 'sum' ? 'segmentationSum' : 'segmentationAverage'
    return { call, parameters: { ...range, on: printedProperty(of), ...where, unit: hourly } }
  }
  if (typeof on === 'string' && buckets !== undefined && !as.unsplit) {
    return {
      call: 'segmentationNumeric',
      parameters: { ...range, on: printedProperty(on), ...where, unit: hourly, type: 'general', buckets },
    }
  }
  const fine = grain === 'minute' ? 'minute' : hourly
  if (Array.isArray(on) && !as.unsplit) {
    const [outer = '', inner = ''] = on.map((property) => printedProperty(property))
    const most = { type: 'general', unit: fine, limit: mostOfEach } as const
    return { call: 'segmentationMultiseg', parameters: { ...range, outer, inner, ...where, ...most } }
  }
  const split = typeof on === 'string' && !as.unsplit ? { on: printedProperty(on), limit: mostSegments } : {}
  if (type === 'unique' || type === 'average') {
    // Documented: `interval`, in lieu of `unit` where the type is not general, is the number of days in a bucket.
    const interval = as.one === true ? count : unit === 'week' ? 7 : undefined
    const bucket = interval === undefined ? { unit: unit === 'month' ? ('month' as const) : hourly } : { interval }
    return { call: 'segmentation', parameters: { ...range, type, ...split, ...where, ...bucket } }
  }
  return { call: 'segmentation', parameters: { ...range, type: 'general', ...split, ...where, unit: fine } }
}

/** The same request for what lies within the plan's history; undefined where its buckets would be others. */
export function requestSince(request: Request, since: string): Request | undefined {
  const { call, parameters } = request
  const parameter = call === 'segmentation' ? (parameters.unit === 'month' ? 'month' : parameters.interval) : undefined
  const shorter = rangeSince<Request['parameters']>(parameters, since, parameter ?? 1)
  // TypeScript does not see that these are the parameters of that call.
  return shorter === undefined ? undefined : ({ call, parameters: shorter } as Request)
}

function lies(inner: Pick<Window, 'start' | 'end'>, outer: Pick<Window, 'start' | 'end'>): boolean {
  const { compare } = Temporal.ZonedDateTime
  return compare(inner.start, outer.start) >= 0 && compare(inner.end, outer.end) <= 0
}
