import type { Report } from '../../project/project.ts'
import type { Query } from '../../query.ts'
import type { Language } from './headline.ts'
import type { Period } from './periods.ts'
import { isSame, periodOf, zoneName } from './periods.ts'
import type { Reading } from './reading.ts'
import { asSentence, inWords, listed, shortened, subjectOf } from './titles.ts'
import { isTimeless, isUndated } from './when.ts'

/** More than these are told by their number. */
const mostNamed = 2
const longestName = 60

/** What stands behind what else: a page that has other answers is not of their time. */
const asides: readonly string[] = ['retention', 'saved'] satisfies Query['question']['kind'][]

/**
 * The timeframe that most answers speak of (the first of equally many), and what it is compared with. When people entered
 * who came back, or what a vendor has saved, is the page's only where there is nothing else; of what is saved no two need
 * be of one time, so only what all of them have is.
 */
export function usualPeriods(readings: readonly Reading[]): { usual: Period | undefined; compared: Period | undefined } {
  const dated = readings.filter((reading) => !isTimeless(reading))
  const rank = ({ query }: Reading) => asides.indexOf(query.question.kind)
  const first = Math.min(...dated.map(rank))
  const keyOf = ({ period }: Reading) => `${period.start.epochMilliseconds} ${period.end.epochMilliseconds}`
  const speaking = dated.filter((reading) => rank(reading) === first)
  const groups = [...Map.groupBy(speaking, keyOf).values()].sort((a, b) => b.length - a.length)
  const isSaved = first === asides.indexOf('saved')
  const usual = isSaved && (groups.length > 1 || readings.some(isUndated)) ? undefined : groups[0]?.[0]?.period
  const alike = readings.filter(({ period }) => isSame(period, usual))
  const compared = alike.find(({ comparisons }) => comparisons.length > 0)?.comparisons[0]?.period
  return { usual, compared }
}

/**
 * `Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.` Where no period is that of the answers,
 * the edition's day and why: `Edition of Monday 16 November 2026, Berlin time. Each answer has its own dates.`
 */
export function datelineOf(
  readings: readonly Reading[],
  { language, compared, report }: { readonly language: Language; readonly compared: Period | undefined; readonly report: Report },
): string {
  const { dates, numbers, usual } = language
  if (usual === undefined) return [editionOf(language, report), ...datesWords(readings)].join(' ')
  const running = readings.some((reading) => reading.running && reading.period.end.equals(usual.end))
  const span = dates.span(usual, { weekdays: true, year: true })
  const year = compared !== undefined && compared.start.year !== usual.start.year
  return [
    `${span}${running ? ' so far' : ''}, ${zoneName(usual.start.timeZoneId)}.`,
    ...(compared === undefined ? [] : [`Compared with ${dates.span(compared, { year })}.`]),
    ...untold(readings, numbers),
  ].join(' ')
}

function editionOf({ dates, at }: Language, { timezone }: Report): string {
  const start = at.toZonedDateTimeISO(timezone).startOfDay()
  const [from, to] = [start, start.add({ days: 1 })].map((time) => time.toString({ timeZoneName: 'never' }))
  const day = periodOf({ start: from ?? '', end: to ?? '' }, timezone)
  return `Edition of ${dates.span(day, { weekdays: true, year: true })}, ${zoneName(timezone)}.`
}

function datesWords(readings: readonly Reading[]): string[] {
  if (readings.length === 0) return []
  if (!readings.some(isUndated)) {
    return [readings.every(isTimeless) ? 'Profiles are as they were when they were asked for.' : 'Each answer has its own dates.']
  }
  if (!readings.every(isTimeless)) return ['The answers have dates of their own, which some do not tell.']
  return [readings.length === 1 ? 'The answer does not tell its dates.' : 'The answers do not tell their dates.']
}

/** `Checkout does not tell its dates.`: they need not be the page's. */
function untold(readings: readonly Reading[], { whole }: Language['numbers']): string[] {
  const names = readings.filter(isUndated).map(({ query }) => shortened(subjectOf(query).leading, longestName))
  if (names.length === 0) return []
  const who = names.length > mostNamed ? `${inWords(names.length, whole)} answers` : listed(names)
  const sentence = asSentence(`${who} ${names.length === 1 ? 'does not tell its dates' : 'do not tell their dates'}`)
  return [sentence.charAt(0).toUpperCase() + sentence.slice(1)]
}
