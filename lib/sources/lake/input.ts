import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { DataError } from '../../errors.ts'
import type { ExportedFiles } from '../source.ts'

export interface EventFile {
  /** Absolute. */
  readonly path: string
  /** What people know it as: relative to the project's folder where it lies in it. */
  readonly name: string
  readonly format: 'ndjson' | 'parquet'
  /** Changes with the content. */
  readonly version: string
  /** Of the export that wrote it, if one did: its windows may be in two formats, and say the same in both. */
  readonly ofExport?: OfExport | undefined
}

export interface OfExport {
  /** The column of each property. */
  readonly columns: ReadonlyMap<string, string>
  readonly localZone?: string | undefined
}

const ndjson = /\.(?:ndjson|jsonl|json)(?:\.gz)?$/i
const parquet = /\.parquet$/i

/** A folder's files of events, at any depth, in the order of their paths. Names that begin with a dot are passed over. */
export async function filesIn(folder: string, project: string): Promise<EventFile[]> {
  const paths = await walk(folder).catch((error: unknown) => {
    throw unreachable(error, folder, project) ?? error
  })
  const files = await describeFiles(
    paths.filter((path) => ndjson.test(path) || parquet.test(path)),
    project,
  )
  if (files.length === 0) {
    throw new DataError(`${shownName(folder, project)} holds no events`, {
      remedy: 'a lake reads .ndjson, .jsonl and .json files, also as .gz, or .parquet',
    })
  }
  return files
}

/** Throws DataError where NDJSON and Parquet are mixed in a folder: they would be the same events twice. */
async function describeFiles(paths: readonly string[], project: string): Promise<EventFile[]> {
  const files = await Promise.all(paths.toSorted().map((path) => describeFile(path, project)))
  // DuckDB goes by the ending.
  const shouted = files.find(({ path }) => /\.gz$/i.test(path) && !path.endsWith('.gz'))
  if (shouted !== undefined)
    throw new DataError(`${shouted.name} is compressed`, { remedy: 'end its name with .gz in small letters' })
  const other = files.find(({ format }) => format !== files[0]?.format)
  if (other !== undefined) {
    throw new DataError(`${files[0]?.name} and ${other.name} are of two kinds`, {
      remedy: 'a lake reads NDJSON or Parquet; name a folder that holds one of them',
    })
  }
  return files
}

/** What an export handed out, in the order of the paths. */
export function describeExported(
  { files, columns = new Map(), localZone }: Pick<ExportedFiles, 'files' | 'columns' | 'localZone'>,
  project: string,
): Promise<EventFile[]> {
  const ofExport = { columns, localZone }
  return Promise.all(files.toSorted().map(async (path) => ({ ...(await describeFile(path, project)), ofExport })))
}

async function describeFile(path: string, project: string): Promise<EventFile> {
  const { size, mtimeMs } = await stat(path)
  const format = parquet.test(path) ? 'parquet' : 'ndjson'
  return { path, name: shownName(path, project), format, version: `${path}\n${size}\n${mtimeMs}` }
}

/** What the system says of a path that cannot be read, as the author's business; undefined for anything else. */
function unreachable(error: unknown, folder: string, project: string): DataError | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  const why = { ENOENT: 'is not there', ENOTDIR: 'is not a folder', EACCES: 'may not be read' }[String(error.code)]
  if (why === undefined) return undefined
  // Deep in the folder it may be a link to nothing.
  const path = 'path' in error && typeof error.path === 'string' ? error.path : folder
  return new DataError(`${shownName(path, project)} ${why}`, { remedy: 'the lake reads its events there', cause: error })
}

async function walk(folder: string): Promise<string[]> {
  const entries = (await readdir(folder)).filter((name) => !name.startsWith('.'))
  const paths = entries.map(async (name) => {
    const path = join(folder, name)
    // Not the entry's own kind: a link counts as what it points to.
    return (await stat(path)).isDirectory() ? walk(path) : [path]
  })
  return (await Promise.all(paths)).flat()
}

function shownName(path: string, project: string): string {
  const name = relative(project, path)
  return name === '' || name.startsWith('..') ? path : name
}
