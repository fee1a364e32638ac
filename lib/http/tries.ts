import type { BroadsheetError } from '../errors.ts'
import { RefusedError, UnavailableError, WaitError } from '../errors.ts'

/** A try that came to nothing. */
export interface Failed {
  readonly error: BroadsheetError
  /** Whether the vendor may have done what was asked although no answer came. */
  readonly reached: boolean
}

export interface Patience {
  readonly clock: () => Date
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
  readonly random: () => number
  /** Aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** Told of each pause that somebody could notice: until when, and the failure that is waited out. */
  readonly waits?: ((until: Date, why: string) => void) | undefined
}

export interface Terms {
  /** What messages call the request. */
  readonly call: string
  /** Milliseconds with all tries and pauses. */
  readonly budget: number
  readonly repeatable: boolean
  /** It takes something away, so that a second try may find nothing to do. */
  readonly deletes: boolean
  readonly signal: AbortSignal | undefined
}

const mostTries = 4
const firstPause = 1000
/** Milliseconds. */
const noticed = 3000

/** Tries until one is good, or no tries or time are left. */
export async function insist<Value>(
  { call, budget, repeatable, deletes, signal: caller }: Terms,
  { clock, sleep, random, deadline, waits }: Patience,
  once: (signal: AbortSignal) => Promise<{ value: Value } | Failed>,
): Promise<Value> {
  const end = clock().getTime() + budget
  const over = deadline(budget)
  const signal = caller === undefined ? over : AbortSignal.any([over, caller])
  const late = (cause: unknown) => new UnavailableError(`${call}: no whole answer within ${budget / 1000} s`, { cause })

  let wasHeard = false
  for (let tries = 1; ; tries += 1) {
    const outcome = await once(signal)
    if ('value' in outcome) return outcome.value
    if (deletes && wasHeard && outcome.error instanceof RefusedError) throw perhapsDone(outcome.error)
    wasHeard ||= outcome.reached
    caller?.throwIfAborted()
    if (over.aborted) throw late(outcome.error)
    const pause = pauseBefore(outcome, tries)
    // A pause that is no number ends it, too: timers take NaN for a millisecond.
    if (pause === undefined || !(clock().getTime() + pause < end)) throw outcome.error
    if (pause >= noticed) waits?.(new Date(clock().getTime() + pause), outcome.error.message)
    try {
      await sleep(pause, signal)
    } catch (cause) {
      caller?.throwIfAborted()
      if (over.aborted) throw late(outcome.error)
      throw cause
    }
  }

  /** Milliseconds, or undefined when trying again would be wrong. */
  function pauseBefore({ error, reached }: Failed, tries: number): number | undefined {
    // Half of it is left to chance, so that those who failed together do not come back together.
    const pause = firstPause * 2 ** (tries - 1) * (0.5 + random() / 2)
    // A 5xx may say when to come back although what was asked is done.
    if (reached && !repeatable) return undefined
    if (error instanceof WaitError) return Math.max(pause, error.until.getTime() - clock().getTime())
    return error instanceof UnavailableError && tries < mostTries ? pause : undefined
  }
}

function perhapsDone({ message, requestId, remedy }: RefusedError): RefusedError {
  const doubt = 'an earlier try of this call was not answered, and may have deleted it'
  return new RefusedError(`${message}; ${doubt}`, { requestId, remedy })
}
