import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Architecture } from 'aws-cdk-lib/aws-lambda'
import { describe, expect, it } from 'vitest'
import { Broadsheet } from '../../cdk/broadsheet.ts'
import { nativeArchitecture, nativeFolders } from '../../cdk/native.ts'
import { ProjectError, UsageError } from '../../lib/errors.ts'
import { projectFile, quickApp, stackOf, twoExports, twoReports } from './synthesised.ts'

const template = Template.fromStack(stackOf(twoExports))
const jsonOnly = twoExports.replace("at: '03:05' }", "at: '03:05', format: [json] }")
function manyExports(count: number): string {
  const one = (at: number) => `  e${at}: { source: shop, data: events, from: 2026-01-01, format: [json] }`
  return `${twoReports}\nexports:\n${Array.from({ length: count }, (_, at) => one(at)).join('\n')}\n`
}
const idOf = (of: Template, type: string, properties: object = {}) => {
  const ids = Object.keys(of.findResources(type, { Properties: properties }))
  expect(ids).toHaveLength(1)
  return ids[0] as string
}
const exporter = idOf(template, 'AWS::Lambda::Function', { Handler: 'export.handler' })
const reporter = idOf(template, 'AWS::Lambda::Function', { Handler: 'report.handler' })
const store = idOf(template, 'AWS::S3::Bucket')
const queue = idOf(template, 'AWS::SQS::Queue')

interface Statement {
  readonly Action: string | string[]
  readonly Resource: unknown
  readonly Condition?: unknown
}
/** Statements of the role that a function has. */
function statementsOf(of: Template, id: string): Statement[] {
  const role = of.findResources('AWS::Lambda::Function')[id]?.['Properties'].Role['Fn::GetAtt'][0]
  return Object.values(of.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: role }]))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
}
const statements = statementsOf(template, exporter)
const on = (start: string) =>
  statements
    .filter(({ Action }) => [Action].flat().some((action) => action.startsWith(start)))
    .map(({ Action, Resource }) => ({ Action, Resource }))
const under = (...prefixes: string[]) =>
  prefixes.map((prefix) => ({ 'Fn::Join': ['', [{ 'Fn::GetAtt': [store, 'Arn'] }, `/${prefix}/*`]] }))

describe('the schedules of exports', () => {
  it.each([
    ['events', 'cron(5 3 * * ? *)', 'UTC'],
    ['purchases', 'cron(30 * * * ? *)', 'Europe/Berlin'],
  ])('call for %s by its own words, in the zone that its days are counted in', (name, expression, zone) => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: zone,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: { 'Fn::GetAtt': [exporter, 'Arn'] },
        Input: JSON.stringify({ export: name, scheduledAt: '<aws.scheduler.scheduled-time>' }),
        RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 7200 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [queue, 'Arn'] } },
      },
    })
  })

  it('are made with a role that may call the two functions and leave dead letters, and no more', () => {
    const [scheduler] = Object.entries(template.findResources('AWS::IAM::Role')).flatMap(([id, role]) =>
      JSON.stringify(role).includes('scheduler.amazonaws.com') ? [id] : [],
    )
    const policies = Object.values(template.findResources('AWS::IAM::Policy'))
    const own = policies.filter(({ Properties }) => JSON.stringify(Properties.Roles).includes(`"${scheduler}"`))
    expect(own.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        Effect: 'Allow',
        Resource: [exporter, reporter].map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
      },
      { Action: 'sqs:SendMessage', Effect: 'Allow', Resource: { 'Fn::GetAtt': [queue, 'Arn'] } },
    ])
  })
})

