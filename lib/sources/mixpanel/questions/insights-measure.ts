import type { SeriesBody } from '../../../result.ts'
import type { AnswerOf } from '../client.ts'

type Measure = SeriesBody['measure']

/** What Mixpanel writes behind a metric's name: today in brackets, before after a hyphen. */
const endings = [
  ['general', / - Total$|\[Total(?: Events)?\]$/],
  ['sum', /\[Sum of .+\]$/],
  ['unique', / - Uniques?$|\[Uniques?(?: Users)?\]$/],
  ['average', /\[Average(?: of .+)?\]$/],
  ['median', /\[Median of .+\]$/],
  ['min', /\[Min(?:imum)? of .+\]$/],
  ['max', /\[Max(?:imum)? of .+\]$/],
] as const satisfies readonly (readonly [Measure, RegExp])[]

/** Tells what a metric of an answer is by its name; `other` where nothing says it. */
export function measuresOf({
  headers,
  labelled,
}: Pick<AnswerOf<'insights'>, 'headers' | 'labelled'>): (metric: string) => Measure {
  // Documented: `series` maps the event's name to dates with the number of instances.
  const plain = !labelled && headers[0] === '$event'
  return (metric) =>
    endings.find(([, ending]) => ending.test(metric))?.[0] ?? (plain && !/ - \S+$|\]$/.test(metric) ? 'general' : 'other')
}

/** What all metrics are, where they are of one kind. */
export function together(measures: readonly Measure[]): Measure {
  const [measure = 'other', ...others] = new Set(measures)
  return others.length === 0 ? measure : 'other'
}

export function addsUp(measure: Measure): boolean {
  return measure === 'general' || measure === 'sum'
}
