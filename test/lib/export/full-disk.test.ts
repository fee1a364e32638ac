import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFolder } from '../../../lib/store/folder.ts'
import { keysIn, manifestIn } from './exporting.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'full-disk.ts')
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export disk '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A window exported in a process in which no file may be larger than so many KiB: to whoever writes one, a full disk. */
async function exported(formats: string, lines: string, most: number | 'unlimited') {
  const limited = `trap '' XFSZ; ulimit -f ${most}; exec "$@"`
  const given = [child, join(folder, 'store'), join(folder, 'scratch'), formats, lines]
  const { stdout } = await run('bash', ['-c', limited, 'bash', process.execPath, ...given])
  return JSON.parse(stdout) as unknown
}

test.each([
  ['in the Parquet step', 'json,parquet', 'wide', 64, 'there is no room left on the disk to make Parquet'],
  ['while the lines are laid aside', 'parquet', 'long', 64, 'there is no room left on the disk to lay a window aside'],
])('a disk that is full %s leaves nothing to see, and the window is kept once there is room', async (...given) => {
  const [, formats, lines, most, message] = given
  const store = openFolder(join(folder, 'store'))
  const remedy = expect.stringContaining(`make room where ${join(folder, 'scratch')}`)
  expect(await exported(formats, lines, most)).toEqual({ kind: 'unavailable', message, remedy })
  expect(await keysIn(store, 'exports/')).toEqual([])
  expect(await readdir(join(folder, 'scratch'))).toEqual([])
  expect(await exported(formats, lines, 'unlimited')).toEqual({ state: 'kept' })
  expect((await manifestIn(store))?.objects).toHaveLength(formats.split(',').length)
  expect(await readdir(join(folder, 'scratch'))).toEqual([])
})
