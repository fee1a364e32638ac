import { html, raw } from 'hono/html'
import type { Article, Change, Edition, Figure } from '../edition.ts'
import { parseMailbox } from '../mailbox.ts'
import { clip } from './clip.ts'
import { wrap } from './lettering.ts'
import { colours, outlookStyleSheet, sans, serif, styleSheet } from './look.ts'
import { dataTable } from './table.ts'

/** What a page takes besides the edition. */
export interface PageParts {
  /** The address of a question's picture. */
  readonly image: (query: string) => string
  /** By question, what its picture could not say. */
  readonly key: ReadonlyMap<string, readonly string[]>
  /** More sentences for the colophon. */
  readonly notes: readonly string[]
}

/** Gmail clips a message whose HTML is above about 102 KB; the rest of a mail is headers' room. */
const maxBytes = 90_000
const width = 684
/** The most that Outlook for Windows is told; everywhere else a picture is as wide as its column. */
const imageWidth = 600
const mostRows = [25, 12, 6, 0]
const mostFigures = 24

const sansText = (size: number, line: number) => raw(`font-family:${sans};font-size:${size}px;line-height:${line}px`)
const serifText = (size: number, line: number) => raw(`font-family:${serif};font-size:${size}px;line-height:${line}px`)
const ink = raw(`color:${colours.ink.light}`)
const mute = raw(`color:${colours.mute.light}`)
const layout = raw('role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"')

/** The edition as one HTML document, always under 90,000 bytes: tables are cut first, then whole articles, and it says so. */
export function drawPage(edition: Edition, parts: PageParts): string {
  const render = (rows: number, articles: number) => String(page(edition, parts, { rows, articles }))
  const fits = (candidate: string) => Buffer.byteLength(candidate) < maxBytes
  const everything = mostRows.map((rows) => () => render(rows, edition.articles.length))
  const fewer = edition.articles.map((_, at) => () => render(0, edition.articles.length - 1 - at))
  for (const attempt of [...everything, ...fewer]) {
    const candidate = attempt()
    if (fits(candidate)) return candidate
  }
  return render(0, 0)
}

function page(edition: Edition, parts: PageParts, limits: { rows: number; articles: number }) {
  const shown = edition.articles.slice(0, limits.articles)
  const left = edition.articles.slice(limits.articles)
  const leftOut =
    left.length === 0 ? [] : [`For its length this mail leaves out ${left.length} of ${edition.articles.length} questions.`]
  return html`<!doctype html><html lang="${edition.language}" xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no"><title>${clip(edition.title, 200)}</title>
<style>${raw(styleSheet)}</style><!--[if mso]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><style>${raw(outlookStyleSheet)}</style><![endif]--></head>
<body class="page"><div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${clip(edition.lead, 400)}</div>
<table ${layout} class="page" bgcolor="${colours.ground.light}"><tr><td align="center" style="padding:24px 0">
<!--[if mso]><table role="presentation" width="${width}" align="center" cellpadding="0" cellspacing="0"><tr><td><![endif]-->
<table role="presentation" class="card" width="${width}" cellpadding="0" cellspacing="0" border="0" bgcolor="${colours.card.light}" style="width:100%;max-width:${width}px">
${edition.sample === undefined ? '' : html`<tr><td class="pad" style="padding:24px 32px 0">${warning(edition.sample)}</td></tr>`}
${masthead(edition)}
${figureRows(edition.figures.slice(0, mostFigures))}
${shown.map((article) => drawArticle(article, parts, limits.rows))}
${colophon(edition, [...leftOut, ...parts.notes])}
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table></body></html>
`
}

function masthead(edition: Edition) {
  return html`<tr><td class="pad" style="padding:30px 32px 0"><table ${layout}><tr><td class="masthead" style="border-bottom:3px double ${colours.masthead.light};padding-bottom:14px">
<h1 class="ink" style="margin:0;${serifText(34, 40)};font-weight:600;${ink}">${clip(edition.title, 200)}</h1>
<div class="mute" style="${sansText(13, 20)};${mute};padding-top:4px">${clip(edition.period, 300)}</div></td></tr></table></td></tr>
<tr><td class="pad ink serif" style="padding:16px 32px 4px;${serifText(17, 26)};${ink}">${clip(edition.lead, 800)}</td></tr>`
}

/** Pixels that a label has beside three others, and about as many on a phone. */
const narrowestLabel = 140

/** Tiles side by side, three or four to a row; on a phone two, whatever the rows are. */
function figureRows(figures: readonly Figure[]) {
  if (figures.length === 0) return ''
  const perRow = figures.length <= 3 || [5, 6, 9].includes(figures.length) ? 3 : 4
  const rows = Array.from({ length: Math.ceil(figures.length / perRow) }, (_, row) =>
    figures.slice(row * perRow, (row + 1) * perRow),
  )
  const cell = Math.floor(100 / perRow)
  const filler = (row: readonly Figure[]) => {
    const missing = perRow - row.length
    return missing === 0 ? '' : html`<td class="fill" colspan="${missing}" width="${cell * missing}%"></td>`
  }
  // Where one label needs two lines all have room for two, so that the figures stand on one line.
  const lines = Math.max(...figures.map(({ label }) => wrap(clip(label, 60), narrowestLabel, 12, 3).length))
  return html`<tr><td class="pad" style="padding:0 32px"><table ${layout} class="figs">${rows.map((row, at) => {
    const cells = row.map((figure, column) => drawFigure(figure, { cell, lines, odd: (at * perRow + column) % 2 === 0 }))
    return html`<tr>${cells}${filler(row)}</tr>`
  })}</table></td></tr>`
}

