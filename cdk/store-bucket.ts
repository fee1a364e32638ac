import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import type { Wildcard } from './acknowledge.ts'

/** The store. It outlives the stack: the answers in it were mailed and are read by others. */
export function storeBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'Store', {
    removalPolicy: RemovalPolicy.RETAIN,
    encryption: BucketEncryption.S3_MANAGED,
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

/** Where a run keeps things. It removes none of them: even a claim that is given back stays, marked as such. */
const written = ['reports', 'results', 'claims', 'state']

/** What a run does to the store, by prefix. */
export function storeStatements(bucket: Bucket): PolicyStatement[] {
  const objects = written.map((prefix) => bucket.arnForObjects(`${prefix}/*`))
  return [
    new PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: objects }),
    // Without it S3 answers 403 instead of 404 for a key that is not there; a condition on s3:prefix would break that too.
    new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
  ]
}

/** The wildcards in those. */
export function storeWildcards(bucket: Bucket): Wildcard[] {
  return written.map((prefix) => ({
    arn: bucket.arnForObjects(`${prefix}/*`),
    reason: `Keys under ${prefix}/ are made of reports, instants and vendors' projects, so nobody knows them beforehand.`,
  }))
}
