import type { Expression } from '../../../../lib/expression.ts'

/** Mixpanel's values: undefined is not there, null is there and empty. */
export type Value = undefined | null | boolean | number | string | readonly unknown[] | object

/** The rules of the lake's readme, spelled out value by value. */
export function evaluate(expression: Expression, properties: Readonly<Record<string, unknown>>): Value {
  const of = (inner: Expression): Value => evaluate(inner, properties)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'list':
      return expression.items.map(of)
    case 'property':
      return Object.hasOwn(properties, expression.name) ? (properties[expression.name] as Value) : undefined
    case 'unary': {
      const value = of(expression.operand)
      if (expression.operator === '-') return typeof value === 'number' ? -value : undefined
      if (value === undefined) return true
      return typeof value === 'boolean' ? !value : undefined
    }
    case 'call':
      return call(expression.function, expression.arguments.map(of))
    case 'binary': {
      const left = of(expression.left)
      const right = of(expression.right)
      return binary(expression.operator, left, right)
    }
  }
}

function call(name: string, [value, second]: Value[]): Value {
  switch (name) {
    case 'floor':
      return typeof value === 'number' ? Math.floor(value) : undefined
    case 'ceil':
      return typeof value === 'number' ? Math.ceil(value) : undefined
    case 'round':
      return typeof value === 'number' ? Math.sign(value) * Math.round(Math.abs(value)) : undefined
    case 'number':
      if (typeof value === 'boolean') return value ? 1 : 0
      if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) ? Number.parseFloat(value) : undefined
      return typeof value === 'number' ? value : undefined
    case 'string':
      if (typeof value === 'number') return String(value === 0 ? 0 : value)
      return typeof value === 'string' || typeof value === 'boolean' ? String(value) : undefined
    case 'boolean':
      return !(value === undefined || value === null || value === '' || value === 'false' || value === false || value === 0)
    case 'defined':
      return value !== undefined && value !== null
    case 'has_prefix':
      return typeof value === 'string' && typeof second === 'string' ? value.startsWith(second) : undefined
    default:
      throw new Error(name)
  }
}

function binary(operator: string, left: Value, right: Value): Value {
  const numbers = typeof left === 'number' && typeof right === 'number' ? ([left, right] as const) : undefined
  switch (operator) {
    case 'and':
      return left === true && right === true
    case 'or':
      return left === true || right === true
    case '==':
      return isEqual(left, right)
    case '!=':
      return !isEqual(left, right)
    case 'in':
      if (Array.isArray(right)) return right.some((item) => isEqual(left, item as Value))
      return typeof left === 'string' && typeof right === 'string' ? right.includes(left) : undefined
    case '+':
      if (typeof left === 'string' && typeof right === 'string') return left + right
      return numbers && numbers[0] + numbers[1]
    case '-':
      return numbers && numbers[0] - numbers[1]
    case '*':
      return numbers && numbers[0] * numbers[1]
    case '/':
      return numbers && numbers[1] !== 0 ? numbers[0] / numbers[1] : undefined
    case '%':
      return numbers && numbers[1] !== 0 ? numbers[0] % numbers[1] : undefined
  }
  if (typeof left !== typeof right || (typeof left !== 'number' && typeof left !== 'string')) return undefined
  const order = numbers ? numbers[0] - numbers[1] : Buffer.compare(Buffer.from(left as string), Buffer.from(right as string))
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator]
}

function isEqual(left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) return false
  return JSON.stringify(left === 0 ? 0 : left) === JSON.stringify(right === 0 ? 0 : right)
}
