import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Project, Report, SourceEntry } from '../project/project.ts'
import type { Query } from '../query.ts'
import { askedBy } from './asked.ts'
import { createChance } from './chance.ts'
import type { Instants } from './days.ts'
import { daysOf } from './days.ts'
import { happenings } from './happenings.ts'
import { createLineWriter } from './lines.ts'
import { propertiesOf } from './values.ts'

/** What was written. */
export interface Sample {
  /** Lines, repeated ones included. */
  readonly events: number
  readonly users: number
  /** Names of the files in the folder, one a day, oldest first. */
  readonly files: readonly string[]
  /** Lines that repeat an earlier one exactly. */
  readonly duplicates: number
}

const repeatedShare = 0.01
const ownFile = /^sample-\d{4}-\d{2}-\d{2}\.ndjson\.gz$/

/**
 * The project with the lake answering in place of every source, from the events in a folder (an absolute path).
 * Sources keep their names. Funnels are asked by their steps, since no vendor's saved one is at hand.
 */
export function sampleProject(project: Project, events: string): Project {
  const sources = mapValues(
    project.sources,
    ({ name }): SourceEntry => ({ name, kind: 'lake', config: { kind: 'lake', events } }),
  )
  const reports = mapValues(project.reports, (report): Report => ({ ...report, queries: report.queries.map(askedBySteps) }))
  return { ...project, sources, reports }
}

function askedBySteps(query: Query): Query {
  if (query.question.kind !== 'funnel') return query
  const { saved: _, ...question } = query.question
  return { ...query, question }
}

/**
 * Writes events that the project could have had into a folder, as Mixpanel's raw export spells them (NDJSON, gzip, a
 * file for each day in the project's zone): with its own names, properties and conditions, over the windows that its
 * queries ask about, none after the scheduled instant (one of all reports, or each report's by its name). The same project and
 * instants give the same bytes. `events` is about how many there are. Files of an earlier sample in the folder go.
 */
export async function writeSample(
  project: Project,
  at: Instants,
  folder: string,
  { events = 50_000 }: { readonly events?: number } = {},
): Promise<Sample> {
  const asked = askedBy(project)
  const names = [project.timezone, Object.keys(project.sources), Object.keys(project.reports), [...asked.events.keys()]]
  const seed = JSON.stringify(names)
  const calendar = daysOf(project, at)
  const writer = createLineWriter(seed, propertiesOf(asked.wishes), calendar.end, repeatedShare)

  await mkdir(folder, { recursive: true })
  for (const file of await readdir(folder)) if (ownFile.test(file)) await rm(join(folder, file))
  const files: string[] = []
  for (const day of happenings(asked, calendar, events / (1 + repeatedShare), createChance(seed))) {
    const file = `sample-${day.date}.ndjson.gz`
    await pipeline(writer.lines(day.happenings), createGzip({ level: 1 }), createWriteStream(join(folder, file)))
    files.push(file)
  }
  return { ...writer.written(), files }
}

function mapValues<Value, Mapped>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
