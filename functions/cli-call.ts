import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { UsageError } from '../lib/errors.ts'
import { isNumeral, parseToSendBack } from '../lib/exact-json.ts'
import { loadProject } from '../lib/project/load.ts'
import { meantCall } from '../lib/sources/call-words.ts'
import { sourceKinds } from '../lib/sources/index.ts'
import type { Called, CallWords, SourceKind } from '../lib/sources/source.ts'
import { storeLedger } from '../lib/store/ledger.ts'
import { openStore } from '../lib/store/open.ts'
import { openSources } from './adapters.ts'
import { credentialReader } from './credentials.ts'
import { parameterSchema, parameterWords } from './parameter-words.ts'
import { isReaderGone } from './stdout.ts'

export interface CallOptions {
  readonly project: string
  readonly store?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

/**
 * Lists a vendor's calls, shows what one takes, or makes it and prints what came. The exit code is 1 where the vendor
 * refused a part of what was sent, which its answer tells.
 */
export async function call(
  name: string,
  method: string | undefined,
  parameters: string | undefined,
  options: CallOptions,
): Promise<number> {
  const project = loadProject(options.project)
  const entry = project.sources[name]
  if (entry === undefined) {
    throw new UsageError(`there is no source "${name}"`, {
      remedy: `the project has ${Object.keys(project.sources).join(', ') || 'none'}`,
    })
  }
  const calls = (sourceKinds as Readonly<Record<string, SourceKind>>)[entry.kind]?.calls
  if (calls === undefined) throw new UsageError(`${name} is a ${entry.kind}, and there is no vendor to call`)
  if (method === undefined) {
    print(options.json === true ? callsAsJson(calls) : callsAsText(name, calls))
    return 0
  }
  const words = Object.hasOwn(calls, method) ? calls[method] : undefined
  if (words === undefined) {
    const meant = meantCall(calls, method)
    throw new UsageError(`${entry.kind} has no call "${method}"`, {
      remedy: `${meant === undefined ? '' : `did you mean ${meant}? `}broadsheet call ${name} lists them`,
    })
  }
  if (parameters === undefined) {
    print(options.json === true ? callsAsJson({ [method]: words }) : callAsText(name, method, words))
    return 0
  }
  if (words.packed === true && process.stdout.isTTY) {
    throw new UsageError('the answer is packed bytes', { remedy: 'send it to a file: … > events.json.gz' })
  }
  const given = await readParameters(parameters)
  const sources = openSources(project, {
    credential: credentialReader(),
    trace: (line) => options.verbose === true && process.stderr.write(`${line}\n`),
    warn: (sentence) => process.stderr.write(`${sentence}\n`),
    ledger: storeLedger(openStore(options.store ?? join(project.folder, '.broadsheet')), { clock: () => new Date() }),
    clock: () => new Date(),
  })
  try {
    const called = await sources.source(name).call?.(method, given)
    const refused = called === undefined ? 0 : await printCalled(called, words)
    if (refused === 0) return 0
    process.stderr.write(`${refused === 1 ? 'one' : refused} of what was sent ${refused === 1 ? 'was' : 'were'} refused\n`)
    return 1
  } finally {
    await sources.close()
  }
}

async function readParameters(argument: string): Promise<unknown> {
  const json = argument === '-' ? await text(process.stdin) : argument
  const given = parsed(json)
  const long = longNumber(given)
  if (long === undefined) return given
  // It would be sent as another one: 9007199254740993 as …992.
  throw new UsageError(`the parameters have ${long.digits} at ${long.place}, which has more digits than a number holds`, {
    remedy: `write it as text: "${long.digits}"`,
  })
}

function parsed(json: string): unknown {
  try {
    return parseToSendBack(json)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new UsageError(`the parameters are not JSON: ${error.message}`, {
      remedy: `write them in single quotes, such as '{"event":"Sign Up"}', or pipe them in and write -`,
    })
  }
}

/** A whole number that a number would round, with its place: `events.sign_ups[0].id`. */
function longNumber(given: unknown): { readonly place: string; readonly digits: string } | undefined {
  // A list of what is still to be looked at: JSON may be deeper than calls upon calls hold.
  const open = [{ value: given, place: '' }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, place } = next
    if (typeof value !== 'object' || value === null) continue
    if (isNumeral(value)) return { place: place === '' ? 'their beginning' : place, digits: JSON.stringify(value) }
    for (const [key, inner] of Object.entries(value)) {
      const name = place === '' ? key : `.${key}`
      open.push({ value: inner, place: `${place}${Array.isArray(value) ? `[${key}]` : name}` })
    }
  }
  return undefined
}

/** How many of what was sent the vendor refused: an answer that tells of it is no failure of the call. */
async function printCalled(called: Called, words: CallWords): Promise<number> {
  if ('json' in called) {
    print(`${JSON.stringify(called.json, null, 2)}\n`)
    return words.refusedIn?.(called.json) ?? 0
  }
  if ('text' in called) {
    print(called.text.endsWith('\n') ? called.text : `${called.text}\n`)
    return 0
  }
  let refused = 0
  async function* linesOf(each: AsyncIterable<unknown>): AsyncGenerator<string> {
    for await (const one of each) {
      refused += words.refusedIn?.(one) ?? 0
      yield `${JSON.stringify(one)}\n`
    }
  }
  const stream = Readable.from('bytes' in called ? called.bytes : linesOf(called.each))
  try {
    // stdout stays open: it is not this call's alone.
    await pipeline(stream, process.stdout, { end: false })
  } catch (error) {
    if (!isReaderGone(error)) throw error
  }
  return refused
}

function callsAsText(source: string, calls: Readonly<Record<string, CallWords>>): string {
  const wide = Math.max(...Object.keys(calls).map((name) => name.length))
  const lines = Object.entries(calls).map(([name, { about }]) => `  ${name.padEnd(wide)}  ${about}`)
  return `${lines.join('\n')}\n\nbroadsheet call ${source} <method> shows what one takes\n`
}

function callAsText(source: string, method: string, { about, parameters, formats }: CallWords): string {
  const forms = parameterWords(parameters, formats)
  const wide = Math.max(0, ...forms.flat().map(({ name }) => name.length))
  const lines = forms.map((form, at) => {
    // What it is comes before the first semicolon.
    const rows = form.map(({ name, needed, words }) => {
      return `  ${name.padEnd(wide)}  ${needed ? words.replace(/^[^;]*/, '$&, needed') : words}`
    })
    return [...(forms.length > 1 ? [`  form ${at + 1} of ${forms.length}`] : []), ...rows].join('\n')
  })
  const [first = [], ...others] = forms
  const needed = first
    .filter((one) => [first, ...others].every((form) => form.some(({ name, needed: too }) => too && name === one.name)))
    .map(({ name }) => `"${name}":…`)
  return `${method}: ${about}\n${lines.join('\n')}\n\nbroadsheet call ${source} ${method} '{${needed.join(',')}}' makes it\n`
}

function callsAsJson(calls: Readonly<Record<string, CallWords>>): string {
  const listed = Object.entries(calls).map(([name, { about, parameters, formats }]) => {
    return { name, about, parameters: parameterWords(parameters, formats), schema: parameterSchema(parameters, formats) }
  })
  return `${JSON.stringify(listed, null, 2)}\n`
}

function print(output: string): void {
  process.stdout.write(output)
}
