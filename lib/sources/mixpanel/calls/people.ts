import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { anyObject } from './answers.ts'
import { backwards, forwards, id, idAsNumber, peopleCondition, range, text } from './parameters.ts'

/** A user's or a group's profile. */
export interface Profile {
  readonly distinctId: string
  /** May have any key, `__proto__` included. Whole numbers beyond 2^53 are their digits, as text. */
  readonly properties: Readonly<Record<string, unknown>>
}

const profile = z
  .object({ $distinct_id: z.union([z.string(), z.number().int()]).transform(String), $properties: anyObject })
  .transform(({ $distinct_id, $properties }): Profile => ({ distinctId: $distinct_id, properties: $properties }))

/** What all pages of one answer are asked with. */
const asked = z.strictObject({
  where: peopleCondition.optional(),
  distinct_id: text.optional(),
  distinct_ids: z.array(text).min(1).optional().describe('not with distinct_id'),
  output_properties: z.array(text).min(1).optional().describe('all unless said'),
  page_size: z.number().int().positive().optional().describe('profiles on a page, 1000 unless said'),
  data_group_id: id.optional().describe('of the group key, for profiles of groups'),
  behaviors: z.array(anyObject).min(1).optional().describe('not with filter_by_cohort'),
  as_of_timestamp: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('seconds since 1970; `behaviors` of more profiles than a page has need it'),
  filter_by_cohort: z.strictObject({ id: idAsNumber }).optional().describe('such as {"id":12345}'),
  include_all_users: z.boolean().optional().describe('with filter_by_cohort: also those without a profile; true unless said'),
})

function fitTogether(given: z.output<typeof asked>, context: z.RefinementCtx): void {
  const { behaviors, filter_by_cohort, as_of_timestamp, include_all_users, distinct_id, distinct_ids } = given
  const say = (message: string) => context.addIssue({ code: 'custom', message })
  if (distinct_id !== undefined && distinct_ids !== undefined) say('give distinct_id or distinct_ids, not both')
  if (behaviors !== undefined && filter_by_cohort !== undefined) say('give behaviors or filter_by_cohort, not both')
  if (as_of_timestamp !== undefined && behaviors === undefined) say('as_of_timestamp is of behaviors')
  if (include_all_users !== undefined && filter_by_cohort === undefined) say('include_all_users is of filter_by_cohort')
}

/** Parameters of `engage` without those that lead from page to page. */
export const profilesAsked = asked.superRefine(fitTogether)
export type ProfilesAsked = z.input<typeof profilesAsked>

/** Who is in the project: profiles and cohorts, and what JQL makes of them. */
export const peopleCalls = {
  cohortsList: {
    about: 'the saved cohorts, with how many people are in each',
    api: 'query',
    method: 'POST',
    path: '/cohorts/list',
    sends: 'form',
    parameters: z.strictObject({}),
    answer: z.array(
      z
        .object({
          id: z.number().int(),
          name: z.string(),
          count: z.number().int(),
          is_visible: z.union([z.literal(0), z.literal(1)]),
          description: z.string().nullish(),
          created: z.string(),
          data_group_id: z.union([z.string(), z.number()]).nullish(),
        })
        .transform((cohort) => ({
          id: String(cohort.id),
          name: cohort.name,
          count: cohort.count,
          visible: cohort.is_visible === 1,
          description: cohort.description ?? '',
          /** `2019-03-19 23:49:51`, of no documented zone. */
          created: cohort.created,
          groupId: cohort.data_group_id === null || cohort.data_group_id === undefined ? undefined : String(cohort.data_group_id),
        })),
    ),
    pools: ['query'],
    repeatable: true,
    budget: 60_000,
  },
  engage: {
    about: 'one page of profiles; engageAll gives them all',
    also: ['get_engage', 'people', 'profiles'],
    api: 'query',
    method: 'POST',
    path: '/engage',
    sends: 'form',
    parameters: asked
      .extend({
        session_id: text.optional().describe('of page 0'),
        page: z.number().int().nonnegative().optional().describe('from 0 on; later ones need session_id'),
      })
      .superRefine(fitTogether)
      .refine(
        ({ page = 0, session_id }) => page === 0 || session_id !== undefined,
        'a page after 0 needs the session_id of page 0',
      ),
    answer: z
      .object({
        page: z.number().int(),
        /** Pages after 0 may lack both. */
        page_size: z.number().int().positive().nullish(),
        total: z.number().int().nonnegative().nullish(),
        session_id: z.string().nullish(),
        results: z.array(profile),
      })
      .transform(({ page, page_size, total, session_id, results }) => ({
        page,
        pageSize: page_size ?? undefined,
        total: total ?? undefined,
        sessionId: session_id ?? undefined,
        profiles: results,
      })),
    pools: ['query'],
    freeWith: 'session_id',
    exact: true,
    repeatable: true,
    budget: 300_000,
  },
  activityStream: {
    about: 'the events of some users between two dates (maintenance mode; raw export is the newer way)',
    api: 'query',
    method: 'GET',
    path: '/stream/query',
    sends: 'query',
    parameters: z.strictObject({ distinct_ids: z.array(text).min(1), ...range }).refine(forwards, backwards),
    answer: z
      .object({ results: z.object({ events: z.array(z.object({ event: z.string(), properties: anyObject })) }) })
      .transform(({ results }) => results.events),
    exact: true,
    pools: ['query'],
    budget: 120_000,
  },
  jql: {
    about: 'runs a JQL script; in maintenance mode, so build nothing on it',
    api: 'query',
    method: 'POST',
    path: '/jql',
    sends: 'form',
    parameters: z.strictObject({ script: text, params: anyObject.optional().describe('`params` of the script') }),
    answer: z.array(z.unknown()),
    exact: true,
    pools: ['jql', 'query'],
    repeatable: true,
    // Two minutes are the vendor's own limit for a script.
    budget: 130_000,
  },
} as const satisfies Record<string, MixpanelCall>
