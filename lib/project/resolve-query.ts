import type * as z from 'zod'
import type { Query, Question, QuestionKind, Segmentation } from '../query.ts'
import { query as querySchema, questionKinds } from '../query.ts'
import type { ComparisonName, Timeframe } from '../timeframe.ts'
import { trendProblem } from '../timeframe.ts'
import { checkExpressions } from './expressions.ts'
import { checkName, inWords } from './names.ts'
import type { Surroundings } from './surroundings.ts'
import type { Path } from './tree.ts'
import { listed } from './wording.ts'

/** What a report hands to its queries. */
export interface Frame {
  readonly path: Path
  /** Undefined where the zone is wrong, which has been said. */
  readonly timezone: string | undefined
  /** Every query of the report by name, also those that are wrong. */
  readonly names: readonly string[]
  /** The report's, or the defaults'. */
  readonly timeframe: Timeframe | undefined
  readonly compare: readonly ComparisonName[] | undefined
}

/** The fields of a query that are right. */
export type OwnFields = Partial<z.output<typeof querySchema>>

/** A query that is made of others, to be resolved after them. */
export interface OpenRatio {
  readonly name: string
  readonly ratio: OwnFields
}

/** A query with its defaults; undefined where it is wrong, which has been said. */
export function resolveQuery(around: Surroundings, frame: Frame, name: string): Query | OpenRatio | undefined {
  const { reader } = around
  const path = [...frame.path, name]
  const { data: own, right } = reader.fields(querySchema, path)
  const readable = checkExpressions(reader, path)
  const kinds = questionKinds.filter((kind) => reader.raw([...path, kind]) !== undefined)
  const kind = kinds.length === 1 ? kinds[0] : undefined
  if (kind === undefined) return undefined
  if (kind === 'ratio') return { name, ratio: own }
  const question = own[kind] === undefined || !readable ? undefined : ({ kind, ...own[kind] } as Question)
  const sound = question !== undefined && checkQuestion(around, path, question)
  if (sound && own.format !== undefined) checkFormat(around, [...path, 'format'], own.format, question)
  const source = resolveSource(around, frame, path, kind, sound ? question : undefined)
  const timeframe = resolveTimes(around, frame, path, own, kind)
  if (!isCompared(kind) && own.compare !== undefined && own.compare.length > 0) {
    reader.mistake([...path, 'compare'], `a ${kind} question is compared with no other time`, 'leave `compare` out')
    return undefined
  }
  if (!right || question === undefined || source === undefined || timeframe === undefined) return undefined
  return {
    ...shownAs(name, own),
    source,
    question,
    timeframe,
    ...(own.trend === undefined ? {} : { trend: own.trend }),
    compare: isCompared(kind) ? (own.compare ?? frame.compare ?? []) : [],
  }
}

/** Whether an answer holds the same of other times; cohorts and tables do not, and a saved question says itself. */
function isCompared(kind: QuestionKind): boolean {
  return kind === 'segmentation' || kind === 'funnel'
}

/** Whether a question is one, whoever is asked. */
function checkQuestion(around: Surroundings, path: Path, question: Question): boolean {
  if (question.kind === 'funnel') return checkFunnel(around, [...path, 'funnel'], question)
  return question.kind !== 'segmentation' || checkSegmentation(around, [...path, 'segmentation'], question)
}

/** What a query says of how it is shown. */
export function shownAs(name: string, own: OwnFields): Pick<Query, 'name' | 'title' | 'better' | 'chart' | 'format'> {
  return {
    name,
    title: own.title ?? inWords(name),
    better: own.better ?? 'higher',
    ...(own.chart === undefined ? {} : { chart: own.chart }),
    ...(own.format === undefined ? {} : { format: own.format }),
  }
}

/** The source that a query asks, if it is there and can answer. */
function resolveSource(
  around: Surroundings,
  frame: Frame,
  path: Path,
  kind: QuestionKind,
  question: Question | undefined,
): string | undefined {
  const { reader, defaults, sources } = around
  const own = reader.raw([...path, 'source'])
  if (own !== undefined && typeof own !== 'string') return undefined
  const source = own ?? defaults.source
  if (source === undefined) {
    if (reader.given(['defaults', 'source'])) return undefined
    const known = [...sources.keys()]
    const remedy = known.length === 0 ? 'the file has no sources' : `add \`source: ${known[0]}\` to it or to \`defaults\``
    reader.missing([...path, 'source'], `query ${path.at(-1)} says no source to ask`, remedy)
    return undefined
  }
  if (own !== undefined && !checkName(reader, [...path, 'source'], 'source', own, sources.keys())) return undefined
  const found = sources.get(source)
  if (found?.kind === undefined) return undefined
  const who = `source ${source} (${found.kind.kind})`
  const answered: readonly QuestionKind[] = found.kind.kinds
  if (!answered.includes(kind)) {
    reader.mistake([...path, kind], `${who} cannot answer a ${kind} question`, `it answers ${listed(answered, 'and')}`)
    return undefined
  }
  if (found.entry === undefined || question === undefined) return undefined
  const site = { name: source, timezone: around.timezone ?? 'UTC' }
  const reason = found.kind.refuse?.(found.entry.config, question, site)
  if (reason !== undefined) {
    reader.mistake([...path, kind], `${who} cannot answer this ${kind}`, reason)
    return undefined
  }
  checkZone(around, frame, path, source)
  return source
}

