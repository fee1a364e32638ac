import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Agent, type Dispatcher } from 'undici'
import type * as z from 'zod'
import { BroadsheetError, DataError, RefusedError, UnavailableError, UsageError, WaitError } from './errors.ts'
import { redact, redactJson } from './redact.ts'
import type { Turns } from './turns.ts'
import { createTurns } from './turns.ts'

/** The only door to the network. Whoever opens one says how its vendor's refusals are told apart (`classify`). */
export interface HttpOptions {
  /**
   * The failure that a status and body mean, undefined for a good answer. Total: it is asked about every reply, and
   * the class it picks decides what follows. A WaitError within the time budget is slept through, a later one thrown;
   * an UnavailableError is tried again with back-off; everything else is thrown at once.
   */
  readonly classify: (reply: Reply) => BroadsheetError | undefined
  /** Requests at a time to each host, each with its tries and pauses; further ones queue. */
  readonly concurrency: number
  /** One line for each try: `GET mixpanel.com/api/query/segmentation 200 143 ms`. Never a query string. */
  readonly trace: (line: string) => void
  readonly clock: () => Date
  /** Milliseconds for a request with all its tries and pauses, from when it is its turn; 120,000 unless said. */
  readonly budget?: number | undefined
  readonly sleep?: ((milliseconds: number, signal: AbortSignal) => Promise<unknown>) | undefined
  readonly random?: (() => number) | undefined
  /** Aborts after so many milliseconds. */
  readonly deadline?: ((milliseconds: number) => AbortSignal) | undefined
}

/** What came back, for messages: secrets are out of `text` and `json`, so classes may quote them. */
export interface Reply {
  /** `GET mixpanel.com/api/query/segmentation`: what messages call the request. */
  readonly call: string
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** undefined when the text is not JSON. */
  readonly json: unknown
  readonly requestId: string | undefined
  readonly receivedAt: Date
}

/** A key with a list is repeated for each of it; one that is undefined is left out. */
export type Fields = Readonly<Record<string, string | number | readonly string[] | undefined>>

export interface HttpRequest<Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Without a query string. */
  readonly url: string
  readonly query?: Fields | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** At most one of the two: `application/x-www-form-urlencoded` or `application/json`. */
  readonly form?: Fields | undefined
  readonly json?: unknown
  /** Whether the answer is JSON, which is what the schema then gets, or any text; JSON unless said. */
  readonly accept?: 'json' | 'text' | undefined
  /** What the answer parses into. */
  readonly schema: Schema
  /** Texts that no error or trace may hold: passwords, tokens, keys. */
  readonly secrets: readonly string[]
  /** Whether a try that may have reached the vendor can be sent again; all but POST and PATCH unless said. */
  readonly repeatable?: boolean | undefined
  /** Milliseconds with all tries and pauses, where this request has its own; else the door's. */
  readonly budget?: number | undefined
  /**
   * Called before each try is sent, and what it gives is called when that one is over: the place where a limit that
   * others share is kept. What it throws counts as the try's failure, so a WaitError within the time budget is slept through.
   */
  readonly admit?: (() => Promise<Settle>) | undefined
  /** The answer may have at most so many bytes, unpacked; 64 MiB unless said. */
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** `reply` is undefined where no whole one came, although the vendor may have begun. */
export type Settle = (reply: Reply | undefined) => Promise<void>

export interface Http {
  /**
   * The answer, parsed. Throws what `classify` says; UnavailableError when nothing whole came within tries and time
   * budget; DataError when the answer is JSON that does not fit; RefusedError when it is too big; the signal's reason.
   */
  request<Schema extends z.ZodType>(request: HttpRequest<Schema>): Promise<z.output<Schema>>
  close(): Promise<void>
}

const defaultBudget = 120_000
const defaultMaxBytes = 64 * 1024 * 1024
const mostTries = 4
const firstPause = 1000
const unpack = promisify(gunzip)

