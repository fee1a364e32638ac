import type { Query } from '../../query.ts'
import type { CohortsResult } from '../../result.ts'
import type { ShownCohorts } from './cohort-tables.ts'
import type { Pooled } from './cohorts.ts'
import { entryOf, figurePlace, isRunning, pooled, settled, sizesAddUp } from './cohorts.ts'
import type { Language } from './headline.ts'
import type { Period } from './periods.ts'
import { periodOf } from './periods.ts'
import type { Reading } from './reading.ts'
import { listed, subjectOf } from './titles.ts'
import { isOtherYear, lately, otherPeriod } from './when.ts'

/** `38 % came back one week after Sign Up`, `41 % of users were active on two or more days of the week` */
export function cohortsHeadline(reading: Reading, result: CohortsResult, language: Language): string {
  const figure = pooled(settled(result.cohorts, result, language.at), figurePlace)
  if (figure.among === 0) return withoutShare(reading, result, language)
  return result.measure === 'retention'
    ? retained(reading.query, result, figure, language)
    : frequent(reading, result, figure, language)
}

/** What a tile's figure is of: `after one week; entered 5 October to 8 November`. */
export function cohortsFigureNote(reading: Reading, result: CohortsResult, language: Language): string | undefined {
  const figure = pooled(settled(result.cohorts, result, language.at), figurePlace)
  if (figure.among === 0) return otherPeriod(reading, language)
  if (result.measure === 'retention') {
    const span = language.dates.span(spanOf(figure, result), { year: isOtherYear(spanOf(figure, result), language) })
    return `after ${oneInterval(reading.query, result)}; entered ${span}`
  }
  const other = otherPeriod(reading, language)
  return `${severalTimes(result)}${other === undefined ? '' : `, ${other}`}`
}

/** What the shaded table shows, whom its first row takes together, and what is left out of it. */
export function cohortsNotes(
  reading: Reading,
  result: CohortsResult,
  { places, rows, table }: ShownCohorts,
  language: Language,
  where: string,
): string[] {
  const { numbers, dates } = language
  const { question } = reading.query
  const { unit, interval, measure } = result
  const { shown, of } = places
  if (of === 0) return []
  const retention = measure === 'retention'
  const told = retention
    ? `Per cent of ${usersOf(question, unit)} who ${deedOf(question)} that many ${interval}s later${isUnbounded(question) ? ' or after that' : ''}; a figure appears when its ${interval} is over${isUnbounded(question) ? ', and grows while people come back' : ''}`
    : `Per cent of each ${unit}’s users who ${deedOf(question)} ${interval === 'day' ? 'on' : 'in'} at least that many ${interval}s`
  const entry = retention && shown[0] === 0 ? [`0 is the first ${interval} itself`] : []
  const running = !retention && result.cohorts.some(({ date }) => isRunning(date, result, language.at))
  const figure = pooled(settled(result.cohorts, result, language.at), figurePlace)
  const span = dates.span(spanOf(figure, result), { year: isOtherYear(spanOf(figure, result), language) })
  const many = sizesAddUp(result, reading.query) ? '' : `; whoever is in several ${unit}s counts in each`
  const together = retention
    ? figure.among === 0
      ? []
      : [`All takes together the ${unit}s whose figure is known, for ${figurePlace} those of ${span}${many}`]
    : [`All takes the ${unit}s together${running ? ' that are over' : ''}${many}`]
  const cut = [
    ...(shown.length < of ? [`${numbers.whole(shown.length)} of ${numbers.whole(of)} columns`] : []),
    ...(rows.shown < rows.of ? [`the latest ${numbers.whole(rows.shown)} of ${numbers.whole(rows.of)} ${unit}s`] : []),
  ]
  return [
    told,
    ...entry,
    ...(table.pinned === undefined ? [] : together),
    ...(cut.length === 0 ? [] : [`${listed(cut)}; all are in ${where}`]),
  ]
}

