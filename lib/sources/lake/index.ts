import { resolve } from 'node:path'
import { RefusedError, WaitError } from '../../errors.ts'
import type { Question } from '../../query.ts'
import { parseDuration } from '../../timeframe.ts'
import type { AnsweredKind, Answers, Ask, Source, SourceContext, SourceKind } from '../source.ts'
import type { Events } from './client.ts'
import { createLakeClient } from './client.ts'
import type { EventFile } from './input.ts'
import { describeExported, filesIn } from './input.ts'
import type { Asking } from './questions.ts'
import { questions } from './questions.ts'
import type { Config } from './schema.ts'
import { config, usualWait } from './schema.ts'
import { macros } from './sql.ts'

/** Events of one's own, asked with DuckDB: a folder, or what an export keeps. */
export const lake = {
  kind: 'lake',
  schema: config,
  kinds: Object.keys(questions) as AnsweredKind[],
  refuse,
  open,
} satisfies SourceKind<typeof config>

/** More than a report has questions, so that all of them share one load; the client runs one statement at a time. */
const concurrency = 32

/** The table of questions has the same keys as the kinds of `Asking`; TypeScript cannot follow one key through both. */
function askingOf(kind: Question['kind']): Asking<AnsweredKind> | undefined {
  return (questions as Readonly<Record<string, unknown>>)[kind] as Asking<AnsweredKind> | undefined
}

function refuse(_config: Config, question: Question): string | undefined {
  const asking = askingOf(question.kind)
  if (asking === undefined) return `a lake answers ${lake.kinds.join(', ')}, not ${question.kind}`
  return asking.refuse(question as never)
}

function open(config: Config, context: SourceContext): Source {
  const client = createLakeClient()
  const folder = config.events === undefined ? undefined : resolve(context.folder, config.events)
  let listing: Promise<EventFile[]> | undefined

  /** Questions that come together share the walk; later ones see what has come since. */
  function filesOf(ask: Ask<AnsweredKind>): Promise<EventFile[]> {
    if (folder === undefined) return exportedFiles(config, ask, context)
    listing ??= filesIn(folder, context.folder).finally(() => {
      listing = undefined
    })
    return listing
  }

  async function answer(ask: Ask<AnsweredKind>, asking: Asking<AnsweredKind>): Promise<object> {
    const started = performance.now()
    const reads = asking.reads(ask.question as never)
    const body = await client.withEvents(await filesOf(ask), reads, (events) => asking.answer(ask as never, events, client))
    context.trace(`${context.name} ${ask.question.kind} ${Math.round(performance.now() - started)} ms`)
    return body
  }

  return {
    label: config.export === undefined ? `lake (${config.events})` : `lake (export ${config.export})`,
    concurrency,
    answers: Object.fromEntries(
      lake.kinds.flatMap((kind) => {
        const asking = askingOf(kind)
        return asking === undefined ? [] : [[kind, (ask: Ask<AnsweredKind>) => answer(ask, asking)]]
      }),
    ) as Answers,
    explain,
    close: client.close,
  }
}

/** The files of every stretch that a question reads. Waits, and in the end refuses, where the export has not kept one. */
async function exportedFiles(config: Config, ask: Ask<AnsweredKind>, context: SourceContext): Promise<EventFile[]> {
  const name = config.export ?? ''
  // Waiting would be for what never comes.
  if (context.exported === undefined)
    throw new RefusedError(`lake ${context.name} reads export ${name}, and nobody hands it exports here`)
  const files = new Set<string>()
  const missing = new Set<string>()
  const never = new Set<string>()
  const expired = new Set<string>()
  const columns = new Map<string, string>()
  let localZone: string | undefined
  for (const { start, end } of askingOf(ask.question.kind)?.stretches(ask as never) ?? []) {
    const [from, to] = [start, end].map(({ epochMilliseconds }) => new Date(epochMilliseconds)) as [Date, Date]
    const exported = await context.exported(name, from, to)
    for (const file of exported.files) files.add(file)
    for (const window of exported.missing) missing.add(window)
    for (const window of exported.never ?? []) never.add(window)
    for (const window of exported.expired ?? []) expired.add(window)
    for (const [property, column] of exported.columns ?? []) columns.set(property, column)
    localZone = exported.localZone
  }
  if (never.size > 0) {
    throw new RefusedError(`export ${name} begins after ${listed([...never].toSorted())}, of which the question asks`, {
      remedy: `let it begin earlier (\`from:\` of export ${name}; it counts days in a zone of its own), or ask of a later time`,
    })
  }
  if (expired.size > 0) {
    throw new RefusedError(`export ${name} keeps ${listed([...expired].toSorted())} no more, of which the question asks`, {
      remedy: `make \`keep\` of export ${name} longer and run broadsheet export ${name}, which asks the vendor for them again; or ask of a later time`,
    })
  }
  if (missing.size > 0) throw notKept(config, [...missing].toSorted(), ask, context)
  if (files.size === 0) throw new RefusedError(`export ${name} has kept nothing of the time that is asked for`)
  return describeExported({ files: [...files], columns, localZone }, context.folder)
}

/** Milliseconds after which a run looks again for windows that it waits for. */
const lookAgain = 5 * 60_000

function notKept(
  config: Config,
  missing: readonly string[],
  ask: Ask<AnsweredKind>,
  context: SourceContext,
): WaitError | RefusedError {
  const message = `export ${config.export} has not kept ${listed(missing)}`
  const seconds = parseDuration(config.wait ?? usualWait) ?? 0
  const deadline = ask.scheduledAt.epochMilliseconds + seconds * 1000
  const now = context.clock().getTime()
  if (now < deadline) {
    const until = new Date(Math.min(deadline, now + lookAgain))
    return new WaitError(message, { until, remedy: 'the run goes on when the export has' })
  }
  return new RefusedError(message, {
    remedy: `export those days, then run the report again (broadsheet export ${config.export})`,
  })
}

function listed(windows: readonly string[]): string {
  return (windows.length > 8 ? [...windows.slice(0, 8), `${windows.length - 8} more`] : windows).join(', ')
}

/** The SQL, with what its columns stand for. */
function explain(ask: Ask): string[] {
  const { question } = ask
  const asking = askingOf(question.kind)
  if (asking === undefined) return []
  const reads = asking.reads(question as never)
  const properties = [...new Set(reads.properties)]
  const events: Events = {
    table: 'events',
    dropped: 'dropped',
    shapes: 'shapes',
    column: (property) => `p${properties.indexOf(property)}`,
  }
  const statements = asking.statements(ask as never, events)
  return [
    '-- events(event, person, micros, insert_id, …): each event once; a property is its JSON text',
    ...(reads.shapes === true ? ['-- shapes(shape, names): which properties are set together; each event has its shape'] : []),
    ...properties.map((property, at) => `-- p${at} is ${JSON.stringify(property)}`),
    ...[...macros, ...statements].flatMap((statement) => `${statement};`.split('\n')),
  ]
}
