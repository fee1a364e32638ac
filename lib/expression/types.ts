import { printExpression, quote, shown } from './print.ts'
import type { Binary, Expression, FunctionName } from './tree.ts'

/**
 * A light check of types: it knows what an operation can give, and finds those that the vendor documents to fail or to be
 * undefined whatever the properties hold. What the documents leave open (dates, what a property holds) may be anything.
 */
type Type = 'number' | 'text' | 'truth' | 'list' | 'time' | 'undefined'
type Types = ReadonlySet<Type>

const anything: Types = new Set(['number', 'text', 'truth', 'list', 'time', 'undefined'])
const number: Types = new Set(['number'])
const text: Types = new Set(['text'])
const truth: Types = new Set(['truth'])
const list: Types = new Set(['list'])
const maybeNumber: Types = new Set(['number', 'undefined'])
const maybeText: Types = new Set(['text', 'undefined'])
const maybeTruth: Types = new Set(['truth', 'undefined'])

const given: Record<FunctionName, Types> = {
  boolean: truth,
  number: maybeNumber,
  string: maybeText,
  list: new Set(['list', 'undefined']),
  floor: maybeNumber,
  round: maybeNumber,
  ceil: maybeNumber,
  defined: truth,
  datetime: anything,
  has_prefix: maybeTruth,
}

/** Trees do not change, and each operation is looked at as it is read. */
const known = new WeakMap<Expression, Types>()

function typesOf(expression: Expression): Types {
  const types = known.get(expression) ?? findTypes(expression)
  known.set(expression, types)
  return types
}

function findTypes(expression: Expression): Types {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string' ? text : typeof expression.value === 'number' ? number : truth
    case 'list':
      return list
    case 'property':
      return anything
    case 'now':
      return number
    case 'call':
      return given[expression.function]
    case 'unary':
      return expression.operator === 'not' ? maybeTruth : maybeNumber
    case 'binary': {
      const { operator, left, right } = expression
      if (operator === 'and' || operator === 'or' || operator === '==' || operator === '!=') return truth
      if (operator === '+') return new Set([...summed(left, right), 'undefined'])
      return operator === '-' || operator === '*' || operator === '/' || operator === '%' ? maybeNumber : maybeTruth
    }
  }
}

function summed(left: Expression, right: Expression): Type[] {
  return (['number', 'text'] as const).filter((type) => can(left, type) && can(right, type))
}

function can(expression: Expression, type: Type): boolean {
  return typesOf(expression).has(type)
}

/** Whether an expression may be true or false. */
export function canHold(expression: Expression): boolean {
  return can(expression, 'truth')
}

/** What is wrong with an operation: at which operand (from 0), or at the operator. */
export interface Fault {
  readonly problem: string
  readonly at: number | 'operator'
  readonly suggestion: string
}

/** What is wrong with an operation, its operands being right; undefined where nothing surely is. */
export function faultOf(expression: Expression): Fault | undefined {
  switch (expression.kind) {
    case 'list':
      return listAmong(expression.items)
    case 'call': {
      const [first] = expression.arguments
      const calculates = expression.function === 'floor' || expression.function === 'round' || expression.function === 'ceil'
      return listAmong(expression.arguments) ?? (calculates && first !== undefined ? notNumber(first, 0) : undefined)
    }
    case 'unary': {
      const { operator, operand } = expression
      if (operator === '-') return listAmong([operand]) ?? notNumber(operand, 0)
      if (can(operand, 'truth') || can(operand, 'undefined')) return undefined
      return listAmong([operand]) ?? notTruth(operand, 0, 'so `not` makes nothing of it')
    }
    case 'binary':
      return binaryFault(expression)
    default:
      return undefined
  }
}

/** A list that stands where one value is meant. */
export function listAmong(expressions: readonly Expression[]): Fault | undefined {
  const at = expressions.findIndex(({ kind }) => kind === 'list')
  const found = expressions[at]
  if (found === undefined) return undefined
  const problem = `${shown(found)} is a list; one stands after \`in\` only`
  return { problem, at, suggestion: `properties["…"] in ${shown(found)}` }
}

