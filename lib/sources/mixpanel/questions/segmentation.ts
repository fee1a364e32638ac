import type { Segmentation } from '../../../query.ts'
import type { Note, SeriesBody } from '../../../result.ts'
import type { Segment } from '../../../segments.ts'
import { arrangeSegments, seriesOf } from '../../../segments.ts'
import type { Bucket } from '../../../timeframe.ts'
import { spanOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { Annotated } from './annotations.ts'
import { annotationsIn, annotationsRequest } from './annotations.ts'
import type { Request as AnyRequest, Place } from './asking.ts'
import { historyNote } from './history.ts'
import type { Found, Points } from './points.ts'
import { sendAll } from './points.ts'
import type { Figure, Part, Plan, Request } from './segmentation-plan.ts'
import { addsUp, planSegmentation } from './segmentation-plan.ts'
import { absent, blank, isLost, keyIn, type Numbers, overlapping, sum, valuesIn } from './segmentation-read.ts'

/** Every request that the answer takes, what people wrote beside the chart included. */
export function segmentationRequests(ask: Ask<'segmentation'>, zone: string): readonly AnyRequest[] {
  const { buckets, requests } = planSegmentation(ask, zone)
  return isDrawn(buckets) ? [...requests, annotationsRequest(ask.windows.trend ?? ask.windows.timeframe)] : requests
}

/** Throws RefusedError where the windows are not Mixpanel's days, or where it answers in other buckets than asked for. */
export async function answerSegmentation(ask: Ask<'segmentation'>, place: Place): Promise<SeriesBody> {
  const { question, windows, scheduledAt } = ask
  const { zone } = place
  const plan = planSegmentation(ask, zone)
  const { buckets, parts } = plan
  const trend = windows.trend ?? windows.timeframe
  const none: Annotated = { notes: [] }
  const [pointsOf, { annotations, notes: unread }] = await Promise.all([
    sendAll(plan.requests, place, ask.signal),
    isDrawn(buckets) ? annotationsIn(trend, question.unit, { read: place.annotations, run: scheduledAt, zone }) : none,
  ])
  const adds = addsUp(question)
  const split = question.on !== undefined
  const nameOf = namesOf(parts, pointsOf)
  const counted = parts.map((part) => count(part, nameOf(part), { question, buckets, zone, pointsOf }))
  const totalOf = (figure: number) => {
    const each = counted.map(({ totals }) => totals[figure] ?? null)
    return !adds && each.length > 1 ? null : sum(each, question)
  }

  const segments = counted.flatMap((part) => part.segments)
  const arranged = arrangeSegments(segments, { limit: question.limit, clean: question.clean && split, adds })
  const shown = question.buckets === undefined ? arranged.segments : inOrder(arranged.segments, counted)
  // What a cut answer lacks of the folded rest is unknown.
  const comparedOf = ({ compared, folded }: Segment, at: number) =>
    folded !== undefined && counted.some(({ gaps }) => gaps[at]) ? null : (compared[at] ?? null)
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
      totals: Object.fromEntries(shown.map((segment) => [segment.name, comparedOf(segment, at)])),
    })),
    notes: [
      ...notesOf(question, plan, pointsOf),
      ...(counted.some(({ regrouped }) => regrouped) ? [otherRanges] : []),
      ...arranged.notes,
      ...unread,
    ],
  }
}

/** One point is no time series. */
function isDrawn(buckets: readonly Bucket[]): boolean {
  return buckets.length > 1
}

type Answers = (request: Request) => Points

interface Counted {
  readonly segments: readonly Segment[]
  /** All segments together, of the timeframe and then of each comparison. */
  readonly totals: readonly (number | null)[]
  readonly found: ReadonlyMap<string, Found>
  /** For each comparison, whether its own answer lacks segments that the timeframe's may have. */
  readonly gaps: readonly boolean[]
  /** A compared period came in other ranges than the trend. */
  readonly regrouped: boolean
}

