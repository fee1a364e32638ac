import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'

/** Which events a query is about. */

/** By the type of the value that a property is held against; `within` is of places, and `exists` of all. */
const operators = {
  string: ['eq', 'ne', 'lt', 'gt', 'in', 'contains', 'not_contains'],
  number: ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'in'],
  boolean: ['eq', 'exists', 'in'],
  null: ['eq', 'ne', 'in'],
} as const
const all: readonly string[] = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'exists', 'in', 'contains', 'not_contains', 'within']
/** The one property that has a place. */
const placeProperty = 'keen.location.coordinates'

/** A filter as the vendor has it; `or` holds others in `operands`. */
export type Filter =
  | { readonly property_name: string; readonly operator: string; readonly property_value: unknown }
  | { readonly operator: 'or'; readonly operands: readonly Filter[] }

interface Problem {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

const filter = z
  .custom<Filter>(isObject, 'a filter is an object')
  .superRefine((given, context) => {
    for (const { path, message } of problemsOf(given, [])) {
      context.addIssue({ code: 'custom', message, path: [...path], input: given })
    }
  })
  .meta({ type: 'object' })
/** All of which an event must meet. */
export const filters = z.array(filter)

function problemsOf(given: unknown, path: readonly PropertyKey[]): Problem[] {
  const at = (message: string, ...further: PropertyKey[]): Problem => ({ path: [...path, ...further], message })
  if (!isObject(given)) return [at('a filter is an object')]
  const { operator, operands, property_name, property_value, ...rest } = given
  const strays = Object.keys(rest).map((key) => at(`a filter has no ${JSON.stringify(key)}`))
  if (operator === 'or') {
    if (property_name !== undefined || property_value !== undefined) {
      strays.push(at('`or` has operands, and no property of its own'))
    }
    if (!Array.isArray(operands) || operands.length === 0) return [...strays, at('`or` holds filters in a list', 'operands')]
    return [...strays, ...operands.flatMap((each, index) => problemsOf(each, [...path, 'operands', index]))]
  }
  if (operands !== undefined) strays.push(at('only `or` has operands', 'operands'))
  if (typeof property_name !== 'string' || property_name === '') {
    strays.push(at('a filter names a property', 'property_name'))
  }
  if (typeof operator !== 'string' || !all.includes(operator)) {
    return [...strays, at(`an operator is one of ${all.join(', ')} and or`, 'operator')]
  }
  const problem = valueProblem(operator, property_name, property_value)
  return problem === undefined ? strays : [...strays, at(problem, 'property_value')]
}

function valueProblem(operator: string, name: unknown, value: unknown): string | undefined {
  if (operator === 'exists') return typeof value === 'boolean' ? undefined : '`exists` takes true or false'
  if (operator === 'within') {
    if (name !== placeProperty) return `\`within\` is of ${placeProperty} alone`
    return isWithin(value)
      ? undefined
      : '`within` takes {"coordinates": [longitude, latitude], "max_distance_miles": a number above 0}'
  }
  if (operator === 'in') {
    if (!Array.isArray(value)) return '`in` takes a list'
    return value.every((each) => typeOf(each) !== undefined) ? undefined : '`in` takes a list of texts, numbers or booleans'
  }
  const type = typeOf(value)
  if (type === undefined) return `\`${operator}\` takes a text, a number or a boolean`
  const allowed: readonly string[] = operators[type]
  if (allowed.includes(operator)) return undefined
  return `\`${operator}\` is not for a ${type === 'string' ? 'text' : type}; there are ${allowed.join(', ')} and exists`
}

function typeOf(value: unknown): keyof typeof operators | undefined {
  if (value === null) return 'null'
  if (typeof value === 'number') return Number.isFinite(value) ? 'number' : undefined
  return typeof value === 'string' || typeof value === 'boolean' ? (typeof value as 'string' | 'boolean') : undefined
}

function isWithin(value: unknown): boolean {
  if (!isObject(value)) return false
  const { coordinates, max_distance_miles, ...rest } = value
  const miles = typeof max_distance_miles === 'number' && Number.isFinite(max_distance_miles) && max_distance_miles > 0
  const [longitude, latitude, ...more] = Array.isArray(coordinates) ? coordinates : []
  const onEarth = (degrees: unknown, most: number) => typeof degrees === 'number' && Math.abs(degrees) <= most
  return miles && onEarth(longitude, 180) && onEarth(latitude, 90) && more.length === 0 && Object.keys(rest).length === 0
}
