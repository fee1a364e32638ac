import type * as z from 'zod'

/** What is known of a schema at a path: for did-you-means, and for the words of a mistake. */

/** The keys that the object at a path takes; empty where there is none. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  return schemasAt(schema, path).flatMap((found) => (found.type === 'object' ? Object.keys(found.shape) : []))
}

/** Every schema that may stand at a path; a union is each of its branches. */
function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodTypes['_zod']['def'][] {
  const def = (schema as z.core.$ZodTypes)._zod.def
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'nullable':
    case 'readonly':
      return schemasAt(def.innerType, path)
    case 'pipe':
      return schemasAt(def.in, path)
    case 'union':
      return def.options.flatMap((option) => schemasAt(option, path))
  }
  const [first, ...rest] = path
  if (first === undefined) return [def]
  switch (def.type) {
    case 'object': {
      const inner = Object.hasOwn(def.shape, first) ? def.shape[String(first)] : undefined
      return inner === undefined ? [] : schemasAt(inner, rest)
    }
    case 'record':
      return schemasAt(def.valueType, rest)
    case 'array':
      return schemasAt(def.element, rest)
    default:
      return []
  }
}
