import * as z from 'zod'
import { addressProblem } from '../../http.ts'
import { address } from '../options.ts'
import { credentialReference } from '../reference.ts'

/** What an Exponea (Bloomreach Engagement) source says of itself in the project file. */

/** Where projects live unless their account has an instance of its own. */
export const usualUrl = 'https://api.exponea.com'

export const config = z.strictObject({
  kind: z.literal('exponea'),
  /** The project token, as Project settings shows it. It is part of each address and lets nobody in by itself. */
  project: z.string().regex(/^[\w-]+$/, 'a project token has letters, digits and dashes only'),
  /** The API base address that Project settings shows: of the region, or of the account's own instance. */
  url: address(addressProblem).default(usualUrl),
  /** Where the private key stands: `ssm:/name`, `secretsmanager:name` or `env:NAME`; never the key itself. */
  credentials: z.string().regex(credentialReference, 'credentials are a reference: ssm:/name, secretsmanager:name or env:NAME'),
  /** The id that names who did an exported event, and whose a customer's row is; whoever lacks it has the first other one. */
  id: z.string().min(1).default('registered'),
})
export type Config = z.output<typeof config>
