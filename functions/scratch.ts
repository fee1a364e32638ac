import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RefusedError } from '../lib/errors.ts'
import { ownerIsDead, ownerOfThisProcess } from '../lib/store/owner.ts'

/**
 * A new folder for what a command lays aside: vendors' bytes, and what people are forgotten out of. It goes with the
 * process, and where that was killed, with the next command that asks for one here: all of them lie in one folder of this
 * user, each with its process in its name. Throws RefusedError where that folder is not this user's own.
 */
export function scratchFolder(): string {
  const parent = ownParent()
  for (const name of readdirSync(parent)) {
    if (ownerIsDead(ownerIn(name))) rmSync(join(parent, name), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(parent, `${encodeURIComponent(ownerOfThisProcess())}.`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The temporary folder is everybody's: who made this name there before us could read what we lay in it. */
function ownParent(): string {
  // Not userInfo(), which throws where a container runs a user without a name.
  const uid = process.getuid?.() ?? -1
  const parent = join(tmpdir(), uid < 0 ? 'broadsheet' : `broadsheet-${uid}`)
  if (lstatSync(parent, { throwIfNoEntry: false }) === undefined) mkdirSync(parent, { recursive: true, mode: 0o700 })
  const found = lstatSync(parent)
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) {
    throw new RefusedError(`${parent} is not a folder of your own`, { remedy: 'remove it, or set TMPDIR to another folder' })
  }
  return parent
}

/** '' for what is no name of ours, which is nobody known to be dead. */
function ownerIn(name: string): string {
  try {
    return decodeURIComponent(name.replace(/\.[^.]*$/, ''))
  } catch (error) {
    if (error instanceof URIError) return ''
    throw error
  }
}
