import { mkdir, symlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Temporal } from 'temporal-polyfill'
import type { ExportEntry } from '../project/project.ts'
import { exportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { byCodeUnits } from './columns.ts'
import { convertLines } from './convert.ts'
import type { Kept, KeptFiles, KeptObjects } from './kept.ts'
import type { Sql } from './parquet-sql.ts'
import { quoted, text } from './parquet-sql.ts'
import type { NamesGiven } from './settled.ts'
import { namesUnder } from './status.ts'
import type { ExportWindow, WindowPlan } from './windows.ts'
import { everyOf, expected, partitionOf, planOf, windowNamed, windowsKnown, windowsOver, within } from './windows.ts'

/** Days of an export: from one date up to another, that one left out. */
export interface Span {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** The windows of an export that can be asked, oldest first, and those that cannot. */
export interface Standing<Objects extends KeptObjects> {
  readonly kept: readonly { readonly window: ExportWindow; readonly objects: Objects }[]
  /** Being replaced just now: their objects may be of two revisions. */
  readonly replacing: readonly string[]
  /** Over, and not kept. */
  readonly missing: readonly ExportWindow[]
  /** Not kept because they are older than `keep`: told only where the span asks for them, or nothing else is there. */
  readonly expired: readonly string[]
}

/** Every window that has a manifest, though the project file may ask for it no more, and every one that should have one. */
export async function standingOf<Objects extends KeptObjects>(
  entry: ExportEntry,
  { store, zone, at, span }: { readonly store: Store; readonly zone: string; readonly at: Temporal.Instant; readonly span: Span },
  look: (window: string) => Promise<Kept<Objects>>,
): Promise<Standing<Objects>> {
  const names = await namesUnder(store, exportKeys(entry.name).manifests)
  const planned = windowsKnown(planOf(entry, zone), at, names)
  const others = [...names].filter((name) => planned.every((window) => window.name !== name))
  const kept = others.map((name) => windowNamed(name, everyOf(name), zone))
  const windows = within([...planned, ...kept], span).toSorted((a, b) => byCodeUnits(a.name, b.name))
  const looked = await Promise.all(
    windows.map(async (window) => ({ window, objects: names.has(window.name) ? await look(window.name) : undefined })),
  )
  return {
    kept: looked.flatMap(({ window, objects }) =>
      objects === undefined || objects === 'replacing' ? [] : [{ window, objects: objects as Objects }],
    ),
    replacing: looked.filter(({ objects }) => objects === 'replacing').map(({ window }) => window.name),
    missing: looked.filter(({ objects }) => objects === undefined).map(({ window }) => window),
    expired: span.from === undefined && windows.length > 0 ? [] : expiredIn(planOf(entry, zone), at, span, names),
  }
}

function expiredIn(plan: WindowPlan, at: Temporal.Instant, span: Span, kept: ReadonlySet<string>): string[] {
  // Of snapshots nobody knows which days had one.
  if (plan.keep === undefined || plan.partition === 'snapshot') return []
  const isExpected = expected(plan, at)
  const all = within(windowsOver(plan, at), span).filter((window) => !isExpected(window))
  return all.map(({ name }) => name).filter((name) => !kept.has(name))
}

/** A column of a view, and its type as SQL writes it. */
export interface ViewColumn {
  readonly name: string
  readonly type: string
}

const events = [
  { name: 'event', type: 'varchar' },
  { name: 'distinct_id', type: 'varchar' },
  { name: 'time', type: 'timestamp' },
  { name: 'insert_id', type: 'varchar' },
]
const people = [{ name: 'distinct_id', type: 'varchar' }]
const framesOf = { events, people, customers: people, catalog: [{ name: 'item_id', type: 'varchar' }] }

/** The columns of Parquet, and the date of the window or snapshot; those of properties by their names. */
export function viewColumns({ data }: Pick<ExportEntry, 'data'>, columns: Iterable<string>): ViewColumn[] {
  return [
    ...framesOf[data],
    ...[...columns].toSorted(byCodeUnits).map((name) => ({ name, type: 'varchar' })),
    { name: '_strings', type: 'varchar[]' },
    { name: partitionOf(data), type: 'date' },
  ]
}

/** What an export is called in SQL, and each of its events where each is kept by itself. */
export function viewName(name: string, slug?: string): Sql {
  return slug === undefined ? quoted(name) : `${quoted(name)}.${quoted(slug)}`
}

export interface Views {
  readonly statements: readonly Sql[]
  /** All that the views read. */
  readonly paths: readonly string[]
}

/**
 * The statements that make an export's views, over links in `folder` whose paths tell the window's date. What is kept as
 * lines alone is made into Parquet there first, by the same rules and with the same names; `tell` hears of each window.
 */
export async function viewsOf(
  entry: ExportEntry,
  kept: Standing<KeptFiles>['kept'],
  options: {
    readonly names: NamesGiven
    readonly localZone: string | undefined
    readonly folder: string
    readonly tell: (window: string, at: number, of: number) => void
    /** The columns that files have. */
    readonly describe: (from: Sql) => Promise<readonly string[]>
  },
): Promise<Views> {
  const { folder, localZone, tell, describe } = options
  const byEvent = new Map<string | undefined, string[]>()
  let names = options.names

  async function place(path: string, { name, date }: ExportWindow, slug: string | undefined): Promise<void> {
    const own = join(folder, slug ?? '', date)
    await mkdir(own, { recursive: true })
    const link = join(own, `${name}.parquet`)
    await symlink(resolve(path), link)
    byEvent.set(slug, [...(byEvent.get(slug) ?? []), link])
  }

  const lines = kept.filter(({ objects }) => objects.format === 'json' && objects.paths.length > 0)
  for (const [at, { window, objects }] of lines.entries()) {
    tell(window.name, at + 1, lines.length)
    for (const [nth, from] of objects.paths.entries()) {
      const own = join(folder, 'made', `${window.name}-${nth}`)
      await mkdir(own, { recursive: true })
      const rows = objects.objects[nth]?.rows ?? 0
      const made = await convertLines({ from, lines: rows, folder: own, zone: localZone }, entry, names)
      names = made.names
      for (const { path, event } of made.files) await place(path, window, event)
    }
  }
  for (const { window, objects } of kept) {
    if (objects.format === 'json') continue
    for (const [nth, path] of objects.paths.entries())
      await place(path, window, slugIn(objects.objects[nth]?.key ?? basename(path)))
  }

  const columns = viewColumns(entry, names.columns.values())
  const all = [...byEvent.values()].flat()
  const statements = [await viewSql(viewName(entry.name), all, columns, describe)]
  if (entry.schema === 'multi' && entry.data === 'events') {
    statements.push(`create schema if not exists ${quoted(entry.name)}`)
    for (const slug of names.slugs.values()) {
      statements.push(await viewSql(viewName(entry.name, slug), byEvent.get(slug) ?? [], columns, describe))
    }
  }
  return { statements, paths: all }
}

function slugIn(key: string): string | undefined {
  return /\/parquet\/event=([^/]+)\//.exec(key)?.[1]
}

/** Each window has the columns that its own events had, and a view those of the whole export. */
async function viewSql(
  view: Sql,
  paths: readonly string[],
  columns: readonly ViewColumn[],
  describe: (from: Sql) => Promise<readonly string[]>,
): Promise<Sql> {
  const empty = ({ name, type }: ViewColumn) => `null::${type} as ${quoted(name)}`
  if (paths.length === 0) return `create view ${view} as select ${columns.map(empty).join(', ')} where false`
  const names = new Set(columns.map(({ name }) => name.toLowerCase()))
  // By a column of this name alone does DuckDB tell files that a date leaves out without opening them.
  let path = 'filename'
  while (names.has(path)) path = `_${path}`
  // DuckDB would read `event=…` anywhere in the path, in the user's own folders too, as a column in the place of a file's.
  const from = `read_parquet([${paths.map(text).join(', ')}], union_by_name = true, hive_partitioning = false, filename = ${text(path)})`
  const found = new Set(await describe(from))
  const date = `regexp_extract(${quoted(path)}, '([^/]+)/[^/]+$', 1)::date`
  const listed = columns.map((column, at) => {
    if (at === columns.length - 1) return `${date} as ${quoted(column.name)}`
    return found.has(column.name) ? quoted(column.name) : empty(column)
  })
  return `create view ${view} as select ${listed.join(', ')} from ${from}`
}
