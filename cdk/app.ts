import { resolve } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Architecture } from 'aws-cdk-lib/aws-lambda'
import { EmailIdentity } from 'aws-cdk-lib/aws-ses'
import { BroadsheetError, UsageError } from '../lib/errors.ts'
import { Broadsheet } from './broadsheet.ts'

// npm run deploy -- --context project=/path/to/broadsheet.yaml --context stack=Growth --context identity=example.com
//   --context key=arn:aws:kms:… --context exportArchitecture=x86_64
const app = new App()
const project: string = app.node.tryGetContext('project') ?? 'broadsheet.yaml'
const stack = new Stack(app, app.node.tryGetContext('stack') ?? 'Broadsheet', {
  description: 'Broadsheet: scheduled reports and exports',
})
const name: string | undefined = app.node.tryGetContext('identity')
const mail = name === undefined ? {} : { identity: EmailIdentity.fromEmailIdentityName(stack, 'Identity', name) }
const key: string | undefined = app.node.tryGetContext('key')
const store = key === undefined ? {} : { encryptionKey: Key.fromKeyArn(stack, 'Key', key) }
const architecture: string | undefined = app.node.tryGetContext('exportArchitecture')
try {
  new Broadsheet(stack, 'Broadsheet', {
    project: resolve(import.meta.dirname, '..', project),
    ...mail,
    ...store,
    ...(architecture === undefined ? {} : { exportArchitecture: architectureNamed(architecture) }),
  })
} catch (error) {
  if (!(error instanceof BroadsheetError)) throw error
  process.stderr.write(`${error.message}${error.remedy === undefined ? '' : `; ${error.remedy}`}\n`)
  process.exit(2)
}

function architectureNamed(name: string): Architecture {
  const found = [Architecture.ARM_64, Architecture.X86_64].find((one) => one.name === name)
  if (found === undefined) throw new UsageError(`there is no architecture "${name}"`, { remedy: 'write arm64 or x86_64' })
  return found
}
