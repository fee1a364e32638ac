import { RefusedError } from '../../errors.ts'
import { eventLine, valuesBeside } from '../event-line.ts'
import type { ExportAsk, Exported, SourceKind } from '../source.ts'
import { reachable } from './calls/catalogs.ts'
import type { Customer, ExponeaClient } from './client.ts'
import { concurrency } from './client.ts'
import { isBeyondReach } from './composed.ts'
import type { Config, config } from './schema.ts'
import { sideBySide } from './side-by-side.ts'

/** What exports can copy of Exponea: customers and a catalog's items as they are, and events, customer by customer. */
export const exportable: NonNullable<SourceKind<typeof config>['exports']> = {
  data: ['events', 'customers', 'catalog'],
  zone: (_, timezone) => timezone,
  refuse(_, { data, events, where, every }) {
    if (where !== undefined) return 'Exponea selects nothing by an expression; leave out `where`, and select where it is read'
    if (data === 'events') return events === undefined ? typesRemedy : undefined
    if (events !== undefined) return `${words[data]} have no events; leave out \`events\``
    return every === 'hour' ? `${words[data]} are copied whole, once a day at most; write \`every: day\`` : undefined
  },
}

const typesRemedy =
  'Exponea gives events of types that are named, and no list of all types; write `events: [purchase, session_start]`'
const words = { events: 'events', customers: 'customers', catalog: 'catalog items', people: 'people' } as const

type Client = Pick<ExponeaClient, 'customersEach' | 'customerEventsEach' | 'catalogItemsEach'>
type Span = NonNullable<ExportAsk['window']>

export async function exportOf(client: Client, own: Pick<Config, 'id'>, ask: ExportAsk): Promise<Exported> {
  const { data, window, catalog, events, signal } = ask
  if (data === 'customers') return { rows: customers(client, own, signal) }
  if (data === 'catalog' && catalog !== undefined) return { rows: items(client, catalog, signal) }
  if (data === 'events' && window !== undefined && events !== undefined) {
    return { rows: eventsOfAll(client, own, { events, signal }, window) }
  }
  throw new RefusedError(`Exponea has no ${data} to export`)
}

/** Each with all ids that it has as the property `ids`. One that was anonymized has none. */
async function* customers(
  client: Client,
  own: Pick<Config, 'id'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<object, void> {
  for await (const customer of client.customersEach({}, signal)) {
    const [, id = null] = idOf(customer, own.id) ?? []
    yield { distinct_id: id, properties: valuesBeside(customer.properties, { ids: customer.ids }) }
  }
}

async function* items(client: Client, catalog_id: string, signal: AbortSignal | undefined): AsyncGenerator<object, void> {
  try {
    for await (const { itemId, properties } of client.catalogItemsEach({ catalog_id }, signal)) {
      yield { item_id: itemId, properties }
    }
  } catch (error) {
    if (!isBeyondReach(error)) throw error
    // The client's own remedy is a narrower search, which an export has no words for.
    const { message, requestId } = error
    throw new RefusedError(message, { remedy: tooLarge, requestId, cause: error })
  }
}

const tooLarge = `a catalog of more cannot be exported: split it at Exponea into catalogs of ${reachable} items at most, or copy it from where its items come from`

type Asked = Pick<ExportAsk, 'signal'> & { readonly events: readonly string[] }

/**
 * The events of the window. The vendor gives them by customer, and newest first: each customer is asked for what is newer
 * than the window, too, and for nothing older. Who there is is read before: the long answer would not be held open for the
 * hours that a large base takes.
 */
async function* eventsOfAll(client: Client, own: Pick<Config, 'id'>, asked: Asked, window: Span): AsyncGenerator<object, void> {
  const ids = await idsOfAll(client, own, asked.signal)
  function* lists(): Generator<AsyncGenerator<object, void>> {
    for (const id of ids()) yield eventsOf(client, id, asked, window)
  }
  yield* sideBySide(lists(), concurrency)
}

async function* eventsOf(client: Client, [name, value]: Id, { events, signal }: Asked, { start, end }: Span) {
  const [since, until] = [start.epochMilliseconds / 1000, end.epochMilliseconds / 1000]
  const customer_ids = Object.fromEntries([[name, value]])
  try {
    for await (const event of client.customerEventsEach({ customer_ids, event_types: [...events], since }, signal)) {
      const { type, timestamp, properties } = event
      if (timestamp < until) yield eventLine(type, properties, { time: timestamp, distinct_id: value })
    }
  } catch (error) {
    // Deleted or anonymized since the list of all was read.
    if (error instanceof RefusedError && /customer does not exist/i.test(error.message)) return
    throw error
  }
}

/** The name of an id and its value. */
type Id = readonly [name: string, value: string | number]

/** The id of that name, or the first other one; a soft id may have several values. */
function idOf({ ids }: Pick<Customer, 'ids'>, preferred: string): Id | undefined {
  const names = [preferred, ...Object.keys(ids)].filter((name) => Object.hasOwn(ids, name))
  for (const name of names) {
    for (const value of [ids[name]].flat()) {
      if ((typeof value === 'string' && value !== '') || typeof value === 'number') return [name, value]
    }
  }
  return undefined
}

const chunkSize = 64 * 1024

/** An id of each customer that has one, as the text that they take least room as: some 50 MB for a million. */
async function idsOfAll(client: Client, own: Pick<Config, 'id'>, signal: AbortSignal | undefined): Promise<() => Generator<Id>> {
  const chunks: Buffer[] = []
  let lines: string[] = []
  let size = 0
  function pack(): void {
    if (lines.length > 0) chunks.push(Buffer.from(lines.join('\n')))
    lines = []
    size = 0
  }
  for await (const customer of client.customersEach({}, signal)) {
    const id = idOf(customer, own.id)
    if (id === undefined) continue
    const line = JSON.stringify(id)
    lines.push(line)
    size += line.length
    if (size > chunkSize) pack()
  }
  pack()
  return function* () {
    for (const chunk of chunks) for (const line of chunk.toString().split('\n')) yield JSON.parse(line) as Id
  }
}
