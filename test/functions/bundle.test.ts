import { startS3 } from '../servers/s3.ts'
import { startScheduler } from '../servers/scheduler.ts'
import { startSes } from '../servers/ses.ts'
import { startVaults } from '../servers/vaults.ts'
import { bundleSuite, group } from './bundle.suite.ts'

bundleSuite('stand-ins from npm', async () => {
  const [s3, ses, vaults, scheduler] = await Promise.all([startS3(), startSes(), startVaults(), startScheduler(group)])
  return {
    env: { ...ses.env, ...s3.env, AWS_ENDPOINT_URL_SSM: vaults.url, AWS_ENDPOINT_URL_SCHEDULER: scheduler.url },
    s3: s3.client,
    createBucket: s3.createBucket,
    // It takes mails from anybody.
    verify: async () => undefined,
    keep: async (parameter, value) => vaults.put(parameter, value),
    mails: async () =>
      (await ses.mails()).map(({ destination, subject, body, attachments }) => ({
        to: destination.to,
        subject,
        html: body.html ?? '',
        text: body.text ?? '',
        attachments: attachments.map(({ contentType, filename }) => ({ type: contentType, name: filename })),
      })),
    booked: async () => scheduler.booked,
    stop: async () => {
      await Promise.all([s3.stop(), ses.stop(), vaults.close(), scheduler.close()])
    },
  }
})
