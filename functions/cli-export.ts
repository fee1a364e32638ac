import { readFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { UsageError } from '../lib/errors.ts'
import { ddlOf, isInDdl } from '../lib/export/ddl.ts'
import { forgetPeople } from '../lib/export/forget.ts'
import type { ExportContext } from '../lib/export/run.ts'
import { runExportToEnd } from '../lib/export/run.ts'
import { cancel, knownNames } from '../lib/export/settled.ts'
import type { ExportStatus } from '../lib/export/status.ts'
import { statusOf, windowStates } from '../lib/export/status.ts'
import { tablesOf } from '../lib/export/tables.ts'
import type { Limit } from '../lib/ledger.ts'
import { loadProject } from '../lib/project/load.ts'
import { ownerOfThisProcess } from '../lib/store/claims.ts'
import { exportKeys } from '../lib/store/keys.ts'
import { storeLedger, usedOf } from '../lib/store/ledger.ts'
import { openStore } from '../lib/store/open.ts'
import type { Store } from '../lib/store/store.ts'
import { openSources } from './adapters.ts'
import { credentialReader } from './credentials.ts'
import { checkDay } from './days.ts'
import type { ExportBoard } from './export-board.ts'
import { counted, exportBoard } from './export-board.ts'
import { listOf, summary } from './export-words.ts'
import { definitionOf, exportContext, exportNamed, limitOfExport, zoneOfExport } from './exporting.ts'
import { scratchFolder } from './scratch.ts'

interface Options {
  readonly project: string
  readonly store?: string
  readonly json?: boolean
  readonly verbose?: boolean
}
export interface ExportOptions extends Options {
  readonly from?: string
  readonly to?: string
  readonly resume?: boolean
  readonly rebuild?: boolean
}
export interface StatusOptions extends Options {
  readonly state?: string
  readonly summary?: boolean
}

interface Opened {
  readonly context: ExportContext
  readonly board: ExportBoard
  readonly store: Store
  readonly limit: Limit | undefined
}

/** Everything that an export is run with here, for as long as the work takes. */
async function withExport<Value>(name: string, options: Options, work: (opened: Opened) => Promise<Value>): Promise<Value> {
  const project = loadProject(options.project)
  const entry = exportNamed(project, name)
  const clock = () => new Date()
  const store = openStore(options.store ?? join(project.folder, '.broadsheet'))
  const scratch = scratchFolder()
  const board = exportBoard({ quiet: options.json === true, plain: options.verbose === true, data: entry.data, clock })
  const sources = openSources(project, {
    credential: credentialReader(),
    ledger: storeLedger(store, { clock }),
    warn: (sentence) => board.say(sentence),
    trace: (line) => options.verbose === true && board.say(line),
    waits: (at, why) => board.waits({ at, why }),
    clock,
  })
  try {
    const context = exportContext(project, entry, {
      store,
      source: sources.source(entry.source),
      owner: ownerOfThisProcess(),
      clock,
      scratch,
      received: board.received,
      progress: board.progress,
    })
    return await work({ context, board, store, limit: limitOfExport(project, entry) })
  } finally {
    board.end()
    await sources.close()
  }
}

/** Exports what is due, and goes on until all of it is kept; the exit code. */
export async function exportNow(name: string, options: ExportOptions): Promise<number> {
  checkDay('--from', options.from)
  checkDay('--to', options.to)
  const { from, to, resume, rebuild } = options
  return withExport(name, options, async ({ context, board, store, limit }) => {
    if (limit !== undefined) board.limited({ ...(await usedOf(limit, store, new Date())), perHour: limit.perHour })
    const request = { scheduledAt: Temporal.Now.instant(), from, to, resume, rebuild }
    const outcome = await runExportToEnd(request, context, { waits: board.waits })
    board.end()
    if (options.json === true) print({ export: name, store: store.address, ...outcome })
    if (outcome.status === 'canceled') {
      board.say(`${name} was canceled by ${outcome.by} on ${outcome.at.toISOString().slice(0, 16)}Z; --resume goes on with it`)
      return 1
    }
    if (options.json !== true) {
      const { entry, zone, exporting } = context
      const { keys, clock, head } = exporting
      const stands = await statusOf(entry, { store, keys, zone, definition: head.definition, clock })
      process.stdout.write(summary(stands, store.locate(`exports/${name}/manifests`), outcome))
    }
    return outcome.failed.length === 0 ? 0 : 1
  })
}

/** Takes people out of an export by the ids in a file, one on a line; the exit code. */
export async function forget(name: string, file: string, options: Options): Promise<number> {
  const ids = [...new Set(readIds(file))]
  if (ids.length === 0) throw new UsageError(`${file} has no ids`, { remedy: 'write one id on each line' })
  return withExport(name, options, async ({ context, board, store }) => {
    const { added, rewritten, busy } = await forgetPeople(ids, context, (window, at, of) => {
      if (at === 1 || at === of || at % 25 === 0) board.say(`looking through ${window} (${at} of ${of})`)
    })
    if (options.json === true) print({ export: name, store: store.address, ids: ids.length, added, rewritten, busy })
    else {
      const lines = rewritten.map(
        (one) => `  ${one.window}  rewritten, ${counted(one.lines, 'line')} ${one.lines === 1 ? 'is' : 'are'} out of it\n`,
      )
      const left = busy.length === 0 ? '' : `  ${busy.join(', ')}: another process is at it; run this again when it has ended\n`
      process.stdout.write(
        `${name}: ${counted(ids.length, 'id')}, ${added} of them new; ${counted(rewritten.length, 'window')} rewritten, older versions deleted\n${lines.join('')}${left}` +
          '  delete them at the vendor, too: only then is nothing of them sent here again\n',
      )
    }
    return busy.length === 0 ? 0 : 1
  })
}

function readIds(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UsageError(`${file} cannot be read (${code})`, { remedy: 'give a file with one id on each line' })
  }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Shows how the windows of an export stand; exit 1 where some failed. */
export async function status(name: string | undefined, options: StatusOptions): Promise<number> {
  const project = loadProject(options.project)
  const entries = name === undefined ? Object.values(project.exports) : [exportNamed(project, name)]
  if (entries.length === 0) throw new UsageError('the project has no exports', { remedy: 'add one under `exports`' })
  const state = options.state
  if (state !== undefined && !windowStates.some((one) => one === state)) {
    throw new UsageError(`there is no state "${state}"`, { remedy: `there are ${windowStates.join(', ')}` })
  }
  const store = openStore(options.store ?? join(project.folder, '.broadsheet'))
  const found: ExportStatus[] = []
  for (const entry of entries) {
    const own = { zone: zoneOfExport(project, entry), definition: definitionOf(project, entry) }
    found.push(await statusOf(entry, { ...own, store, keys: exportKeys(entry.name), clock: () => new Date() }))
  }
  const chosen = (one: ExportStatus) => one.windows.filter((window) => state === undefined || window.state === state)
  if (options.json === true) {
    const listed = found.map(({ windows: _, ...rest }) => rest)
    const whole = found.map((one) => ({ ...one, windows: chosen(one) }))
    process.stdout.write(`${JSON.stringify(options.summary === true ? listed : whole, null, 2)}\n`)
  } else {
    for (const one of found) {
      process.stdout.write(summary(one, store.locate(`exports/${one.export}/manifests`), undefined))
      if (options.summary !== true) process.stdout.write(listOf(chosen(one), state !== undefined))
    }
  }
  return found.some(({ counts }) => counts.failed + counts['timed out'] > 0) ? 1 : 0
}

/** Leaves a mark that every later call honours until `export --resume`. */
export async function cancelExport(name: string, options: Options): Promise<void> {
  const project = loadProject(options.project)
  exportNamed(project, name)
  const store = openStore(options.store ?? join(project.folder, '.broadsheet'))
  await cancel(store, exportKeys(name), whoIsHere(), new Date())
  process.stdout.write(`${name} is canceled: windows that are under way end, no other begins; export ${name} --resume goes on\n`)
}

/** As people call each other: who typed the command, and where. */
function whoIsHere(): string {
  return `${userName()}@${hostname()}`
}

/** A container may run as a user that nobody gave a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.getuid === undefined ? 'somebody' : `user ${process.getuid()}`
  }
}

/** Prints what makes an export's tables in Athena, by the names that its kept windows have; nothing is asked or exported. */
export async function printDdl(name: string, options: Options): Promise<void> {
  const project = loadProject(options.project)
  const entry = exportNamed(project, name)
  const store = openStore(options.store ?? join(project.folder, '.broadsheet'))
  // Athena reads S3 alone; whoever copies a folder there knows the bucket.
  const inS3 = store.address.startsWith('s3://') ? store : { locate: (key: string) => `s3://<bucket>/${key}` }
  const { rows, windows, unlisted } = tablesOf(entry, await knownNames(store, exportKeys(name)), inS3)
  const tables = [...(rows === undefined ? [] : [rows]), windows]
  const left = [...unlisted, ...(rows?.columns ?? []).filter((column) => !isInDdl(column)).map((column) => column.name)]
  if (options.json === true) {
    print({ export: name, tables: tables.map((table) => ({ name: table.name, ddl: ddlOf(table) })), unlisted: left })
    return
  }
  const notes = [
    'Athena runs one statement at a time. To run it again with new columns, drop the table first: the data of an external table stays.',
    ...(inS3 === store
      ? []
      : ['The store is a folder; put the name of the bucket that it is copied to in the place of <bucket>.']),
    ...(rows === undefined ? ['There is nothing yet; run it again after the first window, for the table of its rows.'] : []),
    ...left.map((column) => `Not listed, because Athena’s DDL takes no such name: ${JSON.stringify(column)}`),
  ]
  process.stdout.write([notes.map((note) => `-- ${note}\n`).join(''), ...tables.map(ddlOf)].join('\n'))
}
