import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { DataError } from '../errors.ts'
import { escapeControls } from '../exact-json.ts'
import { splitLines } from '../lines.ts'

const chunk = 1024 * 1024

/** Whether a file is packed with gzip: by its first bytes, whatever it is called. Undefined for an empty file. */
export async function isPacked(path: string): Promise<boolean | undefined> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 0 ? undefined : buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** Lines that are not blank. Throws DataError for a gzip that is cut or damaged, which DuckDB takes for a whole one. */
export async function countLines(paths: readonly string[]): Promise<number> {
  let lines = 0
  for (const path of paths) {
    for await (const line of linesOf(path)) if (!isBlank(line)) lines += 1
  }
  return lines
}

/**
 * Copies lines, packed, with U+FFFD for each half of a surrogate pair that is written as an escape without its other half:
 * what cuts a text in the middle of an emoji leaves one, and no Parquet can hold it; and with control characters escaped,
 * which DuckDB does not take as they are. Gives how many lines it changed. Throws DataError, naming file and line, for the
 * first that is not JSON or of which `problem` tells one.
 */
export async function mendLines(
  paths: readonly string[],
  to: string,
  problem: (value: unknown) => string | undefined,
): Promise<number> {
  let mended = 0
  async function* copied(): AsyncGenerator<Buffer> {
    for (const path of paths) {
      let number = 0
      for await (const line of linesOf(path)) {
        number += 1
        if (isBlank(line)) continue
        const { whole, wrong } = readLine(withoutHalves(line), problem)
        if (wrong !== undefined) throw new DataError(`${basename(path)}, line ${number}: ${wrong}`)
        if (whole !== line) mended += 1
        yield whole
        yield newline
      }
    }
  }
  await pipeline(copied, createGzip({ level: 1 }), createWriteStream(to))
  return mended
}

const newline = Buffer.from('\n')

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  const split = splitLines()
  const source = createReadStream(path, { highWaterMark: chunk })
  const gunzip = (await isPacked(path)) === true ? createGunzip({ chunkSize: chunk }) : undefined
  const failed: { error?: unknown } = {}
  // Its failure ends the gunzip with it, and the loop throws that.
  const fed =
    gunzip === undefined ? undefined : pipeline(source, gunzip).catch((error: unknown) => Object.assign(failed, { error }))
  try {
    for await (const bytes of gunzip ?? source) yield* split.push(bytes as Buffer)
    await fed
    const rest = split.end()
    if (rest !== undefined) yield rest
  } catch (error) {
    const cause = failed.error ?? error
    if (cause instanceof Error && 'code' in cause && /^Z_/.test(String(cause.code))) {
      throw new DataError(`${basename(path)}: the gzip is cut or damaged`, { remedy: 'fetch the file again', cause })
    }
    throw cause
  } finally {
    source.destroy()
  }
}

/** Of what is blank to JSON, and carriage returns with it. */
function isBlank(line: Buffer): boolean {
  return (line[0] ?? 0x20) <= 0x20 && line.every((byte) => byte <= 0x20 && byte !== 0)
}

const escaped = /\\(?:u[dD][89aAbB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs

function withoutHalves(line: Buffer): Buffer {
  if (!line.includes('\\ud') && !line.includes('\\uD')) return line
  const before = line.toString('latin1')
  // Escapes are taken one after the other, so that the \\ud800 of a backslash and letters stays.
  const after = before.replace(escaped, (all, half: string | undefined) => (half === undefined ? all : '\\ufffd'))
  return after === before ? line : Buffer.from(after, 'latin1')
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The line as JSON allows it, which a vendor's old lines with control characters in them are not. */
function readLine(
  line: Buffer,
  problem: (value: unknown) => string | undefined,
): { readonly whole: Buffer; readonly wrong: string | undefined } {
  let text: string
  try {
    text = decoder.decode(line)
  } catch {
    return { whole: line, wrong: 'this is not UTF-8' }
  }
  const value = parsed(text)
  if (value !== undefined) return { whole: line, wrong: problem(value) }
  const escaped = escapeControls(text)
  const other = escaped === text ? undefined : parsed(escaped)
  if (other === undefined) return { whole: line, wrong: 'this is not JSON' }
  return { whole: Buffer.from(escaped), wrong: problem(other) }
}

/** undefined for what is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
