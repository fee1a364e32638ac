import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { ownerIsDead, ownerOfThisProcess } from '../../../lib/store/owner.ts'

const [host = ''] = ownerOfThisProcess().split('/')

test('a process has one name, with host and pid in it, and lives', () => {
  expect(ownerOfThisProcess()).toBe(ownerOfThisProcess())
  expect(ownerOfThisProcess().split('/').slice(0, 2)).toEqual([host, String(process.pid)])
  expect(host.split('+')[0]).toBe(hostname())
  expect(ownerIsDead(ownerOfThisProcess())).toBe(false)
})

test('a pid that nobody has is dead on this host, and unknown on another or in another container', () => {
  const gone = ownerOfThisProcess().replace(`/${process.pid}/`, '/4194304/')
  expect(ownerIsDead(gone)).toBe(true)
  expect(ownerIsDead(`other-${gone}`)).toBe(false)
})

test.runIf(process.platform === 'linux')(
  'a host is its name, its boot and its pid namespace, and another in any of them is unknown',
  () => {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', '').slice(0, 12)
    const [namespace = ''] = /\d+/.exec(readlinkSync('/proc/self/ns/pid')) ?? []
    expect(host).toBe(`${hostname()}+${boot}+${namespace}`)
    for (const other of [`${hostname()}+0123456789ab+${namespace}`, `${hostname()}+${boot}+1${namespace}`, hostname()]) {
      expect(ownerIsDead(`${other}/4194304/1-00`)).toBe(false)
    }
    expect(ownerIsDead(`${host}/4194304/1-00`)).toBe(true)
  },
)

test.runIf(process.platform === 'linux')('a pid that another process has now is dead', () => {
  expect(ownerIsDead(`${host}/${process.pid}/1-00`)).toBe(true)
})

test.each(['', 'lambda 8476a536-e9f4-11e8-9739-2dfe598c3fcd', 'ann', `${hostname()}/x/y`, '../../1'])(
  'an owner called %j is never known to be dead',
  (owner) => {
    expect(ownerIsDead(owner)).toBe(false)
  },
)
