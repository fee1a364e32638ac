import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule, CfnScheduleGroup, ContextAttribute } from 'aws-cdk-lib/aws-scheduler'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Invocation } from '../functions/report.ts'
import type { Report } from '../lib/project/project.ts'

/**
 * The low-level resources are used here on purpose: without a name CloudFormation makes one that is unique in the
 * account, while the high-level ones derive theirs from the construct's path, which two apps can share.
 */
export function scheduleGroup(scope: Construct): CfnScheduleGroup {
  return new CfnScheduleGroup(scope, 'Schedules')
}

/** What EventBridge Scheduler becomes to call the function; only for schedules of this group. */
export function schedulerRole(scope: Construct, group: CfnScheduleGroup): Role {
  const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account, 'aws:SourceArn': group.attrArn } }
  return new Role(scope, 'SchedulerRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com', { conditions }) })
}

/** One schedule for each report, in its own time zone. */
export function reportSchedules(
  scope: Construct,
  props: {
    readonly reports: readonly Report[]
    readonly group: CfnScheduleGroup
    readonly role: Role
    readonly reportFunction: IFunction
    readonly deadLetters: Queue
  },
): void {
  const { group, role, reportFunction, deadLetters } = props
  role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [reportFunction.functionArn] }))
  role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }))
  for (const report of props.reports) {
    const input: Invocation = { report: report.name, scheduledAt: ContextAttribute.scheduledTime, send: 'readers' }
    const schedule = new CfnSchedule(scope, `Schedule-${report.name}`, {
      description: `Broadsheet: ${report.title}`.slice(0, 512),
      groupName: group.ref,
      scheduleExpression: report.schedule,
      scheduleExpressionTimezone: report.timezone,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: reportFunction.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify(input),
        deadLetterConfig: { arn: deadLetters.queueArn },
        // Left alone, Scheduler tries 185 times in 24 hours. This is delivery only; Lambda has retries of its own.
        retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 2 * 3600 },
      },
    })
    // Before the role has its policy, a call would be lost.
    schedule.node.addDependency(role)
  }
}
