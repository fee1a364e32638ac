import { setTimeout as wait } from 'node:timers/promises'
import { Agent, type Dispatcher } from 'undici'
import type * as z from 'zod'
import type { BroadsheetError } from '../errors.ts'
import { DataError, UnavailableError, UsageError, WaitError } from '../errors.ts'
import { redact } from '../redact.ts'
import type { Turns } from '../turns.ts'
import { createTurns } from '../turns.ts'
import { isUnreached, networkCause } from './network.ts'
import { createPace } from './pace.ts'
import type { Answering, Head, Received, Reply } from './reply.ts'
import { beginning, headOf, readWhole } from './reply.ts'
import type { HttpCall, HttpOpening, HttpRequest, Settle } from './request.ts'
import { addressOf, contentOf } from './request.ts'
import type { Opened } from './stream.ts'
import { streamed } from './stream.ts'
import type { Failed, Patience, Terms } from './tries.ts'
import { insist } from './tries.ts'

export interface HttpOptions {
  /**
   * The failure that a status and body mean, undefined for a good answer. Total: it is asked about every reply, and
   * the class it picks decides what follows. A WaitError within the time budget is slept through, a later one thrown;
   * an UnavailableError is tried again with back-off; everything else is thrown at once, and so are these two where the
   * vendor may have done what cannot be repeated.
   */
  readonly classify: (reply: Reply) => BroadsheetError | undefined
  /** Requests at a time to each host, each with its tries and pauses; further ones queue. */
  readonly concurrency: number
  /** Milliseconds between the starts of two tries at a host; none unless said. */
  readonly gap?: number | undefined
  /** One line for each try: `GET mixpanel.com/api/query/segmentation 200 143 ms`. Never a query string. */
  readonly trace: (line: string) => void
  readonly clock: () => Date
  /** Milliseconds for a request with all its tries and pauses, from when it is its turn; 120,000 unless said. */
  readonly budget?: number | undefined
  readonly sleep?: Patience['sleep'] | undefined
  readonly random?: Patience['random'] | undefined
  readonly deadline?: Patience['deadline'] | undefined
  readonly waits?: Patience['waits'] | undefined
}

export interface Http {
  /**
   * The answer, parsed. Throws what `classify` says; UnavailableError when nothing whole came within tries and time
   * budget; DataError when the answer is JSON that does not fit; RefusedError when it is too big; the signal's reason.
   */
  request<Schema extends z.ZodType>(request: HttpRequest<Schema>): Promise<z.output<Schema>>
  /**
   * The answer as it comes, once a try got a 2xx; `classify` is asked about any other. Until then it fails like `request`.
   * What happens to the body afterwards is not tried again: what was read of it is the caller's to throw away.
   */
  open(request: HttpOpening): Promise<Opened>
  /** Bodies that are still open fail. Whatever is asked from then on, also by way of trying again, throws UsageError. */
  close(): Promise<void>
}

/** What all who ask a host share. */
interface Host {
  readonly turns: Turns
  readonly pace: (signal: AbortSignal) => Promise<void>
}

interface Place extends Host {
  readonly address: URL
  /** What messages call the request. */
  readonly call: string
}

const defaultBudget = 120_000
const defaultIdle = 120_000

