import type { SeriesChart } from '../edition.ts'
import { chartWidth } from './drawing.ts'
import type { Lettering } from './lettering.ts'
import { fit, textWidth } from './lettering.ts'
import { chartColours as colours } from './look.ts'
import { besideLine, placeMarks } from './marks.ts'
import { spread } from './spread.ts'

/** Of dates, axes and notes, in logical pixels. */
export const size = 12.5
/** Of the names at the ends of lines. */
export const nameSize = 13
/** Names below each other need so much, from baseline to baseline. */
const nameDistance = 17

/** From the top of the plot up to the middle of the row where notes stand. */
const rowAbove = 20

/** The plot within the picture. */
export interface Inner {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** The part of a longer trend that the figures speak of. */
export function timeframeBand(chart: SeriesChart, inner: Inner, x: (at: number) => number, step: number) {
  const from = chart.timeframeFrom
  if (from === undefined || from <= 0 || from >= chart.labels.length) return []
  const start = Math.max(inner.left, x(from) - step / 2)
  const shape = {
    x: start,
    y: inner.top - 8,
    width: inner.right + (chart.kind === 'line' ? 6 : 0) - start,
    height: inner.bottom - inner.top + 8,
  }
  return [{ type: 'rect', silent: true, z: -1, shape, style: { fill: colours.band } }]
}

/** Dashed lines with their labels in a row above the plot; beside bars, so that they cross no figure. */
export function markLines(
  marks: NonNullable<SeriesChart['annotations']>,
  room: Inner & { readonly x: (at: number) => number },
  letters: Lettering,
) {
  const row = room.top - rowAbove
  return placeMarks(marks, { ...room, left: 0, right: chartWidth, size }, letters).flatMap(({ x, label }) => [
    {
      type: 'line',
      silent: true,
      z: 1,
      // On a whole pixel of the picture, which has two for each of these.
      shape: { x1: Math.round(x * 2) / 2, x2: Math.round(x * 2) / 2, y1: row - 6, y2: room.bottom },
      style: { stroke: colours.mark, lineWidth: 1, lineDash: [2, 3] },
    },
    ...(label === undefined
      ? []
      : [
          text(label.text, {
            x: label.side === 'left' ? x - besideLine : x + besideLine,
            y: row,
            fill: colours.mute,
            size,
            bold: false,
            align: label.side === 'left' ? 'right' : 'left',
          }),
        ]),
  ])
}

/** Where an axis shows a date, under its own point: every tick, or every second, third …, so that none touches the next. */
export function tickTexts(chart: SeriesChart, x: (at: number) => number, step: number, bottom: number) {
  // Names of bars are cut to their bar; dates are left out where there is no room.
  const every = chart.ticks.length === chart.labels.length && chart.kind === 'bar'
  const ticks = chart.ticks.map((at) => {
    const label = chart.labels[at] ?? ''
    const printed = every && chart.labels.length <= 10 ? fit(label, Math.max(step - 6, 24), size) : label
    const wide = textWidth(printed, size)
    const start = Math.min(Math.max(0, x(at) - wide / 2), chartWidth - wide)
    return { printed, start, end: start + wide }
  })
  const collide = (every: number) =>
    ticks.some((tick, at) => at % every === 0 && (ticks[at + every]?.start ?? Infinity) < tick.end + 5)
  let stride = 1
  while (stride < ticks.length && collide(stride)) stride += 1
  return ticks.flatMap((tick, at) =>
    at % stride === 0 ? [text(tick.printed, { x: tick.start, y: bottom + 18, fill: colours.mute, size, bold: false })] : [],
  )
}

/** Names at the ends of lines, as near to them as may be, none over another. */
export function endNames(texts: readonly string[], ends: readonly (number | undefined)[], inner: Inner) {
  const placed = texts
    .flatMap((text, series) => {
      const y = ends[series]
      return text === '' || y === undefined ? [] : [{ text, series, y }]
    })
    .sort((a, b) => a.y - b.y)
  const positions = spread(
    placed.map(({ y }) => y),
    { distance: nameDistance, from: inner.top, to: inner.bottom + 6 },
  )
  return placed.map((name, at) => ({ ...name, y: positions[at] ?? name.y }))
}

interface Placed {
  readonly x: number
  readonly y: number
  readonly fill: string
  readonly size: number
  readonly bold: boolean
  /** Which end of it `x` is. */
  readonly align?: 'left' | 'right'
}

/** A text as ECharts' graphic component takes it; `y` is its middle. */
export function text(content: string, { x, y, fill, size, bold, align = 'left' }: Placed) {
  const font = { fontFamily: 'Inter', fontSize: size, fontWeight: bold ? 600 : 400 }
  return { type: 'text', silent: true, x, y, style: { text: content, ...font, fill, align, verticalAlign: 'middle' } } as const
}
