import { relative } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { printMistake } from '../errors.ts'
import type { SourceKind } from '../sources/source.ts'
import type { Timeframe } from '../timeframe.ts'
import type { Outline, QueryOutline, ReportOutline, SourceOutline } from './outline.ts'
import { askedKinds, outlineProject } from './outline.ts'
import type { Project } from './project.ts'

export { outlineProject } from './outline.ts'

/** Columns that a line takes; longer texts go on below their beginning. */
const width = 100

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** What `check` says: what was understood of a project, the next runs, and what the next one will ask. No line break at its end. */
export function describeProject(project: Project, now: Temporal.Instant, kinds?: Readonly<Record<string, SourceKind>>): string {
  const outline = outlineProject(project, now, kinds)
  return [
    headline(outline),
    ...outline.reports.map(reportText),
    ...(outline.sources.length === 0 ? [] : [sourcesText(outline.sources)]),
    ...(outline.exports.length === 0 ? [] : [exportsText(outline.exports)]),
    ...(outline.warnings.length === 0
      ? []
      : [['Not in this version', ...outline.warnings.map((one) => `  ${printMistake(one)}`)].join('\n')]),
  ].join('\n\n')
}

function headline({ file, timezone, weekStart, locale, reports, sources }: Outline): string {
  const below = relative(process.cwd(), file)
  const queries = reports.reduce((sum, report) => sum + report.queries.length, 0)
  const counts = [counted(reports.length, 'report'), counted(queries, 'query', 'queries'), counted(sources.length, 'source')]
  return [
    `${below.startsWith('..') ? file : below} is right: ${counts.join(', ')}`,
    `Time zone ${timezone}; weeks start on ${weekStart === 'monday' ? 'Monday' : 'Sunday'}; numbers as in ${locale}.`,
  ].join('\n')
}

function reportText(report: ReportOutline): string {
  const [next, ...later] = report.next.map((time) => shortTime(time))
  const rows: [string, string][] = [
    ['schedule', `${report.schedule} in ${report.timezone}`],
    ['next runs', next ?? `none: the schedule is over; below is ${shortTime(report.run)}`],
    ...later.map((time): [string, string] => ['', time]),
    ['mail', mailWords(report)],
    ...(report.owner === undefined ? [] : [['owner', report.owner] as [string, string]]),
    ['figures', report.figures.join(', ') || 'none'],
  ]
  return [
    report.title === report.name ? report.title : `${report.title} (${report.name})`,
    ...rows.flatMap(([label, text]) => hanging(`  ${label.padEnd(11)}`, text)),
    ...report.queries.flatMap((query) => ['', ...queryLines(query)]),
  ].join('\n')
}

function mailWords({ email }: ReportOutline): string {
  if (email === undefined) return 'none: nobody is named in `email`; the answers are kept'
  const attached = email.attach === undefined ? '' : ', with each answer as CSV'
  return `to ${email.to.join(', ')} from ${email.from}${attached}`
}

function queryLines(query: QueryOutline): string[] {
  const { timeframe, undated = '', trend, comparisons } = query
  const of = query.source === undefined ? '' : ` of ${query.source}`
  const rows: [string, string, string][] = [
    timeframe === undefined
      ? ['period', undated, '']
      : ['period', saysOf(timeframe.says), `${spanWords(timeframe)}${stateOf(timeframe)}`],
    ...(trend === undefined ? [] : [['trend', saysOf(trend.says), spanWords(trend)] as [string, string, string]]),
    ...comparisons.map((compared): [string, string, string] => ['against', compared.to, spanWords(compared)]),
  ]
  const wide = Math.max(...rows.map(([, says]) => says.length))
  return [
    ...hanging(`  ${query.name}: `, query.title === query.name ? `${query.kind}${of}` : `${query.title}, ${query.kind}${of}`, 4),
    ...hanging('    ', query.asks, 4),
    ...rows.map(([label, says, span]) => `    ${label.padEnd(8)}${says.padEnd(wide)}  ${span}`.trimEnd()),
  ]
}

function saysOf(timeframe: Timeframe): string {
  return typeof timeframe === 'string' ? timeframe : 'fixed dates'
}

function stateOf({ partial, immature, moved }: NonNullable<QueryOutline['timeframe']>): string {
  if (moved) return ', as later entrants still have time'
  if (partial) return ', still running'
  return immature ? ', its last entrants still have time' : ''
}

