import * as z from 'zod'
import type { HttpOptions } from '../../http.ts'
import type { Ledger } from '../../ledger.ts'
import { checkedBy } from '../call.ts'
import { reader } from '../options.ts'
import type { Region } from './schema.ts'
import { config } from './schema.ts'

export interface MixpanelOptions {
  readonly project: string
  /** Where the project lives; us unless said. */
  readonly region?: Region | undefined
  /** The global data view of a project that has Data Views. */
  readonly workspace?: string | undefined
  /** Replaces the vendor's hosts. */
  readonly url?: string | undefined
  /** The credential (see `credential` in access.ts); `again` asks past any cache. */
  readonly credential: (again: boolean) => Promise<string>
  /** Where it stands, for messages: `ssm:/name`. */
  readonly credentials: string
  /** Reads what a reference to a secret points to (`ssm:/name`), for calls that hand on a secret; without it those are refused. */
  readonly secret?: ((reference: string) => Promise<string>) | undefined
  /** Shared by all who ask the project; without one, the vendor alone counts. */
  readonly ledger?: Ledger | undefined
  /** Queries that may be used up in any hour; 60, the vendor's limit, unless said. */
  readonly perHour?: number | undefined
  /** One sentence for whoever keeps the project, once: the credential will stop working. */
  readonly warn?: ((sentence: string) => void) | undefined
  readonly trace?: HttpOptions['trace'] | undefined
  readonly clock?: HttpOptions['clock'] | undefined
  readonly http?: Pick<HttpOptions, 'sleep' | 'random' | 'deadline' | 'waits'> | undefined
}

/** A program without types may give anything. The same words as in the project file are taken, and the same defaults. */
const given = z.object({
  ...config.pick({ project: true, region: true, workspace: true, url: true }).shape,
  credential: reader<MixpanelOptions['credential']>(),
  credentials: z.string().min(1),
  perHour: z.number().int().positive().optional(),
})

/** Throws UsageError that names each option that is wrong. */
export function checkOptions(options: MixpanelOptions): MixpanelOptions & z.output<typeof given> {
  return { ...options, ...checkedBy('createMixpanelClient', given, options) }
}
