import { Temporal } from 'temporal-polyfill'
import { closest } from '../../closest.ts'
import { RefusedError } from '../../errors.ts'
import type { Expression } from '../../expression.ts'
import { parseExpression, propertyOf } from '../../expression.ts'
import type { Question } from '../../query.ts'
import type { Finding, Inspected } from '../source.ts'
import type { MixpanelClient } from './client.ts'
import type { Place } from './questions/asking.ts'

/** The server's own most for names of events. */
const mostNames = 5000
/** Properties that are looked at; where an event has more, a missing one says nothing. */
const mostProperties = 500

/** What every event has, so that no list needs it, and properties that people defined at Mixpanel. */
const unlisted = /^(?:time|token|distinct_id|\$(?:time|distinct_id|insert_id|user_id|device_id|event_name)|\$custom_property:.*)$/

/**
 * Looks up what questions name: events, the properties of `on`, `of` and `where`, saved funnels with their steps, saved
 * reports. Each is asked once, whichever questions name it; every lookup uses up one query of the hour.
 */
export async function inspect(asked: readonly Inspected[], place: Place): Promise<Finding[]> {
  const { client } = place
  const findings: Finding[] = []
  const names = asked.some(({ question }) => eventsOf(question).length > 0)
    ? await client.eventsNames({ type: 'general', limit: mostNames })
    : []
  const known = new Set(names)
  const properties = once((event: string) => client.propertiesTop({ event, limit: mostProperties }))
  const funnels = once((_: 'all') => client.funnelsList())
  const steps = once((id: string) => stepsOf(id, place))
  const insights = once((id: string) => client.insights({ bookmark_id: id }))

  for (const { question, ...where } of asked) {
    const find = (problem: string, remedy?: string) => findings.push({ ...where, problem, remedy })
    for (const event of eventsOf(question)) {
      if (!known.has(event)) {
        if (names.length < mostNames) find(`no event called "${event}" came in the last 31 days`, didYouMean(event, names))
        continue
      }
      for (const property of propertiesOf(question)) {
        const there = (await properties(event)).map(({ name }) => name)
        if (there.includes(property) || there.length >= mostProperties) continue
        find(`no event "${event}" has a property "${property}"`, didYouMean(property, there))
      }
    }
    const saved = savedFunnel(question, place.name)
    if (saved !== undefined) {
      const list = await funnels('all')
      if (list.every(({ id }) => id !== saved.id)) {
        find(`the project has no saved funnel ${saved.id}`, `it has ${listed(list.map(({ id, name }) => `${id} (${name})`))}`)
      } else if (saved.steps !== undefined) {
        const has = await steps(saved.id)
        // Without an answer for yesterday nobody can say.
        const same =
          has.length === 0 ||
          (has.length === saved.steps.length && has.every((step, at) => step.includes(saved.steps?.[at] ?? '')))
        if (!same) {
          const [theirs, ours] = [has.map(([name]) => name), saved.steps].map((each) => each.join(' → '))
          find(
            `the saved funnel ${saved.id} has the steps ${theirs}, and the question names ${ours}`,
            'name the funnel’s own steps',
          )
        }
      }
    }
    if (question.kind === 'saved' && question.insights !== undefined) {
      try {
        await insights(question.insights)
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error
        find(`the saved report ${question.insights} cannot be asked: ${error.message}`, error.remedy)
      }
    }
  }
  return findings
}

/** One request for the same thing, whoever asks for it. */
function once<Key extends string, Value>(ask: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const asked = new Map<Key, Promise<Value>>()
  return (key) => {
    const answer = asked.get(key) ?? ask(key)
    asked.set(key, answer)
    return answer
  }
}

/** Events by their names. Steps of a saved funnel are held against the funnel, and custom events are in no list. */
function eventsOf(question: Question): string[] {
  const named = (): string[] => {
    switch (question.kind) {
      case 'segmentation':
        return [question.event].flat()
      case 'retention':
        return [question.first, question.then]
      case 'frequency':
        return [question.event]
      case 'top':
        return question.event === undefined ? [] : [question.event]
      default:
        return []
    }
  }
  return [...new Set(named())].filter((event) => event !== 'any' && !event.startsWith('$custom_event:'))
}

/** The properties of events that a question reads; a profile's own are not in the lists of events. */
function propertiesOf(question: Question): string[] {
  const named: (Expression | { readonly problem: string })[] = []
  if ('on' in question) named.push(...[question.on ?? []].flat().map((property) => propertyOf(property)))
  if ('of' in question && question.kind === 'segmentation' && question.of !== undefined) named.push(propertyOf(question.of))
  if ('where' in question && question.where !== undefined) named.push(parseExpression(question.where))
  if (question.kind === 'top' && question.property !== undefined) named.push(propertyOf(question.property))
  const read = named.flatMap((expression) => ('problem' in expression ? [] : propertiesIn(expression)))
  return [...new Set(read)].filter((property) => !unlisted.test(property))
}

function propertiesIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'property':
      return expression.of === 'properties' ? [expression.name] : []
    case 'list':
      return expression.items.flatMap(propertiesIn)
    case 'call':
      return expression.arguments.flatMap(propertiesIn)
    case 'unary':
      return propertiesIn(expression.operand)
    case 'binary':
      return [expression.left, expression.right].flatMap(propertiesIn)
    default:
      return []
  }
}

function savedFunnel(question: Question, source: string): { id: string; steps?: readonly string[] } | undefined {
  if (question.kind === 'saved') return question.funnel === undefined ? undefined : { id: question.funnel }
  if (question.kind !== 'funnel') return undefined
  const id = question.saved?.[source]
  return id === undefined ? undefined : { id, steps: question.steps.map(({ event }) => event) }
}

/** Each step by all its names, as yesterday's answer has them: the list of funnels has none. */
async function stepsOf(
  id: string,
  { client, clock, zone }: Pick<Place, 'clock' | 'zone'> & { client: MixpanelClient },
): Promise<string[][]> {
  const today = Temporal.Instant.fromEpochMilliseconds(clock().getTime()).toZonedDateTimeISO(zone).toPlainDate()
  const day = today.subtract({ days: 1 }).toString()
  const [bucket] = await client.funnel({ funnel_id: id, from_date: day, to_date: day, interval: 1 })
  return (bucket?.steps ?? []).map(({ name, names }) => [name, ...names])
}

function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const near = closest(name, candidates)
  return near === undefined ? undefined : `did you mean "${near}"?`
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8)
  return names.length === 0
    ? 'none'
    : `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`
}
