import type { Document, ErrorCode, YAMLError } from 'yaml'
import { isSecretLine } from './secrets.ts'
import type { Finding } from './tree.ts'
import { meantText, quoted } from './tree.ts'

/**
 * The parser's own errors and warnings in words that say what to write. After one that breaks the structure the next
 * ones follow from it, and are left out. A finding with a stretch is a text that lacks its quotes.
 */
export function syntaxFindings(document: Document.Parsed, text: string): Finding[] {
  const findings: Finding[] = []
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    const message = 'an older YAML reads yes and 08:00 as other things than texts'
    findings.push({ from: 0, message, remedy: 'leave out the line %YAML' })
  }
  let broken = false
  for (const error of [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])) {
    // Every tab is to be written otherwise, so each is told.
    if (broken && error.code !== 'TAB_AS_INDENT') continue
    broken ||= !local.has(error.code)
    findings.push({ from: error.pos[0], ...worded(error, text) })
  }
  return findings
}

/** Where the structure breaks, so that what stands behind it may not be what its author wrote; Infinity where it holds. */
export function breakIn(document: Document.Parsed, text: string): number {
  const broken = document.errors.filter((error) => !local.has(error.code) && worded(error, text).to === undefined)
  return Math.min(...broken.map((error) => error.pos[0]))
}

/** Errors in one value, which leave the structure around it as it was meant. */
const local = new Set<ErrorCode>(['DUPLICATE_KEY', 'BAD_DQ_ESCAPE', 'BAD_SCALAR_START', 'TAG_RESOLVE_FAILED'])

/** Whether an error leaves the rest of the file readable. */
export function isSerious(error: YAMLError): boolean {
  return error.code !== 'DUPLICATE_KEY' && error.code !== 'TAG_RESOLVE_FAILED' && error.code !== 'BAD_DQ_ESCAPE'
}

type Words = Omit<Finding, 'from'> & { readonly from?: number }

function worded(error: YAMLError, text: string): Words {
  const at = error.pos[0]
  const rest = text.slice(at)
  const unquoted = (message: string): Words => ({ message, remedy: quoteIt(text, at), ...stretch(text, at) })
  switch (error.code satisfies ErrorCode) {
    case 'DUPLICATE_KEY':
      return { message: `\`${/^[^:\r\n]*/.exec(rest)?.[0].trim()}\` is there twice`, remedy: 'keep one of them' }
    case 'TAB_AS_INDENT':
      return tab
    case 'BLOCK_IN_FLOW':
      return keyInValue(text, at)
    case 'BLOCK_AS_IMPLICIT_KEY':
      return unquoted('a colon and a space make a key and a value of this')
    case 'BAD_SCALAR_START':
      return unquoted(`a value cannot begin with ${rest[0]}`)
    case 'BAD_DQ_ESCAPE':
      return {
        message: `${rest.slice(0, 2)} means nothing in double quotes`,
        remedy: 'use single quotes, or write \\\\ for a backslash',
      }
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', remedy: 'a project is one document; leave out the line ---' }
    case 'TAG_RESOLVE_FAILED':
      return unquoted('a ! at the start of a value makes it a tag, and there are none here')
    case 'BAD_INDENT':
      return /[ ]*\t/y.test(text.slice(text.lastIndexOf('\n', at - 1) + 1)) ? tab : badIndent(error)
    case 'MISSING_CHAR':
      return missing(error)
    case 'MULTILINE_IMPLICIT_KEY':
      return noValue
    case 'UNEXPECTED_TOKEN':
      return unexpected(error, text)
    default:
      return { message: `this is not YAML: ${error.message.replace(/\s+/g, ' ')}` }
  }
}

function badIndent(error: YAMLError): Words {
  if (!error.message.startsWith('Flow')) {
    return { message: 'this line begins at another column than those it belongs to', remedy: 'indent it as they are' }
  }
  const [open, close] = error.message.includes('sequence') ? '[]' : '{}'
  return { message: `a ${open} before this is not closed`, remedy: `close it with ${close}, and indent the lines between` }
}

