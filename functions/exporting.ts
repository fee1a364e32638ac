import { createHash } from 'node:crypto'
import { UsageError } from '../lib/errors.ts'
import { converter, loadAhead } from '../lib/export/convert.ts'
import { exportReader } from '../lib/export/reader.ts'
import type { ExportContext } from '../lib/export/run.ts'
import { partitionOf } from '../lib/export/windows.ts'
import type { Limit } from '../lib/ledger.ts'
import type { ExportEntry, Project } from '../lib/project/project.ts'
import { sourceKinds } from '../lib/sources/index.ts'
import type { ExportReader, Source, SourceKind } from '../lib/sources/source.ts'
import { exportKeys } from '../lib/store/keys.ts'
import type { Store } from '../lib/store/store.ts'

/** An export of the project, by its name. Throws UsageError for another one. */
export function exportNamed(project: Project, name: string): ExportEntry {
  const entry = Object.hasOwn(project.exports, name) ? project.exports[name] : undefined
  if (entry !== undefined) return entry
  const known = Object.keys(project.exports).join(', ')
  throw new UsageError(`there is no export "${name}"`, {
    remedy: known === '' ? 'add one under `exports` of the project file' : `the project has ${known}`,
  })
}

/** The zone that an export's days are counted in: the vendor's to say. */
export function zoneOfExport(project: Project, entry: ExportEntry): string {
  const { kind, config } = sourceOf(project, entry)
  return kindNamed(kind)?.exports?.zone(config, project.timezone) ?? project.timezone
}

/** The zone in whose local clock the vendor counts the seconds of its events, where it is not UTC. */
export function localZoneOf(project: Project, entry: ExportEntry): string | undefined {
  const { kind, config } = sourceOf(project, entry)
  return kindNamed(kind)?.exports?.countsLocally?.(config) === true ? zoneOfExport(project, entry) : undefined
}

/** The vendor's hourly limit of which each window takes one call, where it has one. */
export function limitOfExport(project: Project, entry: ExportEntry): Limit | undefined {
  const { kind, config } = sourceOf(project, entry)
  return entry.data === 'events' ? kindNamed(kind)?.exports?.limit?.(config) : undefined
}

/** What an export is run with. */
export function exportContext(
  project: Project,
  entry: ExportEntry,
  options: {
    readonly store: Store
    readonly source: Source
    readonly owner: string
    readonly clock: () => Date
    /** A folder that is gone with the process. */
    readonly scratch: string
    readonly received?: (bytes: number) => void
  } & Pick<ExportContext, 'until' | 'signal' | 'progress' | 'atATime' | 'tables'>,
): ExportContext {
  const { store, source, owner, clock, scratch, received, ...rest } = options
  const { data, events, catalog, where, format } = entry
  const zone = zoneOfExport(project, entry)
  const keys = exportKeys(entry.name)
  return {
    ...rest,
    entry,
    zone,
    owner,
    exporting: {
      store,
      keys,
      head: { export: entry.name, source: entry.source, data, definition: definitionOf(project, entry), timezone: zone },
      formats: format,
      partition: partitionOf(data),
      async ask({ start, end }, signal) {
        if (source.export === undefined) throw new UsageError(`source ${entry.source} has nothing to export`)
        if (format.includes('parquet')) loadAhead()
        return source.export({ data, ...(data === 'events' ? { window: { start, end } } : {}), events, catalog, where, signal })
      },
      convert: converter({ store, keys, zone: localZoneOf(project, entry) }, entry),
      scratch,
      clock,
      received,
    },
  }
}

/** What lakes of the project read of its exports. `scratch` is made when something has to be fetched. */
export function exportsOf(project: Project, store: Store, scratch: string): ExportReader {
  const zone = (entry: ExportEntry) => zoneOfExport(project, entry)
  const localZone = (entry: ExportEntry) => localZoneOf(project, entry)
  return exportReader({ store, scratch, zone, localZone, entry: (name) => exportNamed(project, name), clock: () => new Date() })
}

/** How a source is asked, and not for what. */
const unasked = ['credentials', 'budget', 'url', 'getTimeout', 'postTimeout']

/** SHA-256 of what decides which lines come, and under which places: windows of another one are no part of the same export. */
export function definitionOf(project: Project, { data, events, catalog, where, drop, source, schema }: ExportEntry): string {
  const config = Object.entries(sourceOf(project, { source }).config).filter(([word]) => !unasked.includes(word))
  const split = schema === 'multi' ? schema : undefined
  const told = JSON.stringify({ config: config.sort(), data, events, catalog, where, drop, split })
  return createHash('sha256').update(told).digest('hex')
}

function sourceOf(project: Project, { source }: Pick<ExportEntry, 'source'>) {
  const entry = project.sources[source]
  if (entry === undefined) throw new RangeError(`the project has no source ${source}`)
  return entry
}

function kindNamed(kind: string): SourceKind | undefined {
  return (sourceKinds as Readonly<Record<string, SourceKind>>)[kind]
}