describe('the function that exports', () => {
  it('has fifteen minutes, room for a large day, two processors for Parquet, and its own log', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'export.handler',
      Runtime: 'nodejs24.x',
      Timeout: 900,
      MemorySize: 3538,
      EphemeralStorage: { Size: 10240 },
      ReservedConcurrentExecutions: Match.absent(),
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: Match.stringLikeRegexp('ExportLogs') } },
    })
    Template.fromStack(stackOf(jsonOnly)).hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'export.handler',
      Architectures: ['arm64'],
      MemorySize: 1769,
    })
  })

  it('tells of what failed in the queue, after two more tries', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: exporter },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 7200,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queue, 'Arn'] } } },
    })
  })

  it('writes what its exports keep and nothing else, and removes what they replace but no claim', () => {
    const names = ['events', 'purchases']
    const own = (prefix: string) => names.map((name) => `${prefix}/${name}`)
    const sorted = (one: unknown) =>
      JSON.stringify(
        [one]
          .flat()
          .map((each) => JSON.stringify(each))
          .sort(),
      )
    const found = on('s3:').map(({ Action, Resource }) => [Action, sorted(Resource)])
    expect(found).toEqual([
      [
        ['s3:GetObject', 's3:PutObject'],
        sorted(under(...own('exports'), ...own('claims/exports'), ...own('state/exports'), 'state/limits')),
      ],
      ['s3:DeleteObject', sorted(under(...own('exports'), ...own('state/exports')))],
      [['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'], sorted(under(...own('exports')))],
      ['s3:ListBucket', sorted({ 'Fn::GetAtt': [store, 'Arn'] })],
    ])
  })

  it.each([
    [8, '/exports/e7/*'],
    [9, '/exports/*'],
  ])('of %i exports has a policy that IAM takes', (many, place) => {
    const all = Template.fromStack(stackOf(manyExports(many)))
    all.resourceCountIs('AWS::IAM::ManagedPolicy', 0)
    const own = statementsOf(all, idOf(all, 'AWS::Lambda::Function', { Handler: 'export.handler' }))
    expect(JSON.stringify(own)).toContain(`"${place}"`)
    expect(JSON.stringify(own).length).toBeLessThan(9000)
  })

  it('reads the credentials of the sources that it exports from, sends no mail, and books its next call', () => {
    expect(on('ssm:')).toEqual([])
    const secrets = JSON.stringify(on('secretsmanager:'))
    expect(secrets).toContain('broadsheet/shop-??????')
    expect(secrets).toContain('broadsheet/keen-??????')
    expect(on('ses:')).toEqual([])
    expect(on('scheduler:CreateSchedule')).toHaveLength(1)
    const reports = JSON.stringify(statementsOf(template, reporter))
    expect(reports).not.toContain('broadsheet/keen')
    expect(reports).not.toContain('DeleteObject')
  })

  it('has no right to everything of anything', () => {
    for (const { Action, Resource } of statements) {
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([])
      expect([Resource].flat()).not.toContain('*')
    }
  })

  it('is not there, nor its log, where nothing is exported', () => {
    const without = Template.fromStack(stackOf(twoReports))
    without.resourceCountIs('AWS::Lambda::Function', 1)
    without.resourceCountIs('AWS::Logs::LogGroup', 1)
  })

  it('is told of in the outputs', () => {
    const outputs = Object.entries(template.findOutputs('*'))
    const now = JSON.stringify(outputs.find(([id]) => id.includes('ExportNow'))?.[1].Value)
    expect(now).toContain(exporter)
    expect(now).toContain(String.raw`--payload '{\"export\":\"events\"}'`)
  })
})

