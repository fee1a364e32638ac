import { Temporal } from 'temporal-polyfill'
import type { SeriesChart } from '../../edition.ts'
import type { SeriesResult } from '../../result.ts'
import { shift } from '../../timeframe.ts'
import type { Language } from './headline.ts'
import { labelTime } from './periods.ts'
import { asSentence, shortened } from './titles.ts'

/** More marks than this hide the line that they are about. */
const mostMarks = 6
const longestText = 80

type Mark = NonNullable<SeriesChart['annotations']>[number]

/**
 * What people wrote beside the dates of a chart, in time's order: each at the point whose stretch it lies in (a Thursday is
 * in its week's point), the latest ones where there are many. `told` says them in a sentence.
 */
export function marksOf(result: SeriesResult, language: Language): { readonly marks: readonly Mark[]; readonly told: string } {
  const times = result.dates.map((date) => labelTime(date, result.timezone))
  const last = times.at(-1)
  if (last === undefined) return { marks: [], told: '' }
  const end = shift(last, 1, result.unit)
  const within = (result.annotations ?? []).flatMap(({ date, text }) => {
    const time = timeOf(date, result.timezone)
    if (time === undefined || Temporal.ZonedDateTime.compare(time, end) >= 0) return []
    const at = times.findLastIndex((start) => Temporal.ZonedDateTime.compare(start, time) <= 0)
    return at === -1 ? [] : [{ at, time, date: dateOf(time, date, result, language), text: readable(text) }]
  })
  const inOrder = within.sort((a, b) => Temporal.ZonedDateTime.compare(a.time, b.time))
  const marks = inOrder.slice(-mostMarks).map(({ at, date, text }) => ({ at, date, text }))
  return { marks, told: toldOf(marks, inOrder.length - marks.length, language) }
}

/** The same as small print; none where the chart has no mark. */
export function marksNote(result: SeriesResult, chart: SeriesChart | undefined, language: Language): string[] {
  return chart?.annotations === undefined ? [] : [marksOf(result, language).told]
}

/** `On the chart: 12 Nov Spring release; 14 Nov Price test.` */
function toldOf(marks: readonly Mark[], earlier: number, { numbers }: Language): string {
  if (marks.length === 0) return ''
  const each = marks.map(({ date, text }) => `${date} ${isolated(text)}`.trim())
  const more = earlier === 0 ? [] : [`${numbers.whole(earlier)} earlier ${earlier === 1 ? 'one is' : 'ones are'} not shown`]
  return asSentence(`On the chart: ${[...each, ...more].join('; ')}`)
}

/** A day, or an hour of it where the chart has hours. */
function dateOf(time: Temporal.ZonedDateTime, date: string, { unit }: SeriesResult, { dates }: Language): string {
  const hours = (unit === 'hour' || unit === 'minute') && date.includes('T')
  return dates.short(time, hours ? 'date and time' : 'date')
}

/** Undefined for what is no date: people's notes come as the vendor has them. */
function timeOf(date: string, timezone: string): Temporal.ZonedDateTime | undefined {
  try {
    return labelTime(date, timezone)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** One line, without characters that turn the direction of what follows. */
function readable(text: string): string {
  return shortened(text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ''), longestText)
}

/** Hebrew and Arabic between dates would take them along to the right; isolates keep each in its place. */
function isolated(text: string): string {
  const turns = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
  return turns.test(text) ? `\u2068${text}\u2069` : text
}
