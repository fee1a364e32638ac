import type { Temporal } from 'temporal-polyfill'
import type { Funnel } from '../../query.ts'
import { aboutTheSame, tellChange } from './changes.ts'
import { cohortsHeadline } from './cohort-words.ts'
import { tableHeadline } from './listing.ts'
import type { Numbers } from './numbers.ts'
import type { Dates, Period } from './periods.ts'
import { against, before } from './periods.ts'
import type { Comparison, Reading } from './reading.ts'
import { figureStep, isFigure } from './reading.ts'
import { segmentNames } from './segment-names.ts'
import type { Subject } from './titles.ts'
import { inWords, splitBy, subjectOf } from './titles.ts'
import { isTimeless, lately, otherPeriod } from './when.ts'

/** What sentences are made with. They are English, with the dates and countries in them; numbers are the locale's. */
export interface Language {
  /** Of numbers and currencies, BCP 47. */
  readonly locale: string
  readonly numbers: Numbers
  readonly dates: Dates
  /** The scheduled instant: `last week` is seen from there. */
  readonly at: Temporal.Instant
  /** The period that the line under the title names, if it names one; what speaks of another one says so. */
  readonly usual: Period | undefined
}

/** The finding over a question: its level, its change, and who made most of it. */
export interface Headline {
  /** `4,190 sign-ups, up 9 %` */
  readonly short: string
  /** `4,190 sign-ups, up 9 %; Germany made 84 % of the rise` */
  readonly full: string
}

export function headlineOf(reading: Reading, language: Language): Headline {
  if (reading.result.shape === 'table' && !isFigure(reading)) return tableHeadline(reading, reading.result, language)
  const short = shortHeadline(reading, language)
  const share = shareOfChange(reading, language)
  return { short, full: share === undefined ? short : `${short}; ${share}` }
}

function shortHeadline(reading: Reading, language: Language): string {
  const { level, query, result, unfinished } = reading
  const { numbers } = language
  const subject = subjectOf(query)
  const other = otherPeriod(reading, language)
  const when = other === undefined ? '' : ` ${other}`
  if (result.shape === 'cohorts') return cohortsHeadline(reading, result, language)
  if (level === null) return withoutNumber(reading, language)
  const [main] = reading.comparisons
  if (result.shape === 'funnel') {
    const text = funnelLevel(reading, level, language)
    return unfinished ? `${text} so far` : `${text}${changeClause(reading, main, numbers)}`
  }
  const isCount = result.shape === 'series' && (result.measure === 'general' || result.measure === 'unique')
  if (level === 0 && isCount && subject.countable) {
    if (unfinished) return `No ${subject.within}${when} so far`
    return `No ${subject.within} ${lately(reading, language)}${beforeNone(reading, main, numbers)}`
  }
  const text = `${levelOf(reading, level, subject, numbers)}${when}`
  if (unfinished) return `${text} so far`
  if (main?.from === 0 && main.beyond === true && isCount) {
    return `${text}; there were none ${before(reading.period, main.with)}`
  }
  return `${text}${changeClause(reading, main, numbers)}`
}

function levelOf(reading: Reading, level: number, subject: Subject, numbers: Numbers): string {
  const value = numbers.inProse(level, reading.format)
  // Of a saved figure nobody says what it is: it may be an average.
  const counted = reading.format === 'number' && subject.countable && value !== '1' && !isFigure(reading)
  return counted ? `${value} ${subject.within}` : `${subject.leading} at ${value}`
}

/** `, up 9 %`, `, about the same`; nothing where nothing can be claimed. */
function changeClause(reading: Reading, main: Comparison | undefined, numbers: Numbers): string {
  if (main?.beyond === undefined) return ''
  const on = main.with === 'previous' ? '' : ` ${against(reading.period, main.with)}`
  const told = main.beyond ? tellChange(main, reading, numbers) : undefined
  return told === undefined ? `, ${aboutTheSame}${on}` : `, ${told.direction} ${told.long}${on}`
}

function beforeNone(reading: Reading, main: Comparison | undefined, numbers: Numbers): string {
  if (main === undefined || main.from === null) return ''
  const then = before(reading.period, main.with)
  if (main.from === 0) return `, and none ${then}`
  return main.beyond === true ? `; there were ${numbers.inProse(main.from, reading.format)} ${then}` : ''
}

