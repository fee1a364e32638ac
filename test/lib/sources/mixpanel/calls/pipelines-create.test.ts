import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../../../lib/errors.ts'
import { startVendor } from '../../../../servers/vendor.ts'
import { openDoor, posted } from './pipelines-door.ts'

const answer = { body: { pipeline_names: ['events-daily'] } }
const chosen = { events: ['Page View', 'Käufe & Co'], where: 'properties["país"] == "España"' }
const window = { from_date: '2026-09-01', to_date: '2026-10-31' }
const ongoing = { from_date: '2026-09-01', frequency: 'hourly' }
const table = { data_source: 'events', schema_type: 'multischema', sync: true }
const s3 = {
  s3_bucket: 'acme-mixpanel',
  s3_region: 'eu-central-1',
  s3_role: 'arn:aws:iam::123456789012:role/mixpanel-export',
  s3_prefix: 'raw/events',
  s3_encryption: 'kms',
  s3_kms_key_id: 'arn:aws:kms:eu-central-1:123456789012:key/9a1b',
}
const glue = {
  use_glue: true,
  glue_database: 'analytics',
  glue_role: 'arn:aws-cn:iam::123456789012:role/team/glue',
  glue_table_prefix: 'mp_',
}
const gcs = { gcs_bucket: 'acme-mixpanel', gcs_prefix: 'dwe', gcs_region: 'europe-west3' }
const azure = {
  storage_account: 'acmestore',
  container_name: 'mixpanel',
  prefix: 'custom/for/data',
  client_id: '5f0c',
  client_secret: 'ssm:/azure/principal',
  tenant_id: '77ab',
}
const bigquery = { type: 'bigquery', bq_region: 'EUROPE_WEST_6', gcp_project: 'acme-dwh', bq_dataset_name: 'mixpanel' }
const snowflake = {
  type: 'snowflake',
  snowflake_account_name: 'acme-eu',
  snowflake_warehouse: 'LOAD_WH',
  snowflake_storage_integration: 'MIXPANEL_STAGE',
  snowflake_user: 'MIXPANEL_USER',
  snowflake_password: 'secretsmanager:prod/snowflake',
  snowflake_role: 'MIXPANEL_ROLE',
  snowflake_database: 'ANALYTICS',
  snowflake_schema: 'EVENTS',
}

/** As a form has them: truth as a word, a list as a key that comes again, and what a reference points to. */
function asForm(parameters: object): Record<string, string | string[]> {
  const secrets = { client_secret: 'q~8~&=+ Ünïx', snowflake_password: 'Fjord-93-kelp' }
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [
      key,
      key in secrets ? secrets[key as keyof typeof secrets] : Array.isArray(value) ? value : String(value),
    ]),
  )
}

async function create(parameters: object, form = asForm(parameters)): Promise<unknown> {
  await using vendor = await startVendor([posted('create', form, answer)])
  await using door = openDoor(vendor)
  return await door.client.call('pipelinesCreate', parameters)
}

/** The message of what is refused before anything is sent. */
async function refusal(parameters: object): Promise<string> {
  await using vendor = await startVendor([])
  await using door = openDoor(vendor)
  const error = await door.client.call('pipelinesCreate', parameters).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(UsageError)
  return (error as UsageError).message
}

