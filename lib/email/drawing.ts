/** Logical pixels of every picture; a phone shows it at about two thirds, where 12.5 px of text are still 8.5. */
export const chartWidth = 520

/** A chart as SVG, with what the page has to say beside it. */
export interface Drawing {
  readonly svg: string
  /** Sentences that make up for what a picture cannot hold. */
  readonly key: readonly string[]
}
