import { resolve } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { EmailIdentity } from 'aws-cdk-lib/aws-ses'
import { BroadsheetError } from '../lib/errors.ts'
import { Broadsheet } from './broadsheet.ts'

// npm run deploy -- --context project=/path/to/broadsheet.yaml --context stack=Growth --context identity=example.com
const app = new App()
const project: string = app.node.tryGetContext('project') ?? 'broadsheet.yaml'
const stack = new Stack(app, app.node.tryGetContext('stack') ?? 'Broadsheet', { description: 'Broadsheet: scheduled reports' })
const name: string | undefined = app.node.tryGetContext('identity')
const mail = name === undefined ? {} : { identity: EmailIdentity.fromEmailIdentityName(stack, 'Identity', name) }
try {
  new Broadsheet(stack, 'Broadsheet', { project: resolve(import.meta.dirname, '..', project), ...mail })
} catch (error) {
  if (!(error instanceof BroadsheetError)) throw error
  process.stderr.write(`${error.message}${error.remedy === undefined ? '' : `; ${error.remedy}`}\n`)
  process.exit(2)
}
