import * as z from 'zod'
import { checkedBy } from '../../call.ts'
import type { ExponeaCall } from '../call.ts'
import type { Outcome } from './answers.ts'
import { countsFailed, failedOf, outcomeWith, taken } from './answers.ts'
import { customerIds, properties, seconds, text, weighs } from './parameters.ts'

/** The vendor's own limit of commands in a batch. */
export const mostCommands = 50

const customerUpdate = z
  .strictObject({
    customer_ids: customerIds,
    properties,
    /** Properties that were updated after it keep what they have. */
    update_timestamp: seconds.optional(),
  })
  .superRefine(weighs)

const event = z
  .strictObject({
    customer_ids: customerIds,
    event_type: text,
    /** Nothing is counted of an event without them, and the vendor stores it. */
    properties: properties.default({}),
    /** Seconds, or a text in ISO 8601. The time at which the vendor gets it unless said, which is sent as null. */
    timestamp: z
      .union([seconds, z.iso.datetime({ offset: true, local: true })])
      .nullable()
      .default(null),
  })
  .superRefine(weighs)

const command_id = text.optional()
const command = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('customers'), data: customerUpdate, command_id }),
  z.strictObject({ name: z.literal('customers/events'), data: event, command_id }),
  z.strictObject({ name: z.literal('system/time'), command_id }),
])

/** Something to put into a batch; `commands` makes them. */
export type Command = z.input<typeof command>
export const commandList = z.array(command).min(1)

/** The calls that a batch takes, as commands: checked when they are made, sent with their batch. Throw UsageError. */
export const commands = {
  customer: (data: z.input<typeof customerUpdate>, id?: string): Command =>
    checkedBy('Exponea commands.customer', command, { name: 'customers', data, ...named(id) }),
  event: (data: z.input<typeof event>, id?: string): Command =>
    checkedBy('Exponea commands.event', command, { name: 'customers/events', data, ...named(id) }),
  systemTime: (id?: string): Command => checkedBy('Exponea commands.systemTime', command, { name: 'system/time', ...named(id) }),
}

/** The vendor gives the id of a command back with what became of it. */
function named(id: string | undefined): { command_id?: string } {
  return id === undefined ? {} : { command_id: id }
}

/** What became of one command. */
export interface CommandOutcome extends Outcome {
  /** The `command_id` that it was sent with. */
  readonly commandId: string | undefined
  /** Of `system/time`: seconds since 1970. */
  readonly time: number | undefined
}

const commandOutcome = outcomeWith((given) => ({
  commandId: typeof given['command_id'] === 'string' ? given['command_id'] : undefined,
  time: typeof given['time'] === 'number' ? given['time'] : undefined,
}))

/** What is known of customers, sent to the vendor. None is tried again where it may have arrived: it would count twice. */
export const trackingCalls = {
  systemTime: {
    about: "the vendor's own time, in seconds since 1970",
    also: ['get_system_time'],
    api: 'track',
    method: 'GET',
    path: '/system/time',
    sends: 'query',
    parameters: z.strictObject({}),
    answer: z.object({ time: z.number() }).transform(({ time }) => time),
    budget: 30_000,
  },
  updateCustomerProperties: {
    about: 'sets properties of one customer, who is created where no id is known yet',
    api: 'track',
    method: 'POST',
    path: '/customers',
    sends: 'json',
    parameters: customerUpdate,
    answer: taken,
    budget: 30_000,
  },
  trackEvent: {
    about: 'adds an event to one customer',
    also: ['add_event'],
    api: 'track',
    method: 'POST',
    path: '/customers/events',
    sends: 'json',
    parameters: event,
    instead: { type: 'write `event_type`' },
    answer: taken,
    budget: 30_000,
  },
  batch: {
    about: 'up to 50 commands at once, each with an outcome of its own; batchEach takes more. Not for large imports',
    also: ['batch_commands'],
    api: 'track',
    method: 'POST',
    path: '/batch',
    sends: 'json',
    parameters: z.strictObject({
      commands: commandList.max(mostCommands, `a batch has ${mostCommands} commands at most; batchEach cuts longer lists`),
    }),
    each: 'commands',
    ...countsFailed,
    answer: z
      .object({
        success: z.boolean(),
        results: z.array(commandOutcome),
        start_time: z.number().nullish(),
        end_time: z.number().nullish(),
      })
      .transform(({ success, results, start_time, end_time }) => ({
        /** Of the batch; true also where commands failed. */
        success,
        failed: failedOf(results),
        results: results as readonly CommandOutcome[],
        startTime: start_time ?? null,
        endTime: end_time ?? null,
      })),
    budget: 60_000,
  },
} as const satisfies Record<string, ExponeaCall>
