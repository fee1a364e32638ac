import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, type Scalar } from 'yaml'

/** Keys and indices from the file's root. */
export type Path = readonly (string | number)[]

/** A stretch of the file's text that something is wrong with, as offsets in UTF-16 units. */
export interface Finding {
  readonly from: number
  /** Where the wrong stretch ends, if more than its start is known. */
  readonly to?: number
  readonly message: string
  readonly remedy?: string | undefined
}

/** A value of the file and where it stands. */
export interface Entry {
  /** Offset of the key; undefined for the root and for items of a list. */
  readonly key?: number | undefined
  /** Offset of the value; of an alias the value that it stands for. */
  readonly at: number
  readonly kind: 'map' | 'list' | 'text' | 'other'
  readonly flow: boolean
  /** A scalar as it is written, without quotes. */
  readonly written?: string
  /** A plain number that JavaScript prints otherwise than it is written: 0123, 1e5, 12345678901234567890. */
  readonly misprinted?: number
  /** The scalar's text with its quotes, for places inside it. */
  readonly source?: string
  /** Keys of a map, in the file's order, merged ones last. */
  readonly keys: readonly string[]
}

/** The file as values, each of which can be found again. */
export interface Tree {
  readonly value: unknown
  readonly entry: (path: Path) => Entry | undefined
}

/** A file of a few reports has some thousand values; aliases in aliases grow without bounds. */
const mostValues = 100_000

/**
 * Values and places of a parsed document. Numbers that would not print as they are written are kept as their text
 * (see `misprinted`); aliases and merge keys are followed. What cannot be followed is found.
 */
export function treeOf(document: Document.Parsed, text: string, find: (finding: Finding) => void): Tree {
  const entries = new Map<string, Entry>()
  const open = new Set<Node>()
  let values = 0

  function note(path: Path, entry: Entry): void {
    entries.set(JSON.stringify(path), entry)
  }

  function read(node: Node | null, path: Path, key: number | undefined, empty: number): unknown {
    values += 1
    if (values === mostValues) find({ from: 0, message: 'aliases make more values of this file than a project can have' })
    if (values >= mostValues) return undefined
    const at = node?.range?.[0] ?? empty
    if (node === null) {
      note(path, { key, at, kind: 'other', flow: false, written: '', keys: [] })
      return null
    }
    if (isAlias(node)) return followed(node, (target) => read(target, path, key, at))
    if (isMap(node)) return within(node, () => readMap(node, path, key))
    if (isSeq(node)) {
      note(path, { key, at, kind: 'list', flow: node.flow === true, keys: [] })
      return within(node, () => node.items.map((item, index) => read(item as Node | null, [...path, index], undefined, at)))
    }
    return readScalar(node as Scalar, path, key, at)
  }

  /** Reads what an alias stands for; undefined where that is nothing, or holds the alias itself. */
  function followed<Value>(alias: Alias, read: (target: Node) => Value): Value | undefined {
    const target = alias.resolve(document)
    const from = alias.range?.[0] ?? 0
    if (target === undefined) {
      find({ from, message: `there is no anchor &${alias.source} before this *`, remedy: `quote it: '*${alias.source}'` })
      return undefined
    }
    if (open.has(target)) {
      find({ from, message: `*${alias.source} stands inside of what it stands for` })
      return undefined
    }
    return within(target, () => read(target))
  }

  /** While a node is read, an alias inside of it must not stand for it. */
  function within<Value>(node: Node, read: () => Value): Value {
    const already = open.has(node)
    open.add(node)
    const value = read()
    if (!already) open.delete(node)
    return value
  }

  function readMap(map: YAMLMap, path: Path, key: number | undefined): unknown {
    const own = new Map<string, Pair>()
    const merged = new Map<string, Pair>()
    collect(map, own, merged)
    const pairs = [...own, ...[...merged].filter(([name]) => !own.has(name))]
    const keys = pairs.map(([name]) => name)
    note(path, { key, at: map.range?.[0] ?? 0, kind: 'map', flow: map.flow === true, keys })
    return Object.fromEntries(
      pairs.map(([name, pair]) => {
        const from = (pair.key as Node).range?.[0] ?? 0
        return [name, read(pair.value as Node | null, [...path, name], from, from)]
      }),
    )
  }

  /** A map's own pairs and those of its merge keys, of which the first of a name counts. */
  function collect(map: YAMLMap, own: Map<string, Pair>, merged: Map<string, Pair>): void {
    for (const pair of map.items) {
      const { key } = pair
      if (!isScalar(key)) {
        const from = (key as Node | null)?.range?.[0] ?? map.range?.[0] ?? 0
        find({ from, message: 'a key is a plain word here', remedy: 'quote it if it begins with [, { or *' })
      } else if (key.source === '<<' && key.type === 'PLAIN') {
        mergeFrom(pair.value as Node | null, merged)
      } else {
        // As written: a key 0123 is that text and no number.
        const name = key.source ?? String(key.value)
        if (name === '__proto__') find({ from: key.range?.[0] ?? 0, message: 'there is no `__proto__` here' })
        else if (!own.has(name)) own.set(name, pair)
      }
    }
  }

  function mergeFrom(value: Node | null, merged: Map<string, Pair>): void {
    if (isAlias(value)) {
      followed(value, (target) => mergeFrom(target, merged))
    } else if (isSeq(value)) {
      for (const item of value.items) mergeFrom(item as Node | null, merged)
    } else if (isMap(value)) {
      const [own, inner] = [new Map<string, Pair>(), new Map<string, Pair>()]
      collect(value, own, inner)
      for (const [name, pair] of [...own, ...inner]) if (!merged.has(name)) merged.set(name, pair)
    } else {
      find({ from: value?.range?.[0] ?? 0, message: '<< takes a map, or a list of maps' })
    }
  }

  function readScalar(scalar: Scalar, path: Path, key: number | undefined, at: number): unknown {
    const written = scalar.source ?? ''
    const source = text.slice(at, scalar.range?.[1] ?? at)
    const kind = typeof scalar.value === 'string' ? 'text' : 'other'
    const place = { key, at, kind, flow: false, written, source, keys: [] } as const
    if (typeof scalar.value === 'number' && String(scalar.value) !== written) {
      note(path, { ...place, misprinted: scalar.value })
      return written
    }
    note(path, place)
    return scalar.value
  }

  const value = read(document.contents, [], undefined, 0)
  return { value, entry: (path) => entries.get(JSON.stringify(path)) }
}

