import { join } from 'node:path'
import type { ExportEntry } from '../project/project.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Converting, RowWords } from './parquet.ts'
import type { NamesGiven } from './settled.ts'
import { keepNames, readNames } from './settled.ts'
import type { Convert } from './window.ts'

/** By what data without events calls its rows. */
const rowWords: Readonly<Record<Exclude<ExportEntry['data'], 'events'>, RowWords>> = {
  people: { ids: ['distinct_id'], properties: 'properties' },
  customers: { ids: ['distinct_id'], properties: 'properties' },
  catalog: { ids: ['item_id'], properties: 'properties' },
}
const threads = 2

/**
 * What makes Parquet of an export's windows. A column is given to a property once and for all windows: what a window
 * brings is kept before its file is published, and where somebody else gave names meanwhile it is made again with those.
 * `zone` is that of events whose times are seconds of its local clock.
 */
export function converter(
  { store, keys, zone }: { readonly store: Store; readonly keys: ExportKeys; readonly zone?: string | undefined },
  { data, schema, drop }: Pick<ExportEntry, 'data' | 'schema' | 'drop'>,
): Convert {
  return async (given) => {
    for (;;) {
      const known = await readNames(store, keys)
      const { files, names, duplicates } = await convertLines({ ...given, zone }, { data, schema, drop }, known)
      if (!(await keepNames(store, keys, known, names))) continue
      return { files, duplicates }
    }
  }
}

/** Loads DuckDB while a window comes, which takes a tenth of a second. Who needs it then is told where it is not there. */
export function loadAhead(): void {
  void import('./duckdb.ts').then(({ load }) => load()).catch(() => {})
}

/** Parquet of one file of an export's lines, with the names that are known and those that are new; nothing is kept. */
export async function convertLines(
  { from, lines, folder, zone, signal }: Parameters<Convert>[0] & { readonly zone?: string | undefined },
  { data, schema, drop }: Pick<ExportEntry, 'data' | 'schema' | 'drop'>,
  known: NamesGiven,
): Promise<Awaited<ReturnType<Convert>> & { readonly names: NamesGiven }> {
  // DuckDB is large, and who keeps the vendor's bytes alone has no use for it.
  const { convertRows, convertToParquet } = await import('./parquet.ts')
  const isSplit = schema === 'multi' && data === 'events'
  const common: Converting = {
    from: [from],
    to: join(folder, isSplit ? 'events' : 'rows.parquet'),
    columns: known.columns,
    drop,
    lines,
    threads,
    scratch: folder,
    signal,
  }
  const made =
    data === 'events'
      ? await convertToParquet({ ...common, zone, split: isSplit ? known.slugs : undefined })
      : await convertRows(common, rowWords[data])
  const names: NamesGiven = { columns: made.columns, slugs: isSplit ? made.slugs : known.slugs }
  const files = made.files.map(({ path, rows, slug }) => ({ path, rows, ...(slug === undefined ? {} : { event: slug }) }))
  return { files, duplicates: made.duplicates, names }
}
