import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import * as z from 'zod'
import type { Body, Field, Operation, Schema } from './operation.ts'
import { labelOf } from './operation.ts'
import type { Way } from './operations.ts'
import { apis, operations } from './operations.ts'
import type { Recorded } from './recorder.ts'

/** What holding a request against the files gives. Texts are the keys of the table of exceptions. */
export interface Verdict {
  /** Where it fits none, there is no such operation. */
  readonly operation: Operation | undefined
  /** The shape of a body whose discriminator names one. */
  readonly shape?: string | undefined
  /** The names of all that was sent, in whatever place. */
  readonly sent: readonly string[]
  /** `GET /events from_date: missing`, none where the request is valid. */
  readonly problems: readonly string[]
}

const ajv = new Ajv2020({
  allErrors: true,
  formats: { date: (text: string) => z.iso.date().safeParse(text).success, blob: true },
})

export function judge(recorded: Recorded): Verdict {
  const matched = matchOf(recorded)
  if (matched === undefined) {
    return { operation: undefined, sent: [], problems: [`${recorded.method} ${recorded.path}: no such operation`] }
  }
  const { operation, inPath } = matched
  const fieldsIn = (place: string) => operation.parameters.filter((parameter) => parameter.in === place)
  const inQuery = textsOf(recorded.query)
  const inHeader = headersOf(recorded, fieldsIn('header'))
  const body = judgeBody(operation.body, recorded)
  const problems = [
    ...wayProblems(operation, recorded),
    ...textProblems(fieldsIn('path'), inPath),
    ...textProblems(fieldsIn('query'), inQuery),
    ...textProblems(fieldsIn('header'), inHeader),
    ...body.problems,
  ]
  return {
    operation,
    shape: body.shape,
    sent: [...inPath.keys(), ...inQuery.keys(), ...inHeader.keys(), ...body.sent],
    problems: problems.map((problem) => `${labelOf(operation)} ${problem}`),
  }
}

type Texts = ReadonlyMap<string, readonly string[]>

/** The operation with the fewest gaps in its path: `…/annotations/tags` is no annotation. */
function matchOf({ method, path }: Recorded): { operation: Operation; inPath: Texts } | undefined {
  const matches = operations
    .filter((operation) => operation.method === method)
    .flatMap((operation) => {
      const base = new URL(apis[operation.file].servers[0] ?? '').pathname
      const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
      const pattern = new RegExp(`^${base}${operation.path.replace(/\{\w+\}/g, '([^/]+)')}$`)
      const values = pattern.exec(path)?.slice(1)
      if (values === undefined) return []
      return [{ operation, inPath: new Map(names.map((name, at) => [name, [decodeURIComponent(values[at] ?? '')]])) }]
    })
  return matches.toSorted((a, b) => a.inPath.size - b.inPath.size)[0]
}

function textsOf(encoded: string): Texts {
  const parsed = new URLSearchParams(encoded)
  return new Map([...new Set(parsed.keys())].map((name) => [name, parsed.getAll(name)]))
}

function headersOf({ headers }: Recorded, fields: readonly Field[]): Texts {
  return new Map(
    fields.flatMap(({ name }) => {
      const value = headers[name.toLowerCase()]
      return value === undefined ? [] : [[name, [value].flat()] as const]
    }),
  )
}

function wayProblems({ file }: Operation, { headers }: Recorded): string[] {
  const [, basic] = /^Basic (.+)$/.exec(headers.authorization?.toString() ?? '') ?? []
  if (basic === undefined) return ['without a way in']
  const way: Way = Buffer.from(basic, 'base64').toString('utf8').endsWith(':') ? 'ProjectSecret' : 'ServiceAccount'
  return apis[file].ways.includes(way) ? [] : [`${way}: no way in`]
}

function judgeBody(body: Body | undefined, { headers, body: text }: Recorded): Omit<Verdict, 'operation'> {
  const media = headers['content-type']
  if (text === '') return { sent: [], problems: body?.required === true ? ['body: missing'] : [] }
  if (body === undefined) return { sent: [], problems: ['body: not documented'] }
  if (media !== body.media) return { sent: [], problems: [`body: ${String(media)} in lieu of ${body.media}`] }
  if (media === 'application/json')
    return judgeShapes(body, z.record(z.string(), z.unknown()).parse(JSON.parse(text)), jsonProblems)
  return judgeShapes(body, Object.fromEntries(textsOf(text)), (fields, sent) =>
    textProblems(fields, new Map(Object.entries(sent))),
  )
}

