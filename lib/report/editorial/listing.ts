import { Temporal } from 'temporal-polyfill'
import type { Cell, Table } from '../../edition.ts'
import type { TableCell, TableResult } from '../../result.ts'
import type { Language } from './headline.ts'
import { noNumber } from './numbers.ts'
import type { Reading } from './reading.ts'
import { isFigure } from './reading.ts'
import { headingOf, segmentNames } from './segment-names.ts'
import type { Shown } from './tables.ts'
import { mostRows } from './tables.ts'
import { shortened, subjectOf } from './titles.ts'
import { isUndated, otherDates, otherPeriod } from './when.ts'

/** Characters of a line on a phone, the gaps between columns among them. */
const lineLength = 52
/** A column of text, or of times, needs no more than this in one line: it breaks between words. */
const textLength = 14
const longestText = 60
const longestTitle = 24
const mostColumns = 6

/** A table's first rows and as many of its columns as fit a phone; undefined where there is no row, or one figure alone. */
export function listingTable(reading: Reading, result: TableResult, language: Language): Shown | undefined {
  if (result.rows.length === 0 || result.columns.length === 0 || isFigure(reading)) return undefined
  const rows = result.rows.slice(0, mostRows)
  const format = formatOf(reading, result)
  const printed = result.columns.map((column, at) => {
    const names = segmentNames(column.name)
    return rows.map((row) => printCell(row[at] ?? null, column.type, { names, format, language, timezone: result.timezone }))
  })
  const shown = columnsWithin(result, printed)
  const bars = barsOf(reading, result, shown)
  const columns = result.columns
    .slice(0, shown)
    .flatMap(({ name, type }, at): Table['columns'][number][] => [
      ...(at === bars?.before ? [{ title: '', align: 'left' as const, bar: true }] : []),
      { title: titleOf(name), align: type === 'number' ? 'right' : 'left' },
    ])
  const cells = rows.map((_, row) =>
    printed
      .slice(0, shown)
      .flatMap((column, at): Cell[] => [
        ...(at === bars?.before ? [{ share: bars.shares[row] ?? 0 }] : []),
        { text: column[row] ?? '' },
      ]),
  )
  return { table: { columns, rows: cells }, rows: result.rows.length, columns: { shown, of: result.columns.length } }
}

/** `20 events, most often Page View`, `1,204 people`, `12 rows`; `short` says of what, where a kicker does not. */
export function tableHeadline(reading: Reading, result: TableResult, language: Language): { short: string; full: string } {
  const { question } = reading.query
  const other = otherPeriod(reading, language)
  const when = `${other === undefined ? '' : ` ${other}`}${reading.unfinished ? ' so far' : ''}`
  const leader = leaderOf(reading, result)
  const full = `${howMany(reading, result, language)}${when}${leader === undefined ? '' : `, ${leader}`}`
  return { full, short: question.kind === 'top' ? full : `${subjectOf(reading.query).leading}: ${full}` }
}

/** `1,000+` where there may be more, so that it is not read as all there are. */
export function tableFigure(reading: Reading, result: TableResult, { numbers }: Language): string {
  return `${numbers.whole(result.rows.length)}${isWhole(reading, result) ? '' : '+'}`
}

/** What a tile's figure counts. */
export function tableFigureNote(reading: Reading, result: TableResult, language: Language): string {
  const noun = nounOf(reading, result)
  const dates = otherDates(reading, language)
  if (dates === undefined) return noun
  return isUndated(reading) ? `${noun}; ${dates}` : `${noun} ${dates}`
}

/** Whether nothing was cut: an answer as long as was asked for may be a part of more. */
export function isWhole({ query: { question } }: Pick<Reading, 'query'>, { rows, notes }: TableResult): boolean {
  const full = (question.kind === 'top' || question.kind === 'people') && rows.length >= question.limit
  return !full && !isTruncated({ notes })
}

function isTruncated({ notes }: Pick<TableResult, 'notes'>): boolean {
  return notes.some(({ kind }) => kind === 'truncated')
}

function howMany(reading: Reading, result: TableResult, { numbers }: Language): string {
  const count = result.rows.length
  const noun = nounOf(reading, result)
  if (count === 0) return `No ${noun}`
  const number = numbers.whole(count)
  if (isWhole(reading, result)) return `${number} ${noun}`
  // The vendor gives the top ones as many as are asked for; what it cuts by itself is any part.
  const top = reading.query.question.kind === 'top' && !isTruncated(result)
  return top ? `Top ${number} ${noun}` : `At least ${number} ${noun}`
}

