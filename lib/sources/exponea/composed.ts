import * as z from 'zod'
import { BroadsheetError, DataError, RefusedError, UnavailableError, WaitError } from '../../errors.ts'
import type { Method } from '../call.ts'
import { checkedBy } from '../call.ts'
import type { CallWords } from '../source.ts'
import type { CustomerEvent } from './calls/answers.ts'
import type { CatalogItem, catalogCalls } from './calls/catalogs.ts'
import { allSearched, reachable } from './calls/catalogs.ts'
import type { Attribute, AttributeKind, customerCalls } from './calls/customers.ts'
import { attributeTypes } from './calls/customers.ts'
import { customerIds, seconds, text } from './calls/parameters.ts'
import type { CommandOutcome, trackingCalls } from './calls/tracking.ts'
import { commandList, mostCommands } from './calls/tracking.ts'

/** What is made of several calls, or of one with its answer put in order. */

interface Singles {
  readonly attributes: Method<typeof customerCalls.attributes>
  readonly customerEvents: Method<typeof customerCalls.customerEvents>
  readonly catalogItems: Method<typeof catalogCalls.catalogItems>
  readonly batch: Method<typeof trackingCalls.batch>
}

const names = z.array(text).min(1).optional()
const kinds = Object.keys(attributeTypes) as AttributeKind[]
const asked = z
  .strictObject({
    customer_ids: customerIds,
    properties: names,
    segmentations: names,
    ids: names,
    expressions: names,
    aggregations: names,
    predictions: names,
  })
  .refine((given) => kinds.some((kind) => given[kind] !== undefined), `say what of: ${kinds.join(', ')}`)

const consentsAsked = z.strictObject({ customer_ids: customerIds, categories: z.array(text).min(1) })
const eventsAsked = z.strictObject({
  customer_ids: customerIds,
  event_types: z.array(text).min(1),
  /** Seconds: older events end it. */
  since: seconds.optional(),
  /** Events of a page. */
  limit: z.number().int().positive().max(1_000_000).optional(),
})
const commandsAsked = z.strictObject({ commands: commandList })

/** What `broadsheet call` says of them. */
export const composedCalls = {
  customerAttributes: {
    about: 'properties, segmentations, ids, expressions, aggregates and predictions of one customer',
    parameters: asked,
    refusedIn: ({ failed }: CustomerAttributes) => failed.length,
  },
  customerConsents: {
    about: 'whether one customer gave consents, by category',
    parameters: consentsAsked,
    refusedIn: ({ failed }: { readonly failed: readonly Refusal[] }) => failed.length,
  },
  customerEventsEach: { about: 'events of one customer, newest first, back to a time', parameters: eventsAsked },
  catalogItemsEach: { about: 'all items of a catalog that the vendor lets anyone reach: 1,001', parameters: allSearched },
  batchEach: {
    about: 'any number of commands in batches of 50, each with its outcome',
    parameters: commandsAsked,
    refusedIn: ({ success }: SettledCommand) => (success ? 0 : 1),
  },
} as const satisfies Record<string, CallWords>

/** Something that the vendor did not give, and why, in its words. */
export interface Refusal {
  readonly type: Attribute['type']
  readonly name: string
  readonly errors: readonly string[]
}

type Values = Readonly<Record<string, unknown>>

/** Values by name; null where the vendor refused one, which `failed` tells, or has none. A kind not asked for has no key. */
export type CustomerAttributes = { readonly [Kind in AttributeKind]?: Values } & { readonly failed: readonly Refusal[] }

/** What became of a command of a longer list. */
export interface SettledCommand extends CommandOutcome {
  /** Its place in the list, from 0. */
  readonly index: number
}

