import { lutimes, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { locked } from '../../../lib/store/lock.ts'
import { startChild } from './child.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock '))
  path = join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true }))

/** Leaves locks behind whose holder was killed. */
async function killedHolder(...paths: readonly string[]): Promise<void> {
  const child = startChild('holder.ts', paths)
  await child.line()
  await child.kill()
  expect(await readdir(folder)).toHaveLength(paths.length)
}

test('one at a time, and nothing is left', async () => {
  let inside = 0
  const most: number[] = []
  await Promise.all(
    Array.from({ length: 20 }, () =>
      locked(path, async () => {
        inside += 1
        most.push(inside)
        await readdir(folder)
        inside -= 1
      }),
    ),
  )
  expect(most).toEqual(Array(20).fill(1))
  expect(await readdir(folder)).toEqual([])
})

test('a lock is let go when the work fails', async () => {
  await expect(locked(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await readdir(folder)).toEqual([])
})

test('nobody waits for a holder that was killed, nor for one killed while it removed that', async () => {
  for (const paths of [[path], [path, `${path}.heir`]]) {
    await killedHolder(...paths)
    expect(await locked(path, async () => 'held')).toBe('held')
    expect(await readdir(folder)).toEqual([])
  }
})

test('processes that all find a killed holder still go one at a time', async () => {
  await killedHolder(path)
  const count = join(folder, 'count')
  await writeFile(count, '0')
  const children = Array.from({ length: 4 }, () => startChild('counter.ts', [path, count, '50']))
  try {
    for (const child of children) expect(await child.line()).toBe('ready')
    for (const child of children) child.say('go')
    for (const child of children) expect(await child.line()).toBe('done')
  } finally {
    await Promise.all(children.map((child) => child.kill()))
  }
  expect(await readFile(count, 'utf8')).toBe('200')
})

test('of a holder on another host only its age tells: a lock is held for moments', async () => {
  await symlink('elsewhere/1/.-00 token', path)
  let entered = false
  const waiting = locked(path, async () => {
    entered = true
  })
  for (let other = 0; other < 50; other += 1) await locked(`${path} ${other}`, async () => {})
  expect(entered).toBe(false)
  await lutimes(path, new Date(0), new Date(0))
  await waiting
  expect(entered).toBe(true)
})
