import type { Expression } from '../expression.ts'
import { parseExpression } from '../expression.ts'
import type { Chance } from './chance.ts'

export type Literal = string | number | boolean
/** Properties that are no matter of chance; `undefined` is one that the event lacks. */
export type Settled = Map<string, Literal | undefined>

/**
 * Adds values under which an expression holds (or does not) to those that are settled already, which stay. Comparisons
 * of a property with a literal and what `and`, `or` and `not` make of them; anything beyond is left to chance.
 */
export type Condition = (settled: Settled, holds: boolean, chance: Chance) => void

/** A property in an expression, and what the expression says of it. */
export interface Mention {
  readonly name: string
  readonly numeric: boolean
  /** What it is compared with. */
  readonly literals: readonly Literal[]
}

export function conditionOf(text: string): Condition {
  const expression = parsed(text)
  return (settled, holds, chance) => settle(expression, holds, settled, chance)
}

export function mentionsOf(text: string): Mention[] {
  return mentions(parsed(text), false, [])
}

function parsed(text: string): Expression {
  const expression = parseExpression(text)
  if ('problem' in expression) throw new RangeError(`${text}: ${expression.problem}`)
  return expression
}

const casts = new Set(['number', 'string', 'boolean', 'floor', 'round', 'ceil'])
const numberFunctions = new Set(['number', 'floor', 'round', 'ceil'])

/** The property that an expression is, or is but for a cast. */
function propertyIn(node: Expression): string | undefined {
  if (node.kind === 'property') return node.of === 'properties' ? node.name : undefined
  const [argument] = node.kind === 'call' && casts.has(node.function) ? node.arguments : []
  return argument === undefined ? undefined : propertyIn(argument)
}

function literalsIn(node: Expression): Literal[] {
  if (node.kind === 'literal') return [node.value]
  if (node.kind === 'list') return node.items.flatMap(literalsIn)
  if (node.kind !== 'unary' || node.operator === 'not') return []
  return literalsIn(node.operand).map((value) => -Number(value))
}

function mentions(node: Expression, numeric: boolean, literals: readonly Literal[]): Mention[] {
  switch (node.kind) {
    case 'property':
      return node.of === 'properties' ? [{ name: node.name, numeric, literals }] : []
    case 'call': {
      const beside = node.arguments.slice(1).flatMap(literalsIn)
      return node.arguments.flatMap((each) => mentions(each, numberFunctions.has(node.function), [...literals, ...beside]))
    }
    case 'unary':
      return mentions(node.operand, node.operator === '-', [])
    case 'binary': {
      const { operator, left, right } = node
      const sums = ['-', '*', '/', '%'].includes(operator)
      return [...mentions(left, sums, literalsIn(right)), ...mentions(right, sums, literalsIn(left))]
    }
    case 'list':
      return node.items.flatMap((item) => mentions(item, numeric, []))
    case 'literal':
    case 'now':
      return []
  }
}

const flipped: ReadonlyMap<string, string> = new Map(
  Object.entries({ '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' }),
)

function settle(node: Expression, holds: boolean, settled: Settled, chance: Chance): void {
  const set = (property: string | undefined, value: Literal | undefined) => {
    if (property !== undefined && !settled.has(property)) settled.set(property, value)
  }
  const property = propertyIn(node)
  if (property !== undefined) set(property, holds)
  else if (node.kind === 'unary' && node.operator === 'not') settle(node.operand, !holds, settled, chance)
  else if (node.kind === 'call') {
    const [first, second] = node.arguments
    const name = first === undefined ? undefined : propertyIn(first)
    if (node.function === 'defined' && !holds) set(name, undefined)
    if (node.function === 'has_prefix' && second !== undefined) set(name, holds ? `${literalsIn(second)[0] ?? ''}7` : 'other')
  }
  if (node.kind !== 'binary') return
  const { operator, left, right } = node
  if (operator === 'and' || operator === 'or') {
    settle(left, holds, settled, chance)
    // One side alone makes an `and` fail and an `or` hold.
    if (holds === (operator === 'and')) settle(right, holds, settled, chance)
  } else if (operator === 'in') {
    const literals = literalsIn(right.kind === 'list' ? right : left)
    const among = literals[Math.floor(literals.length * chance.next())]
    if (right.kind === 'list') set(propertyIn(left), holds ? among : 'other')
    else set(propertyIn(right), holds ? `before ${among ?? ''} after` : 'other')
  } else {
    const turned = propertyIn(left) === undefined
    const [literal] = literalsIn(turned ? left : right)
    const way = turned ? flipped.get(operator) : operator
    if (literal === undefined || way === undefined) return
    set(propertyIn(turned ? right : left), valueFor(way, literal, holds, chance))
  }
}

/** A value that compares so with a literal, or one that does not. */
function valueFor(operator: string, literal: Literal, holds: boolean, chance: Chance): Literal {
  if (operator === '==' || operator === '!=') {
    if ((operator === '==') === holds) return literal
    return typeof literal === 'string' ? `not ${literal}` : typeof literal === 'number' ? literal + 1 : !literal
  }
  const above = operator.startsWith('>') === holds
  if (typeof literal !== 'number') return otherText(String(literal), above)
  // With `>=` and `<=` the literal itself holds, with `>` and `<` it does not.
  const itself = operator.endsWith('=') === holds
  const distance = Math.floor(5 * chance.next() ** 2)
  if (above) return literal + distance + (itself ? 0 : 1)
  // Counts and amounts that are compared with something positive are not negative themselves.
  return itself && literal >= 0 ? Math.max(0, literal - distance) : literal - distance - (itself ? 0 : 1)
}

/** A text that sorts after another, or before it; of a date the year counts. */
function otherText(text: string, after: boolean): string {
  const year = /^\d{4}(?=-)/.exec(text)?.[0]
  if (year !== undefined) return `${Number(year) + (after ? 1 : -1)}${text.slice(4)}`
  return after ? `${text}~` : ''
}
