import { caniemail } from 'caniemail'
import { expect, test } from 'vitest'
import type { Article, Edition } from '../../../lib/edition.ts'
import { drawEdition } from '../../../lib/email/index.ts'
import { chartColours } from '../../../lib/email/look.ts'
import { drawPage } from '../../../lib/email/page.ts'
import { example } from './example.ts'

const parts = { image: (query: string) => `${query}.png`, key: new Map<string, readonly string[]>(), notes: [] }
const page = drawPage({ ...example, sample: 'This is a sample: every event in it is made up.' }, parts)

function articleWith(rows: number, columns: number, name: string, at = 0): Article {
  const cells = Array.from({ length: columns - 1 }, () => ({ text: '1,234,567' }))
  return {
    query: `q${at}`,
    kicker: `Question ${at}`,
    headline: 'A finding of some length, as they are',
    chart: { kind: 'steps', alt: 'Of 10, 5 went on.', steps: [] },
    table: {
      columns: Array.from({ length: columns }, (_, column) => ({
        title: `Column ${column}`,
        align: column === 0 ? 'left' : 'right',
      })),
      rows: Array.from({ length: rows }, (_, row) => [{ text: `${name} ${row}` }, ...cells]),
    },
    notes: [],
  }
}

function sharesWith(rows: number, at: number): Article {
  const columns = ['Week of', 'Users', '1', '2', '3', '4', '5', '6'].map((title, column) => ({
    title,
    align: 'right' as const,
    shaded: column > 1,
  }))
  const cells = Array.from({ length: 6 }, (_, column) => ({ text: '99.7 %', shade: column / 6 }))
  const table = {
    columns,
    rows: Array.from({ length: rows }, () => [{ text: '28 Sept' }, { text: '1,234,567' }, ...cells]),
    pinned: 1,
  }
  return { query: `q${at}`, kicker: `Question ${at}`, headline: 'A finding of some length', shares: table, table, notes: [] }
}

test.each([
  ['a table of 3,000 rows', [articleWith(3000, 5, 'Name')]],
  ['a table of 40 columns with endless names', [articleWith(60, 40, '"&<'.repeat(400))]],
  ['a hundred shaded tables', Array.from({ length: 100 }, (_, at) => sharesWith(15, at))],
  ['200 questions', Array.from({ length: 200 }, (_, at) => articleWith(30, 6, 'Name', at))],
])('a page with %s stays under 90 KB and says what it leaves out', (_, articles) => {
  const drawn = drawPage(
    { ...example, articles, figures: Array.from({ length: 90 }, () => example.figures[0] as Edition['figures'][number]) },
    parts,
  )
  expect(Buffer.byteLength(drawn)).toBeLessThan(90_000)
  expect(drawn).toMatch(/of 3000 rows are shown|of 60 rows are shown|of 30 rows are shown|leaves out \d+ of [12]00 questions/)
  expect(drawn.trimEnd()).toMatch(/<\/html>$/)
})

test('a page of 200 questions shows as many as it has room for', () => {
  const articles = Array.from({ length: 200 }, (_, at) => articleWith(30, 6, 'Name', at))
  const drawn = drawPage({ ...example, articles }, parts)
  const shown = drawn.match(/<h2/g)?.length ?? 0
  expect(shown).toBeGreaterThan(40)
  expect(drawn).toContain(`leaves out ${200 - shown} of 200 questions`)
})

