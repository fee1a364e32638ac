import type { Size } from 'aws-cdk-lib'
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'

import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Architecture, Code } from 'aws-cdk-lib/aws-lambda'
import { Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { EnvironmentVariables } from '../functions/environment.ts'
import type { Project } from '../lib/project/project.ts'
import type { Wildcard } from './acknowledge.ts'
import { acknowledgeWildcards } from './acknowledge.ts'

/** What the functions of a project stand on. */
export interface Foundation {
  readonly project: Project
  readonly bucket: Bucket
  readonly deadLetters: Queue
  readonly group: CfnScheduleGroup
  /** What EventBridge Scheduler becomes to call a function. */
  readonly schedulerRole: Role
  readonly logRetention: RetentionDays
  readonly verbose: boolean
}

/** What one of them is. */
export interface FunctionWords {
  readonly description: string
  /** The module in the code that has the `handler`. */
  readonly entry: string
  readonly code: Code
  readonly architecture: Architecture
  /** In MB. */
  readonly memorySize: number
  readonly ephemeralStorageSize?: Size
  /** Names of the sources that it asks. */
  readonly sources: Iterable<string>
  /** What it may do besides reading its sources' credentials and booking its next call. */
  readonly statements: readonly PolicyStatement[]
  readonly wildcards: readonly Wildcard[]
  /** The database of Glue whose tables it keeps. */
  readonly database?: string
}

/** A function with a log group and a role of its own, which may do what is said and nothing else. */
export function projectFunction(scope: Construct, id: string, on: Foundation, words: FunctionWords): LambdaFunction {
  const { project, bucket, deadLetters, group, schedulerRole } = on
  const { description, entry, code, architecture, memorySize, ephemeralStorageSize } = words
  const logGroup = new LogGroup(scope, `${id}Logs`, { retention: on.logRetention, removalPolicy: RemovalPolicy.DESTROY })
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  const statements = [
    ...words.statements,
    ...keyStatements(bucket),
    ...credentialStatements(scope, project, new Set(words.sources)),
    ...bookingStatements(group, schedulerRole),
  ]
  for (const statement of statements) role.addToPolicy(statement)
  acknowledgeWildcards(role, [
    ...words.wildcards,
    { arn: schedulesIn(group), reason: 'The schedules that are booked are named after their run and their minute.' },
  ])
  const environment = {
    ...(words.database === undefined ? {} : { BROADSHEET_DATABASE: words.database }),
    BROADSHEET_STORE: `s3://${bucket.bucketName}`,
    BROADSHEET_PROJECT: 'broadsheet.yaml',
    BROADSHEET_SCHEDULE_GROUP: group.ref,
    BROADSHEET_SCHEDULER_ROLE_ARN: schedulerRole.roleArn,
    BROADSHEET_DEAD_LETTER_ARN: deadLetters.queueArn,
    BROADSHEET_VERBOSE: on.verbose ? '1' : '0',
  } satisfies EnvironmentVariables
  return new LambdaFunction(scope, id, {
    description,
    runtime: Runtime.NODEJS_24_X,
    architecture,
    handler: `${entry}.handler`,
    code,
    memorySize,
    ...(ephemeralStorageSize === undefined ? {} : { ephemeralStorageSize }),
    timeout: Duration.minutes(15),
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    environment,
    // A call that was cut off goes on at the next try; one that failed for good fails at once, without asking again.
    retryAttempts: 2,
    maxEventAge: Duration.hours(2),
    onFailure: new SqsDestination(deadLetters),
  })
}

/** The key that the store is encrypted with, if it has one of its own; through S3 only. */
function keyStatements(bucket: Bucket): PolicyStatement[] {
  const { encryptionKey } = bucket
  if (encryptionKey === undefined) return []
  return [
    new PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(bucket).region}.${Stack.of(bucket).urlSuffix}` } },
    }),
  ]
}

/** Each parameter and secret that a source refers to, by its exact name. */
function credentialStatements(scope: Construct, project: Project, asked: ReadonlySet<string>): PolicyStatement[] {
  const references = Object.values(project.sources)
    .filter((source) => asked.has(source.name))
    .flatMap(({ config }) => (config.credentials === undefined ? [] : [config.credentials]))
  const named = (scheme: string) => [
    ...new Set(references.filter((one) => one.startsWith(`${scheme}:`)).map((one) => one.slice(scheme.length + 1))),
  ]
  const stack = Stack.of(scope)
  const parameters = named('ssm').map((name) =>
    stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.replace(/^\//, '') }),
  )
  // Secrets Manager ends every secret's ARN with a hyphen and six characters of its own.
  const secrets = named('secretsmanager').map((name) =>
    stack.formatArn({
      service: 'secretsmanager',
      resource: 'secret',
      resourceName: `${name}-??????`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  )
  return [
    ...(parameters.length === 0 ? [] : [new PolicyStatement({ actions: ['ssm:GetParameter'], resources: parameters })]),
    ...(secrets.length === 0 ? [] : [new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: secrets })]),
  ]
}

/** Whoever waits books its own next call: a schedule in the project's group, made with the role that all of them have. */
function bookingStatements(group: CfnScheduleGroup, schedulerRole: Role): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ['scheduler:CreateSchedule'], resources: [schedulesIn(group)] }),
    new PolicyStatement({
      actions: ['iam:PassRole'],
      resources: [schedulerRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    }),
  ]
}

function schedulesIn(group: CfnScheduleGroup): string {
  return Stack.of(group).formatArn({ service: 'scheduler', resource: 'schedule', resourceName: `${group.ref}/*` })
}
