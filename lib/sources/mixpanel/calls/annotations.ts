import * as z from 'zod'
import type { MixpanelCall } from '../call.ts'
import { date, id, text } from './parameters.ts'

/** None takes the tags off. */
const tagIds = z.array(z.number().int().nonnegative())
/** The vendor's own form; the time is of the project's zone. */
const time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, { error: 'a time is written 2026-11-09 08:00:00', abort: true })
  .refine((given) => z.iso.datetime({ local: true }).safeParse(given.replace(' ', 'T')).success, 'there is no such day or time')

/** What an annotation may be created with. */
const words = z.strictObject({
  date: time.describe("such as 2026-11-09 08:00:00, in the project's zone"),
  description: text,
  tags: tagIds.optional().describe('ids, which annotationTags lists'),
})
/** Another date for one that is there, and maybe other words and tags. */
export const movedTo = words.partial({ description: true }).extend({ id })

const annotation = z
  .object({
    id: z.number().int().transform(String),
    /** Seen as ISO 8601 with an offset, and as the form in which it is created. */
    date: z.string(),
    description: z.string(),
    user: z
      .object({ id: z.number().int().nullish(), first_name: z.string().nullish(), last_name: z.string().nullish() })
      .nullish(),
    tags: z.array(z.object({ id: z.number().int(), name: z.string() })).nullish(),
  })
  .transform((one) => ({
    id: one.id,
    date: one.date,
    description: one.description,
    /** Who wrote it; the name is empty where the vendor has none. */
    user: typeof one.user?.id === 'number' ? { id: String(one.user.id), name: nameOf(one.user) } : undefined,
    tags: (one.tags ?? []).map((tag) => ({ id: tag.id, name: tag.name })),
  }))
/** The documentation has tags bare, and everything else in `results`. */
const tag = z
  .object({ id: z.number().int(), name: z.string(), has_annotations: z.boolean().nullish() })
  .transform(({ id: number, name, has_annotations }) => ({
    id: number,
    name,
    /** Whether an annotation has it; undefined where the vendor does not say. */
    used: has_annotations ?? undefined,
  }))

function nameOf(user: { readonly first_name?: string | null | undefined; readonly last_name?: string | null | undefined }) {
  return [user.first_name, user.last_name].filter((name) => typeof name === 'string' && name !== '').join(' ')
}

function resultsOf<Schema extends z.ZodType>(schema: Schema) {
  // TypeScript loses the key of a generic schema.
  return z.object({ results: schema }).transform((answer) => (answer as { results: z.output<Schema> }).results)
}

/** Documented with the id in `results`. Public clients know an answer without a body, and then the status says it all. */
const deleted = z
  .string()
  .transform((body, context): unknown => {
    if (body.trim() === '') return { results: {} }
    try {
      return JSON.parse(body)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      context.addIssue({ code: 'custom', message: 'no JSON' })
      return z.NEVER
    }
  })
  .pipe(resultsOf(z.object({ id: z.number().int().transform(String).optional() })))

/** Notes on the project's charts. They use up no queries, and take a service account whose role is at least Analyst to write. */
export const annotationCalls = {
  annotations: {
    about: 'the annotations between two dates, both inclusive; all of them without dates',
    also: ['annotations_list'],
    api: 'app',
    method: 'GET',
    path: '/annotations',
    sends: 'query',
    parameters: z
      .strictObject({ fromDate: date.optional(), toDate: date.optional().describe('inclusive') })
      .refine(
        ({ fromDate, toDate }) => fromDate === undefined || toDate === undefined || fromDate <= toDate,
        'fromDate lies after toDate; both are inclusive',
      ),
    answer: resultsOf(z.array(annotation)),
    pools: [],
    budget: 60_000,
  },
  annotation: {
    about: 'one annotation',
    api: 'app',
    method: 'GET',
    path: '/annotations/{id}',
    sends: 'query',
    parameters: z.strictObject({ id }),
    answer: resultsOf(annotation),
    pools: [],
    budget: 60_000,
  },
  annotationsCreate: {
    about: 'a new annotation',
    also: ['annotation_create'],
    api: 'app',
    method: 'POST',
    path: '/annotations',
    sends: 'json',
    parameters: words,
    answer: resultsOf(annotation),
    pools: [],
    budget: 60_000,
  },
  annotationsUpdate: {
    about: 'other words or tags for an annotation; its date cannot change (annotationsMove makes a new one)',
    also: ['annotation_update'],
    api: 'app',
    method: 'PATCH',
    path: '/annotations/{id}',
    sends: 'json',
    parameters: z
      .strictObject(
        { id, description: text.optional(), tags: tagIds.optional() },
        {
          error: ({ code, keys }) =>
            code === 'unrecognized_keys' && keys.includes('date')
              ? 'the date of an annotation cannot change; annotationsMove makes a new one and deletes this one'
              : undefined,
        },
      )
      .refine(({ description, tags }) => description !== undefined || tags !== undefined, 'give a description or tags'),
    answer: resultsOf(annotation),
    pools: [],
    budget: 60_000,
  },
  annotationsDelete: {
    about: 'deletes an annotation',
    also: ['annotation_delete'],
    api: 'app',
    method: 'DELETE',
    path: '/annotations/{id}',
    sends: 'query',
    bare: true,
    parameters: z.strictObject({ id }),
    answer: deleted,
    pools: [],
    budget: 60_000,
  },
  annotationTags: {
    about: 'the tags that annotations may have',
    api: 'app',
    method: 'GET',
    path: '/annotations/tags',
    sends: 'query',
    parameters: z.strictObject({}),
    answer: z.union([z.array(tag), resultsOf(z.array(tag))]),
    pools: [],
    budget: 60_000,
  },
  annotationTagsCreate: {
    about: 'a new tag for annotations',
    api: 'app',
    method: 'POST',
    path: '/annotations/tags',
    sends: 'json',
    parameters: z.strictObject({ name: text }),
    answer: z.union([tag, resultsOf(tag)]),
    pools: [],
    budget: 60_000,
  },
} as const satisfies Record<string, MixpanelCall>
