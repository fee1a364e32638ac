import type { Expression } from './tree.ts'

/**
 * An expression as Mixpanel takes it. Its precedence is not documented, so an operation inside another stands in brackets;
 * `not in`, which the vendor does not document either, becomes `not (… in …)`.
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return printLiteral(expression.value)
    case 'list':
      return `[${expression.items.map(printExpression).join(', ')}]`
    case 'property':
      return `${expression.of}[${quote(expression.name)}]`
    case 'call':
      return `${expression.function}(${expression.arguments.map(printExpression).join(', ')})`
    case 'unary': {
      const { operator, operand } = expression
      // A minus before a number would be read as part of it.
      const bare = operand.kind === 'property' || operand.kind === 'call' || (operator === 'not' && operand.kind === 'literal')
      return `${operator === 'not' ? 'not ' : '-'}${bare ? printExpression(operand) : `(${printExpression(operand)})`}`
    }
    case 'binary': {
      const { operator, left, right } = expression
      const chain = (operator === 'and' || operator === 'or') && left.kind === 'binary' && left.operator === operator
      return `${chain ? printExpression(left) : printOperand(left)} ${operator} ${printOperand(right)}`
    }
  }
}

function printOperand(operand: Expression): string {
  const bracketed = operand.kind === 'binary' || (operand.kind === 'unary' && operand.operator === 'not')
  return bracketed ? `(${printExpression(operand)})` : printExpression(operand)
}

function printLiteral(value: string | number | boolean): string {
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' ? printNumber(value) : String(value)
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** Without an exponent: whether the vendor reads one is not documented. */
function printNumber(value: number): string {
  const [, sign = '', whole = '', fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  if (exponent === undefined) return String(value)
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}
