import { CreateScheduleGroupCommand, GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { SESClient, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { simpleParser } from 'mailparser'
import { startMoto } from '../servers/moto.ts'
import type { Booked } from '../servers/scheduler.ts'
import { startVersitygw } from '../servers/versitygw.ts'
import type { Mail } from './bundle.suite.ts'
import { bundleSuite, group } from './bundle.suite.ts'

bundleSuite('versitygw and moto', async () => {
  const [s3, moto] = await Promise.all([startVersitygw(), startMoto()])
  const config = {
    endpoint: moto.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const [ses, ssm, scheduler] = [new SESClient(config), new SSMClient(config), new SchedulerClient(config)]
  await scheduler.send(new CreateScheduleGroupCommand({ Name: group }))
  return {
    env: { ...moto.env, ...s3.env },
    s3: s3.client,
    createBucket: s3.createBucket,
    verify: async (address) => {
      await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: address }))
    },
    keep: async (parameter, value) => {
      await ssm.send(new PutParameterCommand({ Name: parameter, Value: value, Type: 'SecureString' }))
    },
    mails: () => sentBy(moto.endpoint),
    booked: async () => {
      const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName: group }))
      const schedules = Schedules.map(({ Name }) => scheduler.send(new GetScheduleCommand({ Name, GroupName: group })))
      return (await Promise.all(schedules)) as unknown as Booked[]
    },
    stop: async () => {
      for (const client of [ses, ssm, scheduler]) client.destroy()
      await Promise.all([s3.stop(), moto.stop()])
    },
  }
})

/** What moto's SES was given, oldest first. */
async function sentBy(endpoint: string): Promise<Mail[]> {
  const data = (await (await fetch(`${endpoint}/moto-api/data.json`)).json()) as {
    ses?: { RawMessage?: { destinations: string[]; raw_data: string }[] }
  }
  return Promise.all(
    (data.ses?.RawMessage ?? []).map(async ({ destinations, raw_data: raw }) => {
      const { subject = '', html, text = '', attachments } = await simpleParser(raw)
      return {
        // moto counts the header beside the envelope.
        to: [...new Set(destinations)],
        subject,
        html: html || '',
        text,
        attachments: attachments.map(({ contentType, filename }) => ({ type: contentType, name: filename })),
      }
    }),
  )
}
