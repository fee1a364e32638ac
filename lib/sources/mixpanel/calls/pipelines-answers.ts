import { Temporal } from 'temporal-polyfill'
import * as z from 'zod'
import { entriesOf } from './answers.ts'

/**
 * What the Data Pipelines calls answer. The vendor's service is written in Go, as its times show: an absent one is Go's
 * zero time, an empty list may be null.
 */

// `2016-07-26T00:00:00-07:00`, `2019-08-19 14:27:46.044605 -0700 PDT`, `2019-02-01 12:00:00 US/Pacific`
const written = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(?:(Z)|([+-]\d\d):?(\d\d)(?: \S+)?|([A-Za-z][\w+/-]*))$/
/** Go's zero time is the start of the year 1 in UTC, whichever zone it is written in. */
const firstReal = Temporal.Instant.from('0002-01-01T00:00:00Z')

/**
 * One of the vendor's three ways to write a time, as ISO 8601 with the offset that it has there, so that the day in the
 * project's zone can still be read off; null where there is none. Without an offset the zone says which it is, and an hour
 * that the clocks repeat is the first of the two. Any other text is an error: it could not be told from a time.
 */
const time = z
  .string()
  .nullish()
  .transform((given, context): string | null => {
    const text = given?.trim() ?? ''
    if (text === '') return null
    const zoned = readTime(text)
    if (zoned === undefined) {
      context.addIssue({ code: 'custom', message: 'is no time that Mixpanel writes', input: given })
      return z.NEVER
    }
    return Temporal.Instant.compare(zoned.toInstant(), firstReal) < 0 ? null : `${zoned.toPlainDateTime()}${zoned.offset}`
  })

function readTime(text: string): Temporal.ZonedDateTime | undefined {
  const parts = written.exec(text)
  if (parts === null) return undefined
  const [, day, hours, utc, sign, minutes, zone] = parts
  try {
    const local = Temporal.PlainDateTime.from(`${day}T${hours}`)
    return local.toZonedDateTime(zone ?? (utc === undefined ? `${sign}:${minutes}` : 'UTC'))
  } catch (error) {
    // No such day, hour or zone.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function listOrNull<Each extends z.ZodType>(each: Each) {
  return z
    .array(each)
    .nullish()
    .transform((list) => list ?? [])
}

export const created = z
  .object({ pipeline_names: z.array(z.string().min(1)).min(1), bigquery_dataset_name: z.string().nullish() })
  .transform(({ pipeline_names, bigquery_dataset_name: dataset }) => ({
    pipelineNames: pipeline_names,
    /** An address. */
    ...(dataset === undefined || dataset === null || dataset === '' ? {} : { bigqueryDataset: dataset }),
  }))

/**
 * For calls of which the documents say no more than 200, so whatever stands beside it is let go (it might repeat a secret).
 * An error is none, and neither is a page, which would be a proxy's.
 */
export const done = z
  .string()
  .refine((text) => !/^\s*</.test(text), 'a page, which is no answer of Mixpanel')
  .refine((text) => !/"status"\s*:\s*"error"/.test(text), 'it says that it is an error')
  .transform(() => ({ done: true as const }))

const task = z
  .object({
    name: z.string(),
    state: z.string(),
    project_id: z.union([z.string(), z.number()]).nullish(),
    run_at: time,
    last_finish: time,
    from_date: time,
    to_date: time,
  })
  .transform(({ project_id, ...one }) => ({
    name: one.name,
    state: one.state,
    project: project_id === undefined || project_id === null ? null : String(project_id),
    runAt: one.run_at,
    lastFinish: one.last_finish,
    /** What it exports. */
    from: one.from_date,
    to: one.to_date,
  }))

/** In the vendor's order. A summary counts tasks and lists none. */
export const tasksByState = entriesOf(
  z.preprocess(
    (value) => (typeof value === 'number' ? { count: value } : { tasks: value }),
    z.object({ count: z.number().int().nonnegative().optional(), tasks: listOrNull(task) }),
  ),
).transform((entries) =>
  entries.map(([state, { count, tasks }]) => ({
    state,
    count: count ?? tasks.length,
    tasks: count === undefined ? tasks : null,
  })),
)

const job = z
  .object({
    name: z.string(),
    Dispatcher: z.string().nullish(),
    last_dispatched: time,
    frequency: z.string().nullish(),
    // A text in the documents.
    sync_enabled: z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]).nullish(),
  })
  .transform(({ name, Dispatcher, last_dispatched, frequency, sync_enabled }) => ({
    name,
    dispatcher: Dispatcher ?? null,
    lastDispatched: last_dispatched,
    frequency: frequency ?? null,
    syncEnabled: sync_enabled ?? null,
  }))

export const jobs = entriesOf(listOrNull(job)).transform((entries) =>
  entries.map(([project, pipelines]) => ({ project, pipelines })),
)

export const timeline = z
  .object({ day_syncs: z.array(z.object({ date: z.iso.date(), sync_times: listOrNull(time), status: z.string() })).nullable() })
  .transform(({ day_syncs }) =>
    (day_syncs ?? []).map(({ date, sync_times, status }) => ({
      /** As Mixpanel writes it; its documents do not say in which zone. */
      date,
      status,
      syncTimes: sync_times.filter((one) => one !== null),
    })),
  )
