import type { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../errors.ts'

/** What is saved at a vendor answers for the time at which it is asked; a day after the schedule that is another time. */
const longestDelay = { hours: 24 }

/**
 * Throws RefusedError where a run is over at `now`, and what it asks (`a saved report`) has the dates that the vendor
 * gives it when it is asked.
 */
export function refuseOver(what: string, vendor: string, scheduledAt: Temporal.Instant, now: Temporal.Instant): void {
  if (now.since(scheduledAt.add(longestDelay)).sign <= 0) return
  // As `--at` takes it, and never after now.
  const minute = now.toString({ smallestUnit: 'minute', roundingMode: 'floor' })
  throw new RefusedError(`${what} has the dates that ${vendor} gives it now, not those of a run that is over`, {
    remedy: `look at it with \`run --at ${minute}\`, which is now; a scheduled run has a day to ask it`,
  })
}
