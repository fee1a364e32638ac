import { isObject } from '../../exact-json.ts'
import { isTime } from './calls/timeframes.ts'

/** Keen's rules for what is sent as an event, checked here so that a mistake is told with its place. */

const longestCollection = 64
const longestProperty = 256
const longestText = 9_999
const deepest = 1000

export interface NameProblem {
  /** Where in the event. */
  readonly path: readonly PropertyKey[]
  readonly problem: string
}

/** What is wrong with the name of a collection that events are to be sent to, if anything. Of those that are there already, older rules may hold. */
export function collectionProblem(name: string): string | undefined {
  if (name.trim() === '') return 'a collection has a name'
  if (name.length > longestCollection) return `the name of a collection has ${longestCollection} characters at most`
  if (/[^\x20-\x7e]/.test(name)) return 'the name of a collection is plain ASCII'
  if (name.includes('$')) return 'the name of a collection has no $'
  return name.startsWith('_') ? 'the name of a collection does not begin with _' : undefined
}

/**
 * Everything that the vendor would refuse of an event: names of properties with a period, a leading $ or over 256
 * characters, texts of 10,000 characters, lists of objects or lists, and what JSON has no word for.
 */
export function eventProblems(event: unknown): NameProblem[] {
  if (!hasProperties(event)) return [{ path: [], problem: 'an event is an object' }]
  const problems: NameProblem[] = []
  // JSON leaves out what is undefined.
  if (Object.values(event).every((value) => value === undefined)) {
    problems.push({ path: [], problem: 'an event has at least one property' })
  }
  problems.push(...keenProblems(event))
  // A list of what is still to be looked at: a thousand levels are more than calls upon calls hold.
  const open: { value: unknown; path: readonly PropertyKey[] }[] = [{ value: event, path: [] }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next
    const say = (problem: string) => problems.push({ path, problem })
    if (path.length > deepest) {
      say(`an event is ${deepest} levels deep at most`)
      continue
    }
    if (Array.isArray(value)) {
      // The vendor's add-ons are a list of objects, and the only one.
      const isAddons = path.length === 2 && path[0] === 'keen' && path[1] === 'addons'
      if (isAddons) continue
      const stray = value.findIndex((one) => (typeof one === 'object' && one !== null && !isDate(one)) || one === undefined)
      if (stray !== -1) {
        problems.push({
          path: [...path, stray],
          problem: 'a list holds texts, numbers and booleans alone, no objects and no lists',
        })
        continue
      }
      open.push(...value.map((one, at) => ({ value: one, path: [...path, at] })).reverse())
    } else if (hasProperties(value)) {
      for (const key of Object.keys(value)) {
        const problem = propertyProblem(key)
        if (problem !== undefined) problems.push({ path: [...path, key], problem })
      }
      open.push(
        ...Object.entries(value)
          .map(([key, inner]) => ({ value: inner, path: [...path, key] }))
          .reverse(),
      )
    } else {
      const problem = leafProblem(value)
      if (problem !== undefined) say(problem)
    }
  }
  return problems
}

function keenProblems(event: Readonly<Record<string, unknown>>): NameProblem[] {
  const own = Object.hasOwn(event, 'keen') ? event['keen'] : undefined
  if (own === undefined) return []
  if (!hasProperties(own)) {
    return [{ path: ['keen'], problem: '`keen` is the vendor’s own object, with timestamp, location and addons' }]
  }
  const time = Object.hasOwn(own, 'timestamp') ? own['timestamp'] : undefined
  // A Date that is none is told as such.
  if (time === undefined || time instanceof Date || isTime(time)) return []
  return [{ path: ['keen', 'timestamp'], problem: 'write a time like 2026-11-09T08:00:00Z' }]
}

function propertyProblem(name: string): string | undefined {
  if (name === '') return 'a property has a name'
  if (name.length > longestProperty) return `the name of a property has ${longestProperty} characters at most`
  if (name.includes('.')) return 'the name of a property has no period: write an object in an object instead'
  return name.startsWith('$') ? 'the name of a property does not begin with $' : undefined
}

function leafProblem(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.length > longestText ? `a text has less than ${longestText + 1} characters` : undefined
    case 'number':
      return Number.isFinite(value) ? undefined : `JSON has no ${value}`
    case 'bigint':
      return 'JSON has no whole numbers of that size: write a text'
    case 'boolean':
    // JSON leaves it out.
    case 'undefined':
      return undefined
    case 'object':
      return value === null || isDate(value) ? undefined : 'JSON has no such value'
    default:
      return 'JSON has no such value'
  }
}

function isDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

/** A Date is sent as a text. */
function hasProperties(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && !(value instanceof Date)
}
