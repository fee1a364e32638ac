import { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../../errors.ts'
import type { Segmentation } from '../../../query.ts'
import type { Note, SeriesBody } from '../../../result.ts'
import type { Segment } from '../../../segments.ts'
import { arrangeSegments, seriesOf } from '../../../segments.ts'
import type { Bucket } from '../../../timeframe.ts'
import { isoWithOffset } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { MixpanelClient } from '../client.ts'
import type { Annotated } from './annotations.ts'
import { annotationsIn } from './annotations.ts'
import type { Place } from './asking.ts'
import type { History } from './history.ts'
import { askWithin, historyIn, historyNote } from './history.ts'
import type { Request } from './segmentation-plan.ts'
import { addsUp, isAverageOf, keyOf, mostSegments, planSegmentation, requestSince } from './segmentation-plan.ts'

/** An answer as it came: numbers by date for each segment. */
interface Points {
  readonly segments: readonly Found[]
  /** More segments exist than came. */
  readonly cut: boolean
  /** Set where the plan of the project does not look back to the first day that was asked for. */
  readonly history?: History
}

interface Found {
  readonly name: string
  /** Of two properties: the outer value, then the inner one. */
  readonly path?: readonly string[]
  /** Of a numeric range: where it begins. */
  readonly from?: number
  readonly values: Readonly<Record<string, number>>
}

/** Throws RefusedError where the windows are not Mixpanel's days, or where it answers in other buckets than asked for. */
export async function answerSegmentation(ask: Ask<'segmentation'>, place: Place): Promise<SeriesBody> {
  const { question, windows, scheduledAt } = ask
  const { zone } = place
  const { buckets, parts, requests } = planSegmentation(ask, zone)
  const trend = windows.trend ?? windows.timeframe
  // One point is no time series.
  const drawn = buckets.length > 1
  const none: Annotated = { notes: [] }
  const [answers, { annotations, notes: unread }] = await Promise.all([
    sendAll(requests, place, ask.signal),
    drawn ? annotationsIn(trend, question.unit, { read: place.annotations, run: scheduledAt, zone }) : none,
  ])
  const adds = addsUp(question)
  const split = question.on !== undefined
  const pointsOf = (request: Request) => answers.get(keyOf(request)) as Points
  const read = (request: Request, into: readonly Bucket[], event: string) =>
    valuesIn(pointsOf(request), into, question, zone, request.call === 'events' ? event : undefined)

  const counted = parts.map(({ event, trend: whole, figures }) => {
    const each = figures.map(({ bucket, request }) => {
      const known = request !== undefined && !isLost(pointsOf(request), bucket)
      return known ? read(request, [bucket], event) : undefined
    })
    const figureOf = (values: Numbers | undefined) => (name: string) =>
      values === undefined ? null : (values.get(name)?.[0] ?? absent(question))
    const [timeframe, ...compared] = each.map(figureOf)
    const series = read(whole, buckets, event)
    // A segment of a compared period alone is one, too: it fell to 0, and what Other is compared with holds it.
    const keys = new Set([series, ...each].flatMap((values) => [...(values?.keys() ?? [])]))
    const found = new Map(
      figures.flatMap(({ request }) => [whole, ...(request === undefined ? [] : [request])]).flatMap(namesIn(pointsOf)),
    )
    return {
      segments: [...keys].map((key): Segment & { from?: number | undefined } => ({
        ...(split ? nameOf(found.get(key), key) : { name: event }),
        values: series.get(key) ?? blank(buckets, question, pointsOf(whole)),
        total: timeframe?.(key) ?? null,
        // A segment that the compared period lacks is unknown there, not 0.
        compared: compared.map((figure) => (split ? figure(key) || null : figure(key))),
        from: found.get(key)?.from,
      })),
      totals: figures.map(({ bucket, request, together }) => {
        if (request === undefined || together === undefined || isLost(pointsOf(together), bucket)) return null
        const cut = adds && together === request && pointsOf(request).cut
        return cut ? null : sum([...read(together, [bucket], event).values()].flat(), question)
      }),
    }
  })
  const totalOf = (figure: number) => {
    const each = counted.map(({ totals }) => totals[figure] ?? null)
    return !adds && each.length > 1 ? null : sum(each, question)
  }

  const segments = counted.flatMap((part) => part.segments)
  const arranged = arrangeSegments(segments, { limit: question.limit, clean: question.clean && split, adds })
  const shown = question.buckets === undefined ? arranged.segments : inRanges(arranged.segments)
  const partial = buckets.filter((bucket) => !bucket.whole).map((bucket) => bucket.label)
  return {
    unit: question.unit,
    measure: question.type,
    ...(windows.trend === undefined ? {} : { trend: spanOf(windows.trend) }),
    dates: buckets.map((bucket) => bucket.label),
    ...(partial.length === 0 ? {} : { partial }),
    series: shown.map(seriesOf),
    ...(annotations === undefined ? {} : { annotations }),
    total: totalOf(0),
    comparisons: windows.comparisons.map(({ to, timeframe }, at) => ({
      to,
      timeframe: spanOf(timeframe),
      total: totalOf(at + 1),
      totals: Object.fromEntries(shown.map(({ name, compared }) => [name, compared[at] ?? null])),
    })),
    notes: [...notesOf(question, [...answers.values()]), ...arranged.notes, ...unread],
  }
}

type Numbers = Map<string, (number | null)[]>

function keyIn({ name, path }: Found): string {
  return path === undefined ? name : JSON.stringify(path)
}

function namesIn(pointsOf: (request: Request) => Points) {
  return (request: Request) => pointsOf(request).segments.map((segment) => [keyIn(segment), segment] as const)
}

function nameOf(found: Found | undefined, key: string): Pick<Segment, 'name' | 'path'> {
  return found?.path === undefined ? { name: found?.name ?? key } : { name: found.name, path: found.path }
}

/** Ranges stand in the order of numbers; what is no number, and the folded rest, come last. */
function inRanges<Range extends Segment & { from?: number | undefined }>(segments: readonly Range[]): Range[] {
  return segments.toSorted((a, b) => (a.from ?? Number.POSITIVE_INFINITY) - (b.from ?? Number.POSITIVE_INFINITY))
}

/** All at once; the client lets as many through as the vendor takes. */
async function sendAll(
  requests: readonly Request[],
  place: Place,
  signal: AbortSignal | undefined,
): Promise<Map<string, Points>> {
  // One failure settles the question: what still queues would only use up the hour's queries.
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  try {
    return new Map(
      await Promise.all(
        requests.map(async (request, at) => [keyOf(request), await sendWithin(request, place, either, at === 0)] as const),
      ),
    )
  } finally {
    stop.abort()
  }
}

/** What the plan's history holds of it. A compared period may be beyond that; the first request is the trend, and may not. */
async function sendWithin(request: Request, place: Place, signal: AbortSignal, needed: boolean): Promise<Points> {
  try {
    const { answer, history } = await askWithin(
      place,
      { request, ...request.parameters },
      (asked) => send(asked.request, place.client, signal),
      (asked, since) => {
        const shorter = requestSince(asked.request, since)
        return shorter === undefined ? undefined : { request: shorter, ...shorter.parameters }
      },
    )
    return history === undefined ? answer : { ...answer, history }
  } catch (error) {
    const history = historyIn(error, place)
    if (history === undefined || needed) throw error
    return { segments: [], cut: false, history: { ...history, since: request.parameters.to_date } }
  }
}

async function send(request: Request, client: MixpanelClient, signal: AbortSignal): Promise<Points> {
  const { event } = request.parameters
  const name = String(event)
  switch (request.call) {
    case 'segmentationSum':
      return { segments: [{ name, values: await client.segmentationSum(request.parameters, signal) }], cut: false }
    case 'segmentationAverage':
      return { segments: [{ name, values: await client.segmentationAverage(request.parameters, signal) }], cut: false }
    case 'segmentationNumeric': {
      const { segments } = await client.segmentationNumeric(request.parameters, signal)
      return {
        segments: segments.map(({ bounds, ...segment }) => ({
          ...segment,
          ...(bounds === undefined ? {} : { from: bounds.from }),
        })),
        cut: false,
      }
    }
    case 'segmentationMultiseg': {
      const { segments } = await client.segmentationMultiseg(request.parameters, signal)
      const { limit = 0 } = request.parameters
      const most = Math.max(new Set(segments.map(({ outer }) => outer)).size, new Set(segments.map(({ inner }) => inner)).size)
      const found = segments.map(({ outer, inner, values }) => ({ name: `${outer} / ${inner}`, path: [outer, inner], values }))
      return { segments: found, cut: most >= limit }
    }
    case 'events': {
      const { segments } = await client.events(request.parameters, signal)
      return { segments, cut: false }
    }
    case 'segmentation': {
      const { segments, legendSize = 0 } = await client.segmentation(request.parameters, signal)
      if (request.parameters.on !== undefined)
        return { segments, cut: segments.length >= mostSegments || legendSize > segments.length }
      if (segments.length > 1) {
        throw new DataError(`Mixpanel was asked for ${name} unsplit and answers with ${segments.length} segments`)
      }
      return { segments: [{ name, values: segments[0]?.values ?? {} }], cut: false }
    }
  }
}

/** Whether a window lies, in part or whole, before what the plan's history holds. */
function isLost({ history }: Points, { start }: Pick<Bucket, 'start'>): boolean {
  return history !== undefined && start.toPlainDate().toString() < history.since
}

/**
 * Each segment's numbers in the buckets. A date that the answer lacks counts 0 (documented: answers are sparse); dates
 * outside the buckets are left out. What does not add up has to stand at a bucket's own start: on another day the
 * number would be about other days.
 */
function valuesIn(
  points: Points,
  buckets: readonly Bucket[],
  question: Segmentation,
  zone: string,
  /** Of an answer about several events, the one that is read. */
  only: string | undefined,
): Numbers {
  const adds = addsUp(question)
  const places = new Map<string, number>()
  const placeOf = (date: string) => {
    const known = places.get(date)
    if (known !== undefined) return known
    const time = Temporal.PlainDateTime.from(date).toZonedDateTime(zone).epochMilliseconds
    const at = buckets.findIndex(({ start, end }) => start.epochMilliseconds <= time && time < end.epochMilliseconds)
    const day = date.slice(0, 10)
    const own = buckets.findIndex(({ label, start }) => label === day || start.toPlainDate().toString() === day)
    if (!adds && at !== -1 && own !== at) {
      throw new RefusedError(`Mixpanel answers for ${date}, where no bucket that was asked for starts`, {
        remedy: `${question.type} figures of such buckets do not add up: ask by day, or ask a lake`,
      })
    }
    const place = adds ? at : own
    places.set(date, place)
    return place
  }
  const empty = blank(buckets, question, points)
  const segments = only === undefined ? points.segments : points.segments.filter(({ name }) => name === only)
  return new Map(
    segments.map((segment) => {
      const numbers = [...empty]
      for (const [date, value] of Object.entries(segment.values)) {
        const place = placeOf(date)
        if (place !== -1 && !isLost(points, buckets[place] as Bucket))
          numbers[place] = adds ? (numbers[place] ?? 0) + value : value
      }
      return [keyIn(segment), numbers]
    }),
  )
}

/** What buckets hold before any number; Mixpanel's local times show an hour that comes twice once, as the first. */
function blank(buckets: readonly Bucket[], question: Segmentation, points: Points): (number | null)[] {
  return buckets.map(({ start }) => {
    if (isLost(points, { start })) return null
    const isFirst = start.toPlainDateTime().toZonedDateTime(start.timeZoneId).equals(start)
    return isFirst ? absent(question) : null
  })
}

/** What no number means: nothing happened, or nobody to take an average of. */
function absent(question: Segmentation): number | null {
  return question.type === 'average' ? null : 0
}

/** Null where a part is unknown. */
function sum(values: readonly (number | null)[], question: Segmentation): number | null {
  if (values.length === 0) return absent(question)
  return values.reduce((all, value) => (all === null || value === null ? null : all + value))
}

function notesOf(question: Segmentation, answers: readonly Points[]): Note[] {
  const notes: Note[] = historyNote(answers.find(({ history }) => history !== undefined)?.history)
  if (isAverageOf(question)) {
    notes.push({ kind: 'source', text: `Mixpanel averages each ${question.unit} by itself, and nothing longer` })
  }
  if (answers.some(({ cut }) => cut)) {
    notes.push({
      kind: 'truncated',
      text: `Mixpanel has more values of ${[question.on].flat().join(' and ')} than it gives; the smallest are missing`,
    })
  }
  if (!addsUp(question) && Array.isArray(question.event) && question.event.length > 1) {
    notes.push({ kind: 'source', text: 'Mixpanel does not count several events together, so there is no total of them' })
  }
  return notes
}

function spanOf({ start, end }: { start: Temporal.ZonedDateTime; end: Temporal.ZonedDateTime }): { start: string; end: string } {
  return { start: isoWithOffset(start), end: isoWithOffset(end) }
}
