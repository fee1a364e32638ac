import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Document } from 'yaml'
import { LineCounter, parseDocument } from 'yaml'
import type { Mistake } from '../errors.ts'
import { ProjectError, UsageError } from '../errors.ts'
import { sourceKinds } from '../sources/index.ts'
import type { SourceKind } from '../sources/source.ts'
import { misreadFindings } from './misread.ts'
import type { Project } from './project.ts'
import { readerOf } from './reader.ts'
import { resolveProject } from './resolve.ts'
import { secretFindings } from './secrets.ts'
import { breakIn, isSerious, syntaxFindings } from './syntax.ts'
import type { Finding, Path, Tree } from './tree.ts'
import { treeOf } from './tree.ts'

/** The kinds of source that a project may name. */
export type SourceKinds = Readonly<Record<string, SourceKind>>

/**
 * Reads a project file, or the `broadsheet.yaml` of a folder: checked as a whole, every default filled in. Throws
 * ProjectError with all mistakes in the file's order, each with its place, and UsageError where there is no such file.
 * It waits for nothing, because CDK's constructs cannot.
 */
export function loadProject(path: string, options: { readonly kinds?: SourceKinds } = {}): Project {
  const { file, bytes } = readProjectFile(path)
  const shown = shownPath(file, path)
  const text = utf8(bytes, shown)
  const lines = new LineCounter()
  const { document, unquoted, text: readable } = parse(text, lines)
  const findings: Finding[] = [...unquoted, ...syntaxFindings(document, readable)]
  const mistakeAt = ({ from, message, remedy }: Finding): Mistake => ({ ...placeAt(from), message, remedy })
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file: shown, line: Math.max(1, line), column: Math.max(1, col) }
  }

  const everything = treeOf(document, readable, (finding) => findings.push(finding))
  const secrets = secretFindings(everything)
  findings.push(...secrets)
  const tree = withoutAnchors(everything)
  const warnings: Finding[] = []
  let resolved: ReturnType<typeof resolveProject>
  // A file that is not YAML has no structure to check.
  if (!document.errors.some(isSerious)) {
    const reader = readerOf(tree, (finding) => findings.push(finding))
    resolved = resolveProject(reader, options.kinds ?? sourceKinds, (finding) => warnings.push(finding))
  }
  const mistakes = inOrder(findings, [...unquoted, ...secrets]).map(mistakeAt)
  if (mistakes.length > 0 || resolved === undefined) throw new ProjectError(mistakes)
  return {
    file,
    folder: dirname(file),
    ...resolved,
    warnings: inOrder(warnings, []).map(mistakeAt),
    where: (path) => placeAt(offsetOf(tree, path)),
  }
}

/** Stands where a text is covered: of the private use area, so whatever names it follows from what it covers. */
const cover = '\uE000'

/**
 * Parses a text again and again, each time with the texts in it covered that YAML misread or tripped over for want of
 * quotes: then whatever follows from them is gone, and the rest of the file can be checked too.
 */
function parse(original: string, lines: LineCounter): { document: Document.Parsed; unquoted: Finding[]; text: string } {
  const unquoted: Finding[] = []
  let text = original
  for (;;) {
    const document = parseDocument(text, {
      merge: true,
      prettyErrors: false,
      ...(text === original ? { lineCounter: lines } : {}),
    })
    const end = breakIn(document, text)
    const fresh = [...misreadFindings(document, text), ...syntaxFindings(document, text)].filter(
      ({ from, to }) => to !== undefined && from <= end && !unquoted.some((known) => from < (known.to ?? 0) && to > known.from),
    )
    const [first] = fresh.sort((a, b) => a.from - b.from)
    if (first?.to === undefined) return { document, unquoted, text }
    unquoted.push(first)
    text = `${text.slice(0, first.from)}${cover.repeat(first.to - first.from)}${text.slice(first.to)}`
  }
}

function readProjectFile(path: string): { file: string; bytes: Buffer } {
  let file = resolve(path)
  try {
    if (statSync(file).isDirectory()) file = join(file, 'broadsheet.yaml')
    return { file, bytes: readFileSync(file) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'ENOTDIR') throw error
    throw new UsageError(code === 'EACCES' ? `${file} cannot be read` : `there is no project file ${file}`, {
      remedy: 'name one with --project <file or folder>',
      cause: error,
    })
  }
}

/** Relative to where the command was typed, as long as it lies below. */
function shownPath(file: string, given: string): string {
  const below = relative(process.cwd(), file)
  if (!below.startsWith('..')) return below
  return file.endsWith('/broadsheet.yaml') && !given.endsWith('broadsheet.yaml') ? join(given, 'broadsheet.yaml') : given
}

function utf8(bytes: Buffer, shown: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const whole = bytes.toString('latin1')
    const read = bytes.toString('utf8').split('\uFFFD')[0] ?? ''
    const line = read.split('\n')
    const message = whole.includes('\0') ? 'this is no text file' : 'this is not UTF-8'
    throw new ProjectError([
      { file: shown, line: line.length, column: (line.at(-1) ?? '').length + 1, message, remedy: 'save the file as UTF-8' },
    ])
  }
}

/** Top-level keys `x-…` hold anchors and nothing else. */
function withoutAnchors(tree: Tree): Tree {
  const { value } = tree
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return tree
  return { ...tree, value: Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-'))) }
}

/** By place in the file. What lies in a misread stretch, or just where a secret is, follows from that and is left out. */
function inOrder(findings: readonly Finding[], causes: readonly Finding[]): Finding[] {
  const kept: Finding[] = []
  for (const finding of findings) {
    const { from, message } = finding
    const covered = causes.some((cause) => from >= cause.from && from < (cause.to ?? cause.from + 1))
    const follows = !causes.includes(finding) && (covered || message.includes(cover))
    if (!follows && !kept.some((other) => other.from === from && other.message === message)) kept.push(finding)
  }
  return kept.sort((a, b) => a.from - b.from)
}

function offsetOf(tree: Tree, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const entry = tree.entry(path.slice(0, length))
    if (entry !== undefined) return entry.kind === 'map' ? (entry.key ?? entry.at) : entry.at
  }
  return 0
}
