import type { SourceKind } from '../sources/source.ts'
import type { SourceEntry } from './project.ts'
import type { Reader } from './reader.ts'
import type { Defaults } from './schema.ts'
import type { Path } from './tree.ts'

/** What the parts of a file are checked against. What could not be read is undefined, and known by its name all the same. */
export interface Surroundings {
  readonly reader: Reader
  readonly kinds: Readonly<Record<string, SourceKind>>
  readonly timezone: string | undefined
  readonly weekStart: 'monday' | 'sunday'
  readonly defaults: Partial<Defaults>
  readonly sources: ReadonlyMap<string, { readonly kind?: SourceKind | undefined; readonly entry?: SourceEntry | undefined }>
  readonly warn: (path: Path, message: string) => void
}
