import { foreignNumber, foreignQuote, foreignSign } from './foreign-signs.ts'
import { quote } from './print.ts'
import type { Token } from './token.ts'
import { matchAt } from './token.ts'
import type { ExpressionProblem } from './tree.ts'

const space = /\s*/y
const patterns = [
  ['number', /\d+(?:\.\d+)?/y],
  ['name', /[\p{L}_$][\p{L}\p{M}\p{N}_$]*/uy],
  ['symbol', /[=!<>]=|[<>+\-*/%()[\],]/y],
] as const

/** The words of an expression with an `end` after them, or the first thing that is none. */
export function tokensOf(text: string): Token[] | ExpressionProblem {
  const tokens: Token[] = []
  let position = 0
  for (;;) {
    position += matchAt(space, text, position).length
    const first = text[position]
    if (first === undefined) {
      tokens.push({ kind: 'end', text: '', position, end: position })
      return tokens
    }
    if (first === '"') {
      const read = readString(text, position, tokens.at(-1)?.text === '[')
      if ('problem' in read) return read
      tokens.push({ kind: 'string', text: read.value, position, end: read.end })
      position = read.end
      continue
    }
    const foreign = foreignSign(text, position, tokens.at(-1)) ?? foreignNumber(text, position) ?? foreignQuote(text, position)
    if (foreign !== undefined) return foreign
    const [kind, found] = patterns
      .map(([kind, pattern]) => [kind, matchAt(pattern, text, position)] as const)
      .find(([, match]) => match !== '') ?? ['symbol', '']
    if (found === '') return meaningless(text, position)
    tokens.push({ kind, text: found, position, end: position + found.length })
    position += found.length
  }
}

function meaningless(text: string, position: number): ExpressionProblem {
  const code = text.codePointAt(position) ?? 0
  const sign = String.fromCodePoint(code)
  if (sign === '#') return { problem: 'comments cannot be written here; leave it out', position }
  if (/[!-~]/.test(sign)) return { problem: `${sign} has no meaning here`, position }
  if (/[^\p{C}\p{M}\p{Z}]/u.test(sign))
    return { problem: `${quote(sign)} has no meaning here`, position, suggestion: quote(sign) }
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return { problem: `${name}, which cannot be seen, has no meaning here`, position, suggestion: 'properties["…"] == "…"' }
}

const escaped = /\\(?:["\\]|u[\da-fA-F]{4})/y

/** Control characters and such may be written `\u000a`, as they are printed; other escapes are taken for a lone backslash. */
function readString(text: string, start: number, isName: boolean): { value: string; end: number } | ExpressionProblem {
  const plain = /[^"\\]+/y
  let value = ''
  let position = start + 1
  while (text[position] !== '"') {
    const piece = matchAt(plain, text, position) || matchAt(escaped, text, position)
    if (piece === '') {
      if (text[position] === undefined)
        return { problem: 'this text is never closed', position: start, suggestion: closed(value, isName) }
      return foreignEscape(text[position + 1] ?? '', position)
    }
    value += !piece.startsWith('\\')
      ? piece
      : piece[1] === 'u'
        ? String.fromCharCode(Number.parseInt(piece.slice(2), 16))
        : piece[1]
    position += piece.length
  }
  return { value, end: position + 1 }
}

function foreignEscape(sign: string, position: number): ExpressionProblem {
  const problem = 'only \\", \\\\ and \\u with four digits are escaped in a text'
  return { problem, position, suggestion: sign === "'" || sign === '/' ? sign : '\\\\' }
}

/**
 * A text that nobody closed: as a name it ends before the bracket, else where a quote of another kind closes it. A quote
 * at its end was escaped by a backslash that was meant to be one.
 */
function closed(value: string, isName: boolean): string {
  const end = value.search(isName ? /["“”„»\]]/ : /[“”„»]/)
  return quote(end < 0 ? value.trimEnd().replace(/"$/, '\\') : value.slice(0, end).trimEnd())
}
