import type { Readable } from '../../../expression.ts'
import { orRefuse, parseExpression, printExpression, propertyOf, readable } from '../../../expression.ts'

/** `where` as Mixpanel takes it; nothing without one. Throws RefusedError for what it would not take. */
export function printedWhere(where: string | undefined, reads: readonly Readable[] = readable.events): { where?: string } {
  if (where === undefined) return {}
  return { where: printExpression(orRefuse(where, parseExpression(where, { reads, condition: true }))) }
}

/** `on` or `of`, a bare name wrapped: `properties["country"]`. Throws RefusedError for what Mixpanel would not take. */
export function printedProperty(property: string, reads: readonly Readable[] = readable.events): string {
  return printExpression(orRefuse(property, propertyOf(property, { reads })))
}
