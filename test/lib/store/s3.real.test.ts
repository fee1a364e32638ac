import { afterAll, beforeAll } from 'vitest'
import { openS3 } from '../../../lib/store/s3.ts'
import type { S3Server } from '../../servers/s3.ts'
import { startVersitygw } from '../../servers/versitygw.ts'
import { claimsContract } from './claims-contract.ts'
import { storeContract } from './contract.ts'
import { ledgerContract } from './ledger-contract.ts'

let s3: S3Server
beforeAll(async () => {
  s3 = await startVersitygw()
})
afterAll(() => s3.stop())

const open = async () => ({ store: openS3(`s3://${await s3.createBucket()}/team/broadsheet`, s3.client), env: s3.env })

storeContract('S3 (versitygw)', open)
claimsContract('S3 (versitygw)', open)
ledgerContract('S3 (versitygw)', open)
