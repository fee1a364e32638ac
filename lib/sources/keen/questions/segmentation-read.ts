import { DataError, RefusedError } from '../../../errors.ts'
import { nameOfPath } from '../../../segments.ts'
import type { Row } from '../calls/answers.ts'
import { instantIn } from '../calls/timeframes.ts'
import type { Span } from './asking.ts'
import type { Stretch } from './stretches.ts'
import { spanOfCells } from './stretches.ts'
import type { Tally } from './tallies.ts'
import { joined } from './tallies.ts'

/** Numbers of each group by the JSON of its values; of what is not split there is one group, `[]`. */
export type Numbers<Value> = ReadonlyMap<string, Value>

/** The key of a row's group. */
function groupKey({ group = {} }: Row, groups: readonly string[]): string {
  return JSON.stringify(groups.map((name) => (Object.hasOwn(group, name) ? group[name] : null)))
}

/** An answer without an interval. */
export function figuresIn(rows: readonly Row[], groups: readonly string[]): Numbers<number | null> {
  const found = new Map(rows.map((row) => [groupKey(row, groups), numberIn(row)]))
  if (found.size === rows.length) return found
  throw new DataError(`Keen gives ${rows.length} groups where there are ${found.size}: some came twice`)
}

/**
 * The numbers of each group in the cells of a stretch; undefined in cells that the group is not in. Throws RefusedError
 * where the answer is cut in other places than asked for: its numbers would be of other times.
 */
export function cellsIn(
  rows: readonly Row[],
  { cells, time }: Stretch,
  groups: readonly string[],
  tally: Tally,
): Numbers<(number | null | undefined)[]> {
  if (time.interval === undefined) {
    return new Map([...figuresIn(rows, groups)].map(([key, value]) => [key, [value]]))
  }
  const pieces = piecesIn(rows, cells)
  needApart(pieces, cells)
  if (groups.length === 0) needAll(pieces, cells)
  const found = new Map<string, (number | null)[][]>()
  const seen = new Set<string>()
  for (const { row, start, end, at } of pieces) {
    const cell = cells[at] as Span
    if (tally.joins === 'none' && !(start === cell.start.epochMilliseconds && end === cell.end.epochMilliseconds)) {
      throw new RefusedError(`${cutWords(cell)} comes from Keen in several buckets, as it does where clocks change`, {
        remedy: 'such numbers do not add up: ask by a longer unit, or ask a lake',
      })
    }
    const key = groupKey(row, groups)
    if (seen.has(`${start} ${key}`)) throw new DataError(`Keen gives the group ${key} twice for ${cutWords(cell)}`)
    seen.add(`${start} ${key}`)
    const own = found.get(key) ?? cells.map(() => [])
    own[at]?.push(numberIn(row))
    found.set(key, own)
  }
  return new Map(
    [...found].map(([key, own]) => [key, own.map((values) => (values.length === 0 ? undefined : joined(values, tally)))]),
  )
}

interface Piece {
  readonly row: Row
  /** Milliseconds. */
  readonly start: number
  readonly end: number
  /** The place of the cell that it lies in. */
  readonly at: number
}

function piecesIn(rows: readonly Row[], cells: readonly Span[]): Piece[] {
  const span = spanOfCells(cells)
  const [first, last] = [span.start.epochMilliseconds, span.end.epochMilliseconds]
  const starts = cells.map(({ start }) => start.epochMilliseconds)

  function placeOf(row: Row): Omit<Piece, 'row'> | undefined {
    const [start, end] = [row.timeframe?.start, row.timeframe?.end].map(millisecondsOf) as [number, number]
    // Hours of a zone between whole hours are asked for by days, so that the answer is longer.
    if (end <= first || start >= last) return undefined
    const at = starts.findLastIndex((begin) => begin <= start)
    const cell = cells[at]
    if (cell !== undefined && end <= cell.end.epochMilliseconds) return { start, end, at }
    throw cutElsewhere(row, cell ?? span)
  }

  // All groups of a bucket have its times, and there may be thousands.
  const places = new Map<string, Omit<Piece, 'row'> | undefined>()
  return rows.flatMap((row): Piece[] => {
    const key = `${row.timeframe?.start} ${row.timeframe?.end}`
    if (!places.has(key)) places.set(key, placeOf(row))
    const place = places.get(key)
    return place === undefined ? [] : [{ row, ...place }]
  })
}

