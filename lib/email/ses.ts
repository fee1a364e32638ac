import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses'
import type { BroadsheetError } from '../errors.ts'
import { CredentialError, RefusedError, UnavailableError, WaitError } from '../errors.ts'
import { parseMailbox } from '../mailbox.ts'
import type { Mailer } from './mailer.ts'

/**
 * A client that tries once: SES has no idempotency token, and the SDK's own retries would send a mail twice when only
 * the answer was lost. Region and endpoint are found as the SDK finds them (`AWS_REGION`, `AWS_ENDPOINT_URL_SES`) unless given.
 */
export function openSes(where: { readonly region?: string | undefined; readonly endpoint?: string | undefined } = {}): SESClient {
  return new SESClient({
    ...(where.region === undefined ? {} : { region: where.region }),
    ...(where.endpoint === undefined ? {} : { endpoint: where.endpoint }),
    maxAttempts: 1,
    // Without throwOnRequestTimeout the SDK only logs that time is up, and waits on.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  })
}

/** Sends through SES v1's SendRawEmail. The client must have `maxAttempts: 1`, as `openSes` makes it. */
export function sesMailer(client: SESClient, clock: () => Date = () => new Date()): Mailer {
  return {
    async send({ raw, from, to, run }) {
      await ready(client)
      const command = new SendRawEmailCommand({
        RawMessage: { Data: raw },
        Source: addressOf(from),
        Destinations: [addressOf(to)],
        // A tag's value takes letters, digits, _ and - only.
        Tags: [{ Name: 'run', Value: run.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 256) }],
      })
      const answer = await client.send(command).catch((error: unknown) => {
        throw failure(error, clock())
      })
      if (answer.MessageId === undefined)
        throw new UnavailableError('SES answered without a message id', { requestId: answer.$metadata.requestId })
      return { messageId: answer.MessageId }
    },
  }
}

/** What this machine lacks is known before anything is sent, so that such a mail is refused and never unknown. */
async function ready(client: SESClient): Promise<void> {
  await client.config.region().catch((cause: unknown) => {
    throw new CredentialError('no AWS region is set, so nothing was sent', {
      remedy: 'set AWS_REGION to the region of SES',
      cause,
    })
  })
  await client.config.credentials().catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CredentialError(`no AWS credentials were found, so nothing was sent: ${why}`, {
      remedy: 'sign in, or set AWS_PROFILE',
      cause,
    })
  })
}

function addressOf(text: string): string {
  const mailbox = parseMailbox(text)
  if ('problem' in mailbox) throw new RefusedError(`SES cannot be given this address: ${mailbox.problem}`)
  return mailbox.address
}

const credentials = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
])
const throttles = new Set([
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'LimitExceeded',
  'LimitExceededException',
  'RequestLimitExceeded',
])

/** What SES's or the network's error means for the mail; total. https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html */
function failure(error: unknown, now: Date): BroadsheetError {
  const { name, message, status, requestId, sent } = read(error)
  const details = { requestId, cause: error }
  const later = (seconds: number) => ({ ...details, until: new Date(now.getTime() + seconds * 1000) })
  if (credentials.has(name) || status === 401) {
    const remedy =
      'the role or user that runs this needs ses:SendRawEmail on the sender’s identity, and credentials that are valid now'
    // SignatureDoesNotMatch repeats what was signed, the session token with it.
    const why = name === 'SignatureDoesNotMatch' ? 'the signature does not match' : message
    return new CredentialError(`SES did not accept the credentials (${name}): ${why}`, { requestId, remedy })
  }
  if (throttles.has(name) || status === 429) {
    // "Daily message quota exceeded" is a rolling day; "Maximum sending rate exceeded" is a second.
    return new WaitError(`SES throttles this account: ${message}`, later(/daily/i.test(message) ? 3600 : 2))
  }
  if (!sent) return new WaitError(`SES could not be reached, so nothing was sent: ${message}`, later(30))
  if (status !== undefined && status >= 400 && status < 500) {
    return new RefusedError(`SES refused the mail (${name}): ${message}`, { ...details, remedy: remedyOf(name, message) })
  }
  return new UnavailableError(`SES gave no answer, so nobody can know whether the mail went out: ${message}`, details)
}

function remedyOf(name: string, message: string): string {
  if (/not verified/i.test(message) || name.startsWith('MailFromDomainNotVerified')) {
    return 'verify the sender in SES in this region; while the account is in the sandbox, each recipient too'
  }
  if (/paused/i.test(`${name} ${message}`)) return 'sending is paused for this account; SES’s console says why'
  return 'see the SES console of this region'
}

function read(error: unknown) {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), status: undefined, requestId: undefined, sent: true }
  const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number; requestId?: string }) : {}
  return {
    name: error.name,
    message: error.message || error.name,
    status: metadata.httpStatusCode,
    requestId: metadata.requestId,
    sent: !neverSent(error),
  }
}

/** A connection that was never made took nothing with it; one that broke later may have. */
function neverSent(error: Error): boolean {
  // Node tries each address of a host, and reports all of them.
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every((one) => one instanceof Error && neverSent(one))
  return 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')
}
