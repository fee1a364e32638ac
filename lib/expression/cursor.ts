import { brief } from './print.ts'
import type { Token } from './token.ts'
import type { Expression, ExpressionProblem } from './tree.ts'

/** Brackets in a text: more than print makes of the deepest tree, so that what is printed can be read. */
const deepestText = 250

const nothing: Expression = { kind: 'literal', value: false }

/** A walk along the words of a text, up to its first problem. */
export interface Cursor {
  readonly text: string
  /** The word ahead, or one further on; before it with a number below 0. At the end, and before the start, `end`. */
  token(ahead?: number): Token
  /** Whether the word ahead is an operator, a bracket or a name with that text. */
  is(text: string, ahead?: number): boolean
  next(): Token
  take(text: string): boolean
  /** Tells the first problem and goes to the end, so that everything that waits for more returns. */
  fail(problem: string, position: number, suggestion?: string): Expression
  failed(): boolean
  problem(): ExpressionProblem | undefined
  /** What only helps to word a problem: undefined where it has problems of its own, which are then forgotten. */
  attempt<Read>(read: () => Read): Read | undefined
  nested<Read>(read: () => Read): Read
  /** What closes the brackets that are open, the innermost last. */
  readonly open: string[]
}

export function createCursor(text: string, tokens: readonly Token[]): Cursor {
  let at = 0
  let depth = 0
  let problem: ExpressionProblem | undefined
  const before: Token = { kind: 'end', text: '', position: 0, end: 0 }
  const last = tokens.length - 1

  function token(ahead = 0): Token {
    return tokens[Math.min(at + ahead, last)] ?? before
  }

  function is(text: string, ahead = 0): boolean {
    const found = token(ahead)
    return found.text === text && (found.kind === 'symbol' || found.kind === 'name')
  }

  function next(): Token {
    const found = token()
    at = Math.min(at + 1, last)
    return found
  }

  function fail(message: string, position: number, suggestion?: string): Expression {
    problem ??= brief({ problem: message, position, suggestion })
    at = last
    return nothing
  }

  function attempt<Read>(read: () => Read): Read | undefined {
    const result = read()
    const sound = problem === undefined
    problem = undefined
    return sound ? result : undefined
  }

  function nested<Read>(read: () => Read): Read {
    if (depth >= deepestText) fail(`more than ${deepestText} brackets are open`, token().position, '… and …')
    depth += 1
    const inner = read()
    depth -= 1
    return inner
  }

  return {
    text,
    token,
    is,
    next,
    take: (text) => is(text) && next() !== undefined,
    fail,
    failed: () => problem !== undefined,
    problem: () => problem,
    attempt,
    nested,
    open: [],
  }
}
