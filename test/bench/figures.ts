/** What is measured, beside what it may be. */
export interface Figure {
  readonly name: string
  readonly unit: 's' | 'MB' | 'ratio'
  /** null where it could not be measured; `why` says why. */
  readonly value: number | null
  /** At most; `least` turns it around. null: nothing is promised. */
  readonly limit: number | null
  readonly least?: true
  readonly why?: string
}

/** Whether its limit is passed; what was not measured passes none. */
export function isOver({ value, limit, least }: Figure): boolean {
  if (value === null || limit === null) return false
  return least === true ? !(value >= limit) : !(value <= limit)
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** What goes on, on stderr, with the seconds since the start. */
export function say(words: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${words}\n`)
}
