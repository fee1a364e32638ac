import type { Column, Table } from './tables.ts'

/** How Hive, and with it Athena and Glue, calls what reads a format. */
export const hiveFormats = {
  parquet: {
    input: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    output: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    serde: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
  },
  json: {
    input: 'org.apache.hadoop.mapred.TextInputFormat',
    output: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    serde: 'org.openx.data.jsonserde.JsonSerDe',
  },
} as const satisfies Record<Table['format'], { readonly input: string; readonly output: string; readonly serde: string }>

/** Hive's grammar takes no dot in the name of a new column; the catalogue does, and engines that read it. */
export function isInDdl({ name }: Column): boolean {
  return !name.includes('.')
}

/** The statement that makes the table in Athena, with those columns that it can name. */
export function ddlOf({ name, about, location, format, columns, partitions, reading, parameters }: Table): string {
  const { input, output, serde } = hiveFormats[format]
  return `${[
    `CREATE EXTERNAL TABLE IF NOT EXISTS ${quoted(name)} (`,
    columns
      .filter(isInDdl)
      .map((column) => `  ${columnDdl(column)}`)
      .join(',\n'),
    ')',
    `COMMENT ${literal(about)}`,
    ...(partitions.length === 0 ? [] : [`PARTITIONED BY (${partitions.map(columnDdl).join(', ')})`]),
    `ROW FORMAT SERDE ${literal(serde)}`,
    ...(Object.keys(reading).length === 0 ? [] : [`WITH SERDEPROPERTIES (${pairs(reading)})`]),
    `STORED AS INPUTFORMAT ${literal(input)}`,
    `OUTPUTFORMAT ${literal(output)}`,
    `LOCATION ${literal(location)}`,
    ...(Object.keys(parameters).length === 0 ? [] : [`TBLPROPERTIES (${pairs(parameters)})`]),
  ].join('\n')};\n`
}

function columnDdl({ name, type, comment }: Column): string {
  return `${quoted(name)} ${type}${comment === undefined ? '' : ` COMMENT ${literal(comment)}`}`
}

function pairs(words: Readonly<Record<string, string>>): string {
  const all = Object.entries(words).map(([name, value]) => `\n  ${literal(name)} = ${literal(value)}`)
  return `${all.join(',')}\n`
}

/** No name of a table or a column that is listed has a backtick. */
function quoted(name: string): string {
  return `\`${name}\``
}

function literal(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
