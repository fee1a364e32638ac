import type * as z from 'zod'
import { UsageError } from '../errors.ts'
import type { Reply } from './reply.ts'

/** A key with a list is repeated for each of it; one that is undefined is left out. */
export type Fields = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** How a try ended: with a whole reply, with none although the vendor may have begun, or before it could reach anybody. */
export type Ended = Reply | 'no reply' | 'not reached'
export type Settle = (ended: Ended) => Promise<void>

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Without a query string. */
  readonly url: string
  readonly query?: Fields | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** At most one of the two: `application/x-www-form-urlencoded` or `application/json`. */
  readonly form?: Fields | undefined
  readonly json?: unknown
  /** Texts that no error or trace may hold: passwords, tokens, keys. */
  readonly secrets: readonly string[]
  /** Whether a try that may have reached the vendor can be sent again; all but POST and PATCH unless said. */
  readonly repeatable?: boolean | undefined
  /** Milliseconds with all tries and pauses, where this request has its own; else the door's. */
  readonly budget?: number | undefined
  /**
   * Called before each try is sent, and what it gives is called when that one is over: the place where a limit that
   * others share is kept. A WaitError that it throws is slept through where it is within the time budget; anything else
   * ends the request. The signal aborts when the try is given up.
   */
  readonly admit?: ((signal: AbortSignal) => Promise<Settle>) | undefined
  /** The answer holds secrets of its own, so no message quotes it. */
  readonly quiet?: boolean | undefined
  /** An answer that is read whole may have at most so many bytes, unpacked; 64 MiB unless said. */
  readonly maxBytes?: number | undefined
  /** Milliseconds without a byte after which a try is given up; of one that is read whole, none unless said, of a stream 120,000. */
  readonly idle?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HttpRequest<Schema extends z.ZodType> extends HttpCall {
  /** Whether the answer is JSON, which is what the schema then gets, or any text; JSON unless said. */
  readonly accept?: 'json' | 'text' | undefined
  /** What the answer parses into. */
  readonly schema: Schema
  /** JSON's whole numbers beyond 2^53 come as their digits, as text; rounded unless said. */
  readonly exact?: boolean | undefined
}

/** The time budget ends when the body begins, and an admitted try is over then: settled without a reply. */
export type HttpOpening = HttpCall

/** What is wrong with a vendor's address, if anything: credentials go over https only; plain http stays on this machine. */
export function addressProblem(address: string): string | undefined {
  if (!URL.canParse(address)) return `"${address}" is not an address; write https://… in full`
  const { protocol, hostname, username, password, search, hash } = new URL(address)
  if (username !== '' || password !== '') return 'an address holds no user or password; put them where `credentials` points to'
  if (search !== '' || hash !== '') return 'an address ends with its path; leave out ? and #'
  if (protocol === 'https:') return undefined
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
  if (protocol === 'http:' && loopback) return undefined
  return `"${address}" is not https; plain http is for this machine alone (localhost, 127.0.0.1)`
}

export function addressOf(asked: Pick<HttpCall, 'url' | 'query'>): URL {
  const problem = addressProblem(asked.url)
  if (problem !== undefined) throw new UsageError(problem)
  const address = new URL(asked.url)
  // %20 for a space is read alike everywhere; URLSearchParams' + is not.
  address.search = pairsOf(asked.query ?? {})
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&')
  return address
}

export function contentOf(asked: Pick<HttpCall, 'form' | 'json'>): { contentType?: string; content?: string } {
  if (asked.form !== undefined) {
    return { contentType: 'application/x-www-form-urlencoded', content: new URLSearchParams(pairsOf(asked.form)).toString() }
  }
  return asked.json === undefined ? {} : { contentType: 'application/json', content: JSON.stringify(asked.json) }
}

function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([key, value]) =>
    [value].flat().flatMap((each): [string, string][] => (each === undefined ? [] : [[key, String(each)]])),
  )
}
