import { functionInstead, isSpelling } from './foreign-words.ts'
import { printNumber, quote, shown } from './print.ts'
import type { Token } from './token.ts'
import { matchAt } from './token.ts'
import type { ExpressionProblem } from './tree.ts'
import { propertyHolders } from './tree.ts'

/** Signs that people write who know another language, or whose editor knows better. */
const signs: ReadonlyMap<string, readonly [problem: string, suggestion: string]> = new Map([
  ['=', ['equality is written ==', '==']],
  ['!=', ['inequality is written !=', '!=']],
  ['>=', ['at least is written >=', '>=']],
  ['<=', ['at most is written <=', '<=']],
  ['~', ['there are no patterns; `in` finds a part of a text', '"…" in properties["…"]']],
  ['^', ['there are no powers', '… * …']],
  ['-', ['a minus is written -', '-']],
  ['{', ['a list stands in square brackets', '[']],
  ['}', ['a list stands in square brackets', ']']],
  [';', ['; has no meaning here; conditions are joined by and', 'and']],
  ['?', ['there is no choice between values; `and` and `or` join conditions', '(… and …) or …']],
])
/** Those that mean the same as one of the above. */
const same: ReadonlyMap<string, string> = new Map([
  ...['===', '====', ':='].map((sign) => [sign, '='] as const),
  ...['!==', '=!', '<>', '≠'].map((sign) => [sign, '!='] as const),
  ...['=>', '≥'].map((sign) => [sign, '>='] as const),
  ...['=<', '≤'].map((sign) => [sign, '<='] as const),
  ['=~', '~'],
  ['**', '^'],
  ...['−', '–', '—'].map((sign) => [sign, '-'] as const),
])
const written: ReadonlyMap<string, string> = new Map([
  ...['&&', '&', '∧'].map((sign) => [sign, 'and'] as const),
  ...['||', '|', '∨'].map((sign) => [sign, 'or'] as const),
  ...['!', '¬'].map((sign) => [sign, 'not'] as const),
  ['∈', 'in'],
  ['×', '*'],
  ['÷', '/'],
])
const foreign = /={3,4}|!==|=[<>~!]|<>|:=|&&?|\|\|?|\*\*|[=!](?!=)|[≠≥≤−–—×÷∈∧∨¬{};~^?]/uy

const comment = /\/[/*]/y

/** A sign of another language at a position, and what it is here. */
export function foreignSign(text: string, position: number, before: Token | undefined): ExpressionProblem | undefined {
  const begun = matchAt(comment, text, position)
  if (begun !== '') {
    const other = begun === '//' ? ', and floor(… / …) divides without a rest' : ''
    return { problem: `${begun} has no meaning here; comments cannot be written${other}`, position }
  }
  const found = matchAt(foreign, text, position)
  const known = signs.get(same.get(found) ?? found)
  if (known !== undefined) return { problem: known[0], position, suggestion: known[1] }
  const word = written.get(found) ?? widened(text, position)
  if (word !== undefined) return { problem: `${found || text[position]} is written ${word}`, position, suggestion: word }
  return foreignPath(text, position, before)
}

/** Signs as wide as Chinese characters are, such as （ and ＝. */
function widened(text: string, position: number): string | undefined {
  const sign = text[position] ?? ''
  const plain = /[\uff01-\uff5e]/.test(sign) ? sign.normalize('NFKC') : sign
  return plain !== sign && /[^\p{L}\p{N}]/u.test(plain) ? (plain === '=' ? '==' : plain) : undefined
}

const path = /[\p{L}\p{M}\p{N}_$]+(?:[.:-][\p{L}\p{M}\p{N}_$]+)*/uy
const word = /[\p{L}\p{M}\p{N}_$]+/uy

/** `properties.country`, `utm.source`, `properties["name"].toLowerCase()` and `.5`. */
function foreignPath(text: string, position: number, before: Token | undefined): ExpressionProblem | undefined {
  const sign = text[position]
  if (sign !== '.' && sign !== ':') return undefined
  const after = matchAt(word, text, position + 1)
  if (before?.end !== position) {
    if (sign === ':' || !/^\d+$/.test(after)) return undefined
    return { problem: 'a number begins with a digit', position, suggestion: `0.${after}` }
  }
  const isCall = /\s*\(/y
  isCall.lastIndex = position + 1 + after.length
  if (before.kind === 'name' && !isCall.test(text)) {
    const whole = matchAt(path, text, before.position)
    const holder = propertyHolders.find((candidate) => candidate === before.text)
    const name = holder === undefined ? whole : whole.slice(holder.length + 1)
    const problem =
      holder === undefined
        ? `${shown(whole)} stands alone; a property is properties["…"]`
        : `a name in brackets follows ${holder}`
    return { problem, position: before.position, suggestion: `${holder ?? 'properties'}[${quote(name || '…')}]` }
  }
  const problem = `nothing follows a value after ${sign}`
  if (isSpelling(after)) return { problem: `${problem}; a text is found as it is spelled, so list the spellings`, position }
  return {
    problem,
    position,
    suggestion: functionInstead(after, []) ?? 'properties["…"]',
  }
}

const date = /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T[\d:.]*Z?)?(?![\p{L}\p{N}_$.-])/uy
const exponent = /\d+(?:\.\d+)?[eE][+-]?\d+(?![\p{L}\p{N}_$.])/uy
const glued = /\d[\p{L}\p{M}\p{N}_$.:]*/uy

/** What begins as a number and goes on as none: `2026-01-31`, `1e5`, `0x1f`, `1_000`, `5.`, `10k`. */
export function foreignNumber(text: string, position: number): ExpressionProblem | undefined {
  const day = matchAt(date, text, position)
  if (day !== '') return { problem: 'a date is a text', position, suggestion: quote(day) }
  const all = matchAt(exponent, text, position) || matchAt(glued, text, position)
  // An operator may follow without a space.
  if (/^(?:\d+(?:\.\d+)?(?:and|or|in|not)?)?$/.test(all)) return undefined
  const value = Number(/^\d+(?:_\d+)+$/.test(all) ? all.replaceAll('_', '') : all)
  return Number.isFinite(value)
    ? { problem: 'a number is written in digits', position, suggestion: printNumber(value) }
    : { problem: 'a text stands in double quotes', position, suggestion: quote(all) }
}

const closings: Readonly<Record<string, string>> = {
  "'": "'’",
  '‘': '’‘',
  '’': '’',
  '‚': '‘’',
  '“': '”“"',
  '”': '”"',
  '„': '“”"',
  '«': '»',
  '»': '«',
  '‹': '›',
  '›': '‹',
  '`': '`´',
  '´': '´`',
}

/** A text in quotes of another kind. */
export function foreignQuote(text: string, position: number): ExpressionProblem | undefined {
  const ends = closings[text[position] ?? '']
  if (ends === undefined) return undefined
  let end = position + 1
  while (end < text.length && !ends.includes(text[end] ?? '')) end += text[end] === '\\' ? 2 : 1
  const inside = text.slice(position + 1, end).replaceAll(/\\(['"\\])/g, '$1')
  return { problem: 'a text stands in double quotes', position, suggestion: quote(inside) }
}
