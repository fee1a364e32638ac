import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Project } from '../../../lib/project/project.ts'
import type { Query } from '../../../lib/query.ts'
import { query as querySchema, questionKinds } from '../../../lib/query.ts'
import type { Instants } from '../../../lib/sample/days.ts'
import { type Sample, writeSample } from '../../../lib/sample/index.ts'

export interface MadeEvent {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>> & { readonly time: number; readonly distinct_id: string }
}

/** A project with one report for each entry, its queries as an author writes them. */
export function projectOf(reports: Record<string, Record<string, object>>, timezone = 'Europe/Berlin'): Project {
  const calendar = { timezone, weekStart: 'monday' } as const
  return {
    ...calendar,
    file: '/somewhere/broadsheet.yaml',
    folder: '/somewhere',
    locale: 'en-GB',
    sources: {
      product: { name: 'product', kind: 'mixpanel', config: { kind: 'mixpanel', project: '7', credentials: 'env:PRODUCT' } },
      own: { name: 'own', kind: 'lake', config: { kind: 'lake', export: 'events' } },
    },
    reports: Object.fromEntries(
      Object.entries(reports).map(([name, queries]) => [
        name,
        {
          ...calendar,
          name,
          title: name,
          schedule: 'cron(0 8 ? * MON *)',
          hold: 7200,
          figures: [],
          alerts: [],
          queries: queriesOf(queries),
        },
      ]),
    ),
    exports: {},
    warnings: [],
  }
}

function queriesOf(queries: Record<string, object>): Query[] {
  return Object.entries(queries).map(([name, written]) => {
    const parsed = querySchema.parse({ timeframe: 'previous_1_week', compare: ['previous', 'year'], ...written })
    const kind = questionKinds.find((each) => parsed[each] !== undefined)
    if (kind === undefined) throw new Error('the schema lets one question through')
    const { timeframe, trend, compare, better } = parsed
    const question = { ...parsed[kind], kind } as Query['question']
    return { name, title: name, source: 'product', question, timeframe: timeframe ?? '', trend, compare: compare ?? [], better }
  })
}

export interface Made extends Sample {
  readonly project: Project
  /** Every line, repeated ones included, in the order of the files. */
  readonly lines: readonly string[]
  /** Each event once. */
  readonly once: readonly MadeEvent[]
  /** What the files hold, compressed. */
  readonly bytes: readonly Buffer[]
}

/** Writes a sample into a folder of its own, reads it back and cleans up. */
export async function make(project: Project, at: Instants, options?: { readonly events?: number }): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), 'sample-'))
  try {
    const sample = await writeSample(project, at, folder, options)
    const bytes = await Promise.all(sample.files.map((file) => readFile(join(folder, file))))
    const lines = bytes.flatMap((each) => gunzipSync(each).toString().split('\n').slice(0, -1))
    const once = [...new Set(lines)].map((line): MadeEvent => JSON.parse(line))
    return { ...sample, project, lines, once, bytes }
  } finally {
    await rm(folder, { recursive: true })
  }
}