describe('a pipeline is created with all that its type takes', () => {
  test.each([
    ['bigquery', { ...bigquery, ...table, ...window, ...chosen, trial: false, bq_prefix: 'mp_2026' }],
    ['snowflake', { ...snowflake, ...table, ...ongoing, ...chosen, trial: false, snowflake_prefix: 'MP_' }],
    ['aws', { type: 'aws', ...table, ...window, ...chosen, ...s3, ...glue, data_format: 'parquet', trial: false }],
    ['azure-blob', { type: 'azure-blob', ...table, ...ongoing, ...chosen, ...azure, data_format: 'parquet', trial: false }],
    ['gcs-schema', { type: 'gcs-schema', ...table, ...window, ...chosen, ...gcs, data_format: 'json', trial: false }],
    [
      's3-raw',
      {
        type: 's3-raw',
        ...ongoing,
        ...chosen,
        ...s3,
        s3_region: 'me-south-1',
        data_source: 'events',
        data_format: 'json',
        trial: false,
      },
    ],
    ['gcs-raw', { type: 'gcs-raw', ...window, ...chosen, ...gcs, data_source: 'events', data_format: 'json', trial: false }],
    [
      'azure-raw',
      { type: 'azure-raw', ...ongoing, ...chosen, ...azure, data_source: 'events', data_format: 'json', trial: false },
    ],
  ])('%s', async (_, parameters) => {
    expect(await create(parameters)).toEqual({ pipelineNames: ['events-daily'] })
  })

  test.each([
    ['people, always one table', { ...bigquery, from_date: '2026-09-01', sync: true, data_source: 'people' }],
    [
      'people, with the one table said',
      { ...bigquery, from_date: '2026-09-01', sync: true, data_source: 'people', schema_type: 'monoschema' },
    ],
    [
      'an own key of the bucket',
      { type: 's3-raw', from_date: '2026-09-01', ...s3, s3_encryption: 'kms', s3_kms_key_id: 'alias/mp' },
    ],
    ['Glue that is not used', { type: 'aws', ...table, from_date: '2026-09-01', ...s3, use_glue: false }],
    [
      'a trial, as the file of today has it',
      { ...bigquery, ...table, from_date: '2026-11-15', schema_type: 'monoschema', trial: true },
    ],
    ['a raw trial', { type: 'gcs-raw', ...gcs, trial: true, frequency: 'daily' }],
    ['one day', { type: 'gcs-raw', ...gcs, from_date: '2026-09-01', to_date: '2026-09-01' }],
  ])('or less: %s', async (_, parameters) => {
    await create(parameters)
  })

  test('and a single event may be given without a list', async () => {
    const parameters = { type: 'gcs-raw', ...gcs, from_date: '2026-09-01', events: 'Page View' }
    await create(parameters, asForm(parameters))
  })
})

describe('the older forms pass', () => {
  const events = ['Page View', 'Item Purchase']
  test.each([
    [
      'a trial in a dataset of Mixpanel',
      { type: 'bigquery', bq_region: 'US_EAST_4', trial: true, bq_share_with_group: 'readers@example.com', events },
    ],
    [
      'a trial in a share',
      { type: 'snowflake', region: 'us-west-aws', trial: true, snowflake_share_with: 'acmeaccount', events },
    ],
    ['a trial on S3 with Glue', { type: 'aws', trial: true, ...s3, ...glue, events }],
    ['a trial on Azure', { type: 'azure-blob', trial: true, data_format: 'parquet', ...azure, events }],
    ['a trial that says that it does not sync', { type: 'aws', trial: true, ...s3, sync: false }],
    [
      'no trial, without sync',
      { type: 'bigquery', bq_region: 'US', bq_share_with_group: 'a@example.com', from_date: '2026-09-01', bq_prefix: 'x' },
    ],
    [
      'a share, with sync false',
      {
        type: 'snowflake',
        region: 'ap-southeast-2-aws',
        snowflake_share_with: 'acme',
        snowflake_prefix: 'x',
        from_date: '2026-09-01',
        schema_type: 'multischema',
        sync: false,
      },
    ],
  ])('%s', async (_, parameters) => {
    await create(parameters)
  })
})

