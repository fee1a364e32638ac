import { DataError, RefusedError } from '../../../errors.ts'
import type { Funnel } from '../../../query.ts'
import type { FunnelBody, FunnelSteps, Note } from '../../../result.ts'
import { stepsOf } from '../../../result.ts'
import { parseDuration, spanOf } from '../../../timeframe.ts'
import type { Ask } from '../../source.ts'
import type { AnswerOf, ParametersOf } from '../client.ts'
import type { Place } from './asking.ts'
import { daysOf, runningNotes } from './days.ts'
import type { History } from './history.ts'
import { historyIn, historyNote } from './history.ts'
import { printedWhere } from './printed.ts'

const longestDays = 90
const lengths = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** Why the Mixpanel source of that name cannot be asked this, if it cannot. */
export function refuseFunnel(question: Funnel, source: string): string | undefined {
  const id = question.saved?.[source]
  if (id !== undefined && !/^\d+$/.test(id)) return `an id of Mixpanel has digits only, and "${id}" is none`
  if (id === undefined) {
    return `Mixpanel runs saved funnels only: add \`saved: { ${source}: <id> }\`, the id of the one with these steps`
  }
  if (question.on !== undefined) return 'Mixpanel does not document how it answers a split funnel; leave out `on`, or ask a lake'
  if (question.unordered) return 'a saved funnel of Mixpanel keeps the order it was saved with; leave out `unordered`'
  if ((parseDuration(question.within) ?? 0) > longestDays * 86_400) {
    return `Mixpanel gives a funnel at most ${longestDays} days; shorten \`within: ${question.within}\``
  }
  return undefined
}

/** What is sent for each window: the timeframe's, then each comparison's. */
export function funnelRequests(ask: Ask<'funnel'>, source: string, zone: string): ParametersOf<'funnel'>[] {
  const { question, windows } = ask
  return [windows.timeframe, ...windows.comparisons.map(({ timeframe }) => timeframe)].map((window) => {
    const { from_date, to_date, count } = daysOf(window, zone)
    return {
      funnel_id: savedId(question, source),
      from_date,
      to_date,
      ...lengthOf(question),
      // One bucket: uniques of several do not add up. Documented: the days in a bucket; `unit` would say it another way.
      interval: count,
      ...printedWhere(question.where),
    }
  })
}

/**
 * Throws RefusedError where the saved funnel has other steps than the question, or answers in several buckets. A compared
 * period that the plan's history does not hold is left out, and a note says so: those who entered are counted together,
 * so a part of it would be another figure.
 */
export async function answerFunnel(ask: Ask<'funnel'>, place: Place): Promise<FunnelBody> {
  const { question, windows } = ask
  const answers: (FunnelSteps | undefined)[] = []
  let history: History | undefined
  for (const request of funnelRequests(ask, place.name, place.zone)) {
    try {
      answers.push(stepsIn(await place.client.funnel(request, ask.signal), request, question))
    } catch (error) {
      const reached = historyIn(error, place)
      if (reached === undefined || answers.length === 0) throw error
      history = reached
      answers.push(undefined)
    }
  }
  const [steps = [], ...compared] = answers
  return {
    steps,
    comparisons: windows.comparisons.flatMap(({ to, timeframe }, at) => {
      const then = compared[at]
      return then === undefined ? [] : [{ to, timeframe: spanOf(timeframe), steps: then }]
    }),
    notes: [...notesOf(ask), ...historyNote(history)],
  }
}

/**
 * The one bucket of an answer. Throws DataError where there is none, RefusedError where there are several or where it has
 * no row for all people.
 */
export function bucketIn(answer: AnswerOf<'funnel'>, request: ParametersOf<'funnel'>): AnswerOf<'funnel'>[number] {
  const within = answer.filter(({ date }) => request.from_date <= date && date <= request.to_date)
  const [bucket] = within
  const call = `Mixpanel's funnel ${request.funnel_id}`
  if (bucket === undefined) throw new DataError(`${call} has no answer for ${request.from_date} to ${request.to_date}`)
  if (within.length > 1) {
    throw new RefusedError(
      `${call} was asked as one bucket and answers in ${within.length}: ${within.map(({ date }) => date).join(', ')}`,
      {
        remedy: 'people who are in several of them would count twice: ask for one day, or ask a lake',
      },
    )
  }
  // A saved funnel may have a breakdown of its own.
  if (bucket.steps.length === 0) {
    throw new RefusedError(`${call} is split by a property, and has no row for all people`, {
      remedy: 'save it without a breakdown',
    })
  }
  return bucket
}

/** Without times: the vendor's are means. */
export function stepsWithout({ steps }: AnswerOf<'funnel'>[number]): FunnelSteps {
  return stepsOf(steps.map(({ name, count }) => ({ name, count, medianSeconds: null })))
}

export const timesNote: Note = {
  kind: 'source',
  text: 'Mixpanel gives mean times between steps, no medians, so none are shown',
}

function stepsIn(answer: AnswerOf<'funnel'>, request: ParametersOf<'funnel'>, question: Funnel): FunnelSteps {
  const bucket = bucketIn(answer, request)
  const asked = question.steps.map(({ event }) => event)
  const same = asked.length === bucket.steps.length && bucket.steps.every(({ names }, at) => names.includes(asked[at] ?? ''))
  if (!same) {
    const steps = bucket.steps.map(({ name }) => name)
    throw new RefusedError(
      `Mixpanel's funnel ${request.funnel_id} has the steps ${steps.join(' → ')}; the question names ${asked.join(' → ')}`,
      {
        remedy: 'name the saved funnel’s own steps, or the id of the funnel that has these',
      },
    )
  }
  return stepsWithout(bucket)
}

function notesOf({ question, windows }: Ask<'funnel'>): Note[] {
  const notes: Note[] = [timesNote]
  const filtered = question.steps.filter(({ where }) => where !== undefined).map(({ event }) => event)
  if (filtered.length > 0) {
    const text = `Mixpanel's saved funnel has its own conditions, which its answer does not show; the question has one for ${filtered.join(' and ')}`
    notes.push({ kind: 'source', text })
  }
  if (windows.immature) notes.push({ kind: 'immature', text: `later entrants still have time: ${question.within}` })
  return [...notes, ...runningNotes(windows.timeframe)]
}

function savedId(question: Funnel, source: string): string {
  const id = question.saved?.[source]
  if (id === undefined) throw new RefusedError(refuseFunnel(question, source) ?? 'the funnel has no saved id')
  return id
}

/** In the largest unit that fits exactly. */
function lengthOf(question: Funnel): { length: number; length_unit: (typeof lengths)[number][0] } {
  const seconds = parseDuration(question.within) ?? 0
  const [length_unit, size] = lengths.find(([, size]) => seconds % size === 0) ?? ['second', 1]
  return { length: seconds / size, length_unit }
}
