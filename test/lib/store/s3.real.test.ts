import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RefusedError } from '../../../lib/errors.ts'
import { openS3 } from '../../../lib/store/s3.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startVersitygw } from '../../servers/versitygw.ts'
import { claimsContract } from './claims-contract.ts'
import { storeContract } from './contract.ts'
import { ledgerContract } from './ledger-contract.ts'
import { uploadsContract } from './uploads-contract.ts'

let s3: S3Server
beforeAll(async () => {
  s3 = await startVersitygw()
})
afterAll(() => s3.stop())

const open = async () => ({ store: openS3(`s3://${await s3.createBucket()}/team/broadsheet`, s3.client), env: s3.env })

storeContract('S3 (versitygw)', open)
claimsContract('S3 (versitygw)', open)
ledgerContract('S3 (versitygw)', open)
// To complete any upload of a key that holds something is a success to it (1.8.0).
uploadsContract('S3 (versitygw)', () => s3, { checksums: true, completed: false })

test('an upload that is given up, or refused, leaves no parts that somebody pays for', async () => {
  const bucket = await s3.createBucket()
  const store = openS3(`s3://${bucket}`, s3.client)
  const chunk = Buffer.alloc(9 * 1024 * 1024)
  const upload = await store.upload('given/up')
  for (let count = 0; count < 3; count += 1) await upload.write(chunk)
  await upload.abort()
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  expect(Uploads).toEqual([])
  const missing = await openS3(`s3://${bucket}-that-is-not-there`, s3.client).upload('a')
  await expect(
    (async () => {
      for (let count = 0; count < 20; count += 1) await missing.write(chunk)
      await missing.finish()
    })(),
  ).rejects.toThrow(RefusedError)
  await missing.abort()
})
