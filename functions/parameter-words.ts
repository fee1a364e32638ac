import * as z from 'zod'

/** What a call takes, as JSON Schema. */
export function parameterSchema(parameters: z.ZodType, formats: readonly string[] = []): Schema {
  const schema = z.toJSONSchema(parameters, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema
  if (formats.length === 0 || schema.properties === undefined) return schema
  return { ...schema, properties: { ...schema.properties, format: { type: 'string', enum: formats } } }
}

/** What a call takes, in words for people: `unit   minute, hour, day or month`. One entry for each form that it may have. */
export function parameterWords(parameters: z.ZodType, formats: readonly string[] = []): Parameter[][] {
  return formsOf(parameterSchema(parameters)).map((form) => {
    const needed = new Set(form.required)
    const own = Object.entries(form.properties ?? {}).map(([name, property]): Parameter => {
      return { name, needed: needed.has(name), words: [typeWords(property), property.description].filter(Boolean).join('; ') }
    })
    const format = formats.length === 0 ? [] : [{ name: 'format', needed: false, words: listed(formats) }]
    return [...own.filter((one) => one.needed), ...own.filter((one) => !one.needed), ...format]
  })
}

export interface Parameter {
  readonly name: string
  readonly needed: boolean
  readonly words: string
}

/** The parts of JSON Schema that zod writes. */
interface Schema {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}

function formsOf(schema: Schema): Schema[] {
  const forms = schema.oneOf ?? schema.anyOf
  return forms === undefined ? [schema] : forms.flatMap(formsOf)
}

function typeWords(schema: Schema): string {
  const { type, format, items } = schema
  const choice = schema.anyOf ?? schema.oneOf
  if (choice !== undefined) return listed([...new Set(choice.map(typeWords))])
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return listed(schema.enum.map(String))
  switch (type) {
    case 'string':
      return format === 'date' ? 'a date, such as 2026-11-09' : 'text'
    case 'integer':
    case 'number':
      return `${type === 'integer' ? 'a whole number' : 'a number'}${rangeWords(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return items === undefined ? 'a list' : `a list, each ${typeWords(items)}`
    case 'object':
      return 'an object'
    default:
      return 'any value'
  }
}

function rangeWords({ minimum, maximum, exclusiveMinimum }: Schema): string {
  // zod writes the largest safe integer where there is no limit.
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`
  if (most !== undefined) return exclusiveMinimum === 0 ? ` from 1 to ${most}` : ` of at most ${most}`
  if (least !== undefined) return ` of at least ${least}`
  return exclusiveMinimum === 0 ? ' above 0' : ''
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
