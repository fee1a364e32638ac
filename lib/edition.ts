/**
 * An edition is what one mail says, computed and worded, before anyone decides how it looks: the seam between
 * report (which makes it from results by pure functions) and email (which draws it as HTML, text and pictures).
 * Its sentences are English and so are the dates in them; every number in it is already a string in the project's locale,
 * except in charts.
 */
export interface Edition {
  /** Of the sentences, BCP 47. */
  readonly language: string
  readonly title: string
  /**
   * `Monday 9 to Sunday 15 November 2026, Berlin time. Compared with 2 to 8 November.`; where no period is that of the answers,
   * the edition's day and why: `Edition of Monday 16 November 2026, Berlin time. Each answer has its own dates.`
   */
  readonly period: string
  /** One to three sentences; also the preheader. */
  readonly lead: string
  /** `Weekly growth: 4,190 sign-ups, up 9 %` */
  readonly subject: string
  /** Set on a sample run: a sentence that says so, shown above everything. */
  readonly sample?: string | undefined
  readonly figures: readonly Figure[]
  readonly articles: readonly Article[]
  /** Sentences for the footer: asked of whom, when, how many questions, what is attached. */
  readonly colophon: readonly string[]
  /** A mailbox to write to. */
  readonly owner?: string | undefined
}

/** A tile: a label, a figure, and how it moved. */
export interface Figure {
  readonly query: string
  readonly label: string
  /** `4,190`, `27.0 %`, or an en dash when there is no number. */
  readonly value: string
  readonly changes: readonly Change[]
  /** What the figure is of, where that is not the period of the page: `in September`, `its own dates`. Drawn grey. */
  readonly note?: string | undefined
}

export interface Change {
  /** Where the number went; `same`, which has no arrow, where it stayed or came from nothing. */
  readonly direction: 'up' | 'down' | 'same'
  /** What that means for this figure; decides the colour. */
  readonly verdict: 'better' | 'worse' | 'neutral'
  /** `9 %`, `3.1 pts`, `about the same`, `new,`; without arrow and sign. */
  readonly amount: string
  /** `on the week`, `on the year`, after `new,` `none the week before`; empty where the amount says all. */
  readonly against: string
}

/** One question's part of the page. */
export interface Article {
  readonly query: string
  /** The question's name. */
  readonly kicker: string
  /** The finding. */
  readonly headline: string
  /** The question has no answer: what happened, who can mend it, and that the rest stands. */
  readonly notice?: string | undefined
  readonly chart?: Chart | undefined
  /** Stands in place of a chart: shares as shaded cells, sharp and there with images off. */
  readonly shares?: Table | undefined
  readonly table?: Table | undefined
  /** Small print under the body, a sentence each. */
  readonly notes: readonly string[]
}

export type Chart = SeriesChart | StepsChart

export interface SeriesChart {
  readonly kind: 'line' | 'bar'
  /** Carries the key numbers, for readers without pictures. */
  readonly alt: string
  /** A sentence about the picture, for readers who see it. */
  readonly caption?: string | undefined
  /** One label a point, ready to print (`19 Oct`). */
  readonly labels: readonly string[]
  /** Which labels an axis shows, by index: the starts of weeks, months …. */
  readonly ticks: readonly number[]
  /** In the order of their totals; `other` is drawn grey. Gaps are null. */
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[]; readonly other?: boolean }[]
  /** Index of the first point of the timeframe, where the chart draws a longer trend. */
  readonly timeframeFrom?: number | undefined
  /** Indexes of points whose unit is cut or still running; drawn as unfinished. */
  readonly partial: readonly number[]
  /**
   * What people wrote beside dates, in their order: marks at points, by index or a fraction between two. A mark is named
   * by its text where there is room, else by its date (`12 Nov`), else by nothing: the article's notes say all of them.
   */
  readonly annotations?: readonly { readonly at: number; readonly date: string; readonly text: string }[] | undefined
  readonly locale: string
  /** How the value axis prints numbers. */
  readonly format: 'number' | 'percent' | string
}

export interface StepsChart {
  readonly kind: 'steps'
  readonly alt: string
  /** `count` printed; `overall` and `step` in parts of 1, null when nobody entered. */
  readonly steps: readonly {
    readonly name: string
    readonly count: string
    readonly overall: number | null
    readonly overallText: string
    readonly stepText: string
  }[]
}

export interface Table {
  /**
   * The first column holds names. `bar` columns hold shares from 0 to 1 and are drawn as bars, `shaded` ones figures on a
   * ground of their own.
   */
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
  /** Rows at the top that stay, drawn heavier, where others have to go; of those the last stay, which are the newest. */
  readonly pinned?: number | undefined
}

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  readonly bar?: boolean
  readonly shaded?: boolean
}

/** `shade` is how deep the ground is, from 0 to 1; the text says the same. */
export type Cell =
  | {
      readonly text: string
      readonly verdict?: 'better' | 'worse' | 'neutral' | 'plain'
      readonly other?: boolean
      readonly shade?: number
    }
  | { readonly share: number }
