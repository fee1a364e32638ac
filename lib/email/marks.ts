import type { SeriesChart } from '../edition.ts'
import type { Lettering } from './lettering.ts'
import { fit, textWidth } from './lettering.ts'

/** A line down the chart at a date that somebody wrote a note on, with as much of the note as there is room for. */
export interface PlacedMark {
  readonly x: number
  /** Undefined where every place is taken: the page below says it. */
  readonly label?: { readonly text: string; readonly side: 'left' | 'right' } | undefined
}

const widestLabel = 170
/** A text cut to less than this says less than its date. */
const narrowestLabel = 60
/** Between a line and its label. */
export const besideLine = 5
const betweenLabels = 8

type Marks = NonNullable<SeriesChart['annotations']>

/**
 * Where marks and their labels stand: one line for each point, all labels in one row, none over another label or a line.
 * The latest choose first. A label is the note, else its date; of several notes on one point it is the date.
 */
export function placeMarks(
  marks: Marks,
  room: { readonly left: number; readonly right: number; readonly size: number; readonly x: (at: number) => number },
  letters: Lettering,
): PlacedMark[] {
  const points = [...Map.groupBy(marks, ({ at }) => at)]
    .map(([at, notes]) => ({ x: room.x(at), notes }))
    .sort((a, b) => a.x - b.x)
  const taken: { from: number; to: number }[] = []
  const isFree = (from: number, to: number, own: number) =>
    from >= room.left &&
    to <= room.right &&
    taken.every((other) => to + betweenLabels <= other.from || from >= other.to + betweenLabels) &&
    points.every(({ x }) => x === own || x < from - 3 || x > to + 3)
  const place = (x: number, wanted: readonly string[]) => {
    for (const text of wanted) {
      const wide = textWidth(text, room.size)
      // To the left, as the line begins what comes after it.
      for (const side of ['left', 'right'] as const) {
        const from = side === 'left' ? x - besideLine - wide : x + besideLine
        if (!isFree(from, from + wide, x)) continue
        taken.push({ from, to: from + wide })
        return { text, side }
      }
    }
    return undefined
  }
  return points
    .toReversed()
    .map(({ x, notes }) => ({ x, label: place(x, labelsOf(notes, room.size, letters)) }))
    .toReversed()
}

/** From the most telling to the shortest. */
function labelsOf(notes: Marks, size: number, letters: Lettering): string[] {
  const dates = [...new Set(notes.map(({ date }) => letters.label(date)))]
  const date = dates.length === 1 ? (dates[0] ?? '') : `${dates[0]} …`
  const [only] = notes
  if (notes.length > 1 || only === undefined) return [date]
  const { labels, key } = letters.names([only.text], 'Note')
  const [text = ''] = labels
  // What the fonts cannot draw whole is told by its date.
  if (key.length > 0 || text === '') return [date]
  const cut = fit(text, Math.max(narrowestLabel, Math.min(widestLabel, textWidth(text, size) / 2)), size)
  return [fit(text, widestLabel, size), cut, date].filter((label, at, all) => all.indexOf(label) === at)
}
