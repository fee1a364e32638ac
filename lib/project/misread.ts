import type { Document, Node, Scalar } from 'yaml'
import { isMap, isScalar, isSeq, visit } from 'yaml'
import { inFlow, quoteIt } from './syntax.ts'
import type { Finding } from './tree.ts'
import { meantText, quoted } from './tree.ts'

/**
 * What YAML reads without complaint and otherwise than it was meant. A finding's stretch covers what was misread, so
 * that whatever else is wrong inside of it follows from it.
 */
export function misreadFindings(document: Document.Parsed, text: string): Finding[] {
  const findings: Finding[] = document.errors.length > 0 ? commentsOverBrackets(text) : []
  visit(document, {
    Scalar(key, scalar) {
      if (key === 'key' || scalar.type !== 'PLAIN' || !scalar.range) return
      const finding = cutSchedule(scalar, text) ?? cutByComment(scalar, text)
      if (finding !== undefined) findings.push(finding)
    },
    Collection(_, collection) {
      if (collection.flow !== true) return
      const items = isMap(collection)
        ? collection.items.flatMap((pair) => [pair.key, pair.value])
        : isSeq(collection)
          ? collection.items
          : []
      const scalars = items.filter((item): item is Scalar => isScalar(item) && (item as Node).range !== undefined)
      for (const [at, scalar] of scalars.entries()) {
        const finding = groupedDigits(scalar, scalars[at + 1], text)
        if (finding !== undefined) findings.push(finding)
      }
    },
  })
  return findings
}

/** `{ schedule: cron(0 8 ? * MON,WED *) }`: in flow style the comma ends the text. */
function cutSchedule(scalar: Scalar, text: string): Finding | undefined {
  const [from = 0] = scalar.range ?? []
  const source = scalar.source ?? ''
  if (!/^(?:cron|rate|at)\(/.test(source) || source.includes(')')) return undefined
  const rest = /^[^\r\n)]*\)/.exec(text.slice(from))?.[0]
  if (rest === undefined) return undefined
  const sign = rest[source.length] ?? ''
  const means = sign === ',' ? 'a comma ends a value' : 'brackets begin a list or a map'
  return { from, to: from + rest.length, message: `in flow style ({…}, […]) ${means}`, remedy: `quote it: ${quoted(rest)}` }
}

/** `event: Sign Up #2`: YAML takes what follows a space and # for a comment. */
function cutByComment(scalar: Scalar, text: string): Finding | undefined {
  const [from = 0, end = 0] = scalar.range ?? []
  const orSpace = 'put a space after the # of a comment'
  // `title: #1` is nothing at all.
  if (scalar.value === null && /^#[^\s#!-]/.test(text.slice(from))) return commentAt(text, from, orSpace)
  return typeof scalar.value === 'string' && /^[ \t]+#[^\s#!-]/.test(text.slice(end)) ? commentAt(text, from, orSpace) : undefined
}

/** `{ event: Sign Up, #on: country }`: the comment takes the brackets with it, and they are missed lines later. */
function commentsOverBrackets(text: string): Finding[] {
  const comments = [...text.matchAll(/(?<=[ \t])#[^\s#!-][^\r\n]*[\]}][^\r\n]*/g)]
  return comments
    .filter(({ index }) => !isQuoted(text, index) && inFlow(text, index))
    .map(({ index }) => commentAt(text, index, 'put a comment on a line of its own'))
}

function isQuoted(text: string, at: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at).replace(/'[^']*'|"[^"]*"/g, '')
  return /(?:^|[\s,:[{])['"]/.test(before) || /[ \t]#/.test(before)
}

/** A text that YAML ends at a #, or does not even begin. */
function commentAt(text: string, from: number, otherwise: string): Finding {
  const meant = meantText(text, from, inFlow(text, from))
  const key = /^(#[^\s:]+): /.exec(meant)?.[1]
  return {
    from,
    to: from + meant.length,
    message: `a space and # begin a comment, so the ${meant.startsWith('#') ? 'line' : 'text'} ends before it`,
    remedy: `${key === undefined ? quoteIt(text, from) : `quote it: ${quoted(key)}`}, or ${otherwise}`,
  }
}

/** `{ limit: 1,000 }`: in flow style these are 1 and 000. */
function groupedDigits(scalar: Scalar, next: Scalar | undefined, text: string): Finding | undefined {
  if (next === undefined || scalar.type !== 'PLAIN' || next.type !== 'PLAIN' || !scalar.range || !next.range) return undefined
  const [from, to] = [scalar.range[0], next.range[1]]
  const written = text.slice(from, to)
  if (!/^[+-]?\d{1,3},\d{3}$/.test(written)) return undefined
  const whole = /^[+-]?\d{1,3}(?:,\d{3})+/.exec(text.slice(from))?.[0] ?? written
  return {
    from,
    to: from + whole.length,
    message: `in flow style ({…}, […]) ${whole} is several values`,
    remedy: `write ${whole.replaceAll(',', '')}; if it is a text, quote it: ${quoted(whole)}`,
  }
}
