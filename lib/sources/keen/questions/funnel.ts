import { RefusedError } from '../../../errors.ts'
import type { Funnel } from '../../../query.ts'
import type { FunnelBody, FunnelSteps, Note } from '../../../result.ts'
import { stepsOf } from '../../../result.ts'
import { parseDuration, spanOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { FunnelAnswer } from '../calls/funnel.ts'
import type { Place, Site, Span } from './asking.ts'
import { refusalOf, refuseWithoutActor, timeframeOf } from './asking.ts'
import type { Filter } from './filters.ts'
import { filtersOf } from './filters.ts'

/** Why a Keen source cannot be asked this, if it cannot. */
export function refuseFunnel(question: Funnel, site: Site): string | undefined {
  if (question.saved?.[site.name] !== undefined) {
    return `Keen answers funnels by their steps; leave \`${site.name}\` out of \`saved\`, or ask \`saved: { query: <name> }\``
  }
  if (question.on !== undefined) return 'Keen does not split a funnel by a property; leave out `on`, or ask a lake'
  return (
    refuseWithoutActor('a funnel', site) ??
    refusalOf(() => {
      for (const { where } of question.steps) filtersOf(question.where, where)
    })
  )
}

interface Step {
  readonly event_collection: string
  readonly actor_property: string
  readonly filters?: Filter[]
  readonly timeframe: { readonly start: string; readonly end: string }
}

export interface FunnelRequest {
  readonly steps: Step[]
}

/** What is sent for each window: the timeframe's, then each comparison's. Who enters late still has time for later steps. */
export function funnelRequests({ question, windows }: Ask<'funnel'>, { actor = '' }: Pick<Site, 'actor'>): FunnelRequest[] {
  const within = { seconds: parseDuration(question.within) ?? 0 }
  const request = ({ start, end }: Span): FunnelRequest => ({
    steps: question.steps.map(({ event, where }, at) => ({
      event_collection: event,
      actor_property: actor,
      ...filtersOf(question.where, where),
      timeframe: timeframeOf({ start, end: at === 0 ? end : end.add(within) }),
    })),
  })
  return [windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)].map(request)
}

/** Throws RefusedError where Keen answers for other steps than were asked, and what the client throws. */
export async function answerFunnel(ask: Ask<'funnel'>, place: Place): Promise<FunnelBody> {
  const { windows, signal } = ask
  const answers: FunnelSteps[] = []
  for (const request of funnelRequests(ask, place)) answers.push(stepsIn(await place.client.funnel(request, signal), request))
  const [steps = [], ...compared] = answers
  return {
    steps,
    comparisons: windows.comparisons.map(({ to, timeframe }, at) => ({
      to,
      timeframe: spanOf(timeframe),
      steps: compared[at] ?? [],
    })),
    notes: notesOf(ask),
  }
}

function stepsIn({ steps, result }: FunnelAnswer, { steps: asked }: FunnelRequest): FunnelSteps {
  const same = result.length === asked.length && (steps.length === 0 || asked.every((step, at) => isSame(step, steps[at] ?? {})))
  if (!same) {
    const [theirs, ours] = [steps.map((step) => step['event_collection']), asked.map((step) => step.event_collection)]
    throw new RefusedError(
      `Keen was asked for the steps ${ours.join(' → ')} and answers for ${theirs.join(' → ') || `${result.length} steps`}`,
    )
  }
  return stepsOf(
    asked.map(({ event_collection }, at) => ({ name: event_collection, count: result[at] ?? 0, medianSeconds: null })),
  )
}

/** The echo has defaults filled in, and times may be written in another way. */
function isSame({ event_collection, actor_property, filters = [] }: Step, echoed: Readonly<Record<string, unknown>>): boolean {
  const theirs = echoed['filters'] ?? []
  return (
    echoed['event_collection'] === event_collection &&
    echoed['actor_property'] === actor_property &&
    echoed['inverted'] !== true &&
    echoed['optional'] !== true &&
    Array.isArray(theirs) &&
    theirs.length === filters.length
  )
}

function notesOf({ question, windows }: Ask<'funnel'>): Note[] {
  const { within, unordered, steps } = question
  const until = `until ${within} after the end of the timeframe, whenever somebody entered`
  const order = unordered ? 'counts later steps' : 'counts who did all steps in any order, later steps'
  const twice = new Set(steps.map((step) => JSON.stringify([step.event, step.where]))).size < steps.length
  const notes: Note[] = [
    { kind: 'source', text: `Keen ${order} ${until}${twice ? '; one event serves every step that names it' : ''}` },
    { kind: 'source', text: 'Keen gives no times between steps, so none are shown' },
  ]
  if (windows.immature)
    notes.push({ kind: 'immature', text: `who entered less than ${within} ago still has time for the later steps` })
  if (windows.timeframe.partial) notes.push({ kind: 'partial', text: 'what still runs is counted as far as it has come' })
  return notes
}
