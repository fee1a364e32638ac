import type { Expression, PropertyRead } from '../../expression.ts'
import { parseExpression, propertyOf, readsOf } from '../../expression.ts'
import type { Question } from '../../query.ts'

/** What a question reads by its name. */
export interface Named {
  /** Of the project's own events; steps of a saved funnel are held against the funnel. */
  readonly events: readonly string[]
  /** Events that people put together at Mixpanel, as `$custom_event:<id>`. */
  readonly customEvents: readonly string[]
  /** Properties of those events, or of any event where there are none. */
  readonly properties: readonly string[]
  /** Properties of profiles. */
  readonly ofProfiles: readonly string[]
  /** Properties that people defined at Mixpanel, as `$custom_property:<id>`. */
  readonly customProperties: readonly string[]
}

/** What every event or profile has, so that no list needs it. */
const unlisted = /^(?:time|token|distinct_id|\$(?:time|distinct_id|insert_id|user_id|device_id|event_name))$/
const isCustomEvent = (event: string) => event.startsWith('$custom_event:')
const isCustomProperty = (property: string) => property.startsWith('$custom_property:')

/** What a question names that is Mixpanel's; an expression that cannot be read names nothing. */
export function namedBy(question: Question): Named {
  const events = [...new Set(eventsOf(question))].filter((event) => event !== 'any')
  // The vendor's frame of an event and counted behaviors are no properties.
  const reads = expressionsOf(question)
    .flatMap(readsOf)
    .filter(({ of }) => of === 'properties' || of === 'user')
  const isOfProfile = ({ of }: PropertyRead) => of === 'user' || question.kind === 'people'
  const names = (which: (read: PropertyRead) => boolean) => [...new Set(reads.filter(which).map(({ name }) => name))]
  const isListed = ({ name }: PropertyRead) => !unlisted.test(name) && !isCustomProperty(name)
  return {
    events: events.filter((event) => !isCustomEvent(event)),
    customEvents: events.filter(isCustomEvent),
    properties: names((read) => read.of === 'properties' && !isOfProfile(read) && isListed(read)),
    ofProfiles: names((read) => isOfProfile(read) && isListed(read)),
    customProperties: names(({ name }) => isCustomProperty(name)),
  }
}

function eventsOf(question: Question): string[] {
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

function expressionsOf(question: Question): Expression[] {
  const named: ReturnType<typeof parseExpression>[] = []
  if ('on' in question) named.push(...[question.on ?? []].flat().map((property) => propertyOf(property)))
  if (question.kind === 'segmentation' && question.of !== undefined) named.push(propertyOf(question.of))
  if ('where' in question && question.where !== undefined) named.push(parseExpression(question.where))
  if (question.kind === 'top' && question.property !== undefined) named.push(propertyOf(question.property))
  if (question.kind === 'people') {
    named.push(...(question.properties ?? []).map((name) => ({ kind: 'property', of: 'properties', name }) as const))
  }
  return named.flatMap((expression) => ('problem' in expression ? [] : [expression]))
}
