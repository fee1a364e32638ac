import * as z from 'zod'
import type { KeenCall } from '../call.ts'
import { anyObject, deleted, jsonOrNothing } from './answers.ts'
import { text } from './parameters.ts'

/** What an access key may be permitted. */
export const permissions = ['writes', 'queries', 'saved_queries', 'cached_queries', 'datasets', 'schema'] as const
export const permitted = z.array(z.enum(permissions))

/** By permission: filters that are put to every query, which saved queries or datasets, what is added to every event. */
export const keyOptions = anyObject.superRefine((given, context) => {
  for (const key of Object.keys(given)) {
    if ((permissions as readonly string[]).includes(key)) continue
    context.addIssue({
      code: 'custom',
      message: `options are by permission: ${permissions.join(', ')}`,
      path: [key],
      input: given,
    })
  }
})

const accessKey = z
  .object({
    key: z.string().min(1),
    name: z.string(),
    is_active: z.boolean(),
    permitted: z.array(z.string()),
    options: anyObject.nullish(),
    project_id: z.string().nullish(),
  })
  .transform(({ key, name, is_active, permitted: may, options, project_id }) => ({
    /** A secret: whoever has it may do what is permitted. */
    key,
    name,
    isActive: is_active,
    permitted: may,
    options: options ?? {},
    projectId: project_id ?? undefined,
  }))
export type AccessKey = z.output<typeof accessKey>

/** Which key; the secret itself is its only id. */
export const whichKey = { key: text.min(4) }

/** All of them are of the master key, and have the timeout of what reads, as the vendor's client has it. */
const keys = { key: 'master', timeout: 'get', budget: 320_000, secrets: ['key'], secretive: true, exact: true } as const
/** A change that may be made twice. */
const change = { ...keys, method: 'POST', sends: 'json', repeatable: true, bare: true } as const

/** Keys of the vendor that may do less than a project's own. */
export const accessKeyCalls = {
  createAccessKey: {
    ...keys,
    about: 'makes an access key; the answer is the only place that shows it without the master key',
    method: 'POST',
    path: '/keys',
    sends: 'json',
    parameters: z.strictObject({
      name: text,
      is_active: z.boolean().default(true),
      permitted: permitted.default([]),
      options: keyOptions.default({}),
    }),
    answer: accessKey,
  },
  listAccessKeys: {
    ...keys,
    about: 'the access keys',
    method: 'GET',
    path: '/keys',
    sends: 'query',
    parameters: z.strictObject({}),
    answer: z.array(accessKey),
  },
  getAccessKey: {
    ...keys,
    about: 'one access key',
    method: 'GET',
    path: '/keys/{key}',
    sends: 'query',
    parameters: z.strictObject(whichKey),
    answer: accessKey,
  },
  updateAccessKeyFull: {
    ...change,
    about: 'replaces all that an access key is; others change one part of it',
    path: '/keys/{key}',
    // What others put there is kept as it is, so it is not held against the words known here.
    parameters: z.strictObject({ ...whichKey, name: text, is_active: z.boolean(), permitted: z.array(text), options: anyObject }),
    answer: jsonOrNothing.pipe(accessKey.optional()),
  },
  revokeAccessKey: {
    ...change,
    about: 'has an access key do nothing, until it is unrevoked',
    path: '/keys/{key}/revoke',
    parameters: z.strictObject(whichKey),
    answer: jsonOrNothing.transform(() => ({ active: false as const })),
  },
  unrevokeAccessKey: {
    ...change,
    about: 'has a revoked access key do again what is permitted',
    path: '/keys/{key}/unrevoke',
    parameters: z.strictObject(whichKey),
    answer: jsonOrNothing.transform(() => ({ active: true as const })),
  },
  deleteAccessKey: {
    ...keys,
    about: 'deletes an access key for good',
    method: 'DELETE',
    path: '/keys/{key}',
    sends: 'query',
    parameters: z.strictObject(whichKey),
    answer: deleted,
    bare: true,
  },
} as const satisfies Record<string, KeenCall>
