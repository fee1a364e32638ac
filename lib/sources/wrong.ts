import * as z from 'zod'
import { closest } from '../closest.ts'
import { isObject } from '../exact-json.ts'
import type { VendorCall } from './call.ts'

/** What a vendor's calls have in common, for the words about a parameter that none of them takes. */
export interface Known {
  /** Keys that a call takes beside its own parameters. */
  readonly keys?: readonly string[]
  /** What is right in place of a key: `the source's own project says it`. */
  readonly instead?: Readonly<Record<string, string>>
}

/**
 * What is wrong with parameters that a call does not take, on a line each, and what would be right: in the schema's own
 * words where it has some, else in plain ones. A value is quoted only where a choice, a date or a number is expected, so
 * never where a secret may stand.
 */
export function wrongParameters(
  { parameters, instead = {} }: Pick<VendorCall, 'parameters' | 'instead'>,
  given: unknown,
  known: Known = {},
): string {
  if (!isObject(given)) return `✖ parameters are a JSON object, not ${kindOf(given)}`
  const keys = [...keysOf(parameters), ...(known.keys ?? [])]
  const words = new Map(Object.entries({ ...known.instead, ...instead }))
  // A schema that has words of its own knows better, and zod asks it first.
  const plain = new Set<string>()
  const { error } = parameters.safeParse(given, {
    error(issue) {
      const said = plainly(issue)
      plain.add(said)
      return said
    },
  })
  return (error?.issues ?? [])
    .flatMap(told)
    .map((line) => `✖ ${line}`)
    .join('\n')

  function told(issue: z.core.$ZodIssue): string[] {
    const { path, message } = issue
    const name = nameOf(path)
    const value = path.reduce(within, given as unknown)
    if (!plain.has(message)) {
      if (path.length === 0 || message.includes(`\`${name}\``)) return [message]
      return [`\`${name}\`${value === undefined ? ' is needed' : ''}: ${message}`]
    }
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        if (path.length > 0) return `\`${name}\` takes no \`${key}\``
        return `there is no parameter \`${key}\`${right(key, key, keys)}`
      })
    }
    if (issue.code === 'invalid_union' && value !== undefined) {
      const meant = closestForm(issue.errors)
      if (meant !== undefined) return meant.flatMap((inner) => told({ ...inner, path: [...path, ...inner.path] }))
    }
    const isWord = issue.code === 'invalid_value' && typeof value === 'string'
    const further = isWord ? rightValue(name, value, issue.values.map(String)) : ''
    return [`\`${name}\` ${message}${further}`]
  }

  function rightValue(name: string, value: string, choice: readonly string[]): string {
    const unit = unitOf(value)
    if (unit !== undefined && choice.includes(unit)) return `; write ${unit}`
    return right(`${name}=${unit ?? value}`, value, choice)
  }

  function right(entry: string, word: string, candidates: readonly string[]): string {
    const own = words.get(entry)
    if (own !== undefined) return `; ${own}`
    const near = closest(word, candidates)
    return near === undefined ? '' : `; did you mean ${near}?`
  }
}

/** What `weekly` and `Weeks` are called where a unit is. */
function unitOf(value: string): string | undefined {
  const [, stem] = /^(minute|hour|dai|day|week|month|quarter|year)(?:ly|s)?$/i.exec(value) ?? []
  return stem?.toLowerCase().replace('dai', 'day')
}

/** What can be said of an issue after the name of what it is about. */
function plainly(issue: z.core.$ZodRawIssue): string {
  const { input } = issue
  switch (issue.code) {
    case 'invalid_type':
      return input === undefined ? 'is needed' : `is ${typeWords(issue.expected)}, not ${quoted(input, issue.expected === 'int')}`
    case 'invalid_value':
      return choiceWords(issue.values, input)
    case 'invalid_union': {
      // Of forms that a key tells apart, none is looked at; the input is all of it.
      if (typeof issue.discriminator === 'string') {
        return choiceWords(Array.isArray(issue.options) ? issue.options : [], within(input, issue.discriminator))
      }
      if (input === undefined) return 'is needed'
      const types = issue.errors.flatMap(([first]) => (first?.code === 'invalid_type' ? [typeWords(first.expected)] : []))
      return types.length === 0
        ? `cannot be ${kindOf(input)}`
        : `is ${listed([...new Set(types)])}, not ${quoted(input, typeof input === 'number')}`
    }
    case 'too_small':
      return boundWords(issue.origin, Number(issue.minimum), 'least', issue.inclusive !== false, input)
    case 'too_big':
      return boundWords(issue.origin, Number(issue.maximum), 'most', issue.inclusive !== false, input)
    case 'invalid_format':
      return formWords(issue.format, String(input))
    default:
      return 'does not fit'
  }
}

function choiceWords(values: readonly unknown[], given: unknown): string {
  const choice = listed(values.map(String))
  return given === undefined ? `is needed: ${choice}` : `is ${choice}, not ${quoted(given, true)}`
}

/** Of a union that takes none of it, what is wrong with the form that was most likely meant; undefined where none is of its type. */
function closestForm(errors: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const near = errors.filter(([first]) => first !== undefined && !(first.code === 'invalid_type' && first.path.length === 0))
  return near.toSorted((one, other) => one.length - other.length)[0]
}

function typeWords(expected: string): string {
  return types[expected] ?? `a ${expected}`
}

const types: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** How much or many there may be; `origin` is what is measured. */
function boundWords(origin: string, bound: number, end: 'least' | 'most', inclusive: boolean, given: unknown): string {
  const figure = bound.toLocaleString('en-US')
  if (origin === 'string' || origin === 'array' || origin === 'set') {
    const isText = origin === 'string'
    if (end === 'least' && bound <= 1) return isText ? 'is an empty text' : 'is an empty list'
    return `has ${figure} ${isText ? 'characters' : 'entries'} at ${end}`
  }
  if (Math.abs(bound) >= Number.MAX_SAFE_INTEGER) return 'is more than a number can hold exactly'
  if (inclusive) return `is ${figure} at ${end}, not ${String(given)}`
  return `is ${end === 'least' ? 'above' : 'below'} ${figure}, not ${String(given)}`
}

function formWords(format: string, given: string): string {
  if (format === 'date') {
    const [, day, time] = /^(\d{4}-\d{2}-\d{2})(.*)$/s.exec(given) ?? []
    if (day === undefined) return `is a date, such as 2026-11-09, not ${quoted(given, true)}`
    if (!z.iso.date().safeParse(day).success) return `is a date, and there is no ${day}`
    return `is a date without a time, such as ${time === '' ? '2026-11-09' : day}`
  }
  if (format === 'datetime') return `is a time, such as 2026-11-09T08:00:00Z, not ${quoted(given, true)}`
  return format === 'regex' ? 'has not the form that it needs' : `is no ${format}`
}

/** A value that is no secret, shortened; its kind else. */
function quoted(value: unknown, open: boolean): string {
  if (!open || value === '') return kindOf(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  return typeof value === 'number' ? String(value) : kindOf(value)
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'boolean') return String(value)
  if (value === '') return 'an empty text'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function within(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

/** `distinct_ids[0]`, `queryLimits.limit` */
function nameOf(path: readonly PropertyKey[]): string {
  return path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at === 0 ? '' : '.'}${String(key)}`)).join('')
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function keysOf(parameters: z.ZodType): string[] {
  return parameters instanceof z.ZodObject ? Object.keys(parameters.shape) : []
}
