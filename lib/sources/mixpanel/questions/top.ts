import { RefusedError } from '../../../errors.ts'
import { propertyOf } from '../../../expression.ts'
import type { Top } from '../../../query.ts'
import type { Note, TableBody } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import type { Place, Request } from './asking.ts'
import { daysOf, runningNotes } from './days.ts'
import type { Found } from './points.ts'
import { ofEach } from './points.ts'
import { todayIn } from './times.ts'

/** More events than this are too many for one address. */
const mostEvents = 200

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseTop({ what, event, property, type, limit }: Top): string | undefined {
  if (what === 'events') {
    if (event !== undefined || property !== undefined)
      return 'the top events are of the whole project; leave out `event` and `property`'
    return limit > mostEvents ? `at most ${mostEvents} events are counted at once; write \`limit: ${mostEvents}\`` : undefined
  }
  if (event === undefined || event === 'any') return `Mixpanel gives the top ${what} of one event; name it with \`event\``
  if (type !== 'general')
    return `Mixpanel counts events for its top ${what}; leave out \`type\`, or use a segmentation with \`on\``
  if (what === 'properties')
    return property === undefined ? undefined : 'the top properties are of an event; leave out `property`'
  if (property === undefined) return 'name the property whose values are counted with `property`'
  return nameIn(property) === undefined
    ? "Mixpanel ranks the values of an event's own property, and of no expression; name it, or use a segmentation with `on`"
    : undefined
}

/** What is asked, by what the answer is of. */
type Plan =
  | { readonly of: 'properties'; readonly parameters: ParametersOf<'propertiesTop'> }
  | { readonly of: 'values'; readonly parameters: ParametersOf<'eventProperties'> }
  | { readonly of: 'today'; readonly parameters: ParametersOf<'eventsTop'> }
  /** First the names, then their numbers. */
  | { readonly of: 'days'; readonly names: ParametersOf<'eventsNames'>; readonly numbers: Omit<ParametersOf<'events'>, 'event'> }

function planTop({ question, windows }: Ask<'top'>, zone: string): Plan {
  const { what, event = '', property = '', limit, type } = question
  if (what === 'properties') return { of: what, parameters: { event, limit } }
  const { from_date, to_date, count } = daysOf(windows.timeframe, zone)
  const range = { from_date, to_date }
  const days = { type, unit: 'day', ...range } as const
  if (what === 'values') return { of: what, parameters: { event, name: nameIn(property) ?? '', ...days, limit } }
  // Uniques and averages of several days do not add up, and today's are all that the vendor ranks by itself.
  if (type !== 'general' && count > 1) return { of: 'today', parameters: { type, limit } }
  return { of: 'days', names: { type, limit, ...range }, numbers: days }
}

export function topRequests(ask: Ask<'top'>, zone: string): readonly Request[] {
  const plan = planTop(ask, zone)
  switch (plan.of) {
    case 'properties':
      return [{ call: 'propertiesTop', parameters: plan.parameters }]
    case 'values':
      return [{ call: 'eventProperties', parameters: plan.parameters }]
    case 'today':
      return [{ call: 'eventsTop', parameters: plan.parameters }]
    case 'days':
      return [
        { call: 'eventsNames', parameters: plan.names },
        { call: 'events', parameters: { event: ['(the names)'], ...plan.numbers } },
      ]
  }
}

/** Throws RefusedError for today's events where the run is of another day. */
export async function answerTop(ask: Ask<'top'>, place: Place): Promise<TableBody> {
  const { question, windows, scheduledAt, signal } = ask
  const { client, zone } = place
  const { type, limit } = question
  const plan = planTop(ask, zone)
  const running = runningNotes(windows.timeframe)
  switch (plan.of) {
    case 'properties': {
      const rows = (await client.propertiesTop(plan.parameters, signal)).map(({ name, count }) => [name, count] as const)
      const text = 'Mixpanel counts the properties of an event over days of its own choice, not over the timeframe'
      return table(['property', 'events'], rows, limit, [{ kind: 'source', text }])
    }
    case 'values': {
      const { name } = plan.parameters
      const { segments } = await client.eventProperties(plan.parameters, signal)
      return table([name === 'events' ? 'value' : name, 'events'], segments.map(sum), limit, running)
    }
    case 'today': {
      const then = scheduledAt.toZonedDateTimeISO(zone).toPlainDate()
      if (!then.equals(todayIn(place))) {
        throw new RefusedError(`Mixpanel gives the top events by ${type} of today only, and this run is of ${then}`, {
          remedy: 'ask for `type: general`, or for a timeframe of one day',
        })
      }
      const rows = (await client.eventsTop(plan.parameters, signal)).map(({ event, amount }) => [event, amount] as const)
      const text = `Mixpanel gives the top events by ${type} of today so far, not of the timeframe`
      return table(['event', type], rows, limit, [{ kind: 'source', text }])
    }
    case 'days': {
      const names = await client.eventsNames(plan.names, signal)
      const found = names.length === 0 ? [] : ofEach(names, await client.events({ event: names, ...plan.numbers }, signal))
      return table(['event', type === 'general' ? 'events' : type], found.map(sum), limit, running)
    }
  }
}

/** The property that a name or `properties["…"]` reads; undefined for anything else. */
function nameIn(property: string): string | undefined {
  const read = propertyOf(property)
  return 'problem' in read || read.kind !== 'property' || read.of !== 'properties' ? undefined : read.name
}

/** Sparse: a day that is not there is 0. */
function sum({ name, values }: Pick<Found, 'name' | 'values'>): readonly [string, number] {
  return [name, Object.values(values).reduce((all, value) => all + value, 0)]
}

function table(
  [name, number]: readonly [string, string],
  rows: readonly (readonly [string, number | null])[],
  limit: number,
  notes: readonly Note[],
): TableBody {
  const sorted = rows.toSorted(([a, first], [b, second]) => (second ?? -1) - (first ?? -1) || (a < b ? -1 : 1))
  return {
    columns: [
      { name, type: 'text' },
      { name: number, type: 'number' },
    ],
    rows: sorted.slice(0, limit).map((row) => [...row]),
    notes: [...notes],
  }
}
