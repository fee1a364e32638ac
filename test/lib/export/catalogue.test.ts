import { Temporal } from 'temporal-polyfill'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { glueCatalogue } from '../../../functions/glue.ts'
import type { TableKeeper } from '../../../lib/export/catalogue.ts'
import { tableKeeper } from '../../../lib/export/catalogue.ts'
import { runExport } from '../../../lib/export/run.ts'
import { keepNames, readNames } from '../../../lib/export/settled.ts'
import type { GlueServer } from '../../servers/glue.ts'
import { startGlue } from '../../servers/glue.ts'
import type { Opened } from './opened.ts'
import { asked, event, withExport } from './opened.ts'

let glue: GlueServer
beforeEach(async () => {
  glue = await startGlue('exports')
})
afterEach(() => glue.close())

const days = ['2026-11-09', '2026-11-10'] as const
const words = `data: events, from: ${days[0]}, to: 2026-11-11`

const keeperOf = ({ context, store }: Opened, database = 'exports') =>
  tableKeeper(glueCatalogue(database, glue.client), context.entry, store)

function run({ context }: Opened, tables: TableKeeper, more: object = {}) {
  const scheduledAt = Temporal.Instant.fromEpochMilliseconds(context.exporting.clock().getTime())
  return runExport({ scheduledAt, ...more }, { ...context, tables })
}

/** Names that a window brought, as if it was exported. */
async function found({ store, context }: Opened, ...properties: string[]): Promise<void> {
  const known = await readNames(store, context.exporting.keys)
  const columns = new Map([...known.columns, ...properties.map((name) => [name, name] as const)])
  if (!(await keepNames(store, context.exporting.keys, known, { columns, slugs: known.slugs }))) throw new Error('lost')
}

const columnsOf = (table: string) =>
  (glue.tables.get(table)?.StorageDescriptor?.Columns ?? []).map(({ Name, Type }) => `${Name} ${Type}`)
const own = ['event string', 'distinct_id string', 'time timestamp', 'insert_id string', '_strings array<string>']
/** Lines of a day, with these properties. */
const day = (at: 0 | 1, properties: object = {}) => asked(days[at], [event(days[at], 0, properties)])

