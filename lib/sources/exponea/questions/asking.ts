import type { Note } from '../../../result.ts'
import { isoWithOffset } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { analysisCalls } from '../calls/analyses.ts'
import type { Analysis, ExponeaClient } from '../client.ts'

/** What is known of a source before it is opened. */
export interface Site {
  /** The name that the project file gave it. */
  readonly name: string
}

/** What the source is, as far as questions have to know. */
export interface Place extends Site {
  readonly client: Analyses
}

export type AnalysisKind = keyof typeof analysisCalls

export interface AnalysisAsked {
  readonly analysis_id: string
  /** Seconds since 1970. */
  readonly execution_time?: number
  readonly timezone: string
}

/** Of a client: the calls that give saved analyses. */
export type Analyses = Readonly<Record<AnalysisKind, (asked: AnalysisAsked, signal?: AbortSignal) => Promise<Analysis>>>

/** What a client is to questions: a type check that it has these calls. */
export function analysesOf(client: ExponeaClient): Analyses {
  return client
}

export interface Request {
  readonly call: AnalysisKind
  readonly parameters: AnalysisAsked
}

/** A saved analysis as it stood at the scheduled instant, whenever it is asked. */
export function analysisRequest(call: AnalysisKind, id: string, { scheduledAt, calendar }: Ask): Request {
  const execution_time = scheduledAt.epochMilliseconds / 1000
  return { call, parameters: { analysis_id: id, execution_time, timezone: calendar.timezone } }
}

/**
 * What has to be said of every saved analysis: whose dates it has, which are in the answers of `dated` ones alone, and how
 * old it may be.
 */
export function notesOn(
  { name }: Pick<Analysis, 'name'>,
  { scheduledAt, calendar, windows }: Ask,
  { dated = false }: { readonly dated?: boolean } = {},
): Note[] {
  const at = isoWithOffset(scheduledAt.toZonedDateTimeISO(calendar.timezone))
  const own = `"${name}" has the dates and the filters that it is saved with at Exponea, seen from ${at}`
  const unseen = dated ? own : `${own}; they are not in its answer`
  return [
    {
      kind: dated ? 'source' : 'undated',
      text: windows.comparisons.length === 0 ? unseen : `${unseen}, so it is compared with nothing`,
    },
    { kind: 'source', text: 'Exponea keeps an answer for up to 10 minutes, so it may be as old as that' },
  ]
}
