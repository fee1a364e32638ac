import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * A folder with all above it; nothing happens where it is. Node's own `recursive` tries for ever, at full load, where the
 * system says of a folder that is there that it is not (ENOENT below /proc). Throws what the file system says.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing = await make(path)
  if (missing === undefined) return
  const above = dirname(path)
  if (above === path) throw missing
  await makeFolder(above)
  const still = await make(path)
  if (still !== undefined) throw still
}

/** What the system said, where it is for a folder above that is not there. */
async function make(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return error as NodeJS.ErrnoException
    // Systems differ in what they call a folder that is there: EEXIST, of a drive EPERM, of a read-only one EROFS.
    if (!(await isFolder(path))) throw error
  }
  return undefined
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
