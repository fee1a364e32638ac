import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { addressProblem } from '../../http.ts'
import { address } from '../options.ts'
import { credentialReference } from '../reference.ts'

/** What a Mixpanel source says of itself in the project file. */

/** Ids are digits and stay text; YAML may read them as numbers. */
const id = z.union([z.string().regex(/^\d+$/, 'an id has digits only'), z.number().int().nonnegative()]).transform(String)

const zone = z.string().superRefine((value, context) => {
  try {
    new Temporal.ZonedDateTime(0n, value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.addIssue({ code: 'custom', message: `"${value}" is not a time zone; write one like Europe/Berlin` })
  }
})

export const regions = ['us', 'eu', 'in'] as const
export type Region = (typeof regions)[number]

export const config = z.strictObject({
  kind: z.literal('mixpanel'),
  project: id,
  region: z.enum(regions).default('us'),
  /** Where the service account stands: `ssm:/name`, `secretsmanager:name` or `env:NAME`; never the account itself. */
  credentials: z.string().regex(credentialReference, 'credentials are a reference: ssm:/name, secretsmanager:name or env:NAME'),
  /** The global data view of a project that has Data Views. */
  workspace: id.optional(),
  /** The project's time zone at Mixpanel, in which it counts whole days; the file's unless said. */
  timezone: zone.optional(),
  /** `project` for a project created before 2023: its events' times and an export's days are by the clock of its zone. */
  epochs: z.enum(['utc', 'project']).optional(),
  /** Replaces the vendor's hosts: a proxy, or a server on this machine. */
  url: address(addressProblem).optional(),
  /** This project's share of Mixpanel's 60 queries an hour. */
  budget: z
    .string()
    .regex(/^[1-9]\d* per hour$/, 'a budget is written like 30 per hour')
    .transform((text) => ({ perHour: Number.parseInt(text, 10) }))
    .optional(),
})
export type Config = z.output<typeof config>
