import type { Chart } from '../edition.ts'
import { lettering } from './lettering.ts'
import { drawableCharacters, rasterise } from './raster.ts'

/** Logical pixels of every picture; a phone shows it at about two thirds, where 12.5 px of text are still 8.5. */
export const chartWidth = 520

/** A chart as SVG, with what the page has to say beside it. */
export interface Drawing {
  readonly svg: string
  /** Sentences that make up for what a picture cannot hold. */
  readonly key: readonly string[]
}

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
