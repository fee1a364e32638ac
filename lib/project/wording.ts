import type * as z from 'zod'
import { closest } from '../closest.ts'
import { parseTimeframe, units } from '../timeframe.ts'
import { closestZone } from './places.ts'
import { isSecret } from './secrets.ts'
import type { Entry, Path } from './tree.ts'

/** What is said where a schema says nothing of its own. */
export const unworded = '(unworded)'

export interface Words {
  readonly message: string
  readonly remedy?: string | undefined
}

/** A value that no schema accepts, in words: what was found, and what would be right. A secret is never shown. */
export function wordIssue(issue: z.core.$ZodIssue, path: Path, entry: Entry | undefined): Words {
  const key = [...path].reverse().find((part) => typeof part === 'string')
  const word = key === undefined ? 'a project file' : `\`${key}\``
  const found = foundWords(entry, path)
  if (issue.message !== unworded) {
    const remedy = remedyFor(issue, String(key), entry)
    // What it should have been says more than what it could be.
    return remedy === undefined ? { message: issue.message } : { message: issue.message.split('; write ')[0] ?? '', remedy }
  }
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(word, issue.expected, entry, found)
    case 'invalid_value': {
      const values = issue.values.map(String)
      return { message: `${found} is not ${listed(values, 'or')}`, remedy: meant(closest(entry?.written ?? '', values)) }
    }
    case 'too_small':
      return tooSmall(word, issue, found)
    case 'too_big':
      return issue.origin === 'array'
        ? { message: `${word} has ${issue.maximum} entries at most` }
        : { message: `${word} is ${issue.maximum} at most, not ${found}` }
    case 'invalid_format':
      return {
        message: `${found} is not ${formats[issue.format === 'regex' ? (issue.pattern ?? '') : issue.format] ?? `what ${word} looks like`}`,
      }
    case 'invalid_union': {
      const expected = issue.errors.flatMap(([first]) => (first?.code === 'invalid_type' ? [first.expected] : []))
      return wrongType(word, [...new Set(expected)].join('|'), entry, found)
    }
    default:
      return { message: `${word} cannot be ${found}` }
  }
}

/** What stands where something else should: `5`, a list, nothing. */
function foundWords(entry: Entry | undefined, path: Path): string {
  if (entry?.kind === 'map') return 'a map'
  if (entry?.kind === 'list') return 'a list'
  if (entry === undefined || entry.written === '') return entry?.kind === 'text' ? 'an empty text' : 'nothing'
  if (isSecret(path)) return 'this value'
  const written = entry.written ?? ''
  const short = written.length > 60 ? `${written.slice(0, 60)}…` : written
  return entry.kind === 'text' ? JSON.stringify(short) : short
}

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  object: 'a map of words and values',
  record: 'a map of names and values',
}

const examples: Readonly<Record<string, string>> = {
  '`timezone`': 'write `timezone: Europe/Berlin`, the zone whose days and weeks are counted',
  '`schedule`': 'write `schedule: cron(0 8 ? * MON *)`, Mondays at 08:00',
  '`credentials`': 'write `credentials: ssm:/broadsheet/name`, where the credential is kept',
  '`event`': "write `event: Sign Up`, the event's name",
  '`within`': 'write `within: 7 days`, the time that users have for all steps',
}

const answers = new Map(Object.entries({ yes: 'true', on: 'true', no: 'false', off: 'false' }))

const formats: Readonly<Record<string, string>> = {
  '/^\\d+$/': 'an id of digits only',
  '/^[A-Z]{3}$/': 'number, percent or a currency such as EUR',
  date: 'a date such as 2026-01-01',
}

function wrongType(word: string, expected: string, entry: Entry | undefined, found: string): Words {
  if (entry === undefined) return { message: `${word} is missing`, remedy: examples[word] }
  const wanted = expected.split('|').map((type) => types[type] ?? type)
  const message = `${word} is ${listed(wanted, 'or')}, not ${found}`
  const digits = entry.written?.replace(/(?<=\d)[,_](?=\d{3})/g, '')
  if (/number|int/.test(expected) && digits !== undefined && digits !== entry.written && /^[+-]?\d+(?:\.\d+)?$/.test(digits)) {
    return { message, remedy: `write ${digits}` }
  }
  if (expected.includes('string') && (entry.written === 'true' || entry.written === 'false' || entry.written === 'null')) {
    return { message, remedy: `quote it: '${entry.written}'` }
  }
  const answer = expected === 'boolean' ? answers.get(entry.written?.toLowerCase() ?? '') : undefined
  if (answer !== undefined) return { message, remedy: `write ${answer}` }
  if (expected === 'array' && entry.kind === 'text' && !found.startsWith('this'))
    return { message, remedy: `write [${entry.written}]` }
  return { message }
}

function tooSmall(word: string, issue: z.core.$ZodIssueTooSmall, found: string): Words {
  if (issue.origin === 'string') return { message: `${word} is empty` }
  if (issue.origin === 'array')
    return { message: `${word} has at least ${issue.minimum === 1 ? 'one entry' : `${issue.minimum} entries`}` }
  return { message: `${word} is ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}, not ${found}` }
}

/** What would be right where the schema's own words leave it open. */
function remedyFor(issue: z.core.$ZodIssue, key: string, entry: Entry | undefined): string | undefined {
  if (issue.code !== 'custom' || entry?.written === undefined) return undefined
  if (key === 'timezone') return meant(closestZone(entry.written))
  if (key === 'timeframe' || key === 'trend') return meant(closestTimeframe(entry.written))
  return undefined
}

function closestTimeframe(written: string): string | undefined {
  if (!('problem' in parseTimeframe(written))) return undefined
  const count = /\d+/.exec(written)?.[0]
  const frames = ['this', 'previous'].flatMap((kind) =>
    units.flatMap((unit) => [
      `${kind}_${unit}`,
      ...(count === undefined ? [] : [`${kind}_${count}_${unit}${Number(count) === 1 ? '' : 's'}`]),
    ]),
  )
  return closest(written.replaceAll(/[\s-]+/g, '_'), ['today', 'yesterday', ...frames])
}

export function meant(candidate: string | undefined): string | undefined {
  return candidate === undefined ? undefined : `did you mean ${candidate}?`
}

export function listed(words: readonly string[], joint: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`
}
