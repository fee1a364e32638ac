import { RefusedError } from '../../../errors.ts'
import type { BinaryOperator, Expression } from '../../../expression.ts'
import { orRefuse, parseExpression, printExpression, propertyOf, readable } from '../../../expression.ts'

/** One of Keen's filters; an event passes where it passes all of them. */
export interface Filter {
  readonly property_name: string
  readonly operator: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'exists' | 'in' | 'contains' | 'not_contains'
  readonly property_value: unknown
}

type Value = string | number | boolean
type Comparison = Extract<Expression, { kind: 'binary' }>

/**
 * Conditions as Keen's filters, those of all of them. Throws RefusedError, naming the part, for what the documented
 * filters cannot say exactly: `or` over several properties, calculations, conversions, and profiles.
 */
export function filtersOf(...conditions: readonly (string | undefined)[]): { readonly filters?: Filter[] } {
  const filters = conditions.flatMap((where) =>
    where === undefined
      ? []
      : conjuncts(orRefuse(where, parseExpression(where, { reads: readable.events, condition: true })), false),
  )
  return filters.length === 0 ? {} : { filters }
}

/** The property that `on` or `of` names. Throws RefusedError for what has to be calculated. */
export function plainProperty(on: string): string {
  return ownName(orRefuse(on, propertyOf(on, { reads: readable.events })))
}

/** The filters that an expression, or its contrary, amounts to. */
function conjuncts(expression: Expression, negated: boolean): Filter[] {
  switch (expression.kind) {
    case 'unary':
      if (expression.operator === 'not') return conjuncts(expression.operand, !negated)
      break
    case 'call':
      if (expression.function === 'defined') return [exists(expression.arguments[0] ?? expression, !negated)]
      break
    case 'binary':
      if (expression.operator === (negated ? 'or' : 'and')) {
        return [...conjuncts(expression.left, negated), ...conjuncts(expression.right, negated)]
      }
      if (expression.operator === (negated ? 'and' : 'or')) return [oneOf(expression, negated)]
      return comparison(expression, negated)
    case 'property':
      return refuse(expression, 'may be neither true nor false', `write ${printExpression(expression)} == true`)
    default:
      break
  }
  return refuse(expression, unsaid)
}

const unsaid = 'is nothing that a filter of Keen says: they compare a stored property with a value'

function exists(operand: Expression, there: boolean): Filter {
  return { property_name: ownName(operand), operator: 'exists', property_value: there }
}

/** `p == "a" or p == "b"`: values of one property. The JSON of a filter that means `or` is in no document that is left. */
function oneOf(expression: Comparison, negated: boolean): Filter {
  const found = alternatives(expression, negated)
  const [first] = found ?? []
  if (found === undefined || first === undefined || found.some(({ name }) => name !== first.name)) {
    const word = negated ? '`not` before `and`' : '`or`'
    return refuse(
      expression,
      `joins different conditions by ${word}, and all of Keen's filters have to be passed`,
      'only values of one property can stand side by side: properties["plan"] in ["a", "b"]',
    )
  }
  return { property_name: first.name, operator: 'in', property_value: [...new Set(found.flatMap(({ values }) => values))] }
}

interface Alternatives {
  readonly name: string
  readonly values: readonly Value[]
}

function alternatives(expression: Expression, negated: boolean): Alternatives[] | undefined {
  if (expression.kind === 'unary' && expression.operator === 'not') return alternatives(expression.operand, !negated)
  if (expression.kind !== 'binary') return undefined
  const { operator, left, right } = expression
  if (operator === (negated ? 'and' : 'or')) {
    const [first, second] = [alternatives(left, negated), alternatives(right, negated)]
    return first === undefined || second === undefined ? undefined : [...first, ...second]
  }
  if (operator === (negated ? '!=' : '==')) {
    const { property, value } = sidesOf(expression)
    return [{ name: property, values: [value] }]
  }
  if (negated || operator !== 'in' || right.kind !== 'list') return undefined
  return [{ name: ownName(left), values: listed(expression, right.items) }]
}

const mirrored: Partial<Record<BinaryOperator, BinaryOperator>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const ordered = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const

