import type { Segmentation } from '../../../query.ts'
import type { Note, SeriesBody } from '../../../result.ts'
import type { Segment } from '../../../segments.ts'
import { arrangeSegments, seriesOf } from '../../../segments.ts'
import type { Bucket } from '../../../timeframe.ts'
import { spanOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { Row } from '../calls/answers.ts'
import type { Place } from './asking.ts'
import type { Part, Request, TallyPlan } from './segmentation-plan.ts'
import { groupsOf, keyOf, planSegmentation } from './segmentation-plan.ts'
import { cellsIn, figuresIn, namesOf } from './segmentation-read.ts'
import type { Range } from './stretches.ts'
import { fillingOf } from './stretches.ts'
import type { Tally } from './tallies.ts'
import { joined } from './tallies.ts'

/** Throws RefusedError where Keen cuts in other places than asked for, and what the client throws. */
export async function answerSegmentation(ask: Ask<'segmentation'>, place: Place): Promise<SeriesBody> {
  const { question, windows } = ask
  const { buckets, parts, requests } = planSegmentation(ask, place)
  const rowsOf = await sendAll(requests, place, ask.signal)
  const trend = windows.trend ?? windows.timeframe
  const counted = parts.map((part) => count(part, { question, buckets, rowsOf }))
  const [tally] = parts[0]?.tallies ?? []
  const adds = tally?.tally.joins === 'adds' && parts.every(({ tallies }) => tallies.length === 1)
  const totalOf = (figure: number): number | null => {
    const each = counted.map(({ totals }) => totals[figure] ?? null)
    return each.length > 1 && !adds ? null : joined(each, { joins: 'adds', absent: null })
  }
  const arranged = arrangeSegments(
    counted.flatMap(({ segments }) => segments),
    { limit: question.limit, clean: question.clean && question.on !== undefined, adds },
  )
  const partial = buckets.filter(({ whole }) => !whole).map(({ label }) => label)
  return {
    unit: question.unit,
    measure: question.type,
    ...(windows.trend === undefined ? {} : { trend: spanOf(windows.trend) }),
    dates: buckets.map(({ label }) => label),
    ...(partial.length === 0 ? {} : { partial }),
    series: arranged.segments.map(seriesOf),
    total: totalOf(0),
    comparisons: windows.comparisons.map(({ to, timeframe }, at) => ({
      to,
      timeframe: spanOf(timeframe),
      total: totalOf(at + 1),
      totals: Object.fromEntries(arranged.segments.map(({ name, compared }) => [name, compared[at] ?? null])),
    })),
    notes: [
      ...(trend.partial ? [{ kind: 'partial', text: 'what still runs is counted as far as it has come' } as const] : []),
      ...(parts.length > 1 && !adds ? [apart] : []),
      ...arranged.notes,
    ],
  }
}

const apart: Note = { kind: 'source', text: 'Keen does not count several events together, so there is no total of them' }

/** All at once; the client lets as many through as the vendor takes. One failure settles the question: the rest is not sent. */
async function sendAll(
  requests: readonly Request[],
  { client }: Place,
  signal: AbortSignal | undefined,
): Promise<(request: Request) => readonly Row[]> {
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  try {
    const send = async (request: Request) => {
      // The plan made the parameters of that call; TypeScript does not follow one key through both.
      const rows: readonly Row[] = await client[request.call](request.parameters as never, either)
      return [keyOf(request), rows] as const
    }
    const answers = new Map(await Promise.all(requests.map(send)))
    return (request) => answers.get(keyOf(request)) ?? []
  } finally {
    stop.abort()
  }
}

interface Reading {
  readonly question: Segmentation
  readonly buckets: readonly Bucket[]
  readonly rowsOf: (request: Request) => readonly Row[]
}

/** The segments of one event; where it is not split, the event. Totals speak of all segments together. */
function count(part: Part, reading: Reading): { segments: Segment[]; totals: (number | null)[] } {
  const [first, second] = part.tallies.map((plan) => (plan === undefined ? undefined : read(plan, reading)))
  if (first === undefined) return { segments: [], totals: [] }
  const split = reading.question.on !== undefined
  const keys = new Set(split ? [...first.keys, ...(second?.keys ?? [])] : ['[]'])
  const names = namesOf(keys)
  const value = (pick: (counts: Counts) => number | null) => {
    const own = pick(first)
    return second === undefined ? own : quotient(own, pick(second))
  }
  const { figures } = part.tallies[0]
  return {
    segments: [...keys].map((key) => {
      const { name, path } = split ? (names.get(key) ?? { name: key }) : { name: part.event }
      const [total = null, ...compared] = figures.map((_, at) => value((counts) => counts.figure(at, key)))
      return {
        name,
        ...(path === undefined ? {} : { path }),
        values: reading.buckets.map((_, at) => value((counts) => counts.bucket(at, key))),
        total,
        compared,
      }
    }),
    totals: figures.map((_, at) => value((counts) => counts.total(at))),
  }
}

/** Null where nobody is there to share it. */
function quotient(of: number | null, by: number | null): number | null {
  return of === null || by === null || by === 0 ? null : of / by
}

interface Counts {
  readonly keys: readonly string[]
  bucket(at: number, key: string): number | null
  figure(at: number, key: string): number | null
  total(at: number): number | null
}

/** The numbers of one metric, by bucket, by window (the timeframe is the first), and by group. */
function read({ tally, cells, stretches, figures }: TallyPlan, { question, buckets, rowsOf }: Reading): Counts {
  const groups = groupsOf(question)
  const byCell = new Map<string, (number | null | undefined)[]>()
  let place = 0
  for (const stretch of stretches) {
    for (const [key, values] of cellsIn(rowsOf(stretch.request), stretch, groups, tally)) {
      const own = byCell.get(key) ?? cells.map(() => undefined)
      own.splice(place, values.length, ...values)
      byCell.set(key, own)
    }
    place += stretch.cells.length
  }
  const over = (key: string, { from, to }: Range): (number | null)[] =>
    (byCell.get(key)?.slice(from, to) ?? []).filter((value) => value !== undefined)
  const filling = fillingOf(cells)
  const fills = buckets.map((bucket) => filling(bucket) ?? nowhere)
  const alone = figures.map(({ of }) => ('call' in of ? figuresIn(rowsOf(of), groups) : undefined))
  const together = figures.map(({ together: request }) => (request === undefined ? undefined : figuresIn(rowsOf(request), [])))
  const keys = [...new Set([...byCell.keys(), ...alone.flatMap((numbers) => [...(numbers?.keys() ?? [])])])]

  /** The group's numbers in a window; none where it is not in it. */
  const valuesAt = (at: number, key: string): (number | null)[] => {
    const { of } = figures[at] ?? { of: nowhere }
    if (!('call' in of)) return over(key, of)
    const value = alone[at]?.get(key)
    return value === undefined ? [] : [value]
  }
  return {
    keys,
    bucket: (at, key) => joined(over(key, fills[at] ?? nowhere), tally),
    figure: (at, key) => {
      const values = valuesAt(at, key)
      if (at === 0 || groups.length === 0) return joined(values, tally)
      // A segment that the compared period lacks is unknown there, not 0.
      return values.every((value) => value === null || (isCount(tally) && value === 0)) ? null : joined(values, tally)
    },
    total: (at) => {
      const whole = together[at]
      return joined(whole === undefined ? keys.flatMap((key) => valuesAt(at, key)) : [...whole.values()], tally)
    },
  }
}

const nowhere: Range = { from: 0, to: 0 }

function isCount({ call }: Tally): boolean {
  return call === 'count' || call === 'countUnique'
}
