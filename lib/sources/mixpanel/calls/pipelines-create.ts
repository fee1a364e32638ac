import * as z from 'zod'
import { backwards, forwards } from './parameters.ts'
import { aws, azureBlob, azureRaw, bigquery, gcsRaw, gcsSchema, ownSnowflake, s3Raw, snowflake } from './pipelines-forms.ts'

/** Parts of any form; each type has some of them. */
type Asked = { readonly type: string } & Partial<
  Omit<z.output<typeof bigquery>, 'type'> &
    Omit<z.output<typeof snowflake>, 'type'> &
    Omit<z.output<typeof aws>, 'type' | 's3_region'>
>
type When = (asked: Asked) => boolean

const isRaw: When = ({ type }) => type.endsWith('-raw')
const isTrial: When = ({ trial }) => trial === true
const isOfPeople: When = ({ data_source }) => data_source === 'people'
const isShared: When = (asked) => asked.bq_share_with_group !== undefined || asked.snowflake_share_with !== undefined
const hasGlue: When = ({ use_glue }) => use_glue === true
/** Documents of the time of these forms have `sync` and `schema_type` as optional, and `sync` as false unless said. */
const isOlder: When = (asked) => isTrial(asked) || isShared(asked)
const isSharedIn =
  (type: string): When =>
  (asked) =>
    asked.type === type && isShared(asked)
const isOwnIn =
  (type: string): When =>
  (asked) =>
    asked.type === type && !isShared(asked)

const snowflakeKeys = Object.keys(ownSnowflake) as (keyof typeof ownSnowflake)[]
const glueKeys = ['glue_database', 'glue_role', 'glue_table_prefix'] as const

interface Rule {
  readonly keys: readonly (keyof Asked)[]
  readonly when: When
  /** What would be right. */
  readonly why: string
}

const needed: readonly Rule[] = [
  { keys: ['from_date'], when: (asked) => !isTrial(asked), why: 'the first day, as YYYY-MM-DD; only a trial knows its own' },
  { keys: ['sync'], when: (asked) => !isRaw(asked) && !isOlder(asked), why: 'true, the one value that tables have today' },
  {
    keys: ['schema_type'],
    when: (asked) => !isRaw(asked) && !isOlder(asked) && !isOfPeople(asked),
    why: 'monoschema (one table of all events) or multischema (one for each)',
  },
  {
    keys: ['gcp_project', 'bq_dataset_name'],
    when: isOwnIn('bigquery'),
    why: 'the dataset is your own (the older form has bq_share_with_group instead)',
  },
  {
    keys: snowflakeKeys,
    when: isOwnIn('snowflake'),
    why: 'Snowflake is your own (the older form has snowflake_share_with and region instead)',
  },
  { keys: ['region'], when: isSharedIn('snowflake'), why: 'the one of the account that snowflake_share_with names' },
  { keys: ['glue_database', 'glue_role'], when: hasGlue, why: 'Glue is written to it, by use_glue' },
]

const barred: readonly Rule[] = [
  {
    keys: ['frequency'],
    when: ({ to_date }) => to_date !== undefined,
    why: 'it is for an export that goes on; leave out this or to_date',
  },
  { keys: ['to_date'], when: isTrial, why: 'a trial ends by itself after thirty days' },
  {
    keys: ['events'],
    // Documents of 2020 do whitelist events in a trial; those of today say that it cannot be filtered by them.
    when: (asked) => isTrial(asked) && (isRaw(asked) || asked.schema_type !== undefined || asked.sync !== undefined),
    why: 'a trial exports all events',
  },
  { keys: ['events', 'where'], when: isOfPeople, why: 'it chooses events, and data_source is people' },
  { keys: glueKeys, when: (asked) => !hasGlue(asked), why: 'it is for Glue; set use_glue to true' },
  {
    keys: ['s3_kms_key_id'],
    when: ({ s3_encryption }) => s3_encryption !== 'kms',
    why: 'it is for s3_encryption kms',
  },
  {
    keys: ['gcp_project', 'bq_dataset_name'],
    when: isSharedIn('bigquery'),
    why: "bq_share_with_group is for Mixpanel's own dataset; share yours at Google",
  },
  { keys: snowflakeKeys, when: isSharedIn('snowflake'), why: "snowflake_share_with is for Mixpanel's own Snowflake" },
  { keys: ['region'], when: isOwnIn('snowflake'), why: 'it goes with snowflake_share_with; your own Snowflake has its region' },
]

const wrong: readonly Rule[] = [
  { keys: ['from_date'], when: (asked) => !forwards(asked), why: backwards },
  { keys: ['sync'], when: (asked) => asked.sync === false && !isOlder(asked), why: '`sync` is true, the one value of today' },
  { keys: ['frequency'], when: (asked) => isTrial(asked) && asked.frequency === 'hourly', why: 'a trial is daily' },
  {
    keys: ['schema_type'],
    when: (asked) => isTrial(asked) && asked.schema_type === 'multischema',
    why: 'a trial has one table of all events: monoschema, or leave it out',
  },
  {
    keys: ['schema_type'],
    when: (asked) => isOfPeople(asked) && asked.schema_type === 'multischema',
    why: 'people are always one table: monoschema, or leave it out',
  },
]

/**
 * What a pipeline is created with. The vendor's documents of 2026 are checked, and the older forms that they (or those of
 * 2020) still show pass: a trial without dates, `bq_share_with_group`, `snowflake_share_with`. Defaults are left to the
 * vendor. So is its limit of six months for `from_date`: that is counted from its own today, in a zone unknown here, and it
 * refuses before anything is made.
 */
export const pipeline = z
  .discriminatedUnion('type', [bigquery, snowflake, aws, azureBlob, gcsSchema, s3Raw, gcsRaw, azureRaw], {
    error: 'one of bigquery, snowflake, aws, azure-blob, gcs-schema, s3-raw, gcs-raw or azure-raw',
  })
  .superRefine((asked: Asked, context) => {
    const say = (key: keyof Asked, message: string) =>
      context.addIssue({ code: 'custom', message, path: [key], input: undefined })
    for (const { keys, when, why } of needed) {
      if (!when(asked)) continue
      for (const key of keys) if (asked[key] === undefined) say(key, `\`${key}\` is needed: ${why}`)
    }
    for (const { keys, when, why } of barred) {
      if (!when(asked)) continue
      for (const key of keys) if (asked[key] !== undefined) say(key, `leave \`${key}\` out: ${why}`)
    }
    for (const { keys, when, why } of wrong) {
      if (when(asked)) for (const key of keys) say(key, why)
    }
  })
