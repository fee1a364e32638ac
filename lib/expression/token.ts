/** `text` of a string is its value, without quotes and escapes; `end` is the position after the token. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'symbol' | 'end'
  readonly text: string
  readonly position: number
  readonly end: number
}

/** What a sticky pattern finds at a position; empty where it finds nothing. */
export function matchAt(pattern: RegExp, text: string, position: number): string {
  pattern.lastIndex = position
  return pattern.exec(text)?.[0] ?? ''
}
