import { Stack, Validations } from 'aws-cdk-lib'
import type { Construct } from 'constructs'

/** A resource with a wildcard that a role needs, and why. */
export interface Wildcard {
  readonly arn: string
  readonly reason: string
}

/**
 * Tells cdk-nag why a role may have these wildcards, each by itself: any other one is still found. cdk-nag names a
 * finding by the ARN as the template has it, with references in angle brackets.
 */
export function acknowledgeWildcards(role: Construct, wildcards: readonly Wildcard[]): void {
  const stack = Stack.of(role)
  for (const { arn, reason } of wildcards) {
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${printed(stack.resolve(arn))}]`, reason })
  }
}

type Resolved = string | { 'Fn::Join': [string, Resolved[]] } | { 'Fn::GetAtt': [string, string] } | { Ref: string }

function printed(value: Resolved): string {
  if (typeof value === 'string') return value
  if ('Fn::Join' in value) return value['Fn::Join'][1].map(printed).join(value['Fn::Join'][0])
  return `<${'Ref' in value ? value.Ref : value['Fn::GetAtt'].join('.')}>`
}
