import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DataError, UnavailableError } from '../errors.ts'
import { parseExactly } from '../exact-json.ts'
import { networkCause } from './network.ts'
import type { Opened } from './stream.ts'

/** Some elements of a long list, and what stands before it at the top of the document. */
export interface ListPart {
  readonly items: readonly unknown[]
  /** The list itself is empty here. Of the last part, which has no items, all that stands beside the list. */
  readonly head: Readonly<Record<string, unknown>>
}

const [quote, backslash, comma, openBrace, closeBrace, openBracket, closeBracket] = Buffer.from('"\\,{}[]')
/** What may stand beside the list. */
const mostHead = 1024 * 1024

/**
 * Reads `{"…": …, "<list>": [item, …], …}` item by item, so that memory does not grow with the list. Each item is parsed
 * by itself, so that a key `__proto__` stays a key; whole numbers beyond 2^53 come as their digits. Throws UnavailableError where the document breaks off, DataError where
 * it is none of that form; what is no list at all (an error in a 200) is one last part, all in its head.
 */
export async function* readList(opened: Opened, list: string): AsyncGenerator<ListPart, void> {
  const { call, requestId, headers, body } = opened
  const bytes = headers['content-encoding'] === 'gzip' ? pipeline(body, createGunzip(), () => {}) : body
  const isList = new RegExp(`(?<!\\\\)"${list}"\\s*:\\s*$`)
  const broken = (what: string) => new DataError(`${call}: ${what}`, { requestId })
  const parse = (text: string, what: string): unknown => {
    try {
      return parseExactly(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      throw broken(`${what} is not JSON`)
    }
  }
  let head = ''
  let item: Buffer[] = []
  let items: unknown[] = []
  let before: ListPart['head'] = {}
  let count = 0
  let depth = 0
  let inText = false
  let escaped = false
  let inList = false

  /** Everything up to `end` belongs where it lies: to an item of the list, or to what is beside it. */
  function keep(chunk: Buffer, from: number, end: number): void {
    if (end <= from) return
    if (inList) item.push(chunk.subarray(from, end))
    else head += chunk.toString('latin1', from, end)
    if (head.length > mostHead) throw broken(`there is more beside \`${list}\` than in any answer`)
  }
  function finish(last: boolean): void {
    const text = Buffer.concat(item).toString('utf8')
    item = []
    if (last && count === 0 && text.trim() === '') return
    count += 1
    items.push(parse(text, `item ${count} of \`${list}\``))
  }
  /** Bytes are kept as they are until the head is whole: a character may lie across two chunks. */
  function headWith(end: string): ListPart['head'] {
    const value = parse(Buffer.from(`${head}${end}`, 'latin1').toString('utf8'), 'the answer')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ListPart['head']
    throw broken('the answer is not an object')
  }

  function take(chunk: Buffer): void {
    let from = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (inText) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) inText = false
      } else if (byte === quote) {
        inText = true
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1
        if (depth !== 2 || byte !== openBracket || inList) continue
        keep(chunk, from, at)
        inList = isList.test(head.slice(-list.length - 64))
        head += '['
        from = at + 1
        if (inList) before = headWith(']}')
      } else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1
        if (!inList || depth !== 1) continue
        keep(chunk, from, at)
        finish(true)
        inList = false
        from = at
      } else if (byte === comma && inList && depth === 2) {
        keep(chunk, from, at)
        finish(false)
        from = at + 1
      }
    }
    keep(chunk, from, chunk.length)
  }

  try {
    for await (const chunk of bytes) {
      take(chunk as Buffer)
      if (items.length === 0) continue
      const part = { items, head: before }
      items = []
      yield part
    }
  } catch (error) {
    const why = networkCause(error)
    if (why === undefined) throw error
    throw new UnavailableError(`${call}: the answer broke off (${why})`, { requestId, cause: error })
  } finally {
    body.destroy()
  }
  if (depth > 0 || inText) {
    throw new UnavailableError(`${call}: the answer broke off after ${count} of \`${list}\``, { requestId })
  }
  yield { items: [], head: headWith('') }
}
