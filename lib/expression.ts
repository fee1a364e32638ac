/**
 * The language of `where`, and of `on` and `of` where they hold `[`: Mixpanel's segmentation expressions. The vendor's
 * grammar is incomplete (precedence, escapes and number format are not in it), so what is read here is Python-like, and
 * what is printed leans on no precedence that the vendor's own examples do not show.
 */
export { parseExpression, propertyOf } from './expression/parse.ts'
export { printExpression } from './expression/print.ts'
export { orRefuse } from './expression/refuse.ts'
export type {
  BinaryOperator,
  Expression,
  ExpressionProblem,
  ExpressionUse,
  FunctionName,
  PropertyHolder,
  PropertyRead,
  Readable,
} from './expression/tree.ts'
export { readable, readsOf } from './expression/tree.ts'
