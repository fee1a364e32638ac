import { closest } from '../../closest.ts'
import { RefusedError } from '../../errors.ts'
import type { Question } from '../../query.ts'
import type { Finding, Inspected } from '../source.ts'
import type { Place } from './questions/asking.ts'
import { filtersOf, plainProperty } from './questions/filters.ts'

/** What every event has; a project's properties may not list them. */
const unlisted = /^keen\./

/**
 * Looks up what questions name: event collections, and the properties of `on`, `of` and `where` and of the source's
 * `actor`, by one call for all of them; and saved queries, each by asking it.
 */
export async function inspect(asked: readonly Inspected[], { client, actor }: Place): Promise<Finding[]> {
  const named = asked.some(({ question }) => readsOf(question, actor).length > 0)
  const collections = named ? await client.getAllCollections({}) : []
  const known = new Map(collections.map(({ name = '', properties }) => [name, properties.map(([property]) => property)] as const))
  const saved = new Map<string, Promise<RefusedError | undefined>>()

  const findings: Finding[] = []
  for (const { question, ...where } of asked) {
    const find = (problem: string, remedy?: string) => findings.push({ ...where, problem, remedy })
    const told = new Set<string>()
    for (const { event, properties } of readsOf(question, actor)) {
      const there = known.get(event)
      if (there === undefined && !told.has(event)) {
        find(`the project has no event collection "${event}"`, didYouMean(event, [...known.keys()]))
        told.add(event)
      }
      for (const property of there === undefined ? [] : properties) {
        const key = JSON.stringify([event, property])
        // Of an object in an event, its own properties are listed: `user.id`, and no `user`.
        const isThere = there?.some((one) => one === property || one.startsWith(`${property}.`))
        if (isThere === true || unlisted.test(property) || told.has(key)) continue
        find(`no event of "${event}" has a property "${property}"`, didYouMean(property, there ?? []))
        told.add(key)
      }
    }
    if (question.kind !== 'saved' || question.query === undefined) continue
    const refused = saved.get(question.query) ?? refusalOfSaved(question.query, client)
    saved.set(question.query, refused)
    const error = await refused
    if (error !== undefined) find(`the saved query "${question.query}" cannot be asked: ${error.message}`, error.remedy)
  }
  return findings
}

async function refusalOfSaved(query_name: string, client: Place['client']): Promise<RefusedError | undefined> {
  try {
    await client.savedQueryResult({ query_name })
    return undefined
  } catch (error) {
    if (error instanceof RefusedError) return error
    throw error
  }
}

interface Read {
  readonly event: string
  readonly properties: readonly string[]
}

/** What a question reads of which events. */
function readsOf(question: Question, actor: string | undefined): Read[] {
  switch (question.kind) {
    case 'segmentation': {
      const { event, on, of, where, type } = question
      const who = actor !== undefined && (type === 'unique' || (type === 'average' && of === undefined)) ? [actor] : []
      const properties = [...[on ?? [], of ?? []].flat().map(plainProperty), ...propertiesIn(where), ...who]
      return [event].flat().map((name) => ({ event: name, properties }))
    }
    case 'funnel':
      return question.steps.map(({ event, where }) => ({
        event,
        properties: [...propertiesIn(question.where, where), ...(actor === undefined ? [] : [actor])],
      }))
    case 'people': {
      const { event, where, properties = [] } = question
      return event === undefined ? [] : [{ event, properties: [...propertiesIn(where), ...properties] }]
    }
    default:
      return []
  }
}

function propertiesIn(...conditions: readonly (string | undefined)[]): string[] {
  return (filtersOf(...conditions).filters ?? []).map(({ property_name }) => property_name)
}

function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const near = closest(name, candidates)
  return near === undefined ? undefined : `did you mean "${near}"?`
}
