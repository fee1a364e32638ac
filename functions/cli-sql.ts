import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { Temporal } from 'temporal-polyfill'
import { UsageError } from '../lib/errors.ts'
import type { KeptObjects } from '../lib/export/kept.ts'
import { keptFiles, keptObjects } from '../lib/export/kept.ts'
import type { Asker } from '../lib/export/select.ts'
import { openAsker } from '../lib/export/select.ts'
import { knownNames, refusedFor } from '../lib/export/settled.ts'
import type { Span, Standing, ViewColumn } from '../lib/export/views.ts'
import { standingOf, viewColumns, viewsOf } from '../lib/export/views.ts'
import { loadProject } from '../lib/project/load.ts'
import type { ExportEntry, Project } from '../lib/project/project.ts'
import { exportKeys } from '../lib/store/keys.ts'
import { openStore } from '../lib/store/open.ts'
import type { Store } from '../lib/store/store.ts'
import { checkDay } from './days.ts'
import { localZoneOf, zoneOfExport } from './exporting.ts'
import { printRows } from './rows.ts'
import { scratchFolder } from './scratch.ts'

export interface SqlOptions extends Span {
  readonly project: string
  readonly store?: string
  readonly csv?: boolean
  readonly json?: boolean
  readonly rows: string
}

/** Runs one select over the exports of the project; without one, prints what there is to be asked. */
export async function sql(given: string | undefined, options: SqlOptions): Promise<void> {
  checkDay('--from', options.from)
  checkDay('--to', options.to)
  const shown = /^\d{1,9}$/.test(options.rows) ? Number(options.rows) : 0
  if (shown === 0) throw new UsageError(`--rows ${options.rows} is no number of rows`, { remedy: 'write it like --rows 100' })
  const project = loadProject(options.project)
  const entries = Object.values(project.exports)
  if (entries.length === 0) throw new UsageError('the project has no exports', { remedy: 'add one under `exports`' })
  const store = openStore(options.store ?? join(project.folder, '.broadsheet'))
  const scratch = scratchFolder()
  if (given === undefined) return printTables(project, store, options)
  const select = given === '-' ? await readAll(process.stdin) : given
  const asker = await openAsker({ scratch, tables: entries.map(({ name }) => inSql(name)) })
  try {
    await asker.parse(select)
    // What is not named is not fetched; a name that is only in a text costs time, and no answer.
    const named = entries.filter(({ name }) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'i').test(select))
    await defineViews(asker, named, { project, store, scratch, span: options })
    await printRows(await asker.select(select), { ...options, shown })
  } finally {
    await asker.close()
  }
}

async function defineViews(
  asker: Asker,
  entries: readonly ExportEntry[],
  { project, store, scratch, span }: { project: Project; store: Store; scratch: string; span: Span },
): Promise<void> {
  const look = keptFiles({ store, scratch: join(scratch, 'fetched') })
  const paths: string[] = []
  for (const entry of entries) {
    const place = { store, zone: zoneOfExport(project, entry), at: Temporal.Now.instant(), span }
    const standing = await standingOf(entry, place, (window) => look(entry.name, window))
    // Days are no gaps between hours.
    const refused = await refusedFor(store, exportKeys(entry.name), { every: entry.every, zone: place.zone })
    if (refused !== undefined) say(`${entry.name}: ${refused.message}; the answer is of what is kept; ${refused.remedy}`)
    else for (const sentence of lackingOf(entry, standing)) say(sentence)
    const views = await viewsOf(entry, standing.kept, {
      names: await knownNames(store, exportKeys(entry.name)),
      localZone: localZoneOf(project, entry),
      folder: join(scratch, 'views', entry.name),
      describe: asker.describe,
      tell(window, at, of) {
        if (at === 1) say(`${entry.name}: ${windows(of)} without Parquet; it is made now, each time (add parquet to its formats)`)
        if (at % 25 === 0 || at === of) say(`${entry.name}: ${window} (${at} of ${of})`)
      },
    })
    for (const statement of views.statements) await asker.define(statement)
    paths.push(...views.paths)
  }
  await asker.lock(paths)
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}

/** What an answer does not hold, and how to get it. */
function lackingOf({ name, data }: ExportEntry, { replacing, missing, expired }: Standing<KeptObjects>): string[] {
  const first = missing[0]?.date
  const last = missing.at(-1)?.date
  const days =
    data === 'events' && first !== undefined && last !== undefined
      ? ` --from ${first} --to ${Temporal.PlainDate.from(last).add({ days: 1 }).toString()}`
      : ''
  const list = (names: readonly string[]) =>
    names.length > 6 ? `${names.slice(0, 5).join(', ')}, … ${names.at(-1)}` : names.join(', ')
  return [
    ...(expired.length === 0
      ? []
      : [
          `${name}: ${windows(expired.length)} older than its \`keep\`, and not in the answer: ${list(expired)}; ` +
            `with a longer \`keep\`, broadsheet export ${name} asks for ${expired.length === 1 ? 'it' : 'them'} again`,
        ]),
    ...(missing.length === 0
      ? []
      : [
          `${name}: ${windows(missing.length)} not kept, and not in the answer: ${list(missing.map((one) => one.name))}; ` +
            `broadsheet export ${name}${days} gets ${missing.length === 1 ? 'it' : 'them'}`,
        ]),
    ...(replacing.length === 0
      ? []
      : [
          `${name}: ${windows(replacing.length)} being replaced just now, and not in the answer: ${list(replacing)}; ` +
            `ask again when broadsheet export ${name} has ended`,
        ]),
  ]
}

