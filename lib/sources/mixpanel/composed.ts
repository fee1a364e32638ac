import type * as z from 'zod'
import { BroadsheetError, DataError, RefusedError, UnavailableError, WaitError } from '../../errors.ts'
import { checkedBy } from '../call.ts'
import type { CallWords } from '../source.ts'
import type { MixpanelCall } from './call.ts'
import type { annotationCalls } from './calls/annotations.ts'
import { movedTo } from './calls/annotations.ts'
import type { Profile, ProfilesAsked, peopleCalls } from './calls/people.ts'
import { profilesAsked } from './calls/people.ts'
import { isMissing } from './failure.ts'

/** What is made of several calls. `MixpanelClient` has the calls that these take. */

type Calling<Call extends MixpanelCall> = (
  parameters: z.input<Call['parameters']>,
  signal?: AbortSignal,
) => Promise<z.output<Call['answer']>>

export interface Engaging {
  readonly engage: Calling<typeof peopleCalls.engage>
}

export interface Annotating {
  readonly annotation: Calling<typeof annotationCalls.annotation>
  readonly annotationsCreate: Calling<typeof annotationCalls.annotationsCreate>
  readonly annotationsDelete: Calling<typeof annotationCalls.annotationsDelete>
}

/** What `broadsheet call` says of them. */
export const composedCalls = {
  engageAll: { about: 'all profiles, one after the other; the vendor counts their first page only', parameters: profilesAsked },
  annotationsMove: {
    about: 'an annotation with another date: a new one is made, then the old one deleted',
    parameters: movedTo,
  },
} as const satisfies Record<string, CallWords>

/** Profiles on a page unless the vendor says another number. */
const usualSize = 1000
/** Pages that are asked for at a time. With the one that others may ask for, these are the five queries that a project may run. */
const mostAhead = 4

/** Some of the profiles that match, and how many there are; undefined where the vendor does not say. */
export interface ProfilePage {
  readonly profiles: readonly Profile[]
  readonly total: number | undefined
}

/**
 * All profiles, in the vendor's order. Stopping early stops the requests. Throws UnavailableError, after the profiles that
 * came, where they are not all; RefusedError for `behaviors` of more than a page without `as_of_timestamp`; and what
 * `engage` throws, UsageError for wrong parameters when the first profile is asked for.
 */
export async function* engageAll(
  client: Engaging,
  parameters: ProfilesAsked = {},
  signal?: AbortSignal,
): AsyncGenerator<Profile, void> {
  for await (const { profiles } of engagePages(client, parameters, signal)) yield* profiles
}

/**
 * The same page by page, until `most` profiles came. Only page 0 is counted as a query; four further ones are asked for at
 * a time.
 */
export async function* engagePages(
  client: Engaging,
  parameters: ProfilesAsked = {},
  signal?: AbortSignal,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<ProfilePage, void> {
  checkedBy('Mixpanel engageAll', profilesAsked, parameters)
  const first = await client.engage(parameters, signal)
  const { sessionId, total, pageSize = parameters.page_size ?? usualSize } = first
  // What total and size promise; without a total each page tells only whether there is another.
  const pages = total === undefined ? undefined : Math.ceil(Math.min(total, most) / pageSize)
  if (parameters.behaviors !== undefined && parameters.as_of_timestamp === undefined && (pages ?? 1) > 1) {
    throw new RefusedError(
      `Mixpanel gives no second page for \`behaviors\` without as_of_timestamp, and ${total} profiles match`,
      {
        remedy: 'give as_of_timestamp: the seconds since 1970 of the time at which the behaviors are looked at',
      },
    )
  }
  const stop = new AbortController()
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const coming: ReturnType<typeof ask>[] = []
  let next = 1
  let given = 0

  function ask(page: number): ReturnType<Engaging['engage']> {
    const asking = client.engage({ ...parameters, session_id: sessionId, page }, both)
    // Whoever waits for the page gets the failure; one that nobody waits for any more is no failure.
    asking.catch(() => {})
    return asking
  }

  try {
    for (let page = first, at = 0; ; at += 1) {
      if (at > 0 && (page.page !== at || (page.sessionId ?? sessionId) !== sessionId)) {
        throw new UnavailableError(
          `Mixpanel was asked for page ${at} of its profiles and gave another one: the session was lost`,
          {
            remedy: askAgain,
          },
        )
      }
      given += page.profiles.length
      yield { profiles: page.profiles, total }
      if (given >= most || page.profiles.length < pageSize || (total !== undefined && given >= total)) break
      if (sessionId === undefined) throw new DataError('Mixpanel has more profiles and gives no session to go on with')
      while (coming.length < (pages === undefined ? 1 : mostAhead) && next < (pages ?? Number.POSITIVE_INFINITY)) {
        coming.push(ask(next))
        next += 1
      }
      const following = coming.shift()
      if (following === undefined) break
      page = await following
    }
    if (total !== undefined && given < Math.min(total, most)) {
      throw new UnavailableError(`Mixpanel said that ${total} profiles match and gave ${given}`, { remedy: askAgain })
    }
  } finally {
    stop.abort()
    await Promise.allSettled(coming)
  }
}

const askAgain = 'ask again: the session may have ended, or profiles may have been deleted meanwhile'

/** Both ids of an annotation that was moved: the one that it has now, and the one that is gone. */
export interface Moved {
  readonly id: string
  readonly replaced: string
  readonly annotation: Awaited<ReturnType<Annotating['annotation']>>
}

/**
 * An annotation with another date, which Mixpanel cannot change: a new one is made first (with the old one's words and
 * tags unless others are given), then the old one deleted. Once it began it is not interrupted. Throws what the calls
 * throw; an error after which both exist, or may exist, says which.
 */
export async function annotationsMove(
  client: Annotating,
  parameters: z.input<typeof movedTo>,
  signal?: AbortSignal,
): Promise<Moved> {
  const { id, date, description, tags } = checkedBy('Mixpanel annotationsMove', movedTo, parameters)
  const old = await client.annotation({ id }, signal)
  signal?.throwIfAborted()
  const wanted = { date, description: description ?? old.description, tags: tags ?? old.tags.map((tag) => tag.id) }
  const created = await client.annotationsCreate(wanted).catch((error: unknown) => {
    const unsure = error instanceof UnavailableError || error instanceof DataError
    throw unsure ? saying(error, `annotation ${id} stands as it was, and a new one of ${date} may stand beside it`) : error
  })
  try {
    await client.annotationsDelete({ id })
  } catch (error) {
    // A first try may have deleted it without an answer.
    if (!isMissing(error))
      throw saying(error, `annotations ${id} and ${created.id} now both exist, as ${id} could not be deleted`)
  }
  return { id: created.id, replaced: id, annotation: created }
}

/** An error of the same kind with more words. */
function saying(error: unknown, words: string): unknown {
  if (!(error instanceof BroadsheetError)) return error
  const Kind = error.constructor as new (message: string, details: object) => BroadsheetError
  const { message, remedy, requestId } = error
  const until = error instanceof WaitError ? { until: error.until } : {}
  return new Kind(`${words}: ${message}`, { remedy, requestId, cause: error, ...until })
}
