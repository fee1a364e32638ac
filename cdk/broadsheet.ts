import { CfnOutput, Tags } from 'aws-cdk-lib'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { IEmailIdentity } from 'aws-cdk-lib/aws-ses'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { ProjectError, UsageError } from '../lib/errors.ts'
import { deploymentMistakes } from '../lib/project/deployment.ts'
import { loadProject } from '../lib/project/load.ts'
import { deadLetterQueue } from './dead-letters.ts'
import { reportFunction } from './report-function.ts'
import { reportSchedules, scheduleGroup, schedulerRole } from './report-schedules.ts'
import { storeBucket } from './store-bucket.ts'

export interface BroadsheetProps {
  /** The project file, or the folder that holds `broadsheet.yaml`. */
  readonly project: string
  /** The SES identity that mails are sent as; unless given, each sender's address, its domain or one above that, whichever SES verified. */
  readonly identity?: IEmailIdentity
  /** How long the function's logs are kept; three months unless said. */
  readonly logRetention?: RetentionDays
  /** Logs each call to a vendor: method, path, status, milliseconds. */
  readonly verbose?: boolean
}

/** A stack of CloudFormation holds 500 resources. */
const mostReports = 300

/**
 * A project, deployed: the store, the function that runs its reports, and a schedule for each. It has no fixed physical
 * names, so any number of them live in one account. Throws ProjectError, naming file and line, for a project file that
 * is wrong or cannot be deployed as it is.
 */
export class Broadsheet extends Construct {
  readonly bucket: Bucket
  readonly reportFunction: LambdaFunction
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, props: BroadsheetProps) {
    super(scope, id)
    const project = loadProject(props.project)
    const mistakes = deploymentMistakes(project)
    if (mistakes.length > 0) throw new ProjectError(mistakes)
    const reports = Object.values(project.reports)
    if (reports.length > mostReports) {
      throw new UsageError(`${project.file} has ${reports.length} reports, and one stack holds about ${mostReports}`, {
        remedy: 'split the project: two files, each deployed as a stack of its own',
      })
    }

    const group = scheduleGroup(this)
    const role = schedulerRole(this, group)
    this.bucket = storeBucket(this)
    this.deadLetters = deadLetterQueue(this)
    this.reportFunction = reportFunction(this, {
      project,
      bucket: this.bucket,
      deadLetters: this.deadLetters,
      group,
      schedulerRole: role,
      identity: props.identity,
      logRetention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      verbose: props.verbose === true,
    })
    reportSchedules(this, { reports, group, role, reportFunction: this.reportFunction, deadLetters: this.deadLetters })
    Tags.of(this).add('application', 'broadsheet')
    this.#outputs(reports[0]?.name)
  }

  #outputs(report: string | undefined): void {
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName, description: 'The store' })
    new CfnOutput(this, 'FunctionName', { value: this.reportFunction.functionName, description: 'Runs a report' })
    new CfnOutput(this, 'DeadLettersUrl', {
      value: this.deadLetters.queueUrl,
      description: 'What failed, or was never delivered',
    })
    if (report === undefined) return
    const payload = JSON.stringify({ report })
    new CfnOutput(this, 'RunNow', {
      description: 'Runs the latest scheduled instant and sends nothing; add "send": {"to": "you@example.com"} to get the mail',
      value: `aws lambda invoke --function-name ${this.reportFunction.functionName} --cli-read-timeout 900 --cli-binary-format raw-in-base64-out --payload '${payload}' /dev/stdout`,
    })
  }
}
