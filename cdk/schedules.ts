import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule, CfnScheduleGroup, ContextAttribute } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Invocation as ExportInvocation } from '../functions/export.ts'
import { timesOfExport } from '../functions/export-times.ts'
import type { Invocation as ReportInvocation } from '../functions/report.ts'
import type { Project } from '../lib/project/project.ts'

/**
 * The low-level resources are used here on purpose: without a name CloudFormation makes one that is unique in the
 * account, while the high-level ones derive theirs from the construct's path, which two apps can share.
 */
export function scheduleGroup(scope: Construct): CfnScheduleGroup {
  return new CfnScheduleGroup(scope, 'Schedules')
}

/** What EventBridge Scheduler becomes to call a function; only for schedules of this group. */
export function schedulerRole(scope: Construct, group: CfnScheduleGroup): Role {
  const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account, 'aws:SourceArn': group.attrArn } }
  return new Role(scope, 'SchedulerRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com', { conditions }) })
}

/** What the schedules call, and with what right. */
export interface Calling {
  readonly group: CfnScheduleGroup
  readonly role: Role
  readonly deadLetters: Queue
}

/** One schedule for each report, in its own time zone. */
export function reportSchedules(scope: Construct, project: Project, called: IFunction, calling: Calling): void {
  allowCalls(called, calling)
  for (const { name, title, schedule, timezone } of Object.values(project.reports)) {
    const input: ReportInvocation = { report: name, scheduledAt: ContextAttribute.scheduledTime, send: 'readers' }
    const description = `Broadsheet: ${title}`
    addSchedule(scope, `Schedule-${name}`, { description, expression: schedule, timezone, called, input }, calling)
  }
}

/** One schedule for each export, in the zone that its days are counted in. */
export function exportSchedules(scope: Construct, project: Project, called: IFunction, calling: Calling): void {
  allowCalls(called, calling)
  for (const entry of Object.values(project.exports)) {
    const input: ExportInvocation = { export: entry.name, scheduledAt: ContextAttribute.scheduledTime }
    const description = `Broadsheet: export ${entry.name}`
    const times = timesOfExport(project, entry)
    addSchedule(scope, `ExportSchedule-${entry.name}`, { description, ...times, called, input }, calling)
  }
}

function allowCalls(called: IFunction, { role, deadLetters }: Calling): void {
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [called.functionArn] }))
  role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }))
}

function addSchedule(
  scope: Construct,
  id: string,
  words: {
    readonly description: string
    readonly expression: string
    readonly timezone: string
    readonly called: IFunction
    readonly input: object
  },
  { group, role, deadLetters }: Calling,
): void {
  const schedule = new CfnSchedule(scope, id, {
    description: words.description.slice(0, 512),
    groupName: group.ref,
    scheduleExpression: words.expression,
    scheduleExpressionTimezone: words.timezone,
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: words.called.functionArn,
      roleArn: role.roleArn,
      input: JSON.stringify(words.input),
      deadLetterConfig: { arn: deadLetters.queueArn },
      // Left alone, Scheduler tries 185 times in 24 hours. This is delivery only; Lambda has retries of its own.
      retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 2 * 3600 },
    },
  })
  // Before the role has its policy, a call would be lost.
  schedule.node.addDependency(role)
}