export function createHttp(options: HttpOptions): Http {
  const { classify, trace, clock, budget: usual = defaultBudget, random = Math.random } = options
  const { sleep = (milliseconds, signal) => wait(milliseconds, undefined, { signal }), deadline = AbortSignal.timeout } = options
  const patience = { clock, sleep, random, deadline, waits: options.waits }
  const hosts = new Map<string, Host>()
  const bodies = new Set<Opened['body']>()
  let closing: Promise<void> | undefined
  // The time budget is the one clock of a request; undici's own timeouts would only cut long answers short of it.
  const agent = new Agent({ connections: options.concurrency, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })

  async function request<Schema extends z.ZodType>(asked: HttpRequest<Schema>): Promise<z.output<Schema>> {
    const place = placeOf(asked)
    await place.turns.take(asked.signal)
    try {
      return await insist(termsOf(asked, place), patience, async (signal) => {
        const accept = asked.accept === 'text' ? '*/*' : 'application/json'
        const exchange = async () => {
          const response = await begun(asked, place, (both) => send(agent, asked, place.address, accept, both), signal)
          return readWhole(place.call, watched(asked, place.call, response, signal), asked, clock)
        }
        const came = await attempt(asked, place, exchange, signal)
        return 'error' in came ? came : fit(came, asked)
      })
    } finally {
      place.turns.give()
    }
  }

  async function open(asked: HttpOpening): Promise<Opened> {
    const place = placeOf(asked)
    await place.turns.take(asked.signal)
    try {
      const opened = await insist(termsOf(asked, place), patience, (signal) => openOnce(asked, place, signal))
      if (opened.body.closed) place.turns.give()
      else opened.body.once('close', () => place.turns.give())
      return opened
    } catch (error) {
      place.turns.give()
      throw error
    }
  }

  async function openOnce(asked: HttpOpening, place: Place, signal: AbortSignal): Promise<{ value: Opened } | Failed> {
    const { address, call } = place
    // undici keeps to its signal until the body ended; the time budget must not reach so far.
    const stop = new AbortController()
    const forward = () => stop.abort(signal.reason)
    signal.addEventListener('abort', forward, { once: true })
    if (signal.aborted) forward()
    let opened: Opened | undefined
    try {
      const exchange = async () => {
        const response = await begun(asked, place, (both) => send(agent, asked, address, '*/*', both), stop.signal)
        const { statusCode } = response
        if (statusCode < 200 || statusCode > 299)
          return readWhole(call, watched(asked, call, response, stop.signal), asked, clock)
        signal.removeEventListener('abort', forward)
        opened = begin(asked, call, response)
        return opened
      }
      const came = await attempt(asked, place, exchange, stop.signal)
      if ('error' in came) return came
      if ('body' in came) {
        if (!isPage(came)) return { value: came }
        came.body.destroy()
        return { error: pageInstead(came), reached: true }
      }
      const { status, requestId } = came.reply
      throw new DataError(`${call} ${status}: the answer has no body to read`, { requestId })
    } catch (error) {
      opened?.body.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', forward)
    }
  }

  /** The beginning of an answer, if it comes before the silence is too long. */
  async function begun<Response>(
    { idle }: HttpCall,
    { call }: Place,
    exchange: (signal: AbortSignal) => Promise<Response>,
    signal: AbortSignal,
  ): Promise<Response> {
    if (idle === undefined) return exchange(signal)
    const silent = deadline(idle)
    // undici keeps to its signal until the body ended, which has a watch of its own.
    const stop = new AbortController()
    const give = () => stop.abort()
    const both = [silent, signal]
    for (const one of both) one.addEventListener('abort', give, { once: true })
    if (both.some(({ aborted }) => aborted)) give()
    try {
      return await exchange(stop.signal)
    } catch (cause) {
      if (!silent.aborted || signal.aborted) throw cause
      throw new UnavailableError(`${call}: no answer began within ${idle / 1000} s`)
    } finally {
      for (const one of both) one.removeEventListener('abort', give)
    }
  }

  function watched({ idle }: HttpCall, call: string, response: Dispatcher.ResponseData, signal: AbortSignal): Answering {
    if (idle === undefined) return response
    const head = headOf(call, response, clock())
    return { ...response, body: streamed(response.body, { head, idle, deadline, signal }) }
  }

  function begin(asked: HttpOpening, call: string, response: Dispatcher.ResponseData): Opened {
    const head = headOf(call, response, clock())
    const { signal, idle = defaultIdle } = asked
    const body = streamed(response.body, { head, idle, deadline, signal })
    bodies.add(body)
    body.once('close', () => bodies.delete(body))
    return { ...head, body, redact: (text) => redact(text, asked.secrets) }
  }

  /** One try: admitted, exchanged, traced, and told apart where a whole reply came. */
  async function attempt<Came extends Received | Opened>(
    asked: HttpCall,
    { call, pace }: Place,
    exchange: () => Promise<Came>,
    signal: AbortSignal,
  ): Promise<Came | Failed> {
    checkOpen(call)
    let began = performance.now()
    const say = (result: string | number) => trace(`${call} ${result} ${Math.round(performance.now() - began)} ms`)
    let settle: Settle | undefined
    try {
      settle = await asked.admit?.(signal)
    } catch (error) {
      if (error instanceof WaitError) return { error, reached: false }
      const why = networkCause(error, signal)
      if (why === 'aborted') return { error: unanswered(call, why, error), reached: false }
      throw error
    }
    let came: Came | undefined
    let reached = false
    try {
      await pace(signal)
      signal.throwIfAborted()
      began = performance.now()
      reached = true
      came = await exchange()
    } catch (cause) {
      const isOurs = cause instanceof UnavailableError
      const why = networkCause(isOurs ? cause.cause : cause, signal) ?? (isOurs ? 'too long a silence' : undefined)
      if (why === undefined) throw cause
      say(why)
      reached &&= !isUnreached(why)
      return { error: isOurs ? cause : unanswered(call, why, cause), reached }
    } finally {
      const reply = came !== undefined && 'reply' in came ? came.reply : undefined
      await settle?.(reply ?? (reached ? 'no reply' : 'not reached'))
    }
    if (!('reply' in came)) {
      say(came.status)
      return came
    }
    say(came.reply.status)
    const error = classify(came.reply)
    return error === undefined ? came : { error, reached: mayBeDone(came.reply.status) }
  }

  /** A closed agent would look like a network that is down, which is worth another try. */
  function checkOpen(call: string): void {
    if (closing === undefined) return
    throw new UsageError(`${call}: the client is closed`, { remedy: 'close it after the last call, or make another one' })
  }

  function placeOf(asked: HttpCall): Place {
    const address = addressOf(asked)
    // Some vendors have a secret in the path: the id of an access key is the key itself.
    const call = redact(`${asked.method} ${address.host}${address.pathname}`, asked.secrets)
    const host = hosts.get(address.origin) ?? {
      turns: createTurns(options.concurrency),
      pace: createPace(options.gap ?? 0, options.concurrency, patience),
    }
    hosts.set(address.origin, host)
    return { ...host, address, call }
  }

  function termsOf({ method, budget = usual, repeatable, signal }: HttpCall, { call }: Place): Terms {
    const own = repeatable ?? (method !== 'POST' && method !== 'PATCH')
    return { call, budget, signal, repeatable: own, deletes: method === 'DELETE' }
  }

  function close(): Promise<void> {
    closing ??= agent.close()
    // The agent waits for its bodies, and one that nobody reads never ends.
    for (const body of bodies) body.destroy(new UnavailableError('the connection was closed before the answer was read'))
    return closing
  }

  return { request, open, close }
}

