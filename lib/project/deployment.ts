import type { Mistake } from '../errors.ts'
import { sourceKinds } from '../sources/index.ts'
import type { SourceKind } from '../sources/source.ts'
import type { Project } from './project.ts'

type Path = readonly (string | number)[]

/**
 * What is right on a laptop and cannot work once it is deployed: folders and addresses of one machine, and credentials
 * in its environment. In the file's order; empty for a project that can be deployed.
 */
export function deploymentMistakes(project: Project): Mistake[] {
  const mistakes: Mistake[] = []
  const say = (path: Path, message: string, remedy: string) => {
    const place = project.where?.(path) ?? { file: project.file, line: 1, column: 1 }
    mistakes.push({ ...place, message, remedy })
  }
  for (const { name, kind, config } of Object.values(project.sources)) {
    const { credentials, url, events } = config
    if (credentials?.startsWith('env:') === true) {
      const remedy = 'write ssm:/name or secretsmanager:name, and put the credential there'
      say(['sources', name, 'credentials'], `${credentials} is in the environment of one machine`, remedy)
    }
    const variables = (sourceKinds as Readonly<Record<string, SourceKind>>)[kind]?.variables ?? []
    if (credentials === undefined && variables.length > 0) {
      const remedy = 'add `credentials: ssm:/name` or `credentials: secretsmanager:name`, and put the credential there'
      say(['sources', name], `without \`credentials\` ${name} reads ${variables.join(', ')}, which one machine has`, remedy)
    }
    if (typeof url === 'string' && isLoopback(url)) {
      say(['sources', name, 'url'], `${url} is an address of one machine`, 'leave out `url` to ask the vendor itself')
    }
    if (kind === 'lake' && typeof events === 'string' && !events.startsWith('s3://')) {
      say(['sources', name, 'events'], `${events} is a folder of one machine`, 'leave the source out')
    }
  }
  for (const report of Object.values(project.reports)) {
    for (const { name, source } of report.queries) {
      if (source === undefined || project.sources[source]?.kind !== 'lake') continue
      const message = `query ${name} of ${report.name} asks ${source}, and this version answers a lake on one machine only`
      say(['reports', report.name, 'queries', name, 'source'], message, 'ask the vendor that the events come from')
    }
  }
  return mistakes.sort((one, other) => one.line - other.line || one.column - other.column)
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127\./.test(hostname)
}
