import * as z from 'zod'
import { sourceKinds } from '../sources/index.ts'
import { project } from './schema.ts'

/**
 * JSON Schema (2020-12) of the project file, for editors: completion, and most of the checks of `loadProject` while one
 * types. Top-level `x-…` keys are allowed, and what YAML reads as a number may stand where an id is a text.
 */
export function projectJsonSchema(): object {
  const kinds = Object.values(sourceKinds).map(({ schema }): z.ZodType => schema)
  const whole = project.extend({
    sources: z.record(z.string(), z.union(kinds)).optional().describe('Places that can be asked, by name.'),
  })
  const schema = z.toJSONSchema(whole, {
    io: 'input',
    // An editor checks one key at a time; a name's pattern is checked when the file is loaded.
    unrepresentable: 'any',
    override: ({ jsonSchema, path }) => {
      if (isId(path) && jsonSchema.type === 'string') jsonSchema.type = ['string', 'number'] as never
    },
  })
  return { title: 'Broadsheet project', ...schema, patternProperties: { '^x-': {} } }
}

/** An id stays the text that is written, with or without quotes. */
function isId(path: readonly (string | number)[]): boolean {
  return path.includes('saved')
}
