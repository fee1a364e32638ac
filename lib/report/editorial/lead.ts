import { aboutTheSame } from './changes.ts'
import type { Language } from './headline.ts'
import { headlineOf, moveOf, newsOf } from './headline.ts'
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
    ...(tested.length > 0 ? [] : figures.slice(0, 2).map((reading) => headlineOf(reading, language).full)),
    ...unanswered(questions, language),
  ]
  return sentences.map(asSentence).join(' ')
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
    const subject = subjectOf(reading.query, language.locale)
    return `${at === 0 ? subject.leading : subject.within} ${moveOf(reading, language)}`
  })
  if (same.length === 0) return moves.length === 0 ? [] : [listed(moves)]
  const names = same.slice(0, mostInSentence).map((reading, at) => {
    const subject = subjectOf(reading.query, language.locale)
    return at === 0 && moves.length === 0 ? subject.leading : subject.within
  })
  return [[...(moves.length === 0 ? [] : [listed(moves)]), `${listed(names)} stayed ${aboutTheSame}${onOf(same)}`].join('; ')]
}

/** `all`: there is no other figure that may have moved without a test to tell. */
function nothingMoved(same: readonly Reading[], all: boolean, language: Language): string {
  const names = same.map((reading) => subjectOf(reading.query, language.locale))
  const [only] = same
  if (same.length === 1 && only !== undefined) {
    const level = only.level === null ? '' : `, at ${language.numbers.inProse(only.level, only.format)}`
    return `${names[0]?.leading} stayed ${aboutTheSame}${onOf(same)}${level}`
  }
  const first = all ? names[0]?.within : names[0]?.leading
  const shown = [first ?? '', ...names.slice(1).map(({ within }) => within)]
  const told = listed(
    shown.length > 4 ? [...shown.slice(0, 3), `${inWords(shown.length - 3, language.numbers.whole)} more`] : shown,
  )
  return `${all ? 'Nothing moved beyond chance: ' : ''}${told} stayed ${aboutTheSame}${onOf(same)}`
}

/** What they are compared with, where the line above does not say it. */
function onOf(readings: readonly Reading[]): string {
  const [first] = readings
  const main = first?.comparisons[0]
  return first === undefined || main === undefined || main.with === 'previous' ? '' : ` ${against(first.period, main.with)}`
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
