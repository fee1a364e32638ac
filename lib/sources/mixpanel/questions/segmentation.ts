import { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../../errors.ts'
import type { Segmentation } from '../../../query.ts'
import type { Note, SeriesBody } from '../../../result.ts'
import { arrangeSegments, seriesOf } from '../../../segments.ts'
import type { Bucket } from '../../../timeframe.ts'
import { isoWithOffset } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { MixpanelClient } from '../client.ts'
import type { Request } from './segmentation-plan.ts'
import { addsUp, keyOf, mostSegments, planSegmentation } from './segmentation-plan.ts'

/** An answer as it came: numbers by date for each segment. */
interface Points {
  readonly segments: readonly { readonly name: string; readonly values: Readonly<Record<string, number>> }[]
  /** More segments exist than came. */
  readonly cut: boolean
}

/** Throws RefusedError where the windows are not Mixpanel's days, or where it answers in other buckets than asked for. */
export async function answerSegmentation(ask: Ask<'segmentation'>, client: MixpanelClient, zone: string): Promise<SeriesBody> {
  const { question, windows } = ask
  const { buckets, parts, requests } = planSegmentation(ask, zone)
  const answers = await sendAll(requests, client, ask.signal)
  const adds = addsUp(question)
  const split = question.on !== undefined
  const read = (request: Request, into: readonly Bucket[]) =>
    valuesIn(answers.get(keyOf(request)) as Points, into, question, zone)

  const counted = parts.map(({ event, trend, figures }) => {
    const each = figures.map(({ bucket, request }) => read(request, [bucket]))
    const [timeframe, ...compared] = each.map((values) => (name: string) => values.get(name)?.[0] ?? absent(question))
    const series = read(trend, buckets)
    // A segment of a compared period alone is one, too: it fell to 0, and what Other is compared with holds it.
    const names = new Set([series, ...each].flatMap((values) => [...values.keys()]))
    return {
      segments: [...names].map((name) => ({
        name: split ? name : event,
        values: series.get(name) ?? blank(buckets, question),
        total: timeframe?.(name) ?? null,
        // A segment that the compared period lacks is unknown there, not 0.
        compared: compared.map((figure) => (split ? figure(name) || null : figure(name))),
      })),
      totals: figures.map(({ bucket, request, together }) => {
        const cut = adds && answers.get(keyOf(request))?.cut === true
        return cut ? null : sum([...read(together, [bucket]).values()].flat(), question)
      }),
    }
  })
  const totalOf = (figure: number) => {
    const each = counted.map(({ totals }) => totals[figure] ?? null)
    return !adds && each.length > 1 ? null : sum(each, question)
  }

  const segments = counted.flatMap((part) => part.segments)
  const arranged = arrangeSegments(segments, { limit: question.limit, clean: question.clean && split, adds })
  const partial = buckets.filter((bucket) => !bucket.whole).map((bucket) => bucket.label)
  return {
    unit: question.unit,
    measure: question.type,
    ...(windows.trend === undefined ? {} : { trend: spanOf(windows.trend) }),
    dates: buckets.map((bucket) => bucket.label),
    ...(partial.length === 0 ? {} : { partial }),
    series: arranged.segments.map(seriesOf),
    total: totalOf(0),
    comparisons: windows.comparisons.map(({ to, timeframe }, at) => ({
      to,
      timeframe: spanOf(timeframe),
      total: totalOf(at + 1),
      totals: Object.fromEntries(arranged.segments.map(({ name, compared }) => [name, compared[at] ?? null])),
    })),
    notes: [...notesOf(question, [...answers.values()]), ...arranged.notes],
  }
}

/** All at once; the client lets as many through as the vendor takes. */
async function sendAll(
  requests: readonly Request[],
  client: MixpanelClient,
  signal: AbortSignal | undefined,
): Promise<Map<string, Points>> {
  // One failure settles the question: what still queues would only use up the hour's queries.
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  try {
    return new Map(
      await Promise.all(requests.map(async (request) => [keyOf(request), await send(request, client, either)] as const)),
    )
  } finally {
    stop.abort()
  }
}

async function send(request: Request, client: MixpanelClient, signal: AbortSignal): Promise<Points> {
  if (request.call === 'segmentationSum') {
    const values = await client.segmentationSum(request.parameters, signal)
    return { segments: [{ name: request.parameters.event, values }], cut: false }
  }
  const { event, on } = request.parameters
  const { segments, legendSize = 0 } = await client.segmentation(request.parameters, signal)
  if (on !== undefined) return { segments, cut: segments.length >= mostSegments || legendSize > segments.length }
  if (segments.length > 1) {
    throw new DataError(`Mixpanel was asked for ${event} unsplit and answers with ${segments.length} segments`)
  }
  return { segments: [{ name: event, values: segments[0]?.values ?? {} }], cut: false }
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
): Map<string, (number | null)[]> {
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
  const empty = blank(buckets, question)
  return new Map(
    points.segments.map(({ name, values }) => {
      const numbers = [...empty]
      for (const [date, value] of Object.entries(values)) {
        const place = placeOf(date)
        if (place !== -1) numbers[place] = adds ? (numbers[place] ?? 0) + value : value
      }
      return [name, numbers]
    }),
  )
}

/** What buckets hold before any number; Mixpanel's local times show an hour that comes twice once, as the first. */
function blank(buckets: readonly Bucket[], question: Segmentation): (number | null)[] {
  return buckets.map(({ start }) => {
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
  const notes: Note[] = []
  if (answers.some(({ cut }) => cut)) {
    notes.push({ kind: 'truncated', text: `Mixpanel has more values of ${question.on} than it gives; the smallest are missing` })
  }
  if (!addsUp(question) && Array.isArray(question.event) && question.event.length > 1) {
    notes.push({ kind: 'source', text: 'Mixpanel does not count several events together, so there is no total of them' })
  }
  return notes
}

function spanOf({ start, end }: { start: Temporal.ZonedDateTime; end: Temporal.ZonedDateTime }): { start: string; end: string } {
  return { start: isoWithOffset(start), end: isoWithOffset(end) }
}
