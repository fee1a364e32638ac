import { expect, it } from 'vitest'
import { readEnvironment } from '../../functions/environment.ts'
import { UsageError } from '../../lib/errors.ts'

const whole = {
  BROADSHEET_STORE: 's3://bucket',
  BROADSHEET_PROJECT: 'broadsheet.yaml',
  BROADSHEET_SCHEDULE_GROUP: 'group',
  BROADSHEET_SCHEDULER_ROLE_ARN: 'arn:aws:iam::123456789012:role/scheduler',
  BROADSHEET_DEAD_LETTER_ARN: 'arn:aws:sqs:eu-central-1:123456789012:dead',
}

it('the project file lies beside the handler', () => {
  expect(readEnvironment('/var/task', whole)).toEqual({
    store: 's3://bucket',
    project: '/var/task/broadsheet.yaml',
    scheduleGroup: 'group',
    schedulerRoleArn: 'arn:aws:iam::123456789012:role/scheduler',
    deadLetterArn: 'arn:aws:sqs:eu-central-1:123456789012:dead',
    verbose: false,
  })
})

it('every variable that is missing or wrong is named at once', () => {
  const { BROADSHEET_PROJECT: _, ...rest } = whole
  const read = () => readEnvironment('/var/task', { ...rest, BROADSHEET_STORE: '/tmp/store' })
  expect(read).toThrow(UsageError)
  expect(read).toThrow('BROADSHEET_STORE is wrong: write s3://bucket; BROADSHEET_PROJECT is not set')
})
