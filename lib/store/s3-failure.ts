import { BroadsheetError, CredentialError, RefusedError, UnavailableError, UsageError } from '../errors.ts'

const noCredentials = ['CredentialsProviderError', 'TokenProviderError', 'ProviderError']
const badCredentials = [
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidToken',
  'TokenRefreshRequired',
]
const elsewhere = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']
/**
 * Bytes that were damaged or cut off on their way; and an upload that somebody ended meanwhile: all of it can be sent again.
 */
const passing = [
  'RequestTimeout',
  'SlowDown',
  'ThrottlingException',
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
  'NoSuchUpload',
]
const network =
  /^(?:ECONN|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EHOST|ENET|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|TimeoutError$|NetworkingError$)/

/**
 * What the SDK threw, in the family's words; what is neither S3's nor the network's is a bug and stays itself.
 * An answer of S3 is never kept as the cause: for a wrong signature it repeats the signed request, session token and all.
 */
export function s3Failure(error: unknown, action: string, place: string): unknown {
  if (error instanceof BroadsheetError || !(error instanceof Error)) return error
  const { requestId, httpStatusCode: status } =
    (error as { $metadata?: { requestId?: string; httpStatusCode?: number } }).$metadata ?? {}
  const code = error.name
  const what = `${action} ${place}`

  if (noCredentials.includes(code)) {
    return new CredentialError(`${what}: there are no AWS credentials`, {
      remedy: 'sign in (aws sso login), or set AWS_PROFILE',
      cause: error,
    })
  }
  if (error.message === 'Region is missing') {
    return new UsageError(`${what}: no AWS region is set`, { remedy: "set AWS_REGION to the bucket's region" })
  }
  // A body that ends too early comes with the status of its answer.
  if (status === undefined || status < 300) {
    const reason = (error as NodeJS.ErrnoException).code ?? code
    const transient = network.test(reason) || network.test(code)
    return transient ? new UnavailableError(`${what}: S3 is not reachable (${reason})`, { cause: error }) : error
  }
  // A 3xx without a code that the SDK knows is another region's too.
  if (elsewhere.includes(code) || status < 400) {
    return new RefusedError(`${what}: the bucket is in another region (${code})`, {
      remedy: "set AWS_REGION to the bucket's region",
      requestId,
    })
  }
  if (code === 'NoSuchBucket') {
    return new RefusedError(`${what}: there is no such bucket`, { remedy: 'create it, or mend the address', requestId })
  }
  if (code === 'RequestTimeTooSkewed') {
    return new CredentialError(`${what}: S3 does not accept this machine's time (${code})`, {
      remedy: 'set its clock',
      requestId,
    })
  }
  if (badCredentials.includes(code)) {
    return new CredentialError(`${what}: S3 does not accept the credentials (${code})`, {
      remedy: 'sign in again, or renew the key',
      requestId,
    })
  }
  if (status === 401 || status === 403) {
    const hint =
      action === 's3:GetObject' ? ', and s3:ListBucket on its bucket: without that S3 forbids to ask for what is not there' : ''
    return new CredentialError(`${what}: not allowed (${code})`, { remedy: `allow ${action} on ${place}${hint}`, requestId })
  }
  if (status >= 500 || status === 429 || status === 408 || passing.includes(code)) {
    return new UnavailableError(`${what}: S3 answers ${status} (${code})`, { requestId })
  }
  return new RefusedError(`${what}: S3 answers ${status} (${code})`, { requestId })
}
