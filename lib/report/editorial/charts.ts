import { Temporal } from 'temporal-polyfill'
import type { SeriesChart, StepsChart } from '../../edition.ts'
import type { FunnelResult, SeriesResult } from '../../result.ts'
import type { Unit } from '../../timeframe.ts'
import { marksOf } from './annotations.ts'
import type { Language } from './headline.ts'
import { labelTime, periodOf } from './periods.ts'
import type { Reading } from './reading.ts'
import type { SegmentNames } from './segment-names.ts'
import { listed } from './titles.ts'

/** More lines than this cannot be told apart; the table has the others. */
export const mostSeries = 6
/** More labels than this do not fit a phone. */
const mostTicks = 5

/** Undefined where there is nothing to draw: no numbers, `chart: none`, or one point that is not split into bars. */
export function seriesChart(
  reading: Reading,
  result: SeriesResult,
  names: SegmentNames,
  language: Language,
): SeriesChart | undefined {
  const kind = reading.query.chart ?? 'line'
  const known = result.series.some(({ values }) => values.some((value) => value !== null))
  const points = kind === 'bar' ? Math.max(result.dates.length, result.series.length) : result.dates.length
  if (kind === 'none' || points < 2 || !known) return undefined
  const times = result.dates.map((date) => labelTime(date, result.timezone))
  const labels = labelsOf(times, result.unit, language)
  const from = times.findLastIndex((time) => Temporal.ZonedDateTime.compare(time, reading.period.start) <= 0)
  const partial = new Set(result.partial ?? [])
  const series = drawnSeries(result, names)
  // The bars of one date are its series.
  const { marks, told } = result.dates.length === 1 ? { marks: [], told: '' } : marksOf(result, language)
  return {
    kind,
    alt: `${altOf(reading, result, { labels, series }, language)}${told === '' ? '' : ` ${told}`}`,
    labels,
    ticks: ticksOf(times, result.unit, result.trend === undefined ? 0 : Math.max(0, from)),
    series: series.map(({ name, values, other }) => ({ name, values, ...(other ? { other } : {}) })),
    ...(result.trend === undefined || from <= 0 ? {} : { timeframeFrom: from }),
    partial: result.dates.flatMap((date, at) => (partial.has(date) ? [at] : [])),
    ...(marks.length === 0 ? {} : { annotations: marks }),
    locale: language.locale,
    format: reading.format,
  }
}

interface Drawn {
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly total: number | null
  readonly other: boolean
  /** How many segments it stands for. */
  readonly folded: number
}

/** The largest, and the rest as one where parts add up; where they do not, the rest is left to the table. */
function drawnSeries(result: SeriesResult, names: SegmentNames): Drawn[] {
  const split = result.series.length > 1
  const all = result.series
    .map(({ name, values, total, folded }): Drawn => {
      const other = folded !== undefined
      return { name: split && !other ? names.show(name) : name, values, total, other, folded: folded ?? 1 }
    })
    .sort((a, b) => Number(a.other) - Number(b.other) || (b.total ?? -Infinity) - (a.total ?? -Infinity))
  const named = all.filter(({ other }) => !other)
  const [shown, hidden] = [named.slice(0, mostSeries), named.slice(mostSeries)]
  const rest = [...hidden, ...all.filter(({ other }) => other)]
  const adds = result.measure === 'general' || result.measure === 'sum'
  if (rest.length === 0 || !adds) return shown
  const values = result.dates.map((_, at) => addUp(rest.map((series) => series.values[at] ?? null)))
  const folded = rest.reduce((sum, one) => sum + one.folded, 0)
  return [...shown, { name: `Other (${folded})`, values, total: addUp(rest.map(({ total }) => total)), other: true, folded }]
}

function addUp(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (value === null ? sum : (sum ?? 0) + value), null)
}

/** As an axis prints them: `19 Oct`, `Oct`, `14:00`. */
export function labelsOf(times: readonly Temporal.ZonedDateTime[], unit: Unit, { dates }: Language): string[] {
  const years = new Set(times.map(({ year }) => year)).size
  const oneDay = new Set(times.map((time) => time.toPlainDate().toString())).size === 1
  return times.map((time) => {
    if (unit === 'year') return dates.short(time, 'year')
    if (unit === 'month') return dates.short(time, years > 1 && time.month === 1 ? 'month and year' : 'month')
    if (unit === 'day' || unit === 'week') return dates.short(time, 'date')
    if (oneDay) return dates.short(time, 'time')
    return dates.short(time, startsDay(time) ? 'date' : 'date and time')
  })
}

