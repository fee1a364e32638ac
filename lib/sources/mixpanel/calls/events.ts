import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { entriesOf } from './answers.ts'
import { backwards, date, forwards, listOf, text } from './parameters.ts'
import { segmentsAnswer } from './segmentation.ts'

const type = z.enum(['general', 'unique', 'average'])
const many = z.number().int().positive()
const events = listOf(text, { empty: 'name at least one event', other: 'the name of an event, or a list of names' })
/** The server gives no more names, whatever is asked for. */
const mostNames = 5000

/** The last `interval` units, the running one included, or the units between two dates; not both. */
const when = {
  unit: z.enum(['minute', 'hour', 'day', 'week', 'month']),
  interval: many.optional().describe('the last so many units, the running one included; or both dates'),
  from_date: date.optional(),
  to_date: date.optional().describe('inclusive'),
}
interface When {
  readonly unit: string
  readonly type: string
  readonly interval?: number | undefined
  readonly from_date?: string | undefined
  readonly to_date?: string | undefined
}
const eitherOr = 'give either `interval`, or both from_date and to_date'
function isOneWay({ interval, from_date, to_date }: When): boolean {
  return interval === undefined
    ? from_date !== undefined && to_date !== undefined
    : from_date === undefined && to_date === undefined
}
const noHourlyUniques = 'Mixpanel counts no uniques by hour or minute'
function isCountable({ unit, type }: When): boolean {
  return type !== 'unique' || (unit !== 'hour' && unit !== 'minute')
}

const general = { 'type=total': 'write general' }
/** Some of `segmentation` is often looked for here. */
const plainCounts = {
  ...general,
  on: '`segmentation` splits by an expression',
  where: '`segmentation` takes conditions',
  'unit=year': 'a month is the most',
}

/** Counts of events and their properties, and pick-lists of what there is. */
export const eventCalls = {
  events: {
    about: 'counts of one or several events by date',
    also: ['get_events'],
    api: 'query',
    method: 'GET',
    path: '/events',
    sends: 'query',
    parameters: z
      .strictObject({ event: events, type, ...when })
      .refine(isOneWay, eitherOr)
      .refine(forwards, backwards)
      .refine(isCountable, noHourlyUniques),
    instead: { ...plainCounts, name: '`eventProperties` counts by a property' },
    answer: segmentsAnswer,
    pools: ['query'],
    csv: true,
    budget: 120_000,
  },
  eventsTop: {
    about: "today's top events, with the change since yesterday",
    api: 'query',
    method: 'GET',
    path: '/events/top',
    sends: 'query',
    parameters: z.strictObject({ type, limit: many.optional().describe('100 unless said') }),
    instead: { ...general, from_date: 'this is of today only; `events` counts between dates' },
    answer: z
      .object({ events: z.array(z.object({ event: z.string(), amount: z.number(), percent_change: z.number().nullish() })) })
      .transform(({ events }) =>
        events.map(({ event, amount, percent_change }) => ({ event, amount, change: percent_change ?? null })),
      ),
    pools: ['query'],
    budget: 60_000,
  },
  eventsNames: {
    about: 'the names of the most common events of the last 31 days, or between two dates',
    also: ['get_event_top_names'],
    api: 'query',
    method: 'GET',
    path: '/events/names',
    sends: 'query',
    parameters: z
      // The dates are in none of its documents; the server takes them.
      .strictObject({
        type,
        limit: many.max(mostNames).optional().describe('255 unless said'),
        from_date: date.optional(),
        to_date: date.optional().describe('inclusive'),
      })
      .refine(forwards, backwards),
    instead: { ...general, interval: 'give from_date and to_date' },
    answer: z.array(z.string()),
    pools: ['query'],
    budget: 60_000,
  },
  eventProperties: {
    about: 'counts of an event by the values of a property, by date',
    also: ['get_event_properties'],
    api: 'query',
    method: 'GET',
    path: '/events/properties',
    sends: 'query',
    parameters: z
      .strictObject({
        event: text,
        name: text.describe('the property'),
        values: z.array(text).min(1).optional().describe('those of the property that count; all unless said'),
        type,
        ...when,
        limit: many.optional().describe('values of the property; 255 unless said'),
      })
      .refine(isOneWay, eitherOr)
      .refine(forwards, backwards)
      .refine(isCountable, noHourlyUniques),
    instead: { ...plainCounts, on: 'give `name`, the property as it is called', property: 'write name' },
    answer: segmentsAnswer,
    pools: ['query'],
    csv: true,
    budget: 120_000,
  },
  propertiesTop: {
    about: 'the properties that an event has most often',
    also: ['get_events_top', 'get_event_properties_top'],
    api: 'query',
    method: 'GET',
    path: '/events/properties/top',
    sends: 'query',
    parameters: z.strictObject({ event: text, limit: many.optional().describe('10 unless said') }),
    answer: entriesOf(z.object({ count: z.number().int().nullish() })).transform((properties) =>
      // Some come without a count, which is not 0.
      properties.map(([name, { count }]) => ({ name, count: count ?? null })),
    ),
    pools: ['query'],
    budget: 60_000,
  },
  propertiesValues: {
    about: "the most common values of an event's property",
    also: ['get_event_properties_values'],
    api: 'query',
    method: 'GET',
    path: '/events/properties/values',
    sends: 'query',
    parameters: z.strictObject({
      event: text,
      name: text.describe('the property'),
      limit: many.optional().describe('255 unless said'),
      bucket: text.optional().describe("of the oldest clients: which of the project's data buckets"),
    }),
    instead: { property: 'write name', on: 'give `name`, the property as it is called' },
    answer: z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String)),
    exact: true,
    pools: ['query'],
    budget: 60_000,
  },
} as const satisfies Record<string, MixpanelCall>
