import { CfnOutput, Tags } from 'aws-cdk-lib'
import type { CfnDatabase } from 'aws-cdk-lib/aws-glue'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Architecture, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { IEmailIdentity } from 'aws-cdk-lib/aws-ses'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { ProjectError, UsageError } from '../lib/errors.ts'
import { deploymentMistakes } from '../lib/project/deployment.ts'
import { loadProject } from '../lib/project/load.ts'
import { catalogueDatabase } from './catalogue.ts'
import { deadLetterQueue } from './dead-letters.ts'
import { exportFunction } from './export-function.ts'
import { reportFunction } from './report-function.ts'
import { exportSchedules, reportSchedules, scheduleGroup, schedulerRole } from './schedules.ts'
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
  /** A key of KMS that the store is encrypted with; S3's own unless given. Its policy lets the account's roles use it. */
  readonly encryptionKey?: IKey
  /**
   * What the function that exports runs on. Unless given: ARM64, but where an export says parquet and DuckDB's native part
   * is installed for x86_64 only, that.
   */
  readonly exportArchitecture?: Architecture
}

/** A stack of CloudFormation holds 500 resources. */
const mostSchedules = 300

/**
 * A project, deployed: the store, the functions that run its reports and its exports, and a schedule for each. It has no
 * fixed physical names, so any number of them live in one account. Throws ProjectError, naming file and line, for a
 * project file that is wrong or cannot be deployed as it is, and UsageError where something is not installed here.
 */
export class Broadsheet extends Construct {
  readonly bucket: Bucket
  readonly reportFunction: LambdaFunction
  /** Only in a project with exports. */
  readonly exportFunction: LambdaFunction | undefined
  /** The tables of its exports, for Athena; only where one has any. */
  readonly database: CfnDatabase | undefined
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, props: BroadsheetProps) {
    super(scope, id)
    const project = loadProject(props.project)
    const mistakes = deploymentMistakes(project)
    if (mistakes.length > 0) throw new ProjectError(mistakes)
    const [reports, exports] = [Object.values(project.reports), Object.values(project.exports)]
    if (reports.length + exports.length > mostSchedules) {
      const has = `${reports.length} reports${exports.length === 0 ? '' : ` and ${exports.length} exports`}`
      throw new UsageError(`${project.file} has ${has}, and one stack holds about ${mostSchedules}`, {
        remedy: 'split the project: two files, each deployed as a stack of its own',
      })
    }

    const group = scheduleGroup(this)
    const role = schedulerRole(this, group)
    this.bucket = storeBucket(this, props.encryptionKey)
    this.deadLetters = deadLetterQueue(this)
    const foundation = {
      project,
      bucket: this.bucket,
      deadLetters: this.deadLetters,
      group,
      schedulerRole: role,
      logRetention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      verbose: props.verbose === true,
    }
    const calling = { group, role, deadLetters: this.deadLetters }
    this.reportFunction = reportFunction(this, foundation, props.identity)
    reportSchedules(this, project, this.reportFunction, calling)
    if (exports.length > 0) {
      this.database = exports.some(({ glue }) => glue !== false) ? catalogueDatabase(this) : undefined
      const { database } = this
      this.exportFunction = exportFunction(this, foundation, { architecture: props.exportArchitecture, database })
      exportSchedules(this, project, this.exportFunction, calling)
    }
    Tags.of(this).add('application', 'broadsheet')
    this.#outputs(reports[0]?.name, exports[0]?.name)
  }

  #outputs(report: string | undefined, exported: string | undefined): void {
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName, description: 'The store' })
    new CfnOutput(this, 'FunctionName', { value: this.reportFunction.functionName, description: 'Runs a report' })
    new CfnOutput(this, 'DeadLettersUrl', {
      value: this.deadLetters.queueUrl,
      description: 'What failed, or was never delivered',
    })
    if (this.database !== undefined) {
      new CfnOutput(this, 'DatabaseName', { value: this.database.ref, description: 'The tables of the exports, in Athena' })
    }
    if (report !== undefined) {
      new CfnOutput(this, 'RunNow', {
        description: 'Runs the latest scheduled instant and sends nothing; add "send": {"to": "you@example.com"} to get the mail',
        value: invocationOf(this.reportFunction, { report }),
      })
    }
    if (exported !== undefined && this.exportFunction !== undefined) {
      new CfnOutput(this, 'ExportNow', {
        description: 'Exports what is due; add "from" and "to" (days) to look at those again, "resume": true if it was canceled',
        value: invocationOf(this.exportFunction, { export: exported }),
      })
    }
  }
}

function invocationOf({ functionName }: LambdaFunction, payload: object): string {
  return `aws lambda invoke --function-name ${functionName} --cli-read-timeout 900 --cli-binary-format raw-in-base64-out --payload '${JSON.stringify(payload)}' /dev/stdout`
}
