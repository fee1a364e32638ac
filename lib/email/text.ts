import type { Article, Cell, Change, Edition, StepsChart, Table } from '../edition.ts'
import { parseMailbox } from '../mailbox.ts'
import { clip } from './clip.ts'
import { rowsWithin } from './table.ts'

const width = 76
const mostRows = 15
const gap = 2
/** A column of text is still read when it is as narrow as this. */
const narrowest = 12

/** The edition as plain text: what the page says, in lines of 76 columns where words allow it. `key` is as in the page. */
export function drawText(edition: Edition, key: ReadonlyMap<string, readonly string[]>): string {
  const title = clip(edition.title, 200)
  const mailbox = edition.owner === undefined ? undefined : parseMailbox(edition.owner)
  const owner = mailbox === undefined || 'problem' in mailbox ? [] : [`Questions to ${mailbox.address}.`]
  const blocks = [
    edition.sample === undefined ? [] : wrapLines(edition.sample),
    [title, '='.repeat(Math.min(width, columnsOf(title))), ...wrapLines(edition.period)],
    wrapLines(edition.lead),
    drawFigures(edition.figures),
    ...edition.articles.flatMap((article) => drawArticle(article, key.get(article.query) ?? [])),
    ['-'.repeat(width), ...wrapLines([...edition.colophon, ...owner].join(' '))],
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

/** A figure to a line; where it would be too long for that, what is said of it goes on below. */
function drawFigures(figures: Edition['figures']): string[] {
  const told = figures.map(({ changes, note }) => [...changes.map(printChange), ...(note === undefined ? [] : [note])])
  const rows = figures.map(({ label, value }, at) => [label, value, told[at]?.join('; ') ?? ''])
  const widest = (column: number) => Math.max(0, ...rows.map((row) => columnsOf(row[column] ?? '')))
  const left = width - widest(0) - widest(1) - 2 * gap
  const folded = rows.flatMap(([label = '', value = ''], at) => {
    const [first = '', ...more] = (told[at] ?? []).flatMap((one) => wrapLines(one, Math.max(left, 30)))
    return [[label, value, first], ...more.map((one) => ['', '', one])]
  })
  return align(widest(2) <= left ? rows : folded, ['left', 'right', 'left'])
}

function drawArticle(article: Article, key: readonly string[]): string[][] {
  const { chart, shares, table } = article
  const cuts = [shares, table].flatMap((one) =>
    one === undefined || one.rows.length <= mostRows ? [] : [`${mostRows} of ${one.rows.length} rows are shown.`],
  )
  // A table says what its chart shows; a chart alone is told by the text that stands for it.
  const alt = chart !== undefined && chart.kind !== 'steps' && table === undefined ? chart.alt : ''
  const notes = [...cuts, ...key, ...article.notes.filter((note) => !alt.includes(note))]
  return [
    ['-'.repeat(width), clip(article.kicker.toUpperCase(), 120), ...wrapLines(article.headline)],
    article.notice === undefined ? [] : wrapLines(article.notice),
    chart?.kind === 'steps' ? drawSteps(chart) : wrapLines(alt),
    shares === undefined ? [] : drawTable(shares),
    table === undefined ? [] : drawTable(table),
    notes.length === 0 ? [] : wrapLines(notes.join(' ')),
  ]
}

function printChange({ direction, amount, against }: Change): string {
  const way = direction === 'same' ? '' : `${direction} `
  return `${way}${amount} ${against}`.trim()
}

function drawSteps(chart: StepsChart): string[] {
  const head = ['Step', 'Count', 'Of all', 'Of the step before']
  const rows = chart.steps.map((step, at) => [step.name, step.count, step.overallText, at === 0 ? '' : step.stepText])
  return align([head, ...rows], ['left', 'right', 'right', 'right'])
}

function drawTable(table: Table): string[] {
  const shown = table.columns.flatMap((column, at) => (column.bar === true ? [] : [{ ...column, at }]))
  const print = (cell: Cell | undefined) => (cell !== undefined && 'text' in cell ? cell.text : '')
  const rows = rowsWithin(table, mostRows).map((row) => shown.map(({ at }) => print(row[at])))
  return align(
    [shown.map(({ title }) => title), ...rows],
    shown.map((column) => column.align),
  )
}

/** Columns of the same width; where a line would be too long, the widest of those with names and texts give way. */
function align(rows: readonly (readonly string[])[], sides: readonly ('left' | 'right')[]): string[] {
  const clean = rows.map((row) => row.map((cell) => clip(cell, 120)))
  const widths = sides.map((_, at) => Math.max(0, ...clean.map((row) => columnsOf(row[at] ?? ''))))
  const total = () => widths.reduce((sum, one) => sum + one + gap, -gap)
  while (total() > width) {
    const yielding = widths.map((one, at) => ((at === 0 || sides[at] === 'left') && one > narrowest ? one : 0))
    const widest = Math.max(0, ...yielding)
    if (widest === 0) break
    widths[yielding.indexOf(widest)] = widest - 1
  }
  return clean.map((row) =>
    row
      .map((cell, at) => pad(clipColumns(cell, widths[at] ?? 0), widths[at] ?? 0, sides[at] ?? 'left'))
      .join(' '.repeat(gap))
      .trimEnd(),
  )
}

function pad(text: string, to: number, side: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, to - columnsOf(text)))
  return side === 'left' ? text + fill : fill + text
}

function wrapLines(text: string, most = width): string[] {
  const lines: string[] = []
  let line = ''
  // Only plain spaces: a no-break space holds a number and its unit together.
  for (const word of clip(text, 4000).split(/ +/)) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > most) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u

/** Columns that a terminal or a fixed-width font takes: two for East Asian characters and emoji. */
function columnsOf(text: string): number {
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}

function clipColumns(text: string, most: number): string {
  if (columnsOf(text) <= most) return text
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    if (columnsOf(kept + segment) > most - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}
