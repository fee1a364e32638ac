import * as z from 'zod'
import { closest } from '../closest.ts'
import type { VendorCall } from './call.ts'

/** What a vendor's calls have in common, for the words about a parameter that none of them takes. */
export interface Known {
  /** Keys that a call takes beside its own parameters. */
  readonly keys?: readonly string[]
  /** What is right in place of a key: `the source's own project says it`. */
  readonly instead?: Readonly<Record<string, string>>
}

/** What is wrong with parameters, on a line each, and what would be right where that is known or near. */
export function wrongParameters(
  { parameters, instead = {} }: Pick<VendorCall, 'parameters' | 'instead'>,
  given: unknown,
  issues: readonly z.core.$ZodIssue[],
  known: Known = {},
): string {
  const keys = [...keysOf(parameters), ...(known.keys ?? [])]
  const words = new Map(Object.entries({ ...known.instead, ...instead }))
  return z.prettifyError({ issues: issues.flatMap((issue) => told(issue)) })

  function told(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
    // A schema that has words of its own knows better.
    if (!/^(?:Unrecognized keys?|Invalid (?:option|input)): /.test(issue.message)) return [issue]
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
      return issue.keys.map((key) => ({ ...issue, keys: [key], message: `Unrecognized key: "${key}"${right(key, key, keys)}` }))
    }
    const [key, ...deeper] = issue.path
    if (issue.code !== 'invalid_value' || typeof key !== 'string' || deeper.length > 0) return [issue]
    const value = (given as Readonly<Record<string, unknown>>)[key]
    if (typeof value !== 'string') return [issue]
    return [{ ...issue, message: `${issue.message}${right(`${key}=${value}`, value, issue.values.map(String))}` }]
  }

  function right(entry: string, word: string, candidates: readonly string[]): string {
    const own = words.get(entry)
    if (own !== undefined) return `; ${own}`
    const near = closest(word, candidates)
    return near === undefined ? '' : `; did you mean ${near}?`
  }
}

function keysOf(parameters: z.ZodType): string[] {
  return parameters instanceof z.ZodObject ? Object.keys(parameters.shape) : []
}