describe('what does not go together is refused with what would be right', () => {
  const [big, own, onS3] = [
    { ...bigquery, from_date: '2026-09-01', sync: true, schema_type: 'monoschema' },
    { ...snowflake, from_date: '2026-09-01', sync: true, schema_type: 'monoschema' },
    { type: 'aws', from_date: '2026-09-01', sync: true, schema_type: 'monoschema', ...s3 },
  ]
  const onRaw = { type: 's3-raw', from_date: '2026-09-01', ...s3 }
  const shared = { type: 'bigquery', bq_region: 'US', from_date: '2026-09-01', bq_share_with_group: 'a@example.com' }
  const share = { type: 'snowflake', region: 'us-west-aws', from_date: '2026-09-01', snowflake_share_with: 'acme' }
  const { glue_database, glue_role, ...noGlue } = glue

  test.each<[string, object, RegExp]>([
    [
      'no type',
      { ...onRaw, type: undefined },
      /`type` is needed: one of bigquery, snowflake, aws, azure-blob, gcs-schema, s3-raw/,
    ],
    ['a type of no pipeline', { ...onRaw, type: 'redshift' }, /`type`: one of bigquery/],
    ['no first day', { ...onRaw, from_date: undefined }, /`from_date` is needed: the first day/],
    ['a day that is none', { ...onRaw, from_date: '2026-02-30' }, /`from_date`/],
    ['a time for a day', { ...onRaw, to_date: '2026-09-01T00:00:00' }, /`to_date`/],
    ['days backwards', { ...onRaw, from_date: '2026-09-02', to_date: '2026-09-01' }, /from_date lies after to_date/],
    [
      'a frequency with an end',
      { ...onRaw, to_date: '2026-09-01', frequency: 'daily' },
      /leave `frequency` out: it is for an export that goes on/,
    ],
    ['another frequency', { ...onRaw, frequency: 'weekly' }, /`frequency` is daily or hourly/],
    ['no event', { ...onRaw, events: [] }, /an empty list would let all events through; leave `events` out/],
    ['a nameless event', { ...onRaw, events: ['A', ''] }, /`events\[1\]` is an empty text/],
    ['an event that is a number', { ...onRaw, events: 5 }, /`events`: the name of an event, or a list of names/],
    ['tables without sync', { ...big, sync: undefined }, /`sync` is needed: true/],
    ['tables that do not sync', { ...big, sync: false }, /`sync` is true/],
    ['tables of no shape', { ...big, schema_type: undefined }, /`schema_type` is needed: monoschema/],
    ['tables of another shape', { ...big, schema_type: 'mono' }, /`schema_type` is monoschema or multischema/],
    [
      'a trial with tables for each event',
      { ...shared, trial: true, schema_type: 'multischema' },
      /a trial has one table of all events: monoschema/,
    ],
    ['a trial with an end', { ...shared, trial: true, to_date: '2026-10-01' }, /leave `to_date` out: a trial ends by itself/],
    ['an hourly trial', { ...shared, trial: true, frequency: 'hourly' }, /a trial is daily/],
    ['a raw trial of some events', { ...onRaw, trial: true, events: ['A'] }, /leave `events` out: a trial exports all events/],
    ['a trial of today of some events', { ...big, trial: true, events: ['A'] }, /leave `events` out: a trial exports all events/],
    [
      'people in many tables',
      { ...big, data_source: 'people', schema_type: 'multischema' },
      /people are always one table: monoschema/,
    ],
    ['people where …', { ...big, data_source: 'people', where: 'true' }, /leave `where` out: it chooses events/],
    ['people of events', { ...big, data_source: 'people', events: ['A'] }, /leave `events` out: it chooses events/],
    ['raw people', { ...onRaw, data_source: 'people' }, /a raw pipeline exports events only/],
    ['raw Parquet', { ...onRaw, data_format: 'parquet' }, /a raw pipeline writes json only/],
    ['raw sync', { ...onRaw, sync: true }, /type s3-raw takes no `sync` \(raw pipelines do not sync/],
    ['raw tables', { ...onRaw, schema_type: 'monoschema' }, /takes no `schema_type` \(raw pipelines have no tables\)/],
    ['files of BigQuery', { ...big, data_format: 'parquet' }, /type bigquery takes no `data_format`/],
    ['files of Snowflake', { ...own, data_format: 'parquet' }, /type snowflake takes no `data_format`/],
    ['files of another format', { ...onS3, data_format: 'csv' }, /`data_format` is json or parquet/],
    ['Glue without a database', { ...onS3, ...noGlue, glue_role }, /`glue_database` is needed/],
    ['Glue without a role', { ...onS3, ...noGlue, glue_database }, /`glue_role` is needed/],
    ['a database without Glue', { ...onS3, glue_database }, /leave `glue_database` out: it is for Glue; set use_glue to true/],
    ['a prefix of tables without Glue', { ...onS3, use_glue: false, glue_table_prefix: 'x' }, /leave `glue_table_prefix` out/],
    [
      'Glue for raw files',
      { ...onRaw, ...glue },
      /takes no `use_glue`, no `glue_database`, no `glue_role`, no `glue_table_prefix`/,
    ],
    ['a key for AES', { ...onS3, s3_encryption: 'aes' }, /leave `s3_kms_key_id` out: it is for s3_encryption kms/],
    ['a key for no encryption', { ...onRaw, s3_encryption: undefined }, /leave `s3_kms_key_id` out/],
    ['another encryption', { ...onRaw, s3_encryption: 'aes256' }, /`s3_encryption` is none, aes or kms/],
    ['no bucket', { ...onRaw, s3_bucket: undefined }, /`s3_bucket`/],
    ['no role', { ...onRaw, s3_role: undefined }, /`s3_role`/],
    ['the name of a role', { ...onRaw, s3_role: 'mixpanel-export' }, /a role is written in full: arn:aws:iam::123456789012:role/],
    ['a region of raw files alone', { ...onS3, s3_region: 'me-south-1' }, /`s3_region`/],
    ['a region of S3 for GCS', { type: 'gcs-raw', ...gcs, gcs_region: 'us-east-2', from_date: '2026-09-01' }, /`gcs_region`/],
    ['another region of BigQuery', { ...big, bq_region: 'us' }, /`bq_region`/],
    ['a prefix with a hyphen', { ...big, bq_prefix: 'mp-' }, /`bq_prefix`: letters, digits and underscores only/],
    ['a dataset without its project', { ...big, gcp_project: undefined }, /`gcp_project` is needed: the dataset is your own/],
    ['a project without a dataset', { ...big, bq_dataset_name: undefined }, /`bq_dataset_name` is needed/],
    [
      'both datasets',
      { ...big, bq_share_with_group: 'a@example.com' },
      /leave `gcp_project` out: bq_share_with_group is for Mixpanel's own/,
    ],
    ['a group by its name', { ...shared, bq_share_with_group: 'readers' }, /a Google group is given by its address/],
    [
      'a Snowflake without a warehouse',
      { ...own, snowflake_warehouse: undefined },
      /`snowflake_warehouse` is needed: Snowflake is your own/,
    ],
    ['a Snowflake without a password', { ...own, snowflake_password: undefined }, /`snowflake_password` is needed/],
    ['a region of an own Snowflake', { ...own, region: 'us-west-aws' }, /leave `region` out: it goes with snowflake_share_with/],
    ['a share without a region', { ...share, region: undefined }, /`region` is needed: the one of the account/],
    [
      'a share into an own database',
      { ...share, snowflake_database: 'X' },
      /leave `snowflake_database` out: snowflake_share_with is for Mixpanel's own/,
    ],
    ['another region of a share', { ...share, region: 'us-west' }, /`region`/],
    [
      "an edit's word for a secret",
      { type: 'azure-raw', ...azure, from_date: '2026-09-01', azure_client_secret: 'x' },
      /a create calls it `client_secret`/,
    ],
    ['another project', { ...onRaw, project_id: 5 }, /takes no `project_id` \(it is the one of the source\)/],
    ['a word that is none', { ...onRaw, constructor: 1 }, /takes no `constructor`$/m],
  ])('%s', async (_, parameters, message) => {
    expect(await refusal(parameters)).toMatch(message)
  })

  test.each([big, own, onS3, onRaw, shared, share])('and nothing else is wrong with those: $type', async (parameters) => {
    await create(parameters)
  })

  test('all of it at once', async () => {
    const message = await refusal({ type: 'aws', ...s3, use_glue: true, s3_encryption: 'none' })
    expect(message).toMatch(/^Mixpanel pipelinesCreate: /)
    for (const key of ['from_date', 'sync', 'schema_type', 'glue_database', 'glue_role', 's3_kms_key_id']) {
      expect(message).toContain(`\`${key}\``)
    }
  })
})