const tab: Words = { message: 'a tab indents nothing in YAML', remedy: 'write spaces' }

/** `{ within: 7 days saved: 7 }` and `{ title: Growth: weekly }`: a second colon in a value of flow style. */
function keyInValue(text: string, from: number): Words {
  const value = meantText(text, from, true)
  const key = /^[^:]*\s(?=(\S+):(?:\s|$))/.exec(value)
  const quote = quoteIt(text, from)
  if (key === null) {
    return { message: 'a colon and a space make a key and a value of this', remedy: quote, to: from + value.length }
  }
  return {
    from: from + key[0].length,
    message: `a comma is missing before ${key[1]}`,
    remedy: `write it; if all of this is one text, ${quote}`,
  }
}

const noValue: Words = {
  message: 'this is neither a key nor a value',
  remedy: 'write `key: value`, with a space after the colon',
}

function missing(error: YAMLError): Words {
  if (error.message.includes('quote')) {
    return { message: 'a quote that was opened is never closed', remedy: 'close it where the text ends' }
  }
  if (error.message.includes(', or :')) {
    return {
      message: 'a comma is missing between this and what is before it',
      remedy: 'in [ and {, commas stand between entries',
    }
  }
  if (error.message.includes('map')) {
    return noValue
  }
  return { message: `this is not YAML: ${error.message}` }
}

/** Something after a whole value: most often brackets or quotes in a text that has no quotes of its own. */
function unexpected(error: YAMLError, text: string): Words {
  const at = error.pos[0]
  const sign = text[at] ?? ''
  if (error.message.includes('block-seq-ind')) {
    return { message: 'a list in lines begins on a line of its own', remedy: 'write [a, b], or go to the next line before the -' }
  }
  const from = valueStart(text, at)
  if (/["']/.test(text[from] ?? '')) {
    return { message: 'the text goes on after its closing quote', remedy: `a quote in single quotes is written twice: 'it''s'` }
  }
  if (from < at && '[{"\''.includes(sign)) {
    const message = `${sign} means something else in a text without quotes`
    return { from, message, remedy: quoteIt(text, from), ...stretch(text, from) }
  }
  return { message: 'this belongs to nothing', remedy: 'look for a comma, a colon or a bracket before it' }
}

/** Where the value begins in which an offset lies: after the last colon, comma, dash or bracket before it on the line. */
function valueStart(text: string, at: number): number {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1
  const before = text.slice(lineStart, at)
  const starts = [...before.matchAll(/^\s*(?:- +)*|[:,] +|[[{] */g)].map((match) => match.index + match[0].length)
  return lineStart + Math.max(0, ...starts.filter((start) => start < before.length))
}

/** Whether an offset lies within braces or brackets that its paragraph opened: good enough for a remedy. */
export function inFlow(text: string, at: number): boolean {
  const paragraph = text.slice(text.lastIndexOf('\n\n', at) + 1, at).replace(/'[^'\n]*'|"[^"\n]*"|[ \t]#.*$/gm, '')
  let depth = 0
  for (const sign of paragraph) {
    if (sign === '{' || sign === '[') depth += 1
    if (sign === '}' || sign === ']') depth = Math.max(0, depth - 1)
  }
  return depth > 0
}

/** Where a text ends that lacks its quotes; a key with its value is left as it is. */
function stretch(text: string, from: number): { to?: number } {
  const flow = inFlow(text, from)
  const { length } = meantText(text, from, flow)
  const isKey = flow && /: /.test(text.slice(from, from + length))
  return length === 0 || isKey ? {} : { to: from + length }
}

/** `quote it: 'Sign Up #2'`, with the text that begins at an offset; without it where it could be a secret. */
export function quoteIt(text: string, from: number): string {
  return isSecretLine(text, from) ? 'quote it' : `quote it: ${quoted(meantText(text, from, inFlow(text, from)))}`
}