/** Some vendors count whole days in their project's zone alone; a report in another one would be refused at each run. */
function checkZone({ reader, sources, timezone }: Surroundings, frame: Frame, path: Path, source: string): void {
  const { kind, entry } = sources.get(source) ?? {}
  const zone = entry === undefined ? undefined : kind?.countsDaysIn?.(entry.config, timezone)
  if (zone === undefined || frame.timezone === undefined || sameClock(zone, frame.timezone)) return
  reader.missing(
    [...path, 'source'],
    `source ${source} counts days in ${zone}, and this report in ${frame.timezone}`,
    `give the report \`timezone: ${zone}\`, or the source the zone that its project has at the vendor`,
  )
}

/** Europe/Berlin and Europe/Paris show the same time all year long. */
function sameClock(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [one, other].map(
    (timeZone) => new Intl.DateTimeFormat('en', { timeZone, timeStyle: 'short', dateStyle: 'short' }),
  )
  return Array.from({ length: 53 }, (_, week) => Date.UTC(2026, 0, 1 + week * 7)).every(
    (at) => first?.format(at) === second?.format(at),
  )
}

/** The timeframe that a query speaks of, from itself, its report or the defaults. */
function resolveTimes(
  { reader }: Surroundings,
  frame: Frame,
  path: Path,
  own: OwnFields,
  kind: QuestionKind,
): Timeframe | undefined {
  const given = [path, frame.path.slice(0, -1), ['defaults']].some((at) => reader.given([...at, 'timeframe']))
  const timeframe = reader.raw([...path, 'timeframe']) === undefined ? frame.timeframe : own.timeframe
  const timeless = kind === 'saved' || kind === 'people'
  if (!given && !timeless) {
    const remedy = 'add `timeframe: previous_1_week` to it, to its report or to `defaults`'
    reader.missing([...path, 'timeframe'], `query ${path.at(-1)} says no timeframe`, remedy)
  }
  if (timeframe !== undefined && own.timeframe === undefined && own.trend !== undefined) {
    const problem = trendProblem(timeframe, own.trend)
    if (problem !== undefined) {
      reader.mistake([...path, 'trend'], problem)
      return undefined
    }
  }
  return timeframe === undefined && !given && timeless ? timelessFrame : timeframe
}

/** What stands at the head of an answer that has no time of its own, or, for a saved question, until the vendor says its dates. */
const timelessFrame = 'previous_1_day'

function checkFunnel({ reader, sources }: Surroundings, path: Path, funnel: Extract<Question, { kind: 'funnel' }>): boolean {
  const { steps, figure } = funnel
  const inside = figure === undefined || figure <= steps.length
  if (!inside) reader.mistake([...path, 'figure'], `there is no step ${figure}: the funnel has ${steps.length}`)
  const saved = Object.keys(funnel.saved ?? {}).map((source) =>
    checkName(reader, [...path, 'saved', source], 'source', source, sources.keys(), 'key'),
  )
  return inside && saved.every((known) => known)
}

const counted: Partial<Record<Segmentation['type'], string>> = { general: 'events', unique: 'users', average: 'events per user' }
const measured: Partial<Record<Segmentation['type'], string>> = {
  sum: 'a sum needs `of`: the property that is added',
  min: 'a minimum needs `of`: the property whose least value it is',
  max: 'a maximum needs `of`: the property whose greatest value it is',
  median: 'a median needs `of`: the property whose middle value it is',
  percentile: 'a percentile needs `of`: the property whose values it ranks',
}

function checkSegmentation({ reader }: Surroundings, path: Path, { type, of, percentile }: Segmentation): boolean {
  const needs = of === undefined ? measured[type] : undefined
  const vain = of !== undefined && (type === 'general' || type === 'unique')
  if (needs !== undefined) reader.missing([...path, 'of'], needs, 'add it, such as `of: amount`')
  if (vain) {
    reader.mistake(
      [...path, 'of'],
      `this counts ${counted[type]}, and \`of\` is of a sum or an average`,
      'add `type: sum`, or leave it out',
    )
  }
  const unranked = type === 'percentile' && percentile === undefined
  if (unranked)
    reader.missing([...path, 'percentile'], 'a percentile needs `percentile`: which one it is', 'add `percentile: 90`')
  const unasked = type !== 'percentile' && percentile !== undefined
  if (unasked) {
    reader.mistake([...path, 'percentile'], 'only a percentile has `percentile`', 'add `type: percentile`, or leave it out')
  }
  return needs === undefined && !vain && !unranked && !unasked
}

/** Whether a figure can be what its format makes of it: a count is neither money nor a share. */
export function checkFormat({ reader }: Surroundings, path: Path, format: string, question: Question): void {
  if (question.kind === 'funnel' && format !== 'percent') {
    reader.mistake(path, "a funnel's figure is a percentage", 'leave `format` out')
  }
  if (question.kind === 'ratio' && format === 'percent' && question.times !== 1) {
    reader.mistake(
      path,
      'a percentage is out of 100 by itself',
      `leave out \`times: ${question.times}\`, or write \`format: number\``,
    )
  }
  if (question.kind !== 'segmentation' || format === 'number') return
  const what = counted[question.type]
  if (question.of === undefined && what !== undefined) {
    const remedy =
      format === 'percent'
        ? 'divide it by another query with a `ratio`, or write `format: number`'
        : `add up the property that holds the ${format} with \`type: sum\` and \`of\`, or write \`format: number\``
    reader.mistake(
      path,
      `this counts ${what}, and \`format: ${format}\` is ${format === 'percent' ? 'a share' : 'money'}`,
      remedy,
    )
  } else if (question.type === 'sum' && format === 'percent') {
    reader.mistake(path, 'a sum is no share', 'divide it by another query with a `ratio`, or write `format: number`')
  }
}
