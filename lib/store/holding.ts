import { UnavailableError } from '../errors.ts'
import type { Held } from './claims.ts'
import { claim } from './claims.ts'
import type { Store } from './store.ts'

/** A claim outlives its process by this much at most; while that lives it is renewed four times as often. */
const claimSeconds = 120

/**
 * Does what only one of many may do, under the claim `key`, for as long as it takes; or tells who is at it. `what` is how
 * messages call that. `stillOurs` throws UnavailableError once another process has taken the claim over, as it may when
 * this one was stopped for longer than a claim lasts, and once it has run out because it could not be renewed: ask it
 * before each effect that must not be done twice. Throws DataError for an object that is no claim, and what `work` and
 * the store throw.
 */
export async function whileHolding<Value>(
  store: Store,
  key: string,
  { owner, clock, what }: { readonly owner: string; readonly clock: () => Date; readonly what: string },
  work: (stillOurs: () => void) => Promise<Value>,
): Promise<{ readonly value: Value } | Held> {
  const expiry = () => clock().getTime() + claimSeconds * 1000
  // Counted from before it is written: never later than what others read there.
  let expires = expiry()
  const held = await claim(store, key, { owner, seconds: claimSeconds, clock })
  if ('heldBy' in held) return held
  const { renew, release } = held
  let lost: unknown
  let failed: unknown
  async function beat(): Promise<void> {
    const next = expiry()
    try {
      if (await renew()) {
        expires = next
        failed = undefined
      } else {
        lost = new UnavailableError(`another process has taken ${what} over`, { remedy: 'it goes on there' })
      }
    } catch (error) {
      // It is ours until it runs out, and the next beat tries again.
      failed = error
    }
  }
  const heart = setInterval(() => void beat(), (claimSeconds / 4) * 1000).unref()
  function stillOurs(): void {
    if (lost !== undefined) throw lost
    if (clock().getTime() < expires) return
    // A machine that slept goes on before its timers do, and somebody else may have it by now.
    throw failed ?? new UnavailableError(`${what} was held for longer than its claim lasts`, { remedy: 'run it again' })
  }
  try {
    return { value: await work(stillOurs) }
  } finally {
    clearInterval(heart)
    // What the work came to is what counts: a claim that cannot be released runs out by itself.
    await release().catch(() => {})
  }
}
