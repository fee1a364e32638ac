import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { EmailIdentity } from 'aws-cdk-lib/aws-ses'
import { describe, expect, it } from 'vitest'
import { Broadsheet } from '../../cdk/broadsheet.ts'
import { ProjectError, UsageError } from '../../lib/errors.ts'
import { projectFile, quickApp, stackOf, twoReports } from './synthesised.ts'

const template = Template.fromStack(stackOf(twoReports))
/** The id of the only resource of a type. */
const only = (type: string, properties: object = {}) => {
  const ids = Object.keys(template.findResources(type, { Properties: properties }))
  expect(ids).toHaveLength(1)
  return ids[0] as string
}
const reportFunction = only('AWS::Lambda::Function')
const deadLetters = only('AWS::SQS::Queue')
const group = only('AWS::Scheduler::ScheduleGroup')
const store = only('AWS::S3::Bucket')

interface Statement {
  readonly Action: string | string[]
  readonly Effect: string
  readonly Resource: unknown
  readonly Condition?: unknown
}
/** Statements that a service's role has. */
function statementsOf(service: string): Statement[] {
  const roles = Object.entries(template.findResources('AWS::IAM::Role')).filter(([, role]) =>
    JSON.stringify(role).includes(service),
  )
  const policies = Object.values(template.findResources('AWS::IAM::Policy'))
  return policies
    .filter(({ Properties }) => roles.some(([id]) => JSON.stringify(Properties.Roles).includes(`"${id}"`)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
}
/** Per statement that lets somebody send. */
function identitiesIn(of: Template): unknown[] {
  return Object.values(of.findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
    .filter(({ Action }) => Action === 'ses:SendRawEmail')
    .map(({ Resource }) => Resource)
}
const arn = (service: string, rest: string) => ({
  'Fn::Join': [
    '',
    ['arn:', { Ref: 'AWS::Partition' }, `:${service}:`, { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, `:${rest}`],
  ],
})

describe('schedules', () => {
  it('call each report at its own times in its own zone, and say the scheduled instant', () => {
    template.resourceCountIs('AWS::Scheduler::Schedule', 2)
    for (const [report, expression, zone] of [
      ['weekly-growth', 'cron(0 8 ? * MON *)', 'Europe/Berlin'],
      ['shop-pulse', 'rate(1 day)', 'America/New_York'],
    ]) {
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        GroupName: { Ref: group },
        ScheduleExpression: expression,
        ScheduleExpressionTimezone: zone,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: { 'Fn::GetAtt': [reportFunction, 'Arn'] },
          Input: JSON.stringify({ report, scheduledAt: '<aws.scheduler.scheduled-time>', send: 'readers' }),
        },
      })
    }
  })

  it('stop trying after two hours, and then leave the call in the dead-letter queue', () => {
    template.allResourcesProperties('AWS::Scheduler::Schedule', {
      Target: Match.objectLike({
        RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 7200 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [deadLetters, 'Arn'] } },
      }),
    })
  })

  it('are the only ones that may become the caller, which may only call the function and leave dead letters', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' }, 'aws:SourceArn': { 'Fn::GetAtt': [group, 'Arn'] } },
            },
          },
        ],
      },
    })
    expect(statementsOf('scheduler.amazonaws.com')).toEqual([
      { Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: { 'Fn::GetAtt': [reportFunction, 'Arn'] } },
      { Action: 'sqs:SendMessage', Effect: 'Allow', Resource: { 'Fn::GetAtt': [deadLetters, 'Arn'] } },
    ])
  })
})

