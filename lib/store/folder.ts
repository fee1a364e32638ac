import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { BroadsheetError, UnavailableError, UsageError } from '../errors.ts'
import { locked, unless } from './lock.ts'
import { makeFolder } from './make-folder.ts'
import { ownerIsDead, ownerOfThisProcess } from './owner.ts'
import type { Listed, Store } from './store.ts'
import { checkKey, checkPlace, checkPrefix, isKey } from './store.ts'

/** Where bodies and locks are while something is written. No key begins with a dot, so it is never listed. */
const writing = '.writing'

/**
 * A folder as a store; it is made by the first put. A key is a file's path, an etag the SHA-256 of its content.
 * Bodies are written aside, synced, and then linked or renamed into place, so neither a reader nor a kill -9 meets
 * half of one, and nothing that was answered is lost with the power. Files whose path is no key (`.DS_Store`) are not
 * seen. Folders that became empty stay: removing one would race with a put that has just made it.
 */
export function openFolder(folder: string): Store {
  const root = resolve(folder)
  const aside = join(root, writing)
  const pathOf = (key: string) => join(root, checkKey(key))
  const lockOf = (key: string) => join(aside, `${sha256(key)}.lock`)
  let swept: Promise<void> | undefined

  async function read(key: string) {
    // A folder (EISDIR), or a key below another key (ENOTDIR), is no object.
    const body = await readFile(pathOf(key)).catch(unless('ENOENT', 'EISDIR', 'ENOTDIR'))
    return body === undefined ? undefined : { body, etag: sha256(body) }
  }

  /** The path of a body that is being written. */
  async function startPart(): Promise<string> {
    await makeFolder(aside)
    swept ??= sweep(aside)
    await swept
    return join(aside, `${encodeURIComponent(ownerOfThisProcess())} ${randomUUID()}.part`)
  }

  return {
    address: root,
    locate: pathOf,
    get: (key) => inWords(root, () => read(key)),

    put: (key, body, options = {}) =>
      inWords(root, async () => {
        const path = pathOf(key)
        const bytes = typeof body === 'string' ? Buffer.from(body) : body
        const part = await startPart()
        try {
          await writeThrough(part, bytes)
          await makeFolder(dirname(path))
          const condition = options.if
          if (condition === 'absent') {
            if (!(await linkAbsent(part, path))) return undefined
          } else {
            const holds = await locked(lockOf(key), async () => {
              if (condition !== undefined && (await read(key))?.etag !== condition.etag) return false
              await rename(part, path)
              return true
            })
            if (!holds) return undefined
          }
          await syncFolder(dirname(path))
          return sha256(bytes)
        } finally {
          await rm(part, { force: true })
        }
      }),

    upload: (key) =>
      inWords(root, async () => {
        const path = pathOf(key)
        const part = await startPart()
        let file = await open(part, 'wx')
        let over = false
        const end = async (work: () => Promise<void>) => {
          if (over) return
          over = true
          try {
            await inWords(root, work)
          } finally {
            await file.close()
            await rm(part, { force: true })
          }
        }
        return {
          write: (bytes) =>
            inWords(root, async () => {
              // One call may take a part of the bytes only.
              for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
            }),
          finish: () =>
            end(async () => {
              await file.sync()
              await makeFolder(dirname(path))
              await locked(lockOf(key), () => rename(part, path))
              await syncFolder(dirname(path))
            }),
          abort: () => end(async () => {}),
          path: part,
          take: (given) =>
            inWords(root, async () => {
              await file.close()
              await move(given, part)
              file = await open(part, 'r+')
            }),
        }
      }),

    read: (key) =>
      inWords(root, async () => {
        const path = pathOf(key)
        const found = await stat(path).catch(unless('ENOENT', 'ENOTDIR'))
        return found?.isFile() === true ? createReadStream(path, { highWaterMark: 256 * 1024 }) : undefined
      }),

    async *list(prefix) {
      yield* walk(root, '', checkPrefix(prefix))
    },

    purge: async (place) => void checkPlace(place),

    unfinished: (prefix) =>
      inWords(root, async () => {
        checkPrefix(prefix)
        await sweep(aside)
        return []
      }),

    delete: (key) =>
      inWords(root, async () => {
        const path = pathOf(key)
        if ((await stat(path).catch(unless('ENOENT', 'ENOTDIR'))) === undefined) return
        await makeFolder(aside)
        await locked(lockOf(key), () => rm(path, { force: true }))
      }),
  }
}

/** Depth first in key order: a folder counts as its name with a slash, so `a-b` (0x2D) comes before `a/` (0x2F). */
async function* walk(root: string, at: string, prefix: string): AsyncGenerator<Listed> {
  const found = await inWords(root, () => readdir(join(root, at), { withFileTypes: true }).catch(unless('ENOENT', 'ENOTDIR')))
  const names = (found ?? [])
    .filter((entry) => isKey(entry.name) && (entry.isFile() || entry.isDirectory()))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    // Keys are ASCII, where the order of bytes is the order of strings.
    .sort()
  for (const name of names) {
    const key = at + name
    if (name.endsWith('/')) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(root, key, prefix)
    } else if (key.startsWith(prefix)) {
      // It may have been deleted since.
      const file = await stat(join(root, key)).catch(unless('ENOENT'))
      if (file !== undefined) yield { key, bytes: file.size }
    }
  }
}

/** Removes what processes that were killed had begun to write. */
async function sweep(aside: string): Promise<void> {
  for (const name of (await readdir(aside).catch(unless('ENOENT'))) ?? []) {
    const [owner = ''] = name.split(' ')
    if (name.endsWith('.part') && ownerIsDead(decodeURIComponent(owner))) await rm(join(aside, name), { force: true })
  }
}

/** A file of another disk is copied. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
    await copyFile(from, to)
    await rm(from)
  }
}

async function linkAbsent(part: string, path: string): Promise<boolean> {
  return link(part, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A file's name is lost with the power unless its folder is synced too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What a file system refuses, in the family's words; anything else is a bug and stays itself. */
async function inWords<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BroadsheetError || !(error instanceof Error)) throw error
    const { code = '', path = root } = error as NodeJS.ErrnoException
    if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
      throw new UsageError(`the store ${root} does not let us at ${path} (${code})`, {
        remedy: 'mend its permissions, or choose another folder with --store',
        cause: error,
      })
    }
    // What may be missing has been seen to by now; this is a folder that cannot be made (below /proc), or was taken away.
    if (code === 'ENOENT') {
      throw new UsageError(`the store ${root} cannot hold ${path} (${code})`, {
        remedy: 'no folder can be made there, or it was taken away meanwhile: choose another one with --store',
        cause: error,
      })
    }
    if (['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code)) {
      throw new UsageError(`the store ${root} cannot hold ${path} (${code})`, {
        remedy: 'a file stands where a folder must be, or a folder where a file must: choose another folder with --store',
        cause: error,
      })
    }
    if (['ENOSPC', 'EDQUOT'].includes(code)) {
      throw new UnavailableError(`the disk of the store ${root} is full (${code})`, {
        remedy: 'make room on it',
        everywhere: true,
        cause: error,
      })
    }
    if (['EMFILE', 'ENFILE', 'EIO', 'ESTALE'].includes(code)) {
      throw new UnavailableError(`the store ${root} cannot be used right now (${code})`, {
        remedy: 'look at its disk',
        cause: error,
      })
    }
    throw error
  }
}
