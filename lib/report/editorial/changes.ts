import type { Change } from '../../edition.ts'
import type { Numbers } from './numbers.ts'
import { noNumber } from './numbers.ts'
import { against, before } from './periods.ts'
import type { Movement, Reading } from './reading.ts'

export const aboutTheSame = 'about the same'

/** A change in words: short beside a figure, and within a sentence after `up` and `down`, or `rose` and `fell`. */
export interface Told {
  readonly direction: 'up' | 'down'
  /** `9 %`, `3.1 pts`, `0.4`, `133×`, `new` */
  readonly short: string
  /** After `up` or `rose`: `9 %`, `3.1 points`, `from 30` (then the sentence needs the level it came to). */
  readonly long: string
}

/** How a figure went from one number to another; undefined where there is no number, or no way to say it. */
export function tellChange(
  { from, to }: Pick<Movement, 'from' | 'to'>,
  { scale, format }: Pick<Reading, 'scale' | 'format'>,
  numbers: Numbers,
): Told | undefined {
  if (from === null || to === null || from === to) return undefined
  const direction = to > from ? 'up' : 'down'
  if (scale === 'points') {
    const points = numbers.points(to - from)
    return { direction, short: `${points} pts`, long: points === '1' ? '1 point' : `${points} points` }
  }
  if (scale === 'difference') {
    const by = numbers.difference(to - from, Math.max(Math.abs(to), Math.abs(from)))
    return { direction, short: by, long: by }
  }
  // Per cent of nothing, or of a loss, are no numbers.
  if (from < 0 || to < 0) return undefined
  const long = `from ${from === 0 ? 'none' : numbers.inProse(from, format)}`
  if (from === 0) return { direction, short: 'new', long }
  if (to / from >= 10) return { direction, short: numbers.times(to / from), long }
  const percent = numbers.percent((to - from) / from)
  return { direction, short: percent, long: to === 0 ? long : percent }
}

/** What a change means for the reader: only one that is beyond chance means anything. */
export function verdictOf(movement: Movement, better: Reading['query']['better']): 'better' | 'worse' | 'neutral' {
  const { from, to, beyond } = movement
  if (beyond !== true || better === 'neither' || from === null || to === null) return 'neutral'
  return to > from === (better === 'higher') ? 'better' : 'worse'
}

/** The lines under a tile's figure: one for each compared period, the period just before first. */
export function tileChanges(reading: Reading, numbers: Numbers): Change[] {
  if (reading.unfinished) return [{ direction: 'same', verdict: 'neutral', amount: 'so far', against: '' }]
  return reading.comparisons.map((comparison, at) => {
    const on = against(reading.period, comparison.with)
    const { from, to, beyond } = comparison
    const known = from !== null && to !== null
    if (beyond === false || (known && from === to)) {
      // Beside the first figure it speaks for itself: the line above the page says what it is compared with.
      return {
        direction: 'same',
        verdict: 'neutral',
        amount: aboutTheSame,
        against: at === 0 && comparison.with === 'previous' ? '' : on,
      }
    }
    const told = tellChange(comparison, reading, numbers)
    if (told === undefined) return { direction: 'same', verdict: 'neutral', amount: noNumber, against: on }
    if (told.short === 'new') {
      const verdict = verdictOf(comparison, reading.query.better)
      return { direction: 'same', verdict, amount: 'new,', against: `none ${before(reading.period, comparison.with)}` }
    }
    return { direction: told.direction, verdict: verdictOf(comparison, reading.query.better), amount: told.short, against: on }
  })
}

/** A change as a cell of a table: `+36 %`, `−0.4`, `about the same`, `new`, an en dash. */
export function cellChange(movement: Movement, reading: Reading, numbers: Numbers) {
  const { from, to, beyond } = movement
  if (beyond === false || (from !== null && from === to)) return { text: aboutTheSame, verdict: 'neutral' as const }
  const told = tellChange(movement, reading, numbers)
  if (told === undefined) return { text: noNumber, verdict: 'neutral' as const }
  const sign = told.short === 'new' || told.short.endsWith('×') ? '' : told.direction === 'up' ? '+' : '−'
  return { text: `${sign}${told.short}`, verdict: verdictOf(movement, reading.query.better) }
}