describe('the function', () => {
  const properties = template.findResources('AWS::Lambda::Function')[reportFunction]?.['Properties']
  const statements = statementsOf('lambda.amazonaws.com')
  const of = (action: string) => statements.filter(({ Action }) => [Action].flat().includes(action))

  it('runs on Node 24 with a log group of its own that forgets', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'report.handler',
      Timeout: 900,
      MemorySize: 1769,
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: only('AWS::Logs::LogGroup') } },
    })
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 })
  })

  it('tells of a failed run in the queue, after two more tries', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 7200,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [deadLetters, 'Arn'] } } },
    })
  })

  it('knows names and no secret', () => {
    const { Variables } = properties.Environment
    expect(Object.keys(Variables).sort()).toEqual([
      'BROADSHEET_DEAD_LETTER_ARN',
      'BROADSHEET_PROJECT',
      'BROADSHEET_SCHEDULER_ROLE_ARN',
      'BROADSHEET_SCHEDULE_GROUP',
      'BROADSHEET_STORE',
      'BROADSHEET_VERBOSE',
    ])
    expect(JSON.stringify(Variables)).not.toContain('/broadsheet/product')
  })

  it('reads exactly the credentials of the sources that reports ask', () => {
    expect(of('ssm:GetParameter').map(({ Resource }) => Resource)).toEqual([arn('ssm', 'parameter/broadsheet/product')])
    expect(of('secretsmanager:GetSecretValue').map(({ Resource }) => Resource)).toEqual([
      arn('secretsmanager', 'secret:broadsheet/shop-??????'),
    ])
  })

  it('sends as the addresses in the file and as nobody else', () => {
    expect(of('ses:SendRawEmail')).toEqual([
      {
        Action: 'ses:SendRawEmail',
        Effect: 'Allow',
        Resource: [arn('ses', 'identity/example.com'), arn('ses', 'identity/reports@example.com')],
        Condition: { StringEqualsIgnoreCase: { 'ses:FromAddress': ['reports@example.com'] } },
      },
    ])
  })

  it('sends as the identity that it is given', () => {
    const stack = new Stack(quickApp(), 'Reports')
    const identity = EmailIdentity.fromEmailIdentityName(stack, 'Identity', 'mail.example.com')
    new Broadsheet(stack, 'Broadsheet', { project: projectFile(twoReports), identity })
    expect(identitiesIn(Template.fromStack(stack))).toEqual([arn('ses', 'identity/mail.example.com')])
  })

  it('sends as a domain above the sender’s, which SES may have verified alone, and as no top-level one', () => {
    const sender = twoReports.replace('reports@example.com', 'Reports@eu.mail.Example.com')
    expect(identitiesIn(Template.fromStack(stackOf(sender)))).toEqual([
      ['eu.mail.example.com', 'example.com', 'mail.example.com', 'Reports@eu.mail.example.com']
        .map((name) => arn('ses', `identity/${name}`))
        .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)),
    ])
  })

  it('sends as the identity that the app is told on the command line', () => {
    const project = projectFile(twoReports)
    const context = { project, identity: 'example.com', 'aws:cdk:bundling-stacks': [] }
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('../../cdk/app.ts', import.meta.url))], {
      env: { CDK_CONTEXT_JSON: JSON.stringify(context), CDK_OUTDIR: dirname(project) },
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const written = readFileSync(join(dirname(project), 'Broadsheet.template.json'), 'utf8')
    expect(JSON.stringify(identitiesIn(Template.fromJSON(JSON.parse(written))))).toMatch(/^[^@]*identity\/example\.com[^@]*$/)
  })

  it('writes only where runs are kept, removes nothing, and may list so that a missing key reads as missing', () => {
    const under = (prefix: string) => ({ 'Fn::Join': ['', [{ 'Fn::GetAtt': [store, 'Arn'] }, `/${prefix}/*`]] })
    expect(statements.filter(({ Action }) => JSON.stringify(Action).includes('"s3:'))).toEqual([
      {
        Action: ['s3:GetObject', 's3:PutObject'],
        Effect: 'Allow',
        Resource: ['claims', 'reports', 'results', 'state'].map(under),
      },
      { Action: 's3:ListBucket', Effect: 'Allow', Resource: { 'Fn::GetAtt': [store, 'Arn'] } },
    ])
  })

  it('books its next call in its own group, with the role that the schedules have', () => {
    expect(of('scheduler:CreateSchedule').map(({ Resource }) => Resource)).toEqual([
      {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':scheduler:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':schedule/',
            { Ref: group },
            '/*',
          ],
        ],
      },
    ])
    const [pass] = of('iam:PassRole')
    expect(pass?.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } })
    expect(JSON.stringify(pass?.Resource)).toContain('SchedulerRole')
  })

  it('has no right to everything of anything', () => {
    for (const { Action, Resource, Effect } of statements) {
      expect(Effect).toBe('Allow')
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([])
      expect([Resource].flat()).not.toContain('*')
    }
  })
})

