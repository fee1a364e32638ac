import { Aws, Fn, Names, Stack } from 'aws-cdk-lib'
import { CfnDatabase } from 'aws-cdk-lib/aws-glue'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import type { Wildcard } from './acknowledge.ts'

/**
 * The database of Glue's Data Catalog in which exports keep their tables. It goes with the stack: what it tells of stays in
 * the store, and the tables come back from there.
 *
 * It has a name of its own, because the one that Glue would make has capitals and a hyphen, which Athena does not take. Its
 * end is a part of the stack's id, so that no two stacks meet, whatever app made them.
 */
export function catalogueDatabase(scope: Construct): CfnDatabase {
  const path = Names.uniqueResourceName(scope, { maxLength: 60, separator: '_' }).toLowerCase()
  const id = Fn.select(2, Fn.split('/', Aws.STACK_ID))
  return new CfnDatabase(scope, 'Database', {
    catalogId: Aws.ACCOUNT_ID,
    databaseInput: {
      name: Fn.join('_', [path, Fn.select(0, Fn.split('-', id))]),
      description: 'Exports of Broadsheet: a table for each, and one for its windows',
    },
  })
}

/** To Glue a table stands in its database and that in the catalog; a right to it is a right to all three. */
export function catalogueStatement(database: CfnDatabase): PolicyStatement {
  return new PolicyStatement({
    actions: ['glue:CreateTable', 'glue:DeleteTable', 'glue:GetTable', 'glue:UpdateTable'],
    resources: [arnOf(database, 'catalog'), arnOf(database, 'database', database.ref), tablesArn(database)],
  })
}

export function catalogueWildcards(database: CfnDatabase): Wildcard[] {
  return [{ arn: tablesArn(database), reason: 'All tables of a database that the exporter alone writes, and no other one.' }]
}

function tablesArn(database: CfnDatabase): string {
  return arnOf(database, 'table', `${database.ref}/*`)
}

function arnOf(database: CfnDatabase, resource: string, resourceName?: string): string {
  return Stack.of(database).formatArn({ service: 'glue', resource, ...(resourceName === undefined ? {} : { resourceName }) })
}