export interface Composed {
  customerAttributes(parameters: z.input<typeof asked>, signal?: AbortSignal): Promise<CustomerAttributes>
  /** true or false by category; null where the vendor refused one, which `failed` tells, or says neither. */
  customerConsents(
    parameters: z.input<typeof consentsAsked>,
    signal?: AbortSignal,
  ): Promise<{ readonly consents: Readonly<Record<string, boolean | null>>; readonly failed: readonly Refusal[] }>
  /**
   * Page after page. The vendor counts pages from the newest event, so that each new one moves them: pages overlap by
   * the events of the last time, and what came twice is left out. Throws UnavailableError where the overlap is lost.
   */
  customerEventsEach(parameters: z.input<typeof eventsAsked>, signal?: AbortSignal): AsyncGenerator<CustomerEvent, void>
  /** Throws RefusedError, before the first item, where more match than the vendor lets anyone page through. */
  catalogItemsEach(parameters: z.input<typeof allSearched>, signal?: AbortSignal): AsyncGenerator<CatalogItem, void>
  /**
   * All commands are checked before the first batch is sent; batches go one after the other. A command that failed is in
   * what it gives, not thrown. An error says which commands it is of: those before are settled, those after were not sent.
   */
  batchEach(parameters: z.input<typeof commandsAsked>, signal?: AbortSignal): AsyncGenerator<SettledCommand, void>
}

export function composedOf(client: Singles): Composed {
  return {
    customerAttributes: async (parameters, signal) => attributesOf(client, parameters, signal),
    customerConsents: async (parameters, signal) => consentsOf(client, parameters, signal),
    customerEventsEach: (parameters, signal) => eventsOf(client, parameters, signal),
    catalogItemsEach: (parameters, signal) => itemsOf(client, parameters, signal),
    batchEach: (parameters, signal) => settled(client, parameters, signal),
  }
}

async function attributesOf(
  client: Singles,
  parameters: z.input<typeof asked>,
  signal?: AbortSignal,
): Promise<CustomerAttributes> {
  const { customer_ids, ...given } = checkedBy('Exponea customerAttributes', asked, parameters)
  const wanted = kinds.flatMap((kind) => (given[kind] ?? []).map((name) => ({ kind, name, attribute: attributeOf(kind, name) })))
  const { results } = await client.attributes({ customer_ids, attributes: wanted.map(({ attribute }) => attribute) }, signal)
  const failed: Refusal[] = []
  const byKind = new Map<AttributeKind, [string, unknown][]>()
  for (const [at, { kind, name, attribute }] of wanted.entries()) {
    const { success = false, value = null, errors = [] } = results[at] ?? {}
    if (!success) failed.push({ type: attribute.type, name, errors })
    byKind.set(kind, [...(byKind.get(kind) ?? []), [name, value]])
  }
  return { ...Object.fromEntries([...byKind].map(([kind, values]) => [kind, Object.fromEntries(values)])), failed }
}

function attributeOf(kind: AttributeKind, name: string): Attribute {
  const type = attributeTypes[kind]
  return type === 'property' ? { type, property: name } : { type, id: name }
}

async function consentsOf(client: Singles, parameters: z.input<typeof consentsAsked>, signal?: AbortSignal) {
  const { customer_ids, categories } = checkedBy('Exponea customerConsents', consentsAsked, parameters)
  const attributes = categories.map((category) => ({ type: 'consent' as const, category }))
  const { results } = await client.attributes({ customer_ids, attributes }, signal)
  const failed: Refusal[] = []
  const consents = categories.map((name, at): [string, boolean | null] => {
    const { success = false, value, errors = [] } = results[at] ?? {}
    if (!success) failed.push({ type: 'consent', name, errors })
    if (value !== null && value !== undefined && typeof value !== 'boolean') {
      throw new DataError(`Exponea customerConsents: the consent to ${name} is neither true nor false`)
    }
    return [name, value ?? null]
  })
  return { consents: Object.fromEntries(consents), failed }
}

const usualPage = 1000

