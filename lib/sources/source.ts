import type { Temporal } from 'temporal-polyfill'
import type * as z from 'zod'
import type { Ledger, Limit } from '../ledger.ts'
import type { Question, QuestionKind } from '../query.ts'
import type { AnyBody, CohortsBody, FunnelBody, SeriesBody, TableBody } from '../result.ts'
import type { Calendar, Windows } from '../timeframe.ts'

type Of<Kind extends QuestionKind> = Extract<Question, { kind: Kind }>

/** What every question is asked with. */
export interface Asked {
  /** What one series is called when the question has no `on` and no single event's name: the query's title. */
  readonly title: string
  readonly windows: Windows
  readonly calendar: Calendar
  readonly scheduledAt: Temporal.Instant
  readonly signal?: AbortSignal | undefined
}

/**
 * One question at one scheduled instant. A source answers all of it: timeframe, trend and comparisons. Without a kind
 * it is a question of any kind.
 */
export type Ask<Kind extends QuestionKind = QuestionKind> = Kind extends QuestionKind
  ? Asked & { readonly question: Of<Kind> }
  : never

/** What each kind of question is answered with. Kinds are added here as they are built, never as stubs. */
export interface Bodies {
  segmentation: SeriesBody
  funnel: FunnelBody
  retention: CohortsBody
  frequency: CohortsBody
  top: TableBody
  people: TableBody
  saved: AnyBody
}
export type AnsweredKind = keyof Bodies

/** Answers by kind; a key that is not there is a kind that the source cannot answer. */
export type Answers = { readonly [Kind in AnsweredKind]?: (ask: Ask<Kind>) => Promise<Bodies[Kind]> }

/** What exports copy: events of a window, or things as they are when they are asked for. */
export type ExportData = 'events' | 'people' | 'customers' | 'catalog'

/** One window of an export. */
export interface ExportAsk {
  readonly data: ExportData
  /** Half-open, in the zone that `SourceKind.exports` says; absent for what has no time. */
  readonly window?: { readonly start: Temporal.ZonedDateTime; readonly end: Temporal.ZonedDateTime } | undefined
  /** Only these events. */
  readonly events?: readonly string[] | undefined
  /** The id of the catalog, of `catalog`. */
  readonly catalog?: string | undefined
  /** A segmentation expression. */
  readonly where?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** NDJSON as a vendor sends it, to be verified while it is read. */
export interface RawData {
  /** What messages call the request. */
  readonly call: string
  readonly requestId?: string | undefined
  /** Read it to its end, or destroy it. */
  readonly body: AsyncIterable<Uint8Array> & { destroy(error?: Error): unknown }
  readonly encoding: 'gzip' | undefined
  /** Is told each line, and at last asked, whether the data is whole; all throw UnavailableError where it was cut. */
  readonly lines: {
    see(line: Buffer): void
    end(): unknown
    /** The failure of the stream itself, in words that say what came before. */
    cut(cause: Error): Error
  }
}

/** An export's data: the vendor's own bytes, or rows that whoever keeps them writes down, one JSON object each. */
export type Exported = { readonly raw: RawData } | { readonly rows: AsyncIterable<object> }

/** A place that can be asked, ready: credentials are read when it is first asked, not before. */
export interface Source {
  /** For people: `Mixpanel (project 1234567, EU)`. */
  readonly label: string
  /** How many questions it takes at a time, by its own documented limit. */
  readonly concurrency: number
  readonly answers: Answers
  /** What would be sent or run for a question, for `--explain`: one line each, no secrets. */
  explain(ask: Ask): Promise<string[]> | string[]
  /** Calls the vendor as `broadsheet call` does: parameters as JSON has them, checked before anything is sent (UsageError). */
  call?(name: string, parameters: unknown, signal?: AbortSignal): Promise<Called>
  /** One window of raw data, as it comes. Throws what the client throws; RefusedError where a cap of the vendor's is reached. */
  export?(ask: ExportAsk): Promise<Exported>
  /** Looks up at the vendor what questions name: events, properties, saved funnels. Nothing found is nothing wrong; what cannot be looked up is found as unknown. */
  inspect?(asked: readonly Inspected[]): Promise<Finding[]>
  close?(): Promise<void>
}

/**
 * What a call of a vendor gave: JSON, a text as it came (CSV), JSON documents one after the other, as they come, or the bytes
 * of a file that is packed with gzip.
 */
export type Called =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly each: AsyncIterable<unknown> }
  | { readonly bytes: AsyncIterable<Uint8Array> }

/** A vendor's call in words and parameters, known before anything is opened. */
export interface CallWords {
  /** One line for people. */
  readonly about: string
  readonly parameters: z.ZodType
  /** What `format` may be, where the vendor answers in several. */
  readonly formats?: readonly string[] | undefined
  /** It gives `bytes`, which are for a file and no terminal. */
  readonly packed?: true | undefined
  /** How many of those that were sent together an answer says were refused; of a stream, for each of what it gives. */
  refusedIn?(answer: unknown): number
  /** What it is called elsewhere, for whoever looks for it by that name: `get_events`, `events/top`. */
  readonly also?: readonly string[] | undefined
}

/** A question with its place in the project file, for what is found wrong with it. */
export interface Inspected {
  readonly report: string
  readonly query: string
  readonly question: Question
}