describe('tables', () => {
  test('are made with the first window, and grow by the columns that each day brings', async () => {
    await withExport(words, [day(0, { country: 'DE' }), day(1, { country: 'DE', Plan: 1 })], async (opened) => {
      const grown: string[][] = []
      glue.meanwhile(async (call) => {
        if (call === 'UpdateTable events') grown.push(columnsOf('events'))
        return undefined
      })
      const outcome = await run(opened, keeperOf(opened))
      expect(outcome).not.toHaveProperty('late')
      expect(grown).toEqual([[...own, 'country string']])
      expect(columnsOf('events')).toEqual([...own, 'country string', 'plan string'])
      expect(glue.tables.get('events')).toMatchObject({
        TableType: 'EXTERNAL_TABLE',
        PartitionKeys: [{ Name: 'date', Type: 'string' }],
        Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', 'projection.enabled': 'true' },
      })
      expect(glue.tables.get('events_windows')).toMatchObject({
        PartitionKeys: [],
        Parameters: { classification: 'json' },
        StorageDescriptor: { SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' } },
      })
      // To that SerDe a line is a row.
      const manifest = await opened.store.get(opened.context.exporting.keys.manifest(days[0]))
      expect(
        Buffer.from(manifest?.body ?? [])
          .toString()
          .split('\n'),
      ).toEqual([expect.stringMatching(/^\{.*\}$/), ''])
    })
  })

  test('are asked for once by a call that finds nothing new', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      await run(opened, keeperOf(opened))
      const before = glue.calls.length
      await run(opened, keeperOf(opened))
      expect(glue.calls.slice(before)).toEqual(['GetTable events', 'GetTable events_windows'])
    })
  })

  test('keep what a person wrote into them: a column, a comment, a type, a parameter', async () => {
    await withExport(words, [day(0, { country: 'DE' }), day(1)], async (opened) => {
      await run(opened, keeperOf(opened))
      const table = glue.tables.get('events')
      if (table === undefined) throw new Error('no table')
      const columns = (table.StorageDescriptor?.Columns ?? []).map((one) =>
        one.Name === 'country' ? { ...one, Type: 'varchar(2)', Comment: 'ISO 3166' } : one,
      )
      const Columns = [{ Name: 'mine', Type: 'int' }, ...columns]
      const Parameters = { ...table.Parameters, team: 'growth', 'projection.date.range': '2020-01-01,NOW' }
      glue.put({ ...table, StorageDescriptor: { ...table.StorageDescriptor, Columns }, Parameters })
      await found(opened, 'plan')
      expect(await keeperOf(opened).keep()).toBeUndefined()
      expect(columnsOf('events')).toEqual(['mine int', ...own, 'country varchar(2)', 'plan string'])
      expect(glue.tables.get('events')?.StorageDescriptor?.Columns?.find(({ Name }) => Name === 'country')?.Comment).toBe(
        'ISO 3166',
      )
      expect(glue.tables.get('events')?.Parameters).toMatchObject({
        team: 'growth',
        'projection.date.range': '2026-11-09,2026-11-10',
      })
    })
  })

  test('of two processes lose no column, whichever writes later', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      await run(opened, keeperOf(opened))
      const [one, other] = [keeperOf(opened), keeperOf(opened)]
      await found(opened, 'a')
      let isFirst = true
      glue.meanwhile(async (call) => {
        // The other one brings a column of its own between this one's reading and writing.
        if (call !== 'UpdateTable events' || !isFirst) return undefined
        isFirst = false
        await found(opened, 'b')
        await other.keep()
        return undefined
      })
      expect(await one.keep()).toBeUndefined()
      expect(columnsOf('events')).toEqual([...own, 'a string', 'b string'])
      expect(glue.calls.filter((call) => call === 'UpdateTable events')).toHaveLength(2)
    })
  })

  test('that another process makes or takes away meanwhile are written all the same', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      await opened.run()
      let calls = 0
      glue.meanwhile(async (call) => {
        if (call !== 'CreateTable events' || calls++ > 0) return undefined
        await keeperOf(opened).keep()
        return undefined
      })
      expect(await keeperOf(opened).keep()).toBeUndefined()
      await found(opened, 'a')
      glue.meanwhile(async (call) => {
        if (call !== 'UpdateTable events' || calls++ > 2) return undefined
        return 'EntityNotFoundException'
      })
      expect(await keeperOf(opened).keep()).toBeUndefined()
      expect(columnsOf('events')).toContain('a string')
    })
  })

  test('of other files are made anew: a format that was added, events that are kept by themselves', async () => {
    await withExport(`${words}, format: [json]`, [day(0), day(1)], async (opened) => {
      await run(opened, keeperOf(opened))
      expect(columnsOf('events')).toEqual(['event string', 'properties string'])
      const { entry } = opened.context
      const { store } = opened
      const other = (more: object) => tableKeeper(glueCatalogue('exports', glue.client), { ...entry, ...more }, store)
      await other({ format: ['json', 'parquet'] }).keep()
      expect(columnsOf('events')).toEqual(own)
      expect(glue.calls.filter((call) => call.startsWith('DeleteTable'))).toEqual(['DeleteTable events'])
    })
  })

  test('of events that are kept by themselves grow by the parts of their paths', async () => {
    const both = asked(days[1], [event(days[1], 0), event(days[1], 1, {}, 'Charge')])
    await withExport(`${words}, format: [parquet], schema: multi`, [day(0), both], async (opened) => {
      const values: unknown[] = []
      glue.meanwhile(async (call) => {
        if (call === 'UpdateTable events') values.push(glue.tables.get('events')?.Parameters?.['projection.event_slug.values'])
        return undefined
      })
      await run(opened, keeperOf(opened))
      values.push(glue.tables.get('events')?.Parameters?.['projection.event_slug.values'])
      expect(values).toEqual(['sign-up', 'sign-up,charge'])
    })
  })
})

