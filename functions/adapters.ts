import type { Project } from '../lib/project/project.ts'
import { sourceKinds } from '../lib/sources/index.ts'
import type { Source, SourceContext, SourceKind } from '../lib/sources/source.ts'

/** The open sources of a project, each opened when it is first asked for, all closed together. */
export interface OpenSources {
  readonly source: (name: string) => Source
  close(): Promise<void>
}

export function openSources(
  project: Project,
  context: Pick<SourceContext, 'credential' | 'ledger' | 'warn' | 'trace' | 'waits' | 'clock' | 'exported'>,
): OpenSources {
  const open = new Map<string, Source>()
  return {
    source(name) {
      const already = open.get(name)
      if (already !== undefined) return already
      const entry = project.sources[name]
      if (entry === undefined) throw new RangeError(`the project has no source ${name}`)
      const kind = (sourceKinds as Readonly<Record<string, SourceKind>>)[entry.kind]
      if (kind === undefined) throw new RangeError(`there is no kind of source ${entry.kind}`)
      const { folder, timezone } = project
      const source = kind.open(entry.config, { ...context, name, folder, timezone })
      open.set(name, source)
      return source
    },
    async close() {
      await Promise.all([...open.values()].map((source) => source.close?.()))
      open.clear()
    },
  }
}