test('nothing is in the page that clients block', () => {
  for (const forbidden of [
    '<svg',
    '<script',
    '<form',
    '<picture',
    '<video',
    '<link',
    'data:',
    '.svg',
    '.webp',
    'var(',
    'flex',
    'grid',
    'position:',
    '@font-face',
    'javascript:',
    'http-equiv',
  ]) {
    expect(page, forbidden).not.toContain(forbidden)
  }
  expect(page).not.toMatch(/src="https?:/)
  expect(page).not.toMatch(/href="(?!mailto:)/)
})

test('pictures have a width that Outlook keeps, and their numbers as alternative text', () => {
  const images = [...page.matchAll(/<img ([^>]*)>/g)].map(([, attributes = '']) => attributes)
  expect(images).toHaveLength(4)
  for (const image of images) {
    expect(Number(/ width="(\d+)"/.exec(image)?.[1])).toBeLessThanOrEqual(600)
    expect(/alt="([^"]*)"/.exec(image)?.[1]).toMatch(/\d/)
  }
  expect(images[0]).toContain('src="signups.png"')
})

test('the page has a language, a title and one main heading; its tables say whether they are layout or data', () => {
  expect(page).toMatch(/^<!doctype html><html lang="en-GB"/)
  expect(page).toContain('<title>Weekly growth</title>')
  expect(page.match(/<h1/g)).toHaveLength(1)
  expect(page.match(/<h2/g)).toHaveLength(example.articles.length)
  // Nested tables: walk them with a stack, and see which of them hold headers.
  const stack: { layout: boolean; headers: number }[] = []
  const tables: { layout: boolean; headers: number }[] = []
  for (const [tag] of page.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<table[^>]*>|<\/table>|<th [^>]*>/g)) {
    if (tag.startsWith('</')) tables.push(stack.pop() as (typeof stack)[number])
    else if (tag.startsWith('<table')) stack.push({ layout: tag.includes('role="presentation"'), headers: 0 })
    else {
      expect(tag).toMatch(/ scope="(col|row)"/)
      const table = stack.at(-1)
      if (table !== undefined) table.headers += 1
    }
  }
  expect(stack).toEqual([])
  for (const { layout, headers } of tables) expect(headers > 0).toBe(!layout)
  expect(tables.filter(({ layout }) => !layout)).toHaveLength(3)
})

