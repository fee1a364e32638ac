import { html } from 'hono/html'
import type { StepsChart } from '../edition.ts'
import type { Drawing } from './drawing.ts'
import { chartWidth } from './drawing.ts'
import type { Lettering } from './lettering.ts'
import { fit, textWidth, wrap } from './lettering.ts'
import { chartColours } from './look.ts'

const width = chartWidth
const track = 150
const nameSize = 13
/** More steps than this go on in a second row, because names need room. */
const perRow = 6
/** Between two bars, where an arrow and the share that went on stand. */
const gap = 48

/**
 * A funnel as bars on tracks: the height is the share of those who entered, between two bars stands how many went on.
 * (ECharts' own funnel is a trapezoid whose areas mislead.)
 */
export function drawSteps(chart: StepsChart, letters: Lettering): Drawing {
  const { labels, key } = letters.names(
    chart.steps.map((step) => step.name),
    'Step',
  )
  const rows = Math.max(1, Math.ceil(chart.steps.length / perRow))
  const inRow = Math.max(1, Math.ceil(chart.steps.length / rows))
  // With a second row, each row begins with the arrow that leads to it.
  const indent = rows > 1 ? gap : 0
  // Few steps make bars only a little wider than four do: height is what is read.
  const bar = Math.min(120, (width - indent - gap * (inRow - 1)) / inRow)
  const room = labels.map((_, at) => bar + (at % inRow === inRow - 1 ? 0 : gap - 10))
  const names = labels.map((name, at) => wrap(name, room[at] ?? bar, nameSize, 2))
  // All counts in one size, or a smaller type would read as a smaller number.
  const countSize = chart.steps.every(({ count }, at) => textWidth(count, 16) <= (room[at] ?? bar)) ? 16 : 13
  const rowHeight = 40 + track + 32 + (names.some((lines) => lines.length > 1) ? 16 : 0)
  const bars = chart.steps.map((step, at) => {
    const place = {
      x: indent + (at % inRow) * (bar + gap),
      y: Math.floor(at / inRow) * rowHeight,
      bar,
      room: room[at] ?? bar,
      arrow: at > 0,
    }
    return drawStep(step, names[at] ?? [], { ...place, countSize }, letters)
  })
  const height = rows * rowHeight
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="Inter"><rect width="${width}" height="${height}" fill="${chartColours.ground}"/>${bars}</svg>`
  return { svg: String(svg), key }
}

interface Place {
  readonly x: number
  readonly y: number
  readonly bar: number
  /** How wide text below and above the bar may be. */
  readonly room: number
  readonly arrow: boolean
  readonly countSize: number
}

function drawStep(
  step: StepsChart['steps'][number],
  name: readonly string[],
  { x, y, bar, room, arrow, countSize }: Place,
  letters: Lettering,
) {
  const top = y + 40
  const share = Math.min(1, Math.max(0, step.overall ?? 0))
  const filled = Math.round(share * track * 10) / 10
  const count = letters.label(step.count)
  const overall = letters.label(step.overallText)
  // Side by side where both fit over their bar, else one above the other.
  const beside = textWidth(count, countSize) + textWidth(overall, 13) + 8 <= bar
  const middle = top + track / 2
  const from = x - gap / 2
  const went = letters.label(step.stepText)
  const wentSize = textWidth(went, 13) <= gap ? 13 : 12.5
  return html`<text x="${x}" y="${top - (beside ? 12 : 23)}" font-size="${countSize}" font-weight="600" fill="${chartColours.ink}">${fit(count, room, countSize)}</text>
<text x="${beside ? x + bar : x}" y="${top - (beside ? 12 : 7)}" font-size="13" fill="${chartColours.mute}" text-anchor="${beside ? 'end' : 'start'}">${overall}</text>
<rect x="${x}" y="${top}" width="${bar}" height="${track}" rx="3" fill="${chartColours.track}"/>
${filled > 0 ? html`<rect x="${x}" y="${top + track - filled}" width="${bar}" height="${filled}" rx="${Math.min(3, filled / 2)}" fill="${chartColours.series[0].line}"/>` : ''}
${name.map((line, index) => html`<text x="${x}" y="${top + track + 22 + index * 16}" font-size="${nameSize}" fill="${chartColours.ink}">${line}</text>`)}
${arrow ? html`<text x="${from}" y="${middle - 8}" font-size="${wentSize}" font-weight="600" fill="${chartColours.ink}" text-anchor="middle">${went}</text><path d="M${from - 13} ${middle}h26m-5 -4l5 4l-5 4" fill="none" stroke="${chartColours.arrow}" stroke-width="1.4"/>` : ''}`
}
