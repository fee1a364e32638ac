import type { ParametersOf } from '../../../../../lib/sources/mixpanel/client.ts'

type PipelineCall =
  | 'pipelinesCreate'
  | 'pipelinesEdit'
  | 'pipelinesPause'
  | 'pipelinesResume'
  | 'pipelinesCancel'
  | 'pipelinesStatus'
  | 'pipelinesJobs'
  | 'pipelinesTimeline'

const from_date = '2026-10-01'
const to_date = '2026-10-31'
const name = 'events-daily-bigquery-monoschema'
const events = ['Signed up', 'Größe & Preis=1 +']
const where = 'properties["país"] == "ES" and properties["a&b"] > 2'
const table = { schema_type: 'multischema', sync: true, data_source: 'events' } as const
const people = { schema_type: 'monoschema', sync: true, data_source: 'people' } as const
const chosen = { events, where }
const s3 = {
  s3_bucket: 'warehouse',
  s3_role: 'arn:aws:iam::123456789012:role/mixpanel/export',
  s3_prefix: 'mixpanel/raw',
  s3_encryption: 'kms',
  s3_kms_key_id: 'arn:aws:kms:eu-west-1:123456789012:key/5b1f',
} as const
const glue = {
  glue_database: 'mixpanel',
  glue_role: 'arn:aws:iam::123456789012:role/glue',
  glue_table_prefix: 'mp_',
}
const gcs = { gcs_bucket: 'warehouse', gcs_prefix: 'mixpanel', gcs_region: 'europe-west4' } as const
const azure = {
  storage_account: 'warehouse',
  container_name: 'mixpanel',
  prefix: 'raw',
  client_id: 'c0ffee',
  client_secret: 'env:AZURE_SECRET',
  tenant_id: 'example.onmicrosoft.com',
}
const bigQuery = {
  bq_region: 'EUROPE_NORTH_1',
  bq_prefix: 'mp_',
  gcp_project: 'warehouse-1',
  bq_dataset_name: 'mixpanel',
} as const
const snowflake = {
  snowflake_prefix: 'mp',
  snowflake_account_name: 'org-account',
  snowflake_warehouse: 'LOADING',
  snowflake_storage_integration: 'MIXPANEL_GCS',
  snowflake_user: 'mixpanel',
  snowflake_password: 'ssm:/snowflake/mixpanel',
  snowflake_role: 'LOADER',
  snowflake_database: 'EVENTS',
  snowflake_schema: 'MIXPANEL',
}

/** Every type with every parameter it takes. */
export const pipelineRequests: { readonly [Name in PipelineCall]: readonly ParametersOf<Name>[] } = {
  pipelinesCreate: [
    { type: 'gcs-raw', trial: false, from_date, to_date, data_source: 'events', data_format: 'json', ...chosen, ...gcs },
    { type: 'gcs-raw', from_date, frequency: 'hourly', ...gcs },
    {
      type: 's3-raw',
      trial: false,
      from_date,
      to_date,
      data_source: 'events',
      data_format: 'json',
      ...chosen,
      ...s3,
      s3_region: 'me-south-1',
    },
    { type: 's3-raw', from_date, frequency: 'daily', ...s3, s3_region: 'us-east-1' },
    { type: 'azure-raw', trial: false, from_date, to_date, data_source: 'events', data_format: 'json', ...chosen, ...azure },
    { type: 'azure-raw', from_date, frequency: 'hourly', events: 'Signed up', ...azure },
    { type: 'bigquery', trial: false, from_date, to_date, ...table, ...chosen, ...bigQuery },
    { type: 'bigquery', from_date, frequency: 'daily', ...people, ...bigQuery },
    { type: 'snowflake', trial: false, from_date, to_date, ...table, ...chosen, ...snowflake },
    { type: 'snowflake', from_date, frequency: 'hourly', ...people, ...snowflake },
    {
      type: 'aws',
      trial: false,
      from_date,
      to_date,
      ...table,
      data_format: 'parquet',
      ...chosen,
      ...s3,
      s3_region: 'sa-east-1',
      use_glue: true,
      ...glue,
    },
    { type: 'aws', from_date, frequency: 'daily', ...people, ...s3, s3_region: 'eu-west-1', use_glue: false },
    { type: 'azure-blob', trial: false, from_date, to_date, ...table, data_format: 'parquet', ...chosen, ...azure },
    { type: 'azure-blob', from_date, frequency: 'hourly', ...people, data_format: 'json', ...azure },
    { type: 'gcs-schema', trial: false, from_date, to_date, ...table, data_format: 'parquet', ...chosen, ...gcs },
    { type: 'gcs-schema', from_date, frequency: 'daily', ...people, data_format: 'json', ...gcs },
    // Today's words take these back from today's list of what is required.
    { type: 's3-raw', trial: true, ...s3, s3_region: 'eu-west-1' },
    { type: 'gcs-schema', from_date, data_source: 'people', sync: true, ...gcs },
  ],
  pipelinesEdit: [
    { name, events, where },
    { name, azure_client_id: 'c0ffee', azure_client_secret: 'env:AZURE_SECRET', azure_tenant_id: 'example.onmicrosoft.com' },
    { name, bq_share_with_group: ['readers@example.com', 'analysts@example.com'] },
    { name, ...glue },
  ],
  pipelinesPause: [{ name }],
  pipelinesResume: [{ name }],
  pipelinesCancel: [{ name }],
  pipelinesStatus: [
    { name, summary: true },
    { name, summary: 'false', status: ['pending', 'timed_out'] },
  ],
  pipelinesJobs: [{}],
  pipelinesTimeline: [{ name }, {}],
}

/** Forms that documents of 2020 have and those of today still show; the files of today have none of them. */
export const olderPipelines: readonly ParametersOf<'pipelinesCreate'>[] = [
  { type: 'bigquery', from_date, sync: false, bq_region: 'US', bq_share_with_group: 'readers@example.com' },
  { type: 'snowflake', trial: true, snowflake_share_with: 'ab12345', region: 'eu-central-1-aws' },
  { type: 'aws', trial: true, ...s3, s3_region: 'eu-west-1' },
]
