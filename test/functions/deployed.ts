import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { App, Stack } from 'aws-cdk-lib'
import type { BroadsheetProps } from '../../cdk/broadsheet.ts'
import { Broadsheet } from '../../cdk/broadsheet.ts'
import type { EnvironmentVariables } from '../../functions/environment.ts'
import type { Reply as ReportReply } from '../../functions/report.ts'

/** What an invocation came to, as Lambda would tell it, and what it logged. */
export interface Invoked<Reply> {
  readonly reply?: Reply
  readonly error?: { readonly errorType: string; readonly errorMessage: string }
  readonly log: string
}

/** A function as it was uploaded: the folder out of the synthesised assembly, where nothing of this repository is in reach. */
export interface Deployed<Reply = ReportReply> {
  readonly folder: string
  /** Each invocation is a container of its own. */
  invoke(event: unknown, environment: EnvironmentVariables & Record<string, string>): Promise<Invoked<Reply>>
  remove(): void
}

const runner = (entry: string) => `
import { writeFileSync } from 'node:fs'
const [answer, event] = process.argv.slice(2)
let outcome
try {
  const { handler } = await import('./${entry}.mjs')
  const end = Date.now() + 900_000
  const context = {
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:${entry}s:live',
    getRemainingTimeInMillis: () => end - Date.now(),
  }
  outcome = { reply: await handler(JSON.parse(event), context) }
} catch (error) {
  outcome = { error: { errorType: error.name, errorMessage: error.message } }
}
writeFileSync(answer, JSON.stringify(outcome))
process.exit(0)
`

/** The hash under which the assembly holds the code of the function whose handler that module has. */
function codeOf(template: Template, entry: string): string {
  const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function')
  const own = functions.filter(({ Properties }) => Properties.Handler === `${entry}.handler`)
  const [key, ...more] = own.map(({ Properties }) => Properties.Code.S3Key)
  if (key === undefined || more.length > 0) throw new Error(`the template does not have one function ${entry}`)
  return key.replace('.zip', '')
}
interface Template {
  readonly Resources: Record<string, { Type: string; Properties: { Handler: string; Code: { S3Key: string } } }>
}

/**
 * Synthesises the app with a project, and takes the bundle out of the assembly. A vendor on loopback cannot be deployed,
 * so `url` is written into the project file that lies beside the bundle, after the synth.
 */
export function deploy<Reply = ReportReply>(
  yaml: string,
  url: string,
  entry: 'report' | 'export' = 'report',
  props: Partial<BroadsheetProps> = {},
): Deployed<Reply> {
  const scratch = mkdtempSync(join(tmpdir(), 'broadsheet-deployed-'))
  const file = join(scratch, 'broadsheet.yaml')
  writeFileSync(file, yaml)
  const app = new App({ outdir: join(scratch, 'cdk.out') })
  new Broadsheet(new Stack(app, 'Reports'), 'Broadsheet', { project: file, ...props })
  const assembly = app.synth()
  const folder = join(scratch, 'task')
  cpSync(join(assembly.directory, `asset.${codeOf(assembly.getStackByName('Reports').template, entry)}`), folder, {
    recursive: true,
  })
  const project = join(folder, 'broadsheet.yaml')
  const patched = readFileSync(project, 'utf8').replace('kind: mixpanel', `kind: mixpanel, url: '${url}'`)
  writeFileSync(project, patched)
  writeFileSync(join(folder, 'runner.mjs'), runner(entry))
  mkdirSync(join(scratch, 'answers'))
  let invocations = 0
  return {
    folder,
    async invoke(event, environment) {
      invocations += 1
      const answer = join(scratch, 'answers', String(invocations))
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [join(folder, 'runner.mjs'), answer, JSON.stringify(event)],
        {
          cwd: folder,
          env: { ...environment },
          timeout: 60_000,
        },
      )
      return { ...(JSON.parse(readFileSync(answer, 'utf8')) as Omit<Invoked<Reply>, 'log'>), log: stdout + stderr }
    },
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  }
}
