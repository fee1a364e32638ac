/** Lets so many in at a time; the others stand in line, first come, first served. */
export interface Turns {
  /** Resolves when it is one's turn, which whoever took it gives back. Rejects with the signal's reason, leaving the line. */
  take(signal?: AbortSignal): Promise<void>
  give(): void
}

export function createTurns(atATime: number): Turns {
  let free = atATime
  const line = new Set<() => void>()

  async function take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (free > 0) {
      free -= 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        line.delete(enter)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', leave, { once: true })
      line.add(enter)
    })
  }

  function give(): void {
    const [next] = line
    if (next === undefined) {
      free += 1
    } else {
      line.delete(next)
      next()
    }
  }

  return { take, give }
}
