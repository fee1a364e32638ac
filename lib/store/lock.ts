import { randomUUID } from 'node:crypto'
import { lstat, readlink, symlink, unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnavailableError } from '../errors.ts'
import { ownerIsDead, ownerOfThisProcess } from './owner.ts'

/** A lock is held for a few file operations; a holder on another host that took longer by far is no more. */
const foreignMilliseconds = 10_000
const patienceMilliseconds = 30_000

/**
 * One at a time, across the processes that share a folder. The lock is a symbolic link that points to its holder's
 * name: made and read in one step each, so there is no lock without a holder, and nobody waits for a holder that was
 * killed. Throws UnavailableError when a living holder does not let go for half a minute.
 */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const holder = `${ownerOfThisProcess()} ${randomUUID()}`
  const begun = performance.now()
  while (!(await take(path, holder))) {
    const other = await holderOf(path)
    if (other === undefined) continue
    if (await isGone(path, other)) {
      // Whoever removes a dead holder's lock does it alone; else a second remover would take away the lock of the first
      // one after it. A remover may be killed too: then its lock is removed in the same way.
      await locked(`${path}.heir`, async () => {
        if ((await holderOf(path)) === other) await remove(path)
      })
    } else if (performance.now() - begun > patienceMilliseconds) {
      throw new UnavailableError(`${other} does not let go of ${path}`, { remedy: 'end that process if it hangs' })
    } else {
      await sleep(1 + Math.random() * 9)
    }
  }
  try {
    return await work()
  } finally {
    if ((await holderOf(path)) === holder) await remove(path)
  }
}

async function isGone(path: string, holder: string): Promise<boolean> {
  const [owner = ''] = holder.split(' ')
  if (ownerIsDead(owner)) return true
  if (owner.split('/')[0] === ownerOfThisProcess().split('/')[0]) return false
  const held = await lstat(path).catch(unless('ENOENT'))
  return held !== undefined && Date.now() - held.mtimeMs > foreignMilliseconds
}

async function take(path: string, holder: string): Promise<boolean> {
  return symlink(holder, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

function holderOf(path: string): Promise<string | undefined> {
  return readlink(path).catch(unless('ENOENT'))
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(unless('ENOENT'))
}

/** For `catch`: undefined for errors of these codes. */
export function unless(...codes: readonly string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error
  }
}