test('events that are kept by themselves are all listed, although another process listed one more meanwhile', async () => {
  await withExport(`${words}, format: [parquet], schema: multi`, [day(0), day(1)], async (opened) => {
    const { store, context } = opened
    const { keys } = context.exporting
    await run(opened, keeperOf(opened))
    await found(opened, 'a')
    let isFirst = true
    glue.meanwhile(async (call) => {
      if (call !== 'GetTable events' || !isFirst) return undefined
      isFirst = false
      const known = await readNames(store, keys)
      await keepNames(store, keys, known, { columns: known.columns, slugs: new Map([...known.slugs, ['Charge', 'charge']]) })
      await keeperOf(opened).keep()
      return undefined
    })
    expect(await keeperOf(opened).keep()).toBeUndefined()
    expect(glue.tables.get('events')?.Parameters?.['projection.event_slug.values']).toBe('sign-up,charge')
  })
})

describe('a catalogue that fails', () => {
  test.each([
    ['AccessDeniedException', 'may not be kept', 'Lake Formation'],
    ['InternalServiceException', 'could not be reached', 'tried again at the next export'],
    ['ThrottlingException', 'could not be reached', 'tried again at the next export'],
    ['InvalidInputException', 'is refused: InvalidInputException', undefined],
  ])('with %s is told of; what is kept stands, and the next call does what this one did not', async (type, told, remedy) => {
    await withExport(words, [day(0, { country: 'DE' }), day(1)], async (opened) => {
      glue.meanwhile(async (call) => (call.startsWith('CreateTable') ? type : undefined))
      const outcome = await run(opened, keeperOf(opened))
      expect(outcome).toMatchObject({ status: 'done', failed: [], late: { message: expect.stringContaining(told) } })
      expect(outcome).toMatchObject({ done: days.map((window) => ({ window, state: 'kept' })) })
      if (remedy !== undefined) expect(outcome).toMatchObject({ late: { remedy: expect.stringContaining(remedy) } })
      for (const one of days) expect(await opened.manifest(one)).toMatchObject({ status: 'complete' })
      // Once after a window, and once at the end: not once for each of many windows.
      expect(glue.calls.filter((call) => call.startsWith('CreateTable'))).toHaveLength(2)
      glue.meanwhile(async () => undefined)
      expect(await run(opened, keeperOf(opened))).not.toHaveProperty('late')
      expect(columnsOf('events')).toEqual([...own, 'country string'])
    })
  })

  test('for a while only has told nothing at the end', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      let calls = 0
      glue.meanwhile(async () => (calls++ === 0 ? 'InternalServiceException' : undefined))
      expect(await run(opened, keeperOf(opened))).not.toHaveProperty('late')
      expect(glue.tables.size).toBe(2)
    })
  })

  test('because its database is gone says what makes it', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      const outcome = await run(opened, keeperOf(opened, 'another'))
      expect(outcome).toMatchObject({
        late: { message: "Glue's table another.events has no database", remedy: expect.stringContaining('deploy') },
      })
    })
  })

  test('because somebody else writes without end is left for the next call', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      await run(opened, keeperOf(opened))
      await found(opened, 'a')
      glue.meanwhile(async (call) => (call.startsWith('UpdateTable') ? 'ConcurrentModificationException' : undefined))
      expect(await keeperOf(opened).keep()).toMatchObject({ message: expect.stringContaining('changed by others') })
    })
  })

  test('nobody is asked where there is none', async () => {
    await withExport(words, [day(0), day(1)], async (opened) => {
      expect(await opened.run()).not.toHaveProperty('late')
      expect(glue.calls).toEqual([])
    })
  })
})