export function createHttp(options: HttpOptions): Http {
  const { classify, trace, clock, budget: usual = defaultBudget, random = Math.random } = options
  const { sleep = (milliseconds, signal) => wait(milliseconds, undefined, { signal }), deadline = AbortSignal.timeout } = options
  const turns = new Map<string, Turns>()
  // The time budget is the one clock of a request; undici's own timeouts would only cut long answers short of it.
  const agent = new Agent({ connections: options.concurrency, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })

  async function request<Schema extends z.ZodType>(asked: HttpRequest<Schema>): Promise<z.output<Schema>> {
    const address = addressOf(asked)
    const line = turns.get(address.origin) ?? createTurns(options.concurrency)
    turns.set(address.origin, line)
    await line.take(asked.signal)
    try {
      return await requestNow(asked, address)
    } finally {
      line.give()
    }
  }

  async function requestNow<Schema extends z.ZodType>(asked: HttpRequest<Schema>, address: URL): Promise<z.output<Schema>> {
    const call = `${asked.method} ${address.host}${address.pathname}`
    const budget = asked.budget ?? usual
    const end = clock().getTime() + budget
    const over = deadline(budget)
    const signal = asked.signal === undefined ? over : AbortSignal.any([over, asked.signal])
    const late = (cause: unknown) => new UnavailableError(`${call}: no whole answer within ${budget / 1000} s`, { cause })

    for (let tries = 1; ; tries += 1) {
      const outcome = await attempt(asked, address, call, signal)
      if ('value' in outcome) return outcome.value
      asked.signal?.throwIfAborted()
      if (over.aborted) throw late(outcome.error)
      const pause = pauseBefore(outcome, tries, asked)
      if (pause === undefined || clock().getTime() + pause >= end) throw outcome.error
      try {
        await sleep(pause, signal)
      } catch (cause) {
        asked.signal?.throwIfAborted()
        if (over.aborted) throw late(outcome.error)
        throw cause
      }
    }
  }

  async function attempt<Schema extends z.ZodType>(
    asked: HttpRequest<Schema>,
    address: URL,
    call: string,
    signal: AbortSignal,
  ): Promise<{ value: z.output<Schema> } | Failed> {
    const began = performance.now()
    const say = (result: string | number) => trace(`${call} ${result} ${Math.round(performance.now() - began)} ms`)
    let settle: Settle | undefined
    try {
      settle = await asked.admit?.()
    } catch (error) {
      if (error instanceof WaitError) return { error, reached: false }
      throw error
    }
    let received: Received | undefined
    try {
      received = await exchange(agent, asked, address, call, clock, signal)
    } catch (cause) {
      const why = networkCause(cause, signal)
      if (why === undefined) throw cause
      say(why)
      return { error: new UnavailableError(`${call}: no whole answer (${why})`, { cause }), reached: true }
    } finally {
      await settle?.(received?.reply)
    }
    const { reply, json } = received
    const { status, requestId } = reply
    say(status)
    const refusal = classify(reply)
    if (refusal !== undefined) return { error: refusal, reached: status >= 500 }
    if (json === undefined && asked.accept !== 'text') {
      const message = `${call} ${status}: the answer is not JSON; it begins: ${beginning(reply.text)}`
      return { error: new UnavailableError(message, { requestId }), reached: true }
    }
    const parsed = asked.schema.safeParse(asked.accept === 'text' ? received.text : json)
    if (parsed.success) return { value: parsed.data }
    const [issue] = parsed.error.issues
    const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
    const message = `${call} ${status}: the answer does not fit${where} (${issue?.message}); it begins: ${beginning(reply.text)}`
    throw new DataError(redact(message, asked.secrets), { requestId })
  }

  /** Milliseconds, or undefined when trying again would be wrong. */
  function pauseBefore({ error, reached }: Failed, tries: number, asked: HttpRequest<z.ZodType>): number | undefined {
    // Half of it is left to chance, so that those who failed together do not come back together.
    const pause = firstPause * 2 ** (tries - 1) * (0.5 + random() / 2)
    if (error instanceof WaitError) return Math.max(pause, error.until.getTime() - clock().getTime())
    const repeatable = asked.repeatable ?? (asked.method !== 'POST' && asked.method !== 'PATCH')
    return error instanceof UnavailableError && tries < mostTries && (repeatable || !reached) ? pause : undefined
  }

  return { request, close: () => agent.close() }
}

interface Failed {
  readonly error: BroadsheetError
  /** Whether the vendor may have done what was asked although no answer came. */
  readonly reached: boolean
}

interface Received {
  readonly reply: Reply
  /** As it came, for the schema: a secret `pass` must not make `…port` of a value `passport`. undefined when it is not JSON. */
  readonly json: unknown
  /** As it came, too. */
  readonly text: string
}

