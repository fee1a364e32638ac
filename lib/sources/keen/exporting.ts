import { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../errors.ts'
import { isObject } from '../../exact-json.ts'
import { eventLine, valuesBeside } from '../event-line.ts'
import type { ExportAsk, Exported, SourceKind } from '../source.ts'
import { instantIn } from './calls/timeframes.ts'
import type { KeenClient } from './client.ts'
import { refusalOf, timeframeOf } from './questions/asking.ts'
import { filtersOf } from './questions/filters.ts'
import type { Config, config } from './schema.ts'

/** What exports can copy of Keen: the events of all collections, or of those named. Keen is asked for any zone's days. */
export const exportable: NonNullable<SourceKind<typeof config>['exports']> = {
  data: ['events'],
  zone: (_, timezone) => timezone,
  refuse: (_, { where }) => refusalOf(() => filtersOf(where)),
}

type Client = Pick<KeenClient, 'extractionEach' | 'getAllCollections'>
type Values = Readonly<Record<string, unknown>>
type Span = NonNullable<ExportAsk['window']>

export async function exportOf(client: Client, own: Pick<Config, 'actor'>, ask: ExportAsk): Promise<Exported> {
  const { data, window } = ask
  if (data !== 'events' || window === undefined) throw new RefusedError(`Keen has no ${data} to export`)
  return { rows: linesOf(client, own, ask, window) }
}

/**
 * The events of the window, one collection after the other. Bounds have an offset, so that no zone has a say in them; what
 * holds more than the vendor gives at a time is asked for in halves.
 */
async function* linesOf(
  client: Client,
  { actor }: Pick<Config, 'actor'>,
  { events, where, signal }: ExportAsk,
  window: Span,
): AsyncGenerator<object, void> {
  for (const collection of new Set(events ?? (await collectionsOf(client, signal)))) {
    const asked = { event_collection: collection, ...filtersOf(where), timeframe: timeframeOf(window), halves: true }
    for await (const row of client.extractionEach(asked, signal)) yield lineOf(collection, row, actor, window)
  }
}

async function collectionsOf(client: Client, signal: AbortSignal | undefined): Promise<string[]> {
  const collections = await client.getAllCollections({}, signal)
  return collections.map(({ name }) => {
    if (name !== undefined && name !== '') return name
    throw new DataError('Keen lists a collection without its name', { remedy: 'name those to export under `events`' })
  })
}

/**
 * An event in Mixpanel's form. `keen.timestamp` is its time and `keen.id` its id, the rest of `keen` stays where it is; the
 * property `actor` says who did it, and stays, too.
 */
function lineOf(collection: string, row: Values, actor: string | undefined, window: Span): object {
  const { keen, ...own } = row
  const { timestamp, id, ...more } = isObject(keen) ? keen : {}
  const hasId = typeof id === 'string' && id !== ''
  const rest = hasId || id === undefined ? more : { ...more, id }
  const properties = Object.keys(rest).length === 0 ? own : valuesBeside(own, { keen: rest })
  // An actor of that name is itself.
  const who = actor === undefined || actor === 'distinct_id' ? {} : { distinct_id: idAt(row, actor) }
  return eventLine(collection, properties, {
    time: timeOf(timestamp, collection, window),
    ...who,
    ...(hasId ? { $insert_id: id } : {}),
  })
}

/** What a dotted name leads to, where it is an id. */
function idAt(row: Values, property: string): string | number | undefined {
  const value = property
    .split('.')
    .reduce<unknown>((inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), row)
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

/** Throws DataError for a time that is none, or not of the window: then it was not this window that was asked. */
function timeOf(timestamp: unknown, collection: string, { start, end }: Span): number {
  const instant = instantIn(timestamp)
  const title = `Keen extraction of ${collection}`
  if (instant === undefined) throw new DataError(`${title}: an event came without a keen.timestamp`)
  const isWithin =
    Temporal.Instant.compare(instant, start.toInstant()) >= 0 && Temporal.Instant.compare(instant, end.toInstant()) < 0
  if (!isWithin) {
    const asked = `${start.toInstant()} to ${end.toInstant()}`
    throw new DataError(`${title}: an event of another time came (${instant}, asked for ${asked})`)
  }
  return secondsOf(instant)
}

/** Read from digits: a division would round a second time. */
function secondsOf({ epochNanoseconds }: Temporal.Instant): number {
  const size = epochNanoseconds < 0n ? -epochNanoseconds : epochNanoseconds
  const seconds = Number(`${size / 1_000_000_000n}.${String(size % 1_000_000_000n).padStart(9, '0')}`)
  return epochNanoseconds < 0n ? -seconds : seconds
}