function sourcesText(sources: readonly SourceOutline[]): string {
  const names = Math.max(...sources.map(({ name }) => name.length))
  const kinds = Math.max(...sources.map(({ kind }) => kind.length))
  return [
    'Sources',
    ...sources.flatMap(({ name, kind, config }) =>
      hanging(`  ${name.padEnd(names)}  ${kind.padEnd(kinds)}  `, configWords(config)),
    ),
    '',
    `  ${' '.repeat(names)}  ${askedKinds.join('  ')}`,
    ...sources.map(({ name, answers }) => {
      const cells = askedKinds.map((kind) => (answers[kind] === true ? 'yes' : '–').padEnd(kind.length))
      return `  ${name.padEnd(names)}  ${cells.join('  ')}`.trimEnd()
    }),
  ].join('\n')
}

/** What the file says of a source; its credentials are references. */
function configWords(config: Readonly<Record<string, unknown>>): string {
  return Object.entries(config)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => (isBudget(value) ? `${key} ${value.perHour} per hour` : `${key} ${String(value)}`))
    .join(', ')
}

function isBudget(value: unknown): value is { perHour: number } {
  return typeof value === 'object' && value !== null && 'perHour' in value
}

function exportsText(exports: Outline['exports']): string {
  return ['Exports', ...exports.flatMap((entry) => hanging(`  ${entry.name}: `, exportWords(entry), 4))].join('\n')
}

function exportWords(entry: Outline['exports'][number]): string {
  const { data, source, every, at, from, to, order, format, schema, catalog, events, where, sync, refresh, keep, drop } = entry
  const parts = [
    `${data}${catalog === undefined ? '' : ` ${catalog}`} of ${source}, every ${every}${at === undefined ? '' : ` at ${at}`}`,
    `from ${from}${to === undefined ? '' : ` until ${to}, that day left out`}, the ${order} first`,
    `as ${format.join(' and ')}${schema === 'multi' ? ', a file for each event' : ''}`,
    events === undefined ? '' : `only ${events.join(', ')}`,
    where === undefined ? '' : `where ${where}`,
    drop === undefined ? '' : `without ${drop.join(', ')}`,
    sync === undefined ? '' : `${lastWords(sync)} looked at again each time`,
    refresh === undefined ? '' : `the last ${secondsWords(refresh.back).replace(/^1 /, '')} once a ${refresh.every}`,
    keep === undefined ? '' : `kept for ${secondsWords(keep)}`,
  ]
  return parts.filter((part) => part !== '').join('; ')
}

const units = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const

/** `the last day is`, `the last 5 days are` */
function lastWords(seconds: number): string {
  const words = secondsWords(seconds)
  return words.startsWith('1 ') ? `the last ${words.slice(2)} is` : `the last ${words} are`
}

function secondsWords(seconds: number): string {
  const [size, unit] = units.find(([length]) => seconds % length === 0) ?? [1, 'second']
  const count = seconds / size
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** `Mon 2026-11-09 to Sun 2026-11-15`, or with times where it is not made of whole days. The last day is in it. */
function spanWords({ start, end }: { readonly start: string; readonly end: string }): string {
  const [from, to] = [start, end].map((time) => Temporal.PlainDateTime.from(time)) as [
    Temporal.PlainDateTime,
    Temporal.PlainDateTime,
  ]
  const isMidnight = (time: Temporal.PlainDateTime) => time.toPlainTime().equals('00:00')
  if (!isMidnight(from) || !isMidnight(to)) return `${shortTime(start)} to ${shortTime(end)}`
  const [first, last] = [from.toPlainDate(), to.toPlainDate().subtract({ days: 1 })]
  return first.equals(last) ? shortDate(first) : `${shortDate(first)} to ${shortDate(last)}`
}

/** `Mon 2026-11-16 08:00 +01:00` */
function shortTime(time: string): string {
  const at = Temporal.PlainDateTime.from(time)
  return `${shortDate(at.toPlainDate())} ${at.toPlainTime().toString({ smallestUnit: 'minute' })} ${time.slice(19)}`
}

function shortDate(date: Temporal.PlainDate): string {
  return `${weekdays[date.dayOfWeek - 1]} ${date}`
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** A text after its label, broken at spaces; what goes on stands under its beginning, or where it is told to. */
function hanging(label: string, text: string, indent = label.length): string[] {
  const lines: string[] = []
  let line = label
  let fresh = true
  for (const word of text.split(' ')) {
    if (!fresh && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ' '.repeat(indent)
      fresh = true
    }
    line += fresh ? word : ` ${word}`
    fresh = false
  }
  return [...lines, line]
}
