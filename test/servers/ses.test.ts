import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from './launch.ts'
import type { SesServer } from './ses.ts'
import { startSes } from './ses.ts'

let ses: SesServer
beforeAll(async () => {
  ses = await startSes()
})
afterAll(() => ses.stop())

test('what SES was sent is read back parsed, until it is cleared', async () => {
  const client = new SESClient({
    endpoint: ses.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const raw = 'From: a@example.com\r\nTo: b@example.com\r\nSubject: =?utf-8?q?Z=C3=BCrich?=\r\n\r\nHello\r\n'
  const { MessageId } = await client.send(new SendRawEmailCommand({ RawMessage: { Data: Buffer.from(raw) } }))
  client.destroy()
  expect(await ses.mails()).toMatchObject([
    {
      messageId: MessageId,
      from: 'a@example.com',
      destination: { to: ['b@example.com'] },
      subject: 'Zürich',
      body: { text: 'Hello\n' },
    },
  ])
  await ses.clear()
  expect(await ses.mails()).toEqual([])
})

test('a server that cannot start throws with what it printed', async () => {
  const ready = 'http://127.0.0.1:9/'
  await expect(launch(process.execPath, ['-e', 'console.error("no port"); process.exit(3)'], { ready })).rejects.toThrow(
    /ended with 3\s+no port/,
  )
  await expect(launch('/nowhere/versitygw', [], { ready })).rejects.toThrow('ENOENT')
})
