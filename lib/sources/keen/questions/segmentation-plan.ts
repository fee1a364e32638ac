import { RefusedError } from '../../../errors.ts'
import type { Segmentation } from '../../../query.ts'
import type { Bucket } from '../../../timeframe.ts'
import { bucketsOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import { valueKey } from '../calls/answers.ts'
import { percentile as percentileTaken } from '../calls/parameters.ts'
import type { Request as AnyRequest, Site, Span } from './asking.ts'
import { refusalOf, refuseWithoutActor, timeframeOf } from './asking.ts'
import type { Filter } from './filters.ts'
import { filtersOf, plainProperty } from './filters.ts'
import type { Range, Stretch, StretchTime } from './stretches.ts'
import { cellsOf, fillingOf, stretchesOf } from './stretches.ts'
import type { Tally } from './tallies.ts'
import { talliesOf } from './tallies.ts'

/** Why a Keen source cannot be asked this, if it cannot. */
export function refuseSegmentation(question: Segmentation, site: Site): string | undefined {
  const { event, type, on, of, buckets, percentile } = question
  if (event === 'any') return 'Keen counts one event collection at a time; name the events'
  if (Array.isArray(event) && on !== undefined)
    return 'a Keen source splits one event by a property; name one event, or leave out `on`'
  if (Array.isArray(event) && new Set(event).size < event.length) return 'an event is listed twice; name each once'
  if (buckets !== undefined) return "Keen's ranges of numbers have a size, and `buckets` says how many there are; leave it out"
  if (of !== undefined && (type === 'general' || type === 'unique')) return `${type} counts; \`of\` goes with a sum or an average`
  if (of === undefined && !['general', 'unique', 'average'].includes(type)) return `${type} is of a property; name it with \`of\``
  if (type === 'percentile' && percentile === undefined) return 'which percentile? Write percentile: 90'
  if (type !== 'percentile' && percentile !== undefined) return '`percentile` goes with type: percentile'
  const wrong = percentile === undefined ? undefined : percentileTaken.safeParse(percentile).error?.issues[0]
  if (wrong !== undefined) return wrong.message
  if (type === 'unique' || (type === 'average' && of === undefined)) {
    const without = refuseWithoutActor(type === 'unique' ? 'unique' : 'an average per user', site)
    if (without !== undefined) return without
  }
  return refusalOf(() => {
    filtersOf(question.where)
    if (of !== undefined) plainProperty(of)
    const groups = groupsOf(question)
    if (groups.includes(valueKey)) {
      throw new RefusedError(
        `Keen calls the number of a group \`${valueKey}\`, so that a property of that name cannot be told from it`,
      )
    }
    if (new Set(groups).size < groups.length) throw new RefusedError('`on` names a property twice; name each once')
  })
}

export interface Request extends AnyRequest {
  readonly call: Tally['call']
  readonly parameters: {
    readonly event_collection: string
    readonly target_property?: string
    readonly percentile?: number
    readonly filters?: Filter[]
    readonly group_by?: string[]
  } & StretchTime
}

/** Requests for one metric of one event. */
export interface TallyPlan {
  readonly tally: Tally
  readonly cells: readonly Bucket[]
  readonly stretches: readonly (Stretch & { readonly request: Request })[]
  /** The timeframe's, then each comparison's. */
  readonly figures: readonly Figure[]
}

/** A figure of one window: made of cells, or asked for by itself. */
export interface Figure {
  readonly of: Range | Request
  /** Counts all groups together, where their numbers do not join. */
  readonly together: Request | undefined
}

export interface Part {
  readonly event: string
  readonly tallies: readonly [TallyPlan, TallyPlan?]
}

export interface Plan {
  readonly buckets: readonly Bucket[]
  readonly parts: readonly Part[]
  /** Each once, the trend's first. */
  readonly requests: readonly Request[]
}

/** What has to be asked. Throws RefusedError where it cannot be asked for exactly, or only in too many requests. */
export function planSegmentation(ask: Ask<'segmentation'>, site: Pick<Site, 'actor'>): Plan {
  const { question, windows, calendar } = ask
  const trend = windows.trend ?? windows.timeframe
  const parts = [question.event].flat().map((event): Part => {
    const [first, second] = talliesOf(question, site)
    const tallies = [planTally(ask, event, first)] as const
    return { event, tallies: second === undefined ? tallies : [...tallies, planTally(ask, event, second)] }
  })
  const requests = parts.flatMap(({ tallies }) => tallies.flatMap((tally) => (tally === undefined ? [] : requestsOf(tally))))
  const distinct = [...new Map(requests.map((request) => [keyOf(request), request])).values()]
  if (distinct.length > mostRequests) {
    throw new RefusedError(`Keen would have to be asked ${distinct.length} times, and takes 200 queries a minute`, {
      remedy: `ask about less: at most ${mostRequests} requests make one answer`,
    })
  }
  return { buckets: bucketsOf(trend, question.unit, calendar), parts, requests: distinct }
}

const mostRequests = 180

function planTally({ question, windows, calendar }: Ask<'segmentation'>, event: string, tally: Tally): TallyPlan {
  const joins = tally.joins !== 'none'
  const { cells, unit } = cellsOf(windows.trend ?? windows.timeframe, question.unit, calendar, joins)
  const request = (time: StretchTime, split = question.on !== undefined): Request => ({
    call: tally.call,
    parameters: {
      event_collection: event,
      ...tally.target,
      ...filtersOf(question.where),
      ...(split ? { group_by: groupsOf(question) } : {}),
      ...time,
    },
  })
  const filling = fillingOf(cells)
  const alone = (window: Span, split?: boolean) => request({ timeframe: timeframeOf(window) }, split)
  return {
    tally,
    cells,
    stretches: stretchesOf(cells, unit, calendar).map((stretch) => ({ ...stretch, request: request(stretch.time) })),
    figures: [windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)].map((window): Figure => {
      const fill = filling(window)
      const held = fill !== undefined && (joins || fill.to - fill.from === 1)
      return { of: held ? fill : alone(window), together: question.on === undefined || joins ? undefined : alone(window, false) }
    }),
  }
}

function requestsOf({ stretches, figures }: TallyPlan): Request[] {
  return [
    ...stretches.map(({ request }) => request),
    ...figures.flatMap(({ of, together }) => [...('call' in of ? [of] : []), ...(together === undefined ? [] : [together])]),
  ]
}

/** The properties that split, as Keen has them in each group. */
export function groupsOf({ on }: Pick<Segmentation, 'on'>): string[] {
  return [on ?? []].flat().map(plainProperty)
}

/** The same text for the same request. */
export function keyOf(request: Request): string {
  return JSON.stringify(request)
}