interface Tile {
  /** Per cent of the row. */
  readonly cell: number
  /** Of text, that the labels have room for. */
  readonly lines: number
  readonly odd: boolean
}

function drawFigure(figure: Figure, { cell, lines, odd }: Tile) {
  const label = clip(figure.label, 60)
  const style = raw(`${sansText(12, 16)};${mute}`)
  // A cell keeps its height in every client, and has its text at the bottom, next to the figure.
  const drawn =
    lines === 1
      ? html`<div class="mute" style="${style}">${label}</div>`
      : html`<table ${layout}><tr><td class="mute" height="${lines * 16}" valign="bottom" style="height:${lines * 16}px;${style}">${label}</td></tr></table>`
  const note =
    figure.note === undefined ? '' : html`<div class="mute" style="${sansText(12, 18)};${mute}">${clip(figure.note, 80)}</div>`
  return html`<td class="fig${odd ? ' odd' : ''}" width="${cell}%" valign="top" style="padding:14px 12px 14px 0">
${drawn}
<div class="ink serif" style="${serifText(30, 38)};${ink}">${clip(figure.value, 40)}</div>${figure.changes.map(drawChange)}${note}</td>`
}

function drawChange(change: Change) {
  const against = html`<span class="mute" style="${mute}">${clip(change.against, 60)}</span>`
  const tone = change.verdict === 'neutral' ? 'mute' : change.verdict
  if (change.direction === 'same') {
    const weight = raw(tone === 'mute' ? '' : ';font-weight:600')
    return html`<div style="${sansText(12, 18)}"><span class="${tone}" style="color:${colours[tone].light}${weight}">${clip(change.amount, 60)}</span> ${change.against === '' ? '' : against}</div>`
  }
  const arrow = change.direction === 'up' ? '▲' : '▼'
  return html`<div style="${sansText(12, 18)}"><span class="${tone}" style="color:${colours[tone].light};font-weight:600">${arrow} ${clip(change.amount, 60)}</span> ${against}</div>`
}

function drawArticle(article: Article, parts: PageParts, rows: number) {
  const { chart, shares, table, notice } = article
  const alt = chart === undefined ? '' : clip(chart.alt, 600)
  const caption = chart === undefined || chart.kind === 'steps' ? undefined : chart.caption
  const notes = [
    ...(caption === undefined || table !== undefined ? [] : [clip(caption, 200)]),
    ...(parts.key.get(article.query) ?? []).map((line) => clip(line, 200)),
    ...article.notes.map((line) => clip(line, 500)),
  ]
  return html`<tr><td style="padding:26px 32px 0" class="pad"><table ${layout}><tr><td class="rule" style="border-top:1px solid ${colours.rule.light};padding-top:18px">
<div class="mute" style="${sansText(11, 16)};letter-spacing:.09em;text-transform:uppercase;${mute}">${clip(article.kicker, 120)}</div>
<h2 class="ink" style="margin:6px 0 14px;${serifText(21, 27)};font-weight:600;${ink}">${clip(article.headline, 300)}</h2>
${notice === undefined ? '' : warning(notice)}${
  chart === undefined
    ? ''
    : html`<div class="chart"><img src="${parts.image(article.query)}" width="${imageWidth}" alt="${alt}" class="mute" style="display:block;width:100%;max-width:620px;height:auto;border:0;${sansText(13, 20)};${mute}"></div>${caption === undefined || table === undefined ? '' : html`<div class="mute" style="${sansText(12, 17)};${mute};padding-top:6px">${clip(caption, 200)}</div>`}`
}${shares === undefined ? '' : dataTable(shares, rows)}${table === undefined ? '' : dataTable(table, rows)}${
  notes.length === 0 ? '' : html`<div class="mute" style="${sansText(12, 17)};${mute};padding-top:8px">${notes.join(' ')}</div>`
}</td></tr></table></td></tr>`
}

/** A cell and not a box of its own: Outlook for Windows paints no background and keeps no padding on anything else. */
function warning(text: string) {
  return html`<table ${layout}><tr><td class="warn" bgcolor="${colours.warning.light}" style="background:${colours.warning.light};color:${colours.warningInk.light};${sansText(13, 19)};padding:10px 14px;border-radius:4px">${clip(text, 1200)}</td></tr></table>`
}

function colophon(edition: Edition, notes: readonly string[]) {
  const sentences = [...edition.colophon, ...notes].map((sentence) => clip(sentence, 500)).join(' ')
  return html`<tr><td class="pad" style="padding:28px 32px 30px"><table ${layout}><tr><td class="rule mute" style="border-top:1px solid ${colours.rule.light};padding-top:14px;${sansText(12, 19)};${mute}">${sentences}${questionsTo(edition.owner)}</td></tr></table></td></tr>`
}

function questionsTo(owner: string | undefined) {
  if (owner === undefined) return ''
  const mailbox = parseMailbox(owner)
  if ('problem' in mailbox) return ''
  return html` Questions to <a href="mailto:${encodeURIComponent(mailbox.address).replace('%40', '@')}" style="${mute}">${mailbox.address}</a>.`
}