function comparison(expression: Comparison, negated: boolean): Filter[] {
  const { operator } = expression
  switch (operator) {
    case '==':
    case '!=': {
      const { property, value } = sidesOf(expression)
      return [equal(expression, property, value, (operator === '==') !== negated)]
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      // `not` of an undefined comparison is true, and no filter keeps events without the property.
      if (negated) return refuse(expression, 'stands after `not`, which also keeps events without the property', 'turn it round')
      return [order(expression)]
    case 'in':
      return membership(expression, negated)
    default:
      return refuse(expression, unsaid)
  }
}

function equal(expression: Comparison, property_name: string, property_value: Value, same: boolean): Filter {
  if (!same && typeof property_value === 'boolean') {
    return refuse(expression, 'compares truth with `!=`, which Keen has for text and numbers', `write == ${!property_value}`)
  }
  return { property_name, operator: same ? 'eq' : 'ne', property_value }
}

function order(expression: Comparison): Filter {
  const { property: property_name, value: property_value, flipped } = sidesOf(expression)
  const operator = (flipped ? mirrored[expression.operator] : undefined) ?? expression.operator
  const word = operator === '<' || operator === '<=' || operator === '>' || operator === '>=' ? ordered[operator] : undefined
  if (word === undefined || typeof property_value === 'boolean') return refuse(expression, unsaid)
  if (typeof property_value === 'string' && (word === 'lte' || word === 'gte')) {
    return refuse(expression, `orders text by ${operator}, and Keen orders text by < and > only`)
  }
  return { property_name, operator: word, property_value }
}

/** `p in ["a"]`, `"a" in p`, and `"a" in list(p)`: `eq` of a property that is a list means that the list has the value. */
function membership(expression: Comparison, negated: boolean): Filter[] {
  const { left, right } = expression
  if (right.kind === 'list') {
    const property_name = ownName(left)
    const values = listed(expression, right.items)
    if (!negated) return [{ property_name, operator: 'in', property_value: values }]
    return values.map((value) => equal(expression, property_name, value, false))
  }
  const value = plainOf(left)
  if (right.kind === 'call' && right.function === 'list' && value !== undefined) {
    if (negated) return refuse(expression, 'stands after `not`, and Keen does not say how it looks for what a list lacks')
    return [{ property_name: ownName(right.arguments[0] ?? right), operator: 'eq', property_value: value }]
  }
  if (typeof value !== 'string') return refuse(expression, unsaid)
  return [{ property_name: ownName(right), operator: negated ? 'not_contains' : 'contains', property_value: value }]
}

function listed(expression: Expression, items: readonly Expression[]): Value[] {
  const values = items.map((item) => plainOf(item) ?? refuse(expression, 'lists what is no plain value'))
  return values.length === 0 ? refuse(expression, 'lists nothing, so that nothing is in it') : values
}

/** A stored property and a plain value, whichever stands first. */
function sidesOf(expression: Comparison): { property: string; value: Value; flipped: boolean } {
  const { left, right } = expression
  const [before, after] = [plainOf(left), plainOf(right)]
  if (after !== undefined) return { property: ownName(left), value: after, flipped: false }
  if (before !== undefined) return { property: ownName(right), value: before, flipped: true }
  return refuse(expression, unsaid)
}

function plainOf(expression: Expression): Value | undefined {
  if (expression.kind === 'literal') return expression.value
  if (expression.kind !== 'unary' || expression.operator !== '-') return undefined
  const value = plainOf(expression.operand)
  return typeof value === 'number' ? -value : undefined
}

function ownName(expression: Expression): string {
  if (expression.kind !== 'property')
    return refuse(expression, 'has to be worked out, and Keen reads properties as they are stored')
  const { of, name } = expression
  if (of === 'user') return refuse(expression, 'is of a profile, and Keen keeps events only', `write properties["${name}"]`)
  if (of !== 'properties') return refuse(expression, 'is no property of an event', 'write properties["…"]')
  return name
}

function refuse(expression: Expression, why: string, remedy?: string): never {
  throw new RefusedError(`${printExpression(expression)} ${why}`, { remedy })
}
