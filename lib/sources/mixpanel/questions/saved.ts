import { Temporal } from 'temporal-polyfill'
import type { Saved } from '../../../query.ts'
import type { AnyBody, FunnelBody, FunnelSteps, Note } from '../../../result.ts'
import type { Window } from '../../../timeframe.ts'
import { refuseOver } from '../../over.ts'
import type { Ask } from '../../source.ts'
import type { ParametersOf } from '../client.ts'
import type { Place, Request } from './asking.ts'
import { daysOf, runningNotes } from './days.ts'
import { bucketIn, stepsWithout, timesNote } from './funnel.ts'
import { insightsBody } from './insights.ts'

/** Why a Mixpanel source cannot be asked this, if it cannot. */
export function refuseSaved(saved: Saved & { readonly kind?: string }): string | undefined {
  const { insights, funnel, query, analysis, type } = saved
  if (query !== undefined || analysis !== undefined || type !== undefined)
    return 'Mixpanel keeps `insights` and `funnel`; `query`, `analysis` and `type` are of other vendors'
  const given = [insights, funnel].filter((id) => id !== undefined)
  if (given.length !== 1) return 'name one saved report: `insights: <bookmark id>` or `funnel: <id>`'
  return /^\d+$/.test(given[0] ?? '') ? undefined : 'an id of Mixpanel has digits only; it stands in the address of the report'
}

export function savedRequests({ question, windows }: Ask<'saved'>, zone: string): readonly Request[] {
  const { insights, funnel } = question
  if (insights !== undefined) return [{ call: 'insights', parameters: { bookmark_id: insights } }]
  return [{ call: 'funnel', parameters: funnelRequest(funnel ?? '', windows.timeframe, zone) }]
}

/** Throws RefusedError for a run that is over, and for reports in shapes that results do not have. */
export async function answerSaved(ask: Ask<'saved'>, place: Place): Promise<AnyBody> {
  const { question, windows, scheduledAt, signal } = ask
  const { insights, funnel } = question
  if (insights === undefined) {
    const request = funnelRequest(funnel ?? '', windows.timeframe, place.zone)
    const bucket = bucketIn(await place.client.funnel(request, signal), request)
    return { shape: 'funnel', ...funnelBody(stepsWithout(bucket), windows.timeframe) }
  }
  const now = Temporal.Instant.fromEpochMilliseconds(place.clock().getTime())
  refuseOver('a saved report', 'Mixpanel', scheduledAt, now)
  const answer = await place.client.insights({ bookmark_id: insights }, signal)
  return insightsBody(answer, { zone: place.zone, at: scheduledAt })
}

function funnelRequest(id: string, window: Window, zone: string): ParametersOf<'funnel'> {
  const { from_date, to_date, count } = daysOf(window, zone)
  return { funnel_id: id, from_date, to_date, interval: count }
}

function funnelBody(steps: FunnelSteps, window: Window): FunnelBody {
  const notes: Note[] = [
    { kind: 'source', text: 'the saved funnel is asked for these dates; its own are not in its answer' },
    timesNote,
    {
      kind: 'immature',
      text: 'how long people have is saved with the funnel and not in its answer: the last may still be on their way',
    },
  ]
  return { steps, comparisons: [], notes: [...notes, ...runningNotes(window)] }
}
