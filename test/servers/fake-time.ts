/** A clock that only sleeping moves, so that no test waits. */
export function fakeTime(start = '2026-11-16T07:00:00Z') {
  let now = Date.parse(start)
  const slept: number[] = []
  return {
    /** Milliseconds of each sleep. */
    slept,
    clock: () => new Date(now),
    async sleep(milliseconds: number): Promise<void> {
      slept.push(milliseconds)
      now += milliseconds
    },
    /** The middle of the jitter's range: pauses are 750 ms, 1.5 s, 3 s … */
    random: () => 0.5,
    /** Time passes while nobody sleeps. */
    advance(milliseconds: number): void {
      now += milliseconds
    },
  }
}
