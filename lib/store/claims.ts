import type { Store } from './store.ts'

/**
 * Who is doing what, so that one of many does it. A claim is an object that is created only if absent and taken
 * over only from the etag that was read, so of any number of racers one wins.
 */
export interface Claim {
  readonly key: string
  readonly owner: string
  /** Pushes the expiry out; false when somebody else has taken the claim over meanwhile. */
  renew(): Promise<boolean>
  /** Gives the claim back, so that the next one need not wait for the expiry. Nothing happens if it is no longer ours. */
  release(): Promise<void>
}

export interface Held {
  readonly heldBy: string
  readonly until: Date
}

export declare function claim(
  store: Store,
  key: string,
  options: { readonly owner: string; readonly seconds: number; readonly clock: () => Date },
): Promise<Claim | Held>
