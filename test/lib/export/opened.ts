import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Temporal } from 'temporal-polyfill'
import { openSources } from '../../../functions/adapters.ts'
import { exportContext, exportNamed } from '../../../functions/exporting.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import type { ExportManifest } from '../../../lib/export/manifest.ts'
import { exportManifest } from '../../../lib/export/manifest.ts'
import type { ExportContext, ExportOutcome, ExportRequest } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { loadProject } from '../../../lib/project/load.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Store } from '../../../lib/store/store.ts'
import type { Expected, Payload } from '../../servers/vendor.ts'
import { startVendor } from '../../servers/vendor.ts'
import type { Row } from './parquet-oracle.ts'
import { rowsOf } from './parquet-oracle.ts'

/** An export called `events`, as a project file has it, of a vendor on loopback; its clock is the test's. */
export interface Opened {
  readonly store: Store
  readonly context: ExportContext
  /** The clock stands there from now on. */
  at(time: string): Opened
  run(request?: Partial<ExportRequest>): Promise<ExportOutcome>
  forget(...ids: string[]): ReturnType<typeof forgetPeople>
  manifest(window: string): Promise<ExportManifest | undefined>
  /** Of an object that a manifest names, whatever it holds, in the file's order. */
  rows(key: string): Promise<Row[]>
}

const sources = {
  mixpanel: 'kind: mixpanel, project: 1234567, region: eu, credentials: env:KEY',
  keen: 'kind: keen, project: p1, credentials: env:KEY',
  exponea: 'kind: exponea, project: p1, credentials: env:KEY',
} as const
const credentials = {
  mixpanel: 'user:Zk3vQ9pLr7TnX2mB',
  keen: JSON.stringify({ read: 'r'.repeat(64) }),
  exponea: 'key:a-secret-of-exponea',
} as const

/** `words` are those of the export but for its source; `own` those of the source. */
export async function withExport(
  words: string,
  expected: readonly Expected[],
  work: (opened: Opened) => Promise<void>,
  options: { readonly kind?: keyof typeof sources; readonly own?: string; readonly folder?: string } = {},
): Promise<void> {
  const { kind = 'mixpanel', own = '', folder = await mkdtemp(join(tmpdir(), 'export of a project ')) } = options
  await using vendor = await startVendor(expected)
  const yaml = `timezone: Europe/Berlin
sources:
  product: { ${sources[kind]}, url: '${vendor.url}'${own} }
exports:
  events: { source: product, order: oldest, ${words} }
`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
  const project = loadProject(join(folder, 'broadsheet.yaml'))
  const entry = exportNamed(project, 'events')
  const keys = exportKeys('events')
  const store = openFolder(join(folder, 'store'))
  let now = new Date('2026-11-12T00:30:00Z')
  const clock = () => now
  const open = openSources(project, { credential: async () => credentials[kind], trace: () => {}, clock })
  const scratch = join(folder, 'scratch')
  await mkdir(scratch, { recursive: true })
  const context = exportContext(project, entry, {
    store,
    source: open.source('product'),
    owner: 'tester',
    clock,
    scratch,
    atATime: 1,
  })
  const opened: Opened = {
    store,
    context,
    at(time) {
      now = new Date(time)
      return opened
    },
    run: (request = {}) => runExport({ scheduledAt: Temporal.Instant.fromEpochMilliseconds(now.getTime()), ...request }, context),
    forget: (...ids) => forgetPeople(ids, context),
    async manifest(window) {
      const stored = await store.get(keys.manifest(window))
      return stored === undefined ? undefined : exportManifest.parse(JSON.parse(Buffer.from(stored.body).toString()))
    },
    rows: (key) => rowsOf(store.locate(key)),
  }
  try {
    await work(opened)
    const left = await readdir(scratch)
    if (left.length > 0) throw new Error(`left on the disk: ${left.join(', ')}`)
  } finally {
    await open.close()
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
  }
}

/** Mixpanel is asked for some days, and what it answers: lines, or something else. */
export function asked(
  days: string | readonly [from: string, to: string],
  answer: readonly string[] | Payload,
  more: object = {},
): Expected {
  const [from_date, to_date] = typeof days === 'string' ? [days, days] : days
  const headers = { 'content-type': 'text/plain', 'content-encoding': 'gzip' }
  const isLines = Array.isArray(answer)
  return {
    path: '/api/2.0/export',
    query: { project_id: '1234567', from_date, to_date, ...more },
    answer: isLines ? { headers, body: gzipSync(answer.map((line: string) => `${line}\n`).join('')) } : (answer as Payload),
  }
}

/** An event at noon of a day, `at` seconds later, with an id of its own. */
export function event(day: string, at: number, properties: object = {}, name = 'Sign Up'): string {
  const time = Date.parse(`${day}T12:00:00Z`) / 1000 + at
  return JSON.stringify({ event: name, properties: { time, distinct_id: `u${at}`, $insert_id: `${day}-${at}`, ...properties } })
}
