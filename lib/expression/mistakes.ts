import type { Cursor } from './cursor.ts'
import {
  functionInstead,
  holderInstead,
  isChoice,
  isForeignOperator,
  isNothing,
  isSpelling,
  operatorInstead,
} from './foreign-words.ts'
import { printExpression, quote, shown } from './print.ts'
import type { BinaryOperator, Expression, Readable } from './tree.ts'
import { functions, levelOf, levels } from './tree.ts'

/** The parser's problems that take some looking around, to say what was meant. Each ends the reading. */

/** Words with a meaning of their own. */
export const words: readonly string[] = ['and', 'or', 'not', 'in', 'true', 'false', 'NOW']

/** What could stand at the end, after an operator or after nothing. */
export function example({ token }: Cursor): string {
  const { text, kind } = token(-1)
  if (kind !== 'symbol' && text !== 'in') return 'properties["…"] == "…"'
  return levelOf(text) === levels.in ? '"…"' : 'properties["…"]'
}

/** A closing bracket where a value is meant, after it was read. */
export function closesNothing({ token, open, fail }: Cursor, bracket: ')' | ']', position: number): Expression {
  const before = token(-2)
  const pair = bracket === ')' && token(-3).text !== 'in' ? '(…)' : '[…]'
  if (!open.includes(bracket)) return fail(tooMany(bracket), position)
  if (before.text === '(' && bracket === ')') return fail('nothing stands between these brackets', before.position, pair)
  return fail(`something is missing before this ${bracket}`, position, '"…"')
}

function tooMany(bracket: string): string {
  return `this ${bracket} closes nothing that is open here; leave it out`
}

/** A bracket, opened at a position, where what closes it is not ahead. */
export function neverClosed(cursor: Cursor, closing: ')' | ']', opened: number): Expression {
  const { token, open, fail } = cursor
  const bracket = closing === ')' ? '(' : '['
  const { kind, text } = token()
  const closes = kind === 'symbol' && (text === ')' || text === ']')
  if (kind === 'end' || (closes && open.includes(text))) return fail(`this ${bracket} is never closed`, opened, closing)
  return closes ? fail(`this ${bracket} is closed by ${text}`, opened, closing) : unexpected(cursor)
}

/**
 * A name that stands alone, after its first word was read, with the words that follow it: a text where something is
 * compared with it or it is in a list, else a property.
 */
export function bareName(cursor: Cursor, position: number): Expression {
  const { token, is, next, open, fail } = cursor
  const before = token(-2)
  const compares = before.kind === 'symbol' && levelOf(before.text) === levels.in
  const isText = compares ? !['string', 'number'].includes(token(-3).kind) : open.at(-1) === ']' || before.text === ','
  while (token().kind === 'name' && !isWord(token().text) && !is('(', 1) && !is('[', 1)) next()
  const name = cursor.text.slice(position, token(-1).end).replaceAll(/\s+/g, ' ')
  const suggestion = isText ? quote(name) : `properties[${quote(name)}]`
  return fail(`${shown(name)} stands alone; a text is quoted and a property is properties["…"]`, position, suggestion)
}

function isWord(name: string): boolean {
  return words.includes(name) || words.includes(name.toLowerCase()) || isForeignOperator(name)
}

/** A problem where something cannot be read here: a property with its name, or the vendor's clock. */
export function unreadable(
  { fail }: Cursor,
  reads: readonly Readable[] | undefined,
  what: Readable,
  position: number,
  name = '…',
): Expression | undefined {
  if (reads === undefined || reads.includes(what)) return undefined
  const [asked, ...others] = [what, ...reads].map((other) => (other === 'NOW' ? other : `${other}["…"]`))
  const instead = `${reads.find((other) => other !== 'NOW') ?? 'properties'}[${quote(name)}]`
  const suggestion = what === 'NOW' ? 'datetime("2026-01-31T00:00:00")' : instead
  return fail(`${asked} cannot be read here, only ${others.join(', ')}`, position, suggestion)
}

/** `prop["x"]`, and `group_properties["x"]`, which are not in the language, after the name was read. */
export function foreignHolder({ token, is, fail }: Cursor, name: string, position: number): Expression {
  const inside = token(1)
  const known = inside.kind === 'name' || (inside.kind === 'string' && is(']', 2))
  const suggestion = `${holderInstead(name)}[${known ? quote(inside.text) : '"…"'}]`
  return fail(`there is no ${shown(name)}[…]; a property is written properties["…"]`, position, suggestion)
}

