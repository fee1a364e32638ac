import { RefusedError } from '../../../errors.ts'
import type { Funnel } from '../../../query.ts'
import type { FunnelBody, FunnelSteps, Note } from '../../../result.ts'
import { stepsOf } from '../../../result.ts'
import type { Ask } from '../../source.ts'
import type { Analysis } from '../client.ts'
import type { Place, Request, Site } from './asking.ts'
import { analysisRequest, notesOn } from './asking.ts'
import type { FunnelRow, FunnelTable } from './funnel-table.ts'
import { readFunnel } from './funnel-table.ts'
import { rest } from './table.ts'

/** Why the Exponea source of that name cannot be asked this, if it cannot: a call takes no more than the id of what is saved. */
export function refuseFunnel(question: Funnel, { name }: Site): string | undefined {
  if (question.saved?.[name] === undefined) {
    return `Exponea runs saved funnels only: add \`saved: { ${name}: <id> }\`, the id of the one with these steps`
  }
  if (question.on !== undefined) {
    return 'a saved funnel of Exponea has its own drill-down, which comes along by itself; leave out `on`'
  }
  if (question.where !== undefined) return 'a saved funnel of Exponea has its own filters; leave out `where`, or ask a lake'
  if (question.unordered) return 'a funnel of Exponea keeps the order of its steps; leave out `unordered`'
  return undefined
}

export function funnelRequest(ask: Ask<'funnel'>, { name }: Site): Request {
  const id = ask.question.saved?.[name]
  if (id === undefined) throw new RefusedError(refuseFunnel(ask.question, { name }) ?? 'the funnel has no saved id')
  return analysisRequest('funnel', id, ask)
}

/** Throws RefusedError where the saved funnel has other steps than the question. */
export async function answerFunnel(ask: Ask<'funnel'>, place: Place): Promise<FunnelBody> {
  const { question } = ask
  const { parameters } = funnelRequest(ask, place)
  const analysis = await place.client.funnel(parameters, ask.signal)
  const table = readFunnel(analysis)
  const other = otherSteps(table, question)
  if (other !== undefined) {
    throw new RefusedError(`Exponea's funnel ${parameters.analysis_id}, "${analysis.name}", ${other}`, { remedy: stepsRemedy })
  }
  const filtered = question.steps.filter(({ where }) => where !== undefined).map(({ event }) => event)
  const unseen = [`\`within: ${question.within}\``, ...(filtered.length === 0 ? [] : [`the condition of ${filtered.join(', ')}`])]
  const text = `${unseen.join(' and ')}: whether the saved funnel has the same is not in its answer`
  return funnelBody(analysis, table, ask, { limit: question.limit, notes: [{ kind: 'source', text }] })
}

export const stepsRemedy = 'name the saved funnel’s own steps, or the id of the funnel that has these'

/** `has the steps A → C; the question names A → B`, where that is so. */
export function otherSteps({ events }: Pick<FunnelTable, 'events'>, { steps }: Pick<Funnel, 'steps'>): string | undefined {
  const asked = steps.map(({ event }) => event)
  if (asked.length === events.length && events.every((event, at) => event === asked[at])) return undefined
  return `has the steps ${events.join(' → ')}; the question names ${asked.join(' → ')}`
}

/** Largest segments first; those beyond the limit are left out, which a note says. */
export function funnelBody(
  analysis: Analysis,
  { events, total, segments, unread }: FunnelTable,
  ask: Ask,
  { limit = segments.length, notes = [] }: { readonly limit?: number; readonly notes?: readonly Note[] } = {},
): FunnelBody {
  const shown = segments.toSorted(bySize).slice(0, limit)
  const steps = (row: FunnelRow): FunnelSteps =>
    stepsOf(events.map((name, at) => ({ name, count: row.counts[at] ?? 0, medianSeconds: null })))
  return {
    steps: steps(total),
    ...(shown.length === 0 ? {} : { segments: shown.map((row) => ({ name: row.name, steps: steps(row) })) }),
    comparisons: [],
    notes: [
      ...notesOn(analysis, ask),
      ...notes,
      ...durationNotes(events, total),
      ...segmentNotes(segments, limit),
      ...(unread.length === 0 ? [] : [note(`the funnel also has ${unread.join(', ')}, for which results have no place`)]),
      {
        kind: 'immature',
        text: 'until when people entered, and how long they have, is not in the answer: the last may still be on their way',
      },
    ],
  }
}

/** Times that are of no documented kind have no place among medians, and are not lost either. */
function durationNotes(events: readonly string[], { durations }: FunnelRow): Note[] {
  const told = events.flatMap((event, at) => {
    const seconds = durations[at]
    return seconds === null || seconds === undefined ? [] : [`${seconds.toLocaleString('en-US')} s to ${event}`]
  })
  if (told.length === 0) return []
  return [note(`Exponea's times from the step before: ${told.join(', ')}; it does not say whether these are medians`)]
}

function segmentNotes(segments: readonly FunnelRow[], limit: number): Note[] {
  if (segments.length === 0) return []
  const beyond = segments.length - limit
  return [
    note('the segments are the drill-down that is saved with the funnel'),
    ...(segments.some(({ name }) => name === rest) ? [{ kind: 'other', text: restWords } as const] : []),
    ...(beyond > 0
      ? [{ kind: 'other', text: `${beyond.toLocaleString('en-US')} more segments are not shown: the limit is ${limit}` } as const]
      : []),
  ]
}

const restWords = `${rest} is what Exponea counts together of the values that it does not list`

function note(text: string): Note {
  return { kind: 'source', text }
}

/** By who entered, equal ones by name; the rest stands last. */
function bySize(a: FunnelRow, b: FunnelRow): number {
  if ((a.name === rest) !== (b.name === rest)) return a.name === rest ? 1 : -1
  const more = (b.counts[0] ?? 0) - (a.counts[0] ?? 0)
  return more !== 0 ? more : a.name < b.name ? -1 : 1
}