describe('a store with a key of its own', () => {
  const stack = new Stack(quickApp(), 'Reports')
  const key = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-central-1:123456789012:key/4c0e1f2a-0b6d-4b64-9a3e-7d1f0c2b5e88')
  new Broadsheet(stack, 'Broadsheet', { project: projectFile(twoExports), encryptionKey: key })
  const own = Template.fromStack(stack)

  it('is encrypted with it, by few calls', () => {
    own.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key.keyArn } },
        ],
      },
    })
  })

  it.each(['export', 'report'])('lets the function that makes an %s use it, through S3 alone', (entry) => {
    const id = idOf(own, 'AWS::Lambda::Function', { Handler: `${entry}.handler` })
    const through = { 'Fn::Join': ['', ['s3.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] }
    expect(statementsOf(own, id).filter(({ Action }) => JSON.stringify(Action).includes('kms:'))).toEqual([
      {
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Effect: 'Allow',
        Resource: key.keyArn,
        Condition: { StringEquals: { 'kms:ViaService': through } },
      },
    ])
  })
})

describe('DuckDB’s native part', () => {
  const [here, other] =
    process.arch === 'arm64' ? [Architecture.ARM_64, Architecture.X86_64] : [Architecture.X86_64, Architecture.ARM_64]
  const cpu = other === Architecture.ARM_64 ? 'arm64' : 'x64'
  const name = `@duckdb/node-bindings-linux-${cpu}`
  const isThere = existsSync(new URL(`../../node_modules/${name}`, import.meta.url))

  it('is found for the platform that is installed, which is what is deployed then', () => {
    const folders = nativeFolders(here)
    expect(Object.keys(folders)).toHaveLength(3)
    for (const folder of Object.values(folders)) expect(existsSync(join(folder, 'package.json'))).toBe(true)
    const chosen = nativeArchitecture()
    expect(chosen).toBe(isThere ? Architecture.ARM_64 : here)
    template.hasResourceProperties('AWS::Lambda::Function', { Handler: 'export.handler', Architectures: [chosen.name] })
  })

  it.skipIf(isThere)('of another platform is refused with what installs it, where it would be bundled and nowhere else', () => {
    const project = projectFile(twoExports)
    const build = (app: App, more = {}) =>
      new Broadsheet(new Stack(app, 'Reports'), 'Broadsheet', { project, exportArchitecture: other, ...more })
    expect(() => build(new App({ outdir: join(dirname(project), 'out') }))).toThrow(UsageError)
    expect(() => nativeFolders(other)).toThrow(
      expect.objectContaining({
        message: `an export makes Parquet on linux-${cpu}, and ${name} is not installed`,
        remedy: expect.stringMatching(
          new RegExp(`^run \`npm install --no-save --force ${name}@\\d.*\`npm ci --os=linux --cpu=${cpu}\``),
        ),
      }),
    )
    const stack = build(quickApp()).node.scope as Stack
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'export.handler',
      Architectures: [other.name],
    })
  })

  it.skipIf(isThere)('is told of by the app as the command line tells it', () => {
    const project = projectFile(twoExports)
    const run = (context: object) =>
      spawnSync(process.execPath, [fileURLToPath(new URL('../../cdk/app.ts', import.meta.url))], {
        env: { CDK_CONTEXT_JSON: JSON.stringify({ project, ...context }), CDK_OUTDIR: dirname(project) },
        encoding: 'utf8',
      })
    const refused = run({ exportArchitecture: other.name })
    expect({ status: refused.status, stdout: refused.stdout }).toEqual({ status: 2, stdout: '' })
    expect(refused.stderr).toContain(`${name} is not installed; run \`npm install`)
    expect(refused.stderr).not.toContain('    at ')
    const unknown = run({ exportArchitecture: 'x64' })
    expect(unknown.stderr).toBe('there is no architecture "x64"; write arm64 or x86_64\n')
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/4c0e1f2a-0b6d-4b64-9a3e-7d1f0c2b5e88'
    expect(run({ key, 'aws:cdk:bundling-stacks': [] })).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(join(dirname(project), 'Broadsheet.template.json'), 'utf8')).toContain(key)
  })
})

describe('an export that cannot be deployed', () => {
  it('is refused where its source has its credential in the environment of one machine', () => {
    const laptop = () => stackOf(twoExports.replace('secretsmanager:broadsheet/keen', 'env:KEEN'))
    expect(laptop).toThrow(ProjectError)
    expect(laptop).toThrow('env:KEEN is in the environment of one machine; write ssm:/name or secretsmanager:name')
  })

  it('is counted among what one stack holds', () => {
    const all = () => stackOf(manyExports(299))
    expect(all).toThrow('2 reports and 299 exports, and one stack holds about 300')
  })
})
