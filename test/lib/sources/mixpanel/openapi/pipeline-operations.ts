import type { Body, Field, Operation, Shape } from './operation.ts'
import { bodyOf, inQuery, integer, may, must, number, oneOf, repeated, text, texts, truth } from './operation.ts'

const day = { type: 'string', format: 'date' } as const
const regions = {
  aws: [
    ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
    ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-southeast-1', 'ap-southeast-2', 'ap-south-1'],
    ...['cn-north-1', 'cn-northwest-1'],
    ...['eu-central-1', 'eu-north-1', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ],
  gcs: [
    ...['northamerica-northeast1', 'us-central1', 'us-east1', 'us-east4', 'us-west1', 'us-west2', 'southamerica-east1'],
    ...['europe-north1', 'europe-west1', 'europe-west2', 'europe-west3', 'europe-west4', 'europe-west6'],
    ...['asia-east1', 'asia-east2', 'asia-northeast1', 'asia-northeast2', 'asia-northeast3', 'asia-south1'],
    ...['asia-southeast1', 'australia-southeast1'],
  ],
  bigQuery: [
    ...['US', 'US_CENTRAL_1', 'US_EAST_1', 'US_WEST_1', 'US_WEST_2', 'US_EAST_4'],
    ...['NORTH_AMERICA_NORTHEAST_1', 'SOUTH_AMERICA_EAST_1'],
    ...['EU', 'EUROPE_NORTH_1', 'EUROPE_WEST_2', 'EUROPE_WEST_3', 'EUROPE_WEST_4', 'EUROPE_WEST_6'],
    ...['ASIA_SOUTH_1', 'ASIA_EAST_1', 'ASIA_EAST_2', 'ASIA_NORTHEAST_1', 'ASIA_NORTHEAST_2', 'ASIA_NORTHEAST_3'],
    ...['ASIA_SOUTHEAST_1', 'ASIA_SOUTHEAST_2', 'AUSTRALIA_SOUTHEAST_1'],
  ],
}

const projectId = may('project_id', number)
const chosen = [may('events', text, repeated), may('where', text)]
const window = [must('from_date', day), may('to_date', day), may('frequency', oneOf('daily', 'hourly')), ...chosen]
const json = may('data_format', oneOf('json'))
const jsonOrParquet = may('data_format', oneOf('json', 'parquet'))

function raw(name: string, ...fields: readonly Field[]): Shape {
  const own = [projectId, must('type', text), may('trial', truth), may('data_source', oneOf('events')), ...window, json]
  return { name, fields: [...own, ...fields] }
}

function schematized(name: string, ...fields: readonly Field[]): Shape {
  const own = [projectId, must('type', text), may('trial', truth), may('data_source', oneOf('events', 'people')), ...window]
  const synced = [must('schema_type', oneOf('monoschema', 'multischema')), must('sync', oneOf(true))]
  return { name, fields: [...own, ...synced, ...fields] }
}

const gcs = [must('gcs_bucket', text), may('gcs_prefix', text), must('gcs_region', oneOf(...regions.gcs))]
const azure = [
  ...['storage_account', 'container_name', 'client_id', 'client_secret', 'tenant_id'].map((name) => must(name, text)),
  may('prefix', text),
]
const glue = ['glue_database', 'glue_role', 'glue_table_prefix'].map((name) => may(name, text))
const snowflake = [...['account_name', 'warehouse', 'storage_integration', 'user', 'password', 'role', 'database', 'schema']].map(
  (name) => must(`snowflake_${name}`, text),
)

function s3(...regionNames: readonly string[]): Field[] {
  return [
    must('s3_bucket', text),
    must('s3_region', oneOf(...regionNames)),
    must('s3_role', text),
    may('s3_prefix', text),
    may('s3_encryption', oneOf('none', 'aes', 'kms')),
    may('s3_kms_key_id', text),
  ]
}

const created: readonly Shape[] = [
  raw('gcs-raw', ...gcs),
  raw('s3-raw', ...s3(...regions.aws, 'me-south-1')),
  raw('azure-raw', ...azure),
  schematized(
    'bigquery',
    must('bq_region', oneOf(...regions.bigQuery)),
    may('bq_prefix', text),
    must('gcp_project', text),
    must('bq_dataset_name', text),
  ),
  schematized('snowflake', may('snowflake_prefix', text), ...snowflake),
  schematized('aws', jsonOrParquet, ...s3(...regions.aws), may('use_glue', truth), ...glue),
  schematized('azure-blob', jsonOrParquet, ...azure),
  schematized('gcs-schema', jsonOrParquet, ...gcs),
]

const newAzure = ['azure_client_id', 'azure_client_secret', 'azure_tenant_id'].map((name) => may(name, text))

function edited(name: string, ...fields: readonly Field[]): Shape {
  return { name: `${name} Pipeline`, fields: [must('name', text), projectId, ...chosen, ...fields] }
}

const edits: readonly Shape[] = [
  edited('Raw GCS'),
  edited('Raw Amazon S3'),
  edited('Raw Azure', ...newAzure),
  edited('Schematized BigQuery', may('bq_share_with_group', texts, repeated)),
  edited('Schematized Snowflake'),
  edited('Schematized AWS', ...glue),
  edited('Schematized Azure', ...newAzure),
  edited('Schematized GCS'),
]

const media = 'application/x-www-form-urlencoded'

function post(action: string, body: Body): Operation {
  return { file: 'data-pipelines', method: 'POST', path: `/nessie/pipeline/${action}`, parameters: [], body }
}

function get(action: string, ...fields: readonly Field[]): Operation {
  const parameters = inQuery(must('project_id', integer), ...fields)
  return { file: 'data-pipelines', method: 'GET', path: `/nessie/pipeline/${action}`, parameters }
}

const states = oneOf('pending', 'running', 'retried', 'failed', 'canceled', 'timed_out')

export const pipelineOperations: readonly Operation[] = [
  post('create', { media, required: true, discriminator: 'type', shapes: created }),
  post('edit', { media, required: true, shapes: edits }),
  ...['pause', 'resume', 'cancel'].map((action) => post(action, bodyOf(media, true, must('name', text), projectId))),
  get('jobs'),
  get(
    'status',
    must('name', text),
    may('summary', text, { schema: oneOf('true', 'false') }),
    may('status', texts, { schema: { type: 'array', items: states } }),
  ),
  get('timeline', may('name', text)),
]
