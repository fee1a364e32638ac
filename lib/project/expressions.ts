import type { Readable } from '../expression.ts'
import { parseExpression, propertyOf, readable } from '../expression.ts'
import type { Reader } from './reader.ts'
import type { Path } from './tree.ts'

/**
 * Checks the expressions under a path, each mistake at its place inside the text: every `where`, and `on` and `of`
 * where they hold `[` (else they are a property's name). True where all are right.
 */
export function checkExpressions(reader: Reader, path: Path): boolean {
  const value = reader.raw(path)
  if (value !== null && typeof value === 'object') {
    const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
    return keys.map((key) => checkExpressions(reader, [...path, key])).every((right) => right)
  }
  if (typeof value !== 'string' || value === '') return true
  const key = path.findLast((part) => typeof part === 'string')
  if (key !== 'where' && key !== 'on' && key !== 'of') return true
  const reads = readableAt(reader, path)
  const read = key === 'where' ? parseExpression(value, { reads, condition: true }) : propertyOf(value, { reads })
  if (!('problem' in read)) return true
  const { problem, suggestion, position } = read
  reader.mistake(
    path,
    `in this expression, ${problem}`,
    suggestion === undefined || problem.endsWith(suggestion) ? undefined : `write ${suggestion}`,
    position,
  )
  return false
}

/** People are read by a question about people, and by an export of them. */
function readableAt(reader: Reader, path: Path): readonly Readable[] {
  const [part, name = ''] = path
  const ofPeople = part === 'exports' ? reader.raw([part, name, 'data']) === 'people' : path.at(-2) === 'people'
  return ofPeople ? readable.people : readable.events
}
