import { BroadsheetError } from '../errors.ts'
import type { FailureResult } from '../result.ts'

type Reason = Pick<FailureResult, 'kind' | 'message' | 'remedy'>

/** Those that failed for one reason together, each in the order given: what is said once is said of all of them. */
export function byReason<One>(failed: readonly One[], reasonOf: (one: One) => Reason): One[][] {
  const keyOf = (one: One) => {
    const { kind, message, remedy } = reasonOf(one)
    return JSON.stringify([kind, message, remedy])
  }
  return [...Map.groupBy(failed, keyOf).values()]
}

/** What one source refused all that is asked of it for, and the query that met it first. */
export interface Refusal {
  readonly error: BroadsheetError
  readonly query: string
}

/** Remembers within a run that a source refuses all that is asked of it, so that nobody asks it more. */
export interface Door {
  refusal(): Refusal | undefined
  /** What is to be thrown for an error that a query met: for all queries that one refusal stops, the same. */
  met(error: unknown, query: string): unknown
}

export function openDoor(): Door {
  let known: Refusal | undefined
  return {
    refusal: () => known,
    met(error, query) {
      if (!(error instanceof BroadsheetError) || !error.everywhere) return error
      known ??= { error, query }
      return known.error
    },
  }
}
