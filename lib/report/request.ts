import type { Temporal } from 'temporal-polyfill'
import type { Edition } from '../edition.ts'
import type { Mailer } from '../email/mailer.ts'
import type { Project, Report } from '../project/project.ts'
import type { FailureResult, Result } from '../result.ts'
import type { Source } from '../sources/source.ts'
import type { RunKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { ObjectList, RunManifest } from './manifest.ts'
import type { Sent } from './send.ts'

/** A run is one report at one scheduled instant, and its id is nothing else: `<report>/<scheduled instant>`. */
export interface RunRequest {
  readonly report: string
  readonly scheduledAt: Temporal.Instant
  /**
   * Asks anew, beside what is kept: into `<instant>-2/`, `-3/` …; readers get nothing. The text names the wish: whoever
   * calls with the same one goes on with the same attempt, finished or not.
   */
  readonly again?: string | undefined
  /** Who gets the mail: nobody (it is only kept), the report's readers, or one person as a trial. */
  readonly send?: 'readers' | { readonly to: string } | undefined
  /** A run on made-up events: marked as such, never sent. */
  readonly sample?: boolean | undefined
  /** When whoever asks first asked for this run; a call that was booked by an earlier one hands it on. */
  readonly begunAt?: Date | undefined
}

/** What a run is handed: adapters, built once by whoever starts it. */
export interface RunContext {
  readonly project: Project
  readonly store: Store
  /** The open source of a name; opened once, closed by whoever built the context. */
  readonly source: (name: string) => Source
  readonly mailer?: Mailer | undefined
  readonly clock: () => Date
  /** Who this is, for claims: unique to the process. */
  readonly owner: string
  /** Told of each step as it happens, for progress and logs. */
  readonly progress?: ((event: RunProgress) => void) | undefined
}

export type RunProgress =
  | { readonly step: 'asking' | 'kept' | 'answered'; readonly query: string }
  | { readonly step: 'failed' | 'waiting'; readonly query: string; readonly why: string; readonly error: unknown }
  /** A sample has no answer to it. */
  | { readonly step: 'left out'; readonly query: string; readonly why: string }
  | { readonly step: 'drawing' | 'sending' | 'publishing' }

export type RunOutcome =
  | {
      readonly status: 'done'
      /** `weekly-growth/20261116T070000Z` */
      readonly run: string
      /** Nothing failed; what a sample leaves out did not. */
      readonly complete: boolean
      readonly manifest: RunManifest
      /** Keys of what the run kept, the manifest last. */
      readonly keys: readonly string[]
      /** By query, in the report's order. */
      readonly results: readonly Result[]
      readonly failures: readonly FailureResult[]
      readonly mail: readonly Sent[]
      /** What the mail says. */
      readonly edition: Edition
    }
  | { readonly status: 'again'; readonly run: string; readonly at: Date; readonly why: string }

/** The run at hand: what its parts share. */
export interface Run {
  readonly id: string
  readonly report: Report
  readonly request: RunRequest
  readonly context: RunContext
  readonly keys: RunKeys
  readonly objects: ObjectList
}
