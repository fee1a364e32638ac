import type { BroadsheetError } from '../../errors.ts'
import { DataError, RefusedError, UnavailableError } from '../../errors.ts'
import { escapeControls, isObject, parseExactly } from '../../exact-json.ts'
import type { Opened } from '../../http.ts'
import { beginning } from '../../http.ts'
import { errorIn } from './failure.ts'

/** One event of the raw export, as the vendor has it; `properties` hold `time`, `distinct_id` and `$insert_id`, too. */
export interface ExportedEvent {
  readonly event: string
  /** May have any key, `__proto__` included. Whole numbers beyond 2^53 are their digits, as text. */
  readonly properties: Readonly<Record<string, unknown>>
}

/**
 * Tells a whole export from one that was cut: nothing says how many events there are, and a 200 can end in the middle of
 * a line or with a sentence. Each line goes to `read` or to `see`, and then `end` is asked. One that ends between two lines
 * looks whole; there it is for HTTP's length and gzip's checksum to tell.
 *
 * All throw UnavailableError where the export was cut, so that asking again may give all of it; RefusedError where the
 * vendor says something else instead of events; DataError for a line that is neither. No message quotes an event.
 */
export interface ExportReader {
  /** The event of a line; undefined for a blank one, and for a broken one, which the next line or the end tells more of. */
  read(line: Buffer): ExportedEvent | undefined
  /** The same for whoever needs no event: parses only a line that does not begin and end like one, and the last. */
  see(line: Buffer): void
  /** How many events there were. */
  end(): number
  /** The failure of the stream itself, with the events that came whole before. */
  cut(cause: UnavailableError): UnavailableError
}

const openBrace = 0x7b
const closeBrace = 0x7d
const carriageReturn = 0x0d
const space = 0x20
const eventBegins = Buffer.from('{"event":')
const cutShort = /terminated early\s*$/i
/** What the vendor may say of an answer that it could give at another time. */
const passing = /too many|rate limit|timed? ?out|internal|unavailable|try again/i

/** `about` is the export that the lines are of. */
export function readExport({ call, requestId, redact }: Pick<Opened, 'call' | 'requestId' | 'redact'>): ExportReader {
  let lines = 0
  let events = 0
  /** Looks like an event; not parsed, because it is only the last one that matters. */
  let held: { readonly line: Buffer; readonly number: number } | undefined
  /** The number of a line that begins like an event and is no JSON. */
  let broken: number | undefined

  const before = () => (events === 1 ? 'after 1 whole event' : `after ${events} whole events`)
  /** Those that say after how many events it was. */
  const own = new WeakSet<Error>()
  function unavailable(what: string, cause?: unknown): UnavailableError {
    const error = new UnavailableError(`${call}: ${what}, ${before()}`, { requestId, cause, remedy: 'ask for all of it again' })
    own.add(error)
    return error
  }
  const refused = (what: string) =>
    new RefusedError(`${call}: ${what}`, { requestId, remedy: 'ask another way; the text is what Mixpanel says of it' })

  function judge(line: Buffer, number: number): ExportedEvent | undefined {
    const text = line.toString('utf8')
    const value = parse(text)
    if (isEvent(value)) {
      if (broken !== undefined) throw new DataError(`${call}: line ${broken} is not JSON`, { requestId })
      events += 1
      return { event: value.event, properties: value.properties }
    }
    if (value === undefined && broken === undefined && line[0] === openBrace && !cutShort.test(text)) {
      broken = number
      return undefined
    }
    throw failureOf(value, text, number)
  }

  function failureOf(value: unknown, text: string, number: number): BroadsheetError {
    if (cutShort.test(text)) return unavailable('Mixpanel ended the export early')
    const said = errorIn(value)
    if (said !== undefined) {
      const quoted = beginning(redact(said))
      return events > 0 || cutShort.test(said) || passing.test(said) ? unavailable(quoted) : refused(quoted)
    }
    if (broken !== undefined) return unavailable(`the export broke off in line ${broken}`)
    if (value === undefined) {
      // Later lines may be the rest of an event, which is nobody's business.
      return unavailable(
        events === 0 ? `the answer is no export; it begins: ${beginning(redact(text))}` : `line ${number} is no event`,
      )
    }
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return new DataError(`${call}: line ${number} has no event with properties`, { requestId })
    }
    return events > 0 ? unavailable(`line ${number} is no event`) : refused(`the answer is ${kindOf(value)} instead of events`)
  }

  function settleHeld(): void {
    if (held !== undefined) events += 1
    held = undefined
  }

  return {
    read(line) {
      lines += 1
      settleHeld()
      return isBlank(line) ? undefined : judge(line, lines)
    },
    see(line) {
      lines += 1
      if (isBlank(line)) return
      settleHeld()
      if (looksLikeEvent(line)) held = { line, number: lines }
      else judge(line, lines)
    },
    end() {
      const last = held
      held = undefined
      if (last !== undefined) judge(last.line, last.number)
      if (broken !== undefined) throw unavailable(`the export broke off in line ${broken}`)
      return events
    },
    cut: (cause) => {
      if (own.has(cause)) return cause
      settleHeld()
      return unavailable(cause.message.replace(`${call}: `, ''), cause)
    },
  }
}

/** undefined for what is not JSON. */
function parse(text: string): unknown {
  try {
    return parseExactly(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  // Old events hold control characters as they are, within values; JSON wants them escaped.
  const escaped = escapeControls(text)
  return escaped === text ? undefined : parse(escaped)
}

// By hand, because a schema would copy the properties of millions of events.
function isEvent(value: unknown): value is ExportedEvent {
  return isObject(value) && typeof value['event'] === 'string' && isObject(value['properties'])
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

function looksLikeEvent(line: Buffer): boolean {
  const last = line.at(-1) === carriageReturn ? line.at(-2) : line.at(-1)
  // Of every line of an export: a view to compare with would be thrown away a million times.
  return last === closeBrace && eventBegins.every((byte, at) => line[at] === byte)
}

function isBlank(line: Buffer): boolean {
  return (line[0] ?? space) <= space && line.every((byte) => byte <= space)
}