function binaryFault(expression: Binary): Fault | undefined {
  const { operator, left, right } = expression
  if ((operator === '==' || operator === '!=') && right.kind === 'list' && left.kind !== 'list') {
    const fault = listAmong([left, right])
    const among = `${shown(left)} in ${shown(right)}`
    return fault && { ...fault, at: 'operator', suggestion: operator === '==' ? 'in' : `not (${among})` }
  }
  const unlisted = listAmong(operator === 'in' ? [left] : [left, right])
  if (unlisted !== undefined) return unlisted
  switch (operator) {
    case '==':
    case '!=':
      return undefined
    case 'and':
    case 'or':
      return notJoined(expression, left, 0) ?? notJoined(expression, right, 1)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return [...anything].some((type) => type !== 'undefined' && can(left, type) && can(right, type))
        ? undefined
        : unlike(left, right, `so ${operator} compares nothing`)
    case 'in': {
      if (!can(right, 'text') && !can(right, 'list')) {
        const suggestion = right.kind === 'literal' ? `[${printExpression(right)}]` : `string(${shown(right)})`
        return { problem: `${shown(right)} is never text, nor a list, so nothing is in it`, at: 1, suggestion }
      }
      if (can(right, 'list') || can(left, 'text')) return undefined
      return { problem: `${shown(left)} is never text, so no text has it in it`, at: 0, suggestion: asText(left) }
    }
    case '+': {
      if (summed(left, right).length > 0) return undefined
      const odd = [left, right].findIndex((operand) => !can(operand, 'number') && !can(operand, 'text'))
      const operand = [left, right][odd]
      if (operand === undefined) return unlike(left, right, 'so + makes nothing of them')
      return { problem: `${shown(operand)} is never a number or text`, at: odd, suggestion: asNumber(operand) }
    }
    case '-':
    case '*':
    case '/':
    case '%':
      return notNumber(left, 0) ?? notNumber(right, 1)
  }
}

function notNumber(operand: Expression, at: number): Fault | undefined {
  if (can(operand, 'number')) return undefined
  return { problem: `${shown(operand)} is never a number`, at, suggestion: asNumber(operand) }
}

function notTruth(operand: Expression, at: number, so: string): Fault {
  const compared = can(operand, 'number') ? `${shown(operand)} != 0` : `properties["…"] == ${shown(operand)}`
  return { problem: `${shown(operand)} is neither true nor false, ${so}`, at, suggestion: compared }
}

/** `p == "a" or "b"`: what is compared with the first is most often meant to be with the second. */
function notJoined({ operator, left, right }: Binary, operand: Expression, at: 0 | 1): Fault | undefined {
  if (canHold(operand)) return undefined
  const fault = notTruth(operand, at, `and \`${operator}\` joins what is`)
  const other = at === 0 ? right : left
  if (operand.kind !== 'literal' || other.kind !== 'binary') return fault
  return other.operator === '==' || other.operator === '!='
    ? { ...fault, suggestion: `${shown(other.left)} ${other.operator} ${printExpression(operand)}` }
    : fault
}

/** Two operands that never have one type: the text should be a number if it can, else the number a text. */
function unlike(left: Expression, right: Expression, so: string): Fault {
  const problem = `${shown(left)} and ${shown(right)} are never of one type, ${so}`
  const texts = [left, right].findIndex((operand) => can(operand, 'text'))
  const numbers = [left, right].findIndex((operand) => can(operand, 'number'))
  const written = [left, right][texts]
  const counted = [left, right][numbers]
  if (written === undefined || counted === undefined) return { problem, at: 'operator', suggestion: '==' }
  const words = written.kind === 'literal' && !decimal.test(String(written.value))
  return words ? { problem, at: numbers, suggestion: asText(counted) } : { problem, at: texts, suggestion: asNumber(written) }
}

const decimal = /^-?\d{1,15}(?:\.\d{1,15})?$/

function asNumber(expression: Expression): string {
  const isDecimal = expression.kind === 'literal' && typeof expression.value === 'string' && decimal.test(expression.value)
  return isDecimal ? String(expression.value) : `number(${shown(expression)})`
}

function asText(expression: Expression): string {
  const isNumber = expression.kind === 'literal' && typeof expression.value === 'number'
  return isNumber ? quote(printExpression(expression)) : `string(${shown(expression)})`
}
