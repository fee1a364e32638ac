import { createCursor } from './cursor.ts'
import { exampleOf, isNothing } from './foreign-words.ts'
import {
  bareName,
  chained,
  closesNothing,
  comparedWithNothing,
  example,
  foreignFunction,
  foreignHolder,
  foreignOperator,
  neverClosed,
  unexpected,
  unreadable,
  words,
} from './mistakes.ts'
import { brief, depthOf, printExpression, printNumber, quote, shown } from './print.ts'
import type { Token } from './token.ts'
import { tokensOf } from './tokens.ts'
import type { BinaryOperator, Expression, ExpressionProblem, ExpressionUse, FunctionName, PropertyHolder } from './tree.ts'
import { functions, isComparison, levelOf, levels, propertyHolders } from './tree.ts'
import { canHold, faultOf, listAmong } from './types.ts'

/** Deeper or longer is a machine's work, and would only overflow whoever walks the tree. */
const deepest = 100
const mostOperations = 500

/** A property's name, or an expression where it holds `[`. */
export function propertyOf(on: string, use: ExpressionUse = {}): Expression | ExpressionProblem {
  if (!on.includes('[')) return { kind: 'property', of: 'properties', name: on }
  const read = parseExpression(on, use)
  // Without a quote and a word that reads something it is no expression, but a name that has brackets.
  if (!('problem' in read) || /["'‘’“”„«»`]|\b(?:properties|user|event|behaviors)\s*\[/i.test(on)) return read
  return brief({ problem: 'a name with a bracket in it stands in quotes', position: 0, suggestion: `properties[${quote(on)}]` })
}

/**
 * Reads a segmentation expression and checks it. Whatever the text is, the answer is a tree or the first problem, and
 * what a tree is printed as reads as that tree.
 */
export function parseExpression(text: string, use: ExpressionUse = {}): Expression | ExpressionProblem {
  const tokens = tokensOf(text)
  return 'problem' in tokens ? brief(tokens) : parseTokens(text, tokens, use)
}

/** A tree with the place where it begins. */
interface Placed {
  readonly tree: Expression
  readonly position: number
}

/** Reads the words of a text, each a few times at most. */
export function parseTokens(text: string, tokens: readonly Token[], use: ExpressionUse): Expression | ExpressionProblem {
  const cursor = createCursor(text, tokens)
  const { token, is, next, take, fail, failed, nested, open } = cursor
  let operations = 0

  /** An operation, unless its parts do not fit together; a problem is at one of them, or at the position of the operator. */
  function made(tree: Expression, position: number, parts: readonly Placed[]): Expression {
    if (failed()) return tree
    const fault = faultOf(tree)
    if (fault !== undefined) {
      fail(fault.problem, fault.at === 'operator' ? position : (parts[fault.at]?.position ?? position), fault.suggestion)
    } else if (depthOf(tree) > deepest) {
      fail(`nested more than ${deepest} deep`, position, '… and …')
    }
    return tree
  }

  /** As many operators as bind at least so tightly, from the left. */
  function expression(least: number): Placed {
    const { position } = token()
    let tree = is('not') && least <= 3 ? negation() : minus()
    for (;;) {
      if (least <= levels.in) foreignOperator(cursor, tree, operand)
      const negated = is('not') && is('in', 1)
      const { text: operator } = token(negated ? 1 : 0)
      if (!(negated || is(operator)) || levelOf(operator) < least) return { tree, position }
      if (negated) next()
      tree = operation({ tree, position }, operator as BinaryOperator, negated)
    }
  }

  function operand(): Expression {
    return expression(levels['+']).tree
  }

  function operation(left: Placed, operator: BinaryOperator, negated: boolean): Expression {
    const { position } = next()
    if (isComparison(operator)) comparedWithNothing(cursor, left.tree, operator)
    const right = expression(levels[operator] + 1)
    operations += 1
    if (operations > mostOperations) {
      const problem = `more than ${mostOperations.toLocaleString('en-US')} operations`
      // What is so long is most often one property and all its values.
      if (operator === 'or' || operator === '==') fail(problem, position, '… in [ … ]')
      else fail(`${problem} are too many for one expression`, position)
    }
    const tree = made({ kind: 'binary', operator, left: left.tree, right: right.tree }, position, [left, right])
    if (isComparison(operator)) chained(cursor, tree, operand)
    return negated ? made({ kind: 'unary', operator: 'not', operand: tree }, position, []) : tree
  }

  function negation(): Expression {
    const { position } = next()
    const inner = nested(() => expression(3))
    return made({ kind: 'unary', operator: 'not', operand: inner.tree }, position, [inner])
  }

  function minus(): Expression {
    const { position } = token()
    if (!take('-')) return primary()
    if (token().kind === 'number') return number(-1)
    const inner: Placed = { position: token().position, tree: nested(minus) }
    return made({ kind: 'unary', operator: '-', operand: inner.tree }, position, [inner])
  }

  function number(sign: 1 | -1): Expression {
    const { text: digits, position } = next()
    const value = Number(digits)
    if (!Number.isFinite(value)) return fail('this number is too large', position, quote(digits))
    // An id that is sent as another number would find nothing without a word, or somebody else.
    const kept = printNumber(value)
    if (!digits.includes('.') && kept !== digits.replace(/^0+(?=\d)/, '')) {
      return fail(`a number does not keep so many digits: it would be ${kept}`, position, quote(digits))
    }
    return { kind: 'literal', value: value === 0 ? 0 : sign * value }
  }

  function primary(): Expression {
    const { kind, text: sign, position } = token()
    if (kind === 'number') return number(1)
    if (kind === 'end')
      return fail(token(-1).end === 0 ? 'nothing is here' : 'something is missing at the end', position, example(cursor))
    next()
    if (kind === 'name') return named(sign, position)
    if (kind === 'string') return { kind: 'literal', value: sign }
    if (sign === '(') return bracketed(position)
    if (sign === '[') {
      const found = items(']', position)
      return made({ kind: 'list', items: found.map(({ tree }) => tree) }, position, found)
    }
    if (sign === ')' || sign === ']') return closesNothing(cursor, sign, position)
    return fail(`${sign} needs something before it`, position, `properties["…"] ${sign}`)
  }

  function bracketed(position: number): Expression {
    open.push(')')
    if (token().kind === 'end') return neverClosed(cursor, ')', position)
    const { tree } = nested(() => expression(1))
    if (take(',')) {
      // As SQL and Python write a list.
      const rest = cursor.attempt(() => items(')', position).map((item) => item.tree))
      const list = rest === undefined ? '[…]' : printExpression({ kind: 'list', items: [tree, ...rest] })
      return fail('a list stands in square brackets', position, list)
    }
    close(')', position)
    return tree
  }

  function items(closing: ')' | ']', opened: number): Placed[] {
    const found: Placed[] = []
    if (take(closing)) return found
    open.push(closing)
    do {
      if (token().kind === 'end') break
      found.push(nested(() => expression(1)))
    } while (take(','))
    close(closing, opened)
    return found
  }

  function close(closing: ')' | ']', opened: number): void {
    open.pop()
    if (!take(closing) && !failed()) neverClosed(cursor, closing, opened)
  }

  function named(name: string, position: number): Expression {
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true' }
    if (name === 'NOW' && is('(')) return fail('NOW stands without brackets', position, name)
    if (name === 'NOW') return unreadable(cursor, use.reads, 'NOW', position) ?? { kind: 'now' }
    const holder = propertyHolders.find((candidate) => candidate === name)
    if (holder !== undefined) return property(holder, position)
    const small = name.toLowerCase()
    if (name === 'not') return fail('`not` stands in brackets here', position, '(not …)')
    if (words.includes(name)) return fail(`${name} needs something before it`, position, `… ${name} …`)
    if (words.includes(small)) return fail(`${name} is written ${small}`, position, small)
    if (is('(')) return call(name, position)
    if (is('[')) return foreignHolder(cursor, name, position)
    if (isNothing(name)) {
      return fail(`${name} cannot be written; ask whether a property is there`, position, 'not defined(properties["…"])')
    }
    if (!Object.hasOwn(functions, name)) return bareName(cursor, position)
    const given = cursor.attempt(() => printExpression(minus()))
    return fail(
      `what ${name} is of stands in brackets`,
      position,
      exampleOf(name as FunctionName, given === undefined ? [] : [given]),
    )
  }

  function property(of: PropertyHolder, position: number): Expression {
    const bracket = token()
    if (!take('[')) {
      const name = is('(') && token(1).kind === 'string' ? quote(token(1).text) : '"…"'
      return fail(`a name in brackets follows ${of}`, position, `${of}[${name}]`)
    }
    const { kind, text: name, position: inside } = next()
    if (kind === 'end') return neverClosed(cursor, ']', bracket.position)
    if (kind !== 'string') {
      return fail('the name stands in double quotes', inside, kind === 'symbol' ? '"…"' : quote(name))
    }
    // What goes on with an operator means the property, whose bracket was forgotten.
    if (!is(']') && levelOf(token().text) > 0 && token().kind !== 'string') {
      return fail('this [ is never closed', bracket.position, `${of}[${quote(name)}]`)
    }
    if (is(',')) return fail('a property has one name', token().position, `${of}[${quote(name)}]`)
    open.push(']')
    close(']', bracket.position)
    return unreadable(cursor, use.reads, of, position, name) ?? { kind: 'property', of, name }
  }

  function call(name: string, position: number): Expression {
    const { position: bracket } = next()
    if (!Object.hasOwn(functions, name)) {
      const given = cursor.attempt(() => items(')', bracket).map(({ tree }) => printExpression(tree)))
      return foreignFunction(cursor, name, position, given ?? [])
    }
    const given = items(')', bracket)
    const parts = given.map(({ tree }) => tree)
    const wanted = functions[name as FunctionName]
    if (given.length !== wanted && !failed()) {
      const count = wanted === 1 ? 'one argument' : `${wanted} arguments`
      const right = exampleOf(name as FunctionName, parts.map(printExpression))
      return fail(`${name} takes ${count}, not ${given.length}`, position, right)
    }
    return made({ kind: 'call', function: name as FunctionName, arguments: parts }, position, given)
  }

  const { tree, position } = expression(1)
  if (!failed() && token().kind !== 'end') unexpected(cursor)
  const misplaced = listAmong([tree])
  if (misplaced !== undefined) fail(misplaced.problem, position, misplaced.suggestion)
  if (use.condition === true && !failed() && !canHold(tree)) {
    const suggestion = `properties["…"] == ${shown(tree)}`
    fail(`${shown(tree)} is neither true nor false; compare it with something`, position, suggestion)
  }
  return cursor.problem() ?? tree
}
