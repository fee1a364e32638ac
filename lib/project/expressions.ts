import { parseExpression } from '../expression.ts'
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
  if (typeof value !== 'string') return true
  const key = path.findLast((part) => typeof part === 'string')
  const isExpression = key === 'where' || ((key === 'on' || key === 'of') && value.includes('['))
  if (!isExpression || value === '') return true
  const read = parseExpression(value)
  if (!('problem' in read)) return true
  const { problem, suggestion, position } = read
  const told = suggestion === undefined || problem.endsWith(suggestion)
  reader.mistake(path, `in this expression, ${problem}`, told ? undefined : `write ${suggestion}`, position)
  return false
}
