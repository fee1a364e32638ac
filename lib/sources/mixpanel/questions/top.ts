import type { Top } from '../../../query.ts'
import type { Note, TableBody } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { Place, Request } from './asking.ts'
import { daysOf } from './days.ts'

/** More events than this are too many for one address. */
const mostEvents = 200

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseTop({ what, event, property, type, limit }: Top): string | undefined {
  if (what === 'events') {
    if (event !== undefined || property !== undefined)
      return 'the top events are of the whole project; leave out `event` and `property`'
    return limit > mostEvents ? `at most ${mostEvents} events are counted at once; write \`limit: ${mostEvents}\`` : undefined
  }
  if (event === undefined) return `Mixpanel gives the top ${what} of one event; name it with \`event\``
  if (type !== 'general')
    return `Mixpanel counts events for its top ${what}; leave out \`type\`, or use a segmentation with \`on\``
  if (what === 'values') return property === undefined ? 'name the property whose values are counted with `property`' : undefined
  return property === undefined ? undefined : 'the top properties are of an event; leave out `property`'
}

/** Today's events stand for uniques and averages, because those of days do not add up to a timeframe's. */
export function topRequests({ question, windows }: Ask<'top'>, zone: string): readonly Request[] {
  const { what, event, property, limit, type } = question
  if (what === 'properties') return [{ call: 'propertiesTop', parameters: { event, limit } }]
  if (what === 'events' && type !== 'general') return [{ call: 'eventsTop', parameters: { type, limit } }]
  const { from_date, to_date } = daysOf(windows.timeframe, zone)
  const days = { type, unit: 'day', from_date, to_date }
  if (what === 'values') return [{ call: 'eventProperties', parameters: { event, name: property, ...days, limit } }]
  return [
    { call: 'eventsNames', parameters: { type, limit, from_date, to_date } },
    { call: 'events', parameters: { event: ['(the names)'], ...days } },
  ]
}

export async function answerTop(ask: Ask<'top'>, place: Place): Promise<TableBody> {
  const { question, windows, signal } = ask
  const { client, zone } = place
  const { what, event = '', property = '', limit, type } = question
  if (what === 'properties') {
    const properties = await client.propertiesTop({ event, limit }, signal)
    const note = 'Mixpanel counts the properties of an event over days of its own choice, not over the timeframe'
    return table(
      'property',
      'events',
      properties.map(({ name, count }) => [name, count]),
      limit,
      [{ kind: 'source', text: note }],
    )
  }
  if (what === 'events' && type !== 'general') {
    const events = await client.eventsTop({ type, limit }, signal)
    const note = `Mixpanel gives the top events by ${type} of today so far, not of the timeframe`
    return table(
      'event',
      type,
      events.map((one) => [one.event, one.amount]),
      limit,
      [{ kind: 'source', text: note }],
    )
  }
  const { from_date, to_date } = daysOf(windows.timeframe, zone)
  const days = { type, unit: 'day', from_date, to_date } as const
  if (what === 'values') {
    const { segments } = await client.eventProperties({ event, name: property, ...days, limit }, signal)
    return table(
      property,
      'events',
      segments.map(({ name, values }) => [name, sum(values)]),
      limit,
      [],
    )
  }
  const names = await client.eventsNames({ type, limit, from_date, to_date }, signal)
  if (names.length === 0) return table('event', 'events', [], limit, [])
  const { segments } = await client.events({ event: names, ...days }, signal)
  const counted = new Map(segments.map(({ name, values }) => [name, sum(values)]))
  return table(
    'event',
    'events',
    names.map((name) => [name, counted.get(name) ?? 0]),
    limit,
    [],
  )
}

/** Sparse: a day that is not there is 0. */
function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((all, value) => all + value, 0)
}

function table(
  name: string,
  number: string,
  rows: readonly (readonly [string, number | null])[],
  limit: number,
  notes: readonly Note[],
): TableBody {
  const sorted = rows.toSorted(([a, first], [b, second]) => (second ?? -1) - (first ?? -1) || (a < b ? -1 : 1))
  return {
    columns: [
      { name, type: 'text' },
      { name: name === number ? `${number} count` : number, type: 'number' },
    ],
    rows: sorted.slice(0, limit).map((row) => [...row]),
    notes: [...notes],
  }
}
