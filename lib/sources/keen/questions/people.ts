import { isObject } from '../../../exact-json.ts'
import type { People } from '../../../query.ts'
import type { Note, TableBody } from '../../../result.ts'
import { columnOf, inexactNotes } from '../../columns.ts'
import type { Ask } from '../../source.ts'
import { mostRows } from '../calls/queries.ts'
import { instantIn } from '../calls/timeframes.ts'
import type { Place } from './asking.ts'
import { refusalOf, timeframeOf } from './asking.ts'
import type { Filter } from './filters.ts'
import { filtersOf } from './filters.ts'

/** When an event happened, which the vendor adds to each. */
const timestamp = 'keen.timestamp'

/** Why a Keen source cannot be asked this, if it cannot. */
export function refusePeople({ event, where, on }: People): string | undefined {
  if (event === undefined) return 'Keen keeps events and no profiles; name the events to list with `event`'
  if (on !== undefined) return 'Keen lists events and does not count them by a property; ask a segmentation with `on`'
  return refusalOf(() => filtersOf(where))
}

export interface ExtractionRequest {
  readonly event_collection: string
  readonly filters?: Filter[]
  readonly property_names?: string[]
  readonly timeframe: { readonly start: string; readonly end: string }
  readonly latest: number
}

/** One event more than is shown tells whether there are more; the vendor gives 100,000 at most. */
export function peopleRequest({ question, windows }: Ask<'people'>): ExtractionRequest {
  const { event = '', where, properties, limit } = question
  return {
    event_collection: event,
    ...filtersOf(where),
    ...(properties === undefined ? {} : { property_names: [...new Set([timestamp, ...properties])] }),
    timeframe: timeframeOf(windows.timeframe),
    latest: Math.min(limit + 1, mostRows),
  }
}

/** The newest events of the timeframe, the newest first. Of equal times the vendor's order is kept. */
export async function answerPeople(ask: Ask<'people'>, { client }: Place): Promise<TableBody> {
  const { question, windows, signal } = ask
  const events = await client.extraction(peopleRequest(ask), signal)
  const shown = newestFirst(events).slice(0, question.limit)
  const table = tableOf(shown, question.properties)
  const notes: Note[] = [...cutNotes(events.length, question.limit), ...table.notes]
  if (windows.timeframe.partial) notes.push({ kind: 'partial', text: 'what still runs is listed as far as it has come' })
  return { ...table, notes }
}

type Event = Readonly<Record<string, unknown>>

/** Events as a table with their time first, nested properties by their dotted names; those named, or all that are there. */
export function tableOf(events: readonly Event[], properties?: readonly string[]): TableBody {
  const flat = events.map((event) => new Map(leavesOf(event, '')))
  const all = properties ?? flat.flatMap((event) => [...event.keys()])
  const names = [...new Set([timestamp, ...all])]
  const columns = names.map((name) => {
    const values = events.map((event, at) => flat[at]?.get(name) ?? valueAt(event, name))
    const column = columnOf(name, values)
    return name === timestamp && events.length === 0 ? { ...column, type: 'time' as const } : column
  })
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    each: 'event',
    rows: events.map((_, at) => columns.map(({ cells }) => cells[at] ?? null)),
    notes: inexactNotes(columns),
  }
}

function leavesOf(value: Event, before: string): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const name = `${before}${key}`
    return isObject(inner) && Object.keys(inner).length > 0 ? leavesOf(inner, `${name}.`) : [[name, inner]]
  })
}

/** Of a name that leads to an object, the object. */
function valueAt(event: Event, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : null), event)
}

function newestFirst(events: readonly Event[]): Event[] {
  return events
    .map((event) => ({ event, time: timeOf(valueAt(event, timestamp)) }))
    .sort((a, b) => (a.time === b.time ? 0 : a.time > b.time ? -1 : 1))
    .map(({ event }) => event)
}

/** Milliseconds; an event without a time comes last. */
function timeOf(text: unknown): number {
  return instantIn(text)?.epochMilliseconds ?? Number.NEGATIVE_INFINITY
}

function cutNotes(found: number, limit: number): Note[] {
  const shown = limit.toLocaleString('en-US')
  if (found > limit) return [{ kind: 'truncated', text: `these are the newest ${shown} events; there are more` }]
  if (found < mostRows) return []
  return [{ kind: 'truncated', text: `these are the newest ${shown} events, as many as Keen gives; there may be more` }]
}