describe('the store', () => {
  it('outlives the stack, encrypted, versioned and closed to the public and to plain HTTP', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
        LifecycleConfiguration: {
          Rules: [Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' })],
        },
      },
    })
    for (const policy of ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy']) {
      template.hasResourceProperties(policy, {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      })
    }
  })

  it('tells EventBridge of its objects without a function to set that up', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    })
    template.resourceCountIs('AWS::Lambda::Function', 1)
  })
})

describe('stacks', () => {
  it('live side by side: nothing in them has a fixed name', () => {
    const app = quickApp()
    const stacks = [stackOf(twoReports, { app, id: 'One' }), stackOf(twoReports, { app, id: 'Two' })]
    const named = ['BucketName', 'FunctionName', 'RoleName', 'QueueName', 'LogGroupName', 'Name']
    for (const stack of stacks) {
      for (const [id, { Type, Properties }] of Object.entries(
        Template.fromStack(stack).toJSON()['Resources'] as Record<string, never>,
      )) {
        // A reference to another resource's generated name is none; an event configuration names the function that it is for.
        const fixed = named.filter((name) => typeof Properties[name] === 'string')
        expect({ id, Type, fixed }).toEqual({ id, Type, fixed: [] })
      }
    }
  })

  it('hold a construct beside another one', () => {
    const stack = new Stack(quickApp(), 'Both')
    for (const id of ['Growth', 'Shop']) new Broadsheet(stack, id, { project: projectFile(twoReports) })
    Template.fromStack(stack).resourceCountIs('AWS::S3::Bucket', 2)
  })

  it('say how to find the store and how to run a report now', () => {
    const outputs = Object.entries(template.findOutputs('*'))
    const named = (name: string) => JSON.stringify(outputs.find(([id]) => id.includes(name))?.[1].Value)
    expect(named('BucketName')).toContain(store)
    expect(named('FunctionName')).toContain(reportFunction)
    expect(named('RunNow')).toContain(String.raw`--payload '{\"report\":\"weekly-growth\"}'`)
  })
})

describe('a project that cannot be deployed', () => {
  it('is refused at synth with file, line and column', () => {
    const wrong = projectFile(twoReports.replace('MON', 'MOON'))
    const synth = () => new Broadsheet(new Stack(quickApp(), 'Reports'), 'Broadsheet', { project: wrong })
    expect(synth).toThrow(ProjectError)
    expect(synth).toThrow(`${wrong}:12:15: `)
  })

  it('is told by the app as the command line tells it, without a stack', () => {
    const project = projectFile(twoReports.replace('MON', 'MOON'))
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL('../../cdk/app.ts', import.meta.url))],
      {
        env: { CDK_CONTEXT_JSON: JSON.stringify({ project }), CDK_OUTDIR: dirname(project) },
        encoding: 'utf8',
      },
    )
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(`${project}:12:15: `)
    expect(stderr).not.toContain('    at ')
  })

  it('is refused when a credential stands in an environment variable, which a deployed function does not have', () => {
    const laptop = () => stackOf(twoReports.replace('ssm:/broadsheet/product', 'env:MIXPANEL'))
    expect(laptop).toThrow(ProjectError)
    expect(laptop).toThrow('env:MIXPANEL')
  })

  it('is refused when it has more reports than a stack holds', () => {
    const report = (number: number) => `
  r${number}: { title: R, schedule: rate(1 day), queries: { q: { source: s, segmentation: { event: E }, timeframe: previous_1_day } } }`
    const many = `
timezone: UTC
sources: { s: { kind: mixpanel, project: 1, credentials: ssm:/s } }
reports:${Array.from({ length: 301 }, (_, number) => report(number)).join('')}
`
    expect(() => stackOf(many)).toThrow(UsageError)
    expect(() => stackOf(many)).toThrow('301 reports')
  })
})
