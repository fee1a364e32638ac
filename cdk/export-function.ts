import { Size, Stack } from 'aws-cdk-lib'
import type { CfnDatabase } from 'aws-cdk-lib/aws-glue'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Architecture } from 'aws-cdk-lib/aws-lambda'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { bundledCode } from './bundling.ts'
import { catalogueStatement, catalogueWildcards } from './catalogue.ts'
import { nativeArchitecture, nativeFolders } from './native.ts'
import type { Foundation } from './project-function.ts'
import { projectFunction } from './project-function.ts'
import { listStatement, prefixWildcards, under } from './store-bucket.ts'

/** A role's own policies hold 10,240 characters; beyond so many exports they are allowed the prefix that all of them have. */
const mostNamed = 8

/**
 * The function that exports. DuckDB's native part goes along only where an export says parquet; unless `architecture` is
 * given, that decides between ARM64 and x86_64: whichever is installed here, ARM64 first. Throws UsageError where it is not.
 * `database` is that of its tables, where an export has one.
 */
export function exportFunction(
  scope: Construct,
  on: Foundation,
  { architecture, database }: { readonly architecture: Architecture | undefined; readonly database: CfnDatabase | undefined },
): LambdaFunction {
  const { project, bucket } = on
  const exports = Object.values(project.exports)
  const isNative = exports.some(({ format }) => format.includes('parquet'))
  const chosen = architecture ?? (isNative ? nativeArchitecture() : Architecture.ARM_64)
  // Without bundling the code is not looked at, and neither need its parts be here.
  const folders = isNative && Stack.of(scope).bundlingRequired ? nativeFolders(chosen) : {}
  const names = exports.map(({ name }) => name)
  const shared = ['state/limits']
  const own = (prefix: string) => (names.length > mostNamed ? [prefix] : names.map((name) => `${prefix}/${name}`))
  const all = [...own('exports'), ...own('claims/exports'), ...own('state/exports'), ...shared]
  return projectFunction(scope, 'Export', on, {
    description: 'Broadsheet: exports the windows of one export that are due',
    entry: 'export',
    code: bundledCode('export', { 'broadsheet.yaml': project.file }, folders),
    architecture: chosen,
    // Two windows at a time: unpacking takes one whole virtual CPU (1,769 MB), making Parquet of two takes two.
    memorySize: isNative ? 3538 : 1769,
    // A window that is kept is laid aside while it is compared; the largest day has to fit, packed and as Parquet.
    ephemeralStorageSize: Size.gibibytes(10),
    sources: exports.map(({ source }) => source),
    statements: [
      new PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: under(bucket, all) }),
      ...objectStatements(bucket, own('exports'), own('state/exports')),
      listStatement(bucket),
      ...(database === undefined ? [] : [catalogueStatement(database)]),
    ],
    wildcards: [
      ...prefixWildcards(bucket, all, 'are made of windows and names'),
      ...(database === undefined ? [] : catalogueWildcards(database)),
    ],
    ...(database === undefined ? {} : { database: database.ref }),
  })
}

/** Windows are replaced and expire, and an upload that was cut off leaves no parts; claims and limits are never removed. */
function objectStatements(bucket: Bucket, objects: readonly string[], states: readonly string[]): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ['s3:DeleteObject'], resources: under(bucket, [...objects, ...states]) }),
    new PolicyStatement({
      actions: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      resources: under(bucket, objects),
    }),
  ]
}
