import { Temporal } from 'temporal-polyfill'
import { UsageError } from '../lib/errors.ts'
import { describeProject, outlineProject } from '../lib/project/describe.ts'
import { projectJsonSchema } from '../lib/project/json-schema.ts'
import { loadProject } from '../lib/project/load.ts'
import { consumerJsonSchema } from '../lib/report/manifest.ts'

/** Prints what was understood of the project file; a wrong one throws ProjectError. */
export async function check(options: { readonly project: string; readonly json?: boolean }): Promise<void> {
  const project = loadProject(options.project)
  const now = Temporal.Now.instant()
  process.stdout.write(
    options.json === true ? `${JSON.stringify(outlineProject(project, now), null, 2)}\n` : `${describeProject(project, now)}\n`,
  )
}

export function printSchema(what: string): void {
  const schemas: Record<string, () => unknown> = {
    project: projectJsonSchema,
    result: () => consumerJsonSchema('result'),
    manifest: () => consumerJsonSchema('manifest'),
  }
  const schema = schemas[what]
  if (schema === undefined) throw new UsageError(`there is no schema of "${what}"`, { remedy: 'say project, result or manifest' })
  process.stdout.write(`${JSON.stringify(schema(), null, 2)}\n`)
}