/** The segments of one event, `name` being what the event is called where it is not split. */
function count(
  { event, trend, figures }: Part,
  name: string,
  { question, buckets, zone, pointsOf }: { question: Segmentation; buckets: readonly Bucket[]; zone: string; pointsOf: Answers },
): Counted {
  const read = (request: Request, into: readonly Bucket[]) =>
    valuesIn(pointsOf(request), into, question, zone, request.call === 'events' ? event : undefined)
  const each = figures.map(({ bucket, request }): Numbers | undefined => {
    if (request === undefined || isLost(pointsOf(request), bucket)) return undefined
    return read(request, [bucket])
  })
  const isCut = ({ request }: Figure) => request !== undefined && pointsOf(request).cut
  const [own, ...others] = figures
  const ownCut = own !== undefined && isCut(own)
  const figureOf = (key: string, at: number) => {
    const [values, figure] = [each[at], figures[at]]
    if (values === undefined || figure === undefined) return null
    return values.has(key) ? (values.get(key)?.[0] ?? null) : isCut(figure) ? null : absent(question)
  }
  const series = read(trend, buckets)
  const missing = pointsOf(trend).cut ? buckets.map(() => null) : blank(buckets, question, pointsOf(trend))

  const split = question.on !== undefined
  const drawn = pointsOf(trend).segments
  const figured = figures.flatMap(({ request }) => (request === undefined ? [] : pointsOf(request).segments))
  const across = question.buckets === undefined ? new Set<string>() : overlapping(drawn, figured)
  const found = new Map([...figured, ...drawn].map((segment) => [keyIn(segment), segment]))
  // A segment of a compared period alone is one, too: it fell to 0, and what Other is compared with holds it. Of a cut
  // answer nobody can say that.
  const keys = new Set([series, ...(ownCut ? each.slice(0, 1) : each)].flatMap((values) => [...(values?.keys() ?? [])]))
  return {
    segments: [...keys]
      .filter((key) => !across.has(key))
      .map((key) => {
        const [total = null, ...compared] = figures.map((_, at) => figureOf(key, at))
        const { path, name: value = key } = found.get(key) ?? {}
        return {
          ...(split ? { name: value, ...(path === undefined ? {} : { path }) } : { name }),
          values: series.get(key) ?? missing,
          total,
          // A segment that the compared period lacks is unknown there, not 0.
          compared: split ? compared.map((figure) => figure || null) : compared,
        }
      }),
    totals: figures.map(({ bucket, request, together }) => {
      if (request === undefined || together === undefined || isLost(pointsOf(together), bucket)) return null
      if (addsUp(question) && together === request && pointsOf(request).cut) return null
      return sum([...read(together, [bucket]).values()].flat(), question)
    }),
    found,
    gaps: others.map((figure) => isCut(figure) && figure.request !== own?.request),
    regrouped: across.size > 0,
  }
}

/** A custom event is called by its label, as long as that tells it from the others. */
function namesOf(parts: readonly Part[], pointsOf: Answers): (part: Part) => string {
  const labelOf = ({ trend, figures }: Part) =>
    [trend, ...figures.flatMap(({ request }) => (request === undefined ? [] : [request]))]
      .map((request) => pointsOf(request).label)
      .find((label) => label !== undefined)
  const names = parts.map((part) => labelOf(part) ?? part.event)
  return (part) => {
    const label = labelOf(part) ?? part.event
    return names.filter((name) => name === label).length === 1 ? label : part.event
  }
}

/** Ranges stand in the order of numbers; what is no number, and the folded rest, come last. */
function inOrder(segments: readonly Segment[], counted: readonly Counted[]): Segment[] {
  const found = counted[0]?.found
  const startOf = ({ name }: Segment) => found?.get(name)?.bounds?.from ?? Number.POSITIVE_INFINITY
  return segments.toSorted((a, b) => {
    const [first, second] = [startOf(a), startOf(b)]
    return first === second ? 0 : first < second ? -1 : 1
  })
}

const otherRanges: Note = {
  kind: 'source',
  text: 'Mixpanel sorts the compared period into other ranges; those are compared in the total alone',
}

function notesOf(question: Segmentation, { parts, requests }: Plan, pointsOf: Answers): Note[] {
  const answers = requests.map(pointsOf)
  const notes: Note[] = historyNote(answers.find(({ history }) => history !== undefined)?.history)
  if (parts.some(({ figures }) => figures.some(({ request }) => request === undefined))) {
    notes.push({
      kind: 'source',
      text: 'Mixpanel averages a property over each day by itself, so there is no figure of anything longer',
    })
  }
  if (answers.some(({ cut }) => cut)) {
    const properties = [question.on].flat().join(' and ')
    const text = Array.isArray(question.on)
      ? `Mixpanel gives only the most common values of ${properties}; what has others may be missing from the series`
      : `Mixpanel has more values of ${properties} than it gives; the smallest are missing`
    notes.push({ kind: 'truncated', text })
  }
  if (!addsUp(question) && parts.length > 1) {
    notes.push({ kind: 'source', text: 'Mixpanel does not count several events together, so there is no total of them' })
  }
  return notes
}
