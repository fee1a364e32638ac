import * as z from 'zod'
import { closest } from '../closest.ts'
import { keysAt } from './schema-keys.ts'
import type { Entry, Finding, Path, Tree } from './tree.ts'
import { offsetInside, quoted } from './tree.ts'
import { listed, meant, unworded, wordIssue } from './wording.ts'

/** Reads parts of the file by their schemas, and says of each mistake where it is. */
export interface Reader {
  readonly tree: Tree
  /** The value at a path by its schema; undefined where it is wrong, which has then been said. */
  parse<Schema extends z.ZodType>(schema: Schema, path: Path): z.output<Schema> | undefined
  /**
   * An object field by field, so that one mistake hides no other: fields that are wrong are left out, and then it is
   * not `right`. Those in `but` are known and read by someone else.
   */
  fields<Shape extends z.ZodRawShape, But extends keyof Shape = never>(
    schema: z.ZodObject<Shape>,
    path: Path,
    but?: readonly But[],
  ): { readonly data: Partial<Omit<z.output<z.ZodObject<Shape>>, But>>; readonly right: boolean }
  /** The keys of a map at a path, in the file's order; undefined where it is no map, which has then been said. */
  map(path: Path): readonly string[] | undefined
  raw(path: Path): unknown
  /** Whether something stands at a path, if only under a mistyped key, which has then been said. */
  given(path: Path): boolean
  /** Something is wrong with the value at a path, with its key, or with a place inside of its text. */
  mistake(path: Path, message: string, remedy?: string, where?: 'key' | number): void
  missing(path: Path, message: string, remedy?: string): void
}

