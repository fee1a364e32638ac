import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A booked schedule, as CreateSchedule was given it. */
export interface Booked {
  readonly Name: string
  readonly GroupName: string
  readonly ScheduleExpression: string
  readonly ScheduleExpressionTimezone: string
  readonly ActionAfterCompletion: string
  readonly Target: {
    readonly Arn: string
    readonly RoleArn: string
    readonly Input: string
    readonly DeadLetterConfig: { readonly Arn: string }
    readonly RetryPolicy: { readonly MaximumRetryAttempts: number; readonly MaximumEventAgeInSeconds: number }
  }
}

/** EventBridge Scheduler on loopback, as far as booking a schedule goes: one group, names taken once. */
export interface SchedulerServer {
  readonly url: string
  readonly booked: readonly Booked[]
  close(): Promise<void>
}

export async function startScheduler(group: string): Promise<SchedulerServer> {
  const booked: Booked[] = []
  const server = createServer(async (request, response) => {
    const Name = decodeURIComponent(/^\/schedules\/([^/?]+)$/.exec(request.url ?? '')?.[1] ?? '')
    const schedule = { ...((await json(request)) as Omit<Booked, 'Name'>), Name }
    const problem = problemOf(schedule)
    const [status, type] =
      request.method !== 'POST' || problem !== undefined
        ? [400, 'ValidationException']
        : schedule.GroupName !== group
          ? [404, 'ResourceNotFoundException']
          : booked.some((other) => other.Name === Name)
            ? [409, 'ConflictException']
            : [200, undefined]
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(type === undefined ? {} : { 'x-amzn-errortype': type }),
    })
    if (type === undefined) booked.push(schedule)
    const arn = `arn:aws:scheduler:eu-central-1:123456789012:schedule/${group}/${Name}`
    response.end(JSON.stringify(type === undefined ? { ScheduleArn: arn } : { Message: problem ?? type }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    booked,
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** What the service refuses, by its API reference. */
function problemOf(schedule: Booked): string | undefined {
  if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(schedule.Name)) return 'Name'
  if (!/^at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)$/.test(schedule.ScheduleExpression)) return 'ScheduleExpression'
  if (!schedule.Target?.Arn.startsWith('arn:') || !schedule.Target.RoleArn.startsWith('arn:')) return 'Target'
  return undefined
}