test('text that looks like markup stays text', () => {
  const nasty = '<b>"&\'</b><img src=x onerror=alert(1)>'
  const article: Article = { ...articleWith(1, 2, nasty), kicker: nasty, headline: nasty, notice: nasty, notes: [nasty] }
  const chart = { kind: 'steps', alt: nasty, steps: [] } as const
  const drawn = drawPage(
    {
      ...example,
      title: nasty,
      period: nasty,
      lead: nasty,
      sample: nasty,
      colophon: [nasty],
      articles: [{ ...article, chart }],
      figures: [
        {
          query: 'a',
          label: nasty,
          value: nasty,
          changes: [{ direction: 'up', verdict: 'better', amount: nasty, against: nasty }],
        },
      ],
    },
    { ...parts, key: new Map([['q0', [nasty]]]), notes: [nasty] },
  )
  expect(drawn).not.toContain('<b>')
  expect(drawn).not.toContain('<img src=x')
  expect(drawn.match(/&lt;b&gt;&quot;&amp;&#39;&lt;\/b&gt;/g)?.length).toBeGreaterThan(14)
})

test('better and worse are told by sign and arrow too, and small movements have neither', () => {
  expect(page).toMatch(/class="better"[^>]*>▲ 9 %</)
  expect(page).toMatch(/class="worse"[^>]*>▼ 3\.4 %</)
  expect(page).toMatch(/class="better"[^>]*>▼ 0\.4</)
  expect(page).toMatch(/class="mute"[^>]*>about the same</)
})

test('what came from nothing has no arrow, and a figure of another period says which', () => {
  const figure = {
    query: 'a',
    label: 'Exports',
    value: '44',
    changes: [{ direction: 'same', verdict: 'better', amount: 'new,', against: 'none the week before' }],
    note: 'in September',
  } as const
  const drawn = drawPage({ ...example, figures: [figure] }, parts)
  expect(drawn).toMatch(/class="better"[^>]*>new,<\/span> <span class="mute"[^>]*>none the week before</)
  expect(drawn).toMatch(/class="mute"[^>]*>in September</)
})

test('figures stand on one line where one label needs two, and on a phone two to a row whatever the rows are', () => {
  const [figure] = example.figures as [Edition['figures'][number]]
  const withLabels = (...labels: string[]) =>
    drawPage({ ...example, figures: labels.map((label) => ({ ...figure, label })) }, parts)
  const heights = (drawn: string) => [...drawn.matchAll(/height="(\d+)" valign="bottom"/g)].map(([, height]) => height)
  expect(heights(withLabels('Exports', 'Errors per 1,000 page views', 'Logins'))).toEqual(['32', '32', '32'])
  expect(heights(withLabels('Exports', 'Logins'))).toEqual([])
  const five = withLabels('a', 'b', 'c', 'd', 'e')
  expect([...five.matchAll(/class="fig( odd)?"/g)].map(([, odd]) => odd !== undefined)).toEqual([true, false, true, false, true])
  expect(five).toContain('<td class="fill"')
  const phone = five.slice(five.indexOf('max-width:480px'), five.indexOf('prefers-color-scheme:dark)'))
  expect(phone).toMatch(/\.figs>tbody>tr\{display:block/)
  expect(phone).toMatch(/\.fill\{display:none/)
})

test('a sentence about the picture is under the picture, and not in the text', async () => {
  const caption = 'The shaded part is the week that the figures speak of.'
  const [article] = example.articles as [Article]
  const chart = { ...article.chart, caption } as NonNullable<Article['chart']>
  const drawn = await drawEdition({ ...example, articles: [{ ...article, chart }] })
  expect(drawn.html((query) => query)).toContain(`${caption}</div>`)
  expect(drawn.text).not.toContain(caption)
})

test('a sample says so above everything, in the page and in the text', async () => {
  const sentence = 'This is a sample: every event in it is made up.'
  expect(page.indexOf(sentence)).toBeLessThan(page.indexOf('<h1'))
  expect(page.indexOf(sentence)).toBeGreaterThan(0)
  const drawn = await drawEdition({ ...example, sample: sentence, articles: [] })
  expect(drawn.text.startsWith(sentence)).toBe(true)
  expect(drawPage(example, parts)).not.toContain('sample')
})

const luminance = (colour: string) => {
  const full = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(full.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

test('text has a contrast of 4.5:1 and more in the light and in the dark', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  const darkRules = page.slice(page.indexOf('prefers-color-scheme:dark'), page.indexOf('</style>'))
  const dark = (name: string, property: string) =>
    new RegExp(`\\.${name}[^{}]*\\{(?:[^}]*;)?${property}:(#[0-9a-f]+)`).exec(darkRules)?.[1]
  const card = { light: /class="card"[^>]*bgcolor="(#[0-9a-f]+)"/.exec(page)?.[1] ?? '', dark: dark('card', 'background') ?? '' }
  expect(card).toEqual({ light: '#ffffff', dark: '#1e1d1b' })
  const coloured = [...page.matchAll(/<\w+[^>]*?class="([^"]+)"[^>]*?[;"]color:(#[0-9a-f]+)/g)].filter(
    ([, classes]) => classes !== 'warn' && !classes?.startsWith('shade '),
  )
  expect(coloured.length).toBeGreaterThan(40)
  for (const [tag, classes = '', colour = ''] of coloured) {
    expect(contrast(colour, card.light), tag).toBeGreaterThanOrEqual(4.5)
    // A colour without a class that the dark style sheet names would stay as it is, dark on dark.
    const own = classes.split(' ').find((one) => ['ink', 'mute', 'better', 'worse'].includes(one)) ?? ''
    expect(contrast(dark(own, 'color') ?? '#000', card.dark), tag).toBeGreaterThanOrEqual(4.5)
  }
  const [, warnGround = '', warnInk = ''] = /class="warn" bgcolor="(#[0-9a-f]+)"[^>]*?[;"]color:(#[0-9a-f]+)/.exec(page) ?? []
  expect(contrast(warnInk, warnGround)).toBeGreaterThanOrEqual(4.5)
  expect(contrast(dark('warn', 'color') ?? '', dark('warn', 'background') ?? '')).toBeGreaterThanOrEqual(4.5)
  for (const { name } of [...chartColours.series, chartColours.other])
    expect(contrast(name, chartColours.ground)).toBeGreaterThanOrEqual(4.5)
  expect(contrast(chartColours.mute, chartColours.ground)).toBeGreaterThanOrEqual(4.5)
})

test('shaded cells of every depth can be read in the light and in the dark, deeper ones stand out more', () => {
  const cells = Array.from({ length: 21 }, (_, at) => ({ text: `${at * 5} %`, shade: at / 20 }))
  const shares = {
    columns: [
      { title: 'Week of', align: 'left' as const },
      { title: '1', align: 'right' as const, shaded: true },
    ],
    rows: cells.map((cell) => [{ text: '9 Nov' }, cell]),
  }
  const drawn = drawPage({ ...example, articles: [{ query: 'a', kicker: 'a', headline: 'a', shares, notes: [] }] }, parts)
  const darkRules = drawn.slice(drawn.indexOf('prefers-color-scheme:dark'), drawn.indexOf('</style>'))
  const darkInk = /\.shade\{color:(#[0-9a-f]+)!important/.exec(darkRules)?.[1] ?? ''
  const darkCard = /\.card\{background:(#[0-9a-f]+)/.exec(darkRules)?.[1] ?? ''
  const found = [
    ...drawn.matchAll(/bgcolor="(#[0-9a-f]+)" class="shade s(\d+)" style="[^"]*[;"]color:(#[0-9a-f]+)[^"]*">(\d+) %/g),
  ]
  expect(found.map(([, , , , percent]) => Number(percent))).toEqual(cells.map((_, at) => at * 5))
  expect(new Set(found.map(([, ground]) => ground)).size).toBe(11)
  let [before, beforeDark] = [1, 1]
  for (const [, ground = '', step, ink = '', percent] of found) {
    const dark = new RegExp(`\\.s${step}\\{background:(#[0-9a-f]+)!important`).exec(darkRules)?.[1] ?? ''
    expect(contrast(ink, ground), `${percent} % in the light`).toBeGreaterThanOrEqual(4.5)
    expect(contrast(darkInk, dark), `${percent} % in the dark`).toBeGreaterThanOrEqual(4.5)
    expect(contrast(ground, '#ffffff')).toBeGreaterThanOrEqual(before)
    expect(contrast(dark, darkCard)).toBeGreaterThanOrEqual(beforeDark)
    ;[before, beforeDark] = [contrast(ground, '#ffffff'), contrast(dark, darkCard)]
  }
})

test('of shares there is no room for, the row of all and the newest stay', () => {
  const shares = {
    columns: [
      { title: 'Day', align: 'left' as const },
      { title: '1', align: 'right' as const, shaded: true },
    ],
    rows: Array.from({ length: 40 }, (_, at) => [{ text: at === 0 ? 'All' : `day ${at}` }, { text: '5 %', shade: 0.5 }]),
    pinned: 1,
  }
  const drawn = drawPage({ ...example, articles: [{ query: 'a', kicker: 'a', headline: 'a', shares, notes: [] }] }, parts)
  expect([...drawn.matchAll(/<th scope="row"[^>]*>([^<]+)</g)].map(([, name]) => name)).toEqual([
    'All',
    ...Array.from({ length: 24 }, (_, at) => `day ${at + 16}`),
  ])
  expect(drawn).toContain('25 of 40 rows are shown.')
  expect(drawn.match(/font-weight:600[^>]*>All</)).not.toBeNull()
})

test('an empty cell has no ground, one without a share has a dash and no ground either', () => {
  const rows = [[{ text: '9 Nov' }, { text: '' }, { text: '–' }, { text: '0 %', shade: 0 }]]
  const columns = ['Week of', '1', '2', '3'].map((title, at) => ({ title, align: 'right' as const, shaded: at > 0 }))
  const drawn = drawPage(
    { ...example, articles: [{ query: 'a', kicker: 'a', headline: 'a', shares: { columns, rows }, notes: [] }] },
    parts,
  )
  expect(drawn).toMatch(
    /<td><\/td><td align="center" class="mute"[^>]*>–<\/td><td align="center" bgcolor="#f5f8fd" class="shade s0"/,
  )
})

test('ids break within a phone’s line, words and figures do not', () => {
  expect(page).toMatch(/word-break:break-word">7f3e4b0a/)
  expect(page).not.toMatch(/word-break:break-word[^>]*>(?:9 Nov|Germany|1,102)/)
  expect(page).toMatch(/<td align="right"[^>]* nowrap>1,235</)
  expect(page).not.toMatch(/<td align="left"[^>]* nowrap>/)
})

test('clients lack nothing of the page but what is known to do no harm there', () => {
  const harmless: Record<string, string[]> = {
    everywhere: ['color-scheme CSS property', 'color-scheme meta tag'],
    'outlook.macos': ['<body> element'],
    // Word: square corners, no dark mode of ours, and a preheader that mso-hide hides.
    'outlook.windows': ['Attribute selector', '@media', 'max-height property', 'overflow', 'border-radius'],
    'outlook.windows-mail': [
      'Attribute selector',
      '@media',
      'max-height property',
      'overflow',
      'border-radius',
      'role attribute',
      // Which has no narrow lines.
      'word-break',
    ],
  }
  const { issues } = caniemail({
    clients: ['gmail.android', 'gmail.desktop-webmail', 'gmail.ios', 'outlook.*', 'apple-mail.*'],
    html: page,
  })
  expect(issues.errors.size).toBeGreaterThan(0)
  for (const [client, errors] of issues.errors) {
    const known = [...(harmless['everywhere'] ?? []), ...(harmless[client] ?? [])]
    expect(
      errors.map(({ title }) => title).filter((title) => !known.includes(title)),
      client,
    ).toEqual([])
  }
})