export interface Finding {
  readonly report: string
  readonly query: string
  /** `no event of this project is called "Sign up"` */
  readonly problem: string
  /** `did you mean "Sign Up"?` */
  readonly remedy?: string | undefined
  /** No call of the vendor tells whether it is there: nothing is wrong, and nothing is known to be right. */
  readonly unknown?: true | undefined
}

/** A limit of the vendor that all who use one of its projects share. */
export interface SharedLimit {
  /** The same for sources that share it: `mixpanel eu 1234567`. */
  readonly key: string
  /** For people: `Mixpanel project 1234567`. */
  readonly label: string
  /** Questions to the vendor in any hour: the source's budget, else the vendor's own limit. */
  readonly perHour: number
}

/** What a source is handed; it reaches for nothing else. */
export interface SourceContext {
  /** The name that the project gave it. */
  readonly name: string
  /** The project's folder: relative paths start there. */
  readonly folder: string
  readonly timezone: string
  /** Reads the credential that a reference (`ssm:/name`, `secretsmanager:name`, `env:NAME`) points to. `again` skips caches. */
  readonly credential: (reference: string, again?: boolean) => Promise<string>
  /** Who else asks the vendor's project, and what is left of its hour; without one, only the vendor itself counts. */
  readonly ledger?: Ledger | undefined
  /** One sentence for whoever keeps the project: a credential that will stop working. Not for readers; no secret. */
  readonly warn?: ((sentence: string) => void) | undefined
  /** One line for each call to a vendor, for `--verbose`: method, path, status, milliseconds; no secret. */
  readonly trace: (line: string) => void
  /** Told of each pause that a vendor asks for, or that follows its failure. No secret. */
  readonly waits?: ((until: Date, why: string) => void) | undefined
  readonly clock: () => Date
  /** The kept windows of an export, for a lake that reads one. */
  readonly exported?: ExportReader | undefined
}

/** Hands a lake the local paths of the files that an export kept for a stretch of time. */
export type ExportReader = (exportName: string, start: Date, end: Date) => Promise<ExportedFiles>

export interface ExportedFiles {
  /** Each window in one format, which need not be that of its neighbours. */
  readonly files: readonly string[]
  /** The names of windows that are not kept. */
  readonly missing: readonly string[]
  /** Those of them that the export will never have, because it begins after them. */
  readonly never?: readonly string[] | undefined
  /** Those of them that are older than the export keeps any, so that it has them no more. */
  readonly expired?: readonly string[] | undefined
  /** The column of each property, in Parquet; unless given each has its own name. */
  readonly columns?: ReadonlyMap<string, string> | undefined
  /** The zone in whose local clock the times of NDJSON count their seconds; Parquet has UTC. */
  readonly localZone?: string | undefined
}

/**
 * Whose dates an answer has: the `timeframe` that was asked for; those `saved` at the vendor, which only the answer tells, if
 * it does; or none, since things are as they are when they are asked for (`now`).
 */
export type Dated = 'timeframe' | 'saved' | 'now'

/** A kind of source, as the registry lists it. */
export interface SourceKind<Schema extends z.ZodType = z.ZodType> {
  readonly kind: string
  /** What a source of this kind says of itself in the project file, `kind` included. */
  readonly schema: Schema
  /** The kinds of question it answers: the keys of `answers`, known before anything is opened. */
  readonly kinds: readonly AnsweredKind[]
  /** Why this source cannot answer that question, if it cannot; said when the project is loaded. */
  refuse?(config: z.output<Schema>, question: Question, context: Pick<SourceContext, 'name' | 'timezone'>): string | undefined
  /**
   * Whose dates an answer has, where that is not as elsewhere: of a saved question the vendor's, of people none, else the
   * query's timeframe.
   */
  datesOf?(question: Question): Dated | undefined
  /** The zone whose whole days the vendor counts, where no other can be asked for; `timezone` is the file's. */
  countsDaysIn?(config: z.output<Schema>, timezone: string | undefined): string | undefined
  /** Variables that are read where the file gives no `credentials`: the vendor's own names for them. */
  readonly variables?: readonly string[]
  /** The vendor's hourly limit that this source's questions use up. */
  limit?(config: z.output<Schema>): SharedLimit
  /** How much of that limit a question uses up, each time that it is asked. Throws RefusedError where it cannot be asked. */
  cost?(config: z.output<Schema>, ask: Ask, context: Pick<SourceContext, 'name' | 'timezone'>): number
  /** What an author should know before relying on what is asked: a sentence each. */
  advice?(config: z.output<Schema>, questions: readonly Question[]): string[]
  /** Every call of the vendor, by name, for `broadsheet call`; `Source.call` makes them. */
  readonly calls?: Readonly<Record<string, CallWords>>
  /** What can be exported, known before anything is opened; `Source.export` does it. */
  readonly exports?: {
    readonly data: readonly ExportData[]
    /** The zone whose days and hours the vendor exports events by; `timezone` is the file's. */
    zone(config: z.output<Schema>, timezone: string): string
    /** Whether events' times are seconds of that zone's local clock, counted as if it were UTC. */
    countsLocally?(config: z.output<Schema>): boolean
    /** The vendor's hourly limit of which each window of events takes one call. */
    limit?(config: z.output<Schema>): Limit
    /** Why this cannot be exported, if it cannot; said when the project is loaded. */
    refuse?(
      config: z.output<Schema>,
      ask: Omit<ExportAsk, 'window' | 'signal'> & { readonly every: 'hour' | 'day' },
    ): string | undefined
  }
  open(config: z.output<Schema>, context: SourceContext): Source
}
