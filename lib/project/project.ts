import type { Mistake } from '../errors.ts'
import type { Query } from '../query.ts'
import type { Calendar } from '../timeframe.ts'
import type { Alert, Exported } from './schema.ts'

/** The user's one file, loaded, checked, and with every default filled in. */
export interface Project extends Calendar {
  /** Absolute path of the file. */
  readonly file: string
  /** Its folder: relative paths start there. */
  readonly folder: string
  /** BCP 47, for numbers, dates and the mail's `lang`. */
  readonly locale: string
  readonly sources: Readonly<Record<string, SourceEntry>>
  readonly reports: Readonly<Record<string, Report>>
  readonly exports: Readonly<Record<string, ExportEntry>>
  /** What is right and still does nothing in this version. */
  readonly warnings: readonly Mistake[]
  /** Where the value at a path of keys and indices stands in the file; absent on a project that was not read from one. */
  readonly where?: (path: readonly (string | number)[]) => Pick<Mistake, 'file' | 'line' | 'column'>
}

/** A source as the project names it; `config` is what its kind's schema made of it, `kind` included. */
export interface SourceEntry {
  readonly name: string
  readonly kind: string
  readonly config: { readonly kind: string; readonly credentials?: string | undefined } & Readonly<Record<string, unknown>>
}

export interface Report extends Calendar {
  readonly name: string
  readonly title: string
  /** A mailbox; reply-to of the mail, named in its colophon, and told of failures. */
  readonly owner?: string | undefined
  /** EventBridge Scheduler's own words: `cron(…)`, `rate(…)` or `at(…)`, read in `timezone`. */
  readonly schedule: string
  /** Seconds after the scheduled instant for which transient failures are retried before a mail goes out with a hole. */
  readonly hold: number
  /** In the file's order. */
  readonly queries: readonly Query[]
  /** The tiles, in order: names of queries. */
  readonly figures: readonly string[]
  /** Kept as the file says them until alerts are raised; each speaks of a query that is there. */
  readonly alerts: readonly Alert[]
  readonly email?: { readonly from: string; readonly to: readonly string[]; readonly attach?: 'csv' | undefined } | undefined
}

/** A continuing copy of events; kept here as the file says it until exports run. */
export interface ExportEntry extends Exported {
  readonly name: string
}
