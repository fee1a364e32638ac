import { createHash } from 'node:crypto'
import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler'
import { UnavailableError } from '../lib/errors.ts'

/** Where a run's next call is booked, and who makes it. */
export interface Booking {
  readonly scheduler: SchedulerClient
  readonly group: string
  /** The function as it was invoked; a version or alias in it is left out. */
  readonly functionArn: string
  readonly roleArn: string
  readonly deadLetterArn: string
}

/** The call: what the function will be invoked with, and not before when. `identity` is what makes two calls the same. */
export interface NextCall {
  readonly run: string
  readonly input: object
  readonly identity: object
  readonly at: Date
}

/**
 * Books a one-time schedule that deletes itself. Two bookings of the same call for the same minute are one, because
 * its name is made from both; so duplicates of an invocation do not multiply. Answers when the call is made. Throws
 * UnavailableError when it could not be booked; then the invocation fails, and Lambda's own retry goes on with the run.
 */
export async function bookNextCall(call: NextCall, booking: Booking, now: Date): Promise<Date> {
  const at = wholeMinute(call.at, now)
  const time = `${at.toISOString().slice(0, 19)}`
  try {
    await booking.scheduler.send(
      new CreateScheduleCommand({
        Name: nameOf(call, time),
        GroupName: booking.group,
        Description: `${call.run} goes on here`,
        ScheduleExpression: `at(${time})`,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: {
          // $LATEST and aliases are other resources to IAM; the role may call the function itself.
          Arn: booking.functionArn.split(':').slice(0, 7).join(':'),
          RoleArn: booking.roleArn,
          Input: JSON.stringify(call.input),
          DeadLetterConfig: { Arn: booking.deadLetterArn },
          RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 2 * 3600 },
        },
      }),
    )
  } catch (error) {
    // Booked already, by another invocation of the same run.
    if (error instanceof ConflictException) return at
    throw new UnavailableError(
      `the next call of ${call.run} could not be booked: ${error instanceof Error ? error.message : error}`,
      {
        remedy: 'Lambda retries; if it persists, invoke the function again with the same event',
        cause: error,
      },
    )
  }
  return at
}

/** Schedules have whole minutes, and one whose minute has begun may never fire: at least ten seconds are left. */
function wholeMinute(at: Date, now: Date): Date {
  const minute = 60_000
  return new Date(Math.ceil(Math.max(at.getTime(), now.getTime() + 10_000) / minute) * minute)
}

/** At most 64 of `0-9a-zA-Z-_.`: the report as far as it fits, the minute, and a hash of the call. */
function nameOf(call: NextCall, time: string): string {
  const report = call.run.slice(0, call.run.indexOf('/')).slice(0, 28)
  const hash = createHash('sha256')
    .update(JSON.stringify([call.run, call.identity]))
    .digest('hex')
    .slice(0, 16)
  return `${report}.${time.replaceAll(/[-:]/g, '')}Z.${hash}`
}
