import type { Note, TableBody, TableCell } from '../result.ts'

/** A column of a table whose values came from a vendor as JSON. */
export interface Column {
  readonly name: string
  readonly type: TableBody['columns'][number]['type']
  readonly cells: readonly TableCell[]
  /** Some number of it has more digits than can be read; its cell is null. */
  readonly inexact: boolean
}

/**
 * Cells of a type that all values have; else each is its JSON as text, so that "5" and 5 stay apart. What is not there is
 * null, and so are whole numbers that cannot be read exactly.
 */
export function columnOf(name: string, values: readonly unknown[]): Column {
  const known = values.filter((value) => value !== null && value !== undefined)
  const type = known.length === 0 ? 'text' : (types.find(([, is]) => known.every(is))?.[0] ?? 'json')
  const cells = values.map((value): TableCell => {
    if (value === null || value === undefined || isInexact(value)) return null
    return type === 'json' ? JSON.stringify(value) : (value as TableCell)
  })
  return { name, type, cells, inexact: known.some(isInexact) }
}

/** Names of which no two are the same: `count`, `count 2`, and never one that another column has by itself. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names)
  const seen = new Set<string>()
  return names.map((name) => {
    let own = name
    for (let number = 2; own !== name ? taken.has(own) : seen.has(own); number += 1) own = `${name} ${number}`
    seen.add(own)
    taken.add(own)
    return own
  })
}

/** What is said of columns that lack numbers. */
export function inexactNotes(columns: readonly Column[]): Note[] {
  const inexact = columns.filter((column) => column.inexact).map(({ name }) => name)
  if (inexact.length === 0) return []
  const words = 'whole numbers of more than 15 digits cannot be read exactly and are left out; keep ids as text'
  return [{ kind: 'source', text: `${inexact.join(', ')}: ${words}` }]
}

/** The first that fits all values is the column's. */
const types: readonly (readonly [Column['type'], (value: unknown) => boolean])[] = [
  ['time', (value) => typeof value === 'string' && isTime(value)],
  ['text', (value) => typeof value === 'string'],
  ['number', (value) => typeof value === 'number'],
  ['boolean', (value) => typeof value === 'boolean'],
]

/** `2026-11-09T08:00:00`, as vendors have it, with a zone or without. */
function isTime(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/.test(value)
}

/** JSON has digits that numbers here have not: 9007199254740993 is read as …992. */
function isInexact(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
}
