import * as z from 'zod'
import type { SourceKind } from '../sources/source.ts'
import { checkExpressions } from './expressions.ts'
import { checkName, namesAt } from './names.ts'
import type { ExportEntry, Project, Report, SourceEntry } from './project.ts'
import type { Reader } from './reader.ts'
import { resolveReport } from './resolve-report.ts'
import { defaults, exported, project } from './schema.ts'
import type { Surroundings } from './surroundings.ts'
import type { Finding, Path } from './tree.ts'
import { listed } from './wording.ts'

type Resolved = Omit<Project, 'file' | 'folder' | 'warnings' | 'where'>

/**
 * The file's parts, checked by themselves and against each other, with every default filled in; undefined where
 * something is wrong, which the reader has then been told. One mistake hides no other.
 */
export function resolveProject(
  reader: Reader,
  kinds: Readonly<Record<string, SourceKind>>,
  warn: (finding: Finding) => void,
): Resolved | undefined {
  const { data: head } = reader.fields(project, [], ['sources', 'defaults', 'reports', 'exports'])
  const warnAt: Surroundings['warn'] = (path, message) => warn({ from: reader.tree.entry(path)?.key ?? 0, message })
  const around: Surroundings = {
    reader,
    kinds,
    timezone: head.timezone,
    weekStart: head.weekStart ?? 'monday',
    defaults: reader.fields(defaults, ['defaults']).data,
    sources: new Map(namesAt(reader, ['sources']).map((source) => [source, readSource(reader, kinds, source)])),
    warn: warnAt,
  }
  const { source } = around.defaults
  if (source !== undefined) checkName(reader, ['defaults', 'source'], 'source', source, around.sources.keys())
  const exportNames = namesAt(reader, ['exports'])
  const exports = exportNames.map((exportName) => readExport(around, exportName))
  checkLakes(around, exportNames)
  checkTables(reader, exportNames)
  const reports = namesAt(reader, ['reports']).map((report) => resolveReport(around, report))
  const sources = [...around.sources.values()].map(({ entry }) => entry)
  if (head.timezone === undefined || head.locale === undefined) return undefined
  if (!(reports.every(isThere) && sources.every(isThere) && exports.every(isThere))) return undefined
  return {
    timezone: head.timezone,
    weekStart: around.weekStart,
    locale: head.locale,
    sources: byName<SourceEntry>(sources),
    reports: byName<Report>(reports),
    exports: byName<ExportEntry>(exports),
  }
}

function isThere<Value>(value: Value | undefined): value is Value {
  return value !== undefined
}

/** Without a prototype, so that what is not there is not there, even if it is called `constructor`. */
function byName<Item extends { readonly name: string }>(items: readonly Item[]): Readonly<Record<string, Item>> {
  const record: Record<string, Item> = Object.create(null)
  for (const item of items) record[item.name] = item
  return record
}

function readSource(
  reader: Reader,
  kinds: Surroundings['kinds'],
  source: string,
): { kind?: SourceKind | undefined; entry?: SourceEntry | undefined } {
  const path = ['sources', source]
  if (reader.map(path) === undefined) return {}
  const given = reader.parse(z.string(), [...path, 'kind'])
  const known = Object.keys(kinds)
  if (given === undefined || !checkName(reader, [...path, 'kind'], 'kind of source', given, known)) return {}
  const kind = kinds[given] as SourceKind
  const config = reader.parse(kind.schema, path) as SourceEntry['config'] | undefined
  return { kind, entry: config === undefined ? undefined : { name: source, kind: kind.kind, config } }
}

function readExport({ reader, sources }: Surroundings, exportName: string): ExportEntry | undefined {
  const path = ['exports', exportName]
  const read = reader.parse(exported, path)
  checkExpressions(reader, path)
  const source = reader.raw([...path, 'source'])
  if (typeof source === 'string' && checkName(reader, [...path, 'source'], 'source', source, sources.keys())) {
    checkExportable({ reader, sources }, path, source, read)
  }
  return read === undefined ? undefined : { name: exportName, ...read }
}

/** Whether the source has that data, and can give it in such windows. */
function checkExportable(
  { reader, sources }: Pick<Surroundings, 'reader' | 'sources'>,
  path: Path,
  source: string,
  read: Omit<ExportEntry, 'name'> | undefined,
): void {
  const { kind, entry } = sources.get(source) ?? {}
  if (kind?.kind === 'lake') {
    reader.mistake([...path, 'source'], `${source} is a lake, which is what an export makes`, 'copy from a vendor')
    return
  }
  if (kind === undefined || read === undefined) return
  const who = `source ${source} (${kind.kind})`
  const data: readonly string[] = kind.exports?.data ?? []
  if (!data.includes(read.data)) {
    const remedy = data.length === 0 ? 'copy from another source' : `it has ${listed(data, 'and')}`
    reader.mistake([...path, 'data'], `${who} has no ${read.data} to export`, remedy)
    return
  }
  const reason = entry === undefined ? undefined : kind.exports?.refuse?.(entry.config, read)
  if (reason !== undefined) reader.mistake(path, `${who} cannot export this`, reason)
}

/** In the catalogue the windows of `events` are `events_windows`, as the table of an export `events-windows` would be. */
function checkTables(reader: Reader, exportNames: readonly string[]): void {
  const hasTables = (name: string) => exportNames.includes(name) && reader.raw(['exports', name, 'glue']) !== false
  for (const name of exportNames) {
    const other = name.replace(/-windows$/, '')
    if (other === name || !hasTables(name) || !hasTables(other)) continue
    const message = `its table would be called ${name.replaceAll('-', '_')}, and so is that of the windows of ${other}`
    reader.mistake(['exports', name], message, 'give it another name, or write `glue: false`', 'key')
  }
}

/** A lake may stand on an export of this file. */
function checkLakes({ reader, sources }: Surroundings, exportNames: readonly string[]): void {
  for (const [source, { kind }] of sources) {
    const path = ['sources', source, 'export']
    const wanted = reader.raw(path)
    if (kind?.kind !== 'lake' || typeof wanted !== 'string') continue
    if (!checkName(reader, path, 'export', wanted, exportNames)) continue
    const data = reader.raw(['exports', wanted, 'data'])
    if (typeof data !== 'string' || data === 'events') continue
    reader.mistake(path, `a lake reads events, and export ${wanted} keeps ${data}`, 'name an export of events')
  }
}
