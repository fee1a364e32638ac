import { RefusedError } from '../errors.ts'
import { shown } from './print.ts'
import type { Expression, ExpressionProblem } from './tree.ts'

/** What was read of a text that a program gave; a project file's was checked when it was loaded. Throws RefusedError. */
export function orRefuse(written: string, read: Expression | ExpressionProblem): Expression {
  if (!('problem' in read)) return read
  const { problem, position, suggestion } = read
  const remedy = suggestion === undefined ? undefined : `write ${suggestion}`
  throw new RefusedError(`${shown(written)}: ${problem} (character ${position + 1})`, { remedy })
}
