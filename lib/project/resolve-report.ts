import { parseMailbox } from '../mailbox.ts'
import type { Query } from '../query.ts'
import { checkName, inWords, namesAt } from './names.ts'
import type { Report } from './project.ts'
import type { Reader } from './reader.ts'
import type { Frame } from './resolve-query.ts'
import { resolveQuery } from './resolve-query.ts'
import { resolveRatio } from './resolve-ratio.ts'
import type { Defaults } from './schema.ts'
import { report as reportSchema } from './schema.ts'
import type { Surroundings } from './surroundings.ts'
import type { Path } from './tree.ts'

const twoHours = 7200
const tiles = 4
/** manifest.json, latest.json and email.html; a query's answer is kept under its name. */
const ownFiles = ['manifest', 'latest', 'email']

/** One report; undefined where something in it is wrong, which has then been said. */
export function resolveReport(around: Surroundings, name: string): Report | undefined {
  const { reader, defaults } = around
  const path = ['reports', name]
  const { data: own } = reader.fields(reportSchema, path, ['queries'])
  const names = queryNames(around, path)
  const timezone = reader.raw([...path, 'timezone']) === undefined ? around.timezone : own.timezone
  const frame: Frame = {
    path: [...path, 'queries'],
    timezone,
    names,
    timeframe: own.timeframe ?? defaults.timeframe,
    compare: own.compare ?? defaults.compare,
  }
  const queries = resolveQueries(around, frame)
  if (reader.raw(frame.path) !== undefined) {
    checkFigures(around, path, names)
    checkAlerts(around, path, names)
  }
  const email = resolveEmail(around, path, own.email)
  if (timezone === undefined || own.schedule === undefined || queries === undefined) return undefined
  return {
    name,
    title: own.title ?? inWords(name),
    ...(own.owner === undefined ? {} : { owner: own.owner }),
    schedule: own.schedule,
    timezone,
    weekStart: around.weekStart,
    hold: own.hold ?? defaults.hold ?? twoHours,
    queries,
    figures: own.figures ?? names.slice(0, tiles),
    alerts: own.alerts ?? [],
    ...(email === undefined ? {} : { email }),
  }
}

function queryNames({ reader }: Surroundings, path: Path): string[] {
  const at = [...path, 'queries']
  const names = namesAt(reader, at)
  const remedy = 'add one, such as `signups: { segmentation: { event: Sign Up }, timeframe: previous_1_week }`'
  const given = reader.raw(at)
  for (const taken of names.filter((name) => ownFiles.includes(name))) {
    const message = `a query cannot be called ${taken}: a report keeps a file of that name for itself`
    reader.mistake([...at, taken], message, `give it another name, such as ${taken}s`, 'key')
  }
  if (given === undefined && reader.raw(path) !== null)
    reader.missing(at, 'a report asks something: `queries` is missing', remedy)
  else if (given !== null && typeof given === 'object' && Object.keys(given).length === 0) {
    reader.mistake(at, 'a report asks something: `queries` is empty', remedy)
  }
  return names
}

function resolveQueries(around: Surroundings, frame: Frame): Query[] | undefined {
  const asked = new Map(frame.names.map((name) => [name, resolveQuery(around, frame, name)]))
  const queries = frame.names.map((name) => {
    const query = asked.get(name)
    return query !== undefined && 'ratio' in query ? resolveRatio(around, frame, query, asked) : query
  })
  return queries.every((query) => query !== undefined) && queries.length > 0 ? queries : undefined
}

function checkFigures({ reader }: Surroundings, path: Path, names: readonly string[]): void {
  const figures = reader.raw([...path, 'figures'])
  if (!Array.isArray(figures)) return
  for (const [at, figure] of figures.entries()) {
    if (typeof figure !== 'string') continue
    if (figures.indexOf(figure) < at) reader.mistake([...path, 'figures', at], `"${figure}" is there twice`, 'name it once')
    else checkName(reader, [...path, 'figures', at], 'query', figure, names)
  }
}

function checkAlerts(around: Surroundings, path: Path, names: readonly string[]): void {
  const { reader } = around
  const alerts = reader.raw([...path, 'alerts'])
  if (!Array.isArray(alerts)) return
  if (alerts.length > 0) around.warn([...path, 'alerts'], 'alerts are checked, and not acted upon by this version yet')
  for (const at of alerts.keys()) {
    const when = reader.raw([...path, 'alerts', at, 'when'])
    if (typeof when === 'string' && when !== '') checkName(reader, [...path, 'alerts', at, 'when'], 'query', queryOf(when), names)
  }
}

/** The query that an alert speaks of: `signups / DE` is a segment of `signups`. */
function queryOf(when: string): string {
  return when.split(/\s*\/\s*/)[0] ?? when
}

/** The report's own words before those of `defaults`. A report that names no recipients anywhere is kept and not mailed. */
function resolveEmail({ reader, defaults }: Surroundings, path: Path, own: Defaults['email']): Report['email'] {
  const at = [...path, 'email']
  const given = reader.raw(at)
  checkRecipients(reader, [...at, 'to'])
  const { from, to, attach } = { ...defaults.email, ...own }
  // What is wrong with either has been said already.
  const usual = reader.raw(['defaults', 'email'])
  if ((given !== undefined && own === undefined) || (usual !== undefined && defaults.email === undefined)) return undefined
  if (to === undefined) {
    if (given !== undefined) reader.mistake(at, 'the mail goes to nobody', 'add `to: [growth@example.com]`')
    return undefined
  }
  if (from === undefined) {
    const remedy = 'add `from: Reports <reports@example.com>` to it, or to `email` in `defaults`'
    if (given === undefined) reader.missing(at, 'the mail has no sender', remedy)
    else reader.mistake(at, 'the mail has no sender', remedy)
    return undefined
  }
  return { from, to, ...(attach === undefined ? {} : { attach }) }
}

function checkRecipients(reader: Reader, path: Path): void {
  const to = reader.raw(path)
  if (!Array.isArray(to)) return
  const seen = new Set<string>()
  for (const [at, one] of to.entries()) {
    const mailbox = typeof one === 'string' ? parseMailbox(one) : undefined
    if (mailbox === undefined || 'problem' in mailbox) continue
    const address = mailbox.address.toLowerCase()
    if (seen.has(address)) reader.mistake([...path, at], `${mailbox.address} is there twice`, 'name each reader once')
    seen.add(address)
  }
}
