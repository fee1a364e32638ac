import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keptFiles } from '../../../lib/export/kept.ts'
import { openAsker } from '../../../lib/export/select.ts'
import { knownNames } from '../../../lib/export/settled.ts'
import type { Span } from '../../../lib/export/views.ts'
import { standingOf, viewsOf } from '../../../lib/export/views.ts'
import type { ExportEntry } from '../../../lib/project/project.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Store } from '../../../lib/store/store.ts'
import { entryOf, keepDays } from './keeping.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet views '))
  store = openFolder(join(folder, 'store'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const at = Temporal.Instant.from('2026-11-12T00:30:00Z')
const line = (date: string, properties: object) =>
  JSON.stringify({
    event: 'Sign Up',
    properties: { time: Date.parse(`${date}T12:00:00Z`) / 1000, distinct_id: 'u1', $insert_id: date, ...properties },
  })
const days = ['2026-11-09', '2026-11-10'].map((date) => ({ date, lines: [line(date, { plan: 'pro' })] }))

/** The rows of a select over an export, with views whose links lie in `scratch`. */
async function ask(entry: ExportEntry, scratch: string, sql: string): Promise<string[][]> {
  const look = keptFiles({ store, scratch })
  const { kept } = await standingOf(entry, { store, zone: 'UTC', at, span: {} }, (window) => look(entry.name, window))
  const asker = await openAsker({ scratch, tables: [entry.name] })
  try {
    const views = await viewsOf(entry, kept, {
      names: await knownNames(store, exportKeys(entry.name)),
      localZone: undefined,
      folder: join(scratch, 'views'),
      tell: () => {},
      describe: asker.describe,
    })
    for (const statement of views.statements) await asker.define(statement)
    await asker.lock(views.paths)
    const rows: string[][] = []
    for await (const some of (await asker.select(sql)).rows)
      rows.push(...some.map((row) => row.map((cell) => cell?.text ?? 'NULL')))
    return rows
  } finally {
    await asker.close()
  }
}

describe('what a view says', () => {
  test.each([
    ['mono', ['parquet']],
    ['mono', ['json']],
    ['multi', ['parquet']],
  ] satisfies [ExportEntry['schema'], ExportEntry['format']][])(
    'is the same wherever its files lie: %s, %j',
    async (schema, format) => {
      const entry = entryOf({ schema, format })
      const own = { Filename: 'mine', plan: 'pro' }
      await keepDays(
        store,
        entry,
        days.map(({ date }) => ({ date, lines: [line(date, own)] })),
      )
      const scratch = join(folder, 'event=push', 'date=2020-01-01', 'plan=free')
      const sql = 'select event, plan, "Filename", date from events order by date'
      expect(await ask(entry, scratch, sql)).toEqual([
        ['Sign Up', 'pro', 'mine', '2026-11-09'],
        ['Sign Up', 'pro', 'mine', '2026-11-10'],
      ])
    },
  )

  test('by its date is read from the files of that date alone', async () => {
    const entry = entryOf({ format: ['parquet'] })
    await keepDays(store, entry, days)
    const [[, plan = ''] = []] = await ask(
      entry,
      join(folder, 'scratch'),
      "explain select event from events where date = '2026-11-10'",
    )
    expect(plan).toContain('1/2')
  })
})

describe('what should be kept', () => {
  test.each([
    [undefined, ['2026-11-08', '2026-11-11']],
    [3 * 86_400, ['2026-11-11']],
    [2 * 86_400, ['2026-11-11']],
  ])('ended no longer ago than `keep` says: %j', async (keep, missing) => {
    const entry = entryOf({ from: '2026-11-08', keep })
    await keepDays(store, entry, days)
    const look = keptFiles({ store, scratch: join(folder, 'scratch') })
    const standing = await standingOf(entry, { store, zone: 'UTC', at, span: {} }, (window) => look(entry.name, window))
    expect(standing.missing.map(({ name }) => name)).toEqual(missing)
    // What has yet to be deleted is still asked.
    expect(standing.kept.map(({ window }) => window.name)).toEqual(['2026-11-09', '2026-11-10'])
  })
})

describe('what is older than `keep`', () => {
  const keep = 2 * 86_400
  const beyond = ['2026-11-06', '2026-11-07', '2026-11-08']
  test.each<[Partial<ExportEntry>, Span, readonly string[]]>([
    [{ keep }, {}, []],
    [{ keep }, { to: '2026-11-12' }, []],
    [{ keep }, { from: '2026-11-01' }, beyond],
    [{ keep }, { from: '2026-11-07', to: '2026-11-08' }, ['2026-11-07']],
    [{ keep }, { from: '2026-11-10' }, []],
    [{ keep }, { to: '2026-11-07' }, ['2026-11-06']],
    [{ keep, to: '2026-11-08' }, {}, ['2026-11-06', '2026-11-07']],
    [{}, { from: '2026-11-01' }, []],
    [{ keep, data: 'people' }, { from: '2026-11-01' }, []],
  ])('is told where it is asked for, or nothing else is there: %j, %j', async (words, span, expired) => {
    const entry = entryOf({ from: '2026-11-06', ...words })
    // Of the days that should have gone one has yet to go.
    const some = words.to === undefined && words.data === undefined ? days : []
    await keepDays(store, entry, some)
    const look = keptFiles({ store, scratch: join(folder, 'scratch') })
    const standing = await standingOf(entry, { store, zone: 'UTC', at, span }, (window) => look(entry.name, window))
    expect(standing.expired).toEqual(expired)
  })
})
