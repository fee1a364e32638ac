const hour = 3_600_000

/** A vendor's limit in any hour, with what is known to be used of it. */
export interface HourlyLimit {
  readonly perHour: number
  /** The instants of the last hour's calls, in any order; older ones do no harm. */
  readonly calls: readonly Date[]
  /** Nothing goes before it. */
  readonly until?: Date | undefined
}

/**
 * When the last of so many more calls may go at the earliest: each an hour after the one `perHour` before it. `now` where none
 * is left. Others who share the limit may make it later.
 */
export function lastMayGo(left: number, { perHour, calls, until = new Date(0) }: HourlyLimit, now: Date): Date {
  const first = Math.max(now.getTime(), until.getTime())
  const times = calls.map((call) => call.getTime()).sort((one, other) => one - other)
  let last = now.getTime()
  for (let at = 0; at < left; at += 1) {
    last = Math.max(first, (times.at(-perHour) ?? Number.NEGATIVE_INFINITY) + hour)
    times.push(last)
  }
  return new Date(last)
}