/** A function that does not exist, with its arguments where they could be read. */
export function foreignFunction(cursor: Cursor, name: string, position: number, given: readonly string[]): Expression {
  const { token, is, fail } = cursor
  const problem = `there is no function ${shown(name)}`
  if (isSpelling(name)) {
    const compared = is('==') && token(1).kind === 'string' ? spellings(token(1).text) : ['"…"', '"…"']
    const among = `${shown(given[0] ?? 'properties["…"]')} in [${compared.join(', ')}]`
    return fail(`${problem}; a text is found as it is spelled, so list the spellings: ${among}`, position)
  }
  if (isChoice(name)) return fail(`${problem}; \`and\` and \`or\` join conditions`, position, '(… and …) or …')
  const instead = functionInstead(name, given)
  if (instead !== undefined) return fail(problem, position, instead)
  return fail(`${problem}; there are ${Object.keys(functions).join(', ')}`, position)
}

function spellings(text: string): string[] {
  const lower = text.toLowerCase()
  const [first = '', ...others] = lower
  return [...new Set([lower, first.toUpperCase() + others.join(''), lower.toUpperCase()])].map(quote)
}

/** `== null` and its kin, after the operator. */
export function comparedWithNothing({ token, is, fail }: Cursor, left: Expression, operator: BinaryOperator): void {
  const { kind, text, position } = token()
  if (kind !== 'name' || !isNothing(text) || is('(', 1) || is('[', 1)) return
  const asked = left.kind === 'property' ? printExpression(left) : 'properties["…"]'
  const suggestion = `${operator === '!=' ? '' : 'not '}defined(${asked})`
  fail(`${text} cannot be written; ask whether a property is there`, position, suggestion)
}

/** `a < b < c`, after the first comparison. */
export function chained(cursor: Cursor, first: Expression, operand: () => Expression): void {
  const { token, is, next, fail, failed, attempt } = cursor
  if (failed() || first.kind !== 'binary') return
  const negated = is('not') && is('in', 1)
  const { text: operator, kind, position } = token()
  if (!negated && (levelOf(operator) !== levels.in || kind === 'string')) return
  if (negated) next()
  next()
  const last = attempt(operand)
  // What is looked for in a list is what goes on to the next one.
  const middle = first.right.kind === 'list' ? first.left : first.right
  const second = `${shown(middle)} ${negated ? 'in' : operator} ${last === undefined ? '…' : shown(last)}`
  const suggestion = `${shown(first)} and ${negated ? `not (${second})` : second}`
  fail('comparisons do not chain; join two with and', position, suggestion)
}

/** `contains`, `between`, `is null` and others, after what they are asked of. */
export function foreignOperator(cursor: Cursor, left: Expression, operand: () => Expression): void {
  const { token, is, next, take, fail, failed, attempt } = cursor
  if (failed() || token().kind !== 'name') return
  const { position } = token()
  const does = token().text === 'does' ? 1 : 0
  const negated = is('not', does) && !is('in', does + 1)
  const name = token(does + (negated ? 1 : 0))
  if (name.kind !== 'name' || !isForeignOperator(name.text)) return
  while (next() !== name);
  const turned = take('not') || take('NOT') || negated
  const { kind, text: nothing } = token()
  if (kind === 'name' && isNothing(nothing)) {
    fail(`there is no operator ${name.text}`, position, `${turned ? '' : 'not '}defined(${shown(left)})`)
    return
  }
  take('with')
  const right = attempt(() => {
    const first = shown(operand())
    return take('and') ? [first, shown(operand())] : [first]
  })
  const instead = operatorInstead(name.text, shown(left), right ?? [])
  const problem = `there is no operator ${name.text}`
  if (instead !== undefined) fail(problem, position, turned ? `not (${instead})` : instead)
  else fail(`${problem}; \`in\` finds a part of a text, and has_prefix its beginning`, position)
}

/** Something that stands after a whole value. */
export function unexpected({ token, is, fail }: Cursor): Expression {
  const { kind, text, position } = token()
  const before = token(-1)
  const small = text.toLowerCase()
  if (kind === 'symbol') {
    if (text === ')' || text === ']') {
      return fail(tooMany(text), position)
    }
    const thousands = token(1)
    if (text === ',' && before.kind === 'number' && /^\d{3}$/.test(thousands.text) && thousands.position === position + 1) {
      return fail('a number has no commas', before.position, `${before.text}${thousands.text}`)
    }
    if (text === '[') return fail('what is inside of a value cannot be read; ask for a property of its own', position)
    return fail(`${text} does not belong here; conditions are joined by and`, position, 'and')
  }
  if (kind === 'name' && small !== text && words.includes(small)) return fail(`${text} is written ${small}`, position, small)
  if (before.kind === 'string' && before.end === position) {
    return fail('a " inside of a text is written \\"', before.end - 1, '\\"')
  }
  if (kind === 'name' && small === 'xor') return fail('there is no operator xor', position, '(…) != (…)')
  const goesOn = kind === 'name' && (words.includes(text) || is('(', 1) || is('[', 1))
  const value = kind === 'number' ? text : quote(text)
  const problem = `${shown(kind === 'string' ? value : text)} does not belong here; an operator such as == or and must come before it`
  return fail(problem, position, goesOn ? `and ${text}` : `== ${value}`)
}
