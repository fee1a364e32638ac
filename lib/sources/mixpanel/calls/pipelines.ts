import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { condition, listOf, referenceToSecret, text } from './parameters.ts'
import { created, done, jobs, tasksByState, timeline } from './pipelines-answers.ts'
import { pipeline } from './pipelines-create.ts'
import { events, group, role } from './pipelines-forms.ts'

const byName = z.strictObject({ name: text })
const asForm = { api: 'pipelines', method: 'POST', sends: 'form', pools: [], budget: 60_000 } as const
const asQuery = { api: 'pipelines', method: 'GET', sends: 'query', pools: [], budget: 60_000 } as const

/** Those that can be asked for; answers have succeeded, too. */
const states = ['pending', 'running', 'retried', 'failed', 'canceled', 'timed_out'] as const
/** An edit has no type, so these tell it; the documents have a form of their own for each. */
const destinations = ['azure_', 'bq_', 'glue_']

/**
 * Data Pipelines, which the vendor keeps for those who have them ("deprecated", by its documents of 2026; new ones are made
 * in its app, without an API). The service account has to be an admin or owner of the project. They count towards no limit
 * of queries.
 */
export const pipelineCalls = {
  pipelinesCreate: {
    ...asForm,
    about: 'starts a data pipeline, by its type (for customers who have the API; Mixpanel wants new ones made in its app)',
    path: '/create',
    repeats: ['events'],
    secrets: ['client_secret', 'snowflake_password'],
    parameters: pipeline,
    answer: created,
  },
  pipelinesEdit: {
    ...asForm,
    about: 'changes what a data pipeline exports, or how it gets there; later syncs of old days have the new filter, too',
    path: '/edit',
    repeats: ['events', 'bq_share_with_group'],
    secrets: ['azure_client_secret'],
    bare: true,
    parameters: z
      .strictObject({
        name: text,
        events: events.optional(),
        where: condition.optional(),
        azure_client_id: text.optional(),
        azure_client_secret: referenceToSecret.optional().describe('ssm:/name, secretsmanager:name or env:NAME'),
        azure_tenant_id: text.optional(),
        bq_share_with_group: listOf(group, {
          empty: 'an empty list shares with nobody; leave it out',
          other: 'an address, or a list',
        })
          .optional()
          .describe('added to those who have it'),
        glue_database: text.optional(),
        glue_role: role.optional(),
        glue_table_prefix: text.optional(),
      })
      .refine(({ name: _, ...changes }) => Object.values(changes).some((value) => value !== undefined), 'nothing is changed')
      .refine((changes) => {
        const given = Object.entries(changes).flatMap(([key, value]) => (value === undefined ? [] : [key]))
        return destinations.filter((prefix) => given.some((key) => key.startsWith(prefix))).length < 2
      }, 'a pipeline has one destination: give azure_…, bq_… or glue_… parameters'),
    answer: done,
  },
  pipelinesPause: {
    ...asForm,
    about: 'pauses a data pipeline: its jobs stop and none are scheduled',
    path: '/pause',
    bare: true,
    parameters: byName,
    answer: done,
  },
  pipelinesResume: {
    ...asForm,
    about: 'resumes a data pipeline that is paused',
    path: '/resume',
    bare: true,
    parameters: byName,
    answer: done,
  },
  pipelinesCancel: {
    ...asForm,
    about: 'deletes a data pipeline with its history (pipelinesPause keeps both)',
    path: '/cancel',
    bare: true,
    parameters: byName,
    answer: done,
  },
  pipelinesStatus: {
    ...asQuery,
    about: 'the tasks of a data pipeline by state, or how many there are (summary)',
    path: '/status',
    repeats: ['status'],
    parameters: z.strictObject({
      name: text,
      summary: z
        .union([z.boolean(), z.enum(['true', 'false'])])
        .optional()
        .describe('counts only; false unless said'),
      status: listOf(z.enum(states), {
        empty: 'an empty list would show all states; leave `status` out for that',
        other: `one or a list of ${states.join(', ')}`,
      }).optional(),
    }),
    answer: tasksByState,
  },
  pipelinesJobs: {
    ...asQuery,
    about: 'the data pipelines of the project, with when each last ran',
    path: '/jobs',
    parameters: z.strictObject({}),
    answer: jobs,
  },
  pipelinesTimeline: {
    ...asQuery,
    about: 'when each day of a data pipeline was synced',
    path: '/timeline',
    // Needed by the documents of 2020, by those of today not.
    parameters: z.strictObject({ name: text.optional() }),
    answer: timeline,
  },
} as const satisfies Record<string, MixpanelCall>