/** What the rows are. */
function nounOf({ query: { question } }: Reading, { rows, each }: TableResult): string {
  const one = rows.length === 1
  if (each !== undefined) return one ? each : `${each}s`
  if (question.kind === 'people' && question.on === undefined) return one ? 'person' : 'people'
  if (question.kind !== 'top') return one ? 'row' : 'rows'
  if (question.what === 'values') {
    return `${one ? 'value' : 'values'} of ${shortened(question.property ?? 'a property', longestTitle)}`
  }
  return { events: one ? 'event' : 'events', properties: one ? 'property' : 'properties' }[question.what]
}

/** Who stands first, where one alone does: the greatest of the first column of numbers. */
function leaderOf({ query: { question } }: Reading, result: TableResult): string | undefined {
  if (question.kind !== 'top' || result.rows.length < 2 || isTruncated(result)) return undefined
  const name = result.columns.findIndex(({ type }) => type === 'text')
  const number = result.columns.findIndex(({ type }) => type === 'number')
  const ranked = result.rows.flatMap((row) => {
    const [text, value] = [row[name], row[number]]
    return typeof text === 'string' && typeof value === 'number' ? [{ text, value }] : []
  })
  const [first, second] = ranked.sort((a, b) => b.value - a.value)
  if (first === undefined || first.value === second?.value) return undefined
  const leader = shortened(segmentNames(result.columns[name]?.name).show(first.text), longestText)
  const leads = {
    general: `most often ${leader}`,
    unique: `${leader} by the most users`,
    average: `${leader} highest on average`,
  }
  return leads[question.type]
}

/** Bars where rows are ranked by one number, just before it; none below zero. */
function barsOf({ query }: Reading, { columns, rows }: TableResult, shown: number) {
  const before = columns.findIndex(({ type }) => type === 'number')
  if (query.question.kind !== 'top' || before < 1 || before >= shown) return undefined
  const values = rows.slice(0, mostRows).map((row) => (typeof row[before] === 'number' ? row[before] : 0))
  const most = Math.max(0, ...values)
  return most === 0 ? undefined : { before, shares: values.map((value) => Math.max(0, value) / most) }
}

/** A currency is that of the one column of numbers; of several nobody can say which. */
function formatOf({ format }: Reading, { columns }: TableResult): string {
  return columns.filter(({ type }) => type === 'number').length === 1 ? format : 'number'
}

interface Printing {
  readonly names: ReturnType<typeof segmentNames>
  readonly format: string
  readonly language: Language
  readonly timezone: string
}

function printCell(
  cell: TableCell,
  type: TableResult['columns'][number]['type'],
  { names, format, language, timezone }: Printing,
): string {
  if (cell === null) return noNumber
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  if (typeof cell === 'number') return type === 'number' ? language.numbers.figure(cell, format) : String(cell)
  if (type === 'time') return printTime(cell, timezone, language) ?? shortened(cell, longestText)
  return shortened(type === 'text' ? names.show(cell) : cell, longestText)
}

/** `9 Nov 2026`, `9 Nov 2026, 14:05` in the report's zone; a time without an offset as it stands; undefined for anything else. */
function printTime(text: string, timezone: string, { dates }: Language): string | undefined {
  try {
    const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text.slice(10))
    const time = zoned
      ? Temporal.Instant.from(text).toZonedDateTimeISO(timezone)
      : // In a zone that skips that hour it would be printed as another.
        Temporal.PlainDateTime.from(text).toZonedDateTime('UTC')
    return dates.short(time, text.length > 10 ? 'date, year and time' : 'date and year')
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function titleOf(name: string): string {
  return shortened(headingOf(name), longestTitle)
}

/** How many columns a line has room for, from the first: one in any case. */
function columnsWithin({ columns }: TableResult, printed: readonly (readonly string[])[]): number {
  let used = 0
  const fits = columns.findIndex(({ name, type }, at) => {
    const longest = Math.max(...(printed[at] ?? []).map((text) => text.length))
    const title = Math.max(
      ...titleOf(name)
        .split(' ')
        .map((word) => word.length),
    )
    const breaks = type !== 'number' && type !== 'boolean'
    used += Math.max(title, breaks ? Math.min(longest, textLength) : longest) + 2
    return at >= mostColumns || (at > 0 && used > lineLength)
  })
  return fits === -1 ? columns.length : fits
}
