import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { IEmailIdentity } from 'aws-cdk-lib/aws-ses'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { EnvironmentVariables } from '../functions/environment.ts'
import { rasterAssets } from '../lib/email/raster.ts'
import { parseMailbox } from '../lib/mailbox.ts'
import type { Project } from '../lib/project/project.ts'
import { acknowledgeWildcards } from './acknowledge.ts'
import { bundledCode } from './bundling.ts'
import { storeStatements, storeWildcards } from './store-bucket.ts'

/** What the function that runs reports stands on. */
export interface ReportFunctionProps {
  readonly project: Project
  readonly bucket: Bucket
  readonly deadLetters: Queue
  readonly group: CfnScheduleGroup
  /** What EventBridge Scheduler becomes to call the function. */
  readonly schedulerRole: Role
  readonly identity?: IEmailIdentity | undefined
  readonly logRetention: RetentionDays
  readonly verbose: boolean
}

/** The function, with a role that may do what a run of this project does and nothing else. */
export function reportFunction(scope: Construct, props: ReportFunctionProps): LambdaFunction {
  const { project, bucket, deadLetters, group, schedulerRole } = props
  const logGroup = new LogGroup(scope, 'ReportLogs', { retention: props.logRetention, removalPolicy: RemovalPolicy.DESTROY })
  const role = new Role(scope, 'ReportRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  const statements = [
    ...storeStatements(bucket),
    ...credentialStatements(scope, project),
    ...mailStatements(scope, project, props.identity),
    ...bookingStatements(group, schedulerRole),
  ]
  for (const statement of statements) role.addToPolicy(statement)
  acknowledgeWildcards(role, [
    ...storeWildcards(bucket),
    { arn: schedulesIn(group), reason: 'The schedules that a run books are named after its run and their minute.' },
  ])

  const environment = {
    BROADSHEET_STORE: `s3://${bucket.bucketName}`,
    BROADSHEET_PROJECT: 'broadsheet.yaml',
    BROADSHEET_SCHEDULE_GROUP: group.ref,
    BROADSHEET_SCHEDULER_ROLE_ARN: schedulerRole.roleArn,
    BROADSHEET_DEAD_LETTER_ARN: deadLetters.queueArn,
    BROADSHEET_VERBOSE: props.verbose ? '1' : '0',
  } satisfies EnvironmentVariables
  return new LambdaFunction(scope, 'Report', {
    description: 'Broadsheet: runs one report at one scheduled instant',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'report.handler',
    code: bundledCode('report', { 'broadsheet.yaml': project.file, ...rasterAssets }),
    // Lambda gives a whole virtual CPU at 1,769 MB; charts are drawn with it.
    memorySize: 1769,
    timeout: Duration.minutes(15),
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    environment,
    // A run that was cut off goes on at the next try; one that failed for good fails at once, without asking again.
    retryAttempts: 2,
    maxEventAge: Duration.hours(2),
    onFailure: new SqsDestination(deadLetters),
  })
}

/** Each parameter and secret that a report's source refers to, by its exact name. */
function credentialStatements(scope: Construct, project: Project): PolicyStatement[] {
  const asked = new Set(Object.values(project.reports).flatMap((report) => report.queries.map((query) => query.source)))
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

/**
 * Sending from the addresses in the file, and as no other. SES looks for the right on the identity it verified: the one
 * given, or else the sender's address, its domain, or a domain above that (verifying one verifies those below it).
 */
function mailStatements(scope: Construct, project: Project, identity: IEmailIdentity | undefined): PolicyStatement[] {
  const senders = new Set(
    Object.values(project.reports).flatMap(({ email }) => (email === undefined ? [] : [addressOf(email.from)])),
  )
  if (senders.size === 0) return []
  const derived = new Set([...senders].flatMap((address) => [address, ...domainsOf(address)]))
  const identityArn = (name: string) => Stack.of(scope).formatArn({ service: 'ses', resource: 'identity', resourceName: name })
  return [
    new PolicyStatement({
      actions: ['ses:SendRawEmail'],
      resources: identity === undefined ? [...derived].map(identityArn) : [identity.emailIdentityArn],
      conditions: { StringEqualsIgnoreCase: { 'ses:FromAddress': [...senders] } },
    }),
  ]
}

/** `reports@example.com` of `Reports <reports@example.com>`; the project file has been checked. */
function addressOf(mailbox: string): string {
  const parsed = parseMailbox(mailbox)
  if ('problem' in parsed) throw new RangeError(parsed.problem)
  return parsed.address
}

/** Of `reports@mail.example.com`: mail.example.com and example.com, and no top-level domain. */
function domainsOf(address: string): string[] {
  const labels = address.slice(address.lastIndexOf('@') + 1).split('.')
  return labels.slice(1).map((_, at) => labels.slice(at).join('.'))
}

/** A run that waits books its own next call: a schedule in the project's group, made with the role that all of them have. */
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
