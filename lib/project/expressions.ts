import { parseExpression } from '../expression.ts'
import type { Reader } from './reader.ts'
import type { Path } from './tree.ts'

/**
 * Checks the expressions under a path, each mistake at its place inside the text: every `where`, and `on` and `of`
 * where they hold `[` (else they are a property's name).
 */
export function checkExpressions(reader: Reader, path: Path): void {
  const value = reader.raw(path)
  if (Array.isArray(value)) for (const at of value.keys()) checkExpressions(reader, [...path, at])
  else if (value !== null && typeof value === 'object') {
    for (const key of Object.keys(value)) checkExpressions(reader, [...path, key])
  }
  if (typeof value !== 'string') return
  const key = path.findLast((part) => typeof part === 'string')
  const isExpression = key === 'where' || ((key === 'on' || key === 'of') && value.includes('['))
  if (!isExpression || value === '') return
  const read = parseExpression(value)
  if (!('problem' in read)) return
  const { problem, suggestion, position } = read
  const told = suggestion === undefined || problem.endsWith(suggestion)
  reader.mistake(path, `in this expression, ${problem}`, told ? undefined : `write ${suggestion}`, position)
}
