import { UnavailableError } from '../errors.ts'
import type { Claim } from '../store/claims.ts'
import { claim } from '../store/claims.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'

/** Who holds a window, and where. */
export interface Holder {
  readonly store: Store
  readonly keys: ExportKeys
  readonly owner: string
  readonly clock: () => Date
}

/** Somebody else is at the window. */
export interface HeldByAnother {
  readonly heldBy: string
  readonly until: Date
}

/** A window is free so long after its process died; while it lives the claim is renewed four times as often. */
const claimSeconds = 120

/**
 * Does what is to be done with one window while nobody else is at it, however long that takes; or tells who is at it.
 * `stillOurs` throws UnavailableError once another process has taken the window over, as it may when this one was
 * stopped for longer than a claim lasts.
 */
export async function holding<Value>(
  { store, keys, owner, clock }: Holder,
  window: string,
  work: (stillOurs: () => void) => Promise<Value>,
): Promise<{ readonly value: Value } | HeldByAnother> {
  const held = await claim(store, keys.claim(window), { owner, seconds: claimSeconds, clock })
  if ('heldBy' in held) return held
  const own: Claim = held
  const expiry = () => clock().getTime() + claimSeconds * 1000
  let expires = expiry()
  let lost: unknown
  let failed: unknown
  async function renew(): Promise<void> {
    const next = expiry()
    try {
      if (await own.renew()) {
        expires = next
        failed = undefined
      } else {
        lost = new UnavailableError(`another process has taken ${window} over`, { remedy: 'it goes on there' })
      }
    } catch (error) {
      // It is ours until it runs out, and the next beat tries again.
      failed = error
    }
  }
  const heart = setInterval(() => void renew(), (claimSeconds / 4) * 1000).unref()
  try {
    return {
      value: await work(() => {
        if (lost !== undefined) throw lost
        if (clock().getTime() < expires) return
        // A machine that slept goes on before its timers do, and somebody else may have the window by now.
        throw failed ?? new UnavailableError(`${window} was held for longer than its claim lasts`, { remedy: 'run it again' })
      }),
    }
  } finally {
    clearInterval(heart)
    await own.release()
  }
}
