import type { S3Client } from '@aws-sdk/client-s3'
import { UsageError } from '../errors.ts'
import { openFolder } from './folder.ts'
import { openS3 } from './s3.ts'
import type { Store } from './store.ts'

export { under } from './under.ts'

/**
 * The store at an address: `s3://bucket`, `s3://bucket/prefix`, or the path of a folder, which need not exist yet.
 * Nothing is read or written before it is used. Throws UsageError for an address that is neither.
 */
export function openStore(address: string, client?: S3Client): Store {
  if (address.startsWith('s3://')) return openS3(address, client)
  if (address === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    throw new UsageError(`${JSON.stringify(address)} is no address of a store`, {
      remedy: 'give the path of a folder, or s3://bucket/prefix',
    })
  }
  return openFolder(address)
}
