import type { ExpressionProblem } from './tree.ts'

/** `text` of a string is its value, without quotes and escapes. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'end'
  readonly text: string
  readonly position: number
}

const space = /\s*/y
const number = /\d+(?:\.\d+)?/y
const name = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const symbol = /[=!<>]=|[<>+\-*/%()[\],]/y

/** What people write who know another language. */
const strangers: Record<string, { readonly problem: string; readonly suggestion: string }> = {
  '=': { problem: 'equality is written ==', suggestion: '==' },
  '<>': { problem: 'inequality is written !=', suggestion: '!=' },
  '&&': { problem: '&& is written and', suggestion: 'and' },
  '||': { problem: '|| is written or', suggestion: 'or' },
  '!': { problem: '! is written not', suggestion: 'not' },
}
const foreignQuotes = /['‘’“”«»„`]/

/** The words of an expression with an `end` after them, or the first thing that is none. */
export function tokensOf(text: string): Token[] | ExpressionProblem {
  const tokens: Token[] = []
  let position = 0
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = position
    return pattern.exec(text)?.[0] ?? ''
  }
  for (;;) {
    position += take(space).length
    const first = text[position]
    if (first === undefined) return [...tokens, { kind: 'end', text: '', position }]
    if (first === '"') {
      const read = readString(text, position)
      if ('problem' in read) return read
      tokens.push({ kind: 'string', text: read.value, position })
      position = read.end
      continue
    }
    const stranger = strangerAt(text, position)
    if (stranger !== undefined) return { ...stranger, position }
    const [kind, found] = [
      ['number', take(number)] as const,
      ['name', take(name)] as const,
      ['symbol', take(symbol)] as const,
    ].find(([, match]) => match !== '') ?? ['symbol', '']
    if (found === '') {
      if (foreignQuotes.test(first)) return foreignQuote(text, position)
      return { problem: `${JSON.stringify(String.fromCodePoint(text.codePointAt(position) ?? 0))} has no meaning here`, position }
    }
    tokens.push({ kind, text: found, position })
    position += found.length
  }
}

function strangerAt(text: string, position: number): (typeof strangers)[string] | undefined {
  const two = text.slice(position, position + 2)
  if (two === '==' || two === '!=') return undefined
  return strangers[two] ?? strangers[text[position] ?? '']
}

function readString(text: string, start: number): { value: string; end: number } | ExpressionProblem {
  let value = ''
  let position = start + 1
  for (; text[position] !== '"'; position++) {
    const unit = text[position]
    if (unit === undefined) return { problem: 'this text is never closed', position: start, suggestion: '"' }
    if (unit !== '\\') {
      value += unit
      continue
    }
    const escaped = text[position + 1]
    if (escaped !== '"' && escaped !== '\\') {
      return { problem: 'only \\" and \\\\ are escaped in a text', position, suggestion: '\\\\' }
    }
    value += escaped
    position++
  }
  return { value, end: position + 1 }
}

function foreignQuote(text: string, position: number): ExpressionProblem {
  const problem = 'a text stands in double quotes'
  const length = text.slice(position + 1).search(foreignQuotes)
  if (length < 0) return { problem, position, suggestion: '"' }
  return { problem, position, suggestion: JSON.stringify(text.slice(position + 1, position + 1 + length)) }
}
