import type { Binary, BinaryOperator, Expression, ExpressionProblem } from './tree.ts'
import { isComparison } from './tree.ts'

/** Operators in whose chains the order of calculating does not matter, so that `a + b + c` needs no brackets. */
const chained: ReadonlySet<BinaryOperator> = new Set(['and', 'or', '+', '*'])

/**
 * An expression as Mixpanel takes it, on one line. The vendor does not document which operator goes first, so brackets
 * are left out only where its own examples leave them out (comparisons joined by `and` or `or`, `not` among them), or
 * where they change nothing. `not in`, which it does not document either, becomes `not (… in …)`. Throws RangeError for
 * numbers that nobody can write.
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return printLiteral(expression.value)
    case 'list':
      return `[${expression.items.map(printExpression).join(', ')}]`
    case 'property':
      return `${expression.of}[${quote(expression.name)}]`
    case 'now':
      return 'NOW'
    case 'call':
      return `${expression.function}(${expression.arguments.map(printExpression).join(', ')})`
    case 'unary': {
      const { operator, operand } = expression
      // A minus before a number would be read as part of it.
      const bare = operand.kind === 'property' || operand.kind === 'call' || (operator === 'not' && operand.kind === 'literal')
      return `${operator === 'not' ? 'not ' : '-'}${bare ? printExpression(operand) : `(${printExpression(operand)})`}`
    }
    case 'binary': {
      // Spaces around a minus are needed: the vendor reads `NOW -1` as two numbers.
      const { operator, left, right } = expression
      return `${printOperand(left, operator, isChain(expression))} ${operator} ${printOperand(right, operator, false)}`
    }
  }
}

function printOperand(operand: Expression, operator: BinaryOperator, continues: boolean): string {
  const joins = operator === 'and' || operator === 'or'
  const bare =
    operand.kind === 'binary'
      ? continues || (joins && isComparison(operand.operator))
      : operand.kind !== 'unary' || operand.operator === '-' || joins
  return bare ? printExpression(operand) : `(${printExpression(operand)})`
}

/** Whether an operation goes on with what its left operand began. */
function isChain({ operator, left }: Binary): boolean {
  return left.kind === 'binary' && left.operator === operator && chained.has(operator)
}

const depths = new WeakMap<Expression, number>()

/** How deep an expression nests, chains of one operator counted as one; brackets nest at most twice as deep when it is printed. */
export function depthOf(expression: Expression): number {
  if (expression.kind === 'literal' || expression.kind === 'property' || expression.kind === 'now') return 0
  const known = depths.get(expression)
  if (known !== undefined) return known
  const depth = 1 + partsOf(expression).reduce((deepest, part) => Math.max(deepest, depthOf(part)), 0)
  const own = expression.kind === 'binary' && isChain(expression)
  const result = own ? Math.max(depthOf(expression.left), 1 + depthOf(expression.right)) : depth
  depths.set(expression, result)
  return result
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'list':
      return expression.items
    case 'call':
      return expression.arguments
    case 'unary':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    default:
      return []
  }
}

function printLiteral(value: string | number | boolean): string {
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' ? printNumber(value) : String(value)
}

/**
 * A text in double quotes. The vendor's own clients escape `\` and `"` and nothing else; control characters, line ends
 * and halves of surrogate pairs, which would not survive an address or a log, are written as JSON would.
 */
export function quote(text: string): string {
  return `"${visible(text.replaceAll(/["\\]/g, '\\$&'))}"`
}

function visible(text: string): string {
  const code = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, code)
}

/** Digits and a point, which read back as the same number: whether the vendor takes an exponent is not documented. */
export function printNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no number that an expression can hold`)
  const [, sign = '', whole = '', fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  if (exponent === undefined) return String(value)
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}

/** For messages: an expression, or the start of a long one, on one line. */
export function shown(expression: Expression | string): string {
  const text = typeof expression === 'string' ? visible(expression) : printExpression(expression)
  return text.length <= 60 ? text : `${text.slice(0, 57).replace(/[\ud800-\udbff]$/, '')}…`
}

/** A suggestion is written out to be copied; one that is longer than this helps nobody. */
export function brief(problem: ExpressionProblem): ExpressionProblem {
  const { suggestion } = problem
  return suggestion !== undefined && suggestion.length > 300 ? { ...problem, suggestion: shown(suggestion) } : problem
}