/** When a `Retry-After` (seconds or an HTTP date) says to come back. */
export function retryAfter(reply: Reply): Date | undefined {
  const value = reply.headers['retry-after']
  if (value === undefined) return undefined
  const time = /^\d+$/.test(value) ? reply.receivedAt.getTime() + Number(value) * 1000 : Date.parse(value)
  return Number.isNaN(time) ? undefined : new Date(time)
}

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

function addressOf(asked: Pick<HttpRequest<z.ZodType>, 'url' | 'query'>): URL {
  const problem = addressProblem(asked.url)
  if (problem !== undefined) throw new UsageError(problem)
  const address = new URL(asked.url)
  // %20 for a space is read alike everywhere; URLSearchParams' + is not.
  address.search = pairsOf(asked.query ?? {})
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&')
  return address
}

function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([key, value]) =>
    [value].flat().flatMap((each): [string, string][] => (each === undefined ? [] : [[key, String(each)]])),
  )
}

async function exchange(
  agent: Dispatcher,
  asked: HttpRequest<z.ZodType>,
  address: URL,
  call: string,
  clock: () => Date,
  signal: AbortSignal,
): Promise<Received> {
  const { contentType, body } = bodyOf(asked)
  const response = await agent.request({
    origin: address.origin,
    path: `${address.pathname}${address.search}`,
    method: asked.method,
    headers: {
      accept: asked.accept === 'text' ? '*/*' : 'application/json',
      'accept-encoding': 'gzip',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...asked.headers,
    },
    ...(body === undefined ? {} : { body }),
    signal,
  })
  const headers = Object.fromEntries(Object.entries(response.headers).map(([key, value]) => [key, String(value)]))
  const limit = asked.maxBytes ?? defaultMaxBytes
  const tooBig = () =>
    new RefusedError(`${call} ${response.statusCode}: the answer has more than ${limit} bytes`, {
      remedy: 'ask for a shorter time, or for fewer segments',
    })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > limit) throw tooBig()
    chunks.push(chunk)
  }
  const packed = Buffer.concat(chunks)
  const raw = (await unpacked(packed, headers, limit, tooBig)).toString('utf8')
  const text = redact(raw, asked.secrets)
  const json = parseJson(raw)
  const reply = {
    call,
    status: response.statusCode,
    headers,
    text,
    json: text === raw ? json : redactJson(json, asked.secrets),
    requestId: headers['x-request-id'] ?? headers['request-id'],
    receivedAt: clock(),
  }
  return { reply, json, text: raw }
}

// fetch() takes a gzip that was cut for a whole one; zlib's own call does not.
async function unpacked(bytes: Buffer, headers: Reply['headers'], limit: number, tooBig: () => BroadsheetError): Promise<Buffer> {
  if (headers['content-encoding'] !== 'gzip' || bytes.length === 0) return bytes
  try {
    return await unpack(bytes, { maxOutputLength: limit })
  } catch (error) {
    throw codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? tooBig() : error
  }
}

function bodyOf(asked: HttpRequest<z.ZodType>): { contentType?: string; body?: string } {
  if (asked.form !== undefined) {
    return { contentType: 'application/x-www-form-urlencoded', body: new URLSearchParams(pairsOf(asked.form)).toString() }
  }
  return asked.json === undefined ? {} : { contentType: 'application/json', body: JSON.stringify(asked.json) }
}

// undici's own, the HTTP parser's, zlib's, TLS's, and the system's (EAI_AGAIN, ECONNRESET); a wrong argument is a defect.
const networkCode =
  /^(?:UND_ERR_(?!INVALID|NOT_SUPPORTED)|HPE_|Z_|ERR_(?:TLS|SSL)|UNABLE_TO_|[A-Z_]*CERT|E(?!RR_|INVAL$)[A-Z_]{3,}$)/

/** `ECONNRESET`, when the network or a cut body is to blame; undefined for what is not the network's. */
function networkCause(error: unknown, signal: AbortSignal): string | undefined {
  if (error instanceof BroadsheetError) return undefined
  if (signal.aborted) return 'aborted'
  const code = codeOf(error)
  return code !== undefined && networkCode.test(code) ? code : undefined
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The first characters of a body on one line. */
export function beginning(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line === '') return '(nothing)'
  return line.length > 120 ? `${line.slice(0, 120)}…` : line
}