function retained({ question }: Query, result: CohortsResult, figure: Pooled, { numbers }: Language): string {
  const later = oneInterval({ question }, result)
  const share = numbers.inProse(figure.hits / figure.among, 'percent')
  if (question.kind !== 'retention') return `${figure.hits === 0 ? 'Nobody' : share} came back ${later} later`
  const { first, then, counting } = question
  if (counting === 'compounded') {
    const among = first === 'any' ? `a ${result.unit}’s users` : `those who did ${first} ${ofUnit[result.unit]}`
    const deed = then === 'any' ? 'came back' : then === first ? 'did so again' : `did ${then}`
    return `${figure.hits === 0 ? 'None' : share} of ${among} ${deed} ${later} later`
  }
  const many = figure.hits === 0 ? `None of ${numbers.whole(figure.among)}` : share
  const since = then === first && first !== 'any' ? 'later' : `after ${first === 'any' ? 'their first event' : first}`
  return `${many} ${deedOf(question)} ${later} ${since}`
}

function frequent(reading: Reading, result: CohortsResult, figure: Pooled, language: Language): string {
  const { question } = reading.query
  const { unit, cohorts } = result
  const event = question.kind === 'frequency' && question.event !== 'any' ? question.event : undefined
  const one = cohorts.length === 1
  const during = one ? (otherPeriod(reading, language) ?? `of the ${unit}`) : figure.hits === 0 ? `of a ${unit}` : ''
  const often = `${severalTimes(result)} ${during}`.trim()
  if (figure.hits === 0) return `Nobody ${event === undefined ? 'was active' : `did ${event}`} ${often}`
  const share = language.numbers.inProse(figure.hits / figure.among, 'percent')
  if (event === undefined) return `${share} of ${one ? 'users' : `a ${unit}’s users`} were active ${often}`
  return `${share} of those who did ${event}${one ? '' : ` ${ofUnit[unit]}`} did so ${often}`
}

/** There is no share to tell: nobody entered, nothing is over, or nobody knows. */
function withoutShare(reading: Reading, result: CohortsResult, language: Language): string {
  const { question } = reading.query
  const retention = result.measure === 'retention'
  const first = question.kind === 'retention' ? question.first : question.kind === 'frequency' ? question.event : 'any'
  if (result.cohorts.every(({ size }) => size === 0)) {
    const nobody = first === 'any' ? (retention ? 'Nobody entered' : 'Nobody was active') : `Nobody did ${first}`
    return `${nobody} ${lately(reading, language)}`
  }
  const counted = settled(result.cohorts, result, language.at)
  const over = retention ? counted.some(({ counts }) => counts.length > figurePlace) : counted.length > 0
  if (over) return `No number for ${subjectOf(reading.query).within}`
  if (!retention) return `No ${result.unit} is over yet`
  return `No ${result.interval} ${first === 'any' ? 'after the first' : `since ${first}`} is over yet`
}

type Asked = Query['question']

/** `one week`, and of an unbounded retention `one week or more`. */
function oneInterval({ question }: Pick<Query, 'question'>, { interval }: CohortsResult): string {
  return `one ${interval}${isUnbounded(question) ? ' or more' : ''}`
}

function isUnbounded(question: Asked): boolean {
  return question.kind === 'retention' && question.unbounded
}

/** What those who count did. */
function deedOf(question: Asked): string {
  if (question.kind === 'retention' && question.then !== 'any') {
    return `did ${question.then}${question.then === question.first ? ' again' : ''}`
  }
  if (question.kind === 'frequency') return question.event === 'any' ? 'were active' : `did ${question.event}`
  return 'came back'
}

/** Whom a cohort's size counts. */
function usersOf(question: Asked, unit: CohortsResult['unit']): string {
  const users = `each ${unit}’s users`
  if (question.kind !== 'retention' || question.first === 'any') return users
  return question.counting === 'birth'
    ? `${users} (those who began with ${question.first})`
    : `${users} (those who did ${question.first})`
}

const ofUnit = {
  minute: 'in a minute',
  hour: 'in an hour',
  day: 'on a day',
  week: 'in a week',
  month: 'in a month',
  year: 'in a year',
} as const

/** `on two or more days`, `in two or more hours` */
function severalTimes({ interval }: CohortsResult): string {
  return `${interval === 'day' ? 'on' : 'in'} two or more ${interval}s`
}

/** From the first of the cohorts to the end of the last. */
function spanOf({ cohorts }: Pooled, result: CohortsResult): Period {
  const [first, last] = [cohorts[0], cohorts.at(-1)].map((cohort) => cohort?.date ?? result.timeframe.start.slice(0, 10))
  const [start, end] = [entryOf(first ?? '', result).start, entryOf(last ?? '', result).end]
  const iso = (time: typeof start) => time.toString({ timeZoneName: 'never' })
  return periodOf({ start: iso(start), end: iso(end) }, result.timezone)
}
