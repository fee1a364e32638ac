import type { Cell, Table } from '../../edition.ts'
import type { FunnelResult, SeriesResult } from '../../result.ts'
import { cellChange } from './changes.ts'
import type { Language } from './headline.ts'
import { changeTitle } from './periods.ts'
import type { Reading } from './reading.ts'
import { figureStep } from './reading.ts'
import type { SegmentNames } from './segment-names.ts'
import { subjectOf } from './titles.ts'

/** A longer table is for a spreadsheet. */
export const mostRows = 20

/** A table, and how many rows its answer has: more than are shown, where it is cut; and so of columns, where those may be. */
export interface Shown {
  readonly table: Table
  readonly rows: number
  readonly columns?: { readonly shown: number; readonly of: number }
}

/** One row for each part: its name, a bar (unless a chart has it), its figure and its change against the first compared period. */
export function seriesTable(
  reading: Reading,
  result: SeriesResult,
  names: SegmentNames,
  { language: { numbers }, bars }: { readonly language: Language; readonly bars: boolean },
): Shown {
  const [main] = reading.comparisons
  const series = shownFirst(
    result.series,
    ({ folded }) => folded !== undefined,
    ({ total }) => total,
  )
  const most = Math.max(0, ...series.map(({ total }) => total ?? 0))
  const columns: Table['columns'] = [
    { title: names.heading, align: 'left' },
    ...(bars ? [{ title: '', align: 'left' as const, bar: true }] : []),
    { title: subjectOf(reading.query).leading, align: 'right' },
    ...(main === undefined ? [] : [{ title: changeTitle(reading.period, main.with), align: 'right' as const }]),
  ]
  const rows = series.map(({ name, total, folded }): Cell[] => {
    const other = folded !== undefined
    const change = reading.parts.get(name)
    return [
      { text: other ? `${name} (${numbers.whole(folded)})` : names.show(name), ...(other ? { other } : {}) },
      ...(bars ? [{ share: most === 0 ? 0 : Math.max(0, total ?? 0) / most }] : []),
      { text: numbers.figure(total, reading.format) },
      ...(main === undefined
        ? []
        : [change === undefined ? cellChange(main, reading, numbers) : cellChange(change, reading, numbers)]),
    ]
  })
  return { table: { columns, rows }, rows: result.series.length }
}

/** One row for each segment of a funnel: how many entered, how many reached the figure's step, and their share. */
export function funnelTable(
  reading: Reading,
  result: FunnelResult,
  segments: NonNullable<FunnelResult['segments']>,
  names: SegmentNames,
  { numbers }: Language,
): Shown {
  const step = figureStep(reading.query, result.steps)
  const columns: Table['columns'] = [
    { title: names.heading, align: 'left' },
    { title: result.steps[0]?.name ?? 'Entered', align: 'right' },
    { title: result.steps[step]?.name ?? 'Converted', align: 'right' },
    { title: 'Conversion', align: 'right' },
  ]
  // Uniques do not add up, so there is no folded rest among them.
  const shown = shownFirst(
    segments,
    () => false,
    ({ steps }) => steps[0]?.count ?? 0,
  )
  const rows = shown.map(({ name, steps }): Cell[] => {
    return [
      { text: names.show(name) },
      { text: numbers.whole(steps[0]?.count ?? 0) },
      { text: numbers.whole(steps[step]?.count ?? 0) },
      { text: numbers.figure(steps[step]?.overallConversion ?? null, 'percent') },
    ]
  })
  return { table: { columns, rows }, rows: segments.length }
}

/** The largest first, the folded rest last, and no more than a page takes. */
function shownFirst<Part>(parts: readonly Part[], isRest: (part: Part) => boolean, size: (part: Part) => number | null): Part[] {
  const rest = parts.filter(isRest)
  const named = parts.filter((part) => !isRest(part)).sort((a, b) => (size(b) ?? -Infinity) - (size(a) ?? -Infinity))
  return [...named.slice(0, mostRows - rest.length), ...rest]
}
