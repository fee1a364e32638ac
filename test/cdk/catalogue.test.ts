import { Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { Broadsheet } from '../../cdk/broadsheet.ts'
import { projectFile, quickApp, stackOf, twoExports, twoReports } from './synthesised.ts'

const template = Template.fromStack(stackOf(twoExports))
const databasesOf = (of: Template) => Object.entries(of.findResources('AWS::Glue::Database'))
const nameOf = (database: unknown) =>
  (database as { Properties: { DatabaseInput: { Name: object } } }).Properties.DatabaseInput.Name
/** As CloudFormation would resolve it in a stack of that id. */
function resolved(value: unknown, uuid: string): string {
  if (typeof value === 'string') return value
  const [[word = '', of] = []] = Object.entries(value as object)
  if (word === 'Ref' && of === 'AWS::StackId') return `arn:aws:cloudformation:eu-central-1:123456789012:stack/Reports/${uuid}`
  const [first, second] = of as [string | number, unknown]
  if (word === 'Fn::Join') return (second as unknown[]).map((one) => resolved(one, uuid)).join(String(first))
  const { 'Fn::Split': [by, whole] = ['', ''] } = second as { 'Fn::Split'?: [string, unknown] }
  if (word === 'Fn::Select') return resolved(whole, uuid).split(by)[Number(first)] ?? ''
  throw new TypeError(`not known here: ${word}`)
}
const uuid = '9c8e7d60-c7e1-11f0-a1b2-0a1b2c3d4e5f'

describe('the database of the tables', () => {
  const [[id = '', database] = []] = databasesOf(template)

  it('has a name that Athena takes', () => {
    expect(databasesOf(template)).toHaveLength(1)
    expect(resolved(nameOf(database), uuid)).toMatch(/^[a-z][a-z0-9_]*_9c8e7d60$/)
  })

  it('is another one for another stack of the same app elsewhere, and for a second construct', () => {
    const other = '0a0b0c0d-c7e1-11f0-a1b2-0a1b2c3d4e5f'
    expect(resolved(nameOf(database), other)).not.toBe(resolved(nameOf(database), uuid))
    const stack = new Stack(quickApp(), 'Reports')
    for (const one of ['One', 'Two']) new Broadsheet(stack, one, { project: projectFile(twoExports) })
    const names = databasesOf(Template.fromStack(stack)).map(([, each]) => resolved(nameOf(each), uuid))
    expect(new Set(names).size).toBe(2)
  })

  it('is what the function that exports is told of, and may keep tables in, and in no other', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'export.handler',
      Environment: { Variables: Match.objectLike({ BROADSHEET_DATABASE: { Ref: id } }) },
    })
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'report.handler',
      Environment: { Variables: Match.objectLike({ BROADSHEET_DATABASE: Match.absent() }) },
    })
    const glue = Object.values(template.findResources('AWS::IAM::Policy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as { Action: unknown; Resource: unknown }[])
      .filter(({ Action }) => JSON.stringify(Action).includes('glue:'))
    const arn = (...rest: unknown[]) => ({
      'Fn::Join': [
        '',
        ['arn:', { Ref: 'AWS::Partition' }, ':glue:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ...rest],
      ],
    })
    expect(glue).toEqual([
      {
        Action: ['glue:CreateTable', 'glue:DeleteTable', 'glue:GetTable', 'glue:UpdateTable'],
        Effect: 'Allow',
        Resource: [arn(':catalog'), arn(':database/', { Ref: id }), arn(':table/', { Ref: id }, '/*')],
      },
    ])
  })

  it('is told of in the outputs', () => {
    expect(Object.values(template.findOutputs('*')).map(({ Value }) => Value)).toContainEqual({ Ref: id })
  })

  it.each([
    ['nothing is exported', twoReports],
    ['no export wants tables', twoExports.replaceAll(', from: 2026', ', glue: false, from: 2026')],
  ])('is not there where %s', (_, yaml) => {
    const without = Template.fromStack(stackOf(yaml))
    expect(databasesOf(without)).toEqual([])
    expect(JSON.stringify(without.toJSON())).not.toContain('glue:')
    expect(JSON.stringify(without.toJSON())).not.toContain('BROADSHEET_DATABASE')
  })

  it('is there as long as one export wants tables', () => {
    const one = Template.fromStack(stackOf(twoExports.replace(', from: 2026', ', glue: false, from: 2026')))
    expect(databasesOf(one)).toHaveLength(1)
  })
})
