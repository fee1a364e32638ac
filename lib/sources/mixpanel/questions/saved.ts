import { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../../errors.ts'
import type { Saved } from '../../../query.ts'
import type { AnyBody, FunnelBody, Note, SeriesBody, TableBody } from '../../../result.ts'
import { stepsOf } from '../../../result.ts'
import type { Unit } from '../../../timeframe.ts'
import { isoWithOffset } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import { overall } from '../calls/answers.ts'
import type { InsightsValue } from '../calls/saved.ts'
import type { AnswerOf, ParametersOf } from '../client.ts'
import type { Place, Request } from './asking.ts'
import { daysOf } from './days.ts'

/** A saved report answers for the time at which it is asked; a day after the schedule that is another time. */
const longestDelay = { hours: 24 }

type Insights = AnswerOf<'insights'>

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseSaved(saved: Saved & { readonly kind?: string }): string | undefined {
  const { insights, funnel, query, analysis } = saved
  if (query !== undefined || analysis !== undefined)
    return 'Mixpanel keeps `insights` and `funnel`; `query` and `analysis` are of other vendors'
  const given = [insights, funnel].filter((id) => id !== undefined)
  if (given.length !== 1) return 'name one saved report: `insights: <bookmark id>` or `funnel: <id>`'
  return /^\d+$/.test(given[0] ?? '') ? undefined : 'an id of Mixpanel has digits only; it stands in the address of the report'
}

export function savedRequests({ question, windows }: Ask<'saved'>, zone: string): readonly Request[] {
  const { insights, funnel } = question
  if (insights !== undefined) return [{ call: 'insights', parameters: { bookmark_id: insights } }]
  return [{ call: 'funnel', parameters: funnelRequest(funnel ?? '', windows.timeframe, zone) }]
}

export async function answerSaved(ask: Ask<'saved'>, place: Place): Promise<AnyBody> {
  const { question, windows, scheduledAt, signal } = ask
  const { insights, funnel } = question
  if (insights === undefined) {
    const request = funnelRequest(funnel ?? '', windows.timeframe, place.zone)
    return { shape: 'funnel', ...funnelBody(await place.client.funnel(request, signal), request, windows.timeframe.partial) }
  }
  const now = Temporal.Instant.fromEpochMilliseconds(place.clock().getTime())
  if (Temporal.Instant.compare(scheduledAt.add(longestDelay), now) < 0) {
    throw new RefusedError('a saved report has the dates that Mixpanel gives it now, not those of a run that is over', {
      remedy: 'run it within a day of its schedule, or ask the question itself, with a timeframe',
    })
  }
  const answer = await place.client.insights({ bookmark_id: insights }, signal)
  const timeframe = { start: startOf(answer.from, place.zone), end: endOf(answer.to, place.zone) }
  const notes = notesOf(answer)
  const values = partsOf(answer.values)
  return values.some(({ at }) => at !== 'all')
    ? {
        shape: 'series',
        timeframe,
        ...seriesBody(values, answer, { zone: place.zone, end: timeframe.end, at: scheduledAt }, notes),
      }
    : { shape: 'table', timeframe, ...tableBody(values, answer, notes) }
}

function funnelRequest(id: string, window: Ask['windows']['timeframe'], zone: string): ParametersOf<'funnel'> {
  const { from_date, to_date, count } = daysOf(window, zone)
  return { funnel_id: id, from_date, to_date, interval: count }
}

function funnelBody(answer: AnswerOf<'funnel'>, request: ParametersOf<'funnel'>, running: boolean): FunnelBody {
  const within = answer.filter(({ date }) => request.from_date <= date && date <= request.to_date)
  const [bucket] = within
  if (bucket === undefined || within.length > 1) {
    throw new RefusedError(`Mixpanel's funnel ${request.funnel_id} was asked as one bucket and answers in ${within.length}`, {
      remedy: 'people who are in several of them would count twice: ask for one day, or name its steps in a `funnel`',
    })
  }
  const notes: Note[] = [
    { kind: 'source', text: 'Mixpanel gives mean times between steps, no medians, so none are shown' },
    {
      kind: 'immature',
      text: 'how long people have is saved with the funnel and not in its answer: the last may still be on their way',
    },
  ]
  if (running) notes.push({ kind: 'partial', text: 'the running day is counted as far as it has come' })
  return { steps: stepsOf(bucket.steps.map(({ name, count }) => ({ name, count, medianSeconds: null }))), comparisons: [], notes }
}

/** A number, with the names that lead to it; the rows that hold all others of their level apart. */
interface Part extends InsightsValue {
  readonly whole: boolean
}

function partsOf(values: readonly InsightsValue[]): Part[] {
  return values.map((value) => ({ ...value, whole: value.path.includes(overall) }))
}

/** The parts that are no sums of others, by the names that lead to them. */
function segmentsOf(parts: readonly Part[]): { path: readonly string[]; values: Part[] }[] {
  const single = new Set(parts.map(({ path }) => path[0])).size === 1
  const groups = Map.groupBy(
    parts.filter(({ whole }) => !whole),
    ({ path }) => JSON.stringify(path),
  )
  return [...groups.values()].map((values) => {
    const path = values[0]?.path ?? []
    return { path: single && path.length > 1 ? path.slice(1) : path, values }
  })
}

function seriesBody(
  parts: readonly Part[],
  answer: Insights,
  { zone, end, at }: { readonly zone: string; readonly end: string; readonly at: Temporal.Instant },
  notes: readonly Note[],
): SeriesBody {
  const times = [...new Set(parts.map((part) => part.at))].filter((time) => time !== 'all').sort()
  const unit = unitOf(times, answer, zone)
  const dates = times.map((time) => labelOf(time, unit, zone))
  const measure = measureOf(parts)
  const adds = measure === 'general'
  const valuesAt = (values: readonly Part[]) => times.map((time) => values.find((part) => part.at === time)?.value ?? null)
  const totalOf = (values: readonly (number | null)[]) => (adds ? addUp(values) : null)
  const series = segmentsOf(parts).map(({ path, values }) => {
    const numbers = valuesAt(values)
    return {
      name: path.join(' / '),
      ...(path.length > 1 ? { path: [...path] } : {}),
      values: numbers,
      total: totalOf(numbers),
    }
  })
  // Largest first, as everywhere; where nobody can say, as the vendor has them.
  const sorted = series.toSorted((a, b) => (b.total ?? 0) - (a.total ?? 0))
  const top = parts.filter(({ path }) => path.length === 2 && path[1] === overall)
  const all = top.length > 0 ? totalOf(valuesAt(top)) : totalOf(series.map(({ total }) => total))
  const partial = Temporal.Instant.compare(Temporal.Instant.from(end), at) > 0 ? dates.slice(-1) : []
  return {
    unit,
    measure,
    dates,
    ...(partial.length === 0 ? {} : { partial }),
    series: sorted,
    total: new Set(parts.map(({ path }) => path[0])).size > 1 ? null : all,
    comparisons: [],
    notes: [
      ...notes,
      ...partial.map((): Note => ({ kind: 'partial', text: `the running ${unit} is counted as far as it has come` })),
    ],
  }
}

function tableBody(parts: readonly Part[], { headers }: Insights, notes: readonly Note[]): TableBody {
  const segments = segmentsOf(parts)
  const wide = Math.max(0, ...segments.map(({ path }) => path.length))
  const names = headers.map((header) => (header === '$event' ? 'metric' : header)).slice(-wide)
  const rows = segments
    .map(({ path, values }) => [...path, ...Array<null>(wide - path.length).fill(null), values[0]?.value ?? null])
    .toSorted((a, b) => Number(b.at(-1) ?? 0) - Number(a.at(-1) ?? 0))
  return {
    columns: [
      ...Array.from({ length: wide }, (_, at) => ({ name: names[at] ?? `level ${at + 1}`, type: 'text' as const })),
      { name: 'value', type: 'number' },
    ],
    rows,
    notes: [...notes],
  }
}

function notesOf({ cut, sampling }: Insights): Note[] {
  const notes: Note[] = []
  if (cut) notes.push({ kind: 'truncated', text: 'Mixpanel has more segments than the saved report gives' })
  if (sampling < 1)
    notes.push({ kind: 'sampled', text: `Mixpanel counted ${Math.round(sampling * 100)} % of the events and estimates the rest` })
  return notes
}

/** Null where a number is unknown. */
function addUp(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0)
}

