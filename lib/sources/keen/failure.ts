import type { BroadsheetError } from '../../errors.ts'
import { CredentialError, RefusedError, UnavailableError, WaitError } from '../../errors.ts'
import type { Reply } from '../../http.ts'
import { beginning, retryAfter } from '../../http.ts'

/** Seconds for which the vendor takes no more of a kind of request once there were too many in a minute. */
const blocked = 60

const isKeys = new Set(['InvalidApiKeyError', 'AdminOnlyEndpointError'])
/** What would be right, by the vendor's own word for what is wrong. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['InvalidEventError', 'mend the event; the text is what Keen says of it'],
  ['InvalidBatchError', 'events are sent as lists by the name of their collection'],
  ['InvalidPropertyNameError', 'a property has no period, no leading $ and 256 characters at most'],
  ['NamespaceTypeError', 'a property keeps the type that it came with first: send it as that, or under another name'],
  ['ListsOfNonPrimitivesNotAllowedError', 'a list holds texts, numbers and booleans alone'],
  ['InvalidKeenNamespaceProperty', '`keen` is the vendor’s own object: leave it to timestamp, location and addons'],
  ['InvalidPropertyNameForGeoFilter', '`within` is of keen.location.coordinates alone'],
  ['ResourceNotFoundError', 'look up the name in Keen; it may have been deleted, or be of another project'],
])

/**
 * What a reply means, undefined for a good answer. The vendor's text is kept. An `error_code` is a failure whatever the
 * status: the vendor sends some with 200. Which key it was is said by whoever chose it (`client.ts`).
 */
export function failureOfReply(reply: Reply): BroadsheetError | undefined {
  const { call, status, requestId } = reply
  const error = errorIn(reply.json)
  const good = status >= 200 && status < 300
  if (good && error?.code === undefined) return undefined
  const code = error?.code === undefined ? '' : ` (${error.code})`
  const message = `${call} ${status}: ${error?.message ?? beginning(reply.text)}${code}${idsIn(reply.json)}`
  const refused = (remedy: string) => new RefusedError(message, { requestId, remedy })

  if (status === 429) {
    const until = retryAfter(reply) ?? new Date(reply.receivedAt.getTime() + blocked * 1000)
    return new WaitError(message, {
      requestId,
      until,
      remedy:
        'Keen takes 200 queries and 200 extractions a minute of a project, and 10 deletes and updates; ask for less at a time',
    })
  }
  // Never `everywhere`: the vendor also calls a read key invalid that runs queries and may not read saved ones (keen-js#361).
  if (isKeys.has(error?.code ?? '')) return new CredentialError(message, { requestId })
  const remedy = remedies.get(error?.code ?? '')
  if (remedy !== undefined) return refused(remedy)
  if (status === 503 || status === 504) return timedOut(reply, message)
  if (status >= 500 || status === 408 || error?.code === 'InternalServerError') return transient(reply, message)
  if (status === 401) return new CredentialError(message, { requestId })
  if (status === 402) return refused('the vendor wants to be paid: see to the account of the project')
  if (status === 403)
    return refused('Keen does not permit that: properties of `keen` are its own, and a key may do only what it is for')
  if (status === 404) return refused(remedies.get('ResourceNotFoundError') ?? '')
  if (status === 413) return refused('send less at a time: an event has 900 KB at most, a batch 10 MB')
  if (status >= 300 && status < 400) return refused("Keen redirects nobody: check the source's `url`")
  return refused('check what was sent; the text is what Keen says of it')
}

interface Said {
  readonly message: string | undefined
  readonly code: string | undefined
}

/** `{"message", "error_code"}`, either alone too. */
function errorIn(json: unknown): Said | undefined {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return undefined
  const { message, error_code } = json as { message?: unknown; error_code?: unknown }
  const code = typeof error_code === 'string' || typeof error_code === 'number' ? String(error_code) : ''
  const text = typeof message === 'string' && message !== '' ? message : undefined
  return { message: text, code: code === '' ? undefined : code }
}

/** The vendor's own ids of a failure, for its support. */
function idsIn(json: unknown): string {
  if (json === null || typeof json !== 'object' || !('unique_id' in json)) return ''
  return typeof json.unique_id === 'string' ? ` [${json.unique_id}]` : ''
}

/** A query that ran for too long, by either status: the vendor's own pages name both. */
function timedOut(reply: Reply, message: string): BroadsheetError {
  const remedy = 'Keen ends a query after 300 seconds: ask for a shorter timeframe, or for fewer groups'
  return transient(reply, message, remedy)
}

function transient(reply: Reply, message: string, remedy?: string): BroadsheetError {
  const { requestId } = reply
  const until = retryAfter(reply)
  if (until === undefined) return new UnavailableError(message, { requestId, remedy })
  return new WaitError(message, { requestId, until, remedy })
}
