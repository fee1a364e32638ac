import type { Token } from './tokens.ts'
import { tokensOf } from './tokens.ts'
import type { BinaryOperator, Expression, ExpressionProblem, FunctionName, PropertyHolder } from './tree.ts'
import { functions, propertyHolders } from './tree.ts'

/** Deeper or longer is a machine's work, and would only overflow whoever walks the tree. */
const deepest = 100
const mostOperations = 500

const comparing = ['==', '!=', '<', '<=', '>', '>=', 'in'] as const
const words = ['and', 'or', 'not', 'in', 'true', 'false']
const nothing: Expression = { kind: 'literal', value: false }

/** A property's name, or an expression where it holds `[`. */
export function propertyOf(on: string): Expression | ExpressionProblem {
  return on.includes('[') ? parseExpression(on) : { kind: 'property', of: 'properties', name: on }
}

/** Reads a segmentation expression. Whatever the text is, the answer is a tree or the first problem. */
export function parseExpression(text: string): Expression | ExpressionProblem {
  const read = tokensOf(text)
  if ('problem' in read) return read
  const tokens: readonly Token[] = read
  let at = 0
  let depth = 0
  let operations = 0
  let problem: ExpressionProblem | undefined

  const token = (ahead = 0): Token => tokens[Math.min(at + ahead, tokens.length - 1)] as Token
  const is = (text: string, ahead = 0) =>
    (token(ahead).kind === 'symbol' || token(ahead).kind === 'name') && token(ahead).text === text

  /** The first problem is the one to tell; going on from the end lets everything that waits for more return. */
  function fail(message: string, position: number, suggestion?: string): Expression {
    problem ??= { problem: message, position, ...(suggestion === undefined ? {} : { suggestion }) }
    at = tokens.length - 1
    return nothing
  }

  function take(text: string): boolean {
    if (!is(text)) return false
    at++
    return true
  }

  function nested(read: () => Expression): Expression {
    if (depth === deepest) return fail(`nested more than ${deepest} deep`, token().position)
    depth++
    const inner = read()
    depth--
    return inner
  }

  function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
    if (++operations > mostOperations) {
      return fail(`more than ${mostOperations.toLocaleString('en-US')} operations`, token().position, '… in [ … ]')
    }
    return { kind: 'binary', operator, left, right }
  }

  function leftToRight(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand()
    for (;;) {
      const operator = operators.find((candidate) => is(candidate))
      if (operator === undefined) return left
      at++
      left = binary(operator, left, operand())
    }
  }

  const or = (): Expression => leftToRight(['or'], and)
  const and = (): Expression => leftToRight(['and'], not)
  const sum = (): Expression => leftToRight(['+', '-'], product)
  const product = (): Expression => leftToRight(['*', '/', '%'], minus)

  function not(): Expression {
    if (!take('not')) return comparison()
    return { kind: 'unary', operator: 'not', operand: nested(not) }
  }

  function comparison(): Expression {
    const left = sum()
    const first = readComparison()
    if (first === undefined) return left
    const compared = binary(first.operator, left, sum())
    const { position } = token()
    if (readComparison() !== undefined) return fail('comparisons do not chain; join two with and', position)
    return first.negated ? { kind: 'unary', operator: 'not', operand: compared } : compared
  }

  function readComparison(): { operator: BinaryOperator; negated: boolean } | undefined {
    if (is('not') && is('in', 1)) {
      at += 2
      return { operator: 'in', negated: true }
    }
    const operator = comparing.find((candidate) => is(candidate))
    if (operator === undefined) return undefined
    at++
    return { operator, negated: false }
  }

  function minus(): Expression {
    if (!take('-')) return primary()
    if (token().kind === 'number') return number(-1)
    return { kind: 'unary', operator: '-', operand: nested(minus) }
  }

  function number(sign: 1 | -1): Expression {
    const { text, position } = token()
    at++
    const value = Number(text)
    if (!Number.isFinite(value)) return fail('this number is too large', position)
    return { kind: 'literal', value: value === 0 ? 0 : sign * value }
  }

  function primary(): Expression {
    const { kind, text, position } = token()
    if (kind === 'number') return number(1)
    if (kind === 'name') return named()
    at++
    if (kind === 'string') return { kind: 'literal', value: text }
    if (text === '(') {
      if (token().kind === 'end') return missing('this ( is never closed', position, ')')
      const inner = nested(or)
      if (!take(')')) return missing('this ( is never closed', position, ')')
      return inner
    }
    if (text === '[') return { kind: 'list', items: items(']', position) }
    if (kind === 'end') return fail(position === 0 || at === 1 ? 'nothing is here' : 'something is missing at the end', position)
    if (text === ')' || text === ']') return fail(`this ${text} closes nothing that is open here`, position)
    return fail(`${text} needs something before it`, position)
  }

  function missing(message: string, position: number, closing: string): Expression {
    // Only at the end is the bracket what is missing; elsewhere something stands that fits nowhere.
    return token().kind === 'end' ? fail(message, position, closing) : unexpected()
  }

  function items(closing: ')' | ']', opened: number): Expression[] {
    const found: Expression[] = []
    if (take(closing)) return found
    do {
      if (token().kind === 'end') break
      found.push(nested(or))
    } while (take(','))
    if (!take(closing)) missing(`this ${closing === ')' ? '(' : '['} is never closed`, opened, closing)
    return found
  }

  function named(): Expression {
    const { text, position } = token()
    at++
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' }
    if (is('(')) return call(text, position)
    const holder = propertyHolders.find((candidate) => candidate === text)
    if (holder !== undefined) return property(holder, position)
    if (text === 'null' || text === 'undefined') {
      return fail(`${text} cannot be written; ask whether a property is there`, position, 'not defined(properties["…"])')
    }
    const small = text.toLowerCase()
    if (words.includes(small)) {
      return small === text
        ? fail(`${text} needs something before it`, position)
        : fail(`${text} is written ${small}`, position, small)
    }
    if (is('[')) return fail(`there is no ${text}[…]; an event's property is written properties["…"]`, position, 'properties')
    return fail(`${text} stands alone; a text is quoted and a property is properties["…"]`, position, `properties["${text}"]`)
  }

  function property(of: PropertyHolder, position: number): Expression {
    const bracket = token()
    if (!take('[')) return fail(`a name in brackets follows ${of}`, position, `${of}["…"]`)
    const { kind, text: name, position: inside } = token()
    if (kind !== 'string') {
      return fail('the name stands in double quotes', inside, kind === 'name' ? `"${name}"` : '"…"')
    }
    at++
    return take(']') ? { kind: 'property', of, name } : missing('this [ is never closed', bracket.position, ']')
  }

  function call(name: string, position: number): Expression {
    if (words.includes(name)) return fail(`${name} needs something before it`, position)
    if (!Object.hasOwn(functions, name)) {
      const suggestion = name === 'contains' ? '"…" in properties["…"]' : undefined
      return fail(`there is no function ${name}; there are ${Object.keys(functions).join(', ')}`, position, suggestion)
    }
    const { position: bracket } = token()
    at++
    const given = items(')', bracket)
    const wanted = functions[name as FunctionName]
    if (given.length !== wanted) {
      return fail(`${name} takes ${wanted === 1 ? 'one argument' : `${wanted} arguments`}, not ${given.length}`, position)
    }
    return { kind: 'call', function: name as FunctionName, arguments: given }
  }

  function unexpected(): Expression {
    const { kind, text, position } = token()
    if (text === ')' || text === ']') return fail(`this ${text} closes nothing that is open here`, position)
    const small = text.toLowerCase()
    if (kind === 'name' && small !== text && words.includes(small)) return fail(`${text} is written ${small}`, position, small)
    const shown = kind === 'string' ? JSON.stringify(text) : text
    return fail(`${shown} does not belong here; an operator such as == or and must come before it`, position)
  }

  const whole = or()
  if (token().kind !== 'end') unexpected()
  return problem ?? whole
}
