import { DataError } from '../../../errors.ts'
import type { Note, TableBody } from '../../../result.ts'
import { columnOf, distinctNames, inexactNotes } from '../../columns.ts'
import type { Ask } from '../../source.ts'
import type { Analysis } from '../client.ts'
import { notesOn } from './asking.ts'

/** What the vendor calls the line of all values that it does not list. */
export const rest = '(other)'
const whole = 'Total'

type Row = Analysis['rows'][number]

/**
 * A saved analysis as a table, in the vendor's order, every column kept: of those with the same name each later one gets a
 * number. The line of all together is a note, not a row, so that rows can be counted and added up.
 */
export function tableBody(analysis: Analysis, ask: Ask, notes: readonly Note[] = []): TableBody {
  const { header, rows } = analysis
  const names = distinctNames(header)
  const total = totalAt(rows)
  const shown = rows.filter((_, at) => at !== total)
  const columns = names.map((name, at) => columnOf(name, plainer(shown.map((row) => row[at]))))
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: shown.map((_, at) => columns.map(({ cells }) => cells[at] ?? null)),
    notes: [
      ...notesOn(analysis, ask),
      ...notes,
      ...totalNotes(names, rows[total]),
      ...(shown.some((row) => row.includes(rest)) ? [{ kind: 'other', text: restWords } as const] : []),
      ...inexactNotes(columns),
    ],
  }
}

/** Segments with their metrics, and how large they are. Throws DataError for a size that is no number of customers. */
export function segmentationBody(analysis: Analysis, ask: Ask): TableBody {
  const size = analysis.header.lastIndexOf('#')
  for (const row of size === -1 ? [] : analysis.rows) {
    const value = row[size]
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) continue
    const where = `Exponea's segmentation "${analysis.name}", ${JSON.stringify(row[0])}, #`
    throw new DataError(`${where}: ${JSON.stringify(value)} is no number of customers`)
  }
  const sized = size === -1 ? [] : [{ kind: 'source', text: '# is how many customers a segment has' } as const]
  return tableBody(analysis, ask, sized)
}

const restWords = `the row ${rest} is what Exponea counts together of the values that it does not list`

/**
 * The row of all together: at one end, and alone in being called so. With another text beside it, it is a value like any
 * other.
 */
function totalAt(rows: readonly Row[]): number {
  const called = rows.flatMap((row, at) => (row[0] === whole ? [at] : []))
  const [at = -1, ...more] = called
  if (rows.length < 2 || more.length > 0 || (at !== 0 && at !== rows.length - 1)) return -1
  const others = rows[at]?.slice(1) ?? []
  const plain = others.every((cell) => typeof cell !== 'string' || cell === '' || cell === whole)
  return plain && others.some((cell) => typeof cell === 'number') ? at : -1
}

function totalNotes(names: readonly string[], row: Row | undefined): Note[] {
  if (row === undefined) return []
  const told = names.flatMap((name, at) => {
    const cell = row[at]
    return typeof cell === 'number' ? [`${name} ${cell.toLocaleString('en-US', { maximumFractionDigits: 20 })}`] : []
  })
  return [{ kind: 'source', text: `all together, which Exponea calls ${whole}: ${told.join(', ')}` }]
}

/**
 * Values that a type can be read from. Among numbers an empty text is none, and the name of the rest, or the digits of a
 * number that is too long to be held, makes a text of each of them.
 */
function plainer(values: readonly unknown[]): unknown[] {
  const texts = [...new Set(values.filter((value) => typeof value === 'string'))]
  const numbers = values.some((value) => typeof value === 'number')
  if (!numbers || texts.some((text) => text !== '' && text !== rest && !/^-?\d{16,}$/.test(text))) return [...values]
  if (texts.every((text) => text === '')) return values.map((value) => (value === '' ? null : value))
  return values.map((value) => (typeof value === 'number' ? String(value) : value))
}
