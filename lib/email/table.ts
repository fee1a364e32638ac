import { html, raw } from 'hono/html'
import type { Cell, Table } from '../edition.ts'
import { clip } from './clip.ts'
import { colours, sans } from './look.ts'

const mostColumns = 8
const mute = raw(`color:${colours.mute.light}`)
const rule = raw(`border-top:1px solid ${colours.rule.light}`)

/** A table of data, with as many rows as are allowed, and a line that says so where there are more. */
export function dataTable(table: Table, mostRows: number) {
  const rows = table.rows.slice(0, mostRows)
  const cut = table.rows.length - rows.length
  const note =
    cut === 0
      ? ''
      : html`<div class="mute" style="font-family:${raw(sans)};font-size:12px;line-height:17px;${mute};padding-top:8px">${rows.length} of ${table.rows.length} rows are shown.</div>`
  if (rows.length === 0) return note
  const columns = table.columns.slice(0, mostColumns)
  const head = columns.map((column, at) => {
    const padding = raw(at === 0 ? 'padding:4px 0' : column.bar === true ? 'padding:0' : 'padding:4px 0 4px 14px')
    // A column of bars has no name: its figures stand in another one.
    if (column.title === '') return html`<td${column.bar === true ? raw(` class="${barsClass(table)}"`) : ''}></td>`
    return html`<th scope="col" align="${column.align}"${at === 0 ? '' : raw(' class="gap"')} style="font-weight:400;${padding}">${clip(column.title, 60)}</th>`
  })
  return html`<table width="100%" cellpadding="0" cellspacing="0" border="0" style="font-family:${raw(sans)};font-size:13px;line-height:18px;margin-top:10px"><tr class="mute" style="${mute};font-size:11px">${head}</tr>${rows.map(
    (row) => html`<tr>${columns.map((_, at) => drawCell(row, at, table))}</tr>`,
  )}</table>${note}`
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
  if (at === 0) {
    return html`<th scope="row" align="left" class="rule ${tone}" style="${rule};${colour};padding:6px 12px 6px 0;font-weight:400">${text}</th>`
  }
  // With few columns a figure keeps to one line; with many, a phone needs every break it can get.
  const keep = raw(table.columns.length <= 4 ? ' nowrap' : '')
  return html`<td align="${table.columns[at]?.align ?? 'left'}" class="rule gap ${tone}" style="${rule};${colour};padding:6px 0 6px 14px"${keep}>${text}</td>`
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
