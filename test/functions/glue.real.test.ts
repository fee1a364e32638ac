import { CreateDatabaseCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { glueCatalogue } from '../../functions/glue.ts'
import { tablesOf } from '../../lib/export/tables.ts'
import type { MotoServer } from '../servers/moto.ts'
import { startMoto } from '../servers/moto.ts'

let moto: MotoServer
let client: GlueClient
beforeAll(async () => {
  moto = await startMoto()
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  client = new GlueClient({ endpoint: moto.endpoint, region: 'us-east-1', credentials })
})
beforeEach(async () => {
  await moto.reset()
  await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'exports' } }))
})
afterAll(async () => {
  client.destroy()
  await moto.stop()
})

const entry = { name: 'web-events', source: 'product', data: 'events', from: '2026-01-01', schema: 'multi' } as const
const names = { columns: new Map([['Plan Type', 'Plan Type']]), slugs: new Map([['Sign Up', 'sign-up']]) }
const tables = (format: ('json' | 'parquet')[]) => tablesOf({ ...entry, format }, names, { locate: (key) => `s3://lake/${key}` })

test.each(['parquet', 'json'] as const)('a table of %s comes back as it was written, and is written over', async (format) => {
  const catalogue = glueCatalogue('exports', client)
  const { rows } = tables([format])
  if (rows === undefined) throw new Error('no table')
  expect(await catalogue.read('web_events')).toBeUndefined()
  expect(await catalogue.write(rows, undefined)).toBe(true)
  expect(await catalogue.write(rows, undefined)).toBe(false)
  const first = await catalogue.read('web_events')
  expect(first).toMatchObject({ ...rows, version: '1' })
  const grown = { ...rows, columns: [...rows.columns, { name: 'country', type: 'string', comment: 'ISO' }] }
  expect(await catalogue.write(grown, first)).toBe(true)
  expect(await catalogue.read('web_events')).toMatchObject({ ...grown, version: '2' })
  await catalogue.remove('web_events')
  await catalogue.remove('web_events')
  expect(await catalogue.write(grown, first)).toBe(false)
  expect(await catalogue.read('web_events')).toBeUndefined()
})

test('what Athena needs to project partitions is there', async () => {
  const { rows, windows } = tables(['parquet'])
  for (const table of [rows, windows]) if (table !== undefined) await glueCatalogue('exports', client).write(table, undefined)
  const { Table } = await client.send(new GetTableCommand({ DatabaseName: 'exports', Name: 'web_events' }))
  expect(Table).toMatchObject({
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [
      { Name: 'event_slug', Type: 'string' },
      { Name: 'date', Type: 'string' },
    ],
    Parameters: {
      'projection.enabled': 'true',
      'storage.location.template': `s3://lake/exports/web-events/parquet/event=\${event_slug}/date=\${date}/`,
    },
  })
  const other = await client.send(new GetTableCommand({ DatabaseName: 'exports', Name: 'web_events_windows' }))
  expect(other.Table?.PartitionKeys).toEqual([])
})

test('a database that is not there is told of', async () => {
  const { windows } = tables(['json'])
  await expect(glueCatalogue('another', client).write(windows, undefined)).rejects.toThrow(
    "Glue's table another.web_events_windows has no database",
  )
})
