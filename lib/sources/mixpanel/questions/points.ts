import { DataError } from '../../../errors.ts'
import { nameOfPath } from '../../../segments.ts'
import type { AnswerOf, MixpanelClient } from '../client.ts'
import type { Place } from './asking.ts'
import type { History } from './history.ts'
import { askWithin, historyIn } from './history.ts'
import type { Request } from './segmentation-plan.ts'
import { isCustom, keyOf, mostSegments, requestSince } from './segmentation-plan.ts'

/** An answer as it came: numbers by date for each segment. */
export interface Points {
  readonly segments: readonly Found[]
  /** What people call the event, where it is a custom one and the vendor says it. */
  readonly label?: string
  /** More segments exist than came. */
  readonly cut: boolean
  /** Set where the plan of the project does not look back to the first day that was asked for. */
  readonly history?: History
  /** Nothing of it could be asked for, for that reason. */
  readonly lost?: boolean
}

export interface Found {
  readonly name: string
  /** Of two properties: the outer value, then the inner one. */
  readonly path?: readonly string[]
  /** Of a numeric range. */
  readonly bounds?: Bounds | undefined
  readonly values: Readonly<Record<string, number>>
}

export interface Bounds {
  readonly from: number
  readonly to: number
}

/**
 * All at once; the client lets as many through as the vendor takes. The first request may not be lost: of any other one
 * only figures go missing where the plan's history does not hold it. Throws what the client throws.
 */
export async function sendAll(
  requests: readonly Request[],
  place: Place,
  signal: AbortSignal | undefined,
): Promise<(request: Request) => Points> {
  // One failure settles the question: what still queues would only use up the hour's queries.
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  try {
    const answers = new Map(
      await Promise.all(
        requests.map(async (request, at) => [keyOf(request), await sendWithin(request, place, either, at === 0)] as const),
      ),
    )
    return (request) => answers.get(keyOf(request)) as Points
  } finally {
    stop.abort()
  }
}

/** What the plan's history holds of it. */
async function sendWithin(request: Request, place: Place, signal: AbortSignal, needed: boolean): Promise<Points> {
  try {
    const ask = (asked: Request) => send(asked, place.client, signal)
    const { answer, history } = await askWithin(place, request, ask, requestSince)
    return history === undefined ? answer : { ...answer, history }
  } catch (error) {
    const history = historyIn(error, place)
    if (history === undefined || needed) throw error
    return { segments: [], cut: false, history, lost: true }
  }
}

async function send(request: Request, client: MixpanelClient, signal: AbortSignal): Promise<Points> {
  const { event } = request.parameters
  const name = String(event)
  switch (request.call) {
    case 'segmentationSum':
      return { segments: [{ name, values: await client.segmentationSum(request.parameters, signal) }], cut: false }
    case 'segmentationAverage':
      return { segments: [{ name, values: await client.segmentationAverage(request.parameters, signal) }], cut: false }
    case 'segmentationNumeric': {
      const { segments } = await client.segmentationNumeric(request.parameters, signal)
      return { segments, cut: false }
    }
    case 'segmentationMultiseg': {
      const { segments, outers, inners } = await client.segmentationMultiseg(request.parameters, signal)
      const found = segments.map(({ outer, inner, values }) => ({
        name: nameOfPath([outer, inner]),
        path: [outer, inner],
        values,
      }))
      return { segments: found, cut: Math.max(outers, inners) >= (request.parameters.limit ?? 0) }
    }
    case 'events':
      return { segments: ofEach([event].flat(), await client.events(request.parameters, signal)), cut: false }
    case 'segmentation': {
      const { segments, legendSize = 0 } = await client.segmentation(request.parameters, signal)
      if (request.parameters.on !== undefined) {
        return { segments, cut: segments.length >= mostSegments || legendSize > segments.length }
      }
      const [only, ...others] = segments
      if (others.length > 0) {
        throw new DataError(`Mixpanel was asked for ${name} unsplit and answers with ${segments.length} segments`)
      }
      const label = isCustom(name) && only !== undefined ? { label: only.name } : {}
      return { segments: [{ name, values: only?.values ?? {} }], ...label, cut: false }
    }
  }
}

/**
 * The events that were asked for, in that order; one that the answer lacks did not happen (answers are sparse). Throws
 * DataError where it has another one, since nobody can say then which of those it is.
 */
export function ofEach(names: readonly string[], { segments }: AnswerOf<'events'>): Found[] {
  const stray = segments.find(({ name }) => !names.includes(name))
  if (stray !== undefined) throw new DataError(`Mixpanel was asked for ${names.join(', ')} and answers for ${stray.name}`)
  const found = new Map(segments.map((segment) => [segment.name, segment]))
  return names.map((name) => found.get(name) ?? { name, values: {} })
}
