import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { loadProject } from '../../lib/project/load.ts'
import { askOf } from '../../lib/report/ask.ts'
import { sampleProject } from '../../lib/sample/index.ts'
import { lake } from '../../lib/sources/lake/index.ts'

/**
 * `node lake.ts <events folder> <query> …`: questions of the example's weekly report on one source; prints the seconds of
 * each, the loading in the first one's, and peak memory, as JSON.
 */
const [folder = '', ...names] = process.argv.slice(2)
const project = sampleProject(loadProject(join(import.meta.dirname, '..', '..')), folder)
const report = project.reports['weekly-growth']
if (report === undefined) throw new Error('the example has no weekly-growth')
const at = Temporal.Instant.from('2026-11-16T07:00:00Z')
const source = lake.open({ kind: 'lake', events: folder } as never, {
  name: 'own',
  folder,
  timezone: project.timezone,
  credential: () => Promise.reject(new Error('a lake on a folder has no credential')),
  trace: () => undefined,
  clock: () => new Date(at.epochMilliseconds),
})

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return (performance.now() - begun) / 1000
}

async function answer(name: string): Promise<unknown> {
  const query = report?.queries.find((candidate) => candidate.name === name)
  if (query === undefined || report === undefined) throw new Error(`the example has no query ${name}`)
  const ask = askOf(query, report, at)
  const kind = ask.question.kind === 'funnel' ? 'funnel' : 'segmentation'
  return source.answers[kind]?.(ask as never)
}

const took: Record<string, number> = {}
for (const name of names) took[name] = await seconds(() => answer(name))
await source.close?.()
process.stdout.write(JSON.stringify({ ...took, megabytes: process.resourceUsage().maxRSS / 1024 }))
