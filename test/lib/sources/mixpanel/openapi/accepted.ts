import * as z from 'zod'
import type { Field, Operation } from './operation.ts'
import { labelOf } from './operation.ts'

/** What a call's own schema lets through, read from its JSON Schema. */
export interface Form {
  /** The value of `type` where each has a form of its own. */
  readonly shape: string | undefined
  readonly fields: ReadonlyMap<string, Accepted>
}

export interface Accepted {
  /** As text; undefined where any will do. */
  readonly values: readonly string[] | undefined
  readonly maximum: number | undefined
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
  readonly items?: Node
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly type?: string
  readonly maximum?: number
}

/** The forms of a call's parameters: several where they are a union of objects. */
export function formsOf(parameters: z.ZodType): Form[] {
  // An input is looked at: what callers may write.
  const node: Node = z.toJSONSchema(parameters, { io: 'input', unrepresentable: 'any' }) as Node
  return [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(({ properties, type }) => {
    if (type !== 'object') return []
    const fields = Object.entries(properties ?? {}).map(
      ([name, field]) => [name, { values: valuesOf(field), maximum: maximumOf(field) }] as const,
    )
    const shape = properties?.['type']?.const
    return [{ shape: typeof shape === 'string' ? shape : undefined, fields: new Map(fields) }]
  })
}

function valuesOf(node: Node): readonly string[] | undefined {
  if (node.const !== undefined) return [String(node.const)]
  if (node.enum !== undefined) return node.enum.map(String)
  if (node.type === 'boolean') return ['true', 'false']
  if (node.items !== undefined) return valuesOf(node.items)
  const choices = node.anyOf ?? node.oneOf
  const each = choices?.map(valuesOf) ?? [undefined]
  return each.every((values) => values !== undefined) ? [...new Set(each.flat())] : undefined
}

function maximumOf(node: Node): number | undefined {
  // What zod says of any integer.
  if (node.maximum === Number.MAX_SAFE_INTEGER) return undefined
  return node.maximum ?? (node.anyOf ?? node.oneOf)?.map(maximumOf).find((maximum) => maximum !== undefined)
}

/** The shapes of a body by the name that a request says; shapes that none says count as one without a name. */
export function shapesOf({ body }: Operation): { shape: string | undefined; fields: readonly Field[] }[] {
  return (body?.shapes ?? []).map(({ name, fields }) => ({ shape: body?.discriminator === undefined ? undefined : name, fields }))
}

/** `POST /nessie/pipeline/create s3-raw s3_bucket` */
export function fieldLabel(operation: Operation, shape: string | undefined, name: string): string {
  return [labelOf(operation), shape, name].filter((part) => part !== undefined).join(' ')
}

/** Between the values and bounds that a file has for a field and those that a form of ours has. */
export function differences(operation: Operation, { shape, fields }: Form): string[] {
  const documented = [...operation.parameters, ...shapesOf(operation).flatMap((own) => (own.shape === shape ? own.fields : []))]
  const byName = new Map(documented.map((field) => [field.name, field]))
  return [...fields].flatMap(([name, ours]) => {
    const field = byName.get(name)
    const label = fieldLabel(operation, shape, name)
    return field === undefined ? [] : differencesOf(field, ours).map((difference) => `${label}: ${difference}`)
  })
}

function differencesOf({ schema, words }: Field, { values, maximum }: Accepted): string[] {
  const [theirs] = [schema, schema.items, words?.schema, words?.schema?.items].flatMap((one) =>
    one?.enum === undefined ? [] : [one.enum],
  )
  const allowed = theirs?.map(String)
  const bound = words?.schema?.maximum
  return [
    ...(allowed !== undefined && values === undefined ? ['any value is let through'] : []),
    ...(values ?? []).filter((value) => allowed?.includes(value) === false).map((value) => `${value} is not documented`),
    ...(allowed ?? []).filter((value) => values?.includes(value) === false).map((value) => `${value} is refused`),
    ...(bound === maximum ? [] : [`up to ${maximum ?? 'any number'} in lieu of ${bound ?? 'any number'}`]),
  ]
}
