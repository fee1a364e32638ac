import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts'
import { BarChart, LineChart } from 'echarts/charts'
import { GraphicComponent, GridComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { SeriesChart } from '../edition.ts'
import type { Drawing } from './drawing.ts'
import { chartWidth } from './drawing.ts'
import type { Lettering } from './lettering.ts'
import { fit, textWidth } from './lettering.ts'
import { chartColours as colours } from './look.ts'
import { numberAxis } from './number-axis.ts'
import { endNames, markLines, nameSize, size, text, tickTexts, timeframeBand } from './series-frame.ts'

use([LineChart, BarChart, GridComponent, GraphicComponent, SVGRenderer])

const width = chartWidth
const plotHeight = 196
const plot = { top: 22, bottom: 32 }
/** Above the plot, where notes on dates stand, so that no line runs through them. */
const marksHeight = 16
const widestName = 150

/** Lines or bars by ECharts; the names of lines stand at their ends, placed here so that none covers another. */
export function drawSeries(given: SeriesChart, letters: Lettering): Drawing {
  const { chart, key: notDrawn } = drawableSeries(given)
  const onePoint = chart.labels.length === 1 && chart.series.length > 1
  // One point of each series is no line: the series become the bars, with their names below.
  const { labels, key } = letters.names(
    chart.series.map((one) => one.name),
    'Series',
  )
  const drawn: SeriesChart = onePoint
    ? {
        ...chart,
        kind: 'bar',
        labels,
        ticks: labels.map((_, at) => at),
        series: [{ name: '', values: chart.series.map((one) => one.values[0] ?? null) }],
        timeframeFrom: undefined,
        annotations: undefined,
        partial: chart.partial.includes(0) ? labels.map((_, at) => at) : [],
      }
    : { ...chart, labels: chart.labels.map((label) => letters.label(label)) }
  const grey = new Set(onePoint ? chart.series.flatMap((one, at) => (one.other === true ? [at] : [])) : [])
  return { svg: render(drawn, onePoint ? [''] : labels, grey, letters), key: [...key, ...notDrawn] }
}

/** No more lines than there are colours; whoever reads is told what is missing. */
function drawableSeries(chart: SeriesChart): { chart: SeriesChart; key: readonly string[] } {
  const named = chart.series.filter((one) => one.other !== true)
  if (named.length <= colours.series.length) return { chart, key: [] }
  const shown = new Set(named.slice(0, colours.series.length))
  const series = chart.series.filter((one) => one.other === true || shown.has(one))
  return { chart: { ...chart, series }, key: [`The picture shows the first ${shown.size} of ${named.length} series.`] }
}

function render(chart: SeriesChart, names: readonly string[], grey: ReadonlySet<number>, letters: Lettering): string {
  const axis = numberAxis(chart, letters)
  const bars = chart.kind === 'bar'
  const ends = chart.series.map(lastPoint)
  const single = chart.series.length === 1
  // A single line needs no name, the headline has it. Its last figure stands there if the headline speaks of that point
  // alone: beside a week's total, a day's figure would be taken for it.
  const alone = chart.timeframeFrom !== undefined && chart.timeframeFrom === chart.labels.length - 1
  const told = alone && ends[0]?.at === chart.timeframeFrom && !chart.partial.includes(ends[0].at) ? ends[0] : undefined
  const lastFigure = bars || told === undefined ? '' : axis.figure(told.value)
  const endTexts = single ? [lastFigure] : names.map((name) => fit(name, widestName, nameSize))
  const left = Math.max(...axis.ticks.map((tick) => textWidth(axis.print(tick), size))) + 10
  // A date under the last point reaches half its width beyond it.
  const lastDate = chart.ticks.includes(chart.labels.length - 1) && !bars ? textWidth(chart.labels.at(-1) ?? '', size) / 2 : 0
  const right = Math.max(8, lastDate, ...endTexts.map((text) => (text === '' ? 0 : textWidth(text, nameSize) + 14)))
  const marks = chart.annotations ?? []
  const top = plot.top + (marks.length === 0 ? 0 : marksHeight)
  const height = top + plotHeight + plot.bottom
  const inner = { left, right: width - right, top, bottom: height - plot.bottom }
  const step = (inner.right - inner.left) / Math.max(1, bars ? chart.labels.length : chart.labels.length - 1)
  const x = (at: number) =>
    chart.labels.length === 1 ? (inner.left + inner.right) / 2 : inner.left + (bars ? at + 0.5 : at) * step
  const y = (value: number) => inner.bottom - ((value - axis.min) / (axis.max - axis.min)) * (inner.bottom - inner.top)

  const colourAt = colourOf(chart)
  const graphic = [
    ...timeframeBand(chart, inner, x, step),
    ...markLines(marks, { ...inner, x: (at) => x(at) - (bars ? step / 2 : 0) }, letters),
    ...tickTexts(chart, x, step, inner.bottom),
    ...endNames(
      endTexts,
      ends.map((end) => (end === undefined ? undefined : y(end.value))),
      inner,
    ).map((name) =>
      text(name.text, { x: inner.right + 10, y: name.y, fill: colourAt(name.series).name, size: nameSize, bold: true }),
    ),
  ]
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    canvas.setOption({
      animation: false,
      backgroundColor: colours.ground,
      textStyle: { fontFamily: 'Inter' },
      grid: { left, right, top, bottom: plot.bottom },
      xAxis: {
        type: 'category',
        data: chart.labels.map((_, at) => String(at)),
        boundaryGap: bars || chart.labels.length === 1,
        axisLabel: { show: false },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: colours.axis } },
      },
      yAxis: {
        type: 'value',
        min: axis.min,
        max: axis.max,
        interval: axis.step,
        axisLabel: { fontSize: size, color: colours.mute, margin: 8, formatter: axis.print },
        splitLine: { lineStyle: { color: colours.grid } },
      },
      graphic: { elements: graphic },
      series: chart.series.flatMap((_, at): (BarSeriesOption | LineSeriesOption)[] =>
        bars
          ? [barSeries(chart, at, colourAt(at).line, grey, barLabels(chart, axis.figure, step))]
          : lineSeries(chart, at, colourAt(at).line),
      ),
    })
    return canvas.renderToSVGString()
  } finally {
    canvas.dispose()
  }
}

