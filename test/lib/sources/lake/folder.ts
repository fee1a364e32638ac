import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Temporal } from 'temporal-polyfill'
import * as query from '../../../../lib/query.ts'
import { lake } from '../../../../lib/sources/lake/index.ts'
import type { Ask, Source, SourceContext } from '../../../../lib/sources/source.ts'
import type { Calendar, ComparisonName, Timeframe } from '../../../../lib/timeframe.ts'
import { parseDuration, resolveWindows } from '../../../../lib/timeframe.ts'

export interface Line {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** A line as Mixpanel exports it; `time` is ISO 8601. */
export function line(event: string, time: string, distinct_id: unknown, properties: Record<string, unknown> = {}): Line {
  return { event, properties: { time: Temporal.Instant.from(time).epochMilliseconds / 1000, distinct_id, ...properties } }
}

export type Content = readonly Line[] | string | Buffer

/** A folder with these files (a name that ends with .gz is compressed), and a lake over it; gone when disposed. */
export async function lakeOf(files: Readonly<Record<string, Content>>, under = 'events'): Promise<Lake> {
  const project = await mkdtemp(join(tmpdir(), 'lake test '))
  await mkdir(join(project, under))
  await writeFiles(join(project, under), files)
  const source = openLake({ kind: 'lake', events: under }, { folder: project })
  return {
    project,
    folder: join(project, under),
    source,
    async [Symbol.asyncDispose]() {
      await source.close?.()
      await rm(project, { recursive: true })
    },
  }
}

export interface Lake extends AsyncDisposable {
  readonly project: string
  readonly folder: string
  readonly source: Source
}

export async function writeFiles(folder: string, files: Readonly<Record<string, Content>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    const text = typeof content === 'string' || Buffer.isBuffer(content) ? content : linesOf(content)
    await writeFile(join(folder, name), name.endsWith('.gz') && !Buffer.isBuffer(text) ? gzipSync(text) : text)
  }
}

export function linesOf(lines: readonly Line[]): string {
  return lines.map((one) => `${JSON.stringify(one)}\n`).join('')
}

export function openLake(
  config: { kind: 'lake'; events?: string; export?: string; wait?: string },
  context: Partial<SourceContext>,
): Source {
  return lake.open(config, {
    name: 'own',
    folder: tmpdir(),
    timezone: 'UTC',
    credential: () => Promise.reject(new Error('a lake has no credential')),
    trace: () => {},
    clock: () => new Date('2026-11-20T00:00:00Z'),
    ...context,
  })
}

export interface Framing extends Partial<Calendar> {
  readonly at?: string
  readonly timeframe?: Timeframe
  readonly trend?: Timeframe
  readonly compare?: readonly ComparisonName[]
  readonly title?: string
}

export function segmentationAsk(question: Record<string, unknown>, framing: Framing = {}): Ask<'segmentation'> {
  return { ...framed(framing), question: { kind: 'segmentation', ...query.segmentation.parse(question) } }
}

export function funnelAsk(question: Record<string, unknown>, framing: Framing = {}): Ask<'funnel'> {
  const parsed = query.funnel.parse(question)
  const within = parseDuration(parsed.within)
  return { ...framed(framing, { within, immature: parsed.immature }), question: { kind: 'funnel', ...parsed } }
}

export function retentionAsk(question: Record<string, unknown>, framing: Framing = {}): Ask<'retention'> {
  return { ...framed(framing), question: { kind: 'retention', ...query.retention.parse(question) } }
}

export function frequencyAsk(question: Record<string, unknown>, framing: Framing = {}): Ask<'frequency'> {
  return { ...framed(framing), question: { kind: 'frequency', ...query.frequency.parse(question) } }
}

export function topAsk(question: Record<string, unknown>, framing: Framing = {}): Ask<'top'> {
  return { ...framed(framing), question: { kind: 'top', ...query.top.parse(question) } }
}

/** Monday 9 November 2026 in Berlin, the week before, unless said. */
function framed(
  { at = '2026-11-09T07:00:00Z', timezone = 'Europe/Berlin', weekStart = 'monday', title = 'The title', ...framing }: Framing,
  funnel: { within?: number | undefined; immature?: boolean } = {},
) {
  const { timeframe = 'previous_1_week', trend, compare = [] } = framing
  const calendar = { timezone, weekStart } as const
  const scheduledAt = Temporal.Instant.from(at)
  const windows = resolveWindows({ timeframe, trend, compare, ...funnel }, scheduledAt, calendar)
  return { title, calendar, scheduledAt, windows }
}

export function answersOf(source: Source) {
  const { segmentation, funnel, retention, frequency, top } = source.answers
  if (!segmentation || !funnel || !retention || !frequency || !top) throw new Error('a lake answers them all')
  return { segmentation, funnel, retention, frequency, top }
}