function windows(count: number): string {
  return count === 1 ? '1 window is' : `${count} windows are`
}

async function printTables(project: Project, store: Store, { from, to, csv, json }: SqlOptions): Promise<void> {
  if (csv === true) throw new UsageError('tables are listed for people or with --json, not as CSV')
  for (const entry of Object.values(project.exports)) {
    const place = { store, zone: zoneOfExport(project, entry), at: Temporal.Now.instant(), span: { from, to } }
    const standing = await standingOf(entry, place, (window) => keptObjects(store, entry.name, window))
    const { columns, slugs } = await knownNames(store, exportKeys(entry.name))
    const table = tableOf(entry, standing, viewColumns(entry, columns.values()), entry.schema === 'multi' ? slugs : new Map())
    process.stdout.write(json === true ? `${JSON.stringify(table)}\n` : printTable(table))
  }
}

interface Table {
  readonly table: string
  readonly data: string
  readonly windows: { readonly kept: number; readonly first?: string | undefined; readonly last?: string | undefined }
  readonly missing: readonly string[]
  readonly replacing: readonly string[]
  /** Older than `keep`, of the days that are asked for. */
  readonly expired: readonly string[]
  readonly rows: number
  readonly columns: readonly ViewColumn[]
  /** Windows without Parquet, whose properties are known when they are asked for. */
  readonly linesAlone: number
  readonly events: readonly { readonly table: string; readonly event: string }[]
}

function tableOf(
  { name, data }: ExportEntry,
  { kept, missing, replacing, expired }: Standing<KeptObjects>,
  columns: readonly ViewColumn[],
  slugs: ReadonlyMap<string, string>,
): Table {
  const objects = kept.flatMap((one) => one.objects.objects)
  return {
    table: inSql(name),
    data,
    windows: { kept: kept.length, first: kept[0]?.window.name, last: kept.at(-1)?.window.name },
    missing: missing.map((one) => one.name),
    replacing,
    expired,
    rows: objects.reduce((sum, { rows }) => sum + rows, 0),
    columns,
    linesAlone: kept.filter((one) => one.objects.format === 'json' && one.objects.objects.length > 0).length,
    events: [...slugs].map(([event, slug]) => ({ table: `${inSql(name)}.${inSql(slug)}`, event })),
  }
}

function printTable({ table, data, windows: { kept, first, last }, ...rest }: Table): string {
  const { missing, replacing, expired, rows } = rest
  const types = { varchar: '', timestamp: ' timestamp, UTC', date: ' date', 'varchar[]': ' list of columns' } as Record<
    string,
    string
  >
  const columns = rest.columns.map(
    ({ name, type }) => `${inSql(name)}${types[type] === '' ? '' : ` (${(types[type] ?? type).trim()})`}`,
  )
  const stand = [
    kept === 0
      ? 'nothing kept'
      : `${kept} ${kept === 1 ? 'window' : 'windows'}, ${first === last ? first : `${first} to ${last}`}`,
    ...(missing.length === 0 ? [] : [`${missing.length} not kept`]),
    ...(replacing.length === 0 ? [] : [`${replacing.length} being replaced`]),
    ...(expired.length === 0 ? [] : [`${expired.length} older than \`keep\``]),
  ]
  const lines = [
    `${table}  ${data}`,
    `  windows  ${stand.join('; ')}`,
    `  rows     ${rows.toLocaleString('en-US')}`,
    ...wrapped('  columns  ', columns),
    ...(rest.linesAlone === 0
      ? []
      : [`           and one for each property, made when it is asked: ${windows(rest.linesAlone)} without Parquet`]),
    ...rest.events.map((one) => `  ${one.table}  ${JSON.stringify(one.event)}`),
  ]
  return `${lines.join('\n')}\n\n`
}

const widest = 110

function wrapped(begin: string, words: readonly string[]): string[] {
  const lines: string[] = []
  let line = begin
  for (const [at, word] of words.entries()) {
    const next = `${word}${at === words.length - 1 ? '' : ','}`
    if (line.trimEnd().length + next.length > widest && line.trim() !== '') {
      lines.push(line.trimEnd())
      line = ' '.repeat(begin.length)
    }
    line += `${next} `
  }
  return [...lines, line.trimEnd()]
}

/** DuckDB's words that no table or column is called without quotes. */
const words = new Set(
  (
    'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default deferrable ' +
    'desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda lateral ' +
    'leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning ' +
    'select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with'
  ).split(' '),
)

function inSql(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !words.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}
