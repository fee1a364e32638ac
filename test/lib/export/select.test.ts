import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../../lib/errors.ts'
import type { Asker } from '../../../lib/export/select.ts'
import { openAsker } from '../../../lib/export/select.ts'

let scratch: string
let asker: Asker
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'broadsheet select '))
  asker = await openAsker({ scratch, tables: ['events'] })
  await asker.lock([])
})
afterAll(async () => {
  await asker.close()
  await rm(scratch, { recursive: true, force: true })
})

test.each([
  ['enable_profiling', 'create table a as from enable_profiling(); create table b as from range(10); select 42'],
  ['ENABLE_LOGGING', "create table c as from ENABLE_LOGGING (storage = 'file'); select write_log('x')"],
  ['enable_logging', 'select * from "enable_logging"()'],
  ['disable_logging', 'from system.main.disable_logging /* a */ -- b\n ()'],
  ['disable_profiling', "from query('from disable_profiling()')"],
  ['enable_peg_parser', 'from enable_peg_parser()'],
])('%s is refused before anything is run or fetched: %s', async (name, sql) => {
  for (const refused of [asker.select(sql), asker.parse(sql)]) {
    await expect(refused).rejects.toThrow(UsageError)
    await expect(refused).rejects.toThrow(`the SQL may not call ${name}`)
  }
})

test.each([
  'pragma enable_profiling',
  'pragma enable_profiling; select 1',
  'pragma disable_optimizer',
  'set enable_profiling = true',
])('%s is no select', async (sql) => {
  await expect(asker.select(sql)).rejects.toThrow('this is not one select')
})

test('the same words as a text or a column are no call', async () => {
  const { columns } = await asker.select("select 'enable_profiling' as enable_logging")
  expect(columns).toEqual(['enable_logging'])
})
