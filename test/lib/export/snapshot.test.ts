import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Temporal } from 'temporal-polyfill'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSources } from '../../../functions/adapters.ts'
import { exportContext, exportNamed } from '../../../functions/exporting.ts'
import { UsageError } from '../../../lib/errors.ts'
import { forgetPeople } from '../../../lib/export/forget.ts'
import type { ExportManifest } from '../../../lib/export/manifest.ts'
import { exportManifest } from '../../../lib/export/manifest.ts'
import type { ExportRequest } from '../../../lib/export/run.ts'
import { runExport } from '../../../lib/export/run.ts'
import { statusOf } from '../../../lib/export/status.ts'
import type { WindowPlan } from '../../../lib/export/windows.ts'
import { windowsAt, windowsKnown } from '../../../lib/export/windows.ts'
import { loadProject } from '../../../lib/project/load.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { exportKeys } from '../../../lib/store/keys.ts'
import type { Expected, Payload } from '../../servers/vendor.ts'
import { startVendor } from '../../servers/vendor.ts'
import { keysIn, linesIn } from './exporting.ts'
import { rowsOf } from './parquet-oracle.ts'

const profiles = (...ids: string[]): Expected => ({
  method: 'POST',
  path: '/api/query/engage',
  query: { project_id: '1234567' },
  answer: {
    body: {
      page: 0,
      page_size: 1000,
      total: ids.length,
      session_id: 's',
      results: ids.map((id) => ({ $distinct_id: id, $properties: { plan: 'pro' } })),
      status: 'ok',
    },
  },
})
const base = (answer: Payload): Expected => ({
  method: 'POST',
  path: '/data/v2/projects/p1/customers/export',
  json: { format: 'native_json' },
  answer,
})
const customers = (...ids: string[]) =>
  base({ body: { success: true, fields: [{ type: 'id', id: 'registered' }], data: ids.map((id) => [id]) } })
