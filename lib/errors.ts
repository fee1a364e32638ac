/**
 * Everything that can go wrong, sorted by who must act. The family is closed: code outside this file throws these
 * or lets a bug surface as itself. `message` says what happened, `remedy` what would be right; neither ever holds
 * a secret, because both end up in logs, mails and stored objects.
 */
export type FailureKind = 'project' | 'usage' | 'credential' | 'refused' | 'data' | 'wait' | 'unavailable' | 'bug'

interface Details {
  readonly remedy?: string | undefined
  /** The vendor's own id of the request, for its support. */
  readonly requestId?: string | undefined
  /** Whatever else is asked of that source now is refused for the same reason: a wrong credential, a plan, a region. */
  readonly everywhere?: boolean | undefined
  readonly cause?: unknown
}

export abstract class BroadsheetError extends Error {
  abstract readonly kind: FailureKind
  readonly remedy: string | undefined
  readonly requestId: string | undefined
  readonly everywhere: boolean

  constructor(message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.remedy = details.remedy
    this.requestId = details.requestId
    this.everywhere = details.everywhere ?? false
  }
}

/** One mistake in the project file. Lines and columns count from 1. */
export interface Mistake {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly remedy?: string | undefined
}

/** The author must mend the project file; all of its mistakes at once. */
export class ProjectError extends BroadsheetError {
  readonly kind = 'project'
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(printMistake).join('\n'))
    this.mistakes = mistakes
  }
}

export function printMistake(mistake: Mistake): string {
  const remedy = mistake.remedy === undefined ? '' : `; ${mistake.remedy}`
  return `${mistake.file}:${mistake.line}:${mistake.column}: ${mistake.message}${remedy}`
}

/** Whoever typed the command (or invoked the function) must type another one. Nothing was done. */
export class UsageError extends BroadsheetError {
  readonly kind = 'usage'
}

/** The operator must mend a credential: missing, malformed, expired or not allowed. */
export class CredentialError extends BroadsheetError {
  readonly kind = 'credential'
}

/** The source refuses this question for good; the author must ask another way (or buy another plan). */
export class RefusedError extends BroadsheetError {
  readonly kind = 'refused'
}

/** Stored data is damaged or not what it claims to be; the message names the object or file, and the line. */
export class DataError extends BroadsheetError {
  readonly kind = 'data'
}

/** Nobody must act: it will be possible at a known time (a rate limit's reset, an export that has yet to finish). */
export class WaitError extends BroadsheetError {
  readonly kind = 'wait'
  readonly until: Date

  constructor(message: string, details: Details & { readonly until: Date }) {
    super(message, details)
    this.until = details.until
  }
}

/** Nobody must act yet: a transient failure (network, overload, a vendor's 5xx) that outlasted the quick retries. */
export class UnavailableError extends BroadsheetError {
  readonly kind = 'unavailable'
}

/** What a failure is called where it is stored or shown; whatever is not of the family is a bug of ours. */
export function failureOf(error: unknown): { kind: FailureKind; message: string; remedy?: string } {
  if (error instanceof BroadsheetError) {
    const id = error.requestId === undefined ? '' : ` (request ${error.requestId})`
    const failure = { kind: error.kind, message: `${error.message}${id}` }
    return error.remedy === undefined ? failure : { ...failure, remedy: error.remedy }
  }
  return {
    kind: 'bug',
    message: error instanceof Error ? error.message : String(error),
    remedy: 'this is a defect of Broadsheet; please report it with the log of this run',
  }
}
