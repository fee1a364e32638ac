import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'
import type { KeenCall } from '../call.ts'
import { collectionProblem, eventProblems } from '../names.ts'
import { anyObject, deleted } from './answers.ts'
import { filters } from './filters.ts'
import { collection } from './parameters.ts'
import { timeframe, timezone } from './timeframes.ts'

/** A collection that events are sent to. */
const target = z.string().superRefine((name, context) => {
  const problem = collectionProblem(name)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

const event = z
  .custom<Readonly<Record<string, unknown>>>(isObject, 'an event is an object')
  .superRefine((given, context) => {
    for (const { path, problem } of eventProblems(given)) {
      context.addIssue({ code: 'custom', message: problem, path: [...path] })
    }
  })
  .meta({ type: 'object' })

/** When an event happened, in place of when it comes in. A time without an offset is the vendor's, which is UTC. */
const timestamp = z
  .custom<string | Date>(
    (given) =>
      given instanceof Date
        ? !Number.isNaN(given.getTime())
        : z.iso.datetime({ offset: true, local: true }).safeParse(given).success,
    'write a time like 2026-11-09T08:00:00Z',
  )
  .transform((given) => (given instanceof Date ? given.toISOString() : given))
  .meta({ type: 'string' })

/** Events by collection. z.record leaves out a key __proto__, and it must be refused. */
const batch = z
  .custom<Readonly<Record<string, readonly object[]>>>(isObject, 'events are lists by the name of their collection')
  .superRefine((given, context) => {
    const say = (message: string, path: readonly PropertyKey[]) =>
      context.addIssue({ code: 'custom', message, path: [...path], input: given })
    const entries = Object.entries(given)
    if (entries.length === 0) say('there are no events', [])
    for (const [name, list] of entries) {
      const problem = collectionProblem(name)
      if (problem !== undefined) say(problem, [name])
      if (!Array.isArray(list)) say('events of a collection are a list', [name])
      else
        list.forEach((one, at) => {
          for (const { path, problem } of eventProblems(one)) say(problem, [name, at, ...path])
        })
    }
  })
  .meta({ type: 'object' })

/** An event with its own time, beside whatever else stands in its `keen`. */
export function withTimestamp(
  body: Readonly<Record<string, unknown>>,
  time: string | undefined,
): Readonly<Record<string, unknown>> {
  if (time === undefined) return body
  const own = isObject(body['keen']) ? body['keen'] : {}
  return { ...body, keen: { ...own, timestamp: time } }
}

/** What `addEvent` takes, and what an image beacon is made of. */
export const oneEvent = z
  .strictObject({ event_collection: target, event_body: event, timestamp: timestamp.optional() })
  .transform(({ event_collection, event_body, timestamp: time }) => ({
    event_collection,
    event_body: withTimestamp(event_body, time),
  }))

/** What became of one event of a batch. */
export type Outcome =
  | { readonly success: true }
  | { readonly success: false; readonly name: string; readonly description: string }

/** What became of a batch. The vendor answers 200 whatever became of it. */
export interface Batch {
  /** Whether every event was taken. */
  readonly complete: boolean
  readonly taken: number
  /** Those that were not, by their place in the list that was sent. */
  readonly refused: readonly {
    readonly event_collection: string
    readonly index: number
    readonly name: string
    readonly description: string
  }[]
  /** All of them, in the order in which they were sent. */
  readonly outcomes: readonly { readonly event_collection: string; readonly outcomes: readonly Outcome[] }[]
}

const failure = z.union([
  z.object({ name: z.string().nullish(), description: z.string().nullish() }),
  z.string().transform((name) => ({ name, description: undefined })),
])
const outcome = z.object({ success: z.boolean(), error: failure.nullish() }).transform(({ success, error }): Outcome => {
  if (success) return { success }
  return { success, name: error?.name ?? 'unknown', description: error?.description ?? '' }
})

/** Outcomes by collection; with what was sent, one for each event of it. */
function outcomesOf(sent?: unknown) {
  return z.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object').transform((given, context): Batch => {
    const say = (message: string, path: readonly PropertyKey[]) =>
      context.addIssue({ code: 'custom', message, path: [...path], input: given })
    const names = isObject(sent) ? Object.keys(sent) : Object.keys(given)
    const outcomes = names.map((name) => {
      const parsed = z.array(outcome).safeParse(Object.hasOwn(given, name) ? given[name] : undefined)
      for (const { message, path } of parsed.error?.issues ?? []) say(message, [name, ...path])
      const list = parsed.data ?? []
      const events: unknown = isObject(sent) ? sent[name] : list
      if (parsed.success && Array.isArray(events) && events.length !== list.length) {
        say(`tells of ${list.length} events, and ${events.length} were sent`, [name])
      }
      return { event_collection: name, outcomes: list }
    })
    const refused = outcomes.flatMap(({ event_collection, outcomes: list }) =>
      list.flatMap((one, index) =>
        one.success ? [] : [{ event_collection, index, name: one.name, description: one.description }],
      ),
    )
    const all = outcomes.reduce((sum, { outcomes: list }) => sum + list.length, 0)
    return { complete: refused.length === 0, taken: all - refused.length, refused, outcomes }
  })
}

