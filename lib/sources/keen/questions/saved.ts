import { Temporal } from 'temporal-polyfill'
import { DataError, RefusedError } from '../../../errors.ts'
import { isObject } from '../../../exact-json.ts'
import type { Saved } from '../../../query.ts'
import type { AnyBody, FunnelSteps, Note } from '../../../result.ts'
import { stepsOf } from '../../../result.ts'
import { spanOf } from '../../../timeframe.ts'
import { refuseOver } from '../../over.ts'
import type { Ask } from '../../source.ts'
import { rowsOf, timesOf } from '../calls/answers.ts'
import { savedFunnel } from '../calls/funnel.ts'
import { mostRows } from '../calls/queries.ts'
import type { SavedQuery } from '../calls/saved.ts'
import type { Place } from './asking.ts'
import { tableOf } from './people.ts'
import type { Definition } from './saved-rows.ts'
import { seriesIn, tableIn } from './saved-rows.ts'
import type { SavedTime } from './saved-time.ts'
import { around, calendarZoneOf, spansIn, windowOf } from './saved-time.ts'

/** Why a Keen source cannot be asked this, if it cannot. */
export function refuseSaved({ insights, funnel, query, analysis, type }: Saved): string | undefined {
  const others = Object.entries({ insights, funnel, analysis, type }).filter(([, value]) => value !== undefined)
  if (others.length > 0) {
    const words = others.map(([word]) => `\`${word}\``).join(' and ')
    return `Keen keeps each saved question by its name, \`query: <name>\`; ${words} ${others.length > 1 ? 'are' : 'is'} of other vendors`
  }
  return query === undefined ? 'name the saved query: `query: <name>`' : undefined
}

export function savedRequest({ question }: Pick<Ask<'saved'>, 'question'>): { query_name: string } {
  return { query_name: question.query ?? '' }
}

/** Throws RefusedError for a run that is over and for what is mailed, DataError for a result of another shape than saved. */
export async function answerSaved(ask: Ask<'saved'>, { client, clock }: Place): Promise<AnyBody> {
  const now = Temporal.Instant.fromEpochMilliseconds(clock().getTime())
  refuseOver('a saved query', 'Keen', ask.scheduledAt, now)
  const { definition, result } = await client.savedQueryResult(savedRequest(ask), ask.signal)
  const body = bodyOf(definition, result, ask, now)
  const time = timeOf(definition.query)
  // What a relative timeframe means now is not what it meant when the vendor worked out the answer that it keeps.
  const isMoving = isKept(definition) && typeof time.timeframe === 'string'
  const window = isMoving ? undefined : windowOf(time, now)
  const timeframe = body.timeframe ?? (window === undefined ? undefined : spanOf(window))
  const undated = isMoving ? moved(String(time.timeframe)) : untold
  return {
    ...body,
    ...(timeframe === undefined ? {} : { timeframe }),
    notes: [...ownNotes(definition), ...(timeframe === undefined ? [undated] : []), ...body.notes],
  }
}

/** Whether the vendor answers with what it worked out before. */
function isKept({ refresh_rate }: SavedQuery): boolean {
  return refresh_rate > 0
}

/** A funnel's times stand in its steps, where it has none itself. */
function timeOf(query: Definition): SavedTime {
  const [first] = Array.isArray(query['steps']) ? query['steps'] : []
  if (!isObject(first)) return query
  return { timeframe: first['timeframe'] ?? query['timeframe'], timezone: first['timezone'] ?? query['timezone'] }
}

const untold: Note = {
  kind: 'undated',
  text: 'the saved query does not say which time it is about; without a timeframe it is all',
}

function moved(timeframe: string): Note {
  return {
    kind: 'undated',
    text: `Keen kept this answer, and does not say which days its ${timeframe} were when it was worked out`,
  }
}

function ownNotes(definition: SavedQuery): Note[] {
  const { query_name, refresh_rate } = definition
  const old = isKept(definition) ? `, of Keen's cache, so up to ${durationOf(refresh_rate)} old` : ''
  return [{ kind: 'source', text: `this is Keen's own saved query ${query_name}, with its own dates${old}` }]
}