async function* eventsOf(
  client: Singles,
  parameters: z.input<typeof eventsAsked>,
  signal?: AbortSignal,
): AsyncGenerator<CustomerEvent, void> {
  const {
    since = Number.NEGATIVE_INFINITY,
    limit = usualPage,
    ...given
  } = checkedBy('Exponea customerEventsEach', eventsAsked, parameters)
  // Those given last, all of one time. The next page has to have them all: events may be the same to the letter, so that
  // one of them alone does not tell where the page goes on.
  let newest: CustomerEvent[] = []
  for (let skip = 0; ; ) {
    const overlap = newest.length
    const page = await client.customerEvents({ ...given, order: 'desc', limit: limit + overlap, skip: skip - overlap }, signal)
    for (const event of freshOf(page, newest)) {
      const [last] = newest
      if (last !== undefined && event.timestamp > last.timestamp) {
        throw new DataError('Exponea customerEventsEach: the events do not come newest first')
      }
      if (event.timestamp < since) return
      if (last?.timestamp === event.timestamp) newest.push(event)
      else newest = [event]
      yield event
    }
    if (page.length < limit + overlap) return
    skip += page.length - overlap
  }
}

/** What of a page comes after the events of one time that were given last. Throws UnavailableError where one of them is not there. */
function freshOf(page: readonly CustomerEvent[], given: readonly CustomerEvent[]): CustomerEvent[] {
  const [last] = given
  if (last === undefined) return [...page]
  const left = new Map([...Map.groupBy(given, keyOf)].map(([key, same]) => [key, same.length]))
  const from = page.findIndex(({ timestamp }) => timestamp <= last.timestamp)
  const fresh = (from === -1 ? [] : page.slice(from)).filter((event) => {
    const key = keyOf(event)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
  if ([...left.values()].every((count) => count === 0)) return fresh
  throw new UnavailableError('Exponea customerEventsEach: the events of the customer changed while they were read', {
    remedy: 'ask again: events came in, or were deleted, faster than pages were read',
  })
}

function keyOf(event: CustomerEvent): string {
  return JSON.stringify(event)
}

const largestPage = 500
const beyondReach = 'Exponea lets nobody page beyond'

/** Whether `catalogItemsEach` gave nothing because more items match than the vendor lets anyone reach. */
export function isBeyondReach(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.message.startsWith(beyondReach)
}

async function* itemsOf(
  client: Singles,
  parameters: z.input<typeof allSearched>,
  signal?: AbortSignal,
): AsyncGenerator<CatalogItem, void> {
  const { count = largestPage, ...given } = checkedBy('Exponea catalogItemsEach', allSearched, parameters)
  for (let skip = 0; ; ) {
    const { items, matched } = await client.catalogItems({ ...given, count: Math.min(count, reachable - skip), skip }, signal)
    if (matched > reachable) {
      throw new RefusedError(`${beyondReach} ${reachable} items of a catalog, and ${matched} match`, {
        remedy: 'narrow the search by `query` and `field` until less match',
      })
    }
    yield* items
    skip += items.length
    if (skip >= matched) return
    if (items.length === 0) {
      throw new UnavailableError(`Exponea said that ${matched} items match and gave ${skip}`, {
        remedy: 'ask again: items may have been deleted meanwhile',
      })
    }
  }
}

async function* settled(
  client: Singles,
  parameters: z.input<typeof commandsAsked>,
  signal?: AbortSignal,
): AsyncGenerator<SettledCommand, void> {
  const { commands } = checkedBy('Exponea batchEach', commandsAsked, parameters)
  for (let from = 0; from < commands.length; from += mostCommands) {
    const some = commands.slice(from, from + mostCommands)
    const { results } = await client.batch({ commands: some }, signal).catch((error: unknown) => {
      throw saying(error, `commands ${from + 1} to ${from + some.length} of ${commands.length}`)
    })
    yield* results.map((result, at) => ({ ...result, index: from + at }))
  }
}

/** An error of the same kind with more words. */
function saying(error: unknown, words: string): unknown {
  if (!(error instanceof BroadsheetError)) return error
  const Kind = error.constructor as new (message: string, details: object) => BroadsheetError
  const { message, remedy, requestId } = error
  const until = error instanceof WaitError ? { until: error.until } : {}
  return new Kind(`${words}: ${message}`, { remedy, requestId, cause: error, ...until })
}
