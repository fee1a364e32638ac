import type { BroadsheetError } from '../../errors.ts'
import { CredentialError, DataError, RefusedError, UnavailableError, WaitError } from '../../errors.ts'
import type { Reply } from '../../http.ts'
import { beginning, retryAfter } from '../../http.ts'

/** Whom a call is made for, so that a message can name it. */
export interface Caller {
  readonly project: string
  /** Where the key stands, such as `ssm:/name`. */
  readonly credentials: string
}

/** The tracking limit counts by the minute, and no header is documented that says when it ends. */
const minute = 60

/**
 * What a reply means, undefined for a good answer: a 2xx with `success: true`, or one that is no JSON object (CSV, and the
 * list that a bulk update answers). The vendor's text is kept. From its documentation, and for texts from its own
 * client's tests.
 */
export function failureOfReply(reply: Reply, caller: Caller): BroadsheetError | undefined {
  const { call, status, requestId } = reply
  const said = saidIn(reply.json)
  const words = said ?? beginning(reply.text)
  const message = `${call} ${status}: ${words}`
  const refused = (remedy: string, everywhere = false) => new RefusedError(message, { requestId, remedy, everywhere })
  const account = (remedy: string, everywhere = false) => new CredentialError(message, { requestId, remedy, everywhere })

  if (status >= 500 || status === 408) return transient(reply, message)
  if (status === 429) return tooMany(reply, message)
  if (status >= 200 && status < 300) {
    if (isGood(reply)) return undefined
    if (said === undefined && saysFailed(reply.json)) {
      return refused('check what was sent; Exponea says that it failed and not why, and sending it again will not help')
    }
    if (said === undefined) return new DataError(`${message}; it does not say that it succeeded`, { requestId })
  }
  // A wrong key is documented as a 400, a wrong secret as a 403, and its own client met one without any status.
  if (status === 401 || unknownKey.test(words)) {
    return account(
      `put the id and the secret of a private API group of project ${caller.project} into ${caller.credentials}; a secret that was rotated works for another 24 hours only`,
      true,
    )
  }
  if (/invalid project id|project (?:was )?not found/i.test(words)) {
    return refused(
      `check the source's \`project\`, ${caller.project}, and its \`url\`: other instances do not know the project`,
      true,
    )
  }
  if (status === 403 || forbidden.test(words)) {
    // Each kind of analysis and event has a permission of its own.
    return account(`give the API group of the key in ${caller.credentials} the permission ${permissionFor(call)}`)
  }
  if (/customer does not exist/i.test(words)) return refused('check the ids: the project has no such customer')
  if (status === 404) return refused('look up the id at Exponea; it may have been deleted, or be of another project')
  if (status === 413) return refused('send less at a time')
  if (status >= 300 && status < 400) return refused("Exponea redirects nobody: check the source's `url`")
  return refused('check what was sent; the text is what Exponea says of it, and sending it again will not help')
}

const unknownKey =
  /could not authenticate|access key not (?:found|provided)|invalid (?:access (?:key|token)|credentials|secret)|^unauthorized\W*$/i
const forbidden = /not authorized|unauthorized|no permission|permission denied/i

function isGood({ json, call }: Pick<Reply, 'json' | 'call'>): boolean {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return true
  if ('success' in json && json.success === true) return true
  // A batch that failed in part has an outcome for each command, which says more than its failure.
  return call.endsWith('/batch') && 'results' in json && Array.isArray(json.results)
}

function saysFailed(json: unknown): boolean {
  return json !== null && typeof json === 'object' && 'success' in json && /^false$/i.test(String(json.success))
}

/** What the vendor says went wrong, in any of its three spellings, on one line; undefined where it says nothing. */
export function saidIn(json: unknown): string | undefined {
  const texts = errorsOf(json)
  return texts.length === 0 ? undefined : texts.join('; ')
}

/** The same as a list: of `error`, `errors` (a list, or lists by what they are about) and `message`. */
export function errorsOf(json: unknown): string[] {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return []
  const { error, errors, message } = json as Readonly<Record<string, unknown>>
  return [...new Set([...textsOf(error), ...textsOf(errors), ...textsOf(message)])]
}

function textsOf(value: unknown): string[] {
  if (value === undefined || value === null || value === '' || value === false) return []
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object') return [String(value)]
  return Object.entries(value).flatMap(([about, inner]) =>
    textsOf(inner).map((text) => (about === '_global' ? text : `${about}: ${text}`)),
  )
}

/** What the vendor's documentation of a call says it needs. */
function permissionFor(call: string): string {
  const [, path = ''] = /\/(?:data|track)\/v2\/projects\/[^/]+\/(.*)$/.exec(call) ?? []
  const tracking = call.includes('/track/v2/')
  if (path.startsWith('analyses/')) return 'GDPR > Export analyses'
  if (path.startsWith('catalogs')) return 'under Catalogs that the call needs'
  if (path.startsWith('customers/anonymize')) return 'GDPR > Anonymize customer'
  if (path === 'customers/export') return 'GDPR > Export customers'
  if (path === 'customers/events') return tracking ? 'Events > Set' : 'Events > Get, for each event type that was asked for'
  if (path === 'batch') return 'Customer properties > Set or Events > Set, as its commands need'
  if (tracking) return 'Customer properties > Set'
  return 'under Customer properties or Events that the call needs'
}

function transient(reply: Reply, message: string): BroadsheetError {
  const { requestId } = reply
  const until = retryAfter(reply)
  return until === undefined ? new UnavailableError(message, { requestId }) : new WaitError(message, { requestId, until })
}

function tooMany(reply: Reply, message: string): BroadsheetError {
  const { requestId, receivedAt, call } = reply
  const until = retryAfter(reply) ?? new Date(receivedAt.getTime() + minute * 1000)
  if (!call.includes('/track/v2/')) return new WaitError(message, { requestId, until, remedy: 'ask less often' })
  return new WaitError(`${message}; Exponea dropped what was sent`, {
    requestId,
    until,
    remedy:
      'send it again then; the limit (6,000 requests a minute unless agreed otherwise) counts all that one IP address sends',
  })
}