/** A collection and the types of its properties, by names with dots: `item.id` is `num`. */
const described = z
  .object({ name: z.string().optional(), properties: anyObject, url: z.string().optional() })
  .transform(({ name, properties, url }) => ({
    ...(name === undefined ? {} : { name }),
    properties: Object.entries(properties).map(([property, type]): readonly [string, string] => [property, String(type)]),
    ...(url === undefined ? {} : { url }),
  }))

/** Sending events, deleting them, and what collections there are. */
export const eventCalls = {
  addEvent: {
    about: 'sends one event',
    method: 'POST',
    path: '/events/{event_collection}',
    sends: 'json',
    whole: 'event_body',
    parameters: oneEvent,
    answer: z.object({ created: z.literal(true) }),
    key: 'write',
    timeout: 'post',
    budget: 320_000,
  },
  addEvents: {
    about: 'sends events of one or several collections; the answer says of each whether it was taken',
    method: 'POST',
    path: '/events',
    sends: 'json',
    whole: 'events',
    parameters: z.strictObject({ events: batch }),
    answer: outcomesOf(),
    answerTo: ({ events }) => outcomesOf(events),
    refusedIn: ({ refused }: Batch) => refused.length,
    key: 'write',
    timeout: 'post',
    budget: 320_000,
  },
  getAllCollections: {
    about: 'the collections, with the names and types of their properties',
    method: 'GET',
    path: '/events',
    sends: 'query',
    parameters: z.strictObject({}),
    answer: z.array(described),
    key: 'read',
    timeout: 'get',
    budget: 320_000,
  },
  getCollection: {
    about: 'the names and types of the properties of a collection',
    method: 'GET',
    path: '/events/{event_collection}',
    sends: 'query',
    parameters: z.strictObject({ event_collection: collection }),
    answer: z.union([described, z.tuple([described]).transform(([own]) => own)]),
    key: 'read',
    timeout: 'get',
    budget: 320_000,
  },
  deleteEvents: {
    about: 'deletes events of a collection; all of them only with everything: true',
    method: 'DELETE',
    // What the first try deleted is gone, and a relative timeframe is another one meanwhile.
    once: true,
    path: '/events/{event_collection}',
    sends: 'query',
    parameters: z
      .strictObject({
        event_collection: collection,
        filters: filters.optional(),
        timeframe: timeframe.optional(),
        timezone: timezone.optional(),
        /** Says that all events of the collection are meant. */
        everything: z.literal(true, 'give everything: true, or leave it out').optional(),
      })
      .superRefine(({ filters: own = [], timeframe: time, timezone: zone, everything }, context) => {
        const say = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', message, path })
        const some = own.length > 0 || time !== undefined
        if (!some && everything === undefined)
          say('give filters or a timeframe; all events are deleted with everything: true only')
        if (some && everything !== undefined) say('is for a delete without filters and timeframe', ['everything'])
        if (zone !== undefined && time === undefined) say('`timezone` is of a timeframe', ['timezone'])
      }),
    unsent: ['everything'],
    answer: deleted,
    bare: true,
    key: 'master',
    timeout: 'post',
    budget: 640_000,
  },
} as const satisfies Record<string, KeenCall>
