import * as z from 'zod'
import { isNumeral, isObject, parseExactly } from '../../exact-json.ts'
import { checkedBy } from '../call.ts'
import type { CallWords } from '../source.ts'
import type { KeenCall } from './call.ts'
import type { AccessKey } from './calls/access-keys.ts'
import { accessKeyCalls, keyOptions, permitted, whichKey } from './calls/access-keys.ts'
import { jsonToSendBack } from './calls/answers.ts'
import { text } from './calls/parameters.ts'
import type { SavedQuery } from './calls/saved.ts'
import { queryChanges, savedCalls } from './calls/saved.ts'
import { extractionEachAsked } from './extraction.ts'

/** What is made of several calls. `KeenClient` has the calls that these take. */

type Calling<Call extends KeenCall> = (
  parameters: z.input<Call['parameters']>,
  signal?: AbortSignal,
) => Promise<z.output<Call['answer']>>

/** Calls whose answers are changed and sent back: what nobody changed has to come back to the digit. */
export const asWritten = {
  savedQuery: { ...savedCalls.savedQuery, bare: true, answer: jsonToSendBack.pipe(savedCalls.savedQuery.answer) },
  getAccessKey: { ...accessKeyCalls.getAccessKey, bare: true, answer: jsonToSendBack.pipe(accessKeyCalls.getAccessKey.answer) },
} as const satisfies Record<string, KeenCall>

export interface Saving {
  /** Of `asWritten`. */
  readonly savedQuery: Calling<typeof asWritten.savedQuery>
  readonly savedQueryUpdateFull: Calling<typeof savedCalls.savedQueryUpdateFull>
}

export interface Keeping {
  /** Of `asWritten`. */
  readonly getAccessKey: Calling<typeof asWritten.getAccessKey>
  readonly updateAccessKeyFull: Calling<typeof accessKeyCalls.updateAccessKeyFull>
}

const named = z.strictObject({ ...whichKey, name: text })
const withPermissions = z.strictObject({ ...whichKey, permissions: permitted.min(1) })
const anyPermissions = z.strictObject({ ...whichKey, permissions: permitted })
const fewer = z.strictObject({ ...whichKey, permissions: z.array(text).min(1) })
const withOptions = z.strictObject({ ...whichKey, options: keyOptions })
const changed = z.strictObject({ query_name: text, saved_query: queryChanges })

/** What `broadsheet call` says of them. */
export const composedCalls = {
  savedQueryUpdate: {
    about: 'changes parts of a saved query: objects are merged, lists replaced, null takes a key out',
    parameters: changed,
  },
  updateAccessKeyName: { about: 'gives an access key another name', parameters: named },
  addAccessKeyPermissions: { about: 'permits an access key more', parameters: withPermissions },
  removeAccessKeyPermissions: { about: 'permits an access key less', parameters: fewer },
  updateAccessKeyPermissions: { about: 'permits an access key these things and no others', parameters: anyPermissions },
  updateAccessKeyOptions: { about: 'gives an access key other options, and none of those that it had', parameters: withOptions },
  extractionEach: {
    about: 'events one after the other; with halves: true an absolute timeframe of more than 100,000 is asked for in parts',
    parameters: extractionEachAsked,
  },
} as const satisfies Record<string, CallWords>

/**
 * Changes what is given of a saved query and keeps the rest, by reading it and writing all of it. What is 0, false or
 * empty stays. Nulls that the vendor gives are left out, as it refuses them when they come back. Nothing locks a saved
 * query meanwhile: whoever writes last wins. Gives what the vendor answers, undefined where that is nothing.
 */
export async function savedQueryUpdate(
  client: Saving,
  parameters: z.input<typeof changed>,
  signal?: AbortSignal,
): Promise<SavedQuery | undefined> {
  const { query_name, saved_query: changes } = checkedBy('Keen savedQueryUpdate', changed, parameters)
  const { query_name: name, refresh_rate, query, metadata } = await client.savedQuery({ query_name }, signal)
  const kept = {
    query_name: name,
    refresh_rate: refresh_rate ?? 0,
    query: withoutNulls(query),
    ...(isObject(metadata) ? { metadata } : {}),
  }
  // What comes of it is checked like all that is sent.
  return client.savedQueryUpdateFull({ query_name, saved_query: merged(kept, changes) as never }, signal)
}

/** A filter may ask for null. */
const mayBeNull = 'property_value'

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!hasKeys(value)) return value
  const entries = Object.entries(value).filter(([key, inner]) => inner !== null || key === mayBeNull)
  return Object.fromEntries(entries.map(([key, inner]) => [key, key === mayBeNull ? inner : withoutNulls(inner)]))
}

function hasKeys(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && !isNumeral(value)
}

function merged(old: unknown, changes: unknown): unknown {
  if (!hasKeys(changes)) return changes
  const entries = new Map(hasKeys(old) ? Object.entries(old) : [])
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) entries.delete(key)
    else if (value !== undefined) entries.set(key, merged(entries.get(key), value))
  }
  return Object.fromEntries(entries)
}

/** The one-part changes of an access key. Each reads it and writes all of it; whoever writes last wins. */
export function accessKeyChanges(client: Keeping) {
  const change = async (
    key: string,
    changes: (old: AccessKey) => Partial<AccessKey>,
    signal?: AbortSignal,
  ): Promise<AccessKey> => {
    const old = await client.getAccessKey({ key }, signal)
    const wanted = { ...old, ...changes(old) }
    const { name, isActive, permitted: may, options } = wanted
    const answer = await client.updateAccessKeyFull({ key, name, is_active: isActive, permitted: may, options }, signal)
    // Where the vendor answers nothing: as it would be read.
    return answer ?? { ...wanted, options: parseExactly(JSON.stringify(options)) as AccessKey['options'] }
  }
  return {
    updateAccessKeyName(parameters: z.input<typeof named>, signal?: AbortSignal) {
      const { key, name } = checkedBy('Keen updateAccessKeyName', named, parameters)
      return change(key, () => ({ name }), signal)
    },
    addAccessKeyPermissions(parameters: z.input<typeof withPermissions>, signal?: AbortSignal) {
      const { key, permissions } = checkedBy('Keen addAccessKeyPermissions', withPermissions, parameters)
      return change(key, (old) => ({ permitted: [...new Set([...old.permitted, ...permissions])] }), signal)
    },
    removeAccessKeyPermissions(parameters: z.input<typeof fewer>, signal?: AbortSignal) {
      const { key, permissions } = checkedBy('Keen removeAccessKeyPermissions', fewer, parameters)
      return change(key, (old) => ({ permitted: old.permitted.filter((one) => !permissions.includes(one)) }), signal)
    },
    updateAccessKeyPermissions(parameters: z.input<typeof anyPermissions>, signal?: AbortSignal) {
      const { key, permissions } = checkedBy('Keen updateAccessKeyPermissions', anyPermissions, parameters)
      return change(key, () => ({ permitted: permissions }), signal)
    },
    updateAccessKeyOptions(parameters: z.input<typeof withOptions>, signal?: AbortSignal) {
      const { key, options } = checkedBy('Keen updateAccessKeyOptions', withOptions, parameters)
      return change(key, () => ({ options }), signal)
    },
  }
}
