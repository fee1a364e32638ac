import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import type { Mailer } from '../email/mailer.ts'
import { CredentialError, failureOf, RefusedError, WaitError } from '../errors.ts'
import type { Store } from '../store/store.ts'

/**
 * Sending once. SES takes no idempotency token, so the claim is the promise: it is made before the message goes out
 * and marked after. A claim that was never marked is *unknown*: the process died in between, and nobody can tell
 * whether the mail went. It is told, and never sent again silently.
 */
const mark = z.strictObject({
  version: z.literal(1),
  state: z.enum(['claimed', 'sent', 'refused', 'throttled']),
  at: z.iso.datetime(),
  owner: z.string(),
  /** Which try this is; by it a put whose answer was lost on the way knows its own claim again. */
  token: z.string(),
  messageId: z.string().optional(),
  reason: z.string().optional(),
})
type Mark = z.output<typeof mark>

export interface Sent {
  readonly to: string
  readonly state: 'sent' | 'refused' | 'unknown'
  readonly messageId?: string
  readonly reason?: string
}

export interface Letter {
  /** Where the claim of this run, recipient and purpose stands. */
  readonly claim: string
  readonly to: string
  readonly from: string
  readonly run: string
  /** Composed only when it is really sent. */
  readonly raw: () => Promise<Uint8Array>
}

/** Sends a letter unless it was sent before. Throws WaitError when the account is throttled: call again later. */
export async function sendOnce(
  letter: Letter,
  context: { readonly store: Store; readonly mailer: Mailer; readonly owner: string; readonly clock: () => Date },
): Promise<Sent> {
  const { store } = context
  const stored = await store.get(letter.claim)
  const found = stored === undefined ? undefined : readMark(stored.body)
  if (found?.state === 'sent') {
    return { to: letter.to, state: 'sent', ...(found.messageId === undefined ? {} : { messageId: found.messageId }) }
  }
  if (found?.state === 'claimed') return unknown(letter, found)

  const raw = await letter.raw()
  const token = randomUUID()
  const write = (state: Mark['state'], condition: 'absent' | { etag: string }, more: Partial<Mark> = {}) => {
    const body: Mark = { version: 1, state, at: context.clock().toISOString(), owner: context.owner, token, ...more }
    return store.put(letter.claim, JSON.stringify(body), { if: condition, contentType: 'application/json' })
  }
  // What was definitely not taken (refused, throttled) is tried again; its mark is taken over by its etag.
  const etag =
    (await write('claimed', stored === undefined ? 'absent' : { etag: stored.etag })) ?? (await ownClaim(letter, token, store))
  if (etag === undefined) {
    throw new WaitError('another process is sending this mail', { until: new Date(context.clock().getTime() + 5000) })
  }
  try {
    const { messageId } = await context.mailer.send({ raw, from: letter.from, to: letter.to, run: letter.run })
    await write('sent', { etag }, { messageId })
    return { to: letter.to, state: 'sent', messageId }
  } catch (error) {
    const { message, remedy } = failureOf(error)
    const reason = remedy === undefined ? message : `${message}; ${remedy}`
    if (error instanceof WaitError) {
      await write('throttled', { etag }, { reason })
      throw error
    }
    if (error instanceof RefusedError || error instanceof CredentialError) {
      await write('refused', { etag }, { reason })
      return { to: letter.to, state: 'refused', reason }
    }
    // A time-out, or a store that took no mark: the claim stays without one, because nobody can know.
    return { to: letter.to, state: 'unknown', reason }
  }
}

/** The SDK retries a put whose answer was lost, and the retry then meets our own claim. */
async function ownClaim(letter: Letter, token: string, store: Store): Promise<string | undefined> {
  const stored = await store.get(letter.claim)
  return stored !== undefined && readMark(stored.body).token === token ? stored.etag : undefined
}

function readMark(body: Uint8Array): Mark {
  return mark.parse(JSON.parse(Buffer.from(body).toString('utf8')))
}

function unknown(letter: Letter, found: Mark): Sent {
  return {
    to: letter.to,
    state: 'unknown',
    reason: `sending began at ${found.at} and its process ended before it could note the outcome; see in SES whether it went out`,
  }
}
