import { Temporal } from 'temporal-polyfill'
import type { Report } from '../../project/project.ts'
import type { Query } from '../../query.ts'
import type { Answer, CohortsResult, FunnelResult, Result, SeriesResult, TableResult } from '../../result.ts'
import type { ComparisonName } from '../../timeframe.ts'
import { windowsOf } from '../ask.ts'
import { figurePlace, pooled, settled, shareOf } from './cohorts.ts'
import type { Rate } from './findings.ts'
import { alone, amongMany, countsDiffer, largestShare, ratesDiffer, sharesDiffer } from './findings.ts'
import type { Period } from './periods.ts'
import { periodOf } from './periods.ts'
import { isTimeless } from './when.ts'

/** A figure then and now. `beyond` chance, within it (false), or not to be tested (undefined): then nothing is claimed. */
export interface Movement {
  readonly from: number | null
  readonly to: number | null
  readonly beyond: boolean | undefined
}

export interface Comparison extends Movement {
  readonly with: ComparisonName
  readonly period: Period
}

/** What one answer says, as numbers, before it is put into words. */
export interface Reading {
  readonly query: Query
  readonly result: Answer
  readonly period: Period
  /** How a change is told: in per cent of what it was, in points of a share, or as a plain difference. */
  readonly scale: 'relative' | 'points' | 'difference'
  readonly format: string
  readonly level: number | null
  /** The period itself is not over. */
  readonly running: boolean
  /** The running unit is in it, or its last entrants still have time: a level and nothing else can be told. */
  readonly unfinished: boolean
  /** Empty when unfinished. The first is the one that sentences and tables speak of. */
  readonly comparisons: readonly Comparison[]
  /** By the names of the result's series, against the first comparison. */
  readonly parts: ReadonlyMap<string, Movement>
  /** The part that made most of the change, where parts add up and both changes are beyond chance. */
  readonly largest?: { readonly name: string; readonly share: number } | undefined
}

/** Reads an answer. `answers` are all of the report's: a ratio is tested by the two that it is made of. */
export function readAnswer(
  query: Query,
  result: Answer,
  {
    report,
    at,
    answers,
  }: { readonly report: Report; readonly at: Temporal.Instant; readonly answers: ReadonlyMap<string, Result> },
): Reading {
  const period = periodOf(result.timeframe, result.timezone)
  // A saved question keeps the vendor's own dates, so nothing but its answer knows when it is about.
  const own = query.question.kind === 'saved' || isTimeless({ query, result })
  const windows = own ? undefined : windowsOf(query, report, at)
  const late = windows?.timeframe.partial ?? Temporal.Instant.compare(period.end.toInstant(), at) > 0
  const running = late && !isTimeless({ query, result })
  const noted = result.notes.some(({ kind }) => kind === 'partial' || kind === 'immature')
  const unfinished = running || windows?.immature === true || noted
  // An estimate, or an answer that was cut, has more than chance between it and the truth.
  const testable = !result.notes.some(({ kind }) => kind === 'sampled' || kind === 'truncated')
  const base = { query, period, running, unfinished }
  switch (result.shape) {
    case 'funnel':
      return readFunnel(base, result, testable)
    case 'series':
      return readSeries(base, result, testable, answers)
    case 'cohorts':
      return readCohorts(base, result, at)
    case 'table':
      return readTable(base, result)
  }
}

/** The step that a funnel's figure speaks of, from 0. */
export function figureStep(query: Query, steps: readonly unknown[]): number {
  const figure = query.question.kind === 'funnel' ? query.question.figure : undefined
  return Math.min(figure ?? steps.length, steps.length) - 1
}

type Base = Pick<Reading, 'query' | 'period' | 'running' | 'unfinished'>

function readFunnel(base: Base, result: FunnelResult, testable: boolean): Reading {
  const step = figureStep(base.query, result.steps)
  const rate = (steps: FunnelResult['steps']): Rate => ({ hits: steps[step]?.count ?? 0, among: steps[0]?.count ?? 0 })
  const level = result.steps[step]?.overallConversion ?? null
  const comparisons = base.unfinished
    ? []
    : result.comparisons.map((compared): Comparison => {
        const from = compared.steps[step]?.overallConversion ?? null
        const told = from !== null && level !== null && testable
        return {
          with: compared.to,
          period: periodOf(compared.timeframe, result.timezone),
          from,
          to: level,
          beyond: told ? sharesDiffer(rate(compared.steps), rate(result.steps)) : undefined,
        }
      })
  return { ...base, result, scale: 'points', format: 'percent', level, comparisons: inOrder(comparisons), parts: new Map() }
}

function readSeries(base: Base, result: SeriesResult, testable: boolean, answers: ReadonlyMap<string, Result>): Reading {
  const { query, period, unfinished } = base
  const format = query.format ?? 'number'
  const scale = format === 'percent' ? 'points' : result.measure === 'ratio' ? 'difference' : 'relative'
  const test = testable ? testOf(query, result, answers) : () => undefined
  const comparisons = unfinished
    ? []
    : result.comparisons.map((compared): Comparison => {
        const then = periodOf(compared.timeframe, result.timezone)
        const days = [then.days, period.days] as const
        const beyond = test({ to: compared.to, from: compared.total, now: result.total, days, z: alone })
        return { with: compared.to, period: then, from: compared.total, to: result.total, beyond }
      })
  const ordered = inOrder(comparisons)
  const [main] = ordered
  const then = result.comparisons.find(({ to }) => to === main?.with)
  const parts = new Map<string, Movement>()
  if (main !== undefined && then !== undefined && result.series.length > 1) {
    const both = result.series.filter(({ name, total }) => total !== null && typeof then.totals[name] === 'number')
    const z = amongMany(both.length)
    const days = [main.period.days, period.days] as const
    for (const { name, total } of result.series) {
      const from = then.totals[name] ?? null
      parts.set(name, { from, to: total, beyond: test({ to: main.with, from, now: total, days, z, series: name }) })
    }
  }
  const reading = { ...base, result, scale, format, level: result.total, comparisons: ordered, parts } as const
  return { ...reading, largest: main === undefined ? undefined : largestOf(result, main, parts) }
}