function judgeShapes<Value>(
  { discriminator, shapes }: Body,
  sent: Readonly<Record<string, Value>>,
  problemsOf: (fields: readonly Field[], sent: Readonly<Record<string, Value>>) => string[],
): Omit<Verdict, 'operation'> {
  const named = discriminator === undefined ? undefined : String(sent[discriminator])
  const candidates = named === undefined ? shapes : shapes.filter(({ name }) => name === named)
  const judged = candidates.map(({ fields }) => problemsOf(fields, sent)).toSorted((a, b) => a.length - b.length)
  const fitting = judged.filter((problems) => problems.length === 0).length
  const several = fitting > 1 ? ['body: fits several of the shapes, of which oneOf wants one'] : []
  const prefix = named === undefined ? '' : `${named} `
  const problems = [...(judged[0] ?? [`body: no shape ${named}`]), ...several].map((problem) => `${prefix}${problem}`)
  return { shape: named, sent: Object.keys(sent), problems }
}

function jsonProblems(fields: readonly Field[], sent: Readonly<Record<string, unknown>>): string[] {
  return [...problemsBy(fields, ({ schema }) => schema, sent), ...problemsBy(withWords(fields), wordsOf, sent, 'words only')]
}

/** Texts of an address or a form, each read as its schema says. */
function textProblems(fields: readonly Field[], sent: Texts): string[] {
  const byName = new Map(fields.map((field) => [field.name, field]))
  const read = (valueFor: (field: Field, texts: readonly string[]) => unknown) =>
    Object.fromEntries(
      [...sent].map(([name, texts]) => {
        const field = byName.get(name)
        return [name, field === undefined ? texts : valueFor(field, texts)]
      }),
    )
  const overdone = [...sent].flatMap(([name, texts]) => {
    const field = byName.get(name)
    return field !== undefined && !isRepeated(field) && texts.length > 1 ? [`${name}: sent ${texts.length} times`] : []
  })
  return [
    ...overdone,
    ...problemsBy(fields, schemaOfTexts, read(valueOfTexts)),
    ...problemsBy(withWords(fields), wordsOf, read(decoded), 'words only'),
  ]
}

function isRepeated({ schema, words }: Field): boolean {
  return words?.encoding === 'repeated' || (schema.type === 'array' && words?.encoding === undefined)
}

/** A text that may be repeated is a list of texts. */
function schemaOfTexts(field: Field): Schema {
  const { schema } = field
  return isRepeated(field) && schema.type !== 'array' ? { type: 'array', items: schema } : schema
}

function valueOfTexts(field: Field, texts: readonly string[]): unknown {
  const { schema } = field
  if (isRepeated(field)) return texts.map((text) => scalar(schema.items ?? schema, text))
  const [text = ''] = texts
  return schema.type === 'array' || schema.type === 'object' ? parsed(text) : scalar(schema, text)
}

function decoded(field: Field, texts: readonly string[]): unknown {
  return field.words?.encoding === 'json' ? parsed(texts[0] ?? '') : valueOfTexts(field, texts)
}

/** A text that is no such number or truth stays one, and then fits no schema of it. */
function scalar({ type }: Schema, text: string): unknown {
  if (type === 'integer' || type === 'number') return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' || text === 'false' ? text === 'true' : text
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Then the text itself fits no list and no object.
    if (!(error instanceof SyntaxError)) throw error
    return text
  }
}

function withWords(fields: readonly Field[]): Field[] {
  return fields.filter(({ words }) => words?.schema !== undefined)
}

function wordsOf({ words, schema }: Field): Schema {
  return words?.schema ?? schema
}

/** `by` is what makes a schema of a field; with `words only`, just values are looked at. */
function problemsBy(
  fields: readonly Field[],
  by: (field: Field) => Schema,
  values: Readonly<Record<string, unknown>>,
  what?: 'words only',
): string[] {
  const validate = ajv.compile({
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, by(field)])),
    ...(what === undefined
      ? { required: fields.filter(({ required }) => required).map(({ name }) => name), additionalProperties: false }
      : {}),
  })
  return validate(values) ? [] : (validate.errors ?? []).map(problemOf)
}

function problemOf({ keyword, params, instancePath, message }: ErrorObject): string {
  if (keyword === 'required') return `${params['missingProperty']}: missing`
  if (keyword === 'additionalProperties') return `${params['additionalProperty']}: not documented`
  return `${instancePath.slice(1)}: ${message}`
}
