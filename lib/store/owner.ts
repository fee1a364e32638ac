import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * A process by a name that tells others on its host whether it still lives: `host/pid/start-random`, such as
 * `web-1+3b0c5f6e9a21+4026531836/812/90417-5d0f9c3e7a1b`.
 *
 * Hosts may share a name, and containers of one host do: where the system says them (Linux), the host is its name, what
 * its kernel calls this boot, and the pid namespace. A host that was started again is another one. `start` is the
 * process's start time, because pids are used again. Any other owner (a Lambda's request id) is fine too, and never
 * known to be dead.
 */
const boot = read(() =>
  readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    .replace(/[^0-9a-f]/g, '')
    .slice(0, 12),
)
const namespace = read(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''))
const host = [hostname(), boot, namespace].filter((part) => part !== '').join('+')
const self = `${host}/${process.pid}/${startOf(process.pid)}-${randomBytes(6).toString('hex')}`

/** `host/pid/start-random` of this process; the same for as long as it lives. */
export function ownerOfThisProcess(): string {
  return self
}

/** As a person would look for it: `process 812`, of another machine `process 812 on web-1`; any other owner as it is called. */
export function ownerInWords(owner: string): string {
  const [, theirHost, pid] = /^([^/]+)\/(\d+)\/\d*-[0-9a-f]+$/.exec(owner) ?? []
  if (theirHost === undefined) return owner
  return theirHost === host ? `process ${pid}` : `process ${pid} on ${theirHost.split('+')[0]}`
}

/** True only when the owner names a process of this host that certainly is no more. */
export function ownerIsDead(owner: string): boolean {
  const [, theirHost, pid, start] = /^([^/]+)\/(\d+)\/(\d*)-[0-9a-f]+$/.exec(owner) ?? []
  if (theirHost !== host) return false
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true
  }
  const now = startOf(Number(pid))
  return start !== '' && now !== '' && now !== start
}

/** In ticks since the host's start; '' where nobody says, 'ended' for a process that only waits for its parent to look. */
function startOf(pid: number): string {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // proc(5): the name, second of the fields, may hold spaces and brackets; state is the third field, start the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '')
}

/** There is no /proc outside Linux, and some hide other users' processes in it. */
function read(from: () => string): string {
  try {
    return from()
  } catch {
    return ''
  }
}