function largestOf(result: SeriesResult, main: Comparison, parts: ReadonlyMap<string, Movement>): Reading['largest'] {
  const { from, to, beyond } = main
  const adds = result.measure === 'general' || result.measure === 'sum'
  if (!adds || beyond !== true || from === null || to === null || from === 0) return undefined
  const rest = result.series.find(({ folded }) => folded !== undefined)
  // The rest is nobody in particular, and a part that only moved because the month is longer is no news.
  const moved = [...parts].flatMap(([name, part]) => {
    const counts = part.beyond === true && name !== rest?.name
    return !counts || part.from === null || part.to === null ? [] : [{ name, from: part.from, to: part.to }]
  })
  return largestShare({ from, to }, moved)
}

/** The share that came back, of what is over: that cohorts go on growing takes nothing from it. */
function readCohorts(base: Base, result: CohortsResult, at: Temporal.Instant): Reading {
  const level = shareOf(pooled(settled(result.cohorts, result, at), figurePlace))
  return { ...base, unfinished: false, result, scale: 'points', format: 'percent', level, comparisons: [], parts: new Map() }
}

/** Its one number, else how many rows; profiles are as they are now, whatever the period. */
function readTable(base: Base, result: TableResult): Reading {
  const unfinished = base.unfinished && !isTimeless({ ...base, result })
  const format = base.query.format ?? 'number'
  const [cell] = result.rows[0] ?? []
  const sole = typeof cell === 'number' ? cell : null
  const level = isFigure({ ...base, result }) ? sole : result.rows.length
  return { ...base, unfinished, result, scale: 'relative', format, level, comparisons: [], parts: new Map() }
}

/** Whether a saved question's answer is a table in name only: one number, or that there is none. */
export function isFigure({ query, result }: Pick<Reading, 'query' | 'result'>): boolean {
  if (query.question.kind !== 'saved' || result.shape !== 'table' || result.each !== undefined) return false
  const [row, ...more] = result.rows
  const [cell] = row ?? []
  return more.length === 0 && row?.length === 1 && (cell === null || typeof cell === 'number')
}

interface Tested {
  readonly to: ComparisonName
  readonly from: number | null
  readonly now: number | null
  /** The lengths of both periods in days, the earlier first. */
  readonly days: readonly [number, number]
  readonly z: number
  readonly series?: string
}

/** How the changes of a series are tested: counts as counts, a ratio by what it is made of, sums and averages not at all. */
function testOf(
  query: Query,
  result: SeriesResult,
  answers: ReadonlyMap<string, Result>,
): (change: Tested) => boolean | undefined {
  if (result.measure === 'general' || result.measure === 'unique') {
    return ({ from, now, days, z }) => {
      if (from === null || now === null) return undefined
      if (result.measure === 'unique' || days[0] === days[1]) return countsDiffer(from, now, z)
      // Months differ in length: it has to be more than chance both as it stands and by the day, and the same way.
      const daily = [from / days[0], now / days[1]] as const
      const same = Math.sign(now - from) === Math.sign(daily[1] - daily[0])
      return same && countsDiffer(from, now, z) && ratesDiffer({ hits: from, among: days[0] }, { hits: now, among: days[1] }, z)
    }
  }
  const { question } = query
  if (question.kind !== 'ratio') return () => undefined
  const of = countsIn(answers.get(question.of))
  const among = countsIn(answers.get(question.to))
  if (of === undefined || among === undefined) return () => undefined
  return ({ to, from, now, z, series }) => {
    if (from === null || now === null) return undefined
    const rates = [rateOf(of, among, to, series), rateOf(of, among, undefined, series)] as const
    return rates[0] === undefined || rates[1] === undefined ? undefined : ratesDiffer(rates[0], rates[1], z)
  }
}

function countsIn(answer: Result | undefined): SeriesResult | undefined {
  return answer?.shape === 'series' && (answer.measure === 'general' || answer.measure === 'unique') ? answer : undefined
}

/** The two counts of a ratio, in the timeframe or in a compared period, of all or of one series. */
function rateOf(
  of: SeriesResult,
  among: SeriesResult,
  to: ComparisonName | undefined,
  series: string | undefined,
): Rate | undefined {
  const hits = totalOf(of, to, series)
  // A ratio of many series to one divides each by that one.
  const all = totalOf(among, to, among.series.length === 1 ? undefined : series)
  return typeof hits === 'number' && typeof all === 'number' ? { hits, among: all } : undefined
}

function totalOf(result: SeriesResult, to: ComparisonName | undefined, series: string | undefined): number | null | undefined {
  const compared = result.comparisons.find((one) => one.to === to)
  if (series === undefined) return to === undefined ? result.total : compared?.total
  return to === undefined ? result.series.find(({ name }) => name === series)?.total : compared?.totals[series]
}

/** The period just before comes first; a period that is compared twice (a year with the year before) is told once. */
function inOrder(comparisons: readonly Comparison[]): Comparison[] {
  const once = comparisons.filter(
    (one, at) => comparisons.findIndex((other) => other.period.start.equals(one.period.start)) === at,
  )
  return once.sort((a, b) => Number(a.with === 'year') - Number(b.with === 'year'))
}
