import type { Cell } from '../lib/export/cells.ts'
import type { Selected } from '../lib/export/select.ts'

/** Prints rows as they come: all of them as CSV or NDJSON, else so many as a table, with how many more there are. */
export async function printRows(
  { columns, rows }: Selected,
  { csv, json, shown }: { readonly csv?: boolean | undefined; readonly json?: boolean | undefined; readonly shown: number },
): Promise<void> {
  if (csv === true || json === true) {
    const line = csv === true ? csvLine : jsonLine(columns)
    if (csv === true) await write(`${columns.map(csvText).join(',')}\n`)
    for await (const some of rows) {
      // Whoever read it may have seen enough.
      if (!process.stdout.writable) return
      await write(some.map(line).join(''))
    }
    return
  }
  const first: (readonly Cell[])[] = []
  let count = 0
  for await (const some of rows) {
    first.push(...some.slice(0, Math.max(0, shown - count)))
    count += some.length
  }
  // A plan is a drawing.
  if (columns[0] === 'explain_key') return write(first.map((row) => `${row[1]?.text ?? ''}\n`).join(''))
  await write(table(columns, first, count - first.length, process.stdout.isTTY ? process.stdout.columns : undefined))
}

/** In step with whoever reads; an end of theirs is no failure. */
function write(text: string): Promise<void> {
  return text === '' ? Promise.resolve() : new Promise((resolve) => process.stdout.write(text, () => resolve()))
}

function jsonLine(columns: readonly string[]): (row: readonly Cell[]) => string {
  const names = columns.map((name) => JSON.stringify(name))
  return (row) => `{${row.map((cell, at) => `${names[at]}:${cell?.json ?? 'null'}`).join(',')}}\n`
}

/** An empty field is NULL, and an empty text is in quotes. */
function csvLine(row: readonly Cell[]): string {
  return `${row.map((cell) => (cell === null ? '' : csvText(cell.text))).join(',')}\n`
}

function csvText(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const widestCell = 80

/** Columns side by side; on a terminal as many as it has room for. */
function table(columns: readonly string[], rows: readonly (readonly Cell[])[], more: number, width: number | undefined): string {
  const cells = rows.map((row) => row.map((cell) => shownText(cell?.text ?? 'NULL')))
  const heads = columns.map(shownText)
  const widths = heads.map((head, at) => Math.max(widthOf(head), ...cells.map((row) => widthOf(row[at] ?? ''))))
  const isNumber = heads.map((_, at) => rows.some((row) => row[at] !== null) && rows.every((row) => isNumeric(row[at])))
  let room = width ?? Number.POSITIVE_INFINITY
  const fitting = widths.findIndex((own, at) => {
    room -= own + (at === 0 ? 0 : 2)
    return room < 0
  })
  const many = fitting < 0 ? heads.length : Math.max(1, fitting)
  const line = (words: readonly string[]) =>
    words
      .slice(0, many)
      .map((word, at) => {
        const gap = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(word)))
        return isNumber[at] === true ? `${gap}${word}` : `${word}${gap}`
      })
      .join('  ')
      .trimEnd()
  const left = heads.slice(many)
  const rest = [
    ...(rows.length === 0 ? ['no rows'] : []),
    ...(more === 0 ? [] : [`… ${more.toLocaleString('en-US')} more ${more === 1 ? 'row' : 'rows'} (--rows, --csv or --json)`]),
    ...(left.length === 0 ? [] : [`… ${left.length} more ${left.length === 1 ? 'column' : 'columns'}: ${left.join(', ')}`]),
  ]
  const ruled = widths.slice(0, many).map((own) => '─'.repeat(own))
  return `${[line(heads), ruled.join('  '), ...cells.map(line), ...rest].join('\n')}\n`
}

function isNumeric(cell: Cell | undefined): boolean {
  return cell === null || cell === undefined || (/^-?\d/.test(cell.json) && cell.text === cell.json)
}

/** What an event holds may speak to a terminal: nothing of it does. */
function shownText(text: string): string {
  const plain = text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
  const signs = [...plain]
  return signs.length > widestCell ? `${signs.slice(0, widestCell - 1).join('')}…` : plain
}

const marks = /\p{M}/u
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u

/** As a terminal counts: most East Asian signs and emoji are two wide, marks none. */
function widthOf(text: string): number {
  let width = 0
  for (const sign of text) width += marks.test(sign) ? 0 : wide.test(sign) ? 2 : 1
  return width
}
