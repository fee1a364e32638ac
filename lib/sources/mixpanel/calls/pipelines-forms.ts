import * as z from 'zod'
import { condition, date, listOf, referenceToSecret, text } from './parameters.ts'

/** The form of each type of pipeline: what it takes, and which values. Which of them go together: pipelines-create.ts. */

export const role = z
  .string()
  .regex(/^arn:aws[\w-]*:iam::[^:\s]+:role\/\S+$/, 'a role is written in full: arn:aws:iam::123456789012:role/name')
export const group = z.email('a Google group is given by its address, such as readers@example.com')
export const events = listOf(text, {
  empty: 'an empty list would let all events through; leave `events` out for that',
  other: 'the name of an event, or a list of names',
})

const schedule = {
  trial: z.boolean().optional().describe('thirty days of a daily export; once for a project, and it cannot be deleted'),
  from_date: date.optional().describe('needed, except in a trial; at most six months back'),
  to_date: date.optional().describe('inclusive; without it the export goes on'),
  frequency: z.enum(['daily', 'hourly']).optional().describe('without to_date only'),
  events: events.optional().describe('all, unless said'),
  where: condition.optional().describe('an expression on events'),
}
const raw = {
  ...schedule,
  data_source: z.literal('events', 'a raw pipeline exports events only').optional(),
  data_format: z.literal('json', 'a raw pipeline writes json only').optional(),
}
const tables = {
  ...schedule,
  data_source: z.enum(['events', 'people']).optional(),
  schema_type: z.enum(['monoschema', 'multischema']).optional().describe('needed, except for people and in older forms'),
  sync: z.boolean().optional().describe('needed and true, except in older forms'),
}
const files = { data_format: z.enum(['json', 'parquet']).optional().describe('parquet, if Athena is to see partitions') }

const s3Regions = z.enum([
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-south-1',
  'ca-central-1',
  'cn-north-1',
  'cn-northwest-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
])
const s3 = {
  s3_bucket: text,
  s3_region: s3Regions,
  s3_role: role,
  s3_prefix: text.optional(),
  s3_encryption: z.enum(['none', 'aes', 'kms']).optional(),
  s3_kms_key_id: text.optional().describe('with s3_encryption kms only'),
}
const gcs = {
  gcs_bucket: text,
  gcs_prefix: text.optional(),
  gcs_region: z.enum([
    'northamerica-northeast1',
    'us-central1',
    'us-east1',
    'us-east4',
    'us-west1',
    'us-west2',
    'southamerica-east1',
    'europe-north1',
    'europe-west1',
    'europe-west2',
    'europe-west3',
    'europe-west4',
    'europe-west6',
    'asia-east1',
    'asia-east2',
    'asia-northeast1',
    'asia-northeast2',
    'asia-northeast3',
    'asia-south1',
    'asia-southeast1',
    'australia-southeast1',
  ]),
}
const azure = {
  storage_account: text,
  container_name: text,
  prefix: text.optional(),
  client_id: text,
  client_secret: referenceToSecret.describe('ssm:/name, secretsmanager:name or env:NAME'),
  tenant_id: text,
}

/** What there is to say of a parameter that a type does not take. */
const strangers: Readonly<Record<string, string>> = {
  sync: 'raw pipelines do not sync, so data that comes late is not in them',
  schema_type: 'raw pipelines have no tables',
  data_format: 'tables have no file format',
  project_id: 'it is the one of the source',
  azure_client_id: 'a create calls it `client_id`',
  azure_client_secret: 'a create calls it `client_secret`',
  azure_tenant_id: 'a create calls it `tenant_id`',
}
const ownKeys = {
  error(issue: z.core.$ZodRawIssue): string | undefined {
    if (issue.code !== 'unrecognized_keys') return undefined
    const { type } = issue.input as { readonly type: string }
    const words = issue.keys.map((key) => (Object.hasOwn(strangers, key) ? `\`${key}\` (${strangers[key]})` : `\`${key}\``))
    return `a pipeline of type ${type} takes no ${words.join(', no ')}`
  },
}

export const bigquery = z.strictObject(
  {
    type: z.literal('bigquery'),
    ...tables,
    bq_region: z.enum([
      'US',
      'US_CENTRAL_1',
      'US_EAST_1',
      'US_WEST_1',
      'US_WEST_2',
      'US_EAST_4',
      'NORTH_AMERICA_NORTHEAST_1',
      'SOUTH_AMERICA_EAST_1',
      'EU',
      'EUROPE_NORTH_1',
      'EUROPE_WEST_2',
      'EUROPE_WEST_3',
      'EUROPE_WEST_4',
      'EUROPE_WEST_6',
      'ASIA_SOUTH_1',
      'ASIA_EAST_1',
      'ASIA_EAST_2',
      'ASIA_NORTHEAST_1',
      'ASIA_NORTHEAST_2',
      'ASIA_NORTHEAST_3',
      'ASIA_SOUTHEAST_1',
      'ASIA_SOUTHEAST_2',
      'AUSTRALIA_SOUTHEAST_1',
    ]),
    bq_prefix: z.string().regex(/^\w+$/, 'letters, digits and underscores only').optional(),
    gcp_project: text.optional().describe('needed, except in the older form'),
    bq_dataset_name: text.optional().describe('needed, except in the older form'),
    bq_share_with_group: group.optional().describe("the older form: Mixpanel's own dataset, shared with a Google group"),
  },
  ownKeys,
)

/** All of them are needed, except in the older form. */
export const ownSnowflake = {
  snowflake_account_name: text.optional(),
  snowflake_warehouse: text.optional(),
  snowflake_storage_integration: text.optional(),
  snowflake_user: text.optional(),
  snowflake_password: referenceToSecret.optional().describe('ssm:/name, secretsmanager:name or env:NAME'),
  snowflake_role: text.optional(),
  snowflake_database: text.optional(),
  snowflake_schema: text.optional(),
}
export const snowflake = z.strictObject(
  {
    type: z.literal('snowflake'),
    ...tables,
    ...ownSnowflake,
    snowflake_prefix: text.optional(),
    snowflake_share_with: text.optional().describe("the older form: Mixpanel's own Snowflake, shared with this account"),
    region: z
      .enum(['us-west-aws', 'us-east-aws', 'us-east-2-aws', 'eu-west-1-aws', 'eu-central-1-aws', 'ap-southeast-2-aws'])
      .optional()
      .describe('with snowflake_share_with only'),
  },
  ownKeys,
)

export const aws = z.strictObject(
  {
    type: z.literal('aws'),
    ...tables,
    ...files,
    ...s3,
    use_glue: z.boolean().optional(),
    glue_database: text.optional().describe('needed with use_glue'),
    glue_role: role.optional().describe('needed with use_glue'),
    glue_table_prefix: text.optional().describe('with use_glue only'),
  },
  ownKeys,
)

export const azureBlob = z.strictObject({ type: z.literal('azure-blob'), ...tables, ...files, ...azure }, ownKeys)
export const gcsSchema = z.strictObject({ type: z.literal('gcs-schema'), ...tables, ...files, ...gcs }, ownKeys)
/** One region more than the tables have. */
const rawS3 = { ...s3, s3_region: z.enum([...s3Regions.options, 'me-south-1']) }
export const s3Raw = z.strictObject({ type: z.literal('s3-raw'), ...raw, ...rawS3 }, ownKeys)
export const gcsRaw = z.strictObject({ type: z.literal('gcs-raw'), ...raw, ...gcs }, ownKeys)
export const azureRaw = z.strictObject({ type: z.literal('azure-raw'), ...raw, ...azure }, ownKeys)
