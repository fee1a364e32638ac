import { closest } from '../../closest.ts'
import { RefusedError } from '../../errors.ts'
import { printExpression } from '../../expression.ts'
import type { Question } from '../../query.ts'
import type { Finding, Inspected } from '../source.ts'
import type { MixpanelClient } from './client.ts'
import { namedBy } from './named.ts'
import type { Place } from './questions/asking.ts'
import { todayIn } from './questions/times.ts'

/** The server's own most for names of events. */
const mostNames = 5000
/** Properties that are looked at; where an event has more, a missing one says nothing. */
const mostProperties = 500

/**
 * Looks up what questions name: events, the properties of `on`, `of` and `where`, those of profiles, saved funnels with
 * their steps, saved reports. Each is asked once, whichever questions name it; every lookup uses up one query of the hour.
 * What no call tells is found as unknown.
 */
export async function inspect(asked: readonly Inspected[], place: Place): Promise<Finding[]> {
  const { client } = place
  const findings: Finding[] = []
  const reads = asked.map((one) => ({ ...one, named: namedBy(one.question) }))
  const names = reads.some(({ named }) => named.events.length > 0)
    ? await client.eventsNames({ type: 'general', limit: mostNames })
    : []
  const known = new Set(names)
  const properties = once((event: string) => client.propertiesTop({ event, limit: mostProperties }))
  const profiles = once((property: string) => profilesWith(property, client))
  const ofProfiles = once((_: 'some') => namesInProfiles(client))
  const funnels = once((_: 'all') => client.funnelsList())
  const steps = once((id: string) => stepsOf(id, place))
  const insights = once((id: string) => client.insights({ bookmark_id: id }))

  for (const { question, named, report, query } of reads) {
    const where = { report, query }
    const find = (problem: string, remedy?: string) => findings.push({ ...where, problem, remedy })
    const unsure = (problem: string) => findings.push({ ...where, problem, unknown: true })
    for (const event of named.events) {
      if (!known.has(event)) {
        if (names.length < mostNames) find(`no event called "${event}" came in the last 31 days`, didYouMean(event, names))
        else unsure(`the event "${event}" is not among the ${mostNames.toLocaleString('en-GB')} that Mixpanel lists at most`)
        continue
      }
      for (const property of named.properties) {
        const there = (await properties(event)).map(({ name }) => name)
        if (there.includes(property)) continue
        if (there.length < mostProperties) find(`no event "${event}" has a property "${property}"`, didYouMean(property, there))
        else unsure(`the property "${property}" is not among the ${mostProperties} most common ones of "${event}"`)
      }
    }
    if (named.customEvents.length > 0) unsure(`${listed(named.customEvents)}: no call lists custom events`)
    if (named.customProperties.length > 0) unsure(`${listed(named.customProperties)}: no call lists custom properties`)
    if (named.properties.length > 0 && (named.events.length === 0 || named.customEvents.length > 0)) {
      const of = named.customEvents.length > 0 ? 'a custom event' : 'any event'
      unsure(`${listed(named.properties)}: properties are listed by event, and not of ${of}`)
    }
    for (const property of named.ofProfiles) {
      if ((await profiles(property)) > 0) continue
      find(`no profile has a property "${property}"`, didYouMean(property, await ofProfiles('some')))
    }
    const saved = savedFunnel(question, place.name)
    if (saved !== undefined) {
      const list = await funnels('all')
      if (list.every(({ id }) => id !== saved.id)) {
        find(`the project has no saved funnel ${saved.id}`, `it has ${listed(list.map(({ id, name }) => `${id} (${name})`))}`)
      } else if (saved.steps !== undefined) {
        const has = await steps(saved.id)
        if (has.length === 0)
          unsure(`the steps of the saved funnel ${saved.id}: Mixpanel has no answer of yesterday that names them`)
        else if (!isSame(has, saved.steps)) {
          const [theirs, ours] = [has.map(([name]) => name), saved.steps].map((each) => each.join(' → '))
          find(
            `the saved funnel ${saved.id} has the steps ${theirs}, and the question names ${ours}`,
            'name the funnel’s own steps',
          )
        }
        if (saved.conditions) unsure(`the conditions of the saved funnel ${saved.id}: its answers do not show them`)
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

/** How many profiles have a property. */
async function profilesWith(name: string, client: MixpanelClient): Promise<number> {
  const property = { kind: 'property', of: 'properties', name } as const
  const where = printExpression({ kind: 'call', function: 'defined', arguments: [property] })
  const { total, profiles } = await client.engage({ where, output_properties: [name] })
  return total ?? profiles.length
}

/** What the profiles of a first page have, for what was meant. */
async function namesInProfiles(client: MixpanelClient): Promise<string[]> {
  const { profiles } = await client.engage({})
  return [...new Set(profiles.flatMap(({ properties }) => Object.keys(properties)))]
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

interface SavedFunnel {
  readonly id: string
  readonly steps?: readonly string[]
  /** Whether the question says of a step what it would have to be. */
  readonly conditions?: boolean
}

function savedFunnel(question: Question, source: string): SavedFunnel | undefined {
  if (question.kind === 'saved') return question.funnel === undefined ? undefined : { id: question.funnel }
  if (question.kind !== 'funnel') return undefined
  const id = question.saved?.[source]
  const conditions = question.steps.some(({ where }) => where !== undefined)
  return id === undefined ? undefined : { id, steps: question.steps.map(({ event }) => event), conditions }
}

function isSame(has: readonly (readonly string[])[], named: readonly string[]): boolean {
  return has.length === named.length && has.every((names, at) => names.includes(named[at] ?? ''))
}

/** Each step by all its names, as yesterday's answer has them: the list of funnels has none. */
async function stepsOf(id: string, place: Place): Promise<string[][]> {
  const day = todayIn(place).subtract({ days: 1 }).toString()
  const [bucket] = await place.client.funnel({ funnel_id: id, from_date: day, to_date: day, interval: 1 })
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
