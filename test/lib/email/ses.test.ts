import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SESClient } from '@aws-sdk/client-ses'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { openSes, sesMailer } from '../../../lib/email/ses.ts'
import { CredentialError, RefusedError, UnavailableError, WaitError } from '../../../lib/errors.ts'
import { freePort } from '../../servers/launch.ts'
import type { SesServer } from '../../servers/ses.ts'
import { startSes } from '../../servers/ses.ts'

const now = new Date('2026-11-16T07:00:05Z')
const letter = {
  raw: Buffer.from('From: reports@example.com\r\nTo: ana@example.com\r\nSubject: =?utf-8?q?Z=C3=BCrich?=\r\n\r\nHello\r\n'),
  from: 'Broadsheet <reports@example.com>',
  to: 'Ana Ünal <ana@example.com>',
  run: 'weekly-growth/20261116T070000Z',
}

let ses: SesServer
const servers: Server[] = []
beforeAll(async () => {
  ses = await startSes()
})
afterAll(() => ses.stop())
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

function mailer(endpoint: string) {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  return sesMailer(openSes({ endpoint, region: 'us-east-1' }), () => now)
}

/** A server that answers every request alike, and remembers their bodies. */
async function answering(status: number | 'hang up', body = '') {
  const asked: URLSearchParams[] = []
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    asked.push(new URLSearchParams(Buffer.concat(chunks).toString('utf8')))
    if (status === 'hang up') request.socket.destroy()
    else response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': '5f1e-0c' }).end(body)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { asked, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const xml = (code: string, message: string) =>
  `<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>5f1e-0c</RequestId></ErrorResponse>`

test('a mail is given to SES as it is, and its message id comes back', async () => {
  const { messageId } = await mailer(ses.endpoint).send(letter)
  expect(messageId).not.toBe('')
  expect(await ses.mails()).toMatchObject([
    { messageId, from: 'reports@example.com', subject: 'Zürich', destination: { to: ['ana@example.com'] } },
  ])
})

test('SES is told the bare addresses and the run, in letters that a tag may have', async () => {
  const ok = '<SendRawEmailResponse><SendRawEmailResult><MessageId>m-1</MessageId></SendRawEmailResult></SendRawEmailResponse>'
  const { asked, endpoint } = await answering(200, ok)
  expect(await mailer(endpoint).send(letter)).toEqual({ messageId: 'm-1' })
  expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({
    Action: 'SendRawEmail',
    Source: 'reports@example.com',
    'Destinations.member.1': 'ana@example.com',
    'Tags.member.1.Name': 'run',
    'Tags.member.1.Value': 'weekly-growth_20261116T070000Z',
  })
})

test.each([
  [400, 'MessageRejected', 'Email address is not verified.', RefusedError, /verify the sender/],
  [400, 'MailFromDomainNotVerifiedException', 'no', RefusedError, /verify the sender/],
  [400, 'AccountSendingPausedException', 'Sending paused', RefusedError, /paused/],
  [400, 'InvalidParameterValue', 'Message length is more than 10485760 bytes long', RefusedError, /console/],
  [400, 'Throttling', 'Maximum sending rate exceeded.', WaitError, undefined],
  [400, 'LimitExceededException', 'Daily message quota exceeded.', WaitError, undefined],
  [403, 'AccessDenied', 'not authorized to perform ses:SendRawEmail', CredentialError, /ses:SendRawEmail/],
  [403, 'ExpiredToken', 'The security token is expired', CredentialError, /valid now/],
  [403, 'SignatureDoesNotMatch', 'no', CredentialError, /valid now/],
  [500, 'InternalFailure', 'oh', UnavailableError, undefined],
  [503, 'ServiceUnavailable', 'busy', UnavailableError, undefined],
] as const)('%i %s (%s) is told apart, after one try', async (status, code, message, type, remedy) => {
  const { asked, endpoint } = await answering(status, xml(code, message))
  const error = await mailer(endpoint)
    .send(letter)
    .catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(type)
  expect(error).toMatchObject({ message: expect.stringContaining(message), requestId: '5f1e-0c' })
  if (remedy !== undefined) expect(error).toMatchObject({ remedy: expect.stringMatching(remedy) })
  if (error instanceof WaitError) expect(error.until.getTime() - now.getTime()).toBe(/Daily/.test(message) ? 3_600_000 : 2000)
  expect(asked).toHaveLength(1)
})

test('a connection that was never made is a wait: nothing was sent', async () => {
  const error = await mailer(`http://127.0.0.1:${await freePort()}`)
    .send(letter)
    .catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(WaitError)
  const nowhere = await mailer('http://ses.invalid')
    .send(letter)
    .catch((caught: unknown) => caught)
  expect(nowhere).toBeInstanceOf(WaitError)
})

test('a connection that broke after the mail was given leaves nobody knowing', async () => {
  const { asked, endpoint } = await answering('hang up')
  await expect(mailer(endpoint).send(letter)).rejects.toThrow(UnavailableError)
  expect(asked).toHaveLength(1)
})

test('an answer that does not come in time leaves nobody knowing', async () => {
  const server = createServer(() => {})
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new SESClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
  })
  await expect(sesMailer(client).send(letter)).rejects.toThrow(UnavailableError)
})

test('a recipient with a line break never reaches SES', async () => {
  const { asked, endpoint } = await answering(200)
  await expect(mailer(endpoint).send({ ...letter, to: 'a@example.com\nBcc: b@example.com' })).rejects.toThrow(RefusedError)
  expect(asked).toHaveLength(0)
})

test('without a region or credentials nothing is sent, and that is said: never unknown', async () => {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  await expect(sesMailer(openSes({ endpoint: ses.endpoint })).send(letter)).rejects.toThrow(
    /no AWS region is set, so nothing was sent/,
  )
  const send = sesMailer(openSes({ endpoint: ses.endpoint, region: 'us-east-1' })).send(letter)
  await expect(send).rejects.toThrow(/no AWS credentials were found, so nothing was sent/)
  await expect(send).rejects.toBeInstanceOf(CredentialError)
})

test('a signature that does not match is told without what was signed, the session token among it', async () => {
  const { endpoint } = await answering(
    403,
    xml('SignatureDoesNotMatch', 'The Canonical String should have been x-amz-security-token:SECRETTOKEN'),
  )
  const error = await mailer(endpoint)
    .send(letter)
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CredentialError)
  expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('SECRETTOKEN')
})