function colourOf(chart: SeriesChart) {
  let next = 0
  const byIndex = chart.series.map((one) => (one.other === true ? colours.other : colours.series[next++ % colours.series.length]))
  return (index: number) => byIndex[index] ?? colours.other
}

function lastPoint(series: SeriesChart['series'][number]): { at: number; value: number } | undefined {
  const at = series.values.findLastIndex((value) => value !== null)
  const value = series.values[at]
  return value === undefined || value === null ? undefined : { at, value }
}

/** A line, dashed where it leads to or from an unfinished point, whose mark is hollow; a dot at its end. */
function lineSeries(chart: SeriesChart, index: number, colour: string): LineSeriesOption[] {
  const values = chart.series[index]?.values ?? []
  const partial = new Set(chart.partial)
  const last = lastPoint(chart.series[index] ?? { name: '', values: [] })?.at
  const alone = (at: number) => (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null
  const marked = (value: number | null, at: number) => {
    const open = partial.has(at)
    if (value === null || !(open || at === last || alone(at))) return value
    const itemStyle = open
      ? { color: colours.ground, borderColor: colour, borderWidth: 1.8 }
      : { color: colour, borderColor: colours.ground, borderWidth: 1.5 }
    return { value, symbol: 'circle', symbolSize: 8, itemStyle }
  }
  const style = { type: 'line', symbol: 'none', silent: true, connectNulls: false, z: 3 } as const
  const line = { color: colour, width: 2, join: 'round' } as const
  const finished = values.map((value, at) => (partial.has(at) ? null : value))
  if (partial.size === 0) return [{ ...style, lineStyle: line, data: values.map(marked) }]
  const open = values.map((value, at) => (partial.has(at) || partial.has(at - 1) || partial.has(at + 1) ? value : null))
  return [
    {
      ...style,
      lineStyle: { ...line, type: [3, 4] },
      data: open.map((value, at) => (partial.has(at) ? marked(value, at) : value)),
      z: 4,
    },
    { ...style, lineStyle: line, data: finished.map(marked) },
  ]
}

function barSeries(
  chart: SeriesChart,
  index: number,
  colour: string,
  grey: ReadonlySet<number>,
  label: BarSeriesOption['label'],
): BarSeriesOption {
  const radius = chart.series.some((one) => one.values.some((value) => value !== null && value < 0)) ? 0 : [3, 3, 0, 0]
  const hollow = { color: colours.ground, borderWidth: 1.5, borderType: [3, 3] }
  return {
    type: 'bar',
    silent: true,
    ...(chart.series.length === 1 ? { barWidth: '62%', barMaxWidth: 72 } : { barGap: '8%', barCategoryGap: '28%' }),
    itemStyle: { color: colour, borderRadius: radius },
    ...(label === undefined ? {} : { label }),
    data: (chart.series[index]?.values ?? []).map((value, at) => {
      if (value === null || !(grey.has(at) || chart.partial.includes(at))) return value
      const own = grey.has(at) ? colours.other.line : colour
      return {
        value,
        itemStyle: chart.partial.includes(at)
          ? { ...hollow, borderColor: own, borderRadius: radius }
          : { color: own, borderRadius: radius },
      }
    }),
  }
}

/** Figures over the bars, where each has room for its own. */
function barLabels(chart: SeriesChart, print: (value: number) => string, step: number): BarSeriesOption['label'] {
  const values = chart.series.flatMap((one) => one.values)
  const fits = chart.series.length === 1 && values.every((value) => value === null || textWidth(print(value), size) < step)
  if (!fits) return undefined
  const formatter = ({ dataIndex }: { dataIndex: number }) => {
    const value = values[dataIndex]
    return value === null || value === undefined ? '' : print(value)
  }
  return { show: true, position: 'top', distance: 4, fontSize: size, fontWeight: 600, color: colours.ink, formatter }
}
