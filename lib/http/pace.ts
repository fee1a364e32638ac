import type { Patience } from './tries.ts'

/**
 * Waits until so many milliseconds have passed since the one before it was let through. At most `crowd` wait at a time,
 * so nobody ever waits longer than all of them: a clock that was set back costs no more than that.
 */
export function createPace(gap: number, crowd: number, { clock, sleep }: Pick<Patience, 'clock' | 'sleep'>) {
  let next = Number.NEGATIVE_INFINITY

  return async (signal: AbortSignal): Promise<void> => {
    const now = clock().getTime()
    const pause = Math.min(Math.max(0, next - now), gap * crowd)
    next = now + pause + gap
    if (pause > 0) await sleep(pause, signal)
  }
}
