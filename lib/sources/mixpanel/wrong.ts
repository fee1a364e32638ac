import * as z from 'zod'
import { closest } from '../../closest.ts'
import type { MixpanelCall } from './call.ts'

/** Parameters of the vendor's documents, of today or of years ago, that are nobody's to give with a call. */
const ofTheSource: Readonly<Record<string, string>> = {
  project_id: "the source's own `project` says it",
  workspace_id: "the source's own `workspace` says it",
  ...Object.fromEntries(
    ['api_key', 'api_secret', 'expire', 'sig', 'token'].map((key) => [key, "the source's own `credentials` sign in"]),
  ),
}

/** What is wrong with parameters, on a line each, and what would be right where that is known or near. */
export function wrongParameters(
  { api, parameters, instead = {}, csv }: Pick<MixpanelCall, 'api' | 'parameters' | 'instead' | 'csv'>,
  given: object,
  issues: readonly z.core.$ZodIssue[],
): string {
  const known = [...keysOf(parameters), ...(csv === true ? ['format'] : [])]
  const jsonOnly = csv !== true && api === 'query' ? { format: 'this call answers JSON only' } : {}
  const words = new Map(Object.entries({ ...ofTheSource, ...jsonOnly, ...instead }))
  return z.prettifyError({ issues: issues.flatMap((issue) => told(issue)) })

  function told(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
    // A schema that has words of its own knows better.
    if (!/^(?:Unrecognized keys?|Invalid (?:option|input)): /.test(issue.message)) return [issue]
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
      return issue.keys.map((key) => ({ ...issue, keys: [key], message: `Unrecognized key: "${key}"${right(key, key, known)}` }))
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
