import { BroadsheetError } from '../errors.ts'

// undici's own, the HTTP parser's, zlib's, TLS's, and the system's (EAI_AGAIN, ECONNRESET); a wrong argument is a defect.
const networkCode =
  /^(?:UND_ERR_(?!INVALID|NOT_SUPPORTED)|HPE_|Z_|ERR_(?:TLS|SSL)|UNABLE_TO_|[A-Z_]*CERT|E(?!RR_|INVAL$)[A-Z_]{3,}$)/

/** No connection came to be, so nothing of the request was heard. */
const neverLeft = /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$/

export function isUnreached(cause: string): boolean {
  return neverLeft.test(cause)
}

/** `ECONNRESET`, when the network or a cut body is to blame; undefined for what is not the network's. */
export function networkCause(error: unknown, signal?: AbortSignal): string | undefined {
  if (error instanceof BroadsheetError) return undefined
  if (signal?.aborted === true) return 'aborted'
  const code = codeOf(error)
  return code !== undefined && networkCode.test(code) ? code : undefined
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