/** Buckets that overlap would count events twice. */
function needApart(pieces: readonly Piece[], cells: readonly Span[]): void {
  const spans = new Map(pieces.map((piece) => [`${piece.start} ${piece.end}`, piece]))
  let reached = Number.NEGATIVE_INFINITY
  for (const { row, start, end, at } of [...spans.values()].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < reached || end <= start) throw cutElsewhere(row, cells[at] ?? spanOfCells(cells))
    reached = end
  }
}

/** Every bucket comes, an empty one too; of groups only those that happened. */
function needAll(pieces: readonly Piece[], cells: readonly Span[]): void {
  const byCell = Map.groupBy(pieces, ({ at }) => at)
  for (const [at, cell] of cells.entries()) {
    const own = (byCell.get(at) ?? []).toSorted((a, b) => a.start - b.start)
    let reached = cell.start.epochMilliseconds
    for (const { row, start, end } of own) {
      if (start !== reached) throw cutElsewhere(row, cell)
      reached = end
    }
    if (reached !== cell.end.epochMilliseconds) {
      throw new RefusedError(`Keen's answer has no whole bucket for ${cutWords(cell)}`, { remedy: elsewhere })
    }
  }
}

const elsewhere = 'numbers of other times are not moved: ask in the time zone UTC, or ask a lake'

function cutElsewhere({ timeframe }: Row, cell: Span): RefusedError {
  const words = `Keen cuts at ${timeframe?.start} and ${timeframe?.end}, which is not within ${cutWords(cell)}`
  return new RefusedError(words, { remedy: elsewhere })
}

function cutWords({ start, end }: Span): string {
  return `${start.toPlainDateTime()} to ${end.toPlainDateTime()} (${start.timeZoneId})`
}

/** Throws DataError for what is no time with an offset. */
function millisecondsOf(text: string | undefined): number {
  const time = instantIn(text)
  if (time === undefined) throw new DataError(`Keen's answer has a time that is none: ${JSON.stringify(text)}`)
  return time.epochMilliseconds
}

function numberIn({ value }: Row): number | null {
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value
  throw new DataError(`Keen was asked for a number and answers ${JSON.stringify(value)}`)
}

/**
 * What people call each group, by its key. Nothing there is `undefined`, as everywhere; a text that reads like another
 * value (`"5"` beside 5) is quoted, so that no two values are called the same.
 */
export function namesOf(
  keys: Iterable<string>,
): ReadonlyMap<string, { readonly name: string; readonly path?: readonly string[] }> {
  const all = [...keys].map((key) => [key, JSON.parse(key) as unknown[]] as const)
  const others = (all[0]?.[1] ?? []).map(
    (_, level) =>
      new Set(all.map(([, values]) => values[level]).flatMap((value) => (typeof value === 'string' ? [] : [plainName(value)]))),
  )
  const nameOf = (value: unknown, level: number) => {
    const name = plainName(value)
    return typeof value === 'string' && others[level]?.has(name) ? JSON.stringify(value) : name
  }
  return new Map(
    all.map(([key, values]) => {
      const path = values.map(nameOf)
      return [key, path.length > 1 ? { name: nameOfPath(path), path } : { name: path[0] ?? '' }]
    }),
  )
}

function plainName(value: unknown): string {
  if (typeof value === 'string') return value
  return value === null || value === undefined ? 'undefined' : JSON.stringify(value)
}
