import * as z from 'zod'
import type { HttpOptions } from '../../http.ts'
import { checkedBy } from '../call.ts'
import { reader } from '../options.ts'
import type { Reader } from './keys.ts'
import { config, milliseconds, usualTimeout } from './schema.ts'

export interface KeenOptions {
  /** What the variable KEEN_PROJECT_ID says unless given. */
  readonly project?: string | undefined
  /** Where the keys stand together: `ssm:/name`. Without it each is read from a variable of its own (`keys.ts`). */
  readonly credentials?: string | undefined
  /** Reads what a reference points to: `credentials`, or `env:KEEN_READ_KEY`, each when an operation needs it. */
  readonly credential: Reader
  /** Replaces the vendor's host. Without it and without `credentials` the variable KEEN_BASE_URL does. */
  readonly url?: string | undefined
  /** Milliseconds without a byte after which a query, or whatever reads, is given up; 305,000 unless said. */
  readonly getTimeout?: number | undefined
  /** The same of what writes. */
  readonly postTimeout?: number | undefined
  readonly trace?: HttpOptions['trace'] | undefined
  readonly clock?: HttpOptions['clock'] | undefined
  readonly http?: Pick<HttpOptions, 'sleep' | 'random' | 'deadline' | 'waits'> | undefined
}

/** A program without types may give anything. The same words as in the project file are taken, but for the timeouts. */
const given = z.object({
  ...config.pick({ project: true, url: true }).shape,
  credentials: z.string().min(1).optional(),
  credential: reader<Reader>(),
  getTimeout: milliseconds.default(usualTimeout),
  postTimeout: milliseconds.default(usualTimeout),
})

/** Throws UsageError that names each option that is wrong. */
export function checkOptions(options: KeenOptions): KeenOptions & z.output<typeof given> {
  return { ...options, ...checkedBy('createKeenClient', given, options) }
}
