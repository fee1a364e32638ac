import type { Chart } from '../edition.ts'
import type { Drawing } from './drawing.ts'
import { lettering } from './lettering.ts'
import { drawableCharacters, rasterise } from './raster.ts'

/** Draws a chart as PNG, 1,040 pixels wide. */
export async function drawChart(chart: Chart): Promise<{ readonly png: Uint8Array; readonly key: readonly string[] }> {
  const { svg, key } = await sketchChart(chart)
  return { png: await rasterise(svg), key }
}

/** The same as SVG, before it is rasterised. */
export async function sketchChart(chart: Chart): Promise<Drawing> {
  const letters = lettering(await drawableCharacters())
  if (chart.kind === 'steps') return (await import('./steps-chart.ts')).drawSteps(chart, letters)
  return (await import('./series-chart.ts')).drawSeries(chart, letters)
}