function durationOf(seconds: number): string {
  const hours = Math.round((seconds / 3600) * 10) / 10
  return hours === 1 ? '1 hour' : `${hours} hours`
}

function bodyOf(definition: SavedQuery, result: unknown, { title, calendar }: Ask<'saved'>, now: Temporal.Instant): AnyBody {
  const { query, refresh_rate } = definition
  switch (query['analysis_type']) {
    case 'funnel':
      return funnelBody(query, result)
    case 'extraction':
      return extractionBody(query, result)
    default: {
      const rows = rowsOf(result, query)
      const hasTimes = query['interval'] !== undefined && query['interval'] !== null
      const times = hasTimes ? timesOf(result) : []
      const series = seriesIn({ rows, times }, query, {
        title,
        zone: calendar.timezone,
        now,
        age: isKept(definition) ? refresh_rate : 0,
      })
      if (series !== undefined) return series
      const window = around(spansIn(times, calendarZoneOf(query) ?? 'UTC') ?? [])
      return { shape: 'table', ...(window === undefined ? {} : { timeframe: spanOf(window) }), ...tableIn(rows, query) }
    }
  }
}

function extractionBody(query: Definition, result: unknown): AnyBody {
  if (!Array.isArray(result) || !result.every(isObject)) {
    throw new RefusedError('the saved query is an extraction whose answer is no list of events', {
      remedy: 'save it without an email address, or list the events with `people: { event: … }`',
    })
  }
  const named = query['property_names']
  const properties = [named ?? []].flat().filter((name) => typeof name === 'string')
  const table = tableOf(result, properties.length === 0 ? undefined : properties)
  const text = `these are ${mostRows.toLocaleString('en-US')} events, as many as Keen gives; there may be more`
  const cut: Note[] = result.length < mostRows ? [] : [{ kind: 'truncated', text }]
  return { shape: 'table', ...table, notes: [...cut, ...table.notes] }
}

function funnelBody(query: Definition, result: unknown): AnyBody {
  const parsed = savedFunnel.safeParse(result)
  if (!parsed.success) throw new DataError(`the saved funnel's result is of another shape (${parsed.error.issues[0]?.message})`)
  const own = Array.isArray(query['steps']) ? query['steps'] : []
  const given = parsed.data.steps.length > 0 ? parsed.data.steps : own
  const steps = parsed.data.result.map((count, at) => {
    const step: unknown = given[at]
    return { count, ...(isObject(step) ? stepWords(step, at) : { name: `step ${at + 1}`, optional: false }) }
  })
  const optional = steps.some((step) => step.optional)
  return {
    shape: 'funnel',
    steps: withOptional(steps),
    comparisons: [],
    notes: [
      { kind: 'source', text: 'Keen counts who did all steps in any order, each within its own timeframe' },
      { kind: 'source', text: 'Keen gives no times between steps, so none are shown' },
      ...(optional ? [{ kind: 'source', text: 'what follows an optional step is counted among those before it' } as const] : []),
    ],
  }
}

interface NamedStep {
  readonly name: string
  readonly optional: boolean
  readonly count: number
}

function stepWords(step: Definition, at: number): Pick<NamedStep, 'name' | 'optional'> {
  const event = typeof step['event_collection'] === 'string' ? step['event_collection'] : `step ${at + 1}`
  return { name: step['inverted'] === true ? `not ${event}` : event, optional: step['optional'] === true }
}

/** An optional step changes nothing for those that follow: they are shares of the last one before it. */
function withOptional(steps: readonly NamedStep[]): FunnelSteps {
  const plain = stepsOf(steps.map(({ name, count }) => ({ name, count, medianSeconds: null })))
  return plain.map((step, at) => {
    const before = steps.slice(0, at).findLast((one) => !one.optional)
    if (before === undefined) return step
    return { ...step, stepConversion: before.count === 0 ? null : step.count / before.count }
  })
}
