/** What a JSON Schema of these operations is made of. */
export interface Schema {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  readonly enum?: readonly (string | boolean)[]
  readonly format?: 'date' | 'blob'
  readonly pattern?: string
  readonly maximum?: number
  readonly items?: Schema
}

/** A parameter, or a property of a body. */
export interface Field {
  readonly name: string
  readonly required: boolean
  readonly schema: Schema
  /** What the file says of it in words alone, as far as a machine can check it. */
  readonly words?: Words
}

/** How a value is written as text, and what then has to fit. A list without such a word is repeated, by OpenAPI's own rule. */
export interface Words {
  readonly encoding?: 'json' | 'repeated'
  readonly schema?: Schema
}

export interface Parameter extends Field {
  readonly in: 'path' | 'query' | 'header'
}

export interface Body {
  readonly media: 'application/x-www-form-urlencoded' | 'application/json'
  readonly required: boolean
  /** The property whose value names the shape. */
  readonly discriminator?: string
  /** By that value, or by title; one that has no name where there is no choice. */
  readonly shapes: readonly Shape[]
}

export interface Shape {
  readonly name?: string
  readonly fields: readonly Field[]
}

export type File = 'query' | 'annotations' | 'export' | 'data-pipelines'

export interface Operation {
  readonly file: File
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body?: Body
}

/** `GET /funnels`: how the tables and messages of this folder name an operation. */
export function labelOf({ method, path }: Pick<Operation, 'method' | 'path'>): string {
  return `${method} ${path}`
}

export const text: Schema = { type: 'string' }
export const integer: Schema = { type: 'integer' }
export const number: Schema = { type: 'number' }
export const truth: Schema = { type: 'boolean' }
export const texts: Schema = { type: 'array', items: text }
export const numbers: Schema = { type: 'array', items: number }

export function oneOf(...values: readonly (string | boolean)[]): Schema {
  return { type: typeof values[0] === 'boolean' ? 'boolean' : 'string', enum: values }
}

export function atMost(maximum: number): Words {
  return { schema: { type: 'integer', maximum } }
}

/** `yyyy-mm-dd` by the words beside it. */
export const dayInWords: Words = { schema: { type: 'string', format: 'date' } }
/** A JSON array of texts by the words beside it. */
export const jsonTexts: Words = { encoding: 'json', schema: texts }
/** A JSON object by the words beside it. */
export const jsonObject: Words = { encoding: 'json', schema: { type: 'object' } }
/** Sent once for each text; a JSON array would pass for one text. */
export const repeated: Words = {
  encoding: 'repeated',
  schema: { type: 'array', items: { type: 'string', pattern: String.raw`^(?!\s*\[)` } },
}

export function must(name: string, schema: Schema, words?: Words): Field {
  return { name, required: true, schema, ...(words === undefined ? {} : { words }) }
}

export function may(name: string, schema: Schema, words?: Words): Field {
  return { ...must(name, schema, words), required: false }
}

/** As parameters of the address. */
export function inQuery(...fields: readonly Field[]): Parameter[] {
  return fields.map((field) => ({ in: 'query', ...field }))
}

export function inPath(...fields: readonly Field[]): Parameter[] {
  return fields.map((field) => ({ in: 'path', ...field }))
}

/** A body of one shape. */
export function bodyOf(media: Body['media'], required: boolean, ...fields: readonly Field[]): Body {
  return { media, required, shapes: [{ fields }] }
}