export function readerOf(tree: Tree, find: (finding: Finding) => void): Reader {
  function raw(path: Path): unknown {
    let value = tree.value
    for (const part of path) {
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined
      value = (value as Record<string | number, unknown>)[part]
    }
    return value
  }

  /** Paths of what is not there under its name, because another key was meant to be it. */
  const mistyped = new Set<string>()

  function mistake(path: Path, message: string, remedy?: string, where?: 'key' | number): void {
    const entry = tree.entry(path)
    if (typeof where === 'number') {
      find({ from: (entry?.at ?? 0) + offsetInside(entry?.source ?? '', where), message, remedy })
    } else {
      find({ from: where === 'key' ? (entry?.key ?? entry?.at ?? 0) : placeOf(entry), message, remedy })
    }
  }

  function missing(path: Path, message: string, remedy?: string): void {
    if (mistyped.has(JSON.stringify(path))) return
    find({ from: placeOf(nearest(path)), message, remedy })
  }

  function given(path: Path): boolean {
    return raw(path) !== undefined || mistyped.has(JSON.stringify(path))
  }

  function nearest(path: Path): Entry | undefined {
    for (let length = path.length - 1; length > 0; length -= 1) {
      const entry = tree.entry(path.slice(0, length))
      if (entry !== undefined) return entry
    }
    return tree.entry([])
  }

  function parse<Schema extends z.ZodType>(schema: Schema, path: Path): z.output<Schema> | undefined {
    return read(schema, path).data
  }

  /** `value` is what the file says, numbers and texts as they were meant; `data` what the schema makes of it. */
  function read<Schema extends z.ZodType>(
    schema: Schema,
    path: Path,
  ): { readonly value: unknown; readonly right: boolean; readonly data?: z.output<Schema> } {
    const parseOnce = (value: unknown) => schema.safeParse(value, { error: () => unworded })
    let value = raw(path)
    let result = parseOnce(value)
    const misprints = misprintsIn(path)
    if (!result.success) {
      for (const [at, right] of asMeant(result.error.issues.flatMap((issue) => inner(issue)))) {
        value = withValue(value, at, right)
        misprints.delete(JSON.stringify([...path, ...at]))
      }
      result = parseOnce(value)
    }
    // Whatever is left was taken as a text, in which YAML would have lost something.
    for (const { at, written = '' } of misprints.values()) {
      find({
        from: at,
        to: at + written.length,
        message: `YAML reads ${written} as another number`,
        remedy: `quote it: ${quoted(written)}`,
      })
    }
    // Unknown keys first: what they were meant to be is then not missing.
    const issues = (result.error?.issues ?? []).toSorted((a, b) => Number(isUnknown(b)) - Number(isUnknown(a)))
    for (const issue of issues) {
      const at = [...path, ...(issue.path as (string | number)[])]
      if (!misprints.has(JSON.stringify(at))) tell(issue, schema, path)
    }
    return result.success && misprints.size === 0 ? { value, right: true, data: result.data } : { value, right: false }

    /** Numbers that are meant as texts (an id), and texts that are meant as numbers, such as 1e5. */
    function asMeant(issues: z.core.$ZodIssue[]): [Path, string | number][] {
      return issues.flatMap((issue): [Path, string | number][] => {
        if (issue.code !== 'invalid_type') return []
        const at = issue.path as (string | number)[]
        const entry = tree.entry([...path, ...at])
        if (entry?.written === undefined) return []
        if (issue.expected === 'string' && typeof raw([...path, ...at]) === 'number') return [[at, entry.written]]
        if (entry.misprinted === undefined || !/number|int/.test(issue.expected)) return []
        return [[at, entry.misprinted]]
      })
    }
  }

  function misprintsIn(path: Path): Map<string, Entry> {
    const found = new Map<string, Entry>()
    const visit = (value: unknown, at: Path) => {
      if (value !== null && typeof value === 'object') {
        for (const [key, inner] of Object.entries(value)) visit(inner, [...at, Array.isArray(value) ? Number(key) : key])
        return
      }
      const entry = tree.entry(at)
      if (entry?.misprinted !== undefined) found.set(JSON.stringify(at), entry)
    }
    visit(raw(path), path)
    return found
  }

  function tell(issue: z.core.$ZodIssue, schema: z.core.$ZodType, base: Path): void {
    const path = [...base, ...(issue.path as (string | number)[])]
    if (issue.code === 'unrecognized_keys') {
      unknownKeys(issue.keys, keysAt(schema, issue.path), path)
      return
    }
    if (issue.code === 'invalid_key') {
      mistake(path, issue.issues[0]?.message ?? 'this is no name', undefined, 'key')
      return
    }
    if (issue.code === 'invalid_union') {
      // The branch that the value has the type of says more than that no branch takes it.
      const branch = issue.errors.find((errors) =>
        errors.every((error) => error.path.length > 0 || error.code === 'unrecognized_keys'),
      )
      if (branch !== undefined) {
        for (const error of branch) tell({ ...error, path: [...issue.path, ...error.path] } as z.core.$ZodIssue, schema, base)
        return
      }
    }
    const entry = tree.entry(path)
    const { message, remedy } = wordIssue(issue, path, entry)
    if (entry === undefined) missing(path, message, remedy)
    else find({ from: placeOf(entry), message, remedy })
  }

  function unknownKeys(unknown: readonly string[], known: readonly string[], path: Path): void {
    for (const key of unknown) {
      const entry = tree.entry([...path, key])
      const right = closest(key, known)
      if (right !== undefined) mistyped.add(JSON.stringify([...path, right]))
      const remedy = meant(right) ?? (known.length === 0 ? undefined : `known here: ${listed(known, 'and')}`)
      find({
        from: entry?.key ?? entry?.at ?? 0,
        message: `there is no \`${key}\` ${path.length === 0 ? 'here' : `in \`${path.findLast((part) => typeof part === 'string')}\``}`,
        remedy,
      })
    }
  }

  function map(path: Path): readonly string[] | undefined {
    const entry = tree.entry(path)
    if (entry?.kind === 'map') return entry.keys
    tell({ code: 'invalid_type', expected: 'record', path: [], message: unworded, input: raw(path) }, z.unknown(), path)
    return undefined
  }

  return {
    tree,
    raw,
    given,
    mistake,
    missing,
    parse,
    map,
    fields(schema, path, but = []) {
      const shape = schema.shape
      const value = raw(path) as Record<string, unknown> | undefined
      if (value !== undefined && map(path) === undefined) return { data: {}, right: false }
      const known = Object.keys(shape)
      const unknown = Object.keys(value ?? {}).filter((key) => !known.includes(key))
      unknownKeys(unknown, known, path)
      const values: Record<string, unknown> = {}
      const data: Record<string, unknown> = {}
      let right = unknown.length === 0
      for (const key of known) {
        if ((but as readonly string[]).includes(key)) continue
        const field = read(shape[key] as unknown as z.ZodType, [...path, key])
        if (field.value !== undefined) values[key] = field.value
        if (field.data !== undefined) data[key] = field.data
        right &&= field.right
      }
      // Rules between fields are for fields that are right.
      if (right && but.length === 0) {
        const whole = schema.safeParse(values, { error: () => unworded })
        for (const issue of whole.error?.issues ?? []) tell(issue, schema, path)
        right = whole.success
      }
      return { data, right } as never
    },
  }
}

function isUnknown(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'unrecognized_keys'
}

/** Where a mistake in a value is shown: a map and a list over lines at their key, anything else at itself. */
function placeOf(entry: Entry | undefined): number {
  if (entry === undefined) return 0
  return entry.kind === 'map' || (entry.kind === 'list' && !entry.flow) ? (entry.key ?? entry.at) : entry.at
}

/** An issue with those of a union's branches. */
function inner(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  return issue.errors.flatMap((errors) =>
    errors.flatMap((error) => inner({ ...error, path: [...issue.path, ...error.path] } as z.core.$ZodIssue)),
  )
}

/** A value with another one at a path inside of it. */
function withValue(value: unknown, path: Path, right: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined) return right
  if (Array.isArray(value)) return value.map((item, at) => (at === first ? withValue(item, rest, right) : item))
  return { ...(value as object), [first]: withValue((value as Record<string, unknown>)[first], rest, right) }
}
