import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../../lib/errors.ts'
import { ownerOfThisProcess } from '../../../lib/store/claims.ts'
import { openFolder } from '../../../lib/store/folder.ts'
import { openStore } from '../../../lib/store/open.ts'
import { startChild } from './child.ts'
import { claimsContract } from './claims-contract.ts'
import { listed, storeContract } from './contract.ts'

let place: string
let stores = 0
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'a folder with spaces '))
})
afterAll(() => rm(place, { recursive: true }))

function newFolder(): string {
  stores += 1
  return join(place, `store ${stores}`, 'not there yet')
}
const open = async () => ({ store: openFolder(newFolder()), env: {} })

storeContract('a folder', open)
claimsContract('a folder', open)

test('a key is a file where a person looks for it', async () => {
  const folder = newFolder()
  const store = openFolder(folder)
  await store.put('reports/weekly/latest.json', '{}')
  expect(store.address).toBe(folder)
  expect(store.locate('reports/weekly/latest.json')).toBe(join(folder, 'reports', 'weekly', 'latest.json'))
  expect(await readdir(join(folder, 'reports', 'weekly'))).toEqual(['latest.json'])
})

test('what an upload wrote can be read before it is over, and nobody sees it yet', async () => {
  const store = openFolder(newFolder())
  const upload = await store.upload('exports/a')
  await upload.write(Buffer.from('one, '))
  await upload.write(Buffer.from('two'))
  expect(readFileSync(String(upload.path), 'utf8')).toBe('one, two')
  expect(await listed(store, '')).toEqual([])
  await upload.abort()
  expect(existsSync(String(upload.path))).toBe(false)
})

// Memory is a disk of its own on Linux; elsewhere both are the same, and the file is moved.
test.each([
  ['of the same disk', () => place],
  ['of another disk', () => (existsSync('/dev/shm') ? '/dev/shm' : place)],
])('an upload takes a file %s, which is gone then', async (_, disk) => {
  const folder = await mkdtemp(join(disk(), 'taken '))
  const store = openFolder(newFolder())
  try {
    for (const isKept of [true, false]) {
      const file = join(folder, 'rows.parquet')
      await writeFile(file, 'PAR1 rows')
      const upload = await store.upload('exports/a')
      await upload.take?.(file)
      expect(existsSync(file)).toBe(false)
      expect(await listed(store, '')).toEqual(isKept ? [] : [{ key: 'exports/a', bytes: 9 }])
      await (isKept ? upload.finish() : upload.abort())
      expect(existsSync(String(upload.path))).toBe(false)
      expect(Buffer.from((await store.get('exports/a'))?.body ?? []).toString()).toBe('PAR1 rows')
    }
    const upload = await store.upload('exports/a')
    await expect(upload.take?.(join(folder, 'none'))).rejects.toThrow(/ENOENT/)
    await upload.abort()
    expect(await listed(store, '')).toEqual([{ key: 'exports/a', bytes: 9 }])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('looking makes nothing', async () => {
  const folder = newFolder()
  const store = openFolder(folder)
  await store.get('a')
  await listed(store, '')
  await store.delete('a')
  await store.unfinished('')
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
})

test('files that are no keys, and empty folders, are not seen', async () => {
  const folder = newFolder()
  const store = openFolder(folder)
  await store.put('a/b', 'x')
  await mkdir(join(folder, 'empty', 'too'), { recursive: true })
  for (const name of ['.DS_Store', 'Notes of mine.txt', 'ü']) await writeFile(join(folder, 'a', name), 'x')
  expect(await listed(store, '')).toEqual([{ key: 'a/b', bytes: 1 }])
})

test('a writer that is killed leaves whole objects, no lock and, after the next one, no litter', async () => {
  const folder = newFolder()
  const store = openFolder(folder)
  for (let round = 0; round < 3; round += 1) {
    const child = startChild('writer.ts', [folder, 'big'])
    try {
      for (let put = 0; put <= round * 2; put += 1) await child.line()
    } finally {
      await child.kill()
    }
    const stored = Buffer.from((await store.get('big'))?.body ?? [])
    expect(stored.equals(Buffer.alloc(3_000_000, stored[0] ?? -1))).toBe(true)
    const etag = (await store.get('big'))?.etag ?? ''
    expect(await openFolder(folder).put('big', `after kill ${round}`, { if: { etag } })).toBeTypeOf('string')
    expect((await listed(store, '')).map(({ key }) => key)).toEqual(['big'])
    expect(await readdir(join(folder, '.writing'))).toEqual([])
  }
})

test('what a killed process had begun to write is removed, what a living one writes is not', async () => {
  const folder = newFolder()
  const living = `${encodeURIComponent(ownerOfThisProcess())} 1.part`
  const killed = living.replace(`%2F${process.pid}%2F`, '%2F4194304%2F')
  await mkdir(join(folder, '.writing'), { recursive: true })
  for (const name of [living, killed]) await writeFile(join(folder, '.writing', name), 'half of')
  const store = openFolder(folder)
  await store.put('a', 'x')
  expect(await readdir(join(folder, '.writing'))).toEqual([living])
  // Of a process that died since.
  await writeFile(join(folder, '.writing', killed), 'half of')
  expect(await store.unfinished('a/')).toEqual([])
  expect(await readdir(join(folder, '.writing'))).toEqual([living])
})

test.each([
  ['EEXIST', 'the folder is a file', async (folder: string) => writeFile(folder, 'x')],
  [
    'ENOTDIR',
    'a folder of the key is a file',
    async (folder: string) => mkdir(folder).then(() => writeFile(join(folder, 'reports'), 'x')),
  ],
])('%s: %s, and the error says so', async (_code, _what, prepare) => {
  stores += 1
  const folder = join(place, `store ${stores}`)
  await prepare(folder)
  const store = openFolder(folder)
  expect(await store.get('reports/a')).toBeUndefined()
  const failed = await store.put('reports/a', 'x').catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(UsageError)
  expect((failed as UsageError).message).toContain(folder)
  expect((failed as UsageError).remedy).toContain('--store')
})

// Node's own recursive mkdir never ends there.
test.runIf(existsSync('/proc/self'))('a place where no folder can be made is told, not tried for ever', async () => {
  const store = openFolder('/proc/nope/reports')
  expect(await store.get('a')).toBeUndefined()
  const failed = await store.put('a', 'x').catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(UsageError)
  expect((failed as UsageError).message).toContain('/proc/nope')
  expect((failed as UsageError).remedy).toContain('--store')
})

test.each(['', 'ftp://host/x', 'S3://bucket', 's3://', 's3://B_ucket', 's3://bucket/a b', 's3://bucket/../x'])(
  '%j is no address of a store',
  (address) => {
    expect(() => openStore(address)).toThrow(UsageError)
  },
)
