import type { Temporal } from 'temporal-polyfill'
import type { Mailer } from '../email/mailer.ts'
import type { Project } from '../project/project.ts'
import type { Source } from '../sources/source.ts'
import type { Store } from '../store/store.ts'

/** A run is one report at one scheduled instant, and its id is nothing else: `<report>/<scheduled instant>`. */
export interface RunRequest {
  readonly report: string
  readonly scheduledAt: Temporal.Instant
  /** Asks anew, beside what is kept: into `<instant>-2/`, `-3/` …; readers get nothing. */
  readonly again?: boolean
  /** Who gets the mail: nobody (it is only kept), the report's readers, or one person as a trial. */
  readonly send?: 'readers' | { readonly to: string } | undefined
  /** A run on made-up events: marked as such, never sent. */
  readonly sample?: boolean
}

/** What a run is handed: adapters, built once by whoever starts it. */
export interface RunContext {
  readonly project: Project
  readonly store: Store
  /** Opens the source of a name; opened once, closed by whoever built the context. */
  readonly source: (name: string) => Source
  readonly mailer?: Mailer | undefined
  readonly clock: () => Date
  /** Who this is, for claims: unique to the process. */
  readonly owner: string
  /** Told of each step as it happens, for progress and logs. */
  readonly progress?: (event: RunProgress) => void
}

export type RunProgress =
  | { readonly step: 'asking' | 'kept' | 'answered'; readonly query: string }
  | { readonly step: 'failed' | 'waiting'; readonly query: string; readonly why: string }
  | { readonly step: 'drawing' | 'sending' | 'publishing' }

export type RunOutcome =
  | {
      readonly status: 'done'
      /** `weekly-growth/20261116T070000Z` */
      readonly run: string
      readonly complete: boolean
      /** Keys of what the run kept, the manifest last. */
      readonly keys: readonly string[]
      readonly failures: readonly { readonly query: string; readonly message: string; readonly remedy?: string }[]
      readonly mail: readonly {
        readonly to: string
        readonly state: 'sent' | 'refused' | 'unknown'
        readonly messageId?: string
      }[]
    }
  | { readonly status: 'again'; readonly run: string; readonly at: Date; readonly why: string }

/** May be called any number of times, by anyone, at once: what is done stands in the store, and it goes on from there. */
export declare function runReport(request: RunRequest, context: RunContext): Promise<RunOutcome>
