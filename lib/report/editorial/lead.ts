import { aboutTheSame } from './changes.ts'
import type { Language } from './headline.ts'
import { headlineOf, isUsual, moveOf, newsOf } from './headline.ts'
import { against } from './periods.ts'
import type { Reading } from './reading.ts'
import { asSentence, inWords, listed, subjectOf } from './titles.ts'

/** More than this many figures in one sentence is a table. */
const mostInSentence = 3

/**
 * One to three sentences: the biggest news among the figures, how the others went, and what could not be answered.
 * What did not move beyond chance is said to be about the same; what cannot be tested is told as a level.
 */
export function leadOf(
  figures: readonly Reading[],
  questions: { readonly asked: number; readonly failed: number },
  language: Language,
): string {
  const tested = figures.filter((reading) => reading.comparisons[0]?.beyond !== undefined)
  const moved = tested.filter((reading) => moveOf(reading, language) !== undefined)
  const same = tested.filter((reading) => !moved.includes(reading))
  const [first, ...rest] = [...moved].sort((a, b) => weightOf(b, figures.indexOf(b)) - weightOf(a, figures.indexOf(a)))
  const sentences = [
    ...(first === undefined ? [] : [newsOf(first, language)]),
    ...(first === undefined && same.length > 0 ? [nothingMoved(same, same.length === figures.length, language)] : []),
    ...(first === undefined ? [] : others(rest, same, language)),
    ...(tested.length > 0 ? [] : figures.slice(0, 2).map((reading) => levelOf(reading, language))),
    ...unanswered(questions, language),
  ]
  return sentences.map(asSentence).join(' ')
}

/** A table's rows are of something, which only the short form names. */
function levelOf(reading: Reading, language: Language): string {
  const { short, full } = headlineOf(reading, language)
  return reading.result.shape === 'table' ? short : full
}

/**
 * How big a piece of news is: its change relative to what it was, discounted by its place among the tiles, where the
 * author put first what matters most.
 */
function weightOf(reading: Reading, place: number): number {
  const [main] = reading.comparisons
  const from = main?.from ?? 0
  const to = main?.to ?? 0
  const change = from > 0 && to > 0 ? Math.abs(Math.log(to / from)) : Math.log(100)
  return Math.min(change, Math.log(100)) / (place + 1)
}

function others(moved: readonly Reading[], same: readonly Reading[], language: Language): string[] {
  const moves = moved.slice(0, mostInSentence).map((reading, at) => {
    const subject = subjectOf(reading.query)
    return `${at === 0 ? subject.leading : subject.within} ${moveOf(reading, language)}`
  })
  if (same.length === 0) return moves.length === 0 ? [] : [listed(moves)]
  const stayed = stayedOf(same.slice(0, mostInSentence), moves.length === 0, language)
  return [[...(moves.length === 0 ? [] : [listed(moves)]), stayed].join('; ')]
}

/** `exports and logins stayed about the same`, and against what where the line above the page does not say it. */
function stayedOf(same: readonly Reading[], starts: boolean, language: Language, more = ''): string {
  const names = same.map((reading, at) => {
    const subject = subjectOf(reading.query)
    return at === 0 && starts ? subject.leading : subject.within
  })
  const groups = [...Map.groupBy(names, (_, at) => onOf(same[at], language)).entries()]
  const [only] = groups
  if (only !== undefined && groups.length === 1) {
    return `${listed(more === '' ? names : [...names, more])} stayed ${aboutTheSame}${only[0] === '' ? '' : ` ${only[0]}`}`
  }
  const [first = '', ...rest] = groups.map(([on, group], at) => {
    const all = at === 0 && more !== '' ? [...group, more] : group
    return `${listed(all)}${at === 0 ? ` stayed ${aboutTheSame}` : ''}${on === '' ? '' : ` ${on}`}`
  })
  return `${first}, and so did ${listed(rest)}`
}

/** `all`: there is no other figure that may have moved without a test to tell. */
function nothingMoved(same: readonly Reading[], all: boolean, language: Language): string {
  const [only] = same
  if (only === undefined) return ''
  // A tile may show that the same figure moved on the year.
  const elsewhere = same.some(({ comparisons }) => comparisons.slice(1).some(({ beyond }) => beyond === true))
  const plain = onOf(only, language) === '' && elsewhere ? ` ${against(only.period, 'previous')}` : ''
  if (same.length === 1) {
    const level = only.level === null ? '' : `, at ${language.numbers.inProse(only.level, only.format)}`
    return `${stayedOf(same, true, language)}${plain}${level}`
  }
  const shown = same.length > 4 ? same.slice(0, 3) : same
  const more = same.length > 4 ? `${inWords(same.length - 3, language.numbers.whole)} more` : ''
  const told = stayedOf(shown, !all, language, more)
  const mixed = same.some((reading) => onOf(reading, language) !== onOf(only, language))
  const on = mixed ? '' : plain
  return all ? `Nothing moved beyond chance${on}: ${told}` : `${told}${on}`
}

/** What it is compared with, where the line under the title does not say it. */
function onOf(reading: Reading | undefined, { usual }: Language): string {
  const main = reading?.comparisons[0]
  return reading === undefined || main === undefined || isUsual(reading, usual) ? '' : against(reading.period, main.with)
}

function unanswered({ asked, failed }: { asked: number; failed: number }, { numbers }: Language): string[] {
  if (failed === 0) return []
  if (failed === asked)
    return [
      asked === 1
        ? 'The question could not be answered'
        : `None of the ${inWords(asked, numbers.whole)} questions could be answered`,
    ]
  return [`${inWords(failed, numbers.whole)} of ${inWords(asked, numbers.whole)} questions could not be answered`]
}
