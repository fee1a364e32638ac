import { html, raw } from 'hono/html'
import type { Cell, Table } from '../edition.ts'
import { clip } from './clip.ts'
import { colours, sans, shades } from './look.ts'

const mostColumns = 8
const mute = raw(`color:${colours.mute.light}`)
const rule = raw(`border-top:1px solid ${colours.rule.light}`)

/** As many rows as there is room for: the first ones, or the pinned and the last. */
export function rowsWithin({ rows, pinned }: Table, most: number): Table['rows'] {
  if (rows.length <= most || pinned === undefined) return rows.slice(0, most)
  const top = rows.slice(0, Math.min(pinned, most))
  return [...top, ...rows.slice(rows.length - (most - top.length))]
}

/** A table of data, with as many rows as are allowed, and a line that says so where there are more. */
export function dataTable(table: Table, mostRows: number) {
  const rows = rowsWithin(table, mostRows)
  const cut = table.rows.length - rows.length
  const note =
    cut === 0
      ? ''
      : html`<div class="mute" style="font-family:${raw(sans)};font-size:12px;line-height:17px;${mute};padding-top:8px">${rows.length} of ${table.rows.length} rows are shown.</div>`
  if (rows.length === 0) return note
  const columns = table.columns.slice(0, mostColumns)
  const shaded = columns.some((column) => column.shaded === true)
  const head = columns.map((column, at) => drawTitle(column, at, table))
  const body = rows.map((row, at) => {
    const pinned = at < (table.pinned ?? 0)
    return html`<tr>${columns.map((_, column) => (shaded ? drawShaded(row, column, table, pinned) : drawCell(row, column, table)))}</tr>`
  })
  // Shaded cells stand apart like tiles; figures in rows have rules between them.
  const [spacing, size] = shaded ? [3, raw('font-size:12px;line-height:16px')] : [0, raw('font-size:13px;line-height:18px')]
  return html`<table width="100%" cellpadding="0" cellspacing="${spacing}" border="0" style="font-family:${raw(sans)};${size};margin-top:10px"><tr class="mute" style="${mute};font-size:11px">${head}</tr>${body}</table>${note}`
}

function drawTitle(column: Table['columns'][number], at: number, table: Table) {
  if (column.shaded === true) {
    return html`<th scope="col" align="center" width="11%" style="font-weight:400">${clip(column.title, 20)}</th>`
  }
  const padding = raw(at === 0 ? 'padding:4px 0' : column.bar === true ? 'padding:0' : 'padding:4px 0 4px 14px')
  // A column of bars has no name: its figures stand in another one.
  if (column.title === '') return html`<td${column.bar === true ? raw(` class="${barsClass(table)}"`) : ''}></td>`
  return html`<th scope="col" align="${column.align}"${at === 0 ? '' : raw(' class="gap"')} style="font-weight:400;${padding}">${clip(column.title, 60)}</th>`
}

function drawCell(row: readonly Cell[], at: number, table: Table) {
  const cell = row[at] ?? { text: '' }
  const name = row[0]
  const other = name !== undefined && 'text' in name && name.other === true
  if ('share' in cell) return drawBar(cell.share, other, table)
  const tone =
    cell.verdict === 'better' || cell.verdict === 'worse'
      ? cell.verdict
      : cell.verdict === 'neutral' || cell.other
        ? 'mute'
        : 'ink'
  const colour = raw(`color:${colours[tone].light}`)
  const text = clip(cell.text, 120)
  const align = table.columns[at]?.align ?? 'left'
  const breaks = raw(breaksAnywhere(text) ? ';word-break:break-word' : '')
  if (at === 0) {
    return html`<th scope="row" align="${align}" class="rule ${tone}" style="${rule};${colour};padding:6px 12px 6px 0;font-weight:400${breaks}">${text}</th>`
  }
  // With few columns a figure keeps to one line; with many, a phone needs every break it can get. Text always does.
  const keep = raw(table.columns.length <= 4 && align === 'right' ? ' nowrap' : '')
  return html`<td align="${align}" class="rule gap ${tone}" style="${rule};${colour};padding:6px 0 6px 14px${breaks}"${keep}>${text}</td>`
}

/** A word that a phone's line has no room for, such as an id. */
function breaksAnywhere(text: string): boolean {
  return text.split(/\s+/).some((word) => word.length > 16)
}

function drawShaded(row: readonly Cell[], at: number, table: Table, pinned: boolean) {
  const cell = row[at]
  const text = cell !== undefined && 'text' in cell ? clip(cell.text, 60) : ''
  const heavy = raw(pinned ? ';font-weight:600' : '')
  const colour = raw(`color:${colours.ink.light}`)
  if (at === 0) {
    const breaks = raw(breaksAnywhere(text) ? ';word-break:break-word' : '')
    return html`<th scope="row" align="left" class="ink" style="${colour};padding:6px 0;font-weight:${pinned ? 600 : 400}${breaks}">${text}</th>`
  }
  if (table.columns[at]?.shaded !== true) {
    return html`<td align="right" class="ink" style="${colour};padding:6px 6px 6px 0${heavy}">${text}</td>`
  }
  const shade = cell !== undefined && 'text' in cell ? cell.shade : undefined
  const step = Math.ceil(Math.min(1, Math.max(0, shade ?? 0)) * (shades.length - 1))
  const ground = shades[step]
  if (text === '') return html`<td></td>`
  if (shade === undefined || ground === undefined) return html`<td align="center" class="mute" style="${mute}">${text}</td>`
  return html`<td align="center" bgcolor="${ground.light}" class="shade s${step}" style="padding:6px 0;border-radius:2px;color:${ground.ink}${heavy}">${text}</td>`
}

/** Per cent of the table, by its number of columns. */
const barsWidth: Record<number, number> = { 2: 60, 3: 50, 4: 40, 5: 24 }

/** With five columns and more, a phone has no room for bars. */
function barsClass(table: Table): string {
  return table.columns.length <= 4 ? 'bars' : 'wide'
}

/** Widths of cells are the one kind of bar that every client draws. */
function drawBar(share: number, other: boolean, table: Table) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100)
  const colour = (other ? colours.otherBar : colours.bar).light
  const rest = percent === 100 ? '' : html`<td style="height:12px;line-height:12px;font-size:0">&nbsp;</td>`
  const bar =
    percent === 0
      ? ''
      : html`<td width="${percent}%" bgcolor="${colour}" class="${other ? 'other' : 'bar'}" style="height:12px;line-height:12px;font-size:0;border-radius:2px">&nbsp;</td>`
  return html`<td class="rule ${barsClass(table)}" width="${barsWidth[table.columns.length] ?? 16}%" style="${rule}"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>${bar}${rest}</tr></table></td>`
}