function withoutNumber(reading: Reading, language: Language): string {
  const { query, result, unfinished } = reading
  const other = otherPeriod(reading, language)
  const when = other === undefined ? '' : ` ${other}`
  if (result.shape === 'funnel') {
    const entered = `Nobody entered at ${result.steps[0]?.name ?? 'the first step'}`
    return unfinished ? `${entered}${when} so far` : `${entered} ${lately(reading, language)}`
  }
  const parts = result.shape === 'series' && ['general', 'unique', 'sum'].includes(result.measure)
  return `No ${parts ? 'total' : 'number'} for ${subjectOf(query).within}${when}`
}

/** `27 % of the week before last went from Sign Up to Invite within seven days` */
function funnelLevel(reading: Reading, level: number, language: Language): string {
  const { query, result, unfinished } = reading
  const { numbers } = language
  if (result.shape !== 'funnel') return ''
  const steps = result.steps
  const [first, last] = [steps[0], steps[figureStep(query, steps)]]
  // Whose last seven days are over entered a week before the rest of the page.
  const late = !unfinished && lately(reading, language) === 'the week before last' ? 'the week before last' : undefined
  const when = otherPeriod(reading, language) ?? late
  const none = `None of ${numbers.whole(first?.count ?? 0)}${when === undefined ? '' : ` who entered ${when}`}`
  const many = level === 0 ? none : `${numbers.inProse(level, 'percent')}${when === undefined ? '' : ` of ${theirs(when)}`}`
  const way = first?.name === last?.name ? `did ${last?.name} again` : `went from ${first?.name} to ${last?.name}`
  const known = query.question.kind === 'funnel' && !isTimeless(reading)
  const within = known ? ` within ${inProse(query.question.within, numbers)}` : ''
  return `${many} ${way}${within}`
}

/** Who entered then: `September’s`, `last week’s`, `the week before last`, `2 to 8 November`. */
function theirs(when: string): string {
  const span = when.replace(/^(?:in|on|from) /, '')
  return /last$|\d| to /.test(span) ? span : `${span}’s`
}

/** `7 days` is `seven days`. */
export function inProse(within: Funnel['within'], numbers: Numbers): string {
  const [count = '', unit = ''] = within.split(' ')
  const number = Number(count)
  if (number === 1) return `one ${unit.replace(/s$/, '')}`
  return `${inWords(number, numbers.whole)} ${unit.replace(/s?$/, 's')}`
}

function shareOfChange(reading: Reading, { numbers }: Language): string | undefined {
  const { largest, result, query } = reading
  const [main] = reading.comparisons
  if (largest === undefined || main?.from == null || main.to === null || result.shape !== 'series') return undefined
  const name = segmentNames(splitBy(query.question)).show(largest.name)
  const rise = main.to > main.from ? 'rise' : 'fall'
  if (largest.share > 1.005) return `${name} made all of the ${rise} and more`
  return largest.share >= 0.995
    ? `${name} made all of the ${rise}`
    : `${name} made ${numbers.inProse(largest.share, 'percent')} of the ${rise}`
}

/** The news of a figure as a sentence: `Sign-ups rose 9 % to 4,190; Germany made 84 % of the rise` */
export function newsOf(reading: Reading, language: Language): string {
  const { level, comparisons, format, query } = reading
  const move = moveOf(reading, language)
  // Where something begins or ends, the headline says it better.
  if (move === undefined || level === null || level === 0 || comparisons[0]?.from === 0) return headlineOf(reading, language).full
  const to = move.includes(' to ') ? '' : ` to ${language.numbers.inProse(level, format)}`
  const share = shareOfChange(reading, language)
  return `${subjectOf(query).leading} ${move}${to}${share === undefined ? '' : `; ${share}`}`
}

/** Whether a change needs no `on the month`: it is against the period before, as long as the page's. */
export function isUsual({ comparisons, period }: Reading, usual: Period | undefined): boolean {
  return comparisons[0]?.with !== 'year' && period.unit === usual?.unit
}

/** `rose 9 %`, `fell 0.4`, `rose from 30 to 4,000`; undefined where it did not move beyond chance. */
export function moveOf(reading: Reading, { numbers, usual }: Language): string | undefined {
  const [main] = reading.comparisons
  if (main?.beyond !== true || main.to === null) return undefined
  const told = tellChange(main, reading, numbers)
  if (told === undefined) return undefined
  const on = isUsual(reading, usual) ? '' : ` ${against(reading.period, main.with)}`
  const to = told.long.startsWith('from ') ? ` to ${main.to === 0 ? 'none' : numbers.inProse(main.to, reading.format)}` : ''
  return `${told.direction === 'up' ? 'rose' : 'fell'} ${told.long}${to}${on}`
}
