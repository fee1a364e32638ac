import { resolve } from 'node:path'
import * as z from 'zod'
import { UsageError } from '../lib/errors.ts'

/** The one place that reads `process.env`; everything else is handed what it needs. */
const environment = z.object({
  /** `s3://bucket`, or `s3://bucket/prefix`. */
  BROADSHEET_STORE: z.string().regex(/^s3:\/\/[^/]+/, 'write s3://bucket'),
  /** The project file, beside the handler unless it is absolute. */
  BROADSHEET_PROJECT: z.string().min(1),
  /** The name of the schedule group in which a run books its next call. */
  BROADSHEET_SCHEDULE_GROUP: z.string().min(1),
  /** What EventBridge Scheduler becomes to make that call. */
  BROADSHEET_SCHEDULER_ROLE_ARN: z.string().startsWith('arn:'),
  /** Where a call goes that could not be delivered. */
  BROADSHEET_DEAD_LETTER_ARN: z.string().startsWith('arn:'),
  /** The database of Glue in which exports have their tables; without it they have none. */
  BROADSHEET_DATABASE: z.string().min(1).optional(),
  /** `1` logs each call to a vendor: method, path, status, milliseconds. */
  BROADSHEET_VERBOSE: z.enum(['0', '1']).default('0'),
})

/** The names that the deployment gives the function; the construct writes exactly these. */
export type EnvironmentVariables = z.input<typeof environment>

/** What a deployed function is told of its surroundings. */
export interface Environment {
  readonly store: string
  /** An absolute path. */
  readonly project: string
  readonly scheduleGroup: string
  readonly schedulerRoleArn: string
  readonly deadLetterArn: string
  readonly database: string | undefined
  readonly verbose: boolean
}

/**
 * `folder` is the handler's own. A function cannot be told its own ARN here, because a resource of CloudFormation
 * cannot refer to itself: it is in each invocation's context. Throws UsageError naming each variable that is wrong.
 */
export function readEnvironment(folder: string, variables: NodeJS.ProcessEnv = process.env): Environment {
  const read = environment.safeParse(variables)
  if (!read.success) {
    const problems = read.error.issues.map((issue) => {
      const name = issue.path.join('.')
      return variables[name] === undefined ? `${name} is not set` : `${name} is wrong: ${issue.message}`
    })
    throw new UsageError(`the function's environment is incomplete: ${problems.join('; ')}`, {
      remedy: 'deploy it with the Broadsheet construct, which sets these variables',
    })
  }
  const { data } = read
  return {
    store: data.BROADSHEET_STORE,
    project: resolve(folder, data.BROADSHEET_PROJECT),
    scheduleGroup: data.BROADSHEET_SCHEDULE_GROUP,
    schedulerRoleArn: data.BROADSHEET_SCHEDULER_ROLE_ARN,
    deadLetterArn: data.BROADSHEET_DEAD_LETTER_ARN,
    database: data.BROADSHEET_DATABASE,
    verbose: data.BROADSHEET_VERBOSE === '1',
  }
}

/** What `env:NAME` refers to; an empty variable counts as none. */
export function readVariable(name: string): string | undefined {
  const value = process.env[name]
  return value === '' ? undefined : value
}
