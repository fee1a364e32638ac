import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { ownerIsDead, ownerOfThisProcess } from '../../../lib/store/owner.ts'

test('a process has one name, with host and pid in it, and lives', () => {
  expect(ownerOfThisProcess()).toBe(ownerOfThisProcess())
  expect(ownerOfThisProcess().startsWith(`${hostname()}/${process.pid}/`)).toBe(true)
  expect(ownerIsDead(ownerOfThisProcess())).toBe(false)
})

test('a pid that nobody has is dead on this host, and unknown on another or in another container', () => {
  const gone = ownerOfThisProcess().replace(`/${process.pid}/`, '/4194304/')
  expect(ownerIsDead(gone)).toBe(true)
  expect(ownerIsDead(`other-${gone}`)).toBe(false)
  expect(ownerIsDead(gone.replace(/\/(\d*)\./, '/1$1.'))).toBe(false)
})

test.runIf(process.platform === 'linux')('a pid that another process has now is dead', () => {
  const [namespace] = /\d+/.exec(readlinkSync('/proc/self/ns/pid')) ?? []
  expect(ownerIsDead(`${hostname()}/${process.pid}/${namespace}.1-00`)).toBe(true)
})

test.each(['', 'lambda 8476a536-e9f4-11e8-9739-2dfe598c3fcd', 'ann', `${hostname()}/x/y`, '../../1'])(
  'an owner called %j is never known to be dead',
  (owner) => {
    expect(ownerIsDead(owner)).toBe(false)
  },
)