/** What Mixpanel writes after a metric's name; what it does not say adds up is not added up. */
function measureOf(parts: readonly Part[]): SeriesBody['measure'] {
  const every = (ending: RegExp) => parts.every(({ path }) => ending.test(path[0] ?? ''))
  if (every(/\[Total(?: Events)?\]$/i)) return 'general'
  return every(/\[Unique(?: Users)?\]$/i) ? 'unique' : 'average'
}

/** How far apart the dates are; of a single one, how long the report's time is. */
function unitOf(times: readonly string[], { from, to }: Insights, zone: string): Unit {
  const [first, second] = times.map((time) => instantOf(time, zone).toZonedDateTimeISO(zone))
  const [start, end] = [
    first ?? instantOf(from, zone).toZonedDateTimeISO(zone),
    second ?? Temporal.Instant.from(endOf(to, zone)).toZonedDateTimeISO(zone),
  ]
  const { minutes } = start.until(end, { largestUnit: 'minute' })
  const hours = minutes / 60
  if (hours < 1) return 'minute'
  if (hours < 23) return 'hour'
  if (hours <= 25) return 'day'
  const days = start.toPlainDate().until(end.toPlainDate(), { largestUnit: 'day' }).days
  if (days === 7) return 'week'
  if (days >= 28 && days <= 31) return 'month'
  if (days === 365 || days === 366) return 'year'
  if (second === undefined) return 'day'
  throw new RefusedError(`the saved report has a date every ${days} days, which is no unit that results have`, {
    remedy: 'save it by hour, day, week or month',
  })
}

function labelOf(time: string, unit: Unit, zone: string): string {
  const zoned = instantOf(time, zone).toZonedDateTimeISO(zone)
  return unit === 'minute' || unit === 'hour' ? isoWithOffset(zoned) : zoned.toPlainDate().toString()
}

function startOf(text: string, zone: string): string {
  return isoWithOffset(instantOf(text, zone).toZonedDateTimeISO(zone))
}

/** Theirs is the last instant within (`…T23:59:59.999000-07:00`), ours the first one after. */
function endOf(text: string, zone: string): string {
  const last = instantOf(text, zone).toZonedDateTimeISO(zone)
  const end = last.second === 59 ? last.add({ seconds: 1 }).with({ millisecond: 0, microsecond: 0, nanosecond: 0 }) : last
  return isoWithOffset(end)
}

/** With an offset as it says; without one in the project's zone. */
function instantOf(text: string, zone: string): Temporal.Instant {
  try {
    if (/(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return Temporal.Instant.from(text)
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).toInstant()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new DataError(`Mixpanel's report has a date that is none: ${JSON.stringify(text)}`, { cause })
  }
}
