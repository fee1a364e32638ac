import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import * as z from 'zod'
import { DataError } from '../errors.ts'
import { escapeControls, parseExactly } from '../exact-json.ts'
import { splitLines } from '../lines.ts'
import type { RawData } from '../sources/source.ts'
import type { ExportKeys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { keptBody } from './kept.ts'
import { parseKept } from './manifest.ts'
import type { Verified } from './verify.ts'
import { passOn } from './verify.ts'

/** Of whom nothing may be kept: people by their ids, which are known here by their SHA-256 alone. */
export interface Forgotten {
  /** Whether a line speaks of one of them. Throws DataError for a line that is no JSON object. */
  has(line: Buffer): boolean
  readonly sha256: readonly string[]
  /** Another one once somebody was added. */
  readonly mark: string
}

const list = z.strictObject({ version: z.literal(1), sha256: z.array(z.string().regex(/^[0-9a-f]{64}$/)) })

/** Adds ids to those that are forgotten; gives how many are new. What is on the list stays out of every later export, too. */
export async function addForgotten(store: Store, keys: ExportKeys, ids: readonly string[]): Promise<number> {
  for (;;) {
    const stored = await store.get(keys.forgotten)
    const known = new Set(stored === undefined ? [] : parseKept(list, stored.body, store.locate(keys.forgotten)).sha256)
    const before = known.size
    for (const id of ids) known.add(hash(id))
    if (known.size === before) return 0
    const body = `${JSON.stringify({ version: 1, sha256: [...known].sort() } satisfies z.input<typeof list>)}\n`
    const condition = stored === undefined ? 'absent' : { etag: stored.etag }
    if ((await store.put(keys.forgotten, body, { if: condition, contentType: 'application/json' })) !== undefined) {
      return known.size - before
    }
  }
}

/** Undefined where nobody is forgotten, so that bytes are passed on as they come. */
export async function readForgotten(store: Store, keys: ExportKeys): Promise<Forgotten | undefined> {
  const stored = await store.get(keys.forgotten)
  if (stored === undefined) return undefined
  const { sha256 } = parseKept(list, stored.body, store.locate(keys.forgotten))
  const known = new Set(sha256)
  if (known.size === 0) return undefined
  return { has: (line) => idsIn(line).some((id) => known.has(hash(id))), sha256, mark: stored.etag }
}

function hash(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}

/**
 * What Mixpanel calls somebody by in an event: the ids from before a merge, and both sides of what makes two ids one
 * (`$create_alias`, `$identify`, `$merge`). A list of ids counts with each of them.
 */
export const idProperties = [
  ...['distinct_id', '$distinct_id', '$user_id', '$device_id', '$distinct_id_before_identity'],
  ...['alias', '$identified_id', '$anon_id', '$distinct_ids'],
] as const
/** Objects of ids, each under a name of its own. */
export const idObjects = ['ids', 'customer_ids'] as const

/** By what a line calls somebody: an event's or a profile's ids, and whatever stands in an object of ids. */
function idsIn(line: Buffer): string[] {
  const { text, row } = parsedLine(line)
  if (mayRepeat(text)) return idsWritten(text)
  const own = fieldsOf(row)
  const properties = fieldsOf(own['properties'])
  return [own, properties].flatMap((fields) => [
    ...idProperties.flatMap((name) => idsOf(fields[name])),
    ...idObjects.flatMap((name) => Object.values(fieldsOf(fields[name])).flatMap(idsOf)),
  ])
}

/** Old lines hold control characters as they are. */
function parsedLine(line: Buffer): { readonly text: string; readonly row: unknown } {
  const text = line.toString('utf8')
  for (const asJson of [same, escapeControls]) {
    const one = asJson(text)
    try {
      return { text: one, row: parseExactly(one) }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  throw new DataError('a line of this export is no JSON, so nobody can say of whom it speaks')
}

const same = (text: string) => text

function idsOf(value: unknown): string[] {
  return [value]
    .flat()
    .filter((id) => typeof id === 'string' || typeof id === 'number')
    .map(String)
}

const words = new Set<string>([...idProperties, ...idObjects, 'properties'])
const wordsInQuotes = new RegExp(`"(?:${[...words].map((word) => word.replace('$', '\\$')).join('|')})"`, 'g')

/** JSON.parse gives the last value of a name that stands twice in an object, and Parquet has the first. */
function mayRepeat(text: string): boolean {
  const found = text.match(wordsInQuotes) ?? []
  // Letters may be written as escapes, in names too.
  return new Set(found).size < found.length || /\\u00[2-7]/.test(text)
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^\s{}[\],:"]+/g

/** The same of JSON's text, for every value of a name. */
function idsWritten(text: string): string[] {
  const found: string[] = []
  /** Where it stands: an object by the name of which the value is awaited, undefined before that; null for a list. */
  const open: (string | undefined | null)[] = []
  for (const [token] of text.matchAll(tokens)) {
    const last = open.length - 1
    if (token === '{' || token === '[') open.push(token === '{' ? undefined : null)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',') open[last] = open[last] === null ? null : undefined
    else if (last >= 0 && open[last] === undefined) open[last] = String(JSON.parse(token))
    else if (isOfIds(open.filter((name) => name !== null))) found.push(...idsOf(parseExactly(token)))
  }
  return found
}

function isOfIds([first, ...rest]: readonly (string | undefined)[]): boolean {
  const path = first === 'properties' ? rest : [first, ...rest]
  return path.length === 1
    ? idProperties.some((name) => name === path[0])
    : path.length === 2 && idObjects.some((name) => name === path[0])
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {}
}

/** What came without the lines of those who are forgotten, in a file of its own where there were some. */
export async function without<Came extends Verified & { readonly path: string | undefined }>(
  forgotten: Forgotten,
  came: Came,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Came & { readonly removed: number }> {
  if (came.path === undefined) throw new RangeError('only what was laid aside can be looked through')
  const path = join(folder, 'left.json.gz')
  const gzip = createGzip()
  let removed = 0
  async function* left(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const split = splitLines()
    const stays = (line: Buffer): Buffer[] => {
      if (line.every((byte) => byte <= 0x20)) return []
      if (!forgotten.has(line)) return [line, newline]
      removed += 1
      return []
    }
    for await (const chunk of chunks) {
      const kept = split.push(chunk).flatMap(stays)
      if (kept.length > 0) yield Buffer.concat(kept)
    }
    const rest = split.end()
    if (rest !== undefined) yield Buffer.concat(stays(rest))
  }
  await pipeline(createReadStream(came.path), createGunzip(), left, gzip, createWriteStream(path), { signal })
  if (removed === 0) return { ...came, removed }
  const verified = await passOn(linesOf(path, createReadStream(path)), [], signal)
  return { ...came, ...verified, path, removed }
}

const newline = Buffer.from('\n')

/** The lines of a window as they are kept. */
export async function keptLines(store: Store, key: string, signal?: AbortSignal): Promise<RawData> {
  const body = await keptBody(store, key)
  signal?.addEventListener('abort', () => body.destroy(), { once: true })
  return linesOf(store.locate(key), body)
}

function linesOf(call: string, body: RawData['body']): RawData {
  return { call, encoding: 'gzip', body, lines: { see: () => {}, end: () => {}, cut: (cause) => cause } }
}
