import type { Edition } from '../edition.ts'
import { drawPage } from './page.ts'
import { drawText } from './text.ts'

/** An edition drawn: the page, the text beside it, and the pictures that the page refers to. */
export interface Drawn {
  /**
   * The page, under 90,000 bytes. `image` gives the address of a question's picture: a file beside the page, or a
   * `cid:` part of a message. `notes` are sentences for its last paragraph.
   */
  html(image: (query: string) => string, notes?: readonly string[]): string
  readonly text: string
  readonly images: readonly Picture[]
}

/** PNG, 1,040 pixels wide: shown at half of that or less. */
export interface Picture {
  readonly query: string
  readonly png: Uint8Array
  readonly alt: string
}

/** Draws everything once; charts one after the other, since drawing is all CPU. */
export async function drawEdition(edition: Edition): Promise<Drawn> {
  const images: Picture[] = []
  const key = new Map<string, readonly string[]>()
  for (const { query, chart } of edition.articles) {
    if (chart === undefined) continue
    // ECharts and resvg are loaded with the first chart: a mail of tables does without.
    const { drawChart } = await import('./chart.ts')
    const drawing = await drawChart(chart)
    images.push({ query, png: drawing.png, alt: chart.alt })
    key.set(query, drawing.key)
  }
  return {
    html: (image, notes = []) => drawPage(edition, { image, key, notes }),
    text: drawText(edition, key),
    images,
  }
}
