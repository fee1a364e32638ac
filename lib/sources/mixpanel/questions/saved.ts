import { Temporal } from 'temporal-polyfill'
import { RefusedError } from '../../../errors.ts'
import type { Saved } from '../../../query.ts'
import type { AnyBody, FunnelBody, Note } from '../../../result.ts'
import { stepsOf } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { AnswerOf, ParametersOf } from '../client.ts'
import type { Place, Request } from './asking.ts'
import { daysOf } from './days.ts'
import { insightsBody } from './insights.ts'

/** A saved report answers for the time at which it is asked; a day after the schedule that is another time. */
const longestDelay = { hours: 24 }

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
    return { shape: 'funnel', ...funnelBody(await place.client.funnel(request, signal), request, windows.timeframe.partial) }
  }
  const now = Temporal.Instant.fromEpochMilliseconds(place.clock().getTime())
  if (Temporal.Instant.compare(scheduledAt.add(longestDelay), now) < 0) {
    throw new RefusedError('a saved report has the dates that Mixpanel gives it now, not those of a run that is over', {
      remedy: `look at it with \`run --at ${minuteOf(now)}\`, which is now; a scheduled run has a day to ask it`,
    })
  }
  const answer = await place.client.insights({ bookmark_id: insights }, signal)
  return insightsBody(answer, { zone: place.zone, at: scheduledAt })
}

/** `2026-11-21T10:05Z`, as `--at` takes it: never after `now`. */
function minuteOf(now: Temporal.Instant): string {
  return now.toString({ smallestUnit: 'minute', roundingMode: 'floor' })
}

function funnelRequest(id: string, window: Ask['windows']['timeframe'], zone: string): ParametersOf<'funnel'> {
  const { from_date, to_date, count } = daysOf(window, zone)
  return { funnel_id: id, from_date, to_date, interval: count }
}

function funnelBody(answer: AnswerOf<'funnel'>, request: ParametersOf<'funnel'>, running: boolean): FunnelBody {
  const within = answer.filter(({ date }) => request.from_date <= date && date <= request.to_date)
  const [bucket] = within
  if (bucket === undefined || within.length > 1) {
    throw new RefusedError(`Mixpanel's funnel ${request.funnel_id} was asked as one bucket and answers in ${within.length}`, {
      remedy: 'people who are in several of them would count twice: ask for one day, or name its steps in a `funnel`',
    })
  }
  if (bucket.steps.length === 0) {
    throw new RefusedError(`Mixpanel's funnel ${request.funnel_id} is split by a property, and has no row for all people`, {
      remedy: 'save it without a breakdown',
    })
  }
  const notes: Note[] = [
    { kind: 'source', text: 'the saved funnel is asked for these dates; its own are not in its answer' },
    { kind: 'source', text: 'Mixpanel gives mean times between steps, no medians, so none are shown' },
    {
      kind: 'immature',
      text: 'how long people have is saved with the funnel and not in its answer: the last may still be on their way',
    },
  ]
  if (running) notes.push({ kind: 'partial', text: 'the running day is counted as far as it has come' })
  return { steps: stepsOf(bucket.steps.map(({ name, count }) => ({ name, count, medianSeconds: null }))), comparisons: [], notes }
}