const item: Expected = {
  path: '/data/v2/projects/p1/catalogs/c9/items',
  query: { count: '500', skip: '0' },
  answer: {
    body: {
      success: true,
      data: [{ catalog_id: 'c9', item_id: 'i1', properties: { price: 5 } }],
      limit: 500,
      skip: 0,
      matched: 1,
      total: 1,
    },
  },
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broadsheet snapshots '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The project file's words, with exports of two vendors on loopback. */
async function project(url: string, words = ''): Promise<void> {
  const yaml = `timezone: Europe/Berlin
sources:
  product: { kind: mixpanel, project: 1234567, region: eu, epochs: project, credentials: env:MIXPANEL, url: '${url}' }
  crm: { kind: exponea, project: p1, credentials: env:CRM, url: '${url}' }
exports:
  profiles: { source: product, data: people, from: 2026-11-01, format: [json]${words} }
  clients: { source: crm, data: customers, from: 2026-11-01, format: [json, parquet]${words} }
  goods: { source: crm, data: catalog, catalog: c9, from: 2026-11-01, format: [json]${words} }
`
  await writeFile(join(folder, 'broadsheet.yaml'), yaml)
}

/** An export of that project at times that are said, as the command runs it. */
async function opened(name: string, expected: readonly Expected[], words = '') {
  const vendor = await startVendor(expected)
  await project(vendor.url, words)
  const loaded = loadProject(join(folder, 'broadsheet.yaml'))
  const entry = exportNamed(loaded, name)
  const store = openFolder(join(folder, 'store'))
  let now = new Date(0)
  const clock = () => now
  const sources = openSources(loaded, { credential: async () => 'user:Zk3vQ9pLr7TnX2mB', trace: () => {}, clock })
  const scratch = join(folder, 'scratch')
  const source = sources.source(entry.source)
  const context = exportContext(loaded, entry, { store, source, owner: 'tester', clock, scratch })
  return {
    store,
    at(time: string) {
      now = new Date(time)
      return this
    },
    run: (request: Partial<ExportRequest> = {}) =>
      runExport({ scheduledAt: Temporal.Instant.fromEpochMilliseconds(now.getTime()), ...request }, context),
    forget: (id: string) => forgetPeople([id], context),
    status: () =>
      statusOf(entry, {
        ...{ store, keys: exportKeys(name), clock },
        ...{ zone: context.zone, definition: context.exporting.head.definition },
      }),
    manifest: async (day: string): Promise<ExportManifest> => {
      const stored = await store.get(exportKeys(name).manifest(day))
      return exportManifest.parse(JSON.parse(Buffer.from(stored?.body ?? '{}').toString()))
    },
    async [Symbol.asyncDispose]() {
      await sources.close()
      await vendor[Symbol.asyncDispose]()
    },
  }
}

describe('a snapshot', () => {
  test.each<[string, Expected, string, string]>([
    ['profiles', profiles('u1'), 'people', '{"distinct_id":"u1","properties":{"plan":"pro"}}'],
    ['clients', customers('ann'), 'customers', '{"distinct_id":"ann","properties":{"ids":{"registered":"ann"}}}'],
    ['goods', item, 'catalog', '{"item_id":"i1","properties":{"price":5}}'],
  ])('of %s is kept as it is today, and says when it was asked for', async (name, expected, data, line) => {
    await using own = await opened(name, [expected])
    // Already the next day in Berlin.
    expect(await own.at('2026-11-09T23:30:15Z').run()).toMatchObject({
      status: 'done',
      done: [{ window: '2026-11-10', state: 'kept', lines: 1 }],
      failed: [],
    })
    const place = `exports/${name}/json/snapshot=2026-11-10/2026-11-10.json.gz`
    expect(await linesIn(own.store, place)).toEqual([line])
    expect(await own.manifest('2026-11-10')).toMatchObject({
      data,
      status: 'complete',
      start: '2026-11-10T00:30:15+01:00',
      end: '2026-11-10T00:30:15+01:00',
      timezone: 'Europe/Berlin',
      lines: 1,
    })
  })

  test('is taken once a day, and the day before stays', async () => {
    await using own = await opened('clients', [customers('ann', 'bob'), customers('ann')])
    await own.at('2026-11-09T12:00:00Z').run()
    // Neither a second schedule nor a person makes it another one.
    expect(await own.at('2026-11-09T18:00:00Z').run()).toMatchObject({ status: 'done', done: [] })
    expect(await own.run({ from: '2026-11-09' })).toMatchObject({ status: 'done', done: [] })
    await own.at('2026-11-11T12:00:00Z').run()
    expect(await keysIn(own.store, 'exports/clients/')).toEqual([
      'exports/clients/json/snapshot=2026-11-09/2026-11-09.json.gz',
      'exports/clients/json/snapshot=2026-11-11/2026-11-11.json.gz',
      'exports/clients/manifests/2026-11-09.json',
      'exports/clients/manifests/2026-11-11.json',
      'exports/clients/parquet/snapshot=2026-11-09/2026-11-09.parquet',
      'exports/clients/parquet/snapshot=2026-11-11/2026-11-11.parquet',
    ])
    expect(await own.manifest('2026-11-09')).toMatchObject({ revision: 1, lines: 2, exportedAt: '2026-11-09T12:00:00.000Z' })
  })

  test('stands as those that are kept and today’s: what was missed cannot be had', async () => {
    await using own = await opened('clients', [customers('ann')])
    const pending = { window: '2026-11-09', state: 'pending' }
    expect(await own.at('2026-11-09T12:00:00Z').status()).toMatchObject({ windows: [pending], oldestGap: '2026-11-09' })
    await own.run()
    expect((await own.status()).windows).toMatchObject([{ window: '2026-11-09', state: 'succeeded' }])
    const { windows, oldestGap, lastSuccess, counts } = await own.at('2026-11-12T12:00:00Z').status()
    expect(windows.map(({ window, state }) => [window, state])).toEqual([
      ['2026-11-09', 'succeeded'],
      ['2026-11-12', 'pending'],
    ])
    expect({ oldestGap, lastSuccess, pending: counts.pending }).toMatchObject({
      oldestGap: '2026-11-12',
      lastSuccess: { window: '2026-11-09' },
      pending: 1,
    })
  })

  test('that breaks off leaves nothing to see, and is taken again', async () => {
    const body = { success: true, fields: [{ type: 'id', id: 'registered' }], data: [['ann'], ['bob'], ['cid']] }
    await using own = await opened('clients', [base({ body, cutAfter: 82 }), customers('ann', 'bob', 'cid')])
    expect(await own.at('2026-11-09T12:00:00Z').run()).toMatchObject({ status: 'again' })
    expect(await keysIn(own.store, 'exports/')).toEqual([])
    expect(await own.at('2026-11-09T12:01:00Z').run()).toMatchObject({ done: [{ state: 'kept', lines: 3 }] })
  })

  test('that broke off on its day is not taken on another one', async () => {
    const body = { success: true, fields: [{ type: 'id', id: 'registered' }], data: [['ann'], ['bob'], ['cid']] }
    await using own = await opened('clients', [base({ body, cutAfter: 82 }), customers('dan')])
    await own.at('2026-11-09T22:59:59Z').run()
    expect(await own.at('2026-11-09T23:00:59Z').run()).toMatchObject({ done: [{ window: '2026-11-10' }] })
    expect(await keysIn(own.store, 'exports/clients/manifests/')).toEqual(['exports/clients/manifests/2026-11-10.json'])
  })

  test('older than is kept goes', async () => {
    await using own = await opened('clients', [customers('ann'), customers('bob')], ', keep: 2 days')
    await own.at('2026-11-09T12:00:00Z').run()
    // Two days after its day ended, at whatever time of it somebody asked.
    await own.at('2026-11-12T00:00:01Z').run()
    expect(await keysIn(own.store, 'exports/clients/manifests/')).toEqual(['exports/clients/manifests/2026-11-12.json'])
  })

  test('of nobody has a manifest and no objects', async () => {
    await using own = await opened('clients', [customers()])
    await own.at('2026-11-09T12:00:00Z').run()
    expect(await own.manifest('2026-11-09')).toMatchObject({ lines: 0, objects: [] })
  })
})

describe('days that a snapshot cannot be had of', () => {
  test.each<[string, Partial<ExportRequest>, string]>([
    ['', { from: '2026-11-08' }, 'customers cannot be had as they were on 2026-11-08'],
    ['', { from: '2026-11-01', to: '2026-11-05' }, 'customers cannot be had as they were on 2026-11-01'],
    ['', { to: '2026-11-09' }, 'export clients takes no snapshot to 2026-11-09'],
    ['', { from: '2026-11-10' }, 'export clients takes no snapshot from 2026-11-10'],
    [', to: 2026-11-09', { from: '2026-11-09' }, 'export clients takes no snapshot from 2026-11-09'],
  ])('are refused when they are asked for: %s %j', async (words, request, told) => {
    await using own = await opened('clients', [], words)
    const failing = own.at('2026-11-09T12:00:00Z').run(request)
    await expect(failing).rejects.toThrow(UsageError)
    await expect(failing).rejects.toThrow(told)
  })

  test('before the export begins, and after it ends, there is none', async () => {
    await using own = await opened('clients', [customers('ann')], ', to: 2026-11-10')
    expect(await own.at('2026-10-31T12:00:00Z').run()).toMatchObject({ status: 'done', done: [] })
    expect(await own.at('2026-11-09T12:00:00Z').run()).toMatchObject({ done: [{ window: '2026-11-09' }] })
    expect(await own.at('2026-11-10T12:00:00Z').run()).toMatchObject({ status: 'done', done: [] })
    expect((await own.status()).windows).toMatchObject([{ window: '2026-11-09', state: 'succeeded' }])
  })
})

describe('somebody who is forgotten', () => {
  const place = 'exports/clients/json/snapshot=2026-11-09/2026-11-09.json.gz'
  const whole = exportKeys('clients').manifest('2026-11-09')

  test('is taken out of what was kept before, which nobody is asked for again', async () => {
    await using own = await opened('clients', [customers('ann', 'bob')])
    await own.at('2026-11-09T12:00:00Z').run()
    const { start, end } = await own.manifest('2026-11-09')
    expect(await own.at('2026-11-20T12:00:00Z').forget('ann')).toMatchObject({ rewritten: [{ window: '2026-11-09', lines: 1 }] })
    expect(await linesIn(own.store, place)).toEqual(['{"distinct_id":"bob","properties":{"ids":{"registered":"bob"}}}'])
    expect(await own.manifest('2026-11-09')).toMatchObject({
      start,
      end,
      revision: 2,
      lines: 2,
      forgotten: 1,
      status: 'complete',
    })
  })

  test.each(['before', 'after'])('is taken out although that was cut off, %s the lines were replaced', async (when) => {
    await using own = await opened('clients', [customers('ann', 'bob')])
    await own.at('2026-11-09T12:00:00Z').run()
    const first = await own.manifest('2026-11-09')
    const lines = (await own.store.get(place))?.body ?? Buffer.alloc(0)
    await own.forget('ann')
    const { version: _, ...second } = await own.manifest('2026-11-09')
    const { revision, exportedAt, lines: count, fingerprint, forgotten, objects, notes } = second
    const next = { revision, exportedAt, lines: count, fingerprint, forgotten, objects, notes }
    await own.store.put(whole, JSON.stringify({ ...first, status: 'replacing', next }))
    if (when === 'before') await own.store.put(place, lines)
    await own.at('2026-11-20T12:00:00Z').forget('ann')
    expect(await linesIn(own.store, place)).toHaveLength(1)
    expect(await own.manifest('2026-11-09')).toMatchObject({ status: 'complete', lines: 2, forgotten: 1, start: first.start })
  })

  test('is taken out of a snapshot in Parquet alone, which nobody is asked for again', async () => {
    await using own = await opened('clients', [customers('ann', 'bob')])
    await own.at('2026-11-09T12:00:00Z').run()
    const { start, end, ...manifest } = await own.manifest('2026-11-09')
    const objects = manifest.objects.filter(({ key }) => key.endsWith('.parquet'))
    await own.store.put(whole, JSON.stringify({ ...manifest, start, end, objects }))
    expect(await own.at('2026-11-20T12:00:00Z').forget('ann')).toMatchObject({ rewritten: [{ window: '2026-11-09', lines: 1 }] })
    const parquet = 'exports/clients/parquet/snapshot=2026-11-09/2026-11-09.parquet'
    expect((await rowsOf(own.store.locate(parquet))).map((row) => row['distinct_id'])).toEqual(['bob'])
    expect(await own.manifest('2026-11-09')).toMatchObject({
      start,
      end,
      lines: 2,
      forgotten: 1,
      objects: [{ key: parquet, rows: 1 }],
    })
    // Lines that the manifest does not name are nobody's.
    expect(await keysIn(own.store, 'exports/clients/json/')).toEqual([])
  })

  test('is not in a snapshot of nobody', async () => {
    await using own = await opened('clients', [customers()])
    await own.at('2026-11-09T12:00:00Z').run()
    expect(await own.forget('ann')).toMatchObject({ rewritten: [] })
  })
})

describe('windows', () => {
  const plan: WindowPlan = { from: '2026-11-08', every: 'day', zone: 'America/Havana', partition: 'snapshot' }
  const at = Temporal.Instant.from('2026-11-10T04:30:00Z')

  test('of a snapshot are the day of its zone', () => {
    expect(windowsAt(plan, at).map(({ name, start }) => [name, String(start)])).toEqual([
      ['2026-11-09', '2026-11-09T00:00:00-05:00[America/Havana]'],
    ])
  })

  test('that are known have those that are kept, in order, each once, and nothing that is no day', () => {
    const kept = new Set(['2026-11-09', '2026-11-02', '2026-10-30', '2026-11-01T05Z'])
    expect(windowsKnown(plan, at, kept).map(({ name }) => name)).toEqual(['2026-10-30', '2026-11-02', '2026-11-09'])
    const days: WindowPlan = { ...plan, partition: 'date' }
    expect(windowsKnown(days, at, kept).map(({ name }) => name)).toEqual(['2026-11-08'])
  })
})

describe('in the project file', () => {
  test.each([
    ['data: people, sync: 5 days', 'people cannot be had as they were on days before; leave out `sync`'],
    ['data: people, refresh: { every: month, back: 90 days }', 'leave out `refresh`'],
    ['data: people, schema: multi', 'only events have them'],
    ['data: people, every: hour', 'profiles are copied whole, once a day at most'],
    ['data: people, catalog: c9', '`catalog` belongs to `data: catalog`'],
    ['data: events, catalog: c9', '`catalog` belongs to `data: catalog`'],
    ['data: catalog', 'say which one: `catalog:` with its id'],
  ])('%s is refused', async (words, told) => {
    const yaml = `timezone: UTC
sources:
  product: { kind: mixpanel, project: 1234567, credentials: env:MIXPANEL }
exports:
  kept: { source: product, from: 2026-11-01, format: [json], ${words} }
`
    await writeFile(join(folder, 'broadsheet.yaml'), yaml)
    expect(() => loadProject(join(folder, 'broadsheet.yaml'))).toThrow(told)
  })

  test('a lake on a snapshot is refused', async () => {
    await project('http://127.0.0.1:9')
    const yaml = `timezone: UTC
sources:
  crm: { kind: exponea, project: p1, credentials: env:CRM }
  own: { kind: lake, export: clients }
exports:
  clients: { source: crm, data: customers, from: 2026-11-01, format: [json] }
`
    await writeFile(join(folder, 'broadsheet.yaml'), yaml)
    expect(() => loadProject(join(folder, 'broadsheet.yaml'))).toThrow('a lake reads events, and export clients keeps customers')
  })
})