/** The offset in a scalar's source of a position in its value; the scalar's start where lines were folded. */
export function offsetInside(source: string, position: number): number {
  if (source.includes('\n') || /^[|>]/.test(source)) return 0
  const quote = source[0]
  if (quote !== "'" && quote !== '"') return position
  let offset = 1
  for (let read = 0; read < position && offset < source.length - 1; read += 1) {
    if (quote === "'") offset += source[offset] === "'" ? 2 : 1
    else if (source[offset] !== '\\') offset += 1
    else offset += { x: 4, u: 6, U: 10 }[source[offset + 1] ?? ''] ?? 2
  }
  return offset
}

/** The text of a value that begins at an offset, as its author meant it: to the comma or bracket that is not its own. */
export function meantText(text: string, from: number, flow: boolean): string {
  const line = (/^[^\r\n]*/.exec(text.slice(from))?.[0] ?? '').replace(/[ \t]+#(?=[ \t]|$).*$/, '')
  const open: string[] = []
  let quote = ''
  for (const [at, sign] of [...line].entries()) {
    if (quote !== '') quote = sign === quote ? '' : quote
    else if (sign === '"' || (sign === "'" && !/\w/.test(line[at - 1] ?? ''))) quote = sign
    else if ('([{'.includes(sign)) open.push(sign)
    else if (')]}'.includes(sign)) {
      // What it closes may lie before this text; brackets that are open within it are then a part of the text.
      const opened = open.lastIndexOf('([{'[')]}'.indexOf(sign)] ?? '')
      if (flow && opened < 0) return [...line].slice(0, at).join('').trimEnd()
      open.length = Math.max(0, opened)
    }
    if (flow && open.length === 0 && sign === ',' && quote === '') return [...line].slice(0, at).join('').trimEnd()
  }
  return line.trimEnd()
}

/** A text in YAML's single quotes, in which nothing but the quote itself means anything. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
