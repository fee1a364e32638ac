import { ListIdentitiesCommand, SESClient, SendRawEmailCommand, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses'
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MotoServer } from './moto.ts'
import { startMoto } from './moto.ts'

let moto: MotoServer
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto.stop())

test('it keeps secure parameters, refuses an unverified sender, and forgets all at a reset', async () => {
  const config = { endpoint: moto.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
  const [ssm, ses] = [new SSMClient(config), new SESClient(config)]
  await ssm.send(new PutParameterCommand({ Name: '/broadsheet/product', Value: 'user:secret', Type: 'SecureString' }))
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/broadsheet/product', WithDecryption: true }))
  expect(Parameter?.Value).toBe('user:secret')

  const mail = new SendRawEmailCommand({
    RawMessage: { Data: Buffer.from('From: a@example.com\r\nTo: b@example.com\r\n\r\nHello\r\n') },
  })
  await expect(ses.send(mail)).rejects.toMatchObject({ name: 'MessageRejected' })
  await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: 'a@example.com' }))
  expect((await ses.send(mail)).MessageId).toBeTypeOf('string')

  await moto.reset()
  expect((await ses.send(new ListIdentitiesCommand({}))).Identities ?? []).toEqual([])
  ssm.destroy()
  ses.destroy()
})
