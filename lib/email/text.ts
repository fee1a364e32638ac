import type { Article, Cell, Change, Edition, StepsChart, Table } from '../edition.ts'
import { parseMailbox } from '../mailbox.ts'
import { clip } from './clip.ts'

const width = 76
const mostRows = 15
const gap = 2

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

/** A figure to a line; where labels would be cut for that, its second change goes below the first. */
function drawFigures(figures: Edition['figures']): string[] {
  const told = figures.map(({ changes, note }) => [...changes.map(printChange), ...(note === undefined ? [] : [note])])
  const rows = figures.map(({ label, value }, at) => [label, value, told[at]?.join('; ') ?? ''])
  const widest = (column: number) => Math.max(0, ...rows.map((row) => columnsOf(row[column] ?? '')))
  const fits = widest(0) + widest(1) + widest(2) + 2 * gap <= width
  const folded = rows.flatMap(([label = '', value = ''], at) => {
    const [first = '', ...more] = told[at] ?? []
    return [[label, value, first], ...more.map((one) => ['', '', one])]
  })
  return align(fits ? rows : folded, ['left', 'right', 'left'])
}

function drawArticle(article: Article, key: readonly string[]): string[][] {
  const { chart, table } = article
  const cut = table === undefined ? 0 : table.rows.length - mostRows
  const notes = [...(cut > 0 ? [`${mostRows} of ${table?.rows.length} rows are shown.`] : []), ...key, ...article.notes]
  return [
    ['-'.repeat(width), clip(article.kicker.toUpperCase(), 120), ...wrapLines(article.headline)],
    article.notice === undefined ? [] : wrapLines(article.notice),
    // A table says what its chart shows; a chart alone is told by the text that stands for it.
    chart?.kind === 'steps' ? drawSteps(chart) : chart !== undefined && table === undefined ? wrapLines(chart.alt) : [],
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
  const rows = table.rows.slice(0, mostRows).map((row) => shown.map(({ at }) => print(row[at])))
  return align(
    [shown.map(({ title }) => title), ...rows],
    shown.map((column) => column.align),
  )
}

/** Columns of the same width; the first one gives way where a line would be too long. */
function align(rows: readonly (readonly string[])[], sides: readonly ('left' | 'right')[]): string[] {
  const clean = rows.map((row) => row.map((cell) => clip(cell, 120)))
  const widths = sides.map((_, at) => Math.max(0, ...clean.map((row) => columnsOf(row[at] ?? ''))))
  const others = widths.slice(1).reduce((sum, one) => sum + one + gap, 0)
  const first = Math.min(widths[0] ?? 0, Math.max(16, width - others))
  return clean.map((row) =>
    row
      .map((cell, at) =>
        pad(at === 0 ? clipColumns(cell, first) : cell, at === 0 ? first : (widths[at] ?? 0), sides[at] ?? 'left'),
      )
      .join(' '.repeat(gap))
      .trimEnd(),
  )
}

function pad(text: string, to: number, side: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, to - columnsOf(text)))
  return side === 'left' ? text + fill : fill + text
}

function wrapLines(text: string): string[] {
  const lines: string[] = []
  let line = ''
  // Only plain spaces: a no-break space holds a number and its unit together.
  for (const word of clip(text, 4000).split(/ +/)) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > width) {
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
