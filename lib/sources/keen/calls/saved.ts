import * as z from 'zod'
import { isObject } from '../../../exact-json.ts'
import type { KeenCall } from '../call.ts'
import { anyObject, deleted, jsonOrNothing } from './answers.ts'
import { text } from './parameters.ts'
import { queryBudget } from './queries.ts'

/** A saved query as the vendor has it, with all else that it says of it. */
export interface SavedQuery {
  readonly query_name: string
  /** Seconds after which the vendor works it out anew; 0 is never, each question is answered then. */
  readonly refresh_rate: number
  readonly query: Readonly<Record<string, unknown>>
  readonly metadata?: unknown
  readonly [further: string]: unknown
}

/** Nothing shorter is taken. How long it may be the vendor judges: its clients say a day, its web pages two. */
const shortestRefresh = 14_400

const refreshRate = z
  .number()
  .int()
  .refine((seconds) => seconds === 0 || seconds >= shortestRefresh, `0 (not cached) or ${shortestRefresh} seconds and more`)

/** The vendor answers such nulls itself, and refuses them when they are sent. */
const query = anyObject.superRefine((given, context) => {
  const say = (message: string, path: string[]) => context.addIssue({ code: 'custom', message, path, input: given })
  if (typeof given['analysis_type'] !== 'string' || given['analysis_type'] === '') {
    say('is a query with its analysis_type: count, sum, funnel …', ['analysis_type'])
  }
  for (const [key, value] of Object.entries(given)) if (value === null) say('leave it out: Keen takes no null here', [key])
})

/** The whole of a saved query; what is not there is not kept. */
export const wholeQuery = z.strictObject({
  /** Another name than it has. */
  query_name: text.optional(),
  /** The vendor wants it said. */
  refresh_rate: refreshRate.default(0),
  query,
  metadata: anyObject.optional(),
})

/** What is to be changed: lists are replaced, objects merged, and null takes a key out. */
export const queryChanges = z.strictObject({
  query_name: text.optional(),
  refresh_rate: refreshRate.optional(),
  query: anyObject.optional(),
  metadata: anyObject.nullable().optional(),
})

const savedQuery = anyObject.superRefine((given, context) => {
  const say = (path: string, message: string) => context.addIssue({ code: 'custom', message, path: [path], input: given })
  if (typeof given['query_name'] !== 'string') say('query_name', 'expected a text')
  if (!isObject(given['query'])) say('query', 'expected an object')
}) as unknown as z.ZodType<SavedQuery>

const result = savedQuery.transform((given, context) => {
  if (!Object.hasOwn(given, 'result')) context.addIssue({ code: 'custom', message: 'expected a result', path: ['result'] })
  const { result: own, ...definition } = given
  return { definition: definition as SavedQuery, result: own }
})

const named = z.strictObject({ query_name: text })

const putWhole = {
  method: 'PUT',
  path: '/queries/saved/{query_name}',
  sends: 'json',
  whole: 'saved_query',
  parameters: z.strictObject({ query_name: text, saved_query: wholeQuery }),
  answer: jsonOrNothing.pipe(savedQuery.optional()),
  bare: true,
  key: 'master',
  timeout: 'post',
  budget: 320_000,
} as const

/** Queries that the vendor keeps, and their answers, which it may keep, too. */
export const savedCalls = {
  savedQueries: {
    about: 'the saved queries',
    also: ['saved_queries.all'],
    method: 'GET',
    path: '/queries/saved',
    sends: 'query',
    exact: true,
    parameters: z.strictObject({}),
    answer: z.array(savedQuery),
    key: 'master',
    timeout: 'get',
    budget: 320_000,
  },
  savedQuery: {
    about: 'one saved query, without its result',
    also: ['saved_queries.get'],
    method: 'GET',
    path: '/queries/saved/{query_name}',
    sends: 'query',
    exact: true,
    parameters: named,
    answer: savedQuery,
    key: 'master',
    timeout: 'get',
    budget: 320_000,
  },
  savedQueryResult: {
    about: 'a saved query with its result, of the cache where it has a refresh_rate',
    also: ['saved_queries.results'],
    method: 'GET',
    path: '/queries/saved/{query_name}/result',
    sends: 'query',
    exact: true,
    parameters: named,
    answer: result,
    key: 'read',
    timeout: 'get',
    budget: queryBudget,
  },
  savedQueryCreate: {
    about: 'saves a query; with a refresh_rate of 14400 seconds or more its answer is kept and worked out anew',
    also: ['saved_queries.create'],
    ...putWhole,
  },
  savedQueryUpdateFull: {
    about: 'replaces a saved query: what is not given is gone; savedQueryUpdate changes parts of it',
    also: ['saved_queries.update_full'],
    ...putWhole,
    // With another query_name it renames, and a second try would save a query under the old name.
    once: true,
  },
  savedQueryDelete: {
    about: 'deletes a saved query',
    also: ['saved_queries.delete'],
    method: 'DELETE',
    path: '/queries/saved/{query_name}',
    sends: 'query',
    parameters: named,
    answer: deleted,
    bare: true,
    key: 'master',
    timeout: 'post',
    budget: 320_000,
  },
} as const satisfies Record<string, KeenCall>
