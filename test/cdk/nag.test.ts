import { Validations } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { expect, it } from 'vitest'
import { quickApp, stackOf, twoExports, twoReports } from './synthesised.ts'

/** ARNs read differently once account and region are known, and so do the findings. */
it.each([
  { where: 'anywhere', env: undefined },
  { where: 'in a known account and region', env: { account: '123456789012', region: 'eu-central-1' } },
])('a stack $where has no finding of cdk-nag that nobody gave a reason for', ({ env }) => {
  const app = quickApp()
  stackOf(twoExports, env === undefined ? { app } : { app, env })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  app.synth()
})

it('cdk-nag does look: a bucket that is open to plain HTTP stops the synth', () => {
  const app = quickApp()
  const stack = stackOf(twoReports, { app })
  new Bucket(stack, 'Open')
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  expect(() => app.synth()).toThrow('AwsSolutions-S10')
})
