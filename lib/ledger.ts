/**
 * What is used up of a vendor's limits, kept where everyone who asks the same vendor project sees it: all functions,
 * all people, all processes with one store.
 */
export interface Ledger {
  /**
   * Takes one call out of a limit, before it is sent. Throws WaitError with the time at which there is room, where the
   * limit is used up, or the vendor said so (`block`); the reason of the signal, where that ends it.
   */
  take(limit: Limit, signal?: AbortSignal): Promise<Taken>
  /**
   * The vendor itself says that nothing goes before that time: others of the project, unknown here, used it up. It holds
   * for little more than an hour at most, which is all that a limit by the hour can mean: an absurd time locks nobody out.
   */
  block(limit: Limit, until: Date): Promise<void>
}

export interface Limit {
  /** Of small letters, digits and hyphens; the same wherever the limit is the same: `mixpanel-eu-1234567-query`. */
  readonly name: string
  /** For people: `queries of Mixpanel project 1234567`; calls of that name unless said. */
  readonly label?: string | undefined
  /** At most so many calls in any hour, not only in those of the clock. */
  readonly perHour: number
}

/** One call that was taken. */
export interface Taken {
  /** The vendor did not count it after all. */
  giveBack(): Promise<void>
}
