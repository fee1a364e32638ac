import { Stack } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Architecture } from 'aws-cdk-lib/aws-lambda'
import type { IEmailIdentity } from 'aws-cdk-lib/aws-ses'
import type { Construct } from 'constructs'
import { rasterAssets } from '../lib/email/raster.ts'
import { parseMailbox } from '../lib/mailbox.ts'
import type { Project } from '../lib/project/project.ts'
import { bundledCode } from './bundling.ts'
import type { Foundation } from './project-function.ts'
import { projectFunction } from './project-function.ts'
import { listStatement, prefixWildcards, under } from './store-bucket.ts'

/** Where a run keeps things. It removes none of them: even a claim that is given back stays, marked as such. */
const written = ['reports', 'results', 'claims', 'state']

/** The function that runs reports; `identity` is what SES verified, where it is not the sender's address or domain. */
export function reportFunction(scope: Construct, on: Foundation, identity: IEmailIdentity | undefined): LambdaFunction {
  const { project, bucket } = on
  return projectFunction(scope, 'Report', on, {
    description: 'Broadsheet: runs one report at one scheduled instant',
    entry: 'report',
    code: bundledCode('report', { 'broadsheet.yaml': project.file, ...rasterAssets }),
    architecture: Architecture.ARM_64,
    // Lambda gives a whole virtual CPU at 1,769 MB; charts are drawn with it.
    memorySize: 1769,
    sources: Object.values(project.reports).flatMap((report) => report.queries.flatMap(({ source = [] }) => source)),
    statements: [
      new PolicyStatement({ actions: ['s3:GetObject', 's3:PutObject'], resources: under(bucket, written) }),
      listStatement(bucket),
      ...mailStatements(scope, project, identity),
    ],
    wildcards: prefixWildcards(bucket, written, 'are made of names and instants'),
  })
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
