import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import type { Wildcard } from './acknowledge.ts'

/**
 * The store. It outlives the stack: the answers in it were mailed and are read by others. Encrypted by S3's own keys, or by
 * a key of KMS; then with a key of the bucket's, so that a window costs few calls of KMS instead of one for each part.
 */
export function storeBucket(scope: Construct, encryptionKey: IKey | undefined): Bucket {
  const encryption =
    encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }
  const bucket = new Bucket(scope, 'Store', {
    removalPolicy: RemovalPolicy.RETAIN,
    ...encryption,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    lifecycleRules: [
      {
        id: 'old-versions',
        noncurrentVersionExpiration: Duration.days(30),
        expiredObjectDeleteMarker: true,
        abortIncompleteMultipartUploadAfter: Duration.days(2),
      },
    ],
  })
  // `eventBridgeEnabled` would bring a custom resource with a function of its own for this one property.
  const resource = bucket.node.defaultChild
  if (!(resource instanceof CfnBucket)) throw new TypeError('a bucket without its resource')
  resource.addPropertyOverride('NotificationConfiguration.EventBridgeConfiguration', { EventBridgeEnabled: true })

  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'Access logs need a second bucket and hold addresses of readers; who wants them has CloudTrail data events.',
  })
  return bucket
}

/** All keys under these prefixes. */
export function under(bucket: Bucket, prefixes: readonly string[]): string[] {
  return prefixes.map((prefix) => bucket.arnForObjects(`${prefix}/*`))
}

/** Without it S3 answers 403 instead of 404 for a key that is not there; a condition on s3:prefix would break that too. */
export function listStatement(bucket: Bucket): PolicyStatement {
  return new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] })
}

/** The wildcards in those, and what the keys are made of that nobody knows beforehand. */
export function prefixWildcards(bucket: Bucket, prefixes: readonly string[], made: string): Wildcard[] {
  return prefixes.map((prefix) => ({
    arn: bucket.arnForObjects(`${prefix}/*`),
    reason: `Keys under ${prefix}/ ${made}, so nobody knows them beforehand.`,
  }))
}
