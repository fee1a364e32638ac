import type { Held } from '../store/claims.ts'
import { whileHolding } from '../store/holding.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'

/** Who holds a window, and where. */
export interface Holder {
  readonly store: Store
  readonly keys: ExportKeys
  readonly owner: string
  readonly clock: () => Date
}

/** Does what is to be done with one window while nobody else is at it, as whileHolding says. */
export async function holding<Value>(
  { store, keys, owner, clock }: Holder,
  window: string,
  work: (stillOurs: () => void) => Promise<Value>,
): Promise<{ readonly value: Value } | Held> {
  return whileHolding(store, keys.claim(window), { owner, clock, what: window }, work)
}