/** A request that was refused (4xx) was not carried out; an error inside a 200, a timeout and a 5xx may come after it was. */
function mayBeDone(status: number): boolean {
  return status < 400 || status === 408 || status >= 500
}

/** No call of these APIs answers a page: it is some proxy's, or a portal's, whatever its status says. */
function isPage({ headers }: Head): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '')
}

function pageInstead({ call, status, requestId }: Head, text?: string): UnavailableError {
  const begins = text === undefined ? '' : `; it begins: ${beginning(text)}`
  return new UnavailableError(`${call} ${status}: the answer is a page of HTML, as a proxy or a portal sends it${begins}`, {
    requestId,
  })
}

function unanswered(call: string, why: string, cause: unknown): UnavailableError {
  return new UnavailableError(`${call}: no whole answer (${why})`, { cause })
}

function send(
  agent: Dispatcher,
  asked: HttpCall,
  address: URL,
  accept: string,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { contentType, content } = contentOf(asked)
  return agent.request({
    origin: address.origin,
    path: `${address.pathname}${address.search}`,
    method: asked.method,
    headers: {
      accept,
      'accept-encoding': 'gzip',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...asked.headers,
    },
    ...(content === undefined ? {} : { body: content }),
    signal,
  })
}

/** Throws DataError where JSON is of another shape than the schema's. */
function fit<Schema extends z.ZodType>(
  { reply, json, text }: Received,
  asked: HttpRequest<Schema>,
): { value: z.output<Schema> } | Failed {
  const { call, status, requestId } = reply
  if (isPage(reply)) return { error: pageInstead(reply, reply.text), reached: true }
  if (json === undefined && asked.accept !== 'text') {
    const message = `${call} ${status}: the answer is not JSON; it begins: ${beginning(reply.text)}`
    return { error: new UnavailableError(message, { requestId }), reached: true }
  }
  const parsed = asked.schema.safeParse(asked.accept === 'text' ? text : json)
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  // A message of the schema may quote, too.
  const why = asked.quiet === true ? issue?.code : issue?.message
  const message = `${call} ${status}: the answer does not fit${where} (${why}); it begins: ${beginning(reply.text)}`
  throw new DataError(redact(message, asked.secrets), { requestId })
}
