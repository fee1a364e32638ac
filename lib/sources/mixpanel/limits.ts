import type { Settle } from '../../http.ts'
import { retryAfter } from '../../http.ts'
import type { Ledger, Limit, Taken } from '../../ledger.ts'
import type { Pool } from './call.ts'
import { hourEnds } from './failure.ts'

/** Queries at a time for one project, by the vendor's limit. */
export const concurrency = 5
/** Exports at a time. The vendor takes 100 for a project; each of ours unpacks a stream, and two processors keep up with few. */
export const exportConcurrency = 4
/** Milliseconds between the starts of exports: the vendor takes three a second. */
export const exportGap = 334
/** Calls in a rolling hour for one project, by the vendor's limits for queries, JQL and raw export. */
export const vendorsPerHour = 60

/** Not counted by the vendor: refused for being too many, unknown, or on a plan without the API. */
const uncounted = new Set([401, 402, 429])

export interface Shared {
  readonly project: string
  readonly region: string
  /** Queries that may be used up in any hour; the vendor's limit unless said. Other pools have the vendor's. */
  readonly perHour?: number | undefined
  readonly ledger?: Ledger | undefined
}

/** What a call waits for before each try, so that all who share the ledger keep within the hour; undefined where nothing is counted. */
export function admission(shared: Shared, pools: readonly Pool[]): ((signal?: AbortSignal) => Promise<Settle>) | undefined {
  const { ledger } = shared
  if (ledger === undefined || pools.length === 0) return undefined
  const limits = pools.map((pool) => limitOf(shared, pool))
  // Where exports are too many, no header tells the hour from the rest; Retry-After is all that is said, and it is for all.
  const raw = pools.includes('export')
  return async (signal) => {
    const taken: Taken[] = []
    try {
      for (const limit of limits) taken.push(await ledger.take(limit, signal))
    } catch (error) {
      await giveAllBack(taken)
      throw error
    }
    return async (ended) => {
      // A query that the client gave up on counts all the same.
      if (ended === 'no reply' || (ended !== 'not reached' && !uncounted.has(ended.status))) return
      await giveAllBack(taken)
      if (ended === 'not reached') return
      const reply = ended
      const until = reply.status === 429 ? (hourEnds(reply) ?? (raw ? retryAfter(reply) : undefined)) : undefined
      if (until === undefined) return
      // Which of them is used up, nothing tells: of a JQL query, the window of the headers is that of queries.
      for (const limit of limits) await ledger.block(limit, until)
    }
  }
}

export function limitOf({ project, region, perHour = vendorsPerHour }: Shared, pool: Pool): Limit {
  return {
    name: `mixpanel-${region}-${project}-${pool}`,
    label: `${poolWords[pool]} of ${labelOf(project)}`,
    perHour: pool === 'query' ? perHour : vendorsPerHour,
  }
}

/** What people call a project. */
export function labelOf(project: string): string {
  return `Mixpanel project ${project}`
}

const poolWords = { query: 'queries', jql: 'JQL queries', export: 'exports' } satisfies Record<Pool, string>

async function giveAllBack(taken: readonly Taken[]): Promise<void> {
  for (const one of taken) await one.giveBack()
}
