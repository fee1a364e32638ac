import * as z from 'zod'
import type { ExponeaCall } from '../call.ts'
import type { Outcome } from './answers.ts'
import { anyObject, customerEvent, outcomeWith, taken } from './answers.ts'
import { customerIds, text } from './parameters.ts'

/** The vendor's own limit of customers in a bulk anonymization. */
const mostAnonymized = 1000

/** What is known of a customer by kind, and what the vendor calls one of the kind. */
export const attributeTypes = {
  properties: 'property',
  segmentations: 'segmentation',
  ids: 'id',
  expressions: 'expression',
  aggregations: 'aggregate',
  predictions: 'prediction',
} as const
export type AttributeKind = keyof typeof attributeTypes

const typed = <const Type extends string>(type: Type) => z.strictObject({ type: z.literal(type), id: text })
export const attribute = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('property'), property: text }),
  typed('segmentation'),
  typed('id'),
  typed('expression'),
  typed('aggregate'),
  typed('prediction'),
  z.strictObject({ type: z.literal('consent'), category: text }),
])
export type Attribute = z.output<typeof attribute>

/** A value that was asked for; null where there is none to give. */
export interface AttributeOutcome extends Outcome {
  readonly value: unknown
}

const attributeOutcome = outcomeWith((given) => ({ value: given.success === true ? (given['value'] ?? null) : null }))

const read = { api: 'data', method: 'POST', sends: 'json', exact: true, repeatable: true, budget: 60_000 } as const

/** Who the customers are and what they did. A customer has ids of several names, hard and soft. */
export const customerCalls = {
  customer: {
    ...read,
    about: 'one customer: ids, properties and all events',
    also: ['get_customer'],
    path: '/customers/export-one',
    parameters: z.strictObject({ customer_ids: customerIds }),
    answer: z
      .object({ ids: anyObject, properties: anyObject, events: z.array(customerEvent) })
      .transform(({ ids, properties, events }) => ({ ids, properties, events })),
    budget: 120_000,
  },
  attributes: {
    ...read,
    about: 'what is known of one customer, each by its position; customerAttributes and customerConsents name them',
    also: ['get_customer_attributes'],
    path: '/customers/attributes',
    parameters: z.strictObject({ customer_ids: customerIds, attributes: z.array(attribute).min(1) }),
    each: 'attributes',
    answer: z
      .object({ results: z.array(attributeOutcome) })
      .transform(({ results }) => ({ results: results as readonly AttributeOutcome[] })),
  },
  customerEvents: {
    ...read,
    about: 'events of one customer by their types, all unless limited; customerEventsEach pages them, newest first',
    also: ['get_events'],
    path: '/customers/events',
    parameters: z.strictObject({
      customer_ids: customerIds,
      /** The key needs the permission to get each of them. */
      event_types: z.array(text).min(1),
      /** By time; ascending unless said. */
      order: z.enum(['asc', 'desc']).optional(),
      limit: z.number().int().positive().max(2_147_483_647).optional(),
      skip: z.number().int().nonnegative().max(2_147_483_647).optional(),
    }),
    instead: { event_type: 'write `event_types`, a list' },
    answer: z.object({ data: z.array(customerEvent) }).transform(({ data }) => data),
    budget: 120_000,
  },
  customerAnonymize: {
    about: 'takes all ids from a customer, and the properties that are marked as private; nothing brings them back',
    also: ['anonymize_customer'],
    api: 'data',
    method: 'POST',
    path: '/customers/anonymize',
    sends: 'json',
    parameters: z.strictObject({ customer_ids: customerIds }),
    answer: taken,
    budget: 60_000,
  },
  customersAnonymize: {
    about: 'the same for up to 1,000 customers; answers the id of the request, which says nothing of how each ended',
    api: 'data',
    method: 'POST',
    path: '/customers/anonymize_bulk',
    sends: 'json',
    parameters: z.strictObject({
      customers: z
        .array(
          z.union(
            [z.strictObject({ customer_ids: customerIds }), z.strictObject({ internal_id: text })],
            'a customer is { customer_ids } or { internal_id }',
          ),
        )
        .min(1)
        .max(mostAnonymized),
    }),
    answer: z.object({ bulk_id: z.union([text, z.number()]) }).transform(({ bulk_id }) => ({ bulkId: String(bulk_id) })),
    budget: 60_000,
  },
} as const satisfies Record<string, ExponeaCall>
