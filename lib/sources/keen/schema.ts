import * as z from 'zod'
import { addressProblem } from '../../http.ts'
import { parseDuration } from '../../timeframe.ts'
import { address } from '../options.ts'
import { credentialReference } from '../reference.ts'

/** What a Keen source says of itself in the project file. */

/** Ids are hexadecimal and stay text; YAML may read one without letters as a number. */
const id = z
  .union([z.string().regex(/^[\w-]+$/, 'a project id has letters and digits only'), z.number().int().nonnegative()])
  .transform(String)

/** A longer timer ends at once. */
const longest = 2 ** 31 - 1

/** Milliseconds. */
const timeout = z.string().transform((text, context) => {
  const seconds = parseDuration(text)
  if (seconds !== undefined && seconds > 0 && seconds * 1000 <= longest) return seconds * 1000
  context.addIssue({ code: 'custom', message: 'a timeout is written like 305 seconds or 5 minutes, and is 24 days at most' })
  return z.NEVER
})
/** Of a client's options; the project file has words instead. */
export const milliseconds = z
  .number(`a timeout is a whole number of milliseconds, from 1 to ${longest}`)
  .int()
  .min(1)
  .max(longest)

/** The vendor's host, as its own clients have it. */
export const usualUrl = 'https://api.keen.io'
/** Milliseconds, of both timeouts: the vendor's own limit for a query is 300 seconds. */
export const usualTimeout = 305_000

export const config = z.strictObject({
  kind: z.literal('keen'),
  /** The variable KEEN_PROJECT_ID unless said. */
  project: id.optional(),
  /**
   * Where the keys stand: `ssm:/name`, `secretsmanager:name` or `env:NAME`, as {"write","read","master"}; never the keys
   * themselves. Without it each key is read from the vendor's own variable when it is needed.
   */
  credentials: z
    .string()
    .regex(credentialReference, 'credentials are a reference: ssm:/name, secretsmanager:name or env:NAME')
    .optional(),
  /**
   * Replaces the vendor's host: a proxy, or a server on this machine. Without it and without `credentials` the variable
   * KEEN_BASE_URL does.
   */
  url: address(addressProblem).optional(),
  /** The property that says who did an event, for uniques and funnels: `user.id`. */
  actor: z.string().min(1).optional(),
  /** How long a query, or anything else that reads, may be silent. */
  getTimeout: timeout.default(usualTimeout),
  /** The same for what writes. */
  postTimeout: timeout.default(usualTimeout),
})
export type Config = z.output<typeof config>
