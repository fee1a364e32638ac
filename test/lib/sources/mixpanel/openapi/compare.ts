import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Field, File, Operation, Schema } from './operation.ts'
import { labelOf } from './operation.ts'
import { apis, operations } from './operations.ts'

type Tree = Readonly<Record<string, unknown>>

const files = Object.keys(apis) as File[]
const forPeople = new Set([
  'title',
  'summary',
  'description',
  'example',
  'examples',
  'default',
  'tags',
  'operationId',
  'responses',
])

/** What their files say and ours do not (`theirs: …`), and the reverse; `read` gives the text of a file of theirs. */
export function differences(read: (file: File) => string): string[] {
  const theirs = new Set(files.flatMap((file) => linesOfDocument(file, objectOf(parse(read(file))))))
  const ours = new Set([...files.flatMap(linesOfApi), ...operations.flatMap(linesOfOperation)])
  return [
    ...[...theirs].filter((line) => !ours.has(line)).map((line) => `theirs: ${line}`),
    ...[...ours].filter((line) => !theirs.has(line)).map((line) => `ours:   ${line}`),
  ].toSorted((a, b) => (a.slice(8) < b.slice(8) ? -1 : 1))
}

function linesOfApi(file: File): string[] {
  const { servers, ways } = apis[file]
  return [...servers.map((server) => `${file} server ${server}`), ...ways.map((way) => `${file} way ${way}`)]
}

function linesOfOperation({ file, parameters, body, ...operation }: Operation): string[] {
  const label = `${file} ${labelOf(operation)}`
  return [
    label,
    ...parameters.map((parameter) => `${label} ${parameter.in} ${lineOf(parameter)}`),
    ...(body === undefined ? [] : [`${label} body ${body.media} ${needOf(body.required)} by ${body.discriminator ?? 'nothing'}`]),
    ...(body?.shapes ?? []).flatMap(({ name, fields }) => fields.map((field) => `${label} body ${name ?? ''} ${lineOf(field)}`)),
  ]
}

/** `limit optional {"type":"integer"}` */
function lineOf({ name, required, schema }: Field): string {
  return `${name} ${needOf(required)} ${print(schema)}`
}

function needOf(required: boolean): string {
  return required ? 'required' : 'optional'
}

function linesOfDocument(file: File, document: Tree): string[] {
  const resolve = (value: unknown): Tree => {
    const { $ref, ...beside } = objectOf(value)
    if ($ref === undefined) return beside
    const steps = String($ref).replace('#/', '').split('/')
    return { ...resolve(steps.reduce((inside: unknown, step) => objectOf(inside)[step], document)), ...beside }
  }
  const paths = Object.entries(objectOf(document['paths'])).flatMap(([path, item]) => {
    const { parameters: shared, ...methods } = objectOf(item)
    return Object.entries(methods).flatMap(([method, given]) => {
      const { parameters: own, requestBody, ...rest } = objectOf(given)
      const label = `${file} ${method.toUpperCase()} ${path}`
      return [
        `${label}${restOf(rest)}`,
        ...[...listOf(shared), ...listOf(own)].map((parameter) => `${label} ${lineOfParameter(resolve(parameter))}`),
        ...(requestBody === undefined ? [] : linesOfBody(label, resolve(requestBody), resolve)),
      ]
    })
  })
  return [...linesOfPlaces(file, document), ...paths]
}

function linesOfPlaces(file: File, document: Tree): string[] {
  const servers = listOf(document['servers']).flatMap((server) => {
    const { url, variables } = objectOf(server)
    const [name = '', variable] = Object.entries(objectOf(variables))[0] ?? []
    return listOf(objectOf(variable)['enum']).map((value) => String(url).replace(`{${name}}`, String(value)))
  })
  const ways = listOf(document['security']).flatMap((way) => Object.keys(objectOf(way)))
  return [...servers.map((server) => `${file} server ${server}`), ...ways.map((way) => `${file} way ${way}`)]
}

function lineOfParameter({ in: place, name, required, schema, ...rest }: Tree): string {
  return `${String(place)} ${String(name)} ${needOf(required === true)} ${print(schema)}${restOf(rest)}`
}

function linesOfBody(label: string, body: Tree, resolve: (value: unknown) => Tree): string[] {
  const { content, required, ...rest } = body
  return Object.entries(objectOf(content)).flatMap(([media, given]) => {
    const { schema, ...beside } = objectOf(given)
    const whole = resolve(schema)
    const { propertyName, mapping } = objectOf(whole['discriminator'] ?? {})
    const nameOf = new Map(Object.entries(objectOf(mapping ?? {})).map(([name, reference]) => [reference, name]))
    const shapes =
      whole['oneOf'] === undefined
        ? [{ name: '', shape: whole }]
        : listOf(whole['oneOf']).map((one) => {
            const { $ref, title } = objectOf(one)
            return { name: nameOf.get($ref) ?? String(title), shape: resolve(one) }
          })
    return [
      `${label} body ${media} ${needOf(required === true)} by ${String(propertyName ?? 'nothing')}${restOf({ ...rest, ...beside })}`,
      ...shapes.flatMap(({ name, shape }) => linesOfShape(`${label} body ${name}`, shape, resolve)),
    ]
  })
}

function linesOfShape(label: string, shape: Tree, resolve: (value: unknown) => Tree): string[] {
  const { type = 'object', properties = {}, required, allOf, oneOf: _, discriminator: __, ...rest } = shape
  const needed = new Set(listOf(required))
  const extra = restOf(type === 'object' ? rest : { type, ...rest })
  return [
    ...(extra === '' ? [] : [`${label}${extra}`]),
    ...listOf(allOf).flatMap((part) => linesOfShape(label, resolve(part), resolve)),
    ...Object.entries(objectOf(properties)).map(
      ([name, schema]) => `${label} ${name} ${needOf(needed.has(name))} ${print(resolve(schema))}`,
    ),
  ]
}

/** Keys that nobody expected, as one text; nothing where there are none. */
function restOf(rest: Tree): string {
  const text = print(rest)
  return text === '{}' ? '' : ` with ${text}`
}

/** As JSON in one order, without what is for people. */
function print(schema: Schema | unknown): string {
  return JSON.stringify(sorted(schema))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([key]) => !forPeople.has(key))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function objectOf(value: unknown): Tree {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error(`no object: ${JSON.stringify(value)}`)
  return { ...value }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * Holds the operations of this folder against Mixpanel's own OpenAPI files, which are not part of the project:
 *
 *     git clone --depth 1 https://github.com/mixpanel/docs
 *     node test/lib/sources/mixpanel/openapi/compare.ts docs/openapi
 *
 * Prints a line for each thing that one side alone has, and then ends with 1. Words for people, defaults, examples and
 * answers are passed over; any other key of theirs that this script does not know is a difference.
 */
if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new Error('say which folder has the OpenAPI files: compare.ts docs/openapi')
  const found = differences((file) => readFileSync(join(folder, `${file}.openapi.yaml`), 'utf8'))
  for (const line of found) console.log(line)
  console.log(`${found.length} differences in ${operations.length} operations`)
  process.exitCode = found.length === 0 ? 0 : 1
}
