import { RefusedError } from '../../../errors.ts'
import type { Expression, ExpressionProblem } from '../../../expression.ts'
import { parseExpression, printExpression, propertyOf } from '../../../expression.ts'

/** `where` as Mixpanel takes it; nothing without one. */
export function printedWhere(where: string | undefined): { where?: string } {
  return where === undefined ? {} : { where: printed(where, parseExpression(where)) }
}

/** `on` or `of`, a bare name wrapped: `properties["country"]`. */
export function printedProperty(property: string): string {
  return printed(property, propertyOf(property))
}

/** A project file's expressions were checked when it was loaded; a program's were not. */
function printed(text: string, read: Expression | ExpressionProblem): string {
  if (!('problem' in read)) return printExpression(read)
  throw new RefusedError(`${text}: ${read.problem} at character ${read.position + 1}`, { remedy: read.suggestion })
}