type IsStart = (time: Temporal.ZonedDateTime) => boolean

/**
 * Which points have a label: all of a few; else the starts of a larger unit, or every so many, so that they fit. `from`
 * is the first point of the timeframe, which has one if it can.
 */
function ticksOf(times: readonly Temporal.ZonedDateTime[], unit: Unit, from: number): number[] {
  const all = times.map((_, at) => at)
  if (all.length <= mostTicks) return all
  const firstDay = times[from]?.dayOfWeek
  const larger = {
    minute: [startsHour, startsDay],
    hour: [startsDay],
    // Weeks start where the timeframe does.
    day: [(time) => time.dayOfWeek === firstDay, (time) => time.day === 1],
    week: [],
    month: [(time) => time.month % 3 === 1, (time) => time.month === 1],
    year: [],
  } satisfies Record<Unit, IsStart[]>
  let ticks = all
  for (const isStart of larger[unit] as IsStart[]) {
    const starts = all.filter((at) => isStart(times[at] as Temporal.ZonedDateTime))
    // Midnights are told even where there are two; of weeks and months it takes more to see a rhythm.
    if (ticks.length > mostTicks && starts.length >= (unit === 'hour' ? 2 : 3)) ticks = starts
  }
  const every = Math.ceil(ticks.length / mostTicks)
  const kept = Math.max(0, ticks.indexOf(from)) % every
  return ticks.filter((_, at) => at % every === kept)
}

function startsHour(time: Temporal.ZonedDateTime): boolean {
  return time.minute === 0
}

function startsDay(time: Temporal.ZonedDateTime): boolean {
  return time.equals(time.startOfDay())
}

const kinds = { line: 'Line chart', bar: 'Bar chart' }

/** What the picture shows, with its key numbers: the figures of its series, or of one its last, highest and lowest. */
function altOf(
  { query, period, level, format }: Reading,
  result: SeriesResult,
  drawn: { readonly labels: readonly string[]; readonly series: readonly Drawn[] },
  { numbers, dates }: Language,
): string {
  const drawnSpan = periodOf(result.trend ?? result.timeframe, result.timezone)
  const bare = query.title.trim().replace(new RegExp(`\\s+(?:by|per)\\s+${result.unit}$`, 'i'), '')
  const title = `${kinds[query.chart === 'bar' ? 'bar' : 'line']}: ${bare} by ${result.unit}, ${dates.span(drawnSpan, { year: true })}.`
  const figures = `${capital(dates.during(period, false))}: `
  if (drawn.series.length > 1) {
    const each = drawn.series.map(({ name, total }) => `${name} ${numbers.figure(total, format)}`)
    const all = level === null ? '' : `; in all ${numbers.figure(level, format)}`
    return `${title} ${figures}${each.join(', ')}${all}.`
  }
  const whole = new Set(result.partial ?? [])
  const points = (drawn.series[0]?.values ?? []).flatMap((value, at) => {
    return value === null || whole.has(result.dates[at] ?? '') ? [] : [{ value, label: drawn.labels[at] }]
  })
  const highest = points.reduce((best, point) => (point.value > best.value ? point : best), points[0] ?? { value: 0, label: '' })
  const lowest = points.reduce((best, point) => (point.value < best.value ? point : best), points[0] ?? { value: 0, label: '' })
  const extremes = [
    `highest ${numbers.figure(highest.value, format)} (${highest.label})`,
    `lowest ${numbers.figure(lowest.value, format)} (${lowest.label})`,
  ]
  const all = level === null ? [] : [numbers.figure(level, format)]
  return `${title} ${figures}${[...all, ...(points.length === 0 ? [] : [listed(extremes)])].join('; ')}.`
}

export function stepsChart({ query }: Reading, result: FunnelResult, { numbers }: Language): StepsChart {
  const share = (part: number | null) => (part === null ? '' : numbers.inProse(part, 'percent'))
  const steps = result.steps.map((step, at) => ({
    name: step.name,
    count: numbers.whole(step.count),
    overall: step.overallConversion,
    overallText: share(step.overallConversion),
    stepText: at === 0 ? '' : share(step.stepConversion),
  }))
  const told = steps.map(
    ({ name, count, overallText }, at) => `${name} ${count}${at === 0 || overallText === '' ? '' : ` (${overallText})`}`,
  )
  return { kind: 'steps', alt: `Funnel: ${query.title}. ${told.join(', ')}.`, steps }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
